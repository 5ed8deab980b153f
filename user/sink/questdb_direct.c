/* SPDX-License-Identifier: Apache-2.0 */
/* A batch is one item: the run's name, and a record for each window and value. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "measure/packed.h"
#include "sink/questdb_direct.h"
#include "sink/questdb_encode.h"
#include "store/handover.h"

#define START_STEP_NS 1000 /* the server's timestamps are of microseconds */

enum record_kind { RECORD_WINDOW = 1, RECORD_VALUE };
#define TEXT_CNT 5 /* target, operation, kind, labels, and the value's name, or "" */

/* Its texts stand behind it, then the packed window. */
struct record {
	uint32_t kind;
	uint32_t texts_bytes;
	uint32_t packed_bytes;
	uint32_t reserved;
	struct store_value value;
};

struct questdb_direct {
	struct handover *handover;
	const char *host;
	uint64_t last_start_ns;
	bool skips_buckets;
	struct window *window; /* of the sender */
	uint8_t *packed;       /* of the giver */
	atomic_uint_fast64_t waiting_cnt;
	atomic_uint_fast64_t dropped_cnt;
};

struct questdb_direct *questdb_direct_new(const char *host, size_t limit_bytes)
{
	struct questdb_direct *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->host = host;
	d->handover = handover_new(limit_bytes);
	d->window = calloc(1, sizeof(*d->window));
	d->packed = malloc(PACKED_MAX_BYTES);
	if (!d->handover || !d->window || !d->packed) {
		questdb_direct_free(d);
		return NULL;
	}
	window_init(d->window);
	return d;
}

void questdb_direct_free(struct questdb_direct *d)
{
	if (!d)
		return;
	handover_free(d->handover);
	free(d->window);
	free(d->packed);
	free(d);
}

void questdb_direct_skip_buckets(struct questdb_direct *d)
{
	d->skips_buckets = true;
}

void questdb_direct_begin(struct questdb_direct *d, const char *run_id, uint64_t start_wall_ns)
{
	/* As in the history: where the clock stepped back, rows of one run still differ. */
	if (start_wall_ns < d->last_start_ns + START_STEP_NS &&
	    d->last_start_ns - start_wall_ns < 60 * NS_PER_S)
		start_wall_ns = d->last_start_ns + START_STEP_NS;
	d->last_start_ns = start_wall_ns;
	handover_begin(d->handover, 1, start_wall_ns);
	handover_put_text(d->handover, run_id);
}

static void put_record(struct questdb_direct *d, struct record *r, const char *const *texts)
{
	struct handover *h = d->handover;
	size_t mark = handover_mark(h);
	bool is_put;

	for (size_t i = 0; i < TEXT_CNT; i++)
		r->texts_bytes += (uint32_t)strlen(texts[i]) + 1;
	is_put = handover_put(h, r, sizeof(*r));
	for (size_t i = 0; is_put && i < TEXT_CNT; i++)
		is_put = handover_put_text(h, texts[i]);
	is_put = is_put && handover_put(h, d->packed, r->packed_bytes);
	if (!is_put) {
		handover_rewind(h, mark);
		atomic_fetch_add(&d->dropped_cnt, 1);
	} else if (r->kind == RECORD_WINDOW) {
		handover_filling(h)->window_cnt++;
	} else {
		handover_filling(h)->value_cnt++;
	}
}

void questdb_direct_window(struct questdb_direct *d, const struct store_window *window)
{
	const struct series_id *id = &window->id;
	const char *const texts[TEXT_CNT] = {id->target, id->operation, id->kind, id->labels, ""};
	struct record r = {.kind = RECORD_WINDOW};
	int bytes = packed_write(window->window, d->packed, PACKED_MAX_BYTES);

	if (bytes < 0) {
		atomic_fetch_add(&d->dropped_cnt, 1);
		return;
	}
	r.packed_bytes = (uint32_t)bytes;
	put_record(d, &r, texts);
}

void questdb_direct_value(struct questdb_direct *d, const struct value_id *id,
			  const struct store_value *value)
{
	const char *const texts[TEXT_CNT] = {id->of.target, id->of.operation, id->of.kind,
					     id->of.labels, id->name};
	struct record r = {.kind = RECORD_VALUE, .value = *value};

	put_record(d, &r, texts);
}

void questdb_direct_end(struct questdb_direct *d)
{
	const struct handover_item *item = handover_filling(d->handover);
	uint64_t cnt = item ? (uint64_t)item->window_cnt + item->value_cnt : 0;

	if (!cnt)
		return;
	/* Before it can be taken. */
	atomic_fetch_add(&d->waiting_cnt, cnt);
	if (handover_end(d->handover))
		return;
	atomic_fetch_sub(&d->waiting_cnt, cnt);
	atomic_fetch_add(&d->dropped_cnt, cnt);
}

/* The batch that is being sent. */
struct batch {
	struct questdb_direct *direct;
	struct http *http;
	struct ilp *ilp;
	struct questdb_sent *sent;
	struct fault *why;
	struct questdb_origin origin;
};

static int encode(struct batch *b, enum questdb_table_idx table, const struct record *r,
		  const char *const *texts)
{
	const struct series_id id = {texts[0], texts[1], texts[2], texts[3]};
	const struct value_id value_id = {id, texts[4]};
	struct window *w = b->direct->window;

	if ((r->kind == RECORD_VALUE) != (table == QUESTDB_VALUE))
		return 0;
	if (table == QUESTDB_VALUE)
		return questdb_encode_value(b->ilp, &b->origin, &value_id, &r->value);
	window_clear(w);
	if (packed_merge(w, (const uint8_t *)texts[4] + strlen(texts[4]) + 1, r->packed_bytes))
		return 0;
	return table == QUESTDB_LATENCY ? questdb_encode_latency(b->ilp, &b->origin, &id, w)
					: questdb_encode_buckets(b->ilp, &b->origin, &id, w);
}

static int flush(struct batch *b)
{
	int err = b->ilp->row_cnt ? questdb_send(b->http, b->ilp, b->sent, b->why) : 0;

	ilp_clear(b->ilp);
	return err;
}

/* The buffer goes when it is full; rows that went with it twice are one to the server. */
static int add_record(struct batch *b, enum questdb_table_idx table, const struct record *r,
		      const char *const *texts)
{
	int err = encode(b, table, r, texts);

	if (err == -ENOSPC) {
		err = flush(b);
		if (!err)
			err = encode(b, table, r, texts);
	}
	if (err == -EINVAL || err == -ENOSPC) {
		b->sent->refused_cnt++;
		fault_set(&b->sent->refusal, err, "a row is none, or too large, and left out");
		return 0;
	}
	return err == -ENOMEM ? fault_set(b->why, err, "out of memory") : err;
}

static int send_table(struct batch *b, enum questdb_table_idx table,
		      const struct handover_item *item)
{
	const char *at = (const char *)(item + 1);
	uint32_t cnt = item->window_cnt + item->value_cnt;
	int err = 0;

	b->origin.run_id = at;
	at += strlen(at) + 1;
	for (uint32_t i = 0; !err && i < cnt; i++) {
		const char *texts[TEXT_CNT];
		struct record r;

		memcpy(&r, at, sizeof(r));
		texts[0] = at + sizeof(r);
		for (size_t t = 1; t < TEXT_CNT; t++)
			texts[t] = texts[t - 1] + strlen(texts[t - 1]) + 1;
		at = texts[0] + r.texts_bytes + r.packed_bytes;
		err = add_record(b, table, &r, texts);
	}
	return err ? err : flush(b);
}

int questdb_direct_send(struct questdb_direct *d, struct http *http, struct ilp *ilp,
			struct questdb_sent *sent, struct fault *why)
{
	static const enum questdb_table_idx tables[] = {QUESTDB_LATENCY, QUESTDB_VALUE,
							QUESTDB_BUCKET};
	const struct handover_item *item = handover_take(d->handover, 0);
	struct batch b = {d, http, ilp, sent, why, {.host = d->host}};
	int err = 0;

	if (!item)
		return 0;
	b.origin.start_wall_ns = item->wall_ns;
	ilp_clear(ilp);
	for (size_t i = 0; !err && i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i] != QUESTDB_BUCKET || !d->skips_buckets)
			err = send_table(&b, tables[i], item);
	}
	if (err)
		return err;
	atomic_fetch_sub(&d->waiting_cnt, (uint64_t)item->window_cnt + item->value_cnt);
	handover_done(d->handover);
	return 1;
}

uint64_t questdb_direct_oldest_ns(struct questdb_direct *d)
{
	const struct handover_item *item = handover_take(d->handover, 0);

	return item ? item->wall_ns : 0;
}

uint64_t questdb_direct_waiting_cnt(const struct questdb_direct *d)
{
	return atomic_load(&d->waiting_cnt);
}

uint64_t questdb_direct_dropped_cnt(const struct questdb_direct *d)
{
	return atomic_load(&d->dropped_cnt);
}
