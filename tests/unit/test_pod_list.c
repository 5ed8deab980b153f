/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of pods as an API server sends them, and as it should not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/pod_list.h"

#define UID(n)	       "1b4e28ba-2fa1-11d2-883f-0016d3cca42" #n
#define HASH	       "9f86d081884c7d659a2feaa0c55ad015"
#define META(rest)     "{\"metadata\":{" rest "}}"
#define POD(n, labels) META("\"uid\":\"" UID(n) "\",\"labels\":" labels)

static int parse(const char *text, struct pod_list **ret_list, struct fault *why)
{
	return pod_list_parse(text, strlen(text), ret_list, why);
}

static bool has(const struct pod_list *list, const char *uid, const char *name, const char *value)
{
	const struct config_pair pair = {.name = (char *)name, .value = (char *)value};

	return pod_list_has_labels(list, uid, &pair, 1);
}

/* Not sorted; one without labels; a static pod, which its node calls by a hash. */
static const char some_pods[] =
	"{\"kind\":\"PartialObjectMetadataList\",\"items\":["
	"{\"metadata\":{\"uid\":\"1b4e28ba-2fa1-11d2-883f-0016d3cca425\","
	"\"labels\":{\"app\":\"engine\",\"tier\":\"1\"}}},"
	"{\"metadata\":{\"uid\":\"1b4e28ba-2fa1-11d2-883f-0016d3cca421\","
	"\"labels\":{\"app\":\"engine\",\"tier\":\"2\"}}},"
	"{\"metadata\":{\"uid\":\"1b4e28ba-2fa1-11d2-883f-0016d3cca423\"}},"
	"{\"metadata\":{\"uid\":\"1b4e28ba-2fa1-11d2-883f-0016d3cca424\","
	"\"labels\":{\"app\":\"proxy\"},\"annotations\":"
	"{\"kubernetes.io/config.hash\":\"9f86d081884c7d659a2feaa0c55ad015\"}}}]}";

static void test_labels(void **state)
{
	static struct config_pair both[] = {{"app", "engine"}, {"tier", "1"}};
	struct pod_list *list;
	struct fault why;

	(void)state;
	assert_int_equal(parse(some_pods, &list, &why), 0);
	assert_true(has(list, UID(5), "app", "engine"));
	assert_true(pod_list_has_labels(list, UID(5), both, 2));
	assert_false(pod_list_has_labels(list, UID(1), both, 2));
	assert_true(pod_list_has_labels(list, UID(1), both, 1));
	assert_false(has(list, UID(1), "app", "engin"));
	assert_false(has(list, UID(1), "ap", "engine"));
	assert_true(pod_list_has(list, UID(3)));
	assert_false(has(list, UID(3), "app", "engine"));
	assert_true(has(list, HASH, "app", "proxy"));
	assert_false(pod_list_has(list, UID(4)));
	assert_false(pod_list_has(list, UID(2)));
	assert_false(pod_list_has(NULL, UID(2)));
	pod_list_free(list);
	pod_list_free(NULL);
}

static void test_strange(void **state)
{
	static const char *const refused[] = {
		"",
		"{",
		"[]",
		"{\"items\":{}}",
		"{\"items\":[]} x",
		"\"items\"",
		"{\"kind\":\"Status\"}",
		"{\"items\":[],\"items\":[]}",
		"{\"items\":[\"\xff\"]}",
	};
	/* No pods, but lists. */
	static const char *const empty[] = {
		"{\"items\":null}",
		"{\"items\":[]}",
		"{\"items\":[1,null,\"x\",[],{},{\"metadata\":7}]}",
		"{\"items\":[" META("\"uid\":\"../../etc\"") "]}",
		"{\"items\":[" META("\"uid\":17") "]}",
	};
	struct pod_list *list = NULL;
	struct fault why;
	char deep[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (parse(refused[i], &list, &why) != -EPROTO || list)
			fail_msg("%s", refused[i]);
	}
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		assert_int_equal(parse(empty[i], &list, &why), 0);
		assert_false(pod_list_has(list, UID(1)));
		pod_list_free(list);
	}
	/* Labels that are none; deeper than anybody's stack should go. */
	assert_int_equal(
		parse("{\"items\":[" POD(1, "[1]") "," POD(2, "{\"app\":1}") "]}", &list, &why), 0);
	assert_true(pod_list_has(list, UID(1)));
	assert_false(has(list, UID(1), "app", "1"));
	assert_false(has(list, UID(2), "app", "1"));
	pod_list_free(list);
	memset(deep, '[', sizeof(deep));
	assert_int_equal(pod_list_parse(deep, sizeof(deep), &list, &why), -EPROTO);
}

/* More than any node has: the list ends there. */
static void test_many(void **state)
{
	size_t room = 6000 * 64 + 64, length;
	char *text = malloc(room);
	struct pod_list *list;
	struct fault why;

	(void)state;
	assert_non_null(text);
	length = (size_t)snprintf(text, room, "{\"items\":[");
	for (int i = 0; i < 6000; i++)
		length += (size_t)snprintf(text + length, room - length,
					   "%s" META("\"uid\":\"%032x\""), i ? "," : "", i);
	snprintf(text + length, room - length, "]}");
	assert_int_equal(parse(text, &list, &why), 0);
	assert_true(pod_list_has(list, "00000000000000000000000000000000"));
	assert_true(pod_list_has(list, "00000000000000000000000000000fff"));
	assert_false(pod_list_has(list, "00000000000000000000000000001000"));
	pod_list_free(list);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_strange),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
