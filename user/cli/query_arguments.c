/* SPDX-License-Identifier: Apache-2.0 */
/* Usage and options of `tickscope query`. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/time_units.h"
#include "cli/cli.h"
#include "cli/query_arguments.h"
#include "cli/query_source.h"
#include "cli/time_argument.h"
#include "config/duration.h"

#define SINCE_DEFAULT "10m"
#define STEP_MIN_NS   NS_PER_S
#define STEP_MAX_NS   (366ULL * 24 * 3600 * NS_PER_S)
#define FLEET_STEP_NS 60000000000ULL
#define STEP_CNT_MAX  100000 /* rows of one series: more is a mistake in the step or in the span */

static const char usage[] =
	"Usage: tickscope query [OPERATION] [OPTION…]\n"
	"Shows what an agent recorded on this host, or those of many hosts sent to QuestDB: any "
	"operation, any time, any percentile.\n"
	"\n"
	"What\n"
	"  OPERATION               a name, or a glob with * and ?; all without it\n"
	"      --target T          only of this target; a glob\n"
	"      --kind K            function, rpc_client, rpc_server, segment, order, feed, connect "
	"…\n"
	"      --label NAME=VALUE  only with this label; may be given more than once\n"
	"      --by NAME           merge what differs only in other labels than these\n"
	"      --values            numbers that are not latencies (cpu_percent …); OPERATION is "
	"then "
	"their name\n"
	"\n"
	"When\n"
	"      --since TIME        10m (ago; the default), 14:30, 2026-01-31, "
	"2026-01-31T14:30:05Z\n"
	"      --until TIME        likewise; now without it\n"
	"      --step TIME         a row for each TIME: 10s, 1m, 1h …; else one for all of it\n"
	"\n"
	"How\n"
	"      --percentile P      another percentile: 99.5, 75 …; may be given more than once\n"
	"      --assert EXPR       what must hold for each row: 'p99 < 200ms', 'error_rate <= 1%', "
	"'rate > 100'; for values\n"
	"                          'cpu_percent < 80', judged by the mean; may be given more than "
	"once\n"
	"      --json              one object, or one per step (tickscope.summary/1, "
	"tickscope.values/1)\n"
	"      --csv               one line per row, after a line of names\n"
	"      --source S          where from: history, the file of the agent on this host (the "
	"default); questdb,\n"
	"                          the server of -c FILE or TICKSCOPE_SINKS_QUESTDB_URL; or its "
	"URL. "
	"There, host is\n"
	"                          a label as others for --by and --label, and steps are whole "
	"minutes\n"
	"  -c, --config FILE       the configuration that names QuestDB\n"
	"      --state DIR         the agent's directory (/var/lib/tickscope)\n"
	"  -h, --help              print this text\n"
	"\n"
	"Exit status: 0 shown, 1 failed or nothing was recorded in that time, 2 wrong usage, 3 an "
	"assertion does not hold\n"
	"(without data, none does).\n";

enum {
	OPTION_TARGET = 256,
	OPTION_KIND,
	OPTION_LABEL,
	OPTION_BY,
	OPTION_VALUES,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_STEP,
	OPTION_PERCENTILE,
	OPTION_ASSERT,
	OPTION_JSON,
	OPTION_CSV,
	OPTION_SOURCE,
	OPTION_STATE
};

static const struct option options[] = {
	{"target", required_argument, NULL, OPTION_TARGET},
	{"kind", required_argument, NULL, OPTION_KIND},
	{"label", required_argument, NULL, OPTION_LABEL},
	{"by", required_argument, NULL, OPTION_BY},
	{"values", no_argument, NULL, OPTION_VALUES},
	{"since", required_argument, NULL, OPTION_SINCE},
	{"until", required_argument, NULL, OPTION_UNTIL},
	{"step", required_argument, NULL, OPTION_STEP},
	{"percentile", required_argument, NULL, OPTION_PERCENTILE},
	{"assert", required_argument, NULL, OPTION_ASSERT},
	{"json", no_argument, NULL, OPTION_JSON},
	{"csv", no_argument, NULL, OPTION_CSV},
	{"source", required_argument, NULL, OPTION_SOURCE},
	{"config", required_argument, NULL, 'c'},
	{"state", required_argument, NULL, OPTION_STATE},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int take_label(struct query *q, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text || !equals[1])
		return cli_usage_error("query", "--label takes NAME=VALUE, not \"%s\"", text);
	if (q->label_cnt == LABELS_MAX)
		return cli_usage_error("query", "more than %d labels", LABELS_MAX);
	*equals = '\0';
	q->labels[q->label_cnt++] = (struct label){text, equals + 1};
	return CLI_OK;
}

/* "99.5": two digits at most before the point, four after it. Below 10 there is a leading 0, so
 * that no two have the same name: 5 is p05, 50 is p50. */
static int take_percentile(struct query *q, const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	size_t i = q->quantile_cnt;
	double value = 0, unit = 0.01;

	if (i == REPORT_QUANTILE_MAX)
		return cli_usage_error("query", "more than %d percentiles", REPORT_QUANTILE_MAX);
	for (size_t n = 0; n < whole; n++)
		value = value * 10 + (text[n] - '0') * 0.01;
	for (size_t n = 0; n < part; n++)
		value += (text[whole + 1 + n] - '0') * (unit /= 10);
	if (!whole || whole > 2 || part > 4 || text[whole + (part ? part + 1 : 0)] || value <= 0 ||
	    value >= 1)
		return cli_usage_error("query",
				       "--percentile takes a number between 0 and 100 with at most "
				       "four decimals, not \"%s\"",
				       text);
	snprintf(q->quantile_names[i], sizeof(q->quantile_names[i]), "p%s%.*s%.*s",
		 whole == 1 ? "0" : "", (int)whole, text, (int)part, text + whole + (part > 0));
	snprintf(q->quantile_titles[i], sizeof(q->quantile_titles[i]), "p%s", text);
	q->quantiles[i] =
		(struct stats_quantile){q->quantile_names[i], q->quantile_titles[i], value};
	q->quantile_cnt++;
	return CLI_OK;
}

struct texts {
	const char *since;
	const char *until;
	const char *step;
};

static int take_format(struct query *q, enum query_format format)
{
	if (q->format != QUERY_TABLE && q->format != format)
		return cli_usage_error("query", "--json and --csv exclude each other");
	q->format = format;
	return CLI_OK;
}

static int take_list(struct query *q, int option, char *text)
{
	switch (option) {
	case OPTION_LABEL:
		return take_label(q, text);
	case OPTION_PERCENTILE:
		return take_percentile(q, text);
	case OPTION_BY:
		if (q->by_cnt == LABELS_MAX)
			return cli_usage_error("query", "more than %d labels", LABELS_MAX);
		q->by[q->by_cnt++] = text;
		return CLI_OK;
	default:
		if (q->assertion_cnt == QUERY_ASSERTION_MAX)
			return cli_usage_error("query", "more than %d assertions",
					       QUERY_ASSERTION_MAX);
		q->assertion_texts[q->assertion_cnt++] = text;
		return CLI_OK;
	}
}

static int take_source(struct query *q, const char *text)
{
	bool is_url = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;

	q->url = is_url ? text : NULL;
	if (is_url || strcmp(text, query_source_fleet.name) == 0)
		q->source = &query_source_fleet;
	else if (strcmp(text, query_source_history.name) == 0)
		q->source = &query_source_history;
	else
		return cli_usage_error("query",
				       "--source takes history, questdb, or a URL that begins with "
				       "http:// or https://, not \"%s\"",
				       text);
	return CLI_OK;
}

/* CLI_OK, an exit code, or -1 for help. */
static int take_option(struct query *q, struct texts *t, int option, char *text)
{
	switch (option) {
	case OPTION_TARGET:
		q->filter.target = text;
		return CLI_OK;
	case OPTION_KIND:
		q->filter.kind = text;
		return CLI_OK;
	case OPTION_VALUES:
		q->filter.is_value = true;
		return CLI_OK;
	case OPTION_SINCE:
		t->since = text;
		return CLI_OK;
	case OPTION_UNTIL:
		t->until = text;
		return CLI_OK;
	case OPTION_STEP:
		t->step = text;
		return CLI_OK;
	case OPTION_JSON:
		return take_format(q, QUERY_JSON);
	case OPTION_CSV:
		return take_format(q, QUERY_CSV);
	case OPTION_SOURCE:
		return take_source(q, text);
	case 'c':
		q->config_path = text;
		return CLI_OK;
	case OPTION_STATE:
		q->state_dir = text;
		return CLI_OK;
	case 'h':
		fputs(usage, stdout);
		return -1;
	case '?':
		fputs("Try: tickscope query --help\n", stderr);
		return CLI_USAGE;
	default:
		return take_list(q, option, text);
	}
}

static int fix_times(struct query *q, const struct texts *t, uint64_t now_wall_ns)
{
	struct history_span *span = &q->span;
	struct fault why;

	if (time_argument_parse(t->since, now_wall_ns, &span->since_wall_ns, &why) ||
	    time_argument_parse(t->until, now_wall_ns, &span->until_wall_ns, &why) ||
	    (t->step && duration_parse(t->step, STEP_MIN_NS, STEP_MAX_NS, &span->step_ns, &why)))
		return cli_usage_error("query", "%s", why.text);
	if (span->since_wall_ns >= span->until_wall_ns)
		return cli_usage_error("query", "--since %s is not before --until %s", t->since,
				       t->until);
	if (!span->step_ns)
		return CLI_OK;
	if (q->source->is_fleet && span->step_ns % FLEET_STEP_NS)
		return cli_usage_error("query",
				       "--step %s is not of whole minutes, as rows in QuestDB are",
				       t->step);
	if ((span->until_wall_ns - span->since_wall_ns) / span->step_ns >= STEP_CNT_MAX)
		return cli_usage_error("query", "more than %d steps of %s", STEP_CNT_MAX, t->step);
	/* Whole steps: the first has as much in it as the others. */
	span->since_wall_ns -= span->since_wall_ns % span->step_ns;
	return CLI_OK;
}

/* Of several, the host is what others have as a label, but kept beside them. */
static int fix_host(struct query *q)
{
	if (!q->source->is_fleet)
		return q->config_path ? cli_usage_error("query", "-c is for --source questdb")
				      : CLI_OK;
	if (q->state_dir)
		return cli_usage_error("query", "--state is for --source history");
	if (q->url && q->config_path)
		return cli_usage_error("query", "the server is named twice: by --source and by -c");
	for (size_t i = 0; i < q->by_cnt; i++)
		q->is_by_host |= strcmp(q->by[i], QUERY_HOST) == 0;
	for (size_t i = 0; i < q->label_cnt; i++) {
		if (strcmp(q->labels[i].name, QUERY_HOST) != 0)
			continue;
		q->host = q->labels[i].value;
		q->labels[i] = q->labels[--q->label_cnt];
		break;
	}
	return CLI_OK;
}

static int fix_rest(struct query *q, const char *pattern)
{
	struct fault why = {""};
	int code = fix_host(q);

	if (code != CLI_OK)
		return code;
	if (q->filter.is_value)
		q->filter.name = pattern;
	else
		q->filter.operation = pattern;
	if (q->filter.is_value && (q->by_cnt || q->quantile_cnt))
		return cli_usage_error("query", "values have no %s",
				       q->by_cnt ? "sum: leave out --by" : "percentiles");
	if (labels_write(q->labels, q->label_cnt, q->labels_text, sizeof(q->labels_text)))
		return cli_usage_error("query", "these labels are none, or too long");
	q->filter.labels = q->labels_text;
	for (size_t i = 0; i < q->assertion_cnt; i++) {
		if (query_assert_parse(q->assertion_texts[i], q->filter.is_value, &q->assertions[i],
				       &why))
			return cli_usage_error("query", "--assert %s", why.text);
	}
	return CLI_OK;
}

int query_arguments_take(int argc, char **argv, uint64_t now_wall_ns, struct query *ret_query)
{
	struct texts t = {SINCE_DEFAULT, "now", NULL};
	const char *pattern = NULL;
	int option, code;

	while ((option = getopt_long(argc, argv, "hc:", options, NULL)) != -1) {
		code = take_option(ret_query, &t, option, optarg);
		if (code != CLI_OK)
			return code;
	}
	if (optind < argc)
		pattern = argv[optind++];
	if (optind < argc)
		return cli_usage_error("query", "\"%s\" is not expected here", argv[optind]);
	code = fix_times(ret_query, &t, now_wall_ns);
	return code == CLI_OK ? fix_rest(ret_query, pattern) : code;
}

void query_arguments_fini(struct query *query)
{
	for (size_t i = 0; i < query->assertion_cnt; i++)
		rule_expression_free(query->assertions[i]);
}
