/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of libraries that a process did not have when it was taken. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/time_units.h"
#include "daemon/internal.h"
#include "daemon/traced.h"
#include "daemon/late.h"

/* A program maps its libraries within milliseconds of its start; later ones come by dlopen. */
#define YOUNG_NS 2000000000ULL
#define LOOK_MS	 5 /* between two looks at a young one */

static bool has_plans(const struct daemon *d, const struct traced *t)
{
	for (size_t i = 0; i < d->targets[t->target_idx].config->function_cnt; i++) {
		if (t->plans[i].cnt)
			return true;
	}
	return false;
}

static bool lacks_any(const struct daemon *d, const struct traced *t)
{
	for (size_t i = 0; i < d->targets[t->target_idx].config->function_cnt; i++) {
		if (t->lacks_library[i])
			return true;
	}
	return false;
}

static struct traced *last_of(struct traced *t)
{
	while (t->late)
		t = t->late;
	return t;
}

/* What the process lacked until now and what it lacks from now on. */
static int attach(struct daemon *d, struct traced *last, struct traced *again, struct fault *why)
{
	struct traced *kept = malloc(sizeof(*kept));
	int err = kept ? traced_attach(d, again, why) : -ENOMEM;

	for (size_t i = 0; err && i < again->operation_cnt; i++)
		d->operations[again->operations[i]].live_cnt--;
	if (err) {
		free(kept);
		return err;
	}
	*kept = *again;
	last->late = kept;
	return 0;
}

static void look(struct daemon *d, struct traced *t)
{
	struct traced *last = last_of(t), again;
	struct fault why = {0};
	int err;

	if (!lacks_any(d, last) || traced_open_late(d, last, &again, &why))
		return;
	if (!has_plans(d, &again)) {
		traced_fini(d, &again);
		return;
	}
	err = attach(d, last, &again, &why);
	if (!err)
		return;
	if (err != -ESRCH)
		daemon_message(d, "process %d: libraries that it has loaded are not traced: %s",
			       t->pid, why.text);
	traced_fini(d, &again);
}

static bool is_young(const struct traced *t, uint64_t now_ns)
{
	return now_ns - t->taken_mono_ns < YOUNG_NS;
}

int late_wait_ms(const struct daemon *d)
{
	uint64_t now_ns = clock_mono_ns();

	for (size_t i = 0; i < d->traced_cnt; i++) {
		if (is_young(&d->traced[i], now_ns) && lacks_any(d, last_of(&d->traced[i])))
			return LOOK_MS;
	}
	return -1;
}

void late_look(struct daemon *d, bool wants_all)
{
	uint64_t now_ns = clock_mono_ns();

	if (!wants_all && now_ns - d->late_mono_ns < LOOK_MS * NS_PER_MS)
		return;
	d->late_mono_ns = now_ns;
	for (size_t i = 0; i < d->traced_cnt; i++) {
		if (wants_all || is_young(&d->traced[i], now_ns))
			look(d, &d->traced[i]);
	}
}
