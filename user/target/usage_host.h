/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the host has used so far; see target/usage.h. */
#ifndef TICKSCOPE_TARGET_USAGE_HOST_H
#define TICKSCOPE_TARGET_USAGE_HOST_H

#include "base/fault.h"
#include "base/usage_counters.h"

struct usage_host_reader;

/* state_dir: whose file system is watched for room; NULL: none. -errno with words. */
int usage_host_open(const char *state_dir, struct usage_host_reader **ret_reader,
		    struct fault *why);
void usage_host_free(struct usage_host_reader *reader);

/* What cannot be read is unknown; nothing of it is an error. */
void usage_host_read(struct usage_host_reader *reader, struct usage_host *ret_host);

#endif
