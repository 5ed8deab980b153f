/* SPDX-License-Identifier: Apache-2.0 */
/* Files that name files, and files that want too much: all of it is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include "config/yaml.h"
#include "config_case.h"

static void write_text(const char *name, const char *text)
{
	config_write(name, text, strlen(text));
}

static void test_rule_files(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(mkdir("rules", 0700), 0);
	write_text("rules/a.yaml",
		   "rules: [{name: x, expr: x == 1}]\n"
		   "contracts:\n - {operation: o, p99: 1ms}\n"
		   " - {operation: other, p99: 1ms}\n - {target: away, cpu: 50%}\n");
	write_text("rules/b.yaml", "rules: [{name: y, expr: x == 1}]\n");
	c = config_of("rule_files: [rules/a.yaml, rules/b.yaml]\n"
		      "targets: [{name: t, match: {pid: 1}}]\n"
		      "operations: [{name: o, function: f}]\n"
		      "rules: [{name: w, expr: x == 1}]\n",
		      config_no_env, NULL);
	/* Those of the files, then those that every configuration has. */
	assert_int_equal(c->rule_cnt, 3 + 6);
	assert_string_equal(c->rules[3].name, "tickscope_history_failing");
	assert_string_equal(c->rules[3].file, "(built in)");
	assert_string_equal(c->rules[0].name, "w");
	assert_string_equal(c->rules[1].name, "x");
	assert_string_equal(c->rules[1].file, "rules/a.yaml");
	assert_string_equal(c->rules[2].file, "rules/b.yaml");
	assert_int_equal(c->operations[0].contract.limit_cnt, 1);
	/* Of operations that are not there: kept, and known as such. */
	assert_int_equal(c->unowned_cnt, 2);
	assert_string_equal(c->unowned[0].operation, "other");
	assert_int_equal(c->unowned[0].contract.limit_cnt, 1);
	assert_string_equal(c->unowned[1].target, "away");
	assert_int_equal(c->unowned[1].line, 5);
	config_free(c);
	/* A path is relative to the file that names it. */
	write_text("rules/c.yaml", "rule_files: [b.yaml]\n");
	{
		static struct config_problems problems;

		assert_int_equal(config_load("rules/c.yaml", config_no_env, &c, &problems), 0);
		assert_int_equal(c->rule_cnt, 1 + 6);
		config_free(c);
	}
	config_of("rule_files: [rules/a.yaml, rules/a.yaml, rules/c.yaml]\n"
		  "rules: [{name: x, expr: x == 1}]\ncontracts: [{operation: other, p99: 1ms}]\n",
		  config_no_env,
		  "desk.yaml:1:28: \"rules/a.yaml\" is read already\n"
		  "desk.yaml:3:25: there is no operation \"other\"\n"
		  "rules/a.yaml:1:16: \"x\" is the name of a rule already: desk.yaml:2\n"
		  "rules/c.yaml:1:1: \"rule_files\" is no key of a rule file; its keys are "
		  "contracts, rules\n");
	unlink("rules/a.yaml");
	unlink("rules/b.yaml");
	unlink("rules/c.yaml");
	assert_int_equal(rmdir("rules"), 0);
}

static void test_unreadable(void **state)
{
	static struct config_problems problems;
	struct config *c = NULL;

	(void)state;
	assert_int_equal(config_load("none.yaml", config_no_env, &c, &problems), -ENOENT);
	assert_string_equal(config_said(&problems),
			    "none.yaml: it cannot be read: No such file or directory\n");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(config_load("pipe", config_no_env, &c, &problems), -ENOTSUP);
	assert_string_equal(config_said(&problems),
			    "pipe: it cannot be read: it is no regular file\n");
	unlink("pipe");
	assert_int_equal(config_load(".", config_no_env, &c, &problems), -EISDIR);
	assert_null(c);
}

/* 10 lists of 10 of the list before: ten thousand million values in 500 bytes. */
static void test_billion_laughs(void **state)
{
	char yaml[2048] = "x-a: &a0 lol\n";

	(void)state;
	for (int i = 1; i <= 10; i++) {
		size_t length = strlen(yaml);

		length += (size_t)snprintf(yaml + length, sizeof(yaml) - length, "x-%d: &a%d [", i,
					   i);
		for (int k = 0; k < 10; k++)
			length += (size_t)snprintf(yaml + length, sizeof(yaml) - length, "*a%d,",
						   i - 1);
		snprintf(yaml + length, sizeof(yaml) - length, "]\n");
	}
	config_of(yaml, config_no_env,
		  "desk.yaml:6:32: too large: at most 65536 values, with what aliases stand for\n");
}

static void check_repeated(const char *before, const char *unit, size_t cnt, const char *said)
{
	size_t unit_bytes = strlen(unit), length = strlen(before);
	char *yaml = malloc(length + cnt * unit_bytes + 1);

	assert_non_null(yaml);
	memcpy(yaml, before, length);
	for (size_t i = 0; i < cnt; i++)
		memcpy(yaml + length + i * unit_bytes, unit, unit_bytes);
	yaml[length + cnt * unit_bytes] = '\0';
	config_free(config_of(yaml, config_no_env, said));
	free(yaml);
}

static void test_bounds(void **state)
{
	(void)state;
	check_repeated("level: perf\n", "#\n", YAML_SOURCE_BYTES / 2 - 6, NULL);
	check_repeated("level: perf\n", "#\n", YAML_SOURCE_BYTES / 2 - 5,
		       "desk.yaml:1:1: too large: at most 1 MiB\n");
	check_repeated("x-a:\n", "- b\n", YAML_NODE_MAX,
		       "desk.yaml:65537:3: too large: at most 65536 values, with what aliases "
		       "stand for\n");
	check_repeated("x-a: ", "[", 15,
		       "desk.yaml:2:1: flow sequence without a closing bracket\n");
	check_repeated("x-a: ", "[", 40,
		       "desk.yaml:1:21: too deep: at most 16 lists and maps in one another\n");
	check_repeated("targets:\n", " - {name: a, match: {pid: 1}}\n", 257,
		       "desk.yaml:2:2: \"targets\" has 257 items: at most 256\n");
	check_repeated("x-a: {", "b,", 513,
		       "desk.yaml:1:1031: too many keys: at most 512 in one map\n");
	check_repeated("level: 1\n", "levl: 1\n", 2,
		       "desk.yaml:1:8: \"level\": \"1\" is none of session, multi, perf\n"
		       "desk.yaml:2:1: \"levl\" is no key of a configuration; did you mean "
		       "\"level\"?\n"
		       "desk.yaml:3:1: \"levl\" is given twice: first in line 2\n");
}

/* The first problems are told, the rest counted. */
static void test_many_problems(void **state)
{
	static struct config_problems problems;
	char yaml[2048] = "";
	struct config *c = NULL;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		snprintf(yaml + strlen(yaml), sizeof(yaml) - strlen(yaml), "zz%zu: 1\n", i);
	write_text("desk.yaml", yaml);
	assert_int_equal(config_load("desk.yaml", config_no_env, &c, &problems), -EINVAL);
	unlink("desk.yaml");
	assert_int_equal(problems.cnt, CONFIG_PROBLEM_MAX);
	assert_int_equal(problems.more_cnt, 8);
	assert_non_null(strstr(problems.items[31].text, "desk.yaml:32:1: \"zz31\""));
}

static void test_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
		const char *said;
	} rows[] = {
		{"level: perf\nlog_format: \377\n", 26,
		 "desk.yaml:2:1: a byte that is not UTF-8 in this line\n"},
		{"level: perf\nx\0y: 1\n", 19,
		 "desk.yaml:2:1: a NUL in this line: this is no text file\n"},
		{"\177ELF\2\1\1\0\0\0", 10,
		 "desk.yaml:1:1: a NUL in this line: this is no text file\n"},
	};
	static struct config_problems problems;
	struct config *c = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config_write("desk.yaml", rows[i].text, rows[i].bytes);
		assert_int_equal(config_load("desk.yaml", config_no_env, &c, &problems), -EINVAL);
		assert_string_equal(config_said(&problems), rows[i].said);
	}
	unlink("desk.yaml");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule_files),     cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_billion_laughs), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_many_problems),  cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}
