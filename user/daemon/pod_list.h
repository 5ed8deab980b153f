/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server says of pods: a list of their metadata, as JSON -> labels by uid. */
#ifndef TICKSCOPE_DAEMON_POD_LIST_H
#define TICKSCOPE_DAEMON_POD_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "config/config.h"

struct pod_list;

/*
 * A list of whole pods has the same members as one of metadata, and is taken, too. What is no pod
 * is left out; pods beyond 4096 are. -EPROTO: it is no list, with the reason; -ENOMEM.
 */
int pod_list_parse(const char *json, size_t json_bytes, struct pod_list **ret_list,
		   struct fault *why);
void pod_list_free(struct pod_list *list);

/* Whether the pod is in the list at all; NULL is an empty one. */
bool pod_list_has(const struct pod_list *list, const char *uid);
/* Whether it has all of these labels. */
bool pod_list_has_labels(const struct pod_list *list, const char *uid,
			 const struct config_pair *labels, size_t label_cnt);

#endif
