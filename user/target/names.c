/* SPDX-License-Identifier: Apache-2.0 */
/* Opens, shares and closes the names of a build. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/debug_file.h"
#include "target/debug_info.h"
#include "target/go_table.h"
#include "target/internal.h"
#include "target/names.h"

#define CACHE_MAX                                                                       \
	256 /* builds; a process maps some 50 files, most of them in common with others \
	     */

struct names_cache {
	struct names *items[CACHE_MAX];
	size_t cnt;
};

struct names_cache *names_cache_new(void)
{
	return calloc(1, sizeof(struct names_cache));
}

void names_cache_free(struct names_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->cnt; i++)
		names_close(cache->items[i]);
	free(cache);
}

void names_close(struct names *names)
{
	if (!names || --names->reference_cnt)
		return;
	inlined_free(names->inlined);
	debug_info_free(names->debug_info);
	debug_info_free(names->partial_info);
	go_table_free(names->go);
	free(names->go_refusal);
	free(names->symbols);
	debug_file_free(names->debug_file);
	free(names->debug_file_refusal);
	elf_end(names->elf);
	if (names->fd >= 0)
		close(names->fd);
	free(names);
}

static bool is_idle(const struct names *n)
{
	return n->reference_cnt == 1;
}

/* Idle names go where their numbers could mean something else by now, or where room is needed. */
static void cache_sweep(struct names_cache *cache)
{
	bool is_full = cache->cnt == CACHE_MAX;
	size_t kept = 0;

	for (size_t i = 0; i < cache->cnt; i++) {
		struct names *n = cache->items[i];

		if (is_idle(n) && (n->is_foreign || is_full))
			names_close(n);
		else
			cache->items[kept++] = n;
	}
	cache->cnt = kept;
}

static struct names *cache_find(struct names_cache *cache, const struct names *wanted)
{
	if (!cache || !wanted->build_id_bytes)
		return NULL;
	cache_sweep(cache);
	for (size_t i = 0; i < cache->cnt; i++) {
		struct names *n = cache->items[i];

		if (n->build_id_bytes == wanted->build_id_bytes &&
		    memcmp(n->build_id, wanted->build_id, n->build_id_bytes) == 0 &&
		    memcmp(&n->origin, &wanted->origin, sizeof(n->origin)) == 0)
			return n;
	}
	return NULL;
}

static void cache_add(struct names_cache *cache, struct names *names)
{
	if (!cache || !names->build_id_bytes || cache->cnt == CACHE_MAX)
		return;
	names->reference_cnt++;
	cache->items[cache->cnt++] = names;
}

/* A stripped file's names are elsewhere. */
static int find_debug_file(struct names *names, const struct image *image, struct fault *why)
{
	const struct names_sources *sources = image->sources;
	const struct debug_file_query query = {
		.elf = names->elf,
		.target_root_fd = sources ? sources->root_fd : -1,
		.path = image->path,
		.extra_dir = sources ? sources->debug_dir : NULL,
	};
	struct fault refusal;
	int err;

	if (!sources)
		return 0;
	err = debug_file_open(&query, &names->debug_file, &refusal);
	if (err)
		return fault_set(why, err, "out of memory");
	if (refusal.text[0]) {
		names->debug_file_refusal = strdup(refusal.text);
		if (!names->debug_file_refusal)
			return fault_set(why, -ENOMEM, "out of memory");
	}
	return 0;
}

static bool has_section(Elf *elf, const char *name)
{
	GElf_Shdr header;

	return elf_file_section(elf, name, &header) && header.sh_type != SHT_NOBITS;
}

static int names_read(struct names *names, const struct image *image, struct fault *why)
{
	int err;

	/* The descriptor is its own: the names can outlive the image. */
	names->fd = fcntl(image->fd, F_DUPFD_CLOEXEC, 0);
	names->elf = names->fd < 0 ? NULL : elf_begin(names->fd, ELF_C_READ, NULL);
	if (!names->elf)
		return fault_set(why, -EBADMSG, "\"%s\" cannot be read", image->path);
	if (!has_section(names->elf, ".symtab") || !has_section(names->elf, ".debug_info")) {
		err = find_debug_file(names, image, why);
		if (err)
			return err;
	}
	return names_read_symbols(names, image, why);
}

static struct names_origin origin_of(const struct image *image)
{
	const struct names_sources *sources = image->sources;
	struct names_origin origin = {.mounts = sources ? sources->mounts : 0};
	struct stat st;

	if (!fstat(image->fd, &st)) {
		origin.device = st.st_dev;
		origin.inode = st.st_ino;
	}
	if (sources && sources->root_fd >= 0 && !fstat(sources->root_fd, &st)) {
		origin.root_device = st.st_dev;
		origin.root_inode = st.st_ino;
	}
	return origin;
}

int names_open(const struct image *image, struct names **ret_names, struct fault *why)
{
	struct names_cache *cache = image->sources ? image->sources->cache : NULL;
	struct names *fresh = calloc(1, sizeof(*fresh)), *shared;
	int err;

	if (!fresh)
		return fault_set(why, -ENOMEM, "out of memory");
	fresh->fd = -1;
	fresh->reference_cnt = 1;
	fresh->origin = origin_of(image);
	fresh->is_foreign = image->sources && image->sources->is_foreign;
	fresh->build_id_bytes = elf_file_build_id(image->elf, fresh->build_id);
	shared = cache_find(cache, fresh);
	if (shared) {
		names_close(fresh);
		shared->reference_cnt++;
		*ret_names = shared;
		return 0;
	}
	err = names_read(fresh, image, why);
	if (err) {
		names_close(fresh);
		return err;
	}
	cache_add(cache, fresh);
	*ret_names = fresh;
	return 0;
}

/* Where DWARF is: in the file itself, else in its debug file. */
static Elf *debug_elf(const struct names *names, int *ret_fd)
{
	*ret_fd = names->fd;
	if (has_section(names->elf, ".debug_info") || has_section(names->elf, ".zdebug_info"))
		return names->elf;
	if (!names->debug_file)
		return NULL;
	*ret_fd = debug_file_fd(names->debug_file);
	return debug_file_elf(names->debug_file);
}

struct debug_info *names_debug_info(struct names *names, bool is_needed)
{
	struct fault ignored;
	Elf *elf;
	int fd;

	if (names->has_debug_info)
		return names->debug_info;
	elf = debug_elf(names, &fd);
	if (elf && !names->debug_bytes)
		names->debug_bytes = elf_file_debug_bytes(elf);
	if (!is_needed && names->debug_bytes > NAMES_DEBUG_BYTES)
		return NULL;
	names->has_debug_info = true;
	if (elf && elf_file_prepare_dwarf(elf, &ignored) == 0)
		names->debug_info = debug_info_new(elf);
	return names->debug_info;
}

struct debug_info *names_source_info(struct names *names)
{
	struct debug_info *info = names_debug_info(names, false);
	Elf *elf;
	int fd;

	if (info || names->has_debug_info || names->has_partial_info)
		return info ? info : names->partial_info;
	names->has_partial_info = true;
	elf = debug_elf(names, &fd);
	if (elf && fd >= 0)
		names->partial_info = debug_info_new_partial(elf, fd);
	return names->partial_info;
}

struct inlined *names_inlined(struct names *names, bool is_thorough)
{
	uint64_t max_bytes = is_thorough ? INLINED_WALK_BYTES_THOROUGH : INLINED_WALK_BYTES;

	if (!names->inlined)
		names->inlined = inlined_new(names->debug_info, max_bytes);
	return names->inlined;
}
