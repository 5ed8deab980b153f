/* SPDX-License-Identifier: Apache-2.0 */
/* What the loop waits for, beside processes. */
#ifndef TICKSCOPE_DAEMON_SOURCES_H
#define TICKSCOPE_DAEMON_SOURCES_H

#include <signal.h>
#include <stdint.h>

#include "daemon/internal.h"

/* Everything the loop waits for, closed together. */
struct sources {
	int signal_fd;
	int tick_fd;
	int end_fd;
	int stream_fd; /* a clock: when to look for records */
	uint64_t interval_tick_cnt;
	uint64_t tick;
	sigset_t old_mask;
};

/* Signals are taken from here on: one that comes while probes are being attached ends the trace in
 * the loop. has_switch: SIGUSR2, too. 0 or -errno; sources_stop is due in any case. */
int sources_init(struct sources *s, bool has_switch);
int sources_start(struct daemon *d, struct sources *s);
/* Adds the descriptors of a configuration's probes. */
int sources_watch_kernel(struct daemon *d, struct sources *s);
void sources_stop(struct sources *s);

#endif
