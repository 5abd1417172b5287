// SPDX-License-Identifier: Apache-2.0
// Generated from src/sandbox/protocol.ts by `npm run gen`. Do not edit. Included by spec.c only.

#define PROTOCOL_VERSION 1

static const struct field_rule probe_fields[] = {
	{ "version", FIELD_INT, false, false, 4096, NULL },
	{ "store", FIELD_PATH, false, false, 4096, NULL },
	{ "uidmap", FIELD_IDMAP, true, false, 4096, NULL },
	{ "gidmap", FIELD_IDMAP, true, false, 4096, NULL },
	{ "newuidmap", FIELD_PATH, false, false, 4096, NULL },
	{ "newgidmap", FIELD_PATH, false, false, 4096, NULL },
	{ "root", FIELD_WORD, false, false, 4096, "stack|directory" },
	{ "root-lower", FIELD_ID, true, false, 4096, NULL },
	{ "root-upper", FIELD_ID, false, false, 4096, NULL },
	{ "root-path", FIELD_PATH, false, false, 4096, NULL },
};

static const struct field_rule run_fields[] = {
	{ "version", FIELD_INT, false, false, 4096, NULL },
	{ "store", FIELD_PATH, false, false, 4096, NULL },
	{ "uidmap", FIELD_IDMAP, true, false, 4096, NULL },
	{ "gidmap", FIELD_IDMAP, true, false, 4096, NULL },
	{ "newuidmap", FIELD_PATH, false, false, 4096, NULL },
	{ "newgidmap", FIELD_PATH, false, false, 4096, NULL },
	{ "root", FIELD_WORD, false, false, 4096, "stack|directory" },
	{ "root-lower", FIELD_ID, true, false, 4096, NULL },
	{ "root-upper", FIELD_ID, false, false, 4096, NULL },
	{ "root-path", FIELD_PATH, false, false, 4096, NULL },
	{ "arg", FIELD_TEXT, true, false, 8388608, NULL },
	{ "env", FIELD_TEXT, true, false, 8388608, NULL },
	{ "cwd", FIELD_PATH, false, false, 4096, NULL },
	{ "user", FIELD_TEXT, false, false, 4096, NULL },
	{ "hostname", FIELD_TEXT, false, false, 64, NULL },
	{ "network", FIELD_WORD, false, false, 4096, "none|host|private" },
	{ "network-program", FIELD_PATH, false, false, 4096, NULL },
	{ "insecure", FIELD_BOOL, false, false, 4096, NULL },
	{ "no-new-privileges", FIELD_BOOL, false, false, 4096, NULL },
	{ "capability", FIELD_TEXT, true, false, 64, NULL },
	{ "keep-mountpoints", FIELD_BOOL, false, false, 4096, NULL },
	{ "shm-size", FIELD_INT, false, false, 4096, NULL },
	{ "mount", FIELD_WORD, true, true, 4096, "bind|cache|tmpfs|file|socket" },
	{ "mount-target", FIELD_PATH, false, false, 4096, NULL },
	{ "mount-source", FIELD_WORD, false, false, 4096, "stack|directory" },
	{ "mount-source-lower", FIELD_ID, true, false, 4096, NULL },
	{ "mount-source-upper", FIELD_ID, false, false, 4096, NULL },
	{ "mount-source-path", FIELD_PATH, false, false, 4096, NULL },
	{ "mount-from", FIELD_TEXT, false, false, 4096, NULL },
	{ "mount-read-only", FIELD_BOOL, false, false, 4096, NULL },
	{ "mount-cache", FIELD_ID, false, false, 4096, NULL },
	{ "mount-mode", FIELD_INT, false, false, 4096, NULL },
	{ "mount-uid", FIELD_INT, false, false, 4096, NULL },
	{ "mount-gid", FIELD_INT, false, false, 4096, NULL },
	{ "mount-size", FIELD_INT, false, false, 4096, NULL },
	{ "mount-bytes", FIELD_HEX, false, false, 4194304, NULL },
	{ "mount-path", FIELD_PATH, false, false, 4096, NULL },
	{ "rlimit", FIELD_TEXT, true, true, 32, NULL },
	{ "rlimit-soft", FIELD_INT, false, false, 4096, NULL },
	{ "rlimit-hard", FIELD_INT, false, false, 4096, NULL },
	{ "cgroup-parent", FIELD_PATH, false, false, 4096, NULL },
	{ "cgroup-set", FIELD_TEXT, true, true, 64, NULL },
	{ "cgroup-set-controller", FIELD_TEXT, false, false, 32, NULL },
	{ "cgroup-set-value", FIELD_TEXT, false, false, 256, NULL },
};

static const struct verb_rules all_rules[] = {
	{ "probe", probe_fields, sizeof(probe_fields) / sizeof(probe_fields[0]) },
	{ "run", run_fields, sizeof(run_fields) / sizeof(run_fields[0]) },
};
