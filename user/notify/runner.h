/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the commands of channels in a helper process, which is forked before privileges are dropped
 * and keeps what it had then. It runs only the commands that the configuration had at that time,
 * chosen by number: whoever takes over the agent cannot run others.
 *
 * A command gets its own session, no terminal, / as directory, standard input from memory, and
 * nobody reads what it prints. When its time is over, its whole process group is killed. The helper
 * ends when the agent does, after the commands that still run.
 */
#ifndef TICKSCOPE_NOTIFY_RUNNER_H
#define TICKSCOPE_NOTIFY_RUNNER_H

#include "notify/channel.h"

#define RUNNER_MESSAGE_BYTES 65536 /* variables and JSON of the longest alert, escaped: 45 KB */
/* At a time: as many notifications as can be under way. */
#define RUNNER_COMMAND_MAX (NOTIFY_CHANNEL_MAX * BOOK_IN_FLIGHT_MAX)

enum runner_end {
	RUNNER_EXITED = 1,  /* code: its status */
	RUNNER_KILLED,	    /* code: the signal */
	RUNNER_TIMED_OUT,   /* and was killed */
	RUNNER_NOT_STARTED, /* code: errno */
};

/* Both messages are between parts of one program: they need no byte order. */
struct runner_request {
	uint64_t attempt_idx;
	uint64_t channel_idx;
	uint64_t environment_bytes;
	uint64_t input_bytes; /* behind it: environment, input */
};

struct runner_answer {
	uint64_t attempt_idx;
	uint32_t end;
	int32_t code;
};

struct runner;

/* Forks the helper. The channels outlive the object. 0, or -errno. */
int runner_open(const struct config_channel *channels, size_t cnt, struct runner **ret_runner);
/* Leaves the helper alone: it ends by itself. */
void runner_close(struct runner *runner);
/* Readable when runner_read has an answer. */
int runner_fd(const struct runner *runner);
/* 0; -EAGAIN: the helper does not follow; -EPIPE: it is gone; -E2BIG. */
int runner_start(struct runner *runner, size_t channel_idx, const struct channel_run *run,
		 size_t attempt_idx);
/* True: an answer. False with *ret_is_gone: the helper has ended, there will be no answer. */
bool runner_read(struct runner *runner, struct runner_answer *ret_answer, bool *ret_is_gone);

/* The helper itself, until the agent closes its end of the socket. */
void runner_child_main(int socket_fd, const struct config_channel *channels, size_t cnt);

#endif
