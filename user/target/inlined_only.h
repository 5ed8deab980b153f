/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/target: functions that a pattern means and no probe can see, since they exist only
 * inside others. */
#ifndef TICKSCOPE_TARGET_INLINED_ONLY_H
#define TICKSCOPE_TARGET_INLINED_ONLY_H

#include "target/internal.h"
#include "target/pattern.h"

#define INLINED_ONLY_CALLER_BYTES 256

struct inlined_only {
	char *name; /* demangled */
	char *file; /* of its source; NULL: not known */
	unsigned int line;
	size_t copy_cnt;
	char callers[INLINED_ONLY_CALLER_BYTES]; /* names of functions that contain copies, as many
						    as fit */
};

struct inlined_only_list {
	struct inlined_only *items; /* sorted by name */
	size_t cnt;
};

/* Empty also where debug information is missing, or more than can be searched; is_thorough: however
 * much memory that takes. -ENOMEM. */
int inlined_only_find(struct image *image, const struct pattern *pattern, bool is_thorough,
		      struct inlined_only_list *ret_list);
void inlined_only_free(struct inlined_only_list *list);

/* -ENOTSUP with the message where the pattern means such a function, else 0. -ENOMEM. */
int inlined_only_explain(struct image *image, const struct pattern *pattern, bool is_thorough,
			 struct fault *why);

#endif
