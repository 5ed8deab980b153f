/* SPDX-License-Identifier: Apache-2.0 */
/* What a list of filters asks for, before it is given to the kernel. */
#include <errno.h>
#include <sys/socket.h>

#include "probe/sock_filters.h"

int sock_filters_check(const struct sock_options *options, struct fault *why)
{
	if (options->filter_cnt > TS_FILTER_MAX)
		return fault_set(why, -EINVAL,
				 "%zu endpoints are asked for: at most %d are possible",
				 options->filter_cnt, TS_FILTER_MAX);
	for (size_t i = 0; i < options->filter_cnt; i++) {
		const struct ts_endpoint_filter *f = &options->filters[i];
		int bits_max = f->family == AF_INET ? 32 : f->family == AF_INET6 ? 128 : 0;

		if ((f->family && !bits_max) || f->prefix_bits > bits_max)
			return fault_set(why, -EINVAL, "endpoint %zu: %u bits of family %u", i + 1,
					 f->prefix_bits, f->family);
	}
	return 0;
}

bool sock_filters_want_stream(const struct sock_options *options)
{
	for (size_t i = 0; i < options->filter_cnt; i++) {
		if (options->filters[i].wants_stream)
			return true;
	}
	return !options->filter_cnt && options->wants_stream;
}
