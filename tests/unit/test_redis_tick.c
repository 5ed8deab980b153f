/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to Redis before it is sent: commands of a tick, the address, errors and passwords. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sink/password.h"
#include "sink/redis.h"
#include "sink/redis_address.h"
#include "sink/redis_error.h"
#include "sink/redis_tick.h"

#define PREFIX "desk:"

static int add(struct redis_tick *tick, const char *name, const char *key, const char *value,
	       size_t value_bytes)
{
	const struct redis_tick_command c = {.args = {name, key, value},
					     .arg_bytes = {strlen(name), strlen(key), value_bytes},
					     .arg_cnt = 3};

	return redis_tick_add(tick, PREFIX, &c);
}

static void expect_arg(const struct redis_tick_command *c, size_t idx, const void *bytes,
		       size_t cnt)
{
	assert_true(idx < c->arg_cnt);
	assert_int_equal(c->arg_bytes[idx], cnt);
	assert_memory_equal(c->args[idx], bytes, cnt);
}

static void test_commands_come_out_as_they_went_in(void **state)
{
	static const char binary[] = "a\r\n$3\0\xff\"";
	const struct redis_tick_command alone = {.args = {"PING"}, .arg_bytes = {4}, .arg_cnt = 1};
	struct redis_tick tick = {0};
	struct redis_tick_command c;
	size_t cursor = 0;

	(void)state;
	assert_int_equal(add(&tick, "SET", "k", binary, sizeof(binary)), 0);
	assert_int_equal(add(&tick, "PUBLISH", "", "", 0), 0);
	assert_int_equal(redis_tick_add(&tick, PREFIX, &alone), 0);
	assert_int_equal(tick.command_cnt, 3);
	assert_true(redis_tick_next(&tick, &cursor, &c) && c.arg_cnt == 3);
	expect_arg(&c, 0, "SET", 3);
	expect_arg(&c, 1, "desk:k", 6);
	expect_arg(&c, 2, binary, sizeof(binary));
	assert_true(redis_tick_next(&tick, &cursor, &c) && c.arg_cnt == 3);
	expect_arg(&c, 1, "desk:", 5);
	expect_arg(&c, 2, "", 0);
	assert_true(redis_tick_next(&tick, &cursor, &c) && c.arg_cnt == 1);
	expect_arg(&c, 0, "PING", 4);
	assert_false(redis_tick_next(&tick, &cursor, &c));
	redis_tick_clear(&tick);
	cursor = 0;
	assert_false(redis_tick_next(&tick, &cursor, &c));
	redis_tick_fini(&tick);
}

static void test_a_tick_has_limits(void **state)
{
	static char much[REDIS_TICK_BYTES];
	struct redis_tick_command c = {.arg_cnt = 0}, many = {.arg_cnt = REDIS_TICK_ARG_MAX + 1};
	struct redis_tick tick = {0};
	size_t cursor = 0, cnt = 0;

	(void)state;
	assert_int_equal(redis_tick_add(&tick, "", &c), -E2BIG);
	assert_int_equal(redis_tick_add(&tick, "", &many), -E2BIG);
	assert_int_equal(add(&tick, "SET", "k", much, sizeof(much)), -ENOSPC);
	assert_int_equal(add(&tick, "SET", "k", much, SIZE_MAX), -ENOSPC);
	assert_int_equal(add(&tick, "SET", "k", much, sizeof(much) / 2), 0);
	assert_int_equal(add(&tick, "SET", "k", much, sizeof(much) / 2), -ENOSPC);
	/* What was refused left nothing behind: the next small one fits, up to their number. */
	for (size_t i = 1; i < REDIS_COMMAND_MAX; i++)
		assert_int_equal(add(&tick, "SET", "k", "v", 1), 0);
	assert_int_equal(add(&tick, "SET", "k", "v", 1), -ENOSPC);
	while (redis_tick_next(&tick, &cursor, &c))
		cnt++;
	assert_int_equal(cnt, REDIS_COMMAND_MAX);
	redis_tick_fini(&tick);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *url, *host, *path;
		uint16_t port;
		uint32_t database;
	} right[] = {
		{"redis://redis", "redis", "", 6379, 0},
		{"redis://redis/", "redis", "", 6379, 0},
		{"redis://10.0.0.1:7000/15", "10.0.0.1", "", 7000, 15},
		{"redis://[::1]", "::1", "", 6379, 0},
		{"redis://[fe80::1%eth0]:1/2", "fe80::1%eth0", "", 1, 2},
		{"unix:///run/redis.sock", "", "/run/redis.sock", 6379, 0},
	};
	struct redis_address a;
	struct fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_int_equal(redis_address_parse(right[i].url, &a, &why), 0);
		assert_string_equal(a.host, right[i].host);
		assert_string_equal(a.path, right[i].path);
		assert_int_equal(a.port, right[i].port);
		assert_int_equal(a.database, right[i].database);
	}
}

static void test_wrong_addresses(void **state)
{
	static const char *const wrong[] = {
		"",
		"redis:",
		"redis://",
		"redis:///0",
		"redis://:6379",
		"redis://a:",
		"redis://a:0",
		"redis://a:65536",
		"redis://a:99999999999999999999",
		"redis://a:6379x",
		"redis://a:+1",
		"redis://a/-1",
		"redis://a/65536",
		"redis://a/0/1",
		"redis://a/0?x=1",
		"redis://[::1",
		"redis://[]",
		"redis://[::1]6379",
		"redis://::1",
		"redis://desk:hunter2@a",
		"http://a",
		"unix://",
		"unix:///",
		"unix://run/redis.sock",
		"rediss://a",
	};
	char url[600] = "redis://";
	struct redis_address a;
	struct fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(redis_address_parse(wrong[i], &a, &why), -EINVAL);
		assert_null(strstr(why.text, "hunter2"));
	}
	memset(url + strlen(url), 'a', 500);
	assert_int_equal(redis_address_parse(url, &a, &why), -EINVAL);
	snprintf(url, sizeof(url), "unix:///%0500d", 0);
	assert_int_equal(redis_address_parse(url, &a, &why), -EINVAL);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		enum redis_error_kind kind;
	} rows[] = {
		{"NOAUTH Authentication required.", REDIS_ERROR_CREDENTIALS},
		{"WRONGPASS invalid username-password pair", REDIS_ERROR_CREDENTIALS},
		{"DENIED Redis is running in protected mode", REDIS_ERROR_CREDENTIALS},
		{"NOPERM this user has no permissions", REDIS_ERROR_PERMISSION},
		{"LOADING Redis is loading the dataset in memory", REDIS_ERROR_LATER},
		{"READONLY You can't write against a read only replica.", REDIS_ERROR_LATER},
		{"OOM command not allowed", REDIS_ERROR_LATER},
		{"ERR max number of clients reached", REDIS_ERROR_LATER},
		{"BUSY", REDIS_ERROR_LATER},
		{"BUSYGROUP Consumer Group name already exists", REDIS_ERROR_REFUSED},
		{"WRONGTYPE Operation against a key", REDIS_ERROR_REFUSED},
		{"ERR unknown command", REDIS_ERROR_REFUSED},
		{"", REDIS_ERROR_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(redis_error_kind(rows[i].text), rows[i].kind);
}

static int read_password(const char *text, size_t bytes, char **ret_password, struct fault *why)
{
	char path[] = "/tmp/tickscope-password-XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_true(write(fd, text, bytes) == (ssize_t)bytes);
	close(fd);
	err = password_read(path, ret_password, why);
	unlink(path);
	return err;
}

static void test_passwords(void **state)
{
	static const struct {
		const char *text, *password; /* NULL: none */
	} rows[] = {
		{"secret", "secret"},
		{"secret\n", "secret"},
		{"secret\r\nmore\n", "secret"},
		{" with blanks \n", " with blanks "},
		{"", NULL},
		{"\nsecret", NULL},
		{"\r\n", NULL},
	};
	char longest[PASSWORD_MAX_BYTES + 2];
	struct fault why;
	char *password;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = read_password(rows[i].text, strlen(rows[i].text), &password, &why);

		assert_int_equal(err, rows[i].password ? 0 : -EINVAL);
		if (err)
			continue;
		assert_string_equal(password, rows[i].password);
		password_free(password);
	}
	assert_int_equal(read_password("a\0b", 3, &password, &why), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(read_password(longest, PASSWORD_MAX_BYTES, &password, &why), 0);
	assert_int_equal(strlen(password), PASSWORD_MAX_BYTES);
	password_free(password);
	assert_int_equal(read_password(longest, PASSWORD_MAX_BYTES + 1, &password, &why), -EINVAL);
	assert_int_equal(password_read("/", &password, &why), -EINVAL);
	assert_int_equal(password_read("/nowhere/at/all", &password, &why), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands_come_out_as_they_went_in),
		cmocka_unit_test(test_a_tick_has_limits),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_wrong_addresses),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
