/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: ELF headers, symbols, .eh_frame, exception tables, DWARF, and the code of the first
 * functions. */
#include <stdint.h>
#include <stdlib.h>

#include "image.h"
#include "target/cfi.h"
#include "target/debug_info.h"
#include "target/describe.h"
#include "target/inlined_only.h"
#include "target/flow.h"
#include "target/plan.h"

#define FUNCTION_CNT 12 /* enough to reach every reader; all of them would make a run slow */

static void read_function(struct process *process, const struct symbol *s,
			  const struct error_expression *error)
{
	struct function_query query = {.error = error, .is_thorough = true};
	struct operation_plan o = {.full_name = symbol_demangle(s, true)};
	struct function_plan plan;

	if (plan_fill(process, &process->images[0], s, &query, PLAN_NO_OFFSET, &plan) == 0) {
		o.copies = &plan;
		o.copy_cnt = 1;
		describe_operation(&process->images[0], &query, &o);
		plan_fini(&plan);
	}
	free(o.full_name);
	free(o.also);
	free(o.source_file);
}

/* As it is done where there is too much DWARF to hold. */
static void read_in_parts(const struct names *names)
{
	struct debug_info *info = debug_info_new_partial(names->elf, names->fd);
	unsigned int line;
	const char *file;

	for (size_t i = 0; info && i < names->symbol_cnt && i < FUNCTION_CNT; i++) {
		if (debug_info_source(info, names->symbols[i].address, &file, &line))
			free(strdup(file)); /* all of it is there */
	}
	debug_info_free(info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct process process = {.image_cnt = 1};
	static const struct pattern pattern = {.function = "*", .is_glob = true};
	struct error_expression error;
	struct fuzz_file file;
	struct fault why;
	size_t column;

	fuzz_file_open(&file, data, size_bytes);
	process.images = &file.image;
	if (image_load_symbols(&file.image, &why) == 0) {
		error_expression_parse("ret == Err || ret2 != nil", &error, &column, &why);
		for (size_t i = 0; i < file.image.names->symbol_cnt && i < FUNCTION_CNT; i++)
			read_function(&process, &file.image.names->symbols[i], &error);
		read_in_parts(file.image.names);
		inlined_only_explain(&file.image, &pattern, true, &why);
	}
	fuzz_file_close(&file);
	return 0;
}
