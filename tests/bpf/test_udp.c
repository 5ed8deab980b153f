/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams, as a feed and as requests and answers: as many as were read, with their bytes, are
 * counted whatever reads them, those that were dropped too, and a delay lands where it belongs. On
 * every kind of hook that the kernel has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"
#include "late_hook.h"

struct scenario {
	const char *mode;
	const char *count;
	const char *address; /* that the endpoint is named by */
	bool is_delayed;
	bool is_rpc;
};

static const struct scenario scenarios[] = {
	{"read", "500", "localhost", false, false},
	{"recv", "500", "localhost", false, false},
	{"recvfrom", "200", "localhost", false, false},
	{"recvmsg", "200", "localhost", false, false},
	{"recvmmsg", "1000", "localhost", false, false},
	{"peek", "200", "localhost", false, false},
	{"trunc", "200", "localhost", false, false},
	{"empty", "200", "localhost", false, false},
	{"ipv6", "200", "[::1]", false, false},
	{"group", "200", "239.255.7.41", false, false},
	{"group6", "200", "[ff01::4242]", false, false},
	{"unseen", "500", "localhost", false, false},
	{"reuse", "500", "localhost", false, false},
	{"spin", "2000", "localhost", false, false},
	{"late", "40", "localhost", true, false},
	{"drops", "300", "localhost", false, false},
	{"ask", "300", "localhost", false, true},
	{"ask6", "100", "[::1]", false, true},
	{"ask-late", "40", "localhost", true, true},
};
enum { SCENARIO_CNT = sizeof(scenarios) / sizeof(scenarios[0]) };

/* "udp ADDRESS:PORT"; loopback has a name only where /etc/hosts has one. */
static bool is_named(const char *name, const char *wanted)
{
	const char *port = strrchr(name, ':');

	if (strcmp(name, wanted) == 0)
		return true;
	return port && strstr(wanted, "localhost") && strncmp(name, "udp 127.0.0.1:", 14) == 0 &&
	       strcmp(port, strrchr(wanted, ':')) == 0;
}

static const json_t *find_operation(const json_t *summary, const char *name, const char *kind,
				    const char *from)
{
	const json_t *operation;
	size_t i;

	json_array_foreach(json_object_get(summary, "operations"), i, operation)
	{
		const char *own_from = json_string_value(
			json_object_get(json_object_get(operation, "labels"), "from"));

		if (is_named(json_string_value(json_object_get(operation, "name")), name) &&
		    strcmp(json_string_value(json_object_get(operation, "kind")), kind) == 0 &&
		    (!from || (own_from && strcmp(own_from, from) == 0)))
			return operation;
	}
	fail_msg("no %s %s in %s", kind, name, json_dumps(summary, JSON_COMPACT));
	return NULL;
}

static void check(const struct scenario *s, const json_t *summary, const json_t *truth)
{
	const json_t *o, *share;
	json_int_t missed;
	char name[100];

	snprintf(name, sizeof(name), "udp %s:%d", s->address, (int)json_number_at(truth, "port"));
	o = find_operation(summary, name, s->is_rpc ? "rpc_client" : "feed", NULL);
	check_identities(o);
	missed = json_number_at(o, "quality.arrivals_missed");
	assert_int_equal(missed, json_number_at(truth, "unseen"));
	assert_int_equal(json_number_at(o, "count"),
			 json_number_at(truth, "count") - (s->is_rpc ? 0 : missed));
	assert_int_equal(json_number_at(o, "quality.in_flight"), 0);
	assert_int_equal(json_number_at(o, "bytes_received"), json_number_at(truth, "bytes"));
	assert_int_equal(json_number_at(o, "bytes_sent"),
			 s->is_rpc ? json_number_at(truth, "bytes") : 0);
	assert_int_equal(json_number_at(o, "datagrams_dropped"), json_number_at(truth, "dropped"));
	if (json_number_at(truth, "dropped"))
		assert_true(json_number_at(o, "queue_max_bytes") >
			    json_number_at(o, "queue_limit_bytes") / 2);
	assert_int_equal(json_number_at(o, "queue_bytes"), 0);
	print_message("# %d read before they were told of\n",
		      (int)json_number_at(o, "quality.clock_clamped"));
	if (!s->is_delayed)
		return;
	share = s->is_rpc ? find_operation(summary, name, "segment", "sent") : o;
	assert_true(json_number_at(share, "percentiles_ns.p50") >=
		    json_number_at(truth, "delay_ns"));
}

static void run(const struct scenario *s, const char *hooks)
{
	struct child *target = target_start("udp", s->mode, s->count, NULL);
	char pid[16];
	const char *args[] = {"trace", "-p", pid, "--rpc", "--json", "--hooks", hooks, NULL};
	/* A reader that never sleeps is there before its datagram's arrival is told. */
	int late_fd = strcmp(s->mode, "spin") == 0 ? late_arrival_open(child_of(target->pid)) : -1;
	json_t *summary, *truth;

	snprintf(pid, sizeof(pid), "%d", target->pid);
	print_message("# hooks %s\n", hooks);
	summary = trace_stop(trace_start(args, target, &truth));
	check(s, summary, truth);
	target_release(target);
	if (late_fd >= 0)
		close(late_fd);
	json_decref(summary);
	json_decref(truth);
}

static void test_scenario(void **state)
{
	const struct scenario *s = *state;
	const char *const *hooks = available_hooks();

	for (size_t i = 0; hooks[i]; i++) {
		if (is_hooks_turn(i, (size_t)(s - scenarios)))
			run(s, hooks[i]);
	}
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[SCENARIO_CNT];
	size_t cnt = 0;

	for (size_t i = 0; i < SCENARIO_CNT; i++) {
		if (!is_for_here(i) || (argc > 1 && !strstr(scenarios[i].mode, argv[1])))
			continue;
		tests[cnt++] =
			(struct CMUnitTest){.name = scenarios[i].mode,
					    .test_func = test_scenario,
					    .initial_state = (void *)(uintptr_t)&scenarios[i]};
	}
	return _cmocka_run_group_tests("udp", tests, cnt, NULL, NULL);
}
