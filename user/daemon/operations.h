/* SPDX-License-Identifier: Apache-2.0 */
/* Operations: what is counted. */
#ifndef TICKSCOPE_DAEMON_OPERATIONS_H
#define TICKSCOPE_DAEMON_OPERATIONS_H

#include "daemon/internal.h"

int operations_start(struct daemon *d, struct fault *why);
void operations_fini(struct daemon *d);
struct operation_wish {
	size_t place_idx;
	const char *target; /* its name */
	const struct daemon_function *function;
	const struct operation_plan *plan;
	bool is_one_of_many; /* the pattern has other matches in this process */
};

/* The operation that a plan of a target belongs to, made if it is new. -ENOSPC: no series is left.
 */
int operations_find(struct daemon *d, const struct operation_wish *wish, uint32_t *ret_idx,
		    struct fault *why);
/* A new one with a name of its own, counted by these stripes; NULL: out of memory, or of room. */
struct operation *operations_add(struct daemon *d, const char *name,
				 const struct ts_series *stripes, size_t stripe_cnt);
/* name is static; a value that is longer is cut. NULL: the value is empty, or there is no room. */
struct operation_label *operations_add_label(struct operation *o, const char *name,
					     const char *value);
int operations_add_pid(struct operation *o, pid_t pid);
int operations_counted_init(struct counted *counted, const struct ts_series *stripes,
			    size_t stripe_cnt);
/* Reads all counters and adds what is new to the interval and the total. */
void operations_read(struct daemon *d, uint64_t now_mono_ns, bool is_end);
void operations_begin_interval(struct daemon *d, uint64_t now_mono_ns);

#endif
