/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration means on this host now: the processes of its targets, their functions. */
#ifndef TICKSCOPE_CLI_CHECKED_H
#define TICKSCOPE_CLI_CHECKED_H

#include "config/config.h"
#include "target/target.h"

#define CHECKED_PROCESS_MAX 256 /* of one target; as many as are traced */

/* An operation, or a stage of a chain that is a function, in one executable of a target. */
struct checked_operation {
	const struct config_operation *operation; /* NULL: a stage */
	const char *name;			  /* its own, or the chain's */
	const char *pattern;
	const struct chain_stage *stage;
	struct operation_plans plans;
	struct fault why; /* empty, or why it cannot be traced, or its errors not be judged */
};

struct checked_process {
	pid_t pid;
	struct process *process;	      /* NULL: it cannot be looked at */
	struct fault why;		      /* empty, or why */
	struct checked_operation *operations; /* of the first process of each executable only */
	size_t operation_cnt;
};

struct checked_target {
	const struct config_target *target;
	struct checked_process *processes;
	size_t process_cnt;
	struct fault why; /* empty, or why none was looked for */
};

struct checked {
	const struct config *config;
	struct checked_target *targets; /* as many as the configuration has */
	struct names_cache *names;
	struct pods *pods;
};

/* -ENOMEM; all else is part of what was found. */
int checked_init(struct checked *checked, const struct config *config);
void checked_fini(struct checked *checked);

#endif
