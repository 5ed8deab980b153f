/* SPDX-License-Identifier: Apache-2.0 */
/* Two readings -> values: exact, and none where they would be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/usage_rates.h"

#define S 1000000000ULL

/* NAN where there is none of that name. */
static double value_of(const struct usage_rates *rates, const char *name)
{
	for (size_t i = 0; i < rates->cnt; i++) {
		if (strcmp(rates->items[i].name, name) == 0)
			return rates->items[i].value;
	}
	return __builtin_nan("");
}

static void expect(const struct usage_rates *rates, const char *name, double value)
{
	double got = value_of(rates, name);

	if (!(got >= value - 1e-9 && got <= value + 1e-9))
		fail_msg("%s is %g, not %g", name, got, value);
}

static void expect_none(const struct usage_rates *rates, const char *name)
{
	double got = value_of(rates, name);

	if (got == got)
		fail_msg("%s is %g", name, got);
}

static const char *const rate_names[] = {"cpu_percent", "cpu_ratio", "read_bytes_per_s",
					 "write_bytes_per_s", "context_switches_per_s"};

static void expect_no_rates(const struct usage_rates *rates)
{
	for (size_t i = 0; i < sizeof(rate_names) / sizeof(rate_names[0]); i++)
		expect_none(rates, rate_names[i]);
}

static struct usage_host *host_new(void)
{
	struct usage_host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->cpu_cnt = 4;
	h->memory_total_bytes = 1000000;
	return h;
}

static struct usage_process process(pid_t pid, uint64_t start_ns, uint64_t used)
{
	return (struct usage_process){.pid = pid,
				      .start_ns = start_ns,
				      .cpu_ns = used * 10000000,
				      .rss_bytes = 50000,
				      .virtual_bytes = 90000,
				      .thread_cnt = 3,
				      .descriptor_cnt = 20,
				      .descriptor_max = 100,
				      .read_bytes = used * 1000,
				      .written_bytes = used * 100,
				      .switch_cnt = used};
}

static void test_target(void **state)
{
	struct usage_process before[] = {process(7, 10 * S, 100), process(8, 20 * S, 100)};
	struct usage_process after[] = {process(7, 10 * S, 140), process(8, 20 * S, 160)};
	struct usage_target then = {100 * S, before, 2}, now = {102 * S, after, 2};
	struct usage_host *host = host_new();
	struct usage_rates rates;

	(void)state;
	after[1].descriptor_cnt = 45;
	usage_rates_of_target(&then, &now, host, &rates);
	expect(&rates, "processes", 2);
	expect(&rates, "cpu_percent", 50);
	expect(&rates, "cpu_ratio", 0.125);
	expect(&rates, "memory_bytes", 100000);
	expect(&rates, "memory_ratio", 0.1);
	expect(&rates, "descriptors", 65);
	expect(&rates, "descriptors_ratio", 0.45);
	expect(&rates, "threads", 6);
	expect(&rates, "read_bytes_per_s", 50000);
	expect(&rates, "write_bytes_per_s", 5000);
	expect(&rates, "context_switches_per_s", 50);
	expect(&rates, "uptime_s", 92);
	free(host);
}

/* Processes of one target that come, go and change places between readings. */
static const struct {
	const char *what;
	struct usage_process before[2], after[2];
	size_t before_cnt, after_cnt;
	double cpu_percent; /* negative: none */
} changes[] = {
	{"another order",
	 {{.pid = 7, .cpu_ns = S}, {.pid = 8, .cpu_ns = 9 * S}},
	 {{.pid = 8, .cpu_ns = 9 * S + S / 10}, {.pid = 7, .cpu_ns = S + S / 10}},
	 2,
	 2,
	 20},
	{"one ended, the other counts on",
	 {{.pid = 7, .cpu_ns = 9 * S}, {.pid = 8, .cpu_ns = S}},
	 {{.pid = 8, .cpu_ns = S + S / 2}},
	 2,
	 1,
	 50},
	{"one started meanwhile",
	 {{.pid = 7, .cpu_ns = 9 * S}},
	 {{.pid = 7, .cpu_ns = 9 * S}, {.pid = 9, .start_ns = 100 * S + S / 2, .cpu_ns = S / 4}},
	 1,
	 2,
	 25},
	{"one is new here but older",
	 {{.pid = 7, .cpu_ns = 9 * S}},
	 {{.pid = 7, .cpu_ns = 9 * S}, {.pid = 9, .start_ns = 99 * S, .cpu_ns = S / 4}},
	 1,
	 2,
	 -1},
	{"restarted",
	 {{.pid = 7, .cpu_ns = 9 * S}},
	 {{.pid = 9, .start_ns = 100 * S + S / 2, .cpu_ns = S / 4}},
	 1,
	 1,
	 25},
	{"restarted with the same pid",
	 {{.pid = 7, .cpu_ns = 9 * S}},
	 {{.pid = 7, .start_ns = 100 * S, .cpu_ns = S / 4}},
	 1,
	 1,
	 25},
	{"stepped back",
	 {{.pid = 7, .cpu_ns = 9 * S}, {.pid = 8}},
	 {{.pid = 7, .cpu_ns = 9 * S - 1}, {.pid = 8, .cpu_ns = S}},
	 2,
	 2,
	 -1},
	{"one is unknown",
	 {{.pid = 7}, {.pid = 8}},
	 {{.pid = 7, .cpu_ns = USAGE_UNKNOWN}, {.pid = 8, .cpu_ns = S}},
	 2,
	 2,
	 -1},
	{"was unknown", {{.pid = 7, .cpu_ns = USAGE_UNKNOWN}}, {{.pid = 7, .cpu_ns = S}}, 1, 1, -1},
	{"stays unknown",
	 {{.pid = 7, .cpu_ns = USAGE_UNKNOWN}},
	 {{.pid = 7, .cpu_ns = USAGE_UNKNOWN}},
	 1,
	 1,
	 -1},
	{"the first of a target that waited",
	 {{0}},
	 {{.pid = 7, .start_ns = 100 * S + S / 2, .cpu_ns = S / 4}},
	 0,
	 1,
	 25},
};

static void test_changing_processes(void **state)
{
	struct usage_host *host = host_new();
	struct usage_rates rates;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct usage_target then = {100 * S, changes[i].before, changes[i].before_cnt};
		struct usage_target now = {101 * S, changes[i].after, changes[i].after_cnt};
		double got;

		usage_rates_of_target(&then, &now, host, &rates);
		got = value_of(&rates, "cpu_percent");
		if (changes[i].cpu_percent < 0 ? got == got : got != changes[i].cpu_percent)
			fail_msg("%s: %g", changes[i].what, got);
	}
	free(host);
}

static void test_no_rates(void **state)
{
	struct usage_process p = process(7, S, 100);
	struct usage_target none = {0}, now = {100 * S, &p, 1}, empty = {101 * S, NULL, 0};
	struct usage_host *host = host_new();
	struct usage_rates rates;

	(void)state;
	/* the first reading */
	usage_rates_of_target(&none, &now, host, &rates);
	expect_no_rates(&rates);
	expect(&rates, "memory_bytes", 50000);
	/* no time between, or time backwards */
	usage_rates_of_target(&now, &now, host, &rates);
	expect_no_rates(&rates);
	usage_rates_of_target(&empty, &now, host, &rates);
	expect_no_rates(&rates);
	/* all have ended */
	usage_rates_of_target(&now, &empty, host, &rates);
	assert_int_equal(rates.cnt, 1);
	expect(&rates, "processes", 0);
	free(host);
}

static void test_unknown(void **state)
{
	struct usage_process p[] = {process(7, S, 100), process(8, S, 100)};
	struct usage_target now = {100 * S, p, 2};
	struct usage_host *host = host_new();
	struct usage_rates rates;
	uint64_t *rss_bytes = &p[1].rss_bytes, *descriptor_cnt = &p[0].descriptor_cnt;

	(void)state;
	*descriptor_cnt = USAGE_UNKNOWN;
	*rss_bytes = USAGE_UNKNOWN;
	usage_rates_of_target(&now, &now, host, &rates);
	expect_none(&rates, "descriptors");
	expect_none(&rates, "descriptors_ratio");
	expect_none(&rates, "memory_bytes");
	expect_none(&rates, "memory_ratio");
	expect(&rates, "threads", 6);
	/* No limit is no ratio, but the other process has one. */
	*descriptor_cnt = 5000;
	p[0].descriptor_max = USAGE_UNKNOWN;
	usage_rates_of_target(&now, &now, host, &rates);
	expect(&rates, "descriptors", 5020);
	expect(&rates, "descriptors_ratio", 0.2);
	p[1].descriptor_max = USAGE_UNKNOWN;
	usage_rates_of_target(&now, &now, host, &rates);
	expect_none(&rates, "descriptors_ratio");
	*rss_bytes = UINT64_MAX - 1; /* sums that overflow are not known */
	usage_rates_of_target(&now, &now, host, &rates);
	expect_none(&rates, "memory_bytes");
	*rss_bytes = 1;
	host->cpu_cnt = host->memory_total_bytes = USAGE_UNKNOWN;
	usage_rates_of_target(&now, &now, host, &rates);
	expect(&rates, "memory_bytes", 50001);
	expect_none(&rates, "memory_ratio");
	free(host);
}

static void fill_host(struct usage_host *h)
{
	*h = (struct usage_host){.at_ns = 100 * S,
				 .cpu_total_ns = 1000 * S,
				 .cpu_busy_ns = 300 * S,
				 .cpu_cnt = 2,
				 .memory_total_bytes = 1000,
				 .memory_available_bytes = 250,
				 .state_usable_bytes = 400,
				 .state_free_bytes = 100,
				 .load_1m = 0.75,
				 .disk_cnt = 2,
				 .link_cnt = 2};
	h->disks[0] = (struct usage_disk){1, 1000, 2000, 10 * S};
	h->disks[1] = (struct usage_disk){2, 3000, 4000, 20 * S};
	h->links[0] = (struct usage_link){"eth0", 100, 200};
	h->links[1] = (struct usage_link){"eth1", 300, 400};
}

static void test_host(void **state)
{
	struct usage_host *then = calloc(1, sizeof(*then)), *now = calloc(1, sizeof(*now));
	struct usage_rates rates;

	(void)state;
	assert_non_null(then);
	assert_non_null(now);
	fill_host(then);
	*now = *then;
	now->at_ns = 102 * S;
	now->cpu_total_ns += 4 * S;
	now->cpu_busy_ns += S;
	now->disks[0].read_bytes += 50;
	now->disks[0].busy_ns += S;
	now->disks[1].written_bytes += 80;
	now->disks[1].busy_ns += S / 2;
	now->links[0].received_bytes += 6;
	now->links[1].received_bytes += 4;
	now->links[1].sent_bytes += 30;
	usage_rates_of_host(then, now, &rates);
	expect(&rates, "cpu_percent", 25);
	expect(&rates, "memory_used_ratio", 0.75);
	expect(&rates, "memory_available_bytes", 250);
	expect(&rates, "network_received_bytes_per_s", 5);
	expect(&rates, "network_sent_bytes_per_s", 15);
	expect(&rates, "disk_read_bytes_per_s", 25);
	expect(&rates, "disk_written_bytes_per_s", 40);
	expect(&rates, "disk_busy_ratio", 0.5);
	expect(&rates, "disk_free_ratio", 0.25);
	expect(&rates, "load_1m", 0.75);
	now->disks[0].busy_ns += 2 * S; /* what is accounted late is no more than all */
	usage_rates_of_host(then, now, &rates);
	expect(&rates, "disk_busy_ratio", 1);
	free(then);
	free(now);
}

static void test_changing_host(void **state)
{
	struct usage_host *then = calloc(1, sizeof(*then)), *now = calloc(1, sizeof(*now));
	struct usage_rates rates;

	(void)state;
	assert_non_null(then);
	assert_non_null(now);
	fill_host(then);
	*now = *then;
	now->at_ns = 101 * S;
	/* A link and a disk came with counts of their own, others went. */
	now->links[0] = (struct usage_link){"veth9", 100000, 200000};
	now->links[1].received_bytes += 4;
	now->disks[0] = (struct usage_disk){9, 100000, 100000, 100 * S};
	now->disks[1].read_bytes += 80;
	usage_rates_of_host(then, now, &rates);
	expect(&rates, "network_received_bytes_per_s", 4);
	expect(&rates, "network_sent_bytes_per_s", 0);
	expect(&rates, "disk_read_bytes_per_s", 80);
	expect(&rates, "disk_busy_ratio", 0);
	expect_none(&rates, "cpu_percent"); /* no time passed on any CPU */
	/* A driver that was loaded anew. */
	now->links[1].received_bytes = 0;
	now->disks[1].busy_ns = 0;
	usage_rates_of_host(then, now, &rates);
	expect_none(&rates, "network_received_bytes_per_s");
	expect(&rates, "network_sent_bytes_per_s", 0);
	expect_none(&rates, "disk_busy_ratio");
	then->link_cnt = SIZE_MAX;
	now->disk_cnt = SIZE_MAX;
	now->memory_total_bytes = now->memory_available_bytes = USAGE_UNKNOWN;
	now->state_usable_bytes = now->state_free_bytes = USAGE_UNKNOWN;
	now->load_1m = -1;
	now->cpu_total_ns = now->cpu_busy_ns = USAGE_UNKNOWN;
	usage_rates_of_host(then, now, &rates);
	assert_int_equal(rates.cnt, 0);
	free(then);
	free(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target),	 cmocka_unit_test(test_changing_processes),
		cmocka_unit_test(test_no_rates), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_host),	 cmocka_unit_test(test_changing_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
