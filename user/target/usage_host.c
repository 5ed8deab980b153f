/* SPDX-License-Identifier: Apache-2.0 */
/* The host: four files of /proc, kept open and read from their start, and one file system. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/time_units.h"
#include "target/usage.h"
#include "target/usage_host.h"
#include "target/usage_text.h"

#define TEXT_BYTES (64 * 1024) /* /proc/net/dev with 256 links, /proc/diskstats with 400 lines */
#define DEVICE_MAX 512	       /* block devices that are known to be disks, or not to be */

enum { HOST_CPUS, HOST_MEMORY, HOST_LINKS, HOST_DISKS, HOST_FILE_CNT };

/* net/dev is that of the thread that opens it: of the host's network, where the agent runs in it.
 */
static const char *const paths[HOST_FILE_CNT] = {"/proc/stat", "/proc/meminfo", "/proc/net/dev",
						 "/proc/diskstats"};

struct device {
	uint64_t device;
	char name[USAGE_DISK_NAME_BYTES];
	bool is_disk;
};

struct usage_host_reader {
	int fds[HOST_FILE_CNT];
	int state_fd;
	struct usage_scale scale;
	struct device devices[DEVICE_MAX];
	size_t device_cnt;
	char text[TEXT_BYTES];
};

/* A disk has a device behind it; partitions are not listed there, and loop, ram, dm and md have
 * none. */
static bool has_device(const char *name)
{
	char path[64 + USAGE_DISK_NAME_BYTES];
	int length = snprintf(path, sizeof(path), "/sys/block/%s/device", name);

	/* "cciss/c0d0" is a directory "cciss!c0d0" there. */
	for (int i = (int)strlen("/sys/block/"); i < length - (int)strlen("/device"); i++) {
		if (path[i] == '/')
			path[i] = '!';
	}
	return access(path, F_OK) == 0;
}

/* Asked for each line of each reading: looked up in /sys once. */
static bool is_disk(void *context, const char *name, uint64_t device)
{
	struct usage_host_reader *r = context;
	struct device *d = NULL;

	for (size_t i = 0; i < r->device_cnt && !d; i++) {
		if (r->devices[i].device == device)
			d = &r->devices[i];
	}
	if (d && strcmp(d->name, name) == 0)
		return d->is_disk;
	if (!d && r->device_cnt == DEVICE_MAX)
		return has_device(name);
	if (!d)
		d = &r->devices[r->device_cnt++];
	d->device = device;
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->is_disk = has_device(name);
	return d->is_disk;
}

int usage_host_open(const char *state_dir, struct usage_host_reader **ret_reader, struct fault *why)
{
	struct usage_host_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return fault_set(why, -ENOMEM, "out of memory");
	r->state_fd = -1;
	r->scale.tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	/* One that is not there leaves its values unknown. */
	for (size_t i = 0; i < HOST_FILE_CNT; i++)
		r->fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
	if (state_dir) {
		r->state_fd = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (r->state_fd < 0) {
			int err = -errno;

			usage_host_free(r);
			return fault_set(why, err, "cannot open the directory \"%s\": %s",
					 state_dir, strerror(-err));
		}
	}
	*ret_reader = r;
	return 0;
}

void usage_host_free(struct usage_host_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < HOST_FILE_CNT; i++) {
		if (reader->fds[i] >= 0)
			close(reader->fds[i]);
	}
	if (reader->state_fd >= 0)
		close(reader->state_fd);
	free(reader);
}

/* The kernel gives a page or so at a time. */
static int read_text(struct usage_host_reader *r, int fd, struct usage_text *ret_text)
{
	size_t total = 0;
	ssize_t cnt;

	if (fd < 0)
		return -ENOENT;
	do {
		cnt = pread(fd, r->text + total, sizeof(r->text) - total, (off_t)total);
		if (cnt < 0)
			return -errno;
		total += (size_t)cnt;
	} while (cnt > 0 && total < sizeof(r->text));
	*ret_text = (struct usage_text){r->text, total};
	return total < sizeof(r->text) ? 0 : -EFBIG;
}

static void read_state_directory(const struct usage_host_reader *r, struct usage_host *h)
{
	struct statvfs st;

	if (r->state_fd < 0 || fstatvfs(r->state_fd, &st) || st.f_bfree > st.f_blocks)
		return;
	h->state_free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	h->state_usable_bytes = (st.f_blocks - st.f_bfree + st.f_bavail) * (uint64_t)st.f_frsize;
}

void usage_host_read(struct usage_host_reader *reader, struct usage_host *ret_host)
{
	struct usage_host *h = ret_host;
	struct usage_text text = {0};
	struct sysinfo info;
	int err;

	h->cpu_total_ns = h->cpu_busy_ns = h->cpu_cnt = USAGE_UNKNOWN;
	h->memory_total_bytes = h->memory_available_bytes = USAGE_UNKNOWN;
	h->state_usable_bytes = h->state_free_bytes = USAGE_UNKNOWN;
	h->disk_cnt = h->link_cnt = SIZE_MAX;
	h->at_ns = usage_now_ns();
	/* Of many CPUs the interrupts behind them may not fit: they are not wanted. */
	err = read_text(reader, reader->fds[HOST_CPUS], &text);
	if (!err || err == -EFBIG)
		usage_text_cpus(text, &reader->scale, h);
	if (read_text(reader, reader->fds[HOST_MEMORY], &text) == 0)
		usage_text_meminfo(text, h);
	if (read_text(reader, reader->fds[HOST_LINKS], &text) == 0)
		usage_text_links(text, h);
	if (read_text(reader, reader->fds[HOST_DISKS], &text) == 0)
		usage_text_disks(text, is_disk, reader, h);
	read_state_directory(reader, h);
	h->load_1m = sysinfo(&info) ? -1 : (double)info.loads[0] / (1 << SI_LOAD_SHIFT);
}
