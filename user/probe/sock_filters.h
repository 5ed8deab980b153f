/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/probe: the filters of struct sock_options. */
#ifndef TICKSCOPE_PROBE_SOCK_FILTERS_H
#define TICKSCOPE_PROBE_SOCK_FILTERS_H

#include <stdbool.h>

#include "base/fault.h"
#include "probe/sock.h"

/* 0, or -EINVAL with the reason. */
int sock_filters_check(const struct sock_options *options, struct fault *why);
/* Whether what some connections carry goes to user space. */
bool sock_filters_want_stream(const struct sock_options *options);

#endif
