/* SPDX-License-Identifier: Apache-2.0 */
/* "chains" of a configuration. */
#ifndef TICKSCOPE_CONFIG_CONFIG_CHAIN_H
#define TICKSCOPE_CONFIG_CONFIG_CHAIN_H

#include "config/chain.h"
#include "config/config_rule.h"

struct config_chain {
	char *name;
	char **stages; /* as written, one in each */
	size_t stage_cnt;
	char *key;	     /* of those that say none; NULL: the thread */
	uint64_t timeout_ns; /* default CHAIN_TIMEOUT_DEFAULT_NS */
	bool wants_breakdown;
	char *target; /* only there; NULL: in every target that has its stages */
	struct config_contract contract;
	struct chain chain; /* of the above, but for its name and target */
};

#endif
