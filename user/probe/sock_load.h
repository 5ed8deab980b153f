/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/probe: the socket programs of one kind of hook into the kernel. */
#ifndef TICKSCOPE_PROBE_SOCK_LOAD_H
#define TICKSCOPE_PROBE_SOCK_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/sock.h"
#include "sock.skel.h"

struct sock_probe {
	struct sock_bpf *skel;
	enum sock_hooks hooks;
	size_t stripe_cnt;
	struct ts_series *series;
	size_t series_bytes;
	struct ts_endpoint_figures *figures;
	size_t figures_bytes;
	bool is_known[TS_ENDPOINT_MAX + 1]; /* reported by sock_new_endpoints */
	struct sock_options options;	    /* filters: during sock_open */
	bool is_streaming;		    /* some connections go to user space */
	struct ring_buffer *ring;
	size_t record_cnt;	  /* of this sock_read_stream */
	sock_stream_fn stream_fn; /* during sock_read_stream */
	void *stream_context;
};

/* Loads, sized by probe->options, into probe->skel: what this kind of hook needs on this kernel,
 * ready to be attached. 0 or -errno. */
int sock_load_programs(struct sock_probe *probe, enum sock_hooks hooks);

#endif
