// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns the maps of chains, and ends those that take too long. Stages are passed by the programs on
 * functions (func.bpf.c) and on sockets (sock.bpf.c).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "chain.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct settle {
	__u64 now_ns;
};

static __always_inline bool has_ended(const struct ts_chain *chain, const struct ts_chain_state *s,
				      __u64 now_ns)
{
	return chain->is_withdrawn || chain_is_overdue(chain, s, now_ns);
}

/* Also gives places back that nobody has used for as long. */
static long settle_one(void *map, struct ts_chain_key *key, struct ts_chain_state *s,
		       struct settle *settle)
{
	__u32 number = key->chain, passed_cnt = *(volatile __u32 *)&s->passed_cnt;
	struct ts_chain *chain = bpf_map_lookup_elem(&chain_table, &number);

	if (!chain || passed_cnt == TS_CHAIN_BUSY || !has_ended(chain, s, settle->now_ns) ||
	    !chain_claims(s, passed_cnt))
		return 0;
	/* By now its memory can be another one's. */
	if (*(volatile __u8 *)&key->chain != number || !has_ended(chain, s, settle->now_ns)) {
		chain_gives_back(s, passed_cnt);
		return 0;
	}
	if (passed_cnt && chain->is_withdrawn)
		chain_loses(chain);
	else if (passed_cnt)
		chain_stops(number, passed_cnt, false);
	bpf_map_delete_elem(&chain_states, key);
	return 0;
}

/* Run by user space. */
SEC("syscall")
int chain_settle(void *ctx)
{
	struct settle settle = {.now_ns = bpf_ktime_get_ns()};

	bpf_for_each_map_elem(&chain_states, settle_one, &settle, 0);
	return 0;
}
