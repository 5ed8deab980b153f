/* SPDX-License-Identifier: Apache-2.0 */
/* The chains of the configuration -> chains, points and endpoints of the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/endpoint_argument.h"
#include "daemon/chain_joins.h"
#include "daemon/chains.h"
#include "daemon/rpc.h"

static bool is_for(const struct chain *chain, const struct daemon_target *target)
{
	return !chain->target || (target->name && strcmp(chain->target, target->name) == 0);
}

static int add_item(struct daemon *d, const struct chain *chain, size_t target_idx,
		    struct fault *why)
{
	struct chains *c = d->chains;
	struct chain_item *item = &c->items[c->cnt];

	if (c->cnt == TS_CHAIN_MAX)
		return fault_set(why, -E2BIG,
				 "%zu chains in %zu targets are more than the %d that can be "
				 "followed: say the \"target\" of each",
				 d->config->chain_cnt, d->config->target_cnt, TS_CHAIN_MAX);
	*item = (struct chain_item){.config = chain, .target_idx = target_idx};
	item->kernel.stage_cnt = (uint32_t)chain->stage_cnt;
	item->kernel.timeout_ns = chain->timeout_ns;
	item->kernel.wants_breakdown = chain->wants_breakdown;
	if (d->config->target_cnt > 1)
		item->kernel.target = (uint8_t)(target_idx + 1);
	for (size_t i = 0; i < chain->stage_cnt; i++) {
		struct ts_chain_stage *stage = &item->kernel.stages[i];

		stage->key = chain->stages[i].key.key;
		stage->then_key = chain->stages[i].then_key.key;
		stage->rekeys = chain->stages[i].then_key.text != NULL;
		stage->slot = i ? (uint8_t)(stage[-1].slot + stage[-1].rekeys) : 0;
		/* What a protocol tells is passed in user space, and all behind it. */
		if (stage->key.kind != TS_KEY_PROTOCOL)
			item->kernel.kernel_cnt = (uint32_t)i + 1;
	}
	c->cnt++;
	return 0;
}

static int add_items(struct daemon *d, struct fault *why)
{
	int err = 0;

	for (size_t i = 0; i < d->config->chain_cnt; i++) {
		for (size_t t = 0; t < d->config->target_cnt && !err; t++) {
			if (is_for(&d->config->chains[i], &d->config->targets[t]))
				err = add_item(d, &d->config->chains[i], t, why);
		}
	}
	return err;
}

static enum protocol_kind protocol_of(const struct chain_stage *stage)
{
	if (stage->key.key.kind != TS_KEY_PROTOCOL)
		return PROTOCOL_NONE;
	return strcmp(stage->key.text, "clordid") == 0 ? PROTOCOL_FIX : PROTOCOL_JSONRPC;
}

static bool is_same_filter(const struct ts_endpoint_filter *a, const struct ts_endpoint_filter *b)
{
	return a->port == b->port && a->family == b->family && a->prefix_bits == b->prefix_bits &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* What a stage calls its endpoint: its name, or its address. NULL: it is not among them. */
static struct daemon_endpoint *find_endpoint(struct chains *c, const struct chain_stage *stage)
{
	struct ts_endpoint_filter filter;
	struct fault ignored;

	for (size_t i = 0; i < c->endpoint_cnt; i++) {
		if (c->endpoints[i].given_name &&
		    strcmp(c->endpoints[i].given_name, stage->object) == 0)
			return &c->endpoints[i];
	}
	if (endpoint_argument_parse(stage->object, &filter, &ignored))
		return NULL;
	for (size_t i = 0; i < c->endpoint_cnt; i++) {
		if (is_same_filter(&c->endpoints[i].filter, &filter))
			return &c->endpoints[i];
	}
	return NULL;
}

static int add_endpoint(struct chains *c, const struct daemon_endpoint *endpoint, struct fault *why)
{
	if (c->endpoint_cnt == TS_FILTER_MAX)
		return fault_set(why, -E2BIG, "more than %d endpoints, with those of chains",
				 TS_FILTER_MAX);
	c->endpoints[c->endpoint_cnt++] = *endpoint;
	return 0;
}

/* An endpoint that only a stage names, as trace does it, by its address. */
static int add_stage_endpoint(struct daemon *d, const struct chain_stage *stage, struct fault *why)
{
	struct daemon_endpoint fresh = {.protocol = d->config->protocol};
	struct fault reason;

	if (find_endpoint(d->chains, stage))
		return 0;
	if (endpoint_argument_parse(stage->object, &fresh.filter, &reason))
		return fault_set(why, -EINVAL, "stage \"%s\": %s", stage->text, reason.text);
	/* Where connections are shown, each has its own line. */
	fresh.filter.is_one = !rpc_is_wanted(d->config);
	return add_endpoint(d->chains, &fresh, why);
}

/*
 * A connection belongs to the first endpoint that chooses it: those of stages that are no endpoints
 * of the configuration come first, since theirs are the narrower ones.
 */
static int add_endpoints(struct daemon *d, struct fault *why)
{
	const struct daemon_config *config = d->config;
	struct chains *named = calloc(1, sizeof(*named)), *c = d->chains;
	int err = 0;

	if (!named)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < config->endpoint_cnt && !err; i++)
		err = add_endpoint(named, &config->endpoints[i], why);
	for (size_t i = 0; i < config->chain_cnt; i++) {
		const struct chain *chain = &config->chains[i];

		for (size_t s = 0; s < chain->stage_cnt && !err; s++) {
			if (!chain_is_function(&chain->stages[s]) &&
			    !find_endpoint(named, &chain->stages[s]))
				err = add_stage_endpoint(d, &chain->stages[s], why);
		}
	}
	for (size_t i = 0; i < config->endpoint_cnt && !err; i++)
		err = add_endpoint(c, &config->endpoints[i], why);
	/* All that is not a stage's, where all is wanted. */
	if (!err && c->endpoint_cnt && !config->endpoint_cnt && rpc_is_wanted(config))
		err = add_endpoint(c, &(struct daemon_endpoint){.protocol = config->protocol}, why);
	free(named);
	return err;
}

static int new_point(struct chains *c, uint16_t *ret_point, struct fault *why)
{
	if (c->point_cnt == TS_POINT_MAX)
		return fault_set(why, -E2BIG, "more than %d places where stages of chains happen",
				 TS_POINT_MAX);
	*ret_point = (uint16_t)c->point_cnt++;
	return 0;
}

static int socket_point(struct chains *c, struct chain_item *item, size_t idx, struct fault *why)
{
	const struct chain_stage *stage = &item->config->stages[idx];
	struct daemon_endpoint *e = find_endpoint(c, stage);
	struct ts_endpoint_points *points;
	uint16_t *number, point = 0;
	int err;

	if (!e)
		return fault_set(why, -EINVAL, "stage \"%s\": there is no such endpoint",
				 stage->text);
	if (!e->protocol)
		e->protocol = protocol_of(stage);
	item->filters[idx] = (uint8_t)(e - c->endpoints + 1);
	points = &c->endpoint_points[e - c->endpoints];
	number = stage->verb == CHAIN_SEND ? &points->send : &points->receive;
	if (!*number) {
		err = new_point(c, &point, why);
		if (err)
			return err;
		*number = (uint16_t)(point + 1);
	}
	item->points[idx] = (uint16_t)(*number - 1);
	return 0;
}

static int function_point(struct daemon *d, struct chain_item *item, size_t idx, struct fault *why)
{
	const struct chain_stage *stage = &item->config->stages[idx];
	struct chains *c = d->chains;
	struct chain_function *f = c->functions;

	while (f < c->functions + c->function_cnt &&
	       (f->verb != stage->verb || f->target_idx != item->target_idx ||
		strcmp(f->pattern, stage->object) != 0))
		f++;
	if (f == c->functions + c->function_cnt) {
		int err = new_point(c, &f->point, why);

		if (err)
			return err;
		f->pattern = stage->object;
		f->verb = stage->verb;
		f->target_idx = item->target_idx;
		f->is_optional = true;
		c->function_cnt++;
	}
	f->is_optional &= !item->config->target && d->config->target_cnt > 1;
	item->points[idx] = f->point;
	return 0;
}

/*
 * Steps of a point are passed one after the other: of a chain the later stages first, so that what
 * ends here is not overtaken by what begins here; but an arrival before the read that shows it.
 */
static int add_step(struct chains *c, uint16_t point, const struct ts_step *step,
		    const struct chain_stage *stage, struct fault *why)
{
	struct ts_point *p = &c->points[point];
	size_t at = 0;

	if (p->step_cnt == TS_POINT_STEP_MAX)
		return fault_set(why, -E2BIG, "\"%s\" is more than %d stages of chains",
				 stage->text, TS_POINT_STEP_MAX);
	while (at < p->step_cnt && p->steps[at].chain != step->chain)
		at++;
	if (at < p->step_cnt && p->steps[at].is_arrival && step->stage == 1)
		at++;
	memmove(&p->steps[at + 1], &p->steps[at], (p->step_cnt - at) * sizeof(*p->steps));
	p->steps[at] = *step;
	p->step_cnt++;
	return 0;
}

static int add_points(struct daemon *d, struct chain_item *item, struct fault *why)
{
	struct chains *c = d->chains;
	int err = 0;

	for (size_t i = 0; i < item->config->stage_cnt && !err; i++) {
		const struct chain_stage *stage = &item->config->stages[i];
		const struct ts_step step = {.chain = (uint8_t)(item - c->items),
					     .stage = (uint8_t)i,
					     .is_arrival = stage->verb == CHAIN_ARRIVE};

		err = chain_is_function(stage) ? function_point(d, item, i, why)
					       : socket_point(c, item, i, why);
		if (!err && i < item->kernel.kernel_cnt)
			err = add_step(c, item->points[i], &step, stage, why);
	}
	return err;
}

int chains_plan(struct daemon *d, struct fault *why)
{
	int err;

	d->endpoints = d->config->endpoints;
	d->endpoint_cnt = d->config->endpoint_cnt;
	if (!d->config->chain_cnt)
		return 0;
	d->chains = calloc(1, sizeof(*d->chains));
	if (!d->chains)
		return fault_set(why, -ENOMEM, "out of memory");
	err = add_items(d, why);
	if (!err)
		err = add_endpoints(d, why);
	for (size_t i = 0; i < d->chains->cnt && !err; i++)
		err = add_points(d, &d->chains->items[i], why);
	d->endpoints = d->chains->endpoints;
	d->endpoint_cnt = d->chains->endpoint_cnt;
	return err;
}

/* Stages behind the kernel's, which a protocol's ids tell. */
static int open_joins(struct daemon *d, struct fault *why)
{
	struct chain_joins_chain joined[TS_CHAIN_MAX];
	const struct chains *c = d->chains;
	bool is_wanted = false;
	int err;

	memset(joined, 0, sizeof(joined));
	for (size_t i = 0; i < c->cnt; i++) {
		const struct chain_item *item = &c->items[i];

		joined[i].chain = item->kernel;
		is_wanted |= item->kernel.kernel_cnt < item->kernel.stage_cnt;
		for (size_t s = 0; s < item->config->stage_cnt; s++)
			joined[i].stages[s] = (struct chain_joins_stage){
				.filter = item->filters[s],
				.is_sent = item->config->stages[s].verb == CHAIN_SEND,
			};
	}
	err = is_wanted ? chain_joins_new(c->probe, joined, c->cnt, &d->joins) : 0;
	return err ? fault_set(why, err, "chains by ids cannot be followed: %s", strerror(-err))
		   : 0;
}

int chains_open(struct daemon *d, struct fault *why)
{
	struct ts_chain kernel[TS_CHAIN_MAX];
	const struct chain_options options = {.chains = kernel,
					      .chain_cnt = d->chains ? d->chains->cnt : 0,
					      .points = d->chains ? d->chains->points : NULL,
					      .point_cnt = d->chains ? d->chains->point_cnt : 0,
					      .sched = d->sched,
					      .slowest = d->slowest};
	int err;

	if (!options.chain_cnt)
		return 0;
	for (size_t i = 0; i < options.chain_cnt; i++)
		kernel[i] = d->chains->items[i].kernel;
	err = chain_open(&options, &d->chains->probe, why);
	return err ? err : open_joins(d, why);
}

void chains_free(struct daemon *d)
{
	chain_joins_free(d->joins);
	d->joins = NULL;
	if (d->chains)
		chain_free(d->chains->probe);
	free(d->chains);
	d->chains = NULL;
}

bool chains_want_sockets(const struct daemon *d, size_t target_idx)
{
	for (size_t i = 0; d->chains && i < d->chains->cnt; i++) {
		const struct chain_item *item = &d->chains->items[i];

		for (size_t s = 0; s < item->config->stage_cnt; s++) {
			if (item->target_idx == target_idx &&
			    !chain_is_function(&item->config->stages[s]))
				return true;
		}
	}
	return false;
}
