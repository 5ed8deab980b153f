/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/probe: who tells the slowest. */
#ifndef TICKSCOPE_PROBE_SLOWEST_BIND_H
#define TICKSCOPE_PROBE_SLOWEST_BIND_H

#include <bpf/libbpf.h>

#include "probe/slowest.h"

struct chain_probe;

/* Between open and load of programs that include bpf/slowest.h: gives them their maps; what goes
 * into their slowest_cnt, or -errno. probe NULL: 0, and the maps are not made. */
int slowest_bind(const struct slowest_probe *probe, struct bpf_object *object);

/* For what user space has seen complete. */
void slowest_tell(const struct slowest_probe *probe, const struct ts_slow_event *event);

/* Of chains that were opened with it; NULL of NULL. */
const struct slowest_probe *chain_slowest(const struct chain_probe *probe);

#endif
