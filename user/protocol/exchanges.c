/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait, their answers, and the counts of both. */
#include <string.h>

#include "protocol/exchanges.h"

/* What answers without an `until` are told as; a name, so that every kind has one. */
static const char until_none[] = "";

void exchanges_init(struct exchanges *x, struct budget *budget, protocol_exchange_fn fn,
		    void *context)
{
	memset(x, 0, sizeof(*x));
	x->budget = budget;
	x->fn = fn;
	x->context = context;
	label_sets_init(&x->labels, budget);
	id_table_init(&x->ids, budget);
	for (int side = 0; side < PROTOCOL_SIDE_CNT; side++)
		queue_init(&x->queues[side], budget);
}

static void empty_queue(struct exchanges *x, struct queue *queue)
{
	struct queue_item item;

	while (queue_oldest(queue, &item)) {
		if (!item.is_gap) {
			label_sets_release(&x->labels, item.labels);
			x->counts.unanswered++;
		}
		queue_drop_entry(queue);
	}
}

static void remove_waiting(struct exchanges *x, struct waiting *waiting)
{
	if (!waiting->told)
		x->counts.unanswered++;
	label_sets_release(&x->labels, waiting->labels);
	id_table_remove(&x->ids, waiting);
}

void exchanges_fini(struct exchanges *x)
{
	struct waiting *waiting;

	for (int side = 0; side < PROTOCOL_SIDE_CNT; side++) {
		empty_queue(x, &x->queues[side]);
		queue_fini(&x->queues[side]);
	}
	while ((waiting = id_table_oldest(&x->ids)))
		remove_waiting(x, waiting);
	id_table_fini(&x->ids);
	label_sets_fini(&x->labels);
}

void exchanges_forget(struct exchanges *x)
{
	x->loss_idx++;
	for (int side = 0; side < PROTOCOL_SIDE_CNT; side++) {
		empty_queue(x, &x->queues[side]);
		x->steps[side] = (struct step){.is_out = true};
	}
}

struct protocol_counts *exchanges_counts(struct exchanges *x)
{
	return &x->counts;
}

/* Fills the texts of `labels` that are empty from those of `more`; behind their ends are zeros. */
static void merge_labels(struct protocol_labels *labels, const struct protocol_labels *more)
{
	char *to = (char *)labels;
	const char *from = (const char *)more;

	for (size_t i = 0; i < sizeof(*labels); i += PROTOCOL_LABEL_BYTES) {
		if (!to[i])
			strncpy(to + i, from + i, PROTOCOL_LABEL_BYTES - 1);
	}
}

static enum protocol_side asker_of(const struct message *response)
{
	return response->side == PROTOCOL_CLIENT ? PROTOCOL_SERVER : PROTOCOL_CLIENT;
}

static void tell(struct exchanges *x, struct protocol_exchange *exchange, uint16_t labels,
		 const struct message *response)
{
	exchange->asker = asker_of(response);
	exchange->is_error = response->is_error;
	exchange->response_begin = response->begin;
	exchange->response_end = response->end;
	exchange->id = response->id;
	label_sets_read(&x->labels, labels, &exchange->labels);
	if (response->labels.status[0])
		memset(exchange->labels.status, 0, sizeof(exchange->labels.status));
	merge_labels(&exchange->labels, &response->labels);
	x->fn(exchange, x->context);
}

static void tell_request(struct exchanges *x, const struct message *request)
{
	struct protocol_exchange exchange = {
		.is_request = true,
		.asker = request->side,
		.request_begin = request->begin,
		.request_end = request->end,
		.id = request->id,
	};

	if (!x->tells_requests || !request->id.is_there)
		return;
	merge_labels(&exchange.labels, &request->labels);
	x->fn(&exchange, x->context);
}

/* A response counts once, however many requests it answers. */
static void count_response(struct exchanges *x, const struct message *response)
{
	if (x->counted_end[response->side] == response->end)
		return;
	x->counted_end[response->side] = response->end;
	x->counts.responses++;
}

static void count_unmatched(struct exchanges *x, const struct message *response)
{
	if (x->unmatched_end[response->side] == response->end)
		return;
	x->unmatched_end[response->side] = response->end;
	x->counts.unmatched_responses++;
}

/* The next answers in order are nobody's. */
static void add_gap(struct exchanges *x, enum protocol_side asker, uint32_t answer_cnt)
{
	struct queue_item lost;

	if (!queue_add_gap(&x->queues[asker], answer_cnt, &lost)) {
		/* Not even that can be remembered: their answers will be unmatched. */
		return;
	}
	if (lost.is_gap)
		return;
	label_sets_release(&x->labels, lost.labels);
	x->counts.unanswered++;
}

void exchanges_ask(struct exchanges *x, const struct message *request)
{
	struct step *step = &x->steps[request->side];
	struct queue_item item = {.begin = request->begin, .end = request->end};

	x->counts.requests++;
	tell_request(x, request);
	if (step->is_out && step->has_low && step->level == step->lowest_level)
		step->is_out = false;
	if (step->is_out) {
		step->level++;
		x->counts.unanswered++;
		return;
	}
	if (label_sets_take(&x->labels, &request->labels, &item.labels) == 0) {
		if (queue_add(&x->queues[request->side], &item))
			return;
		label_sets_release(&x->labels, item.labels);
	}
	x->counts.unanswered++;
	add_gap(x, request->side, 1);
}

void exchanges_expect(struct exchanges *x, enum protocol_side asker, uint32_t answer_cnt)
{
	if (x->steps[asker].is_out)
		x->steps[asker].level += answer_cnt;
	else if (answer_cnt)
		add_gap(x, asker, answer_cnt);
}

void exchanges_expect_none(struct exchanges *x, enum protocol_side asker)
{
	struct queue_item item;

	if (queue_oldest(&x->queues[asker], &item) && item.is_gap)
		queue_drop_entry(&x->queues[asker]);
}

/* Whether nobody knows whose answer this is. */
static bool is_out_of_step(struct step *step)
{
	if (!step->is_out)
		return false;
	step->level--;
	if (step->level <= step->lowest_level) {
		step->lowest_level = step->level;
		step->has_low = true;
	}
	return true;
}

bool exchanges_answer(struct exchanges *x, const struct message *response)
{
	enum protocol_side asker = asker_of(response);
	struct queue *queue = &x->queues[asker];
	struct protocol_exchange exchange = {0};
	struct queue_item item;

	count_response(x, response);
	if (is_out_of_step(&x->steps[asker]) || !queue_oldest(queue, &item)) {
		count_unmatched(x, response);
		return false;
	}
	queue_drop_oldest(queue);
	if (item.is_gap)
		return true;
	x->counts.answered++;
	exchange.is_first = true;
	exchange.request_begin = item.begin;
	exchange.request_end = item.end;
	tell(x, &exchange, item.labels, response);
	label_sets_release(&x->labels, item.labels);
	return true;
}

bool exchanges_oldest(const struct exchanges *x, enum protocol_side asker,
		      struct message *ret_request)
{
	struct queue_item item;

	if (!queue_oldest(&x->queues[asker], &item) || item.is_gap)
		return false;
	*ret_request = (struct message){.side = asker, .begin = item.begin, .end = item.end};
	label_sets_read(&x->labels, item.labels, &ret_request->labels);
	return true;
}

/* False: it waits already, and goes on waiting. */
static bool make_id_free(struct exchanges *x, enum protocol_side side, uint64_t id)
{
	struct waiting *waiting = id_table_find(&x->ids, side, id);

	if (!waiting)
		return true;
	/* The answer may have been among the bytes that were lost since. */
	if (waiting->loss_idx == x->loss_idx)
		return false;
	remove_waiting(x, waiting);
	return true;
}

/* The oldest request gives up its place to a new one. False: there is none. */
static bool give_up_oldest(struct exchanges *x)
{
	struct waiting *oldest = id_table_oldest(&x->ids);

	if (oldest)
		remove_waiting(x, oldest);
	return oldest != NULL;
}

void exchanges_ask_id(struct exchanges *x, uint64_t id, const struct message *request)
{
	uint64_t length_bytes = request->end - request->begin;
	struct waiting *waiting = NULL;
	uint16_t labels;

	x->counts.requests++;
	tell_request(x, request);
	if (!make_id_free(x, request->side, id) || length_bytes > UINT32_MAX) {
		x->counts.unanswered++;
		return;
	}
	while (label_sets_take(&x->labels, &request->labels, &labels) < 0) {
		if (!give_up_oldest(x)) {
			x->counts.unanswered++;
			return;
		}
	}
	while (!(waiting = id_table_add(&x->ids, request->side, id)) && give_up_oldest(x))
		;
	if (!waiting) {
		x->counts.unanswered++;
		label_sets_release(&x->labels, labels);
		return;
	}
	waiting->begin = request->begin;
	waiting->length_bytes = (uint32_t)length_bytes;
	waiting->labels = labels;
	waiting->loss_idx = x->loss_idx;
}

bool exchanges_answer_id(struct exchanges *x, uint64_t id, const char *until, bool is_last,
			 const struct message *response)
{
	struct waiting *waiting = id_table_find(&x->ids, asker_of(response), id);
	uint16_t kind = id_table_until(&x->ids, until ? until : until_none);
	struct protocol_exchange exchange = {.until = until};

	count_response(x, response);
	if (!waiting) {
		count_unmatched(x, response);
		return false;
	}
	if (!(waiting->told & kind)) {
		exchange.is_first = waiting->told == 0;
		x->counts.answered += exchange.is_first;
		waiting->told |= kind;
		exchange.request_begin = waiting->begin;
		exchange.request_end = waiting->begin + waiting->length_bytes;
		tell(x, &exchange, waiting->labels, response);
	}
	if (is_last)
		remove_waiting(x, waiting);
	return true;
}

bool exchanges_has_id(const struct exchanges *x, enum protocol_side asker, uint64_t id)
{
	return id_table_find(&x->ids, asker, id) != NULL;
}

void exchanges_alias_id(struct exchanges *x, enum protocol_side asker, uint64_t id, uint64_t alias)
{
	struct waiting *waiting = id_table_find(&x->ids, asker, id);

	if (waiting)
		id_table_set_key(&x->ids, waiting, ID_TABLE_ALIAS, alias);
}

void exchanges_rename_id(struct exchanges *x, enum protocol_side asker, uint64_t id,
			 uint64_t new_id)
{
	struct waiting *waiting = id_table_find(&x->ids, asker, id);

	if (waiting)
		id_table_set_key(&x->ids, waiting, ID_TABLE_ID, new_id);
}

void exchanges_close_id(struct exchanges *x, enum protocol_side asker, uint64_t id)
{
	struct waiting *waiting = id_table_find(&x->ids, asker, id);

	if (waiting)
		remove_waiting(x, waiting);
}

void exchanges_push(struct exchanges *x, const struct message *pushed)
{
	struct protocol_exchange exchange = {
		.is_push = true,
		.asker = asker_of(pushed),
		.is_error = pushed->is_error,
		.response_begin = pushed->begin,
		.response_end = pushed->end,
	};

	merge_labels(&exchange.labels, &pushed->labels);
	x->counts.pushes++;
	x->fn(&exchange, x->context);
}
