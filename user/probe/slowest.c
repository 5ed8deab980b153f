/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of the slowest, which programs on functions and of chains share, and their ring. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/slowest_bind.h"

struct slowest_probe {
	struct slowest_options options;
	int slots_fd;
	int events_fd;
	struct ts_slow_slots *slots; /* mapped, read-only */
	size_t slots_bytes;
	struct ring_buffer *ring;
};

void slowest_tell(const struct slowest_probe *probe, const struct ts_slow_event *event)
{
	probe->options.fn(event, probe->options.context);
}

static int event_received(void *context, void *data, size_t bytes)
{
	struct slowest_probe *probe = context;

	if (bytes >= sizeof(struct ts_slow_event))
		slowest_tell(probe, data);
	return 0;
}

static int create_maps(struct slowest_probe *probe)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mapped;

	probe->slots_fd =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "slow_slots", sizeof(uint32_t),
			       sizeof(struct ts_slow_slots), TS_SLOW_OPERATION_MAX, &options);
	if (probe->slots_fd < 0)
		return probe->slots_fd;
	probe->events_fd =
		bpf_map_create(BPF_MAP_TYPE_RINGBUF, "slow_events", 0, 0, TS_SLOW_RING_BYTES, NULL);
	if (probe->events_fd < 0)
		return probe->events_fd;
	probe->slots_bytes =
		(TS_SLOW_OPERATION_MAX * sizeof(struct ts_slow_slots) + page - 1) / page * page;
	mapped = mmap(NULL, probe->slots_bytes, PROT_READ, MAP_SHARED, probe->slots_fd, 0);
	if (mapped == MAP_FAILED)
		return -errno;
	probe->slots = mapped;
	probe->ring = ring_buffer__new(probe->events_fd, event_received, probe, NULL);
	return probe->ring ? 0 : errno ? -errno : -ENOMEM;
}

int slowest_open(const struct slowest_options *options, struct slowest_probe **ret_probe,
		 struct fault *why)
{
	struct slowest_probe *probe;
	int err;

	if (!options->cnt || options->cnt > TS_SLOWEST_MAX)
		return fault_set(why, -EINVAL, "the slowest 1 to %d can be kept, not %zu",
				 TS_SLOWEST_MAX, options->cnt);
	probe = calloc(1, sizeof(*probe));
	if (!probe)
		return fault_set(why, -ENOMEM, "out of memory");
	probe->options = *options;
	probe->slots_fd = -1;
	probe->events_fd = -1;
	err = create_maps(probe);
	if (err) {
		slowest_free(probe);
		return fault_set(why, err, "cannot make the maps of the slowest: %s%s",
				 strerror(-err),
				 err == -EPERM ? " (needs root, or CAP_BPF and CAP_PERFMON)" : "");
	}
	*ret_probe = probe;
	return 0;
}

void slowest_free(struct slowest_probe *probe)
{
	if (!probe)
		return;
	ring_buffer__free(probe->ring);
	if (probe->slots)
		munmap(probe->slots, probe->slots_bytes);
	if (probe->events_fd >= 0)
		close(probe->events_fd);
	if (probe->slots_fd >= 0)
		close(probe->slots_fd);
	free(probe);
}

int slowest_bind(const struct slowest_probe *probe, struct bpf_object *object)
{
	struct bpf_map *slots = bpf_object__find_map_by_name(object, "slow_slots");
	struct bpf_map *events = bpf_object__find_map_by_name(object, "slow_events");
	int err;

	if (!slots || !events)
		return -ENOENT;
	if (!probe) {
		err = bpf_map__set_autocreate(slots, false);
		return err ? err : bpf_map__set_autocreate(events, false);
	}
	err = bpf_map__reuse_fd(slots, probe->slots_fd);
	if (!err)
		err = bpf_map__reuse_fd(events, probe->events_fd);
	return err ? err : (int)probe->options.cnt;
}

int slowest_fd(const struct slowest_probe *probe)
{
	return ring_buffer__epoll_fd(probe->ring);
}

void slowest_read(struct slowest_probe *probe)
{
	ring_buffer__consume(probe->ring);
}

uint64_t slowest_dropped(const struct slowest_probe *probe)
{
	uint64_t dropped = 0;

	for (size_t i = 0; i < TS_SLOW_OPERATION_MAX; i++)
		dropped += __atomic_load_n(&probe->slots[i].dropped, __ATOMIC_RELAXED);
	return dropped;
}
