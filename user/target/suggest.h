/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/target: what to say when a pattern matches nothing. */
#ifndef TICKSCOPE_TARGET_SUGGEST_H
#define TICKSCOPE_TARGET_SUGGEST_H

#include "target/internal.h"
#include "target/pattern.h"

/* Both return -ENOENT (or -ENOTSUP for a file without any names) with the message. */
int suggest_functions(struct process *process, struct image *image, const struct pattern *pattern,
		      struct fault *why);
int suggest_libraries(const struct process *process, const char *library, struct fault *why);

#endif
