// SPDX-License-Identifier: Apache-2.0
// Generated from src/sandbox/seccomp-rules.ts by `npm run gen`. Do not edit. Included once for each ABI, after its numbers.

#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 441
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif
#ifndef __NR_quotactl_fd
#define __NR_quotactl_fd 443
#endif
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#endif
#ifndef __NR_landlock_add_rule
#define __NR_landlock_add_rule 445
#endif
#ifndef __NR_landlock_restrict_self
#define __NR_landlock_restrict_self 446
#endif
#ifndef __NR_memfd_secret
#define __NR_memfd_secret 447
#endif
#ifndef __NR_process_mrelease
#define __NR_process_mrelease 448
#endif
#ifndef __NR_futex_waitv
#define __NR_futex_waitv 449
#endif
#ifndef __NR_set_mempolicy_home_node
#define __NR_set_mempolicy_home_node 450
#endif
#ifndef __NR_cachestat
#define __NR_cachestat 451
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
#ifndef __NR_map_shadow_stack
#define __NR_map_shadow_stack 453
#endif
#ifndef __NR_futex_wake
#define __NR_futex_wake 454
#endif
#ifndef __NR_futex_wait
#define __NR_futex_wait 455
#endif
#ifndef __NR_futex_requeue
#define __NR_futex_requeue 456
#endif
#ifndef __NR_statmount
#define __NR_statmount 457
#endif
#ifndef __NR_listmount
#define __NR_listmount 458
#endif
#ifndef __NR_lsm_get_self_attr
#define __NR_lsm_get_self_attr 459
#endif
#ifndef __NR_lsm_set_self_attr
#define __NR_lsm_set_self_attr 460
#endif
#ifndef __NR_lsm_list_modules
#define __NR_lsm_list_modules 461
#endif
#ifndef __NR_mseal
#define __NR_mseal 462
#endif
#ifndef __NR_setxattrat
#define __NR_setxattrat 463
#endif
#ifndef __NR_getxattrat
#define __NR_getxattrat 464
#endif
#ifndef __NR_listxattrat
#define __NR_listxattrat 465
#endif
#ifndef __NR_removexattrat
#define __NR_removexattrat 466
#endif

#ifdef __NR__llseek
SYSCALL(__NR__llseek, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR__newselect
SYSCALL(__NR__newselect, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_accept
SYSCALL(__NR_accept, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_accept4
SYSCALL(__NR_accept4, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_access
SYSCALL(__NR_access, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_adjtimex
SYSCALL(__NR_adjtimex, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_alarm
SYSCALL(__NR_alarm, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_arch_prctl
SYSCALL(__NR_arch_prctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_arm_fadvise64_64
SYSCALL(__NR_arm_fadvise64_64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_arm_sync_file_range
SYSCALL(__NR_arm_sync_file_range, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_bind
SYSCALL(__NR_bind, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_breakpoint
SYSCALL(__NR_breakpoint, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_brk
SYSCALL(__NR_brk, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_cacheflush
SYSCALL(__NR_cacheflush, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_cachestat
SYSCALL(__NR_cachestat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_capget
SYSCALL(__NR_capget, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_capset
SYSCALL(__NR_capset, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_chdir
SYSCALL(__NR_chdir, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_chmod
SYSCALL(__NR_chmod, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_chown
SYSCALL(__NR_chown, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_chown32
SYSCALL(__NR_chown32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_adjtime
SYSCALL(__NR_clock_adjtime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_adjtime64
SYSCALL(__NR_clock_adjtime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_getres
SYSCALL(__NR_clock_getres, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_getres_time64
SYSCALL(__NR_clock_getres_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_gettime
SYSCALL(__NR_clock_gettime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_gettime64
SYSCALL(__NR_clock_gettime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_nanosleep
SYSCALL(__NR_clock_nanosleep, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_nanosleep_time64
SYSCALL(__NR_clock_nanosleep_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_close
SYSCALL(__NR_close, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_close_range
SYSCALL(__NR_close_range, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_connect
SYSCALL(__NR_connect, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_copy_file_range
SYSCALL(__NR_copy_file_range, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_creat
SYSCALL(__NR_creat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_dup
SYSCALL(__NR_dup, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_dup2
SYSCALL(__NR_dup2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_dup3
SYSCALL(__NR_dup3, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_create
SYSCALL(__NR_epoll_create, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_create1
SYSCALL(__NR_epoll_create1, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_ctl
SYSCALL(__NR_epoll_ctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_ctl_old
SYSCALL(__NR_epoll_ctl_old, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_pwait
SYSCALL(__NR_epoll_pwait, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_pwait2
SYSCALL(__NR_epoll_pwait2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_wait
SYSCALL(__NR_epoll_wait, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_wait_old
SYSCALL(__NR_epoll_wait_old, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_eventfd
SYSCALL(__NR_eventfd, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_eventfd2
SYSCALL(__NR_eventfd2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_execve
SYSCALL(__NR_execve, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_execveat
SYSCALL(__NR_execveat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_exit
SYSCALL(__NR_exit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_exit_group
SYSCALL(__NR_exit_group, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_faccessat
SYSCALL(__NR_faccessat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_faccessat2
SYSCALL(__NR_faccessat2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fadvise64
SYSCALL(__NR_fadvise64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fadvise64_64
SYSCALL(__NR_fadvise64_64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fallocate
SYSCALL(__NR_fallocate, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fanotify_mark
SYSCALL(__NR_fanotify_mark, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchdir
SYSCALL(__NR_fchdir, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchmod
SYSCALL(__NR_fchmod, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchmodat
SYSCALL(__NR_fchmodat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchmodat2
SYSCALL(__NR_fchmodat2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchown
SYSCALL(__NR_fchown, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchown32
SYSCALL(__NR_fchown32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchownat
SYSCALL(__NR_fchownat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fcntl
SYSCALL(__NR_fcntl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fcntl64
SYSCALL(__NR_fcntl64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fdatasync
SYSCALL(__NR_fdatasync, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fgetxattr
SYSCALL(__NR_fgetxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_flistxattr
SYSCALL(__NR_flistxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_flock
SYSCALL(__NR_flock, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fork
SYSCALL(__NR_fork, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fremovexattr
SYSCALL(__NR_fremovexattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fsetxattr
SYSCALL(__NR_fsetxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstat
SYSCALL(__NR_fstat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstat64
SYSCALL(__NR_fstat64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstatat64
SYSCALL(__NR_fstatat64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstatfs
SYSCALL(__NR_fstatfs, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstatfs64
SYSCALL(__NR_fstatfs64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fsync
SYSCALL(__NR_fsync, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ftruncate
SYSCALL(__NR_ftruncate, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ftruncate64
SYSCALL(__NR_ftruncate64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex
SYSCALL(__NR_futex, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_requeue
SYSCALL(__NR_futex_requeue, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_time64
SYSCALL(__NR_futex_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_wait
SYSCALL(__NR_futex_wait, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_waitv
SYSCALL(__NR_futex_waitv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_wake
SYSCALL(__NR_futex_wake, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futimesat
SYSCALL(__NR_futimesat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_get_robust_list
SYSCALL(__NR_get_robust_list, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_get_thread_area
SYSCALL(__NR_get_thread_area, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getcpu
SYSCALL(__NR_getcpu, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getcwd
SYSCALL(__NR_getcwd, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getdents
SYSCALL(__NR_getdents, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getdents64
SYSCALL(__NR_getdents64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getegid
SYSCALL(__NR_getegid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getegid32
SYSCALL(__NR_getegid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_geteuid
SYSCALL(__NR_geteuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_geteuid32
SYSCALL(__NR_geteuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getgid
SYSCALL(__NR_getgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getgid32
SYSCALL(__NR_getgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getgroups
SYSCALL(__NR_getgroups, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getgroups32
SYSCALL(__NR_getgroups32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getitimer
SYSCALL(__NR_getitimer, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpeername
SYSCALL(__NR_getpeername, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpgid
SYSCALL(__NR_getpgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpgrp
SYSCALL(__NR_getpgrp, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpid
SYSCALL(__NR_getpid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getppid
SYSCALL(__NR_getppid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpriority
SYSCALL(__NR_getpriority, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getrandom
SYSCALL(__NR_getrandom, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getresgid
SYSCALL(__NR_getresgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getresgid32
SYSCALL(__NR_getresgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getresuid
SYSCALL(__NR_getresuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getresuid32
SYSCALL(__NR_getresuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getrlimit
SYSCALL(__NR_getrlimit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getrusage
SYSCALL(__NR_getrusage, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getsid
SYSCALL(__NR_getsid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getsockname
SYSCALL(__NR_getsockname, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getsockopt
SYSCALL(__NR_getsockopt, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_gettid
SYSCALL(__NR_gettid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_gettimeofday
SYSCALL(__NR_gettimeofday, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getuid
SYSCALL(__NR_getuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getuid32
SYSCALL(__NR_getuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getxattr
SYSCALL(__NR_getxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getxattrat
SYSCALL(__NR_getxattrat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_inotify_add_watch
SYSCALL(__NR_inotify_add_watch, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_inotify_init
SYSCALL(__NR_inotify_init, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_inotify_init1
SYSCALL(__NR_inotify_init1, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_inotify_rm_watch
SYSCALL(__NR_inotify_rm_watch, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_cancel
SYSCALL(__NR_io_cancel, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_destroy
SYSCALL(__NR_io_destroy, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_getevents
SYSCALL(__NR_io_getevents, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_pgetevents
SYSCALL(__NR_io_pgetevents, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_pgetevents_time64
SYSCALL(__NR_io_pgetevents_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_setup
SYSCALL(__NR_io_setup, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_submit
SYSCALL(__NR_io_submit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ioctl
SYSCALL(__NR_ioctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ioprio_get
SYSCALL(__NR_ioprio_get, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ioprio_set
SYSCALL(__NR_ioprio_set, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ipc
SYSCALL(__NR_ipc, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_kill
SYSCALL(__NR_kill, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_landlock_add_rule
SYSCALL(__NR_landlock_add_rule, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_landlock_create_ruleset
SYSCALL(__NR_landlock_create_ruleset, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_landlock_restrict_self
SYSCALL(__NR_landlock_restrict_self, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lchown
SYSCALL(__NR_lchown, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lchown32
SYSCALL(__NR_lchown32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lgetxattr
SYSCALL(__NR_lgetxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_link
SYSCALL(__NR_link, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_linkat
SYSCALL(__NR_linkat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_listen
SYSCALL(__NR_listen, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_listmount
SYSCALL(__NR_listmount, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_listxattr
SYSCALL(__NR_listxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_listxattrat
SYSCALL(__NR_listxattrat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_llistxattr
SYSCALL(__NR_llistxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lremovexattr
SYSCALL(__NR_lremovexattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lseek
SYSCALL(__NR_lseek, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lsetxattr
SYSCALL(__NR_lsetxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lstat
SYSCALL(__NR_lstat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lstat64
SYSCALL(__NR_lstat64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_madvise
SYSCALL(__NR_madvise, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_map_shadow_stack
SYSCALL(__NR_map_shadow_stack, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_membarrier
SYSCALL(__NR_membarrier, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_memfd_create
SYSCALL(__NR_memfd_create, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_memfd_secret
SYSCALL(__NR_memfd_secret, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mincore
SYSCALL(__NR_mincore, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mkdir
SYSCALL(__NR_mkdir, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mkdirat
SYSCALL(__NR_mkdirat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mknod
SYSCALL(__NR_mknod, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mknodat
SYSCALL(__NR_mknodat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mlock
SYSCALL(__NR_mlock, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mlock2
SYSCALL(__NR_mlock2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mlockall
SYSCALL(__NR_mlockall, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mmap
SYSCALL(__NR_mmap, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mmap2
SYSCALL(__NR_mmap2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_modify_ldt
SYSCALL(__NR_modify_ldt, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mprotect
SYSCALL(__NR_mprotect, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_getsetattr
SYSCALL(__NR_mq_getsetattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_notify
SYSCALL(__NR_mq_notify, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_open
SYSCALL(__NR_mq_open, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_timedreceive
SYSCALL(__NR_mq_timedreceive, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_timedreceive_time64
SYSCALL(__NR_mq_timedreceive_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_timedsend
SYSCALL(__NR_mq_timedsend, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_timedsend_time64
SYSCALL(__NR_mq_timedsend_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_unlink
SYSCALL(__NR_mq_unlink, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mremap
SYSCALL(__NR_mremap, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mseal
SYSCALL(__NR_mseal, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msgctl
SYSCALL(__NR_msgctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msgget
SYSCALL(__NR_msgget, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msgrcv
SYSCALL(__NR_msgrcv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msgsnd
SYSCALL(__NR_msgsnd, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msync
SYSCALL(__NR_msync, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_munlock
SYSCALL(__NR_munlock, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_munlockall
SYSCALL(__NR_munlockall, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_munmap
SYSCALL(__NR_munmap, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_name_to_handle_at
SYSCALL(__NR_name_to_handle_at, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_nanosleep
SYSCALL(__NR_nanosleep, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_newfstatat
SYSCALL(__NR_newfstatat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_open
SYSCALL(__NR_open, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_openat
SYSCALL(__NR_openat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_openat2
SYSCALL(__NR_openat2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pause
SYSCALL(__NR_pause, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pidfd_open
SYSCALL(__NR_pidfd_open, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pidfd_send_signal
SYSCALL(__NR_pidfd_send_signal, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pipe
SYSCALL(__NR_pipe, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pipe2
SYSCALL(__NR_pipe2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pkey_alloc
SYSCALL(__NR_pkey_alloc, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pkey_free
SYSCALL(__NR_pkey_free, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pkey_mprotect
SYSCALL(__NR_pkey_mprotect, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_poll
SYSCALL(__NR_poll, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ppoll
SYSCALL(__NR_ppoll, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ppoll_time64
SYSCALL(__NR_ppoll_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_prctl
SYSCALL(__NR_prctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pread64
SYSCALL(__NR_pread64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_preadv
SYSCALL(__NR_preadv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_preadv2
SYSCALL(__NR_preadv2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_prlimit64
SYSCALL(__NR_prlimit64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_process_mrelease
SYSCALL(__NR_process_mrelease, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_process_vm_readv
SYSCALL(__NR_process_vm_readv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_process_vm_writev
SYSCALL(__NR_process_vm_writev, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pselect6
SYSCALL(__NR_pselect6, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pselect6_time64
SYSCALL(__NR_pselect6_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ptrace
SYSCALL(__NR_ptrace, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pwrite64
SYSCALL(__NR_pwrite64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pwritev
SYSCALL(__NR_pwritev, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pwritev2
SYSCALL(__NR_pwritev2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_read
SYSCALL(__NR_read, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_readahead
SYSCALL(__NR_readahead, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_readlink
SYSCALL(__NR_readlink, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_readlinkat
SYSCALL(__NR_readlinkat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_readv
SYSCALL(__NR_readv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recv
SYSCALL(__NR_recv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recvfrom
SYSCALL(__NR_recvfrom, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recvmmsg
SYSCALL(__NR_recvmmsg, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recvmmsg_time64
SYSCALL(__NR_recvmmsg_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recvmsg
SYSCALL(__NR_recvmsg, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_remap_file_pages
SYSCALL(__NR_remap_file_pages, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_removexattr
SYSCALL(__NR_removexattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_removexattrat
SYSCALL(__NR_removexattrat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rename
SYSCALL(__NR_rename, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_renameat
SYSCALL(__NR_renameat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_renameat2
SYSCALL(__NR_renameat2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_restart_syscall
SYSCALL(__NR_restart_syscall, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_riscv_flush_icache
SYSCALL(__NR_riscv_flush_icache, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_riscv_hwprobe
SYSCALL(__NR_riscv_hwprobe, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rmdir
SYSCALL(__NR_rmdir, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rseq
SYSCALL(__NR_rseq, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigaction
SYSCALL(__NR_rt_sigaction, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigpending
SYSCALL(__NR_rt_sigpending, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigprocmask
SYSCALL(__NR_rt_sigprocmask, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigqueueinfo
SYSCALL(__NR_rt_sigqueueinfo, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigreturn
SYSCALL(__NR_rt_sigreturn, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigsuspend
SYSCALL(__NR_rt_sigsuspend, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigtimedwait
SYSCALL(__NR_rt_sigtimedwait, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigtimedwait_time64
SYSCALL(__NR_rt_sigtimedwait_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_tgsigqueueinfo
SYSCALL(__NR_rt_tgsigqueueinfo, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_s390_pci_mmio_read
SYSCALL(__NR_s390_pci_mmio_read, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_s390_pci_mmio_write
SYSCALL(__NR_s390_pci_mmio_write, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_s390_runtime_instr
SYSCALL(__NR_s390_runtime_instr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_get_priority_max
SYSCALL(__NR_sched_get_priority_max, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_get_priority_min
SYSCALL(__NR_sched_get_priority_min, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_getaffinity
SYSCALL(__NR_sched_getaffinity, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_getattr
SYSCALL(__NR_sched_getattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_getparam
SYSCALL(__NR_sched_getparam, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_getscheduler
SYSCALL(__NR_sched_getscheduler, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_rr_get_interval
SYSCALL(__NR_sched_rr_get_interval, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_rr_get_interval_time64
SYSCALL(__NR_sched_rr_get_interval_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_setaffinity
SYSCALL(__NR_sched_setaffinity, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_setattr
SYSCALL(__NR_sched_setattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_setparam
SYSCALL(__NR_sched_setparam, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_setscheduler
SYSCALL(__NR_sched_setscheduler, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_yield
SYSCALL(__NR_sched_yield, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_seccomp
SYSCALL(__NR_seccomp, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_select
SYSCALL(__NR_select, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semctl
SYSCALL(__NR_semctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semget
SYSCALL(__NR_semget, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semop
SYSCALL(__NR_semop, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semtimedop
SYSCALL(__NR_semtimedop, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semtimedop_time64
SYSCALL(__NR_semtimedop_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_send
SYSCALL(__NR_send, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendfile
SYSCALL(__NR_sendfile, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendfile64
SYSCALL(__NR_sendfile64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendmmsg
SYSCALL(__NR_sendmmsg, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendmsg
SYSCALL(__NR_sendmsg, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendto
SYSCALL(__NR_sendto, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_set_robust_list
SYSCALL(__NR_set_robust_list, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_set_thread_area
SYSCALL(__NR_set_thread_area, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_set_tid_address
SYSCALL(__NR_set_tid_address, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_set_tls
SYSCALL(__NR_set_tls, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setfsgid
SYSCALL(__NR_setfsgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setfsgid32
SYSCALL(__NR_setfsgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setfsuid
SYSCALL(__NR_setfsuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setfsuid32
SYSCALL(__NR_setfsuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setgid
SYSCALL(__NR_setgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setgid32
SYSCALL(__NR_setgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setgroups
SYSCALL(__NR_setgroups, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setgroups32
SYSCALL(__NR_setgroups32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setitimer
SYSCALL(__NR_setitimer, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setpgid
SYSCALL(__NR_setpgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setpriority
SYSCALL(__NR_setpriority, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setregid
SYSCALL(__NR_setregid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setregid32
SYSCALL(__NR_setregid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setresgid
SYSCALL(__NR_setresgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setresgid32
SYSCALL(__NR_setresgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setresuid
SYSCALL(__NR_setresuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setresuid32
SYSCALL(__NR_setresuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setreuid
SYSCALL(__NR_setreuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setreuid32
SYSCALL(__NR_setreuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setrlimit
SYSCALL(__NR_setrlimit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setsid
SYSCALL(__NR_setsid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setsockopt
SYSCALL(__NR_setsockopt, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setuid
SYSCALL(__NR_setuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setuid32
SYSCALL(__NR_setuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setxattr
SYSCALL(__NR_setxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setxattrat
SYSCALL(__NR_setxattrat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shmat
SYSCALL(__NR_shmat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shmctl
SYSCALL(__NR_shmctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shmdt
SYSCALL(__NR_shmdt, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shmget
SYSCALL(__NR_shmget, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shutdown
SYSCALL(__NR_shutdown, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sigaltstack
SYSCALL(__NR_sigaltstack, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_signalfd
SYSCALL(__NR_signalfd, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_signalfd4
SYSCALL(__NR_signalfd4, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sigprocmask
SYSCALL(__NR_sigprocmask, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sigreturn
SYSCALL(__NR_sigreturn, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_socketcall
SYSCALL(__NR_socketcall, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_socketpair
SYSCALL(__NR_socketpair, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_splice
SYSCALL(__NR_splice, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_stat
SYSCALL(__NR_stat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_stat64
SYSCALL(__NR_stat64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_statfs
SYSCALL(__NR_statfs, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_statfs64
SYSCALL(__NR_statfs64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_statmount
SYSCALL(__NR_statmount, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_statx
SYSCALL(__NR_statx, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_swapcontext
SYSCALL(__NR_swapcontext, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_symlink
SYSCALL(__NR_symlink, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_symlinkat
SYSCALL(__NR_symlinkat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sync
SYSCALL(__NR_sync, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sync_file_range
SYSCALL(__NR_sync_file_range, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sync_file_range2
SYSCALL(__NR_sync_file_range2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_syncfs
SYSCALL(__NR_syncfs, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sysinfo
SYSCALL(__NR_sysinfo, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_tee
SYSCALL(__NR_tee, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_tgkill
SYSCALL(__NR_tgkill, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_time
SYSCALL(__NR_time, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_create
SYSCALL(__NR_timer_create, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_delete
SYSCALL(__NR_timer_delete, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_getoverrun
SYSCALL(__NR_timer_getoverrun, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_gettime
SYSCALL(__NR_timer_gettime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_gettime64
SYSCALL(__NR_timer_gettime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_settime
SYSCALL(__NR_timer_settime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_settime64
SYSCALL(__NR_timer_settime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_create
SYSCALL(__NR_timerfd_create, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_gettime
SYSCALL(__NR_timerfd_gettime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_gettime64
SYSCALL(__NR_timerfd_gettime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_settime
SYSCALL(__NR_timerfd_settime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_settime64
SYSCALL(__NR_timerfd_settime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_times
SYSCALL(__NR_times, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_tkill
SYSCALL(__NR_tkill, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_truncate
SYSCALL(__NR_truncate, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_truncate64
SYSCALL(__NR_truncate64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ugetrlimit
SYSCALL(__NR_ugetrlimit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_umask
SYSCALL(__NR_umask, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_uname
SYSCALL(__NR_uname, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_unlink
SYSCALL(__NR_unlink, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_unlinkat
SYSCALL(__NR_unlinkat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_uretprobe
SYSCALL(__NR_uretprobe, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_utime
SYSCALL(__NR_utime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_utimensat
SYSCALL(__NR_utimensat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_utimensat_time64
SYSCALL(__NR_utimensat_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_utimes
SYSCALL(__NR_utimes, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_vfork
SYSCALL(__NR_vfork, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_vmsplice
SYSCALL(__NR_vmsplice, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_wait4
SYSCALL(__NR_wait4, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_waitid
SYSCALL(__NR_waitid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_waitpid
SYSCALL(__NR_waitpid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_write
SYSCALL(__NR_write, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_writev
SYSCALL(__NR_writev, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_socket
SYSCALL(__NR_socket, 0, OTHERWISE_SOCKET)
#endif
#ifdef __NR_personality
SYSCALL(__NR_personality, 0, OTHERWISE_PERSONALITY)
#endif
#ifdef __NR_clone
SYSCALL(__NR_clone, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_CLONE)
#endif
#ifdef __NR_clone3
SYSCALL(__NR_clone3, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_ENOSYS)
#endif
#ifdef __NR_open_by_handle_at
SYSCALL(__NR_open_by_handle_at, CAP_BIT(CAP_DAC_READ_SEARCH), OTHERWISE_EPERM)
#endif
#ifdef __NR_bpf
SYSCALL(__NR_bpf, CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_BPF), OTHERWISE_EPERM)
#endif
#ifdef __NR_fanotify_init
SYSCALL(__NR_fanotify_init, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_fsconfig
SYSCALL(__NR_fsconfig, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_fsmount
SYSCALL(__NR_fsmount, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_fsopen
SYSCALL(__NR_fsopen, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_fspick
SYSCALL(__NR_fspick, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_lookup_dcookie
SYSCALL(__NR_lookup_dcookie, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_lsm_get_self_attr
SYSCALL(__NR_lsm_get_self_attr, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_lsm_list_modules
SYSCALL(__NR_lsm_list_modules, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_lsm_set_self_attr
SYSCALL(__NR_lsm_set_self_attr, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_mount
SYSCALL(__NR_mount, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_mount_setattr
SYSCALL(__NR_mount_setattr, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_move_mount
SYSCALL(__NR_move_mount, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_open_tree
SYSCALL(__NR_open_tree, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_quotactl
SYSCALL(__NR_quotactl, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_quotactl_fd
SYSCALL(__NR_quotactl_fd, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_setdomainname
SYSCALL(__NR_setdomainname, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_sethostname
SYSCALL(__NR_sethostname, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_setns
SYSCALL(__NR_setns, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_umount
SYSCALL(__NR_umount, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_umount2
SYSCALL(__NR_umount2, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_unshare
SYSCALL(__NR_unshare, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_perf_event_open
SYSCALL(__NR_perf_event_open, CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_PERFMON), OTHERWISE_EPERM)
#endif
#ifdef __NR_syslog
SYSCALL(__NR_syslog, CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYSLOG), OTHERWISE_EPERM)
#endif
#ifdef __NR_reboot
SYSCALL(__NR_reboot, CAP_BIT(CAP_SYS_BOOT), OTHERWISE_EPERM)
#endif
#ifdef __NR_chroot
SYSCALL(__NR_chroot, CAP_BIT(CAP_SYS_CHROOT), OTHERWISE_EPERM)
#endif
#ifdef __NR_delete_module
SYSCALL(__NR_delete_module, CAP_BIT(CAP_SYS_MODULE), OTHERWISE_EPERM)
#endif
#ifdef __NR_finit_module
SYSCALL(__NR_finit_module, CAP_BIT(CAP_SYS_MODULE), OTHERWISE_EPERM)
#endif
#ifdef __NR_init_module
SYSCALL(__NR_init_module, CAP_BIT(CAP_SYS_MODULE), OTHERWISE_EPERM)
#endif
#ifdef __NR_acct
SYSCALL(__NR_acct, CAP_BIT(CAP_SYS_PACCT), OTHERWISE_EPERM)
#endif
#ifdef __NR_kcmp
SYSCALL(__NR_kcmp, CAP_BIT(CAP_SYS_PTRACE), OTHERWISE_EPERM)
#endif
#ifdef __NR_pidfd_getfd
SYSCALL(__NR_pidfd_getfd, CAP_BIT(CAP_SYS_PTRACE), OTHERWISE_EPERM)
#endif
#ifdef __NR_process_madvise
SYSCALL(__NR_process_madvise, CAP_BIT(CAP_SYS_PTRACE), OTHERWISE_EPERM)
#endif
#ifdef __NR_ioperm
SYSCALL(__NR_ioperm, CAP_BIT(CAP_SYS_RAWIO), OTHERWISE_EPERM)
#endif
#ifdef __NR_iopl
SYSCALL(__NR_iopl, CAP_BIT(CAP_SYS_RAWIO), OTHERWISE_EPERM)
#endif
#ifdef __NR_clock_settime
SYSCALL(__NR_clock_settime, CAP_BIT(CAP_SYS_TIME), OTHERWISE_EPERM)
#endif
#ifdef __NR_clock_settime64
SYSCALL(__NR_clock_settime64, CAP_BIT(CAP_SYS_TIME), OTHERWISE_EPERM)
#endif
#ifdef __NR_settimeofday
SYSCALL(__NR_settimeofday, CAP_BIT(CAP_SYS_TIME), OTHERWISE_EPERM)
#endif
#ifdef __NR_stime
SYSCALL(__NR_stime, CAP_BIT(CAP_SYS_TIME), OTHERWISE_EPERM)
#endif
#ifdef __NR_vhangup
SYSCALL(__NR_vhangup, CAP_BIT(CAP_SYS_TTY_CONFIG), OTHERWISE_EPERM)
#endif
#ifdef __NR_get_mempolicy
SYSCALL(__NR_get_mempolicy, CAP_BIT(CAP_SYS_NICE), OTHERWISE_EPERM)
#endif
#ifdef __NR_mbind
SYSCALL(__NR_mbind, CAP_BIT(CAP_SYS_NICE), OTHERWISE_EPERM)
#endif
#ifdef __NR_set_mempolicy
SYSCALL(__NR_set_mempolicy, CAP_BIT(CAP_SYS_NICE), OTHERWISE_EPERM)
#endif
#ifdef __NR_set_mempolicy_home_node
SYSCALL(__NR_set_mempolicy_home_node, CAP_BIT(CAP_SYS_NICE), OTHERWISE_EPERM)
#endif
