"""What the course's tests are told on the command line."""

import pytest


def pytest_addoption(parser):
    """What takes too long even for `make prove`."""
    words = "all banks, all small changes and all notebooks, not a part or what changed: hours, before a release"
    parser.addoption("--whole", action="store_true", help=words)


@pytest.fixture
def whole(request) -> bool:
    """Whether all is to be tried, however long it takes."""
    return request.config.getoption("--whole")
