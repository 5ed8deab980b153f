/* SPDX-License-Identifier: Apache-2.0 */
/* A shared library with a traced function, and one that chooses its implementation at load time. */
#include "target.h"

static volatile long sink;

TRACED __attribute__((visibility("default"))) int library_work(int i);
int library_work(int i)
{
	sink += i;
	return i + 1;
}

static int chosen_implementation(int i)
{
	return i + 2;
}

static int (*choose(void))(int)
{
	return chosen_implementation;
}

__attribute__((ifunc("choose"), visibility("default"))) int library_chosen(int i);
