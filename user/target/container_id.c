/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names as they are found: "kubepods-burstable-pod<uid with _>.slice/cri-containerd-<id>.scope" and
 * crio-, docker-, libpod- likewise (driver systemd), "kubepods/burstable/pod<uid>/<id>" (cgroupfs),
 * "…-pod<uid>.slice:cri-containerd:<id>" (a runtime and a kubelet that do not agree on the driver).
 */
#include <stddef.h>
#include <string.h>

#include "target/container_id.h"

#define HEX	    "0123456789abcdef"
#define UUID_LENGTH 36
#define HASH_LENGTH 32 /* of a static pod's manifest */

/* A part of a path, or of a name: text that does not end with a 0. */
struct part {
	const char *text;
	size_t length;
};

static void cut_end(struct part *p, const char *end)
{
	size_t length = strlen(end);

	if (p->length > length && memcmp(p->text + p->length - length, end, length) == 0)
		p->length -= length;
}

static bool begins_with(struct part p, const char *start)
{
	return p.length >= strlen(start) && memcmp(p.text, start, strlen(start)) == 0;
}

bool container_id_is_uid(const char *text)
{
	size_t length = strlen(text);

	if (length == HASH_LENGTH)
		return strspn(text, HEX) == length;
	if (length != UUID_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? text[i] != '-' : !strchr(HEX, text[i]))
			return false;
	}
	return true;
}

/* "kubepods-burstable-pod1b4e28ba_2fa1_….slice", "pod1b4e28ba-2fa1-…" */
static bool take_pod(struct part p, char ret_uid[static POD_UID_BYTES])
{
	bool is_slice = begins_with(p, "kube");
	char uid[POD_UID_BYTES] = "";
	size_t at = 0;

	cut_end(&p, ".slice");
	if (is_slice) {
		for (size_t i = 0; i + 5 < p.length; i++)
			at = memcmp(p.text + i, "-pod", 4) == 0 ? i + 4 : at;
	} else if (begins_with(p, "pod")) {
		at = 3;
	}
	if (!at || p.length - at >= sizeof(uid))
		return false;
	memcpy(uid, p.text + at, p.length - at);
	uid[p.length - at] = '\0';
	for (char *c = uid; is_slice && *c; c++)
		*c = *c == '_' ? '-' : *c;
	if (!container_id_is_uid(uid))
		return false;
	memcpy(ret_uid, uid, sizeof(uid));
	return true;
}

/* "cri-containerd-<id>.scope", "<id>"; not the monitor beside it: "crio-conmon-<id>.scope". */
static bool take_container(struct part p, char ret_id[static CONTAINER_ID_BYTES])
{
	char id[CONTAINER_ID_BYTES];
	size_t before;

	cut_end(&p, ".scope");
	if (p.length < CONTAINER_ID_LENGTH)
		return false;
	before = p.length - CONTAINER_ID_LENGTH;
	memcpy(id, p.text + before, CONTAINER_ID_LENGTH);
	id[CONTAINER_ID_LENGTH] = '\0';
	if (strspn(id, HEX) != CONTAINER_ID_LENGTH || (before && p.text[before - 1] != '-'))
		return false;
	if (before >= 7 && memcmp(p.text + before - 7, "conmon-", 7) == 0)
		return false;
	memcpy(ret_id, id, sizeof(id));
	return true;
}

/* One line's path, without what ends it. */
static void look_at_path(struct part path, struct container_id *found)
{
	*found = (struct container_id){.id = ""};
	while (path.length) {
		struct part p = path;

		/* A ':' only where one name has both. */
		for (p.length = 0; p.length < path.length; p.length++) {
			if (path.text[p.length] == '/' || path.text[p.length] == ':')
				break;
		}
		if (take_pod(p, found->pod_uid))
			found->id[0] = '\0';
		else if (!found->pod_uid[0] || !found->id[0])
			take_container(p, found->id);
		p.length += p.length < path.length;
		path.text += p.length;
		path.length -= p.length;
	}
}

bool container_id_find(const char *text, struct container_id *ret_id)
{
	while (*text) {
		struct part line = {text, strcspn(text, "\n")};
		const char *path = memchr(line.text, '/', line.length);
		struct container_id found;

		text += line.length + (text[line.length] == '\n');
		if (!path)
			continue;
		line.length -= (size_t)(path - line.text);
		line.text = path;
		cut_end(&line, " (deleted)");
		look_at_path(line, &found);
		if (!found.id[0])
			continue;
		*ret_id = found;
		return true;
	}
	return false;
}
