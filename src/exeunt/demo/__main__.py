"""`python -m exeunt.demo` runs the demonstration in `demo-data`."""

import argparse
import sys
from pathlib import Path

from exeunt.demo.story import run
from exeunt.errors import ExeuntError

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("demo-data"))
    parser.add_argument("--messages", type=int, default=24_000)
    parser.add_argument("--files", type=int, default=320)
    try:
        arguments = parser.parse_args()
        run(arguments.folder, arguments.messages, arguments.files)
    except ExeuntError as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
