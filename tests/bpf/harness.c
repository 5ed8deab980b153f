/* SPDX-License-Identifier: Apache-2.0 */
/* Children with pipes, deadlines, and JSON. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_child(const char *const argv[], int in, int out, int err)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execv(argv[0], (char *const *)argv);
	dprintf(STDERR_FILENO, "cannot execute %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

struct child *child_start(const char *const argv[])
{
	struct child *c = calloc(1, sizeof(*c));
	int in[2], out[2], err[2];

	assert_non_null(c);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid == 0)
		run_child(argv, in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	c->in = in[1];
	c->out = out[0];
	c->err = err[0];
	return c;
}

struct child *target_start(const char *name, const char *mode, const char *count,
			   const char *threads)
{
	char path[4096];
	const char *const argv[] = {path, mode, count, threads, NULL};
	struct child *c;

	snprintf(path, sizeof(path), "%s/%s", setting("TARGETS", "build/bpf-targets"), name);
	c = child_start(argv);
	if (!child_await_out(c, "ready\n"))
		fail_msg("%s is not ready: %s", name, c->err_text);
	return c;
}

struct child *tickscope_start(const char *const args[])
{
	const char *argv[HARNESS_ARG_MAX + 2] = {setting("TICKSCOPE", "build/tickscope")};

	for (size_t i = 0; i < HARNESS_ARG_MAX && args[i]; i++)
		argv[i + 1] = args[i];
	return child_start(argv);
}

struct child *trace_attach(const char *const args[])
{
	struct child *tracer = tickscope_start(args);

	if (!child_await_err(tracer, "attached"))
		fail_msg("not attached: %s", tracer->err_text);
	return tracer;
}

json_t *target_truth(struct child *target)
{
	child_send(target, "go\n");
	if (!child_await_out(target, "}\n"))
		fail_msg("the target ended with %d: %s", child_finish(target), target->err_text);
	return last_json(target->out_text);
}

struct child *trace_start(const char *const args[], struct child *target, json_t **ret_truth)
{
	struct child *tracer = trace_attach(args);

	*ret_truth = target_truth(target);
	return tracer;
}

json_t *trace_summary(struct child *tracer)
{
	int status = child_finish(tracer);
	json_t *summary;

	if (status != 0)
		fail_msg("tickscope ended with %d: %s", status, tracer->err_text);
	summary = last_json(tracer->out_text);
	child_free(tracer);
	return summary;
}

json_t *trace_stop(struct child *tracer)
{
	kill(tracer->pid, SIGINT);
	return trace_summary(tracer);
}

void target_release(struct child *target)
{
	child_send(target, "end\n");
	assert_int_equal(child_finish(target), 0);
	child_free(target);
}

pid_t child_of(pid_t pid)
{
	char path[64], line[64] = "";
	long child;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	assert_non_null(file);
	if (fgets(line, sizeof(line), file) == NULL)
		fail_msg("process %d has no child", pid);
	fclose(file);
	child = strtol(line, NULL, 10);
	assert_in_range(child, 1, INT32_MAX);
	return (pid_t)child;
}

/* Reads what is there; false once the pipe is closed. */
static bool read_some(int *fd, char *text, size_t *bytes)
{
	ssize_t cnt = read(*fd, text + *bytes, HARNESS_TEXT_BYTES - 1 - *bytes);

	if (cnt > 0) {
		*bytes += (size_t)cnt;
		text[*bytes] = '\0';
		return true;
	}
	close(*fd);
	*fd = -1;
	return false;
}

/* Waits for output; false when both pipes are closed or the deadline has passed. */
static bool child_read(struct child *c, double deadline_s)
{
	struct pollfd fds[2] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};
	double left_s = deadline_s - now_s();

	if ((c->out < 0 && c->err < 0) || left_s <= 0)
		return false;
	if (poll(fds, 2, (int)(left_s * 1000) + 1) <= 0)
		return false;
	if (fds[0].revents)
		read_some(&c->out, c->out_text, &c->out_bytes);
	if (fds[1].revents)
		read_some(&c->err, c->err_text, &c->err_bytes);
	return true;
}

static bool await(struct child *c, const char *where, const char *text)
{
	double deadline_s = now_s() + HARNESS_TIMEOUT_S;

	while (!strstr(where, text)) {
		if (!child_read(c, deadline_s))
			return strstr(where, text);
	}
	return true;
}

bool child_await_out(struct child *child, const char *text)
{
	return await(child, child->out_text, text);
}

bool child_await_err(struct child *child, const char *text)
{
	return await(child, child->err_text, text);
}

void child_send(struct child *child, const char *text)
{
	signal(SIGPIPE, SIG_IGN);
	if (write(child->in, text, strlen(text)) < 0)
		print_message("# child %d does not read\n", child->pid);
}

int child_finish(struct child *child)
{
	double deadline_s = now_s() + HARNESS_TIMEOUT_S;

	if (child->in >= 0)
		close(child->in);
	child->in = -1;
	while (child_read(child, deadline_s))
		;
	while (!child->is_reaped) {
		if (now_s() > deadline_s)
			kill(child->pid, SIGKILL);
		child->is_reaped = waitpid(child->pid, &child->status, WNOHANG) == child->pid;
		if (!child->is_reaped)
			usleep(1000);
	}
	return WIFEXITED(child->status) ? WEXITSTATUS(child->status)
					: 128 + WTERMSIG(child->status);
}

void child_free(struct child *child)
{
	if (!child)
		return;
	if (!child->is_reaped) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	if (child->in >= 0)
		close(child->in);
	if (child->out >= 0)
		close(child->out);
	if (child->err >= 0)
		close(child->err);
	free(child);
}

json_t *line_json(const char *text, size_t number)
{
	json_error_t error;

	for (; number; number--) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return *text ? json_loads(text, JSON_DISABLE_EOF_CHECK, &error) : NULL;
}

json_t *last_json(const char *text)
{
	size_t lines = 0;
	json_t *json;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	json = lines ? line_json(text, lines - 1) : NULL;
	if (!json)
		fail_msg("no JSON in the last line of: %s", text);
	return json;
}

#define WAY_MAX 8

/* Names of what a list of doctor's says is available. */
static const char *const *available(const char *list, const char *ways[WAY_MAX])
{
	static const char *const args[] = {"doctor", "--json", NULL};
	struct child *doctor;
	json_t *json, *way;
	size_t i, cnt = 0;

	if (ways[0])
		return ways;
	doctor = tickscope_start(args);
	child_finish(doctor);
	json = last_json(doctor->out_text);
	json_array_foreach(json_object_get(json, list), i, way)
	{
		if (json_is_true(json_object_get(way, "available")) && cnt < WAY_MAX - 1)
			ways[cnt++] = strdup(json_string_value(json_object_get(way, "name")));
	}
	json_decref(json);
	child_free(doctor);
	if (!cnt)
		fail_msg("none of the %s works on this kernel", list);
	return ways;
}

const char *const *available_levels(void)
{
	static const char *levels[WAY_MAX];

	return available("levels", levels);
}

const char *const *available_hooks(void)
{
	static const char *hooks[WAY_MAX];

	return available("hooks", hooks);
}

#define SLOW_MACHINE_CNT 2 /* TEST_BRIEF is the number of one of them */
#define BLOCK_CNT	 6 /* turns of two kinds of hooks, and of three */

bool is_for_here(size_t scenario_idx)
{
	const char *brief = getenv("TEST_BRIEF");

	return !brief || scenario_idx / BLOCK_CNT % SLOW_MACHINE_CNT == (size_t)(brief[0] & 1);
}

bool is_hooks_turn(size_t hooks_idx, size_t scenario_idx)
{
	size_t cnt = 0;

	if (!getenv("TEST_BRIEF"))
		return true;
	while (available_hooks()[cnt])
		cnt++;
	return cnt && scenario_idx % cnt == hooks_idx;
}

json_int_t json_number_at(const json_t *object, const char *path)
{
	char name[64];
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		object = json_object_get(object, name);
		path = dot + 1;
	}
	object = json_object_get(object, path);
	if (!json_is_number(object))
		fail_msg("\"%s\" is not a number", path);
	return (json_int_t)json_number_value(object);
}

void check_identities(const json_t *operation)
{
	json_int_t entries = json_number_at(operation, "quality.entries");
	json_int_t returns = json_number_at(operation, "quality.returns");

	assert_int_equal(entries, returns + json_number_at(operation, "quality.unwound") +
					  json_number_at(operation, "quality.in_flight") +
					  json_number_at(operation, "quality.lost"));
	assert_int_equal(json_number_at(operation, "count") +
				 json_number_at(operation, "quality.dropped"),
			 returns);
}
