/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on connections, as client and as server: N requests give N samples however they are sent
 * and received, bytes are all counted, and a delay of known length lands in the share that it
 * belongs to. On every kind of hook that the kernel has.
 */
#include <setjmp.h>
#include <stdarg.h>
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
	const char *role;
	int delayed;	/* number of the segment that has the delay; 0: none */
	bool is_parsed; /* once more with a parser, which has to see that it is no protocol */
};

static const struct scenario scenarios[] = {
	{"write", "300", "client", 0, true},	   {"write", "300", "server", 0, true},
	{"writev", "100", "client", 0, true},	   {"writev", "100", "server", 0, false},
	{"send", "100", "client", 0, false},	   {"send", "100", "server", 0, false},
	{"sendto", "100", "client", 0, false},	   {"sendto", "100", "server", 0, false},
	{"sendmsg", "100", "client", 0, true},	   {"sendmsg", "100", "server", 0, false},
	{"sendfile", "100", "client", 0, false},   {"sendfile", "100", "server", 0, true},
	{"splice", "100", "client", 0, true},	   {"splice", "100", "server", 0, false},
	{"unix-splice", "50", "client", 0, false}, {"unix-splice", "50", "server", 0, false},
	{"pieces", "100", "client", 0, true},	   {"pieces", "100", "server", 0, false},
	{"nonblock", "100", "client", 0, false},   {"nonblock", "100", "server", 0, false},
	{"peek", "100", "client", 0, false},	   {"peek", "100", "server", 0, false},
	{"ipv6", "50", "client", 0, false},	   {"ipv6", "50", "server", 0, false},
	{"mapped", "50", "client", 0, false},	   {"mapped", "50", "server", 0, false},
	{"reconnect", "60", "client", 0, true},	   {"reconnect", "60", "server", 0, true},
	{"close", "80", "client", 0, false},	   {"close", "80", "server", 0, false},
	{"shutdown", "20", "client", 0, false},	   {"shutdown", "20", "server", 0, false},
	{"late", "40", "client", 1, false},	   {"late", "40", "server", 2, false},
	{"busy", "40", "client", 2, false},	   {"slow", "40", "client", 3, false},
	{"slow", "40", "server", 2, false},	   {"threads", "10000", "client", 0, true},
	{"threads", "10000", "server", 0, true},   {"reset", "80", "client", 0, true},
	{"reset", "80", "server", 0, false},	   {"unread", "30", "server", 0, true},
	{"open", "20", "client", 0, true},	   {"open", "20", "server", 0, false},
	{"shared", "64", "client", 0, true},	   {"shared", "64", "server", 0, false},
	{"uring", "200", "client", 0, true},	   {"uring", "200", "server", 0, true},
	{"unix", "300", "client", 0, false},	   {"unix", "300", "server", 0, false},
	{"abstract", "50", "client", 0, false},	   {"abstract", "50", "server", 0, false},
	{"spin", "2000", "client", 0, false},	   {"spin", "2000", "server", 0, false},
	{"passed", "50", "client", 0, true},	   {"many", "10000", "client", 0, true},
	{"many", "10000", "server", 0, false},
};
enum { SCENARIO_CNT = sizeof(scenarios) / sizeof(scenarios[0]) };

static bool is_kind(const json_t *operation, const char *kind)
{
	return strcmp(json_string_value(json_object_get(operation, "kind")), kind) == 0;
}

/* The operation of the port that the program names. */
static const json_t *find_endpoint(const json_t *summary, const struct scenario *s,
				   const json_t *truth)
{
	const char *kind = strcmp(s->role, "client") == 0 ? "rpc_client" : "rpc_server";
	const char *local = json_string_value(json_object_get(truth, "name"));
	const json_t *operation, *found = NULL;
	char end[64];
	size_t i;

	snprintf(end, sizeof(end), ":%d", (int)json_number_at(truth, "port"));
	if (local[0])
		snprintf(end, sizeof(end), "unix %s", local);
	json_array_foreach(json_object_get(summary, "operations"), i, operation)
	{
		const char *name = json_string_value(json_object_get(operation, "name"));
		size_t length = strlen(name);

		if (!is_kind(operation, kind) || length < strlen(end) ||
		    strcmp(name + length - strlen(end), end) != 0)
			continue;
		if (found)
			fail_msg("two endpoints %s", end);
		found = operation;
	}
	if (!found)
		fail_msg("no endpoint %s", end);
	return found;
}

/* Segments count what the whole counts, and add up to it. */
static void check_segments(const json_t *summary, const json_t *endpoint, const struct scenario *s,
			   json_int_t delay_ns)
{
	const char *name = json_string_value(json_object_get(endpoint, "name"));
	json_int_t sum_ns = 0, count = json_number_at(endpoint, "count");
	const json_t *segment;
	int number = 0;
	size_t i;

	json_array_foreach(json_object_get(summary, "operations"), i, segment)
	{
		json_int_t p50;

		if (!is_kind(segment, "segment") ||
		    strcmp(json_string_value(json_object_get(segment, "name")), name) != 0)
			continue;
		number++;
		assert_int_equal(json_number_at(segment, "count"), count);
		sum_ns += json_number_at(segment, "sum_ns");
		if (!count)
			continue;
		p50 = json_number_at(segment, "percentiles_ns.p50");
		/* The delay and what a busy machine adds to it; without it, far less. */
		if (number == s->delayed && p50 < delay_ns)
			fail_msg("segment %d takes %lld ns: the delay is missing", number,
				 (long long)p50);
		if (s->delayed && number != s->delayed && p50 > delay_ns / 2)
			fail_msg("segment %d takes %lld ns: the delay is in the wrong one", number,
				 (long long)p50);
	}
	assert_int_equal(number, strcmp(s->role, "client") == 0 ? 3 : 2);
	assert_int_equal(sum_ns, json_number_at(endpoint, "sum_ns"));
}

/*
 * What is spliced from a socket has no tracepoint: all that is sent is seen, and that bytes have
 * come, but never that they are read. A client's first request waits until the end; a server's
 * first one has come, and the connection ended.
 */
static void check_unread(const json_t *e, const json_t *truth, bool is_client)
{
	check_identities(e);
	assert_int_equal(json_number_at(e, "count"), 0);
	assert_int_equal(json_number_at(e, "quality.in_flight"), 0);
	assert_int_equal(json_number_at(e, "quality.unwound"), is_client);
	assert_int_equal(json_number_at(e, "errors"), is_client);
	assert_int_equal(json_number_at(e, "bytes_received"), 0);
	assert_int_equal(json_number_at(e, "bytes_sent"),
			 json_number_at(truth, is_client ? "request_bytes" : "answer_bytes"));
	assert_int_equal(json_number_at(e, "unread_requests"), !is_client);
}

static void check(const struct scenario *s, const json_t *summary, const json_t *truth,
		  const char *hooks)
{
	bool is_client = strcmp(s->role, "client") == 0;
	bool is_local = json_string_length(json_object_get(truth, "name")) > 0;
	const json_t *e = find_endpoint(summary, s, truth);

	if (strstr(s->mode, "splice") && strcmp(hooks, "raw_tp") == 0) {
		check_unread(e, truth, is_client);
		return;
	}

	check_identities(e);
	assert_int_equal(json_number_at(e, "quality.in_flight"), json_number_at(truth, "open"));
	assert_int_equal(json_number_at(e, "quality.lost"), 0);
	assert_int_equal(json_number_at(e, "unread_requests"), json_number_at(truth, "unread"));
	/* Who resets has none. */
	assert_int_equal(json_number_at(e, "resets"), is_client || json_number_at(truth, "unread")
							      ? json_number_at(truth, "resets")
							      : 0);
	assert_int_equal(json_number_at(e, "count"), json_number_at(truth, "count"));
	assert_int_equal(json_number_at(e, "quality.unwound"), json_number_at(truth, "unwound"));
	assert_int_equal(json_number_at(e, "errors"), json_number_at(truth, "errors"));
	assert_int_equal(json_number_at(e, is_client ? "bytes_sent" : "bytes_received"),
			 json_number_at(truth, "request_bytes"));
	assert_int_equal(json_number_at(e, is_client ? "bytes_received" : "bytes_sent"),
			 json_number_at(truth, "answer_bytes"));
	assert_int_equal(json_number_at(e, "quality.unsolicited_bytes"), 0);
	if (is_client)
		assert_int_equal(json_number_at(e, "connect.count"),
				 is_local ? 0 : json_number_at(truth, "connects"));
	check_segments(summary, e, s, json_number_at(truth, "delay_ns"));
}

/* Whatever it has seen; parsers keep some 2 KiB of each of 10 000 connections. */
#define TRACER_MAX_KIB	(40 * 1024)
#define PARSERS_MAX_KIB (24 * 1024)

static void check_memory(pid_t tracer, bool is_parsing)
{
	char path[64], line[256];
	long high_kib = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", tracer);
	status = fopen(path, "re");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status)) {
		if (strncmp(line, "RssAnon:", 8) == 0)
			high_kib = strtol(line + 8, NULL, 10);
	}
	fclose(status);
	assert_in_range(high_kib, 1, TRACER_MAX_KIB + (is_parsing ? PARSERS_MAX_KIB : 0));
}

/* What other threads and processes do comes before what is told of it. */
static void hold_up(const struct scenario *s, pid_t target, int late_fds[2])
{
	late_fds[0] = late_fds[1] = -1;
	if (strcmp(s->mode, "threads") == 0)
		late_fds[0] = late_hook_open(target);
	if (strcmp(s->mode, "spin") == 0) {
		late_fds[0] = late_arrival_open(target);
		late_fds[1] = late_arrival_open(child_of(target));
	}
}

/* protocol: bytes that are none of it; what is counted by direction stays right. NULL: none. */
static void run(const struct scenario *s, const char *hooks, const char *protocol)
{
	struct child *target = target_start("rpc", s->mode, s->count, s->role);
	char pid[16];
	const char *args[] = {"trace",	 "-p",	pid,	      "--rpc",	"--json",
			      "--hooks", hooks, "--protocol", protocol, NULL};
	json_t *summary, *truth;
	struct child *tracer;
	int late_fds[2];

	if (!protocol)
		args[7] = NULL;
	snprintf(pid, sizeof(pid), "%d", target->pid);
	print_message("# hooks %s\n", hooks);
	hold_up(s, target->pid, late_fds);
	tracer = trace_start(args, target, &truth);
	check_memory(tracer->pid, protocol);
	summary = trace_stop(tracer);
	check(s, summary, truth, hooks);
	target_release(target);
	for (int i = 0; i < 2; i++) {
		if (late_fds[i] >= 0)
			close(late_fds[i]);
	}
	json_decref(summary);
	json_decref(truth);
}

static void test_scenario(void **state)
{
	const struct scenario *s = *state;
	const char *const *hooks = available_hooks();

	for (size_t i = 0; hooks[i]; i++) {
		if (!is_hooks_turn(i, (size_t)(s - scenarios)))
			continue;
		run(s, hooks[i], NULL);
		if (!i && s->is_parsed && !getenv("TEST_BRIEF"))
			run(s, hooks[i], "auto");
	}
}

int main(int argc, char **argv)
{
	static char names[SCENARIO_CNT][64];
	static struct CMUnitTest tests[SCENARIO_CNT];
	size_t cnt = 0;

	for (size_t i = 0; i < SCENARIO_CNT; i++) {
		const struct scenario *s = &scenarios[i];

		/* Ten thousand connections are nothing for a slow machine. */
		if (!is_for_here(i) || (getenv("TEST_BRIEF") && strcmp(s->mode, "many") == 0))
			continue;
		snprintf(names[i], sizeof(names[i]), "%s %s", s->mode, s->role);
		if (argc > 1 && !strstr(names[i], argv[1]))
			continue;
		tests[cnt++] = (struct CMUnitTest){.name = names[i],
						   .test_func = test_scenario,
						   .initial_state = (void *)(uintptr_t)s};
	}
	return _cmocka_run_group_tests("rpc", tests, cnt, NULL, NULL);
}
