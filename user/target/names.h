/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside user/target: what is known about the functions of a file by name, from its symbol tables,
 * its separate debug file, its table of Go functions, and DWARF. Processes of one program share it.
 */
#ifndef TICKSCOPE_TARGET_NAMES_H
#define TICKSCOPE_TARGET_NAMES_H

#include <libelf.h>

#include "target/elf_file.h"
#include "target/target.h"

struct image;
struct symbol;
struct go_table;
struct debug_file;
struct debug_info;
struct inlined;

/*
 * Where names come from. A build-id is whatever its file says: by it alone, one target could name
 * the functions of another, whose code would then be probed in the wrong places. So would a debug
 * file that only one of them sees.
 */
struct names_origin {
	uint64_t device; /* of the file, as those below */
	uint64_t inode;
	uint64_t root_device; /* of the root directory below which its debug file was looked for */
	uint64_t root_inode;
	uint64_t mounts; /* the mount namespace, likewise */
};

struct names {
	unsigned int reference_cnt;
	struct names_origin origin;
	bool is_foreign; /* its numbers are given again once nobody is in its mount namespace */
	unsigned char build_id[ELF_FILE_BUILD_ID_BYTES];
	size_t build_id_bytes; /* 0: not shared */
	int fd;
	Elf *elf;
	struct debug_file *debug_file; /* NULL: there is none */
	char *debug_file_refusal;      /* why one that was found is not used; NULL: none was */
	struct symbol *symbols;	       /* sorted by address, then by kind and name */
	size_t symbol_cnt;
	struct go_table *go;		 /* NULL: not a Go program, or one that is not understood */
	char *go_refusal;		 /* why it is not; NULL: it is, or is no Go */
	uint64_t debug_bytes;		 /* of DWARF, in memory */
	struct debug_info *debug_info;	 /* see names_debug_info */
	bool has_debug_info;		 /* looked for already */
	struct debug_info *partial_info; /* see names_source_info */
	bool has_partial_info;
	struct inlined *inlined; /* see names_inlined */
};

/* What all images of a process look names up with. */
struct names_sources {
	struct names_cache *cache; /* NULL: nothing is shared */
	const char *debug_dir;	   /* --debug-dir; NULL: none */
	int root_fd;		   /* the target's root directory, or -1 */
	uint64_t mounts;	   /* inode number of its mount namespace */
	bool is_foreign;	   /* which is not ours */
};

/* Those of an opened image, read or shared. -EBADMSG, -ENOMEM. */
int names_open(const struct image *image, struct names **ret_names, struct fault *why);
void names_close(struct names *names);

/* symbols.c: reads all tables. */
int names_read_symbols(struct names *names, const struct image *image, struct fault *why);
/* DWARF that libdw may hold in memory for what is only good to know; of a program of 100 MB. */
#define NAMES_DEBUG_BYTES (64UL << 20)

/* DWARF of the file or of its debug file, opened when first asked for; NULL where there is none,
 * or, unless it is needed, more than NAMES_DEBUG_BYTES. */
struct debug_info *names_debug_info(struct names *names, bool is_needed);
/* The same where source lines are all that is asked for: of any size, but may know no names. */
struct debug_info *names_source_info(struct names *names);
/* After names_debug_info; NULL also where there is too much to search. */
struct inlined *names_inlined(struct names *names, bool is_thorough);

#endif
