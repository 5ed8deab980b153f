/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes match: in a /proc of text files, and among processes that are really there. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/cgroup_path.h"
#include "target/discover.h"

#define V2(path) "0::" path "\n"

static void test_units(void **state)
{
	static const struct {
		const char *text;
		const char *unit;
		bool is_in;
	} rows[] = {
		{V2("/system.slice/engine.service"), "engine.service", true},
		{V2("/system.slice/engine.service"), "engine", false},
		{V2("/system.slice/engine.service"), "engine.*", true},
		{V2("/system.slice/engine.service/worker"), "engine.service", true},
		{V2("/system.slice/engine.service"), "system.slice", true},
		{V2("/system.slice/engines.service"), "engine.service", false},
		{V2("/system.slice/engine@1.service"), "engine@*.service", true},
		{V2("/desk.slice/desk-prime.slice/engine.service"), "desk.slice", true},
		{V2("/user.slice/user-1000.slice/user@1000.service/app.slice/engine.service"),
		 "engine.service", true},
		{V2("/user.slice/user-1000.slice/user@1000.service/app.slice/engine.service"),
		 "user@1000.service", true},
		{V2("/user.slice/user-1000.slice/session-3.scope"), "session-3.scope", true},
		{V2("/engine.service.d/x"), "engine.service", false},
		/* Escapes, as systemd writes them, and as a person would. */
		{V2("/system.slice/a\\x2db.service"), "a-b.service", true},
		{V2("/system.slice/a\\x2db.service"), "a\\x2db.service", true},
		{V2("/system.slice/a\\x2.service"), "a\\x2.service", true},
		{V2("/system.slice/a\\x00.service"), "a\\x00.service", true},
		{V2("/system.slice/_cpu.service"), "cpu.service", true},
		{V2("/system.slice/engine.service (deleted)"), "engine.service", true},
		{V2("/"), "engine.service", false},
		/* Version 1: only systemd's own hierarchy names units. */
		{"4:memory:/system.slice/engine.service\n1:name=systemd:/\n", "engine.service",
		 false},
		{"4:memory:/\n1:name=systemd:/system.slice/engine.service\n", "engine.service",
		 true},
		{"4:memory:/\n0::/system.slice/engine.service", "engine.service", true},
		{"", "engine.service", false},
		{"no line\n:\n1:\n", "*.service", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (cgroup_path_has_unit(rows[i].text, rows[i].unit) != rows[i].is_in)
			fail_msg("%s in %s", rows[i].unit, rows[i].text);
	}
}

static void test_cgroups(void **state)
{
	static const struct {
		const char *text;
		const char *glob;
		bool is_in;
	} rows[] = {
		{V2("/desk/engine"), "/desk/engine", true},
		{V2("/desk/engine"), "desk/engine/", true},
		{V2("/desk/engine/a/b"), "/desk/engine", true},
		{V2("/desk/engine2"), "/desk/engine", false},
		{V2("/desk"), "/desk/engine", false},
		{V2("/desk/engine2"), "/desk/engine*", true},
		{V2("/kubepods/burstable/pod1/c"), "kubepods/*/pod1", true},
		{V2("/kubepods/burstable/pod12/c"), "kubepods/*/pod1", false},
		{V2("/a/kubepods/pod1"), "kubepods/*", false},
		{V2("/desk (deleted)"), "desk", true},
		{V2("/"), "*", false},
		{V2("/desk"), "/", false},
		{V2("/desk"), "", false},
		{"4:memory:/desk/x\n0::/\n", "desk", true},
		{"4:memory:/\n1:name=systemd:/\n", "desk", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (cgroup_path_is_below(rows[i].text, rows[i].glob) != rows[i].is_in)
			fail_msg("%s in %s", rows[i].glob, rows[i].text);
	}
}

/* A /proc of files: processes 101 …, an executable that they run. */
static char root[] = "/tmp/tickscope-discover-XXXXXX";
static const struct discover_place here = {.proc = root}, nowhere = {.proc = "/nowhere"};

static void write_file(int pid, const char *name, const char *text, size_t bytes)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d", root, pid);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%d/%s", root, pid, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

static void write_process(int pid, const char *stat_text, const char *exe, const char *cgroup)
{
	static const char cmdline[] = "/opt/engine\0--venue=prime\0--fast";
	char path[128];

	write_file(pid, "stat", stat_text, strlen(stat_text));
	write_file(pid, "cmdline", cmdline, sizeof(cmdline));
	write_file(pid, "cgroup", cgroup, strlen(cgroup));
	snprintf(path, sizeof(path), "%s/%d/exe", root, pid);
	assert_int_equal(symlink(exe, path), 0);
}

static int make_root(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	write_process(101, "101 (engine) S 1 1 1 0 -1 4194304 1", "/bin/sh",
		      V2("/system.slice/engine.service"));
	write_process(102, "102 (a) Z (b)) R 1 1 1 0 -1 4194304 1", "/bin/ls", V2("/desk/x"));
	write_process(103, "103 (engine) Z 1 1 1 0 -1 4194304 1", "/bin/sh",
		      V2("/system.slice/engine.service"));
	write_process(104, "104 (kworker) I 2 0 0 0 -1 69238880 0", "/bin/sh",
		      V2("/system.slice/engine.service"));
	write_process(105, "105 (engine) S 1 1 1 0 -1 4194304 1", "/opt/gone/engine (deleted)",
		      V2("/"));
	write_process(106, "106 (en", "/bin/sh", V2("/system.slice/engine.service"));
	write_file(107, "cmdline", "half\0", 5);
	write_process(108, "108 (engine) S 1 1 1 0 -1 4194304 1", "/nobody/has/engine",
		      V2("/desk/container"));
	return 0;
}

static int remove_root(void **state)
{
	static const char *const names[] = {"/stat", "/cmdline", "/cgroup", "/exe", ""};

	(void)state;
	for (int pid = 101; pid <= 108; pid++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			char path[128];

			snprintf(path, sizeof(path), "%s/%d%s", root, pid, names[i]);
			remove(path);
		}
	}
	return rmdir(root);
}

/* Those of one of the conditions, as text. */
static void found_text(const struct discovery *found, size_t idx, char text[static 256])
{
	text[0] = '\0';
	for (size_t k = 0; k < found->cnt; k++) {
		if (found->items[k].match_mask >> idx & 1)
			snprintf(text + strlen(text), 256 - strlen(text), "%d ",
				 found->items[k].pid);
	}
}

static pid_t given[] = {102, 103, 105, 999};
static const struct {
	struct config_match match;
	const char *pids;
} choices[] = {
	{{.exe = "/bin/sh"}, "101 "},
	{{.exe = "/bin/../bin/sh"}, "101 "},
	{{.exe = "/opt/gone/engine"}, "105 "},
	{{.exe = "/opt/gone/engin"}, ""},
	{{.pids = given, .pid_cnt = 4}, "102 105 "},
	{{.unit = "engine.service"}, "101 "},
	{{.cgroup = "desk"}, "102 108 "},
	{{.exe = "/nobody/has/engine"}, "108 "},
	{{.exe = "/nobody/has/engine", .cgroup = "desk/container"}, "108 "},
	{{.exe = "/nobody/has/engine", .cgroup = "desk/x"}, ""},
	{{.exe = "/nobody/has/eng"}, ""},
	{{.cmdline = "*--venue=prime --fast"}, "101 102 105 108 "},
	{{.cmdline = "*--venue=prime"}, ""},
	{{.cmdline = "*engine *", .cgroup = "desk"}, "102 108 "},
	{{.cmdline = "*engine *", .exe = "/bin/sh", .unit = "*.service"}, "101 "},
	{{.exe = "/bin/sh", .cgroup = "desk"}, ""},
	{{.pids = given, .pid_cnt = 4, .exe = "/bin/ls"}, "102 "},
	{{.pid_cnt = 0}, ""},
};

/* Each condition alone, and all in one walk, say the same. */
static void test_conditions(void **state)
{
	const struct config_match *matches[sizeof(choices) / sizeof(choices[0])];
	const size_t cnt = sizeof(choices) / sizeof(choices[0]);
	struct discovery all, found;
	char text[256];
	struct fault why;

	(void)state;
	for (size_t i = 0; i < cnt; i++)
		matches[i] = &choices[i].match;
	assert_int_equal(discover_all_in(&here, matches, cnt, &all, &why), 0);
	assert_int_equal(all.cnt, 4);
	for (size_t i = 0; i < cnt; i++) {
		found_text(&all, i, text);
		if (strcmp(text, choices[i].pids) != 0)
			fail_msg("row %zu of all: %s", i, text);
		assert_int_equal(discover_all_in(&here, &matches[i], 1, &found, &why), 0);
		found_text(&found, 0, text);
		if (strcmp(text, choices[i].pids) != 0)
			fail_msg("row %zu: %s", i, text);
		for (size_t k = 0; k < found.cnt; k++)
			assert_true(discover_matches_in(&here, matches[i], found.items[k].pid));
		free(found.items);
	}
	free(all.items);
	assert_false(discover_matches_in(&here, &choices[0].match, 103));
	assert_false(discover_matches_in(&here, &choices[0].match, 999));
	assert_false(discover_matches_in(&nowhere, &choices[0].match, 101));
}

static void test_no_proc(void **state)
{
	const struct config_match match = {.exe = "/bin/sh"}, *matches[] = {&match};
	struct discovery found;
	struct fault why;

	(void)state;
	assert_int_equal(discover_all_in(&nowhere, matches, 1, &found, &why), -ENOENT);
	assert_string_equal(why.text, "cannot list processes: No such file or directory");
}

static int find(const struct config_match *match, struct discovered_pids *ret_pids,
		struct fault *why)
{
	struct discovery found;
	int err = discover_all(NULL, &match, 1, &found, why);

	*ret_pids = (struct discovered_pids){.cnt = 0};
	if (err)
		return err;
	err = discover_pids(&found, 0, match, ret_pids, why);
	free(found.items);
	return err;
}

/* A child that waits, then a zombie, then nothing. */
static void test_real(void **state)
{
	char exe[4096] = "";
	struct discovered_pids pids;
	pid_t child = fork();
	struct config_match match = {.exe = exe};
	struct fault why;

	(void)state;
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
		pause();
		_exit(0);
	}
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_true(discover_matches(NULL, &match, child));
	assert_false(discover_matches(NULL, &match, getpid())); /* the one that looks */
	assert_int_equal(find(&match, &pids, &why), 0);
	assert_true(pids.cnt >= 1);
	for (size_t i = 1; i < pids.cnt; i++)
		assert_true(pids.items[i - 1] < pids.items[i]);
	free(pids.items);
	kill(child, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)child, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	match = (struct config_match){.pids = &child, .pid_cnt = 1};
	assert_false(discover_matches(NULL, &match, child));
	/* By number alone it comes as it is: opening it says why not. */
	assert_int_equal(find(&match, &pids, &why), 0);
	assert_true(pids.cnt == 1 && pids.items[0] == child);
	free(pids.items);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_false(discover_matches(NULL, &match, child));
	match = (struct config_match){.exe = "/no/such/engine"};
	assert_int_equal(find(&match, &pids, &why), -ENOENT);
	assert_string_equal(why.text, "cannot find \"/no/such/engine\": No such file or directory");
	match.exe = "/tmp";
	assert_int_equal(find(&match, &pids, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),	   cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_no_proc),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
