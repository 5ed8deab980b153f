/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of bench-target that tracers are attached to. Each is in a file of its own build
 * flags. */
#ifndef TICKSCOPE_BENCH_WORK_H
#define TICKSCOPE_BENCH_WORK_H

#include <stdint.h>
#include <time.h>

typedef uint64_t (*work_fn)(uint64_t x);

uint64_t work_cet(uint64_t x);	/* endbr64; push: the default of Ubuntu, Fedora, Arch */
uint64_t work_push(uint64_t x); /* push: the default of Debian 12 */
uint64_t work_nop5(uint64_t x); /* one 5-byte nop; push */

/* Functions that keep busy for about duration_ns and return how long exactly, by their own clock.
 */
typedef uint64_t (*spin_fn)(uint64_t duration_ns);

uint64_t spin_constant(uint64_t duration_ns);
uint64_t spin_uniform(uint64_t duration_ns);
uint64_t spin_skewed(uint64_t duration_ns);
uint64_t spin_bimodal(uint64_t duration_ns);

/* MANY_CNT functions to attach to at once; the first SERIES_CNT are named series_*, the others
 * bulk_*. */
#define MANY_CNT   1000
#define SERIES_CNT 200

extern const work_fn many_functions[MANY_CNT];
/* What many_functions[idx] returns for x. */
uint64_t many_expected(uint32_t idx, uint64_t x);

static inline uint64_t mono_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

#endif
