/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that is traced from before its first call to after its last: N calls have to give N
 * samples, and the program has to be none the worse, by its own account.
 */
#ifndef TICKSCOPE_TESTS_SCENARIO_H
#define TICKSCOPE_TESTS_SCENARIO_H

#include <stddef.h>

enum {
	SAFE_ONLY = 1, /* --exit=fast would kill this program, or lose calls: that is why it is not
			  the default */
	ENDS_ITSELF = 2, /* the program ends in its last call */
	HAS_ERRORS = 4,
	ENDS_FIRST = 8, /* its last calls are known to have been left only when it has ended */
	NOT_BRIEF =
		32, /* left out on a slow machine (tests/kernels): the kernel does nothing else */
	TWO_LEVELS = 16, /* the best and the last: how it is attached does not matter for it */
};

struct scenario {
	const char *program;
	const char *mode;
	const char *count;
	const char *threads;
	const char *function;
	const char *error;
	int flags;
	const char *truth; /* name of the function in the program's account; NULL: as it is traced,
			      or else the sum of all */
};

/* Runs all of them, or with an argument only those whose name contains it. An exit status. */
int scenarios_run(const char *group, const struct scenario *scenarios, size_t cnt, int argc,
		  char **argv);

#endif
