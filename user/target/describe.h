/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/target: what is known about an operation beyond where to probe it. */
#ifndef TICKSCOPE_TARGET_DESCRIBE_H
#define TICKSCOPE_TARGET_DESCRIBE_H

#include "target/internal.h"

/*
 * Fills in the operation's source, other names of its code, its inlined copies, and its results
 * where the query has an expression for them. -ENOMEM.
 */
int describe_operation(struct image *image, const struct function_query *query,
		       struct operation_plan *o);

#endif
