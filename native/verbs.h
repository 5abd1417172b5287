// SPDX-License-Identifier: Apache-2.0
// The verbs: one function each, in a file of its own. They return 0 (main writes `done` unless they wrote a final
// event) or -1 after report_error.
#ifndef TSBUILD_VERBS_H
#define TSBUILD_VERBS_H

#include "spec.h"

int verb_probe(const struct spec *spec);
int verb_hold(const struct spec *spec);
int verb_run(const struct spec *spec);
int verb_apply(const struct spec *spec);
int verb_copy(const struct spec *spec);
int verb_diff(const struct spec *spec);
int verb_digest(const struct spec *spec);
int verb_remove(const struct spec *spec);
int verb_inherit(const struct spec *spec);
int verb_sync(const struct spec *spec);
int verb_serve(const struct spec *spec);
int verb_usage(const struct spec *spec);

#endif
