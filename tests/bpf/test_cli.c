/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program as a person meets it: mistakes and what is said about them, processes that come, go
 * and change, binaries that were replaced, a tracer that is killed.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

/* Runs tickscope to its end. */
static int run(const char *const args[], char *out, char *err, size_t bytes)
{
	struct child *c = tickscope_start(args);
	int status = child_finish(c);

	snprintf(out, bytes, "%s", c->out_text);
	snprintf(err, bytes, "%s", c->err_text);
	child_free(c);
	return status;
}

static char out_text[HARNESS_TEXT_BYTES], err_text[HARNESS_TEXT_BYTES];

static void expect(const char *const args[], int status, const char *said)
{
	int got = run(args, out_text, err_text, sizeof(out_text));

	if (got != status || !strstr(status == 0 ? out_text : err_text, said))
		fail_msg("exit %d (expected %d), \"%s\" not in: %s%s", got, status, said, out_text,
			 err_text);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_usage(void **state)
{
	(void)state;
	expect(ARGS("--help"), 0, "Usage: tickscope COMMAND");
	expect(ARGS("help", "trace"), 0, "Usage: tickscope trace");
	expect(ARGS("version"), 0, "tickscope ");
	expect(ARGS("tracee"), 2, "no command \"tracee\"");
	expect(ARGS("trace"), 2, "which process");
	expect(ARGS("trace", "-p", "1"), 2, "what to trace");
	expect(ARGS("trace", "-p", "x", "-f", "f"), 2, "\"x\" is not a process id");
	expect(ARGS("trace", "-p", "0", "-f", "f"), 2, "not a process id");
	expect(ARGS("trace", "-p", "1", "-f", "f", "-d", "10q"), 2, "unit of time");
	expect(ARGS("trace", "-p", "1", "-f", "f", "-i", "1us"), 2, "out of range");
	expect(ARGS("trace", "-p", "1", "-f", "f", "--error", "ret <"), 2, "column 6");
	expect(ARGS("trace", "-p", "1", "-f", "f", "--level", "best"), 2, "session, multi or perf");
	expect(ARGS("trace", "-p", "1", "-f", "f", "--exit", "now"), 2, "safe or fast");
	expect(ARGS("trace", "-p", "1", "--rpc", "--hooks", "xdp"), 2, "fentry, kprobe or raw_tp");
	expect(ARGS("trace", "-p", "1", "--exe", "/bin/sh", "-f", "f"), 2, "exclude each other");
	expect(ARGS("trace", "-p", "1", "-f", "f", "more"), 2, "\"more\" is not expected");
	expect(ARGS("functions"), 2, "which process");
	expect(ARGS("doctor", "-p"), 2, "Try: tickscope doctor --help");
}

static void pid_text(const struct child *c, char text[16])
{
	snprintf(text, 16, "%d", c->pid);
}

static void test_not_found(void **state)
{
	struct child *t = target_start("plain", "leaf", "1", "1");
	char pid[16];

	(void)state;
	pid_text(t, pid);
	expect(ARGS("trace", "-p", "4194000", "-f", "f"), 1, "no process 4194000");
	expect(ARGS("trace", "-p", pid, "-f", "plain_laef"), 1, "did you mean \"plain_leaf\"");
	expect(ARGS("trace", "-p", pid, "-f", "getenv"), 1, "did you mean \"libc.so.6:getenv\"");
	expect(ARGS("trace", "-p", pid, "-f", "libssl:SSL_read"), 1, "no file \"libssl\" mapped");
	expect(ARGS("trace", "-p", pid, "-f", "libc:*", "--max-functions", "100"), 1,
	       "at most 100");
	expect(ARGS("trace", "-p", pid, "-f", "libc:strlen"), 1, "IFUNC");
	expect(ARGS("trace", "-p", pid, "-f", "plain_leaf+0x1"), 1, "cannot be traced");
	expect(ARGS("trace", "--exe", "/nowhere/engine", "-f", "f"), 1,
	       "cannot find \"/nowhere/engine\"");
	expect(ARGS("functions", "-p", pid, "nothing_like_this_name"), 1, "no function");
	expect(ARGS("trace", "-p", "2", "-f", "f"), 1, "2");
	child_free(t);
	t = target_start("plain-stripped", "leaf", "1", "1");
	pid_text(t, pid);
	expect(ARGS("trace", "-p", pid, "-f", "plain_leaf", "--error", "ret < 0"), 2, "(i32)ret");
	child_free(t);
}

/* What is called has no code of its own: said, with what to trace in its place where that is known.
 */
static void test_inlined_only(void **state)
{
	static const struct {
		const char *program;
		const char *function;
		const char *where;
	} inlined[] = {
		{"rdesk", "rdesk::inlined_only",
		 "(2 copies), where no probe can see it; trace "
		 "what contains it: rdesk::uses_inlined\n"},
		{"rdesk-v0", "rdesk::inlined_only", "contains it: rdesk::uses_inlined\n"},
		{"rdesk-stripped", "rdesk::inlined_only", "contains it: rdesk::uses_inlined\n"},
		{"godesk", "main.inlinedOnly", "contains it: main.usesInlined\n"},
		{"godesk-1.17", "main.inlinedOnly", "contains it: main.usesInlined\n"},
		{"godesk-stripped", "main.inlinedOnly", "not known without debug information\n"},
		{"godesk-1.17-stripped", "main.inlinedOnly", "not known without debug"},
		{"godesk-1.27-stripped", "main.inlinedOnly", "not known without debug"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(inlined) / sizeof(inlined[0]); i++) {
		struct child *t = target_start(inlined[i].program, "inlined", "1", "1");
		char pid[16];

		pid_text(t, pid);
		expect(ARGS("trace", "-p", pid, "-f", inlined[i].function), 1,
		       "\" exists only inlined");
		if (!strstr(err_text, inlined[i].function) || !strstr(err_text, inlined[i].where))
			fail_msg("%s: %s", inlined[i].program, err_text);
		child_free(t);
	}
}

static void test_jit_only(void **state)
{
	struct child *t = target_start("jit", NULL, NULL, NULL);
	char pid[16];

	(void)state;
	pid_text(t, pid);
	expect(ARGS("trace", "-p", pid, "-f", "anything"), 1, "JIT");
	expect(ARGS("doctor", "-p", pid), 0, "JIT");
	child_free(t);
}

/* Another user may load nothing and look into nothing. */
static void test_not_root(void **state)
{
	struct child *t = target_start("plain", "leaf", "1", "1");
	char pid[16];

	(void)state;
	pid_text(t, pid);
	if (fork() == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(99);
		_exit(run(ARGS("trace", "-p", pid, "-f", "plain_leaf"), out_text, err_text,
			  sizeof(out_text)) == 1 &&
				      strstr(err_text, "(missing: CAP_")
			      ? 0
			      : 1);
	}
	{
		int status;

		wait(&status);
		assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	}
	child_free(t);
}

/* Becomes that user with these capabilities, which programs that it executes keep. */
static int become_nobody_with(const int *capabilities, size_t cnt)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
	int err = prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgid(65534) || setuid(65534);

	for (size_t i = 0; i < cnt; i++)
		sets[capabilities[i] / 32].permitted |= 1U << capabilities[i] % 32;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		sets[i].effective = sets[i].inheritable = sets[i].permitted;
	err = err || syscall(SYS_capset, &header, sets);
	for (size_t i = 0; i < cnt && !err; i++)
		err = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capabilities[i], 0, 0);
	return err;
}

/* Connections need no CAP_SYS_ADMIN on any kernel. */
static void test_few_capabilities(void **state)
{
	static const int few[] = {CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};
	struct child *t = target_start("plain", "leaf", "1", "1");
	char pid[16];
	int status = -1;

	(void)state;
	pid_text(t, pid);
	if (fork() == 0) {
		if (become_nobody_with(few, sizeof(few) / sizeof(few[0])))
			_exit(99);
		_exit(run(ARGS("trace", "-p", pid, "--rpc", "-d", "100ms"), out_text, err_text,
			  sizeof(out_text)));
	}
	wait(&status);
	assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	child_free(t);
}

/* The levels that each kernel is known to have: a program that no longer loads must not pass for an
 * older kernel. */
static void test_levels(void **state)
{
	static const struct {
		const char *release;
		const char *levels;
	} known[] = {{"6.1.", "perf "}, {"6.12.", "multi perf "}, {"6.18.", "session multi perf "}};
	struct utsname name;
	char levels[64] = "";

	(void)state;
	uname(&name);
	for (const char *const *level = available_levels(); *level; level++) {
		size_t length = strlen(levels);

		snprintf(levels + length, sizeof(levels) - length, "%s ", *level);
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strncmp(name.release, known[i].release, strlen(known[i].release)) == 0)
			assert_string_equal(levels, known[i].levels);
	}
}

static json_int_t first_count(const json_t *summary)
{
	const json_t *operation = json_array_get(json_object_get(summary, "operations"), 0);

	check_identities(operation);
	return json_number_at(operation, "count");
}

static void run_target(struct child *t)
{
	json_decref(target_truth(t));
}

static void test_process_ends(void **state)
{
	struct child *t = target_start("plain", "leaf", "50", "1");
	char pid[16];
	struct child *tracer;
	json_t *summary;

	(void)state;
	pid_text(t, pid);
	tracer = trace_attach(ARGS("trace", "-p", pid, "-f", "plain_leaf", "--json"));
	run_target(t);
	assert_int_equal(child_finish(t), 0);
	assert_int_equal(child_finish(tracer), 0); /* by itself */
	assert_non_null(strstr(tracer->err_text, "has ended"));
	summary = last_json(tracer->out_text);
	assert_int_equal(first_count(summary), 50);
	json_decref(summary);
	child_free(tracer);
	child_free(t);
}

static void test_exec(void **state)
{
	struct child *t = target_start("execs", "first", "40", NULL);
	char pid[16];
	struct child *tracer;
	json_t *summary;

	(void)state;
	pid_text(t, pid);
	tracer = trace_attach(ARGS("trace", "-p", pid, "-f", "execs_work", "--json"));
	child_send(t, "go\n");
	if (!child_await_err(tracer, "is traced"))
		fail_msg("not attached again: %s", tracer->err_text);
	run_target(t);
	assert_int_equal(child_finish(t), 0);
	assert_int_equal(child_finish(tracer), 0);
	summary = last_json(tracer->out_text);
	assert_int_equal(first_count(summary), 80);
	json_decref(summary);
	child_free(tracer);
	child_free(t);
}

static const char *target_path(const char *name, char path[4096])
{
	const char *dir = getenv("TARGETS");

	snprintf(path, 4096, "%s/%s", dir && *dir ? dir : "build/bpf-targets", name);
	return path;
}

/* One process exists, two come later: all are counted, each from its first call once the file has
 * probes. */
static void test_executable(void **state)
{
	char path[4096];
	struct child *first = target_start("plain", "leaf", "30", "1"), *second, *third, *tracer;
	json_t *summary;

	(void)state;
	tracer = trace_attach(
		ARGS("trace", "--exe", target_path("plain", path), "-f", "plain_leaf", "--json"));
	second = target_start("plain", "leaf", "40", "1");
	third = target_start("plain", "leaf", "50", "2");
	run_target(third);
	run_target(second);
	run_target(first);
	assert_int_equal(child_finish(third), 0);
	child_await_err(tracer, "has ended");
	summary = trace_stop(tracer);
	assert_int_equal(first_count(summary), 30 + 40 + 100);
	assert_int_equal(
		json_array_size(json_object_get(
			json_array_get(json_object_get(summary, "operations"), 0), "pids")),
		3);
	json_decref(summary);
	child_free(first);
	child_free(second);
	child_free(third);
}

static void copy_file(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t cnt;

	assert_true(in >= 0 && out >= 0);
	while ((cnt = read(in, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(out, buffer, (size_t)cnt), cnt);
	close(in);
	close(out);
}

/* Traces a process from its start to its end, and returns how many calls were counted. */
static json_int_t count_all(struct child *t, const char *function)
{
	char pid[16];
	struct child *tracer;
	json_t *summary;
	json_int_t count;

	pid_text(t, pid);
	tracer = trace_attach(ARGS("trace", "-p", pid, "-f", function, "--json"));
	run_target(t);
	summary = trace_stop(tracer);
	count = first_count(summary);
	json_decref(summary);
	return count;
}

/* The file that runs is traced, not the one that has its name by now. */
static void test_replaced(void **state)
{
	char path[4096], dir[] = "/tmp/tickscope-test-XXXXXX", copy[64], other[64];
	const char *const argv[] = {copy, "leaf", "60", "1", NULL};
	struct child *t;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(copy, sizeof(copy), "%s/engine", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	copy_file(target_path("plain", path), copy);
	copy_file(target_path("execs", path), other);
	t = child_start(argv);
	assert_true(child_await_out(t, "ready\n"));
	assert_int_equal(rename(other, copy), 0);
	assert_int_equal(count_all(t, "plain_leaf"), 60);
	child_free(t);
	unlink(copy);
	rmdir(dir);
}

/* The target sees its program at a path that does not exist outside. */
static void test_mount_namespace(void **state)
{
	char hidden[4096], plain[4096], dir[] = "/tmp/tickscope-test-XXXXXX";
	const char *const argv[] = {hidden, plain, dir, "leaf", "70", "1", NULL};
	struct child *t;

	(void)state;
	assert_non_null(mkdtemp(dir));
	target_path("hidden", hidden);
	target_path("plain", plain);
	/* Started as `hidden PROGRAM DIRECTORY …`, it executes DIRECTORY/hidden with the rest. */
	t = child_start(argv);
	if (!child_await_out(t, "ready\n"))
		fail_msg("no mount namespace: %s", t->err_text);
	assert_int_equal(count_all(t, "plain_leaf"), 70);
	child_free(t);
	rmdir(dir);
}

/* Two names of one code are one operation, under the name that was asked for first. */
static void test_folded(void **state)
{
	static const char *const names[2][2] = {{"rdesk::folded_a", "rdesk::folded_b"},
						{"rdesk::folded_b", "rdesk::folded_a"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *first = names[i][0], *second = names[i][1];
		struct child *t = target_start("rdesk", "folded", "50", "2"), *tracer;
		const json_t *operation;
		json_t *summary, *truth;
		char pid[16], said[256];

		pid_text(t, pid);
		tracer =
			trace_attach(ARGS("trace", "-p", pid, "-f", first, "-f", second, "--json"));
		snprintf(said, sizeof(said), "\"%s\" is the same code as \"%s\"", second, first);
		if (!strstr(tracer->err_text, said) ||
		    !strstr(tracer->err_text, "attached to 1 function "))
			fail_msg("not said to be one: %s", tracer->err_text);
		truth = target_truth(t);
		summary = trace_stop(tracer);
		operation = json_array_get(json_object_get(summary, "operations"), 0);
		assert_int_equal(json_array_size(json_object_get(summary, "operations")), 1);
		assert_string_equal(json_string_value(json_object_get(operation, "name")), first);
		assert_string_equal(json_string_value(json_object_get(operation, "also")), second);
		assert_int_equal(json_number_at(truth, "count"), 50 * 2 + 100 * 2);
		assert_int_equal(first_count(summary), 50 * 2 + 100 * 2);
		json_decref(summary);
		json_decref(truth);
		child_free(t);
	}
}

/* A program that outlives its tracers, and what is true of a run of it. */
struct survivor {
	const char *program;
	const char *mode;
	long calls; /* on each thread, a multiple of KILL_UNIT */
	const char *exit_policy;
	const char *functions[2];
	long unwound; /* of KILL_UNIT calls */
	long errors;
	long further; /* returns of calls that a thread makes after those */
};

#define KILL_UNIT    2100 /* of so many calls, each mode's shares are whole */
#define KILL_THREADS 2
#define KILL_ROUNDS  3
#define KILL_TRIES   3 /* three times as many calls each; more do not fit the programs' 31 bits */
#define AT_RATE_US   50000  /* how long a tracer lives at most once the program runs */
#define ATTACH_US    250000 /* what an attach takes, and more */

static const struct survivor survivors[] = {
	{"plain", "leaf", 50000 * KILL_UNIT, "safe", {"plain_leaf"}, 0, 420, 0},
	{"plain", "leaf", 50000 * KILL_UNIT, "fast", {"plain_leaf"}, 0, 420, 0},
	{"godesk", "leaf", 100000 * KILL_UNIT, "safe", {"main.price"}, 0, 300, 0},
	{"godesk-stripped", "park", 10 * KILL_UNIT, "safe", {"main.parked"}, 0, 0, 0},
	{"godesk", "gc", 5 * KILL_UNIT, "safe", {"runtime.mallocgc", "main.recurse"}, 0, 315, 0},
	{"rdesk", "panic", 200 * KILL_UNIT, "safe", {"rdesk::thrower"}, 700, 0, 1},
};

/* Whether it has not yet said its truth. */
static bool is_at_work(const struct child *target)
{
	struct pollfd fd = {.fd = target->out, .events = POLLIN};

	return poll(&fd, 1, 0) == 0;
}

/* The program stands still while the tracer starts, or its untraced calls would soon be over. */
static struct child *start_tracer(const struct survivor *s, const struct child *target)
{
	const char *first = s->functions[0], *second = s->functions[1];
	char pid[16];

	pid_text(target, pid);
	assert_int_equal(kill(target->pid, SIGSTOP), 0);
	return tickscope_start(ARGS("trace", "-p", pid, "--json", "--exit", s->exit_policy, "-f",
				    first, second ? "-f" : NULL, second));
}

/* At a random moment: in every other round at full rate, else while it may still attach. Whether
 * the program was still at its calls. */
static bool kill_tracer(const struct survivor *s, const struct child *target, unsigned int round,
			unsigned int *seed)
{
	struct child *tracer = start_tracer(s, target);
	bool was_at_work;

	if (round % 2)
		usleep((useconds_t)rand_r(seed) % ATTACH_US);
	else if (!child_await_err(tracer, "attached"))
		fail_msg("not attached: %s", tracer->err_text);
	kill(target->pid, SIGCONT);
	usleep((useconds_t)rand_r(seed) % AT_RATE_US);
	was_at_work = is_at_work(target);
	kill(tracer->pid, SIGKILL);
	assert_int_equal(child_finish(tracer), 128 + SIGKILL);
	child_free(tracer);
	return was_at_work;
}

/* After those that were killed, one that sees the program's calls, and ends in order. */
static bool trace_survivor(const struct survivor *s, const struct child *target)
{
	struct child *tracer = start_tracer(s, target);
	bool was_at_work;
	json_t *summary;

	if (!child_await_err(tracer, "attached"))
		fail_msg("not attached: %s", tracer->err_text);
	kill(target->pid, SIGCONT);
	usleep(AT_RATE_US);
	was_at_work = is_at_work(target);
	summary = trace_stop(tracer);
	if (was_at_work)
		assert_true(first_count(summary) > 0);
	json_decref(summary);
	return was_at_work;
}

static void check_truth(const struct survivor *s, const struct child *target, long calls)
{
	json_t *truth = last_json(target->out_text);
	long unwound = calls / KILL_UNIT * s->unwound;

	assert_int_equal(json_number_at(truth, "count"),
			 KILL_THREADS * (calls - unwound + s->further));
	assert_int_equal(json_number_at(truth, "unwound"), KILL_THREADS * unwound);
	assert_int_equal(json_number_at(truth, "errors"),
			 KILL_THREADS * (calls / KILL_UNIT * s->errors));
	json_decref(truth);
}

/* False where the program was over before the last of its tracers: with more calls it has to be
 * seen again. An emulated guest (TEST_BRIEF) has time for the first tracer only. */
static bool outlive(const struct survivor *s, long calls, unsigned int *seed)
{
	unsigned int round_cnt = getenv("TEST_BRIEF") ? 1 : KILL_ROUNDS;
	bool was_at_work = true;
	char count[24], threads[8];
	struct child *t;

	snprintf(count, sizeof(count), "%ld", calls);
	snprintf(threads, sizeof(threads), "%d", KILL_THREADS);
	t = target_start(s->program, s->mode, count, threads);
	child_send(t, "go\n");
	for (unsigned int round = 0; was_at_work && round < round_cnt; round++)
		was_at_work = kill_tracer(s, t, round, seed);
	if (was_at_work && round_cnt > 1)
		was_at_work = trace_survivor(s, t);
	if (!child_await_out(t, "}\n"))
		fail_msg("%s %s died with its tracer: %d, %s", s->program, s->mode, child_finish(t),
			 t->err_text);
	check_truth(s, t, calls);
	assert_int_equal(child_finish(t), 0);
	child_free(t);
	return was_at_work;
}

/* kill -9 of tracers, several times: the program goes on, right to the end, and a later trace
 * counts exactly. */
static void test_killed(void **state)
{
	struct child *t;

	(void)state;
	for (size_t i = 0; i < sizeof(survivors) / sizeof(survivors[0]); i++) {
		const struct survivor *s = &survivors[i];
		long calls = getenv("TEST_BRIEF") ? s->calls / 5 : s->calls;
		unsigned int seed = (unsigned int)i + 1, try_cnt = 1;

		for (; !outlive(s, calls, &seed); calls *= 3) {
			if (try_cnt++ == KILL_TRIES)
				fail_msg("%s %s: %ld calls are over too soon", s->program, s->mode,
					 calls);
		}
	}
	t = target_start("plain", "leaf", "500", "2");
	assert_int_equal(count_all(t, "plain_leaf"), 1000);
	child_free(t);
}

/* A library that is cut short under a running process: an error, whatever is left of it. */
static void test_damaged(void **state)
{
	static const off_t cuts[] = {0, 10, 64, 200, 4096, 9000, 14000};
	char path[4096], dir[] = "/tmp/tickscope-test-XXXXXX", program[64], library[64], pid[16];
	const char *const argv[] = {program, "x", "5", NULL};
	struct child *t;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(program, sizeof(program), "%s/uses_library", dir);
	snprintf(library, sizeof(library), "%s/libtarget.so", dir);
	copy_file(target_path("uses_library", path), program);
	copy_file(target_path("libtarget.so", path), library);
	t = child_start(argv);
	assert_true(child_await_out(t, "ready\n"));
	kill(t->pid, SIGSTOP); /* it would die of touching what is gone */
	pid_text(t, pid);
	for (size_t i = sizeof(cuts) / sizeof(cuts[0]); i-- > 0;) {
		assert_int_equal(truncate(library, cuts[i]), 0);
		expect(ARGS("trace", "-p", pid, "-f", "libtarget:library_work", "-d", "10ms"), 1,
		       "libtarget.so");
	}
	child_free(t);
	unlink(program);
	unlink(library);
	rmdir(dir);
}

static double percentile_of(const json_t *durations, double q)
{
	size_t n = json_array_size(durations), rank = (size_t)(q * (double)n);

	rank += (double)rank < q * (double)n;
	return json_number_value(json_array_get(durations, rank - 1));
}

/*
 * Percentiles against the program's own log. The truth is the rank's value, three ranks to either
 * side for calls that a probe or an interrupt pushed past their neighbours; the measured interval
 * holds the probe's inner cost.
 */
static void test_percentiles(void **state)
{
	static const struct {
		const char *name;
		double q;
	} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};
	struct child *t = target_start("timed", "x", "2000", NULL);
	struct child *tracer;
	json_t *truth, *durations, *summary, *operation;
	char pid[16];
	double inner, n = 2000;

	(void)state;
	/* An emulated machine (tests/kernels) is interrupted for longer than a call takes, between
	 * the program's clock and the probe. */
	if (getenv("TEST_BRIEF"))
		return;
	pid_text(t, pid);
	tracer = trace_attach(ARGS("trace", "-p", pid, "-f", "timed_spin", "--json"));
	truth = target_truth(t);
	durations = json_object_get(truth, "durations_ns");
	summary = trace_stop(tracer);
	assert_int_equal(first_count(summary), 2000);
	operation = json_array_get(json_object_get(summary, "operations"), 0);
	/* Twice: in an emulated guest the cost of one call to the next differs by as much as it is.
	 */
	inner = 2 * (double)json_number_at(operation, "quality.probe_cost_ns");
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		char path[64];
		double got, low = percentile_of(durations, quantiles[i].q - 3 / n);
		double high = percentile_of(durations, quantiles[i].q + 3 / n);

		snprintf(path, sizeof(path), "percentiles_ns.%s", quantiles[i].name);
		got = (double)json_number_at(operation, path);
		/* The program's own interval has all of the probe in it, tickscope's a part: it may
		 * be that much shorter. */
		if (got < (low - inner) * 0.996 || got > high * 1.004)
			fail_msg("%s is %.0f, the program says %.0f to %.0f, a probe costs %.0f",
				 quantiles[i].name, got, low, high, inner);
	}
	json_decref(summary);
	json_decref(truth);
	child_free(t);
}

/* A 5-byte nop is the best site where the kernel rewrites it (6.18), and a bad one where it is
 * single-stepped. */
static void test_nop5(void **state)
{
	struct child *t = target_start("plain-nop5", "leaf", "20", "1"),
		     *doctor = tickscope_start(ARGS("doctor", "--json"));
	json_t *costs, *root, *summary;
	json_int_t nop5, push;
	struct child *tracer;
	const char *probe;
	char pid[16];

	(void)state;
	child_finish(doctor);
	root = last_json(doctor->out_text);
	costs = json_object_get(root, "costs");
	nop5 = json_number_at(json_array_get(costs, 0), "probe_cost_ns");
	push = json_number_at(json_array_get(costs, 2), "probe_cost_ns");
	pid_text(t, pid);
	tracer = trace_attach(ARGS("trace", "-p", pid, "-f", "plain_leaf", "--json"));
	run_target(t);
	summary = trace_stop(tracer);
	assert_int_equal(first_count(summary), 20);
	probe = json_string_value(json_object_get(
		json_object_get(json_array_get(json_object_get(summary, "operations"), 0),
				"quality"),
		"probe"));
	if (nop5 > 2 * push && !strstr(probe, "(push)"))
		fail_msg("a 5-byte nop costs %lld ns, a push %lld, but: %s", (long long)nop5,
			 (long long)push, probe);
	if (push > nop5 && !strstr(probe, "(nop)"))
		fail_msg("a 5-byte nop costs %lld ns, a push %lld, but: %s", (long long)nop5,
			 (long long)push, probe);
	json_decref(summary);
	json_decref(root);
	child_free(doctor);
	child_free(t);
}

/* Everything that is printed once more, in the forms that people and scripts read. */
static void test_output(void **state)
{
	struct child *t = target_start("plain", "caller", "200", "1");
	char pid[16];
	struct child *tracer;
	json_t *first;

	(void)state;
	pid_text(t, pid);
	expect(ARGS("functions", "-p", pid, "plain_*"), 0, "plain_leaf");
	expect(ARGS("functions", "-p", pid, "--json", "plain_leaf"), 0,
	       "\"schema\":\"tickscope.functions/1\"");
	tracer = trace_attach(
		ARGS("trace", "-p", pid, "-f", "plain_*", "-i", "50ms", "-d", "400ms", "--json"));
	run_target(t);
	assert_int_equal(child_finish(tracer), 0);
	first = line_json(tracer->out_text, 0);
	assert_true(json_is_true(json_object_get(first, "interval")));
	json_decref(first);
	first = last_json(tracer->out_text);
	assert_true(json_is_false(json_object_get(first, "interval")));
	json_decref(first);
	child_free(tracer);
	child_free(t);
	t = target_start("plain", "caller", "200", "1");
	pid_text(t, pid);
	tracer = trace_attach(
		ARGS("trace", "-p", pid, "-f", "plain_caller", "-f", "plain_leaf", "--histogram"));
	run_target(t);
	kill(tracer->pid, SIGINT);
	assert_int_equal(child_finish(tracer), 0);
	assert_non_null(strstr(tracer->out_text, "200 entries, 200 returns"));
	assert_non_null(strstr(tracer->out_text, "400 entries, 400 returns"));
	assert_non_null(strstr(tracer->out_text, "other traced functions run inside"));
	child_free(tracer);
	child_free(t);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_jit_only),
		cmocka_unit_test(test_not_root),
		cmocka_unit_test(test_few_capabilities),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_process_ends),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_executable),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_mount_namespace),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_nop5),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_inlined_only),
		cmocka_unit_test(test_folded),
	};

	/* Only those whose name is that, with * and ?. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
