/* SPDX-License-Identifier: Apache-2.0 */
/* How long units of time are. Pure rooms have these, and no clock. */
#ifndef TICKSCOPE_BASE_TIME_UNITS_H
#define TICKSCOPE_BASE_TIME_UNITS_H

#include <stdint.h>

#define NS_PER_US     UINT64_C(1000)
#define NS_PER_MS     UINT64_C(1000000)
#define NS_PER_S      UINT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_HOUR   (60 * NS_PER_MINUTE)
#define NS_PER_DAY    (24 * NS_PER_HOUR)

#endif
