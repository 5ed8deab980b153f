/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations that are wrong as text, in their keys, in the shape and range of values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_case.h"

#define TARGETS	   "targets: [{name: engine, match: {pid: 1}}]\n"
#define OPERATIONS TARGETS "operations:\n"

static const struct config_case syntax_cases[] = {
	{"", "desk.yaml: it is empty\n"},
	{"# nothing\n", "desk.yaml: it is empty\n"},
	{"- a\n", "desk.yaml:1:1: a configuration must be a map (key: value), not a list\n"},
	{"text\n", "desk.yaml:1:1: a configuration must be a map (key: value), not text\n"},
	{"a: [1\n", "desk.yaml:2:1: flow sequence without a closing bracket\n"},
	{"targets:\n\t- name\n", "desk.yaml:2:1: tab character may not be used as indentation\n"},
	{"a: 1\n---\nb: 2\n", "desk.yaml:2:1: a second document: one in a file\n"},
	{"a: *b\n",
	 "desk.yaml:1:5: an alias of nothing: its anchor (&name) must stand before it\n"},
	{"a: &a [*a]\n", "desk.yaml:1:9: an alias inside of what it stands for\n"},
	{"level: !x multi\n", "desk.yaml:1:11: tags (!name) mean nothing here\n"},
	{"? [a]\n: b\n", "desk.yaml:1:3: a key must be text\n"},
	{"level: \"mul\\0ti\"\n", "desk.yaml:1:9: a NUL inside of text\n"},
	{"<<: 3\nlevel: multi\n",
	 "desk.yaml:1:5: \"<<\" takes an alias of a map, as in \"<<: *defaults\"\n"},
	{"a: b: c\n", "desk.yaml:1:5: invalid nested block mapping on the same line\n"},
};

static const struct config_case keys_cases[] = {
	{"targetz: []\n",
	 "desk.yaml:1:1: \"targetz\" is no key of a configuration; did you mean \"targets\"?\n"},
	{"values: []\n",
	 "desk.yaml:1:1: \"values\" is no key of a configuration; its keys are "
	 "max_operations, level, hooks, log_format, disable_file, sandbox, "
	 "history, judge, targets, endpoints, operations, chains, contracts, rules, "
	 "rule_files, notify, sinks, health, kubernetes\n"},
	{"level: multi\nlevel: perf\n",
	 "desk.yaml:2:1: \"level\" is given twice: first in line 1\n"},
	{"judge: {cool_down: 5s}\n",
	 "desk.yaml:1:9: \"cool_down\" is no key of the judge; did you mean \"cooldown\"?\n"},
	{"history: {keep: 2d}\n",
	 "desk.yaml:1:11: \"keep\" is no key of the history; did you mean \"keep_10s\"?\n"},
	{"x-own: &a {a: 1}\nlevel: perf\n", NULL},
	{"targets: [{name: engine, match: {image: x}}]\n",
	 "desk.yaml:1:34: \"image\" is no key of a match; its keys are pid, exe, cmdline, "
	 "unit, cgroup, namespace, pod, container, pod_labels\n"},
	{"notify: [{name: a, type: webhook, url: 'http://h/', urll: b}]\n",
	 "desk.yaml:1:53: \"urll\" is no key of a channel; did you mean \"url\"?\n"},
	{"rules: [{name: r, expr: 'a == 1', sevrity: info}]\n",
	 "desk.yaml:1:35: \"sevrity\" is no key of a rule; did you mean \"severity\"?\n"},
	{"endpoints: [{name: e, remote: '1.2.3.4:5', protcol: fix}]\n",
	 "desk.yaml:1:44: \"protcol\" is no key of an endpoint; did you mean \"protocol\"?\n"},
	{OPERATIONS " - {name: o, function: f, priority: true}\n",
	 "desk.yaml:3:27: \"priority\" is no key of an operation; its keys are name, function, "
	 "rpc, order, target, error, breakdown, labels, contract\n"},
	{OPERATIONS " - {name: o, function: f, contract: {p98: 1ms}}\n",
	 "desk.yaml:3:38: \"p98\" is no key of an operation's contract; did you mean \"p90\"?\n"},
	{OPERATIONS " - {name: o, function: f, contract: {memory: 1MB}}\n",
	 "desk.yaml:3:38: \"memory\" is no key of an operation's contract; its keys are latency, "
	 "p50, p90, p95, p99, p999, max, error_rate, throughput, connect_time, hit_rate, "
	 "batch_size, pool_efficiency, backlog\n"},
	{"targets: [{name: engine, match: {pid: 1}, contract: {p99: 1ms}}]\n",
	 "desk.yaml:1:54: \"p99\" is no key of a target's contract; its keys are memory, cpu, "
	 "uptime, descriptors, threads, hit_rate, batch_size, pool_efficiency, backlog\n"},
};

static const struct config_case shapes_cases[] = {
	{"targets: {name: engine}\n", "desk.yaml:1:10: \"targets\" must be a list (\"- "
				      "\342\200\246\" or \"[\342\200\246]\"), not a map\n"},
	{"targets: engine\n", "desk.yaml:1:10: \"targets\" must be a list (\"- \342\200\246\" or "
			      "\"[\342\200\246]\"), not text\n"},
	{"targets: [engine]\n", "desk.yaml:1:11: a target must be a map (key: value), not text\n"},
	{"history: [1]\n", "desk.yaml:1:10: the history must be a map (key: value), not a list\n"},
	{"history: true\n", "desk.yaml:1:10: the history must be a map (key: value), not text\n"},
	{"level: [multi]\n", "desk.yaml:1:8: \"level\" must be a word, not a list\n"},
	{"level:\n", "desk.yaml:1:1: \"level\" has no value: it must be a word\n"},
	{"level: ~\n", "desk.yaml:1:8: \"level\" has no value: it must be a word\n"},
	{"rules:\nnotify: ~\nlevel: perf\n", NULL},
	{"targets: [{match: {pid: 1}}]\n", "desk.yaml:1:11: a target needs \"name\"\n"},
	{"targets: [{name: a}]\n", "desk.yaml:1:11: a target needs \"match\"\n"},
	{"rules: [{name: r}]\n", "desk.yaml:1:9: a rule needs \"expr\"\n"},
	{"rules: [{expr: 'a == 1'}]\n", "desk.yaml:1:9: a rule needs \"name\"\n"},
	{"notify: [{name: n}]\n", "desk.yaml:1:10: a channel needs \"type\"\n"},
	{"endpoints: [{remote: ':1'}]\n", "desk.yaml:1:13: an endpoint needs \"name\"\n"},
};

static const struct config_case values_cases[] = {
	{"level: multy\n", "desk.yaml:1:8: \"level\": \"multy\" is none of session, multi, perf; "
			   "did you mean \"multi\"?\n"},
	{"hooks: kprobes\n", "desk.yaml:1:8: \"hooks\": \"kprobes\" is none of fentry, kprobe, "
			     "raw_tp; did you mean \"kprobe\"?\n"},
	{"log_format: xml\n", "desk.yaml:1:13: \"log_format\": \"xml\" is none of text, json\n"},
	{"max_operations: 0\n",
	 "desk.yaml:1:17: \"max_operations\": \"0\" is out of range: from 1 to 1700\n"},
	{"max_operations: 5000\n",
	 "desk.yaml:1:17: \"max_operations\": \"5000\" is out of range: from 1 to 1700\n"},
	{"max_operations: many\n",
	 "desk.yaml:1:17: \"max_operations\": \"many\" is not a whole number\n"},
	{"max_operations: -1\n",
	 "desk.yaml:1:17: \"max_operations\": \"-1\" is not a whole number\n"},
	{"max_operations: 99999999999999999999\n",
	 "desk.yaml:1:17: \"max_operations\": \"99999999999999999999\" is out of range: from 1 to "
	 "1700\n"},
	{"history: {enabled: yes}\n",
	 "desk.yaml:1:20: \"enabled\": \"yes\" is none of true, false\n"},
	{"history: {enabled: tru}\n",
	 "desk.yaml:1:20: \"enabled\": \"tru\" is none of true, false; did you mean \"true\"?\n"},
	{"history: {keep_10s: 2}\n",
	 "desk.yaml:1:21: \"keep_10s\": \"2\" has no unit: write 2ms or 2s\n"},
	{"history: {keep_10s: 2 d}\n", "desk.yaml:1:21: \"keep_10s\": \"2 d\" has no unit of time: "
				       "use ns, us, ms, s, m, h or d\n"},
	{"history: {keep_10s: 1s}\n",
	 "desk.yaml:1:21: \"keep_10s\": \"1s\" is out of range: from 1h00m to 3650d00h\n"},
	{"history: {keep_1m: 2w}\n",
	 "desk.yaml:1:20: \"keep_1m\": \"2w\" has no unit of time: use ns, us, ms, s, m, h or d\n"},
	{"history: {keep_1h: 99999d}\n",
	 "desk.yaml:1:20: \"keep_1h\": \"99999d\" is out of range: from 1h00m to 3650d00h\n"},
	{"history: {max_bytes: 1GX}\n", "desk.yaml:1:22: \"max_bytes\": \"1GX\" is not a size: "
					"write it like 100MB, 2GiB or 4096\n"},
	{"history: {max_bytes: 1k}\n", "desk.yaml:1:22: \"max_bytes\": \"1k\" is not a size: write "
				       "it like 100MB, 2GiB or 4096\n"},
	{"history: {max_bytes: 1000}\n",
	 "desk.yaml:1:22: \"max_bytes\": \"1000\" is out of range: from 4MiB to 64TiB\n"},
	{"history: {max_bytes: 999TiB}\n",
	 "desk.yaml:1:22: \"max_bytes\": \"999TiB\" is out of range: from 4MiB to 64TiB\n"},
	{"history: {max_bytes: 4194304.5}\n",
	 "desk.yaml:1:22: \"max_bytes\": \"4194304.5\" is no whole number of bytes\n"},
	{"history: {max_bytes: -5}\n", "desk.yaml:1:22: \"max_bytes\": \"-5\" is not a size: write "
				       "it like 100MB, 2GiB or 4096\n"},
	{"judge: {over: 0s}\n",
	 "desk.yaml:1:15: \"over\": \"0s\" is out of range: from 1.00s to 1h00m\n"},
	{"judge: {over: 2h}\n",
	 "desk.yaml:1:15: \"over\": \"2h\" is out of range: from 1.00s to 1h00m\n"},
	{"judge: {cooldown: 1.0000000001s}\n",
	 "desk.yaml:1:19: \"cooldown\": \"1.0000000001s\" has too many digits after the point: 1ns "
	 "is the finest\n"},
	{"judge: {keep_firing: 2d}\n",
	 "desk.yaml:1:22: \"keep_firing\": \"2d\" is out of range: from 0ns to 24h00m\n"},
	{"judge: {min_samples: 0}\n",
	 "desk.yaml:1:22: \"min_samples\": \"0\" is out of range: from 1 to 1000000\n"},
	{"judge: {system_check: 100ms}\n",
	 "desk.yaml:1:23: \"system_check\": \"100ms\" is out of range: from 1.00s to 1h00m\n"},
};

static void test_syntax(void **state)
{
	(void)state;
	CONFIG_CASES(syntax_cases);
}

static void test_keys(void **state)
{
	(void)state;
	CONFIG_CASES(keys_cases);
}

static void test_shapes(void **state)
{
	(void)state;
	CONFIG_CASES(shapes_cases);
}

static void test_values(void **state)
{
	(void)state;
	CONFIG_CASES(values_cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}
