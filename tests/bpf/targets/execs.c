/* SPDX-License-Identifier: Apache-2.0 */
/* Executes itself again in the middle: the new image is traced on. Also what other tests run as
 * "another program". */
#include <unistd.h>

#include "target.h"

static volatile long sink;

TRACED int execs_work(int i)
{
	sink += i;
	return i;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 100;
	int is_second = argc > 3;

	if (!is_second)
		target_ready();
	else
		target_wait(); /* until the tracer has attached again */
	for (long i = 0; i < n; i++)
		execs_work((int)i);
	if (!is_second) {
		execl("/proc/self/exe", argv[0], "again", argv[2], "second", NULL);
		return 3;
	}
	target_truth(2 * n, 0, 0);
	target_wait();
	return 0;
}
