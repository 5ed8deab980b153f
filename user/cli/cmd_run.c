/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope run`: arguments of the agent. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "cli/cli.h"
#include "daemon/agent.h"

static const char usage[] =
	"Usage: tickscope run -c FILE [--state DIR]\n"
	"Runs the agent: measures what the configuration says for as long as it runs, keeps the "
	"history, and alerts.\n"
	"\n"
	"  -c, --config FILE   the configuration (`tickscope check -c FILE` says what is wrong "
	"with "
	"it)\n"
	"      --state DIR     where history and socket are (/var/lib/tickscope and "
	"/run/tickscope)\n"
	"      --no-sandbox        keep all capabilities and system calls: to find out what the "
	"sandbox is in the way of\n"
	"  -h, --help          print this text\n"
	"\n"
	"Says \"ready\" when everything that exists is traced. SIGHUP reads the configuration "
	"again; "
	"SIGTERM and Ctrl-C\n"
	"end it, and leave nothing attached. SIGUSR2, or the file \"disable\" in its directory, "
	"takes all probes off\n"
	"while it runs on; SIGHUP attaches them again. Ask it with `tickscope status`, `top`, "
	"`query` and "
	"`alerts`.\n"
	"\n"
	"Exit status: 0 ended by a signal, 1 failed, 2 wrong usage or configuration.\n";

enum { OPTION_STATE = 256, OPTION_NO_SANDBOX };

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"state", required_argument, NULL, OPTION_STATE},
	{"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

int cmd_run(int argc, char **argv)
{
	struct agent_options agent = {0};
	struct fault why;
	int option, err;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			agent.config_path = optarg;
			break;
		case OPTION_STATE:
			agent.state_dir = optarg;
			break;
		case OPTION_NO_SANDBOX:
			agent.has_no_sandbox = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return CLI_OK;
		default:
			fputs("Try: tickscope run --help\n", stderr);
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		return cli_usage_error("run", "\"%s\" is not expected here", argv[optind]);
	if (!agent.config_path)
		return cli_usage_error("run", "which configuration? Give -c FILE");
	signal(SIGPIPE, SIG_IGN); /* peers that go away are errors of write */
	err = agent_run(&agent, &why);
	if (err)
		cli_error("%s", why.text);
	return !err ? CLI_OK : err == -EINVAL ? CLI_USAGE : CLI_FAILED;
}
