/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for the jitter between attempts, and for nothing that has to be hard to guess. */
#ifndef TICKSCOPE_BASE_RANDOM_H
#define TICKSCOPE_BASE_RANDOM_H

#include <stdint.h>

/* The next one; *state starts as any seed. splitmix64 (Steele, Lea, Flood 2014). */
uint64_t random_next(uint64_t *state);

#endif
