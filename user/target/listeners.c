/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/net/tcp lists the sockets of a whole network namespace; /proc/PID/fd tells whose they
 * are. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/capability.h"
#include "target/listeners.h"

#define STATE_LISTEN 0x0a /* TCP_LISTEN, as /proc/net/tcp has it */
#define FD_MAX	     65536
/* What /proc/PID/fd of another user asks for. */
#define FOREIGN_FILES \
	(CAPABILITY_BIT(CAPABILITY_SYS_PTRACE) | CAPABILITY_BIT(CAPABILITY_DAC_READ_SEARCH))

struct inodes {
	uint64_t *items; /* sorted */
	size_t cnt;
};

static int compare_inodes(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* Inode numbers of the sockets that a process has open. */
static int read_sockets(pid_t pid, struct inodes *ret, struct fault *why)
{
	char path[300];
	struct dirent *entry;
	char hint[CAPABILITY_HINT_BYTES];
	struct stat st;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fds = opendir(path);
	if (!fds)
		return fault_set(why, -errno, "cannot list the files of process %d: %s%s", pid,
				 strerror(errno),
				 errno == EACCES ? capability_hint(FOREIGN_FILES, hint) : "");
	ret->cnt = 0;
	ret->items = calloc(FD_MAX, sizeof(*ret->items));
	while (ret->items && ret->cnt < FD_MAX && (entry = readdir(fds))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
			ret->items[ret->cnt++] = st.st_ino;
	}
	closedir(fds);
	if (!ret->items)
		return fault_set(why, -ENOMEM, "out of memory");
	qsort(ret->items, ret->cnt, sizeof(*ret->items), compare_inodes);
	return 0;
}

/* One line: "  0: 0100007F:1F90 00000000:0000 0A …:… …:… … uid timeout inode …". */
static bool parse_line(const char *line, unsigned int *ret_port, uint64_t *ret_inode)
{
	unsigned int state;

	return sscanf(line,
		      "%*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*d %*d "
		      "%" SCNu64,
		      ret_port, &state, ret_inode) == 3 &&
	       state == STATE_LISTEN;
}

static void add_port(struct listeners *l, uint16_t port)
{
	for (size_t i = 0; i < l->port_cnt; i++) {
		if (l->ports[i] == port)
			return;
	}
	if (l->port_cnt < LISTENER_MAX)
		l->ports[l->port_cnt++] = port;
}

static void read_ports(pid_t pid, const char *file, const struct inodes *own, struct listeners *l)
{
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *table;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, file);
	table = fopen(path, "re");
	if (!table)
		return; /* a kernel without IPv6 */
	while (getline(&line, &room, table) > 0) {
		unsigned int port;
		uint64_t inode;

		if (own->cnt && parse_line(line, &port, &inode) &&
		    bsearch(&inode, own->items, own->cnt, sizeof(inode), compare_inodes))
			add_port(l, (uint16_t)port);
	}
	free(line);
	fclose(table);
}

int listeners_read(pid_t pid, struct listeners *ret_listeners, struct fault *why)
{
	struct inodes own = {0};
	char path[64];
	struct stat st;
	int err;

	*ret_listeners = (struct listeners){0};
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (stat(path, &st))
		return fault_set(why, -errno, "cannot see the network of process %d: %s", pid,
				 strerror(errno));
	ret_listeners->netns = (uint32_t)st.st_ino;
	err = read_sockets(pid, &own, why);
	if (err)
		return err;
	read_ports(pid, "tcp", &own, ret_listeners);
	read_ports(pid, "tcp6", &own, ret_listeners);
	free(own.items);
	return 0;
}
