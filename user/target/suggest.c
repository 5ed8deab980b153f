/* SPDX-License-Identifier: Apache-2.0 */
/* Names near to one that was not found: most mistakes are a typing error, or the wrong file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/suggest.h"

#define NEAREST_CNT  5
#define DISTANCE_FAR 6 /* more edits than this make another word */
#define SEARCHED_SYMBOLS \
	200000 /* demangling more than these takes longer than a person waits for a hint */

struct nearest {
	char *name;
	size_t distance;
};

static bool is_listed(const struct nearest *list, const char *name)
{
	for (size_t i = 0; i < NEAREST_CNT; i++) {
		if (list[i].name && strcmp(list[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Keeps the list sorted by distance; takes the name over. */
static void offer(struct nearest *list, char *name, size_t distance)
{
	struct nearest item = {.name = name, .distance = distance};

	if (is_listed(list, name)) {
		free(name);
		return;
	}
	for (size_t i = 0; i < NEAREST_CNT; i++) {
		struct nearest swap = list[i];

		if (swap.name && swap.distance <= item.distance)
			continue;
		list[i] = item;
		item = swap;
		if (!item.name)
			return;
	}
	free(item.name);
}

static void search(const struct image *image, const char *wanted, struct nearest *list)
{
	for (size_t i = 0; i < image->names->symbol_cnt && i < SEARCHED_SYMBOLS; i++) {
		size_t limit =
			list[NEAREST_CNT - 1].name ? list[NEAREST_CNT - 1].distance : DISTANCE_FAR;
		char *name = symbol_demangle(&image->names->symbols[i], false);
		size_t distance = name ? pattern_distance(wanted, name, limit) : limit;

		if (distance < limit)
			offer(list, name, distance);
		else
			free(name);
	}
}

static void append(char *text, size_t text_bytes, const char *before, const char *name)
{
	size_t length = strlen(text);

	snprintf(text + length, text_bytes - length, "%s\"%s\"", before, name);
}

/* A library that has a function of exactly this raw name. */
static const char *library_with(struct process *process, const char *function)
{
	struct fault ignored;

	for (size_t i = 1; i < process->image_cnt; i++) {
		struct image *image = &process->images[i];

		if (image_load_symbols(image, &ignored))
			continue;
		for (size_t s = 0; s < image->names->symbol_cnt; s++) {
			const char *slash = strrchr(image->path, '/');

			if (strcmp(image->names->symbols[s].raw, function) == 0)
				return slash ? slash + 1 : image->path;
		}
	}
	return NULL;
}

static int explain_stripped(const struct process *process, const struct image *image,
			    struct fault *why)
{
	const char *refusal = image->names->debug_file_refusal;

	if (refusal)
		return fault_set(why, -ENOTSUP, "\"%s\" has no names of functions (stripped); %s",
				 image->path, refusal);
	return fault_set(
		why, -ENOTSUP, "\"%s\" has no names of functions (stripped)%s", image->path,
		process->has_jit_code ? "; code that is made at run time (JIT) cannot be probed"
				      : ": install its debug symbols, or give --debug-dir with its "
					".debug file");
}

int suggest_functions(struct process *process, struct image *image, const struct pattern *pattern,
		      struct fault *why)
{
	struct nearest list[NEAREST_CNT] = {0};
	char hint[FAULT_TEXT_BYTES / 2] = "";
	const char *library = image->is_main ? library_with(process, pattern->function) : NULL;

	if (!image->names->symbol_cnt && !library)
		return explain_stripped(process, image, why);
	if (library) {
		snprintf(hint, sizeof(hint), "; did you mean \"%.200s:%.200s\"?", library,
			 pattern->function);
	} else if (!pattern->is_glob) {
		search(image, pattern->function, list);
		for (size_t i = 0; i < NEAREST_CNT && list[i].name; i++) {
			if (strlen(list[i].name) < 100)
				append(hint, sizeof(hint), hint[0] ? ", " : "; did you mean ",
				       list[i].name);
			free(list[i].name);
		}
		if (hint[0])
			strncat(hint, "?", sizeof(hint) - strlen(hint) - 1);
	}
	return fault_set(why, -ENOENT, "no function \"%.300s\" in \"%s\"%s%s", pattern->function,
			 image->path, hint,
			 process->has_jit_code && !hint[0]
				 ? "; code that is made at run time (JIT) cannot be probed"
				 : "");
}

int suggest_libraries(const struct process *process, const char *library, struct fault *why)
{
	char hint[FAULT_TEXT_BYTES / 2] = "";

	for (size_t i = 0; i < process->image_cnt && strlen(hint) < sizeof(hint) - 128; i++) {
		const char *slash = strrchr(process->images[i].path, '/');
		const char *base = slash ? slash + 1 : process->images[i].path;

		if (strlen(base) < 60)
			append(hint, sizeof(hint), hint[0] ? ", " : "; it has ", base);
	}
	return fault_set(why, -ENXIO, "process %d has no file \"%.200s\" mapped%s", process->pid,
			 library, hint);
}
