// SPDX-License-Identifier: Apache-2.0
// Which system calls a step may make, by name: the container engines' default policy as plain data. generate.ts prints it for
// C, where the numbers of both ABIs come from the kernel's headers. A name that an ABI does not have is left out there.

/** What happens to a call of a group when none of the group's capabilities is held. */
export type Otherwise = "allow" | "eperm" | "enosys" | "clone" | "socket" | "personality";

export interface SyscallGroup {
  /** Names separated by white space. */
  readonly names: string;
  /** Any of these capabilities allows the calls unconditionally. */
  readonly capabilities: readonly string[];
  /**
   * "clone": only without flags that make namespaces. "socket": all families but AF_ALG and AF_VSOCK, which reach the kernel's
   * own crypto and the hypervisor. "personality": only the harmless ones. "enosys": the caller falls back to an older call.
   */
  readonly otherwise: Otherwise;
}

/** Everything not named here is refused with EPERM; a call newer than all of these, with ENOSYS, so that programs fall back. */
export const syscallGroups: readonly SyscallGroup[] = [
  {
    capabilities: [],
    otherwise: "allow",
    names: `
    _llseek _newselect accept accept4 access adjtimex alarm arch_prctl arm_fadvise64_64 arm_sync_file_range bind
    breakpoint brk cacheflush cachestat capget capset chdir chmod chown chown32 clock_adjtime clock_adjtime64
    clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close
    close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
    epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat
    faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32
    fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64
    fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait
    futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid
    getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid
    getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid
    getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup
    io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset
    landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr listxattrat llistxattr
    lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret
    mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 modify_ldt mprotect mq_getsetattr
    mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap
    mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open
    openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll
    ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv process_vm_writev
    pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv
    recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2
    restart_syscall riscv_flush_icache riscv_hwprobe rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
    rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
    s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
    seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg
    sendto set_robust_list set_thread_area set_tid_address set_tls setfsgid setfsgid32 setfsuid setfsuid32 setgid
    setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32
    setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat
    shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair
    splice stat stat64 statfs statfs64 statmount statx swapcontext symlink symlinkat sync sync_file_range
    sync_file_range2 syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime
    timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
    timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime
    utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev
    `,
  },
  { names: "socket", capabilities: [], otherwise: "socket" },
  { names: "personality", capabilities: [], otherwise: "personality" },
  { names: "clone", capabilities: ["SYS_ADMIN"], otherwise: "clone" },
  // Its flags are in memory, where a filter cannot look; the C library then uses clone.
  { names: "clone3", capabilities: ["SYS_ADMIN"], otherwise: "enosys" },
  { names: "open_by_handle_at", capabilities: ["DAC_READ_SEARCH"], otherwise: "eperm" },
  { names: "bpf", capabilities: ["SYS_ADMIN", "BPF"], otherwise: "eperm" },
  {
    capabilities: ["SYS_ADMIN"],
    otherwise: "eperm",
    names: `
    fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr mount mount_setattr move_mount open_tree quotactl quotactl_fd setdomainname sethostname
    setns umount umount2 unshare
    `,
  },
  { names: "perf_event_open", capabilities: ["SYS_ADMIN", "PERFMON"], otherwise: "eperm" },
  { names: "syslog", capabilities: ["SYS_ADMIN", "SYSLOG"], otherwise: "eperm" },
  { names: "reboot", capabilities: ["SYS_BOOT"], otherwise: "eperm" },
  { names: "chroot", capabilities: ["SYS_CHROOT"], otherwise: "eperm" },
  {
    names: "delete_module finit_module init_module",
    capabilities: ["SYS_MODULE"],
    otherwise: "eperm",
  },
  { names: "acct", capabilities: ["SYS_PACCT"], otherwise: "eperm" },
  { names: "kcmp pidfd_getfd process_madvise", capabilities: ["SYS_PTRACE"], otherwise: "eperm" },
  { names: "ioperm iopl", capabilities: ["SYS_RAWIO"], otherwise: "eperm" },
  {
    names: "clock_settime clock_settime64 settimeofday stime",
    capabilities: ["SYS_TIME"],
    otherwise: "eperm",
  },
  { names: "vhangup", capabilities: ["SYS_TTY_CONFIG"], otherwise: "eperm" },
  {
    names: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
    capabilities: ["SYS_NICE"],
    otherwise: "eperm",
  },
  // Refused like everything that is not named here; listed for profiles that allow them.
  {
    capabilities: [],
    otherwise: "eperm",
    names: `
    _sysctl add_key afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle io_uring_enter
    io_uring_register io_uring_setup kexec_file_load kexec_load keyctl lock migrate_pages move_pages mpx nfsservctl
    nice oldfstat oldlstat oldolduname oldstat olduname pivot_root prof profil putpmsg query_module readdir
    request_key security sgetmask sigaction signal sigpending sigsuspend ssetmask stty swapoff swapon sysfs tuxcall
    ulimit uselib userfaultfd ustat vm86 vm86old vserver
    `,
  },
  // Newer than the policy: they do not exist as far as a step is concerned, unless a profile says so.
  {
    capabilities: [],
    otherwise: "enosys",
    names: "open_tree_attr file_getattr file_setattr listns rseq_slice_yield",
  },
];

/** Numbers of calls that the headers of older distributions do not have. Since 424 they are the same on every architecture. */
export const recentSyscalls: Readonly<Record<string, number>> = {
  epoll_pwait2: 441,
  mount_setattr: 442,
  quotactl_fd: 443,
  landlock_create_ruleset: 444,
  landlock_add_rule: 445,
  landlock_restrict_self: 446,
  memfd_secret: 447,
  process_mrelease: 448,
  futex_waitv: 449,
  set_mempolicy_home_node: 450,
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
  listns: 470,
  rseq_slice_yield: 471,
};
