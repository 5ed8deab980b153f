/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope alerts`: what fires, from the agent or from what it left, and what people say to it.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/labels.h"
#include "cli/agent_client.h"
#include "cli/alerts_history.h"
#include "cli/alerts_table.h"
#include "cli/cli.h"
#include "config/duration.h"
#include "wire/wire.h"

#define SILENCE_MIN_NS NS_PER_S
#define SILENCE_MAX_NS (30 * 86400 * NS_PER_S) /* what is longer belongs into the rules */

static const char usage[] =
	"Usage: tickscope alerts [--all | --history] [--json] [--state DIR]\n"
	"       tickscope alerts ack ID [--by NAME]\n"
	"       tickscope alerts silence MATCHER… --for TIME [--by NAME]\n"
	"       tickscope alerts unsilence NUMBER\n"
	"Shows the alerts that fire, as the agent knows them; without an agent, as its history has "
	"them.\n"
	"\n"
	"      --all        pending ones, too: their condition holds, but not yet for the rule's "
	"time\n"
	"      --history    also those that are over, the newest 1000\n"
	"      --json       one object for programs (tickscope.alerts/1)\n"
	"      --state DIR  the agent's directory (default /run/tickscope, /var/lib/tickscope)\n"
	"  -h, --help       print this text\n"
	"\n"
	"  ack ID           somebody takes care: no escalation, no more reminders of this alert\n"
	"  silence MATCHER  tell nobody of alerts that match all of these: the name of a rule, or\n"
	"                   rule=, operation=, target= or the name of a label, = and its value\n"
	"  unsilence NUMBER end a silence, by the number that the list shows\n"
	"      --for TIME   how long (1h, 30m, 2d)\n"
	"      --by NAME    who says so (default: you)\n"
	"\n"
	"ack and silence are for root, the agent's user, and members of the socket's group.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

enum { OPTION_ALL = 256, OPTION_HISTORY, OPTION_JSON, OPTION_STATE, OPTION_FOR, OPTION_BY };

static const struct option options[] = {
	{"all", no_argument, NULL, OPTION_ALL},
	{"history", no_argument, NULL, OPTION_HISTORY},
	{"json", no_argument, NULL, OPTION_JSON},
	{"state", required_argument, NULL, OPTION_STATE},
	{"for", required_argument, NULL, OPTION_FOR},
	{"by", required_argument, NULL, OPTION_BY},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct alerts_arguments {
	bool has_all;
	bool has_history;
	bool wants_json;
	const char *state_dir;
	const char *by;
	uint64_t for_ns;
	char **words;
	size_t word_cnt;
};

/* CLI_OK, an exit code, or -1 for help. */
static int take_option(int c, struct alerts_arguments *a)
{
	struct fault why;

	switch (c) {
	case OPTION_ALL:
		a->has_all = true;
		return CLI_OK;
	case OPTION_HISTORY:
		a->has_history = true;
		return CLI_OK;
	case OPTION_JSON:
		a->wants_json = true;
		return CLI_OK;
	case OPTION_STATE:
		a->state_dir = optarg;
		return CLI_OK;
	case OPTION_BY:
		a->by = optarg;
		return *optarg ? CLI_OK : cli_usage_error("alerts", "--by takes a name");
	case OPTION_FOR:
		if (duration_parse(optarg, SILENCE_MIN_NS, SILENCE_MAX_NS, &a->for_ns, &why))
			return cli_usage_error("alerts", "--for takes 1s to 30d: %s", why.text);
		return CLI_OK;
	case 'h':
		return -1;
	default:
		fputs("Try: tickscope alerts --help\n", stderr);
		return CLI_USAGE;
	}
}

static int take_arguments(int argc, char **argv, struct alerts_arguments *a)
{
	int c, code;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		code = take_option(c, a);
		if (code != CLI_OK)
			return code;
	}
	a->words = argv + optind;
	a->word_cnt = (size_t)(argc - optind);
	if (a->has_all && a->has_history)
		return cli_usage_error("alerts", "--history has all that --all shows, too");
	return CLI_OK;
}

/* Who is at the keyboard, whatever user it is that asks. */
static const char *person(const struct alerts_arguments *a)
{
	const char *before_sudo = getenv("SUDO_USER");
	const struct passwd *user;

	if (a->by)
		return a->by;
	if (before_sudo && *before_sudo)
		return before_sudo;
	user = getpwuid(getuid());
	return user ? user->pw_name : "unknown";
}

/* Takes the request. CLI_OK with the answer; else a message was printed. */
static int ask_take(const struct alerts_arguments *a, json_t *request, json_t **ret_answer)
{
	struct agent_client *client;
	struct fault why;
	int err = agent_client_open(a->state_dir, &client, &why);

	if (!err) {
		err = agent_client_ask(client, request, ret_answer, &why);
		agent_client_close(client);
	}
	json_decref(request);
	if (!err)
		return CLI_OK;
	cli_error("%s", why.text);
	return CLI_FAILED;
}

static int acknowledge(const struct alerts_arguments *a)
{
	json_t *answer;
	int code;

	if (a->word_cnt != 2)
		return cli_usage_error("alerts", "ack takes the ID of one alert");
	code = ask_take(a,
			json_pack("{s:s, s:o, s:o}", "do", "ack", "id", wire_text(a->words[1]),
				  "by", wire_text(person(a))),
			&answer);
	if (code == CLI_OK)
		json_decref(answer);
	return code;
}

struct matchers {
	json_t *request;
	struct label labels[LABELS_MAX];
	char names[LABELS_MAX][LABEL_NAME_BYTES];
	size_t label_cnt;
};

/* A member of the request, or one of the labels. */
static int take_matcher(const char *word, struct matchers *m)
{
	static const char *const members[] = {"rule", "operation", "target"};
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : 0;

	if (!equals)
		return json_object_set_new(m->request, "rule", wire_text(word));
	if (!length || length >= LABEL_NAME_BYTES || !equals[1] || m->label_cnt == LABELS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strncmp(word, members[i], length) == 0 && !members[i][length])
			return json_object_set_new(m->request, members[i], wire_text(equals + 1));
	}
	memcpy(m->names[m->label_cnt], word, length);
	m->names[m->label_cnt][length] = '\0';
	m->labels[m->label_cnt].name = m->names[m->label_cnt];
	m->labels[m->label_cnt++].value = equals + 1;
	return 0;
}

static int take_matchers(const struct alerts_arguments *a, struct matchers *m)
{
	char text[LABELS_TEXT_BYTES];

	for (size_t i = 1; i < a->word_cnt; i++) {
		if (take_matcher(a->words[i], m))
			return cli_usage_error("alerts",
					       "\"%s\" is no matcher: a rule, or NAME=VALUE",
					       a->words[i]);
	}
	if (labels_write(m->labels, m->label_cnt, text, sizeof(text)))
		return cli_usage_error("alerts", "a label is named twice, or is none");
	json_object_set_new(m->request, "labels", wire_text(text));
	return CLI_OK;
}

static int silence(const struct alerts_arguments *a)
{
	struct matchers m = {.label_cnt = 0};
	json_int_t id;
	json_t *answer;
	int code;

	if (a->word_cnt < 2)
		return cli_usage_error("alerts", "silence what? Give a rule, or NAME=VALUE");
	if (!a->for_ns)
		return cli_usage_error("alerts", "silence for how long? Give --for TIME");
	m.request = json_pack("{s:s, s:o, s:I}", "do", "silence", "by", wire_text(person(a)),
			      "for_ns", (json_int_t)a->for_ns);
	code = take_matchers(a, &m);
	if (code != CLI_OK) {
		json_decref(m.request);
		return code;
	}
	code = ask_take(a, m.request, &answer);
	if (code != CLI_OK)
		return code;
	id = json_integer_value(json_object_get(answer, "id"));
	cli_message("silence %lld: \"tickscope alerts unsilence %lld\" ends it", id, id);
	json_decref(answer);
	return CLI_OK;
}

static int unsilence(const struct alerts_arguments *a)
{
	json_t *answer;
	size_t id;
	int code;

	if (a->word_cnt != 2)
		return cli_usage_error("alerts", "unsilence takes the number of one silence");
	if (!cli_parse_count("alerts", "unsilence", a->words[1], UINT32_MAX, &id))
		return CLI_USAGE;
	code = ask_take(a, json_pack("{s:s, s:I}", "do", "unsilence", "id", (json_int_t)id),
			&answer);
	if (code == CLI_OK)
		json_decref(answer);
	return code;
}

/* Pending alerts concern nobody yet; those that are over, only who asks for them. */
static bool is_shown(const json_t *alert, const struct alerts_arguments *a)
{
	const char *name = json_string_value(json_object_get(alert, "state"));

	switch (name ? alert_state_parse(name) : 0) {
	case ALERT_PENDING:
		return a->has_all || a->has_history;
	case ALERT_RESOLVED:
		return a->has_history;
	default:
		return true;
	}
}

static void keep_shown(json_t *alerts, const struct alerts_arguments *a)
{
	for (size_t i = json_array_size(alerts); i-- > 0;) {
		if (!is_shown(json_array_get(alerts, i), a))
			json_array_remove(alerts, i);
	}
}

static int print(json_t *answer, const struct alerts_arguments *a)
{
	struct alerts_style style = {.has_colour = cli_wants_colour(STDOUT_FILENO),
				     .has_ended = a->has_history,
				     .now_wall_ns = clock_wall_ns()};
	int err = 0;

	keep_shown(json_object_get(answer, "alerts"), a);
	if (a->wants_json)
		err = json_dumpf(answer, stdout, JSON_COMPACT) || putchar('\n') == EOF;
	else
		alerts_table_print(answer, &style);
	json_decref(answer);
	return err || fflush(stdout) ? CLI_FAILED : CLI_OK;
}

/* Only where there is no agent: one that does not answer may know better. */
static int list_history(const struct alerts_arguments *a, const struct fault *no_agent)
{
	json_t *answer;
	struct fault why;

	if (alerts_history_read(a->state_dir, a->has_history, &answer, &why)) {
		cli_error("%s", no_agent->text);
		cli_error("%s", why.text);
		return CLI_FAILED;
	}
	cli_message("no agent runs: these are the alerts as its history has them, when it ended");
	return print(answer, a);
}

static int list(const struct alerts_arguments *a)
{
	struct agent_client *client;
	json_t *request, *answer;
	struct fault why;
	int err;

	err = agent_client_open(a->state_dir, &client, &why);
	if (err == -ENOTCONN)
		return list_history(a, &why);
	if (err) {
		cli_error("%s", why.text);
		return CLI_FAILED;
	}
	request = json_pack("{s:s, s:b}", "do", "alerts", "all", a->has_history);
	err = agent_client_ask(client, request, &answer, &why);
	json_decref(request);
	agent_client_close(client);
	if (err) {
		cli_error("%s", why.text);
		return CLI_FAILED;
	}
	return print(answer, a);
}

int cmd_alerts(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*run)(const struct alerts_arguments *a);
	} actions[] = {{"ack", acknowledge}, {"silence", silence}, {"unsilence", unsilence}};
	struct alerts_arguments a = {0};
	int code = take_arguments(argc, argv, &a);

	if (code == -1) {
		fputs(usage, stdout);
		return CLI_OK;
	}
	if (code != CLI_OK)
		return code;
	if (!a.word_cnt)
		return list(&a);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(a.words[0], actions[i].word) == 0)
			return actions[i].run(&a);
	}
	return cli_usage_error("alerts", "there is no \"%s\": ack, silence or unsilence",
			       a.words[0]);
}
