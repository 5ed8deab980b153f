/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with targets, endpoints, operations and contracts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_case.h"

#define TARGETS	   "targets: [{name: engine, match: {pid: 1}}]\n"
#define OPERATIONS TARGETS "operations:\n"

static const struct config_case targets_cases[] = {
	{"targets:\n - {name: host, match: {pid: 1}}\n",
	 "desk.yaml:2:11: \"name\": \"host\" is the name of the values of this host\n"},
	{"targets:\n - {name: tickscope, match: {pid: 1}}\n",
	 "desk.yaml:2:11: \"name\": \"tickscope\" is the name of the agent's own values\n"},
	{"targets:\n - {name: a, match: {pid: 1}}\n - {name: a, match: {pid: 2}}\n",
	 "desk.yaml:3:11: \"a\" is the name of a target already: desk.yaml:2\n"},
	{"targets: [{name: a, match: {}}]\n",
	 "desk.yaml:1:28: a match without a condition would match every process: give pid, exe, "
	 "cmdline, unit, cgroup, namespace, pod, container or pod_labels\n"},
	{"targets: [{name: a, match: {namespace: desk, pod: \"engine-*\", container: engine}}]\n",
	 NULL},
	{"targets: [{name: a, match: {namespace: \"*\"}}]\n",
	 "desk.yaml:1:40: \"namespace\": \"*\" would match every process\n"},
	{"targets: [{name: a, match: {pod_labels: {app.kubernetes.io/name: engine, x: y}}}]\n"
	 "kubernetes: {api: \"https://kubernetes.default.svc\"}\n",
	 NULL},
	{"targets: [{name: a, match: {pod_labels: {/name: engine, a/b/c: x, -/: x, a b: c}}}]\n"
	 "kubernetes: {api: \"https://kubernetes.default.svc\"}\n",
	 "desk.yaml:1:42: \"pod_labels\": \"/name\" is no name of a label of Kubernetes\n"
	 "desk.yaml:1:57: \"pod_labels\": \"a/b/c\" is no name of a label of Kubernetes\n"
	 "desk.yaml:1:67: \"pod_labels\": \"-/\" is no name of a label of Kubernetes\n"
	 "desk.yaml:1:74: \"pod_labels\": \"a b\" is no name of a label of Kubernetes\n"},
	/* Nobody would know them. */
	{"targets: [{name: a, match: {pod_labels: {app: engine}}}]\n",
	 "desk.yaml:1:1: target \"a\" asks for \"pod_labels\", which only the API server knows: "
	 "give \"kubernetes: { api: https://kubernetes.default.svc }\"\n"},
	{"targets: [{name: a, match: {pid: 1}}]\nkubernetes: {api: \"http://10.0.0.1\"}\n",
	 "desk.yaml:2:13: \"api\": \"http://10.0.0.1\" is not https: the token must not be read on "
	 "its way\n"},
	{"targets: [{name: a, match: {pid: 1}}]\nkubernetes: {interval: 1s, log_dir: logs}\n",
	 "desk.yaml:2:24: \"interval\": \"1s\" is out of range: from 5.00s to 1h00m\n"
	 "desk.yaml:2:37: \"log_dir\": \"logs\" is no absolute path\n"},
	{"targets: [{name: a, match: }]\n", "desk.yaml:1:11: a target needs \"match\"\n"},
	{"targets: [{name: a, match: {pid: 0}}]\n",
	 "desk.yaml:1:34: \"pid\": \"0\" is out of range: from 1 to 4194304\n"},
	{"targets: [{name: a, match: {pid: [1, x]}}]\n",
	 "desk.yaml:1:38: \"pid\": \"x\" is not a whole number\n"},
	{"targets: [{name: a, match: {pid: []}}]\n", "desk.yaml:1:34: \"pid\" is empty\n"},
	{"targets: [{name: a, match: {pid: 9999999}}]\n",
	 "desk.yaml:1:34: \"pid\": \"9999999\" is out of range: from 1 to 4194304\n"},
	{"targets: [{name: a, match: {pid: {b: 1}}}]\n",
	 "desk.yaml:1:34: \"pid\" must be a list (\"- \342\200\246\" or \"[\342\200\246]\"), not a "
	 "map\n"},
	{"targets: [{name: a, match: {exe: engine}}]\n",
	 "desk.yaml:1:34: \"exe\": \"engine\" is no absolute path\n"},
	{"targets: [{name: a, match: {exe: ''}}]\n", "desk.yaml:1:34: \"exe\": \"\" is empty\n"},
	{"targets: [{name: a, match: {cmdline: '*'}}]\n",
	 "desk.yaml:1:38: \"cmdline\": \"*\" would match every process\n"},
	{"targets: [{name: a, match: {unit: engine}}]\n",
	 "desk.yaml:1:35: \"unit\": \"engine\" is no unit: write its kind, too, as in "
	 "\"engine.service\"\n"},
	{"targets: [{name: a, match: {unit: a/b.service}}]\n",
	 "desk.yaml:1:35: \"unit\": \"a/b.service\" is no unit: a path is matched by \"cgroup\"\n"},
	{"targets: [{name: a, match: {cgroup: /}}]\n",
	 "desk.yaml:1:37: \"cgroup\": \"/\" would match every process\n"},
	{"targets: [{name: a, match: {cgroup: '/*'}}]\n",
	 "desk.yaml:1:37: \"cgroup\": \"/*\" would match every process\n"},
	{"targets: [{name: a, match: {pid: 1}, exit: slow}]\n",
	 "desk.yaml:1:44: \"exit\": \"slow\" is none of auto, safe, fast\n"},
	{"targets: [{name: a, match: {pid: 1}, rpc: 1}]\n",
	 "desk.yaml:1:43: \"rpc\": \"1\" is none of true, false\n"},
	{"targets: [{name: a, match: {pid: 1}, debug_dir: dbg}]\n",
	 "desk.yaml:1:49: \"debug_dir\": \"dbg\" is no absolute path\n"},
	{"targets: [{name: '', match: {pid: 1}}]\n", "desk.yaml:1:18: \"name\": \"\" is empty\n"},
	{"targets: [{name: ' a', match: {pid: 1}}]\n",
	 "desk.yaml:1:18: \"name\": \" a\" is no name: it begins or ends with a blank\n"},
	{"targets: [{name: \"a\\nb\", match: {pid: 1}}]\n",
	 "desk.yaml:1:18: \"name\": \"a?b\" is no name: it has more than one line\n"},
	{"targets: [{name: \"a\\eb\", match: {pid: 1}}]\n",
	 "desk.yaml:1:18: \"name\": it has characters that cannot be seen\n"},
	{"targets: [{name: "
	 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	 "nnnnnnnnnnnnnn, match: {pid: 1}}]\n",
	 "desk.yaml:1:18: \"name\": "
	 "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
	 "nnnnnnnnnnnnnnnn\" is too long for a name: at most 191 bytes\n"},
};

static const struct config_case endpoints_cases[] = {
	{"endpoints: [{name: e}]\n",
	 "desk.yaml:1:13: an endpoint has either \"remote\" (a service that targets talk to) or "
	 "\"listen\" (a port that they serve)\n"},
	{"endpoints: [{name: e, remote: '1.2.3.4:5', listen: ':1'}]\n",
	 "desk.yaml:1:13: an endpoint has either \"remote\" (a service that targets talk to) or "
	 "\"listen\" (a port that they serve)\n"},
	{"endpoints: [{name: e, remote: '1.2.3:5'}]\n",
	 "desk.yaml:1:31: \"remote\": \"1.2.3\" is neither an address nor a name in /etc/hosts\n"},
	{"endpoints: [{name: e, remote: '10.1.2.3/16:5'}]\n",
	 "desk.yaml:1:31: \"remote\": \"10.1.2.3/16:5\" has bits behind its prefix of 16\n"},
	{"endpoints: [{name: e, remote: '10.1.0.0/33:5'}]\n",
	 "desk.yaml:1:31: \"remote\": \"/33\" is no prefix length: 0 to 32\n"},
	{"endpoints: [{name: e, remote: '1.2.3.4:99999'}]\n",
	 "desk.yaml:1:31: \"remote\": \"99999\" is no port\n"},
	{"endpoints: [{name: e, remote: 'no.such.host:1'}]\n",
	 "desk.yaml:1:31: \"remote\": \"no.such.host\" is neither an address nor a name in "
	 "/etc/hosts\n"},
	{"endpoints: [{name: e, remote: ''}]\n",
	 "desk.yaml:1:31: \"remote\": \"\" names no endpoint: HOST:PORT, HOST or :PORT\n"},
	{"endpoints: [{name: e, listen: '127.0.0.1:80'}]\n",
	 "desk.yaml:1:31: \"listen\": \"127.0.0.1:80\" is no port that is served: write it like "
	 "\":8080\"\n"},
	{"endpoints: [{name: e, listen: 80}]\n",
	 "desk.yaml:1:31: \"listen\": \"80\" is no port that is served: write it like \":8080\"\n"},
	{"endpoints: [{name: e, listen: ':80', protocol: fx}]\n",
	 "desk.yaml:1:48: \"protocol\": \"fx\" is none of fix, http, jsonrpc, websocket, redis, "
	 "auto\n"},
	{"endpoints: [{name: e, listen: ':80', protocol: none}]\n",
	 "desk.yaml:1:48: \"protocol\": \"none\" is none of fix, http, jsonrpc, websocket, redis, "
	 "auto\n"},
	{"endpoints: [{name: e, listen: ':80', protocol: http, labels: [verb]}]\n",
	 "desk.yaml:1:63: \"labels\": \"verb\" is none of method, route, status, trading_pair, "
	 "order_type, side, until, encrypted\n"},
	{"endpoints: [{name: e, listen: ':80', protocol: http, labels: method}]\n",
	 "desk.yaml:1:62: \"labels\" must be a list (\"- \342\200\246\" or \"[\342\200\246]\"), "
	 "not text\n"},
	{"endpoints: [{name: e, listen: ':80', protocol: http, labels: [[a]]}]\n",
	 "desk.yaml:1:63: \"labels\" is a list of text\n"},
	{"endpoints:\n - {name: e, listen: ':80'}\n - {name: f, listen: ':80'}\n - {name: e, "
	 "listen: ':81'}\n",
	 "desk.yaml:3:11: endpoint \"f\" is the same as \"e\"\ndesk.yaml:4:11: \"e\" is the name "
	 "of an endpoint already: desk.yaml:2\n"},
	{"endpoints: [{name: e, listen: ':80'},{name: e, listen: ':80'},{name: e, listen: "
	 "':80'},{name: e, listen: ':80'},{name: e, listen: ':80'},{name: e, listen: ':80'},{name: "
	 "e, listen: ':80'},{name: e, listen: ':80'},{name: e, listen: ':80'},{name: e, listen: "
	 "':80'},{name: e, listen: ':80'},{name: e, listen: ':80'},{name: e, listen: ':80'},{name: "
	 "e, listen: ':80'},{name: e, listen: ':80'},{name: e, listen: ':80'},{name: e, listen: "
	 "':80'},]\n",
	 "desk.yaml:1:12: \"endpoints\" has 17 items: at most 16\n"},
};

static const struct config_case operations_cases[] = {
	{OPERATIONS " - {name: o}\n",
	 "desk.yaml:3:4: an operation is one of \"function\" (a name in the code), \"rpc\" (an "
	 "endpoint) and \"order\" (an endpoint)\n"},
	{OPERATIONS " - {name: o, function: f, rpc: e}\n",
	 "desk.yaml:3:4: an operation is one of \"function\" (a name in the code), \"rpc\" (an "
	 "endpoint) and \"order\" (an endpoint)\ndesk.yaml:3:32: there is no endpoint \"e\"\n"},
	{OPERATIONS " - {name: o, function: ''}\n",
	 "desk.yaml:3:24: \"function\": \"\" is empty\n"},
	{OPERATIONS " - {name: o, rpc: exchnge}\nendpoints: [{name: exchange, remote: ':5'}]\n",
	 "desk.yaml:3:19: there is no endpoint \"exchnge\"; did you mean \"exchange\"?\n"},
	{OPERATIONS " - {name: o, function: f, target: engin}\n",
	 "desk.yaml:3:35: there is no target \"engin\"; did you mean \"engine\"?\n"},
	{OPERATIONS " - {name: o, function: f, target: other}\n",
	 "desk.yaml:3:35: there is no target \"other\"\n"},
	{OPERATIONS " - {name: host, function: f}\n",
	 "desk.yaml:3:11: \"name\": \"host\" is the name of the values of this host\n"},
	{OPERATIONS " - {name: o, function: f}\n - {name: o, function: g}\n",
	 "desk.yaml:4:11: \"o\" is the name of an operation already: desk.yaml:3\n"},
	{OPERATIONS " - {name: o, function: f, labels: [method]}\n",
	 "desk.yaml:3:35: \"labels\" belongs to rpc and order: calls have none\n"},
	{OPERATIONS " - {name: o, rpc: e, error: ret < 0}\nendpoints: [{name: e, remote: ':5'}]\n",
	 "desk.yaml:3:29: \"error\" belongs to functions: the protocol says what an error is\n"},
	{OPERATIONS " - {name: o, function: f, error: 'ret <> 0'}\n",
	 "desk.yaml:3:40: \"error\": expected a whole number, as in \"ret < 0\" or \"(i32)ret != "
	 "0\"\n"},
	{OPERATIONS " - {name: o, function: f, error: \"ret\\x20<> 0\"}\n",
	 "desk.yaml:3:34: \"error\": at its character 6: expected a whole number, as in \"ret < "
	 "0\" or \"(i32)ret != 0\"\n"},
	{OPERATIONS " - name: o\n   function: f\n   error: ret <\n     x\n",
	 "desk.yaml:5:11: \"error\": at its character 7: expected a number (names are compared by "
	 "== and !=), as in \"ret < 0\" or \"(i32)ret != 0\"\n"},
	{OPERATIONS " - {name: o, function: f, error: }\n",
	 "desk.yaml:3:27: \"error\" has no value: it must be an expression\n"},
	{OPERATIONS " - {name: o, order: e}\nendpoints: [{name: e, remote: ':5'}]\n",
	 "desk.yaml:3:11: orders of \"o\" need \"protocol: fix\" at endpoint \"e\"\n"},
	{OPERATIONS
	 " - {name: o, order: e}\nendpoints: [{name: e, remote: ':5', protocol: http}]\n",
	 "desk.yaml:3:11: orders of \"o\" need \"protocol: fix\" at endpoint \"e\"\n"},
	{OPERATIONS
	 " - {name: o, rpc: e, labels: [method]}\nendpoints: [{name: e, remote: ':5'}]\n",
	 "desk.yaml:3:11: labels of \"o\" need a \"protocol\" at endpoint \"e\"\n"},
	{"operations: [{name: o, function: f}]\n",
	 "desk.yaml:1:13: operations without \"targets\": nothing to look at\n"},
};

static const struct config_case contracts_cases[] = {
	{OPERATIONS " - {name: o, function: f, contract: {}}\n",
	 "desk.yaml:3:37: a contract without a limit promises nothing\n"},
	{OPERATIONS " - {name: o, function: f, contract: {p99: 200}}\n",
	 "desk.yaml:3:43: \"p99\": \"200\" has no unit: write 200ms or 200s\n"},
	{OPERATIONS " - {name: o, function: f, contract: {p99: 0ms}}\n",
	 "desk.yaml:3:43: \"p99\": a limit of \"0ms\" would never hold\n"},
	{OPERATIONS " - {name: o, function: f, contract: {p99: 2d}}\n",
	 "desk.yaml:3:43: \"p99\": \"2d\" is out of range: from 0ns to 24h00m\n"},
	{OPERATIONS " - {name: o, function: f, contract: {error_rate: 500%}}\n",
	 "desk.yaml:3:50: \"error_rate\": \"500%\" is out of range: at most 100%, which is 1\n"},
	{OPERATIONS " - {name: o, function: f, contract: {error_rate: 5 %}}\n",
	 "desk.yaml:3:50: \"error_rate\": \"5 %\" is not a share: write it like 5% or 0.05\n"},
	{OPERATIONS " - {name: o, function: f, contract: {throughput: 1000}}\n",
	 "desk.yaml:3:50: \"throughput\": \"1000\" is not a rate: write it like 10/s, 1000/min or "
	 "50/h\n"},
	{OPERATIONS " - {name: o, function: f, contract: {throughput: 0/s}}\n",
	 "desk.yaml:3:50: \"throughput\": a limit of \"0/s\" would always hold\n"},
	{OPERATIONS " - {name: o, function: f, contract: {hit_rate: 95}}\n",
	 "desk.yaml:3:48: \"hit_rate\": \"95\" is out of range: at most 100%, which is 1\n"},
	{OPERATIONS " - {name: o, function: f, contract: {batch_size: 5MB}}\n",
	 "desk.yaml:3:50: \"batch_size\": \"5MB\" is not a number: write it like 5 or 0.5\n"},
	{OPERATIONS " - {name: o, function: f, contract: {backlog: 1e3}}\n",
	 "desk.yaml:3:47: \"backlog\": \"1e3\" is not a number: write it like 5 or 0.5\n"},
	{OPERATIONS " - {name: o, function: f, contract: {connect_time: 1s}}\n",
	 "desk.yaml:3:52: \"connect_time\" belongs to contracts of rpc and order\n"},
	{OPERATIONS " - {name: o, function: f, contract: {p99: 1ms, p99: 2ms}}\n",
	 "desk.yaml:3:48: \"p99\" is given twice: first in line 3\n"},
	{"targets: [{name: engine, match: {pid: 1}, contract: {cpu: 80}}]\n",
	 "desk.yaml:1:59: \"cpu\": \"80\" is not a percentage: write it like 80%\n"},
	{"targets: [{name: engine, match: {pid: 1}, contract: {cpu: 80%, memory: 2 GiB}}]\n",
	 "desk.yaml:1:72: \"memory\": \"2 GiB\" is not a size: write it like 100MB, 2GiB or "
	 "4096\n"},
	{"targets: [{name: engine, match: {pid: 1}, contract: {uptime: 101%}}]\n",
	 "desk.yaml:1:62: \"uptime\": \"101%\" is out of range: at most 100%, which is 1\n"},
	{"targets: [{name: engine, match: {pid: 1}, contract: {threads: ''}}]\n",
	 "desk.yaml:1:63: \"threads\": \"\" is not a number: write it like 5 or 0.5\n"},
	{"contracts: [{p99: 1ms}]\n",
	 "desk.yaml:1:13: a contract needs either \"operation\" or \"target\", and its limits\n"},
	{TARGETS "contracts: [{target: engine, operation: o}]\n",
	 "desk.yaml:2:13: a contract needs either \"operation\" or \"target\", and its limits\n"},
	{TARGETS "contracts: [{target: engin, cpu: 80%}]\n",
	 "desk.yaml:2:22: there is no target \"engin\"; did you mean \"engine\"?\n"},
	{TARGETS "contracts: [{target: engine}]\n",
	 "desk.yaml:2:13: a contract without a limit promises nothing\n"},
	{TARGETS "contracts: [{target: [], cpu: 8%}]\n",
	 "desk.yaml:2:22: \"target\" must be a name\n"},
	{TARGETS "contracts: [x]\n",
	 "desk.yaml:2:13: a contract needs either \"operation\" or \"target\", and its limits\n"},
	{OPERATIONS " - {name: o, function: f, contract: {p99: 1ms}}\ncontracts:\n - {operation: "
		    "o, p99: 2ms}\n",
	 "desk.yaml:5:24: \"p99\" is limited twice: in another contract, too\n"},
	{OPERATIONS " - {name: o, function: f}\ncontracts:\n - {operation: o, connect_time: 2ms}\n",
	 "desk.yaml:5:33: \"connect_time\" belongs to contracts of rpc and order\n"},
};

static void test_targets(void **state)
{
	(void)state;
	CONFIG_CASES(targets_cases);
}

static void test_endpoints(void **state)
{
	(void)state;
	CONFIG_CASES(endpoints_cases);
}

static void test_operations(void **state)
{
	(void)state;
	CONFIG_CASES(operations_cases);
}

static void test_contracts(void **state)
{
	(void)state;
	CONFIG_CASES(contracts_cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_contracts),
	};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}
