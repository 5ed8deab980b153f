/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of code in a running process -> what a person calls it. */
#ifndef TICKSCOPE_TARGET_LOCATE_H
#define TICKSCOPE_TARGET_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "target/target.h"

struct locate;

/* Looks at what the process has mapped; options as of process_open, which outlive it. What is known
 * then, and files that were opened, stay known when the process ends. 0 or -errno. */
int locate_open(pid_t pid, const struct process_options *options, struct locate **ret_locate);
void locate_close(struct locate *locate);

#define LOCATE_NAME_BYTES 512

enum located {
	LOCATE_NAMED = 0,
	LOCATE_UNNAMED, /* code that is in no file, or of which nothing is known */
	LOCATE_NO_CODE, /* nothing there can be executed */
	LOCATE_NOT_YET, /* nor could it when that was looked at, a moment ago */
};

/*
 * "desk::submit+0x1f"; in a library "libc.so.6:send+0x4f"; where a file has no name for it
 * "libc.so.6+0x2724a", an address as in its own headers. is_return: the address is behind a call,
 * which may be the last instruction of its function.
 */
enum located locate_name(struct locate *locate, uint64_t address, bool is_return,
			 char name[static LOCATE_NAME_BYTES]);

#endif
