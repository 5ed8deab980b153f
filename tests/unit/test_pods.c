/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process is in, and what the kubelet's directories say of it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time_units.h"
#include "target/discover.h"
#include "target/pods.h"

#define A16   "0123456789abcdef"
#define ID_A  A16 A16 A16 A16
#define ID_B  "b" A16 A16 A16 "123456789abcdef"
#define ID_C  "c" A16 A16 A16 "123456789abcdef"
#define UID   "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
#define UID_  "1b4e28ba_2fa1_11d2_883f_0016d3cca427"
#define UID2  "2b4e28ba-2fa1-11d2-883f-0016d3cca427"
#define HASH  "9f86d081884c7d659a2feaa0c55ad015"
#define V2    "0::"
#define BURST "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"

static const struct {
	const char *text;
	const char *id; /* NULL: in no container */
	const char *uid;
} paths[] = {
	{V2 BURST UID_ ".slice/cri-containerd-" ID_A ".scope\n", ID_A, UID},
	{V2 BURST UID_ ".slice/crio-" ID_A ".scope/container\n", ID_A, UID},
	{V2 BURST UID_ ".slice/crio-conmon-" ID_A ".scope\n", NULL, NULL},
	{V2 "/kubepods.slice/kubepods-pod" UID_ ".slice/docker-" ID_A ".scope", ID_A, UID},
	{V2 "/kubepods/burstable/pod" UID "/" ID_A "\n", ID_A, UID},
	{V2 "/kubepods/pod" HASH "/" ID_A "\n", ID_A, HASH},
	{V2 BURST HASH ".slice/cri-containerd-" ID_A ".scope\n", ID_A, HASH},
	{V2 BURST UID_ ".slice/cri-containerd-" ID_A ".scope (deleted)\n", ID_A, UID},
	/* As a container sees it that has a namespace of cgroups. */
	{V2 "/../../kubepods-besteffort-pod" UID_ ".slice/cri-containerd-" ID_A ".scope\n", ID_A,
	 UID},
	{V2 "/../cri-containerd-" ID_A ".scope\n", ID_A, ""},
	/* The node is a container itself; a pod that runs containers. */
	{V2 "/docker/" ID_B "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_
	    ".slice/cri-containerd-" ID_A ".scope\n",
	 ID_A, UID},
	{V2 "/kubepods/pod" UID "/" ID_A "/docker/" ID_B "\n", ID_A, UID},
	{V2 "/system.slice/containerd.service/kubepods-burstable-pod" UID_
	    ".slice:cri-containerd:" ID_A "\n",
	 ID_A, UID},
	/* No Kubernetes. */
	{V2 "/system.slice/docker-" ID_A ".scope\n", ID_A, ""},
	{V2 "/machine.slice/libpod-" ID_A ".scope/container\n", ID_A, ""},
	{V2 "/docker/" ID_B "/docker/" ID_A "\n", ID_A, ""},
	/* Version 1. */
	{"4:memory:/kubepods/pod" UID "/" ID_A "\n1:name=systemd:/kubepods/pod" UID "/" ID_A, ID_A,
	 UID},
	{"4:memory:/\n0::/system.slice/docker-" ID_A ".scope\n", ID_A, ""},
	/* None. */
	{V2 "/system.slice/engine.service\n", NULL, NULL},
	{V2 "/user.slice/x" ID_A "\n", NULL, NULL},
	{V2 "/docker/" ID_A "0\n", NULL, NULL},
	{V2 "/docker/" A16 A16 A16 "0123456789ABCDEF\n", NULL, NULL},
	{V2 "/\n", NULL, NULL},
	{"", NULL, NULL},
	{"0::", NULL, NULL},
	/* A container whose group's name only looks like a pod's. */
	{V2 "/podx" UID "/" ID_A "\n", ID_A, ""},
	{V2 BURST "1b4e28ba_2fa1_11d2_883f_0016d3cca42.slice/cri-containerd-" ID_A ".scope\n", ID_A,
	 ""},
	{V2 BURST UID_ "0.slice/cri-containerd-" ID_A ".scope\n", ID_A, ""},
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct container_id id = {.id = "untouched"};
		bool is_in = container_id_find(paths[i].text, &id);
		const char *wanted_id = paths[i].id ? paths[i].id : "untouched";
		const char *wanted_uid = paths[i].uid ? paths[i].uid : "";

		if (is_in != (paths[i].id != NULL) || strcmp(id.id, wanted_id) != 0 ||
		    strcmp(id.pod_uid, wanted_uid) != 0)
			fail_msg("%s: %d, \"%s\" in \"%s\"", paths[i].text, is_in, id.id,
				 id.pod_uid);
	}
}

static char root[] = "/tmp/tickscope-pods-XXXXXX";

static void make_dir(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_file(const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static int make_root(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	make_dir("pods");
	make_dir("containers");
	make_dir("pods/trading_engine-0_" UID);
	make_dir("pods/trading_engine-0_" UID "/engine");
	make_dir("pods/trading_engine-0_" UID "/sidecar");
	make_dir("pods/kube-system_kube-proxy-node1_" HASH);
	make_dir("pods/kube-system_kube-proxy-node1_" HASH "/kube-proxy");
	make_file("containers/engine-0_trading_engine-" ID_A ".log");
	/* What somebody else may have put there. */
	make_dir("pods/a_b");
	make_dir("pods/tra\033ding_x_" UID2);
	make_dir("pods/trading_.x_" UID2);
	return 0;
}

static int remove_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static struct pods *open_pods(void)
{
	struct pods *pods = pods_new(root);

	assert_non_null(pods);
	return pods;
}

#define IN_A V2 BURST UID_ ".slice/cri-containerd-" ID_A ".scope\n"
#define IN_B V2 BURST UID_ ".slice/cri-containerd-" ID_B ".scope\n"
#define IN_C V2 "/kubepods/pod" HASH "/" ID_C "\n"

static void test_names(void **state)
{
	struct pods *pods = open_pods();
	struct pods_names n;

	(void)state;
	assert_true(pods_find(pods, IN_A, NS_PER_S, &n));
	assert_string_equal(n.name_space, "trading");
	assert_string_equal(n.pod, "engine-0");
	assert_string_equal(n.container, "engine");
	assert_false(n.is_new);
	/* The pod's only container needs no file. */
	assert_true(pods_find(pods, IN_C, NS_PER_S, &n));
	assert_string_equal(n.pod, "kube-proxy-node1");
	assert_string_equal(n.container, "kube-proxy");
	/* By the container alone, where the pod's part of the path is not seen; with the uid then.
	 */
	assert_true(pods_find(pods, V2 "/../cri-containerd-" ID_A ".scope\n", NS_PER_S, &n));
	assert_string_equal(n.pod, "engine-0");
	assert_string_equal(n.of.pod_uid, UID);
	/* In no pod. */
	assert_true(pods_find(pods, V2 "/docker/" ID_C "\n", NS_PER_S, &n));
	assert_string_equal(n.pod, "");
	assert_string_equal(n.container, "c0123456789a");
	assert_false(n.is_new);
	assert_false(pods_find(pods, V2 "/system.slice/engine.service\n", NS_PER_S, &n));
	pods_free(pods);
}

static void test_late_name(void **state)
{
	const struct config_match match = {.pod = "engine-*"};
	struct pods *pods = open_pods();
	struct pods_names n;

	(void)state;
	/* One of two containers, and its file is not there yet: it is waited for … */
	assert_true(pods_find(pods, IN_B, 1 * NS_PER_S, &n));
	assert_string_equal(n.pod, "engine-0");
	assert_string_equal(n.container, "");
	assert_true(n.is_new);
	assert_false(pods_match(pods, &n, &match));
	make_file("containers/engine-0_trading_sidecar-" ID_B ".log");
	/* … and looked for once a second. */
	assert_true(pods_find(pods, IN_B, 2 * NS_PER_S - 1, &n));
	assert_string_equal(n.container, "");
	assert_true(pods_find(pods, IN_B, 2 * NS_PER_S, &n));
	assert_string_equal(n.container, "sidecar");
	assert_true(pods_match(pods, &n, &match));
	pods_free(pods);

	/* Not for ever: then it is taken with what is known. */
	pods = open_pods();
	assert_true(pods_find(pods, V2 BURST UID_ ".slice/crio-" ID_C ".scope\n", NS_PER_S, &n));
	assert_true(n.is_new);
	assert_true(
		pods_find(pods, V2 BURST UID_ ".slice/crio-" ID_C ".scope\n", 11 * NS_PER_S, &n));
	assert_false(n.is_new);
	assert_true(pods_match(pods, &n, &match));
	pods_free(pods);
}

/* The kubelet cuts a name at 251 bytes. */
static void test_cut_name(void **state)
{
	char pod[190], file[300], cgroup[400];
	struct pods *pods;
	struct pods_names n;

	(void)state;
	memset(pod, 'p', sizeof(pod) - 1);
	pod[sizeof(pod) - 1] = '\0';
	snprintf(file, sizeof(file), "containers/%s_trading_sidecar-%.40s.log", pod,
		 "d" A16 A16 A16);
	make_file(file);
	pods = open_pods();
	snprintf(cgroup, sizeof(cgroup),
		 V2 "/kubepods/pod" UID2 "/d" A16 A16 A16 "123456789abcdef\n");
	assert_true(pods_find(pods, cgroup, NS_PER_S, &n));
	assert_string_equal(n.container, "sidecar");
	assert_string_equal(n.pod, pod);
	pods_free(pods);
}

static bool has_labels(void *context, const char *uid, const struct config_pair *labels,
		       size_t label_cnt)
{
	const char *wanted = context;

	return strcmp(uid, UID) == 0 && label_cnt == 1 && strcmp(labels[0].name, "app") == 0 &&
	       strcmp(labels[0].value, wanted) == 0;
}

static void test_conditions(void **state)
{
	static struct config_pair app = {.name = "app", .value = "engine"};
	static const struct {
		struct config_match match;
		bool is_match;
	} rows[] = {
		{{.name_space = "trading"}, true},
		{{.name_space = "trad?ng"}, true},
		{{.name_space = "other"}, false},
		{{.pod = "engine-0"}, true},
		{{.pod = "engine-*", .container = "engine"}, true},
		{{.pod = "engine-*", .container = "sidecar"}, false},
		{{.pod = "engine"}, false},
		{{.container = ID_A}, true},
		{{.container = "0123456789ab*"}, true},
		{{.container = "123456789ab*"}, false},
		{{.pod_labels = &app, .pod_label_cnt = 1}, true},
		{{.pod_labels = &app, .pod_label_cnt = 1, .name_space = "other"}, false},
	};
	struct pods *pods = open_pods();
	struct pods_names n;
	char engine[] = "engine", other[] = "other";

	(void)state;
	assert_true(pods_find(pods, IN_A, NS_PER_S, &n));
	pods_set_labels(pods, has_labels, engine);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(pods_are_wanted(&rows[i].match));
		if (pods_match(pods, &n, &rows[i].match) != rows[i].is_match)
			fail_msg("row %zu", i);
	}
	pods_set_labels(pods, has_labels, other);
	assert_false(pods_match(pods, &n, &rows[10].match));
	/* Nobody knows labels. */
	pods_set_labels(pods, NULL, NULL);
	assert_false(pods_match(pods, &n, &rows[10].match));
	assert_false(pods_are_wanted(&(struct config_match){.exe = "/bin/sh"}));
	/* A pod of which nothing is known is not everything. */
	assert_true(pods_find(pods, V2 "/kubepods/pod" UID2 "/" ID_C "\n", 20 * NS_PER_S, &n));
	assert_true(pods_find(pods, V2 "/kubepods/pod" UID2 "/" ID_C "\n", 40 * NS_PER_S, &n));
	assert_false(n.is_new);
	assert_string_equal(n.pod, "");
	assert_false(pods_match(pods, &n, &(struct config_match){.pod = "*"}));
	pods_free(pods);
}

static void test_no_directory(void **state)
{
	struct pods *pods = pods_new("/nowhere");
	struct pods_names n;

	(void)state;
	assert_true(pods_find(pods, IN_A, NS_PER_S, &n));
	assert_string_equal(n.of.pod_uid, UID);
	assert_string_equal(n.pod, "");
	assert_string_equal(n.container, "");
	pods_free(pods);
	pods_free(NULL);
}

/* A process of a container in a /proc of files. */
static void write_text(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void test_discover(void **state)
{
	/* A path in the container: nothing is there outside. */
	static const struct config_match rows[] = {
		{.exe = "/opt/nowhere/engine", .pod = "engine-0"},
		{.exe = "/opt/nowhere/engine"},
		{.exe = "/opt/nowhere/engin", .pod = "engine-0"},
		{.exe = "/opt/nowhere/engine", .pod = "engine-1"},
	};
	const struct config_match *matches[] = {&rows[0], &rows[1], &rows[2], &rows[3]};
	struct discover_place place = {.pods = open_pods()};
	struct discovered_pids pids;
	struct discovery found;
	char dir[64], link[80];
	struct fault why;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/101", root);
	make_dir("101");
	snprintf(link, sizeof(link), "%s/exe", dir);
	assert_int_equal(symlink("/opt/nowhere/engine", link), 0);
	write_text(dir, "stat", "101 (engine) S 1 1 1 0 -1 4194304 1");
	write_text(dir, "cmdline", "engine");
	write_text(dir, "cgroup", IN_A);
	place.proc = root;
	assert_int_equal(discover_all_in(&place, matches, 4, &found, &why), 0);
	assert_int_equal(found.cnt, 1);
	/* By its path alone, too, since nothing is at it here. */
	assert_int_equal(found.items[0].match_mask, 3);
	/* No such file here is no fault of a configuration that means another root. */
	assert_int_equal(discover_pids(&found, 3, matches[3], &pids, &why), 0);
	assert_int_equal(pids.cnt, 0);
	free(pids.items);
	free(found.items);
	assert_true(discover_matches_in(&place, matches[0], 101));
	pods_free(place.pods);
	place.pods = NULL;
	assert_false(discover_matches_in(&place, matches[0], 101));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),	   cmocka_unit_test(test_names),
		cmocka_unit_test(test_late_name),  cmocka_unit_test(test_cut_name),
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_discover),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
