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

static bool has_pid(const struct config_match *match, pid_t pid)
{
	for (size_t i = 0; i < match->pid_cnt; i++) {
		if (match->pids[i] == pid)
			return true;
	}
	return !match->pid_cnt;
}

/* The same file, or one that stood at this path and was replaced since: an upgrade. */
static bool runs_file(int process_fd, const char *path)
{
	char link[PATH_MAX + sizeof(DELETED)];
	struct stat wanted, st;
	size_t length = strlen(path);
	ssize_t bytes;

	if (!stat(path, &wanted) && !fstatat(process_fd, "exe", &st, 0) &&
	    st.st_dev == wanted.st_dev && st.st_ino == wanted.st_ino)
		return true;
	bytes = readlinkat(process_fd, "exe", link, sizeof(link) - 1);
	if (bytes < 0)
		return false;
	link[bytes] = '\0';
	return strncmp(link, path, length) == 0 && strcmp(link + length, DELETED) == 0;
}

static bool has_cmdline(int process_fd, const char *glob)
{
	char text[TEXT_BYTES];
	ssize_t bytes = read_text(process_fd, "cmdline", text, sizeof(text));

	while (bytes > 0 && !text[bytes - 1])
		bytes--;
	for (ssize_t i = 0; i < bytes; i++) {
		if (!text[i])
			text[i] = ' ';
	}
	return bytes > 0 && glob_matches(glob, text, NULL);
}

static bool has_cgroup(int process_fd, const struct config_match *match)
{
	char text[TEXT_BYTES];

	if (read_text(process_fd, "cgroup", text, sizeof(text)) < 0)
		return false;
	return (!match->unit || cgroup_path_has_unit(text, match->unit)) &&
	       (!match->cgroup || cgroup_path_is_below(text, match->cgroup));
}

static bool has_condition(const struct config_match *match)
{
	return match->pid_cnt || match->exe || match->cmdline || match->unit || match->cgroup;
}

static bool matches_process(int process_fd, const struct config_match *match)
{
	/* What rules out most of them is asked first. */
	return (!match->exe || runs_file(process_fd, match->exe)) &&
	       (!match->cmdline || has_cmdline(process_fd, match->cmdline)) &&
	       ((!match->unit && !match->cgroup) || has_cgroup(process_fd, match)) &&
	       is_program(process_fd);
}

static bool matches_at(int proc_fd, const struct config_match *match, pid_t pid)
{
	char name[16];
	bool is_match;
	int fd;

	if (!has_condition(match) || !has_pid(match, pid) || pid == getpid())
		return false;
	snprintf(name, sizeof(name), "%d", pid);
	fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_match = matches_process(fd, match);
	close(fd);
	return is_match;
}

bool discover_matches_in(const char *proc, const struct config_match *match, pid_t pid)
{
	int proc_fd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool is_match = proc_fd >= 0 && matches_at(proc_fd, match, pid);

	if (proc_fd >= 0)
		close(proc_fd);
	return is_match;
}

bool discover_matches(const struct config_match *match, pid_t pid)
{
	return discover_matches_in("/proc", match, pid);
}

static int compare_pids(const void *left, const void *right)
{
	return *(const pid_t *)left - *(const pid_t *)right;
}

/* The pid that an entry of /proc is; 0: it is something else. */
static pid_t pid_of(const char *name)
{
	uint64_t pid;
	const char *end = read_number(name, &pid);

	return end && !*end && pid <= INT_MAX ? (pid_t)pid : 0;
}

static int add_pid(struct discovered *d, pid_t pid)
{
	/* Grown by doubling: whenever the count is a power of two. */
	if (!(d->cnt & (d->cnt - 1))) {
		pid_t *pids = reallocarray(d->pids, d->cnt ? 2 * d->cnt : 1, sizeof(*pids));

		if (!pids)
			return -ENOMEM;
		d->pids = pids;
	}
	d->pids[d->cnt++] = pid;
	return 0;
}

int discover_all_in(const char *proc, const struct config_match *match,
		    struct discovered *ret_found, struct fault *why)
{
	struct discovered found = {.cnt = 0};
	DIR *dir = opendir(proc);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return fault_set(why, -errno, "cannot list processes: %s", strerror(errno));
	while (!err && (entry = readdir(dir))) {
		pid_t pid = pid_of(entry->d_name);

		if (pid && matches_at(dirfd(dir), match, pid))
			err = add_pid(&found, pid);
	}
	closedir(dir);
	if (err) {
		free(found.pids);
		return fault_set(why, err, "out of memory");
	}
	if (found.cnt)
		qsort(found.pids, found.cnt, sizeof(*found.pids), compare_pids);
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

static int copy_pids(const struct config_match *match, struct discovered *ret_found,
		     struct fault *why)
{
	ret_found->pids = calloc(match->pid_cnt, sizeof(*ret_found->pids));
	if (!ret_found->pids)
		return fault_set(why, -ENOMEM, "out of memory");
	memcpy(ret_found->pids, match->pids, match->pid_cnt * sizeof(*ret_found->pids));
	ret_found->cnt = match->pid_cnt;
	return 0;
}

int discover_all(const struct config_match *match, size_t max_cnt, pid_t **ret_pids,
		 size_t *ret_cnt, struct fault *why)
{
	bool is_pids =
		match->pid_cnt && !match->exe && !match->cmdline && !match->unit && !match->cgroup;
	struct discovered found = {.cnt = 0};
	int err = is_pids ? copy_pids(match, &found, why)
			  : discover_all_in("/proc", match, &found, why);

	if (!err && !found.cnt && match->exe)
		err = check_executable(match->exe, why);
	if (err) {
		free(found.pids);
		return err;
	}
	*ret_pids = found.pids;
	/* Of too many the oldest numbers stay, whatever order the kernel told them in. */
	*ret_cnt = found.cnt < max_cnt ? found.cnt : max_cnt;
	return 0;
}
