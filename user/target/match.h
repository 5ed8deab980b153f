/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/target: which functions of a file a pattern means, and by which names. */
#ifndef TICKSCOPE_TARGET_MATCH_H
#define TICKSCOPE_TARGET_MATCH_H

#include "target/internal.h"
#include "target/pattern.h"

struct match {
	const struct symbol *symbol;
	char *name;	 /* demangled with parameters; matches of one name are one operation */
	bool is_generic; /* the pattern left generic arguments out: all instances have this name */
};

struct matches {
	struct match *items; /* sorted by name, then by address; one for each address */
	size_t cnt;
	size_t operation_cnt; /* different names */
};

/*
 * A generic function named without its arguments is one operation of all its instances; named with
 * them, or by a glob, each instance is its own. -ENOMEM.
 */
int match_find_all(const struct image *image, const struct pattern *pattern,
		   struct matches *ret_matches);
/* The name by which the pattern means this symbol, malloc'ed; NULL: it does not mean it. */
char *match_name(const struct pattern *pattern, const struct symbol *symbol);
void match_free_all(struct matches *matches);

#endif
