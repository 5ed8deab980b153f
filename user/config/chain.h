/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of stages as text: "recv 10.1.0.5:9001, enter desk::Strategy::on_tick, enter desk::queue
 * then_key arg1, enter desk::submit then_key stdstring(arg2), send exchange key clordid". The words
 * are the same on a command line and in a file.
 */
#ifndef TICKSCOPE_CONFIG_CHAIN_H
#define TICKSCOPE_CONFIG_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tickscope/abi_chain.h>
#include "base/fault.h"

enum chain_verb {
	CHAIN_ARRIVE = 1, /* data has arrived in the kernel, which is read next */
	CHAIN_RECV,	  /* the target has read */
	CHAIN_ENTER,	  /* a function is called; FUNC+0xOFF: an instruction is reached */
	CHAIN_RETURN,	  /* it has returned */
	CHAIN_SEND,	  /* the kernel has taken what the target sends */
	CHAIN_REPLY,	  /* the target has read what answers it */
};

/* "thread", "goroutine", "arg2", "*(u32*)(*(u64*)(arg1+8)+24)", "str(arg2)", "stdstring(arg1+16)",
 * "gostring(arg3)", "clordid", "id". Registers are told when the function is known. */
struct chain_key {
	struct ts_key key; /* but for its source */
	uint8_t argument;  /* from 1; 0: none */
	char *text;	   /* as written */
};

struct chain_stage {
	enum chain_verb verb;
	char *object;	      /* a function's pattern; of the others an endpoint: its name in the
				 configuration, or an address */
	struct chain_key key; /* where the text gives none, as the stage before left it */
	struct chain_key then_key; /* text NULL: none */
	char *text; /* "enter desk::submit": what segments are labelled with; its second one in a
		       chain has " #2" behind it */
};

struct chain {
	char *name;
	char *target; /* only there; NULL: in every target that has its stages */
	struct chain_stage stages[TS_CHAIN_STAGE_MAX];
	size_t stage_cnt;
	uint64_t timeout_ns;
	bool is_span; /* --from, --to: two points */
	bool wants_breakdown;
};

#define CHAIN_TIMEOUT_DEFAULT_NS                                         \
	10000000000ULL /* an order that has no answer by then has failed \
			*/

/*
 * Reads the stages, 2 to TS_CHAIN_STAGE_MAX of them; key: of the first stage and those behind it up
 * to one that says its own, NULL: "thread". 0; -EINVAL, *ret_column (from 1) being where it is
 * wrong; -ENOMEM. Then chain_fini is not needed.
 */
int chain_parse(const char *stages, const char *key, struct chain *ret_chain, size_t *ret_column,
		struct fault *why);
void chain_fini(struct chain *chain);

/* Its object is a function; else an endpoint. */
bool chain_is_function(const struct chain_stage *stage);

#endif
