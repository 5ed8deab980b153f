/* SPDX-License-Identifier: Apache-2.0 */
/* A table that is searched from where the last value was found. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/agent_values.h"

static void value_fini(struct agent_value *v)
{
	free((char *)v->id.of.target);
	free((char *)v->id.of.operation);
	free((char *)v->id.of.kind);
	free((char *)v->id.of.labels);
	free((char *)v->id.name);
}

void agent_values_fini(struct agent_values *values)
{
	for (size_t i = 0; i < values->cnt; i++)
		value_fini(&values->items[i]);
	free(values->items);
	*values = (struct agent_values){0};
}

static bool is_same(const struct value_id *a, const struct value_id *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->of.target, b->of.target) == 0 &&
	       strcmp(a->of.operation, b->of.operation) == 0 &&
	       strcmp(a->of.labels, b->of.labels) == 0;
}

static int value_add(struct agent_values *values, const struct value_id *id, size_t *ret_idx)
{
	struct agent_value *v;

	if (!values->items)
		values->items = calloc(AGENT_VALUE_MAX, sizeof(*values->items));
	if (!values->items)
		return -ENOMEM;
	if (values->cnt == AGENT_VALUE_MAX)
		return -ENOSPC;
	v = &values->items[values->cnt];
	*v = (struct agent_value){.id = {.of = {.target = strdup(id->of.target),
						.operation = strdup(id->of.operation),
						.kind = strdup(id->of.kind),
						.labels = strdup(id->of.labels)},
					 .name = strdup(id->name)}};
	if (!v->id.of.target || !v->id.of.operation || !v->id.of.kind || !v->id.of.labels ||
	    !v->id.name) {
		value_fini(v);
		return -ENOMEM;
	}
	*ret_idx = values->cnt++;
	return 0;
}

static int value_find(struct agent_values *values, const struct value_id *id, size_t *ret_idx)
{
	for (size_t i = 0; i < values->cnt; i++) {
		size_t idx = (values->hint + i) % values->cnt;

		if (is_same(&values->items[idx].id, id)) {
			*ret_idx = idx;
			return 0;
		}
	}
	return value_add(values, id, ret_idx);
}

int agent_values_set(struct agent_values *values, const struct value_id *id, double value)
{
	struct agent_value *v;
	size_t idx;
	int err = value_find(values, id, &idx);

	if (err)
		return err;
	values->hint = idx + 1;
	v = &values->items[idx];
	v->now = value;
	v->is_fresh = true;
	v->age_s = 0;
	v->min = v->cnt && v->min < value ? v->min : value;
	v->max = v->cnt && v->max > value ? v->max : value;
	v->sum += value;
	v->cnt++;
	return 0;
}

void agent_values_age(struct agent_values *values)
{
	for (size_t i = 0; i < values->cnt; i++) {
		values->items[i].is_fresh = false;
		values->items[i].age_s++;
	}
}

void agent_values_close(struct agent_values *values)
{
	for (size_t i = 0; i < values->cnt; i++) {
		values->items[i].cnt = 0;
		values->items[i].sum = 0;
	}
}
