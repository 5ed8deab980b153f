/* SPDX-License-Identifier: Apache-2.0 */
/* Programs and their debug files, built into a directory of their own by the shell, gcc, binutils
 * and xz: what test_debug_file and test_elf_file read. */
#ifndef TICKSCOPE_TESTS_UNIT_DEBUG_PROGRAMS_H
#define TICKSCOPE_TESTS_UNIT_DEBUG_PROGRAMS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libelf.h>

/* What scripts share: ID is where the debug file of `run` belongs. */
static const char prelude[] =
	"set -e\n"
	"put() { install -D -m 644 \"$1\" \"$2\"; }\n"
	"extra() { put \"$1\" extra/$ID; }\n"
	"debug() { put \"$1\" root/usr/lib/debug/$ID; }\n"
	"link() { mkdir -p root/usr/lib/debug/${ID%/*}; ln -s \"$1\" root/usr/lib/debug/$ID; }\n"
	"beside() { echo $PWD/own/run >path; put \"$1\" own/noid.debug; }\n"
	/* SECTION CONTENT: a running file with it */
	"bad() { objcopy --remove-section $1 --add-section $1=$2 run bad; }\n"
	"bad_link() { printf \"$1\" >link; bad .gnu_debuglink link; }\n"
	/* FILE OFFSET BYTES (as printf writes them) */
	"poke() { printf \"$3\" | dd of=\"$1\" bs=1 seek=$(($2)) conv=notrunc status=none; }\n"
	/* FILE SECTION: its offset; its end */
	"row_of() { readelf -SW \"$1\" | sed -n \"s/.* $2  *[A-Z]*  *[0-9a-f]*  *//p\"; }\n"
	"at() { row_of $1 $2 | sed 's/\\([0-9a-f]*\\).*/0x\\1/'; }\n"
	"end() { row_of $1 $2 | sed 's/\\([0-9a-f]*\\) *\\([0-9a-f]*\\).*/0x\\1+0x\\2/'; }\n"
	"[ ! -e id ] || ID=$(sed 's/\\(..\\)\\(.*\\)/.build-id\\/\\1\\/\\2.debug/' id)\n";

/*
 * run: stripped, with a build-id. linked: the same with a .gnu_debuglink. noid: with a link and
 * without a build-id. *.debug: what was taken out of each.
 */
static const char build[] =
	"printf 'int work(int n) { return n * 3; }\\nint main(int c, char **v) { (void)v; return "
	"work(c) & 0; }\\n' >prog.c\n"
	"sed s/3/7/ prog.c >other.c\n"
	"gcc -g -O1 -Wl,--build-id=sha1 -o full prog.c\n"
	"gcc -g -O1 -Wl,--build-id=sha1 -o other other.c\n"
	"gcc -g -O1 -Wl,--build-id=none -o noid-full prog.c\n"
	"for f in full other; do objcopy --only-keep-debug $f $f.debug; done\n"
	"objcopy --only-keep-debug noid-full noid.debug\n"
	"strip -o run full\n"
	"objcopy --strip-all --add-gnu-debuglink=full.debug full linked\n"
	"objcopy --strip-all --add-gnu-debuglink=noid.debug noid-full noid\n"
	"objcopy --strip-all --add-gnu-debuglink=other.debug full crossed\n"
	"objcopy --compress-debug-sections=zlib-gabi full.debug packed.debug\n"
	"objcopy --compress-debug-sections=zlib-gnu full.debug gnu.debug\n"
	"strip -g -o mini full; xz -k mini\n"
	"bad .gnu_debugdata mini.xz; mv bad embedded\n"
	"readelf -n full | sed -n 's/.*Build ID: //p' >id\n";

static char directory[64];

static inline bool shell(const char *script)
{
	char *command;
	int status;

	if (asprintf(&command, "cd %s && { %s%s\n} >>log 2>&1", directory, prelude, script) < 0)
		return false;
	status = system(command);
	free(command);
	return status == 0;
}

static inline int open_in(const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return open(path, flags | O_CLOEXEC);
}

static inline int set_up(void **state)
{
	(void)state;
	elf_version(EV_CURRENT);
	snprintf(directory, sizeof(directory), "/tmp/tickscope-debug-file-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	if (shell(build))
		return 0;
	fprintf(stderr, "the programs could not be built; see %s/log\n", directory);
	return -1;
}

static inline int tear_down(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

#endif
