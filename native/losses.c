// SPDX-License-Identifier: Apache-2.0
// See losses.h.
#include "losses.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

void losses_at(struct losses *losses, const char *path)
{
	if (losses->path == NULL && losses->xattrs + losses->devices > 0)
		losses->path = strdup(path);
}

void losses_report(struct losses *losses)
{
	if (losses->xattrs + losses->devices > 0)
		report_event("lost", REPORT_INT, "xattrs", (long long)losses->xattrs, REPORT_INT, "devices",
			     (long long)losses->devices, REPORT_TEXT, "path", losses->path, REPORT_END);
	free(losses->path);
	*losses = (struct losses){0};
}
