/* SPDX-License-Identifier: Apache-2.0 */
/* meta/v1 PartialObjectMetadataList of the Kubernetes API. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "daemon/pod_list.h"
#include "target/container_id.h"

#define POD_MAX 4096 /* of one node, which has a few hundred at most */

/* A static pod is called by the hash of its file where it runs, and has another uid in the API. */
#define STATIC_UID "kubernetes.io/config.hash"

struct listed {
	char uid[POD_UID_BYTES];
	json_t *labels; /* an object, or NULL */
};

struct pod_list {
	struct listed *pods; /* by uid */
	size_t cnt;
};

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static const char *uid_of(const json_t *metadata)
{
	const char *hash = text_of(json_object_get(metadata, "annotations"), STATIC_UID);
	const char *uid = hash && container_id_is_uid(hash) ? hash : text_of(metadata, "uid");

	return uid && container_id_is_uid(uid) ? uid : NULL;
}

static int compare(const void *left, const void *right)
{
	return strcmp(((const struct listed *)left)->uid, ((const struct listed *)right)->uid);
}

static void take_pods(struct pod_list *list, const json_t *items, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const json_t *metadata = json_object_get(json_array_get(items, i), "metadata");
		json_t *labels = json_object_get(metadata, "labels");
		const char *uid = uid_of(metadata);

		if (!uid)
			continue;
		memcpy(list->pods[list->cnt].uid, uid, strlen(uid) + 1);
		list->pods[list->cnt++].labels =
			json_is_object(labels) ? json_incref(labels) : NULL;
	}
	if (list->cnt)
		qsort(list->pods, list->cnt, sizeof(*list->pods), compare);
}

int pod_list_parse(const char *json, size_t json_bytes, struct pod_list **ret_list,
		   struct fault *why)
{
	json_error_t error;
	json_t *root = json_loadb(json, json_bytes, JSON_REJECT_DUPLICATES, &error);
	const json_t *items = json_object_get(root, "items");
	size_t cnt = json_array_size(items);
	struct pod_list *list;

	if (!root)
		return fault_set(why, -EPROTO, "the answer is no JSON: %s", error.text);
	/* Of no pods, "items" may be null. */
	if (!json_is_array(items) && !json_is_null(items)) {
		json_decref(root);
		return fault_set(why, -EPROTO, "the answer is no list of pods");
	}
	cnt = cnt < POD_MAX ? cnt : POD_MAX;
	list = calloc(1, sizeof(*list));
	if (list)
		list->pods = calloc(cnt + 1, sizeof(*list->pods));
	if (!list || !list->pods) {
		free(list);
		json_decref(root);
		return fault_set(why, -ENOMEM, "out of memory");
	}
	take_pods(list, items, cnt);
	json_decref(root);
	*ret_list = list;
	return 0;
}

void pod_list_free(struct pod_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->cnt; i++)
		json_decref(list->pods[i].labels);
	free(list->pods);
	free(list);
}

static size_t count(const struct pod_list *list)
{
	return list ? list->cnt : 0;
}

static const struct listed *find(const struct pod_list *list, const char *uid)
{
	size_t low = 0, high = count(list);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(uid, list->pods[middle].uid);

		if (!order)
			return &list->pods[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool pod_list_has(const struct pod_list *list, const char *uid)
{
	return find(list, uid) != NULL;
}

bool pod_list_has_labels(const struct pod_list *list, const char *uid,
			 const struct config_pair *labels, size_t label_cnt)
{
	const struct listed *pod = find(list, uid);

	for (size_t i = 0; pod && i < label_cnt; i++) {
		const char *value = text_of(pod->labels, labels[i].name);

		if (!value || strcmp(value, labels[i].value) != 0)
			return false;
	}
	return pod != NULL;
}
