/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope status`: asks the agent once. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/cli.h"
#include "cli/status_history.h"
#include "cli/status_problems.h"

static const char usage[] =
	"Usage: tickscope status [--state DIR] [--json | --ready]\n"
	"Says what the agent has attached, at which level and cost, where its data goes, and "
	"whether all is well: what is wrong comes first. Without an agent, what its history ends "
	"with.\n"
	"\n"
	"      --state DIR  of the agent (default: /run/tickscope)\n"
	"      --json       one object for programs (tickscope.status/1)\n"
	"      --ready      one line: whether everything that exists is attached\n"
	"  -h, --help       print this text\n"
	"\n"
	"Exit status: 0 all is well, 1 no agent answers or something is wrong (with --ready: not "
	"ready), 2 wrong usage.\n";

enum { OPTION_JSON = 256, OPTION_STATE, OPTION_READY };

static const struct option options[] = {
	{"json", no_argument, NULL, OPTION_JSON},
	{"state", required_argument, NULL, OPTION_STATE},
	{"ready", no_argument, NULL, OPTION_READY},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* The agent's status; NULL after a message. ret_is_absent: no agent runs. */
static json_t *ask(const char *state_dir, bool *ret_is_absent)
{
	json_t *request = json_pack("{s:s}", "do", "status"), *status = NULL;
	struct agent_client *client = NULL;
	const char *schema;
	struct fault why;
	int err = request ? agent_client_open(state_dir, &client, &why)
			  : fault_set(&why, -ENOMEM, "out of memory");

	if (!err)
		err = agent_client_ask(client, request, &status, &why);
	*ret_is_absent = err == -ENOTCONN;
	if (err)
		cli_error("%s", why.text);
	schema = json_string_value(json_object_get(status, "schema"));
	if (!err && !(schema && strcmp(schema, "tickscope.status/1") == 0)) {
		cli_error("what answers is no agent, or one of another version");
		json_decref(status);
		status = NULL;
	}
	agent_client_close(client);
	json_decref(request);
	return status;
}

/* Without an agent: never well, whatever there is to show. */
static int show_history(const char *state_dir, bool wants_json)
{
	json_t *history, *status;
	struct fault why = {{0}};
	int err = status_history_read(state_dir, &history, &why);

	if (err) {
		if (err != -ENOENT)
			cli_error("and its history cannot be read: %s", why.text);
		return CLI_FAILED;
	}
	if (!wants_json)
		status_history_write(history, stdout);
	status = json_pack("{s:s, s:b, s:o}", "schema", "tickscope.status/1", "ready", 0, "history",
			   history);
	if (wants_json && status && json_dumpf(status, stdout, JSON_COMPACT) == 0)
		puts("");
	json_decref(status);
	if (fflush(stdout))
		cli_error("cannot write: %s", strerror(errno));
	return CLI_FAILED;
}

static int show(const char *state_dir, bool wants_json)
{
	struct status_style style = {.columns = cli_terminal_columns(STDOUT_FILENO),
				     .has_colour = cli_wants_colour(STDOUT_FILENO)};
	bool is_absent, is_well, is_written = true;
	json_t *status = ask(state_dir, &is_absent);

	if (!status)
		return is_absent ? show_history(state_dir, wants_json) : CLI_FAILED;
	is_well = status_problems_are_none(status);
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

/* As /readyz, for probes that are commands. */
static int show_ready(const char *state_dir)
{
	bool is_absent, is_ready;
	json_t *status = ask(state_dir, &is_absent);
	const char *reason;

	if (!status)
		return CLI_FAILED;
	is_ready = json_is_true(json_object_get(status, "ready"));
	reason = json_string_value(json_object_get(status, "not_ready"));
	puts(is_ready ? "ready" : reason ? reason : "not ready");
	json_decref(status);
	return is_ready && !fflush(stdout) ? CLI_OK : CLI_FAILED;
}

int cmd_status(int argc, char **argv)
{
	const char *state_dir = NULL;
	bool wants_json = false, wants_ready = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case OPTION_JSON:
			wants_json = true;
			break;
		case OPTION_STATE:
			state_dir = optarg;
			break;
		case OPTION_READY:
			wants_ready = true;
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
	return wants_ready ? show_ready(state_dir) : show(state_dir, wants_json);
}
