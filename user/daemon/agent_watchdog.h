/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who watches the loop: systemd, where its unit asks for it (sd_notify(3)), else a thread of the
 * agent that ends it when the loop hangs, so that whoever started the agent starts it anew. Probes
 * go with the process; targets run on.
 */
#ifndef TICKSCOPE_DAEMON_AGENT_WATCHDOG_H
#define TICKSCOPE_DAEMON_AGENT_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "daemon/agent_log.h"
#include "daemon/agent_pulse.h"

struct agent_watchdog;

/* One datagram for systemd, "READY=1" …; nothing where the agent is no service of it. */
void agent_watchdog_tell(const char *text);
/* Whether systemd waits for "WATCHDOG=1"; *ret_period_ns: it wants one that often. */
bool agent_watchdog_is_systemd(uint64_t *ret_period_ns);

/* Aborts the process when the loop has not turned for limit_ns. Time in which all of the process
 * stood still does not count. The pulse and the log outlive it. -errno with the reason. */
int agent_watchdog_start(struct agent_pulse *pulse, const struct agent_log *log, uint64_t limit_ns,
			 struct agent_watchdog **ret_watchdog, struct fault *why);
void agent_watchdog_stop(struct agent_watchdog *watchdog);

#endif
