/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are traced. */
#ifndef TICKSCOPE_DAEMON_PROCESSES_H
#define TICKSCOPE_DAEMON_PROCESSES_H

#include "daemon/internal.h"

/* True where the processes of a target are all that run a file: its probes are on the file, so that
 * later processes are measured from their first instruction on. */
bool processes_are_by_file(const struct daemon *d, size_t target_idx);
/* True where processes may come that are not there yet. */
bool processes_may_come(const struct daemon *d);
/* Of a daemon that is disabled: nothing but what later calls need. */
int processes_start(struct daemon *d, struct fault *why);
/* A process replaced its image: a traced one, or one that --exe waits for. */
void processes_exec(struct daemon *d, pid_t pid);
void processes_ended(struct daemon *d, pid_t pid);
/* Takes processes whose start was not told: a fork, a change of cgroup. */
void processes_look(struct daemon *d);
/* Detaches everything; the counters stay. */
void processes_stop(struct daemon *d);

/* opening.c: loads what the configuration and the processes that were opened need. */
int opening_load(struct daemon *d, const struct traced *opened, size_t cnt, struct fault *why);

#endif
