/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper process. The agent may have had threads when it was forked: nothing here allocates,
 * and nothing outside of this file is called but the system.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "notify/runner.h"

#define SOCKET_FD      3
#define VARIABLE_MAX   64
#define DESCRIPTOR_MAX 65536 /* closed one by one where the kernel lacks close_range (5.9) */

struct command {
	pid_t pid; /* 0: free */
	uint64_t attempt_idx;
	uint64_t deadline_ns;
	int error_fd; /* has errno, where the program could not be started */
	bool has_timed_out;
};

struct helper {
	const struct config_channel *channels;
	size_t channel_cnt;
	int socket_fd; /* -1: the agent is gone */
	int signal_fd;
	size_t command_cnt;
	struct command commands[RUNNER_COMMAND_MAX];
	/* One message, aligned for its head. */
	union {
		struct runner_request head;
		char bytes[RUNNER_MESSAGE_BYTES + 1];
	} message;
};

static void answer(const struct helper *h, uint64_t attempt_idx, enum runner_end end, int code)
{
	struct runner_answer a = {.attempt_idx = attempt_idx, .end = end, .code = code};

	/* The agent reads as many as it asked for; a full socket means that it hangs. */
	if (h->socket_fd >= 0 && send(h->socket_fd, &a, sizeof(a), MSG_NOSIGNAL) < 0)
		return;
}

/* In the new process: becomes the command, or says why not. */
static void become(const struct config_channel *channel, char **environment, int input_fd,
		   int error_fd)
{
	struct sigaction act = {.sa_handler = SIG_DFL};
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;
	int err;

	sigemptyset(&none);
	for (int s = 1; s < NSIG; s++)
		sigaction(s, &act, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (null_fd < 0 || dup2(input_fd, STDIN_FILENO) < 0 || dup2(null_fd, STDOUT_FILENO) < 0 ||
	    dup2(null_fd, STDERR_FILENO) < 0 || chdir("/"))
		err = errno;
	else
		err = execve(channel->command[0], channel->command, environment) ? errno : 0;
	if (write(error_fd, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

/* A file in memory that holds the input, at its start. */
static int input_file(const char *input, size_t input_bytes)
{
	int fd = memfd_create("alert", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, input, input_bytes) == (ssize_t)input_bytes && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -EIO;
}

/* Pointers into the text; -E2BIG. */
static int split(char *text, size_t text_bytes, char *variables[static VARIABLE_MAX + 1])
{
	size_t cnt = 0;

	for (size_t at = 0; at < text_bytes; at += strlen(text + at) + 1) {
		if (cnt == VARIABLE_MAX)
			return -E2BIG;
		variables[cnt++] = text + at;
	}
	variables[cnt] = NULL;
	return 0;
}

static struct command *free_command(struct helper *h)
{
	for (size_t i = 0; i < RUNNER_COMMAND_MAX; i++) {
		if (!h->commands[i].pid)
			return &h->commands[i];
	}
	return NULL;
}

static int start(struct helper *h, struct command *c)
{
	const struct runner_request *r = &h->message.head;
	const struct config_channel *channel = &h->channels[r->channel_idx];
	char *variables[VARIABLE_MAX + 1], *text = h->message.bytes + sizeof(*r);
	int input_fd = input_file(text + r->environment_bytes, r->input_bytes);
	int fds[2], err;
	pid_t pid;

	if (input_fd < 0)
		return input_fd;
	/* The first byte of the input is copied by now: ends a last variable that has no end. */
	text[r->environment_bytes] = '\0';
	err = split(text, r->environment_bytes, variables);
	if (!err && pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		err = -errno;
	if (err)
		goto close_input;
	pid = fork();
	if (pid == 0)
		become(channel, variables, input_fd, fds[1]);
	if (pid > 0)
		*c = (struct command){.pid = pid,
				      .attempt_idx = r->attempt_idx,
				      .deadline_ns = clock_mono_ns() + channel->timeout_ns,
				      .error_fd = fds[0]};
	else
		err = -errno;
	close(fds[1]);
	if (err)
		close(fds[0]);
close_input:
	close(input_fd);
	return err;
}

static bool is_sound(const struct helper *h, size_t bytes)
{
	const struct runner_request *r = &h->message.head;

	return bytes >= sizeof(*r) && r->environment_bytes <= bytes && r->input_bytes <= bytes &&
	       sizeof(*r) + r->environment_bytes + r->input_bytes == bytes &&
	       r->channel_idx < h->channel_cnt &&
	       h->channels[r->channel_idx].type == CONFIG_COMMAND;
}

static void on_request(struct helper *h)
{
	ssize_t got = recv(h->socket_fd, h->message.bytes, RUNNER_MESSAGE_BYTES, 0);
	struct command *c = free_command(h);
	int err;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		close(h->socket_fd);
		h->socket_fd = -1;
		return;
	}
	if (!is_sound(h, (size_t)got))
		return;
	err = c ? start(h, c) : -EAGAIN;
	if (err)
		answer(h, h->message.head.attempt_idx, RUNNER_NOT_STARTED, -err);
	else
		h->command_cnt++;
}

static void on_end(struct helper *h, struct command *c, int status)
{
	int err;

	if (c->has_timed_out)
		answer(h, c->attempt_idx, RUNNER_TIMED_OUT, 0);
	else if (read(c->error_fd, &err, sizeof(err)) == (ssize_t)sizeof(err))
		answer(h, c->attempt_idx, RUNNER_NOT_STARTED, err);
	else if (WIFSIGNALED(status))
		answer(h, c->attempt_idx, RUNNER_KILLED, WTERMSIG(status));
	else
		answer(h, c->attempt_idx, RUNNER_EXITED, WEXITSTATUS(status));
	close(c->error_fd);
	c->pid = 0;
	h->command_cnt--;
}

static void reap(struct helper *h)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(h->signal_fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < RUNNER_COMMAND_MAX; i++) {
			if (h->commands[i].pid == pid)
				on_end(h, &h->commands[i], status);
		}
	}
}

/* Kills what is over its time. Returns ms until the next one is, -1 for none. */
static int kill_late(struct helper *h)
{
	uint64_t now_ns = clock_mono_ns(), next_ns = UINT64_MAX;

	for (size_t i = 0; i < RUNNER_COMMAND_MAX; i++) {
		struct command *c = &h->commands[i];

		if (!c->pid || c->has_timed_out)
			continue;
		if (c->deadline_ns <= now_ns) {
			c->has_timed_out = true;
			kill(-c->pid, SIGKILL);
			/* Where it was not a group leader yet. */
			kill(c->pid, SIGKILL);
		} else if (c->deadline_ns < next_ns) {
			next_ns = c->deadline_ns;
		}
	}
	return next_ns == UINT64_MAX ? -1 : (int)((next_ns - now_ns) / NS_PER_MS + 1);
}

static void close_others(void)
{
	if (close_range(SOCKET_FD + 1, ~0U, 0) == 0)
		return;
	for (int fd = SOCKET_FD + 1; fd < DESCRIPTOR_MAX; fd++)
		close(fd);
}

/* A session and descriptors of its own: what the agent holds must end with the agent. */
static int detach(int socket_fd)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t child;
	int null_fd = open("/dev/null", O_RDWR);

	/* The agent's are not for those that it executes. */
	sandbox_drop_capabilities();
	setsid();
	/* Whoever reads what the agent prints waits for its last writer. */
	for (int fd = STDIN_FILENO; null_fd >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null_fd, fd);
	prctl(PR_SET_NAME, "tickscope-run");
	/* It ends with the agent, which drains after such a signal. */
	sigaction(SIGTERM, &ignore, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	if (socket_fd != SOCKET_FD && dup3(socket_fd, SOCKET_FD, O_CLOEXEC) < 0)
		return -errno;
	close_others();
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (sigprocmask(SIG_SETMASK, &child, NULL))
		return -errno;
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

void runner_child_main(int socket_fd, const struct config_channel *channels, size_t cnt)
{
	struct helper h = {.channels = channels, .channel_cnt = cnt, .socket_fd = SOCKET_FD};

	h.signal_fd = detach(socket_fd);
	while (h.signal_fd >= 0 && (h.socket_fd >= 0 || h.command_cnt)) {
		struct pollfd fds[] = {{.fd = h.socket_fd, .events = POLLIN},
				       {.fd = h.signal_fd, .events = POLLIN}};

		if (poll(fds, 2, kill_late(&h)) < 0 && errno != EINTR)
			break;
		if (fds[0].revents)
			on_request(&h);
		if (fds[1].revents)
			reap(&h);
	}
	_exit(0);
}
