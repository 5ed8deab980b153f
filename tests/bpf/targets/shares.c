/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that spend their time in a way that is known: shares MODE N. Each is measured with the
 * kernel's own clocks of this thread twice, around it and from its first line to its last: whatever
 * is said about the call must lie between the two.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

#define DELAY_NS    2000000  /* what a call waits for */
#define SPIN_NS	    1000000  /* what it computes */
#define HOGGED_NS   12000000 /* likewise beside a hog: more than one slice of the scheduler */
#define FRESH_PAGES 256
#define PAGE_BYTES  4096
#define SEND_CNT    100

/* What this thread has used so far. */
struct used {
	int64_t wall_ns;
	int64_t cpu_ns;
	int64_t delay_ns; /* runnable, and on no CPU */
	int64_t involuntary;
	int64_t faults;
};

static int schedstat_fd;
static struct used inner, outer;
static int64_t touched_ns; /* CPU time of the first touch of fresh pages */

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t run_delay_ns(void)
{
	char text[128] = "";
	long long run, delay = 0;

	target_check(pread(schedstat_fd, text, sizeof(text) - 1, 0) > 0, "no schedstat");
	sscanf(text, "%lld %lld", &run, &delay);
	return delay;
}

/* What a hypervisor took of all CPUs, which is in no thread's CPU time. It is counted in ticks. */
static int64_t stolen_ns(void)
{
	long tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);
	FILE *file = fopen("/proc/stat", "r");
	long long ticks = 0;

	target_check(file && fscanf(file, "cpu %*d %*d %*d %*d %*d %*d %*d %lld", &ticks) == 1,
		     "no /proc/stat");
	fclose(file);
	return ticks * tick_ns;
}

static void add_used(struct used *to, int sign)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	to->delay_ns += sign * run_delay_ns();
	to->involuntary += sign * usage.ru_nivcsw;
	to->faults += sign * usage.ru_minflt;
	to->cpu_ns += sign * clock_ns(CLOCK_THREAD_CPUTIME_ID);
	to->wall_ns += sign * clock_ns(CLOCK_MONOTONIC);
}

static void sleep_ns(int64_t ns)
{
	struct timespec t = {0, ns};

	nanosleep(&t, NULL);
}

static void spin_ns(int64_t ns)
{
	int64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

/* --- the other side: answers a word, or a byte, after the delay ----------------------------------
 */
static _Atomic int word;
static int own_fd = -1, other_fd = -1, answer_fd = -1, epoll_fd;

static long futex(int op, int value)
{
	return syscall(SYS_futex, &word, op, value, NULL, NULL, 0);
}

static void *answer_words(void *context)
{
	for (;;) {
		while (atomic_load(&word) != 1)
			futex(FUTEX_WAIT_PRIVATE,
			      atomic_load(&word) == 1 ? -1 : atomic_load(&word));
		sleep_ns(DELAY_NS);
		atomic_store(&word, 2);
		futex(FUTEX_WAKE_PRIVATE, 1);
	}
	return context;
}

static void *answer_bytes(void *context)
{
	char byte;

	while (read(other_fd, &byte, 1) == 1) {
		sleep_ns(DELAY_NS);
		if (write(answer_fd, &byte, 1) != 1)
			break;
	}
	return context;
}

static void start(void *(*answer)(void *))
{
	pthread_t thread;

	target_check(pthread_create(&thread, NULL, answer, NULL) == 0, "no thread");
}

static void call_futex(long i)
{
	(void)i;
	atomic_store(&word, 1);
	futex(FUTEX_WAKE_PRIVATE, 1);
	while (atomic_load(&word) != 2)
		futex(FUTEX_WAIT_PRIVATE, 1);
}

static void prepare_futex(void)
{
	start(answer_words);
}

/* In each of the ways to wait for a socket. */
static void call_socket(long i)
{
	struct pollfd wanted = {.fd = own_fd, .events = POLLIN};
	struct epoll_event event;
	fd_set set;
	char byte = 1;

	target_check(write(own_fd, &byte, 1) == 1, "write");
	if (i % 4 == 1)
		poll(&wanted, 1, -1);
	if (i % 4 == 2)
		epoll_wait(epoll_fd, &event, 1, -1);
	if (i % 4 == 3) {
		FD_ZERO(&set);
		FD_SET(own_fd, &set);
		select(own_fd + 1, &set, NULL, NULL, NULL);
	}
	target_check((i % 2 ? read(own_fd, &byte, 1) : recv(own_fd, &byte, 1, 0)) == 1, "read");
}

/* Bytes come back by this descriptor; -1: by the socket itself. */
static void prepare_pair(int fd)
{
	int fds[2];

	target_check(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "socketpair");
	own_fd = fds[0];
	other_fd = fds[1];
	answer_fd = fd < 0 ? other_fd : fd;
	start(answer_bytes);
}

static void prepare_socket(void)
{
	struct epoll_event event = {.events = EPOLLIN};

	prepare_pair(-1);
	epoll_fd = epoll_create1(0);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, own_fd, &event);
}

/* A pipe is neither a socket nor a disk. */
static int pipe_fds[2];

static void call_pipe(long i)
{
	char byte = 1;

	(void)i;
	target_check(write(own_fd, &byte, 1) == 1 && read(pipe_fds[0], &byte, 1) == 1, "pipe");
}

static void prepare_pipe(void)
{
	target_check(pipe(pipe_fds) == 0, "pipe");
	prepare_pair(pipe_fds[1]);
}

/* --- alone ---------------------------------------------------------------------------------------
 */
/* A sleep, also by calls that could wait for descriptors and are given none. */
static void call_sleep(long i)
{
	struct timeval t = {0, DELAY_NS / 1000};

	if (i % 3 == 0)
		sleep_ns(DELAY_NS);
	else if (i % 3 == 1)
		poll(NULL, 0, DELAY_NS / 1000000);
	else
		select(0, NULL, NULL, NULL, &t);
}

static pid_t hog;

static void call_spin(long i)
{
	spin_ns(hog && i >= 0 ? HOGGED_NS : SPIN_NS);
}

static void prepare_hogged(void)
{
	target_pin_to(0);
	hog = fork();
	if (hog == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			;
	}
}

static cpu_set_t all_cpus;
static long moves;

/* To the other of two CPUs. */
static void call_move(long i)
{
	int before = sched_getcpu(), number = (int)(i % 2);
	cpu_set_t one;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all_cpus) || number-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		target_check(sched_setaffinity(0, sizeof(one), &one) == 0, "setaffinity");
		moves += sched_getcpu() != before;
		return;
	}
}

static void prepare_move(void)
{
	sched_getaffinity(0, sizeof(all_cpus), &all_cpus);
	call_move(1);
	moves = 0;
}

static void call_touch(long i)
{
	char *p = mmap(NULL, FRESH_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int64_t begin;

	target_check(i >= 0 && p != MAP_FAILED, "mmap");
	madvise(p, FRESH_PAGES * PAGE_BYTES, MADV_NOHUGEPAGE);
	begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (int page = 0; page < FRESH_PAGES; page++)
		((volatile char *)p)[page * PAGE_BYTES] = 1;
	touched_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
	munmap(p, FRESH_PAGES * PAGE_BYTES);
}

/* Datagrams to oneself: they arrive in a software interrupt, on top of the send. */
static void call_send(long i)
{
	char byte = 1;

	(void)i;
	for (int n = 0; n < SEND_CNT; n++)
		target_check(send(own_fd, &byte, 1, 0) == 1 && recv(own_fd, &byte, 1, 0) == 1,
			     "datagram");
}

static void prepare_send(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(a);

	own_fd = socket(AF_INET, SOCK_DGRAM, 0);
	target_check(bind(own_fd, (struct sockaddr *)&a, bytes) == 0 &&
			     getsockname(own_fd, (struct sockaddr *)&a, &bytes) == 0 &&
			     connect(own_fd, (struct sockaddr *)&a, bytes) == 0,
		     "datagram socket");
}

static void call_disk(long i)
{
	static char block[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));

	target_check(pwrite(own_fd, block, sizeof(block), (i % 8) * PAGE_BYTES) == PAGE_BYTES,
		     "write");
	target_check(fsync(own_fd) == 0, "fsync");
}

/* On what is beside the program: a disk, where there is one. */
static void prepare_disk(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/tmp/shares-%d", getpid());
	own_fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	target_check(own_fd >= 0, "no file");
	unlink(name);
}

static const struct mode {
	const char *name;
	void (*call)(long);
	void (*prepare)(void);
} modes[] = {
	{"sleep", call_sleep, NULL},	      {"spin", call_spin, NULL},
	{"futex", call_futex, prepare_futex}, {"socket", call_socket, prepare_socket},
	{"pipe", call_pipe, prepare_pipe},    {"hogged", call_spin, prepare_hogged},
	{"move", call_move, prepare_move},    {"touch", call_touch, NULL},
	{"send", call_send, prepare_send},    {"disk", call_disk, prepare_disk},
};

static const struct mode *mode;

TRACED void shares_call(long i)
{
	add_used(&inner, -1);
	mode->call(i);
	add_used(&inner, 1);
}

static void print_used(const char *name, const struct used *u)
{
	printf("\"%s\":{\"wall_ns\":%lld,\"cpu_ns\":%lld,\"delay_ns\":%lld,\"involuntary\":%lld,"
	       "\"faults\":%lld},",
	       name, (long long)u->wall_ns, (long long)u->cpu_ns, (long long)u->delay_ns,
	       (long long)u->involuntary, (long long)u->faults);
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 10;
	int64_t stolen;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc > 1 && strcmp(modes[i].name, argv[1]) == 0)
			mode = &modes[i];
	}
	target_check(mode != NULL, "no such mode");
	schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY);
	target_check(schedstat_fd >= 0, "no schedstat");
	if (mode->prepare)
		mode->prepare();
	target_ready();
	stolen = stolen_ns();
	for (long i = 0; i < n; i++) {
		add_used(&outer, -1);
		shares_call(i);
		add_used(&outer, 1);
	}
	stolen = stolen_ns() - stolen;
	if (hog) {
		kill(hog, SIGKILL);
		waitpid(hog, NULL, 0);
	}
	putchar('{');
	print_used("inner", &inner);
	print_used("outer", &outer);
	printf("\"count\":%ld,\"cpus\":%ld,\"stolen_ns\":%lld,\"touched_ns\":%lld,\"moves\":%ld}\n",
	       n, sysconf(_SC_NPROCESSORS_ONLN), (long long)stolen, (long long)touched_ns, moves);
	fflush(stdout);
	target_wait();
	return 0;
}
