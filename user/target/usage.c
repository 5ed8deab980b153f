/* SPDX-License-Identifier: Apache-2.0 */
/* One process: /proc/PID is kept open, so that whatever process gets its pid later is not mistaken
 * for it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time_units.h"
#include "target/usage.h"
#include "target/usage_text.h"

#define FILE_BYTES    4096 /* the longest that is read here, limits, has 1400 */
#define LISTING_BYTES 8192
/* Threads whose switches are counted: reading more than these every second would cost more than
 * the number is worth. */
#define THREAD_MAX 1024

/* A thread and how often it had been put on a CPU when it was last read. */
struct thread {
	pid_t tid;
	uint64_t switch_cnt;
};

struct threads {
	struct thread *items; /* in the kernel's order, which stays */
	size_t cnt;
	size_t room;
};

struct usage {
	pid_t pid;
	int dir_fd;
	int stat_fd;
	struct usage_scale scale;
	struct threads threads, before;
	uint64_t switch_cnt; /* those of threads that ended too */
};

uint64_t usage_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The process ended: its files say so in several ways. */
static bool is_gone(int err)
{
	return err == -ESRCH || err == -ENOENT;
}

static int read_file(int dir_fd, const char *name, char *bytes, struct usage_text *ret_text)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t cnt;
	int err;

	if (fd < 0)
		return -errno;
	cnt = read(fd, bytes, FILE_BYTES);
	err = cnt < 0 ? -errno : cnt == FILE_BYTES ? -EFBIG : 0;
	close(fd);
	if (!err)
		*ret_text = (struct usage_text){bytes, (size_t)cnt};
	return err;
}

int usage_open(pid_t pid, struct usage **ret_usage, struct fault *why)
{
	struct usage *u = calloc(1, sizeof(*u));
	char path[64];
	int err;

	if (!u)
		return fault_set(why, -ENOMEM, "out of memory");
	snprintf(path, sizeof(path), "/proc/%d", pid);
	u->pid = pid;
	u->scale.tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	u->scale.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	u->stat_fd = -1;
	u->dir_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (u->dir_fd >= 0)
		u->stat_fd = openat(u->dir_fd, "stat", O_RDONLY | O_CLOEXEC);
	if (u->stat_fd < 0) {
		err = is_gone(-errno) ? -ESRCH : -errno;
		usage_free(u);
		return err == -ESRCH ? fault_set(why, err, "there is no process %d", pid)
				     : fault_set(why, err, "cannot read what process %d uses: %s",
						 pid, strerror(-err));
	}
	*ret_usage = u;
	return 0;
}

void usage_free(struct usage *usage)
{
	if (!usage)
		return;
	if (usage->stat_fd >= 0)
		close(usage->stat_fd);
	if (usage->dir_fd >= 0)
		close(usage->dir_fd);
	free(usage->threads.items);
	free(usage->before.items);
	free(usage);
}

/* Calls visit for each entry of a directory below /proc/PID that is a number, until it fails. */
static int list_numbers(const struct usage *u, const char *name,
			int (*visit)(void *context, pid_t number), void *context)
{
	_Alignas(struct dirent64) char listing[LISTING_BYTES];
	int fd = openat(u->dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	ssize_t bytes;

	if (fd < 0)
		return -errno;
	while (!err && (bytes = getdents64(fd, listing, sizeof(listing))) != 0) {
		if (bytes < 0)
			err = -errno;
		for (ssize_t at = 0; !err && at < bytes;) {
			const struct dirent64 *entry = (const void *)(listing + at);
			pid_t number = 0;

			for (const char *c = entry->d_name; *c >= '0' && *c <= '9'; c++)
				number = number * 10 + (*c - '0');
			if (entry->d_name[0] != '.')
				err = visit(context, number);
			at += entry->d_reclen;
		}
	}
	close(fd);
	return err;
}

static int count_one(void *context, pid_t number)
{
	(void)number;
	*(uint64_t *)context += 1;
	return 0;
}

/* Since 6.2 the size of /proc/PID/fd is the number of open files (kernel commit f1f1f2569901). */
static int read_descriptors(const struct usage *u, struct usage_process *p)
{
	struct usage_text text = {0};
	char bytes[FILE_BYTES];
	uint64_t cnt = 0;
	struct stat st;
	int err;

	if (fstatat(u->dir_fd, "fd", &st, 0))
		return -errno;
	cnt = (uint64_t)st.st_size;
	err = cnt ? 0 : list_numbers(u, "fd", count_one, &cnt);
	if (is_gone(err))
		return err;
	if (!err)
		p->descriptor_cnt = cnt;
	err = read_file(u->dir_fd, "limits", bytes, &text);
	if (is_gone(err))
		return err;
	if (!err)
		usage_text_limits(text, &p->descriptor_max);
	return 0;
}

static int read_storage(const struct usage *u, struct usage_process *p)
{
	struct usage_text text = {0};
	char bytes[FILE_BYTES];
	int err = read_file(u->dir_fd, "io", bytes, &text);

	if (err == -ESRCH) /* -ENOENT: a kernel without CONFIG_TASK_IO_ACCOUNTING */
		return err;
	if (!err)
		usage_text_io(text, p);
	return 0;
}

static int add_thread(void *context, pid_t tid)
{
	struct threads *t = context;

	if (t->cnt == THREAD_MAX)
		return -ENOSPC;
	if (t->cnt == t->room) {
		size_t room = t->room ? 2 * t->room : 16;
		struct thread *items = reallocarray(t->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		t->items = items;
		t->room = room;
	}
	t->items[t->cnt++] = (struct thread){.tid = tid};
	return 0;
}

/* What a thread had counted at the reading before; 0: it was not there. The kernel lists threads in
 * the order of their creation, so it is at the same place, or before it where others ended. */
static uint64_t count_before(const struct threads *before, const struct thread *thread, size_t *at)
{
	for (size_t i = 0; i < before->cnt; i++) {
		const struct thread *candidate = &before->items[(*at + i) % before->cnt];

		if (candidate->tid != thread->tid)
			continue;
		*at = (*at + i + 1) % before->cnt;
		/* Fewer than before: another thread that got its tid. */
		return candidate->switch_cnt <= thread->switch_cnt ? candidate->switch_cnt : 0;
	}
	return 0;
}

/* Fills the counts of the listed threads; those that ended meanwhile are left out. -ENOTSUP: the
 * kernel does not count. */
static int read_threads(const struct usage *u, struct threads *t)
{
	char name[64], bytes[FILE_BYTES];
	struct usage_text text = {0};
	size_t cnt = 0;

	for (size_t i = 0; i < t->cnt; i++) {
		struct thread thread = t->items[i];
		int err;

		snprintf(name, sizeof(name), "task/%d/schedstat", thread.tid);
		err = read_file(u->dir_fd, name, bytes, &text);
		if (!err)
			err = usage_text_schedstat(text, &thread.switch_cnt);
		if (is_gone(err))
			continue;
		if (err)
			return err;
		t->items[cnt++] = thread;
	}
	t->cnt = cnt;
	/* Without CONFIG_SCHEDSTATS there are only zeros, or no files at all. */
	return cnt && t->items[0].switch_cnt ? 0 : -ENOTSUP;
}

/* Adds what each thread was put on a CPU since the last reading, so that the sum never steps back
 * when threads end. */
static void read_switches(struct usage *u, struct usage_process *p)
{
	struct threads last = u->threads;
	size_t at = 0;

	u->threads = u->before;
	u->before = last;
	u->threads.cnt = 0;
	if (list_numbers(u, "task", add_thread, &u->threads) || read_threads(u, &u->threads)) {
		u->threads.cnt = 0;
		u->switch_cnt = 0; /* the next reading starts anew */
		return;
	}
	for (size_t i = 0; i < u->threads.cnt; i++) {
		const struct thread *thread = &u->threads.items[i];

		u->switch_cnt += thread->switch_cnt - count_before(&u->before, thread, &at);
	}
	p->switch_cnt = u->switch_cnt;
}

int usage_read(struct usage *usage, struct usage_process *ret_process)
{
	struct usage_process p = {
		.pid = usage->pid,
		.descriptor_cnt = USAGE_UNKNOWN,
		.descriptor_max = USAGE_UNKNOWN,
		.read_bytes = USAGE_UNKNOWN,
		.written_bytes = USAGE_UNKNOWN,
		.switch_cnt = USAGE_UNKNOWN,
	};
	char bytes[FILE_BYTES];
	bool has_ended = false;
	ssize_t cnt = pread(usage->stat_fd, bytes, sizeof(bytes), 0);
	int err = cnt < 0 ? -errno : 0;

	if (!err)
		err = usage_text_stat((struct usage_text){bytes, (size_t)cnt}, &usage->scale, &p,
				      &has_ended);
	if (!err && has_ended)
		err = -ESRCH;
	if (!err && p.virtual_bytes != USAGE_UNKNOWN) /* else its first thread has ended, and has
							 no files to show */
		err = read_descriptors(usage, &p);
	if (!err)
		err = read_storage(usage, &p);
	if (err)
		return is_gone(err) ? -ESRCH : err;
	read_switches(usage, &p);
	*ret_process = p;
	return 0;
}
