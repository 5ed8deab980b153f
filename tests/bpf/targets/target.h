/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every traced test program does: say that it is ready, wait for the word, run, tell its own
 * truth as one line of JSON, and wait to be let go, so that it can be looked at before it ends.
 */
#ifndef TICKSCOPE_TESTS_TARGET_H
#define TICKSCOPE_TESTS_TARGET_H

#include <sched.h>
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

/* On a CPU of its own where there are several: who shares none is late, or early, by itself. */
static inline void target_pin_to(int number)
{
	cpu_set_t all, one;

	sched_getaffinity(0, sizeof(all), &all);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || number-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static inline void target_check(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "target: %s\n", what);
	exit(3);
}

#endif
