/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads .eh_frame (LSB 5.0, chapter 10.6) and .gcc_except_table (Itanium C++ ABI, exception
 * handling tables). libdw splits the section into entries; it has no call for their
 * language-specific data, which is decoded here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "target/cfi.h"
#include "target/internal.h"

#define CFI_RANGE_MAX (8U << 20)
#define LSDA_BYTES    (64U << 10) /* of one function */

struct cfi {
	struct cfi_range *ranges; /* sorted by start */
	size_t cnt;
};

/* Bytes being read, and the address of the first one for pointers relative to where they stand. */
struct reader {
	const uint8_t *bytes;
	size_t size_bytes;
	size_t at;
	uint64_t address;
	bool is_bad;
};

static uint64_t read_fixed(struct reader *r, size_t bytes, bool is_signed)
{
	uint64_t value = 0;

	if (bytes > r->size_bytes - r->at) {
		r->is_bad = true;
		return 0;
	}
	memcpy(&value, r->bytes + r->at, bytes); /* both little endian */
	r->at += bytes;
	if (is_signed && bytes < 8 && value >> (8 * bytes - 1))
		value |= ~0ULL << (8 * bytes);
	return value;
}

static uint64_t read_leb128(struct reader *r, bool is_signed)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_fixed(r, 1, false);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !r->is_bad);
	if (is_signed && byte & 0x40 && shift < 64)
		value |= ~0ULL << shift;
	return value;
}

/* A DW_EH_PE_ encoded pointer; indirect ones are not followed, since they never occur for code. */
static uint64_t read_encoded(struct reader *r, uint8_t encoding)
{
	uint64_t origin = (encoding & 0x70) == DW_EH_PE_pcrel ? r->address + r->at : 0;
	uint64_t value;

	if (encoding == DW_EH_PE_omit)
		return 0;
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		value = read_fixed(r, 8, false);
		break;
	case DW_EH_PE_udata4:
		value = read_fixed(r, 4, false);
		break;
	case DW_EH_PE_sdata4:
		value = read_fixed(r, 4, true);
		break;
	case DW_EH_PE_udata2:
		value = read_fixed(r, 2, false);
		break;
	case DW_EH_PE_sdata2:
		value = read_fixed(r, 2, true);
		break;
	case DW_EH_PE_uleb128:
		value = read_leb128(r, false);
		break;
	case DW_EH_PE_sleb128:
		value = read_leb128(r, true);
		break;
	default:
		r->is_bad = true;
		return 0;
	}
	return value ? value + origin : 0;
}

/* How the entries of one CIE write their pointers. */
struct cie_encoding {
	uint8_t code;
	uint8_t lsda;
	bool has_data;
};

static bool cie_encoding_of(const Dwarf_CIE *cie, struct cie_encoding *ret)
{
	struct reader r = {.bytes = cie->augmentation_data,
			   .size_bytes = cie->augmentation_data_size};
	const char *letter = cie->augmentation;

	*ret = (struct cie_encoding){.code = DW_EH_PE_absptr, .lsda = DW_EH_PE_omit};
	if (*letter != 'z')
		return *letter == '\0';
	ret->has_data = true;
	for (letter++; *letter && !r.is_bad; letter++) {
		if (*letter == 'R')
			ret->code = (uint8_t)read_fixed(&r, 1, false);
		else if (*letter == 'L')
			ret->lsda = (uint8_t)read_fixed(&r, 1, false);
		else if (*letter == 'P')
			read_encoded(&r, (uint8_t)read_fixed(&r, 1, false));
		else if (*letter != 'S' && *letter != 'B')
			return false;
	}
	return !r.is_bad;
}

struct section {
	const unsigned char *ident;
	Elf_Data *data;
	uint64_t address;
};

static bool read_range(const struct section *s, const Dwarf_FDE *fde, struct cfi_range *ret)
{
	Dwarf_CFI_Entry cie;
	struct cie_encoding encoding;
	Dwarf_Off ignored;
	struct reader r = {.bytes = fde->start, .size_bytes = (size_t)(fde->end - fde->start)};

	if (dwarf_next_cfi(s->ident, s->data, true, fde->CIE_pointer, &ignored, &cie) ||
	    !dwarf_cfi_cie_p(&cie) || !cie_encoding_of(&cie.cie, &encoding))
		return false;
	r.address = s->address + (uint64_t)(fde->start - (const uint8_t *)s->data->d_buf);
	ret->start = read_encoded(&r, encoding.code);
	ret->end = ret->start + read_encoded(&r, encoding.code & 0x0f);
	ret->lsda = 0;
	if (encoding.has_data) {
		read_leb128(&r, false);
		ret->lsda = read_encoded(&r, encoding.lsda);
	}
	return !r.is_bad && ret->end > ret->start;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct cfi_range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static int read_ranges(struct cfi *cfi, const struct section *s)
{
	size_t room = 0;
	Dwarf_Off offset = 0, next;
	Dwarf_CFI_Entry entry;

	for (; dwarf_next_cfi(s->ident, s->data, true, offset, &next, &entry) == 0; offset = next) {
		if (next <= offset || cfi->cnt == CFI_RANGE_MAX)
			break;
		if (cfi->cnt == room) {
			struct cfi_range *grown;

			room = room ? 2 * room : 1024;
			grown = reallocarray(cfi->ranges, room, sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			cfi->ranges = grown;
		}
		if (!dwarf_cfi_cie_p(&entry) && read_range(s, &entry.fde, &cfi->ranges[cfi->cnt]))
			cfi->cnt++;
	}
	if (cfi->cnt)
		qsort(cfi->ranges, cfi->cnt, sizeof(*cfi->ranges), compare_ranges);
	return 0;
}

struct cfi *cfi_new(const struct image *image)
{
	struct cfi *cfi = calloc(1, sizeof(*cfi));
	struct section s = {.ident = (const unsigned char *)elf_getident(image->elf, NULL)};
	GElf_Shdr header;
	Elf_Scn *scn = elf_file_section(image->elf, ".eh_frame", &header);

	if (!cfi)
		return NULL;
	s.data = scn && header.sh_type != SHT_NOBITS ? elf_rawdata(scn, NULL) : NULL;
	s.address = scn ? header.sh_addr : 0;
	if (s.ident && s.data && s.data->d_buf && read_ranges(cfi, &s)) {
		cfi_free(cfi);
		return NULL;
	}
	return cfi;
}

void cfi_free(struct cfi *cfi)
{
	if (!cfi)
		return;
	free(cfi->ranges);
	free(cfi);
}

bool cfi_find(const struct cfi *cfi, uint64_t address, struct cfi_range *ret_range)
{
	size_t low = 0, high = cfi->cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cfi->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= cfi->ranges[low - 1].end)
		return false;
	*ret_range = cfi->ranges[low - 1];
	return true;
}

/* Reads the call-site table; each entry says where an exception thrown in a piece of code lands. */
static int read_call_sites(struct reader *r, uint64_t base, uint64_t *pads, size_t max)
{
	uint8_t encoding = (uint8_t)read_fixed(r, 1, false);
	uint64_t bytes = read_leb128(r, false);
	size_t cnt = 0, end;

	if (r->is_bad || bytes > r->size_bytes - r->at)
		return -EBADMSG;
	end = r->at + bytes;
	while (r->at < end && !r->is_bad) {
		uint64_t pad;

		read_encoded(r, encoding);
		read_encoded(r, encoding);
		pad = read_encoded(r, encoding);
		read_leb128(r, false);
		if (!pad || (cnt && pads[cnt - 1] == base + pad))
			continue;
		if (cnt == max)
			return -E2BIG;
		pads[cnt++] = base + pad;
	}
	return r->is_bad ? -EBADMSG : (int)cnt;
}

int cfi_landing_pads(const struct image *image, const struct cfi_range *range, uint64_t *pads,
		     size_t max)
{
	uint8_t *bytes;
	struct reader r = {.address = range->lsda};
	uint64_t base = range->start;
	uint8_t encoding;
	int cnt;

	if (!range->lsda)
		return 0;
	bytes = malloc(LSDA_BYTES);
	if (!bytes)
		return -ENOMEM;
	r.bytes = bytes;
	r.size_bytes = image_read(image, range->lsda, bytes, LSDA_BYTES);
	encoding = (uint8_t)read_fixed(&r, 1, false);
	if (encoding != DW_EH_PE_omit)
		base = read_encoded(&r, encoding);
	if ((uint8_t)read_fixed(&r, 1, false) != DW_EH_PE_omit)
		read_leb128(&r, false);
	cnt = read_call_sites(&r, base, pads, max);
	free(bytes);
	return cnt;
}
