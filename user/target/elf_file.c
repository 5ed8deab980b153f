/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of sizes, and the two look-ups (a section, the build-id) that every ELF file needs. */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "target/debug_strings.h"
#include "target/elf_file.h"

#define DEFLATE_RATIO_MAX 1032	      /* https://zlib.net/zlib_tech.html, at its end */
#define PACKED_MAX	  64	      /* packed sections of one file; DWARF has 23 kinds */
#define STRING_TABLE_MAX  64	      /* a linked file has three */
#define SECTION_NAME_MAX  1024	      /* libdw measures each name for each kind of section */
#define NOTES_MAX	  64	      /* sections or segments of notes that are searched */
#define NOTES_BYTES	  (64U << 10) /* of one of them; a build-id takes 36 */

/* How sections were packed before SHF_COMPRESSED, told by their names. */
#define GNU_PACKED_PREFIX ".zdebug_"

struct gnu_packed_head {
	char magic[4];			 /* "ZLIB" */
	unsigned char unpacked_bytes[8]; /* big end first */
};

static int damaged(struct fault *why, const char *how)
{
	return fault_set(why, -EBADMSG, "is a damaged ELF file: %s", how);
}

int elf_file_check_header(const void *bytes, size_t cnt, uint64_t file_bytes, struct fault *why)
{
	Elf64_Ehdr header;

	if (cnt < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return fault_set(why, -EBADMSG, "is not an ELF file");
	if (cnt < sizeof(header) || file_bytes < sizeof(header))
		return damaged(why, "its header is cut short");
	memcpy(&header, bytes, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64 || (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return fault_set(why, -ENOTSUP, "is not a 64-bit x86 program or library");
	/* With 65280 sections or more the count stands elsewhere; only object files have so many.
	 */
	if (header.e_shoff && (!header.e_shnum || header.e_shentsize != sizeof(Elf64_Shdr)))
		return damaged(why, "an impossible number or size of section headers");
	if (header.e_shoff > file_bytes ||
	    header.e_shnum * sizeof(Elf64_Shdr) > file_bytes - header.e_shoff)
		return damaged(why, "its section headers lie behind its end (cut short?)");
	return 0;
}

/* A section whose contents are in the file. */
static bool has_bytes(const GElf_Shdr *header)
{
	return header->sh_type != SHT_NULL && header->sh_type != SHT_NOBITS;
}

static bool holds_names(const GElf_Shdr *header)
{
	return header->sh_type == SHT_STRTAB || header->sh_type == SHT_SYMTAB ||
	       header->sh_type == SHT_DYNSYM;
}

/* elf_strptr looks for the end from the back: without one there it reads the table for each name.
 */
static bool is_terminated(Elf *elf, const GElf_Shdr *header)
{
	uint64_t last = header->sh_offset + header->sh_size - 1;
	Elf_Data *data;

	if (!header->sh_size)
		return true;
	if (last > INT64_MAX)
		return false;
	data = elf_getdata_rawchunk(elf, (int64_t)last, 1, ELF_T_BYTE);
	return data && *(const char *)data->d_buf == '\0';
}

int elf_file_check_sections(Elf *elf, uint64_t file_bytes, struct fault *why)
{
	uint64_t names_bytes = 0;
	size_t table_cnt = 0;
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			return damaged(why, "its section headers cannot be read");
		if (!has_bytes(&header))
			continue;
		if (header.sh_offset > file_bytes || header.sh_size > file_bytes - header.sh_offset)
			return damaged(why, "a section lies behind its end (cut short?)");
		if (!holds_names(&header))
			continue;
		if (header.sh_flags & SHF_COMPRESSED)
			return damaged(why, "a table of names is compressed");
		if (header.sh_type == SHT_STRTAB &&
		    (++table_cnt > STRING_TABLE_MAX || !is_terminated(elf, &header)))
			return damaged(why, "a table of names has no end");
		names_bytes += header.sh_size;
		if (names_bytes > ELF_FILE_NAMES_BYTES)
			return fault_set(why, -E2BIG, "has tables of names of more than %llu MiB",
					 ELF_FILE_NAMES_BYTES >> 20);
	}
	return 0;
}

Elf_Scn *elf_file_section(Elf *elf, const char *name, GElf_Shdr *ret_header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, ret_header))
			continue;
		found = elf_strptr(elf, names, ret_header->sh_name);
		if (found && strcmp(found, name) == 0)
			return section;
	}
	return NULL;
}

/* The first `bytes` of a section; NULL where it has not as many. */
typedef const void *(*head_fn)(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, size_t bytes);

static const void *peek_head(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, size_t bytes)
{
	Elf_Data *data;

	(void)section;
	if (header->sh_size < bytes || header->sh_offset > INT64_MAX)
		return NULL;
	data = elf_getdata_rawchunk(elf, (int64_t)header->sh_offset, bytes, ELF_T_BYTE);
	return data ? data->d_buf : NULL;
}

/* libelf keeps what it has read: these are the bytes that it will unpack. */
static const void *load_head(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, size_t bytes)
{
	Elf_Data *data = elf_getdata(section, NULL);

	(void)elf;
	(void)header;
	return data && data->d_size >= bytes ? data->d_buf : NULL;
}

struct debug_walk {
	Elf *elf;
	struct fault *why;
	head_fn head;
	uint64_t total_bytes;
	size_t packed_cnt;
};

/* What a section says that it unpacks to; *ret_is_deflated: by zlib's algorithm. */
static bool read_unpacked_bytes(const void *head, bool is_gnu_packed, uint64_t *ret_bytes,
				bool *ret_is_deflated)
{
	struct gnu_packed_head gnu;
	Elf64_Chdr packed;

	if (is_gnu_packed) {
		memcpy(&gnu, head, sizeof(gnu));
		memcpy(ret_bytes, gnu.unpacked_bytes, sizeof(*ret_bytes));
		*ret_bytes = be64toh(*ret_bytes);
		*ret_is_deflated = true;
		return memcmp(gnu.magic, "ZLIB", sizeof(gnu.magic)) == 0;
	}
	memcpy(&packed, head, sizeof(packed));
	*ret_bytes = packed.ch_size;
	*ret_is_deflated = packed.ch_type == ELFCOMPRESS_ZLIB;
	return true;
}

static int check_packed(struct debug_walk *w, Elf_Scn *section, const GElf_Shdr *header,
			bool is_gnu_packed)
{
	uint64_t unpacked_bytes;
	const void *head;
	bool is_deflated;

	/* libdw would unpack it twice. */
	if (is_gnu_packed && header->sh_flags & SHF_COMPRESSED)
		return damaged(w->why, "a section is compressed in two ways");
	if (++w->packed_cnt > PACKED_MAX)
		return damaged(w->why, "too many compressed sections");
	head = w->head(w->elf, section, header,
		       is_gnu_packed ? sizeof(struct gnu_packed_head) : sizeof(Elf64_Chdr));
	if (!head)
		return damaged(w->why, "a compressed section cannot be read");
	if (!read_unpacked_bytes(head, is_gnu_packed, &unpacked_bytes, &is_deflated))
		return 0; /* plain, whatever its name says */
	if (is_deflated && unpacked_bytes / DEFLATE_RATIO_MAX > header->sh_size)
		return damaged(w->why,
			       "a compressed section claims more than compression can give");
	/* zstd has no such limit. More than all that is allowed is as good as all. */
	w->total_bytes +=
		unpacked_bytes < ELF_FILE_DEBUG_BYTES ? unpacked_bytes : ELF_FILE_DEBUG_BYTES;
	return 0;
}

static int check_debug_section(struct debug_walk *w, Elf_Scn *section, const GElf_Shdr *header,
			       const char *name)
{
	bool is_gnu_packed = strncmp(name, GNU_PACKED_PREFIX, strlen(GNU_PACKED_PREFIX)) == 0;
	int err = 0;

	w->total_bytes += header->sh_size;
	if (w->total_bytes <= ELF_FILE_DEBUG_BYTES &&
	    (is_gnu_packed || header->sh_flags & SHF_COMPRESSED))
		err = check_packed(w, section, header, is_gnu_packed);
	if (!err && w->total_bytes > ELF_FILE_DEBUG_BYTES)
		err = fault_set(w->why, -E2BIG, "has debug information of more than %llu MiB",
				ELF_FILE_DEBUG_BYTES >> 20);
	return err;
}

static int walk_debug(struct debug_walk *w)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(w->elf, &names))
		return damaged(w->why, "its sections have no names");
	while ((section = elf_nextscn(w->elf, section))) {
		const char *name;
		int err = 0;

		if (!gelf_getshdr(section, &header) || !has_bytes(&header))
			continue;
		name = elf_strptr(w->elf, names, header.sh_name);
		if (!name || strnlen(name, SECTION_NAME_MAX) == SECTION_NAME_MAX)
			return damaged(w->why, "a section has no name, or a huge one");
		if (header.sh_flags & SHF_COMPRESSED || strstr(name, "debug_"))
			err = check_debug_section(w, section, &header, name);
		if (err)
			return err;
	}
	return 0;
}

int elf_file_check_debug(Elf *elf, struct fault *why)
{
	struct debug_walk walk = {.elf = elf, .why = why, .head = peek_head};

	return walk_debug(&walk);
}

uint64_t elf_file_debug_bytes(Elf *elf)
{
	struct fault ignored;
	struct debug_walk walk = {.elf = elf, .why = &ignored, .head = peek_head};

	return walk_debug(&walk) ? UINT64_MAX : walk.total_bytes;
}

/* In memory only: libdw passes over a section without bytes. */
static int hide_sections(Elf *elf, const char *part_of_name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return 0;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header) || !has_bytes(&header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (!name || !strstr(name, part_of_name))
			continue;
		header.sh_type = SHT_NOBITS;
		if (!gelf_update_shdr(section, &header))
			return -EBADMSG;
	}
	return 0;
}

int elf_file_prepare_dwarf(Elf *elf, struct fault *why)
{
	struct debug_walk walk = {.elf = elf, .why = why, .head = load_head};
	int err = walk_debug(&walk);

	/* Under three names: plain, compressed the old way, and of link-time optimisation. */
	if (!err && hide_sections(elf, "gnu_debugaltlink"))
		err = damaged(why, "a section header cannot be changed");
	if (!err && !debug_strings_are_terminated(elf))
		err = damaged(why, "a section of debug strings has no end");
	return err;
}

static size_t id_in_notes(Elf *elf, uint64_t offset, uint64_t bytes, bool is_aligned_8,
			  unsigned char *id)
{
	size_t at = 0, name_at, description_at;
	Elf_Data *data;
	GElf_Nhdr note;

	if (!bytes || bytes > NOTES_BYTES || offset > INT64_MAX)
		return 0;
	data = elf_getdata_rawchunk(elf, (int64_t)offset, bytes,
				    is_aligned_8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	while (data && (at = gelf_getnote(data, at, &note, &name_at, &description_at)) > 0) {
		const char *text = data->d_buf;

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof(ELF_NOTE_GNU) ||
		    memcmp(text + name_at, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) != 0)
			continue;
		if (!note.n_descsz || note.n_descsz > ELF_FILE_BUILD_ID_BYTES)
			return 0;
		memcpy(id, text + description_at, note.n_descsz);
		return note.n_descsz;
	}
	return 0;
}

size_t elf_file_build_id(Elf *elf, unsigned char id[ELF_FILE_BUILD_ID_BYTES])
{
	size_t cnt, tries = 0, id_bytes = 0;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Phdr segment;

	/* Sections first: the segments of a debug file have the offsets of the file it belongs to.
	 */
	while (!id_bytes && tries < NOTES_MAX && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE ||
		    header.sh_flags & SHF_COMPRESSED)
			continue;
		tries++;
		id_bytes = id_in_notes(elf, header.sh_offset, header.sh_size,
				       header.sh_addralign == 8, id);
	}
	if (elf_getphdrnum(elf, &cnt))
		return id_bytes;
	for (size_t i = 0; !id_bytes && i < cnt && i < NOTES_MAX; i++) {
		if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_NOTE)
			id_bytes = id_in_notes(elf, segment.p_offset, segment.p_filesz,
					       segment.p_align == 8, id);
	}
	return id_bytes;
}
