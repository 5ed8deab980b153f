/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL (and BoringSSL, LibreSSL, which kept these functions) by its symbols. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/internal.h"
#include "target/plan.h"
#include "target/tls_library.h"

/* libssl.so.3, libssl.so.1.1, and copies under names of their own (libssl-38d5.so.3). */
#define LIBRARY_PREFIX "libssl"

/* A process that maps more of them has them from several packages; each has all of these functions.
 */
#define LIBRARY_MAX 16

static const char *const names[TS_TLS_FUNCTION_CNT] = {
	[TS_TLS_READ] = "SSL_read",
	[TS_TLS_WRITE] = "SSL_write",
	[TS_TLS_READ_EX] = "SSL_read_ex",
	[TS_TLS_WRITE_EX] = "SSL_write_ex",
	[TS_TLS_WRITE_EX2] = "SSL_write_ex2",
	[TS_TLS_PEEK] = "SSL_peek",
	[TS_TLS_PEEK_EX] = "SSL_peek_ex",
	[TS_TLS_HANDSHAKE] = "SSL_do_handshake",
	[TS_TLS_READ_EARLY] = "SSL_read_early_data",
	[TS_TLS_WRITE_EARLY] = "SSL_write_early_data",
	[TS_TLS_GET_ERROR] = "SSL_get_error",
	[TS_TLS_FREE] = "SSL_free",
	[TS_TLS_EARLY_STATUS] = "SSL_get_early_data_status",
};

static bool is_library(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strncmp(slash ? slash + 1 : path, LIBRARY_PREFIX, strlen(LIBRARY_PREFIX)) == 0;
}

void tls_library_fini(struct tls_functions *functions)
{
	for (size_t i = 0; i < functions->cnt; i++)
		plan_fini(&functions->items[i].plan);
	free(functions->items);
	*functions = (struct tls_functions){0};
}

static const struct symbol *find_symbol(const struct image *image, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < image->names->symbol_cnt; i++) {
		const struct symbol *s = &image->names->symbols[i];

		if (strncmp(s->raw, name, length) == 0 &&
		    (!s->raw[length] || s->raw[length] == '@'))
			return s;
	}
	return NULL;
}

/* Some exit where its result is known: a tail jump only hands on to another function. */
static bool has_result(enum ts_tls_function function, const struct function_plan *plan)
{
	bool has = plan->exit_mode == EXIT_HIJACK;

	/* The result of these is of no interest. */
	if (function == TS_TLS_HANDSHAKE || function == TS_TLS_GET_ERROR || function == TS_TLS_FREE)
		return true;

	for (size_t i = 0; i < plan->exit_cnt; i++)
		has |= !plan->exits[i].is_tail;
	return has;
}

struct search {
	struct process *process;
	enum exit_policy policy;
	struct tls_functions list;
};

static int add_function(struct search *search, struct image *image, enum ts_tls_function function,
			struct fault *why)
{
	const struct function_query query = {.pattern = names[function], .policy = search->policy};
	struct tls_functions *list = &search->list;
	const struct symbol *symbol = find_symbol(image, names[function]);
	struct tls_function *f = &list->items[list->cnt];
	int err;

	if (!symbol)
		return 0;
	*f = (struct tls_function){.function = function, .image = image};
	err = plan_fill(search->process, image, symbol, &query, PLAN_NO_OFFSET, &f->plan);
	list->cnt++;
	if (err)
		return fault_set(why, err, "out of memory");
	if (f->plan.exit_mode == EXIT_REFUSED)
		return fault_set(why, -ENOTSUP, "\"%s\" of \"%s\" cannot be probed: %s",
				 names[function], image->path, f->plan.reason);
	if (has_result(function, &f->plan))
		return 0;
	plan_fini(&f->plan);
	list->cnt--;
	/* From 3.3 on it is but a jump to this one. */
	if (function == TS_TLS_WRITE_EX && find_symbol(image, names[TS_TLS_WRITE_EX2]))
		return 0;
	return fault_set(why, -ENOTSUP,
			 "\"%s\" of \"%s\" cannot be probed: it hands on to another function",
			 names[function], image->path);
}

static int add_image(struct search *search, struct image *image, struct fault *why)
{
	int err = image_load_symbols(image, why);

	for (int function = TS_TLS_NONE + 1; !err && function < TS_TLS_FUNCTION_CNT; function++)
		err = add_function(search, image, (enum ts_tls_function)function, why);
	return err;
}

int tls_library_find(struct process *process, enum exit_policy policy,
		     struct tls_functions *ret_functions, struct fault *why)
{
	struct search search = {.process = process, .policy = policy};
	struct tls_functions *list = &search.list;
	size_t library_cnt = 0;
	int err = 0;

	list->items = calloc((size_t)LIBRARY_MAX * TS_TLS_FUNCTION_CNT, sizeof(*list->items));
	if (!list->items)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < process->image_cnt && library_cnt < LIBRARY_MAX && !err; i++) {
		if (!is_library(process->images[i].path))
			continue;
		library_cnt++;
		err = add_image(&search, &process->images[i], why);
	}
	/* Who has the library has no second one linked in, and may have very many symbols. */
	if (!err && !library_cnt)
		err = add_image(&search, &process->images[0], why);
	if (err)
		tls_library_fini(list);
	else
		*ret_functions = *list;
	return err;
}

bool tls_library_is_mapped(pid_t pid)
{
	char path[64], *line = NULL;
	bool is_mapped = false;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!is_mapped && getline(&line, &room, file) > 0)
		is_mapped = strchr(line, '/') && is_library(strchr(line, '/'));
	free(line);
	fclose(file);
	return is_mapped;
}
