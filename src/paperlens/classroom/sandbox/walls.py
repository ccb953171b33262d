"""The walls that a process puts around itself, as system calls: namespaces, private disk, limits, no rights, a filter.

Runs inside the sandbox. Each call that fails raises `OSError`: a wall that does not stand must stop the answer from
running.
"""

import ctypes
import mmap
import os
import resource
import signal
import struct
from collections.abc import Mapping

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x0002_0000, 0x0800_0000, 0x2000_0000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 22, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER = 4, 2
CAPABILITY_VERSION_3 = 0x2008_0522
SYS_CLONE = {"x86_64": 56}.get(os.uname().machine, 220)  # 220 on every architecture since

libc = ctypes.CDLL(None, use_errno=True)
clone = ctypes.PyDLL(None, use_errno=True).syscall
clone.restype, clone.argtypes = ctypes.c_long, (ctypes.c_long,) * 6
libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)


def call(result: int, what: str) -> None:
    """Raise what the C library reported when it did not return 0."""
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def die_with_parent() -> None:
    """End when the process that forked this one ends, however it ends."""
    call(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG")


def fork_tree() -> int:
    """`os.fork`, but the child is process 1 of a new process tree: when it ends, the kernel ends everything in there.

    `unshare` cannot be asked twice for the tree of the next child, so `clone` is asked, between the hooks that
    Python wants to run around a fork; `pythonapi` keeps hold of the interpreter meanwhile.
    """
    hooks = ctypes.pythonapi
    hooks.PyOS_BeforeFork()
    child = int(clone(SYS_CLONE, CLONE_NEWPID | signal.SIGCHLD, 0, 0, 0, 0))
    code = ctypes.get_errno()
    if child == 0:
        hooks.PyOS_AfterFork_Child()
    else:
        hooks.PyOS_AfterFork_Parent()
    if child < 0:
        raise OSError(code, f"clone: {os.strerror(code)}")
    return child


def leave_namespaces() -> None:
    """Mounts and System V memory of one's own."""
    call(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC), "unshare")


def private_disk(path: str, size: int) -> None:
    """A disk in memory over `path`, at most `size` bytes and 1,024 files, on which nothing can be executed."""
    options = f"size={size},nr_inodes=1024,mode=0700".encode()
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    call(libc.mount(b"tmpfs", path.encode(), b"tmpfs", flags, options), "mount")


def keep_only(descriptor: int) -> int:
    """Close every open file but one, which becomes number 3; 0, 1 and 2 lead nowhere."""
    moved = os.dup(descriptor) if descriptor < 4 else descriptor
    os.dup2(moved, 3)
    os.closerange(4, 1 << 16)
    nowhere = os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    if nowhere > 3:
        os.close(nowhere)
    return 3


def limit(limits: Mapping[str, int], address_space: int) -> None:
    """Hard limits on this process: `cpu` seconds, `memory` bytes above what is mapped, `processes`, `disk` bytes."""
    for kind, value in (
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_AS, address_space + limits["memory"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["disk"]),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def address_space() -> int:
    """Bytes of address space in use, found by bisection because there is no /proc here."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 46
    while high - low > 1 << 20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, before[1]))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
            high = middle
        except OSError:
            low = middle
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)
    return high


def drop_rights() -> None:
    """No capability in any set, and no way to gain one by executing a file."""
    call(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "PR_CAP_AMBIENT")
    header = ctypes.create_string_buffer(struct.pack("=Ii", CAPABILITY_VERSION_3, 0))
    call(libc.capset(header, ctypes.create_string_buffer(24)), "capset")
    call(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")


def filter_calls(program: bytes) -> None:
    """Install a compiled seccomp filter; it cannot be taken off again."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    pointer = ctypes.create_string_buffer(header, len(header))
    call(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(pointer), 0, 0), "PR_SET_SECCOMP")
