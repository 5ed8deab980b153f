/* SPDX-License-Identifier: Apache-2.0 */
/* Series and values of the agent -> the families that they go to. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "sink/prometheus_labels.h"
#include "sink/prometheus_registry.h"

static int by_id(const void *a, const void *b)
{
	const struct value_id *x = &((const struct prometheus_origin *)a)->id;
	const struct value_id *y = &((const struct prometheus_origin *)b)->id;
	int order = strcmp(x->of.operation, y->of.operation);

	order = order ? order : strcmp(x->of.labels, y->of.labels);
	order = order ? order : strcmp(x->name, y->name);
	order = order ? order : strcmp(x->of.kind, y->of.kind);
	return order ? order : strcmp(x->of.target, y->of.target);
}

static void leave(void *origin)
{
	(void)origin; /* it is in the list, too */
}

void prometheus_origins_free(struct prometheus *p)
{
	tdestroy(p->tree, leave);
	for (size_t i = 0; i < p->origin_cnt; i++)
		free(p->origins[i]);
	free(p->origins);
}

/* --- which families --------------------------------------------------------------------------- */

static bool is_value(const struct value_id *id)
{
	return id->name[0] != '\0';
}

static enum prometheus_scope scope_of(const struct value_id *id)
{
	if (strcmp(id->of.target, SERIES_HOST) == 0)
		return PROMETHEUS_OF_HOST;
	if (strcmp(id->of.target, SERIES_AGENT) == 0)
		return PROMETHEUS_OF_AGENT;
	return id->of.operation[0] ? PROMETHEUS_OF_ENDPOINT : PROMETHEUS_OF_TARGET;
}

/* The index of the value's family; that of those without one. */
static size_t gauge_of(const struct value_id *id)
{
	enum prometheus_scope scope = scope_of(id);
	size_t at = 0;

	while (at < prometheus_gauge_cnt && (prometheus_gauges[at].scope != scope ||
					     strcmp(prometheus_gauges[at].value, id->name) != 0))
		at++;
	return at;
}

/* Parts of what another series counts as a whole. An order has an answer of each kind (`until`), of
 * which one stands for it: the first that says that it was executed. */
static bool is_whole(const struct series_id *id)
{
	static const char *const parts[] = {"segment", "share", "connect"};
	char until[LABEL_VALUE_BYTES];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(id->kind, parts[i]) == 0)
			return false;
	}
	return strcmp(id->kind, "order") != 0 ||
	       (labels_find(id->labels, "until", until) && strcmp(until, "fill") == 0);
}

static bool is_mapped(const struct prometheus *p, size_t family, const struct value_id *id)
{
	const char *wanted = prometheus_mapped_families[family].source == PROMETHEUS_FROM_CPU
				     ? "cpu_percent"
			     : prometheus_mapped_families[family].source == PROMETHEUS_FROM_MEMORY
				     ? "memory_bytes"
				     : "";

	if (!p->patterns[family] || strcmp(id->name, wanted) != 0)
		return false;
	if (is_value(id))
		return scope_of(id) == PROMETHEUS_OF_TARGET &&
		       glob_matches(p->patterns[family], id->of.target, NULL);
	return is_whole(&id->of) && glob_matches(p->patterns[family], id->of.operation, NULL);
}

/* --- making one ------------------------------------------------------------------------------- */

/* How many series Prometheus makes of one row. */
static size_t weight_of(const struct prometheus *p, const struct prometheus_goal *goal)
{
	size_t weight = goal->bounds ? goal->bounds->cnt + 3 : 1; /* +Inf, sum, count */

	return goal->rows == &p->operations ? weight + PROMETHEUS_EXTRA_CNT : weight;
}

/* Its row, which others may have made. False: none. */
static bool find_row(struct prometheus *p, struct prometheus_goal *goal,
		     struct prometheus_text *labels)
{
	size_t weight = weight_of(p, goal);
	bool has_room;

	prometheus_text_add(labels, "", 1);
	if (labels->is_failed)
		return false;
	goal->row = prometheus_rows_find(goal->rows, labels->bytes);
	if (goal->row)
		return true;
	has_room = p->series_cnt + weight <= p->series_max;
	if (has_room)
		goal->row = prometheus_rows_add(goal->rows, labels->bytes);
	pthread_mutex_lock(&p->lock);
	p->series_cnt += goal->row ? weight : 0;
	pthread_mutex_unlock(&p->lock);
	return goal->row != NULL;
}

static void add_goal(struct prometheus *p, struct prometheus_origin *o,
		     struct prometheus_goal *goal, struct prometheus_text *labels)
{
	if (find_row(p, goal, labels)) {
		o->goals[o->goal_cnt++] = *goal;
	} else {
		pthread_mutex_lock(&p->lock);
		p->refused_cnt++;
		pthread_mutex_unlock(&p->lock);
	}
	prometheus_text_fini(labels);
}

static void add_first_goal(struct prometheus *p, struct prometheus_origin *o)
{
	struct prometheus_goal goal = {.rows = &p->operations, .bounds = &p->exact};
	struct prometheus_text labels = {0};
	size_t gauge = is_value(&o->id) ? gauge_of(&o->id) : 0;
	bool is_right;

	if (!is_value(&o->id)) {
		is_right = prometheus_labels_of_operation(&o->id.of, &labels);
	} else if (gauge < prometheus_gauge_cnt) {
		goal = (struct prometheus_goal){.rows = &p->gauges[gauge],
						.scale = prometheus_gauges[gauge].scale};
		is_right =
			prometheus_labels_of_value(&o->id, prometheus_gauges[gauge].scope, &labels);
	} else {
		goal = (struct prometheus_goal){.rows = &p->gauges[gauge], .scale = 1};
		is_right = prometheus_labels_of_other(&o->id, &labels);
	}
	labels.is_failed |= !is_right;
	add_goal(p, o, &goal, &labels);
}

static void add_mapped_goals(struct prometheus *p, struct prometheus_origin *o)
{
	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++) {
		const struct prometheus_mapped *family = &prometheus_mapped_families[i];
		struct prometheus_goal goal = {.rows = &p->mapped[i], .scale = 1};
		struct prometheus_text labels = {0};

		if (!is_mapped(p, i, &o->id))
			continue;
		if (family->source == PROMETHEUS_FROM_DURATION)
			goal.bounds = &p->mapped_bounds[i];
		prometheus_labels_of_mapped(family, &o->id.of, &labels);
		add_goal(p, o, &goal, &labels);
	}
}

static const char *take_string(char **at, const char *string)
{
	size_t bytes = strlen(string) + 1;
	char *copy = memcpy(*at, string, bytes);

	*at += bytes;
	return copy;
}

static struct prometheus_origin *copy_id(const struct value_id *id)
{
	size_t bytes = strlen(id->of.target) + strlen(id->of.operation) + strlen(id->of.kind) +
		       strlen(id->of.labels) + strlen(id->name) + 5;
	struct prometheus_origin *o = calloc(1, sizeof(*o) + bytes);
	char *at;

	if (!o)
		return NULL;
	at = o->strings;
	o->id = (struct value_id){
		.of = {.target = take_string(&at, id->of.target),
		       .operation = take_string(&at, id->of.operation),
		       .kind = take_string(&at, id->of.kind),
		       .labels = take_string(&at, id->of.labels)},
		.name = take_string(&at, id->name),
	};
	return o;
}

static bool make_room(struct prometheus *p)
{
	size_t room = p->origin_room ? 2 * p->origin_room : 64;
	struct prometheus_origin **grown;

	/* Each but those that are refused has a series of its own, or shares one with others that
	 * differ in labels alone. */
	if (p->origin_cnt >= p->series_max + PROMETHEUS_REFUSED_MAX)
		return false;
	if (p->origin_cnt < p->origin_room)
		return true;
	grown = reallocarray(p->origins, room, sizeof(struct prometheus_origin *));
	if (!grown)
		return false;
	p->origins = grown;
	p->origin_room = room;
	return true;
}

static struct prometheus_origin *add_origin(struct prometheus *p, const struct value_id *id)
{
	struct prometheus_origin *o;

	if (!make_room(p))
		return NULL;
	o = copy_id(id);
	if (!o)
		return NULL;
	if (!tsearch(o, &p->tree, by_id)) {
		free(o);
		return NULL;
	}
	o->idx = p->origin_cnt;
	p->origins[p->origin_cnt++] = o;
	add_first_goal(p, o);
	add_mapped_goals(p, o);
	return o;
}

struct prometheus_origin *prometheus_origins_find(struct prometheus *p, const struct value_id *id)
{
	const struct prometheus_origin key = {.id = *id};
	struct prometheus_origin *o = p->hint < p->origin_cnt ? p->origins[p->hint] : NULL;
	struct prometheus_origin **found;

	if (!o || by_id(&key, o) != 0) {
		found = tfind(&key, &p->tree, by_id);
		o = found ? *found : add_origin(p, id);
	}
	if (o)
		p->hint = o->idx + 1;
	return o;
}
