"""Host processes: started in the sandbox, spoken to within a time limit, ended with everything that they started."""

import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from proctor import sandbox, wire
from proctor.settings import Settings

START_SECONDS = 120
DEATH_SECONDS = 30
PATIENCE = 10


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
        self._file = Path(f"/proc/{pid}/schedstat")
        self._start, self._before = time.monotonic(), self._waited()

    def _waited(self):
        try:
            # The second figure: nanoseconds in the queue of a processor (Documentation/scheduler/sched-stats).
            return int(self._file.read_text().split()[1]) / 1e9
        except (OSError, IndexError):
            return 0.0

    def seconds(self):
        """What has passed since this stopwatch was made; all of it where the process is gone or the kernel is mute."""
        wall = time.monotonic() - self._start
        waited = max(self._waited() - self._before, 0.0)
        return max(wall - waited, wall / PATIENCE)


class HostProcess:
    """A host in a sandbox of its own.

    Parameters
    ----------
    root : Path, the course
    settings : Settings
    device : "cpu" or "cuda"
    sealed : whether it is sealed at once; else `seal` has to be called before student code runs

    Raises
    ------
    sandbox.SandboxError : where no host can be started
    """

    def __init__(self, root: Path, settings: Settings, device: str, sealed: bool = True):
        command = sandbox.command(settings, root, device, ["-m", "proctor.host"])
        # bubblewrap makes one of its own, in memory.
        self._folder = None if settings.sandbox == "bubblewrap" else tempfile.mkdtemp(prefix="proctor-")
        self.scratch = self._folder or "/"
        try:
            layers = sandbox.layers(root, settings, device, self.scratch)
        except sandbox.SandboxError:
            self._remove_scratch()
            raise
        self._socket, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the host
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=theirs,
                stderr=self._errors,
                cwd=self.scratch,
                start_new_session=True,
                env=sandbox.environment(root, self.scratch),
                preexec_fn=sandbox.limit(settings, device),
            )
        self.pid, self.seconds = self._process.pid, 0.0
        self._tree = [psutil.Process(self.pid)]
        try:
            self.exchange(wire.pack({"id": 0, "op": "printed"}), START_SECONDS)
            # bubblewrap is the outer process, and the first inside; the innermost one is the host.
            self._tree += self._tree[0].children(recursive=True)
            self.pid = self._tree[-1].pid
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

    def exchange(self, frame: bytes, seconds: float) -> tuple[bytearray, bytearray]:
        """Send a frame and give the two parts of the answer's; `self.seconds` is then how long it took.

        Raises
        ------
        TimeoutError : after `seconds` without a whole answer; the host is killed
        HostLost : where the host dies or answers with too much; it is killed
        """
        stopwatch = Stopwatch(self.pid)
        try:
            self._socket.settimeout(max(seconds, 0.001))
            self._socket.sendall(frame)
            header_size, buffers_size = wire.LENGTHS.unpack(self._receive(wire.LENGTHS.size, stopwatch, seconds))
            if header_size > wire.MAX_HEADER or buffers_size > wire.MAX_BUFFERS:
                raise HostLost("Your code sent back more data than the grader takes.")
            header = self._receive(header_size, stopwatch, seconds)
            return header, self._receive(buffers_size, stopwatch, seconds)
        except (TimeoutError, HostLost):
            self._kill()
            raise
        except (EOFError, OSError):
            raise HostLost(self._epitaph()) from None
        finally:
            self.seconds = stopwatch.seconds()

    def _receive(self, size, stopwatch, seconds):
        data = bytearray()
        while len(data) < size:
            # Who sends a byte now and then, for ever, has no more time than others.
            left = seconds - stopwatch.seconds()
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

    def _kill(self):
        self._process.kill()
        self._process.wait()
        # What bubblewrap started dies with it, but only soon after, and nobody else's code runs beside it.
        end = time.monotonic() + DEATH_SECONDS
        while not all(map(_is_dead, self._tree)):
            if time.monotonic() > end:
                raise sandbox.SandboxError("a submission's process does not end, although it was killed")
            time.sleep(0.002)

    def _epitaph(self):
        try:
            status = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            status = None
        self._kill()
        if status is None:
            return "Your code closed the grader's connection."
        # bubblewrap reports a signal as a shell does, 128 and the signal's number.
        number = -status if status < 0 else status - 128
        if number in set(signal.Signals):
            return f"Your code ended the Python process ({signal.Signals(number).name})."
        return f"Your code ended the Python process (exit status {status})."

    def _remove_scratch(self):
        if self._folder is not None:
            # Not in Python, which gives up on a thousand folders within each other.
            for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
                subprocess.run([*command, "--", self._folder], stderr=subprocess.DEVNULL)

    def close(self):
        """Kill the host, and with it everything that it started."""
        self._kill()
        self._socket.close()
        self._errors.close()
        self._remove_scratch()


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
    reply = wire.unpack(*host.exchange(wire.pack({"id": 0, "op": "seal", **layers}), START_SECONDS))
    if "error" in reply:
        raise sandbox.SandboxError(f"a host could not be sealed: {reply['error']['message']}")


class Nursery:
    """Hosts that are forked from one host, which has imported everything already: they start in milliseconds.

    They share a sandbox, so they are for code of the course's own, such as the audit's, and never for students'.

    Parameters
    ----------
    modules : list of str, to import before the first fork
    """

    def __init__(self, root: Path, settings: Settings, device: str, modules: list[str]):
        self._arguments, self._modules, self._parent = (root, settings, device), modules, None

    def host(self) -> "ForkedHost":
        """A new host; the one before it must be closed.

        Raises
        ------
        sandbox.SandboxError : where none can be started
        """
        if self._parent is None:
            # A sealed process forks no more.
            self._parent = HostProcess(*self._arguments, sealed=False)
            self._parent.exchange(wire.pack({"id": 0, "op": "prepare", "modules": self._modules}), START_SECONDS)
        host = ForkedHost(self, self._parent)
        put_seal_on(host, sandbox.layers(*self._arguments, self._parent.scratch))
        return host

    def close(self):
        """End the parent host."""
        if self._parent is not None:
            self._parent.close()
        self._parent = None


class ForkedHost:
    """A host that a nursery's parent forked; like `HostProcess` to those who speak to it."""

    def __init__(self, nursery, parent):
        self._nursery, self._parent, self._lost = nursery, parent, False
        parent.exchange(wire.pack({"id": 0, "op": "fork"}), START_SECONDS)

    @property
    def seconds(self):
        """How long the last exchange took."""
        return self._parent.seconds

    def exchange(self, frame, seconds):
        """As `HostProcess.exchange`; after a failure the parent is gone as well, and the nursery starts anew."""
        try:
            return self._parent.exchange(frame, seconds)
        except (TimeoutError, HostLost):
            self._lost = True
            raise

    def close(self):
        """End this host, and leave its parent ready for the next one."""
        if not self._lost:
            try:
                self._parent.exchange(wire.pack({"id": 0, "op": "leave"}), START_SECONDS)
                return
            except (TimeoutError, HostLost):
                self._lost = True
        self._nursery.close()
