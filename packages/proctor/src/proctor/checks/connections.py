"""What a submission's requests go to: a host in the sandbox, code of our own in this process, or nothing."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

from proctor.checks.cell import Cell
from proctor.checks.plain import definitions, definitions_below
from proctor.checks.submission import StudentError, answer_in
from proctor.course import counted
from proctor.isolation import wire
from proctor.isolation.host import Host
from proctor.isolation.process import START_SECONDS, Connection, HostLost
from proctor.settings import Settings

MAX_STARTS = 12
# So many definitions are run one by one.
MAX_BELOW = 100


class LeftOut(Exception):
    """A cell was not run; the message says why."""


@dataclass
class CellResult:
    """How one cell ended: `error` is None where it ran through, and `lost` counts the hosts that it cost."""

    cell: Cell
    error: Exception | None = None
    lost: int = 0


class _WithoutHost:
    """What a connection has nothing to do for where there is no host to run cells in."""

    results = MappingProxyType({})
    seconds_left = math.inf

    def charge(self, seconds):
        """There is no time to put it on."""

    def run_up_to(self, count):
        """There is nothing to run."""

    def close(self):
        """Nothing to end."""


class InProcess(_WithoutHost):
    """A connection to code of our own, in this process: the same requests, the same answers."""

    alive = True

    def __init__(self, namespace):
        self._host = Host(namespace)

    def request(self, frame, limit=wire.MAX_VALUES):
        """The two parts of the answer's frame."""
        rest = memoryview(frame)
        while rest:
            header, buffers = _split(rest)
            rest = rest[wire.LENGTHS.size + len(header) + len(buffers) :]
            answer = self._host.answer(wire.unpack(bytes(header), buffers, self._host.resolve, math.inf))
        return _split(answer)


class Refused(_WithoutHost):
    """A connection to nothing: every request is answered with the reason why the submission cannot be graded."""

    alive = False

    def __init__(self, reason):
        self._reason = reason

    def request(self, frame, limit=wire.MAX_VALUES):
        """There is never an answer."""
        raise HostLost(self._reason)


def _cannot_be_parsed(error):
    return isinstance(error, StudentError) and error.type_name in ("SyntaxError", "IndentationError", "TabError")


def _split(frame):
    """The two parts of the first of some frames."""
    header_size, buffers_size = wire.LENGTHS.unpack_from(frame)
    start = wire.LENGTHS.size + header_size
    return frame[wire.LENGTHS.size : start], frame[start : start + buffers_size]


@dataclass
class InSandbox:
    """A connection to a host in the sandbox, started when it is first needed and again when student code ends it.

    Each start runs the submission's cells anew, up to where `run_up_to` says. Of a cell that ended or outlasted a host
    before, what it defines is run in its place; of one that raised, what it defines below: it may have stopped at what
    is there where the student works, and not here.

    Parameters
    ----------
    cells : list of Cell
    settings : Settings
    start : gives a new host when it is called
    """

    cells: list[Cell]
    settings: Settings
    start: Callable[[], Connection]
    results: dict[str, CellResult] = field(default_factory=dict)

    def __post_init__(self):
        self._starts = self._done = 0
        self._limit = len(self.cells)
        self._spent = {"submission": 0.0, "own cells": 0.0}
        self._host = None

    @property
    def alive(self):
        """Whether there is a host at present."""
        return self._host is not None

    def run_up_to(self, count):
        """Have so many of the cells run before the next request; those that ran already are not undone."""
        self._limit = count

    @property
    def seconds_left(self):
        """What is left of the submission's time."""
        return self.settings.submission_seconds - self._spent["submission"]

    def charge(self, seconds):
        """Put seconds on the submission's time."""
        self._spent["submission"] += seconds

    def request(self, frame, limit=wire.MAX_VALUES):
        """Send frames, of which the last is answered; gives the two parts of the answer, of so many values at most.

        Raises
        ------
        HostLost : where the host dies, outlasts its limit or sends no frame
        sandbox.SandboxError : where no host can be started
        """
        while not self.alive or self._done < self._limit:
            if not self.alive:
                self._start()
            self._run_next()
        return self._ask(frame, self.settings.call_seconds, "this call", values=limit)

    def close(self):
        """End the host, and with it everything that it started."""
        if self._host is not None:
            self._host.close()
        self._host, self._done = None, 0

    def _start(self):
        if self._spent["submission"] >= self.settings.submission_seconds:
            raise HostLost(f"The submission used up its {counted(self.settings.submission_seconds, 'second')}.")
        self._starts += 1
        if self._starts > MAX_STARTS:
            raise HostLost(f"Your code ended the Python process {MAX_STARTS} times; no further start was tried.")
        self._host = self.start()

    def _run_next(self):
        """Run the next of the cells; whatever becomes of its host is in `results`."""
        if self._done >= self._limit:
            return
        cell = self.cells[self._done]
        result = self.results.setdefault(cell.id, CellResult(cell))
        try:
            self._run_cell(cell, result)
            self._done += 1
        except HostLost as error:
            result.lost += 1
            result.error = error
        except wire.WireError:
            self.close()
            result.lost += 1
            result.error = HostLost("Your code wrote to the grader's connection.")

    def _run_cell(self, cell, result):
        """Run a cell: whole, or what it defines once it has cost a host, or nothing of it once that has, too."""
        if not result.lost:
            result.error = self._run(cell, cell.source)
            self._run_below(cell, result.error)
        if cell.released and (result.lost or _cannot_be_parsed(result.error)):
            self._run(cell, cell.released)
        if result.lost == 1:
            self._run(cell, definitions(cell.source))

    def _run_below(self, cell, error):
        """Run what a student's cell defines below where it stopped; of that, one that stops, too, stops no other."""
        if isinstance(error, StudentError) and not cell.given:
            line = error.line if error.cell == cell.id else None
            for first, code in islice(definitions_below(cell.source, line or 0), MAX_BELOW):
                # On the lines that it has, which errors name.
                self._run(cell, "\n" * (first - 1) + code)

    def _run(self, cell, source):
        """Run code of a cell in the host; gives what stopped it, or None."""
        request = {"id": 0, "op": "run_cell", "keep": False, "cell": cell.id, "source": source}
        seconds, account = START_SECONDS if cell.given else self.settings.cell_seconds, "submission"
        if cell.own:
            account = "own cells"
            if self._spent[account] >= self.settings.own_cells_seconds:
                seconds = counted(self.settings.own_cells_seconds, "second")
                return LeftOut(f"the student's own cells may take {seconds} together")
        try:
            answer_in(self._ask(wire.pack(request), seconds, "this cell", account), 0, self.cells)
        except StudentError as error:
            return error
        return None

    def _ask(self, frame, seconds, what, account="submission", values=wire.MAX_VALUES):
        """An exchange on the student's time, of which the whole submission has so much, and its own cells apart."""
        limit, whose = self.settings.submission_seconds, "the submission used up its"
        if account == "own cells":
            limit, whose = self.settings.own_cells_seconds, "cells of your own used up their"
        left, words = limit - self._spent[account], f"{what} may take {counted(seconds, 'second')}"
        if left < seconds:
            seconds, words = left, f"{whose} {counted(limit, 'second')}"
        host = self._host
        try:
            return host.exchange(frame, seconds, values)
        except TimeoutError:
            self.close()
            raise HostLost(f"Your code was stopped: {words}. Is there a loop that never ends?") from None
        except HostLost:
            self.close()
            raise
        finally:
            self._spent[account] += host.seconds
