// SPDX-License-Identifier: Apache-2.0
// The verb `sync`: makes what was written into the store so far survive a loss of power. Layer directories are written without
// fsync (a state that a crash takes is made again); this is how they become lasting, all at once.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cleanup.h"
#include "report.h"
#include "verbs.h"

int verb_sync(const struct spec *spec)
{
	const char *store = spec_need(spec, "store");
	if (store == NULL)
		return -1;
	cleanup_fd int fd = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) < 0)
		return report_error("sync the store", store, errno, NULL);
	return 0;
}
