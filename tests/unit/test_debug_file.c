/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug files of real programs, right and wrong ones, in every place where they may be. A row is a
 * shell script that puts files into `root` (the target's), `extra` and `own`, and what is found
 * then.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "debug_programs.h"
#include "target/debug_file.h"
#include "target/elf_file.h"

struct row {
	const char *name;
	const char *run; /* the running file; as the target sees it /opt/app/run, or what the
			    script writes to `path` */
	const char *script;
	const char *found;   /* part of debug_file_path, NULL: none is found */
	const char *refusal; /* part of why, NULL: nothing was refused */
};

static size_t open_fd_cnt(void)
{
	DIR *fds = opendir("/proc/self/fd");
	size_t cnt = 0;

	while (readdir(fds))
		cnt++;
	closedir(fds);
	return cnt;
}

/* The names that the companion is there for. */
static bool has_symbol(Elf *elf, const char *name)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section(elf, ".symtab", &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *found = elf_strptr(elf, header.sh_link, symbol.st_name);

		if (found && strcmp(found, name) == 0)
			return true;
	}
	return false;
}

/* What the script says, or the usual one. */
static const char *read_path(char *path, size_t path_bytes)
{
	int fd = open_in("path", O_RDONLY);
	ssize_t cnt = fd < 0 ? 0 : read(fd, path, path_bytes - 1);

	if (fd >= 0)
		close(fd);
	if (cnt <= 0)
		return "/opt/app/run";
	path[cnt - 1] = '\0';
	return path;
}

static void check_row(const struct row *row)
{
	size_t fd_cnt = open_fd_cnt();
	struct debug_file *file = NULL;
	struct debug_file_query query;
	char extra[128], path[128];
	struct fault why;
	int fd;

	if (!shell("rm -rf root extra own path") || !shell(row->script))
		fail_msg("%s: the script failed; see %s/log", row->name, directory);
	snprintf(extra, sizeof(extra), "%s/extra", directory);
	fd = open_in(row->run, O_RDONLY);
	query.path = read_path(path, sizeof(path));
	query.extra_dir = access(extra, F_OK) == 0 ? extra : NULL;
	query.target_root_fd = open_in("root", O_PATH | O_DIRECTORY);
	query.elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_non_null(query.elf);
	assert_int_equal(debug_file_open(&query, &file, &why), 0);
	if (!row->found != !file || (file && !strstr(debug_file_path(file), row->found)))
		fail_msg("%s: found %s, %s", row->name, file ? debug_file_path(file) : "nothing",
			 why.text);
	if (row->refusal ? !strstr(why.text, row->refusal) : why.text[0])
		fail_msg("%s: refused: %s", row->name, why.text);
	if (file && !has_symbol(debug_file_elf(file), "work"))
		fail_msg("%s: the symbols are not there", row->name);
	debug_file_free(file);
	elf_end(query.elf);
	close(fd);
	if (query.target_root_fd >= 0)
		close(query.target_root_fd);
	assert_int_equal(open_fd_cnt(), fd_cnt);
}

static void check_rows(const struct row *rows, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		check_row(&rows[i]);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_build_id(void **state)
{
	static const struct row rows[] = {
		{"nothing", "run", "mkdir root", NULL, NULL},
		{"extra", "run", "extra full.debug", "extra/.build-id/", NULL},
		{"target", "run", "debug full.debug", ".debug (in the target's root)", NULL},
		{"extra first", "run", "debug full.debug; extra full.debug", "extra/", NULL},
		{"other build", "run", "debug other.debug", NULL, "other build-id"},
		{"then the right one", "run", "extra other.debug; debug full.debug", "target's",
		 "other build-id"},
		{"without one there", "run", "debug noid.debug", NULL, "does not say which build"},
		{"none to look for", "noid", "debug full.debug", NULL, NULL},
		{"full file", "run", "extra full", "extra/.build-id/", NULL},
		{"no names", "run", "extra run", NULL, "neither a symbol table"},
		{"link inside", "run", "put full.debug root/store/x; link /store/x", "target's",
		 NULL},
		{"link outside", "run", "link $PWD/full.debug", NULL, NULL},
		{"climbing link", "run", "link ../../../../../../../full.debug", NULL, NULL},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_link(void **state)
{
	static const struct row rows[] = {
		{"extra", "linked", "put full.debug extra/full.debug", "extra/full.debug", NULL},
		{"beside", "noid", "put noid.debug root/opt/app/noid.debug", "/app/noid.debug (in",
		 NULL},
		{".debug", "noid", "put noid.debug root/opt/app/.debug/noid.debug",
		 "/app/.debug/noid.debug (in", NULL},
		{"debug directory", "noid", "put noid.debug root/usr/lib/debug/opt/app/noid.debug",
		 "/usr/lib/debug/opt/app/noid.debug (in", NULL},
		{"at the root", "noid", "put noid.debug root/noid.debug; echo /run >path",
		 "/noid.debug (in", NULL},
		{"own root", "noid", "beside noid.debug", "own/noid.debug", NULL},
		{"no path", "noid", "put noid.debug root/noid.debug; echo memfd >path", NULL, NULL},
		{"itself", "noid", "put noid root/opt/noid.debug; echo /opt/noid.debug >path", NULL,
		 NULL},
		{"checksum", "noid", "beside noid.debug; echo >>own/noid.debug", NULL,
		 "its checksum is"},
		{"then the right one", "noid", "put run extra/noid.debug; beside noid.debug",
		 "own/noid.debug", "neither"},
		{"build-id", "crossed", "put other.debug extra/other.debug", NULL,
		 "other build-id"},
		{"parent", "bad", "bad_link '../x\\0\\0\\0\\0abcd'", NULL,
		 "not the name of a file"},
		{"dots", "bad", "bad_link '..\\0\\0abcd'", NULL, "not the name of a file"},
		{"empty", "bad", "bad_link '\\0\\0\\0\\0abcd'", NULL, "not the name of a file"},
		{"escape", "bad", "bad_link 'a\\033[m\\0\\0\\0\\0abcd'", NULL,
		 "not the name of a file"},
		{"no end", "bad", "bad_link abcdefgh", NULL, "damaged .gnu_debuglink"},
		{"no checksum", "bad", "bad_link 'abc\\0ab'", NULL, "damaged .gnu_debuglink"},
		{"huge", "bad", "bad .gnu_debuglink full", NULL, "impossibly large"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_embedded(void **state)
{
	static const struct row rows[] = {
		{"good", "embedded", ":", ".gnu_debugdata of /opt/app/run", NULL},
		{"hostile path", "embedded", "printf '/a\\033]b\\n' >path",
		 ".gnu_debugdata of /a?]b", NULL},
		{"a file is better", "embedded", "extra full.debug", "extra/", NULL},
		{"after a refusal", "embedded", "extra other.debug", ".gnu_debugdata of",
		 "other build-id"},
		{"cut short", "bad", "head -c -40 mini.xz >cut; bad .gnu_debugdata cut", NULL,
		 "run\" is cut short"},
		{"damaged", "bad", "cp mini.xz cut; poke cut 200 XXXXXXXX; bad .gnu_debugdata cut",
		 NULL, "run\" is damaged"},
		{"not xz", "bad", "bad .gnu_debugdata prog.c", NULL, "is not xz data"},
		{"not an ELF file", "bad", "xz -kc prog.c >cut; bad .gnu_debugdata cut", NULL,
		 "is not an ELF file"},
		{"other build", "bad",
		 "strip -g -o cut other; xz -f cut; bad .gnu_debugdata cut.xz", NULL,
		 "other build-id"},
		{"no names", "bad", "xz -kc run >cut; bad .gnu_debugdata cut", NULL,
		 "neither a symbol table"},
		{"bomb", "bad", "head -c 270000000 /dev/zero | xz -0 >cut; bad .gnu_debugdata cut",
		 NULL, "unpacks to more than 256 MiB"},
		/* The block header says a dictionary of 1.5 GiB; its CRC is made good again. */
		{"large dictionary", "bad",
		 "xz -kc prog.c >cut; poke cut 16 '\\45'; crc=$(python3 -c 'import zlib; print(\"\""
		 ".join(\"\\\\%o\" % b for b in zlib.crc32(open(\"cut\", \"rb\").read()[12:20])"
		 ".to_bytes(4, \"little\")))'); poke cut 20 \"$crc\"; bad .gnu_debugdata cut",
		 NULL, "needs more than 80 MiB"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void test_hostile(void **state)
{
	static const struct row rows[] = {
		{"fifo", "run", "extra full.debug; rm extra/$ID; mkfifo extra/$ID", NULL,
		 "is not a regular file"},
		{"fifo in the root", "run", "link /fifo; mkfifo root/fifo", NULL,
		 "is not a regular file"},
		{"directory", "run", "link /", NULL, "is not a regular file"},
		{"device", "run", "extra run; ln -sf /dev/zero extra/$ID", NULL,
		 "is not a regular file"},
		{"loop", "run", "link /usr/lib/debug/$ID", NULL, "cannot be opened"},
		{"empty", "run", "extra /dev/null", NULL, "is not an ELF file"},
		{"text", "run", "extra prog.c", NULL, "is not an ELF file"},
		{"header only", "run", "head -c 63 full.debug >cut; extra cut", NULL,
		 "its header is cut short"},
		{"cut short", "run", "head -c -100 full.debug >cut; extra cut", NULL,
		 "section headers lie behind its end"},
		{"sparse", "run", "extra full.debug; truncate -s 3G extra/$ID", NULL,
		 "is larger than 2048 MiB"},
		{"32 bits", "run", "extra full.debug; poke extra/$ID 4 '\\1'", NULL,
		 "is not a 64-bit x86"},
		{"other machine", "run", "extra full.debug; poke extra/$ID 18 '\\267'", NULL,
		 "is not a 64-bit x86"},
		{"more sections", "run", "extra full.debug; poke extra/$ID 60 '\\0\\0'", NULL,
		 "impossible number"},
		/* The last section is the table of section names. */
		{"section behind the end", "run",
		 "extra full.debug; poke extra/$ID $(wc -c <full.debug)-64+36 '\\1'", NULL,
		 "a section lies behind its end"},
		{"packed names", "run",
		 "extra full.debug; poke extra/$ID $(wc -c <full.debug)-64+9 '\\10'", NULL,
		 "a table of names is compressed"},
		{"names without an end", "run",
		 "extra full.debug; poke extra/$ID $(end full.debug .strtab)-1 x", NULL,
		 "a table of names has no end"},
		{"packed", "run", "extra packed.debug", "extra/", NULL},
		{"packed the old way", "run", "extra gnu.debug", "extra/", NULL},
		{"forged size", "run",
		 "extra packed.debug; poke extra/$ID $(at packed.debug .debug_info)+11 '\\1'", NULL,
		 "claims more than compression can give"},
		{"forged the old way", "run",
		 "extra gnu.debug; poke extra/$ID $(at gnu.debug .zdebug_info)+8 '\\1'", NULL,
		 "claims more than compression can give"},
		/* zstd, 2 GiB and more */
		{"beyond all bounds", "run",
		 "extra packed.debug; i=$(at packed.debug .debug_info); poke extra/$ID $i '\\2'; "
		 "poke extra/$ID $i+11 '\\201'",
		 NULL, "debug information of more than 2048 MiB"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_id),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_embedded),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
