/* SPDX-License-Identifier: Apache-2.0 */
/* The lists, by subject. A name that this machine's libseccomp or kernel does not have is skipped.
 */
#include "base/sandbox_calls.h"

#include <stddef.h>

/* clang-format off */
const char *const sandbox_calls_own[] = {
	/* files */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2",
	"pwritev2", "open", "openat", "openat2", "close", "close_range", "stat", "fstat", "lstat",
	"newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2", "lseek",
	"readlink", "readlinkat", "getdents", "getdents64", "getcwd", "mkdir", "mkdirat", "rmdir",
	"unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod", "fchmod", "fchmodat",
	"chown", "fchown", "fchownat", "lchown", "umask", "truncate", "ftruncate", "fallocate",
	"fsync", "fdatasync", "sync_file_range", "flock", "fcntl", "fadvise64", "readahead",
	"utimensat", "dup", "dup2", "dup3", "pipe", "pipe2", "memfd_create", "name_to_handle_at",
	"inotify_init1", "inotify_add_watch", "inotify_rm_watch",
	/* waiting */
	"poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "signalfd", "signalfd4",
	"timerfd_create", "timerfd_settime", "timerfd_gettime", "nanosleep", "clock_nanosleep",
	"pause", "restart_syscall",
	/* memory */
	"mmap", "mprotect", "munmap", "mremap", "madvise", "brk", "msync", "mlock",
	"mlock2", "munlock", "membarrier",
	/* this process and its threads */
	"exit", "exit_group", "getpid", "gettid", "getppid", "getpgid", "getpgrp", "getsid",
	"setsid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups",
	"capget", "capset", "prctl", "arch_prctl", "set_tid_address", "set_robust_list",
	"get_robust_list", "rseq", "futex", "futex_waitv", "sched_yield", "sched_getaffinity",
	"sched_getparam", "sched_getscheduler", "getpriority", "getcpu", "getrusage", "prlimit64",
	"getrlimit", "setrlimit", "sysinfo", "uname", "times", "time", "gettimeofday",
	"clock_gettime", "clock_getres", "getrandom", "seccomp", "wait4", "waitid", "kill", "tgkill",
	"tkill", "rt_tgsigqueueinfo", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "getitimer",
	"setitimer", "alarm", "timer_create", "timer_settime", "timer_gettime", "timer_delete",
	/* the processes that it traces */
	"pidfd_open", "pidfd_send_signal",
	/* connections */
	"socketpair", "bind", "connect", "listen", "accept", "accept4", "getsockname",
	"getpeername", "getsockopt", "setsockopt", "sendto", "recvfrom", "sendmsg", "recvmsg",
	"sendmmsg", "recvmmsg", "shutdown", "sendfile",
	NULL,
};

const char *const sandbox_calls_commands[] = {
	"execve", "execveat", "fork", "vfork", "chdir", "fchdir", "setpgid", "creat", "link",
	"linkat", "symlink", "symlinkat", "mknod", "mknodat", "utime", "utimes", "futimesat", "sync",
	"syncfs", "splice", "tee", "vmsplice", "copy_file_range", "getxattr", "lgetxattr",
	"fgetxattr", "listxattr", "llistxattr", "flistxattr", "setxattr", "lsetxattr", "fsetxattr",
	"removexattr", "lremovexattr", "fremovexattr", "personality", "setuid", "setgid",
	"setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid",
	"setpriority", "sched_setaffinity", "sched_setparam", "sched_setscheduler",
	"sched_getattr", "sched_setattr", "sched_get_priority_max", "sched_get_priority_min",
	"sched_rr_get_interval", "ioprio_get", "ioprio_set", "mlockall", "munlockall", "pkey_alloc",
	"pkey_free", "pkey_mprotect", "rt_sigqueueinfo", "timer_getoverrun", "inotify_init",
	"io_setup", "io_destroy", "io_submit", "io_cancel", "io_getevents", "shmget", "shmat",
	"shmctl", "shmdt", "semget", "semop", "semctl", "semtimedop", "msgget", "msgsnd", "msgrcv",
	"msgctl", "mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify",
	"mq_getsetattr", "remap_file_pages", "landlock_create_ruleset", "landlock_add_rule",
	"landlock_restrict_self",
	NULL,
};
/* clang-format on */
