/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up what a compromised process could misuse. sandbox_enter comes first, before files of
 * strangers are read, before threads and children: no_new_privs, the capabilities that measuring
 * may need and no others, a list of system calls (seccomp). sandbox_narrow comes when all programs
 * are loaded: the capabilities that later processes need, and with SANDBOX_STRICT no more loading.
 * The one place that sees libseccomp.
 *
 * A call that is not on the list fails with ENOSYS, as on a kernel that lacks it, and the kernel
 * logs it: libraries have a way around, and measuring goes on. Killing would let one unforeseen
 * call of a library end what somebody relies on; tests ask for it (`kills`), so that none is
 * overlooked.
 */
#ifndef TICKSCOPE_BASE_SANDBOX_H
#define TICKSCOPE_BASE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

enum sandbox_mode {
	SANDBOX_OFF,
	SANDBOX_ON,	/* programs can be loaded again: a reload can widen */
	SANDBOX_STRICT, /* nothing is loaded any more */
};

/* A variable: "kill" ends the process at a call that is not on the list. */
#define SANDBOX_VIOLATION "TICKSCOPE_SANDBOX_VIOLATION"

struct sandbox_options {
	enum sandbox_mode mode;
	bool may_execute; /* commands, which live under the same list */
	bool kills;	  /* the process, at a call that is not on the list */
};

struct sandbox {
	struct sandbox_options options;
	bool has_filter;
	bool is_narrow;
};

/* "off", "on", "strict". */
const char *sandbox_mode_name(enum sandbox_mode mode);

/* Of the whole process, which has one thread still. 0; -errno where something that is not missing
 * in the kernel failed. Without seccomp in the kernel has_filter stays false. */
int sandbox_enter(struct sandbox *s, const struct sandbox_options *options, struct fault *why);

/* keeps: capabilities to be used on; those that loading needs stay at hand with SANDBOX_ON. Again
 * after each sandbox_widen. */
int sandbox_narrow(struct sandbox *s, uint32_t keeps, struct fault *why);
/* Takes the capabilities up again that a reload needs. -EPERM with SANDBOX_STRICT. */
int sandbox_widen(struct sandbox *s, struct fault *why);

/* For threads and children, at their beginning: under a sandbox they get no capability. Calls
 * nothing but the system. */
void sandbox_drop_capabilities(void);

#endif
