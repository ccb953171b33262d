"""Which system calls an answer may make: a seccomp program, compiled by libseccomp on the trusted side.

An allowlist. What Python and torch need to compute is allowed; what only an attack would want kills the process, so
that it is seen; everything else does not exist (ENOSYS), as on an older kernel, and libraries fall back.
"""

import ctypes
import ctypes.util
import errno
import os
import tempfile
from functools import cache

from paperlens.errors import UserError

ALLOW, KILL_PROCESS, ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
CLONE_THREAD = 0x0001_0000
SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ = 4, 7
PR_SET_NAME, PR_GET_NAME = 15, 16

MEMORY = """
brk mmap munmap mremap mprotect madvise membarrier mincore
"""
FILES = """
read write pread64 pwrite64 readv writev preadv pwritev open openat close close_range lseek dup dup2 dup3
fcntl stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 getdents getdents64 getcwd
chdir fchdir mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate truncate fallocate fsync
fdatasync flock umask chmod fchmod fchmodat fchmodat2 utimensat readlink readlinkat sendfile copy_file_range
pipe pipe2 poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2 ioctl fadvise64
"""
TIME = """
clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage getitimer setitimer
alarm pause
"""
THREADS = """
futex futex_waitv set_robust_list get_robust_list rseq set_tid_address sched_yield sched_getaffinity
sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min exit exit_group gettid
arch_prctl restart_syscall getcpu
"""
SIGNALS = """
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack kill tkill
tgkill
"""
IDENTITY = """
getpid getppid getuid geteuid getgid getegid getgroups getresuid getresgid getpgrp getpgid getsid uname
sysinfo getrlimit getrandom getpriority capget
"""
CHANNEL = "recvfrom sendto shutdown"  # on the one socket it was given; it cannot make another


ATTACKS = """
fork vfork execve execveat socket socketpair connect bind listen accept accept4 sendmsg recvmsg sendmmsg
recvmmsg ptrace process_vm_readv process_vm_writev pidfd_open pidfd_getfd pidfd_send_signal kcmp unshare setns
mount umount2 move_mount open_tree fsopen fsconfig fsmount mount_setattr pivot_root chroot bpf perf_event_open
userfaultfd io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key init_module
finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff syslog acct quotactl
open_by_handle_at name_to_handle_at mknod mknodat memfd_create memfd_secret shmget shmat shmctl semget msgget
mq_open inotify_init1 fanotify_init setuid setgid setreuid setregid setresuid setresgid setgroups capset
seccomp iopl ioperm modify_ldt settimeofday clock_settime adjtimex sethostname setdomainname personality
vhangup
"""
# clone3 is in neither list: its flags lie in memory where a filter cannot look. glibc falls back to clone.
UNKNOWN = -1  # what libseccomp answers for a name that it does not know


class Comparison(ctypes.Structure):
    """`struct scmp_arg_cmp`."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


@cache
def program() -> bytes:
    """The filter as the kernel wants it, for this machine's architecture."""
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        raise UserError(
            "libseccomp is missing, without it no answer is run; apt-get install libseccomp2"
        ) from None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_syscall_resolve_name.argtypes = (ctypes.c_char_p,)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_void_p,
    )
    library.seccomp_export_bpf.argtypes = (ctypes.c_void_p, ctypes.c_int)
    library.seccomp_release.argtypes = (ctypes.c_void_p,)
    context = library.seccomp_init(ERRNO | errno.ENOSYS)

    def rule(action: int, name: str, *comparisons: Comparison) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number == UNKNOWN:  # the default action holds
            return
        array = (Comparison * len(comparisons))(*comparisons)
        result = library.seccomp_rule_add_array(context, action, number, len(comparisons), array)
        if result not in (0, -errno.EDOM):  # EDOM: no such call on this architecture
            raise OSError(-result, f"seccomp rule for {name}")

    for name in f"{MEMORY} {FILES} {TIME} {THREADS} {SIGNALS} {IDENTITY} {CHANNEL}".split():
        rule(ALLOW, name)
    for name in ATTACKS.split():
        rule(KILL_PROCESS, name)
    rule(ALLOW, "clone", Comparison(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD))
    rule(KILL_PROCESS, "clone", Comparison(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0))
    for option in (PR_SET_NAME, PR_GET_NAME):  # not PR_SET_PDEATHSIG: nobody outlives the nursery
        rule(ALLOW, "prctl", Comparison(0, SCMP_CMP_EQ, option, 0))
    # Reading limits is common (stack sizes); changing them is not: the new-limit pointer must be null.
    rule(ALLOW, "prlimit64", Comparison(2, SCMP_CMP_EQ, 0, 0))
    try:
        with tempfile.TemporaryFile() as file:
            if library.seccomp_export_bpf(context, file.fileno()) != 0:
                raise OSError("libseccomp could not compile the filter")
            file.seek(0, os.SEEK_SET)
            return file.read()
    finally:
        library.seccomp_release(context)
