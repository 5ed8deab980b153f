/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a probe costs, measured on functions of this process: no target is touched. Batches of calls
 * without the probe, then with it; medians over batches leave interrupts out.
 */
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tickscope/abi_chain.h>
#include "base/clock.h"
#include "probe/calibrate.h"
#include "probe/internal.h"
#include "probe/share.h"

#define BATCH_CALL_CNT 32
#define BATCH_CNT                                                                                \
	21 /* odd: the median is one of them. 21 x 32 calls of 20 us (two single steps in a VM): \
	      14 ms */

/* What keys of chains are read from: a text as long as an order's id, where it is laid out as a
 * std::string. */
struct sample {
	const char *data;
	size_t length;
};

typedef void (*calibrate_fn)(const char *text, size_t length, const struct sample *sample);

void calibrate_emulated(const char *text, size_t length, const struct sample *sample);
void calibrate_nop5(const char *text, size_t length, const struct sample *sample);
void calibrate_stepped(const char *text, size_t length, const struct sample *sample);
void calibrate_exit_emulated(const char *text, size_t length, const struct sample *sample);
void calibrate_exit_stepped(const char *text, size_t length, const struct sample *sample);

struct find_offset {
	uintptr_t address;
	uint64_t file_offset;
};

static int find_in_object(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct find_offset *find = context;

	(void)bytes;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD || find->address < start ||
		    find->address >= start + p->p_memsz)
			continue;
		find->file_offset = find->address - start + p->p_offset;
		return 1;
	}
	return 0;
}

static uint64_t own_file_offset(calibrate_fn fn)
{
	struct find_offset find = {.address = (uintptr_t)fn};

	dl_iterate_phdr(find_in_object, &find);
	return find.file_offset;
}

static calibrate_fn function_of(enum site_cost cost)
{
	switch (cost) {
	case SITE_COST_NOP5:
		return calibrate_nop5;
	case SITE_COST_EMULATED:
		return calibrate_emulated;
	default:
		return calibrate_stepped;
	}
}

/* The kind of probe that is measured: what user code it sits on, and which programs run. */
struct kind {
	enum site_cost entry;
	enum site_cost exit; /* of EXIT_SITES */
	bool is_session;
	bool is_split;
	enum exit_mode exit_mode;
	uint16_t flags;
	enum probe_kind probe;
	enum probe_kind beside; /* a mark that is there before it; PROBE_CALL: none */
	bool has_passes;	/* of a point: it is a stage */
	struct chain_pass pass; /* where it is, of this kind */
};

static uint32_t kind_number(const struct kind *k)
{
	if (k->probe != PROBE_CALL)
		return (uint32_t)k->entry | (uint32_t)k->exit << 4 | (uint32_t)k->exit_mode << 8 |
		       (uint32_t)k->beside << 12 | (uint32_t)k->probe << 14 |
		       (uint32_t)k->has_passes << 16 | (uint32_t)k->pass.is_split << 17 |
		       (uint32_t)k->pass.key_kind << 18;
	return (uint32_t)k->entry | (uint32_t)k->exit << 4 | (uint32_t)k->exit_mode << 8 |
	       (uint32_t)k->is_session << 12 | (uint32_t)k->is_split << 13 |
	       (uint32_t)k->flags << 16;
}

static calibrate_fn exit_of(const struct kind *k)
{
	return k->exit == SITE_COST_STEPPED ? calibrate_exit_stepped : calibrate_exit_emulated;
}

/* A stage at the entry, or at an exit, or at a hijacked return. */
static int mark_attach(struct probe *probe, const struct kind *k, struct probe_group **ret_group)
{
	bool is_exit = k->probe == PROBE_RETURN && k->exit_mode == EXIT_SITES;
	struct site_request request = {
		.path = "/proc/self/exe",
		.file_offset = own_file_offset(is_exit ? exit_of(k) : function_of(k->entry)),
		.program =
			k->probe == PROBE_RETURN && !is_exit ? PROGRAM_MARK_RETURN : PROGRAM_MARK,
		.site = {.tgid = (uint32_t)getpid(),
			 .series = k->has_passes ? TS_POINT_SCRATCH : TS_POINT_IDLE},
	};
	size_t failed;
	int err = k->has_passes ? chain_set_scratch(probe->chains, &k->pass) : 0;

	return err ? err : group_attach(probe, getpid(), &request, 1, ret_group, &failed);
}

static int kind_attach(struct probe *probe, const struct kind *k, struct probe_group **ret_group)
{
	struct ts_site site = {
		.tgid = (uint32_t)getpid(),
		.series = (uint32_t)probe->series_cnt,
		.shares = k->is_split ? (uint32_t)probe->series_cnt + 1 : 0,
		.flags = k->flags,
	};
	struct site_request requests[2];
	size_t failed;

	if (k->probe != PROBE_CALL)
		return mark_attach(probe, k, ret_group);
	for (int i = 0; i < 2; i++) {
		requests[i].path = "/proc/self/exe";
		requests[i].file_offset = own_file_offset(function_of(k->entry));
		requests[i].site = site;
	}
	requests[0].program = k->is_session ? PROGRAM_SESSION : PROGRAM_ENTRY;
	requests[1].program = k->exit_mode == EXIT_SITES ? PROGRAM_EXIT : PROGRAM_RETURN;
	if (k->exit_mode == EXIT_SITES)
		requests[1].file_offset = own_file_offset(exit_of(k));
	return group_attach(probe, getpid(), requests, k->is_session ? 1 : 2, ret_group, &failed);
}

/* What is there before, and after. */
static int beside_attach(struct probe *probe, const struct kind *k, struct probe_group **ret_group)
{
	struct kind other = *k;

	if (k->beside == PROBE_CALL)
		return 0;
	other.probe = k->beside;
	return mark_attach(probe, &other, ret_group);
}

static uint64_t batch_ns(calibrate_fn fn)
{
	static const char text[] = "20260102-0000-000001";
	const struct sample sample = {.data = text, .length = sizeof(text) - 1};
	uint64_t from_ns = clock_mono_ns();

	for (int i = 0; i < BATCH_CALL_CNT; i++)
		fn(text, sample.length, &sample);
	return clock_mono_ns() - from_ns;
}

static int compare_ns(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static uint64_t median_ns(uint64_t *values, size_t cnt)
{
	qsort(values, cnt, sizeof(*values), compare_ns);
	return values[cnt / 2];
}

/* Buckets of the calibration series, all stripes. */
static void buckets_add(const struct probe *probe, int64_t *buckets, int sign)
{
	const struct ts_series *s = probe_series(probe, (uint32_t)probe->series_cnt);

	for (size_t stripe = 0; stripe < probe->stripe_cnt; stripe++) {
		for (size_t i = 0; i < TS_BUCKET_CNT; i++)
			buckets[i] += sign * (int64_t)s[stripe].buckets[i];
	}
}

/* The median of what was counted between two buckets_add; 0 where nothing was. */
static uint64_t median_of_buckets(const int64_t *buckets)
{
	int64_t total = 0, seen = 0;

	for (size_t i = 0; i < TS_BUCKET_CNT; i++)
		total += buckets[i];
	for (uint32_t i = 0; i < TS_BUCKET_CNT; i++) {
		seen += buckets[i];
		if (total && seen * 2 >= total)
			return (ts_bucket_low(i) + ts_bucket_high(i)) / 2;
	}
	return 0;
}

static int kind_measure(struct probe *probe, const struct kind *k, struct probe_cost *ret_cost)
{
	calibrate_fn fn = function_of(k->entry);
	uint64_t bare_ns[BATCH_CNT], probed_ns[BATCH_CNT], bare, probed;
	int64_t *buckets = calloc(TS_BUCKET_CNT, sizeof(*buckets));
	struct probe_group *beside = NULL, *group;
	int err = -ENOMEM;

	if (!buckets)
		return err;
	err = beside_attach(probe, k, &beside);
	if (err)
		goto free_buckets;
	batch_ns(fn);
	for (int i = 0; i < BATCH_CNT; i++)
		bare_ns[i] = batch_ns(fn);
	err = kind_attach(probe, k, &group);
	if (err)
		goto free_buckets;
	batch_ns(fn); /* the first hit rewrites a 5-byte nop, and faults pages in */
	buckets_add(probe, buckets, -1);
	for (int i = 0; i < BATCH_CNT; i++)
		probed_ns[i] = batch_ns(fn);
	buckets_add(probe, buckets, 1);
	probe_detach(group);
	if (k->has_passes)
		chain_clear_scratch(probe->chains);
	bare = median_ns(bare_ns, BATCH_CNT) / BATCH_CALL_CNT;
	probed = median_ns(probed_ns, BATCH_CNT) / BATCH_CALL_CNT;
	ret_cost->call_ns = probed > bare ? probed - bare : 0;
	ret_cost->inner_ns = median_of_buckets(buckets);
	ret_cost->inner_ns -= ret_cost->inner_ns > bare ? bare : ret_cost->inner_ns;
free_buckets:
	probe_detach(beside);
	free(buckets);
	return err;
}

/* Measured once. */
static int kind_cost(struct probe *probe, const struct kind *k, struct probe_cost *ret_cost,
		     struct fault *why)
{
	struct calibrated_kind *slot;
	int err;

	for (size_t i = 0; i < probe->kind_cnt; i++) {
		if (probe->kinds[i].kind == kind_number(k)) {
			*ret_cost = probe->kinds[i].cost;
			return 0;
		}
	}
	if (probe->kind_cnt == CALIBRATE_KIND_MAX)
		return fault_set(why, -ENOSPC, "more than %d kinds of probe", CALIBRATE_KIND_MAX);
	slot = &probe->kinds[probe->kind_cnt];
	err = kind_measure(probe, k, &slot->cost);
	if (err)
		return fault_set(why, err, "cannot measure what a probe costs: %s", strerror(-err));
	slot->kind = kind_number(k);
	probe->kind_cnt++;
	*ret_cost = slot->cost;
	return 0;
}

/* A mark where the trap is cheap, and so what comes on top of it is measured best. */
static const struct kind cheap_mark = {
	.entry = SITE_COST_EMULATED,
	.exit = SITE_COST_EMULATED,
	.exit_mode = EXIT_HIJACK,
	.probe = PROBE_ENTER,
};

/* What it takes to pass the stages of a point: of each, half of what those of the scratch chain do.
 */
static int passes_cost(struct probe *probe, uint32_t point, uint64_t *ret_ns, struct fault *why)
{
	struct chain_pass passes[TS_POINT_STEP_MAX];
	size_t cnt = chain_passes(probe->chains, point, passes);
	struct probe_cost bare = {0}, with = {0};
	struct kind k = cheap_mark;
	uint64_t sum_ns = 0;
	int err = kind_cost(probe, &k, &bare, why);

	k.has_passes = true;
	for (size_t i = 0; i < cnt && !err; i++) {
		k.pass = passes[i];
		err = kind_cost(probe, &k, &with, why);
		if (!err && with.call_ns > bare.call_ns)
			sum_ns += (with.call_ns - bare.call_ns) / SCRATCH_PASS_CNT;
	}
	if (!err)
		*ret_ns = sum_ns;
	return err;
}

/* wanted: of a stage. The trap, or what one more program at its instruction adds, and the passes.
 */
static int point_cost(struct probe *probe, uint32_t point, const struct kind *wanted,
		      struct probe_cost *ret_cost, struct fault *why)
{
	bool is_exit = wanted->probe == PROBE_RETURN && wanted->exit_mode == EXIT_SITES;
	struct kind k = cheap_mark;
	struct probe_cost trap = {0};
	uint64_t passes_ns = 0;
	int err;

	if (wanted->beside != PROBE_CALL && wanted->probe == PROBE_RETURN && !is_exit) {
		k.probe = PROBE_RETURN;
		k.beside = wanted->beside;
	} else if (wanted->beside != PROBE_CALL) {
		k.beside = PROBE_ENTER;
	} else {
		k.probe = wanted->probe;
		k.exit_mode = is_exit ? EXIT_SITES : EXIT_HIJACK;
		k.entry = is_exit ? SITE_COST_EMULATED : wanted->entry;
		k.exit = is_exit ? wanted->exit : SITE_COST_EMULATED;
	}
	err = kind_cost(probe, &k, &trap, why);
	if (!err)
		err = passes_cost(probe, point, &passes_ns, why);
	if (!err)
		*ret_cost = (struct probe_cost){.call_ns = trap.call_ns + passes_ns};
	return err;
}

int probe_calibrate(struct probe *probe, const struct probe_request *request, pid_t pid,
		    struct probe_cost *ret_cost, struct fault *why)
{
	const struct function_plan *plan = &request->plan->copies[0];
	struct kind k = {
		.entry = plan->entry_cost,
		.is_session = probe_is_session(probe, plan),
		.is_split = request->shares,
		.exit_mode = plan->exit_mode,
		.flags = probe_entry_flags(plan, request, pid),
		.probe = request->kind,
		.beside = request->beside,
	};

	for (size_t i = 0; k.exit_mode == EXIT_SITES && i < plan->exit_cnt; i++) {
		if (plan->exits[i].cost > k.exit)
			k.exit = plan->exits[i].cost;
	}
	return k.probe == PROBE_CALL ? kind_cost(probe, &k, ret_cost, why)
				     : point_cost(probe, request->series, &k, ret_cost, why);
}

static struct kind simple_kind(const struct probe *probe)
{
	return (struct kind){
		.entry = SITE_COST_EMULATED,
		.is_session = probe->level == PROBE_LEVEL_SESSION,
		.exit_mode = EXIT_HIJACK,
	};
}

bool calibrate_attach(struct probe *probe)
{
	struct kind k = simple_kind(probe);
	struct probe_group *group;

	if (kind_attach(probe, &k, &group))
		return false;
	probe_detach(group);
	return true;
}

int calibrate_try(struct probe *probe)
{
	struct kind k = simple_kind(probe);
	const struct ts_series *s = probe_series(probe, (uint32_t)probe->series_cnt);
	struct probe_group *group;
	uint64_t returns = 0;
	int err;

	err = kind_attach(probe, &k, &group);
	if (err)
		return err;
	calibrate_emulated(NULL, 0, NULL);
	probe_detach(group);
	for (size_t stripe = 0; stripe < probe->stripe_cnt; stripe++)
		returns += s[stripe].returns;
	return returns == 1 ? 0 : -ENOTSUP;
}
