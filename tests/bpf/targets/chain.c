/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What chains follow: stages on one thread and across threads, found by thread, number, field or
 * text; some that do not come to their end: chain MODE COUNT THREADS. Its truth: how many began,
 * completed, were overtaken, timed out, were lost or are still open, and behind which stage those
 * that were overtaken or timed out had stopped.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

#define STAGE_CNT  4
#define THREAD_MAX 16
#define SPIN_NS	   20000 /* between two stages where time matters: said in the truth */
#define STATE_MAX  16384 /* TS_CHAIN_STATE_MAX */
#define TIME_OUT_S \
	3 /* the tests' chains have a second; what is overdue is looked for each second */
#define TEXT_BYTES 32

/* As libstdc++ lays a std::string out. */
struct text {
	const char *data;
	size_t bytes;
	char inside[16];
};

/* Handed from thread to thread; the id is behind two pointers and an offset. */
struct inner {
	uint64_t unused;
	uint64_t id;
};

struct order {
	uint64_t unused;
	struct inner *inner;
	struct text text;
	char id_text[TEXT_BYTES];
};

struct truth {
	long begun, completed, overtaken, timed_out, lost, open,
		stopped[2] /* behind the first stage, and the second */;
	long spin_ns;
};

static long count;
static int thread_cnt;
static volatile long sink;

static void spin(uint64_t ns)
{
	uint64_t end = target_now_ns() + ns;

	while (target_now_ns() < end)
		;
}

/* The stages: each with the thread's own number, an id, an order, and a text. */
#define STAGE(name, factor)                                                            \
	TRACED void name(long own, uint64_t id, struct order *order, const char *text) \
	{                                                                              \
		sink += own + factor * (long)id + (order != NULL) + (text != NULL);    \
	}
STAGE(first, 1)
STAGE(second, 2)
STAGE(third, 3)

/* A stage at its end. */
TRACED long slow(long i)
{
	spin(SPIN_NS);
	return i + sink;
}

static void (*work)(long own);

static void *thread_main(void *own)
{
	work((long)own);
	return NULL;
}

static void each_thread(void (*its_work)(long own))
{
	pthread_t threads[THREAD_MAX];

	work = its_work;
	for (long i = 0; i < thread_cnt; i++)
		target_check(!pthread_create(&threads[i], NULL, thread_main, (void *)i), "thread");
	for (int i = 0; i < thread_cnt; i++)
		pthread_join(threads[i], NULL);
}

static void pass_all(long own)
{
	for (long i = 0; i < count; i++) {
		first(own, 0, NULL, NULL);
		spin(SPIN_NS);
		second(own, 0, NULL, NULL);
		slow(i);
		third(own, 0, NULL, NULL);
	}
}

/* Each on its own thread, from the beginning to the end. */
static void mode_thread(struct truth *t)
{
	each_thread(pass_all);
	t->begun = t->completed = count * thread_cnt;
	t->spin_ns = SPIN_NS;
}

static void skip_some(long own)
{
	for (long i = 0; i < count; i++) {
		first(own, 0, NULL, NULL);
		if (i % 3 != 1)
			second(own, 0, NULL, NULL);
		if (i % 3 != 2)
			third(own, 0, NULL, NULL);
	}
	third(own, 0, NULL, NULL);
	first(own, 0, NULL, NULL);
}

/* One in three leaves out the second stage, one the third; what is open then is caught up with. */
static void mode_skip(struct truth *t)
{
	each_thread(skip_some);
	t->begun = (count + 1) * thread_cnt;
	t->stopped[1] = (count / 3 - (count % 3 == 0)) * thread_cnt;
	t->stopped[0] = (count + 1) / 3 * thread_cnt;
	t->overtaken = t->stopped[0] + t->stopped[1];
	t->open = thread_cnt;
	t->completed = t->begun - t->overtaken - t->open;
}

static struct order *orders_new(long cnt)
{
	struct order *orders = calloc((size_t)cnt, sizeof(*orders));
	struct inner *inners = calloc((size_t)cnt, sizeof(*inners));

	target_check(orders && inners, "memory");
	for (long i = 0; i < cnt; i++) {
		int bytes = snprintf(orders[i].id_text, TEXT_BYTES, "C-%ld-%s", i,
				     i % 2 ? "a longer one" : "");

		inners[i].id = 0x100000000ULL + (uint64_t)i;
		orders[i].inner = &inners[i];
		orders[i].text = (struct text){.data = orders[i].id_text, .bytes = (size_t)bytes};
	}
	return orders;
}

static struct order *orders;

/* A stage for all that are under way, by threads that share them. */
static void begin_all(long own)
{
	for (long i = own; i < count; i += thread_cnt)
		first(own, orders[i].inner->id, &orders[i], orders[i].id_text);
}

static void pass_second(long own)
{
	for (long i = count - 1 - own; i >= 0; i -= thread_cnt)
		second(own, orders[i].inner->id, &orders[i], orders[i].id_text);
}

static void pass_third(long own)
{
	for (long i = (own + 1) % thread_cnt; i < count; i += thread_cnt)
		third(own, orders[i].inner->id, &orders[i], orders[i].id_text);
}

/* All are under way at once, and go from thread to thread, in another order each time. */
static void mode_handed(struct truth *t)
{
	each_thread(begin_all);
	each_thread(pass_second);
	each_thread(pass_third);
	t->begun = t->completed = count;
}

/* By thread at first: each is handed over before the thread begins the next one. */
static void begin_and_hand_over(long own)
{
	for (long i = own; i < count; i += thread_cnt) {
		first(own, 0, NULL, NULL);
		second(own, orders[i].inner->id, &orders[i], orders[i].id_text);
	}
}

static void finish_by_thread(long own)
{
	for (long i = own; i < count; i += thread_cnt) {
		third(own, orders[count - 1 - i].inner->id, &orders[count - 1 - i],
		      orders[count - 1 - i].id_text);
		slow(i);
	}
}

/* From the thread to the order, from the order to another thread. */
static void mode_rekeyed(struct truth *t)
{
	each_thread(begin_and_hand_over);
	each_thread(finish_by_thread);
	t->begun = t->completed = count;
}

/* More at once than there is room for. */
static void mode_full(struct truth *t)
{
	for (long i = 0; i < count; i++)
		first(0, (uint64_t)i, NULL, NULL);
	for (long i = 0; i < count; i++)
		second(0, (uint64_t)i, NULL, NULL);
	for (long i = 0; i < count; i++)
		third(0, (uint64_t)i, NULL, NULL);
	t->begun = count;
	t->completed = count < STATE_MAX ? count : STATE_MAX;
	t->lost = count - t->completed;
}

static void same_key(long own)
{
	for (long i = 0; i < count; i++) {
		first(own, 7, NULL, NULL);
		second(own, 7, NULL, NULL);
		third(own, 7, NULL, NULL);
	}
}

/* Threads that fight for one key: what becomes of each is left to chance. */
static void mode_one_key(struct truth *t)
{
	each_thread(same_key);
	t->begun = count * thread_cnt;
	t->completed = -1;
}

/* Some stop behind each stage, and nothing overtakes them. */
static void mode_time_out(struct truth *t)
{
	for (long i = 0; i < count; i++) {
		first(0, (uint64_t)i, NULL, NULL);
		if (i % 4 > 0)
			second(0, (uint64_t)i, NULL, NULL);
		if (i % 4 > 1)
			third(0, (uint64_t)i, NULL, NULL);
		t->stopped[0] += i % 4 == 0;
		t->stopped[1] += i % 4 == 1;
		t->completed += i % 4 > 1;
	}
	t->begun = count;
	t->timed_out = t->stopped[0] + t->stopped[1];
	sleep(TIME_OUT_S);
}

/* A child has the same threads' stack, and is another process. */
static void mode_fork(struct truth *t)
{
	for (long i = 0; i < count; i++) {
		pid_t child;

		first(0, (uint64_t)i, NULL, NULL);
		child = fork();
		if (!child) {
			second(0, (uint64_t)i, NULL, NULL);
			third(0, (uint64_t)i, NULL, NULL);
			_exit(0);
		}
		target_check(waitpid(child, NULL, 0) == child, "fork");
		third(0, (uint64_t)i, NULL,
		      NULL); /* not its turn: the child's second is not ours */
		second(0, (uint64_t)i, NULL, NULL);
		third(0, (uint64_t)i, NULL, NULL);
	}
	t->begun = t->completed = count;
}

static void begin_and_end(long own)
{
	first(own, 0, NULL, NULL);
}

/* Threads that end with theirs under way. */
static void mode_thread_exit(struct truth *t)
{
	for (long i = 0; i < count; i++)
		each_thread(begin_and_end);
	t->begun = t->stopped[0] = count * thread_cnt;
	t->timed_out = -1; /* or overtaken, where a thread has the number of one that ended */
	sleep(TIME_OUT_S);
}

/* The other side: sends a byte, and waits for the answer to every other one. */
static void peer(int listener, int word)
{
	int fd = accept(listener, NULL, NULL);
	char byte = 'x';

	target_check(fd >= 0 && read(word, &byte, 1) == 1, "accept");
	for (long i = 0; i < 2 * count; i++) {
		target_check(send(fd, &byte, 1, 0) == 1, "send");
		target_check(i % 2 || recv(fd, &byte, 1, 0) == 1, "recv");
	}
	_exit(0);
}

static int connection = -1, to_peer = -1;

static void open_connection(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t bytes = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fds[2];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	target_check(!bind(listener, (struct sockaddr *)&address, bytes) && !listen(listener, 1) &&
			     !getsockname(listener, (struct sockaddr *)&address, &bytes) &&
			     !pipe(fds),
		     "listen");
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		peer(listener, fds[0]);
	}
	connection = socket(AF_INET, SOCK_STREAM, 0);
	target_check(!connect(connection, (struct sockaddr *)&address, bytes), "connect");
	to_peer = fds[1];
}

/* Read, decide, answer; every other one is not answered, and the next one overtakes it. */
static void mode_socket(struct truth *t)
{
	char byte;

	target_check(write(to_peer, "\n", 1) == 1, "pipe");
	for (long i = 0; i < 2 * count; i++) {
		target_check(recv(connection, &byte, 1, 0) == 1, "recv");
		first(0, (uint64_t)i, NULL, NULL);
		if (i % 2)
			continue;
		spin(SPIN_NS);
		target_check(send(connection, &byte, 1, 0) == 1, "send");
	}
	t->begun = 2 * count;
	t->completed = count;
	t->open = 1;
	t->overtaken = t->stopped[1] = count - 1;
}

static const struct {
	const char *name;
	void (*run)(struct truth *t);
} modes[] = {
	{"thread", mode_thread},     {"skip", mode_skip}, {"handed", mode_handed},
	{"rekeyed", mode_rekeyed},   {"full", mode_full}, {"one-key", mode_one_key},
	{"time-out", mode_time_out}, {"fork", mode_fork}, {"thread-exit", mode_thread_exit},
	{"socket", mode_socket},
};

static void tell(const struct truth *t)
{
	printf("{\"begun\":%ld,\"completed\":%ld,\"overtaken\":%ld,\"timed_out\":%ld,"
	       "\"lost\":%ld,\"open\":%ld,\"spin_ns\":%ld,\"stopped\":[%ld,%ld]}\n",
	       t->begun, t->completed, t->overtaken, t->timed_out, t->lost, t->open, t->spin_ns,
	       t->stopped[0], t->stopped[1]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct truth truth = {0};
	size_t mode = 0;

	target_check(argc >= 4, "chain MODE COUNT THREADS");
	while (mode < sizeof(modes) / sizeof(modes[0]) && strcmp(modes[mode].name, argv[1]) != 0)
		mode++;
	target_check(mode < sizeof(modes) / sizeof(modes[0]), "no such mode");
	count = strtol(argv[2], NULL, 10);
	thread_cnt = (int)strtol(argv[3], NULL, 10);
	target_check(count > 0 && thread_cnt > 0 && thread_cnt <= THREAD_MAX, "counts");
	orders = orders_new(count);
	if (modes[mode].run == mode_socket)
		open_connection();
	target_ready();
	modes[mode].run(&truth);
	tell(&truth);
	target_wait();
	return 0;
}
