/* SPDX-License-Identifier: Apache-2.0 */
/* Differences are taken per process, link and disk before they are added up: a sum of counters
 * whose members change has no rate. */
#include <string.h>

#include "base/time_units.h"
#include "measure/usage_rates.h"

static void add(struct usage_rates *rates, const char *name, double value)
{
	rates->items[rates->cnt++] = (struct usage_value){name, value};
}

/* ---- a target ---- */

/* Sums over a target's processes: what they have now, and what they used since the reading
 * before. Each is USAGE_UNKNOWN once it is so of one process. */
struct totals {
	uint64_t rss_bytes, thread_cnt, descriptor_cnt;
	uint64_t cpu_ns, read_bytes, written_bytes, switch_cnt;
	double descriptors_ratio; /* negative: not known */
	uint64_t start_ns;	  /* of the oldest */
};

static void add_known(uint64_t *total, uint64_t part)
{
	if (*total == USAGE_UNKNOWN || part == USAGE_UNKNOWN ||
	    __builtin_add_overflow(*total, part, total))
		*total = USAGE_UNKNOWN;
}

static uint64_t difference(uint64_t before, uint64_t after)
{
	if (before == USAGE_UNKNOWN || after == USAGE_UNKNOWN || after < before)
		return USAGE_UNKNOWN;
	return after - before;
}

/* The same process in the other reading. It mostly stands at the same place. */
static const struct usage_process *find(const struct usage_target *target,
					const struct usage_process *wanted, size_t place_idx)
{
	for (size_t i = 0; i < target->cnt; i++) {
		const struct usage_process *p = &target->processes[(place_idx + i) % target->cnt];

		if (p->pid == wanted->pid && p->start_ns == wanted->start_ns)
			return p;
	}
	return NULL;
}

/* `earlier`: NULL where the process started since; an older one that was not read then has counted
 * for an unknown time. */
static void add_used(struct totals *t, const struct usage_process *earlier,
		     const struct usage_process *now)
{
	static const struct usage_process nothing;

	if (!earlier)
		earlier = &nothing;
	add_known(&t->cpu_ns, difference(earlier->cpu_ns, now->cpu_ns));
	add_known(&t->read_bytes, difference(earlier->read_bytes, now->read_bytes));
	add_known(&t->written_bytes, difference(earlier->written_bytes, now->written_bytes));
	add_known(&t->switch_cnt, difference(earlier->switch_cnt, now->switch_cnt));
}

static void add_descriptors(struct totals *t, const struct usage_process *p)
{
	double ratio;

	add_known(&t->descriptor_cnt, p->descriptor_cnt);
	if (p->descriptor_cnt == USAGE_UNKNOWN || p->descriptor_max == USAGE_UNKNOWN ||
	    !p->descriptor_max)
		return;
	ratio = (double)p->descriptor_cnt / (double)p->descriptor_max;
	if (ratio > t->descriptors_ratio)
		t->descriptors_ratio = ratio;
}

static void sum_up(const struct usage_target *before, const struct usage_target *after,
		   struct totals *t)
{
	*t = (struct totals){.descriptors_ratio = -1, .start_ns = UINT64_MAX};
	if (!before->at_ns)
		t->cpu_ns = t->read_bytes = t->written_bytes = t->switch_cnt = USAGE_UNKNOWN;
	for (size_t i = 0; i < after->cnt; i++) {
		const struct usage_process *now = &after->processes[i];
		const struct usage_process *earlier = find(before, now, i);

		add_known(&t->rss_bytes, now->rss_bytes);
		add_known(&t->thread_cnt, now->thread_cnt);
		add_descriptors(t, now);
		if (now->start_ns < t->start_ns)
			t->start_ns = now->start_ns;
		if (earlier || now->start_ns >= before->at_ns)
			add_used(t, earlier, now);
		else
			t->cpu_ns = t->read_bytes = t->written_bytes = t->switch_cnt =
				USAGE_UNKNOWN;
	}
}

static void add_total(struct usage_rates *rates, const char *name, uint64_t total)
{
	if (total != USAGE_UNKNOWN)
		add(rates, name, (double)total);
}

static void add_rate(struct usage_rates *rates, const char *name, uint64_t used, double seconds)
{
	if (used != USAGE_UNKNOWN && seconds > 0)
		add(rates, name, (double)used / seconds);
}

static double seconds_between(uint64_t before_ns, uint64_t after_ns)
{
	return before_ns && after_ns > before_ns ? (double)(after_ns - before_ns) / NS_PER_S : 0;
}

void usage_rates_of_target(const struct usage_target *before, const struct usage_target *after,
			   const struct usage_host *host, struct usage_rates *ret_rates)
{
	double seconds = seconds_between(before->at_ns, after->at_ns);
	struct totals t;

	ret_rates->cnt = 0;
	add(ret_rates, "processes", (double)after->cnt);
	if (!after->cnt)
		return;
	sum_up(before, after, &t);
	if (t.cpu_ns != USAGE_UNKNOWN && seconds > 0) {
		double cores = (double)t.cpu_ns / NS_PER_S / seconds;

		add(ret_rates, "cpu_percent", 100 * cores);
		if (host->cpu_cnt != USAGE_UNKNOWN && host->cpu_cnt)
			add(ret_rates, "cpu_ratio", cores / (double)host->cpu_cnt);
	}
	add_total(ret_rates, "memory_bytes", t.rss_bytes);
	if (t.rss_bytes != USAGE_UNKNOWN && host->memory_total_bytes != USAGE_UNKNOWN &&
	    host->memory_total_bytes)
		add(ret_rates, "memory_ratio",
		    (double)t.rss_bytes / (double)host->memory_total_bytes);
	add_total(ret_rates, "descriptors", t.descriptor_cnt);
	if (t.descriptor_cnt != USAGE_UNKNOWN && t.descriptors_ratio >= 0)
		add(ret_rates, "descriptors_ratio", t.descriptors_ratio);
	add_total(ret_rates, "threads", t.thread_cnt);
	add_rate(ret_rates, "read_bytes_per_s", t.read_bytes, seconds);
	add_rate(ret_rates, "write_bytes_per_s", t.written_bytes, seconds);
	add_rate(ret_rates, "context_switches_per_s", t.switch_cnt, seconds);
	if (after->at_ns >= t.start_ns)
		add(ret_rates, "uptime_s", (double)(after->at_ns - t.start_ns) / NS_PER_S);
}

/* ---- the host ---- */

/* Links that are in both readings; one that came brings counts of before. */
static void add_links(struct usage_rates *rates, const struct usage_host *before,
		      const struct usage_host *after, double seconds)
{
	uint64_t received = 0, sent = 0;

	if (before->link_cnt == SIZE_MAX || after->link_cnt == SIZE_MAX)
		return;
	for (size_t i = 0; i < after->link_cnt; i++) {
		const struct usage_link *now = &after->links[i];

		for (size_t b = 0; b < before->link_cnt; b++) {
			const struct usage_link *then = &before->links[(i + b) % before->link_cnt];

			if (strcmp(then->name, now->name) != 0)
				continue;
			add_known(&received, difference(then->received_bytes, now->received_bytes));
			add_known(&sent, difference(then->sent_bytes, now->sent_bytes));
			break;
		}
	}
	add_rate(rates, "network_received_bytes_per_s", received, seconds);
	add_rate(rates, "network_sent_bytes_per_s", sent, seconds);
}

static void add_disks(struct usage_rates *rates, const struct usage_host *before,
		      const struct usage_host *after, double seconds)
{
	uint64_t read_bytes = 0, written_bytes = 0, busiest_ns = 0;

	if (before->disk_cnt == SIZE_MAX || after->disk_cnt == SIZE_MAX)
		return;
	for (size_t i = 0; i < after->disk_cnt; i++) {
		const struct usage_disk *now = &after->disks[i];

		for (size_t b = 0; b < before->disk_cnt; b++) {
			const struct usage_disk *then = &before->disks[(i + b) % before->disk_cnt];
			uint64_t busy_ns;

			if (then->device != now->device)
				continue;
			busy_ns = difference(then->busy_ns, now->busy_ns);
			busiest_ns = busy_ns > busiest_ns ? busy_ns : busiest_ns;
			add_known(&read_bytes, difference(then->read_bytes, now->read_bytes));
			add_known(&written_bytes,
				  difference(then->written_bytes, now->written_bytes));
			break;
		}
	}
	add_rate(rates, "disk_read_bytes_per_s", read_bytes, seconds);
	add_rate(rates, "disk_written_bytes_per_s", written_bytes, seconds);
	/* The kernel accounts a request's time when it ends, up to 10 ms too late. */
	if (busiest_ns != USAGE_UNKNOWN && seconds > 0) {
		double ratio = (double)busiest_ns / NS_PER_S / seconds;

		add(rates, "disk_busy_ratio", ratio < 1 ? ratio : 1);
	}
}

void usage_rates_of_host(const struct usage_host *before, const struct usage_host *after,
			 struct usage_rates *ret_rates)
{
	double seconds = seconds_between(before->at_ns, after->at_ns);

	ret_rates->cnt = 0;
	if (seconds > 0) {
		uint64_t total_ns = difference(before->cpu_total_ns, after->cpu_total_ns);
		uint64_t busy_ns = difference(before->cpu_busy_ns, after->cpu_busy_ns);

		if (total_ns != USAGE_UNKNOWN && busy_ns != USAGE_UNKNOWN && total_ns &&
		    busy_ns <= total_ns)
			add(ret_rates, "cpu_percent", 100 * (double)busy_ns / (double)total_ns);
	}
	if (after->memory_total_bytes != USAGE_UNKNOWN && after->memory_total_bytes)
		add(ret_rates, "memory_used_ratio",
		    1 - (double)after->memory_available_bytes / (double)after->memory_total_bytes);
	add_total(ret_rates, "memory_available_bytes", after->memory_available_bytes);
	if (seconds > 0) {
		add_links(ret_rates, before, after, seconds);
		add_disks(ret_rates, before, after, seconds);
	}
	if (after->state_usable_bytes != USAGE_UNKNOWN && after->state_usable_bytes)
		add(ret_rates, "disk_free_ratio",
		    (double)after->state_free_bytes / (double)after->state_usable_bytes);
	if (after->load_1m >= 0)
		add(ret_rates, "load_1m", after->load_1m);
}
