/* SPDX-License-Identifier: Apache-2.0 */
/* Holds up what processes do at one place in the kernel, so that others come first. */
#ifndef TICKSCOPE_TESTS_LATE_HOOK_H
#define TICKSCOPE_TESTS_LATE_HOOK_H

#include <sys/types.h>

/*
 * What follows a send's end in its own system call: some 20 µs for this process, a different time
 * each time. A descriptor, or less than 0 where the kernel has no such tracepoint.
 */
int late_hook_open(pid_t pid);
/*
 * Likewise what tells a socket that bytes have come, which the sender does when they can be read
 * already. Fails the test where this cannot be done: every kernel has a place for it.
 */
int late_arrival_open(pid_t pid);

#endif
