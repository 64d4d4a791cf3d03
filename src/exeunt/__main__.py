"""`python -m exeunt` is the command `exeunt`."""

from exeunt.cli import main

main()
