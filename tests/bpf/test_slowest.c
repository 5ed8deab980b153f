/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slowest calls against a program's own log: it knows of each call a time that passed inside
 * and one that passed around it, between which the probe's has to lie.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "harness.h"
#include "slow_log.h"

#define STAGES	      "enter slow_outer, enter slow_call, return slow_call, return slow_outer"
#define WALL_SLACK_NS 20000000 /* between two readings of two clocks on a busy machine */

/* "2026-01-01T00:00:00.000000000Z" */
static json_int_t wall_ns_of(const char *text)
{
	struct tm t = {0};
	const char *rest;

	assert_non_null(text);
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S.", &t);
	assert_non_null(rest);
	return (json_int_t)timegm(&t) * 1000000000 + strtol(rest, NULL, 10);
}

/* How far an instant is from the time between the ends of two calls. */
static json_int_t distance_ns(const struct logged *l, json_int_t at)
{
	if (at < l->begin_wall_ns)
		return l->begin_wall_ns - at;
	return at > l->end_wall_ns ? at - l->end_wall_ns : 0;
}

/* The call that was told: that of its thread at that time. */
static void find_call(struct log *log, const json_t *told)
{
	json_int_t took = json_number_at(told, "duration_ns"), tid = json_number_at(told, "tid");
	json_int_t at = wall_ns_of(json_string_value(json_object_get(told, "at")));
	struct logged *found = NULL;

	for (size_t i = 0; i < log->cnt; i++) {
		struct logged *l = &log->calls[i];

		if (l->is_told || l->tid != tid || took < l->shortest_ns || took > l->longest_ns)
			continue;
		if (!found || distance_ns(l, at) < distance_ns(found, at))
			found = l;
	}
	if (found && distance_ns(found, at) <= WALL_SLACK_NS)
		found->is_told = true;
	else
		fail_msg("nothing in the log is %s", json_dumps(told, JSON_COMPACT));
}

static void check_stack(const json_t *told)
{
	static const char *const callers[] = {"slow_inner+0x", "slow_outer+0x", "slow_thread+0x"};
	const json_t *stack = json_object_get(told, "stack");

	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++) {
		const char *frame = json_string_value(json_array_get(stack, i));

		if (!frame || strncmp(frame, callers[i], strlen(callers[i])) != 0)
			fail_msg("frame %zu is \"%s\", not \"%s…\"", i, frame ? frame : "missing",
				 callers[i]);
	}
}

/* What was told is in the log, and all else in the log was not longer. */
static void check_told(const json_t *summary, struct log *log, size_t cnt)
{
	const json_t *told = json_object_get(summary, "slowest");
	const json_t *operation = json_array_get(json_object_get(summary, "operations"), 0);
	json_int_t last_ns = INT64_MAX;

	check_identities(operation);
	assert_int_equal(json_number_at(operation, "count"), (json_int_t)log->cnt);
	assert_int_equal(json_array_size(told), cnt);
	assert_int_equal(json_number_at(json_array_get(told, 0), "duration_ns"),
			 json_number_at(operation, "max_ns"));
	for (size_t i = 0; i < cnt; i++) {
		const json_t *call = json_array_get(told, i);

		assert_true(json_number_at(call, "duration_ns") <= last_ns);
		last_ns = json_number_at(call, "duration_ns");
		find_call(log, call);
		check_stack(call);
	}
	for (size_t i = 0; i < log->cnt; i++) {
		if (!log->calls[i].is_told && log->calls[i].shortest_ns > last_ns)
			fail_msg("a call of at least %lld ns was not told, one of %lld was",
				 (long long)log->calls[i].shortest_ns, (long long)last_ns);
	}
}

static json_t *trace(const char *const args[], struct child *target, struct log *ret_log)
{
	json_t *truth, *summary = trace_stop(trace_start(args, target, &truth));

	target_release(target);
	*ret_log = log_read(truth);
	json_decref(truth);
	return summary;
}

struct wish {
	const char *level;
	const char *exit_policy;
	const char *slowest;
	const char *threads;
	size_t cnt; /* to be told */
};

static void run(const struct wish *w)
{
	struct child *target = target_start("slow", "mixed", "320", w->threads);
	char pid[16];
	const char *args[] = {"trace",	   "-p",	   pid,	     "-f",	"slow_call",
			      "--slowest", w->slowest,	   "--json", "--level", w->level,
			      "--exit",	   w->exit_policy, NULL};
	json_t *summary;
	struct log log;

	snprintf(pid, sizeof(pid), "%d", target->pid);
	print_message("# level %s, exit %s, %s slowest of %s threads\n", w->level, w->exit_policy,
		      w->slowest, w->threads);
	summary = trace(args, target, &log);
	check_told(summary, &log, w->cnt);
	assert_int_equal(json_number_at(summary, "slowest_dropped"), 0);
	free(log.calls);
	json_decref(summary);
}

static void test_levels(void **state)
{
	const char *const *levels = available_levels();

	(void)state;
	for (size_t i = 0; levels[i]; i++) {
		run(&(struct wish){levels[i], "fast", "32", "4", 32});
		run(&(struct wish){levels[i], "safe", "8", "4", 8});
	}
}

static void test_counts(void **state)
{
	const char *level = available_levels()[0];

	(void)state;
	run(&(struct wish){level, "fast", "1", "1", 1});
	run(&(struct wish){level, "safe", "1", "3", 1});
	run(&(struct wish){level, "safe", "32", "1", 32});
	run(&(struct wish){level, "fast", "8", "2", 8});
}

/* Segments and shares of what was told add up to it. */
static void check_sums(const json_t *told, const char *list)
{
	json_t *parts = json_object_get(told, list), *part;
	json_int_t sum_ns = 0;
	const char *name;
	size_t i;

	json_array_foreach(parts, i, part) sum_ns += json_number_at(part, "duration_ns");
	json_object_foreach(parts, name, part) sum_ns += json_integer_value(part);
	assert_int_equal(sum_ns, json_number_at(told, "duration_ns"));
}

/* 0: a switch inside of it was not seen, so that it is not split. */
static size_t check_shares(const json_t *told)
{
	size_t cnt = json_object_size(json_object_get(told, "shares"));

	if (cnt)
		check_sums(told, "shares");
	assert_true(!cnt || cnt == 9);
	return cnt > 0;
}

/* A chain has what a function has, and its segments. */
static void test_chain(void **state)
{
	struct child *target = target_start("slow", "mixed", "320", "3");
	char pid[16];
	const char *args[] = {"trace",	     "-p",	  pid,	"--chain", STAGES,
			      "--breakdown", "--slowest", "16", "--json",  NULL};
	json_t *summary, *told, *call;
	size_t i, split_cnt = 0;
	struct log log;

	(void)state;
	snprintf(pid, sizeof(pid), "%d", target->pid);
	summary = trace(args, target, &log);
	told = json_object_get(summary, "slowest");
	assert_int_equal(json_array_size(told), 16);
	call = json_array_get(json_object_get(summary, "operations"), 0);
	assert_int_equal(json_number_at(json_array_get(told, 0), "duration_ns"),
			 json_number_at(call, "max_ns"));
	json_array_foreach(told, i, call)
	{
		const json_t *segments = json_object_get(call, "segments");

		find_call(&log, call);
		assert_int_equal(json_array_size(segments), 3);
		assert_string_equal(
			json_string_value(json_object_get(json_array_get(segments, 2), "from")),
			"return slow_call");
		check_sums(call, "segments");
		split_cnt += check_shares(call);
		/* At the return: on some kernels it is seen in the caller. */
		assert_true(json_array_size(json_object_get(call, "stack")) > 0);
	}
	assert_in_range(split_cnt, 12, 16);
	free(log.calls);
	json_decref(summary);
}

/* Where the time of each went. */
static void test_shares(void **state)
{
	struct child *target = target_start("slow", "mixed", "320", "3");
	char pid[16];
	const char *args[] = {"trace",	     "-p",	  pid,	"-f",	  "slow_call",
			      "--breakdown", "--slowest", "16", "--json", NULL};
	json_t *summary, *call;
	size_t i, split_cnt = 0;
	struct log log;

	(void)state;
	snprintf(pid, sizeof(pid), "%d", target->pid);
	summary = trace(args, target, &log);
	check_told(summary, &log, 16);
	json_array_foreach(json_object_get(summary, "slowest"), i, call)
	{
		split_cnt += check_shares(call);
	}
	assert_in_range(split_cnt, 12, 16);
	free(log.calls);
	json_decref(summary);
}

/* The stack of a goroutine, down to where it began. */
static void test_go(void **state)
{
	struct child *target = target_start("godesk", "leaf", "500", "4");
	char pid[16];
	const char *args[] = {"trace",	   "-p", pid,	   "-f", "main.price",
			      "--slowest", "4",	 "--json", NULL};
	json_t *truth, *summary, *call;
	size_t i;

	(void)state;
	snprintf(pid, sizeof(pid), "%d", target->pid);
	summary = trace_stop(trace_start(args, target, &truth));
	target_release(target);
	assert_int_equal(json_array_size(json_object_get(summary, "slowest")), 4);
	json_array_foreach(json_object_get(summary, "slowest"), i, call)
	{
		const json_t *stack = json_object_get(call, "stack");
		const char *first = json_string_value(json_array_get(stack, 0));
		const char *last =
			json_string_value(json_array_get(stack, json_array_size(stack) - 1));

		if (!first || strncmp(first, "main.callPrice+0x", 17) != 0 ||
		    strncmp(last, "runtime.goexit", 14) != 0)
			fail_msg("from %s to %s", first ? first : "nowhere", last ? last : "");
	}
	json_decref(truth);
	json_decref(summary);
}

/* The names are known when the process is not there any more. */
static void test_ended(void **state)
{
	struct child *target = target_start("slow", "mixed", "320", "1");
	char pid[16];
	const char *args[] = {"trace",	   "-p", pid,	   "-f", "slow_call",
			      "--slowest", "2",	 "--json", NULL};
	struct child *tracer;
	json_t *truth, *summary;
	struct log log;

	(void)state;
	snprintf(pid, sizeof(pid), "%d", target->pid);
	tracer = trace_start(args, target, &truth);
	target_release(target);
	summary = trace_summary(tracer); /* ends with its last process */
	log = log_read(truth);
	check_told(summary, &log, 2);
	free(log.calls);
	json_decref(truth);
	json_decref(summary);
}

#define MANY_CNT 24  /* functions, whose first calls are all told */
#define ROOM_CNT 564 /* of them in the ring */

/* Who does not read meanwhile loses some, and counts them. */
static void test_overflow(void **state)
{
	struct child *target = target_start("slow", "many", "40", NULL);
	char pid[16];
	const char *args[] = {"trace",	   "-p", pid,	   "-f", "many_*",
			      "--slowest", "32", "--json", NULL};
	json_int_t dropped, told;
	struct child *tracer;
	json_t *summary;
	int status;

	(void)state;
	snprintf(pid, sizeof(pid), "%d", target->pid);
	tracer = tickscope_start(args);
	assert_true(child_await_err(tracer, "attached"));
	kill(tracer->pid, SIGSTOP);
	assert_int_equal(waitpid(tracer->pid, &status, WUNTRACED), tracer->pid);
	child_send(target, "go\n");
	assert_true(child_await_out(target, "}\n"));
	kill(tracer->pid, SIGCONT);
	assert_true(child_await_err(tracer, "faster than they can be told"));
	summary = trace_stop(tracer);
	target_release(target);
	told = (json_int_t)json_array_size(json_object_get(summary, "slowest"));
	dropped = json_number_at(summary, "slowest_dropped");
	assert_in_range(told, 1, ROOM_CNT);
	assert_in_range(dropped, MANY_CNT * 32 - ROOM_CNT, MANY_CNT * 40 - told);
	json_decref(summary);
}

/* Without the option there is nothing of it; numbers that cannot be are refused. */
static void test_refused(void **state)
{
	static const char *const numbers[] = {"0", "33", "-1", "many", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *args[] = {"trace", "-p", "1", "-f", "f", "--slowest", numbers[i], NULL};
		struct child *tracer = tickscope_start(args);

		assert_int_equal(child_finish(tracer), 2);
		assert_non_null(strstr(tracer->err_text, "from 1 to 32"));
		child_free(tracer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_go),
		cmocka_unit_test(test_overflow),
		/* What user space does of it is the same on all kernels: not for slow machines. */
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_refused),
	};

	return _cmocka_run_group_tests("slowest", tests, getenv("TEST_BRIEF") ? 5 : 8, NULL, NULL);
}
