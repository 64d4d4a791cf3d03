"""What Exeunt costs, against peers and floors measured in the same run: `python -m bench`."""
