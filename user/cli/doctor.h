/* SPDX-License-Identifier: Apache-2.0 */
/* What `doctor` found out, apart from how it is printed. */
#ifndef TICKSCOPE_CLI_DOCTOR_H
#define TICKSCOPE_CLI_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/doctor_needs.h"
#include "probe/probe.h"
#include "probe/sched.h"
#include "probe/sock.h"
#include "target/target.h"

enum { DOCTOR_CAPABILITY_CNT = 6, DOCTOR_COST_CNT = 6, DOCTOR_ADVICE_MAX = 24 };

struct doctor_capability {
	const char *name; /* "CAP_BPF" */
	const char *purpose;
	bool is_held;
};

struct doctor_level {
	bool is_available;
	struct fault reason; /* where it is not */
};

/* One way to probe a function, and what it costs here. */
struct doctor_cost {
	const char *entry; /* "5-byte nop", "push, nop, jump", "any other" */
	const char *exit;  /* "hijacked return", "exit instructions" */
	struct probe_cost cost;
	bool is_known;
};

struct doctor {
	char kernel[128];
	char machine[64];
	char clocksource[64];
	char lockdown[64];
	bool has_btf;
	struct doctor_capability capabilities[DOCTOR_CAPABILITY_CNT];
	struct doctor_need needs[DOCTOR_NEED_CNT];
	struct doctor_setting settings[DOCTOR_SETTING_CNT];
	struct doctor_level levels[PROBE_LEVEL_END]; /* by enum probe_level */
	struct doctor_level hooks[SOCK_HOOKS_END];   /* by enum sock_hooks */
	struct doctor_level breakdown; /* by where time went; its reason: what is missing of it */
	uint32_t missing_states;       /* a bit for each enum ts_task_state */
	enum probe_level best;	       /* PROBE_LEVEL_END: none works */
	struct doctor_cost costs[DOCTOR_COST_CNT];
	size_t map_bytes_200; /* kernel memory for 200 traced functions */
	pid_t pid;	      /* 0: no process was asked about */
	char process_name[64];
	struct process_facts facts;
	struct fault process_fault; /* where facts could not be had */
	char advice[DOCTOR_ADVICE_MAX][256];
	size_t advice_cnt;
};

/* Tries everything; pid 0: no process. Never fails as a whole: what does not work is the result. */
void doctor_examine(struct doctor *doctor, pid_t pid);
/* True where functions can be traced here (and in the process, if one was asked about). */
bool doctor_is_well(const struct doctor *doctor);

void doctor_print(const struct doctor *doctor, FILE *out);
/* The JSON of tickscope.doctor/1. 0 or -errno. */
int doctor_print_json(const struct doctor *doctor, FILE *out);

#endif
