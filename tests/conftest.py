"""What the course's tests are told on the command line."""


def pytest_addoption(parser):
    """What takes too long even for `make prove`."""
    words = "compare warm hosts with fresh ones over all mistakes and alternatives, not the first ones alone: an hour"
    parser.addoption("--whole-banks", action="store_true", help=words)
