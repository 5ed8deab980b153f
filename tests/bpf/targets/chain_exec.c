/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes itself again with chains under way: chain_exec thread|number COUNT. The new image passes
 * the stages that are missing, and then begins and ends some of its own. Its truth is as chain's.
 */
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "target.h"

#define SPIN_NS 20000 /* between the first two stages of what completes */

static long count;
static bool is_again;
static const char *mode;
static volatile long sink;

#define STAGE(name, factor)                        \
	TRACED void name(long own, uint64_t id)    \
	{                                          \
		sink += own + (factor) * (long)id; \
	}
STAGE(first, 1)
STAGE(second, 2)
STAGE(third, 3)

static void execute_again(void)
{
	char cnt[16];

	snprintf(cnt, sizeof(cnt), "%ld", count);
	execl("/proc/self/exe", "chain_exec", mode, cnt, "again", NULL);
	target_check(0, "exec");
}

static void pass_all(uint64_t id)
{
	uint64_t end_ns;

	first(0, id);
	end_ns = target_now_ns() + SPIN_NS;
	while (target_now_ns() < end_ns)
		;
	second(0, id);
	third(0, id);
}

static void tell(long begun, long completed, long stopped_at_first, long stopped_at_second)
{
	long overtaken = stopped_at_first + stopped_at_second;

	printf("{\"begun\":%ld,\"completed\":%ld,\"overtaken\":%ld,\"timed_out\":0,\"lost\":0,"
	       "\"open\":%ld,\"spin_ns\":%d,\"stopped\":[%ld,%ld]}\n",
	       begun, completed, overtaken, begun - completed - overtaken, SPIN_NS,
	       stopped_at_first, stopped_at_second);
	fflush(stdout);
}

static void *begin_and_execute(void *unused)
{
	(void)unused;
	first(0, 0);
	execute_again();
	return NULL;
}

/* The first thread has passed two stages when another one, which has passed one, executes the
 * program: that has the first one's number from then on. */
static void by_thread(void)
{
	pthread_t thread;

	if (!is_again) {
		first(0, 0);
		second(0, 0);
		target_check(!pthread_create(&thread, NULL, begin_and_execute, NULL), "thread");
		pthread_join(thread, NULL);
	}
	third(0, 0);
	second(0, 0);
	third(0, 0);
	for (long i = 0; i < count; i++)
		pass_all(0);
	tell(count + 2, count, 0, 1);
}

/* Half of them have passed one stage, half two; half of the numbers begin anew. */
static void by_number(void)
{
	if (!is_again) {
		for (long i = 0; i < count; i++)
			first(0, (uint64_t)i);
		for (long i = 1; i < count; i += 2)
			second(0, (uint64_t)i);
		execute_again();
	}
	for (long i = 0; i < count; i++) {
		third(0, (uint64_t)i);
		second(0, (uint64_t)i);
		third(0, (uint64_t)i);
	}
	for (long i = 0; i < count / 2; i++)
		pass_all((uint64_t)i);
	tell(count + count / 2, count / 2, (count / 2 + 1) / 2, count / 2 / 2);
}

int main(int argc, char **argv)
{
	target_check(argc >= 3, "chain_exec MODE COUNT");
	mode = argv[1];
	count = strtol(argv[2], NULL, 10);
	is_again = argc > 3;
	target_check(count > 0, "count");
	if (is_again)
		target_wait(); /* until the tracer has attached again */
	else
		target_ready();
	if (strcmp(mode, "thread") == 0)
		by_thread();
	else
		by_number();
	target_wait();
	return 0;
}
