/* SPDX-License-Identifier: Apache-2.0 */
/* What probes cost their targets, and the end of those that cost too much. */
#ifndef TICKSCOPE_DAEMON_OVERHEAD_H
#define TICKSCOPE_DAEMON_OVERHEAD_H

#include "daemon/internal.h"

/* After operations_read: looks about once a second, and detaches what breaks a target's budget. */
void overhead_look(struct daemon *d, uint64_t now_mono_ns);

#endif
