/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share; nobody else includes it. */
#ifndef TICKSCOPE_TARGET_INTERNAL_H
#define TICKSCOPE_TARGET_INTERNAL_H

#include <limits.h>

#include <gelf.h>
#include <libelf.h>

#include "target/names.h"
#include "target/target.h"

#define IMAGE_LOAD_MAX	  64	       /* PT_LOAD headers of one file; linkers make 4 to 6 */
#define IMAGE_MAX	  1024	       /* files mapped executable by one process */
#define SYMBOL_MAX	  (8U << 20)   /* of one file: the largest browsers have 2 million */
#define SYMBOL_NAME_BYTES 4096	       /* longer names are template expansions that nobody types */
#define FUNCTION_BYTES	  (512U << 10) /* larger functions are generated tables, or damage */

enum symbol_kind {
	SYMBOL_FUNCTION = 0,
	SYMBOL_COLD,  /* a part of a function that its compiler moved away (.cold) */
	SYMBOL_PART,  /* outlined from a function that was inlined elsewhere (.part) */
	SYMBOL_IFUNC, /* chooses an implementation at load time */
};

struct symbol {
	uint64_t address;
	uint64_t size_bytes;
	const char *raw;     /* in the file's string table */
	uint32_t base_bytes; /* length of raw without the suffixes of compiler clones */
	uint8_t kind;	     /* enum symbol_kind */
	uint8_t flags;	     /* SYMBOL_IS_… */
};

#define SYMBOL_IS_GO	    1U /* code of the Go compiler or assembler */
#define SYMBOL_IS_ASSEMBLER 2U /* of those, the latter */
#define SYMBOL_IS_WRAPPER   4U /* made by the Go compiler around the function of this name */

struct load {
	uint64_t address;
	uint64_t offset;
	uint64_t file_bytes;
	bool is_executable;
};

struct cfi;

/* A file that a process maps executable. */
struct image {
	char *path;	  /* as the target sees it, cleaned */
	char *probe_path; /* opens the mapped inode */
	uint64_t device;
	uint64_t inode;
	bool is_main; /* the executable */
	int fd;	      /* -1: not opened yet */
	Elf *elf;
	struct load loads[IMAGE_LOAD_MAX];
	size_t load_cnt;
	struct names *names;		     /* NULL: not read yet */
	const struct names_sources *sources; /* NULL: only the file itself */
	struct cfi *cfi;
};

struct process {
	pid_t pid;
	pid_t inner_pid; /* in its own pid namespace */
	char name[64];
	struct names_sources sources;
	char root_path[PATH_MAX]; /* of its root directory, as we see it; empty: not known */
	struct image *images;	  /* images[0] is the executable */
	size_t image_cnt;
	bool has_seccomp;
	bool has_shadow_stack;
	bool has_mappings; /* none: it is ending */
	bool has_jit_code;
	bool has_kernel_bypass;
	bool is_other_mount_namespace;
	bool is_executable_replaced;
	bool has_runtime_facts; /* the next two are known */
	bool has_unwinder;
	bool has_stack_switching;
};

/* One line of /proc/PID/maps. */
struct mapping {
	uint64_t start;
	uint64_t end;
	char perms[5];
	uint64_t offset; /* in the file */
	uint64_t device;
	uint64_t inode;
	char *path; /* in the line */
};

/* process.c: changes the line. False: it is none. */
bool process_parse_mapping(char *line, struct mapping *ret_mapping);

/* image.c: the file. */
int image_open(struct image *image, struct fault *why);
void image_fini(struct image *image);
/* File offset of a virtual address; false where no executable segment holds all `bytes` of it. */
bool image_offset(const struct image *image, uint64_t address, uint64_t bytes,
		  uint64_t *ret_offset);
/* Reads up to `bytes` at a virtual address of any segment; the number read, 0 where nothing is
 * there. */
size_t image_read(const struct image *image, uint64_t address, void *buffer, size_t bytes);
/* symbols.c: names and addresses of functions; the rest after image_load_symbols. */
int image_load_symbols(struct image *image, struct fault *why);
/* The function (not a cold part) that begins at this address, or NULL. */
const struct symbol *image_function_at(const struct image *image, uint64_t address);
/* All symbols at this address: *ret_first and those behind it; their number. */
size_t image_symbols_at(const struct image *image, uint64_t address,
			const struct symbol **ret_first);
/* The symbol that contains this address, or NULL. */
const struct symbol *image_symbol_around(const struct image *image, uint64_t address);
/* Calls back for each undefined dynamic symbol until it returns true; whether it did. */
typedef bool (*import_fn)(const char *name, void *context);
bool image_find_import(const struct image *image, import_fn fn, void *context);

/* name.c: what a compiler made of a name. */
void symbol_classify(struct symbol *symbol);
/* Demangled, cleaned, malloc'ed; the raw base name where it is not mangled. NULL: out of memory. */
char *symbol_demangle(const struct symbol *symbol, bool wants_parameters);
/*
 * The name without what tells instances of one generic function apart: `desk::Book::insert` for
 * `<desk::Book<f64>>::insert::<u8>`, `main.Max` for `main.Max[go.shape.int]`. Malloc'ed; NULL: out
 * of memory.
 */
char *name_without_generics(const char *name, bool is_go);
/* The name of one instance where symbols keep only a hash to tell them (Rust, legacy mangling):
 * `desk::sum::h0123456789abcdef`, from the demangled name. Malloc'ed; NULL: not such a symbol. */
char *symbol_instance_name(const struct symbol *symbol, const char *demangled);
bool name_is_thunk(const char *raw);

/* runtime.c: what may happen to a frame in this process, from what its files import. */
int process_load_runtime_facts(struct process *process, struct fault *why);

#endif
