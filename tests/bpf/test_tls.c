/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests over OpenSSL, read where it takes and gives plain text: N requests give N samples, as
 * client and as server, on the levels of probes and the kinds of hook that the kernel has. More
 * ways to call it, and real servers and clients, are tests/e2e/test_tls's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

struct scenario {
	const char *program;
	const char *mode; /* of tests/e2e/tls_peer.c */
	const char *method;
};

static const struct scenario scenarios[] = {
	{"tls_peer", "plain", "PING"},
	{"tls_peer-static", "ex", "PING"},
	{"tls_peer", "partial", "SET"},
};
enum { SCENARIO_CNT = sizeof(scenarios) / sizeof(scenarios[0]) };

#define REQUEST_CNT 40

static const char *label(const json_t *operation, const char *name)
{
	const char *value =
		json_string_value(json_object_get(json_object_get(operation, "labels"), name));

	return value ? value : "";
}

/* All that was parsed on one side is this kind of request, of connections marked as encrypted. */
static void check_side(const json_t *summary, const char *kind, const struct scenario *s)
{
	const json_t *operation;
	json_int_t count = 0;
	size_t i;

	json_array_foreach(json_object_get(summary, "operations"), i, operation)
	{
		if (strcmp(json_string_value(json_object_get(operation, "kind")), kind) != 0)
			continue;
		assert_string_equal(label(operation, "encrypted"), "true");
		if (strncmp(json_string_value(json_object_get(operation, "name")), "redis ", 6) !=
		    0)
			continue;
		assert_string_equal(label(operation, "method"), s->method);
		check_identities(operation);
		assert_int_equal(json_number_at(operation, "quality.lost"), 0);
		count += json_number_at(operation, "count");
	}
	assert_int_equal(count, REQUEST_CNT);
}

static void run(const struct scenario *s, const char *hooks, const char *level)
{
	const char *targets = getenv("TARGETS") ? getenv("TARGETS") : "build/bpf-targets";
	char program[4096], key[4096], pid[16], cnt[16];
	const char *const argv[] = {program, key, key, s->mode, cnt, NULL};
	const char *const args[] = {"trace", "-p",	pid,   "--rpc",	     "--json", "--hooks",
				    hooks,   "--level", level, "--protocol", "redis",  NULL};
	struct child *target, *tracer;
	json_t *summary;

	snprintf(program, sizeof(program), "%s/%s", targets, s->program);
	snprintf(key, sizeof(key), "%s/tls_certificate", targets);
	snprintf(cnt, sizeof(cnt), "%d", REQUEST_CNT);
	target = child_start(argv);
	/* It says its port when it is there. */
	if (!child_await_out(target, "\n"))
		fail_msg("%s is not ready: %s", s->program, target->err_text);
	snprintf(pid, sizeof(pid), "%d", target->pid);
	print_message("# hooks %s, level %s\n", hooks, level);
	tracer = trace_attach(args);
	child_send(target, "go\n");
	assert_int_equal(child_finish(target), 0);
	child_free(target);
	if (child_await_err(tracer, "bytes in OpenSSL"))
		fail_msg("not all was placed: %s", tracer->err_text);
	summary = trace_summary(tracer);
	check_side(summary, "rpc_client", s);
	check_side(summary, "rpc_server", s);
	json_decref(summary);
}

/* Each scenario on one level: they and the hooks do not depend on each other. Sessions are of no
 * use here; probes are attached as without. */
static const char *level_of(size_t scenario_idx)
{
	const char *const *levels = available_levels();
	size_t cnt = 0;

	levels += strcmp(levels[0], "session") == 0;
	while (levels[cnt])
		cnt++;
	return cnt ? levels[scenario_idx % cnt] : "session";
}

static void test_scenario(void **state)
{
	const struct scenario *s = *state;
	const char *const *hooks = available_hooks();
	size_t number = (size_t)(s - scenarios);

	for (size_t i = 0; hooks[i]; i++) {
		if (is_hooks_turn(i, number))
			run(s, hooks[i], level_of(number));
	}
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[SCENARIO_CNT];
	static char names[SCENARIO_CNT][64];
	size_t cnt = 0;

	for (size_t i = 0; i < SCENARIO_CNT; i++) {
		snprintf(names[i], sizeof(names[i]), "%s %s", scenarios[i].program,
			 scenarios[i].mode);
		if (argc > 1 && !strstr(names[i], argv[1]))
			continue;
		tests[cnt++] =
			(struct CMUnitTest){.name = names[i],
					    .test_func = test_scenario,
					    .initial_state = (void *)(uintptr_t)&scenarios[i]};
	}
	return _cmocka_run_group_tests("tls", tests, cnt, NULL, NULL);
}
