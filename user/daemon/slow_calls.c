/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells one by one becomes the slowest of each operation. Stacks get their names at
 * once, while the process lives; each address of a process is looked up once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/slow_calls.h"
#include "target/locate.h"

/* Addresses in stacks, over all processes: return addresses of as many calls are in few programs'
 * stacks. A power of two. */
#define NAME_MAX_CNT 16384
#define NAME_USE_MAX (NAME_MAX_CNT / 4 * 3) /* a table that is full is slow to search */

struct frame_name {
	uint64_t address;
	pid_t pid; /* 0: of a process that has ended, or unused */
	bool is_used;
	bool is_no_code; /* a walk along frame pointers went astray */
	char *text;	 /* NULL: it has no name */
};

struct traced_code {
	pid_t pid;
	struct locate *locate; /* NULL: it had ended before it could be looked at */
};

struct slow_calls {
	struct frame_name *names;
	size_t name_cnt;
	struct traced_code *processes;
	size_t process_cnt;
	uint64_t dropped; /* said already */
	bool has_said_limit;
};

void slow_calls_stop(struct daemon *d)
{
	struct slow_calls *s = d->slow_calls;

	slowest_free(d->slowest);
	d->slowest = NULL;
	d->slow_calls = NULL;
	if (!s)
		return;
	for (size_t i = 0; s->names && i < NAME_MAX_CNT; i++)
		free(s->names[i].text);
	for (size_t i = 0; i < s->process_cnt; i++)
		locate_close(s->processes[i].locate);
	free(s->names);
	free(s->processes);
	free(s);
}

uint32_t slow_calls_slots_of_function(struct daemon *d, uint32_t series)
{
	if (!d->slow_calls)
		return 0;
	if (series < TS_SLOW_FUNCTION_MAX)
		return series + 1;
	if (!d->slow_calls->has_said_limit)
		daemon_message(d, "the slowest calls are kept of the first %d functions only",
			       TS_SLOW_FUNCTION_MAX);
	d->slow_calls->has_said_limit = true;
	return 0;
}

uint32_t slow_calls_slots_of_chain(const struct daemon *d, uint32_t chain)
{
	return d->slow_calls && chain < TS_CHAIN_MAX ? TS_SLOW_FUNCTION_MAX + chain + 1 : 0;
}

static struct traced_code *find_process(const struct slow_calls *s, pid_t pid)
{
	for (size_t i = 0; i < s->process_cnt; i++) {
		if (s->processes[i].pid == pid)
			return &s->processes[i];
	}
	return NULL;
}

/* NULL: there is no room. */
static struct traced_code *add_process(struct daemon *d, pid_t pid)
{
	const struct process_options options = {.names = d->names};
	struct slow_calls *s = d->slow_calls;
	struct traced_code *p = find_process(s, pid);

	if (p || s->process_cnt == DAEMON_PROCESS_MAX)
		return p;
	p = &s->processes[s->process_cnt++];
	*p = (struct traced_code){.pid = pid};
	if (locate_open(pid, &options, &p->locate))
		p->locate = NULL;
	return p;
}

void slow_calls_add_process(struct daemon *d, pid_t pid)
{
	if (d->slow_calls)
		add_process(d, pid);
}

void slow_calls_leave(struct daemon *d, pid_t pid)
{
	struct slow_calls *s = d->slow_calls;
	struct traced_code *p;

	if (!s)
		return;
	slow_calls_read(d);
	p = find_process(s, pid);
	if (!p)
		return;
	locate_close(p->locate);
	*p = s->processes[--s->process_cnt];
	/* The texts stay: stacks that were told point to them. */
	for (size_t i = 0; i < NAME_MAX_CNT; i++) {
		if (s->names[i].pid == pid)
			s->names[i].pid = 0;
	}
}

/* The entry of an address, or the unused one where it belongs. */
static struct frame_name *find_name(const struct slow_calls *s, pid_t pid, uint64_t address)
{
	uint64_t hash = (address ^ (uint64_t)pid << 40) * 0x9e3779b97f4a7c15ULL; /* Fibonacci */
	size_t at = hash >> 32 & (NAME_MAX_CNT - 1);

	while (s->names[at].is_used && (s->names[at].pid != pid || s->names[at].address != address))
		at = (at + 1) & (NAME_MAX_CNT - 1);
	return &s->names[at];
}

/* NULL: there is no room for it. */
static const struct frame_name *name_of(struct daemon *d, pid_t pid, uint64_t address,
					bool is_return)
{
	static const struct frame_name astray = {.is_no_code = true};
	struct slow_calls *s = d->slow_calls;
	struct frame_name *name = find_name(s, pid, address);
	enum located located = LOCATE_UNNAMED;
	char text[LOCATE_NAME_BYTES];
	struct traced_code *p;

	if (name->is_used)
		return name;
	if (s->name_cnt == NAME_USE_MAX)
		return NULL;
	p = add_process(d, pid);
	if (p && p->locate)
		located = locate_name(p->locate, address, is_return, text);
	if (located == LOCATE_NOT_YET) /* and most likely never */
		return &astray;
	s->name_cnt++;
	*name = (struct frame_name){
		.address = address,
		.pid = pid,
		.is_used = true,
		.is_no_code = located == LOCATE_NO_CODE,
		.text = located == LOCATE_NAMED ? strdup(text) : NULL,
	};
	return name;
}

static struct operation *find_operation(struct daemon *d, uint32_t number)
{
	for (size_t i = 0; i < d->operation_cnt; i++) {
		if (d->operations[i].slow_operation == number + 1)
			return &d->operations[i];
	}
	return NULL;
}

static void on_event(const struct ts_slow_event *event, void *context)
{
	struct daemon *d = context;
	struct operation *o = find_operation(d, event->operation);
	struct slow_call *call;
	size_t place;

	if (!o || event->frame_cnt > TS_SLOW_STACK_MAX || event->stage_cnt > TS_CHAIN_STAGE_MAX)
		return;
	if (!o->slowest) {
		o->slowest = calloc(1, sizeof(*o->slowest));
		if (!o->slowest)
			return;
		o->slowest->order.max = d->config->slowest_cnt;
	}
	place = longest_add(&o->slowest->order, event->duration_ns);
	if (place == LONGEST_NONE)
		return;
	call = &o->slowest->calls[place];
	call->event = *event;
	for (uint32_t i = 0; i < event->frame_cnt; i++) {
		const struct frame_name *name =
			name_of(d, (pid_t)event->tgid, event->frames[i], i || !event->stage_cnt);

		if (name && name->is_no_code) {
			call->event.frame_cnt = i;
			break;
		}
		call->names[i] = name ? name->text : NULL;
	}
}

int slow_calls_start(struct daemon *d, struct fault *why)
{
	const struct slowest_options options = {
		.cnt = d->config->slowest_cnt,
		.fn = on_event,
		.context = d,
	};
	struct slow_calls *s;
	int err;

	if (!d->config->slowest_cnt)
		return 0;
	err = slowest_open(&options, &d->slowest, why);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	d->slow_calls = s;
	if (s) {
		s->names = calloc(NAME_MAX_CNT, sizeof(*s->names));
		s->processes = calloc(DAEMON_PROCESS_MAX, sizeof(*s->processes));
	}
	if (!s || !s->names || !s->processes)
		return fault_set(why, -ENOMEM, "out of memory");
	return 0;
}

void slow_calls_read(struct daemon *d)
{
	struct slow_calls *s = d->slow_calls;
	uint64_t dropped;

	if (!s)
		return;
	slowest_read(d->slowest);
	dropped = slowest_dropped(d->slowest);
	if (dropped != s->dropped && !s->dropped)
		daemon_message(d, "slow calls come faster than they can be told: some of the "
				  "slowest are missing");
	s->dropped = dropped;
}
