"""The hosts of this process: forked from a nursery of the assignment's, or started from nothing on a GPU."""

import atexit
import functools
import socket
from collections.abc import Callable

from proctor.authoring.assignment import Assignment
from proctor.grading import intake
from proctor.isolation.nursery import Nursery
from proctor.isolation.process import Connection, ForkedHost, HostProcess

_nurseries: dict[tuple, Nursery] = {}


def warm_hosts(assignment: Assignment, device: str) -> Callable[[], Connection]:
    """What starts a host for the assignment: this process's nursery, once that of another assignment is closed."""
    course = assignment.course
    if device != "cpu":
        return functools.partial(HostProcess, course, device)
    nursery = _nurseries.get((course, assignment.name)) or adopt_nursery(assignment)
    return functools.partial(ForkedHost, nursery, course)


def adopt_nursery(assignment: Assignment, control: socket.socket | None = None) -> Nursery:
    """Have this process's hosts for the assignment forked by a nursery, another process's where `control` is given."""
    close_nurseries()
    nursery = Nursery(assignment.course, intake.imports(assignment), control)
    _nurseries[assignment.course, assignment.name] = nursery
    return nursery


@atexit.register
def close_nurseries() -> None:
    """End the warm hosts of this process."""
    while _nurseries:
        _nurseries.popitem()[1].close()
