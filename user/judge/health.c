/* SPDX-License-Identifier: Apache-2.0 */
/* Four states; the two in between count. */
#include <string.h>

#include "base/format.h"
#include "judge/health.h"

static const char *const names[] = {
	[HEALTH_GOOD] = "healthy",
	[HEALTH_FAILING] = "failing",
	[HEALTH_BAD] = "unhealthy",
	[HEALTH_RECOVERING] = "recovering",
};

const char *health_state_name(enum health_state state)
{
	return names[state];
}

static size_t find(const struct health *health, const char *name)
{
	size_t i = 0;

	while (i < health->cnt &&
	       strncmp(health->components[i].name, name, HEALTH_NAME_BYTES - 1) != 0)
		i++;
	return i;
}

const struct health_component *health_find(const struct health *health, const char *name)
{
	size_t i = find(health, name);

	return i < health->cnt ? &health->components[i] : NULL;
}

static bool is_bad(const struct health_component *component)
{
	return component->state == HEALTH_BAD || component->state == HEALTH_RECOVERING;
}

size_t health_bad_cnt(const struct health *health)
{
	size_t cnt = 0;

	for (size_t i = 0; i < health->cnt; i++)
		cnt += is_bad(&health->components[i]);
	return cnt;
}

static enum health_change change_to(struct health_component *c, enum health_state state,
				    uint64_t wall_ns)
{
	c->state = state;
	c->row_cnt = 0;
	c->since_wall_ns = wall_ns;
	return state == HEALTH_BAD ? HEALTH_BROKE : HEALTH_RECOVERED;
}

/* One more check, as it went, against how things stand. */
static enum health_change count(struct health_component *c, const struct health_limits *limits,
				bool is_good, uint64_t wall_ns)
{
	bool was_bad = is_bad(c);

	if (is_good != was_bad) {
		c->state = was_bad ? HEALTH_BAD : HEALTH_GOOD;
		c->row_cnt = 0;
		return HEALTH_SAME;
	}
	c->row_cnt++;
	if (c->row_cnt >= (was_bad ? limits->recovery_threshold : limits->failure_threshold))
		return change_to(c, was_bad ? HEALTH_GOOD : HEALTH_BAD, wall_ns);
	c->state = was_bad ? HEALTH_RECOVERING : HEALTH_FAILING;
	return HEALTH_SAME;
}

enum health_change health_check(struct health *health, const struct health_limits *limits,
				const struct health_finding *finding)
{
	size_t i = find(health, finding->name);
	struct health_component *c = &health->components[i];

	if (i == HEALTH_COMPONENT_MAX)
		return HEALTH_SAME;
	if (i == health->cnt) {
		*c = (struct health_component){.state = HEALTH_GOOD,
					       .since_wall_ns = finding->wall_ns};
		format_text(c->name, sizeof(c->name), "%s", finding->name);
		health->cnt++;
	}
	c->is_checked = true;
	c->check_cnt++;
	if (finding->reason) {
		c->failure_cnt++;
		format_text(c->reason, sizeof(c->reason), "%s", finding->reason);
	}
	return count(c, limits, !finding->reason, finding->wall_ns);
}

void health_sweep(struct health *health)
{
	size_t kept = 0;

	for (size_t i = 0; i < health->cnt; i++) {
		if (!health->components[i].is_checked)
			continue;
		health->components[i].is_checked = false;
		if (kept != i)
			health->components[kept] = health->components[i];
		kept++;
	}
	health->cnt = kept;
}
