/* SPDX-License-Identifier: Apache-2.0 */
/* Where functions are written, from DWARF as compilers make it, in memory as a whole and read in
 * parts: both must say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "debug_programs.h"
#include "target/debug_info.h"
#include "target/elf_file.h"

static const char sources[] =
	"mkdir -p sub\n"
	"cat >sub/book.cc <<'END'\n"
	"namespace desk {\n"
	"struct Book { int n; int insert(int k); };\n"
	"__attribute__((noinline)) int Book::insert(int k) { return n += k; }\n"
	"template <class T> __attribute__((noinline)) T twice(T t) { return t + t; }\n"
	"int use(int k) { Book b{k}; return b.insert(k) + twice(k) + (int)twice(0.5); }\n"
	"}\n"
	"END\n"
	"cat >main.cc <<'END'\n"
	"namespace desk { int use(int k); }\n"
	"\n"
	"static __attribute__((noinline)) int local(int k) { return desk::use(k) ^ 5; }\n"
	"int main(int c, char **) { return local(c) & 0; }\n"
	"END\n";

static const struct {
	const char *symbol;
	const char *file;
	unsigned int line;
} functions[] = {
	{"_ZN4desk4Book6insertEi", "sub/book.cc", 3},
	{"_ZN4desk5twiceIiEET_S1_", "sub/book.cc", 4},
	{"_ZN4desk5twiceIdEET_S1_", "sub/book.cc", 4},
	{"_ZN4desk3useEi", "sub/book.cc", 5},
	{"main", "main.cc", 4},
};

#define FUNCTION_CNT (sizeof(functions) / sizeof(functions[0]))

static uint64_t address_of(Elf *elf, const char *name)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section(elf, ".symtab", &header);
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
		if (strcmp(elf_strptr(elf, header.sh_link, symbol.st_name), name) == 0)
			return symbol.st_value;
	}
	fail_msg("no symbol %s", name);
	return 0;
}

/* What libdw knows of its directory may be in front, or not. */
static bool is_path(const char *path, const char *end)
{
	size_t length = strlen(path), end_length = strlen(end);

	return length >= end_length && strcmp(path + length - end_length, end) == 0;
}

static void check_functions(struct debug_info *info, Elf *elf, const char *how)
{
	const char *file;
	unsigned int line;

	assert_non_null(info);
	for (size_t i = 0; i < 2 * FUNCTION_CNT; i++) { /* twice: units are changed, and kept */
		const char *name = functions[i % FUNCTION_CNT].symbol;

		if (!debug_info_source(info, address_of(elf, name), &file, &line) ||
		    !is_path(file, functions[i % FUNCTION_CNT].file) ||
		    line != functions[i % FUNCTION_CNT].line)
			fail_msg("%s: %s is at %s:%u", how, name, file, line);
	}
	assert_false(debug_info_source(info, address_of(elf, "main") + 1, &file, &line));
	assert_false(debug_info_source(info, 0, &file, &line));
	assert_false(debug_info_source(info, UINT64_MAX, &file, &line));
}

static void check_program(const char *how)
{
	struct debug_info *info;
	struct fault why;
	int fd = open_in("prog", O_RDONLY);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);

	assert_non_null(elf);
	assert_int_equal(elf_file_prepare_dwarf(elf, &why), 0);
	info = debug_info_new(elf);
	check_functions(info, elf, how);
	debug_info_free(info);
	info = debug_info_new_partial(elf, fd);
	check_functions(info, elf, how);
	debug_info_free(info);
	elf_end(elf);
	close(fd);
}

static void test_compilers(void **state)
{
	static const char *const commands[] = {
		"g++ -g -gdwarf-5 -O1",
		"g++ -g -gdwarf-4 -O1",
		"g++ -g -gdwarf-3 -O2 -ffunction-sections",
		"g++ -g -gdwarf-5 -gdwarf64 -O1",
		"clang++ -g -gdwarf-5 -O1", /* no .debug_aranges */
		"clang++ -g -gdwarf-4 -O1 -ffunction-sections",
	};
	char script[256];

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		snprintf(script, sizeof(script), "%s -o prog main.cc sub/book.cc", commands[i]);
		if (!shell(script))
			fail_msg("%s failed; see %s/log", commands[i], directory);
		check_program(commands[i]);
	}
}

/* What cannot be read in parts is not, and nothing is made up where bytes are missing. */
static void test_refusals(void **state)
{
	static const struct {
		const char *script;
		bool is_opened;
	} rows[] = {
		{"objcopy --compress-debug-sections=zlib-gabi full cut", false},
		{"strip -o cut full", false},
		{"objcopy --remove-section .debug_line full cut", false},
		/* The first unit is longer than the section. */
		{"cp full cut; poke cut $(at full .debug_info) '\\377\\377\\377\\176'", false},
		{"cp full cut; poke cut $(at full .debug_info) '\\000\\000\\000\\000'", false},
		/* Its DIEs are of no kind that there is; its table of files ends in nothing. */
		{"cp full cut; poke cut $(at full .debug_info)+12 '\\177\\177\\177\\177'", true},
		{"cp full cut; poke cut $(at full .debug_line) '\\377\\377\\377\\176'", true},
		{"cp full cut; poke cut $(at full .debug_line)+8 '\\377\\377\\377\\176'", true},
		{"cp full cut; poke cut $(at full .debug_line) '\\007\\000\\000\\000'", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct debug_info *info;
		unsigned int line;
		const char *file;
		Elf *elf;
		int fd;

		assert_true(shell(rows[i].script));
		fd = open_in("cut", O_RDONLY);
		elf = elf_begin(fd, ELF_C_READ, NULL);
		info = debug_info_new_partial(elf, fd);
		if (!info != !rows[i].is_opened)
			fail_msg("%s", rows[i].script);
		for (uint64_t at = 0x1000; info && at < 0x1400; at++)
			assert_false(debug_info_source(info, at, &file, &line));
		debug_info_free(info);
		elf_end(elf);
		close(fd);
	}
}

static int build_all(void **state)
{
	return set_up(state) || !shell(sources) ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compilers),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, build_all, tear_down);
}
