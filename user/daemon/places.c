/* SPDX-License-Identifier: Apache-2.0 */
/* A table that only grows: the kernel's counters of a place outlive its processes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/operations.h"
#include "daemon/places.h"
#include "daemon/pod_labels.h"
#include "target/discover.h"
#include "target/pods.h"

/* Where processes of a target are: those of one container, which have series of their own, or all
 * others. */
struct place {
	size_t target_idx;
	struct pods_names names; /* empty: the target's own place */
};

#define PLACE_MAX 255 /* the kernel's numbers have 8 bits */

struct places {
	struct pods *pods;	       /* NULL: no target asks for containers */
	struct pod_labels *pod_labels; /* NULL: nor for labels of pods */
	bool has_said_full;
	size_t cnt;
	struct place items[PLACE_MAX]; /* those of whole targets first */
};

_Static_assert(DAEMON_TARGET_MAX <= PLACE_MAX, "each target has a place");

static bool are_labels_wanted(const struct daemon *d)
{
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		if (d->config->targets[i].match->pod_label_cnt)
			return d->config->kubernetes && d->config->kubernetes->api;
	}
	return false;
}

static bool are_wanted(const struct daemon *d)
{
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		if (pods_are_wanted(d->config->targets[i].match))
			return true;
	}
	return false;
}

int places_start(struct daemon *d, struct fault *why)
{
	const struct config_kubernetes *k = d->config->kubernetes;
	int err;

	d->places = calloc(1, sizeof(*d->places));
	if (!d->places)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < d->config->target_cnt; i++)
		d->places->items[d->places->cnt++].target_idx = i;
	if (!are_wanted(d))
		return 0;
	d->places->pods = pods_new(k ? k->log_dir : NULL);
	if (!d->places->pods)
		return fault_set(why, -ENOMEM, "out of memory");
	if (!are_labels_wanted(d))
		return 0;
	err = pod_labels_start(k, &d->places->pod_labels, why);
	if (!err)
		pods_set_labels(d->places->pods, pod_labels_has, d->places->pod_labels);
	return err;
}

bool places_look(struct daemon *d)
{
	struct pod_labels *labels = d->places->pod_labels;
	struct fault news;

	if (labels && pod_labels_has_news(labels, &news))
		daemon_message(d, "%s", news.text);
	return labels && pod_labels_are_fresh(labels);
}

void places_stop(struct daemon *d)
{
	if (!d->places)
		return;
	pod_labels_stop(d->places->pod_labels);
	pods_free(d->places->pods);
	free(d->places);
}

static bool is_same(const struct pods_names *a, const struct pods_names *b)
{
	/* A container that was restarted is still the same one of its pod. */
	if (a->pod[0] && a->container[0])
		return strcmp(a->pod, b->pod) == 0 && strcmp(a->container, b->container) == 0 &&
		       strcmp(a->name_space, b->name_space) == 0;
	return strcmp(a->of.id, b->of.id) == 0;
}

static size_t add(struct daemon *d, size_t target_idx, const struct pods_names *names)
{
	struct places *p = d->places;

	if (p->cnt == PLACE_MAX) {
		if (!p->has_said_full)
			daemon_message(d,
				       "more than %d containers since the start: the others of "
				       "\"%s\" are counted without their names; a reload (SIGHUP) "
				       "begins anew",
				       PLACE_MAX, d->config->targets[target_idx].name);
		p->has_said_full = true;
		return target_idx;
	}
	p->items[p->cnt] = (struct place){target_idx, *names};
	return p->cnt++;
}

size_t places_find(struct daemon *d, size_t target_idx, pid_t pid)
{
	struct pods_names names;

	if (!pods_are_wanted(d->config->targets[target_idx].match) ||
	    !discover_container(d->places->pods, pid, &names))
		return target_idx;
	for (size_t i = d->config->target_cnt; i < d->places->cnt; i++) {
		if (d->places->items[i].target_idx == target_idx &&
		    is_same(&names, &d->places->items[i].names))
			return i;
	}
	return add(d, target_idx, &names);
}

size_t places_target(const struct daemon *d, size_t place_idx)
{
	return d->places->items[place_idx].target_idx;
}

struct pods *places_pods(const struct daemon *d)
{
	return d->places->pods;
}

void places_label(const struct daemon *d, size_t place_idx, struct operation *o)
{
	const struct pods_names *names = &d->places->items[place_idx].names;

	operations_add_label(o, "namespace", names->name_space);
	operations_add_label(o, "pod", names->pod);
	operations_add_label(o, "container", names->container);
}
