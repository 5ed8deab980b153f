/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/probe: probes on functions of this very process, to try a level and to measure what
 * it costs. */
#ifndef TICKSCOPE_PROBE_CALIBRATE_H
#define TICKSCOPE_PROBE_CALIBRATE_H

#include <stdbool.h>

struct probe;

/* 0 where one call of a function of this process is counted exactly once; else -errno. */
int calibrate_try(struct probe *probe);

/* Whether the kernel takes such a probe. */
bool calibrate_attach(struct probe *probe);

#endif
