/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the code of a function. Whatever is decided, no site may lie outside the function or
 * on a byte that is not the first of an instruction of a known path.
 */
#include <elf.h>
#include <stdint.h>

#include "image.h"
#include "target/flow.h"
#include "target/plan.h"

#define CODE_ADDRESS 0x401000
#define CODE_MAX     4096

struct tiny_elf {
	Elf64_Ehdr header;
	Elf64_Phdr load;
	uint8_t code[CODE_MAX];
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_sites(struct fuzz_file *file, const struct symbol *symbol,
			const struct function_plan *plan)
{
	struct fault why;
	struct flow flow;
	const struct flow_piece *p;

	check(flow_open(&flow, &file->image, symbol, &why) == 0);
	p = &flow.pieces[0];
	check(plan->entry_delta < symbol->size_bytes &&
	      p->marks[plan->entry_delta] & FLOW_FIRST_BYTE);
	for (size_t i = 0; i < plan->exit_cnt; i++) {
		uint64_t at = plan->exits[i].address - symbol->address;

		check(at < symbol->size_bytes && p->marks[at] & FLOW_FIRST_BYTE);
		check(at != plan->entry_delta);
	}
	flow_close(&flow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static struct tiny_elf elf;
	struct process process = {.image_cnt = 1, .has_runtime_facts = true, .has_unwinder = true};
	struct function_query query = {.policy = EXIT_POLICY_SAFE};
	struct symbol symbol = {.address = CODE_ADDRESS, .raw = "f", .base_bytes = 1};
	struct function_plan plan;
	struct fuzz_file file;
	struct fault why;

	if (!size_bytes || size_bytes > CODE_MAX)
		return 0;
	elf.header = (Elf64_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					      ELFDATA2LSB, EV_CURRENT},
				  .e_type = ET_EXEC,
				  .e_machine = EM_X86_64,
				  .e_version = EV_CURRENT,
				  .e_phoff = offsetof(struct tiny_elf, load),
				  .e_ehsize = sizeof(Elf64_Ehdr),
				  .e_phentsize = sizeof(Elf64_Phdr),
				  .e_phnum = 1};
	elf.load = (Elf64_Phdr){.p_type = PT_LOAD,
				.p_flags = PF_R | PF_X,
				.p_vaddr = CODE_ADDRESS,
				.p_offset = offsetof(struct tiny_elf, code),
				.p_filesz = size_bytes,
				.p_memsz = size_bytes};
	memcpy(elf.code, data, size_bytes);
	fuzz_file_open(&file, &elf, offsetof(struct tiny_elf, code) + size_bytes);
	process.images = &file.image;
	symbol.size_bytes = size_bytes;
	check(image_load_symbols(&file.image, &why) == 0);
	check(plan_fill(&process, &file.image, &symbol, &query, PLAN_NO_OFFSET, &plan) == 0);
	if (plan.exit_mode != EXIT_REFUSED)
		check_sites(&file, &symbol, &plan);
	plan_fini(&plan);
	fuzz_file_close(&file);
	return 0;
}
