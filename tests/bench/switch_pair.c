/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads on one CPU that wake each other through pipes. For each line "N" on its standard
 * input it makes N round trips, which are 2 N context switches, and prints how many ns they took. A
 * function that does nothing can be traced.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int there[2], back[2];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void must(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

__attribute__((noinline, noclone)) static void trip(unsigned long i)
{
	char byte = 0;

	asm volatile("" ::"r"(i) : "memory");
	must(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "trip");
}

static void *answer(void *unused)
{
	char byte;

	while (read(there[0], &byte, 1) == 1)
		must(write(back[1], &byte, 1) == 1, "write");
	return unused;
}

int main(void)
{
	cpu_set_t one;
	pthread_t thread;
	char line[32];

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_setaffinity(0, sizeof(one), &one) == 0, "sched_setaffinity");
	must(pipe(there) == 0 && pipe(back) == 0, "pipe");
	must(pthread_create(&thread, NULL, answer, NULL) == 0, "pthread_create");
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long cnt = strtoul(line, NULL, 10);
		uint64_t began_ns = now_ns();

		for (unsigned long i = 0; i < cnt; i++)
			trip(i);
		printf("%llu\n", (unsigned long long)(now_ns() - began_ns));
		fflush(stdout);
	}
	close(there[1]);
	pthread_join(thread, NULL);
	return 0;
}
