/* SPDX-License-Identifier: Apache-2.0 */
/* How often a limit was broken in the last 24 hours, by minutes. */
#ifndef TICKSCOPE_JUDGE_VIOLATIONS_H
#define TICKSCOPE_JUDGE_VIOLATIONS_H

#include <stdint.h>

#define VIOLATIONS_MINUTES 1440
#define VIOLATIONS_DAY_NS  86400000000000ULL
#define VIOLATIONS_5M_NS   300000000000ULL

/* Zeroed: none. */
struct violations {
	uint64_t newest_minute;
	uint16_t cnt[VIOLATIONS_MINUTES];
};

void violations_add(struct violations *violations, uint64_t mono_ns);
/* Those of the last span, in whole minutes, the one of now among them. */
uint64_t violations_count(const struct violations *violations, uint64_t now_ns, uint64_t span_ns);

#endif
