/* SPDX-License-Identifier: Apache-2.0 */
/* Chains past the kernel: what waits for its next message, by connection and request. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/chain_joins.h"

#define SLOT_CNT CHAIN_JOINS_MAX
#define NONE	 UINT32_MAX

struct waiting {
	struct ts_chain_state state;
	uint64_t conn;
	uint64_t request_begin;
	uint64_t id_hash; /* tells the requests of a batch apart */
	uint32_t next;	  /* of the slot, or of those that are free */
	uint32_t older;
	uint32_t newer;
	uint8_t chain;
};

struct chain_joins {
	struct chain_probe *probe;
	struct chain_joins_chain chains[TS_CHAIN_MAX];
	size_t chain_cnt;
	struct waiting *waiting; /* CHAIN_JOINS_MAX of them: pages are taken as they are used */
	uint32_t slots[SLOT_CNT];
	uint32_t used_cnt; /* of waiting, ever */
	uint32_t free;
	uint32_t oldest;
	uint32_t newest;
	size_t cnt;
	uint64_t displaced;
};

/* What the stage in front of the first one here has left as the key. */
static enum ts_key_kind left_kind(const struct ts_chain *chain)
{
	const struct ts_chain_stage *stage = &chain->stages[chain->kernel_cnt - 1];

	return stage->rekeys ? stage->then_key.kind : stage->key.kind;
}

static bool is_text(enum ts_key_kind kind)
{
	return kind == TS_KEY_TEXT || kind == TS_KEY_STDSTRING || kind == TS_KEY_GOSTRING;
}

static bool is_joined(const struct ts_chain *chain)
{
	return chain->kernel_cnt < chain->stage_cnt;
}

static bool is_possible(const struct ts_chain *chain)
{
	if (!is_joined(chain))
		return true;
	return chain->kernel_cnt && chain->stage_cnt <= TS_CHAIN_STAGE_MAX &&
	       (left_kind(chain) == TS_KEY_VALUE || is_text(left_kind(chain)));
}

int chain_joins_new(struct chain_probe *probe, const struct chain_joins_chain *chains, size_t cnt,
		    struct chain_joins **ret_joins)
{
	struct chain_joins *j;

	if (cnt > TS_CHAIN_MAX)
		return -EINVAL;
	for (size_t i = 0; i < cnt; i++) {
		if (!is_possible(&chains[i].chain))
			return -EINVAL;
	}
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->waiting = calloc(CHAIN_JOINS_MAX, sizeof(*j->waiting));
	if (!j->waiting) {
		free(j);
		return -ENOMEM;
	}
	j->probe = probe;
	memcpy(j->chains, chains, cnt * sizeof(*chains));
	j->chain_cnt = cnt;
	memset(j->slots, 0xff, sizeof(j->slots));
	j->free = j->oldest = j->newest = NONE;
	*ret_joins = j;
	return 0;
}

void chain_joins_free(struct chain_joins *j)
{
	if (!j)
		return;
	free(j->waiting);
	free(j);
}

bool chain_joins_has(const struct chain_joins *j, uint8_t filter)
{
	for (size_t i = 0; i < j->chain_cnt; i++) {
		const struct chain_joins_chain *c = &j->chains[i];

		for (uint32_t k = c->chain.kernel_cnt; k < c->chain.stage_cnt; k++) {
			if (filter && c->stages[k].filter == filter)
				return true;
		}
	}
	return false;
}

static uint32_t *slot_of(struct chain_joins *j, uint64_t conn, uint64_t request_begin)
{
	uint64_t mixed = (conn * 0x9e3779b97f4a7c15ULL) ^ request_begin;

	mixed = (mixed ^ (mixed >> 32)) * 0x9e3779b97f4a7c15ULL;
	return &j->slots[(mixed >> 40) % SLOT_CNT];
}

static void drop(struct chain_joins *j, uint32_t idx)
{
	struct waiting *w = &j->waiting[idx];
	uint32_t *at = slot_of(j, w->conn, w->request_begin);

	while (*at != idx)
		at = &j->waiting[*at].next;
	*at = w->next;
	*(w->older == NONE ? &j->oldest : &j->waiting[w->older].newer) = w->newer;
	*(w->newer == NONE ? &j->newest : &j->waiting[w->newer].older) = w->older;
	w->next = j->free;
	j->free = idx;
	j->cnt--;
}

/* A place, in the order of age. */
static uint32_t take_place(struct chain_joins *j)
{
	uint32_t idx = j->oldest;

	if (j->cnt == CHAIN_JOINS_MAX) {
		chain_time_out(j->probe, j->waiting[idx].chain, &j->waiting[idx].state);
		j->displaced++;
		drop(j, idx);
	}
	idx = j->free;
	if (idx != NONE)
		j->free = j->waiting[idx].next;
	else
		idx = j->used_cnt++;
	j->cnt++;
	return idx;
}

static void keep(struct chain_joins *j, uint8_t chain, const struct ts_chain_state *state,
		 const struct chain_joins_message *m)
{
	uint32_t *slot = slot_of(j, m->conn, m->request_begin);
	uint32_t idx = take_place(j);
	struct waiting *w = &j->waiting[idx];

	*w = (struct waiting){.state = *state,
			      .conn = m->conn,
			      .request_begin = m->request_begin,
			      .id_hash = m->id.hash,
			      .older = j->newest,
			      .newer = NONE,
			      .next = *slot,
			      .chain = chain};
	*slot = idx;
	*(j->newest == NONE ? &j->oldest : &j->waiting[j->newest].newer) = idx;
	j->newest = idx;
}

static bool is_at(const struct chain_joins_chain *c, uint32_t stage,
		  const struct chain_joins_message *m)
{
	return stage < c->chain.stage_cnt && c->stages[stage].filter == m->filter &&
	       c->stages[stage].is_sent == m->is_sent;
}

/*
 * Adds the stage. True: the chain has ended with it, or is over: what a process was about before it
 * executed another program goes no further, even where that keeps the connection.
 */
static bool pass(struct chain_joins *j, uint8_t chain, struct ts_chain_state *state,
		 const struct chain_joins_message *m)
{
	const struct ts_chain *c = &j->chains[chain].chain;
	uint32_t stage = state->passed_cnt;
	/* An answer can be read before the send that asked for it is over. */
	uint64_t before_ns = state->times_ns[stage - 1];
	uint64_t ns = m->ns < before_ns ? before_ns : m->ns;

	if (ns - state->times_ns[0] > c->timeout_ns || m->image != (uint32_t)state->image) {
		chain_time_out(j->probe, chain, state);
		return true;
	}
	state->times_ns[stage] = ns;
	state->tids[stage] = 0;
	state->passed_cnt++;
	if (state->passed_cnt < c->stage_cnt)
		return false;
	chain_complete(j->probe, chain, state);
	return true;
}

/* Out of the kernel, where it has passed all stages that are passed there. */
static void take(struct chain_joins *j, uint8_t chain, const struct chain_joins_message *m)
{
	const struct ts_chain *c = &j->chains[chain].chain;
	struct ts_chain_key key = {
		.tgid = m->tgid, .chain = chain, .slot = c->stages[c->kernel_cnt].slot};
	struct ts_chain_state state;
	bool wants_text = is_text(left_kind(c));

	if (!m->id.is_there || (!wants_text && !m->id.has_number))
		return;
	key.value = wants_text ? m->id.hash : m->id.number;
	if (chain_take(j->probe, &key, &state))
		return;
	/* A program that was changing it had it in this state, or was about to. */
	if (state.passed_cnt == TS_CHAIN_BUSY)
		state.passed_cnt = c->kernel_cnt;
	if (state.passed_cnt != c->kernel_cnt)
		chain_time_out(j->probe, chain, &state);
	else if (!pass(j, chain, &state, m))
		keep(j, chain, &state, m);
}

/* What waits for this message. */
static void go_on(struct chain_joins *j, const struct chain_joins_message *m)
{
	uint32_t next, idx = *slot_of(j, m->conn, m->request_begin);

	for (; idx != NONE; idx = next) {
		struct waiting *w = &j->waiting[idx];

		next = w->next;
		if (w->conn != m->conn || w->request_begin != m->request_begin ||
		    (m->id.is_there && m->id.hash != w->id_hash) ||
		    !is_at(&j->chains[w->chain], w->state.passed_cnt, m))
			continue;
		if (pass(j, w->chain, &w->state, m))
			drop(j, idx);
	}
}

void chain_joins_pass(struct chain_joins *j, const struct chain_joins_message *m)
{
	if (m->is_answer)
		go_on(j, m);
	for (size_t i = 0; i < j->chain_cnt; i++) {
		const struct chain_joins_chain *c = &j->chains[i];

		if (is_joined(&c->chain) && is_at(c, c->chain.kernel_cnt, m))
			take(j, (uint8_t)i, m);
	}
}

void chain_joins_settle(struct chain_joins *j, uint64_t now_ns)
{
	uint32_t next;

	for (uint32_t idx = j->oldest; idx != NONE; idx = next) {
		const struct waiting *w = &j->waiting[idx];

		next = w->newer;
		if (now_ns <= w->state.times_ns[0] ||
		    now_ns - w->state.times_ns[0] <= j->chains[w->chain].chain.timeout_ns)
			continue;
		chain_time_out(j->probe, w->chain, &w->state);
		drop(j, idx);
	}
}

size_t chain_joins_waiting_cnt(const struct chain_joins *j)
{
	return j->cnt;
}

uint64_t chain_joins_displaced(const struct chain_joins *j)
{
	return j->displaced;
}
