/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small desk: reads ticks of eight digits from a feed, and hands an order for each fifth to a
 * thread that sends it to an exchange and waits for the answer. Each tick is answered when all it
 * leads to is done, so that whoever sends them knows what happened.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_BYTES 8

struct order {
	uint64_t reserved;
	uint32_t number;
	char id[16];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct order *waiting;
static int exchange;

#define STAGE __attribute__((noinline, noclone))

STAGE void on_tick(long number);
STAGE void on_tick(long number)
{
	__asm__ volatile("" ::"r"(number) : "memory");
}

STAGE void enqueue(struct order *order, const char *id);
STAGE void enqueue(struct order *order, const char *id)
{
	pthread_mutex_lock(&mutex);
	__asm__ volatile("" ::"r"(id) : "memory");
	waiting = order;
	pthread_cond_broadcast(&changed);
	while (waiting)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
}

STAGE int submit(const struct order *order, const char *id);
STAGE int submit(const struct order *order, const char *id)
{
	char answer[TICK_BYTES];

	if (send(exchange, id, TICK_BYTES, 0) != TICK_BYTES ||
	    recv(exchange, answer, sizeof(answer), MSG_WAITALL) != TICK_BYTES)
		exit(3);
	return memcmp(answer, order->id, TICK_BYTES);
}

static void *work(void *context)
{
	char id[16]; /* the same text in another place */

	pthread_mutex_lock(&mutex);
	for (;;) {
		while (!waiting)
			pthread_cond_wait(&changed, &mutex);
		memcpy(id, waiting->id, sizeof(id));
		if (submit(waiting, id))
			exit(4);
		waiting = NULL;
		pthread_cond_broadcast(&changed);
	}
	return context;
}

static int connect_to(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons((uint16_t)strtol(port, NULL, 10))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		exit(2);
	return fd;
}

int main(int argc, char **argv)
{
	char tick[TICK_BYTES + 1] = "";
	pthread_t thread;
	int feed;

	if (argc != 3)
		return 2;
	feed = connect_to(argv[1]);
	exchange = connect_to(argv[2]);
	if (pthread_create(&thread, NULL, work, NULL))
		return 2;
	while (recv(feed, tick, TICK_BYTES, MSG_WAITALL) == TICK_BYTES) {
		struct order order = {.number = (uint32_t)strtol(tick, NULL, 10)};

		on_tick(order.number);
		snprintf(order.id, sizeof(order.id), "%s", tick);
		if (order.number % 5 == 0)
			enqueue(&order, order.id);
		if (send(feed, "+", 1, 0) != 1)
			return 3;
	}
	return 0;
}
