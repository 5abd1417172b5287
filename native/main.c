// SPDX-License-Identifier: Apache-2.0
// The helper's outline: harden ourselves, read the whole request, check it, do the one thing asked, say how it went.
// No privilege is used and no namespace entered before the request has been read and checked.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compat.h"
#include "init.h"
#include "ns.h"
#include "report.h"
#include "run.h"
#include "spec.h"
#include "verbs.h"

#define REQUEST_FD 3

#ifndef TSBUILD_VERSION
#define TSBUILD_VERSION "unknown"
#endif

static const struct verb {
	const char *name;
	int (*act)(const struct spec *);
} verbs[] = {
	{ "probe", verb_probe },
	{ "hold", verb_hold },
	{ "run", verb_run },
	{ "serve", verb_serve },
	{ "digest", verb_digest },
	{ "copy", verb_copy },
	{ "apply", verb_apply },
	{ "diff", verb_diff },
	{ "inherit", verb_inherit },
	{ "remove", verb_remove },
	{ "sync", verb_sync },
	{ "usage", verb_usage },
	{ NULL, NULL },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; verbs[i].name != NULL; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int usage(const char *problem)
{
	fprintf(stderr, "tsbuild-helper: %s\nIt is started by tsbuild; see docs/protocol.md.\n", problem);
	return EXIT_BAD_REQUEST;
}

/* Whatever our caller did with signals, descriptors and masks must reach neither our work nor what we start. */
static int start_clean(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	umask(0);
	/* Dies with the thread that started us; a caller that is gone already has closed its end of fd 4. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Namespaces that we may be asked to join, and our caller's line to us, stay; what else leaked to us goes. */
	if (sys_close_range(CONTROL_FD + 1, ~0U, 0) < 0)
		return -1;
	return sys_close_range(NETWORK_NAMESPACE_FD, CONTROL_FD, CLOSE_RANGE_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct spec spec;

	/*
	 * 1. Nobody gave us privileges that the caller does not have itself. And a step whose command is /proc/self/exe, or a
	 * script with that as interpreter, starts us as the only process of its namespace: we end at once, so that nothing there
	 * can ever reach for our file through /proc/1/exe (CVE-2019-5736). A copy of us in memory may be process 1.
	 */
	if (getpid() == 1)
		return init_is_sealed() ? init_main(argc, argv) : usage("does not run as process 1");
	if (getauxval(AT_SECURE) != 0)
		return usage("must not be set-uid, set-gid or have file capabilities");
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(TSBUILD_VERSION);
		return 0;
	}
	const struct verb *verb = argc == 2 ? find_verb(argv[1]) : NULL;
	const struct verb_rules *rules = argc == 2 ? spec_rules(argv[1]) : NULL;
	if (verb == NULL || rules == NULL)
		return usage("expected one verb");
	if (fcntl(REQUEST_FD, F_SETFD, FD_CLOEXEC) < 0 || fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC) < 0)
		return usage("descriptors 3 (request) and 4 (events) must be open");
	if (start_clean() < 0) {
		report_error("close inherited descriptors", NULL, errno, "Linux 5.12 or newer is needed");
		return report_exit_code();
	}

	/* 2. The whole request, decoded and checked. */
	if (spec_read(&spec, rules, REQUEST_FD) == 0) {
		close(REQUEST_FD);
		/* 3. The one thing asked. */
		if (verb->act(&spec) == 0)
			report_event("done", REPORT_END);
		else if (!report_is_final())
			report_error("an internal error", NULL, 0, NULL);
	}
	return (int)report_exit_code();
}
