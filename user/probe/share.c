/* SPDX-License-Identifier: Apache-2.0 */
/* One object's maps in another, and in user space. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "probe/share.h"

static int share_map(struct bpf_map *map, const struct bpf_object *from)
{
	const struct bpf_map *other;

	if (!from)
		return bpf_map__set_autocreate(map, false);
	other = bpf_object__find_map_by_name(from, bpf_map__name(map));
	return other ? bpf_map__reuse_fd(map, bpf_map__fd(other)) : -ENOENT;
}

int share_maps(struct bpf_object *to, const struct bpf_object *from, const char *prefix)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, to)
	{
		bool is_shared = strncmp(bpf_map__name(map), prefix, strlen(prefix)) == 0;
		int err = is_shared ? share_map(map, from) : 0;

		if (err)
			return err;
	}
	return 0;
}

size_t share_stripe_cnt(size_t max)
{
	int cpu_cnt = libbpf_num_possible_cpus();
	size_t cnt = 1;

	while (cnt * 2 <= max && cnt * 2 <= (size_t)(cpu_cnt > 0 ? cpu_cnt : 1))
		cnt *= 2;
	return cnt;
}

void *share_map_array(const struct bpf_map *map, size_t bytes, size_t *ret_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mapped;

	bytes = (bytes + page - 1) / page * page;
	mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (mapped == MAP_FAILED)
		return NULL;
	*ret_bytes = bytes;
	return mapped;
}
