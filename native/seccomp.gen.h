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
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif
#ifndef __NR_file_getattr
#define __NR_file_getattr 468
#endif
#ifndef __NR_file_setattr
#define __NR_file_setattr 469
#endif
#ifndef __NR_listns
#define __NR_listns 470
#endif
#ifndef __NR_rseq_slice_yield
#define __NR_rseq_slice_yield 471
#endif

#ifdef __NR__llseek
SYSCALL(_llseek, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR__newselect
SYSCALL(_newselect, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_accept
SYSCALL(accept, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_accept4
SYSCALL(accept4, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_access
SYSCALL(access, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_adjtimex
SYSCALL(adjtimex, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_alarm
SYSCALL(alarm, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_arch_prctl
SYSCALL(arch_prctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_arm_fadvise64_64
SYSCALL(arm_fadvise64_64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_arm_sync_file_range
SYSCALL(arm_sync_file_range, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_bind
SYSCALL(bind, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_breakpoint
SYSCALL(breakpoint, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_brk
SYSCALL(brk, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_cacheflush
SYSCALL(cacheflush, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_cachestat
SYSCALL(cachestat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_capget
SYSCALL(capget, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_capset
SYSCALL(capset, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_chdir
SYSCALL(chdir, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_chmod
SYSCALL(chmod, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_chown
SYSCALL(chown, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_chown32
SYSCALL(chown32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_adjtime
SYSCALL(clock_adjtime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_adjtime64
SYSCALL(clock_adjtime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_getres
SYSCALL(clock_getres, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_getres_time64
SYSCALL(clock_getres_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_gettime
SYSCALL(clock_gettime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_gettime64
SYSCALL(clock_gettime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_nanosleep
SYSCALL(clock_nanosleep, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_clock_nanosleep_time64
SYSCALL(clock_nanosleep_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_close
SYSCALL(close, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_close_range
SYSCALL(close_range, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_connect
SYSCALL(connect, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_copy_file_range
SYSCALL(copy_file_range, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_creat
SYSCALL(creat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_dup
SYSCALL(dup, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_dup2
SYSCALL(dup2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_dup3
SYSCALL(dup3, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_create
SYSCALL(epoll_create, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_create1
SYSCALL(epoll_create1, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_ctl
SYSCALL(epoll_ctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_ctl_old
SYSCALL(epoll_ctl_old, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_pwait
SYSCALL(epoll_pwait, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_pwait2
SYSCALL(epoll_pwait2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_wait
SYSCALL(epoll_wait, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_epoll_wait_old
SYSCALL(epoll_wait_old, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_eventfd
SYSCALL(eventfd, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_eventfd2
SYSCALL(eventfd2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_execve
SYSCALL(execve, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_execveat
SYSCALL(execveat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_exit
SYSCALL(exit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_exit_group
SYSCALL(exit_group, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_faccessat
SYSCALL(faccessat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_faccessat2
SYSCALL(faccessat2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fadvise64
SYSCALL(fadvise64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fadvise64_64
SYSCALL(fadvise64_64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fallocate
SYSCALL(fallocate, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fanotify_mark
SYSCALL(fanotify_mark, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchdir
SYSCALL(fchdir, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchmod
SYSCALL(fchmod, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchmodat
SYSCALL(fchmodat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchmodat2
SYSCALL(fchmodat2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchown
SYSCALL(fchown, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchown32
SYSCALL(fchown32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fchownat
SYSCALL(fchownat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fcntl
SYSCALL(fcntl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fcntl64
SYSCALL(fcntl64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fdatasync
SYSCALL(fdatasync, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fgetxattr
SYSCALL(fgetxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_flistxattr
SYSCALL(flistxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_flock
SYSCALL(flock, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fork
SYSCALL(fork, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fremovexattr
SYSCALL(fremovexattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fsetxattr
SYSCALL(fsetxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstat
SYSCALL(fstat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstat64
SYSCALL(fstat64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstatat64
SYSCALL(fstatat64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstatfs
SYSCALL(fstatfs, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fstatfs64
SYSCALL(fstatfs64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_fsync
SYSCALL(fsync, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ftruncate
SYSCALL(ftruncate, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ftruncate64
SYSCALL(ftruncate64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex
SYSCALL(futex, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_requeue
SYSCALL(futex_requeue, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_time64
SYSCALL(futex_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_wait
SYSCALL(futex_wait, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_waitv
SYSCALL(futex_waitv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futex_wake
SYSCALL(futex_wake, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_futimesat
SYSCALL(futimesat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_get_robust_list
SYSCALL(get_robust_list, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_get_thread_area
SYSCALL(get_thread_area, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getcpu
SYSCALL(getcpu, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getcwd
SYSCALL(getcwd, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getdents
SYSCALL(getdents, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getdents64
SYSCALL(getdents64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getegid
SYSCALL(getegid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getegid32
SYSCALL(getegid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_geteuid
SYSCALL(geteuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_geteuid32
SYSCALL(geteuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getgid
SYSCALL(getgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getgid32
SYSCALL(getgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getgroups
SYSCALL(getgroups, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getgroups32
SYSCALL(getgroups32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getitimer
SYSCALL(getitimer, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpeername
SYSCALL(getpeername, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpgid
SYSCALL(getpgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpgrp
SYSCALL(getpgrp, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpid
SYSCALL(getpid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getppid
SYSCALL(getppid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getpriority
SYSCALL(getpriority, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getrandom
SYSCALL(getrandom, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getresgid
SYSCALL(getresgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getresgid32
SYSCALL(getresgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getresuid
SYSCALL(getresuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getresuid32
SYSCALL(getresuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getrlimit
SYSCALL(getrlimit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getrusage
SYSCALL(getrusage, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getsid
SYSCALL(getsid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getsockname
SYSCALL(getsockname, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getsockopt
SYSCALL(getsockopt, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_gettid
SYSCALL(gettid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_gettimeofday
SYSCALL(gettimeofday, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getuid
SYSCALL(getuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getuid32
SYSCALL(getuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getxattr
SYSCALL(getxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_getxattrat
SYSCALL(getxattrat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_inotify_add_watch
SYSCALL(inotify_add_watch, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_inotify_init
SYSCALL(inotify_init, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_inotify_init1
SYSCALL(inotify_init1, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_inotify_rm_watch
SYSCALL(inotify_rm_watch, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_cancel
SYSCALL(io_cancel, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_destroy
SYSCALL(io_destroy, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_getevents
SYSCALL(io_getevents, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_pgetevents
SYSCALL(io_pgetevents, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_pgetevents_time64
SYSCALL(io_pgetevents_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_setup
SYSCALL(io_setup, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_io_submit
SYSCALL(io_submit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ioctl
SYSCALL(ioctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ioprio_get
SYSCALL(ioprio_get, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ioprio_set
SYSCALL(ioprio_set, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ipc
SYSCALL(ipc, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_kill
SYSCALL(kill, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_landlock_add_rule
SYSCALL(landlock_add_rule, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_landlock_create_ruleset
SYSCALL(landlock_create_ruleset, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_landlock_restrict_self
SYSCALL(landlock_restrict_self, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lchown
SYSCALL(lchown, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lchown32
SYSCALL(lchown32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lgetxattr
SYSCALL(lgetxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_link
SYSCALL(link, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_linkat
SYSCALL(linkat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_listen
SYSCALL(listen, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_listmount
SYSCALL(listmount, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_listxattr
SYSCALL(listxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_listxattrat
SYSCALL(listxattrat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_llistxattr
SYSCALL(llistxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lremovexattr
SYSCALL(lremovexattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lseek
SYSCALL(lseek, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lsetxattr
SYSCALL(lsetxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lstat
SYSCALL(lstat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_lstat64
SYSCALL(lstat64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_madvise
SYSCALL(madvise, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_map_shadow_stack
SYSCALL(map_shadow_stack, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_membarrier
SYSCALL(membarrier, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_memfd_create
SYSCALL(memfd_create, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_memfd_secret
SYSCALL(memfd_secret, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mincore
SYSCALL(mincore, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mkdir
SYSCALL(mkdir, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mkdirat
SYSCALL(mkdirat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mknod
SYSCALL(mknod, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mknodat
SYSCALL(mknodat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mlock
SYSCALL(mlock, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mlock2
SYSCALL(mlock2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mlockall
SYSCALL(mlockall, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mmap
SYSCALL(mmap, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mmap2
SYSCALL(mmap2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_modify_ldt
SYSCALL(modify_ldt, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mprotect
SYSCALL(mprotect, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_getsetattr
SYSCALL(mq_getsetattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_notify
SYSCALL(mq_notify, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_open
SYSCALL(mq_open, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_timedreceive
SYSCALL(mq_timedreceive, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_timedreceive_time64
SYSCALL(mq_timedreceive_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_timedsend
SYSCALL(mq_timedsend, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_timedsend_time64
SYSCALL(mq_timedsend_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mq_unlink
SYSCALL(mq_unlink, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mremap
SYSCALL(mremap, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_mseal
SYSCALL(mseal, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msgctl
SYSCALL(msgctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msgget
SYSCALL(msgget, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msgrcv
SYSCALL(msgrcv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msgsnd
SYSCALL(msgsnd, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_msync
SYSCALL(msync, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_munlock
SYSCALL(munlock, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_munlockall
SYSCALL(munlockall, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_munmap
SYSCALL(munmap, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_name_to_handle_at
SYSCALL(name_to_handle_at, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_nanosleep
SYSCALL(nanosleep, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_newfstatat
SYSCALL(newfstatat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_open
SYSCALL(open, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_openat
SYSCALL(openat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_openat2
SYSCALL(openat2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pause
SYSCALL(pause, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pidfd_open
SYSCALL(pidfd_open, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pidfd_send_signal
SYSCALL(pidfd_send_signal, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pipe
SYSCALL(pipe, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pipe2
SYSCALL(pipe2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pkey_alloc
SYSCALL(pkey_alloc, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pkey_free
SYSCALL(pkey_free, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pkey_mprotect
SYSCALL(pkey_mprotect, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_poll
SYSCALL(poll, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ppoll
SYSCALL(ppoll, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ppoll_time64
SYSCALL(ppoll_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_prctl
SYSCALL(prctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pread64
SYSCALL(pread64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_preadv
SYSCALL(preadv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_preadv2
SYSCALL(preadv2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_prlimit64
SYSCALL(prlimit64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_process_mrelease
SYSCALL(process_mrelease, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_process_vm_readv
SYSCALL(process_vm_readv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_process_vm_writev
SYSCALL(process_vm_writev, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pselect6
SYSCALL(pselect6, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pselect6_time64
SYSCALL(pselect6_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ptrace
SYSCALL(ptrace, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pwrite64
SYSCALL(pwrite64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pwritev
SYSCALL(pwritev, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_pwritev2
SYSCALL(pwritev2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_read
SYSCALL(read, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_readahead
SYSCALL(readahead, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_readlink
SYSCALL(readlink, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_readlinkat
SYSCALL(readlinkat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_readv
SYSCALL(readv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recv
SYSCALL(recv, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recvfrom
SYSCALL(recvfrom, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recvmmsg
SYSCALL(recvmmsg, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recvmmsg_time64
SYSCALL(recvmmsg_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_recvmsg
SYSCALL(recvmsg, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_remap_file_pages
SYSCALL(remap_file_pages, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_removexattr
SYSCALL(removexattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_removexattrat
SYSCALL(removexattrat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rename
SYSCALL(rename, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_renameat
SYSCALL(renameat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_renameat2
SYSCALL(renameat2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_restart_syscall
SYSCALL(restart_syscall, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_riscv_flush_icache
SYSCALL(riscv_flush_icache, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_riscv_hwprobe
SYSCALL(riscv_hwprobe, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rmdir
SYSCALL(rmdir, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rseq
SYSCALL(rseq, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigaction
SYSCALL(rt_sigaction, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigpending
SYSCALL(rt_sigpending, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigprocmask
SYSCALL(rt_sigprocmask, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigqueueinfo
SYSCALL(rt_sigqueueinfo, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigreturn
SYSCALL(rt_sigreturn, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigsuspend
SYSCALL(rt_sigsuspend, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigtimedwait
SYSCALL(rt_sigtimedwait, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_sigtimedwait_time64
SYSCALL(rt_sigtimedwait_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_rt_tgsigqueueinfo
SYSCALL(rt_tgsigqueueinfo, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_s390_pci_mmio_read
SYSCALL(s390_pci_mmio_read, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_s390_pci_mmio_write
SYSCALL(s390_pci_mmio_write, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_s390_runtime_instr
SYSCALL(s390_runtime_instr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_get_priority_max
SYSCALL(sched_get_priority_max, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_get_priority_min
SYSCALL(sched_get_priority_min, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_getaffinity
SYSCALL(sched_getaffinity, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_getattr
SYSCALL(sched_getattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_getparam
SYSCALL(sched_getparam, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_getscheduler
SYSCALL(sched_getscheduler, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_rr_get_interval
SYSCALL(sched_rr_get_interval, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_rr_get_interval_time64
SYSCALL(sched_rr_get_interval_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_setaffinity
SYSCALL(sched_setaffinity, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_setattr
SYSCALL(sched_setattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_setparam
SYSCALL(sched_setparam, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_setscheduler
SYSCALL(sched_setscheduler, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sched_yield
SYSCALL(sched_yield, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_seccomp
SYSCALL(seccomp, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_select
SYSCALL(select, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semctl
SYSCALL(semctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semget
SYSCALL(semget, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semop
SYSCALL(semop, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semtimedop
SYSCALL(semtimedop, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_semtimedop_time64
SYSCALL(semtimedop_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_send
SYSCALL(send, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendfile
SYSCALL(sendfile, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendfile64
SYSCALL(sendfile64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendmmsg
SYSCALL(sendmmsg, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendmsg
SYSCALL(sendmsg, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sendto
SYSCALL(sendto, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_set_robust_list
SYSCALL(set_robust_list, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_set_thread_area
SYSCALL(set_thread_area, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_set_tid_address
SYSCALL(set_tid_address, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_set_tls
SYSCALL(set_tls, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setfsgid
SYSCALL(setfsgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setfsgid32
SYSCALL(setfsgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setfsuid
SYSCALL(setfsuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setfsuid32
SYSCALL(setfsuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setgid
SYSCALL(setgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setgid32
SYSCALL(setgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setgroups
SYSCALL(setgroups, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setgroups32
SYSCALL(setgroups32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setitimer
SYSCALL(setitimer, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setpgid
SYSCALL(setpgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setpriority
SYSCALL(setpriority, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setregid
SYSCALL(setregid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setregid32
SYSCALL(setregid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setresgid
SYSCALL(setresgid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setresgid32
SYSCALL(setresgid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setresuid
SYSCALL(setresuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setresuid32
SYSCALL(setresuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setreuid
SYSCALL(setreuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setreuid32
SYSCALL(setreuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setrlimit
SYSCALL(setrlimit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setsid
SYSCALL(setsid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setsockopt
SYSCALL(setsockopt, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setuid
SYSCALL(setuid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setuid32
SYSCALL(setuid32, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setxattr
SYSCALL(setxattr, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_setxattrat
SYSCALL(setxattrat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shmat
SYSCALL(shmat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shmctl
SYSCALL(shmctl, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shmdt
SYSCALL(shmdt, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shmget
SYSCALL(shmget, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_shutdown
SYSCALL(shutdown, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sigaltstack
SYSCALL(sigaltstack, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_signalfd
SYSCALL(signalfd, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_signalfd4
SYSCALL(signalfd4, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sigprocmask
SYSCALL(sigprocmask, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sigreturn
SYSCALL(sigreturn, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_socketcall
SYSCALL(socketcall, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_socketpair
SYSCALL(socketpair, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_splice
SYSCALL(splice, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_stat
SYSCALL(stat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_stat64
SYSCALL(stat64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_statfs
SYSCALL(statfs, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_statfs64
SYSCALL(statfs64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_statmount
SYSCALL(statmount, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_statx
SYSCALL(statx, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_swapcontext
SYSCALL(swapcontext, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_symlink
SYSCALL(symlink, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_symlinkat
SYSCALL(symlinkat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sync
SYSCALL(sync, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sync_file_range
SYSCALL(sync_file_range, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sync_file_range2
SYSCALL(sync_file_range2, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_syncfs
SYSCALL(syncfs, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_sysinfo
SYSCALL(sysinfo, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_tee
SYSCALL(tee, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_tgkill
SYSCALL(tgkill, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_time
SYSCALL(time, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_create
SYSCALL(timer_create, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_delete
SYSCALL(timer_delete, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_getoverrun
SYSCALL(timer_getoverrun, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_gettime
SYSCALL(timer_gettime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_gettime64
SYSCALL(timer_gettime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_settime
SYSCALL(timer_settime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timer_settime64
SYSCALL(timer_settime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_create
SYSCALL(timerfd_create, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_gettime
SYSCALL(timerfd_gettime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_gettime64
SYSCALL(timerfd_gettime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_settime
SYSCALL(timerfd_settime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_timerfd_settime64
SYSCALL(timerfd_settime64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_times
SYSCALL(times, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_tkill
SYSCALL(tkill, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_truncate
SYSCALL(truncate, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_truncate64
SYSCALL(truncate64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_ugetrlimit
SYSCALL(ugetrlimit, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_umask
SYSCALL(umask, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_uname
SYSCALL(uname, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_unlink
SYSCALL(unlink, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_unlinkat
SYSCALL(unlinkat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_uretprobe
SYSCALL(uretprobe, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_utime
SYSCALL(utime, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_utimensat
SYSCALL(utimensat, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_utimensat_time64
SYSCALL(utimensat_time64, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_utimes
SYSCALL(utimes, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_vfork
SYSCALL(vfork, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_vmsplice
SYSCALL(vmsplice, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_wait4
SYSCALL(wait4, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_waitid
SYSCALL(waitid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_waitpid
SYSCALL(waitpid, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_write
SYSCALL(write, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_writev
SYSCALL(writev, 0, OTHERWISE_ALLOW)
#endif
#ifdef __NR_socket
SYSCALL(socket, 0, OTHERWISE_SOCKET)
#endif
#ifdef __NR_personality
SYSCALL(personality, 0, OTHERWISE_PERSONALITY)
#endif
#ifdef __NR_clone
SYSCALL(clone, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_CLONE)
#endif
#ifdef __NR_clone3
SYSCALL(clone3, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_ENOSYS)
#endif
#ifdef __NR_open_by_handle_at
SYSCALL(open_by_handle_at, CAP_BIT(CAP_DAC_READ_SEARCH), OTHERWISE_EPERM)
#endif
#ifdef __NR_bpf
SYSCALL(bpf, CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_BPF), OTHERWISE_EPERM)
#endif
#ifdef __NR_fanotify_init
SYSCALL(fanotify_init, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_fsconfig
SYSCALL(fsconfig, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_fsmount
SYSCALL(fsmount, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_fsopen
SYSCALL(fsopen, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_fspick
SYSCALL(fspick, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_lookup_dcookie
SYSCALL(lookup_dcookie, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_lsm_get_self_attr
SYSCALL(lsm_get_self_attr, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_lsm_list_modules
SYSCALL(lsm_list_modules, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_lsm_set_self_attr
SYSCALL(lsm_set_self_attr, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_mount
SYSCALL(mount, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_mount_setattr
SYSCALL(mount_setattr, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_move_mount
SYSCALL(move_mount, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_open_tree
SYSCALL(open_tree, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_quotactl
SYSCALL(quotactl, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_quotactl_fd
SYSCALL(quotactl_fd, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_setdomainname
SYSCALL(setdomainname, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_sethostname
SYSCALL(sethostname, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_setns
SYSCALL(setns, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_umount
SYSCALL(umount, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_umount2
SYSCALL(umount2, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_unshare
SYSCALL(unshare, CAP_BIT(CAP_SYS_ADMIN), OTHERWISE_EPERM)
#endif
#ifdef __NR_perf_event_open
SYSCALL(perf_event_open, CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_PERFMON), OTHERWISE_EPERM)
#endif
#ifdef __NR_syslog
SYSCALL(syslog, CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYSLOG), OTHERWISE_EPERM)
#endif
#ifdef __NR_reboot
SYSCALL(reboot, CAP_BIT(CAP_SYS_BOOT), OTHERWISE_EPERM)
#endif
#ifdef __NR_chroot
SYSCALL(chroot, CAP_BIT(CAP_SYS_CHROOT), OTHERWISE_EPERM)
#endif
#ifdef __NR_delete_module
SYSCALL(delete_module, CAP_BIT(CAP_SYS_MODULE), OTHERWISE_EPERM)
#endif
#ifdef __NR_finit_module
SYSCALL(finit_module, CAP_BIT(CAP_SYS_MODULE), OTHERWISE_EPERM)
#endif
#ifdef __NR_init_module
SYSCALL(init_module, CAP_BIT(CAP_SYS_MODULE), OTHERWISE_EPERM)
#endif
#ifdef __NR_acct
SYSCALL(acct, CAP_BIT(CAP_SYS_PACCT), OTHERWISE_EPERM)
#endif
#ifdef __NR_kcmp
SYSCALL(kcmp, CAP_BIT(CAP_SYS_PTRACE), OTHERWISE_EPERM)
#endif
#ifdef __NR_pidfd_getfd
SYSCALL(pidfd_getfd, CAP_BIT(CAP_SYS_PTRACE), OTHERWISE_EPERM)
#endif
#ifdef __NR_process_madvise
SYSCALL(process_madvise, CAP_BIT(CAP_SYS_PTRACE), OTHERWISE_EPERM)
#endif
#ifdef __NR_ioperm
SYSCALL(ioperm, CAP_BIT(CAP_SYS_RAWIO), OTHERWISE_EPERM)
#endif
#ifdef __NR_iopl
SYSCALL(iopl, CAP_BIT(CAP_SYS_RAWIO), OTHERWISE_EPERM)
#endif
#ifdef __NR_clock_settime
SYSCALL(clock_settime, CAP_BIT(CAP_SYS_TIME), OTHERWISE_EPERM)
#endif
#ifdef __NR_clock_settime64
SYSCALL(clock_settime64, CAP_BIT(CAP_SYS_TIME), OTHERWISE_EPERM)
#endif
#ifdef __NR_settimeofday
SYSCALL(settimeofday, CAP_BIT(CAP_SYS_TIME), OTHERWISE_EPERM)
#endif
#ifdef __NR_stime
SYSCALL(stime, CAP_BIT(CAP_SYS_TIME), OTHERWISE_EPERM)
#endif
#ifdef __NR_vhangup
SYSCALL(vhangup, CAP_BIT(CAP_SYS_TTY_CONFIG), OTHERWISE_EPERM)
#endif
#ifdef __NR_get_mempolicy
SYSCALL(get_mempolicy, CAP_BIT(CAP_SYS_NICE), OTHERWISE_EPERM)
#endif
#ifdef __NR_mbind
SYSCALL(mbind, CAP_BIT(CAP_SYS_NICE), OTHERWISE_EPERM)
#endif
#ifdef __NR_set_mempolicy
SYSCALL(set_mempolicy, CAP_BIT(CAP_SYS_NICE), OTHERWISE_EPERM)
#endif
#ifdef __NR_set_mempolicy_home_node
SYSCALL(set_mempolicy_home_node, CAP_BIT(CAP_SYS_NICE), OTHERWISE_EPERM)
#endif
#ifdef __NR__sysctl
SYSCALL(_sysctl, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_add_key
SYSCALL(add_key, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_afs_syscall
SYSCALL(afs_syscall, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_bdflush
SYSCALL(bdflush, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_break
SYSCALL(break, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_create_module
SYSCALL(create_module, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_ftime
SYSCALL(ftime, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_get_kernel_syms
SYSCALL(get_kernel_syms, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_getpmsg
SYSCALL(getpmsg, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_gtty
SYSCALL(gtty, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_idle
SYSCALL(idle, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_io_uring_enter
SYSCALL(io_uring_enter, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_io_uring_register
SYSCALL(io_uring_register, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_io_uring_setup
SYSCALL(io_uring_setup, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_kexec_file_load
SYSCALL(kexec_file_load, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_kexec_load
SYSCALL(kexec_load, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_keyctl
SYSCALL(keyctl, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_lock
SYSCALL(lock, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_migrate_pages
SYSCALL(migrate_pages, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_move_pages
SYSCALL(move_pages, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_mpx
SYSCALL(mpx, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_nfsservctl
SYSCALL(nfsservctl, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_nice
SYSCALL(nice, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_oldfstat
SYSCALL(oldfstat, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_oldlstat
SYSCALL(oldlstat, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_oldolduname
SYSCALL(oldolduname, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_oldstat
SYSCALL(oldstat, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_olduname
SYSCALL(olduname, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_pivot_root
SYSCALL(pivot_root, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_prof
SYSCALL(prof, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_profil
SYSCALL(profil, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_putpmsg
SYSCALL(putpmsg, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_query_module
SYSCALL(query_module, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_readdir
SYSCALL(readdir, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_request_key
SYSCALL(request_key, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_security
SYSCALL(security, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_sgetmask
SYSCALL(sgetmask, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_sigaction
SYSCALL(sigaction, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_signal
SYSCALL(signal, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_sigpending
SYSCALL(sigpending, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_sigsuspend
SYSCALL(sigsuspend, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_ssetmask
SYSCALL(ssetmask, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_stty
SYSCALL(stty, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_swapoff
SYSCALL(swapoff, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_swapon
SYSCALL(swapon, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_sysfs
SYSCALL(sysfs, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_tuxcall
SYSCALL(tuxcall, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_ulimit
SYSCALL(ulimit, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_uselib
SYSCALL(uselib, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_userfaultfd
SYSCALL(userfaultfd, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_ustat
SYSCALL(ustat, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_vm86
SYSCALL(vm86, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_vm86old
SYSCALL(vm86old, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_vserver
SYSCALL(vserver, 0, OTHERWISE_EPERM)
#endif
#ifdef __NR_open_tree_attr
SYSCALL(open_tree_attr, 0, OTHERWISE_ENOSYS)
#endif
#ifdef __NR_file_getattr
SYSCALL(file_getattr, 0, OTHERWISE_ENOSYS)
#endif
#ifdef __NR_file_setattr
SYSCALL(file_setattr, 0, OTHERWISE_ENOSYS)
#endif
#ifdef __NR_listns
SYSCALL(listns, 0, OTHERWISE_ENOSYS)
#endif
#ifdef __NR_rseq_slice_yield
SYSCALL(rseq_slice_yield, 0, OTHERWISE_ENOSYS)
#endif
