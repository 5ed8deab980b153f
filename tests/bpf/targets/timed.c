/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of known length, logged by the program itself: one line of JSON with every duration,
 * sorted. */
#include "target.h"

/* Takes about want_ns; what it really took is known to its caller. */
TRACED void timed_spin(uint64_t want_ns)
{
	uint64_t end = target_now_ns() + want_ns;

	while (target_now_ns() < end)
		;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 1000;
	uint64_t *took = calloc((size_t)n, sizeof(*took));

	target_ready();
	for (long i = 0; i < n; i++) {
		/* From 20 us up, in steps no two ranks apart: noise moves a value past its
		 * neighbours, not the quantile. */
		uint64_t want = 20000 + (uint64_t)(i * 7919 % n) * 200, begin = target_now_ns();

		timed_spin(want);
		took[i] = target_now_ns() - begin;
	}
	qsort(took, (size_t)n, sizeof(*took), compare);
	printf("{\"count\":%ld,\"unwound\":0,\"errors\":0,\"durations_ns\":[", n);
	for (long i = 0; i < n; i++)
		printf("%s%llu", i ? "," : "", (unsigned long long)took[i]);
	puts("]}");
	fflush(stdout);
	target_wait();
	return 0;
}
