"""`python -m dlh.data ecg --download`: fetch the real data of an assignment, or see which data it has."""

import argparse
import sys

from dlh.data import ecg, images

# Each has `download(directory, url)` and `default_directory()`.
DATA = {"ecg": ecg, **images.SOURCES}


def main(arguments=None) -> int:
    """Run the command; the exit status is 0, or 1 where the data could not be had."""
    parser = argparse.ArgumentParser(prog="python -m dlh.data", description="The real data of the assignments.")
    parser.add_argument("name", choices=list(DATA), help="which data")
    parser.add_argument("--download", action="store_true", help="fetch it; without this, say what is there")
    parser.add_argument("--directory", help="where to keep it; default: DLH_DATA, or the user's cache folder")
    parser.add_argument("--url", help="where to fetch it from, if not from its publisher")
    options = parser.parse_args(arguments)
    if not options.download and (options.directory or options.url):
        parser.error("--directory and --url go with --download")
    data = DATA[options.name]
    if not options.download:
        directory, source = data.default_directory()
        print(f"{source}\n{directory}")
        return 0
    try:
        directory = data.download(options.directory, **({"url": options.url} if options.url else {}))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The data are in {directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
