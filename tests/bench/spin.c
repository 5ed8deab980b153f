/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of known duration: their own clock is the truth for a tracer's percentiles. */
#include "work.h"

#define SPIN(name)                                        \
	uint64_t name(uint64_t duration_ns)               \
	{                                                 \
		uint64_t start_ns = mono_ns(), passed_ns; \
                                                          \
		do {                                      \
			passed_ns = mono_ns() - start_ns; \
		} while (passed_ns < duration_ns);        \
		return passed_ns;                         \
	}

/* One name for each distribution, so that a tracer keeps them apart. */
SPIN(spin_constant)
SPIN(spin_uniform)
SPIN(spin_skewed)
SPIN(spin_bimodal)
