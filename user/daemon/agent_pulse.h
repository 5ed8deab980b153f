/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the loop turns, and whether all is attached, for threads that ask while it may hang: what
 * they need is left here, and nothing of it waits for the loop.
 */
#ifndef TICKSCOPE_DAEMON_AGENT_PULSE_H
#define TICKSCOPE_DAEMON_AGENT_PULSE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_PULSE_REASON_BYTES 512 /* a line; longer reasons are cut, `status` has them whole */

/* What a start, a reload or the end may take: names of large programs, disks, channels. */
#define AGENT_PULSE_BUSY_NS 300000000000ULL

struct agent_pulse {
	_Atomic uint64_t turned_mono_ns; /* ahead of the clock: the loop is excused until then */
	_Atomic uint64_t limit_ns;	 /* a turn may take so long */
	pthread_mutex_t lock;		 /* of what follows; held for as long as copying takes */
	bool is_ready;
	char reason[AGENT_PULSE_REASON_BYTES]; /* why not */
};

/* Excused from the start; not ready, since it starts. */
void agent_pulse_init(struct agent_pulse *pulse);
void agent_pulse_fini(struct agent_pulse *pulse);

/* The loop's. */
void agent_pulse_turn(struct agent_pulse *pulse);
/* Something begins that may take up to AGENT_PULSE_BUSY_NS, until the next turn. */
void agent_pulse_excuse(struct agent_pulse *pulse);
void agent_pulse_limit(struct agent_pulse *pulse, uint64_t limit_ns);
/* reason: "" where it is ready. */
void agent_pulse_set_reason(struct agent_pulse *pulse, const char *reason);

/* Any thread's. How long ago the loop turned; 0 where it is excused. */
uint64_t agent_pulse_age_ns(struct agent_pulse *pulse);
/* The line for whoever asks; true: all is well. Of the loop alone, or whether all is attached. */
bool agent_pulse_is_alive(struct agent_pulse *pulse, char *text, size_t text_bytes);
bool agent_pulse_is_ready(struct agent_pulse *pulse, char *text, size_t text_bytes);

#endif
