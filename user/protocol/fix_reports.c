/* SPDX-License-Identifier: Apache-2.0 */
/* Execution reports: which order each is about, and which of its answers. */
#include <string.h>

#include "protocol/fix_keys.h"
#include "protocol/fix_orders.h"
#include "protocol/fix_reports.h"

struct report {
	const struct fix_message *m;
	struct exchanges *x;
	enum protocol_side asker;
	struct message response;
	bool is_fill;
	bool is_complete;
	bool is_canceled;
	bool is_replaced;
	bool is_rejected;
	bool is_final; /* nothing more will come, but for what is_complete says */
	bool is_matched;
};

/* Up to 4.2 a report says what it is by ExecTransType and the status; 4.0 has no ExecType. */
static void read_report(struct report *r)
{
	const struct fix_message *m = r->m;
	char what = m->exec_type ? m->exec_type : m->order_status;
	bool is_undone = m->transaction == '1' || m->transaction == '2';

	r->is_fill = (what == 'F' || what == '1' || what == '2') && !is_undone;
	r->is_complete =
		r->is_fill &&
		(what == '2' || m->order_status == '2' ||
		 (m->is_nothing_left && (!m->order_status || strchr("016AE", m->order_status))));
	r->is_canceled = what == '4';
	r->is_replaced = what == '5';
	r->is_rejected = what == '8';
	r->is_final = r->is_canceled || r->is_rejected || what == 'C' ||
		      (m->order_status && strchr("24C", m->order_status));
	r->response = fix_keys_response(m, fix_kinds_status(m->order_status), r->is_rejected);
}

static bool has(const struct report *r, uint64_t key)
{
	return exchanges_has_id(r->x, r->asker, key);
}

static void tell(struct report *r, uint64_t key, const char *until, bool is_last)
{
	r->is_matched = true;
	exchanges_answer_id(r->x, key, until, is_last, &r->response);
}

static void report_cancel(struct report *r)
{
	uint64_t key = fix_keys_of(FIX_KEY_CANCEL, r->m->client_order_id);

	if (!r->m->client_order_id || !has(r, key))
		return;
	tell(r, key, fix_keys_cancel_ack, r->is_rejected);
	if (!r->is_canceled)
		return;
	tell(r, key, fix_keys_canceled, true);
	exchanges_close_id(r->x, r->asker, fix_keys_of(FIX_KEY_ORDER, r->m->original_id));
}

static void report_replace(struct report *r)
{
	const struct fix_message *m = r->m;
	uint64_t key = fix_keys_of(FIX_KEY_REPLACE, m->client_order_id);

	if (!m->client_order_id)
		return;
	if (has(r, key)) {
		tell(r, key, fix_keys_replace_ack, r->is_rejected);
		if (r->is_replaced)
			tell(r, key, fix_keys_replaced, true);
	}
	if (r->is_replaced && m->original_id)
		exchanges_rename_id(r->x, r->asker, fix_keys_of(FIX_KEY_ORDER, m->original_id),
				    fix_keys_of(FIX_KEY_ORDER, m->client_order_id));
}

/* The key of the order that it is about; 0: none that is known. */
static uint64_t find_order(const struct report *r)
{
	const struct fix_message *m = r->m;
	uint64_t keys[] = {
		m->client_order_id ? fix_keys_of(FIX_KEY_ORDER, m->client_order_id) : 0,
		m->order_id ? fix_keys_of(FIX_KEY_ORDER_ID, m->order_id) : 0,
		/* ClOrdID may be that of a cancel under way, which a fill overtakes. */
		m->original_id && r->is_fill ? fix_keys_of(FIX_KEY_ORDER, m->original_id) : 0,
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i] && has(r, keys[i]))
			return keys[i];
	}
	return 0;
}

static void report_order(struct report *r)
{
	uint64_t key = find_order(r);

	if (!key)
		return;
	/* Refused because the order is there already: that one lives on. */
	if (r->is_rejected && r->m->is_duplicate_order) {
		tell(r, key, fix_keys_ack, false);
		return;
	}
	if (r->m->order_id)
		exchanges_alias_id(r->x, r->asker, key,
				   fix_keys_of(FIX_KEY_ORDER_ID, r->m->order_id));
	tell(r, key, fix_keys_ack, r->is_final && !r->is_fill);
	if (r->is_fill)
		tell(r, key, fix_keys_fill, r->is_final && !r->is_complete);
	if (r->is_complete)
		tell(r, key, fix_keys_filled, true);
}

void fix_reports_take(const struct fix_message *m, struct exchanges *x)
{
	struct report report = {.m = m, .x = x, .asker = fix_keys_asker(m)};
	uint64_t status_key = fix_keys_of(11, m->client_order_id);

	report.is_matched = fix_orders_answer(m, x) == FIX_ANSWERED;
	read_report(&report);
	/* The answer to a question is no event of the order. */
	if (m->exec_type == 'I' || m->transaction == '3') {
		report.response.id = (struct protocol_id){0};
		if (m->client_order_id && has(&report, status_key))
			tell(&report, status_key, NULL, true);
		return;
	}
	report_cancel(&report);
	report_replace(&report);
	report_order(&report);
	if (!report.is_matched)
		tell(&report, fix_keys_of(FIX_KEY_ORDER, m->client_order_id), fix_keys_ack, false);
}
