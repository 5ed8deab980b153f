/* SPDX-License-Identifier: Apache-2.0 */
/* What may happen to a stack frame in a process: judged by what its files import, and by who is
 * mapped. */
#include <string.h>

#include "target/go_table.h"
#include "target/internal.h"

/* Leave frames without returning through them, or load code that can. */
static const char *const unwinder_names[] = {
	"_Unwind_RaiseException",
	"_Unwind_ForcedUnwind",
	"_Unwind_Resume",
	"__cxa_throw",
	"__cxa_rethrow",
	"dlopen",
	"dlmopen",
	"pthread_exit",
	"thrd_exit",
	"longjmp",
	"_longjmp",
	"siglongjmp",
	"__longjmp_chk",
};

/* Put another stack under a frame, or end a thread at any instruction: not even a function that
 * calls nothing is safe. */
static const char *const switching_names[] = {
	"swapcontext",		 "setcontext",	   "makecontext", "jump_fcontext", "make_fcontext",
	"pthread_setcanceltype", "pthread_cancel",
};

/* These define all of the above for whoever asks; only who imports them says what a program does.
 */
static const char *const libc_names[] = {"libc.so", "libc-",	  "ld-linux", "ld-2.",
					 "ld-musl", "libpthread", "libm.so",  "libdl",
					 "librt",   "libanl",	  "libutil",  "libresolv"};

static const char *const unwinder_libraries[] = {"libgcc_s", "libunwind", "libstdc++", "libc++abi"};

static bool is_among(const char *name, const char *const *names, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool begins_with_any(const char *name, const char *const *prefixes, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

static bool note_name(const char *name, void *context)
{
	struct process *p = context;

	if (is_among(name, unwinder_names, sizeof(unwinder_names) / sizeof(unwinder_names[0])))
		p->has_unwinder = true;
	if (is_among(name, switching_names, sizeof(switching_names) / sizeof(switching_names[0])))
		p->has_stack_switching = true;
	return p->has_unwinder && p->has_stack_switching;
}

/* A program without imports has the C library inside: what it defines is what it can do. */
static void note_definitions(struct process *p, const struct image *image)
{
	for (size_t i = 0; i < image->names->symbol_cnt; i++)
		note_name(image->names->symbols[i].raw, p);
}

static bool has_any_import(const char *name, void *context)
{
	(void)name;
	(void)context;
	return true;
}

static int note_image(struct process *p, struct image *image, struct fault *why)
{
	const char *slash = strrchr(image->path, '/');
	const char *base = slash ? slash + 1 : image->path;
	int err;

	if (begins_with_any(base, unwinder_libraries,
			    sizeof(unwinder_libraries) / sizeof(unwinder_libraries[0])))
		p->has_unwinder = true;
	if (begins_with_any(base, libc_names, sizeof(libc_names) / sizeof(libc_names[0])))
		return 0;
	err = image_open(image, why);
	if (err)
		return err;
	if (go_table_is_present(image->elf))
		p->has_stack_switching = true;
	if (image_find_import(image, has_any_import, NULL)) {
		image_find_import(image, note_name, p);
		return 0;
	}
	err = image_load_symbols(image, why);
	if (!err)
		note_definitions(p, image);
	return err;
}

int process_load_runtime_facts(struct process *process, struct fault *why)
{
	if (process->has_runtime_facts)
		return 0;
	for (size_t i = 0; i < process->image_cnt; i++) {
		int err = note_image(process, &process->images[i], why);

		if (err)
			return err;
	}
	process->has_runtime_facts = true;
	return 0;
}
