/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which connections a list of filters chooses: this process talks to ports of its own, and every
 * connection has to be counted by the first filter that is right for it, or by none. On every kind
 * of hook that the kernel has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"
#include "probe/sock.h"

#define REQUESTS 5
#define BYTES	 10

static int new_listener(uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static uint32_t own_netns(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	return (uint32_t)st.st_ino;
}

/* Both sides of a connection, by turns: each request has an answer. */
static void talk(int listener, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int client = socket(AF_INET, SOCK_STREAM, 0), server;
	char bytes[BYTES] = {0};

	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	server = accept(listener, NULL, NULL);
	for (int i = 0; i < REQUESTS; i++) {
		assert_int_equal(write(client, bytes, BYTES), BYTES);
		assert_int_equal(read(server, bytes, BYTES), BYTES);
		assert_int_equal(write(server, bytes, BYTES), BYTES);
		assert_int_equal(read(client, bytes, BYTES), BYTES);
	}
	close(client);
	close(server);
}

static uint64_t requests_of(const struct sock_probe *probe, uint32_t idx)
{
	const struct ts_series *s = sock_series(probe, idx, TS_RPC_TOTAL);
	uint64_t cnt = 0;

	for (size_t i = 0; i < sock_stripe_cnt(probe); i++)
		cnt += s[i].returns;
	return cnt;
}

struct streamed {
	uint64_t sent_bytes;
	uint64_t received_bytes;
	uint64_t others; /* records of endpoints that are not this */
	uint32_t endpoint;
};

static void on_record(const struct ts_stream_record *r, const void *payload, void *context)
{
	struct streamed *streamed = context;

	(void)payload;
	streamed->others += r->endpoint != streamed->endpoint;
	if (r->kind == TS_STREAM_SENT)
		streamed->sent_bytes += r->bytes;
	if (r->kind == TS_STREAM_RECEIVED)
		streamed->received_bytes += r->bytes;
}

#define NONE UINT8_MAX /* is not measured */
#define ALL  0	       /* is, without a filter */

/* What is expected of the sides of a connection: the number of their filter. */
struct expected {
	uint8_t client;
	uint8_t server;
};

#define FILTER_MAX 4

struct scenario {
	const char *name;
	struct ts_endpoint_filter
		filters[FILTER_MAX]; /* port 1: the first listener's; 2: the other's */
	size_t filter_cnt;
	struct expected expected[2]; /* of each listener's connection */
};

/* clang-format off */
#define LOOPBACK {127, 0, 0, 1}
#define NEARBY	 {127, 0, 0, 129}
#define LEAST	 {126, 0, 0, 1}

static const struct scenario scenarios[] = {
	{"none: all", {{.port = 0}}, 0, {{ALL, ALL}, {ALL, ALL}}},
	{"a port, of both sides", {{.port = 1}}, 1, {{1, 1}, {NONE, NONE}}},
	{"a port, as client", {{.port = 2, .role = TS_ROLE_CLIENT}}, 1, {{NONE, NONE}, {1, NONE}}},
	{"a port, as server", {{.port = 2, .role = TS_ROLE_SERVER}}, 1, {{NONE, NONE}, {NONE, 1}}},
	{"a port each", {{.port = 2}, {.port = 1}}, 2, {{2, 2}, {1, 1}}},
	{"the first that is right",
	 {{.port = 1, .role = TS_ROLE_SERVER}, {.port = 1}, {.port = 1}}, 3, {{2, 1}, {NONE, NONE}}},
	{"servers", {{.role = TS_ROLE_SERVER}}, 1, {{NONE, 1}, {NONE, 1}}},
	{"an address", {{LOOPBACK, .family = AF_INET, .prefix_bits = 32}}, 1, {{1, NONE}, {1, NONE}}},
	{"an address nearby", {{NEARBY, .family = AF_INET, .prefix_bits = 32}}, 1, {{NONE, NONE}, {NONE, NONE}}},
	{"its network", {{NEARBY, .family = AF_INET, .prefix_bits = 24}}, 1, {{1, NONE}, {1, NONE}}},
	{"a bit too many", {{NEARBY, .family = AF_INET, .prefix_bits = 25}}, 1, {{NONE, NONE}, {NONE, NONE}}},
	{"seven bits", {{LEAST, .family = AF_INET, .prefix_bits = 7}}, 1, {{1, NONE}, {1, NONE}}},
	{"eight bits", {{LEAST, .family = AF_INET, .prefix_bits = 8}}, 1, {{NONE, NONE}, {NONE, NONE}}},
	{"a network and a port",
	 {{NEARBY, .family = AF_INET, .prefix_bits = 24, .port = 2}, {.port = 2}}, 2, {{NONE, NONE}, {1, 2}}},
	{"no bits", {{NEARBY, .family = AF_INET}}, 1, {{1, NONE}, {1, NONE}}},
	{"another family", {{.family = AF_INET6}}, 1, {{NONE, NONE}, {NONE, NONE}}},
};
/* clang-format on */
enum { SCENARIO_CNT = sizeof(scenarios) / sizeof(scenarios[0]) };

static struct sock_probe *open_probe(const char *hooks, const struct ts_endpoint_filter *filters,
				     size_t cnt, const uint16_t ports[2])
{
	struct sock_options options = {
		.hooks = sock_hooks_parse(hooks), .filters = filters, .filter_cnt = cnt};
	const struct ts_target target = {.number = 1};
	struct sock_probe *probe;
	struct fault why;

	if (sock_open(&options, &probe, &why))
		fail_msg("%s: %s", hooks, why.text);
	assert_int_equal(sock_add_target(probe, getpid(), &target), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(sock_add_listener(probe, own_netns(), ports[i], 1), 0);
	return probe;
}

static void run(const struct scenario *s, const char *hooks)
{
	struct ts_endpoint_filter filters[FILTER_MAX];
	struct sock_endpoint endpoints[8];
	struct sock_probe *probe;
	uint16_t ports[2];
	int listeners[2];
	size_t cnt, expected_cnt = 0;

	print_message("# hooks %s\n", hooks);
	for (int i = 0; i < 2; i++)
		listeners[i] = new_listener(&ports[i]);
	memcpy(filters, s->filters, sizeof(filters));
	for (size_t i = 0; i < s->filter_cnt; i++)
		filters[i].port = filters[i].port ? ports[filters[i].port - 1] : 0;
	probe = open_probe(hooks, filters, s->filter_cnt, ports);
	for (int i = 0; i < 2; i++)
		talk(listeners[i], ports[i]);
	sock_settle(probe, 0);
	cnt = sock_new_endpoints(probe, endpoints, 8);
	for (size_t i = 0; i < 2; i++) {
		expected_cnt += (s->expected[i].client != NONE) + (s->expected[i].server != NONE);
		close(listeners[i]);
	}
	assert_int_equal(cnt, expected_cnt);
	for (size_t i = 0; i < cnt; i++) {
		const struct expected *e = &s->expected[endpoints[i].key.port == ports[1]];

		assert_int_equal(endpoints[i].key.filter,
				 endpoints[i].key.role == TS_ROLE_CLIENT ? e->client : e->server);
		assert_int_equal(requests_of(probe, endpoints[i].idx), REQUESTS);
	}
	sock_free(probe);
}

static void test_filters(void **state)
{
	const char *const *hooks = available_hooks();
	const struct scenario *s = *state;

	for (size_t i = 0; hooks[i]; i++) {
		if (is_hooks_turn(i, (size_t)(s - scenarios)))
			run(s, hooks[i]);
	}
}

/* Only what one filter asks for leaves the kernel; its two services are one endpoint. */
static void test_stream(void **state)
{
	const struct ts_endpoint_filter filters[] = {
		{.role = TS_ROLE_SERVER},
		{.role = TS_ROLE_CLIENT, .wants_stream = 1, .is_one = 1},
	};
	struct sock_endpoint endpoints[8];
	struct streamed streamed = {0};
	struct sock_probe *probe;
	int listeners[2];
	uint16_t ports[2];
	size_t cnt;

	(void)state;
	for (int i = 0; i < 2; i++)
		listeners[i] = new_listener(&ports[i]);
	probe = open_probe(available_hooks()[0], filters, 2, ports);
	for (int i = 0; i < 2; i++)
		talk(listeners[i], ports[i]);
	cnt = sock_new_endpoints(probe, endpoints, 8);
	assert_int_equal(cnt, 3);
	for (size_t i = 0; i < cnt; i++) {
		if (endpoints[i].key.role == TS_ROLE_CLIENT)
			streamed.endpoint = endpoints[i].idx;
	}
	sock_settle(probe, 0);
	while (sock_read_stream(probe, on_record, &streamed))
		;
	assert_int_equal(requests_of(probe, streamed.endpoint), 2 * REQUESTS);
	assert_int_equal(streamed.sent_bytes, 2 * REQUESTS * BYTES);
	assert_int_equal(streamed.received_bytes, 2 * REQUESTS * BYTES);
	assert_int_equal(streamed.others, 0);
	sock_free(probe);
	close(listeners[0]);
	close(listeners[1]);
}

static void test_refused(void **state)
{
	static const struct ts_endpoint_filter many[TS_FILTER_MAX + 1];
	static const struct ts_endpoint_filter bad[] = {
		{.family = AF_INET, .prefix_bits = 33},
		{.family = AF_INET6, .prefix_bits = 129},
		{.family = AF_APPLETALK},
		{.prefix_bits = 1},
	};
	struct sock_options options = {.filters = many, .filter_cnt = TS_FILTER_MAX + 1};
	struct sock_probe *probe;
	struct fault why;

	(void)state;
	assert_int_equal(sock_open(&options, &probe, &why), -EINVAL);
	options.filter_cnt = 1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options.filters = &bad[i];
		assert_int_equal(sock_open(&options, &probe, &why), -EINVAL);
	}
}

int main(void)
{
	static struct CMUnitTest tests[SCENARIO_CNT + 2] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_refused),
	};

	for (size_t i = 0; i < SCENARIO_CNT; i++)
		tests[i + 2] =
			(struct CMUnitTest){.name = scenarios[i].name,
					    .test_func = test_filters,
					    .initial_state = (void *)(uintptr_t)&scenarios[i]};
	return cmocka_run_group_tests_name("filters", tests, NULL, NULL);
}
