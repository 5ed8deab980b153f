/* SPDX-License-Identifier: Apache-2.0 */
/* What -f names: FUNC, LIB:FUNC, a glob, FUNC+0xOFF. Pure text. */
#ifndef TICKSCOPE_TARGET_PATTERN_H
#define TICKSCOPE_TARGET_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define PATTERN_BYTES	  4096
#define PATTERN_NO_OFFSET UINT64_MAX

struct pattern {
	char library[PATTERN_BYTES]; /* empty: the executable */
	char function[PATTERN_BYTES];
	uint64_t offset; /* PATTERN_NO_OFFSET: none */
	bool is_glob;
	char literal[256]; /* an identifier that every matching raw name contains; empty: none is
			      known */
};

/* 0, or -EINVAL with the reason. */
int pattern_parse(const char *text, struct pattern *ret_pattern, struct fault *why);

bool pattern_matches(const struct pattern *pattern, const char *name);
/* Whether the file at this path is the wanted library: by path, by name, or by name up to ".so". */
bool pattern_is_library(const struct pattern *pattern, const char *path);

/* Edits between two names, at most `limit`; of the last component, case aside. For "did you mean".
 */
size_t pattern_distance(const char *wanted, const char *name, size_t limit);

#endif
