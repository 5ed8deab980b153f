/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that a process maps after it was taken: soon after its start, or by dlopen. */
#ifndef TICKSCOPE_DAEMON_LATE_H
#define TICKSCOPE_DAEMON_LATE_H

#include "daemon/internal.h"

/* wants_all: of the old ones, too, which are looked at less often. */
void late_look(struct daemon *d, bool wants_all);
/* For how long the loop may wait: until the next look at a young one; -1: there is none. */
int late_wait_ms(const struct daemon *d);

#endif
