/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of pods and containers without asking anybody: the kubelet's directories of logs have them
 * (/var/log/pods/NAMESPACE_POD_UID/CONTAINER/, /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log).
 */
#ifndef TICKSCOPE_TARGET_PODS_H
#define TICKSCOPE_TARGET_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "target/container_id.h"

#define PODS_LOG_DIR "/var/log"

#define PODS_LABEL_BYTES 64  /* of a namespace, of a container: RFC 1123 */
#define PODS_NAME_BYTES	 254 /* of a pod: RFC 1123, as a subdomain */

/* Texts are empty where they are not known, or do not apply. */
struct pods_names {
	struct container_id of;
	char name_space[PODS_LABEL_BYTES];
	char pod[PODS_NAME_BYTES];
	char container[PODS_LABEL_BYTES]; /* in no pod: the first digits of its id */
	bool is_new; /* in a pod, and its name may still come: the kubelet writes it afterwards */
};

struct pods;

/* Whether a pod has all of these labels; it is asked by the uid. Who knows nothing says false. */
typedef bool (*pods_has_labels_fn)(void *context, const char *uid, const struct config_pair *labels,
				   size_t label_cnt);

/* log_dir NULL: PODS_LOG_DIR. NULL: out of memory. */
struct pods *pods_new(const char *log_dir);
void pods_free(struct pods *pods);
/* Without one, no pod has labels. */
void pods_set_labels(struct pods *pods, pods_has_labels_fn has_labels, void *context);

/*
 * The container of a process, from the text of its /proc/PID/cgroup. Names are read again at most
 * once a second, when one is not known. False: it is in no container. now_mono_ns: of
 * CLOCK_MONOTONIC.
 */
bool pods_find(struct pods *pods, const char *cgroup_text, uint64_t now_mono_ns,
	       struct pods_names *ret_names);

/* Whether a match asks for a container or a pod at all. */
bool pods_are_wanted(const struct config_match *match);
/* Whether the conditions on the container hold; names of which nothing is known never do. */
bool pods_match(const struct pods *pods, const struct pods_names *names,
		const struct config_match *match);

#endif
