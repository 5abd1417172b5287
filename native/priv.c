// SPDX-License-Identifier: Apache-2.0
// Going from what the helper may to what a step may. Inheritable and ambient sets are always empty: with file capabilities
// around, a non-empty inheritable set would hand privileges to programs of non-root users.

#include "priv.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ns.h"
#include "report.h"
#include "seccomp.h"

#define DEFAULT_OPEN_FILES 1024

static const char *const capability_names[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
	"CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
	"CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};
#define N_CAPABILITIES (sizeof(capability_names) / sizeof(capability_names[0]))

static const struct {
	const char *name;
	int resource;
} limit_names[] = {
	{ "as", RLIMIT_AS },           { "core", RLIMIT_CORE },       { "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },       { "fsize", RLIMIT_FSIZE },     { "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },   { "nproc", RLIMIT_NPROC },     { "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME },   { "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

static int get_capabilities(uint64_t *permitted)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

static int set_capabilities(uint64_t mask)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	uint32_t low = (uint32_t)mask, high = (uint32_t)(mask >> 32);
	struct __user_cap_data_struct data[2] = { { low, low, 0 }, { high, high, 0 } };

	return (int)syscall(SYS_capset, &header, data);
}

int priv_granted(const struct spec *spec, bool all, uint64_t *mask)
{
	uint64_t held;
	const char *name;

	if (get_capabilities(&held) < 0)
		return report_error("read our capabilities", NULL, errno, NULL);
	*mask = all ? held : 0;
	for (size_t cursor = 0; spec_next(spec, "capability", &cursor, &name);) {
		size_t number = 0;
		while (number < N_CAPABILITIES && strcmp(capability_names[number], name) != 0)
			number++;
		if (number == N_CAPABILITIES)
			return report_refusal("capability", name, "there is no such capability");
		*mask |= CAP_BIT(number) & held;
	}
	return 0;
}

static int set_limit(const char *name, long long soft, long long hard)
{
	size_t i = 0;

	while (i < sizeof(limit_names) / sizeof(limit_names[0]) && strcmp(limit_names[i].name, name) != 0)
		i++;
	if (i == sizeof(limit_names) / sizeof(limit_names[0]))
		return report_refusal("limit", name, "there is no such resource limit");
	struct rlimit limit = { soft < 0 ? RLIM_INFINITY : (rlim_t)soft, hard < 0 ? RLIM_INFINITY : (rlim_t)hard };
	if (setrlimit((__rlimit_resource_t)limit_names[i].resource, &limit) < 0)
		return report_error("set a resource limit", name, errno,
				    "a hard limit can only be raised with CAP_SYS_RESOURCE on the host");
	return 0;
}

/* Node raises its own soft limit of open files to the hard one; steps get the usual one back. */
static int restore_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return report_error("read a resource limit", "nofile", errno, NULL);
	if (limit.rlim_cur > DEFAULT_OPEN_FILES)
		limit.rlim_cur = DEFAULT_OPEN_FILES;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return report_error("set a resource limit", "nofile", errno, NULL);
	return 0;
}

int priv_set_limits(const struct spec *spec)
{
	struct spec group;

	if (restore_open_files() < 0)
		return -1;
	for (size_t cursor = 0; spec_group(spec, "rlimit", &cursor, &group);) {
		long long soft, hard;
		if (spec_int(&group, "rlimit-soft", -1, INT64_MAX, -1, &soft) < 0 ||
		    spec_int(&group, "rlimit-hard", -1, INT64_MAX, -1, &hard) < 0)
			return -1;
		if (set_limit(group.values[0], soft, hard) < 0)
			return -1;
	}
	return 0;
}

static int bound_capabilities(uint64_t granted)
{
	for (unsigned number = 0; prctl(PR_CAPBSET_READ, number) >= 0; number++)
		if ((granted & CAP_BIT(number)) == 0 && prctl(PR_CAPBSET_DROP, number) < 0)
			return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int set_groups(const struct user *user)
{
	/* With a single mapped id the kernel forbids it; the only group there is our own. */
	return ns_denies_setgroups() ? 0 : setgroups(user->n_groups, user->groups);
}

int priv_become(const struct user *user, uint64_t granted)
{
	uint64_t held;

	if (get_capabilities(&held) < 0 || bound_capabilities(granted) < 0)
		return report_error("bound the capabilities", NULL, errno, NULL);
	if (set_groups(user) < 0 || setresgid(user->gid, user->gid, user->gid) < 0)
		return report_error("become a group", user->name, errno, ns_hint_unmapped(errno));
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setresuid(user->uid, user->uid, user->uid) < 0)
		return report_error("become a user", user->name, errno, ns_hint_unmapped(errno));
	if (set_capabilities(held) < 0)
		return report_error("keep capabilities", NULL, errno, NULL);
	return 0;
}

/* The filter that the request asks for, compiled. -1: reported, 0: none. */
static int compile_filter(const struct spec *spec, uint64_t granted, struct program **program, unsigned *flags)
{
	*flags = 0;
	if (spec_is(spec, "filter", "unconfined"))
		return 0;
	*program = spec_is(spec, "filter", "profile") ? seccomp_profile(spec, flags) : seccomp_default(granted);
	return *program == NULL ? -1 : 1;
}

/*
 * Without our filter a step may reach keyrings, and whoever has a session keyring owns what is in it: a new one, so that it is not the
 * user's. With our filter there is no way to any.
 */
static int leave_keys(const struct spec *spec, bool unfiltered)
{
	if (!unfiltered && !spec_is(spec, "filter", "unconfined") && !spec_is(spec, "filter", "profile"))
		return 0;
	/* EPERM: a filter around us, which the step is under as well. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS || errno == EPERM)
		return 0;
	return report_error("leave the session's keys", NULL, errno,
			    errno == EDQUOT ? "this user has too many keys (sysctl kernel.keys.maxkeys)" : NULL);
}

int priv_drop(const struct spec *spec, const struct user *user, uint64_t granted, bool unfiltered)
{
	/* A user other than root starts with none; set-uid programs may gain what the bounding set has. */
	uint64_t final = user->uid == 0 ? granted : 0;
	/* Loading a filter without no_new_privs takes CAP_SYS_ADMIN; with it, capabilities go first, and the filter may forbid that. */
	bool last = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	struct program *program = NULL;
	unsigned flags;
	if (leave_keys(spec, unfiltered) < 0)
		return -1;
	int filtered = unfiltered ? 0 : compile_filter(spec, granted, &program, &flags);

	if (filtered < 0)
		return -1;
	if (last && set_capabilities(final) < 0)
		return report_error("drop capabilities", NULL, errno, NULL);
	if (filtered > 0 && seccomp_load(program, flags) < 0)
		return report_error("load the system call filter", NULL, errno,
				    errno == E2BIG ? "the profile has more rules than a filter may have instructions" :
						     "the kernel needs CONFIG_SECCOMP_FILTER");
	if (!last && set_capabilities(final) < 0)
		return report_error("drop capabilities", NULL, errno,
				    "a system call filter must allow capset, unless no-new-privileges is set, too");
	return 0;
}
