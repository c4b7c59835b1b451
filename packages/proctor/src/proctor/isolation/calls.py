"""The kernel's calls that student code may not make, as a seccomp filter.

One host is one process: so its limit of memory is a limit for all that it does, nothing of it outlives it, and nobody
is there to talk to. What is refused here is what would break that: other processes, ways to them, and memory of the
kernel's that no limit counts.
"""

import errno
import fcntl
import functools
import socket
import tempfile

# Numbers are of calls too young for an old libseccomp; they are the same on every machine.
PROCESSES = ("fork", "vfork", "execve", "execveat", "unshare", "setns", "ptrace", "process_vm_readv",
             "process_vm_writev", "kcmp", "personality", "modify_ldt", 424, 434, 438, 440, 448)  # fmt: skip
FILE_SYSTEMS = ("mount", "umount2", "pivot_root", "chroot", 428, 429, 430, 431, 432, 433, 442, 443, 467, "swapon",
                "quotactl", "acct", "sync", "syncfs", "name_to_handle_at", "open_by_handle_at",
                "fanotify_init")  # fmt: skip
# A pair of sockets is a pipe within the host. Its buffers stay as small as they are, nothing is handed over in it, and
# it is never led to somebody else's.
SOCKETS = ("socket", "setsockopt", "connect", "bind", "listen", "accept", "accept4", "sendmsg", "sendmmsg")
# A page that lies in a pipe keeps the block of 2 MB that it is part of.
PIPES = ("vmsplice", "splice", "tee")
KERNEL = ("bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl", "syslog",
          "seccomp", 444, 445, 446)  # fmt: skip
# A host that waits by its own choice would have more time.
ORDER = ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr", "setpriority", "ioprio_set")
REFUSED = (*PROCESSES, *FILE_SYSTEMS, *SOCKETS, *PIPES, *KERNEL, *ORDER)
# As an old kernel would answer, so that programs take another way: io_uring, clone3; memory that no limit counts.
UNKNOWN = (425, 426, 427, 435, "memfd_create", 447, "shmget", "msgget", "semget", "mq_open", "io_setup",
           "epoll_create", "epoll_create1", "inotify_init", "inotify_init1")  # fmt: skip
# Where there is no namespace of processes around a host, it also has no way to the grader's.
OF_OTHERS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "migrate_pages", "move_pages")
# Nor to the grader's files, of which Landlock leaves owner, mode, times and attributes to whoever is their owner. It
# is told that it was done, for a copy of a file of its own is right without.
ABOUT_FILES = ("chmod", "fchmod", "fchmodat", 452, "chown", "lchown", "fchown", "fchownat", "utime", "utimes",
               "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
               "fremovexattr", 463, 466, 469)  # fmt: skip

CLOSE_RANGE, CLOSE_RANGE_UNSHARE = 436, 2
# With a table of descriptors of its own, each thread could hold as many as the limit says.
CLONE_THREAD, CLONE_FILES = 0x00010000, 0x00000400
OTHER_SOCKETS = (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
# Larger pipes, leases, news of folders, signals to whoever is named as the owner of a descriptor, locks by the million
# (`flock` has one for each open file).
FCNTL = (1031, fcntl.F_SETLEASE, fcntl.F_NOTIFY, fcntl.F_SETOWN, fcntl.F_SETSIG, 15, fcntl.F_SETLK, fcntl.F_SETLKW,
         37, 38)  # fmt: skip
# The same signals; characters for a terminal; flags and projects of files.
IOCTL = (0x5452, 0x8901, 0x8902, 0x5412, 0x541C, 0x40086602, 0x40046602, 0x401C5820)
# PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SCHED_CORE, PR_SET_PTRACER.
PRCTL = (1, 22, 62, 0x59616D61)
# The kernel reads the lower half of what it is given for a command, and so must the filter.
COMMAND = 0xFFFFFFFF


@functools.cache
def system_call_filter(alone: bool) -> bytes:
    """The seccomp filter as classic BPF, for the machine that this is.

    Parameters
    ----------
    alone : whether the host sees no process and no file but its own

    Raises
    ------
    ImportError, RuntimeError : where libseccomp is not installed
    """
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    rules.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    others = () if alone else OF_OTHERS
    for names, number in ((REFUSED + others, errno.EPERM), (UNKNOWN, errno.ENOSYS), (() if alone else ABOUT_FILES, 0)):
        for name in names:
            rules.add_rule(seccomp.ERRNO(number), name)
    for name, *conditions in _refused_uses(seccomp.Arg, seccomp.MASKED_EQ, seccomp.NE):
        rules.add_rule(seccomp.ERRNO(errno.EPERM), name, *conditions)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _refused_uses(argument, masked, unequal):
    """Calls that are refused for what they are given: the name, and conditions that hold all at once."""
    # A thread is no process of its own.
    for flag in (CLONE_THREAD, CLONE_FILES):
        yield "clone", argument(0, masked, flag, 0)
    yield CLOSE_RANGE, argument(2, masked, CLOSE_RANGE_UNSHARE, CLOSE_RANGE_UNSHARE)
    yield "socketpair", argument(0, unequal, socket.AF_UNIX)
    for kind in OTHER_SOCKETS:
        yield "socketpair", argument(1, masked, 0xF, kind)
    for command in FCNTL:
        yield "fcntl", argument(1, masked, COMMAND, command)
    yield "fcntl", argument(1, masked, COMMAND, fcntl.F_SETFL), argument(2, masked, fcntl.FASYNC, fcntl.FASYNC)
    for command in IOCTL:
        yield "ioctl", argument(1, masked, COMMAND, command)
    for command in PRCTL:
        yield "prctl", argument(0, masked, COMMAND, command)
    yield "prlimit64", argument(0, unequal, 0)
