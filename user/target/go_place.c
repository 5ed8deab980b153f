/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the table of Go functions in a file, and where the code that it describes begins. From Go
 * 1.26 on the table no longer says so, and its successors may change without a new magic number: a
 * place is accepted only where the compiler's stack checks are found at the functions' first
 * instructions, which also proves that the program keeps its goroutine in r14.
 */
#include <errno.h>
#include <string.h>

#include "target/go_table.h"
#include "target/internal.h"

#define SAMPLE_CNT	  128
#define SAMPLE_FEW	  16 /* after so many without one stack check, the place is a wrong one */
#define TEXT_SEARCH_BYTES 65536 /* start-up code of C that external linking puts before Go's */
#define TEXT_ALIGN	  16

/* cmp rsp, [r14+16]; or with a frame: lea r12, [rsp-N]; cmp r12, [r14+16]. Go 1.17 and later. */
static bool is_stack_check(const uint8_t *code)
{
	static const uint8_t small[] = {0x49, 0x3b, 0x66, 0x10};
	static const uint8_t large[] = {0x4d, 0x3b, 0x66, 0x10};

	if (memcmp(code, small, sizeof(small)) == 0)
		return true;
	if (code[0] == 0x4c && code[1] == 0x8d && code[2] == 0x64 && code[3] == 0x24)
		return memcmp(code + 5, large, sizeof(large)) == 0;
	if (code[0] == 0x4c && code[1] == 0x8d && code[2] == 0xa4 && code[3] == 0x24)
		return memcmp(code + 8, large, sizeof(large)) == 0;
	return false;
}

/* Whether code that starts there has the compiler's stack checks where the table has functions: a
 * quarter of them, where usually two thirds do. */
static bool is_text_start(const struct image *image, struct go_table *table, uint64_t start)
{
	size_t function_cnt = go_table_cnt(table);
	size_t step = function_cnt / SAMPLE_CNT + 1, seen = 0, found = 0;

	go_table_move(table, start);
	for (size_t i = 0; i < function_cnt; i += step) {
		uint8_t code[16];

		if (image_read(image, go_table_address(table, i), code, sizeof(code)) !=
		    sizeof(code))
			return false;
		seen++;
		found += is_stack_check(code);
		if (seen == SAMPLE_FEW && !found)
			return false;
	}
	return found * 4 >= seen && found;
}

static int place(const struct image *image, uint64_t runtime_text, struct go_table *table,
		 struct fault *why)
{
	uint64_t header_start = go_table_header_start(table), first;
	GElf_Shdr text;

	if (go_table_has_addresses(table)) {
		if (is_text_start(image, table, 0))
			return 0;
		return fault_set(why, -ENOTSUP,
				 "it was made by Go 1.16, which passes values on the stack, or its "
				 "code does not fit its table of functions");
	}
	if (runtime_text && is_text_start(image, table, runtime_text))
		return 0;
	if (header_start && is_text_start(image, table, header_start))
		return 0;
	first = elf_file_section(image->elf, ".text", &text) ? text.sh_addr : 0;
	for (size_t i = 0; i < image->load_cnt && !first; i++) {
		if (image->loads[i].is_executable)
			first = image->loads[i].address;
	}
	for (uint64_t at = first; at < first + TEXT_SEARCH_BYTES; at += TEXT_ALIGN) {
		if (is_text_start(image, table, at))
			return 0;
	}
	return fault_set(why, -ENOTSUP,
			 "where its Go code begins is not known: its code does not fit its table "
			 "of functions");
}

static Elf_Scn *table_section(Elf *elf, GElf_Shdr *ret_header)
{
	Elf_Scn *section = elf_file_section(elf, ".gopclntab", ret_header);

	return section ? section : elf_file_section(elf, ".data.rel.ro.gopclntab", ret_header);
}

bool go_table_is_present(Elf *elf)
{
	GElf_Shdr ignored;

	return table_section(elf, &ignored) || elf_file_section(elf, ".go.buildinfo", &ignored) ||
	       elf_file_section(elf, ".note.go.buildid", &ignored);
}

int go_table_open(const struct image *image, Elf *elf, uint64_t runtime_text,
		  struct go_table **ret_table, struct fault *why)
{
	Elf_Scn *section;
	struct go_table *table;
	Elf_Data *data;
	GElf_Shdr header;
	int err;

	*ret_table = NULL;
	section = table_section(elf, &header);
	if (!section)
		return go_table_is_present(elf)
			       ? fault_set(why, -ENOTSUP,
					   "it is a Go program without its table of functions "
					   "(.gopclntab)")
			       : 0;
	if (header.sh_type != SHT_PROGBITS || header.sh_flags & SHF_COMPRESSED)
		return fault_set(why, -EBADMSG,
				 "its table of Go functions (.gopclntab) is damaged");
	data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf)
		return fault_set(why, -EBADMSG,
				 "its table of Go functions (.gopclntab) is damaged");
	err = go_table_parse(data->d_buf, data->d_size, &table, why);
	if (err)
		return err;
	err = place(image, runtime_text, table, why);
	if (err) {
		go_table_free(table);
		return err;
	}
	*ret_table = table;
	return 0;
}
