/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the programs for OpenSSL with the socket programs' maps, and attaches them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/link.h"
#include "probe/object.h"
#include "probe/sock_load.h"
#include "probe/tls.h"
#include "tls.skel.h"

struct tls_probe {
	struct tls_bpf *skel;
	struct sock_bpf *sock;
	bool is_multi; /* one link for many sites; else a perf event for each */
};

struct tls_group {
	struct tls_probe *tls;
	uint32_t pid;
	int *fds; /* links made by the bare system call */
	size_t fd_cnt;
	struct bpf_link **links; /* links made by libbpf */
	size_t link_cnt;
};

/* Maps of the same name are the same; those that no program here uses are not made. */
static int share_maps(struct tls_bpf *skel, const struct sock_bpf *sock)
{
	static const char *const shared[] = {"conns",	  "stream",	  "drafts",
					     "tls_calls", "tls_sessions", "tls_targets"};
	struct bpf_map *map;

	bpf_object__for_each_map(map, skel->obj)
	{
		if (!bpf_map__is_internal(map))
			bpf_map__set_autocreate(map, false);
	}
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		const struct bpf_map *from = bpf_object__find_map_by_name(sock->obj, shared[i]);
		int err;

		map = bpf_object__find_map_by_name(skel->obj, shared[i]);
		if (!map || !from)
			return -ENOENT;
		err = bpf_map__reuse_fd(map, bpf_map__fd(from));
		if (!err)
			err = bpf_map__set_autocreate(map, true);
		if (err)
			return err;
	}
	return 0;
}

static int load(struct tls_probe *tls, bool is_multi)
{
	int err;

	tls->skel = tls_bpf__open_opts(object_options());
	if (!tls->skel)
		return errno ? -errno : -EINVAL;
	err = share_maps(tls->skel, tls->sock);
	if (!err && is_multi) {
		struct bpf_program *program;

		bpf_object__for_each_program(program, tls->skel->obj)
			bpf_program__set_expected_attach_type(program, LINK_ATTACH_UPROBE_MULTI);
	}
	if (!err)
		err = tls_bpf__load(tls->skel);
	if (!err && is_multi && !link_has_multi(bpf_program__fd(tls->skel->progs.tls_enter)))
		err = -ENOTSUP;
	if (err) {
		tls_bpf__destroy(tls->skel);
		tls->skel = NULL;
	}
	tls->is_multi = is_multi;
	return err;
}

int tls_open(struct sock_probe *sock, enum probe_level level, struct tls_probe **ret_tls,
	     struct fault *why)
{
	struct tls_probe *tls = calloc(1, sizeof(*tls));
	int err = -ENOTSUP;

	if (!tls)
		return fault_set(why, -ENOMEM, "out of memory");
	tls->sock = sock->skel;
	if (level != PROBE_LEVEL_PERF)
		err = load(tls, true);
	if (err && (level == PROBE_LEVEL_AUTO || level == PROBE_LEVEL_PERF))
		err = load(tls, false);
	if (err) {
		free(tls);
		return fault_set(why, err, "the programs for OpenSSL cannot be loaded: %s",
				 strerror(-err));
	}
	*ret_tls = tls;
	return 0;
}

void tls_free(struct tls_probe *tls)
{
	if (!tls)
		return;
	tls->sock->bss->has_tls = 0;
	tls_bpf__destroy(tls->skel);
	free(tls);
}

bool tls_can_attach(const struct tls_probe *tls)
{
	return tls->is_multi && link_has_multi(bpf_program__fd(tls->skel->progs.tls_enter));
}

static struct bpf_program *program_of(const struct tls_probe *tls, enum exit_mode mode,
				      bool is_exit)
{
	if (!is_exit)
		return tls->skel->progs.tls_enter;
	return mode == EXIT_HIJACK ? tls->skel->progs.tls_return : tls->skel->progs.tls_exit;
}

static int attach_sites(struct tls_group *group, const struct bpf_program *program,
			const struct link_sites *sites)
{
	int err = 0, fd;

	if (group->tls->is_multi) {
		fd = link_create_multi(bpf_program__fd(program), LINK_ATTACH_UPROBE_MULTI, sites);
		if (fd < 0)
			return fd;
		group->fds[group->fd_cnt++] = fd;
		return 0;
	}
	for (size_t i = 0; i < sites->cnt; i++) {
		struct bpf_link *link = link_create_perf(program, sites, i, &err);

		if (!link)
			return err;
		group->links[group->link_cnt++] = link;
	}
	return 0;
}

/* The instructions of one function that see it begin, or end. */
static size_t list_sites(const struct tls_function *f, bool is_exit, unsigned long *offsets)
{
	size_t cnt = 0;

	if (is_exit && (f->function == TS_TLS_GET_ERROR || f->function == TS_TLS_FREE))
		return 0;
	if (!is_exit || f->plan.exit_mode == EXIT_HIJACK) {
		offsets[cnt++] = f->plan.entry_file_offset;
		return cnt;
	}
	for (size_t i = 0; i < f->plan.exit_cnt; i++) {
		if (!f->plan.exits[i].is_tail)
			offsets[cnt++] = f->plan.exits[i].file_offset;
	}
	return cnt;
}

static int attach_function(struct tls_group *group, const struct tls_function *f, bool is_exit)
{
	size_t room = f->plan.exit_cnt + 1;
	struct link_sites sites = {
		.path = image_probe_path(f->image),
		.pid = (pid_t)group->pid,
		.is_return = is_exit && f->plan.exit_mode == EXIT_HIJACK,
		.offsets = calloc(room, sizeof(unsigned long)),
		.cookies = calloc(room, sizeof(uint64_t)),
	};
	int err = -ENOMEM;

	if (sites.offsets && sites.cookies) {
		sites.cnt = list_sites(f, is_exit, sites.offsets);
		for (size_t i = 0; i < sites.cnt; i++)
			sites.cookies[i] = f->function;
		err = sites.cnt ? attach_sites(group,
					       program_of(group->tls, f->plan.exit_mode, is_exit),
					       &sites)
				: 0;
	}
	free(sites.offsets);
	free(sites.cookies);
	return err;
}

static int attach_all(struct tls_group *group, const struct tls_functions *functions,
		      struct fault *why)
{
	/* Exits first: an entry whose exit is not probed would seem to go on. */
	for (int is_exit = 1; is_exit >= 0; is_exit--) {
		for (size_t i = 0; i < functions->cnt; i++) {
			const struct tls_function *f = &functions->items[i];
			int err = attach_function(group, f, is_exit);

			if (err)
				return fault_set(
					why, err,
					"the kernel refuses a probe in \"%s\" of \"%s\": %s",
					f->plan.raw_name, image_path(f->image), strerror(-err));
		}
	}
	return 0;
}

/* Connections from this number on are seen from their first byte on. */
static int set_target(struct tls_group *group, uint64_t first_conn)
{
	int fd = bpf_map__fd(group->tls->sock->maps.tls_targets);

	return bpf_map_update_elem(fd, &group->pid, &first_conn, BPF_ANY) ? -errno : 0;
}

static int group_init(struct tls_group *group, const struct tls_functions *functions)
{
	size_t site_cnt = 0;

	for (size_t i = 0; i < functions->cnt; i++)
		site_cnt += functions->items[i].plan.exit_cnt + 2;
	group->fds = calloc(site_cnt + 1, sizeof(*group->fds));
	group->links = calloc(site_cnt + 1, sizeof(struct bpf_link *));
	return group->fds && group->links ? 0 : -ENOMEM;
}

int tls_attach(struct tls_probe *tls, pid_t pid, const struct tls_functions *functions,
	       struct tls_group **ret_group, struct fault *why)
{
	struct tls_group *group = calloc(1, sizeof(*group));
	int err;

	if (!group)
		return fault_set(why, -ENOMEM, "out of memory");
	group->tls = tls;
	group->pid = (uint32_t)pid;
	tls->sock->bss->has_tls = 1;
	err = group_init(group, functions);
	/* None is, until all probes are there. */
	if (!err)
		err = set_target(group, UINT64_MAX);
	if (err) {
		fault_set(why, err, "cannot watch OpenSSL in process %d: %s", pid, strerror(-err));
		goto detach;
	}
	err = attach_all(group, functions, why);
	if (err)
		goto detach;
	set_target(group, tls->sock->bss->conn_cnt);
	*ret_group = group;
	return 0;
detach:
	tls_detach(group);
	return err;
}

/* What the process has not given back itself. */
static void forget_sessions(const struct tls_group *group)
{
	int fd = bpf_map__fd(group->tls->sock->maps.tls_sessions);
	struct ts_tls_key key, next;
	int err = bpf_map_get_next_key(fd, NULL, &next);

	while (!err) {
		key = next;
		err = bpf_map_get_next_key(fd, &key, &next);
		if (key.tgid == group->pid)
			bpf_map_delete_elem(fd, &key);
	}
}

void tls_detach(struct tls_group *group)
{
	if (!group)
		return;
	forget_sessions(group);
	bpf_map_delete_elem(bpf_map__fd(group->tls->sock->maps.tls_targets), &group->pid);
	for (; group->fd_cnt; group->fd_cnt--)
		close(group->fds[group->fd_cnt - 1]);
	for (; group->link_cnt; group->link_cnt--)
		bpf_link__destroy(group->links[group->link_cnt - 1]);
	free(group->fds);
	free(group->links);
	free(group);
}

uint64_t tls_unplaced_bytes(const struct tls_probe *tls)
{
	return tls->skel->bss->bytes_unplaced;
}

uint64_t tls_dropped_records(const struct tls_probe *tls)
{
	return tls->skel->bss->stream_dropped + tls->skel->bss->calls_missed +
	       tls->sock->bss->tls_dropped;
}
