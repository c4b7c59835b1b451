"""Processes of `proctor.isolation.host` in the sandbox, and the nursery, one of them of which others are forked.

Nothing here loads torch: a command that only writes what others grade can start a nursery for them.
"""

import contextlib
import json
import socket
import subprocess
import tempfile
import time

import psutil

from proctor.course import Course
from proctor.isolation import sandbox
from proctor.settings import Settings

DEATH_SECONDS = 30


class Program:
    """`proctor.isolation.host`, running in the sandbox.

    Parameters
    ----------
    course : Course
    device : "cpu" or "cuda"
    modules : list of str, what it imports before it forks hosts; without any, it is a host itself

    Raises
    ------
    sandbox.SandboxError : where there is no sandbox to start it in
    """

    def __init__(self, course: Course, device: str, modules: list[str]):
        settings, program = course.settings, ["-m", "proctor.isolation.host", *modules]
        command = sandbox.command(course, device, program, forks=bool(modules))
        self._advice = sandbox.ADVICE if settings.sandbox == "bubblewrap" else ""
        self.folder = make_scratch(settings)
        # A nursery is asked in whole messages, so that several processes may ask the same one.
        self.socket, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET if modules else socket.SOCK_STREAM)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        with theirs:
            self.process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd=self.folder or "/",
                start_new_session=True,
                env=sandbox.environment(course, self.folder or sandbox.SCRATCH[0]),
                preexec_fn=sandbox.limit(settings, device),
            )
        self.tree = [psutil.Process(self.process.pid)]

    def look_for_children(self):
        """Learn which processes it is made of: bubblewrap is the outer one and the first inside; the last is Python."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.tree += [child for child in self.tree[0].children(recursive=True) if child not in self.tree]

    def fault(self) -> sandbox.SandboxError:
        """Why it does not answer, by the last thing it said."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        if not lines and self.process.poll() is None:
            return sandbox.SandboxError("a host could not be started: it does not answer; is this machine very busy?")
        words = lines[-1] if lines else "it ended without a word"
        return sandbox.SandboxError(f"a host could not be started: {words}{self._advice}")

    def kill(self):
        """Kill it and wait until all of it is dead."""
        self.process.kill()
        self.process.wait()
        # What bubblewrap started dies with it, but only soon after, and nobody else's code runs beside it. Where it was
        # killed before it had said so, nothing dies with it.
        end = time.monotonic() + DEATH_SECONDS
        while not all(map(_is_dead, self.tree)):
            if time.monotonic() > end:
                raise sandbox.SandboxError("a submission's process does not end, although it was killed")
            for process in self.tree:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            time.sleep(0.002)

    def close(self):
        """Kill it, and remove what it leaves behind."""
        self.kill()
        self.socket.close()
        self._errors.close()
        remove(self.folder)


class Nursery:
    """A warm host that has imported everything and runs nobody's code. Hosts are forked from it, in milliseconds.

    Each has processes, mounts and a scratch of its own, and is sealed like a host that was started from nothing
    (`process.ForkedHost`). A GPU does not survive a fork: there, every host is started from nothing.

    Parameters
    ----------
    course : Course
    modules : list of str, to import before the first fork
    control : socket over which the nursery of another process is asked; once that has ended, this one's own is
    """

    def __init__(self, course: Course, modules: list[str], control: socket.socket | None = None):
        # With none, it would be a host.
        self._arguments = (course, "cpu", ["torch", *modules])
        self._control, self.program = control, None

    def start(self) -> socket.socket:
        """Start its process, unless there is one; gives what that is asked over, which other processes may use, too.

        Raises
        ------
        sandbox.SandboxError : where there is no sandbox
        """
        if self._control is None:
            self.program = Program(*self._arguments)
            self._control = self.program.socket
        return self._control

    def fork(self, connection: socket.socket, status: socket.socket, folder: str, apart: dict | None) -> None:
        """Have a new host take over a connection; how it ends is one byte on `status`.

        Parameters
        ----------
        folder, apart : as the host's `_begin` takes them

        Raises
        ------
        OSError : where the process has ended; `give_up`, then the next call starts another one
        """
        message = json.dumps({"folder": folder, "apart": apart}).encode()
        socket.send_fds(self.start(), [message], [connection.fileno(), status.fileno()])

    def give_up(self) -> sandbox.SandboxError:
        """End the process, which does not do what it is for, and say why."""
        fault = sandbox.SandboxError("a host could not be started: the nursery ended")
        if self.program is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.program.process.wait(1)
            fault = self.program.fault()
        self.close()
        return fault

    def close(self):
        """End the process, and with it all hosts that it forked; leave another process's nursery alone."""
        if self.program is not None:
            self.program.look_for_children()
            self.program.close()
        elif self._control is not None:
            self._control.close()
        self._control = self.program = None


def make_scratch(settings: Settings) -> str | None:
    """A folder for a host to write to; None where bubblewrap makes one, in memory."""
    return None if settings.sandbox == "bubblewrap" else tempfile.mkdtemp(prefix="proctor-")


def remove(folder: str | None) -> None:
    """Remove a scratch folder, whatever a submission made of it."""
    if folder is not None:
        # Not in Python, which gives up on a thousand folders within each other.
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", folder], stderr=subprocess.DEVNULL)


def _is_dead(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
