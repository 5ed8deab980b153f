/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of datagrams that a child sends, or a client of a child that answers: udp MODE COUNT.
 * Its truth: datagrams read and lost, bytes, the address that they came to, and how long they
 * waited.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

#define BYTES	     100
#define BATCH	     8
#define DELAY_US     4000
#define SMALL_BUFFER 8192 /* SO_RCVBUF, which the kernel doubles: some 20 datagrams */
#define SPIN_LOOKS   1000 /* then whoever shares the CPU may run: some 300 µs */
#define GROUP	     "239.255.7.41"
#define GROUP6	     "ff01::4242"

enum mode {
	MODE_READ,
	MODE_RECV,
	MODE_RECVFROM,
	MODE_RECVMSG,
	MODE_RECVMMSG,
	MODE_PEEK,  /* each is looked at before it is read */
	MODE_TRUNC, /* only its beginning is asked for */
	MODE_EMPTY, /* without a byte */
	MODE_IPV6,
	MODE_GROUP, /* multicast; the socket is bound to any address */
	MODE_GROUP6,
	MODE_UNSEEN, /* the first read is of what has come already */
	MODE_REUSE,  /* two sockets of one port; the sender has several */
	MODE_SPIN,   /* the reader never sleeps */
	MODE_LATE,   /* each is read DELAY_US after it came */
	MODE_DROPS,  /* more come than there is room for, and then are read */
	MODE_ASK,    /* connected: requests and answers */
	MODE_ASK6,
	MODE_ASK_LATE, /* the answer takes DELAY_US */
	MODE_COUNT,
};

static const char *const mode_names[MODE_COUNT] = {
	"read",	 "recv",  "recvfrom", "recvmsg", "recvmmsg", "peek",  "trunc",
	"empty", "ipv6",  "group",    "group6",	 "unseen",   "reuse", "spin",
	"late",	 "drops", "ask",      "ask6",	 "ask-late",
};

static enum mode mode;

static bool is_ipv6(void)
{
	return mode == MODE_IPV6 || mode == MODE_GROUP6 || mode == MODE_ASK6;
}

static void address_of(struct sockaddr_storage *address, socklen_t *ret_bytes, const char *text,
		       uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (is_ipv6()) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		target_check(inet_pton(AF_INET6, text, &v6->sin6_addr) == 1, "address");
		*ret_bytes = sizeof(*v6);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		target_check(inet_pton(AF_INET, text, &v4->sin_addr) == 1, "address");
		*ret_bytes = sizeof(*v4);
	}
}

static const char *own_address(void)
{
	return mode == MODE_GROUP    ? "0.0.0.0"
	       : mode == MODE_GROUP6 ? "::"
	       : is_ipv6()	     ? "::1"
				     : "127.0.0.1";
}

/* Where the sender sends to. */
static const char *destination(void)
{
	/* Loopback has no route for IPv6's groups. */
	return mode == MODE_GROUP ? GROUP : mode == MODE_GROUP6 ? "::1" : own_address();
}

static int new_socket(uint16_t *port)
{
	int fd = socket(is_ipv6() ? AF_INET6 : AF_INET, SOCK_DGRAM, 0), yes = 1,
	    small = SMALL_BUFFER;
	struct sockaddr_storage address;
	socklen_t bytes;

	target_check(fd >= 0, "no socket");
	if (mode == MODE_REUSE)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
	if (mode == MODE_DROPS)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	address_of(&address, &bytes, own_address(), *port);
	target_check(bind(fd, (struct sockaddr *)&address, bytes) == 0, "bind");
	bytes = sizeof(address);
	target_check(getsockname(fd, (struct sockaddr *)&address, &bytes) == 0, "getsockname");
	*port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return fd;
}

static void join(int fd)
{
	struct ip_mreqn group = {.imr_ifindex = 1};
	struct ipv6_mreq group6 = {.ipv6mr_interface = 1};

	inet_pton(AF_INET, GROUP, &group.imr_multiaddr);
	inet_pton(AF_INET6, GROUP6, &group6.ipv6mr_multiaddr);
	if (mode == MODE_GROUP)
		target_check(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) ==
				     0,
			     "join");
	else
		target_check(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group6,
					sizeof(group6)) == 0,
			     "join");
}

/* The number of datagrams that were read. */
static int receive(int fd, bool waits)
{
	char bytes[BATCH][BYTES], short_bytes[BYTES / 4];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH] = {0};
	int flags = waits ? 0 : MSG_DONTWAIT;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){bytes[i], BYTES};
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	switch (mode) {
	case MODE_READ:
		return waits ? read(fd, bytes[0], BYTES) >= 0
			     : recv(fd, bytes[0], BYTES, flags) >= 0;
	case MODE_RECVFROM:
		return recvfrom(fd, bytes[0], BYTES, flags, NULL, NULL) >= 0;
	case MODE_RECVMSG:
		return recvmsg(fd, &messages[0].msg_hdr, flags) >= 0;
	case MODE_RECVMMSG:
		return recvmmsg(fd, messages, BATCH, flags | MSG_WAITFORONE, NULL);
	case MODE_PEEK:
		return recv(fd, bytes[0], BYTES, flags | MSG_PEEK) >= 0 &&
		       recv(fd, bytes[0], BYTES, flags) >= 0;
	case MODE_TRUNC:
		return recv(fd, short_bytes, sizeof(short_bytes), flags | MSG_TRUNC) >= 0;
	default:
		return recv(fd, bytes[0], BYTES, flags) >= 0;
	}
}

struct other {
	pid_t pid;
	int go; /* how many datagrams are to be sent */
};

static void send_all(int to_read, uint16_t port)
{
	struct sockaddr_storage address;
	int fds[BATCH], cnt;
	char bytes[BYTES] = {0};
	socklen_t size;

	address_of(&address, &size, destination(), port);
	for (int i = 0; i < BATCH; i++) {
		fds[i] = socket(is_ipv6() ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
		if (mode == MODE_GROUP) {
			struct ip_mreqn out = {.imr_ifindex = 1};

			setsockopt(fds[i], IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out));
		}
	}
	while (read(to_read, &cnt, sizeof(cnt)) == sizeof(cnt)) {
		for (int i = 0; i < cnt; i++)
			target_check(sendto(fds[i % BATCH], bytes, mode == MODE_EMPTY ? 0 : BYTES,
					    0, (struct sockaddr *)&address, size) >= 0,
				     "sendto");
	}
}

static void answer_all(int fd)
{
	struct sockaddr_storage peer;
	char bytes[BYTES];

	for (;;) {
		socklen_t size = sizeof(peer);
		ssize_t cnt = recvfrom(fd, bytes, BYTES, 0, (struct sockaddr *)&peer, &size);

		if (mode == MODE_ASK_LATE)
			usleep(DELAY_US);
		sendto(fd, bytes, (size_t)cnt, 0, (struct sockaddr *)&peer, size);
	}
}

static struct other start_other(int fd, uint16_t port)
{
	struct other o;
	int ends[2];

	target_check(pipe(ends) == 0, "pipe");
	o.pid = fork();
	if (o.pid == 0) {
		close(ends[1]);
		if (mode == MODE_SPIN)
			target_pin_to(1);
		if (mode >= MODE_ASK)
			answer_all(fd);
		close(fd);
		send_all(ends[0], port);
		_exit(0);
	}
	close(ends[0]);
	o.go = ends[1];
	return o;
}

static void send_more(const struct other *o, int cnt)
{
	target_check(write(o->go, &cnt, sizeof(cnt)) == sizeof(cnt), "pipe");
}

/* As many as come from a burst, over all sockets. */
static long read_burst(const int *fds, int fd_cnt, int cnt)
{
	long got = 0, looks = 0;

	while (got < cnt) {
		if (++looks % SPIN_LOOKS == 0)
			sched_yield();
		for (int i = 0; i < fd_cnt; i++)
			got += receive(fds[i], fd_cnt == 1 && mode != MODE_SPIN);
	}
	return got;
}

struct truth {
	long count;
	long dropped;
	long unseen;
};

/* What waits to be read, in bytes with their overhead, and how many found no room. */
static void look(int fd, uint32_t *ret_bytes, uint32_t *ret_drops)
{
	uint32_t figures[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(figures);

	target_check(getsockopt(fd, SOL_SOCKET, SO_MEMINFO, figures, &size) == 0, "SO_MEMINFO");
	*ret_bytes = figures[SK_MEMINFO_RMEM_ALLOC];
	*ret_drops = figures[SK_MEMINFO_DROPS];
}

/* Has so many sent, which are all alike, and waits until they are in the queue or dropped. */
static void fill(int fd, const struct other *o, long cnt)
{
	uint32_t one = 0, bytes = 0, drops = 0;

	send_more(o, 1);
	while (!one)
		look(fd, &one, &drops);
	send_more(o, (int)cnt - 1);
	while (bytes / one + drops < (uint32_t)cnt) {
		sched_yield();
		look(fd, &bytes, &drops);
	}
}

static struct truth run_feed(const int *fds, int fd_cnt, const struct other *o, long count)
{
	struct truth t = {0};

	/* It becomes known by an attempt; without one, the first datagrams' arrival is not seen. */
	for (int i = 0; i < fd_cnt && mode != MODE_UNSEEN; i++)
		receive(fds[i], false);
	if (mode == MODE_UNSEEN) {
		fill(fds[0], o, BATCH);
		t.count = t.unseen = read_burst(fds, fd_cnt, BATCH);
	}
	if (mode == MODE_DROPS) {
		fill(fds[0], o, count);
		while (receive(fds[0], false))
			t.count++;
		t.dropped = count - t.count;
		return t;
	}
	while (t.count < count) {
		int cnt = mode == MODE_LATE ? 1 : 1 + (int)(t.count % BATCH);

		send_more(o, cnt);
		if (mode == MODE_LATE)
			usleep(3 * DELAY_US);
		t.count += read_burst(fds, fd_cnt, cnt);
	}
	return t;
}

static struct truth run_client(uint16_t port, long count)
{
	struct truth t = {0};
	struct sockaddr_storage address;
	char bytes[BYTES] = {0};
	socklen_t size;
	int fd = socket(is_ipv6() ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	address_of(&address, &size, own_address(), port);
	target_check(connect(fd, (struct sockaddr *)&address, size) == 0, "connect");
	recv(fd, bytes, BYTES, MSG_DONTWAIT); /* it becomes known by an attempt */
	for (; t.count < count; t.count++) {
		target_check(send(fd, bytes, BYTES, 0) == BYTES, "send");
		target_check(recv(fd, bytes, BYTES, 0) == BYTES, "recv");
	}
	close(fd);
	return t;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 1;
	int fds[2] = {-1, -1}, fd_cnt = 1;
	struct truth truth;
	uint16_t port = 0;
	struct other other;

	while (mode < MODE_COUNT && argc > 1 && strcmp(argv[1], mode_names[mode]) != 0)
		mode++;
	target_check(argc > 1 && mode < MODE_COUNT, "unknown mode");
	fds[0] = new_socket(&port);
	if (mode == MODE_REUSE)
		fds[fd_cnt++] = new_socket(&port);
	if (mode == MODE_GROUP || mode == MODE_GROUP6)
		join(fds[0]);
	other = start_other(fds[0], port);
	if (mode == MODE_SPIN)
		target_pin_to(0);
	target_ready();
	truth = mode >= MODE_ASK ? run_client(port, count) : run_feed(fds, fd_cnt, &other, count);
	kill(other.pid, SIGKILL);
	waitpid(other.pid, NULL, 0);
	printf("{\"count\":%ld,\"dropped\":%ld,\"unseen\":%ld,\"bytes\":%ld,\"delay_ns\":%ld,"
	       "\"port\":%u}\n",
	       truth.count, truth.dropped, truth.unseen,
	       mode == MODE_EMPTY ? 0 : truth.count * BYTES, DELAY_US * 1000L, port);
	fflush(stdout);
	target_wait();
	return 0;
}
