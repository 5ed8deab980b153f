/* SPDX-License-Identifier: Apache-2.0 */
/* The index of functions of one file, from .symtab and .dynsym together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/internal.h"

/* Symbol tables to read; a stripped file has only the second. */
static const unsigned int table_types[] = {SHT_SYMTAB, SHT_DYNSYM};

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->raw, b->raw);
}

static Elf_Scn *table_of_type(const struct image *image, unsigned int type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(image->elf, section))) {
		if (gelf_getshdr(section, header) && header->sh_type == type && header->sh_entsize)
			return section;
	}
	return NULL;
}

/* A defined function in an executable segment becomes an entry of the index. */
static bool take_symbol(const struct image *image, const GElf_Shdr *table, const GElf_Sym *sym,
			struct symbol *ret)
{
	int type = GELF_ST_TYPE(sym->st_info);
	uint64_t ignored;

	if (sym->st_shndx == SHN_UNDEF || (type != STT_FUNC && type != STT_GNU_IFUNC))
		return false;
	if (!image_offset(image, sym->st_value, 1, &ignored))
		return false;
	ret->raw = elf_strptr(image->elf, table->sh_link, sym->st_name);
	if (!ret->raw || !*ret->raw)
		return false;
	ret->address = sym->st_value;
	ret->size_bytes = sym->st_size;
	ret->kind = type == STT_GNU_IFUNC ? SYMBOL_IFUNC : SYMBOL_FUNCTION;
	symbol_classify(ret);
	return true;
}

static int read_table(struct image *image, unsigned int type, struct fault *why)
{
	GElf_Shdr header;
	Elf_Scn *section = table_of_type(image, type, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	struct symbol *grown;
	size_t cnt;

	if (!data)
		return 0;
	cnt = data->d_size / header.sh_entsize;
	if (cnt > SYMBOL_MAX)
		return fault_set(why, -EBADMSG, "\"%s\" says it has %zu symbols: damaged",
				 image->path, cnt);
	grown = reallocarray(image->symbols, image->symbol_cnt + cnt + 1, sizeof(*grown));
	if (!grown)
		return fault_set(why, -ENOMEM, "out of memory for the symbols of \"%s\"",
				 image->path);
	image->symbols = grown;
	for (size_t i = 0; i < cnt; i++) {
		GElf_Sym sym;

		if (gelf_getsym(data, (int)i, &sym) &&
		    take_symbol(image, &header, &sym, &image->symbols[image->symbol_cnt]))
			image->symbol_cnt++;
	}
	return 0;
}

/* Both tables list exported functions; one entry for each (address, name) stays. */
static void drop_duplicates(struct image *image)
{
	size_t kept = 0;

	for (size_t i = 0; i < image->symbol_cnt; i++) {
		const struct symbol *s = &image->symbols[i];

		if (kept && image->symbols[kept - 1].address == s->address &&
		    strcmp(image->symbols[kept - 1].raw, s->raw) == 0)
			continue;
		image->symbols[kept++] = *s;
	}
	image->symbol_cnt = kept;
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
static void fill_sizes(struct image *image)
{
	uint64_t next = 0;

	for (size_t i = image->symbol_cnt; i-- > 0;) {
		struct symbol *s = &image->symbols[i];
		uint64_t end = segment_end(image, s->address);

		if (i + 1 < image->symbol_cnt && image->symbols[i + 1].address != s->address)
			next = image->symbols[i + 1].address;
		if (next > s->address && next < end)
			end = s->size_bytes ? end : next;
		if (!s->size_bytes || s->size_bytes > end - s->address)
			s->size_bytes = end - s->address;
	}
}

int image_load_symbols(struct image *image, struct fault *why)
{
	int err = image_open(image, why);

	if (err || image->has_symbols)
		return err;
	for (size_t i = 0; i < sizeof(table_types) / sizeof(table_types[0]) && !err; i++)
		err = read_table(image, table_types[i], why);
	if (err) {
		free(image->symbols);
		image->symbols = NULL;
		image->symbol_cnt = 0;
		return err;
	}
	if (image->symbol_cnt)
		qsort(image->symbols, image->symbol_cnt, sizeof(*image->symbols), compare_symbols);
	drop_duplicates(image);
	fill_sizes(image);
	image->has_symbols = true;
	return 0;
}

/* Index of the first symbol above this address. */
static size_t upper_bound(const struct image *image, uint64_t address)
{
	size_t low = 0, high = image->symbol_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct symbol *image_function_at(const struct image *image, uint64_t address)
{
	for (size_t i = upper_bound(image, address); i-- > 0;) {
		if (image->symbols[i].address != address)
			return NULL;
		if (image->symbols[i].kind != SYMBOL_COLD)
			return &image->symbols[i];
	}
	return NULL;
}

#define ENCLOSING_MAX                                                                             \
	16 /* symbols that begin between an address and the one around it: aliases, nested labels \
	    */

const struct symbol *image_symbol_around(const struct image *image, uint64_t address)
{
	size_t i = upper_bound(image, address);

	for (size_t tries = 0; i-- > 0 && tries < ENCLOSING_MAX; tries++) {
		if (address - image->symbols[i].address < image->symbols[i].size_bytes)
			return &image->symbols[i];
	}
	return NULL;
}

bool image_find_import(const struct image *image, import_fn fn, void *context)
{
	GElf_Shdr header;
	Elf_Scn *section = table_of_type(image, SHT_DYNSYM, &header);
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
