"""The seal: what a host gives up for ever, before student code runs in it.

It is put on from inside, when all that the host itself needs has been imported, and so holds for one process whatever
else is around it. A layer that is asked for and cannot be had is an error: there is no partial seal.
"""

import ctypes
import os
import resource

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

libc = ctypes.CDLL(None, use_errno=True)


class SealError(Exception):
    """A layer of the seal cannot be had; the message says which."""


def landlock_version() -> int:
    """The version of Landlock that this kernel has, 0 where it has none."""
    return max(libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1), 0)


def put_on(user: int, threads: int, program: str, readable: list[str], usable: list[str], writable: list[str]) -> None:
    """Seal this process; the order of the layers matters, for each takes away what the ones before it need.

    Parameters
    ----------
    user : the user and group id to change to, 0 to stay who it is
    threads : how many threads its user may have, 0 for no limit
    program : the seccomp filter, classic BPF, in hexadecimal digits; empty for none
    readable, usable, writable : paths that stay open for reading; for reading and writing what is there, such as
        devices; for everything. With none of them, there is no Landlock

    Raises
    ------
    SealError : where a layer cannot be had
    """
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208
        raise SealError("the host has several threads already; a seal would hold for one of them only")
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        # A process that changed its user may not look at its own /proc.
        _prctl(PR_SET_DUMPABLE, 1)
    # The signal is forgotten when the user changes.
    _prctl(PR_SET_PDEATHSIG, SIGKILL)
    if threads:
        resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if readable or usable or writable:
        _landlock(readable, usable, writable)
    if program:
        _seccomp(bytes.fromhex(program))


def _prctl(option, value, *more):
    arguments = [ctypes.c_ulong(number) for number in (value, *more, 0, 0, 0)[:4]]
    if libc.prctl(option, *arguments):
        raise SealError(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


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
