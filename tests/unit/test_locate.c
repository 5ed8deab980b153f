/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of this process's own code, of a library's, of code in no file, and of no code. */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "target/locate.h"

#define DEADLINE_NS (10 * NS_PER_S)

/* Looked for by its name. */
int locate_here(int a);
__attribute__((noinline, used)) int locate_here(int a)
{
	__asm__ volatile("" : "+r"(a));
	return a + 1;
}

static struct locate *open_own(void)
{
	const struct process_options none = {0};
	struct locate *locate;

	assert_int_equal(locate_open(getpid(), &none, &locate), 0);
	return locate;
}

/* Asks until the memory map may be looked at again. */
static enum located ask(struct locate *locate, uint64_t address, bool is_return, char *name)
{
	uint64_t deadline_ns = clock_mono_ns() + DEADLINE_NS;
	enum located located;

	do {
		located = locate_name(locate, address, is_return, name);
	} while (located == LOCATE_NOT_YET && clock_mono_ns() < deadline_ns);
	return located;
}

static void test_names(void **state)
{
	struct locate *locate = open_own();
	uint64_t own = (uintptr_t)locate_here;
	char name[LOCATE_NAME_BYTES];

	(void)state;
	assert_int_equal(ask(locate, own, false, name), LOCATE_NAMED);
	assert_string_equal(name, "locate_here+0x0");
	assert_int_equal(ask(locate, own + 1, true, name), LOCATE_NAMED);
	assert_string_equal(name, "locate_here+0x1");
	/* Behind a call that is the last instruction of the function before it. */
	assert_int_equal(ask(locate, own, true, name), LOCATE_NAMED);
	assert_null(strstr(name, "locate_here"));
	assert_int_equal(ask(locate, (uintptr_t)dlsym(RTLD_DEFAULT, "getppid") + 4, false, name),
			 LOCATE_NAMED);
	assert_string_equal(name, "libc.so.6:getppid+0x4");
	assert_int_equal(ask(locate, getauxval(AT_SYSINFO_EHDR) + 0x40, false, name), LOCATE_NAMED);
	assert_string_equal(name, "[vdso]+0x40");
	locate_close(locate);
}

static void *map_code(int fd, off_t offset)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE;
	void *mapped = mmap(NULL, 4096, PROT_READ | PROT_EXEC, flags, fd, offset);

	assert_ptr_not_equal(mapped, MAP_FAILED);
	return mapped;
}

static void test_no_names(void **state)
{
	void *before = map_code(-1, 0);
	struct locate *locate = open_own();
	char name[LOCATE_NAME_BYTES];

	(void)state;
	assert_int_equal(ask(locate, (uintptr_t)before, false, name), LOCATE_UNNAMED);
	assert_int_equal(ask(locate, (uintptr_t)before + 4096, true, name), LOCATE_UNNAMED);
	assert_int_equal(ask(locate, 0, true, name), LOCATE_NO_CODE);
	assert_int_equal(ask(locate, 0x10, false, name), LOCATE_NO_CODE);
	assert_int_equal(ask(locate, (uintptr_t)name, false, name), LOCATE_NO_CODE);
	assert_int_equal(ask(locate, UINT64_MAX, false, name), LOCATE_NO_CODE);
	munmap(before, 4096);
	locate_close(locate);
}

/* What is mapped later is found, too: the page of this program that holds the function, again. */
static void test_later(void **state)
{
	struct locate *locate = open_own();
	char name[LOCATE_NAME_BYTES], path[] = "/proc/self/exe";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t own = (uintptr_t)locate_here;
	Dl_info info;
	void *again;

	(void)state;
	assert_true(fd >= 0);
	assert_int_not_equal(dladdr((void *)(uintptr_t)own, &info), 0);
	/* Linkers lay code out in a file as in memory. */
	again = map_code(fd, (off_t)((own - (uintptr_t)info.dli_fbase) & ~4095ULL));
	assert_int_equal(ask(locate, (uintptr_t)again + (own & 4095) + 2, false, name),
			 LOCATE_NAMED);
	assert_string_equal(name, "locate_here+0x2");
	munmap(again, 4096);
	close(fd);
	locate_close(locate);
}

static void test_no_process(void **state)
{
	const struct process_options none = {0};
	struct locate *locate = NULL;

	(void)state;
	assert_true(locate_open(INT32_MAX, &none, &locate) < 0);
	assert_null(locate);
	locate_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_no_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
