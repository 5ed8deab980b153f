/* SPDX-License-Identifier: Apache-2.0 */
/* Where debug files may be, and whether one belongs to the running file. What an ELF file may hold
 * is for elf_file to say. */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "target/debug_file.h"
#include "target/elf_file.h"
#include "target/regular_file.h"
#include "target/xz.h"

#define DEBUG_DIR      "/usr/lib/debug"
#define BUILD_ID_LEAST 2	      /* one byte is the directory, the others are the name */
#define LINK_BYTES     (NAME_MAX + 8) /* .gnu_debuglink: a name, up to 4 zeros, a checksum */
#define PACKED_BYTES   (64U << 20)    /* .gnu_debugdata; real ones take 1 MB at most */

struct debug_file {
	int fd;	     /* -1: in memory */
	void *bytes; /* what is in memory */
	Elf *elf;
	char *path;
};

/* What is looked for, and what came of it. */
struct search {
	const struct debug_file_query *query;
	unsigned char id[ELF_FILE_BUILD_ID_BYTES];
	size_t id_bytes;
	bool is_by_id;	   /* in places named after the build-id: a file there must have it */
	bool has_checksum; /* in places named by .gnu_debuglink */
	uint32_t checksum;
	struct debug_file *found;
	struct fault *why;
};

Elf *debug_file_elf(const struct debug_file *file)
{
	return file->elf;
}

int debug_file_fd(const struct debug_file *file)
{
	return file->fd;
}

const char *debug_file_path(const struct debug_file *file)
{
	return file->path;
}

void debug_file_free(struct debug_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->bytes);
	free(file->path);
	free(file);
}

static struct debug_file *file_new(const char *path)
{
	struct debug_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->fd = -1;
	file->path = strdup(path);
	if (file->path)
		return file;
	free(file);
	return NULL;
}

static int check_checksum(const struct search *s, int fd, uint64_t file_bytes, struct fault *reason)
{
	uint32_t checksum;
	int err = regular_file_checksum(fd, file_bytes, &checksum, reason);

	if (!err && checksum != s->checksum)
		err = fault_set(reason, -EBADMSG,
				"belongs to another build (its checksum is %08x, not %08x)",
				checksum, s->checksum);
	return err;
}

static bool has_names(Elf *elf)
{
	static const char *const names[] = {".symtab", ".debug_info", ".zdebug_info"};
	GElf_Shdr header;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (elf_file_section(elf, names[i], &header) && header.sh_type != SHT_NOBITS &&
		    header.sh_size)
			return true;
	}
	return false;
}

static int check_build_id(const struct search *s, Elf *elf, struct fault *reason)
{
	unsigned char id[ELF_FILE_BUILD_ID_BYTES];
	size_t id_bytes = elf_file_build_id(elf, id);

	if (s->is_by_id && !id_bytes)
		return fault_set(reason, -EBADMSG, "does not say which build it belongs to");
	if (s->id_bytes && id_bytes &&
	    (id_bytes != s->id_bytes || memcmp(id, s->id, id_bytes) != 0))
		return fault_set(reason, -EBADMSG, "belongs to another build (other build-id)");
	return 0;
}

/* Of a file whose Elf is open: nothing in it is to be used unless all of this is right. */
static int check_file(const struct search *s, const struct debug_file *file, uint64_t file_bytes,
		      struct fault *reason)
{
	int err;

	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF)
		return fault_set(reason, -EBADMSG, "is not an ELF file");
	err = elf_file_check_sections(file->elf, file_bytes, reason);
	if (!err)
		err = elf_file_check_debug(file->elf, reason);
	if (!err)
		err = check_build_id(s, file->elf, reason);
	if (!err && !has_names(file->elf))
		err = fault_set(reason, -ENODATA,
				"has neither a symbol table nor debug information");
	if (!err && s->has_checksum)
		err = check_checksum(s, file->fd, file_bytes, reason);
	return err;
}

/* The fd is taken in any case. */
static int open_file(struct search *s, int fd, uint64_t file_bytes, const char *path,
		     struct fault *reason)
{
	unsigned char head[sizeof(Elf64_Ehdr)];
	struct debug_file *file = file_new(path);
	ssize_t cnt;
	int err;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	file->fd = fd;
	cnt = pread(fd, head, sizeof(head), 0);
	if (file_bytes > DEBUG_FILE_BYTES)
		err = fault_set(reason, -E2BIG, "is larger than %llu MiB", DEBUG_FILE_BYTES >> 20);
	else
		err = elf_file_check_header(head, cnt > 0 ? (size_t)cnt : 0, file_bytes, reason);
	if (!err) {
		file->elf = elf_begin(fd, ELF_C_READ, NULL);
		err = check_file(s, file, file_bytes, reason);
	}
	if (err)
		debug_file_free(file);
	else
		s->found = file;
	return err;
}

/* The first refusal is kept: it is of the likeliest place. Only -ENOMEM ends the search. */
static int refuse(struct search *s, int err, const char *path, const struct fault *reason)
{
	if (err == -ENOMEM)
		return fault_set(s->why, -ENOMEM, "out of memory for the debug file \"%s\"", path);
	if (!s->why->text[0])
		fault_set(s->why, err, "debug file not used: \"%s\" %s", path, reason->text);
	return 0;
}

static int try_path(struct search *s, int root_fd, const char *dir, const char *name)
{
	bool is_own = root_fd == REGULAR_FILE_OWN_ROOT;
	char path[PATH_MAX], shown[PATH_MAX + 32];
	uint64_t file_bytes = 0;
	struct fault reason;
	int fd = -1, err;

	if (s->found || snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return 0;
	err = regular_file_open(root_fd, path, &fd, &file_bytes, &reason);
	if (err == -ENOENT)
		return 0;
	snprintf(shown, sizeof(shown), "%s%s", path, is_own ? "" : " (in the target's root)");
	text_clean(shown);
	if (!err)
		err = open_file(s, fd, file_bytes, shown, &reason);
	return err ? refuse(s, err, shown, &reason) : 0;
}

/* In the target's root, then in ours: a container has its programs, the host their debug files. */
static int try_roots(struct search *s, const char *dir, const char *name)
{
	int err = 0;

	if (s->query->target_root_fd >= 0)
		err = try_path(s, s->query->target_root_fd, dir, name);
	return err ? err : try_path(s, REGULAR_FILE_OWN_ROOT, dir, name);
}

static int try_extra(struct search *s, const char *name)
{
	return s->query->extra_dir ? try_path(s, REGULAR_FILE_OWN_ROOT, s->query->extra_dir, name)
				   : 0;
}

/* .build-id/ab/cdef….debug, the convention of all distributions. */
static int search_build_id(struct search *s)
{
	char name[sizeof(".build-id//.debug") + 2 * ELF_FILE_BUILD_ID_BYTES];
	size_t length;
	int err;

	if (s->id_bytes < BUILD_ID_LEAST)
		return 0;
	length = (size_t)snprintf(name, sizeof(name), ".build-id/%02x/", s->id[0]);
	for (size_t i = 1; i < s->id_bytes; i++)
		length += (size_t)snprintf(name + length, sizeof(name) - length, "%02x", s->id[i]);
	snprintf(name + length, sizeof(name) - length, ".debug");
	s->is_by_id = true;
	err = try_extra(s, name);
	if (!err)
		err = try_roots(s, DEBUG_DIR, name);
	s->is_by_id = false;
	return err;
}

/* One name of a file, which shows on a terminal as it is. */
static bool is_file_name(const char *name)
{
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	}
	return true;
}

/* A section of the running file; *ret_data is NULL where it has none of that name. -E2BIG: larger
 * than max_bytes. */
static int read_section(const struct search *s, const char *name, uint64_t max_bytes,
			Elf_Data **ret_data, struct fault *reason)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section(s->query->elf, name, &header);

	*ret_data = NULL;
	if (!section || header.sh_type == SHT_NOBITS || !header.sh_size)
		return 0;
	if (header.sh_size > max_bytes)
		return fault_set(reason, -E2BIG, "has an impossibly large %s", name);
	*ret_data = elf_getdata(section, NULL);
	if (!*ret_data || !(*ret_data)->d_buf)
		return fault_set(reason, -EBADMSG, "has a damaged %s", name);
	return 0;
}

/* The name (malloc'ed, NULL: no link) and the checksum. */
static int read_link(struct search *s, char **ret_name, struct fault *reason)
{
	Elf_Data *data;
	int err = read_section(s, ".gnu_debuglink", LINK_BYTES, &data, reason);
	size_t checksum_at;
	const char *name;

	if (err || !data)
		return err;
	name = data->d_buf;
	/* The checksum follows at the next multiple of 4 after the name's end. */
	checksum_at =
		(strnlen(name, data->d_size) + sizeof(s->checksum)) & ~(sizeof(s->checksum) - 1);
	if (checksum_at + sizeof(s->checksum) > data->d_size)
		return fault_set(reason, -EBADMSG, "has a damaged .gnu_debuglink");
	if (!is_file_name(name))
		return fault_set(reason, -EBADMSG,
				 "has a .gnu_debuglink that is not the name of a file");
	memcpy(&s->checksum, name + checksum_at, sizeof(s->checksum));
	s->checksum = le32toh(s->checksum);
	*ret_name = strdup(name);
	return *ret_name ? 0 : -ENOMEM;
}

static int search_link_in(struct search *s, const char *dir, const char *name)
{
	char other[PATH_MAX];
	int err = try_extra(s, name);

	if (s->query->path[0] != '/')
		return err;
	/* A file that names itself: its debug file has the same name, in another directory. */
	if (!err && strcmp(strrchr(s->query->path, '/') + 1, name) != 0)
		err = try_roots(s, dir, name);
	if (!err && snprintf(other, sizeof(other), "%s/.debug", dir) < (int)sizeof(other))
		err = try_roots(s, other, name);
	if (!err && snprintf(other, sizeof(other), DEBUG_DIR "%s", dir) < (int)sizeof(other))
		err = try_roots(s, other, name);
	return err;
}

static int search_link(struct search *s, const char *shown)
{
	const char *slash = strrchr(s->query->path, '/');
	char *name = NULL, *dir = NULL;
	struct fault reason;
	int err = read_link(s, &name, &reason);

	if (err)
		return refuse(s, err, shown, &reason);
	if (!name)
		return 0;
	dir = strndup(s->query->path, slash ? (size_t)(slash - s->query->path) : 0);
	s->has_checksum = true;
	err = dir ? search_link_in(s, dir, name) : refuse(s, -ENOMEM, shown, &reason);
	s->has_checksum = false;
	free(dir);
	free(name);
	return err;
}

/* An Elf over what .gnu_debugdata unpacks to. */
static int open_packed(struct search *s, const Elf_Data *data, const char *path,
		       struct fault *reason)
{
	struct debug_file *file = file_new(path);
	size_t cnt;
	int err;

	if (!file)
		return -ENOMEM;
	err = xz_unpack(data->d_buf, data->d_size, &file->bytes, &cnt, reason);
	if (!err)
		err = elf_file_check_header(file->bytes, cnt, cnt, reason);
	if (!err) {
		file->elf = elf_memory(file->bytes, cnt);
		err = check_file(s, file, cnt, reason);
	}
	if (err)
		debug_file_free(file);
	else
		s->found = file;
	return err;
}

static int search_packed(struct search *s, const char *shown)
{
	char path[PATH_MAX + 32];
	struct fault reason;
	Elf_Data *data;
	int err = read_section(s, ".gnu_debugdata", PACKED_BYTES, &data, &reason);

	if (err)
		return refuse(s, err, shown, &reason);
	if (!data)
		return 0;
	snprintf(path, sizeof(path), ".gnu_debugdata of %s", shown);
	err = open_packed(s, data, path, &reason);
	return err ? refuse(s, err, path, &reason) : 0;
}

int debug_file_open(const struct debug_file_query *query, struct debug_file **ret_file,
		    struct fault *why)
{
	struct search s = {.query = query, .why = why};
	char shown[PATH_MAX];
	int err;

	why->text[0] = '\0';
	snprintf(shown, sizeof(shown), "%s", query->path);
	text_clean(shown);
	s.id_bytes = elf_file_build_id(query->elf, s.id);
	err = search_build_id(&s);
	if (!err && !s.found)
		err = search_link(&s, shown);
	if (!err && !s.found)
		err = search_packed(&s, shown);
	if (!err)
		*ret_file = s.found;
	return err;
}
