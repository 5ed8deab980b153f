/* SPDX-License-Identifier: Apache-2.0 */
/* The index of functions of one file, from .symtab, .dynsym and the table of Go functions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/debug_file.h"
#include "target/go_table.h"
#include "target/internal.h"

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->raw, b->raw);
}

static Elf_Scn *table_of_type(Elf *elf, unsigned int type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, header) && header->sh_type == type && header->sh_entsize)
			return section;
	}
	return NULL;
}

#define CHUNK_CNT 512 /* symbols that are read at once: 12 KB */

/* One symbol table of one file. Where it is in a file, libelf does not get to keep it in memory. */
struct table {
	Elf *elf;
	int fd; /* -1: the file is in memory */
	GElf_Shdr header;
	Elf64_Sym chunk[CHUNK_CNT];
};

/* Reads symbols [at, at + cnt) into the chunk; how many there were. */
static size_t read_chunk(struct table *table, Elf_Scn *section, size_t at, size_t cnt)
{
	size_t offset = at * sizeof(Elf64_Sym), bytes;
	Elf_Data *data;
	ssize_t read_cnt;

	cnt = cnt < CHUNK_CNT ? cnt : CHUNK_CNT;
	bytes = cnt * sizeof(Elf64_Sym);
	if (table->fd >= 0) {
		read_cnt = pread(table->fd, table->chunk, bytes,
				 (off_t)(table->header.sh_offset + offset));
		return read_cnt > 0 ? (size_t)read_cnt / sizeof(Elf64_Sym) : 0;
	}
	data = elf_getdata(section, NULL);
	if (!data || !data->d_buf || offset > data->d_size || bytes > data->d_size - offset)
		return 0;
	memcpy(table->chunk, (const char *)data->d_buf + offset, bytes);
	return cnt;
}

/* A defined function in an executable segment of the running file becomes an entry of the index. */
static bool take_symbol(const struct image *image, const struct table *table, const Elf64_Sym *sym,
			struct symbol *ret)
{
	int type = ELF64_ST_TYPE(sym->st_info);
	uint64_t ignored;

	if (sym->st_shndx == SHN_UNDEF || (type != STT_FUNC && type != STT_GNU_IFUNC))
		return false;
	if (!image_offset(image, sym->st_value, 1, &ignored))
		return false;
	ret->flags = 0;
	ret->raw = elf_strptr(table->elf, table->header.sh_link, sym->st_name);
	if (!ret->raw || !*ret->raw)
		return false;
	ret->address = sym->st_value;
	ret->size_bytes = sym->st_size;
	ret->kind = type == STT_GNU_IFUNC ? SYMBOL_IFUNC : SYMBOL_FUNCTION;
	symbol_classify(ret);
	return true;
}

static int out_of_memory(const struct image *image, struct fault *why)
{
	return fault_set(why, -ENOMEM, "out of memory for the symbols of \"%s\"", image->path);
}

static int read_table(struct names *names, const struct image *image, struct table *table,
		      unsigned int type, struct fault *why)
{
	Elf_Scn *section = table_of_type(table->elf, type, &table->header);
	size_t cnt, chunk_cnt;
	struct symbol *grown;

	if (!section)
		return 0;
	cnt = table->header.sh_size / sizeof(Elf64_Sym);
	if (cnt > SYMBOL_MAX)
		return fault_set(why, -EBADMSG, "\"%s\" says it has %zu symbols: damaged",
				 image->path, cnt);
	grown = reallocarray(names->symbols, names->symbol_cnt + cnt + 1, sizeof(*grown));
	if (!grown)
		return out_of_memory(image, why);
	names->symbols = grown;
	for (size_t at = 0; at < cnt; at += chunk_cnt) {
		chunk_cnt = read_chunk(table, section, at, cnt - at);
		if (!chunk_cnt)
			break;
		for (size_t i = 0; i < chunk_cnt; i++)
			names->symbol_cnt += take_symbol(image, table, &table->chunk[i],
							 &names->symbols[names->symbol_cnt]);
	}
	return 0;
}

static void sort(struct names *names)
{
	if (names->symbol_cnt)
		qsort(names->symbols, names->symbol_cnt, sizeof(*names->symbols), compare_symbols);
}

static int compare_address(const void *key, const void *item)
{
	uint64_t address = *(const uint64_t *)key;
	const struct symbol *s = item;

	return address < s->address ? -1 : address > s->address;
}

/* Both tables list exported functions; one entry for each (address, name) stays. */
static void drop_duplicates(struct names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->symbol_cnt; i++) {
		const struct symbol *s = &names->symbols[i];

		if (kept && names->symbols[kept - 1].address == s->address &&
		    strcmp(names->symbols[kept - 1].raw, s->raw) == 0)
			continue;
		names->symbols[kept++] = *s;
	}
	names->symbol_cnt = kept;
}

/* End of the segment that holds this address. */
static uint64_t segment_end(const struct image *image, uint64_t address)
{
	for (size_t i = 0; i < image->load_cnt; i++) {
		const struct load *l = &image->loads[i];

		if (address >= l->address && address - l->address < l->file_bytes)
			return l->address + l->file_bytes;
	}
	return address;
}

/* Hand-written assembler often leaves sizes out: such a function ends where the next symbol begins.
 */
static void fill_sizes(struct names *names, const struct image *image)
{
	uint64_t next = 0;

	for (size_t i = names->symbol_cnt; i-- > 0;) {
		struct symbol *s = &names->symbols[i];
		uint64_t end = segment_end(image, s->address);

		if (i + 1 < names->symbol_cnt && names->symbols[i + 1].address != s->address)
			next = names->symbols[i + 1].address;
		if (next > s->address && next < end)
			end = s->size_bytes ? end : next;
		if (!s->size_bytes || s->size_bytes > end - s->address)
			s->size_bytes = end - s->address;
	}
}

static uint64_t address_of_name(const struct names *names, const char *raw)
{
	for (size_t i = 0; i < names->symbol_cnt; i++) {
		if (strcmp(names->symbols[i].raw, raw) == 0)
			return names->symbols[i].address;
	}
	return 0;
}

/*
 * The table writes all instances of a generic function as NAME[...]; the symbol table, if there is
 * one, tells them apart.
 */
static const char *instance_of(const struct names *names, const struct go_function *f)
{
	const struct symbol *s;

	if (!names->symbol_cnt || !strstr(f->name, "[...]"))
		return f->name;
	s = bsearch(&f->address, names->symbols, names->symbol_cnt, sizeof(*s), compare_address);
	return s ? s->raw : f->name;
}

static void take_go_function(const struct go_function *f, const char *name, struct symbol *ret)
{
	*ret = (struct symbol){.address = f->address,
			       .size_bytes = f->size_bytes,
			       .raw = name,
			       .base_bytes = (uint32_t)strnlen(name, SYMBOL_NAME_BYTES),
			       .flags = SYMBOL_IS_GO};
	if (f->is_assembler)
		ret->flags |= SYMBOL_IS_ASSEMBLER;
	if (f->is_wrapper)
		ret->flags |= SYMBOL_IS_WRAPPER;
}

/* Go's own table replaces what the symbol table says about Go code: it knows more, and names
 * assembler and wrappers as their programmers do. */
static int merge_go_functions(struct names *names, const struct image *image, struct fault *why)
{
	size_t cnt = go_table_cnt(names->go), kept = 0;
	struct symbol *merged = calloc(names->symbol_cnt + cnt + 1, sizeof(*merged));
	uint64_t ignored;

	if (!merged)
		return out_of_memory(image, why);
	for (size_t i = 0; i < names->symbol_cnt; i++) {
		if (!go_table_covers(names->go, names->symbols[i].address))
			merged[kept++] = names->symbols[i];
	}
	for (size_t i = 0; i < cnt; i++) {
		struct go_function f;

		if (go_table_function(names->go, i, &f) &&
		    image_offset(image, f.address, 1, &ignored))
			take_go_function(&f, instance_of(names, &f), &merged[kept++]);
	}
	free(names->symbols);
	names->symbols = merged;
	names->symbol_cnt = kept;
	sort(names);
	return 0;
}

static int read_go(struct names *names, const struct image *image, struct fault *why)
{
	struct fault refusal;
	int err;

	if (!go_table_is_present(names->elf))
		return 0;
	err = go_table_open(image, names->elf, address_of_name(names, "runtime.text"), &names->go,
			    &refusal);
	if (err == -ENOMEM)
		return fault_set(why, err, "%s", refusal.text);
	if (err) {
		names->go_refusal = strdup(refusal.text);
		return names->go_refusal ? 0 : out_of_memory(image, why);
	}
	return names->go ? merge_go_functions(names, image, why) : 0;
}

int names_read_symbols(struct names *names, const struct image *image, struct fault *why)
{
	struct table table = {.elf = names->elf, .fd = names->fd};
	int err = read_table(names, image, &table, SHT_SYMTAB, why);

	if (!err)
		err = read_table(names, image, &table, SHT_DYNSYM, why);
	if (!err && names->debug_file) {
		table.elf = debug_file_elf(names->debug_file);
		table.fd = debug_file_fd(names->debug_file);
		err = read_table(names, image, &table, SHT_SYMTAB, why);
	}
	if (err)
		return err;
	sort(names);
	drop_duplicates(names);
	err = read_go(names, image, why);
	if (err)
		return err;
	fill_sizes(names, image);
	return 0;
}

int image_load_symbols(struct image *image, struct fault *why)
{
	int err = image_open(image, why);

	return err || image->names ? err : names_open(image, &image->names, why);
}

/* Index of the first symbol above this address. */
static size_t upper_bound(const struct image *image, uint64_t address)
{
	size_t low = 0, high = image->names->symbol_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->names->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct symbol *image_function_at(const struct image *image, uint64_t address)
{
	for (size_t i = upper_bound(image, address); i-- > 0;) {
		if (image->names->symbols[i].address != address)
			return NULL;
		if (image->names->symbols[i].kind != SYMBOL_COLD)
			return &image->names->symbols[i];
	}
	return NULL;
}

size_t image_symbols_at(const struct image *image, uint64_t address,
			const struct symbol **ret_first)
{
	size_t end = upper_bound(image, address), first = end;

	while (first && image->names->symbols[first - 1].address == address)
		first--;
	*ret_first = image->names->symbols + first;
	return end - first;
}

#define ENCLOSING_MAX                                                                             \
	16 /* symbols that begin between an address and the one around it: aliases, nested labels \
	    */

const struct symbol *image_symbol_around(const struct image *image, uint64_t address)
{
	size_t i = upper_bound(image, address);

	for (size_t tries = 0; i-- > 0 && tries < ENCLOSING_MAX; tries++) {
		if (address - image->names->symbols[i].address <
		    image->names->symbols[i].size_bytes)
			return &image->names->symbols[i];
	}
	return NULL;
}

bool image_find_import(const struct image *image, import_fn fn, void *context)
{
	GElf_Shdr header;
	Elf_Scn *section = table_of_type(image->elf, SHT_DYNSYM, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	size_t cnt = data ? data->d_size / header.sh_entsize : 0;

	for (size_t i = 0; i < cnt && i < SYMBOL_MAX; i++) {
		const char *name;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx != SHN_UNDEF)
			continue;
		name = elf_strptr(image->elf, header.sh_link, sym.st_name);
		if (name && fn(name, context))
			return true;
	}
	return false;
}
