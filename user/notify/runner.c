/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's side of the helper that runs commands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "notify/runner.h"

struct runner {
	int fd;
};

/* Twice forked, so that it is no child of the agent, which need not wait for it. */
static void start_helper(int fd, const struct config_channel *channels, size_t cnt)
{
	if (fork() == 0)
		runner_child_main(fd, channels, cnt);
	_exit(0);
}

int runner_open(const struct config_channel *channels, size_t cnt, struct runner **ret_runner)
{
	struct runner *r = calloc(1, sizeof(*r));
	int fds[2], err;
	pid_t pid;

	if (!r)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds)) {
		err = -errno;
		goto free_runner;
	}
	pid = fork();
	if (pid < 0) {
		err = -errno;
		goto close_both;
	}
	if (pid == 0)
		start_helper(fds[1], channels, cnt);
	close(fds[1]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	r->fd = fds[0];
	*ret_runner = r;
	return 0;
close_both:
	close(fds[0]);
	close(fds[1]);
free_runner:
	free(r);
	return err;
}

void runner_close(struct runner *r)
{
	if (!r)
		return;
	close(r->fd);
	free(r);
}

int runner_fd(const struct runner *r)
{
	return r->fd;
}

int runner_start(struct runner *r, size_t channel_idx, const struct channel_run *run,
		 size_t attempt_idx)
{
	struct runner_request request = {
		.attempt_idx = attempt_idx,
		.channel_idx = channel_idx,
		.environment_bytes = run->environment_bytes,
		.input_bytes = run->input_bytes,
	};
	struct iovec parts[] = {
		{&request, sizeof(request)},
		{run->environment, run->environment_bytes},
		{run->input, run->input_bytes},
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};

	if (sizeof(request) + run->environment_bytes + run->input_bytes > RUNNER_MESSAGE_BYTES)
		return -E2BIG;
	return sendmsg(r->fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

bool runner_read(struct runner *r, struct runner_answer *ret_answer, bool *ret_is_gone)
{
	ssize_t got = recv(r->fd, ret_answer, sizeof(*ret_answer), 0);

	*ret_is_gone = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
	return got == (ssize_t)sizeof(*ret_answer);
}
