/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is to be told what, and when: the rules of notify.h as a table of alerts by channels, without
 * I/O and with the caller's clock. It never holds messages: each channel has the version of the
 * alert that it was told, and what differs from the newest version is to be sent.
 */
#ifndef TICKSCOPE_NOTIFY_BOOK_H
#define TICKSCOPE_NOTIFY_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/alert.h"
#include "notify/notify.h"

#define BOOK_BATCH_MAX	   64 /* alerts in one notification: some 100 KB of JSON */
#define BOOK_IN_FLIGHT_MAX 4  /* notifications to one channel at a time */
#define BOOK_NEVER	   UINT64_MAX

struct book_channel {
	const char *name;
	enum alert_severity min_severity;
	uint32_t retry_max;
	uint64_t escalate_after_ns; /* 0: never */
	uint64_t repeat_ns;	    /* 0: never */
	size_t batch_max;	    /* alerts in one notification, at most BOOK_BATCH_MAX */
	bool forgets; /* has to be reminded whoever acknowledged, of resolved alerts too */
	int then_idx; /* -1: none */
};

/* Alerts of one group for one channel. */
struct book_batch {
	size_t channel_idx;
	size_t group_idx;
	const char *group;
	size_t cnt;
	size_t more_cnt; /* of the group that did not fit */
	struct book_item {
		size_t alert_idx;
		uint32_t version;
		const struct alert *alert;	   /* until the next call */
		enum alert_severity told_severity; /* that the channel knows; 0: none */
		enum alert_severity severity;	   /* that it is told */
		uint32_t told_cnt; /* notifications of it that the channel took before */
	} items[BOOK_BATCH_MAX];
};

enum book_outcome {
	BOOK_SENT = 1,
	BOOK_RETRY,
	BOOK_REFUSED, /* the same again would be refused again */
};

struct book_result {
	enum book_outcome outcome;
	bool may_have_arrived;	 /* of what was not SENT: the receiver may have it nevertheless */
	uint64_t retry_after_ns; /* that the receiver asked for; 0: none */
};

struct book_counts {
	uint64_t sent_cnt;
	uint64_t failed_cnt;
	uint64_t retry_cnt;
};

struct book;

/* Channels are copied, but their names. -ENOMEM; -E2BIG: more than NOTIFY_CHANNEL_MAX. */
int book_new(const struct book_channel *channels, size_t cnt, uint64_t seed, uint64_t retry_base_ns,
	     struct book **ret_book);
void book_free(struct book *book);
/* The channels that an alert is told first, by their bits. */
typedef uint32_t (*book_first_fn)(const void *context, const struct alert *alert);
void book_adopt(struct book *fresh, const struct book *old, book_first_fn first,
		const void *context, uint64_t now_ns);

/* first_mask: bits of the channels that are told first, whatever severity they take. */
int book_alert(struct book *book, const struct alert *alert, uint32_t first_mask, uint64_t now_ns);
/* As book_alert, for an alert that its first channels know. */
int book_restore(struct book *book, const struct alert *alert, uint32_t first_mask,
		 uint64_t now_ns);
bool book_acknowledge(struct book *book, const char *id, const char *by);
void book_silence(struct book *book, const char *id, bool is_silenced, uint64_t now_ns);

/* When the next call of book_take has something to do; BOOK_NEVER: not before the next alert or
 * result. */
uint64_t book_next_ns(const struct book *book, uint64_t now_ns);
/* The next notification that is due; each has to be answered by book_done. False: none is. */
bool book_take(struct book *book, uint64_t now_ns, struct book_batch *ret_batch);
void book_done(struct book *book, const struct book_batch *batch, const struct book_result *result,
	       uint64_t now_ns);

void book_drain(struct book *book, uint64_t now_ns);
bool book_is_idle(const struct book *book, uint64_t now_ns);

enum notify_channel_state book_state(const struct book *book, size_t channel_idx);
const struct book_counts *book_counts(const struct book *book, size_t channel_idx);
uint64_t book_pending_cnt(const struct book *book, size_t channel_idx);
uint64_t book_dropped_cnt(const struct book *book);

#endif
