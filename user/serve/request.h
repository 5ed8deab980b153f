/* SPDX-License-Identifier: Apache-2.0 */
/* A line from a client, parsed. */
#ifndef TICKSCOPE_SERVE_REQUEST_H
#define TICKSCOPE_SERVE_REQUEST_H

#include <jansson.h>
#include <stddef.h>

#include "base/fault.h"

/*
 * The object of one line, without its line feed, and the text of its member "do", which belongs to
 * it. 0, or -EINVAL with the reason, or -ENOMEM. Lines are at most WIRE_REQUEST_BYTES long and
 * nested WIRE_REQUEST_DEPTH deep.
 */
int request_parse(const char *line, size_t line_bytes, json_t **ret_request, const char **ret_do,
		  struct fault *why);

#endif
