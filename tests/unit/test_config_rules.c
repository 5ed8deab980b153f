/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with rules and channels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_case.h"

static const struct config_case rules_cases[] = {
	{"rules: [{name: r, expr: }]\n",
	 "desk.yaml:1:19: \"expr\" has no value: it must be an expression\n"},
	{"rules: [{name: r, expr: ''}]\n", "desk.yaml:1:26: \"expr\": expected a number or a "
					   "metric, as in node_rpc.p99, not the end\n"},
	{"rules: [{name: r, expr: 'a.p99 > 200'}]\n",
	 "desk.yaml:1:34: \"expr\": \"a.p99\" is a time: write a unit, as in 200ms\n"},
	{"rules: [{name: r, expr: a.p99 >}]\n", "desk.yaml:1:32: \"expr\": expected a number or a "
						"metric, as in node_rpc.p99, not the end\n"},
	{"rules: [{name: r, expr: [a]}]\n",
	 "desk.yaml:1:25: \"expr\" must be an expression, not a list\n"},
	{"rules:\n - name: r\n   expr: >-\n     a.p99 > 1ms and\n     b.p99 > 2\n",
	 "desk.yaml:4:1: \"expr\": at its character 25: \"b.p99\" is a time: write a unit, as in "
	 "2ms\n"},
	{"rules:\n - {name: r, expr: a == 1}\n - {name: r, expr: b == 1}\n",
	 "desk.yaml:3:11: \"r\" is the name of a rule already: desk.yaml:2\n"},
	{"rules: [{name: r, expr: a == 1, for: 10q}]\n",
	 "desk.yaml:1:38: \"for\": \"10q\" has no unit of time: use ns, us, ms, s, m, h or d\n"},
	{"rules: [{name: r, expr: a == 1, for: 2d}]\n",
	 "desk.yaml:1:38: \"for\": \"2d\" is out of range: from 0ns to 24h00m\n"},
	{"rules: [{name: r, expr: a == 1, severity: fatal}]\n",
	 "desk.yaml:1:43: \"severity\": \"fatal\" is none of info, warning, critical\n"},
	{"rules: [{name: r, expr: a == 1, severity: warn}]\n",
	 "desk.yaml:1:43: \"severity\": \"warn\" is none of info, warning, critical; did you mean "
	 "\"warning\"?\n"},
	{"rules: [{name: r, expr: a == 1, severity: Critical}]\n",
	 "desk.yaml:1:43: \"severity\": \"Critical\" is none of info, warning, critical; did you "
	 "mean \"critical\"?\n"},
	{"rules: [{name: r, expr: a == 1, over: 5m, over_samples: 100}]\n",
	 "desk.yaml:1:57: \"over_samples\" stands beside \"over\": one of them\n"},
	{"rules: [{name: r, expr: a == 1, over_samples: 0}]\n",
	 "desk.yaml:1:47: \"over_samples\": \"0\" is out of range: from 1 to 1000000000\n"},
	{"rules: [{name: r, expr: a == 1, by: [a b]}]\n",
	 "desk.yaml:1:38: \"by\": \"a b\" is no name of a label\n"},
	{"rules: [{name: r, expr: a == 1, by: method}]\n",
	 "desk.yaml:1:37: \"by\" must be a list (\"- \342\200\246\" or \"[\342\200\246]\"), not "
	 "text\n"},
	{"rules: [{name: r, expr: a == 1, labels: [a]}]\n",
	 "desk.yaml:1:41: \"labels\" must be a map (name: value), not a list\n"},
	{"rules: [{name: r, expr: a == 1, labels: {1a: b}}]\n",
	 "desk.yaml:1:42: \"labels\": \"1a\" is no name of a label: letters, digits and _, at most "
	 "31, no digit first\n"},
	{"rules: [{name: r, expr: a == 1, labels: {a: [b]}}]\n",
	 "desk.yaml:1:45: \"labels\": \"a\" must be text\n"},
	{"rules: [{name: r, expr: a == 1, labels: {a: b, a: c}}]\n",
	 "desk.yaml:1:48: \"a\" is given twice\n"},
	{"rules: [{name: r, expr: a == 1, channel: desk}]\n",
	 "desk.yaml:1:42: there is no channel \"desk\"\n"},
	{"rules: [{name: r, expr: a == 1, suggested_actions: [a, ~]}]\n",
	 "desk.yaml:1:56: \"suggested_actions\" is a list of text\n"},
	{"rules: [{name: r, expr: a == 1, title: [x]}]\n",
	 "desk.yaml:1:40: \"title\" must be text, not a list\n"},
	{"rule_files: x.yaml\n", "desk.yaml:1:13: \"rule_files\" must be a list (\"- "
				 "\342\200\246\" or \"[\342\200\246]\"), not text\n"},
	{"rule_files: [[a]]\n", "desk.yaml:1:14: \"rule_files\" is a list of paths\n"},
	{"rule_files: [nope.yaml]\n",
	 "desk.yaml:1:14: \"nope.yaml\" cannot be read: No such file or directory\n"},
	{"rule_files: [/dev/zero]\n",
	 "desk.yaml:1:14: \"/dev/zero\" cannot be read: it is no regular file\n"},
	{"rule_files: [.]\n", "desk.yaml:1:14: \".\" cannot be read: Is a directory\n"},
};

static const struct config_case notify_cases[] = {
	{"notify: [{name: n, type: mail}]\n",
	 "desk.yaml:1:26: \"type\": \"mail\" is none of alertmanager, webhook, command\n"},
	{"notify: [{name: n, type: webhook}]\n",
	 "desk.yaml:1:10: a channel that is reached by HTTP needs \"url\"\n"},
	{"notify: [{name: n, type: webhook, url: 'ftp://h/'}]\n",
	 "desk.yaml:1:40: \"url\" is no URL: it begins with http:// or https://\n"},
	{"notify: [{name: n, type: webhook, url: 'http://'}]\n",
	 "desk.yaml:1:40: \"url\" names no host\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h/a b'}]\n",
	 "desk.yaml:1:40: \"url\" has characters that a URL cannot have\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', command: [/a]}]\n",
	 "desk.yaml:1:61: \"command\" belongs to channels of type command\n"},
	{"notify: [{name: n, type: command}]\n",
	 "desk.yaml:1:10: a channel of type command needs \"command\"\n"},
	{"notify: [{name: n, type: command, command: []}]\n",
	 "desk.yaml:1:44: \"command\" is empty\n"},
	{"notify: [{name: n, type: command, command: [page]}]\n",
	 "desk.yaml:1:45: \"command\": \"page\" is no absolute path: it is run without a shell\n"},
	{"notify: [{name: n, type: command, command: /bin/page}]\n",
	 "desk.yaml:1:44: \"command\" must be a list (\"- \342\200\246\" or \"[\342\200\246]\"), "
	 "not text\n"},
	{"notify: [{name: n, type: command, command: [/bin/page], url: 'http://h'}]\n",
	 "desk.yaml:1:62: \"url\" belongs to channels that are reached by HTTP\n"},
	{"notify: [{name: n, type: command, command: [/bin/page], secret_file: /k}]\n",
	 "desk.yaml:1:70: \"secret_file\" belongs to channels of type webhook\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', min_severity: high}]\n",
	 "desk.yaml:1:66: \"min_severity\": \"high\" is none of info, warning, critical\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', timeout: 1ms}]\n",
	 "desk.yaml:1:61: \"timeout\": \"1ms\" is out of range: from 100ms to 1h00m\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', retries: 1000}]\n",
	 "desk.yaml:1:61: \"retries\": \"1000\" is out of range: from 0 to 100\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', secret_file: key}]\n",
	 "desk.yaml:1:65: \"secret_file\": \"key\" is no absolute path\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', escalate_after: 5m}]\n",
	 "desk.yaml:1:10: \"escalate_after\" needs \"then\": the channel that is told next\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', then: m}]\n",
	 "desk.yaml:1:58: there is no channel \"m\"\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', then: n}]\n",
	 "desk.yaml:1:17: channel \"n\" escalates to itself\n"},
	{"notify:\n - {name: a, type: webhook, url: 'http://h', then: b}\n - {name: b, type: "
	 "webhook, url: 'http://h', then: c}\n - {name: c, type: webhook, url: 'http://h', then: "
	 "a}\n",
	 "desk.yaml:2:11: channel \"a\" escalates to itself, by way of \"c\"\n"},
	{"notify: [{name: n, type: webhook, url: 'http://h', repeat: 0s}]\n",
	 "desk.yaml:1:60: \"repeat\": \"0s\" is out of range: from 1.00s to 7d00h\n"},
	{"notify:\n - {name: n, type: webhook, url: 'http://h'}\n - {name: n, type: webhook, url: "
	 "'http://h'}\n",
	 "desk.yaml:3:11: \"n\" is the name of a channel already: desk.yaml:2\n"},
	{"level: \342\200\213multi\n",
	 "desk.yaml:1:8: \"level\": \"???multi\" is none of session, multi, perf\n"},
	{"rules: [{name: \342\200\256r, expr: a == 1}]\n",
	 "desk.yaml:1:16: \"name\": it has characters that cannot be seen\n"},
};

static void test_rules(void **state)
{
	(void)state;
	CONFIG_CASES(rules_cases);
}

static void test_notify(void **state)
{
	(void)state;
	CONFIG_CASES(notify_cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_notify),
	};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}
