/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table's row for a parser: who sends what, and what has to be told of it, however the bytes are
 * split: message by message, joined, cut in two at each byte, byte by byte.
 */
#ifndef TICKSCOPE_TESTS_CONVERSATION_H
#define TICKSCOPE_TESTS_CONVERSATION_H

#include "delivery.h"

#define TOLD_BYTES 8192

struct conversation {
	const char *name;
	enum protocol_kind kind;
	bool is_joined; /* not seen from its start on */
	struct line lines[LINE_CNT];
	/*
	 * "METHOD ROUTE STATUS REQUEST>RESPONSE\n" for each exchange, with - for what is empty and
	 * ! behind the status of an error; "push METHOD RESPONSE\n"; of orders "(UNTIL PAIR TYPE
	 * SIDE) " before the messages. A message is a line, or FIRST..LAST, or @AT..@AT.
	 */
	const char *told;
	/* The counts that say that something is amiss, but for zeros: "lost 1 found 1". */
	const char *counted;
	enum protocol_kind kind_at_end; /* 0: the same as before; PROTOCOL_END: none */
};

struct telling {
	const struct conversation *conversation;
	char text[TOLD_BYTES];
	size_t bytes;
};

static void tell_range(struct telling *t, enum protocol_side side, uint64_t begin, uint64_t end)
{
	const struct line *lines = t->conversation->lines;
	int first = -1, last = -1;
	uint64_t at = 0;
	char text[64];

	for (int i = 0; i < LINE_CNT && lines[i].text; i++) {
		if (lines[i].side != side)
			continue;
		first = begin == at ? i : first;
		at += lines[i].bytes + lines[i].unknown_bytes;
		last = end == at ? i : last;
	}
	if (first >= 0 && first == last)
		snprintf(text, sizeof(text), "%d", first);
	else if (first >= 0 && last >= 0)
		snprintf(text, sizeof(text), "%d..%d", first, last);
	else if (first >= 0)
		snprintf(text, sizeof(text), "%d..@%d", first, (int)end);
	else if (last >= 0)
		snprintf(text, sizeof(text), "@%d..%d", (int)begin, last);
	else
		snprintf(text, sizeof(text), "@%d..@%d", (int)begin, (int)end);
	t->bytes += (size_t)snprintf(t->text + t->bytes, sizeof(t->text) - t->bytes, "%s", text);
}

static const char *or_none(const char *label)
{
	return label[0] ? label : "-";
}

static void tell_order(struct telling *t, const struct protocol_exchange *e)
{
	const struct protocol_labels *l = &e->labels;

	if (e->until || l->trading_pair[0] || l->order_type[0] || l->side[0])
		t->bytes += (size_t)snprintf(t->text + t->bytes, sizeof(t->text) - t->bytes,
					     "(%s %s %s %s) ", e->until ? e->until : "-",
					     or_none(l->trading_pair), or_none(l->order_type),
					     or_none(l->side));
}

static void tell(const struct protocol_exchange *e, void *context)
{
	struct telling *t = context;
	size_t room = sizeof(t->text) - t->bytes;

	if (room < 512)
		fail_msg("%s: too much is told", t->conversation->name);
	if (e->is_push)
		t->bytes += (size_t)snprintf(t->text + t->bytes, room, "push %s%s ",
					     or_none(e->labels.method), e->is_error ? "!" : "");
	else
		t->bytes += (size_t)snprintf(t->text + t->bytes, room, "%s%s %s %s%s ",
					     e->asker == PROTOCOL_SERVER ? "server " : "",
					     or_none(e->labels.method), or_none(e->labels.route),
					     or_none(e->labels.status), e->is_error ? "!" : "");
	tell_order(t, e);
	if (!e->is_push) {
		tell_range(t, e->asker, e->request_begin, e->request_end);
		t->text[t->bytes++] = '>';
	}
	tell_range(t, !e->asker, e->response_begin, e->response_end);
	t->bytes += (size_t)snprintf(t->text + t->bytes, sizeof(t->text) - t->bytes, "\n");
}

static void count(const struct protocol_counts *c, char text[static 256])
{
	const struct {
		const char *name;
		uint64_t count;
	} rows[] = {
		{"unanswered", c->unanswered}, {"unmatched", c->unmatched_responses},
		{"lost", c->desynchronised},   {"found", c->resynchronised},
		{"skipped", c->skipped_bytes}, {"unparsed", c->unparsed_messages},
	};
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].count)
			used += (size_t)snprintf(text + used, 256 - used, "%s%s %d",
						 used ? " " : "", rows[i].name, (int)rows[i].count);
	/* What was asked was answered or not: nothing else. */
	assert_int_equal(c->requests, c->answered + c->unanswered);
}

static void check_delivery(const void *context, const struct delivery *delivery)
{
	const struct conversation *c = context;
	struct telling t = {.conversation = c};
	struct protocol *p = protocol_new(c->kind, !c->is_joined, tell, &t);
	enum protocol_kind kind = c->kind_at_end ? c->kind_at_end : c->kind;
	const char *should_count = c->counted ? c->counted : "";
	char counted[256];

	assert_non_null(p);
	delivery_feed(delivery, p);
	assert_int_equal(protocol_kind(p), kind == PROTOCOL_END ? PROTOCOL_NONE : kind);
	protocol_end(p);
	count(protocol_counts(p), counted);
	if (strcmp(t.text, c->told) != 0 || strcmp(counted, should_count) != 0)
		fail_msg("%s, %s cut at %zu: told\n%sand counted \"%s\"; should be\n%sand \"%s\"",
			 c->name, delivery->how, delivery->cut, t.text, counted, c->told,
			 should_count);
	protocol_free(p);
}

static void check_conversations(const struct conversation *rows, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		delivery_try_all(rows[i].lines, check_delivery, &rows[i]);
}

#endif
