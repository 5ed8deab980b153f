/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of a TCP connection in one thread, so that no scheduler has a share in what a request
 * and its answer cost. For each line "N" on its standard input it makes N requests of 64 bytes and
 * prints how many ns they took. Between an answer and the next request it calls two functions that
 * do nothing: stages of a chain.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_BYTES 64

static void must(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void connect_pair(int pair[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	must(bind(listener, (struct sockaddr *)&at, length) == 0 && listen(listener, 1) == 0,
	     "listen");
	getsockname(listener, (struct sockaddr *)&at, &length);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(pair[0], (struct sockaddr *)&at, length) == 0, "connect");
	pair[1] = accept(listener, NULL, NULL);
	for (int i = 0; i < 2; i++)
		must(setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0,
		     "TCP_NODELAY");
}

static void carry(int from, int to)
{
	char message[MESSAGE_BYTES] = "";

	must(send(from, message, sizeof(message), 0) == MESSAGE_BYTES, "send");
	must(recv(to, message, sizeof(message), MSG_WAITALL) == MESSAGE_BYTES, "recv");
}

/* Both save a register first, as functions do that are longer. */
__attribute__((noinline, noclone)) static void decide(unsigned long i)
{
	asm volatile("" ::"r"(i) : "memory", "rbx");
}

__attribute__((noinline, noclone)) static void submit(unsigned long i)
{
	asm volatile("" ::"r"(i + 1) : "memory", "rbx");
}

int main(void)
{
	char line[32];
	int pair[2];

	connect_pair(pair);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long cnt = strtoul(line, NULL, 10);
		uint64_t began_ns = now_ns();

		for (unsigned long i = 0; i < cnt; i++) {
			carry(pair[0], pair[1]);
			carry(pair[1], pair[0]);
			decide(i);
			submit(i);
		}
		printf("%llu\n", (unsigned long long)(now_ns() - began_ns));
		fflush(stdout);
	}
	return 0;
}
