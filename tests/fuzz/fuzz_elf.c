/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: ELF headers, symbols, .eh_frame, exception tables, DWARF, and the code of the first
 * functions. */
#include <stdint.h>

#include "image.h"
#include "target/cfi.h"
#include "target/debug_info.h"
#include "target/flow.h"
#include "target/plan.h"

#define FUNCTION_CNT 12 /* enough to reach every reader; all of them would make a run slow */

static void read_function(struct process *process, const struct symbol *s, struct debug_info *info)
{
	struct function_query query = {.policy = EXIT_POLICY_AUTO};
	struct function_plan plan;
	struct return_type type;
	char *name = symbol_demangle(s, true);

	free(name);
	if (plan_fill(process, &process->images[0], s, &query, PLAN_NO_OFFSET, &plan) == 0)
		plan_fini(&plan);
	debug_info_return_type(info, s->address, &type);
	debug_info_inlined_copies(info, s->address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct process process = {.image_cnt = 1};
	struct debug_info *info;
	struct fuzz_file file;
	struct fault why;

	fuzz_file_open(&file, data, size_bytes);
	process.images = &file.image;
	if (image_load_symbols(&file.image, &why) == 0) {
		info = debug_info_new(&file.image);
		for (size_t i = 0; i < file.image.symbol_cnt && i < FUNCTION_CNT; i++)
			read_function(&process, &file.image.symbols[i], info);
		debug_info_free(info);
	}
	fuzz_file_close(&file);
	return 0;
}
