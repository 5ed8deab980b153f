/* SPDX-License-Identifier: Apache-2.0 */
/* Readings of a real process that uses known amounts, and of this host, held against what the
 * kernel says elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include <cmocka.h>

#include "target/usage.h"
#include "target/usage_host.h"
#include "usage_child.h"

static void child_do(const struct child *c, char what)
{
	char done = 0;

	assert_int_equal(write(c->to_fd, &what, 1), 1);
	assert_int_equal(read(c->from_fd, &done, 1), 1);
	assert_int_equal(done, what);
}

static void child_start(struct child *c)
{
	int to[2], from[2];
	struct fault why;

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (!c->pid) {
		close(to[1]);
		close(from[0]);
		live(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	c->to_fd = to[1];
	c->from_fd = from[0];
	assert_int_equal(usage_open(c->pid, &c->usage, &why), 0);
	child_do(c, 'r'); /* it runs, and has closed what is not its own */
}

static void child_end(const struct child *c)
{
	int status;

	close(c->to_fd);
	close(c->from_fd);
	kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	usage_free(c->usage);
}

static struct usage_process child_read(const struct child *c)
{
	struct usage_process p;

	assert_int_equal(usage_read(c->usage, &p), 0);
	assert_int_equal(p.pid, c->pid);
	return p;
}

static void expect_between(const char *what, uint64_t value, uint64_t least, uint64_t most)
{
	if (value < least || value > most)
		fail_msg("%s: %llu is not in %llu … %llu", what, (unsigned long long)value,
			 (unsigned long long)least, (unsigned long long)most);
}

static void test_cpu(void **state)
{
	uint64_t before_ns = usage_now_ns();
	struct usage_process p;
	struct child c;

	(void)state;
	child_start(&c);
	child_do(&c, 'c');
	p = child_read(&c);
	/* /proc counts in steps of 10 ms. */
	expect_between("cpu_ns", p.cpu_ns, BURN_NS - 20000000, BURN_NS + 50000000);
	expect_between("start_ns", p.start_ns, before_ns - 20000000, usage_now_ns());
	child_end(&c);
}

static void test_memory(void **state)
{
	struct usage_process before, after;
	struct child c;

	(void)state;
	child_start(&c);
	before = child_read(&c);
	child_do(&c, 'm');
	after = child_read(&c);
	/* The kernel keeps the last 64 pages of each CPU to itself. */
	expect_between("rss_bytes", after.rss_bytes - before.rss_bytes, MAP_BYTES - 2 * MIB,
		       MAP_BYTES + 2 * MIB);
	assert_int_equal(after.virtual_bytes - before.virtual_bytes, MAP_BYTES);
	child_end(&c);
}

static void test_descriptors(void **state)
{
	struct usage_process before, after;
	struct rlimit own;
	struct child c;

	(void)state;
	child_start(&c);
	before = child_read(&c);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &own), 0);
	assert_true(before.descriptor_max ==
		    (own.rlim_cur == RLIM_INFINITY ? USAGE_UNKNOWN : own.rlim_cur));
	child_do(&c, 'd');
	after = child_read(&c);
	assert_int_equal(after.descriptor_cnt - before.descriptor_cnt, FILE_CNT);
	assert_int_equal(after.descriptor_max, FILE_LIMIT);
	child_end(&c);
}

static void test_storage(void **state)
{
	struct usage_process before, after;
	struct statfs fs;
	struct child c;

	(void)state;
	if (statfs(DIRECTORY, &fs) || fs.f_type == TMPFS_MAGIC ||
	    fs.f_type == OVERLAYFS_SUPER_MAGIC)
		skip(); /* no storage is written there */
	child_start(&c);
	before = child_read(&c);
	assert_true(before.written_bytes != USAGE_UNKNOWN);
	child_do(&c, 'w');
	after = child_read(&c);
	expect_between("written_bytes", after.written_bytes - before.written_bytes, WRITTEN_BYTES,
		       WRITTEN_BYTES + MIB);
	child_end(&c);
}

static void test_switches(void **state)
{
	struct usage_process before, after;
	struct child c;

	(void)state;
	child_start(&c);
	before = child_read(&c);
	if (before.switch_cnt == USAGE_UNKNOWN) {
		child_end(&c);
		skip(); /* a kernel without CONFIG_SCHEDSTATS */
	}
	child_do(&c, 's');
	after = child_read(&c);
	/* One for each answer that it waited for, unless that came at once from another CPU, and
	 * what the rest of the machine took. */
	expect_between("switch_cnt", after.switch_cnt - before.switch_cnt, SWITCH_CNT / 4,
		       SWITCH_CNT * 4);
	child_do(&c, 't');
	before = child_read(&c);
	assert_int_equal(before.thread_cnt, after.thread_cnt + THREAD_CNT);
	expect_between("switch_cnt", before.switch_cnt - after.switch_cnt, THREAD_CNT,
		       50 * THREAD_CNT);
	child_end(&c);
}

/* The process lives on without its first thread: what /proc no longer shows is not said to be 0. */
static void test_without_first_thread(void **state)
{
	struct usage_process p;
	struct child c;

	(void)state;
	child_start(&c);
	child_do(&c, 'l');
	do {
		p = child_read(&c);
	} while (p.virtual_bytes != USAGE_UNKNOWN);
	assert_true(p.rss_bytes == USAGE_UNKNOWN);
	assert_true(p.descriptor_cnt == USAGE_UNKNOWN);
	expect_between("thread_cnt", p.thread_cnt, THREAD_CNT, THREAD_CNT + 1);
	child_end(&c);
}

/* It ended: while its parent has not asked (a zombie), and then. */
static void test_ended(void **state)
{
	struct usage_process p = {.pid = 1};
	struct usage *usage;
	struct fault why;
	siginfo_t info;
	struct child c;

	(void)state;
	child_start(&c);
	child_read(&c);
	kill(c.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)c.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(usage_read(c.usage, &p), -ESRCH);
	child_end(&c);
	child_start(&c);
	kill(c.pid, SIGKILL);
	assert_int_equal(waitpid(c.pid, NULL, 0), c.pid);
	assert_int_equal(usage_read(c.usage, &p), -ESRCH);
	assert_int_equal(p.pid, 1);
	usage_free(c.usage);
	close(c.to_fd);
	close(c.from_fd);
	assert_int_equal(usage_open(c.pid, &usage, &why), -ESRCH);
	assert_non_null(strstr(why.text, "no process"));
	usage_free(NULL);
}

/* Without privileges storage is unknown, and nothing else. */
static void test_unprivileged(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid())
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct usage_process p;
		struct usage *usage;
		struct fault why;

		if (setgid(65534) || setuid(65534) || usage_open(getppid(), &usage, &why) ||
		    usage_read(usage, &p))
			_exit(1);
		usage_free(usage);
		_exit(p.read_bytes == USAGE_UNKNOWN && p.written_bytes == USAGE_UNKNOWN &&
				      p.rss_bytes && p.thread_cnt == 1 && p.descriptor_cnt
			      ? 0
			      : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static size_t descriptor_cnt(void)
{
	struct stat st;
	size_t cnt = 0;

	for (int fd = 0; fd < 256; fd++)
		cnt += fstat(fd, &st) == 0;
	return cnt;
}

static void test_no_leaks(void **state)
{
	size_t before = descriptor_cnt();
	struct usage_host_reader *reader;
	struct usage_process p;
	struct usage_host *h = calloc(1, sizeof(*h));
	struct usage *usage;
	struct fault why;

	(void)state;
	assert_non_null(h);
	assert_int_equal(usage_open(getpid(), &usage, &why), 0);
	assert_int_equal(usage_host_open("/", &reader, &why), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(usage_read(usage, &p), 0);
		usage_host_read(reader, h);
	}
	assert_int_equal(descriptor_cnt(), before + 2 + 5);
	usage_free(usage);
	usage_host_free(reader);
	usage_host_free(NULL);
	assert_int_equal(descriptor_cnt(), before);
	assert_int_equal(usage_host_open("/no/such/directory", &reader, &why), -ENOENT);
	assert_non_null(strstr(why.text, "/no/such/directory"));
	assert_int_equal(descriptor_cnt(), before);
	free(h);
}

static void test_host(void **state)
{
	struct usage_host *then = calloc(1, sizeof(*then)), *now = calloc(1, sizeof(*now));
	struct usage_host_reader *reader;
	struct statvfs st;
	struct fault why;
	struct child c;

	(void)state;
	assert_non_null(then);
	assert_non_null(now);
	assert_int_equal(usage_host_open(DIRECTORY, &reader, &why), 0);
	usage_host_read(reader, then);
	child_start(&c);
	child_do(&c, 'c');
	child_end(&c);
	usage_host_read(reader, now);
	assert_int_equal(now->cpu_cnt, sysconf(_SC_NPROCESSORS_ONLN));
	assert_int_equal(now->memory_total_bytes,
			 (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
	assert_true(now->memory_available_bytes &&
		    now->memory_available_bytes < now->memory_total_bytes);
	assert_true(now->at_ns > then->at_ns && now->load_1m >= 0);
	expect_between("cpu_busy_ns", now->cpu_busy_ns - then->cpu_busy_ns, BURN_NS - 50000000,
		       now->cpu_cnt * (now->at_ns - then->at_ns) + 200000000);
	expect_between("cpu_total_ns", now->cpu_total_ns - then->cpu_total_ns,
		       now->cpu_cnt * (now->at_ns - then->at_ns) / 2,
		       now->cpu_cnt * (now->at_ns - then->at_ns) * 2);
	assert_int_equal(statvfs(DIRECTORY, &st), 0);
	expect_between("state_free_bytes", now->state_free_bytes,
		       st.f_bavail * st.f_frsize / 10 * 9, st.f_bavail * st.f_frsize / 9 * 10);
	assert_true(now->state_usable_bytes >= now->state_free_bytes &&
		    now->state_usable_bytes <= st.f_blocks * st.f_frsize);
	assert_true(now->disk_cnt != SIZE_MAX && now->link_cnt != SIZE_MAX);
	usage_host_free(reader);
	free(then);
	free(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu),	    cmocka_unit_test(test_memory),
		cmocka_unit_test(test_descriptors), cmocka_unit_test(test_storage),
		cmocka_unit_test(test_switches),    cmocka_unit_test(test_without_first_thread),
		cmocka_unit_test(test_ended),	    cmocka_unit_test(test_unprivileged),
		cmocka_unit_test(test_no_leaks),    cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
