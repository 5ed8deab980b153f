/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis: each command has one reply, in order, but for those that switch replies off, those that
 * subscribe (a confirmation for each channel), and what the server pushes.
 */
#include <string.h>

#include "protocol/parser.h"
#include "protocol/resp.h"

/* How sure it is of a command in an array; other protocols do not begin like that. */
#define SURE_OF_COMMAND 95
#define MAYBE_COMMAND	20

/* What can be subscribed to; channels and patterns are counted together by the server. */
enum kind { KIND_NONE = 0, KIND_CHANNEL, KIND_PATTERN, KIND_SHARD, KIND_CNT };

/* One of each kind; another one, pipelined behind them, finds nothing to undo. */
#define UNSUBSCRIBE_ALL_CNT 3

struct redis {
	struct resp streams[PROTOCOL_SIDE_CNT];
	bool is_reply_off;     /* CLIENT REPLY OFF */
	bool is_reply_skipped; /* of the next command */
	bool is_queueing;      /* between MULTI and EXEC each command is answered by +QUEUED */
	bool is_monitor;       /* MONITOR: each status line is a command that somebody gave */
	bool is_replication;   /* SYNC, PSYNC: what follows is no RESP */
	bool is_subscribed;    /* in RESP2, where nothing marks a message */
	/* As confirmations say: how many of each kind, and the sums that they name. */
	uint64_t subscribed_cnt[KIND_CNT];
	uint64_t subscribed_sum[KIND_CNT];
	/* The kind that is being undone, all of it: confirmations follow until none is left. */
	enum kind undone;
	/* Commands without channels that wait: where they begin. */
	uint8_t unsubscribe_all_cnt;
	uint64_t unsubscribe_all[UNSUBSCRIBE_ALL_CNT];
};

/* By kind: what begins, and what ends. */
static const char *const subscriptions[] = {
	"SUBSCRIBE",  "UNSUBSCRIBE",  "PSUBSCRIBE", "PUNSUBSCRIBE",
	"SSUBSCRIBE", "SUNSUBSCRIBE", NULL,
};

static const char *const messages[] = {"MESSAGE", "PMESSAGE", "SMESSAGE", "INVALIDATE", NULL};

/* Its place in a list, or -1. */
static int find(const char *name, const char *const *list)
{
	for (int i = 0; list[i]; i++) {
		if (strcmp(name, list[i]) == 0)
			return i;
	}
	return -1;
}

/*
 * In upper case. What cannot be a command is OTHER: arguments and payloads that got there by a
 * mistake are nobody's label.
 */
static void name_of(const struct resp_word *word, char *ret_name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t i;

	for (i = 0; i < word->bytes; i++) {
		char c = word->text[i];

		ret_name[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	ret_name[i] = '\0';
	if (!i || word->is_cut || strspn(ret_name, allowed) != i)
		memcpy(ret_name, "OTHER", sizeof("OTHER"));
}

static bool is_word(const struct resp_word *word, const char *text)
{
	char name[RESP_WORD_BYTES + 1];

	name_of(word, name);
	return strcmp(name, text) == 0;
}

/* CLIENT REPLY ON | OFF | SKIP: whether this command, and those after it, have replies. */
static bool has_reply(struct redis *redis, const struct resp *command, const char *name)
{
	const struct resp_word *words = command->words;
	bool is_skipped = redis->is_reply_skipped;

	redis->is_reply_skipped = false;
	/* As Redis does it: RESET ends OFF, but not what is to be skipped. */
	if (strcmp(name, "RESET") == 0)
		redis->is_reply_off = false;
	if (strcmp(name, "CLIENT") == 0 && command->element_cnt == 3 &&
	    is_word(&words[1], "REPLY")) {
		if (is_word(&words[2], "ON"))
			redis->is_reply_off = is_skipped = false;
		else if (is_word(&words[2], "OFF"))
			redis->is_reply_off = true;
		else if (is_word(&words[2], "SKIP"))
			is_skipped = redis->is_reply_skipped = true;
	}
	return !redis->is_reply_off && !is_skipped;
}

/* What a command changes in how replies are to be read. */
static void note(struct redis *redis, const char *name)
{
	if (strcmp(name, "RESET") == 0) {
		redis->is_monitor = redis->is_queueing = redis->is_subscribed = false;
		memset(redis->subscribed_cnt, 0, sizeof(redis->subscribed_cnt));
		memset(redis->subscribed_sum, 0, sizeof(redis->subscribed_sum));
	} else if (strcmp(name, "MONITOR") == 0)
		redis->is_monitor = true;
	else if (strcmp(name, "SYNC") == 0 || strcmp(name, "PSYNC") == 0)
		redis->is_replication = true;
	else if (strcmp(name, "MULTI") == 0)
		redis->is_queueing = true;
	else if (strcmp(name, "EXEC") == 0 || strcmp(name, "DISCARD") == 0)
		redis->is_queueing = false;
}

/* False: no client of Redis says that. */
static bool command(struct redis *redis, uint64_t end, struct exchanges *x)
{
	const struct resp *resp = &redis->streams[PROTOCOL_CLIENT];
	struct message request = {.side = PROTOCOL_CLIENT, .begin = resp->begin, .end = end};
	char *name = request.labels.method;

	if (!resp->element_cnt)
		return true;
	name_of(&resp->words[0], name);
	/* Redis closes the connection on these: somebody speaks HTTP to it. */
	if (!resp->type && (strcmp(name, "POST") == 0 || strcmp(resp->words[0].text, "Host:") == 0))
		return false;
	if (!has_reply(redis, resp, name))
		return true;
	exchanges_ask(x, &request);
	note(redis, name);
	if (find(name, subscriptions) >= 0 && !redis->is_queueing) {
		if (resp->element_cnt > 1)
			exchanges_expect(x, PROTOCOL_CLIENT, (uint32_t)(resp->element_cnt - 2));
		else if (strstr(name, "UNSUBSCRIBE") &&
			 redis->unsubscribe_all_cnt < UNSUBSCRIBE_ALL_CNT)
			redis->unsubscribe_all[redis->unsubscribe_all_cnt++] = request.begin;
	}
	return true;
}

static void answer(const struct resp *resp, const struct message *message, struct exchanges *x)
{
	struct message response = *message;

	response.is_error = resp->type == '-' || resp->type == '!';
	if (response.is_error)
		memcpy(response.labels.status, "error", sizeof("error"));
	else
		memcpy(response.labels.status, "ok", sizeof("ok"));
	exchanges_answer(x, &response);
}

/* Whether this command, whose answer begins, is one without channels; forgets it. */
static bool take_unsubscribe_all(struct redis *redis, const struct message *asked)
{
	if (!asked || !redis->unsubscribe_all_cnt || redis->unsubscribe_all[0] != asked->begin)
		return false;
	redis->unsubscribe_all_cnt--;
	memmove(redis->unsubscribe_all, redis->unsubscribe_all + 1,
		redis->unsubscribe_all_cnt * sizeof(redis->unsubscribe_all[0]));
	return true;
}

/* Takes note of how many are left. Returns the kind. */
static enum kind count_subscriptions(struct redis *redis, const char *name)
{
	const struct resp *resp = &redis->streams[PROTOCOL_SERVER];
	int idx = find(name, subscriptions);
	enum kind kind = (enum kind)(KIND_CHANNEL + idx / 2);
	uint64_t *sum = &redis->subscribed_sum[kind == KIND_SHARD ? KIND_SHARD : KIND_CHANNEL];

	if (idx % 2 == 0 && resp->third > *sum)
		redis->subscribed_cnt[kind]++;
	if (idx % 2 == 1 && resp->third < *sum && redis->subscribed_cnt[kind])
		redis->subscribed_cnt[kind]--;
	*sum = resp->third;
	redis->is_subscribed = resp->type == '*' && (redis->subscribed_sum[KIND_CHANNEL] ||
						     redis->subscribed_sum[KIND_SHARD]);
	return kind;
}

/* "subscribe" and the like, with the channel and the number of channels that are left. */
static void confirm(struct redis *redis, const struct message *message, const struct message *asked,
		    struct exchanges *x)
{
	const char *name = message->labels.method;
	enum kind kind = count_subscriptions(redis, name), left;

	left = redis->subscribed_cnt[kind] ? kind : KIND_NONE;
	if (redis->undone == kind && strstr(name, "UNSUBSCRIBE")) {
		redis->undone = left;
		return;
	}
	if (asked && strcmp(asked->labels.method, name) != 0) {
		/* A cluster takes a shard's channels away when it moves the shard. */
		exchanges_push(x, message);
		return;
	}
	if (take_unsubscribe_all(redis, asked))
		redis->undone = left;
	answer(&redis->streams[PROTOCOL_SERVER], message, x);
}

/*
 * RESP2 leaves nothing to tell messages and confirmations from the reply of a command that returns
 * the same words, but what was asked for.
 */
static bool is_confirmation(const struct redis *redis, const char *name,
			    const struct message *asked)
{
	if (redis->streams[PROTOCOL_SERVER].element_cnt != 3 || find(name, subscriptions) < 0)
		return false;
	return redis->streams[PROTOCOL_SERVER].type == '>' || !asked ||
	       find(asked->labels.method, subscriptions) >= 0 || redis->is_subscribed;
}

static bool is_message(const struct redis *redis, const char *name, const struct message *asked)
{
	if (redis->streams[PROTOCOL_SERVER].type == '>')
		return true;
	return find(name, messages) >= 0 && (!asked || redis->is_subscribed);
}

static void reply(struct redis *redis, uint64_t end, struct exchanges *x)
{
	const struct resp *resp = &redis->streams[PROTOCOL_SERVER];
	struct message message = {.side = PROTOCOL_SERVER, .begin = resp->begin, .end = end};
	struct message oldest;
	const struct message *asked =
		exchanges_oldest(x, PROTOCOL_CLIENT, &oldest) ? &oldest : NULL;
	char *name = message.labels.method;

	if ((resp->type == '*' || resp->type == '>') && resp->element_cnt) {
		name_of(&resp->words[0], name);
		if (is_confirmation(redis, name, asked)) {
			confirm(redis, &message, asked, x);
			return;
		}
		if (is_message(redis, name, asked)) {
			exchanges_push(x, &message);
			return;
		}
	}
	if (resp->type == '+' && redis->is_monitor && !asked) {
		memcpy(name, "MONITOR", sizeof("MONITOR"));
		exchanges_push(x, &message);
		return;
	}
	answer(resp, &message, x);
	/* One error for all of its channels. */
	if (asked && resp->type == '-' && find(asked->labels.method, subscriptions) >= 0)
		exchanges_expect_none(x, PROTOCOL_CLIENT);
}

static size_t redis_feed(void *state, const struct piece *piece, struct exchanges *x)
{
	struct redis *redis = state;
	size_t used = 0;

	while (!redis->is_replication) {
		switch (resp_next(&redis->streams[piece->side], piece, &used)) {
		case RESP_MORE:
		case RESP_LOST:
			return used;
		case RESP_COMMAND:
			if (!command(redis, piece->position + used, x))
				return used - 1;
			break;
		case RESP_REPLY:
			reply(redis, piece->position + used, x);
			break;
		}
	}
	return used;
}

static void redis_reset(void *state, enum protocol_side side)
{
	struct redis *redis = state;

	memset(&redis->streams[side], 0, sizeof(redis->streams[side]));
	redis->is_reply_skipped = false;
	redis->undone = KIND_NONE;
	redis->unsubscribe_all_cnt = 0;
}

static enum beginning redis_begins(const void *state, const struct piece *piece)
{
	(void)state;
	return resp_begins(piece);
}

/* Replies look like much else: a client's first command has to tell. */
static int redis_recognise(const struct piece *piece)
{
	static const int sure[] = {
		[BEGINNING_NO] = 0,
		[BEGINNING_MAYBE] = MAYBE_COMMAND,
		[BEGINNING_YES] = SURE_OF_COMMAND,
	};

	return piece->side == PROTOCOL_CLIENT ? sure[resp_begins(piece)] : 0;
}

static bool redis_upgraded(const void *state, enum protocol_kind *ret_kind)
{
	const struct redis *redis = state;

	*ret_kind = PROTOCOL_NONE;
	return redis->is_replication;
}

const struct parser parser_redis = {
	.kind = PROTOCOL_REDIS,
	.state_bytes = sizeof(struct redis),
	.feed = redis_feed,
	.reset = redis_reset,
	.begins = redis_begins,
	.recognise = redis_recognise,
	.upgraded = redis_upgraded,
};
