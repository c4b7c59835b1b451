"""Host processes: started in the sandbox, spoken to within a time limit, ended with everything that they started."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from proctor import sandbox, wire
from proctor.settings import Settings

START_SECONDS = 120
DEATH_SECONDS = 30
EXIT_SECONDS = 2
PATIENCE = 10
CREDENTIALS = struct.Struct("iII")  # of a process, in unix(7): its number, user and group


class HostLost(Exception):
    """The host died, fell silent or sent nonsense while student code ran; the message says which."""


class Stopwatch:
    """Seconds that a process had the machine: the wall clock, without the time in which it waited for a processor.

    So a submission has the same time on a busy machine as on an idle one. It never has more than `PATIENCE` times
    its limit on the wall, whatever it does to wait.

    Parameters
    ----------
    pid : int
    """

    def __init__(self, pid):
        # Kept open: it is read a thousand times for each submission.
        self._file = None
        with contextlib.suppress(OSError):
            self._file = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        self.restart()

    def restart(self):
        """Count from now on."""
        self._start, self._before = time.monotonic(), self._waited()

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
        return max(wall - waited, wall / PATIENCE)

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
        self._socket = self._stopwatch = self.pid = None
        self.seconds = 0.0

    def _watch(self, pid):
        self.pid, self._stopwatch = pid, Stopwatch(pid)

    def exchange(self, frame: bytes, seconds: float) -> tuple[bytearray, bytearray]:
        """Send a frame and give the two parts of the answer's; `self.seconds` is then how long it took.

        Raises
        ------
        TimeoutError : after `seconds` without a whole answer; the host is killed
        HostLost : where the host dies or answers with too much; it is killed
        """
        self._stopwatch.restart()
        try:
            self._socket.settimeout(max(seconds, 0.001))
            self._socket.sendall(frame)
            return self._answer(seconds)
        except (TimeoutError, HostLost):
            self._kill()
            raise
        except (EOFError, OSError):
            raise HostLost(self._epitaph()) from None
        finally:
            self.seconds = self._stopwatch.seconds()

    def _answer(self, seconds):
        header_size, buffers_size = wire.LENGTHS.unpack(self._receive(wire.LENGTHS.size, seconds))
        if header_size > wire.MAX_HEADER or buffers_size > wire.MAX_BUFFERS:
            raise HostLost("Your code sent back more data than the grader takes.")
        header = self._receive(header_size, seconds)
        return header, self._receive(buffers_size, seconds)

    def _receive(self, size, seconds):
        data = bytearray()
        while len(data) < size:
            # Who sends a byte now and then, for ever, has no more time than others.
            left = seconds - self._stopwatch.seconds()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(max(left, 0.001))
            try:
                part = self._socket.recv(min(size - len(data), 2**20))
            except TimeoutError:
                continue
            if not part:
                raise EOFError
            data += part
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
    root : Path, the course
    settings : Settings
    device : "cpu" or "cuda"
    sealed : whether it is sealed at once, for student code to run in it

    Raises
    ------
    sandbox.SandboxError : where no host can be started
    """

    def __init__(self, root: Path, settings: Settings, device: str, sealed: bool = True):
        super().__init__()
        command = sandbox.command(settings, root, device, ["-m", "proctor.host"], forks=not sealed)
        self._folder = _make_scratch(settings)
        try:
            layers = sandbox.layers(root, settings, device, self._folder)
        except sandbox.SandboxError:
            _remove(self._folder)
            raise
        self._socket, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the host
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd=self._folder or "/",
                start_new_session=True,
                env=sandbox.environment(root, self._folder or sandbox.SCRATCH[0]),
                preexec_fn=sandbox.limit(settings, device),
            )
        self._watch(self._process.pid)
        self._tree = [psutil.Process(self.pid)]
        try:
            self.exchange(wire.pack({"id": 0, "op": "printed"}), START_SECONDS)
            # bubblewrap is the outer process, and the first inside; the innermost one is the host.
            self._tree += self._tree[0].children(recursive=True)
            self._stopwatch.close()
            self._watch(self._tree[-1].pid)
            if sealed:
                put_seal_on(self, layers)
        except (HostLost, TimeoutError) as error:
            reason = self._last_words()
            self.close()
            advice = sandbox.ADVICE if settings.sandbox == "bubblewrap" else ""
            raise sandbox.SandboxError(f"a host could not be started: {reason}{advice}") from error
        except sandbox.SandboxError:
            self.close()
            raise

    def _last_words(self):
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"

    @property
    def alive(self):
        """Whether its process goes on."""
        return self._process.poll() is None

    def _kill(self):
        self._process.kill()
        self._process.wait()
        # What bubblewrap started dies with it, but only soon after, and nobody else's code runs beside it.
        end = time.monotonic() + DEATH_SECONDS
        while not all(map(_is_dead, self._tree)):
            if time.monotonic() > end:
                raise sandbox.SandboxError("a submission's process does not end, although it was killed")
            time.sleep(0.002)

    def _exit_status(self):
        try:
            status = self._process.wait(timeout=EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        # bubblewrap reports a signal as a shell does, 128 and the signal's number.
        return status if status >= 0 else 128 - status

    def close(self):
        """Kill the host, and with it everything that it started."""
        self._kill()
        self._socket.close()
        self._stopwatch.close()
        self._errors.close()
        _remove(self._folder)

    def fork(self, connection: socket.socket, folder: str, apart: dict | None) -> None:
        """Have a child take over a connection; the folder and the rest are as the host's `_fork` takes them."""
        self._socket.settimeout(START_SECONDS)
        self._socket.sendall(wire.pack({"id": 0, "op": "fork", "folder": folder, "apart": apart}))
        socket.send_fds(self._socket, [b"\0"], [connection.fileno()])

    def forked_status(self, seconds: float) -> int:
        """How the child ended, once it has.

        Raises
        ------
        TimeoutError : where it does not
        EOFError, OSError : where this host itself has ended
        """
        self._stopwatch.restart()
        return wire.unpack(*self._answer(seconds))["value"]


def _make_scratch(settings):
    """A folder for a host to write to; None where bubblewrap makes one, in memory."""
    return None if settings.sandbox == "bubblewrap" else tempfile.mkdtemp(prefix="proctor-")


def _remove(folder):
    if folder is not None:
        # Not in Python, which gives up on a thousand folders within each other.
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", folder], stderr=subprocess.DEVNULL)


def _is_dead(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def put_seal_on(host, layers: dict) -> None:
    """Have a host give up what `sandbox.layers` says, before student code runs in it.

    Raises
    ------
    sandbox.SandboxError : where it could not
    """
    if not layers:
        return
    _require_success(host.exchange(wire.pack({"id": 0, "op": "seal", **layers}), START_SECONDS), "sealed")


def _require_success(answer, what):
    reply = wire.unpack(*answer)
    if "error" in reply:
        raise sandbox.SandboxError(f"a host could not be {what}: {reply['error']['message']}")


class Nursery:
    """Warm hosts: each is forked, in milliseconds, from one host that has imported everything and run nobody's code.

    Each has processes, mounts and a scratch of its own, and is sealed like a host that was started from nothing. A GPU
    does not survive a fork: there, every host is started from nothing.

    Parameters
    ----------
    root, settings, device : as for `HostProcess`
    modules : list of str, to import before the first fork
    """

    def __init__(self, root: Path, settings: Settings, device: str, modules: list[str]):
        self._arguments, self._modules = (root, settings, device), modules
        self._parent = self._forked = None

    def host(self) -> Connection:
        """A new host; the one before it must be closed.

        Raises
        ------
        sandbox.SandboxError : where none can be started
        """
        root, settings, device = self._arguments
        if device != "cpu":
            return HostProcess(root, settings, device)
        if self._forked is not None and self._forked.open:
            raise RuntimeError("a nursery has one host at a time; close the one before")
        if self._parent is not None and not self._parent.alive:
            self.close()
        if self._parent is None:
            # A sealed process forks no more.
            self._parent = HostProcess(root, settings, device, sealed=False)
            self._parent.exchange(wire.pack({"id": 0, "op": "prepare", "modules": self._modules}), START_SECONDS)
        self._forked = ForkedHost(self, self._parent, *self._arguments)
        return self._forked

    def close(self):
        """End the parent host, and the host that it forked."""
        if self._parent is not None:
            self._parent.close()
        self._parent = None


class ForkedHost(Connection):
    """A host that a nursery's parent forked; like `HostProcess` to those who speak to it."""

    def __init__(self, nursery, parent, root, settings, device):
        super().__init__()
        self._nursery, self._parent = nursery, parent
        self._process = self._status = None
        self.open = True
        self._folder = _make_scratch(settings)
        self._socket, theirs = socket.socketpair()
        # Each message then comes with the number of the process that sent it, as the kernel knows it here.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with theirs:
            parent.fork(theirs, self._folder or sandbox.SCRATCH[0], sandbox.apart(settings))
        try:
            self._socket.settimeout(START_SECONDS)
            sent, ancillary, *_ = self._socket.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size), socket.MSG_PEEK)
            if not sent:
                raise EOFError
            self._watch(CREDENTIALS.unpack(ancillary[0][2])[0])
            self._process = os.pidfd_open(self.pid)
            _require_success(self._answer(START_SECONDS), "started")
            put_seal_on(self, sandbox.layers(root, settings, device, self._folder))
        except (HostLost, EOFError, OSError) as error:
            self.close()
            raise sandbox.SandboxError("a host could not be started: its parent ended, or did not answer") from error
        except sandbox.SandboxError:
            self.close()
            raise

    def _kill(self):
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, signal.SIGKILL)
        if self._exit_status(DEATH_SECONDS) is None:
            # All that it forked dies with the parent.
            self._nursery.close()

    def _exit_status(self, seconds=EXIT_SECONDS):
        if self._status is None:
            try:
                self._status = self._parent.forked_status(seconds)
            except TimeoutError:
                return None
            except (EOFError, OSError):
                self._nursery.close()
                self._status = 128 + signal.SIGKILL
        return self._status

    def close(self):
        """Kill this host, and leave its parent ready for the next one."""
        self._kill()
        self._socket.close()
        if self._process is not None:
            self._stopwatch.close()
            os.close(self._process)
        self._process, self.open = None, False
        _remove(self._folder)
