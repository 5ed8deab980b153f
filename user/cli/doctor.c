/* SPDX-License-Identifier: Apache-2.0 */
/* Examines the kernel, the privileges and a process by trying what a trace would do. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/capability.h"
#include "cli/doctor.h"

static void advise(struct doctor *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void advise(struct doctor *d, const char *format, ...)
{
	va_list args;

	if (d->advice_cnt == DOCTOR_ADVICE_MAX)
		return;
	va_start(args, format);
	vsnprintf(d->advice[d->advice_cnt++], sizeof(d->advice[0]), format, args);
	va_end(args);
}

/* The first line of a small file of /proc or /sys; "unknown" where there is none. */
static void read_line(const char *path, char *text, size_t text_bytes)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(text, (int)text_bytes, file))
		snprintf(text, text_bytes, "unknown");
	text[strcspn(text, "\n")] = '\0';
	if (file)
		fclose(file);
}

static void examine_kernel(struct doctor *d)
{
	struct utsname name;
	struct stat st;
	char clocksource[64];

	if (uname(&name) == 0) {
		snprintf(d->kernel, sizeof(d->kernel), "%s", name.release);
		snprintf(d->machine, sizeof(d->machine), "%.60s", name.machine);
	}
	d->has_btf = stat("/sys/kernel/btf/vmlinux", &st) == 0;
	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", clocksource,
		  sizeof(clocksource));
	snprintf(d->clocksource, sizeof(d->clocksource), "%s", clocksource);
	read_line("/sys/kernel/security/lockdown", d->lockdown, sizeof(d->lockdown));
	if (!d->has_btf)
		advise(d, "the kernel has no BTF (/sys/kernel/btf/vmlinux): boot one with "
			  "CONFIG_DEBUG_INFO_BTF=y");
	if (strcmp(clocksource, "tsc") != 0 && strcmp(clocksource, "kvm-clock") != 0)
		advise(d,
		       "the clock source is \"%s\": reading the time may cost a microsecond; tsc "
		       "is better",
		       clocksource);
}

static void examine_capabilities(struct doctor *d)
{
	uint32_t held = capability_usable();

	for (int c = 0; c < DOCTOR_CAPABILITY_CNT; c++) {
		d->capabilities[c].name = capability_name(c);
		d->capabilities[c].purpose = capability_purpose(c);
		d->capabilities[c].is_held = held & CAPABILITY_BIT(c);
	}
}

static void examine_cost(struct doctor_cost *c, struct probe *probe, enum site_cost entry,
			 enum exit_mode exit_mode)
{
	static const char *const entries[] = {
		[SITE_COST_NOP5] = "5-byte nop",
		[SITE_COST_EMULATED] = "push, nop, jump",
		[SITE_COST_STEPPED] = "any other",
	};
	struct exit_site exit_site = {.cost = SITE_COST_STEPPED};
	struct function_plan copy = {
		.entry_cost = entry, .exit_mode = exit_mode, .exits = &exit_site, .exit_cnt = 1};
	struct operation_plan plan = {.copies = &copy, .copy_cnt = 1};
	struct probe_request request = {.plan = &plan, .is_alone = true};
	struct fault ignored;

	c->entry = entries[entry];
	c->exit = exit_mode == EXIT_HIJACK ? "hijacked return" : "exit instructions";
	c->is_known = probe_calibrate(probe, &request, 1, &c->cost, &ignored) == 0;
}

static void examine_costs(struct doctor *d, struct probe *probe)
{
	size_t i = 0;

	for (int entry = SITE_COST_NOP5; entry <= SITE_COST_STEPPED; entry++) {
		examine_cost(&d->costs[i++], probe, entry, EXIT_HIJACK);
		examine_cost(&d->costs[i++], probe, entry, EXIT_SITES);
	}
}

static void examine_levels(struct doctor *d)
{
	d->best = PROBE_LEVEL_END;
	for (int level = PROBE_LEVEL_SESSION; level < PROBE_LEVEL_END; level++) {
		struct probe_options options = {.level = level, .series_cnt = 200};
		struct probe *probe;

		if (probe_open(&options, &probe, &d->levels[level].reason))
			continue;
		d->levels[level].is_available = true;
		if (d->best == PROBE_LEVEL_END) {
			d->best = level;
			d->map_bytes_200 = probe_map_bytes(probe);
			examine_costs(d, probe);
		}
		probe_free(probe);
	}
	if (d->best == PROBE_LEVEL_END)
		advise(d, "%s", d->levels[PROBE_LEVEL_PERF].reason.text);
	else if (d->best == PROBE_LEVEL_MULTI)
		advise(d, "a kernel from 6.13 on traces proven functions with one trap less");
	else if (d->best == PROBE_LEVEL_PERF)
		advise(d, "a kernel from 6.10 on attaches many functions at once and each call "
			  "costs less");
}

/* Ways to see what sockets send and receive. */
static void examine_hooks(struct doctor *d)
{
	bool has_any = false;

	for (int hooks = SOCK_HOOKS_FENTRY; hooks < SOCK_HOOKS_END; hooks++) {
		const struct sock_options options = {.hooks = hooks};
		struct sock_probe *probe;

		if (sock_open(&options, &probe, &d->hooks[hooks].reason))
			continue;
		d->hooks[hooks].is_available = true;
		has_any = true;
		sock_free(probe);
	}
	if (!has_any)
		advise(d, "connections cannot be measured: %s",
		       d->hooks[SOCK_HOOKS_RAW_TP].reason.text);
}

/* States of threads that can be told apart. */
static void examine_states(struct doctor *d)
{
	struct sched_probe *probe;

	d->missing_states = UINT32_MAX;
	if (sched_open(&probe, &d->breakdown.reason))
		return;
	d->breakdown.is_available = true;
	d->missing_states = sched_missing_states(probe);
	snprintf(d->breakdown.reason.text, sizeof(d->breakdown.reason.text), "%s",
		 sched_missing_reason(probe));
	sched_free(probe);
}

static void advise_process(struct doctor *d)
{
	const struct process_facts *f = &d->facts;

	if (!f->is_x86_64)
		advise(d, "process %d is not a 64-bit x86 program: its functions cannot be traced",
		       d->pid);
	if (!f->function_cnt)
		advise(d,
		       "the executable of process %d has no names of functions: trace its "
		       "libraries (LIB:FUNC), or run an "
		       "executable that is not stripped",
		       d->pid);
	if (f->has_jit_code)
		advise(d,
		       "process %d runs code made at run time (JIT): that code has no file and "
		       "cannot be probed",
		       d->pid);
	if (f->has_kernel_bypass)
		advise(d,
		       "process %d uses a network stack outside the kernel: its traffic cannot be "
		       "seen",
		       d->pid);
	if (f->has_unwinder || f->has_stack_switching)
		advise(d,
		       "process %d can unwind or switch stacks: returns are seen by probes on exit "
		       "instructions, except in "
		       "functions proven to call nothing that can",
		       d->pid);
	if (f->has_shadow_stack)
		advise(d,
		       "process %d has a shadow stack: returns are only seen by probes on exit "
		       "instructions",
		       d->pid);
	if (f->is_executable_replaced)
		advise(d,
		       "the executable of process %d was replaced on disk: the running one is "
		       "traced, not the new one",
		       d->pid);
}

static void examine_process(struct doctor *d)
{
	struct process *process;

	if (process_open(d->pid, NULL, &process, &d->process_fault)) {
		advise(d, "%s", d->process_fault.text);
		return;
	}
	snprintf(d->process_name, sizeof(d->process_name), "%s", process_name(process));
	if (process_inspect(process, &d->facts, &d->process_fault) == 0)
		advise_process(d);
	process_free(process);
}

void doctor_examine(struct doctor *doctor, pid_t pid)
{
	memset(doctor, 0, sizeof(*doctor));
	doctor->pid = pid;
	examine_kernel(doctor);
	examine_capabilities(doctor);
	examine_levels(doctor);
	examine_hooks(doctor);
	examine_states(doctor);
	doctor_needs_examine(doctor);
	if (pid)
		examine_process(doctor);
}

bool doctor_is_well(const struct doctor *doctor)
{
	return doctor->best != PROBE_LEVEL_END && !(doctor->pid && doctor->process_fault.text[0]);
}
