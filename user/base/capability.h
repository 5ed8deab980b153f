/* SPDX-License-Identifier: Apache-2.0 */
/* The capabilities that measuring may need: which are held, what each is for, and giving them up.
 * The one place that sees libcap-ng. */
#ifndef TICKSCOPE_BASE_CAPABILITY_H
#define TICKSCOPE_BASE_CAPABILITY_H

#include <stddef.h>
#include <stdint.h>

enum capability {
	CAPABILITY_BPF,
	CAPABILITY_PERFMON,
	CAPABILITY_SYS_PTRACE,
	CAPABILITY_DAC_READ_SEARCH,
	CAPABILITY_CHECKPOINT_RESTORE,
	CAPABILITY_SYS_ADMIN,
	CAPABILITY_NET_BIND_SERVICE,
	CAPABILITY_SETPCAP,
	CAPABILITY_CNT
};

/* A set of them: bit n is enum capability n. */
#define CAPABILITY_BIT(c) (1U << (c))

#define CAPABILITY_HINT_BYTES 192 /* all of them by name */

/* What later processes need, and what loading needs. */
#define CAPABILITY_LOOKING                                                                    \
	(CAPABILITY_BIT(CAPABILITY_SYS_PTRACE) | CAPABILITY_BIT(CAPABILITY_DAC_READ_SEARCH) | \
	 CAPABILITY_BIT(CAPABILITY_CHECKPOINT_RESTORE))
#define CAPABILITY_LOADING (CAPABILITY_BIT(CAPABILITY_BPF) | CAPABILITY_BIT(CAPABILITY_PERFMON))
#define CAPABILITY_ALL	   (CAPABILITY_BIT(CAPABILITY_CNT) - 1)

/* "CAP_BPF", and what is lost without it: "programs cannot be loaded". */
const char *capability_name(enum capability c);
const char *capability_purpose(enum capability c);
const char *capability_loss(enum capability c);

/* " (missing: CAP_SYS_PTRACE)": which of those that would help are not permitted; "" where all are.
 */
const char *capability_hint(uint32_t helpful, char text[static CAPABILITY_HINT_BYTES]);

/* What this thread may use now, or may take up again. */
uint32_t capability_effective(void);
uint32_t capability_permitted(void);

/* capability_permitted, with what CAP_SYS_ADMIN implies. */
uint32_t capability_usable(void);

/*
 * This thread keeps only `permitted` of what it has, and uses only `effective` of that; nothing is
 * inheritable or ambient. Others leave the bounding set, too, where CAP_SETPCAP was in use before.
 * 0 or -errno.
 */
int capability_keep(uint32_t permitted, uint32_t effective);

/* No capability at all, for this thread. Calls nothing but the system: usable between fork and
 * exec. */
void capability_drop_all(void);

#endif
