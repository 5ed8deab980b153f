/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope status`: asks the agent once. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/agent_link.h"
#include "cli/agent_path.h"
#include "cli/cli.h"
#include "cli/status_page.h"

static const char usage[] =
	"Usage: tickscope status [--state DIR] [--json]\n"
	"Says what the agent has attached, at which level and cost, where its data goes, and "
	"whether all is well: what is wrong comes first.\n"
	"\n"
	"      --state DIR  of the agent (default: /run/tickscope)\n"
	"      --json       one object for programs (tickscope.status/1)\n"
	"  -h, --help       print this text\n"
	"\n"
	"Exit status: 0 all is well, 1 no agent answers or something is wrong, 2 wrong usage.\n";

#define ANSWER_MAX_MS 10000

enum { OPTION_JSON = 256, OPTION_STATE };

static const struct option options[] = {
	{"json", no_argument, NULL, OPTION_JSON},
	{"state", required_argument, NULL, OPTION_STATE},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for the answer; it belongs to the link. -ETIMEDOUT. */
static int wait_for(struct agent_link *link, const char **ret_line, size_t *ret_bytes)
{
	struct pollfd fd = {agent_link_fd(link), POLLIN, 0};
	int64_t end_ms = now_ms() + ANSWER_MAX_MS;
	int got = 0;

	while (!got) {
		int64_t left_ms = end_ms - now_ms();

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&fd, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
		got = agent_link_receive(link, ret_line, ret_bytes);
	}
	return got < 0 ? got : 0;
}

static void tell_failure(const char *path, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		cli_error("no agent answers at %s: is `tickscope run` running, with this --state?",
			  path);
	else if (err == -EPIPE || err == -ECONNRESET)
		cli_error("the agent at %s ended before it answered", path);
	else if (err == -ETIMEDOUT)
		cli_error("the agent at %s does not answer within %d s", path,
			  ANSWER_MAX_MS / 1000);
	else
		cli_error("cannot ask the agent at %s: %s", path, strerror(-err));
}

/* The answer, checked to be a status; NULL after a message. */
static json_t *parse_answer(const char *path, const char *line, size_t bytes)
{
	json_error_t error;
	json_t *status = json_loadb(line, bytes, 0, &error);
	const char *schema = json_string_value(json_object_get(status, "schema"));
	const char *refusal = json_string_value(json_object_get(status, "error"));
	char text[256];

	if (schema && strcmp(schema, "tickscope.status/1") == 0)
		return status;
	snprintf(text, sizeof(text), "%s", refusal ? refusal : "it is no tickscope.status/1");
	text_clean(text);
	cli_error("cannot use the answer of the agent at %s: %s", path, text);
	json_decref(status);
	return NULL;
}

static json_t *ask(const char *path)
{
	struct agent_link *link = NULL;
	json_t *status = NULL;
	const char *line;
	size_t bytes;
	int err = agent_link_open(path, &link);

	if (!err)
		err = agent_link_send(link, "{\"do\":\"status\"}");
	if (!err)
		err = wait_for(link, &line, &bytes);
	if (err)
		tell_failure(path, err);
	else
		status = parse_answer(path, line, bytes);
	agent_link_close(link);
	return status;
}

static int show(const char *path, bool wants_json)
{
	struct status_style style = {.columns = cli_terminal_columns(STDOUT_FILENO),
				     .has_colour = cli_wants_colour(STDOUT_FILENO)};
	json_t *status = ask(path);
	bool is_well, is_written = true;

	if (!status)
		return CLI_FAILED;
	is_well = status_page_is_well(status);
	if (wants_json)
		is_written = json_dumpf(status, stdout, JSON_COMPACT) == 0 && puts("") != EOF;
	else
		status_page_write(status, &style, stdout);
	json_decref(status);
	if (!is_written || fflush(stdout)) {
		cli_error("cannot write: %s", strerror(errno));
		return CLI_FAILED;
	}
	return is_well ? CLI_OK : CLI_FAILED;
}

int cmd_status(int argc, char **argv)
{
	const char *state_dir = NULL;
	char path[AGENT_PATH_BYTES];
	bool wants_json = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case OPTION_JSON:
			wants_json = true;
			break;
		case OPTION_STATE:
			state_dir = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return CLI_OK;
		default:
			fputs("Try: tickscope status --help\n", stderr);
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		return cli_usage_error("status", "\"%s\" is not expected here", argv[optind]);
	if (agent_path(state_dir, path))
		return cli_usage_error("status", "the path \"%s\" is too long", state_dir);
	return show(path, wants_json);
}
