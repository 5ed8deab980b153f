/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where threads spend their time, for spans that ask: on a CPU, waiting for one, blocked, … Threads
 * without an open span of that kind are passed over.
 */
#ifndef TICKSCOPE_PROBE_SCHED_H
#define TICKSCOPE_PROBE_SCHED_H

#include <stdint.h>

#include <tickscope/abi_sched.h>
#include "base/fault.h"

struct sched_probe;

/* Loads and attaches. -EPERM, -ENOTSUP with the reason. It outlives the probes that are opened with
 * it. */
int sched_open(struct sched_probe **ret_probe, struct fault *why);
void sched_free(struct sched_probe *probe);

/* "on_cpu", "runnable" …: the words of tickscope.summary/1. */
const char *sched_state_name(enum ts_task_state state);

/* Bit per state that this kernel does not let us tell: its time is in another one's, which the
 * text says. */
uint32_t sched_missing_states(const struct sched_probe *probe);
const char *sched_missing_reason(const struct sched_probe *probe);

#endif
