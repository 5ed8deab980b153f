/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function as often as each line of its input says, and then repeats the line. */
#include <stdio.h>
#include <stdlib.h>

static volatile long sink;

__attribute__((noinline, noclone)) int counted(int i);
__attribute__((noinline, noclone)) int counted(int i)
{
	sink += i;
	return i % 5 ? i : -1;
}

int main(void)
{
	char line[32], *end;

	while (fgets(line, sizeof(line), stdin)) {
		long cnt = strtol(line, &end, 10);

		if (end == line || *end != '\n' || cnt < 0 || cnt > 1000000)
			return 2;
		for (int i = 0; i < (int)cnt; i++)
			counted(i);
		fputs(line, stdout);
		fflush(stdout);
	}
	return 0;
}
