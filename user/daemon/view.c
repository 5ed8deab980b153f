/* SPDX-License-Identifier: Apache-2.0 */
/* What the loop shows of itself. */
#include <stdio.h>

#include "daemon/internal.h"

/* The first thing that somebody should know about a target. */
static const char *problem_of(const struct target *target)
{
	const char *problem = target->fault.text;

	for (size_t i = 0; !problem[0] && i < target->config->function_cnt; i++)
		problem = target->faults[i].text;
	return problem;
}

void view_fill(struct daemon *d, struct daemon_view *view)
{
	for (size_t i = 0; i < d->traced_cnt; i++) {
		struct daemon_process *p = &d->processes[i];

		p->pid = d->traced[i].pid;
		p->target_idx = d->traced[i].target_idx;
		p->since_wall_ns = d->traced[i].since_wall_ns;
		snprintf(p->name, sizeof(p->name), "%s", process_name(d->traced[i].process));
	}
	for (size_t i = 0; i < d->config->target_cnt; i++)
		d->target_states[i] = (struct daemon_target_state){
			.live_cnt = d->targets[i].live_cnt,
			.refused_cnt = d->targets[i].refused_cnt,
			.overhead_ratio = d->targets[i].overhead_ratio,
			.problem = problem_of(&d->targets[i]),
		};
	*view = (struct daemon_view){
		.operations = d->operations,
		.operation_cnt = d->operation_cnt,
		.processes = d->processes,
		.targets = d->target_states,
		.start_wall_ns = d->start_wall_ns,
		.start_mono_ns = d->start_mono_ns,
		.has_slowest = d->slowest,
		.slowest_dropped = d->slowest ? slowest_dropped(d->slowest) : 0,
		.interval_start_wall_ns =
			d->start_wall_ns + (d->interval_mono_ns - d->start_mono_ns),
		.now_wall_ns = d->start_wall_ns + (d->read_mono_ns - d->start_mono_ns),
		.level = d->probe ? probe_level(d->probe) : PROBE_LEVEL_AUTO,
		.hooks = d->sock ? sock_hooks(d->sock) : SOCK_HOOKS_AUTO,
		.site_cnt = d->site_cnt,
		.process_cnt = d->traced_cnt,
		.attach_ns = d->attach_ns,
		.kernel_lost_cnt = losses_cnt(d),
		.is_interrupted = d->is_interrupted,
		.is_disabled = d->is_disabled,
	};
}
