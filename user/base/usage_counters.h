/* SPDX-License-Identifier: Apache-2.0 */
/* What processes and the host have used so far, as /proc counts it. Times are since boot
 * (CLOCK_BOOTTIME). A number that could not be read is USAGE_UNKNOWN, never 0. */
#ifndef TICKSCOPE_BASE_USAGE_COUNTERS_H
#define TICKSCOPE_BASE_USAGE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define USAGE_UNKNOWN UINT64_MAX

/* pid and start_ns together name a process: a pid is used again. */
struct usage_process {
	pid_t pid;
	uint64_t start_ns; /* in steps of a clock tick (10 ms), rounded down */
	uint64_t cpu_ns;   /* user and system, all threads, those that ended too */
	uint64_t rss_bytes;
	uint64_t virtual_bytes;
	uint64_t thread_cnt;
	uint64_t descriptor_cnt;
	uint64_t descriptor_max; /* RLIMIT_NOFILE; unknown where there is no limit, too */
	uint64_t read_bytes;	 /* from storage: not what the page cache had */
	uint64_t written_bytes;	 /* caused to be sent to storage */
	uint64_t switch_cnt;	 /* times that a thread was put on a CPU, since it is watched */
};

#define USAGE_DISK_MAX	      64  /* larger hosts have arrays, which are few disks to them */
#define USAGE_LINK_MAX	      256 /* one for each container, mostly */
#define USAGE_LINK_NAME_BYTES 16  /* IFNAMSIZ */

/* A whole disk, not its partitions nor what is built upon disks. */
struct usage_disk {
	uint64_t device; /* major << 32 | minor */
	uint64_t read_bytes;
	uint64_t written_bytes;
	uint64_t busy_ns; /* had at least one request to work on */
};

struct usage_link {
	char name[USAGE_LINK_NAME_BYTES];
	uint64_t received_bytes;
	uint64_t sent_bytes;
};

struct usage_host {
	uint64_t at_ns;
	uint64_t cpu_total_ns; /* of all CPUs, idle or not */
	uint64_t cpu_busy_ns;  /* what a hypervisor took counts as busy */
	uint64_t cpu_cnt;      /* online */
	uint64_t memory_total_bytes;
	uint64_t memory_available_bytes;
	uint64_t state_usable_bytes; /* of the file system of the state directory: all but what
					is kept for root */
	uint64_t state_free_bytes;   /* of these */
	double load_1m;		     /* negative: not known */
	struct usage_disk disks[USAGE_DISK_MAX];
	size_t disk_cnt; /* SIZE_MAX: not known, or more than there is room for */
	struct usage_link links[USAGE_LINK_MAX]; /* without lo */
	size_t link_cnt;			 /* likewise */
};

#endif
