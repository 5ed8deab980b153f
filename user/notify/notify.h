/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells alerts to the channels of the configuration, and goes on until it is done: retries,
 * escalation to the next channel, reminders. It has descriptors of its own behind one epoll
 * descriptor; nothing here blocks, and a channel that is dead or slow delays no other.
 *
 * What is told of an alert, for each channel by itself:
 *  - firing at once, and again when its severity rises; every repeat_ns while it fires (to people
 *    only until it is acknowledged);
 *  - resolved, wherever firing was told or may have arrived. Where firing could not be told before
 *    the alert ended, nothing is told any more once any other channel knows of the alert. Was
 *    nobody told, the resolved alert goes out in place of the firing one, with both its times, so
 *    that no alert passes without a word;
 *  - notifications of one group go together: the first waits 0 s, further ones until
 *    NOTIFY_GROUP_WAIT_NS after it.
 * A channel that fails retry_max retries in a row is down: the alert goes to `then` at once, and
 * so do alerts that come while it is down. Down channels are still tried, each minute at last. An
 * alert that is not acknowledged escalate_after_ns after it was given to a channel goes to `then`,
 * too. Escalation passes over channels that do not take the severity.
 */
#ifndef TICKSCOPE_NOTIFY_NOTIFY_H
#define TICKSCOPE_NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "config/config.h"
#include "judge/alert.h"

#define NOTIFY_ALERT_MAX   1000 /* that are being told: as many as are kept */
#define NOTIFY_CHANNEL_MAX 16	/* each alert keeps what each channel knows of it */
#define NOTIFY_GROUP_WAIT_NS \
	1500000000ULL			 /* with judging each second, a breach is told within 3 s */
#define NOTIFY_DRAIN_NS	   5000000000ULL /* for what is under way when the agent ends */
#define NOTIFY_ERROR_BYTES 256

enum notify_channel_state {
	NOTIFY_UNUSED = 0, /* nothing was sent yet */
	NOTIFY_OK,
	NOTIFY_RETRYING, /* the last attempt failed */
	NOTIFY_DOWN,	 /* gave up; still tried, slowly */
};

/* "unused", "ok", "retrying", "down". */
const char *notify_channel_state_name(enum notify_channel_state state);

struct notify_status {
	const char *name; /* as configured */
	const char *type; /* "alertmanager", "webhook", "command" */
	enum notify_channel_state state;
	uint64_t sent_cnt;    /* notifications that were taken; one may hold several alerts */
	uint64_t failed_cnt;  /* alerts that were given up: retries used up, or refused for good */
	uint64_t retry_cnt;   /* attempts that failed and are made again */
	uint64_t pending_cnt; /* alerts of which the channel does not know the newest */
	uint64_t last_success_wall_ns;	     /* 0: none yet */
	char last_error[NOTIFY_ERROR_BYTES]; /* of the last failure; empty: none yet */
};

struct notify_change {
	const char *channel;
	enum notify_channel_state from;
	enum notify_channel_state to;
	const char *error; /* why; empty where it went well */
};

/* From notify_run only. */
typedef void (*notify_change_fn)(const struct notify_change *change, void *context);

struct notify_options {
	const struct config *config; /* outlives the object */
	const char *host;	     /* this host's name, in what is sent; outlives the object */
	uint64_t seed;		     /* of the jitter between retries */
	uint64_t retry_base_ns;	     /* before the first retry, doubled for each further; 0: 1 s */
	notify_change_fn on_change;  /* NULL: none */
	void *context;
};

struct notify;

/*
 * Reads secrets, and forks the helper that runs commands, if there is such a channel: call it
 * before privileges are dropped, threads are started and probes attached. SIGPIPE has to be
 * ignored. 0, or -errno with the reason.
 */
int notify_open(const struct notify_options *options, struct notify **ret_notify,
		struct fault *why);
/* Breaks off what is under way. Commands that run go on to their end or timeout. */
void notify_close(struct notify *notify);

/* Goes on where `old` (of the configuration before a reload) is: channels of the same name know
 * what they were told; others that are now first hear of what fires. Before the first alert. */
void notify_adopt(struct notify *fresh, const struct notify *old);

/* Readable when notify_run has something to do: for the caller's loop (EPOLLIN). */
int notify_fd(const struct notify *notify);
/* Does what can be done now. */
void notify_run(struct notify *notify);

/*
 * A transition, or an active alert's newer figures: copied. Pending alerts are told to nobody.
 * Of the first channels, that of the alert's rule, or all that no other escalates to.
 * 0; -ENOSPC: NOTIFY_ALERT_MAX alerts are being told; it is dropped and counted.
 */
int notify_alert(struct notify *notify, const struct alert *alert);
/*
 * A firing alert from before a restart. One that fired less than NOTIFY_RETELL_NS ago may not have
 * gone out and is told again (receivers know it by id and Idempotency-Key); an older one counts as
 * told.
 */
#define NOTIFY_RETELL_NS 60000000000ULL
int notify_restored(struct notify *notify, const struct alert *alert);
/* Ends escalation and reminders to people. False: not known (resolved, or never told). */
bool notify_acknowledged(struct notify *notify, const char *id, const char *by);
/* Of an alert that was told: while it is silenced, it does not escalate, and people are not
 * reminded; where it ended, they hear of it nevertheless. */
void notify_silenced(struct notify *notify, const char *id, bool is_silenced);

/* The end is near: what is pending is tried once more, at once; nothing is repeated. */
void notify_drain(struct notify *notify);
/* True when nothing is under way, or NOTIFY_DRAIN_NS have passed since notify_drain. */
bool notify_is_drained(const struct notify *notify);

size_t notify_channel_cnt(const struct notify *notify);
void notify_channel_status(const struct notify *notify, size_t channel_idx,
			   struct notify_status *ret_status);
/* Alerts that did not fit, and resolved ones that nobody could be told of within an hour. */
uint64_t notify_dropped_cnt(const struct notify *notify);

#endif
