/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file: YAML, its bounds, and what its keys mean. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config.h"

static const char *env(const char *name)
{
	return strcmp(name, "TICKSCOPE_JUDGE_OVER") == 0 ? "20s" : NULL;
}

/* libfyaml 0.7.12 keeps 512 bytes for a text with many '' in quotes. Our own leaks have frames of
 * ours only: what a text becomes is copied. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static struct config_problems problems;
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config *config = NULL;
	char path[64];

	if (fd < 0 || write(fd, data, size_bytes) != (ssize_t)size_bytes)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_load(path, env, &config, &problems) == 0) {
		if (problems.cnt || config->judge.over_ns != 20000000000ULL)
			abort();
		config_free(config);
	} else if (!problems.cnt || config) {
		abort();
	}
	for (size_t i = 0; i < problems.cnt; i++) {
		if (text_find_invalid(problems.items[i].text))
			abort();
	}
	close(fd);
	return 0;
}
