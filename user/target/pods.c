/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads both directories of logs into two tables. Whoever may write there may call a pod anything:
 * names are bounded and must be ones that Kubernetes allows.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/time_units.h"
#include "target/pods.h"

#define POD_MAX	      4096 /* a node has 110 by default, and keeps logs of some that ended */
#define CONTAINER_MAX 8192
#define READ_AGAIN_NS NS_PER_S
#define SHORT_DIGITS  12 /* of an id: as docker and podman print it */
/* Of a file's name that the kubelet cut at 251 bytes: fewer would be ambiguous. */
#define CUT_DIGITS 12
/* How long a name is waited for. The kubelet's file stands there once the container has started. */
#define NAME_WAIT_NS (10 * NS_PER_S)
#define NAMELESS_MAX 64 /* containers that start at once */

struct pod {
	char uid[POD_UID_BYTES];
	char name_space[PODS_LABEL_BYTES];
	char name[PODS_NAME_BYTES];
	char container[PODS_LABEL_BYTES]; /* its only one; "": it has none, or several */
};

struct container {
	char id[CONTAINER_ID_BYTES];
	char name_space[PODS_LABEL_BYTES];
	char pod[PODS_NAME_BYTES];
	char name[PODS_LABEL_BYTES];
};

/* A container without a name, and since when. */
struct nameless {
	char id[CONTAINER_ID_BYTES];
	uint64_t since_mono_ns;
};

struct pods {
	char *pod_dir;
	char *container_dir;
	struct pod *pods;
	size_t pod_cnt;
	struct container *containers;
	size_t container_cnt;
	uint64_t read_mono_ns;			/* 0: never */
	struct nameless nameless[NAMELESS_MAX]; /* a ring */
	size_t nameless_next;
	pods_has_labels_fn has_labels;
	void *context;
};

struct pods *pods_new(const char *log_dir)
{
	struct pods *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	log_dir = log_dir ? log_dir : PODS_LOG_DIR;
	if (asprintf(&p->pod_dir, "%s/pods", log_dir) < 0)
		p->pod_dir = NULL;
	if (asprintf(&p->container_dir, "%s/containers", log_dir) < 0)
		p->container_dir = NULL;
	if (p->pod_dir && p->container_dir)
		return p;
	pods_free(p);
	return NULL;
}

void pods_free(struct pods *p)
{
	if (!p)
		return;
	free(p->pod_dir);
	free(p->container_dir);
	free(p->pods);
	free(p->containers);
	free(p);
}

void pods_set_labels(struct pods *p, pods_has_labels_fn has_labels, void *context)
{
	p->has_labels = has_labels;
	p->context = context;
}

/* Copies a name that Kubernetes allows: RFC 1123, with dots where it is a subdomain. */
static bool take_name(const char *text, size_t length, char *ret_name, size_t name_bytes)
{
	const char *letters = "abcdefghijklmnopqrstuvwxyz0123456789-.";

	if (!length || length >= name_bytes)
		return false;
	memcpy(ret_name, text, length);
	ret_name[length] = '\0';
	return strspn(ret_name, letters) == length && ret_name[0] != '.' && ret_name[0] != '-' &&
	       (name_bytes == PODS_NAME_BYTES || !strchr(ret_name, '.'));
}

/* One more item of a table that grows by doubling; NULL: it is full, or memory is. */
static void *add(void **items, size_t cnt, size_t cnt_max, size_t item_bytes)
{
	if (cnt == cnt_max)
		return NULL;
	if (!(cnt & (cnt - 1))) {
		void *larger = reallocarray(*items, cnt ? 2 * cnt : 1, item_bytes);

		if (!larger)
			return NULL;
		*items = larger;
	}
	return (char *)*items + cnt * item_bytes;
}

/* The only directory in a pod's. */
static void find_only_container(const char *pod_dir, const char *name, struct pod *pod)
{
	char path[4096], container[PODS_LABEL_BYTES];
	struct dirent *entry;
	size_t cnt = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", pod_dir, name);
	dir = opendir(path);
	while (dir && cnt < 2 && (entry = readdir(dir))) {
		if (!take_name(entry->d_name, strlen(entry->d_name), container, sizeof(container)))
			continue;
		memcpy(pod->container, container, sizeof(container));
		cnt++;
	}
	if (dir)
		closedir(dir);
	if (cnt != 1)
		pod->container[0] = '\0';
}

/* "NAMESPACE_POD_UID"; no name has a '_'. */
static void add_pod(struct pods *p, const char *name)
{
	const char *second = strchr(name, '_');
	const char *third = second ? strchr(second + 1, '_') : NULL;
	struct pod pod = {.uid = ""}, *slot;

	if (!third || !container_id_is_uid(third + 1) ||
	    !take_name(name, (size_t)(second - name), pod.name_space, sizeof(pod.name_space)) ||
	    !take_name(second + 1, (size_t)(third - second - 1), pod.name, sizeof(pod.name)))
		return;
	snprintf(pod.uid, sizeof(pod.uid), "%s", third + 1);
	slot = add((void **)&p->pods, p->pod_cnt, POD_MAX, sizeof(pod));
	if (!slot)
		return;
	find_only_container(p->pod_dir, name, &pod);
	*slot = pod;
	p->pod_cnt++;
}

/* "POD_NAMESPACE_CONTAINER-ID.log", where a long one has lost the end of its id. */
static void add_container(struct pods *p, const char *name)
{
	const char *second = strchr(name, '_');
	const char *third = second ? strchr(second + 1, '_') : NULL;
	const char *dash = third ? strrchr(third, '-') : NULL;
	size_t digit_cnt = dash ? strspn(dash + 1, "0123456789abcdef") : 0;
	struct container c = {.id = ""}, *slot;

	if (digit_cnt < CUT_DIGITS || digit_cnt > CONTAINER_ID_LENGTH ||
	    strcmp(dash + 1 + digit_cnt, ".log") != 0 ||
	    !take_name(name, (size_t)(second - name), c.pod, sizeof(c.pod)) ||
	    !take_name(second + 1, (size_t)(third - second - 1), c.name_space,
		       sizeof(c.name_space)) ||
	    !take_name(third + 1, (size_t)(dash - third - 1), c.name, sizeof(c.name)))
		return;
	memcpy(c.id, dash + 1, digit_cnt);
	slot = add((void **)&p->containers, p->container_cnt, CONTAINER_MAX, sizeof(c));
	if (!slot)
		return;
	*slot = c;
	p->container_cnt++;
}

static void read_dir(struct pods *p, const char *path,
		     void (*add_entry)(struct pods *p, const char *name))
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		add_entry(p, entry->d_name);
	if (dir)
		closedir(dir);
}

static void read_names(struct pods *p)
{
	p->pod_cnt = p->container_cnt = 0;
	read_dir(p, p->pod_dir, add_pod);
	read_dir(p, p->container_dir, add_container);
}

/* False: the container's own name is not known (yet). */
static bool name_it(const struct pods *p, struct pods_names *n)
{
	for (size_t i = 0; i < p->container_cnt; i++) {
		const struct container *c = &p->containers[i];

		if (strncmp(c->id, n->of.id, strlen(c->id)) != 0)
			continue;
		memcpy(n->name_space, c->name_space, sizeof(n->name_space));
		memcpy(n->pod, c->pod, sizeof(n->pod));
		memcpy(n->container, c->name, sizeof(n->container));
	}
	for (size_t i = 0; i < p->pod_cnt && n->of.pod_uid[0]; i++) {
		const struct pod *pod = &p->pods[i];

		if (strcmp(pod->uid, n->of.pod_uid) != 0)
			continue;
		memcpy(n->name_space, pod->name_space, sizeof(n->name_space));
		memcpy(n->pod, pod->name, sizeof(n->pod));
		if (!n->container[0])
			memcpy(n->container, pod->container, sizeof(n->container));
	}
	/* A container's file alone does not say the uid, by which labels are known. */
	for (size_t i = 0; i < p->pod_cnt && n->pod[0] && !n->of.pod_uid[0]; i++) {
		if (strcmp(p->pods[i].name, n->pod) == 0 &&
		    strcmp(p->pods[i].name_space, n->name_space) == 0)
			memcpy(n->of.pod_uid, p->pods[i].uid, sizeof(n->of.pod_uid));
	}
	return n->container[0];
}

static bool is_new(struct pods *p, const char *id, uint64_t now_mono_ns)
{
	struct nameless *n;

	for (size_t i = 0; i < NAMELESS_MAX; i++) {
		if (strcmp(p->nameless[i].id, id) == 0)
			return now_mono_ns - p->nameless[i].since_mono_ns < NAME_WAIT_NS;
	}
	n = &p->nameless[p->nameless_next++ % NAMELESS_MAX];
	memcpy(n->id, id, sizeof(n->id));
	n->since_mono_ns = now_mono_ns;
	return true;
}

bool pods_find(struct pods *p, const char *cgroup_text, uint64_t now_mono_ns,
	       struct pods_names *ret_names)
{
	struct pods_names names = {.pod = ""};

	if (!container_id_find(cgroup_text, &names.of))
		return false;
	if (!name_it(p, &names) &&
	    (!p->read_mono_ns || now_mono_ns - p->read_mono_ns >= READ_AGAIN_NS)) {
		p->read_mono_ns = now_mono_ns;
		read_names(p);
		name_it(p, &names);
	}
	if (!names.pod[0] && !names.of.pod_uid[0])
		memcpy(names.container, names.of.id, SHORT_DIGITS);
	names.is_new = !names.container[0] && is_new(p, names.of.id, now_mono_ns);
	*ret_names = names;
	return true;
}

bool pods_are_wanted(const struct config_match *match)
{
	return match->name_space || match->pod || match->container || match->pod_label_cnt;
}

static bool is_like(const char *glob, const char *name)
{
	return !glob || (name[0] && glob_matches(glob, name, NULL));
}

bool pods_match(const struct pods *p, const struct pods_names *names,
		const struct config_match *match)
{
	if (names->is_new || !is_like(match->name_space, names->name_space) ||
	    !is_like(match->pod, names->pod))
		return false;
	if (match->container && !is_like(match->container, names->container) &&
	    !is_like(match->container, names->of.id))
		return false;
	return !match->pod_label_cnt || (p->has_labels && names->of.pod_uid[0] &&
					 p->has_labels(p->context, names->of.pod_uid,
						       match->pod_labels, match->pod_label_cnt));
}
