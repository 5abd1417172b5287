// SPDX-License-Identifier: Apache-2.0
// What the parts of the verb `run` share. run.c is the outline and the parent; child.c what the step's first process does
// before it becomes the command.
#ifndef TSBUILD_RUN_H
#define TSBUILD_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mount.h"
#include "root.h"
#include "spec.h"
#include "terminal.h"
#include "user.h"

struct stubs;

enum network {
	NETWORK_NONE,
	NETWORK_HOST,
	NETWORK_HELD,    /* joined: a namespace that a `hold` keeps */
};

/* Descriptor on which our caller sends signals for the command: each byte is the number of one. */
#define CONTROL_FD 7

/* Of a command that is not attached: where its layer goes, if it is asked for. */
#define LAYER_FD 7

struct run {
	const struct spec *spec;
	struct root root;
	int root_fd; /* the root's own mount; submounts go away with the child's mount namespace */
	int mounts;  /* the child's mount namespace, where the end of the step needs it; -1: not open */
	struct user user;
	uint64_t capabilities;
	bool insecure;
	bool attached; /* the command is joined to whatever our descriptors 0, 1 and 2 are */
	enum network network;
	struct stubs *stubs;
	struct terminal terminal;
	int memory; /* the file system of files that the request has the bytes of; -1: none */
	int *sources; /* a detached mount for each mount of the request, in order */
	int init;      /* process 1, to be executed; -1: the command is process 1 */
	int gate[2];   /* the parent writes two bytes when the child is in its control groups */
	int stdio[3];  /* what the command gets as descriptors 0, 1 and 2; -1: nothing to read */
};

/* The child, from its first instruction to exec. Never returns. */
_Noreturn void child_main(struct run *run);

/* run_system.c: /proc, /sys and /dev in the root. -1: reported. */
int system_mount(struct run *run);
/* run_hide.c: covers the paths that the step may not see or change. -1: reported. */
int hide_paths(const struct run *run);
/* A clone of what is at `from` attached at `to`, restricted. Both stay the caller's. -1: errno. */
int bind_over(int from, int to, unsigned attributes);
/* A device of the host, checked to be the one that it claims to be. -1: reported. */
int device_open(const char *path, unsigned major, unsigned minor);
/* run_mounts.c, in the parent: opens or makes what is to be mounted. -1: reported. */
int mounts_open(struct run *run);
/* run_mounts.c: the mounts of the request, in order. -1: reported. */
int mounts_attach(struct run *run);
/* run_mounts.c, in the parent, when the child is gone: drops what writable bind sources left in the store. */
int mounts_finish(struct run *run);

/*
 * run_stubs.c: places to mount over. A missing one is made, and remembered in memory that parent and child share, with the
 * descriptors to undo it by (they share the descriptor table, too).
 */
struct stubs *stubs_new(void);
/* An O_PATH descriptor of the directory or file at path inside the root. keep: what is made stays. -1: reported. */
int stubs_target(struct run *run, const char *path, bool directory, bool keep);
/* In the mount namespace of the child that is gone: takes away what is mounted on what was made. */
void stubs_uncover(const struct stubs *stubs);
/* In the parent, when the child is gone: removes what was made, if it is still the same and empty. */
void stubs_remove(struct stubs *stubs);

/* run_seal.c, in the parent, when there is a child: what seal_root will need. -1: reported. */
int seal_prepare(struct run *run, pid_t child);
/* In the parent, when the child is gone: takes away what is mounted on the stubs, where that is not gone with it. -1: reported. */
int seal_uncover(const struct run *run);
/* After that, and without the stubs: from now on nobody writes to the root, if that is asked for. -1: reported. */
int seal_root(struct run *run);

/* run_output.c: hands on what the command reads and writes. */
struct relay {
	int from; /* -1: it has ended */
	int to;
	bool stalled; /* there is something for the receiver, who must have room first */
	char *buffer; /* NULL: the kernel moves the bytes */
	size_t begin, end;
	bool ending; /* no more than so many bytes are still to come: */
	size_t left;
};
enum { RELAY_INPUT, RELAY_OUTPUT, RELAY_ERRORS, N_RELAYS };
/* Makes what the command gets as descriptors 0, 1 and 2, its user's, and joins it to ours. -1: reported. */
int relay_open(struct run *run, struct relay relays[N_RELAYS]);
/* Moves what there is. 1: more may come, 0: the end, -1: the receiver is gone. */
int relay_move(struct relay *relay);
/* The command is gone: what it wrote is there by now, and only that will be moved, whoever else has its end by now. */
void relay_end(struct relay *relay);
/* Closes both ends, but for those that are our own. */
void relay_close(struct relay *relay);

/* cgroup.c: puts the child into the request's control groups. -1: reported. */
int cgroup_join(const struct spec *spec, pid_t pid);

#endif
