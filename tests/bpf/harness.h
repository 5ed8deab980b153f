/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a target program and tickscope beside it, and hands back what both said. Everything that is
 * started dies with the test, and nothing is waited for longer than HARNESS_TIMEOUT_S.
 */
#ifndef TICKSCOPE_TESTS_HARNESS_H
#define TICKSCOPE_TESTS_HARNESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HARNESS_TIMEOUT_S  60
#define HARNESS_TEXT_BYTES (1 << 20)
#define HARNESS_ARG_MAX	   24

/* A child with pipes to its stdin, stdout and stderr. */
struct child {
	pid_t pid;
	int in;
	int out;
	int err;
	char out_text[HARNESS_TEXT_BYTES];
	size_t out_bytes;
	char err_text[HARNESS_TEXT_BYTES];
	size_t err_bytes;
	bool is_reaped;
	int status; /* of waitpid */
};

/* argv[0] is a path. Fails the test where it cannot be started. */
struct child *child_start(const char *const argv[]);
/* Starts $TARGETS/NAME with up to two arguments, and waits for its "ready". */
struct child *target_start(const char *name, const char *mode, const char *count,
			   const char *threads);
/* Starts $TICKSCOPE with these arguments (NULL at the end). */
struct child *tickscope_start(const char *const args[]);

/* The same, until it is attached. Fails the test where it does not come so far. */
struct child *trace_attach(const char *const args[]);
/* Lets a target that waits run to its truth. Likewise. */
json_t *target_truth(struct child *target);

/* Starts tickscope with these arguments, which trace the target, lets the target run from its
 * "ready" to its truth, and hands that back. Fails the test where either does not come so far. */
struct child *trace_start(const char *const args[], struct child *target, json_t **ret_truth);
/* Waits for the end of a trace, and frees it: its summary. */
json_t *trace_summary(struct child *tracer);
/* Likewise of one that is ended as Ctrl-C does. */
json_t *trace_stop(struct child *tracer);
/* Lets a target go that waits behind its truth, and frees it. */
void target_release(struct child *target);
/* The first child of a process; fails the test where it has none. */
pid_t child_of(pid_t pid);

/* Reads until the text appears on stdout (stderr); false where the child ended, or the time was up,
 * before. */
bool child_await_out(struct child *child, const char *text);
bool child_await_err(struct child *child, const char *text);
void child_send(struct child *child, const char *text);
/* Waits for the end, reading all output. Its exit status, or 128 + the signal that killed it. */
int child_finish(struct child *child);
/* Kills it if it still runs, and frees it. */
void child_free(struct child *child);

/* The last line of a text as JSON; fails the test where it is none. */
json_t *last_json(const char *text);
/* The line of a text with this number (from 0) as JSON; NULL where there is none. */
json_t *line_json(const char *text, size_t number);

/* The attach levels that work on this kernel, as `doctor --json` has them; ended by NULL. */
const char *const *available_levels(void);
/* Likewise the kinds of hooks for sockets. */
const char *const *available_hooks(void);
/* Whether a scenario is tried on this machine: slow ones (TEST_BRIEF) share them, as blocks in
 * which each kind of hooks has its turns. */
bool is_for_here(size_t scenario_idx);
/* Whether a scenario is tried with the hooks of this number: on a slow machine (TEST_BRIEF, as
 * tests/kernels sets it) each with one kind, by turns; else with all. */
bool is_hooks_turn(size_t hooks_idx, size_t scenario_idx);

/* A member on a path like "quality.entries"; fails the test where it is missing. */
json_int_t json_number_at(const json_t *object, const char *path);

/* Fails the test unless the identities of DESIGN.md §3 hold for an operation. */
void check_identities(const json_t *operation);

#endif
