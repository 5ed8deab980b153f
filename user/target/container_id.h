/* SPDX-License-Identifier: Apache-2.0 */
/* Which container, and which pod, a process is in: what container runtimes and the kubelet write
 * into the names of cgroups. */
#ifndef TICKSCOPE_TARGET_CONTAINER_ID_H
#define TICKSCOPE_TARGET_CONTAINER_ID_H

#include <stdbool.h>

#define CONTAINER_ID_LENGTH                                                   \
	64 /* hexadecimal digits: every runtime of Kubernetes, docker, podman \
	    */
#define CONTAINER_ID_BYTES (CONTAINER_ID_LENGTH + 1)
#define POD_UID_BYTES	   37 /* RFC 4122's text; a static pod has the 32 digits of a hash */

struct container_id {
	char id[CONTAINER_ID_BYTES];
	char pod_uid[POD_UID_BYTES]; /* "": in no pod, or in the same one as whoever reads */
};

/*
 * Out of the text of /proc/PID/cgroup. Of containers in each other, the pod's own one in a pod,
 * else the innermost. False: it is in no container.
 */
bool container_id_find(const char *cgroup_text, struct container_id *ret_id);

bool container_id_is_uid(const char *text);

#endif
