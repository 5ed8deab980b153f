/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client or a server on loopback, the other side being a child that nobody traces. Every way of
 * sending and receiving, with delays of known length in known places: rpc MODE COUNT
 * [client|server]. Its truth: requests, answers that never came, bytes both ways, connects.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

#define REQUEST_BYTES 64
#define ANSWER_BYTES  256
#define DELAY_US      4000
#define MANY_ASKS     3
#define SPIN_LOOKS    1000 /* then whoever shares the CPU may run: some 300 µs */

enum mode {
	MODE_WRITE,    /* write and read */
	MODE_WRITEV,   /* writev and readv */
	MODE_SEND,     /* send and recv */
	MODE_SENDTO,   /* sendto and recvfrom */
	MODE_SENDMSG,  /* sendmsg and recvmsg */
	MODE_SENDFILE, /* the answer comes from a file */
	MODE_SPLICE,   /* through pipes, and tee between them */
	MODE_UNIX_SPLICE,
	MODE_PIECES,   /* both go in four parts */
	MODE_NONBLOCK, /* reads give EAGAIN until poll says otherwise */
	MODE_PEEK,     /* each answer is looked at before it is read */
	MODE_IPV6,
	MODE_MAPPED,	/* ::ffff:127.0.0.1 */
	MODE_RECONNECT, /* a connection for each request */
	MODE_CLOSE,	/* one request in four is answered by closing */
	MODE_LATE,	/* the server takes DELAY_US before it answers */
	MODE_BUSY,	/* the client reads DELAY_US after the answer has come */
	MODE_SLOW,	/* the second half of an answer comes DELAY_US after the first */
	MODE_SHUTDOWN,	/* the client's last word is a FIN, and then it reads */
	MODE_THREADS,	/* one thread sends, another reads */
	MODE_RESET,	/* one request in four is answered by a reset */
	MODE_UNREAD,	/* the client resets, and its request is never read */
	MODE_OPEN,	/* the last request has no answer, and its connection no end */
	MODE_SHARED,	/* others hold the descriptor for a while, and let it go */
	MODE_PASSED,	/* another process has connected */
	MODE_URING,	/* sends and receives are of io_uring */
	MODE_UNIX,	/* by a path */
	MODE_ABSTRACT,	/* by a name that is no path */
	MODE_SPIN,	/* by a path, and neither side ever sleeps */
	MODE_MANY,	/* so many connections at once, with MANY_ASKS requests each */
	MODE_CNT,
};

static const char *const mode_names[MODE_CNT] = {
	"write",    "writev",	   "send",   "sendto",	 "sendmsg", "sendfile",
	"splice",   "unix-splice", "pieces", "nonblock", "peek",    "ipv6",
	"mapped",   "reconnect",   "close",  "late",	 "busy",    "slow",
	"shutdown", "threads",	   "reset",  "unread",	 "open",    "shared",
	"passed",   "uring",	   "unix",   "abstract", "spin",    "many"};

static enum mode mode;
static char request[REQUEST_BYTES], answer[ANSWER_BYTES];
static int answer_fd = -1;

static void sleep_us(long us)
{
	struct timespec t = {.tv_nsec = us * 1000};

	nanosleep(&t, NULL);
}

/* One request to io_uring, and its result; its ring is of whoever uses it first. */
static ssize_t by_ring(int fd, char *bytes, size_t cnt, bool is_send)
{
	static struct io_uring ring;
	static pid_t owner;
	struct io_uring_cqe *done;
	struct io_uring_sqe *entry;
	ssize_t result;

	if (owner != getpid())
		target_check(io_uring_queue_init(8, &ring, 0) == 0, "no io_uring");
	owner = getpid();
	entry = io_uring_get_sqe(&ring);
	if (is_send)
		io_uring_prep_send(entry, fd, bytes, cnt, 0);
	else
		io_uring_prep_recv(entry, fd, bytes, cnt, 0);
	target_check(io_uring_submit_and_wait(&ring, 1) == 1, "submit");
	target_check(io_uring_wait_cqe(&ring, &done) == 0, "completion");
	result = done->res;
	io_uring_cqe_seen(&ring, done);
	return result;
}

/* Two pipes of whoever uses them first. */
static int (*own_pipes(void))[2]
{
	static int pipes[2][2];
	static pid_t owner;

	if (owner != getpid())
		target_check(pipe(pipes[0]) == 0 && pipe(pipes[1]) == 0, "pipe");
	owner = getpid();
	return pipes;
}

/* Into a pipe, from there into another one, and from that one to where it goes. */
static ssize_t splice_out(int fd, const char *bytes, size_t cnt)
{
	int(*pipes)[2] = own_pipes();
	char left[ANSWER_BYTES];

	target_check(write(pipes[0][1], bytes, cnt) == (ssize_t)cnt, "write to a pipe");
	target_check(tee(pipes[0][0], pipes[1][1], cnt, 0) == (ssize_t)cnt, "tee");
	target_check(read(pipes[0][0], left, cnt) == (ssize_t)cnt, "read from a pipe");
	return splice(pipes[1][0], NULL, fd, NULL, cnt, 0);
}

static ssize_t splice_in(int fd, char *bytes, size_t cnt)
{
	int(*pipes)[2] = own_pipes();
	ssize_t spliced = splice(fd, NULL, pipes[0][1], NULL, cnt, 0);

	return spliced > 0 ? read(pipes[0][0], bytes, (size_t)spliced) : spliced;
}

static ssize_t send_some(int fd, char *bytes, size_t cnt)
{
	struct iovec parts[2] = {{bytes, cnt / 2}, {bytes + cnt / 2, cnt - cnt / 2}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	off_t start = 0;

	switch (mode) {
	case MODE_WRITEV:
		return writev(fd, parts, 2);
	case MODE_SEND:
		return send(fd, bytes, cnt, MSG_NOSIGNAL);
	case MODE_SENDTO:
		return sendto(fd, bytes, cnt, 0, NULL, 0);
	case MODE_SENDMSG:
		return sendmsg(fd, &message, 0);
	case MODE_URING:
		return by_ring(fd, bytes, cnt, true);
	case MODE_SPLICE:
	case MODE_UNIX_SPLICE:
		return splice_out(fd, bytes, cnt);
	case MODE_SENDFILE:
		return bytes == answer ? sendfile(fd, answer_fd, &start, cnt)
				       : write(fd, bytes, cnt);
	default:
		return write(fd, bytes, cnt);
	}
}

static void send_all(int fd, char *bytes, size_t cnt)
{
	size_t parts = mode == MODE_PIECES ? 4 : mode == MODE_SLOW && bytes == answer ? 2 : 1;

	for (size_t i = 0; i < parts; i++) {
		if (i && mode == MODE_SLOW)
			sleep_us(DELAY_US);
		target_check(send_some(fd, bytes + i * (cnt / parts), cnt / parts) ==
				     (ssize_t)(cnt / parts),
			     "a send was cut short");
	}
}

static ssize_t receive_some(int fd, char *bytes, size_t cnt)
{
	struct iovec parts[2] = {{bytes, cnt / 2}, {bytes + cnt / 2, cnt - cnt / 2}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	switch (mode) {
	case MODE_WRITEV:
		return readv(fd, parts, 2);
	case MODE_SEND:
		return recv(fd, bytes, cnt, 0);
	case MODE_SENDTO:
		return recvfrom(fd, bytes, cnt, 0, NULL, NULL);
	case MODE_SENDMSG:
		return recvmsg(fd, &message, 0);
	case MODE_URING:
		return by_ring(fd, bytes, cnt, false);
	case MODE_PEEK:
		recv(fd, bytes, cnt, MSG_PEEK);
		return recv(fd, bytes, cnt, 0);
	case MODE_SPLICE:
	case MODE_UNIX_SPLICE:
		return splice_in(fd, bytes, cnt);
	case MODE_SPIN:
		return recv(fd, bytes, cnt, MSG_DONTWAIT);
	default:
		return read(fd, bytes, cnt);
	}
}

/* False: the other side has closed. */
static bool receive_all(int fd, char *bytes, size_t cnt)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	size_t got = 0, looks = 0;

	while (got < cnt) {
		ssize_t n = receive_some(fd, bytes + got, cnt - got);

		if (n < 0 && errno == EAGAIN) {
			if (mode != MODE_SPIN)
				poll(&ready, 1, -1);
			else if (++looks % SPIN_LOOKS == 0)
				sched_yield();
			continue;
		}
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

static char local_name[64];

static bool is_local(void)
{
	return mode == MODE_UNIX || mode == MODE_ABSTRACT || mode == MODE_SPIN ||
	       mode == MODE_UNIX_SPLICE;
}

static void address_of(struct sockaddr_storage *address, socklen_t *ret_bytes, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_un *local = (struct sockaddr_un *)address;

	memset(address, 0, sizeof(*address));
	if (is_local()) {
		local->sun_family = AF_UNIX;
		*ret_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					 (size_t)sprintf(local->sun_path, "%s", local_name));
		if (mode == MODE_ABSTRACT)
			local->sun_path[0] = '\0';
		return;
	}
	if (mode == MODE_IPV6 || mode == MODE_MAPPED) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		inet_pton(AF_INET6, mode == MODE_IPV6 ? "::1" : "::ffff:127.0.0.1", &v6->sin6_addr);
		*ret_bytes = sizeof(*v6);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*ret_bytes = sizeof(*v4);
	}
}

static int new_socket(void)
{
	int fd = socket(is_local()				   ? AF_UNIX
			: mode == MODE_IPV6 || mode == MODE_MAPPED ? AF_INET6
								   : AF_INET,
			SOCK_STREAM, 0);

	target_check(fd >= 0, "no socket");
	return fd;
}

static int listen_on(uint16_t *ret_port)
{
	struct sockaddr_storage address;
	socklen_t bytes;
	int fd = new_socket();

	address_of(&address, &bytes, 0);
	target_check(bind(fd, (struct sockaddr *)&address, bytes) == 0, "bind");
	target_check(listen(fd, 4096) == 0, "listen");
	bytes = sizeof(address);
	target_check(getsockname(fd, (struct sockaddr *)&address, &bytes) == 0, "getsockname");
	*ret_port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return fd;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_storage address;
	socklen_t bytes;
	int fd = new_socket(), yes = 1;

	address_of(&address, &bytes, port);
	target_check(connect(fd, (struct sockaddr *)&address, bytes) == 0, "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (mode == MODE_NONBLOCK)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* A thread for one direction of a connection. */
struct sender {
	int fd;
	sem_t due;    /* how many sends */
	bool is_over; /* no more of them */
	char *bytes;
	size_t cnt;
};

static void *send_when_due(void *argument)
{
	struct sender *s = argument;

	target_pin_to(1);
	for (;;) {
		while (sem_wait(&s->due))
			;
		if (s->is_over)
			return NULL;
		send_all(s->fd, s->bytes, s->cnt);
	}
}

static pthread_t start_sender(struct sender *s, int fd, char *bytes, size_t cnt)
{
	pthread_t thread;

	*s = (struct sender){.fd = fd, .bytes = bytes, .cnt = cnt};
	sem_init(&s->due, 0, 0);
	target_check(pthread_create(&thread, NULL, send_when_due, s) == 0, "no thread");
	target_pin_to(0);
	return thread;
}

static void stop_sender(struct sender *s, pthread_t thread)
{
	s->is_over = true;
	sem_post(&s->due);
	pthread_join(thread, NULL);
	sem_destroy(&s->due);
}

static void serve_by_threads(int fd)
{
	char bytes[REQUEST_BYTES];
	struct sender sender;
	pthread_t thread = start_sender(&sender, fd, answer, sizeof(answer));

	while (receive_all(fd, bytes, sizeof(bytes)))
		sem_post(&sender.due);
	stop_sender(&sender, thread);
}

/* Its close is a reset. */
static void let_reset(int fd)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* Another process has the descriptor, too, and its end is not that of the connection. */
static void share(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void serve_connection(int fd, long *number, long count)
{
	struct pollfd reset = {.fd = fd}; /* of what is always told: an error, or the end */
	char bytes[REQUEST_BYTES];

	if (mode == MODE_THREADS) {
		serve_by_threads(fd);
		return;
	}
	if (mode == MODE_UNREAD) {
		target_check(poll(&reset, 1, -1) == 1, "no reset");
		return;
	}
	while (receive_all(fd, bytes, sizeof(bytes))) {
		if ((mode == MODE_CLOSE || mode == MODE_RESET) && (*number)++ % 4 == 3) {
			if (mode == MODE_RESET)
				let_reset(fd);
			return;
		}
		if (mode == MODE_OPEN && (*number)++ == count)
			return;
		if (mode == MODE_SHARED && (*number)++ % 8 == 0)
			share();
		if (mode == MODE_LATE)
			sleep_us(DELAY_US);
		send_all(fd, answer, sizeof(answer));
	}
}

/* All of them are there before the first request is. */
static void serve_many(int listener, long count)
{
	int *fds = calloc((size_t)count, sizeof(*fds));
	char bytes[REQUEST_BYTES];

	target_check(fds != NULL, "memory");
	for (long i = 0; i < count; i++) {
		fds[i] = accept(listener, NULL, NULL);
		target_check(fds[i] >= 0, "accept");
	}
	for (long i = 0; i < count * MANY_ASKS; i++) {
		target_check(receive_all(fds[i % count], bytes, sizeof(bytes)), "no request");
		send_all(fds[i % count], answer, sizeof(answer));
	}
	free(fds);
}

static void serve(int listener, long count)
{
	int yes = 1, fd;

	if (mode == MODE_MANY) {
		serve_many(listener, count);
		return;
	}

	/* One after the other: the truth is one thread's. */
	for (long number = 0, connections = 0; number < count;) {
		fd = accept(listener, NULL, NULL);
		target_check(fd >= 0, "accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		serve_connection(fd, &number, count);
		if (mode != MODE_OPEN)
			close(fd);
		if (mode == MODE_RECONNECT || mode == MODE_UNREAD)
			number = ++connections;
		else if (mode != MODE_CLOSE && mode != MODE_RESET)
			return;
	}
}

/* Returns whether the answer came. */
static bool ask(int fd, bool is_last)
{
	char bytes[ANSWER_BYTES];
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	send_all(fd, request, sizeof(request));
	if (mode == MODE_SHUTDOWN && is_last)
		shutdown(fd, SHUT_WR);
	if (mode == MODE_BUSY) {
		poll(&ready, 1, -1);
		sleep_us(DELAY_US);
	}
	return receive_all(fd, bytes, sizeof(bytes));
}

struct truth {
	long count;
	long unanswered;
	long connects;
	long unread; /* of the unanswered */
	long open;   /* neither answered nor at an end */
};

static struct truth ask_by_threads(uint16_t port, long count)
{
	struct truth t = {.connects = 1};
	char bytes[ANSWER_BYTES];
	struct sender sender;
	int fd = connect_to(port);
	pthread_t thread = start_sender(&sender, fd, request, sizeof(request));

	while (t.count < count) {
		sem_post(&sender.due);
		target_check(receive_all(fd, bytes, sizeof(bytes)), "no answer");
		t.count++;
	}
	stop_sender(&sender, thread);
	close(fd);
	return t;
}

/* From a process that has connected, and ends. */
static int get_passed(uint16_t port)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int ends[2], fd;
	pid_t pid;

	target_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	pid = fork();
	if (pid == 0) {
		fd = connect_to(port);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
		_exit(sendmsg(ends[0], &message, 0) != 1);
	}
	target_check(recvmsg(ends[1], &message, 0) == 1, "nothing was passed");
	header = CMSG_FIRSTHDR(&message);
	target_check(header && header->cmsg_type == SCM_RIGHTS, "no descriptor was passed");
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	waitpid(pid, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	return fd;
}

static struct truth leave_unread(uint16_t port, long count)
{
	struct truth t = {0};

	for (; t.unread < count; t.unread++) {
		int fd = connect_to(port);

		t.connects++;
		send_all(fd, request, sizeof(request));
		let_reset(fd);
		close(fd);
	}
	return t;
}

static struct truth ask_on_many(uint16_t port, long count)
{
	struct truth t = {.connects = count, .count = count * MANY_ASKS};
	int *fds = calloc((size_t)count, sizeof(*fds));
	char bytes[ANSWER_BYTES];

	target_check(fds != NULL, "memory");
	for (long i = 0; i < count; i++)
		fds[i] = connect_to(port);
	for (int ask = 0; ask < MANY_ASKS; ask++) {
		for (long i = 0; i < count; i++)
			send_all(fds[i], request, sizeof(request));
		for (long i = 0; i < count; i++)
			target_check(receive_all(fds[i], bytes, sizeof(bytes)), "no answer");
	}
	for (long i = 0; i < count; i++)
		close(fds[i]);
	free(fds);
	return t;
}

static struct truth run_client(uint16_t port, long count)
{
	struct truth t = {0};
	int fd = -1;

	if (mode == MODE_THREADS)
		return ask_by_threads(port, count);
	if (mode == MODE_UNREAD)
		return leave_unread(port, count);
	if (mode == MODE_MANY)
		return ask_on_many(port, count);
	if (mode == MODE_PASSED)
		fd = get_passed(port);
	for (long i = 0; i < count; i++) {
		if (fd < 0) {
			fd = connect_to(port);
			t.connects++;
		}
		if (mode == MODE_SHARED && i % 8 == 4)
			share();
		if (ask(fd, i == count - 1)) {
			t.count++;
			if (mode != MODE_RECONNECT)
				continue;
		} else {
			t.unanswered++;
		}
		close(fd);
		fd = -1;
	}
	if (mode == MODE_OPEN) {
		send_all(fd, request, sizeof(request));
		t.open++;
	} else if (fd >= 0) {
		close(fd);
	}
	return t;
}

static void tell(const struct truth *t, uint16_t port)
{
	long asked = t->count + t->unanswered + t->open;

	printf("{\"count\":%ld,\"unwound\":%ld,\"errors\":%ld,\"connects\":%ld,\"request_bytes\":%"
	       "ld,"
	       "\"answer_bytes\":%ld,\"delay_ns\":%ld,\"port\":%u,\"resets\":%ld,\"unread\":%ld,"
	       "\"open\":%ld,\"name\":\"%s\"}\n",
	       t->count, t->unanswered, t->unanswered, t->connects, asked * REQUEST_BYTES,
	       t->count * ANSWER_BYTES, DELAY_US * 1000L, port,
	       mode == MODE_RESET ? t->unanswered : t->unread, t->unread, t->open,
	       is_local() ? local_name : "");
	fflush(stdout);
}

/* The other side. As client it begins when it is told to, and reports what it knows: both through
 * a pair of sockets that have no name. */
static pid_t start_other(bool is_client, int listener, uint16_t port, long count, int *ret_pipe)
{
	int ends[2];
	pid_t pid;
	char go;

	target_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	pid = fork();
	if (pid == 0) {
		struct truth t = {0};

		close(ends[0]);
		if (is_client && read(ends[1], &go, 1) != 1)
			_exit(1);
		if (mode == MODE_THREADS)
			target_pin_to(0); /* not where it would have to wait for the sender */
		if (mode == MODE_SPIN)
			target_pin_to(1);
		if (is_client) {
			close(listener);
			t = run_client(port, count);
			target_check(write(ends[1], &t, sizeof(t)) == sizeof(t), "write");
		} else {
			serve(listener, count);
		}
		if (mode == MODE_OPEN)
			pause();
		_exit(0);
	}
	if (mode == MODE_SPIN)
		target_pin_to(0);
	close(ends[1]);
	*ret_pipe = ends[0];
	return pid;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 1;
	bool is_server = argc > 3 && strcmp(argv[3], "server") == 0;
	char name[] = "/tmp/rpc-answer-XXXXXX";
	const struct rlimit files = {(rlim_t)count + 100, (rlim_t)count + 100};
	struct truth truth;
	uint16_t port;
	int listener, reports;
	pid_t other;

	while (mode < MODE_CNT && argc > 1 && strcmp(argv[1], mode_names[mode]) != 0)
		mode++;
	target_check(argc > 1 && mode < MODE_CNT, "unknown mode");
	signal(SIGPIPE, SIG_IGN);
	snprintf(local_name, sizeof(local_name), "%s-%d",
		 mode == MODE_ABSTRACT ? "@rpc-target" : "/tmp/rpc-target", getpid());
	if (mode == MODE_MANY)
		setrlimit(RLIMIT_NOFILE, &files);
	memset(request, 'r', sizeof(request));
	memset(answer, 'a', sizeof(answer));
	answer_fd = mkstemp(name);
	target_check(answer_fd >= 0 && write(answer_fd, answer, sizeof(answer)) == sizeof(answer),
		     "no file");
	unlink(name);
	listener = listen_on(&port);
	if (!is_server) {
		other = start_other(false, listener, port, count, &reports);
		close(listener);
		target_ready();
		truth = run_client(port, count);
	} else {
		other = start_other(true, listener, port, count, &reports);
		target_ready();
		target_check(write(reports, "", 1) == 1, "nobody to tell");
		serve(listener, count);
		target_check(read(reports, &truth, sizeof(truth)) == sizeof(truth), "no report");
	}
	if (mode != MODE_OPEN) {
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
	tell(&truth, port);
	if (is_local() && mode != MODE_ABSTRACT)
		unlink(local_name);
	target_wait();
	if (mode == MODE_OPEN)
		kill(other, SIGKILL);
	return 0;
}
