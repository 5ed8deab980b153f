/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the socket programs with the best kind of hook, and reads what they count. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/capability.h"
#include "probe/share.h"
#include "probe/sock.h"
#include "probe/sock_filters.h"
#include "probe/sock_load.h"

#define KERNEL_MINOR_BITS 20	/* linux/kdev_t.h: not as in what stat gives */
#define RECORDS_AT_ONCE	  10000 /* some 10 ms: others wait for their turn, too */

static const char *const hooks_names[SOCK_HOOKS_END] = {"auto", "fentry", "kprobe", "raw_tp"};

const char *sock_hooks_name(enum sock_hooks hooks)
{
	return hooks < SOCK_HOOKS_END ? hooks_names[hooks] : "unknown";
}

enum sock_hooks sock_hooks_parse(const char *text)
{
	for (int hooks = SOCK_HOOKS_FENTRY; hooks < SOCK_HOOKS_END; hooks++) {
		if (strcmp(text, hooks_names[hooks]) == 0)
			return hooks;
	}
	return SOCK_HOOKS_END;
}

enum sock_hooks sock_hooks(const struct sock_probe *probe)
{
	return probe->hooks;
}

static int map_counters(struct sock_probe *probe)
{
	size_t series_cnt = (TS_ENDPOINT_MAX + 1) * TS_RPC_SERIES_CNT * probe->stripe_cnt;

	probe->series =
		share_map_array(probe->skel->maps.series, series_cnt * sizeof(struct ts_series),
				&probe->series_bytes);
	if (!probe->series)
		return -errno;
	probe->figures = share_map_array(probe->skel->maps.figures,
					 (TS_ENDPOINT_MAX + 1) * sizeof(struct ts_endpoint_figures),
					 &probe->figures_bytes);
	return probe->figures ? 0 : -errno;
}

static int on_record(void *context, void *data, size_t bytes)
{
	struct sock_probe *probe = context;
	const struct ts_stream_record *r = data;

	if (bytes >= sizeof(*r) && r->captured <= bytes - sizeof(*r) && probe->stream_fn)
		probe->stream_fn(r, r + 1, probe->stream_context);
	return ++probe->record_cnt < RECORDS_AT_ONCE ? 0 : -EAGAIN;
}

static int open_ring(struct sock_probe *probe)
{
	if (!probe->is_streaming)
		return 0;
	probe->ring =
		ring_buffer__new(bpf_map__fd(probe->skel->maps.stream), on_record, probe, NULL);
	return probe->ring ? 0 : -ENOMEM;
}

int sock_stream_fd(const struct sock_probe *probe)
{
	return ring_buffer__epoll_fd(probe->ring);
}

bool sock_read_stream(struct sock_probe *probe, sock_stream_fn fn, void *context)
{
	int err;

	probe->stream_fn = fn;
	probe->stream_context = context;
	probe->record_cnt = 0;
	err = ring_buffer__consume(probe->ring);
	probe->stream_fn = NULL;
	return err == -EAGAIN;
}

uint64_t sock_dropped_records(const struct sock_probe *probe)
{
	return probe->skel->bss->stream_dropped;
}

static void unload(struct sock_probe *probe)
{
	ring_buffer__free(probe->ring);
	probe->ring = NULL;
	if (probe->series)
		munmap(probe->series, probe->series_bytes);
	if (probe->figures)
		munmap(probe->figures, probe->figures_bytes);
	probe->series = NULL;
	probe->figures = NULL;
	sock_bpf__destroy(probe->skel);
	probe->skel = NULL;
}

/* What libbpf attaches them by. Looked at first: the verifier takes seconds for the programs. */
static bool has_kprobes(void)
{
	return !access("/sys/bus/event_source/devices/kprobe/type", F_OK) ||
	       !access("/sys/kernel/tracing/kprobe_events", F_OK) ||
	       !access("/sys/kernel/debug/tracing/kprobe_events", F_OK);
}

static int try_hooks(struct sock_probe *probe, enum sock_hooks hooks)
{
	int err = hooks == SOCK_HOOKS_KPROBE && !has_kprobes() ? -ENOENT
							       : sock_load_programs(probe, hooks);

	if (!err)
		err = map_counters(probe);
	if (!err)
		err = open_ring(probe);
	if (!err)
		err = sock_bpf__attach(probe->skel);
	if (err)
		unload(probe);
	else
		probe->hooks = hooks;
	return err;
}

static int explain(enum sock_hooks hooks, int err, struct fault *why)
{
	char hint[CAPABILITY_HINT_BYTES];

	if (err == -EPERM && CAPABILITY_LOADING & ~capability_usable())
		return fault_set(why, -EPERM, "not allowed to load BPF programs%s",
				 capability_hint(CAPABILITY_LOADING, hint));
	if (hooks)
		return fault_set(why, -ENOTSUP, "--hooks %s does not work on this kernel (%s)",
				 sock_hooks_name(hooks), strerror(-err));
	return fault_set(why, -ENOTSUP,
			 "no way to see sends and receives works on this kernel (%s): it needs "
			 "fentry, kprobes, or the tracepoints of Linux 6.3",
			 strerror(-err));
}

/* libbpf explains failures at length on stderr; ours are explained by struct fault. */
static int discard_libbpf_output(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int sock_open(const struct sock_options *options, struct sock_probe **ret_probe, struct fault *why)
{
	enum sock_hooks hooks = options->hooks;
	enum sock_hooks first = hooks ? hooks : SOCK_HOOKS_FENTRY;
	enum sock_hooks last = hooks ? hooks : SOCK_HOOKS_RAW_TP;
	int err = sock_filters_check(options, why);
	struct sock_probe *probe;

	if (err)
		return err;
	probe = calloc(1, sizeof(*probe));
	if (!probe)
		return fault_set(why, -ENOMEM, "out of memory");
	probe->options = *options;
	probe->is_streaming = sock_filters_want_stream(options);
	libbpf_set_print(discard_libbpf_output);
	for (enum sock_hooks h = first; h <= last; h++) {
		err = try_hooks(probe, h);
		if (!err) {
			*ret_probe = probe;
			return 0;
		}
	}
	free(probe);
	return explain(hooks, err, why);
}

void sock_detach(struct sock_probe *probe)
{
	if (probe && probe->skel)
		sock_bpf__detach(probe->skel);
}

void sock_free(struct sock_probe *probe)
{
	if (!probe)
		return;
	unload(probe);
	free(probe);
}

int sock_add_target(struct sock_probe *probe, pid_t pid, const struct ts_target *target)
{
	uint32_t key = (uint32_t)pid;

	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.targets), &key, target, BPF_ANY)
		       ? -errno
		       : 0;
}

int sock_add_executable(struct sock_probe *probe, const char *path, uint8_t target)
{
	struct ts_file_key key = {0};
	struct stat st;

	if (stat(path, &st))
		return -errno;
	key.inode = st.st_ino;
	key.device = major(st.st_dev) << KERNEL_MINOR_BITS | minor(st.st_dev);
	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.executables), &key, &target,
				   BPF_ANY)
		       ? -errno
		       : 0;
}

void sock_remove_target(struct sock_probe *probe, pid_t pid)
{
	uint32_t key = (uint32_t)pid;

	bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.targets), &key);
}

int sock_add_listener(struct sock_probe *probe, uint32_t netns, uint16_t port, uint8_t target)
{
	struct ts_listen_key key = {.netns = netns, .port = port};

	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.listeners), &key, &target, BPF_ANY)
		       ? -errno
		       : 0;
}

void sock_settle(struct sock_probe *probe, uint64_t idle_ns)
{
	struct ts_settle settle = {.idle_ns = idle_ns};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &settle, .ctx_size_in = sizeof(settle));

	bpf_prog_test_run_opts(bpf_program__fd(probe->skel->progs.sock_settle), &options);
}

size_t sock_new_endpoints(struct sock_probe *probe, struct sock_endpoint *endpoints, size_t max)
{
	int fd = bpf_map__fd(probe->skel->maps.endpoints);
	struct ts_endpoint_key key, *previous = NULL;
	size_t cnt = 0;

	while (cnt < max && bpf_map_get_next_key(fd, previous, &key) == 0) {
		uint32_t idx;

		previous = &key;
		if (bpf_map_lookup_elem(fd, &key, &idx) || idx >= TS_ENDPOINT_MAX ||
		    probe->is_known[idx])
			continue;
		probe->is_known[idx] = true;
		endpoints[cnt++] = (struct sock_endpoint){.key = key, .idx = idx};
	}
	if (cnt < max && !probe->is_known[TS_ENDPOINT_MAX] &&
	    sock_figures(probe, TS_ENDPOINT_MAX)->connections) {
		probe->is_known[TS_ENDPOINT_MAX] = true;
		endpoints[cnt++] = (struct sock_endpoint){.idx = TS_ENDPOINT_MAX};
	}
	return cnt;
}

void sock_local_name(const struct sock_probe *probe, uint32_t endpoint, char *name,
		     size_t name_bytes)
{
	struct ts_local_name found = {0};

	bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.local_names), &endpoint, &found);
	if (found.length && found.length <= TS_LOCAL_NAME_MAX && !found.bytes[0])
		found.bytes[0] = '@';
	snprintf(name, name_bytes, "%.*s", (int)TS_LOCAL_NAME_MAX, (const char *)found.bytes);
}

size_t sock_stripe_cnt(const struct sock_probe *probe)
{
	return probe->stripe_cnt;
}

const struct ts_series *sock_series(const struct sock_probe *probe, uint32_t endpoint,
				    enum ts_rpc_series which)
{
	return probe->series + (endpoint * TS_RPC_SERIES_CNT + which) * probe->stripe_cnt;
}

const struct ts_endpoint_figures *sock_figures(const struct sock_probe *probe, uint32_t endpoint)
{
	return &probe->figures[endpoint];
}

uint64_t sock_dropped_connections(const struct sock_probe *probe)
{
	return probe->skel->bss->conns_dropped;
}

uint64_t sock_dropped_targets(const struct sock_probe *probe)
{
	return probe->skel->bss->targets_dropped;
}
