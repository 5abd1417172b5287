// SPDX-License-Identifier: Apache-2.0
// See losses.h.
#include "losses.h"

#include <stdlib.h>
#include <string.h>

#include "owner.h"
#include "report.h"

static size_t count(const struct losses *losses)
{
	return losses->xattrs + losses->devices + owners_unkept();
}

void losses_at(struct losses *losses, const char *path)
{
	if (losses->path == NULL && count(losses) > 0)
		losses->path = strdup(path);
}

void losses_report(struct losses *losses)
{
	if (count(losses) > 0)
		report_event("lost", REPORT_INT, "xattrs", (long long)losses->xattrs, REPORT_INT, "devices",
			     (long long)losses->devices, REPORT_INT, "owners", (long long)owners_unkept(), REPORT_TEXT,
			     "path", losses->path, REPORT_END);
	free(losses->path);
	*losses = (struct losses){0};
}
