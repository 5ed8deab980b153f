/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaches the empty programs of empty.bpf.c to instructions of one process, says so, and keeps
 * them there until its standard input ends.
 *
 *   empty-load PID FILE KIND@OFFSET…     KIND: uprobe, return or session; OFFSET: in the file,
 * decimal
 *   empty-load sockets                   the hooks of sends, receives and arrivals, of all
 * processes
 */
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "empty.skel.h"

/* include/uapi/linux/bpf.h of 6.6 and 6.13; Debian 12's headers are older. */
#define ATTACH_UPROBE_MULTI   48
#define ATTACH_UPROBE_SESSION 57
#define UPROBE_MULTI_RETURN   1U
#define COMMAND_LINK_CREATE   28

enum kind { KIND_NONE = 0, KIND_UPROBE, KIND_RETURN, KIND_SESSION };

/* union bpf_attr of BPF_LINK_CREATE with its member uprobe_multi. */
struct link_create {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	__u64 path;
	__u64 offsets;
	__u64 ref_ctr_offsets;
	__u64 cookies;
	__u32 cnt;
	__u32 multi_flags;
	__u32 pid;
	__u32 path_fd;
};

static bool parse_number(const char *text, uint64_t *ret_value)
{
	char *end;

	errno = 0;
	*ret_value = strtoull(text, &end, 10);
	return !errno && end != text && !*end;
}

static enum kind parse_site(const char *text, uint64_t *ret_offset)
{
	static const struct {
		const char *prefix;
		enum kind kind;
	} kinds[] = {
		{"uprobe@", KIND_UPROBE}, {"return@", KIND_RETURN}, {"session@", KIND_SESSION}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t length = strlen(kinds[i].prefix);

		if (strncmp(text, kinds[i].prefix, length) == 0)
			return parse_number(text + length, ret_offset) ? kinds[i].kind : KIND_NONE;
	}
	return KIND_NONE;
}

/* Only what is asked for is loaded: a kernel without sessions still has empty uprobes. */
static struct empty_bpf *load(bool wants_session)
{
	struct empty_bpf *skel = empty_bpf__open();
	int err;

	if (!skel)
		return NULL;
	bpf_program__set_expected_attach_type(skel->progs.empty_uprobe, ATTACH_UPROBE_MULTI);
	bpf_program__set_expected_attach_type(skel->progs.empty_session, ATTACH_UPROBE_SESSION);
	bpf_program__set_autoload(skel->progs.empty_session, wants_session);
	bpf_program__set_autoload(skel->progs.empty_sent, false);
	bpf_program__set_autoload(skel->progs.empty_received, false);
	bpf_program__set_autoload(skel->progs.empty_arrived, false);
	err = empty_bpf__load(skel);
	if (!err)
		return skel;
	empty_bpf__destroy(skel);
	errno = -err;
	return NULL;
}

static int attach(const struct empty_bpf *skel, enum kind kind, uint64_t pid, const char *path,
		  uint64_t offset)
{
	const struct bpf_program *prog =
		kind == KIND_SESSION ? skel->progs.empty_session : skel->progs.empty_uprobe;
	struct link_create attr = {
		.prog_fd = (__u32)bpf_program__fd(prog),
		.attach_type = kind == KIND_SESSION ? ATTACH_UPROBE_SESSION : ATTACH_UPROBE_MULTI,
		.path = (__u64)(uintptr_t)path,
		.offsets = (__u64)(uintptr_t)&offset,
		.cnt = 1,
		.multi_flags = kind == KIND_RETURN ? UPROBE_MULTI_RETURN : 0,
		.pid = (__u32)pid,
	};

	return (int)syscall(__NR_bpf, COMMAND_LINK_CREATE, &attr, sizeof(attr));
}

static int attach_sockets(void)
{
	struct empty_bpf *skel = empty_bpf__open();
	int err = skel ? 0 : -1;

	if (!err) {
		bpf_program__set_autoload(skel->progs.empty_uprobe, false);
		bpf_program__set_autoload(skel->progs.empty_session, false);
		err = empty_bpf__load(skel);
	}
	if (!err)
		err = empty_bpf__attach(skel);
	if (err) {
		fprintf(stderr, "empty-load: cannot attach to sockets: %s\n", strerror(errno));
		empty_bpf__destroy(skel);
		return 1;
	}
	fputs("attached\n", stderr);
	while (getchar() != EOF)
		;
	empty_bpf__destroy(skel);
	return 0;
}

static int attach_all(uint64_t pid, const char *path, char **sites, int site_cnt)
{
	struct empty_bpf *skel = NULL;
	bool wants_session = false;
	uint64_t offset;

	for (int i = 0; i < site_cnt; i++) {
		enum kind kind = parse_site(sites[i], &offset);

		if (!kind) {
			fprintf(stderr, "empty-load: \"%s\" is not KIND@OFFSET\n", sites[i]);
			return 2;
		}
		wants_session |= kind == KIND_SESSION;
	}
	skel = load(wants_session);
	if (!skel) {
		fprintf(stderr, "empty-load: cannot load: %s\n", strerror(errno));
		return 1;
	}
	for (int i = 0; i < site_cnt; i++) {
		enum kind kind = parse_site(sites[i], &offset);

		if (attach(skel, kind, pid, path, offset) < 0) {
			fprintf(stderr, "empty-load: cannot attach \"%s\": %s\n", sites[i],
				strerror(errno));
			empty_bpf__destroy(skel);
			return 1;
		}
	}
	fputs("attached\n", stderr);
	while (getchar() != EOF)
		;
	empty_bpf__destroy(skel); /* the links end with the process */
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t pid;

	if (argc == 2 && strcmp(argv[1], "sockets") == 0)
		return attach_sockets();
	if (argc < 4 || !parse_number(argv[1], &pid)) {
		fputs("Usage: empty-load PID FILE KIND@OFFSET… | sockets\n", stderr);
		return 2;
	}
	return attach_all(pid, argv[2], argv + 3, argc - 3);
}
