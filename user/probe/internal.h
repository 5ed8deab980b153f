/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share; nobody else includes it. */
#ifndef TICKSCOPE_PROBE_INTERNAL_H
#define TICKSCOPE_PROBE_INTERNAL_H

#include "func.skel.h"
#include "probe/link.h"
#include "probe/probe.h"

/* The programs that can sit on an instruction. */
enum program {
	PROGRAM_ENTRY,
	PROGRAM_EXIT,
	PROGRAM_RETURN,
	PROGRAM_SESSION,
	PROGRAM_MARK, /* a stage of chains, at whatever instruction */
	PROGRAM_MARK_RETURN,
	PROGRAM_CNT
};

#define PROBE_ERROR_MAX 256 /* error expressions; index 0 means none */

/*
 * Kinds of probe whose cost differs: 64 of calls (entry cost, exit cost, mechanism, kept span); of
 * stages 8 instructions and mechanisms alone, 3 beside another, and 6 kinds of keys, split or not.
 */
#define CALIBRATE_KIND_MAX (64 + 8 + 3 + 2 * 6)

struct calibrated_kind {
	uint32_t kind;
	struct probe_cost cost;
};

struct probe {
	struct func_bpf *skel;
	struct chain_probe *chains; /* NULL: no function is a stage */
	enum probe_level level;
	struct sched_probe *sched; /* NULL: nothing is split */
	size_t series_cnt;	   /* without those for calibration, which are last */
	size_t scratch_cnt;	   /* those: a span and, where there are any, its shares */
	size_t stripe_cnt;
	struct slowest_probe *slowest; /* NULL: none are kept */
	struct ts_series *series;      /* mapped */
	size_t series_bytes;
	uint32_t *free_sites; /* stack of unused indices of the map `sites` */
	size_t free_site_cnt;
	uint32_t error_cnt;
	struct ring_buffer *ring;
	probe_event_fn event_fn; /* during probe_read_events */
	void *event_context;
	struct calibrated_kind kinds[CALIBRATE_KIND_MAX];
	size_t kind_cnt;
};

/* One site before it is attached. */
struct site_request {
	const char *path;
	uint64_t file_offset;
	enum program program;
	bool is_separate; /* no link with sites of other series */
	struct ts_site site;
};

/*
 * Attaches sites, which may lie in several files. -errno with *ret_failed the index of the one that
 * the kernel refused, or cnt where it cannot be told.
 */
int group_attach(struct probe *probe, pid_t pid, const struct site_request *requests, size_t cnt,
		 struct probe_group **ret_group, size_t *ret_failed);

/* The program that times a call of this plan, entry side. */
bool probe_is_session(const struct probe *probe, const struct function_plan *plan);
/* Flags of its entry site. */
uint16_t probe_entry_flags(const struct function_plan *plan, const struct probe_request *request,
			   pid_t pid);

#endif
