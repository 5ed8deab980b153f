/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a process and the host have used so far. Opened once, then read every second: no
 * allocation per reading, and few system calls. What they mean as rates: measure/usage_rates.h. */
#ifndef TICKSCOPE_TARGET_USAGE_H
#define TICKSCOPE_TARGET_USAGE_H

#include "base/fault.h"
#include "base/usage_counters.h"

struct usage;

/*
 * Begins to watch a process; two descriptors are kept for it. -ESRCH: there is none, or it has
 * ended; -EMFILE, -ENOMEM …; all with words.
 */
int usage_open(pid_t pid, struct usage **ret_usage, struct fault *why);
void usage_free(struct usage *usage);

/*
 * What the process has used so far. -ESRCH: it has ended (another one that got its pid is never
 * read instead); other -errno: /proc cannot be read. What needs privileges that are missing
 * (storage: CAP_SYS_PTRACE) is USAGE_UNKNOWN.
 */
int usage_read(struct usage *usage, struct usage_process *ret_process);

/* Now, as usage_host.at_ns and start_ns count (CLOCK_BOOTTIME). */
uint64_t usage_now_ns(void);

#endif
