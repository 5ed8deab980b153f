/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every traced test program does: say that it is ready, wait for the word, run, tell its own
 * truth as one line of JSON, and wait to be let go, so that it can be looked at before it ends.
 */
#ifndef TICKSCOPE_TESTS_TARGET_H
#define TICKSCOPE_TESTS_TARGET_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Neither inlined nor specialised: what is called is what the symbol names. */
#ifdef __clang__
#define TRACED __attribute__((noinline, used))
#else
#define TRACED __attribute__((noinline, noclone, used))
#endif

static inline void target_wait(void)
{
	char line[16];

	if (!fgets(line, sizeof(line), stdin))
		exit(0);
}

static inline void target_ready(void)
{
	puts("ready");
	fflush(stdout);
	target_wait();
}

/* The counts that tickscope has to show for the traced function. */
static inline void target_truth(long count, long unwound, long errors)
{
	printf("{\"count\":%ld,\"unwound\":%ld,\"errors\":%ld}\n", count, unwound, errors);
	fflush(stdout);
}

static inline uint64_t target_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static inline void target_check(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "target: %s\n", what);
	exit(3);
}

#endif
