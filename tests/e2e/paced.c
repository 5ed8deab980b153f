/* SPDX-License-Identifier: Apache-2.0 */
/* Calls one function as often, or another for as long, as each line of its input says, and answers
 * with the number of calls and the sum of what they returned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile long sink;

__attribute__((noinline, noclone)) int hot(int i);
__attribute__((noinline, noclone)) int hot(int i)
{
	sink += i;
	return i % 7;
}

__attribute__((noinline, noclone)) int cold(int i);
__attribute__((noinline, noclone)) int cold(int i)
{
	sink -= i;
	return i % 5;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(void)
{
	char line[64], *end;

	while (fgets(line, sizeof(line), stdin)) {
		char *number = strchr(line, ' ');
		long limit, sum = 0, end_ms;
		int cnt = 0;

		if (!number)
			return 2;
		limit = strtol(number, &end, 10);
		if (end == number || *end != '\n' || limit < 0 || limit > 1000000)
			return 2;
		end_ms = now_ms() + limit;
		if (line[0] == 'h') {
			while (now_ms() < end_ms)
				sum += hot(cnt++);
		} else {
			while (cnt < limit)
				sum += cold(cnt++);
		}
		printf("%d %ld\n", cnt, sum);
		fflush(stdout);
	}
	return 0;
}
