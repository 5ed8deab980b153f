/* SPDX-License-Identifier: Apache-2.0 */
/* A group of sites that are attached and detached together: site numbers, links, their order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/internal.h"

struct probe_group {
	struct probe *probe;
	uint32_t *sites; /* taken from probe->free_sites */
	size_t site_cnt;
	int *fds; /* links made by the bare system call; -1: detached */
	size_t fd_cnt;
	struct bpf_link **links; /* links made by libbpf; NULL: detached */
	size_t link_cnt;
	uint32_t *owners; /* of each link, of either kind: a series, or POINT_OWNER of a point */
};

#define NO_OWNER	   UINT32_MAX /* it has sites of several */
#define POINT_OWNER(point) ((point) | 1U << 31)

/* Exits go first: an entry whose exit is not probed yet would stay open for ever. */
static const enum program attach_order[PROGRAM_CNT] = {PROGRAM_MARK_RETURN, PROGRAM_MARK,
						       PROGRAM_EXIT,	    PROGRAM_RETURN,
						       PROGRAM_ENTRY,	    PROGRAM_SESSION};

static struct bpf_program *program_of(const struct probe *probe, enum program program)
{
	switch (program) {
	case PROGRAM_ENTRY:
		return probe->skel->progs.func_entry;
	case PROGRAM_EXIT:
		return probe->skel->progs.func_exit;
	case PROGRAM_RETURN:
		return probe->skel->progs.func_return;
	case PROGRAM_MARK:
		return probe->skel->progs.func_mark;
	case PROGRAM_MARK_RETURN:
		return probe->skel->progs.func_mark_return;
	default:
		return probe->skel->progs.func_session;
	}
}

static int group_take_sites(struct probe_group *group, const struct site_request *requests,
			    size_t cnt)
{
	int sites_fd = bpf_map__fd(group->probe->skel->maps.sites);

	if (group->probe->free_site_cnt < cnt)
		return -ENOSPC;
	for (size_t i = 0; i < cnt; i++) {
		uint32_t idx = group->probe->free_sites[group->probe->free_site_cnt - 1];

		if (bpf_map_update_elem(sites_fd, &idx, &requests[i].site, BPF_ANY))
			return -errno;
		group->probe->free_site_cnt--;
		group->sites[group->site_cnt++] = idx;
	}
	return 0;
}

static int group_attach_multi(struct probe_group *group, enum program program,
			      const struct link_sites *sites)
{
	int type =
		program == PROGRAM_SESSION ? LINK_ATTACH_UPROBE_SESSION : LINK_ATTACH_UPROBE_MULTI;
	int fd = link_create_multi(bpf_program__fd(program_of(group->probe, program)), type, sites);

	if (fd < 0)
		return fd;
	group->fds[group->fd_cnt++] = fd;
	return 0;
}

static int group_attach_perf(struct probe_group *group, enum program program,
			     const struct link_sites *sites)
{
	int err = 0;

	for (size_t i = 0; i < sites->cnt; i++) {
		struct bpf_link *link =
			link_create_perf(program_of(group->probe, program), sites, i, &err);

		if (!link)
			return err;
		group->links[group->link_cnt++] = link;
	}
	return 0;
}

static int group_attach_sites(struct probe_group *group, enum program program,
			      const struct link_sites *sites)
{
	return group->probe->level == PROBE_LEVEL_PERF ? group_attach_perf(group, program, sites)
						       : group_attach_multi(group, program, sites);
}

/*
 * The kernel refuses a link as a whole and does not say for which site: tries them one by one, on
 * links that are closed at once.
 */
static size_t group_find_refused(struct probe_group *group, enum program program,
				 const struct link_sites *sites, const size_t *origin)
{
	for (size_t i = 0; i < sites->cnt; i++) {
		struct link_sites one = *sites;
		size_t fd_cnt = group->fd_cnt, link_cnt = group->link_cnt;
		int err;

		one.cnt = 1;
		one.offsets += i;
		one.cookies += i;
		err = group_attach_sites(group, program, &one);
		if (err)
			return origin[i];
		for (; group->fd_cnt > fd_cnt; group->fd_cnt--)
			close(group->fds[group->fd_cnt - 1]);
		for (; group->link_cnt > link_cnt; group->link_cnt--)
			bpf_link__destroy(group->links[group->link_cnt - 1]);
	}
	return SIZE_MAX;
}

struct gather {
	struct link_sites sites;
	uint32_t owner; /* NO_OWNER: they need not be of one */
	size_t *origin; /* index of the request behind each site */
	bool *is_done;
};

static uint32_t owner_of(const struct site_request *request)
{
	if (!request->is_separate)
		return NO_OWNER;
	return request->program == PROGRAM_MARK || request->program == PROGRAM_MARK_RETURN
		       ? POINT_OWNER(request->site.series)
		       : request->site.series;
}

/* Fills g->sites with the not yet attached requests of this program in the file of the first of
 * them; their number. */
static size_t gather_file(struct gather *g, const struct probe_group *group, enum program program,
			  const struct site_request *requests)
{
	uint32_t owner;

	g->sites.cnt = 0;
	g->sites.path = NULL;
	for (size_t i = 0; i < group->site_cnt; i++) {
		if (g->is_done[i] || requests[i].program != program)
			continue;
		owner = owner_of(&requests[i]);
		if (g->sites.path &&
		    (strcmp(g->sites.path, requests[i].path) != 0 || owner != g->owner))
			continue;
		g->sites.path = requests[i].path;
		g->owner = owner;
		g->sites.offsets[g->sites.cnt] = requests[i].file_offset;
		g->sites.cookies[g->sites.cnt] = group->sites[i];
		g->origin[g->sites.cnt++] = i;
		g->is_done[i] = true;
	}
	return g->sites.cnt;
}

static int group_attach_all(struct probe_group *group, pid_t pid,
			    const struct site_request *requests, size_t *ret_failed)
{
	size_t cnt = group->site_cnt;
	struct gather g = {
		.sites = {.pid = pid,
			  .offsets = calloc(cnt + 1, sizeof(unsigned long)),
			  .cookies = calloc(cnt + 1, sizeof(uint64_t))},
		.origin = calloc(cnt + 1, sizeof(size_t)),
		.is_done = calloc(cnt + 1, sizeof(bool)),
	};
	int err = -ENOMEM;

	if (!g.sites.offsets || !g.sites.cookies || !g.origin || !g.is_done)
		goto free_gather;
	err = 0;
	for (int i = 0; i < PROGRAM_CNT && !err; i++) {
		g.sites.is_return =
			attach_order[i] == PROGRAM_RETURN || attach_order[i] == PROGRAM_MARK_RETURN;
		while (!err && gather_file(&g, group, attach_order[i], requests)) {
			size_t before = group->fd_cnt + group->link_cnt;

			err = group_attach_sites(group, attach_order[i], &g.sites);
			while (before < group->fd_cnt + group->link_cnt)
				group->owners[before++] = g.owner;
			if (err)
				*ret_failed = group_find_refused(group, attach_order[i], &g.sites,
								 g.origin);
		}
	}
free_gather:
	free(g.sites.offsets);
	free(g.sites.cookies);
	free(g.origin);
	free(g.is_done);
	return err;
}

int group_attach(struct probe *probe, pid_t pid, const struct site_request *requests, size_t cnt,
		 struct probe_group **ret_group, size_t *ret_failed)
{
	struct probe_group *group = calloc(1, sizeof(*group));
	int err = -ENOMEM;

	*ret_failed = SIZE_MAX;
	if (!group)
		return err;
	group->probe = probe;
	group->sites = calloc(cnt + 1, sizeof(*group->sites));
	group->fds = calloc(cnt + 1,
			    sizeof(*group->fds)); /* one more for the search of a refused site */
	group->links = calloc(cnt + 1, sizeof(struct bpf_link *));
	group->owners = calloc(cnt + 1, sizeof(*group->owners));
	if (!group->sites || !group->fds || !group->links || !group->owners)
		goto detach;
	err = group_take_sites(group, requests, cnt);
	if (err)
		goto detach;
	err = group_attach_all(group, pid, requests, ret_failed);
	if (err)
		goto detach;
	*ret_group = group;
	return 0;
detach:
	probe_detach(group);
	return err;
}

static void detach_fd(struct probe_group *group, size_t idx)
{
	if (group->fds[idx] >= 0)
		close(group->fds[idx]);
	group->fds[idx] = -1;
}

static void detach_link(struct probe_group *group, size_t idx)
{
	bpf_link__destroy(group->links[idx]); /* NULL does nothing */
	group->links[idx] = NULL;
}

void probe_detach(struct probe_group *group)
{
	if (!group)
		return;
	while (group->fd_cnt)
		detach_fd(group, --group->fd_cnt);
	while (group->link_cnt)
		detach_link(group, --group->link_cnt);
	for (; group->site_cnt; group->site_cnt--)
		group->probe->free_sites[group->probe->free_site_cnt++] =
			group->sites[group->site_cnt - 1];
	free(group->sites);
	free(group->fds);
	free(group->links);
	free(group->owners);
	free(group);
}

static void detach_owner(struct probe_group *group, uint32_t owner)
{
	/* All links of a group are of one kind. */
	for (size_t i = group ? group->fd_cnt : 0; i > 0; i--) {
		if (group->owners[i - 1] == owner)
			detach_fd(group, i - 1);
	}
	for (size_t i = group ? group->link_cnt : 0; i > 0; i--) {
		if (group->owners[i - 1] == owner)
			detach_link(group, i - 1);
	}
}

void probe_detach_series(struct probe_group *group, uint32_t series)
{
	detach_owner(group, series);
}

void probe_detach_point(struct probe_group *group, uint32_t point)
{
	detach_owner(group, POINT_OWNER(point));
}
