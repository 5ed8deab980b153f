/* SPDX-License-Identifier: Apache-2.0 */
/* The table behind book.h, for the files that make it up. */
#ifndef TICKSCOPE_NOTIFY_INTERNAL_H
#define TICKSCOPE_NOTIFY_INTERNAL_H

#include "notify/book.h"

#define BACKOFF_MAX_NS 60000000000ULL /* a channel that is down is tried each minute */
#define RETRY_AFTER_MAX_NS \
	300000000000ULL /* longer ones are not waited for: they would hide the channel's return */
#define RETRY_AFTER_PATIENCE_NS \
	10000000000ULL /* a receiver that wants more is as good as down for alerts */
#define RESOLVED_REPEAT_NS                                                                       \
	300000000000ULL /* receivers that forget hear of the end for as long as Prometheus tells \
			 */
#define RESOLVED_DROP_NS                                                        \
	3600000000000ULL /* news of an alert that ended an hour ago help nobody \
			  */

/* What one channel knows of one alert. */
struct delivery {
	uint32_t told_version; /* 0: none */
	bool is_sending;
	bool may_know;	    /* it was told, or may have been */
	bool has_escalated; /* to `then`, for whatever reason */
	bool has_given_up;  /* counted as failed */
	enum alert_severity told_severity;
	uint32_t told_cnt;
	uint64_t told_ns;
	uint64_t wanted_ns; /* since when it is to know */
};

struct entry {
	uint64_t key; /* hash of the id; 0: free */
	uint32_t version;
	uint32_t wanted_mask; /* channels that are to know */
	size_t group_idx;
	size_t in_flight_cnt;
	bool is_acknowledged;
	bool is_silenced;
	bool is_told_anywhere;
	uint64_t resolved_ns;
	struct delivery deliveries[NOTIFY_CHANNEL_MAX];
	struct alert alert;
};

/* A group on its way to one channel: retries are counted here, so that what one group suffers
 * delays no other. */
struct flow {
	uint64_t not_before_ns;
	uint64_t began_ns; /* of the last attempt */
	uint32_t failure_cnt;
	bool is_sending;
	bool has_more; /* due, but did not fit into the batch */
};

struct group {
	uint64_t key; /* hash of the name; 0: free */
	size_t entry_cnt;
	char name[ALERT_NAME_BYTES];
	struct flow flows[NOTIFY_CHANNEL_MAX];
};

struct channel_record {
	struct book_channel config;
	enum notify_channel_state state;
	size_t in_flight_cnt;
	uint64_t not_before_ns; /* the receiver said so */
	struct book_counts counts;
};

struct book {
	struct channel_record channels[NOTIFY_CHANNEL_MAX];
	size_t channel_cnt;
	uint64_t retry_base_ns;
	uint64_t random;
	bool is_draining;
	uint64_t dropped_cnt;
	size_t entry_end; /* none is used from here on */
	struct entry entries[NOTIFY_ALERT_MAX];
	struct group groups[NOTIFY_ALERT_MAX]; /* an alert has one group: there cannot be more */
};

/* The channel is to know, if it takes the severity; where it is down, `then` as well. */
void book_route_want(struct book *book, struct entry *entry, size_t channel_idx, uint64_t now_ns);
/* The next channel that takes the severity is to know, too. Once per alert and channel. */
void book_route_escalate(struct book *book, struct entry *entry, size_t channel_idx,
			 uint64_t now_ns);
/* What nobody acknowledged in time. */
void book_route_escalate_due(struct book *book, uint64_t now_ns);
uint64_t book_route_next_ns(const struct book *book);

#endif
