/* SPDX-License-Identifier: Apache-2.0 */
/* What tells series apart on one host: the identity under which windows are kept, judged, stored
 * and sent. */
#ifndef TICKSCOPE_MEASURE_SERIES_ID_H
#define TICKSCOPE_MEASURE_SERIES_ID_H

#include "base/labels.h"

/* Strings belong to whoever made it. */
struct series_id {
	const char *target; /* name of the target, as configured */
	const char
		*operation; /* name of the operation; of a value: "" where it is the target's own */
	const char *kind; /* "function", "rpc_client", "segment" … (DESIGN.md §4), "connect"; of a
			     value: "value" */
	const char *labels; /* canonical text (base/labels.h) */
};

/*
 * A value is a number that is not a latency: cpu_percent of a target, bytes_sent of an endpoint.
 * Its id has the kind "value" and its name beside it. Host values have the target SERIES_HOST.
 */
struct value_id {
	struct series_id of;
	const char *name; /* with its unit: "memory_bytes", "cpu_percent" … */
};

#endif
