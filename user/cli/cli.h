/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one file per subcommand, and what they share. */
#ifndef TICKSCOPE_CLI_CLI_H
#define TICKSCOPE_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "target/target.h"

/* Exit codes, the same for every subcommand. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_LIMIT = 3 };

int cli_main(int argc, char **argv);

/* Subcommands get argv from their own name on, and return an exit code. */
int cmd_trace(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_functions(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_alerts(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* "tickscope: …" on stderr. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A usage error: the message and where help is. Returns CLI_USAGE. */
int cli_usage_error(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A pid in decimal. False, after a message, where the text is none. */
bool cli_parse_pid(const char *command, const char *text, pid_t *ret_pid);
/* A number in decimal from 1 to max; likewise. */
bool cli_parse_count(const char *command, const char *option, const char *text, size_t max,
		     size_t *ret_value);

/* "safe" or "fast"; likewise. */
bool cli_parse_exit_policy(const char *command, const char *text, enum exit_policy *ret_policy);

/* True where the stream is a terminal that wants colour (NO_COLOR, TERM=dumb). */
bool cli_wants_colour(int fd);
/* Columns and rows of the terminal; 160 columns and 0 rows where it is none. */
size_t cli_terminal_columns(int fd);
size_t cli_terminal_rows(int fd);

#endif
