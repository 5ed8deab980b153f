/* SPDX-License-Identifier: Apache-2.0 */
/* The slowest of each operation, with the names of the code that called them. */
#ifndef TICKSCOPE_DAEMON_SLOW_CALLS_H
#define TICKSCOPE_DAEMON_SLOW_CALLS_H

#include "daemon/internal.h"

/* Before probes are opened: sets d->slowest, where the configuration wants any. */
int slow_calls_start(struct daemon *d, struct fault *why);
/* After the probes. */
void slow_calls_stop(struct daemon *d);

/* Number plus one of a function's slots; 0: there are none. */
uint32_t slow_calls_slots_of_function(struct daemon *d, uint32_t series);
/* Likewise of a chain's. */
uint32_t slow_calls_slots_of_chain(const struct daemon *d, uint32_t chain);

/* A process whose code will be in stacks: what it has mapped is known even if it ends soon. */
void slow_calls_add_process(struct daemon *d, pid_t pid);
/* It has ended, or executes another program: takes what it has told so far. */
void slow_calls_leave(struct daemon *d, pid_t pid);

/* Reads what was told. */
void slow_calls_read(struct daemon *d);

#endif
