/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of rows for each answer of a server, and what HTTP does when there is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "http_script.h"
#include "sink/questdb_send.h"

#define REFUSES(line)                                                              \
	"HTTP/1.1 400 Bad request\r\nContent-Type: application/json\r\n"           \
	"Content-Length: 53\r\n\r\n{\"code\":\"invalid\",\"message\":\"no\\nsuch " \
	"type\",\"line\":" line "}"
#define REFUSES_SOME "HTTP/1.1 400 Bad request\r\nContent-Length: 9\r\n\r\nno reason"
#define STATUS(code) "HTTP/1.1 " code " Words\r\nContent-Length: 0\r\n\r\n"

static struct http_script script;

static struct http *open_client(uint64_t timeout_ns)
{
	const struct http_options options = {.url = script.url, .timeout_ns = timeout_ns};
	struct http *http = NULL;
	struct fault why;

	assert_int_equal(http_open(&options, &http, &why), 0);
	return http;
}

static void add_rows(struct ilp *ilp, int cnt)
{
	ilp_init(ilp, 1, 1U << 16);
	for (int i = 0; i < cnt; i++) {
		ilp_begin(ilp, "t");
		ilp_symbol(ilp, "operation", "a b");
		ilp_long(ilp, "n", i);
		assert_int_equal(ilp_end(ilp, 5), 0);
	}
}

static void assert_body(size_t idx, const char *body)
{
	assert_true(idx < script.cnt);
	assert_int_equal(script.body_bytes[idx], strlen(body));
	assert_memory_equal(script.bodies[idx], body, strlen(body));
}

#define ROW(n) "t,operation=a\\ b n=" n "i 5\n"

struct send_case {
	const char *const *answers;
	int row_cnt;
	int result;
	uint64_t taken_cnt;
	uint64_t refused_cnt;
	size_t request_cnt;
	const char *last_body;
	const char *words; /* that the reason has */
};

#define ANSWERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void check_case(const struct send_case *c)
{
	struct questdb_sent sent = {0};
	struct fault why = {""};
	struct http *http;
	struct ilp ilp;

	script_start(&script, c->answers);
	http = open_client(2000000000ULL);
	add_rows(&ilp, c->row_cnt);
	assert_int_equal(questdb_send(http, &ilp, &sent, &why), c->result);
	assert_int_equal(sent.taken_cnt, c->taken_cnt);
	assert_int_equal(sent.refused_cnt, c->refused_cnt);
	if (c->words && !strstr(c->result ? why.text : sent.refusal.text, c->words))
		fail_msg("\"%s\" \"%s\": no %s", why.text, sent.refusal.text, c->words);
	ilp_fini(&ilp);
	http_close(http);
	script_stop(&script);
	assert_int_equal(script.cnt, c->request_cnt);
	assert_memory_equal(script.requests[0], "POST /write?precision=n HTTP/1.1\r\n", 34);
	if (c->last_body)
		assert_body(script.cnt - 1, c->last_body);
}

static void test_answers(void **state)
{
	const struct send_case cases[] = {
		{ANSWERS(ANSWER_204), 2, 0, 2, 0, 1, ROW("0") ROW("1"), NULL},
		/* One row, and another, are taken out; which it was is said. */
		{ANSWERS(REFUSES("2"), REFUSES("3"), ANSWER_204), 4, 0, 2, 2, 3, ROW("0") ROW("2"),
		 "\"t,operation=a\\ b\": no such type"},
		{ANSWERS(REFUSES("1"), ANSWER_204), 2, 0, 1, 1, 2, ROW("1"), "left out"},
		/* Five refused ones in front of one that is not: the last one alone tells. */
		{ANSWERS(REFUSES("1"), REFUSES("1"), REFUSES("1"), REFUSES("1"), REFUSES("1"),
			 ANSWER_204, ANSWER_204),
		 7, 0, 2, 5, 7, ROW("5") ROW("6"), NULL},
		/* All are: nothing is given up. */
		{ANSWERS(REFUSES("1"), REFUSES("1"), REFUSES("1"), REFUSES("1"), REFUSES("1"),
			 REFUSES("1")),
		 9, -EPROTO, 0, 0, 6, ROW("8"), "all rows are refused"},
		{ANSWERS(REFUSES("1")), 1, -EPROTO, 0, 0, 1, NULL, "no such type"},
		/* Without the line each row is tried alone. */
		{ANSWERS(REFUSES_SOME, ANSWER_204, REFUSES_SOME, ANSWER_204), 3, 0, 2, 1, 4,
		 ROW("0") ROW("2"), "no reason"},
		{ANSWERS(REFUSES("9"), ANSWER_204, ANSWER_204), 2, 0, 2, 0, 3, ROW("1"), NULL},
		{ANSWERS(STATUS("401")), 1, -EACCES, 0, 0, 1, NULL, "password"},
		{ANSWERS(STATUS("403")), 1, -EACCES, 0, 0, 1, NULL, "password"},
		{ANSWERS(STATUS("404")), 1, -ENOENT, 0, 0, 1, NULL, "404"},
		{ANSWERS(STATUS("429")), 1, -EAGAIN, 0, 0, 1, NULL, "429"},
		{ANSWERS(STATUS("500")), 1, -EAGAIN, 0, 0, 1, NULL, "500"},
		{ANSWERS(STATUS("302")), 1, -EAGAIN, 0, 0, 1, NULL, "302"},
		/* What failed after a refusal is not given up either. */
		{ANSWERS(REFUSES("2"), STATUS("503")), 2, -EAGAIN, 0, 0, 2, ROW("0"), "503"},
		{ANSWERS("HTTP/1.1 400 \x1b[31m\r\nContent-Length: 5\r\n\r\n{\x1b[1m",
			 STATUS("500")),
		 2, -EAGAIN, 0, 0, 2, NULL, NULL},
		{ANSWERS("no HTTP at all\r\n\r\n"), 1, -EINVAL, 0, 0, 1, NULL, NULL},
		{ANSWERS(CLOSES), 1, -EIO, 0, 0, 1, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

static void test_kept_connection(void **state)
{
	struct http_answer answer;
	struct fault why = {""};
	struct http *http;
	char *escaped;

	(void)state;
	script_start(&script, ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", ANSWER_204,
				      STATUS("200")));
	http = open_client(2000000000ULL);
	escaped = http_escape(http, "a b&c");
	assert_string_equal(escaped, "a%20b%26c");
	free(escaped);
	assert_int_equal(http_request(http, "/a", NULL, &answer, &why), 0);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, "ab");
	http_answer_fini(&answer);
	assert_int_equal(http_request(http, "/b", &(struct http_body){"xyz", 3}, &answer, &why), 0);
	assert_int_equal(answer.status, 204);
	assert_null(answer.body);
	assert_int_equal(http_request(http, "/c", NULL, &answer, &why), 0);
	http_close(http);
	script_stop(&script);
	assert_int_equal(script.connection_cnt, 1);
	assert_memory_equal(script.requests[0], "GET /a HTTP", 11);
	assert_memory_equal(script.requests[1], "POST /b HTTP", 12);
	assert_memory_equal(script.requests[2], "GET /c HTTP", 11);
	assert_body(1, "xyz");
}

static void *cancel(void *http)
{
	/* Once the request has arrived. */
	while (!__atomic_load_n(&script.cnt, __ATOMIC_ACQUIRE))
		sched_yield();
	http_cancel(http);
	return NULL;
}

static void test_no_answer(void **state)
{
	struct http_answer answer;
	struct fault why = {""};
	struct http *http;
	pthread_t thread;

	(void)state;
	script_start(&script, ANSWERS(HANGS));
	http = open_client(50000000ULL);
	assert_int_equal(http_request(http, "/", NULL, &answer, &why), -ETIMEDOUT);
	http_close(http);
	script_stop(&script);
	script_start(&script, ANSWERS(HANGS));
	http = open_client(60000000000ULL);
	assert_int_equal(pthread_create(&thread, NULL, cancel, http), 0);
	assert_int_equal(http_request(http, "/", NULL, &answer, &why), -ECANCELED);
	assert_int_equal(http_request(http, "/", NULL, &answer, &why), -ECANCELED);
	pthread_join(thread, NULL);
	http_close(http);
	script_stop(&script);
	/* Nobody listens there any more. */
	http = open_client(2000000000ULL);
	assert_int_equal(http_request(http, "/", NULL, &answer, &why), -ECONNREFUSED);
	assert_non_null(strstr(why.text, "refused"));
	http_close(http);
}

static void test_credentials(void **state)
{
	char path[] = "/tmp/test_questdb.XXXXXX";
	struct http_options options = {.url = "http://127.0.0.1:1", .user = "desk"};
	struct http_answer answer;
	struct http *http = NULL;
	struct fault why = {""};
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "hunter2\n", 8), 8);
	close(fd);
	assert_int_equal(http_open(&options, &http, &why), -EINVAL);
	options.password_file = "/nowhere/password";
	assert_int_equal(http_open(&options, &http, &why), -ENOENT);
	assert_null(http);
	options.password_file = path;
	options.timeout_ns = 2000000000ULL;
	script_start(&script, ANSWERS(ANSWER_204));
	options.url = script.url;
	assert_int_equal(http_open(&options, &http, &why), 0);
	assert_int_equal(http_request(http, "/x", NULL, &answer, &why), 0);
	http_close(http);
	script_stop(&script);
	/* base64 of "desk:hunter2" */
	assert_non_null(strstr(script.requests[0], "Authorization: Basic ZGVzazpodW50ZXIy\r\n"));
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_kept_connection),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
