/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function as often as each line of its input says, and then repeats the line. */
#include <stdio.h>

static volatile long sink;

__attribute__((noinline, noclone)) int counted(int i);
__attribute__((noinline, noclone)) int counted(int i)
{
	sink += i;
	return i % 5 ? i : -1;
}

int main(void)
{
	int cnt;

	while (scanf("%d", &cnt) == 1) {
		for (int i = 0; i < cnt; i++)
			counted(i);
		printf("%d\n", cnt);
		fflush(stdout);
	}
	return 0;
}
