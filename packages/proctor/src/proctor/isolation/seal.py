"""The seal: what a host gives up for ever, before student code runs in it.

It is put on from inside, when all that the host itself needs has been imported, and so holds for one process whatever
else is around it. A layer that is asked for and cannot be had is an error: there is no partial seal.

A host that is forked from a nursery is first set apart from all that come before and after it (`fork_as_first`,
`set_apart`).
"""

import contextlib
import ctypes
import importlib.util
import os
import resource
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
SIGKILL = 9
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
# Documentation/userspace-api/landlock.rst: how many rights over files each version of the interface knows.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, DEVICE = 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
OF_A_FILE = WRITE_FILE | READ_FILE | TRUNCATE | DEVICE
TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x00020000, 0x08000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 18
OPEN_TREE, MOVE_MOUNT, AT_FDCWD, AT_RECURSIVE = 428, 429, -100, 0x8000
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH = 1, 4
CAPABILITIES_VERSION = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


class SealError(Exception):
    """A layer of the seal cannot be had; the message says which."""


def landlock_version() -> int:
    """The version of Landlock that this kernel has, 0 where it has none."""
    return max(libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1), 0)


def fork_as_first() -> int:
    """`os.fork`, whose child is the first process of a namespace of its own where this process may make it that.

    Raises
    ------
    SealError : where there is no such namespace to be had
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    # An ordinary user has no rights over the namespace that this process is in, and could not return to it.
    returns = not libc.setns(own, CLONE_NEWPID)
    if returns:
        _require(libc.unshare(CLONE_NEWPID), "namespaces")
    child = os.fork()
    if child and returns:
        _require(libc.setns(own, CLONE_NEWPID), "namespaces")
    os.close(own)
    return child


def _go_on_in_child():
    child = os.fork()
    if child:
        os._exit(shell_status(os.waitpid(child, 0)[1]))
    _prctl(PR_SET_PDEATHSIG, SIGKILL)


def _require(result, what):
    if result:
        raise SealError(f"{what}: {os.strerror(ctypes.get_errno())}")


def set_apart(scratch: list[str], megabytes: int, files: int) -> None:
    """Go on in a child that has processes, mounts and scratch of its own; this process ends as the child does.

    It needs CAP_SYS_ADMIN, which the seal takes away.

    Parameters
    ----------
    scratch : folders over which an empty one in memory is laid, each of so many megabytes and files at most

    Raises
    ------
    SealError : in whichever process finds that it cannot be had
    """
    _require(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC), "namespaces")
    if os.getpid() != 1:
        _require(libc.unshare(CLONE_NEWPID), "namespaces")
        _go_on_in_child()
    _mount("none", "/", "", MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    os.umask(0o022)
    for folder in scratch:
        _lay_over(folder, f"mode=1777,size={megabytes}m,nr_inodes={files}")
    # The first process of a namespace is told of no signal and takes all others with it: none for student code to be.
    _go_on_in_child()


def shell_status(status: int) -> int:
    """What `os.waitpid` gives, as a shell says it: 128 and the signal's number where there was one."""
    status = os.waitstatus_to_exitcode(status)
    return status if status >= 0 else 128 - status


def _mount(kind, folder, options, flags):
    arguments = [os.fsencode(word) for word in (kind, folder, kind)]
    _require(libc.mount(*arguments, ctypes.c_ulong(flags), options.encode()), f"mounting {folder}")


def _lay_over(folder, options):
    """Lay an empty file system over a folder; what is mounted below it, such as a course in /tmp, keeps its place."""
    kept = {}
    with Path("/proc/self/mountinfo").open("rb") as table:
        # A space is written as `\040`, and of other scripts the bytes as they are, which the codec takes for Latin-1.
        points = [line.split(b" ")[4].decode("unicode_escape").encode("latin-1") for line in table]
    for point in sorted(map(os.fsdecode, points)):
        if point.startswith(folder + "/") and not any(point.startswith(outer + "/") for outer in kept):
            kept[point] = libc.syscall(OPEN_TREE, AT_FDCWD, os.fsencode(point), OPEN_TREE_CLONE | AT_RECURSIVE)
    folders = {point for point in kept if Path(point).is_dir()}
    _mount("tmpfs", folder, options, MS_NOSUID | MS_NODEV)
    for point, tree in kept.items():
        Path(point).parent.mkdir(parents=True, exist_ok=True)
        Path(point).mkdir() if point in folders else Path(point).touch()
        moved = libc.syscall(MOVE_MOUNT, tree, b"", AT_FDCWD, os.fsencode(point), MOVE_MOUNT_F_EMPTY_PATH)
        _require(moved, f"mounting {point}")
        os.close(tree)


def put_on(
    user: int,
    threads: int,
    program: str,
    readable: list[str],
    usable: list[str],
    writable: list[str],
    unknown: list[str],
) -> None:
    """Seal this process; the order of the layers matters, for each takes away what the ones before it need.

    Parameters
    ----------
    user : the user and group id to change to, 0 to stay who it is
    threads : how many threads its user may have, 0 for no limit
    program : the seccomp filter, classic BPF, in hexadecimal digits; empty for none
    readable, usable, writable : paths that stay open for reading; for reading and writing what is there, such as
        devices; for everything. With none of them, there is no Landlock
    unknown : names of packages that student code must not be able to import from anywhere

    Raises
    ------
    SealError : where a layer cannot be had
    """
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208
        raise SealError("the host has several threads already; a seal would hold for one of them only")
    # Where memory runs out, the kernel ends a host before all else.
    Path("/proc/self/oom_score_adj").write_text("1000")
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        # A process that changed its user may not look at its own /proc.
        _prctl(PR_SET_DUMPABLE, 1)
    _drop_capabilities()
    # The signal is forgotten when the user changes.
    _prctl(PR_SET_PDEATHSIG, SIGKILL)
    if threads:
        resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if readable or usable or writable:
        _landlock(readable, usable, writable)
    if program:
        _seccomp(bytes.fromhex(program))
    for name in unknown:
        if place := _readable_place(name):
            raise SealError(f"student code could import `{name}` ({place}); uninstall what put it there")


def _readable_place(name):
    """Where a package can be imported from; None where it is not to be found, or found but not read."""
    spec = importlib.util.find_spec(name)
    places = [spec.origin, *(spec.submodule_search_locations or [])] if spec else []
    for place in filter(None, places):
        with contextlib.suppress(OSError):
            os.close(os.open(place, os.O_RDONLY))
            return place
    return None


def _drop_capabilities():
    # capset(2): effective, permitted and inheritable capabilities, twice 32 of them.
    header, none = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)()
    _require(libc.capset(header, none), "capset")


def _prctl(option, value, *more):
    arguments = [ctypes.c_ulong(number) for number in (value, *more, 0, 0, 0)[:4]]
    _require(libc.prctl(option, *arguments), f"prctl {option}")


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _landlock(readable, usable, writable):
    version = landlock_version()
    if not version:
        raise SealError("this kernel has no Landlock")
    known = (1 << FILE_RIGHTS[min(version, 5)]) - 1
    ruleset = _Ruleset(known, TCP if version >= 4 else 0, ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0)
    # A kernel that does not know a field wants it left out, or zero.
    rules = _call(LANDLOCK_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(ctypes.sizeof(ruleset)), 0)
    reading = READ_FILE | READ_DIR
    for paths, rights in (
        (readable, reading), (usable, reading | WRITE_FILE | TRUNCATE | DEVICE), (writable, known),
    ):  # fmt: skip
        for path in paths:
            _allow(rules, path, rights & known)
    _call(LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow(rules, path, rights):
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not os.path.isdir(path):  # noqa: PTH112
        rights &= OF_A_FILE
    _call(LANDLOCK_ADD_RULE, rules, 1, ctypes.byref(_PathBeneath(rights, parent)), 0)
    os.close(parent)


def _call(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise SealError(f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def _seccomp(program):
    described = _Program(len(program) // 8, program)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0):
        raise SealError(f"seccomp: {os.strerror(ctypes.get_errno())}")
