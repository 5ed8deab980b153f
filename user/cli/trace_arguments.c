/* SPDX-License-Identifier: Apache-2.0 */
/* One option after the other; what they mean together is looked at when all are known. */
#include <getopt.h>
#include <stdio.h>

#include <tickscope/abi_slowest.h>

#include "base/time_units.h"
#include "cli/cli.h"
#include "cli/trace_arguments.h"
#include "config/duration.h"
#include "config/endpoint_argument.h"
#include "config/quantity.h"

#define MAX_FUNCTIONS	    1000 /* matches, unless --max-functions says otherwise */
#define MAX_FUNCTIONS_LIMIT 1700 /* PROBE_MAP_BYTES of kernel memory hold these */
#define SERIES_SPARE	    16 /* a later process of --exe may be another build, with other functions */
#define INTERVAL_MIN_NS	    10000000ULL /* 100 tables a second are more than anyone can read */
#define DURATION_MAX_NS	    (366ULL * 24 * 3600 * NS_PER_S)
#define TIMEOUT_MIN_NS	    1000000ULL /* overdue chains are looked for at least every second */

enum {
	OPTION_EXE = 256,
	OPTION_ERROR,
	OPTION_NET,
	OPTION_HISTOGRAM,
	OPTION_JSON,
	OPTION_LEVEL,
	OPTION_EXIT,
	OPTION_MAX,
	OPTION_DEBUG_DIR,
	OPTION_RPC,
	OPTION_PROTOCOL,
	OPTION_HOOKS,
	OPTION_CHAIN,
	OPTION_FROM,
	OPTION_TO,
	OPTION_KEY,
	OPTION_TIMEOUT,
	OPTION_BREAKDOWN,
	OPTION_SLOWEST,
	OPTION_NO_SANDBOX,
	OPTION_MAX_OVERHEAD
};

static const struct option options[] = {
	{"pid", required_argument, NULL, 'p'},
	{"exe", required_argument, NULL, OPTION_EXE},
	{"function", required_argument, NULL, 'f'},
	{"rpc", no_argument, NULL, OPTION_RPC},
	{"protocol", required_argument, NULL, OPTION_PROTOCOL},
	{"hooks", required_argument, NULL, OPTION_HOOKS},
	{"chain", required_argument, NULL, OPTION_CHAIN},
	{"from", required_argument, NULL, OPTION_FROM},
	{"to", required_argument, NULL, OPTION_TO},
	{"key", required_argument, NULL, OPTION_KEY},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"breakdown", no_argument, NULL, OPTION_BREAKDOWN},
	{"slowest", required_argument, NULL, OPTION_SLOWEST},
	{"error", required_argument, NULL, OPTION_ERROR},
	{"max-functions", required_argument, NULL, OPTION_MAX},
	{"debug-dir", required_argument, NULL, OPTION_DEBUG_DIR},
	{"duration", required_argument, NULL, 'd'},
	{"interval", required_argument, NULL, 'i'},
	{"net", no_argument, NULL, OPTION_NET},
	{"histogram", no_argument, NULL, OPTION_HISTOGRAM},
	{"json", no_argument, NULL, OPTION_JSON},
	{"level", required_argument, NULL, OPTION_LEVEL},
	{"exit", required_argument, NULL, OPTION_EXIT},
	{"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
	{"max-overhead", required_argument, NULL, OPTION_MAX_OVERHEAD},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int add_pid(struct trace_arguments *t, const char *text)
{
	if (t->match.pid_cnt == TRACE_PID_MAX)
		return cli_usage_error("trace",
				       "-p can be given at most %d times; --exe takes any number",
				       TRACE_PID_MAX);
	if (!cli_parse_pid("trace", text, &t->pids[t->match.pid_cnt]))
		return CLI_USAGE;
	for (size_t i = 0; i < t->match.pid_cnt; i++) {
		if (t->pids[i] == t->pids[t->match.pid_cnt])
			return CLI_OK;
	}
	t->match.pid_cnt++;
	return CLI_OK;
}

static int add_function(struct trace_arguments *t, const char *text)
{
	if (t->target.function_cnt == TRACE_FUNCTION_MAX)
		return cli_usage_error("trace",
				       "-f can be given at most %d times; a glob matches many",
				       TRACE_FUNCTION_MAX);
	if (!*text)
		return cli_usage_error("trace", "-f takes the name of a function");
	t->functions[t->target.function_cnt++].pattern = text;
	return CLI_OK;
}

static int set_duration(const char *option, const char *text, uint64_t min_ns, uint64_t *ret_ns)
{
	struct fault why;

	if (duration_parse(text, min_ns, DURATION_MAX_NS, ret_ns, &why))
		return cli_usage_error("trace", "%s: %s", option, why.text);
	return CLI_OK;
}

static int set_error(struct trace_arguments *t, const char *text)
{
	struct fault why;
	size_t column;

	if (error_expression_parse(text, &t->error, &column, &why))
		return cli_usage_error("trace", "--error \"%s\": column %zu: %s", text, column,
				       why.text);
	t->error_text = text;
	return CLI_OK;
}

static int set_level(struct trace_arguments *t, const char *text)
{
	t->config.level = probe_level_parse(text);
	if (t->config.level == PROBE_LEVEL_END)
		return cli_usage_error("trace", "--level takes session, multi or perf, not \"%s\"",
				       text);
	return CLI_OK;
}

static int set_protocol(struct trace_arguments *t, const char *text)
{
	t->config.protocol = protocol_parse(text);
	if (t->config.protocol == PROTOCOL_END || t->config.protocol == PROTOCOL_NONE)
		return cli_usage_error(
			"trace",
			"--protocol takes fix, http, jsonrpc, websocket, redis or auto, "
			"not \"%s\"",
			text);
	return CLI_OK;
}

static int set_endpoint(struct trace_arguments *t, const char *text)
{
	struct fault why;

	if (t->config.endpoint_cnt == TS_FILTER_MAX)
		return cli_usage_error("trace", "--rpc: more than %d endpoints", TS_FILTER_MAX);
	if (endpoint_argument_parse(text, &t->endpoints[t->config.endpoint_cnt].filter, &why))
		return cli_usage_error("trace", "--rpc: %s", why.text);
	t->config.endpoint_cnt++;
	return CLI_OK;
}

static int set_hooks(struct trace_arguments *t, const char *text)
{
	t->config.hooks = sock_hooks_parse(text);
	if (t->config.hooks == SOCK_HOOKS_END)
		return cli_usage_error("trace",
				       "--hooks takes fentry, kprobe or raw_tp, not \"%s\"", text);
	return CLI_OK;
}

static int set_max_overhead(struct trace_arguments *t, const char *text)
{
	struct fault why;
	double percent;

	if (quantity_parse(QUANTITY_PERCENT, text, &percent, &why))
		return cli_usage_error("trace", "--max-overhead: %s", why.text);
	if (percent <= 0)
		return cli_usage_error("trace", "--max-overhead: nothing can be kept within \"%s\"",
				       text);
	t->target.max_overhead_ratio = percent / 100;
	return CLI_OK;
}

static int add_chain(struct trace_arguments *t, const char *text)
{
	if (t->chain_text_cnt == TS_CHAIN_MAX)
		return cli_usage_error("trace", "--chain can be given at most %d times",
				       TS_CHAIN_MAX);
	t->chain_texts[t->chain_text_cnt++] = text;
	return CLI_OK;
}

static int set_once(const char *option, const char *text, const char **ret_text)
{
	if (*ret_text)
		return cli_usage_error("trace", "%s can be given once", option);
	*ret_text = text;
	return CLI_OK;
}

/* What is followed from stage to stage. */
static int take_chain_option(struct trace_arguments *t, int option, const char *value)
{
	switch (option) {
	case OPTION_CHAIN:
		return add_chain(t, value);
	case OPTION_FROM:
		return set_once("--from", value, &t->from);
	case OPTION_TO:
		return set_once("--to", value, &t->to);
	case OPTION_KEY:
		return set_once("--key", value, &t->key);
	case OPTION_TIMEOUT:
		return set_duration("--timeout", value, TIMEOUT_MIN_NS, &t->timeout_ns);
	case OPTION_BREAKDOWN:
		t->wants_breakdown = true;
		return CLI_OK;
	case OPTION_SLOWEST:
		return cli_parse_count("trace", "--slowest", value, TS_SLOWEST_MAX,
				       &t->config.slowest_cnt)
			       ? CLI_OK
			       : CLI_USAGE;
	default:
		fputs("Try: tickscope trace --help\n", stderr);
		return CLI_USAGE;
	}
}

static int take_option(struct trace_arguments *t, int option, char *value)
{
	switch (option) {
	case 'p':
		return add_pid(t, value);
	case 'f':
		return add_function(t, value);
	case 'd':
		return set_duration("-d", value, 1, &t->config.duration_ns);
	case 'i':
		return set_duration("-i", value, INTERVAL_MIN_NS, &t->config.interval_ns);
	case OPTION_EXE:
		t->match.exe = value;
		return CLI_OK;
	case OPTION_RPC:
		t->target.wants_rpc = true;
		return CLI_OK;
	case OPTION_PROTOCOL:
		return set_protocol(t, value);
	case OPTION_HOOKS:
		return set_hooks(t, value);
	case OPTION_ERROR:
		return set_error(t, value);
	case OPTION_NET:
		t->is_net = true;
		return CLI_OK;
	case OPTION_NO_SANDBOX:
		t->has_no_sandbox = true;
		return CLI_OK;
	case OPTION_HISTOGRAM:
		t->wants_histogram = true;
		return CLI_OK;
	case OPTION_JSON:
		t->wants_json = true;
		return CLI_OK;
	case OPTION_LEVEL:
		return set_level(t, value);
	case OPTION_EXIT:
		return cli_parse_exit_policy("trace", value, &t->target.exit_policy) ? CLI_OK
										     : CLI_USAGE;
	case OPTION_MAX_OVERHEAD:
		return set_max_overhead(t, value);
	case OPTION_DEBUG_DIR:
		t->target.debug_dir = value;
		return CLI_OK;
	case OPTION_MAX:
		return cli_parse_count("trace", "--max-functions", value, MAX_FUNCTIONS_LIMIT,
				       &t->config.function_max)
			       ? CLI_OK
			       : CLI_USAGE;
	default:
		return take_chain_option(t, option, value);
	}
}

static int check_arguments(const struct trace_arguments *t)
{
	if (!t->match.pid_cnt && !t->match.exe)
		return cli_usage_error(
			"trace",
			"which process? Give -p PID, or --exe PATH for all that run a file");
	if (t->match.pid_cnt && t->match.exe)
		return cli_usage_error("trace", "-p and --exe exclude each other");
	if (t->config.protocol && !t->target.wants_rpc)
		return cli_usage_error("trace", "--protocol is for the connections of --rpc");
	if (!t->from != !t->to)
		return cli_usage_error("trace", "--from and --to belong together");
	if ((t->key || t->timeout_ns) && !t->chain_text_cnt && !t->from)
		return cli_usage_error("trace", "%s is of --chain, and of --from and --to",
				       t->key ? "--key" : "--timeout");
	if (!t->target.function_cnt && !t->target.wants_rpc && !t->chain_text_cnt && !t->from)
		return cli_usage_error(
			"trace", "what to trace? Give -f FUNC (`tickscope functions -p PID` lists "
				 "them), --rpc for connections, or --chain STAGES");
	if ((t->wants_breakdown || t->config.slowest_cnt) && !t->target.function_cnt &&
	    !t->chain_text_cnt && !t->from)
		return cli_usage_error("trace", "%s is of functions, chains and spans",
				       t->wants_breakdown ? "--breakdown" : "--slowest");
	return CLI_OK;
}

/* What only makes sense when all arguments are known. */
static int settle(struct trace_arguments *t)
{
	t->match.pids = t->pids;
	t->target.match = &t->match;
	t->target.functions = t->functions;
	for (size_t i = 0; i < t->target.function_cnt; i++) {
		t->functions[i].error = t->error_text ? &t->error : NULL;
		t->functions[i].error_text = t->error_text;
		t->functions[i].wants_breakdown = t->wants_breakdown;
	}
	t->config.targets = &t->target;
	t->config.target_cnt = 1;
	t->config.endpoints = t->endpoints;
	for (size_t i = 0; i < t->config.endpoint_cnt; i++)
		t->endpoints[i].protocol = t->config.protocol;
	t->config.spare_cnt = SERIES_SPARE;
	if (!t->config.function_max)
		t->config.function_max = MAX_FUNCTIONS;
	return trace_chains_read(t);
}

int trace_arguments_parse(struct trace_arguments *t, int argc, char **argv)
{
	int option, code = CLI_OK;

	while (code == CLI_OK &&
	       (option = getopt_long(argc, argv, "p:f:d:i:h", options, NULL)) != -1) {
		if (option == 'h') {
			t->wants_help = true;
			return CLI_OK;
		}
		code = take_option(t, option, optarg);
	}
	while (code == CLI_OK && optind < argc && t->target.wants_rpc)
		code = set_endpoint(t, argv[optind++]);
	if (code == CLI_OK && optind < argc)
		code = cli_usage_error("trace",
				       "\"%s\" is not expected here; functions are given with -f",
				       argv[optind]);
	if (code == CLI_OK)
		code = check_arguments(t);
	return code == CLI_OK ? settle(t) : code;
}

void trace_arguments_fini(struct trace_arguments *t)
{
	for (size_t i = 0; i < t->config.chain_cnt; i++)
		chain_fini(&t->chains[i]);
	t->config.chain_cnt = 0;
}
