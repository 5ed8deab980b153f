/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of /proc that count what processes and the host use, parsed. Pure. Each function
 * returns 0, or -EBADMSG where the text is not what it should be: then
 * the counts in its result are untouched. */
#ifndef TICKSCOPE_TARGET_USAGE_TEXT_H
#define TICKSCOPE_TARGET_USAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/usage_counters.h"

/* Some text of /proc, not terminated. */
struct usage_text {
	const char *at;
	size_t bytes;
};

/* What /proc counts in, of this machine. */
struct usage_scale {
	uint64_t tick_ns;
	uint64_t page_bytes;
};

/* /proc/PID/stat: fills start, CPU time, memory and threads. ret_has_ended: a zombie. One whose
 * other threads run on has no memory of its own to show: that is unknown then. */
int usage_text_stat(struct usage_text text, const struct usage_scale *scale,
		    struct usage_process *ret_process, bool *ret_has_ended);
/* /proc/PID/io: bytes of storage. */
int usage_text_io(struct usage_text text, struct usage_process *ret_process);
/* /proc/PID/limits: the soft limit of open files; "unlimited" is USAGE_UNKNOWN. */
int usage_text_limits(struct usage_text text, uint64_t *ret_descriptor_max);
/* /proc/PID/task/TID/schedstat: how often the thread was put on a CPU. */
int usage_text_schedstat(struct usage_text text, uint64_t *ret_switch_cnt);

/* /proc/stat, of which the end may be missing after the lines of the CPUs. */
int usage_text_cpus(struct usage_text text, const struct usage_scale *scale,
		    struct usage_host *ret_host);
int usage_text_meminfo(struct usage_text text, struct usage_host *ret_host);
/* /proc/net/dev. -ENOSPC: more than USAGE_LINK_MAX. */
int usage_text_links(struct usage_text text, struct usage_host *ret_host);

/* Whether a block device is a whole disk of its own. */
typedef bool (*usage_is_disk_fn)(void *context, const char *name, uint64_t device);
#define USAGE_DISK_NAME_BYTES 32 /* DISK_NAME_LEN */

/* /proc/diskstats. -ENOSPC: more than USAGE_DISK_MAX. */
int usage_text_disks(struct usage_text text, usage_is_disk_fn is_disk, void *context,
		     struct usage_host *ret_host);

#endif
