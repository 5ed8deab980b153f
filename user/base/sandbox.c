/* SPDX-License-Identifier: Apache-2.0 */
/* What is given up, in which order, and what each argument of a system call may be. */
#include "base/sandbox.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/capability.h"
#include "base/sandbox_calls.h"

/* Made by the kernel's own trampolines in probed code (6.11, 6.18), which calibration runs here:
 * before 6.14 a list of calls held for them, too. */
#define CALL_URETPROBE 335
#define CALL_UPROBE    336

#define CLONE_NAMESPACES                                                               \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static const unsigned int controls[] = {
	FIONBIO,
	FIONREAD,
	FIOCLEX,
	FIONCLEX,
	TCGETS,
	TIOCGWINSZ,
	PERF_EVENT_IOC_SET_BPF,
	PERF_EVENT_IOC_ENABLE,
	PERF_EVENT_IOC_DISABLE,
};

/* Reading and writing maps, attaching what is loaded. */
static const int bpf_uses[] = {
	BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_UPDATE_ELEM,
	BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY,
	BPF_MAP_LOOKUP_AND_DELETE_ELEM,
	BPF_MAP_LOOKUP_BATCH,
	BPF_MAP_LOOKUP_AND_DELETE_BATCH,
	BPF_MAP_UPDATE_BATCH,
	BPF_MAP_DELETE_BATCH,
	BPF_OBJ_GET_INFO_BY_FD,
	BPF_PROG_TEST_RUN,
	BPF_RAW_TRACEPOINT_OPEN,
	BPF_LINK_CREATE,
	BPF_LINK_UPDATE,
	BPF_LINK_DETACH,
	BPF_ITER_CREATE,
};

/* Loading; and modules' types, which libbpf looks through. */
static const int bpf_loads[] = {
	BPF_MAP_CREATE,	   BPF_PROG_LOAD,	BPF_BTF_LOAD,	      BPF_MAP_FREEZE,
	BPF_PROG_BIND_MAP, BPF_BTF_GET_NEXT_ID, BPF_BTF_GET_FD_BY_ID,
};

static const char *const mode_names[] = {"off", "on", "strict"};

const char *sandbox_mode_name(enum sandbox_mode mode)
{
	return mode_names[mode];
}

/* The library's macros leave fields out, of which a compiler warns. */
static struct scmp_arg_cmp argument_is(unsigned int number, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){.arg = number, .op = SCMP_CMP_EQ, .datum_a = value};
}

static int allow_names(scmp_filter_ctx filter, const char *const *names)
{
	int err = 0;

	for (size_t i = 0; names[i] && !err; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return err;
}

static int allow_bpf(scmp_filter_ctx filter, const int *commands, size_t cnt)
{
	int err = 0;

	for (size_t i = 0; i < cnt && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
				       argument_is(0, (scmp_datum_t)commands[i]));
	return err;
}

/* Threads; processes, too, where there are commands. Never a namespace, in which a process would
 * have capabilities again. clone3 hides its flags: the C library then takes clone. */
static int allow_clone(scmp_filter_ctx filter, bool may_execute)
{
	scmp_datum_t must = may_execute ? 0 : CLONE_THREAD;
	struct scmp_arg_cmp flags = {.arg = 0,
				     .op = SCMP_CMP_MASKED_EQ,
				     .datum_a = CLONE_NAMESPACES | must,
				     .datum_b = must};
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, flags);

	if (err)
		return err;
	err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* What happens to all other calls anyway: no rule is needed. */
	return err == -EACCES ? 0 : err;
}

static int allow_arguments(scmp_filter_ctx filter, bool may_execute)
{
	int err = allow_clone(filter, may_execute);

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       argument_is(0, (scmp_datum_t)families[i]));
	if (may_execute)
		return err ? err : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 0);
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       argument_is(1, controls[i]));
	return err;
}

static int allow_measuring(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(perf_event_open), 0);

	if (!err)
		err = allow_bpf(filter, bpf_uses, sizeof(bpf_uses) / sizeof(bpf_uses[0]));
	if (!err)
		err = allow_bpf(filter, bpf_loads, sizeof(bpf_loads) / sizeof(bpf_loads[0]));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL_URETPROBE, 0);
	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL_UPROBE, 0);
}

static uint32_t refusal(const struct sandbox *s, int err)
{
	return s->options.kills ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO((uint16_t)err);
}

/* Of all threads, at once. 1: this kernel has no such lists. */
static int apply(scmp_filter_ctx filter, uint32_t otherwise)
{
	int err;

	/* Calls of other architectures (32 bits) are not on any list. */
	seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, otherwise);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a row of tests */
	err = seccomp_load(filter);
	return err == -EINVAL || err == -ENOSYS ? 1 : err;
}

static int list_calls(struct sandbox *s)
{
	uint32_t otherwise = refusal(s, ENOSYS);
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int err;

	if (!filter)
		return -ENOMEM;
	err = allow_names(filter, sandbox_calls_own);
	if (!err && s->options.may_execute)
		err = allow_names(filter, sandbox_calls_commands);
	if (!err)
		err = allow_arguments(filter, s->options.may_execute);
	if (!err)
		err = allow_measuring(filter);
	if (!err)
		err = apply(filter, otherwise);
	seccomp_release(filter);
	s->has_filter = !err;
	return err > 0 ? 0 : err;
}

/* A second list, of what only loading needs. */
static int bar_loading(const struct sandbox *s, bool keeps_perf_events)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int err = 0;

	if (!filter)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(bpf_loads) / sizeof(bpf_loads[0]) && !err; i++)
		err = seccomp_rule_add(filter, refusal(s, EPERM), SCMP_SYS(bpf), 1,
				       argument_is(0, (scmp_datum_t)bpf_loads[i]));
	if (!err && !keeps_perf_events)
		err = seccomp_rule_add(filter, refusal(s, EPERM), SCMP_SYS(perf_event_open), 0);
	if (!err)
		err = apply(filter, SCMP_ACT_ALLOW);
	seccomp_release(filter);
	return err;
}

int sandbox_enter(struct sandbox *s, const struct sandbox_options *options, struct fault *why)
{
	int err;

	*s = (struct sandbox){.options = *options};
	if (options->mode == SANDBOX_OFF)
		return 0;
	/* What root executes gets nothing by being root. Whoever may not set this is not root. */
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fault_set(why, -errno, "cannot set no_new_privs: %s", strerror(errno));
	err = capability_keep(CAPABILITY_ALL, CAPABILITY_ALL);
	if (err)
		return fault_set(why, err, "cannot give up capabilities: %s", strerror(-err));
	err = list_calls(s);
	return err ? fault_set(why, err, "cannot restrict system calls: %s", strerror(-err)) : 0;
}

int sandbox_narrow(struct sandbox *s, uint32_t keeps, struct fault *why)
{
	bool is_strict = s->options.mode == SANDBOX_STRICT;
	int err;

	if (s->options.mode == SANDBOX_OFF)
		return 0;
	if (is_strict && s->has_filter && !s->is_narrow)
		err = bar_loading(s, keeps & CAPABILITY_BIT(CAPABILITY_PERFMON));
	else
		err = 0;
	if (!err)
		err = capability_keep(is_strict ? keeps : keeps | CAPABILITY_LOADING, keeps);
	if (err)
		return fault_set(why, err, "cannot give up what loading needed: %s",
				 strerror(-err));
	s->is_narrow = true;
	return 0;
}

int sandbox_widen(struct sandbox *s, struct fault *why)
{
	int err;

	if (s->options.mode == SANDBOX_OFF)
		return 0;
	if (s->options.mode == SANDBOX_STRICT)
		return fault_set(why, -EPERM,
				 "\"sandbox: strict\" lets nothing be loaded any more: start the "
				 "agent again");
	err = capability_keep(CAPABILITY_ALL, CAPABILITY_ALL);
	return err ? fault_set(why, err, "cannot take up capabilities again: %s", strerror(-err))
		   : 0;
}

void sandbox_drop_capabilities(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		capability_drop_all();
}
