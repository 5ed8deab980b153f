/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/probe: programs that tell the slowest share their maps. */
#ifndef TICKSCOPE_PROBE_SLOWEST_BIND_H
#define TICKSCOPE_PROBE_SLOWEST_BIND_H

#include <bpf/libbpf.h>

#include "probe/slowest.h"

/* Between open and load of programs that include bpf/slowest.h, with their maps of these names:
 * what goes into their slowest_cnt, or -errno. probe NULL: 0, and the maps are not made. */
int slowest_bind(const struct slowest_probe *probe, struct bpf_map *slow_slots,
		 struct bpf_map *slow_events);

#endif
