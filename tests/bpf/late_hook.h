/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the end of sends late, as an interrupt would, for whatever hooks come after this one. */
#ifndef TICKSCOPE_TESTS_LATE_HOOK_H
#define TICKSCOPE_TESTS_LATE_HOOK_H

#include <sys/types.h>

/* Each send of this process takes up to 50 us longer, before those who attach later see its end. A
 * descriptor, whose close ends it; negative where this kernel has no such tracepoint. */
int late_hook_open(pid_t pid);

#endif
