/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of /proc: the first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "target/usage_text.h"

static bool is_disk(void *context, const char *name, uint64_t device)
{
	(void)context;
	if (strlen(name) >= USAGE_DISK_NAME_BYTES)
		abort();
	return device % 3;
}

/* What the room promises of links. */
static void check_links(const struct usage_host *h)
{
	if (h->link_cnt > USAGE_LINK_MAX)
		abort();
	for (size_t i = 0; i < h->link_cnt; i++) {
		if (!memchr(h->links[i].name, '\0', USAGE_LINK_NAME_BYTES))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static const struct usage_scale scale = {10000000, 4096};
	static struct usage_host host;
	struct usage_process process = {0};
	bool has_ended = false;
	struct usage_text text;
	uint64_t number = 0;
	char *copy;

	if (!size_bytes)
		return 0;
	copy = malloc(size_bytes);
	memcpy(copy, data + 1, size_bytes - 1);
	text = (struct usage_text){copy, size_bytes - 1};
	memset(&host, 0, sizeof(host));
	switch (data[0] % 8) {
	case 0:
		usage_text_stat(text, &scale, &process, &has_ended);
		break;
	case 1:
		usage_text_io(text, &process);
		break;
	case 2:
		usage_text_limits(text, &number);
		break;
	case 3:
		usage_text_schedstat(text, &number);
		break;
	case 4:
		if (usage_text_cpus(text, &scale, &host) == 0 &&
		    host.cpu_busy_ns > host.cpu_total_ns)
			abort();
		break;
	case 5:
		if (usage_text_meminfo(text, &host) == 0 &&
		    host.memory_available_bytes > host.memory_total_bytes)
			abort();
		break;
	case 6:
		if (usage_text_links(text, &host) == 0)
			check_links(&host);
		break;
	default:
		if (usage_text_disks(text, is_disk, NULL, &host) == 0 &&
		    host.disk_cnt > USAGE_DISK_MAX)
			abort();
	}
	free(copy);
	return 0;
}
