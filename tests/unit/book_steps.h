/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the tests of the book: alerts in, notifications out. Included after cmocka.h. */
#ifndef TICKSCOPE_TESTS_BOOK_STEPS_H
#define TICKSCOPE_TESTS_BOOK_STEPS_H

#include <stdio.h>

#include "notify/book.h"

#define MS  1000000ULL
#define S   1000000000ULL
#define MIN (60 * S)

/* The channels of most tests: a pager behind a desk, and an Alertmanager beside them. */
enum { DESK, PAGER, MANAGER, CHANNEL_CNT };

static const struct book_channel channels[CHANNEL_CNT] = {
	[DESK] = {.name = "desk",
		  .min_severity = ALERT_WARNING,
		  .retry_max = 2,
		  .escalate_after_ns = 5 * MIN,
		  .repeat_ns = 240 * MIN,
		  .batch_max = 64,
		  .then_idx = PAGER},
	[PAGER] = {.name = "pager",
		   .min_severity = ALERT_WARNING,
		   .retry_max = 2,
		   .repeat_ns = 240 * MIN,
		   .batch_max = 1,
		   .then_idx = -1},
	[MANAGER] = {.name = "manager",
		     .min_severity = ALERT_INFO,
		     .retry_max = 3,
		     .repeat_ns = MIN,
		     .batch_max = 64,
		     .forgets = true,
		     .then_idx = -1},
};

#define TO(channel) (1U << (channel))

static const struct book_result sent = {.outcome = BOOK_SENT};
static const struct book_result retry = {.outcome = BOOK_RETRY};
static const struct book_result timed_out = {.outcome = BOOK_RETRY, .may_have_arrived = true};
static const struct book_result refused = {.outcome = BOOK_REFUSED};

static inline struct book *new_book(void)
{
	struct book *b;

	assert_int_equal(book_new(channels, CHANNEL_CNT, 42, 0, &b), 0);
	return b;
}

static inline struct alert make(const char *id, enum alert_state state)
{
	struct alert a = {.state = state, .severity = ALERT_WARNING};

	snprintf(a.id, sizeof(a.id), "%s", id);
	snprintf(a.rule, sizeof(a.rule), "rule");
	snprintf(a.group, sizeof(a.group), "group");
	return a;
}

static inline void tell(struct book *b, const char *id, enum alert_state state, uint32_t mask,
			uint64_t now_ns)
{
	struct alert a = make(id, state);

	assert_int_equal(book_alert(b, &a, mask, now_ns), 0);
}

/* The next batch goes to the channel and has exactly the alerts "a:firing b:resolved" in its order.
 */
static inline void expect_taken(struct book *b, uint64_t now_ns, size_t channel_idx,
				const char *alerts, struct book_batch *ret_batch)
{
	char text[4096] = "";
	size_t length = 0;

	if (!book_take(b, now_ns, ret_batch))
		fail_msg("nothing is due, not \"%s\"", alerts);
	for (size_t i = 0; i < ret_batch->cnt; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s:%s",
					   i ? " " : "", ret_batch->items[i].alert->id,
					   alert_state_name(ret_batch->items[i].alert->state));
	assert_string_equal(text, alerts);
	assert_int_equal(ret_batch->channel_idx, channel_idx);
}

static inline void expect(struct book *b, uint64_t now_ns, size_t channel_idx, const char *alerts,
			  const struct book_result *result)
{
	struct book_batch batch;

	expect_taken(b, now_ns, channel_idx, alerts, &batch);
	book_done(b, &batch, result, now_ns);
}

static inline void expect_nothing(struct book *b, uint64_t now_ns)
{
	struct book_batch batch;

	if (book_take(b, now_ns, &batch))
		fail_msg("%zu alert(s) to %s, from %s", batch.cnt, channels[batch.channel_idx].name,
			 batch.items[0].alert->id);
}

/* Nothing is left, so that the table does not fill up. */
static inline void expect_empty(struct book *b, uint64_t now_ns)
{
	expect_nothing(b, now_ns);
	assert_true(book_next_ns(b, now_ns) == BOOK_NEVER);
	assert_false(book_acknowledge(b, "a", "me"));
}

#endif
