/* SPDX-License-Identifier: Apache-2.0 */
/* The check of the whole (S2.8): its numbers are values of the host and of targets, so that rules
 * and contracts judge them as any other. */
#ifndef TICKSCOPE_JUDGE_SYSTEM_CHECK_H
#define TICKSCOPE_JUDGE_SYSTEM_CHECK_H

#include "judge/internal.h"

/* What requests, errors and latency are taken over. */
#define SYSTEM_CHECK_OVER_NS 60000000000ULL

/* Notes which targets are there, each second; each system_check_ns feeds host.system_uptime_ratio,
 * system_error_ratio, system_requests_per_s, system_latency_ns, system_alerts, system_violations,
 * and uptime_ratio of each target. */
void system_check_step(struct judge *judge, uint64_t mono_ns);
/* Of a day; NAN: not known yet. target NULL: of all targets together. */
double system_check_uptime(const struct judge *judge, const char *target, uint64_t mono_ns);
/* Of all operations that are not parts of others, over the last minute. */
struct rolling_totals system_check_totals(const struct judge *judge, uint64_t mono_ns);
/* Firing now. */
size_t system_check_alerts(const struct judge *judge);
uint64_t system_check_violations(const struct judge *judge, uint64_t mono_ns);

#endif
