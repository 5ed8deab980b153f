/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and attaches the programs that follow threads on and off their CPUs. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/object.h"
#include "probe/sched.h"
#include "probe/share.h"
#include "sched.skel.h"

/*
 * Interrupts that have tracepoints of their own: those of devices and what they put off; the
 * vectors of the local APIC (arch/x86/include/asm/trace/irq_vectors.h), of which a kernel has those
 * that it is built for. Without the first three there is no telling.
 */
static const char *const interrupts[] = {
	"irq_handler",	       "softirq",      "local_timer",	       "reschedule",
	"call_function",       "irq_work",     "call_function_single", "x86_platform_ipi",
	"deferred_error_apic", "thermal_apic", "threshold_apic",
};
enum { INTERRUPT_CNT = sizeof(interrupts) / sizeof(interrupts[0]), INTERRUPT_NEEDED_CNT = 3 };

struct sched_probe {
	struct sched_bpf *skel;
	struct bpf_link **links;
	size_t link_cnt;
	size_t link_max;
	uint32_t missing; /* a bit for each enum ts_task_state */
	char reason[256];
};

static const char *const state_names[TS_STATE_CNT] = {
	[TS_STATE_ON_CPU] = "on_cpu",
	[TS_STATE_RUNNABLE] = "runnable",
	[TS_STATE_BLOCKED_SOCKET] = "blocked_socket",
	[TS_STATE_BLOCKED_FUTEX] = "blocked_futex",
	[TS_STATE_BLOCKED_DISK] = "blocked_disk",
	[TS_STATE_BLOCKED_SLEEP] = "blocked_sleep",
	[TS_STATE_BLOCKED_OTHER] = "blocked_other",
	[TS_STATE_INTERRUPTED] = "interrupted",
	[TS_STATE_PAGE_FAULT] = "page_fault",
};

const char *sched_state_name(enum ts_task_state state)
{
	return state < TS_STATE_CNT ? state_names[state] : "unknown";
}

uint32_t sched_missing_states(const struct sched_probe *probe)
{
	return probe->missing;
}

const char *sched_missing_reason(const struct sched_probe *probe)
{
	return probe->reason;
}

static int add_link(struct sched_probe *probe, struct bpf_link *link)
{
	if (!link)
		return errno ? -errno : -EINVAL;
	probe->links[probe->link_cnt++] = link;
	return 0;
}

static int attach_raw(struct sched_probe *probe, struct bpf_program *program, const char *name,
		      const char *suffix)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s", name, suffix);
	return add_link(probe, bpf_program__attach_raw_tracepoint(program, text));
}

/* A state whose time stays in on_cpu. */
static void miss(struct sched_probe *probe, enum ts_task_state state, const char *what, int err)
{
	size_t length = strlen(probe->reason);

	probe->missing |= 1U << state;
	snprintf(probe->reason + length, sizeof(probe->reason) - length,
		 "%s%s cannot be told, its time is in on_cpu: %s (%s)", length ? "; " : "",
		 sched_state_name(state), what, strerror(-err));
}

/* Exits first: an interrupt that was seen to begin is seen to end. */
static void attach_interrupts(struct sched_probe *probe)
{
	int first_err = 0;

	for (size_t i = 0; i < INTERRUPT_CNT; i++) {
		int err = attach_raw(probe, probe->skel->progs.sched_irq_exit, interrupts[i],
				     "_exit");

		if (!err)
			err = attach_raw(probe, probe->skel->progs.sched_irq_entry, interrupts[i],
					 "_entry");
		if (err && !first_err && i < INTERRUPT_NEEDED_CNT)
			first_err = err;
	}
	if (first_err)
		miss(probe, TS_STATE_INTERRUPTED, "no tracepoints of interrupts", first_err);
}

static int attach_fault_event(struct sched_probe *probe, uint64_t event, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = event,
		.sample_period = 1, /* every one */
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	struct bpf_link *link;

	if (fd < 0) /* a CPU that is there, but is not on */
		return errno == ENODEV ? 0 : -errno;
	link = bpf_program__attach_perf_event(probe->skel->progs.sched_fault_exit, fd);
	if (!link) {
		int err = errno ? -errno : -EINVAL;

		close(fd);
		return err;
	}
	return add_link(probe, link);
}

static int attach_faults(struct sched_probe *probe)
{
	int cpu_cnt = libbpf_num_possible_cpus();
	int err = 0;

	for (int cpu = 0; cpu < cpu_cnt && !err; cpu++) {
		err = attach_fault_event(probe, PERF_COUNT_SW_PAGE_FAULTS_MIN, cpu);
		if (!err)
			err = attach_fault_event(probe, PERF_COUNT_SW_PAGE_FAULTS_MAJ, cpu);
	}
	if (!err)
		err = attach_raw(probe, probe->skel->progs.sched_signal, "signal_deliver", "");
	if (!err)
		err = attach_raw(probe, probe->skel->progs.sched_fault_entry, "page_fault_user",
				 "");
	return err;
}

static int attach_switches(struct sched_probe *probe)
{
	int err = add_link(probe, bpf_program__attach(probe->skel->progs.sched_waking));

	return err ? err : add_link(probe, bpf_program__attach(probe->skel->progs.sched_switch));
}

static int explain(int err, struct fault *why)
{
	if (err == -EPERM)
		return fault_set(why, err,
				 "not allowed to follow threads on and off their CPUs: run as "
				 "root, or with CAP_BPF and CAP_PERFMON");
	if (err == -ENOMEM)
		return fault_set(why, err, "out of memory");
	return fault_set(why, -ENOTSUP,
			 "time cannot be broken down on this kernel (%s): it needs BTF and the "
			 "tracepoints of the scheduler",
			 strerror(-err));
}

int sched_open(struct sched_probe **ret_probe, struct fault *why)
{
	struct sched_probe *probe = calloc(1, sizeof(*probe));
	int cpu_cnt = libbpf_num_possible_cpus();
	int err = -ENOMEM;

	if (!probe)
		return explain(err, why);
	libbpf_set_print(NULL); /* failures are explained by struct fault */
	/* Two of interrupts, two of faults on each CPU, and five more. */
	probe->link_max = 2 * INTERRUPT_CNT + 2 * (size_t)(cpu_cnt > 0 ? cpu_cnt : 1) + 5;
	probe->links = calloc(probe->link_max, sizeof(struct bpf_link *));
	if (!probe->links)
		goto free_probe;
	probe->skel = sched_bpf__open_opts(object_options());
	if (!probe->skel || sched_bpf__load(probe->skel)) {
		err = errno ? -errno : -EINVAL;
		goto free_probe;
	}
	/* Interrupts and faults only look at what is watched, and before the switches nothing is.
	 */
	attach_interrupts(probe);
	err = attach_faults(probe);
	if (err)
		miss(probe, TS_STATE_PAGE_FAULT, "no events of page faults", err);
	err = attach_switches(probe);
	if (err)
		goto free_probe;
	*ret_probe = probe;
	return 0;
free_probe:
	sched_free(probe);
	return explain(err, why);
}

void sched_free(struct sched_probe *probe)
{
	if (!probe)
		return;
	for (; probe->link_cnt; probe->link_cnt--)
		bpf_link__destroy(probe->links[probe->link_cnt - 1]);
	sched_bpf__destroy(probe->skel);
	free(probe->links);
	free(probe);
}

const struct bpf_object *sched_object(const struct sched_probe *probe)
{
	return probe ? probe->skel->obj : NULL;
}
