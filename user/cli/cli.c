/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the subcommand; messages, numbers and the terminal for all of them. */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"

#define COLUMNS_WITHOUT_TERMINAL 160 /* a file or a pipe: room for names */

static const char usage[] =
	"Usage: tickscope COMMAND [OPTION…]\n"
	"Says where the microseconds of a trade go, in engines that are already running.\n"
	"\n"
	"Commands:\n"
	"  trace      measure functions of running processes, live\n"
	"  run        the agent: measures what a configuration says, keeps the history, alerts\n"
	"  functions  list what can be traced in a process, and how\n"
	"  status     what the agent has attached, how well it is, and what it costs\n"
	"  top        what the agent measures, live, on the whole screen\n"
	"  query      what an agent recorded: any operation, any time, any percentile\n"
	"  alerts     what fires, what fired; acknowledge, silence\n"
	"  check      look at a configuration: what is wrong, and what it would trace\n"
	"  doctor     what this machine, these privileges and a process allow\n"
	"  version    print the version\n"
	"  help       print this text, or with a command its own\n"
	"\n"
	"Each command explains itself: tickscope COMMAND --help. More in the manual: man "
	"tickscope.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 a limit was broken.\n";

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{"trace", cmd_trace},	{"run", cmd_run},
	{"check", cmd_check},	{"status", cmd_status},
	{"top", cmd_top},	{"query", cmd_query},
	{"alerts", cmd_alerts}, {"functions", cmd_functions},
	{"doctor", cmd_doctor},
};

/* Much of it is said by others: targets, files, peers, and whoever wrote an argument down. */
static void print_line(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		return;
	text_clean(text);
	fprintf(stderr, "tickscope: %s\n", text);
	free(text);
}

void cli_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args);
	va_end(args);
}

void cli_message(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args);
	va_end(args);
}

int cli_usage_error(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args);
	va_end(args);
	fprintf(stderr, "Try: tickscope %s --help\n", command);
	return CLI_USAGE;
}

/* The whole text as a decimal number from 1 to max. */
static bool parse_decimal(const char *text, unsigned long max, unsigned long *ret_value)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value < 1 || value > max)
		return false;
	*ret_value = value;
	return true;
}

bool cli_parse_pid(const char *command, const char *text, pid_t *ret_pid)
{
	unsigned long value;

	if (!parse_decimal(text, INT_MAX, &value)) {
		cli_usage_error(command, "\"%s\" is not a process id", text);
		return false;
	}
	*ret_pid = (pid_t)value;
	return true;
}

bool cli_parse_count(const char *command, const char *option, const char *text, size_t max,
		     size_t *ret_value)
{
	unsigned long value;

	if (!parse_decimal(text, max, &value)) {
		cli_usage_error(command, "%s takes a whole number from 1 to %zu, not \"%s\"",
				option, max, text);
		return false;
	}
	*ret_value = value;
	return true;
}

bool cli_parse_exit_policy(const char *command, const char *text, enum exit_policy *ret_policy)
{
	if (strcmp(text, "safe") == 0) {
		*ret_policy = EXIT_POLICY_SAFE;
	} else if (strcmp(text, "fast") == 0) {
		*ret_policy = EXIT_POLICY_FAST;
	} else {
		cli_usage_error(command, "--exit takes safe or fast, not \"%s\"", text);
		return false;
	}
	return true;
}

bool cli_wants_colour(int fd)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

size_t cli_terminal_columns(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col)
		return COLUMNS_WITHOUT_TERMINAL;
	return size.ws_col;
}

size_t cli_terminal_rows(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) ? 0 : size.ws_row;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int help(int argc, char **argv)
{
	const struct command *c = argc > 2 ? find_command(argv[2]) : NULL;
	char option[] = "--help";
	char *help_argv[] = {argc > 2 ? argv[2] : NULL, option, NULL};

	if (c)
		return c->run(2, help_argv);
	fputs(usage, stdout);
	return CLI_OK;
}

int cli_main(int argc, char **argv)
{
	const struct command *c;

	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		fputs(usage, stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return help(argc, argv);
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0) {
		puts("tickscope " TICKSCOPE_VERSION);
		return CLI_OK;
	}
	c = find_command(argv[1]);
	if (c)
		return c->run(argc - 1, argv + 1);
	cli_error("there is no command \"%s\"", argv[1]);
	fputs("Try: tickscope --help\n", stderr);
	return CLI_USAGE;
}
