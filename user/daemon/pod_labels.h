/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of this node's pods, from the API server: a thread asks from time to time, the loop looks
 * at what it was told last. One that does not answer only means that new pods have no labels.
 */
#ifndef TICKSCOPE_DAEMON_POD_LABELS_H
#define TICKSCOPE_DAEMON_POD_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "config/config.h"

struct pod_labels;

/* kubernetes stays the caller's, until pod_labels_stop. -ENOMEM, -errno, with the reason. */
int pod_labels_start(const struct config_kubernetes *kubernetes, struct pod_labels **ret_labels,
		     struct fault *why);
/* At once: a request that runs is broken off. NULL: nothing. */
void pod_labels_stop(struct pod_labels *labels);

/* pods_has_labels_fn; context is the struct pod_labels. A pod that was not in the last list makes
 * the thread ask sooner. Never waits for the server. */
bool pod_labels_has(void *context, const char *uid, const struct config_pair *wanted,
		    size_t wanted_cnt);

/* True once for each list that came. */
bool pod_labels_are_fresh(struct pod_labels *labels);

/* Whether something is to be said of the server that was not said before: why it does not answer,
 * or that it does again. */
bool pod_labels_has_news(struct pod_labels *labels, struct fault *ret_news);

#endif
