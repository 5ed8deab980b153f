/* SPDX-License-Identifier: Apache-2.0 */
/* Windows every second, the status every fifth. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time_units.h"
#include "cli/agent_link.h"
#include "cli/top_agent.h"
#include "cli/top_read.h"

#define ANSWER_MAX_NS (10 * NS_PER_S) /* an agent that takes longer is stuck */
#define STATUS_EVERY  5
#define TROUBLE_BYTES (FAULT_TEXT_BYTES + 256)

enum asked { ASKED_NOTHING, ASKED_WINDOWS, ASKED_STATUS };

struct top_agent_link {
	char *path;
	struct agent_link *link; /* NULL: none */
	enum asked asked;
	bool wants_status; /* after the windows that were asked for */
	bool has_windows, has_status;
	uint64_t due_ns; /* to ask, or to connect */
	uint64_t asked_ns;
	uint64_t round_cnt;
	char trouble[TROUBLE_BYTES]; /* empty: none */
};

struct top_agent_link *top_agent_new(const char *path)
{
	struct top_agent_link *a = calloc(1, sizeof(*a));

	if (a)
		a->path = strdup(path);
	if (!a || !a->path) {
		top_agent_free(a);
		return NULL;
	}
	snprintf(a->trouble, sizeof(a->trouble), "waiting for the agent at %s", path);
	return a;
}

static void disconnect(struct top_agent_link *a)
{
	agent_link_close(a->link);
	a->link = NULL;
	a->asked = ASKED_NOTHING;
	a->has_windows = a->has_status = false;
}

void top_agent_free(struct top_agent_link *agent)
{
	if (!agent)
		return;
	disconnect(agent);
	free(agent->path);
	free(agent);
}

int top_agent_fd(const struct top_agent_link *agent)
{
	return agent->link ? agent_link_fd(agent->link) : -1;
}

uint64_t top_agent_due_ns(const struct top_agent_link *agent)
{
	return agent->asked == ASKED_NOTHING ? agent->due_ns : agent->asked_ns + ANSWER_MAX_NS;
}

const char *top_agent_trouble(const struct top_agent_link *agent)
{
	return *agent->trouble ? agent->trouble : NULL;
}

bool top_agent_is_complete(const struct top_agent_link *agent)
{
	return agent->has_windows && agent->has_status;
}

/* Gives the connection up, and says why. */
static void lose(struct top_agent_link *a, uint64_t now_ns, const char *why)
{
	disconnect(a);
	a->due_ns = now_ns + NS_PER_S;
	snprintf(a->trouble, sizeof(a->trouble), "waiting for the agent at %s: %s", a->path, why);
	text_clean(a->trouble);
}

static const char *words_of(int err)
{
	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "none is running (tickscope run, or another --state DIR)";
	case -EPIPE:
	case -ECONNRESET:
		return "it has ended";
	case -EMSGSIZE:
		return "its answer is too long";
	case -EPROTO:
		return "it answers more than was asked";
	default:
		return strerror(-err);
	}
}

static bool ask(struct top_agent_link *a, uint64_t now_ns, enum asked what, const char *request)
{
	int err = agent_link_send(a->link, request);

	if (err) {
		lose(a, now_ns, words_of(err));
		return false;
	}
	a->asked = what;
	a->asked_ns = now_ns;
	return true;
}

/* From the newest window on, of which there may be more series; at first the last minute. */
static void ask_windows(struct top_agent_link *a, const struct top_model *m, uint64_t now_ns)
{
	char request[96];

	snprintf(request, sizeof(request), "{\"do\":\"windows\",\"since_ns\":%" PRIu64 "}",
		 a->has_windows ? m->last_ns : 0);
	a->due_ns = now_ns + NS_PER_S;
	a->wants_status = a->round_cnt++ % STATUS_EVERY == 0 || !a->has_status;
	ask(a, now_ns, ASKED_WINDOWS, request);
}

static void connect_to(struct top_agent_link *a, struct top_model *m, uint64_t now_ns)
{
	int err = agent_link_open(a->path, &a->link);

	if (err) {
		a->link = NULL;
		lose(a, now_ns, words_of(err));
		return;
	}
	top_model_clear(m); /* another agent may have other operations */
	a->round_cnt = 0;
	ask_windows(a, m, now_ns);
}

static bool take_answer(struct top_agent_link *a, struct top_model *m, uint64_t now_ns)
{
	bool is_windows = a->asked == ASKED_WINDOWS;
	struct fault why = {{0}};
	const char *line;
	size_t bytes;
	int got = agent_link_receive(a->link, &line, &bytes);

	if (!got)
		return false;
	if (got > 0 && a->asked == ASKED_NOTHING)
		got = -EPROTO;
	if (got < 0) {
		lose(a, now_ns, words_of(got));
		return false;
	}
	got = is_windows ? top_read_windows(m, line, bytes, &why)
			 : top_read_status(m, line, bytes, &why);
	if (got) {
		lose(a, now_ns, why.text);
		return false;
	}
	a->asked = ASKED_NOTHING;
	*a->trouble = '\0';
	if (!is_windows)
		a->has_status = true;
	else
		a->has_windows = true;
	if (is_windows && a->wants_status)
		ask(a, now_ns, ASKED_STATUS, "{\"do\":\"status\"}");
	return true;
}

bool top_agent_step(struct top_agent_link *agent, struct top_model *model, uint64_t now_ns,
		    bool is_paused)
{
	bool has_news = agent->link && take_answer(agent, model, now_ns);

	if (agent->asked != ASKED_NOTHING) {
		if (now_ns >= agent->asked_ns + ANSWER_MAX_NS)
			lose(agent, now_ns, "it does not answer");
		return has_news;
	}
	if (now_ns < agent->due_ns)
		return has_news;
	if (is_paused)
		agent->due_ns = now_ns + NS_PER_S;
	else if (agent->link)
		ask_windows(agent, model, now_ns);
	else
		connect_to(agent, model, now_ns);
	return has_news;
}
