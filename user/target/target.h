/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which code: a running process -> its mapped files -> functions -> the exact instructions to
 * probe, with the reasons. Reads /proc and ELF files (hostile ones included), never writes, never
 * touches the process. Whoever attaches (user/probe) needs nothing but a function_plan.
 */
#ifndef TICKSCOPE_TARGET_TARGET_H
#define TICKSCOPE_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <tickscope/abi.h>
#include "base/fault.h"
#include "config/error_expression.h"

/* What a probe on an instruction costs the target, cheapest first (reference: kernel.md §1.1). */
enum site_cost {
	SITE_COST_UNKNOWN = 0,
	SITE_COST_NOP5,	    /* 5-byte nop: rewritten to a call on kernels that can (6.18+), else
			       single-stepped */
	SITE_COST_EMULATED, /* nop, push, jmp, jcc, call: emulated after the trap */
	SITE_COST_STEPPED,  /* all else: a second trap, 2-3 times dearer on bare metal, 10-20 times
			       in a VM */
};

/* How a return is seen. */
enum exit_mode {
	EXIT_UNKNOWN = 0,
	EXIT_SITES,   /* a probe on every instruction that leaves the function */
	EXIT_HIJACK,  /* the kernel replaces the return address */
	EXIT_REFUSED, /* neither is right here; see function_plan.reason */
};

/* --exit: which of the two a function may get. */
enum exit_policy { EXIT_POLICY_AUTO = 0, EXIT_POLICY_SAFE, EXIT_POLICY_FAST };

#define SITE_INSN_BYTES 16 /* the mnemonic, for people */

struct exit_site {
	uint64_t address; /* virtual address in the file */
	uint64_t file_offset;
	enum site_cost cost;
	uint8_t condition;   /* x86 condition code where is_conditional */
	bool is_conditional; /* a conditional tail jump: leaves only where the condition holds */
	bool is_tail; /* a tail jump: no return value yet, and the time of the callee is not in the
			 span */
	char insn[SITE_INSN_BYTES];
};

/* One copy of a function in one file: where to probe it and why there. */
struct function_plan {
	char *raw_name;	     /* as in the symbol table, without @version */
	uint64_t address;    /* virtual address in the file */
	uint64_t size_bytes; /* of the hot part */
	uint64_t entry_file_offset;
	uint32_t entry_delta; /* bytes from the function's first instruction to the entry site */
	int32_t sp_adjust; /* stack pointer at function entry minus stack pointer at the entry site
			    */
	enum site_cost entry_cost;
	char entry_insn[SITE_INSN_BYTES];
	enum exit_mode exit_mode;
	bool is_forced; /* hijack by --exit=fast where it was not proven harmless */
	bool is_go;	/* its spans belong to goroutines */
	bool may_nest;	/* probes may hit inside its spans: not proven to call nothing else that is
			   traced */
	struct exit_site *exits; /* of EXIT_SITES */
	size_t exit_cnt;
	char reason[192]; /* why this exit mode, in words: "leaf function", "unwinder mapped", … */
};

/* One result of a function. */
struct return_type {
	struct error_value value;
	char name[64];	  /* as the source says it: "int", "desk::Result" */
	char reason[128]; /* why it is not known: no debug information, a float, a struct in memory,
			     void … */
};

/* The results of a function: Go has several. */
struct return_types {
	struct return_type items[ERROR_VALUE_MAX];
	size_t cnt;
	bool has_debug_info;   /* else the places are by convention, and no type is known */
	char lost_reason[128]; /* it can leave before its results exist; empty: it cannot */
};

/* An operation: all copies of one function (compiler clones included) in one file. */
struct operation_plan {
	char *name; /* demangled, without parameters unless two operations of one query differ only
		       there */
	char *full_name;     /* demangled with parameters */
	char *file;	     /* basename of the file that holds it */
	struct image *image; /* that file; owned by the process */
	struct function_plan *copies;
	size_t copy_cnt;
	size_t uncovered_copies; /* inlined or outlined parts that no probe can see */
	struct return_types returns;
	char *also;	   /* other functions that are the same code, ", " between; NULL: none */
	char *source_file; /* NULL: not known */
	unsigned int source_line;
};

struct process;
struct image;
struct names_cache;

/* Which file it is, as /proc/PID/maps names it. */
struct file_id {
	uint64_t device;
	uint64_t inode;
};

/* Names of builds that were read once, for all processes that run them. NULL: out of memory. */
struct names_cache *names_cache_new(void);
void names_cache_free(struct names_cache *cache);

/* Both outlive the process. */
struct process_options {
	struct names_cache *names; /* NULL: none */
	const char *debug_dir;	   /* look for separate debug files here first; NULL: none */
};

/*
 * Whether the numbers of processes here are the kernel's own, by which its side filters: they are
 * not in a pid namespace below the first one. -ENOTSUP, with what to do.
 */
int process_check_numbers(struct fault *why);

/* Opens a running process; options may be NULL. -ESRCH no such process, -EACCES not allowed, both
 * with words; -ENOMEM. */
int process_open(pid_t pid, const struct process_options *options, struct process **ret_process,
		 struct fault *why);
void process_free(struct process *process);
pid_t process_pid(const struct process *process);
struct file_id process_executable_file(const struct process *process);
/* It has a mount namespace of its own, as in a container: its paths are not ours. */
bool process_is_in_other_mounts(const struct process *process);
/* Basename of the executable, cleaned for a terminal; "(deleted)" is not part of it. */
const char *process_name(const struct process *process);

/* A path that opens the mapped inode itself, through /proc: valid after the file was replaced, in
 * any mount namespace. */
const char *image_probe_path(const struct image *image);
/* The path as the target sees it. */
const char *image_path(const struct image *image);
struct file_id image_file(const struct image *image);
bool image_is_executable(
	const struct image *image); /* the process's own executable, not a library */

struct function_query {
	const char *pattern; /* FUNC, LIB:FUNC, glob with * and ?, FUNC+0xOFF; raw or demangled */
	enum exit_policy policy;
	size_t max_operations; /* more matches than this are refused with -E2BIG and the count */
	const struct error_expression *error; /* fill operation_plan.returns for it; NULL: do not */
	bool is_thorough;  /* take the time to look for inlined copies in large files too */
	bool list_refused; /* functions that cannot be probed are listed (EXIT_REFUSED), not an
			      error */
	bool avoids_nop5;  /* this kernel single-steps 5-byte nops: another site is cheaper */
};

struct operation_plans {
	struct operation_plan *items;
	size_t cnt;
	size_t refused_cnt; /* matches that cannot be traced and are left out */
};

/*
 * Everything a query matches in a process. -ENOENT: nothing does (the nearest names are in the
 * message), -ENXIO: no such library is mapped (yet), -E2BIG: too many, -ENOTSUP: found, but it
 * cannot be traced (IFUNC, undecodable …: the reason is in the message), -EBADMSG: the file is
 * damaged. The plans stay valid until operation_plans_fini or process_free, whichever is first.
 */
int process_resolve(struct process *process, const struct function_query *query,
		    struct operation_plans *ret_plans, struct fault *why);
void operation_plans_fini(struct operation_plans *plans);

/* Why a separate debug file of this image that was found is not used; NULL: it is, or there is
 * none.
 */
const char *image_debug_file_refusal(const struct image *image);

/* What `doctor` says about a process. Counts are of files mapped executable. */
struct process_facts {
	bool has_unwinder;	  /* libgcc_s, libunwind or _Unwind_* inside */
	bool has_stack_switching; /* swapcontext, makecontext, pthread_setcanceltype … imported */
	bool has_shadow_stack;
	bool has_seccomp;
	bool has_jit_code; /* anonymous executable mappings */
	bool is_other_mount_namespace;
	pid_t inner_pid;	     /* its number in its own pid namespace */
	bool is_executable_replaced; /* the file on disk is another one by now, or gone */
	bool is_x86_64;
	bool has_kernel_bypass; /* DPDK, Onload, VMA mapped: its network traffic cannot be seen */
	size_t file_cnt;
	size_t function_cnt; /* symbols of functions in the executable; 0: stripped without .dynsym
				names */
};
int process_inspect(struct process *process, struct process_facts *ret_facts, struct fault *why);

#endif
