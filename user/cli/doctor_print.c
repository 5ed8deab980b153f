/* SPDX-License-Identifier: Apache-2.0 */
/* What `doctor` found, as text and as JSON. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "cli/doctor.h"

static const char *yes_or_no(bool value)
{
	return value ? "yes" : "no";
}

static void print_levels(const struct doctor *d, FILE *out)
{
	fputs("\nLevels, best first\n", out);
	for (int level = PROBE_LEVEL_SESSION; level < PROBE_LEVEL_END; level++) {
		const struct doctor_level *l = &d->levels[level];

		fprintf(out, "  %-8s %s%s\n", probe_level_name(level),
			l->is_available ? "works" : l->reason.text,
			(int)d->best == level ? ", used by default" : "");
	}
}

static void print_costs(const struct doctor *d, FILE *out)
{
	fputs("\nWhat a traced call costs here (inside: the part that is in the measured time)\n",
	      out);
	for (size_t i = 0; i < DOCTOR_COST_CNT; i++) {
		const struct doctor_cost *c = &d->costs[i];

		if (c->is_known)
			fprintf(out, "  %-16s %-18s %6llu ns, inside %6llu ns\n", c->entry, c->exit,
				(unsigned long long)c->cost.call_ns,
				(unsigned long long)c->cost.inner_ns);
	}
	fprintf(out, "  kernel memory for 200 functions: %zu KiB\n", d->map_bytes_200 >> 10);
}

static void print_process(const struct doctor *d, FILE *out)
{
	const struct process_facts *f = &d->facts;

	fprintf(out, "\nProcess %d (%s)\n", d->pid, d->process_name);
	if (d->process_fault.text[0]) {
		fprintf(out, "  %s\n", d->process_fault.text);
		return;
	}
	fprintf(out, "  functions with a name   %zu, in %zu mapped files\n", f->function_cnt,
		f->file_cnt);
	fprintf(out, "  can unwind              %s\n", yes_or_no(f->has_unwinder));
	fprintf(out, "  can switch stacks       %s\n", yes_or_no(f->has_stack_switching));
	fprintf(out, "  shadow stack            %s\n", yes_or_no(f->has_shadow_stack));
	fprintf(out, "  seccomp filter          %s\n", yes_or_no(f->has_seccomp));
	fprintf(out, "  code made at run time   %s\n", yes_or_no(f->has_jit_code));
	fprintf(out, "  other mount namespace   %s\n", yes_or_no(f->is_other_mount_namespace));
	fprintf(out, "  pid in its namespace    %d\n", f->inner_pid);
	fprintf(out, "  replaced on disk        %s\n", yes_or_no(f->is_executable_replaced));
	fprintf(out, "  network outside kernel  %s\n", yes_or_no(f->has_kernel_bypass));
}

static void print_hooks(const struct doctor *d, FILE *out)
{
	fputs("\nConnections: ways to see sends and receives, best first\n", out);
	for (int hooks = SOCK_HOOKS_FENTRY; hooks < SOCK_HOOKS_END; hooks++) {
		const struct doctor_level *h = &d->hooks[hooks];

		fprintf(out, "  %-22s %-3s  %s\n", sock_hooks_name(hooks),
			yes_or_no(h->is_available), h->is_available ? "" : h->reason.text);
	}
}

static void print_states(const struct doctor *d, FILE *out)
{
	fputs("\nWhere time went: what a thread's time is told apart by\n", out);
	for (int state = 0; state < TS_STATE_CNT; state++)
		fprintf(out, "  %-22s %s\n", sched_state_name(state),
			yes_or_no(!(d->missing_states >> state & 1)));
	if (d->breakdown.reason.text[0])
		fprintf(out, "  %s\n", d->breakdown.reason.text);
}

void doctor_print(const struct doctor *d, FILE *out)
{
	fprintf(out, "Kernel %s (%s), BTF %s, clock source %s, lockdown %s\n", d->kernel,
		d->machine, yes_or_no(d->has_btf), d->clocksource, d->lockdown);
	print_levels(d, out);
	if (d->best != PROBE_LEVEL_END)
		print_costs(d, out);
	print_hooks(d, out);
	print_states(d, out);
	fputs("\nPrivileges\n", out);
	for (size_t i = 0; i < DOCTOR_CAPABILITY_CNT; i++)
		fprintf(out, "  %-22s %-3s  %s\n", d->capabilities[i].name,
			yes_or_no(d->capabilities[i].is_held), d->capabilities[i].purpose);
	doctor_needs_print(d, out);
	if (d->pid)
		print_process(d, out);
	if (d->advice_cnt)
		fputs("\nWorth knowing\n", out);
	for (size_t i = 0; i < d->advice_cnt; i++)
		fprintf(out, "  - %s\n", d->advice[i]);
}

static json_t *hooks_json(const struct doctor *d)
{
	json_t *all = json_array();

	for (int hooks = SOCK_HOOKS_FENTRY; hooks < SOCK_HOOKS_END; hooks++) {
		const struct doctor_level *h = &d->hooks[hooks];

		json_array_append_new(all,
				      json_pack("{s:s, s:b, s:s*}", "name", sock_hooks_name(hooks),
						"available", h->is_available, "reason",
						h->is_available ? NULL : h->reason.text));
	}
	return all;
}

static json_t *states_json(const struct doctor *d)
{
	json_t *all = json_array();

	for (int state = 0; state < TS_STATE_CNT; state++)
		json_array_append_new(all,
				      json_pack("{s:s, s:b}", "name", sched_state_name(state),
						"available", !(d->missing_states >> state & 1)));
	return all;
}

static json_t *levels_json(const struct doctor *d)
{
	json_t *levels = json_array();

	for (int level = PROBE_LEVEL_SESSION; level < PROBE_LEVEL_END; level++) {
		const struct doctor_level *l = &d->levels[level];

		json_array_append_new(levels,
				      json_pack("{s:s, s:b, s:s*}", "name", probe_level_name(level),
						"available", l->is_available, "reason",
						l->is_available ? NULL : l->reason.text));
	}
	return levels;
}

static json_t *costs_json(const struct doctor *d)
{
	json_t *costs = json_array();

	for (size_t i = 0; i < DOCTOR_COST_CNT; i++) {
		const struct doctor_cost *c = &d->costs[i];

		if (c->is_known)
			json_array_append_new(
				costs,
				json_pack("{s:s, s:s, s:I, s:I}", "entry", c->entry, "exit",
					  c->exit, "probe_cost_ns", (json_int_t)c->cost.call_ns,
					  "probe_inner_ns", (json_int_t)c->cost.inner_ns));
	}
	return costs;
}

static json_t *capabilities_json(const struct doctor *d)
{
	json_t *capabilities = json_object();

	for (size_t i = 0; i < DOCTOR_CAPABILITY_CNT; i++)
		json_object_set_new(capabilities, d->capabilities[i].name,
				    json_boolean(d->capabilities[i].is_held));
	return capabilities;
}

static json_t *process_json(const struct doctor *d)
{
	const struct process_facts *f = &d->facts;

	if (!d->pid)
		return json_null();
	if (d->process_fault.text[0])
		return json_pack("{s:i, s:s}", "pid", d->pid, "error", d->process_fault.text);
	return json_pack(
		"{s:i, s:s, s:I, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:i, s:b, s:b}", "pid",
		d->pid, "name", d->process_name, "functions", (json_int_t)f->function_cnt, "files",
		(json_int_t)f->file_cnt, "x86_64", f->is_x86_64, "unwinder", f->has_unwinder,
		"stack_switching", f->has_stack_switching, "shadow_stack", f->has_shadow_stack,
		"seccomp", f->has_seccomp, "jit_code", f->has_jit_code, "other_mount_namespace",
		f->is_other_mount_namespace, "inner_pid", f->inner_pid, "executable_replaced",
		f->is_executable_replaced, "kernel_bypass", f->has_kernel_bypass);
}

int doctor_print_json(const struct doctor *d, FILE *out)
{
	json_t *advice = json_array();
	json_t *root;
	int err;

	for (size_t i = 0; i < d->advice_cnt; i++)
		json_array_append_new(advice, json_string(d->advice[i]));
	root = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:o, s:o, s:o, s:s?, s:o, s:I, s:o, s:o, "
			 "s:o, s:o, s:o}",
			 "schema", "tickscope.doctor/1", "kernel", d->kernel, "machine", d->machine,
			 "btf", d->has_btf, "clocksource", d->clocksource, "lockdown", d->lockdown,
			 "levels", levels_json(d), "hooks", hooks_json(d), "states", states_json(d),
			 "level", d->best == PROBE_LEVEL_END ? NULL : probe_level_name(d->best),
			 "costs", costs_json(d), "map_bytes_200_functions",
			 (json_int_t)d->map_bytes_200, "capabilities", capabilities_json(d),
			 "needs", doctor_needs_json(d), "settings", doctor_needs_settings_json(d),
			 "process", process_json(d), "advice", advice);
	if (!root)
		return -ENOMEM;
	err = json_dumpf(root, out, JSON_COMPACT) || fputc('\n', out) == EOF ? -EIO : 0;
	json_decref(root);
	return err;
}
