/* SPDX-License-Identifier: Apache-2.0 */
/* Containers of targets: each has series of its own, with its names as labels. */
#ifndef TICKSCOPE_DAEMON_PLACES_H
#define TICKSCOPE_DAEMON_PLACES_H

#include "daemon/internal.h"

/* Places are numbered; in the kernel, the number + 1 is the target's. Each target's own place has
 * the target's index. */
int places_start(struct daemon *d, struct fault *why);
void places_stop(struct daemon *d);

/* Says whether labels of pods are known, where that has changed. True: some came that nobody has
 * looked at processes by. */
bool places_look(struct daemon *d);

/* The place of a process of a target that asks for containers, made if it is new; else, and where
 * there is no room for more, the target's own, which is said. */
size_t places_find(struct daemon *d, size_t target_idx, pid_t pid);

/* Who names containers; NULL: no target asks for them. */
struct pods *places_pods(const struct daemon *d);

/* The target that a place is of. */
size_t places_target(const struct daemon *d, size_t place_idx);

/* Adds the labels namespace, pod and container, as far as they are known. */
void places_label(const struct daemon *d, size_t place_idx, struct operation *o);

#endif
