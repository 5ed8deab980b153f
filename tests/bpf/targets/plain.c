/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function a known number of times, from one thread or several: plain MODE N THREADS [LOG].
 * Built in many ways: see rules.mk. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target.h"

#define THREAD_MAX 16

static volatile long sink;

TRACED int plain_leaf(int i)
{
	sink += i;
	return i % 5 == 0 ? -i : i;
}

TRACED int plain_caller(int i)
{
	return plain_leaf(i) + plain_leaf(i + 1);
}

TRACED unsigned char plain_bool(int i)
{
	sink++;
	return i % 4 == 0;
}

/* A jump table, with and without position-independent code. */
TRACED int plain_switch(int i)
{
	switch (i & 7) {
	case 0:
		sink += 1;
		return 3;
	case 1:
		sink += 2;
		break;
	case 2:
		sink *= 3;
		return -1;
	case 3:
		sink -= 4;
		break;
	case 4:
		sink ^= 5;
		return 9;
	case 5:
		sink += 6;
		break;
	default:
		sink += 7;
	}
	return (int)sink;
}

/* What a thread has done so far: a call that runs is in `began` only. */
struct progress {
	volatile long began;
	volatile long ended;
	long reserved[6]; /* a cache line each */
};

struct work {
	int (*fn)(int);
	long n;
	struct progress *progress;
};

static void *run(void *context)
{
	const struct work *w = context;

	for (long i = 1; i <= w->n; i++) {
		w->progress->began = i;
		w->fn((int)i);
		w->progress->ended = i;
	}
	return NULL;
}

/* In a file: it outlives a process that is killed. */
static struct progress *map_progress(const char *path)
{
	size_t bytes = THREAD_MAX * sizeof(struct progress);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *mapped;

	target_check(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0, "cannot write the log");
	mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	target_check(mapped != MAP_FAILED, "cannot map the log");
	close(fd);
	return mapped;
}

static int run_bool(int i)
{
	return plain_bool(i);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "leaf";
	long n = argc > 2 ? atol(argv[2]) : 1000;
	int threads = argc > 3 ? atoi(argv[3]) : 1;
	int (*fn)(int) = strcmp(mode, "caller") == 0   ? plain_caller
			 : strcmp(mode, "switch") == 0 ? plain_switch
			 : strcmp(mode, "bool") == 0   ? run_bool
						       : plain_leaf;
	struct progress unlogged[THREAD_MAX] = {0};
	struct progress *progress = argc > 4 ? map_progress(argv[4]) : unlogged;
	struct work works[THREAD_MAX];
	pthread_t ids[THREAD_MAX];
	long errors = fn == plain_leaf ? n / 5 : fn == run_bool ? n - n / 4 : 0;

	target_ready();
	for (int i = 0; i < threads; i++) {
		works[i] = (struct work){fn, n, &progress[i]};
		pthread_create(&ids[i], NULL, run, &works[i]);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	target_truth(n * threads, 0, errors * threads);
	target_wait();
	return 0;
}
