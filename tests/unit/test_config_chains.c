/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with chains of a configuration, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_case.h"

#define TARGETS "targets: [{name: engine, match: {pid: 1}}]\n"
#define CHAIN                                                                                  \
	TARGETS "endpoints: [{name: md, remote: '1.2.3.4:5'}, {name: x, remote: '1.2.3.4:6', " \
		"protocol: fix}]\n"                                                            \
		"chains:\n"

static const struct config_case chains_cases[] = {
	{CHAIN " - {name: a, stages: ['recv md', 'enter f(int, long)', 'send 1.2.3.4:7']}\n", NULL},
	{CHAIN
	 " - {name: a, stages: [enter f then_key str(arg2), send x key clordid, reply x], key: "
	 "arg1, timeout: 1s, target: engine, breakdown: true, contract: {p99: 1ms}}\n",
	 NULL},
	{CHAIN " - {stages: [recv md, send x]}\n", "desk.yaml:4:4: a chain needs \"name\"\n"},
	{CHAIN " - {name: a}\n", "desk.yaml:4:4: a chain needs \"stages\"\n"},
	{CHAIN " - {name: a, stages: recv md}\n", "desk.yaml:4:22: \"stages\" must be a list (\"- "
						  "\342\200\246\" or \"[\342\200\246]\"), not "
						  "text\n"},
	{CHAIN " - {name: a, stages: [recv md]}\n",
	 "desk.yaml:4:23: \"stages\": a chain has at least two stages, with a comma between\n"},
	{CHAIN " - {name: a, stages: [recv md, jump f, send x]}\n",
	 "desk.yaml:4:32: \"stages\": a stage is arrive, recv, send or reply ENDPOINT, or enter or "
	 "return FUNC; not \"jump\"\n"},
	{CHAIN " - name: a\n   stages:\n    - recv md\n    - enter f then_key arg0\n    - send x\n",
	 "desk.yaml:7:24: \"stages\": arguments are arg1 \342\200\246 arg9\n"},
	{CHAIN " - {name: a, stages: ['recv md, enter f', send x]}\n",
	 "desk.yaml:4:33: \"stages\": each stage is an item of its own\n"},
	{CHAIN " - {name: a, stages: ['enter f(', enter g]}\n",
	 "desk.yaml:4:31: \"stages\": this bracket does not end\n"},
	{CHAIN " - {name: a, stages: [enter f, enter g], key: argh}\n",
	 "desk.yaml:4:47: \"key\": arguments are arg1 \342\200\246 arg9\n"},
	{CHAIN " - {name: a, stages: [recv mdd, send x]}\n",
	 "desk.yaml:4:23: there is no endpoint \"mdd\"; did you mean \"md\"?\n"},
	{CHAIN " - {name: a, stages: [recv md, 'send 1.2.3:4']}\n",
	 "desk.yaml:4:32: \"send 1.2.3:4\": \"1.2.3\" is neither an address nor a name in "
	 "/etc/hosts\n"},
	{CHAIN " - {name: a, stages: [enter f key arg1, send md key clordid]}\n",
	 "desk.yaml:4:41: \"clordid\" needs \"protocol: fix\" at endpoint \"md\"\n"},
	{CHAIN " - {name: a, stages: [recv md, send x], target: engin}\n",
	 "desk.yaml:4:49: there is no target \"engin\"; did you mean \"engine\"?\n"},
	{CHAIN " - {name: a, stages: [recv md, send x], timeout: 10us}\n",
	 "desk.yaml:4:50: \"timeout\": \"10us\" is out of range: from 1.00ms to 24h00m\n"},
	{CHAIN " - {name: a, stages: [recv md, send x], contract: {connect_time: 1s}}\n",
	 "desk.yaml:4:66: \"connect_time\" belongs to contracts of rpc and order\n"},
	{CHAIN " - {name: a, stages: [recv md, send x]}\noperations: [{name: a, function: f}]\n",
	 "desk.yaml:4:11: \"a\" is the name of an operation already: desk.yaml:5\n"},
	{CHAIN " - {name: a, stages: [recv md, send x]}\ncontracts: [{operation: a, p99: 1s}]\n",
	 NULL},
	{"chains: [{name: a, stages: [enter f, enter g]}]\n",
	 "desk.yaml:1:9: chains without \"targets\": nothing to look at\n"},
	{TARGETS
	 "endpoints: [{name: e, remote: ':1'}]\noperations: [{name: r, rpc: e, breakdown: true}]\n",
	 "desk.yaml:3:43: \"breakdown\" belongs to functions and chains\n"},
};

static void test_chains(void **state)
{
	(void)state;
	CONFIG_CASES(chains_cases);
}

/* What was read, and who looks at connections because of it: nobody asked for requests. */
static void test_values(void **state)
{
	struct config *c = config_of(CHAIN " - {name: a, stages: [recv md, enter f, send x], "
					   "timeout: 1s}\n",
				     config_no_env, NULL);

	(void)state;
	assert_int_equal(c->chain_cnt, 1);
	assert_int_equal(c->chains[0].chain.stage_cnt, 3);
	assert_int_equal(c->chains[0].chain.timeout_ns, 1000000000ULL);
	assert_string_equal(c->chains[0].chain.stages[1].text, "enter f");
	assert_false(c->targets[0].wants_rpc);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}
