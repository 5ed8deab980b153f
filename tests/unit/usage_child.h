/* SPDX-License-Identifier: Apache-2.0 */
/* A process that uses known amounts when it is told to. */
#ifndef TICKSCOPE_TESTS_UNIT_USAGE_CHILD_H
#define TICKSCOPE_TESTS_UNIT_USAGE_CHILD_H

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB 1048576

/* A child that does what it is told, one byte each, and answers when it is done. */
struct child {
	pid_t pid;
	int to_fd;
	int from_fd;
	struct usage *usage;
};

#define BURN_NS	      300000000ULL
#define MAP_BYTES     (64 * MIB)
#define FILE_CNT      37
#define FILE_LIMIT    1234
#define WRITTEN_BYTES (8 * MIB)
#define SWITCH_CNT    500
#define THREAD_CNT    3
#define DIRECTORY     "/var/tmp" /* /tmp may be in memory */

static inline void burn(void)
{
	struct timespec now;

	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	} while ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec < BURN_NS);
}

static inline void *wait_forever(void *started)
{
	for (;;)
		pthread_barrier_wait(started); /* the second time not all come */
	return NULL;
}

/* All of them have run when it returns. */
static inline void start_threads(void)
{
	static pthread_barrier_t started;
	pthread_t thread;

	pthread_barrier_init(&started, NULL, THREAD_CNT + 1);
	for (int i = 0; i < THREAD_CNT; i++)
		pthread_create(&thread, NULL, wait_forever, &started);
	pthread_barrier_wait(&started);
}

/* Switches back and forth with another process, which is what makes them voluntary and certain. */
static inline void switch_often(void)
{
	int there[2], back[2];
	char byte = 0;

	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		_exit(4);
	if (!fork()) {
		close(there[1]);
		while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	for (int i = 0; i < SWITCH_CNT; i++) {
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			_exit(5);
	}
	close(there[1]);
	wait(NULL);
	close(there[0]);
	close(back[0]);
	close(back[1]);
}

static inline void write_file(void)
{
	char path[] = DIRECTORY "/tickscope-usage-XXXXXX", *bytes = calloc(1, MIB);
	int fd = mkstemp(path);

	unlink(path);
	for (int i = 0; bytes && i < WRITTEN_BYTES / MIB; i++) {
		if (write(fd, bytes, MIB) != MIB)
			_exit(6);
	}
	if (fdatasync(fd))
		_exit(6);
	close(fd);
	free(bytes);
}

static inline void open_files(void)
{
	struct rlimit limit = {FILE_LIMIT, FILE_LIMIT};

	for (int i = 0; i < FILE_CNT; i++) {
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			_exit(7);
	}
	if (setrlimit(RLIMIT_NOFILE, &limit))
		_exit(7);
}

static inline void map_memory(void)
{
	char *memory = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		_exit(8);
}

static inline void live(int in_fd, int out_fd)
{
	static const struct {
		char what;
		void (*act)(void);
	} acts[] = {
		{'r', NULL},	   {'c', burn},		{'m', map_memory},    {'d', open_files},
		{'w', write_file}, {'s', switch_often}, {'t', start_threads}, {'l', start_threads},
	};
	char what;

	while (read(in_fd, &what, 1) == 1) {
		for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
			if (acts[i].what == what && acts[i].act)
				acts[i].act();
		}
		if (write(out_fd, &what, 1) != 1)
			break;
		if (what == 'l') /* the first thread ends, others do not */
			syscall(SYS_exit, 0);
	}
	_exit(0);
}

#endif
