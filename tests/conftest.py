"""What the course's tests are told on the command line."""

import pytest


def pytest_addoption(parser):
    """What takes too long even for `make prove`."""
    words = "all of what `make prove` tries a part of (banks, changes, notebooks, classes): hours, before a release"
    parser.addoption("--whole", action="store_true", help=words)


def pytest_collection_modifyitems(config, items):
    """Leaves out what is tried with `--whole` alone."""
    if not config.getoption("--whole"):
        items[:] = [item for item in items if not item.get_closest_marker("whole")]


@pytest.fixture
def whole(request) -> bool:
    """Whether all is to be tried, however long it takes."""
    return request.config.getoption("--whole")
