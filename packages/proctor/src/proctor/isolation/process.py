"""Host processes: started in the sandbox, spoken to within a time limit, ended with everything that they started."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time

from proctor.course import Course
from proctor.isolation import sandbox, wire
from proctor.isolation.group import Group
from proctor.isolation.nursery import DEATH_SECONDS, Nursery, Program, make_scratch, remove
from proctor.settings import PATIENCE

START_SECONDS = 120
# What the kernel keeps for a host that uses all that it may, and the grader's share of it.
SPARE_GIGABYTES = 0.5
EXIT_SECONDS = 2
NURSERY_ENDED = -1
CREDENTIALS = struct.Struct("iII")  # of a process, in unix(7): its number, user and group


class HostLost(Exception):
    """The host died, fell silent or sent nonsense while student code ran; the message says which."""


class Stopwatch:
    """Seconds that a process had the machine: the wall clock, without the time in which it waited for a processor.

    So a submission has the same time on a busy machine as on an idle one. It never has less than its processor time,
    that of all its threads and of what they do between two questions, so it cannot wait for itself. And it never has
    more than `PATIENCE` times its limit on the wall, whatever it does to wait.

    Parameters
    ----------
    pid : int
    """

    def __init__(self, pid):
        # The clock of another process's processor time: clock_getcpuclockid(3).
        self._clock = (~pid << 3) | 2
        self._used = self._processor()
        # Kept open: it is read a thousand times for each submission.
        self._file = None
        with contextlib.suppress(OSError):
            self._file = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        self.restart()

    def restart(self):
        """Count from now on, but for processor time, which counts from where the last count ended."""
        self._start, self._before = time.monotonic(), self._waited()

    def _processor(self):
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0

    def _waited(self):
        try:
            # The second figure: nanoseconds in the queue of a processor (Documentation/scheduler/sched-stats).
            return int(os.pread(self._file, 100, 0).split()[1]) / 1e9
        except (OSError, TypeError, IndexError):
            return 0.0

    def seconds(self):
        """What has passed since the last start; all of it where the process is gone or the kernel is mute."""
        wall = time.monotonic() - self._start
        waited = max(self._waited() - self._before, 0.0)
        return max(wall - waited, wall / PATIENCE, self._processor() - self._used)

    def stop(self):
        """What has passed since the last start, for good."""
        seconds = self.seconds()
        self._used = max(self._used, self._processor())
        return seconds

    def close(self):
        """Stop for good."""
        if self._file is not None:
            os.close(self._file)
        self._file = None


class Connection:
    """What is the same for every host: frames go to and fro over a socket, within a time limit.

    A host is killed when it does not answer in time, dies or sends too much. Those below say how.
    """

    def __init__(self):
        self._socket = self._stopwatch = self._group = self.pid = None
        self._received = bytearray()
        self.seconds = 0.0

    def _watch(self, pid):
        self.pid, self._stopwatch = pid, Stopwatch(pid)

    def _limit_memory(self, settings):
        """Count all that the host holds, where the kernel lets us, and not only what its own limit counts."""
        own = int((settings.memory_gigabytes + SPARE_GIGABYTES) * 2**30)
        self._group = Group(own + sandbox.scratch_bytes(settings))
        self._group.take_in(self.pid)

    def exchange(self, frame: bytes, seconds: float, limit: int = wire.MAX_VALUES) -> tuple[bytearray, bytearray]:
        """Send a frame and give the two parts of the answer's; `self.seconds` is then how long it took.

        Parameters
        ----------
        seconds : what the host has for its answer
        limit : how many values that may hold

        Raises
        ------
        TimeoutError : after `seconds` without a whole answer; the host is killed
        HostLost : where the host dies or answers with too much; it is killed
        """
        self._stopwatch.restart()
        try:
            self._socket.settimeout(max(seconds, 0.001))
            self._socket.sendall(frame)
            return self._answer(seconds, limit)
        except (TimeoutError, HostLost):
            self._kill()
            raise
        except (EOFError, OSError):
            raise HostLost(self._epitaph()) from None
        finally:
            self.seconds = self._stopwatch.stop()

    def _answer(self, seconds, limit=wire.MAX_VALUES):
        header_size, buffers_size = wire.LENGTHS.unpack(self._receive(wire.LENGTHS.size, seconds))
        if not wire.fits(header_size, buffers_size, limit):
            raise HostLost("Your code sent back more data than the grader takes.")
        header = self._receive(header_size, seconds)
        return header, self._receive(buffers_size, seconds)

    def _receive(self, size, seconds):
        while len(self._received) < size:
            # Who sends a byte now and then, for ever, has no more time than others.
            left = seconds - self._stopwatch.seconds()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(max(left, 0.001))
            try:
                # Most answers come whole at once.
                part = self._socket.recv(min(max(size - len(self._received), 2**16), 2**20))
            except TimeoutError:
                continue
            if not part:
                raise EOFError
            self._received += part
        data = self._received[:size]
        del self._received[:size]
        return data

    def _epitaph(self):
        status = self._exit_status()
        self._kill()
        if status is None:
            return "Your code closed the grader's connection."
        number = status - 128
        if number in set(signal.Signals):
            return f"Your code ended the Python process ({signal.Signals(number).name})."
        return f"Your code ended the Python process (exit status {status})."

    def _kill(self):
        """Kill the host and wait until it is dead."""
        raise NotImplementedError

    def _exit_status(self):
        """How the host ended, as a shell says it; None where it did not."""
        raise NotImplementedError


class HostProcess(Connection):
    """A host in a sandbox of its own, started from nothing, which takes seconds.

    Parameters
    ----------
    course : Course
    device : "cpu" or "cuda"
    sealed : whether it is sealed at once, for student code to run in it

    Raises
    ------
    sandbox.SandboxError : where no host can be started
    """

    def __init__(self, course: Course, device: str, sealed: bool = True):
        super().__init__()
        self.program = Program(course, device, [])
        self._socket = self.program.socket
        self._watch(self.program.process.pid)
        try:
            self.exchange(wire.pack({"id": 0, "op": "printed"}), START_SECONDS)
            self.program.look_for_children()
            self._stopwatch.close()
            self._watch(self.program.tree[-1].pid)
            if device == "cpu":
                self._limit_memory(course.settings)
            if sealed:
                _put_seal_on(self, sandbox.layers(course, self.program.folder))
        except (HostLost, TimeoutError) as error:
            fault = self.program.fault()
            self.close()
            raise fault from error
        except sandbox.SandboxError:
            self.close()
            raise

    def _kill(self):
        self.program.kill()

    def _exit_status(self):
        try:
            status = self.program.process.wait(timeout=EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        # bubblewrap reports a signal as a shell does, 128 and the signal's number.
        return status if status >= 0 else 128 - status

    def close(self):
        """Kill the host, and with it everything that it started."""
        self.program.close()
        self._stopwatch.close()
        if self._group is not None:
            self._group.close()


class ForkedHost(Connection):
    """A host that a nursery forked; like `HostProcess` to those who speak to it.

    Parameters
    ----------
    nursery : Nursery
    course : Course

    Raises
    ------
    sandbox.SandboxError : where no host can be started, not by a new nursery either
    """

    def __init__(self, nursery: Nursery, course: Course):
        super().__init__()
        self._process = self._status = self._folder = None
        # A nursery may have ended since it was last asked, as any process does when the machine has no memory left.
        for tries_left in (1, 0):
            try:
                self._begin(nursery, course.settings)
                break
            except (EOFError, OSError) as error:
                self.close()
                fault = nursery.give_up()
                if not tries_left:
                    raise fault from error
        try:
            self._limit_memory(course.settings)
            _require_success(self._answer(START_SECONDS), "started")
            _put_seal_on(self, sandbox.layers(course, self._folder))
        except (HostLost, EOFError, OSError) as error:
            self.close()
            raise sandbox.SandboxError("a host could not be started: it ended, or did not answer") from error
        except sandbox.SandboxError:
            self.close()
            raise

    def _begin(self, nursery, settings):
        """Have the process forked, and wait for the first that it says."""
        nursery.start()
        self._status = None
        self._folder = make_scratch(settings)
        self._socket, theirs = socket.socketpair()
        self._end, their_end = socket.socketpair()
        # Each message then comes with the number of the process that sent it, as the kernel knows it here.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with theirs, their_end:
            nursery.fork(theirs, their_end, self._folder or sandbox.SCRATCH[0], sandbox.apart(settings))
        self._socket.settimeout(START_SECONDS)
        sent, ancillary, *_ = self._socket.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size), socket.MSG_PEEK)
        if not sent:
            raise EOFError
        self._watch(CREDENTIALS.unpack(ancillary[0][2])[0])
        self._process = os.pidfd_open(self.pid)

    def _kill(self):
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        if self._exit_status(DEATH_SECONDS) is None:
            raise sandbox.SandboxError("a submission's process does not end, although it was killed")

    def _exit_status(self, seconds=EXIT_SECONDS):
        if self._status is None:
            self._end.settimeout(seconds)
            try:
                told = self._end.recv(1)
            except TimeoutError:
                return None
            self._status = told[0] if told else NURSERY_ENDED
        return self._status

    def _epitaph(self):
        words = super()._epitaph()
        # All its hosts die with a nursery, which no submission can reach: it is not this one's fault.
        if self._status == NURSERY_ENDED:
            raise sandbox.SandboxError("the nursery of the hosts was ended, as where memory runs out; grade again")
        return words

    def close(self):
        """Kill the host."""
        self._kill()
        self._socket.close()
        self._end.close()
        if self._process is not None:
            self._stopwatch.close()
            os.close(self._process)
        if self._group is not None:
            self._group.close()
        self._process = None
        remove(self._folder)


def _put_seal_on(host, layers):
    """Have a host give up what `sandbox.layers` says, before student code runs in it."""
    if layers:
        _require_success(host.exchange(wire.pack({"id": 0, "op": "seal", **layers}), START_SECONDS), "sealed")


def _require_success(answer, what):
    reply = wire.unpack(*answer)
    if "error" in reply:
        raise sandbox.SandboxError(f"a host could not be {what}: {reply['error']['message']}")
