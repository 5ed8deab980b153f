/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of known length on several threads, logged by the program itself: slow MODE COUNT THREADS.
 * Of each call the line of JSON has [tid, shortest, longest, end]: the time that passed inside the
 * function, that which passed around the call, both in ns, and the wall clock at its end. What a
 * probe sees lies between the two. Modes: `mixed`, of COUNT calls of each thread every 8th is long;
 * `many`, each of 24 functions is called COUNT times.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target.h"

#define THREAD_MAX 16
#define SHORT_NS   5000
#define LONG_NS	   400000 /* and more, each of another length */
#define LONG_EVERY 8
#define STEP_NS	   10000

struct call {
	uint64_t shortest_ns;
	uint64_t longest_ns;
	uint64_t end_wall_ns;
};

struct worker {
	pthread_t thread;
	int number;
	long tid;
	struct call *calls;
};

static long call_cnt;

/* Waits that long; hands back how long it has been inside. */
TRACED uint64_t slow_call(uint64_t want_ns)
{
	uint64_t begin = target_now_ns(), now = begin;

	while (now - begin < want_ns)
		now = target_now_ns();
	return now - begin;
}

TRACED uint64_t slow_inner(uint64_t want_ns)
{
	uint64_t inside = slow_call(want_ns);

	__asm__ volatile("" : "+r"(inside)); /* no tail call */
	return inside;
}

TRACED uint64_t slow_outer(uint64_t want_ns)
{
	uint64_t inside = slow_inner(want_ns);

	__asm__ volatile("" : "+r"(inside));
	return inside;
}

static uint64_t wall_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static uint64_t want_of(const struct worker *w, long i)
{
	if (i % LONG_EVERY != LONG_EVERY / 2)
		return SHORT_NS + (uint64_t)(i * 7919 % 1000);
	return LONG_NS + STEP_NS * (uint64_t)(i / LONG_EVERY * THREAD_MAX + w->number);
}

TRACED void *slow_thread(void *context)
{
	struct worker *w = context;

	w->tid = syscall(SYS_gettid);
	for (long i = 0; i < call_cnt; i++) {
		uint64_t begin = target_now_ns();

		w->calls[i].shortest_ns = slow_outer(want_of(w, i));
		w->calls[i].longest_ns = target_now_ns() - begin;
		w->calls[i].end_wall_ns = wall_now_ns();
	}
	return NULL;
}

#define MANY(number)                                \
	TRACED uint64_t many_##number(void)         \
	{                                           \
		return target_now_ns() - 1##number; \
	}
#define MANY_6(a, b, c, d, e, f) MANY(a) MANY(b) MANY(c) MANY(d) MANY(e) MANY(f)
MANY_6(00, 01, 02, 03, 04, 05)
MANY_6(10, 11, 12, 13, 14, 15)
MANY_6(20, 21, 22, 23, 24, 25)
MANY_6(30, 31, 32, 33, 34, 35)

static uint64_t (*const many[])(void) = {
	many_00, many_01, many_02, many_03, many_04, many_05, many_10, many_11,
	many_12, many_13, many_14, many_15, many_20, many_21, many_22, many_23,
	many_24, many_25, many_30, many_31, many_32, many_33, many_34, many_35,
};

static int run_many(void)
{
	target_ready();
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		for (long j = 0; j < call_cnt; j++)
			many[i]();
	}
	target_truth(call_cnt, 0, 0);
	target_wait();
	return 0;
}

int main(int argc, char **argv)
{
	int thread_cnt = argc > 3 ? atoi(argv[3]) : 1;
	struct worker workers[THREAD_MAX];

	target_check(argc > 2 && thread_cnt > 0 && thread_cnt <= THREAD_MAX, "arguments");
	call_cnt = atol(argv[2]);
	if (strcmp(argv[1], "many") == 0)
		return run_many();
	for (int i = 0; i < thread_cnt; i++) {
		workers[i].number = i;
		workers[i].calls = calloc((size_t)call_cnt, sizeof(struct call));
	}
	target_ready();
	for (int i = 0; i < thread_cnt; i++)
		pthread_create(&workers[i].thread, NULL, slow_thread, &workers[i]);
	for (int i = 0; i < thread_cnt; i++)
		pthread_join(workers[i].thread, NULL);
	printf("{\"count\":%ld,\"calls\":[", call_cnt * thread_cnt);
	for (int i = 0; i < thread_cnt; i++) {
		for (long j = 0; j < call_cnt; j++)
			printf("%s[%ld,%llu,%llu,%llu]", i || j ? "," : "", workers[i].tid,
			       (unsigned long long)workers[i].calls[j].shortest_ns,
			       (unsigned long long)workers[i].calls[j].longest_ns,
			       (unsigned long long)workers[i].calls[j].end_wall_ns);
	}
	puts("]}");
	fflush(stdout);
	target_wait();
	return 0;
}
