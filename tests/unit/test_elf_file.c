/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of ELF files besides refusing them (test_debug_file has the hostile ones). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>

#include "debug_programs.h"
#include "target/elf_file.h"

static void check_dwarf(const char *name, bool is_prepared, ssize_t alternate_bytes)
{
	int fd = open_in(name, O_RDONLY);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	const char *alternate;
	Dwarf_CU *unit = NULL;
	struct fault why;
	const void *id;
	Dwarf *dwarf;
	Dwarf_Die die;

	assert_non_null(elf);
	assert_int_equal(is_prepared ? elf_file_prepare_dwarf(elf, &why) : 0, 0);
	dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	assert_non_null(dwarf);
	assert_int_equal(dwarf_get_units(dwarf, NULL, &unit, NULL, NULL, &die, NULL), 0);
	assert_string_equal(dwarf_diename(&die), "prog.c");
	assert_int_equal(dwelf_dwarf_gnu_debugaltlink(dwarf, &alternate, &id), alternate_bytes);
	/* Once more, now that libelf has unpacked all of it. */
	assert_int_equal(elf_file_check_debug(elf, &why), 0);
	assert_int_equal(elf_file_prepare_dwarf(elf, &why), 0);
	dwarf_end(dwarf);
	elf_end(elf);
	close(fd);
}

/* What is checked is what libdw reads then; the file that it would look for by itself is hidden. */
static void test_dwarf(void **state)
{
	(void)state;
	assert_true(shell("printf '/dev/watchdog\\0abcdefgh' >link; "
			  "objcopy --add-section .gnu_debugaltlink=link packed.debug alternate"));
	check_dwarf("packed.debug", true, 0);
	check_dwarf("gnu.debug", true, 0);
	check_dwarf("alternate", false, 8);
	check_dwarf("alternate", true, 0);
}

/* libdw would read on behind them. */
static void test_strings_without_end(void **state)
{
	static const char *const packings[] = {"none", "zlib-gabi", "zlib-gnu"};
	static const char *const sections[] = {".debug_str", ".debug_line_str"};
	char script[256];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct fault why;
		Elf *elf;
		int fd;

		snprintf(script, sizeof(script),
			 "cp full.debug endless; poke endless $(end full.debug %s)-1 x; "
			 "objcopy --compress-debug-sections=%s endless",
			 sections[i / 3], packings[i % 3]);
		assert_true(shell(script));
		fd = open_in("endless", O_RDONLY);
		elf = elf_begin(fd, ELF_C_READ, NULL);
		assert_int_equal(elf_file_prepare_dwarf(elf, &why), -EBADMSG);
		assert_non_null(strstr(why.text, "debug strings has no end"));
		elf_end(elf);
		close(fd);
	}
}

static void check_build_id(const char *name, const char *expected)
{
	unsigned char id[ELF_FILE_BUILD_ID_BYTES];
	char text[2 * ELF_FILE_BUILD_ID_BYTES + 1] = "";
	int fd = open_in(name, O_RDONLY);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	size_t id_bytes = elf_file_build_id(elf, id);

	for (size_t i = 0; i < id_bytes; i++)
		snprintf(text + 2 * i, sizeof(text) - 2 * i, "%02x", id[i]);
	assert_string_equal(text, expected);
	elf_end(elf);
	close(fd);
}

static void test_read_build_id(void **state)
{
	char id[2 * ELF_FILE_BUILD_ID_BYTES + 1] = "";
	int fd = open_in("id", O_RDONLY);

	(void)state;
	assert_int_equal(read(fd, id, sizeof(id) - 1), 41);
	id[40] = '\0';
	close(fd);
	/* Without section headers only a segment leads to it. */
	assert_true(shell("cp run bare; poke bare 40 '\\0\\0\\0\\0\\0\\0\\0\\0'; "
			  "poke bare 60 '\\0\\0\\0\\0'"));
	check_build_id("run", id);
	check_build_id("full.debug", id);
	check_build_id("bare", id);
	check_build_id("noid", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dwarf),
		cmocka_unit_test(test_strings_without_end),
		cmocka_unit_test(test_read_build_id),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
