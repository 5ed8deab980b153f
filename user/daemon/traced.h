/* SPDX-License-Identifier: Apache-2.0 */
/* One traced process. */
#ifndef TICKSCOPE_DAEMON_TRACED_H
#define TICKSCOPE_DAEMON_TRACED_H

#include "daemon/internal.h"

/* What is to be attached. */
struct request_list {
	struct probe_request *items;
	struct operation **owners; /* of each; NULL: it is a stage */
	size_t cnt;
};

/* To a process by itself, and to its executable in whatever process. */
struct request_lists {
	struct request_list own;
	struct request_list file;
};

/*
 * traced_open looks it up and resolves every wanted function and stage, and attaches nothing;
 * traced_take attaches, watches for its end, and owns it whether it fails or
 * not.
 */
int traced_open(struct daemon *d, size_t target_idx, pid_t pid, struct traced *ret_traced,
		struct fault *why);
int traced_take(struct daemon *d, struct traced *t, struct fault *why);
void traced_fini(struct daemon *d, struct traced *t);
size_t traced_plan_cnt(const struct daemon *d, const struct traced *t);
/* What a function lacks in this process: news only where it is not what was said before. */
int traced_open_tolerate(struct daemon *d, const struct traced *t, size_t function, int err,
			 const struct fault *why);
/* The functions of t that it lacks a library for and `again`, the same process, has. */
int traced_open_late(struct daemon *d, const struct traced *t, struct traced *ret_again,
		     struct fault *why);
/* Makes its operations and attaches what it has plans for; traced_fini in any case. */
int traced_attach(struct daemon *d, struct traced *t, struct fault *why);
/* Two names of one function, given by two patterns, in one process. */
bool traced_is_same_code(const struct operation_plan *a, const struct operation_plan *b);
/* True where the probes of a plan are on the file, for whatever process maps it. */
bool traced_wants_file(const struct traced *t, const struct operation_plan *plan);
/* It has ended: the probes of its executable serve one process less. */
void traced_leave_file(struct daemon *d, const struct traced *t);

#endif
