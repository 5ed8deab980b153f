/* SPDX-License-Identifier: Apache-2.0 */
/* One short function, compiled once for each kind of function entry, under the name WORK_NAME. */
#include "work.h"

uint64_t WORK_NAME(uint64_t x)
{
	/* Makes it save a register first, as functions do that are longer than a test wants. */
	__asm__ volatile("" : : : "rbx");
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdU;
	return x ^ x >> 29;
}
