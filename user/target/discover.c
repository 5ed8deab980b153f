/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a process is through its directory, which stays that process's whoever gets its pid.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/format.h"
#include "base/glob.h"
#include "target/cgroup_path.h"
#include "target/discover.h"

#define TEXT_BYTES    32768 /* of a command line; what is longer is compared so far */
#define DELETED	      " (deleted)"
#define KERNEL_THREAD 0x00200000U /* PF_KTHREAD of the kernel's sched.h */
#define DIGIT_MAX     19	  /* fit 64 bits */
#define FLAGS_AFTER   6		  /* fields of stat from the state to the flags: proc(5) */

/* The beginning of a file, terminated; -errno. */
static ssize_t read_text(int process_fd, const char *name, char *text, size_t text_bytes)
{
	int fd = openat(process_fd, name, O_RDONLY | O_CLOEXEC);
	size_t bytes = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -errno;
	while (bytes < text_bytes - 1) {
		got = read(fd, text + bytes, text_bytes - 1 - bytes);
		if (got <= 0)
			break;
		bytes += (size_t)got;
	}
	if (got < 0)
		got = -errno;
	close(fd);
	text[bytes] = '\0';
	return got < 0 ? got : (ssize_t)bytes;
}

/* The digits at the beginning of a text and what is behind them; NULL: there are none, or too many.
 */
static const char *read_number(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t length = strspn(text, "0123456789");

	if (!length || length > DIGIT_MAX)
		return NULL;
	for (size_t i = 0; i < length; i++)
		number = 10 * number + (uint64_t)(text[i] - '0');
	*ret_number = number;
	return text + length;
}

/* A program that runs: no zombie, no kernel thread. */
static bool is_program(int process_fd)
{
	char text[1024], *at;
	uint64_t flags;

	if (read_text(process_fd, "stat", text, sizeof(text)) < 0)
		return false;
	/* Names may have brackets and blanks in them: the last one is the kernel's. */
	at = strrchr(text, ')');
	if (!at || at[1] != ' ' || strchr("ZXx", at[2]))
		return false;
	at += 2;
	for (int i = 0; i < FLAGS_AFTER && at; i++) {
		at = strchr(at, ' ');
		at += at != NULL;
	}
	/* Cut before its flags: nothing is known of it. */
	return at && read_number(at, &flags) && !(flags & KERNEL_THREAD);
}

/* A process, and what was read of it so far: targets ask for the same. */
struct subject {
	pid_t pid;
	int fd; /* of its directory */
	bool knows_file, knows_link, knows_cmdline, knows_cgroup, knows_kind, knows_names;
	bool has_file; /* file is that of its program */
	bool is_program;
	struct stat file;
	char link[PATH_MAX + sizeof(DELETED)]; /* texts are empty where they cannot be read */
	char cmdline[TEXT_BYTES];	       /* arguments with blanks between them */
	char cgroup[TEXT_BYTES];
	bool is_contained;
	struct pods_names names;
};

/* The file that a condition names, looked up once for all processes. */
struct wanted {
	bool is_there;
	dev_t device;
	ino_t inode;
};

static struct wanted wanted_of(const struct config_match *match)
{
	struct stat st;

	if (!match->exe || stat(match->exe, &st))
		return (struct wanted){.is_there = false};
	return (struct wanted){.is_there = true, .device = st.st_dev, .inode = st.st_ino};
}

/* A condition on where a process runs, beside what it runs. */
static bool has_place(const struct config_match *match)
{
	return match->pid_cnt || match->unit || match->cgroup || pods_are_wanted(match);
}

static bool has_pid(const struct config_match *match, pid_t pid)
{
	for (size_t i = 0; i < match->pid_cnt; i++) {
		if (match->pids[i] == pid)
			return true;
	}
	return !match->pid_cnt;
}

static void read_link(struct subject *s)
{
	ssize_t bytes = readlinkat(s->fd, "exe", s->link, sizeof(s->link) - 1);

	s->link[bytes < 0 ? 0 : bytes] = '\0';
}

/*
 * The same file, or one that stood at this path and was replaced since: an upgrade. In a container
 * a program has the path that it has there, which may be another program's here: that counts only
 * where nothing is at this path here, or where another condition says which container.
 */
static bool runs_file(struct subject *s, const struct config_match *match,
		      const struct wanted *wanted)
{
	const char *path = match->exe;
	size_t length = strlen(path);

	if (!s->knows_file)
		s->has_file = !fstatat(s->fd, "exe", &s->file, 0);
	s->knows_file = true;
	if (wanted->is_there && s->has_file && s->file.st_dev == wanted->device &&
	    s->file.st_ino == wanted->inode)
		return true;
	if (!s->knows_link)
		read_link(s);
	s->knows_link = true;
	if (strncmp(s->link, path, length) != 0)
		return false;
	return strcmp(s->link + length, DELETED) == 0 ||
	       (!s->link[length] && (!wanted->is_there || has_place(match)));
}

static void read_cmdline(struct subject *s)
{
	ssize_t bytes = read_text(s->fd, "cmdline", s->cmdline, sizeof(s->cmdline));

	while (bytes > 0 && !s->cmdline[bytes - 1])
		bytes--;
	for (ssize_t i = 0; i < bytes; i++) {
		if (!s->cmdline[i])
			s->cmdline[i] = ' ';
	}
	s->cmdline[bytes < 0 ? 0 : bytes] = '\0';
}

static bool has_cmdline(struct subject *s, const char *glob)
{
	if (!s->knows_cmdline)
		read_cmdline(s);
	s->knows_cmdline = true;
	return s->cmdline[0] && glob_matches(glob, s->cmdline, NULL);
}

static void read_cgroup(struct subject *s)
{
	if (!s->knows_cgroup && read_text(s->fd, "cgroup", s->cgroup, sizeof(s->cgroup)) < 0)
		s->cgroup[0] = '\0';
	s->knows_cgroup = true;
}

static bool has_cgroup(struct subject *s, const struct config_match *match)
{
	read_cgroup(s);
	return s->cgroup[0] && (!match->unit || cgroup_path_has_unit(s->cgroup, match->unit)) &&
	       (!match->cgroup || cgroup_path_is_below(s->cgroup, match->cgroup));
}

static bool has_container(struct subject *s, const struct config_match *match, struct pods *pods)
{
	read_cgroup(s);
	if (!s->knows_names)
		s->is_contained = pods && pods_find(pods, s->cgroup, clock_mono_ns(), &s->names);
	s->knows_names = true;
	return s->is_contained && pods_match(pods, &s->names, match);
}

static bool runs(struct subject *s)
{
	if (!s->knows_kind)
		s->is_program = is_program(s->fd);
	s->knows_kind = true;
	return s->is_program;
}

static bool has_condition(const struct config_match *match)
{
	return match->pid_cnt || match->exe || match->cmdline || match->unit || match->cgroup ||
	       pods_are_wanted(match);
}

static bool matches_subject(struct subject *s, const struct config_match *match,
			    const struct wanted *wanted, struct pods *pods)
{
	/* What rules out most of them is asked first. */
	return has_condition(match) && has_pid(match, s->pid) &&
	       (!match->exe || runs_file(s, match, wanted)) &&
	       (!match->cmdline || has_cmdline(s, match->cmdline)) &&
	       ((!match->unit && !match->cgroup) || has_cgroup(s, match)) &&
	       (!pods_are_wanted(match) || has_container(s, match, pods)) && runs(s);
}

/* False: it is gone, or the one that looks. */
static bool subject_open(struct subject *s, int proc_fd, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	s->pid = pid;
	s->knows_file = s->knows_link = s->knows_cmdline = s->knows_cgroup = s->knows_kind =
		s->knows_names = false;
	s->fd = pid == getpid() ? -1 : openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return s->fd >= 0;
}

bool discover_matches_in(const struct discover_place *place, const struct config_match *match,
			 pid_t pid)
{
	int proc_fd = open(place->proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool is_match = false;
	struct subject subject;

	if (proc_fd < 0)
		return false;
	if (subject_open(&subject, proc_fd, pid)) {
		struct wanted wanted = wanted_of(match);

		is_match = matches_subject(&subject, match, &wanted, place->pods);
		close(subject.fd);
	}
	close(proc_fd);
	return is_match;
}

bool discover_matches(struct pods *pods, const struct config_match *match, pid_t pid)
{
	return discover_matches_in(&(struct discover_place){"/proc", pods}, match, pid);
}

bool discover_container(struct pods *pods, pid_t pid, struct pods_names *ret_names)
{
	char path[32], text[TEXT_BYTES];

	format_text(path, sizeof(path), "/proc/%d/cgroup", pid);
	return read_text(AT_FDCWD, path, text, sizeof(text)) >= 0 &&
	       pods_find(pods, text, clock_mono_ns(), ret_names);
}

static int compare_pids(const void *left, const void *right)
{
	return ((const struct discovered *)left)->pid - ((const struct discovered *)right)->pid;
}

/* The pid that an entry of /proc is; 0: it is something else. */
static pid_t pid_of(const char *name)
{
	uint64_t pid;
	const char *end = read_number(name, &pid);

	return end && !*end && pid <= INT_MAX ? (pid_t)pid : 0;
}

static int add_found(struct discovery *d, pid_t pid, uint64_t match_mask)
{
	/* Grown by doubling: whenever the count is a power of two. */
	if (!(d->cnt & (d->cnt - 1))) {
		struct discovered *items =
			reallocarray(d->items, d->cnt ? 2 * d->cnt : 1, sizeof(*items));

		if (!items)
			return -ENOMEM;
		d->items = items;
	}
	d->items[d->cnt++] = (struct discovered){pid, match_mask};
	return 0;
}

int discover_all_in(const struct discover_place *place, const struct config_match *const *matches,
		    size_t match_cnt, struct discovery *ret_found, struct fault *why)
{
	struct wanted wanted[DISCOVER_MATCH_MAX];
	struct discovery found = {.cnt = 0};
	struct subject subject;
	struct dirent *entry;
	DIR *dir = opendir(place->proc);
	int err = 0;

	if (!dir)
		return fault_set(why, -errno, "cannot list processes: %s", strerror(errno));
	for (size_t i = 0; i < match_cnt; i++)
		wanted[i] = wanted_of(matches[i]);
	while (!err && (entry = readdir(dir))) {
		pid_t pid = pid_of(entry->d_name);
		uint64_t mask = 0;

		if (!pid || !subject_open(&subject, dirfd(dir), pid))
			continue;
		for (size_t i = 0; i < match_cnt; i++)
			mask |= (uint64_t)matches_subject(&subject, matches[i], &wanted[i],
							  place->pods)
				<< i;
		close(subject.fd);
		err = mask ? add_found(&found, pid, mask) : 0;
	}
	closedir(dir);
	if (err) {
		free(found.items);
		return fault_set(why, err, "out of memory");
	}
	if (found.cnt)
		qsort(found.items, found.cnt, sizeof(*found.items), compare_pids);
	*ret_found = found;
	return 0;
}

/* A path that is no program: said, since nothing will ever match. */
static int check_executable(const char *path, struct fault *why)
{
	struct stat st;

	if (stat(path, &st))
		return fault_set(why, -errno, "cannot find \"%s\": %s", path, strerror(errno));
	return S_ISREG(st.st_mode) ? 0 : fault_set(why, -EINVAL, "\"%s\" is not a program", path);
}

static bool is_pids_alone(const struct config_match *match)
{
	return match->pid_cnt && !match->exe && !match->cmdline && !match->unit && !match->cgroup &&
	       !pods_are_wanted(match);
}

int discover_all(struct pods *pods, const struct config_match *const *matches, size_t match_cnt,
		 struct discovery *ret_found, struct fault *why)
{
	const struct discover_place place = {"/proc", pods};
	bool is_needed = false;

	for (size_t i = 0; i < match_cnt; i++)
		is_needed |= !is_pids_alone(matches[i]);
	if (is_needed)
		return discover_all_in(&place, matches, match_cnt, ret_found, why);
	*ret_found = (struct discovery){.cnt = 0};
	return 0;
}

int discover_pids(const struct discovery *found, size_t idx, const struct config_match *match,
		  struct discovered_pids *ret_pids, struct fault *why)
{
	bool is_given = is_pids_alone(match);
	struct discovered_pids pids = {
		.items = calloc((is_given ? match->pid_cnt : found->cnt) + 1, sizeof(pid_t))};
	int err = 0;

	if (!pids.items)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; is_given && i < match->pid_cnt; i++)
		pids.items[pids.cnt++] = match->pids[i];
	for (size_t i = 0; !is_given && i < found->cnt; i++) {
		if (found->items[i].match_mask >> idx & 1)
			pids.items[pids.cnt++] = found->items[i].pid;
	}
	if (!pids.cnt && match->exe && !has_place(match))
		err = check_executable(match->exe, why);
	if (err) {
		free(pids.items);
		return err;
	}
	*ret_pids = pids;
	return 0;
}
