/* SPDX-License-Identifier: Apache-2.0 */
/* The thread between the one that measures and the server: takes the newest tick, sends it, waits
 * after failures. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "sink/password.h"
#include "sink/redis.h"
#include "sink/redis_link.h"

#define RETRY_FIRST_NS	500000000ULL /* doubled by each failure */
#define RETRY_MAX_NS	(30 * NS_PER_S)
#define TICK_AGE_MAX_NS (30 * NS_PER_S) /* what is older would be shown as if it were new */
#define END_NS		200000000ULL	/* a thread that was told to, but for getaddrinfo */
#define STACK_BYTES	(256UL << 10)	/* getaddrinfo takes most of it */

struct redis {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a tick is there; it is to end; it has ended */
	int cancel_fd;
	struct redis_address address;
	char *user, *password, *prefix;
	uint64_t timeout_ns;
	struct redis_tick ticks[3];
	struct redis_tick *filling; /* of the giver */

	/* Under the lock. */
	struct redis_tick *waiting;
	struct redis_tick *sending; /* what is in it is the thread's */
	bool has_waiting, is_sending;
	bool is_stopping, has_ended;
	bool is_abandoned; /* the thread frees */
	struct sink_status status;

	/* Of the thread. */
	struct redis_link *link;
	uint64_t retry_mono_ns; /* not before */
	uint32_t failure_cnt;
	bool was_last;
	uint64_t random;
};

/* --- the thread ------------------------------------------------------------------------------- */

/* Between the half and the whole, so that many agents do not come back together. */
static void back_off(struct redis *r, bool is_long)
{
	uint64_t ns = is_long ? RETRY_MAX_NS : RETRY_FIRST_NS;

	for (uint32_t i = 0; i < r->failure_cnt && ns < RETRY_MAX_NS; i++)
		ns *= 2;
	if (ns > RETRY_MAX_NS)
		ns = RETRY_MAX_NS;
	r->failure_cnt++;
	r->retry_mono_ns = clock_mono_ns() + ns / 2 + random_next(&r->random) % (ns / 2);
}

static void swap_ticks(struct redis *r)
{
	struct redis_tick *tick = r->waiting;

	r->waiting = r->sending;
	r->sending = tick;
}

/* Under the lock. */
static void drop_waiting(struct redis *r)
{
	r->status.dropped_cnt += r->waiting->command_cnt;
	r->has_waiting = false;
}

/* A tick to be sent is in r->sending. False: the end. At the end, what waits is tried once more. */
static bool take_tick(struct redis *r)
{
	bool has_tick = false;

	pthread_mutex_lock(&r->lock);
	while (!has_tick && !(r->is_stopping && (!r->has_waiting || r->was_last))) {
		uint64_t now_ns = clock_mono_ns();

		if (r->has_waiting && now_ns - r->waiting->mono_ns > TICK_AGE_MAX_NS)
			drop_waiting(r);
		else if (!r->has_waiting)
			pthread_cond_wait(&r->changed, &r->lock);
		else if (r->is_stopping || now_ns >= r->retry_mono_ns)
			has_tick = true;
		else
			thread_wait(&r->changed, &r->lock, r->retry_mono_ns);
	}
	r->was_last = r->is_stopping;
	if (has_tick) {
		swap_ticks(r);
		r->has_waiting = false;
		r->is_sending = true;
	}
	pthread_mutex_unlock(&r->lock);
	return has_tick;
}

/* Under the lock: a newer one is there, or it waits again. */
static void give_back(struct redis *r)
{
	if (r->has_waiting) {
		r->status.dropped_cnt += r->sending->command_cnt;
		return;
	}
	swap_ticks(r);
	r->has_waiting = true;
}

static void enter(struct redis *r, int err, const struct redis_link_result *result)
{
	struct sink_status *s = &r->status;

	pthread_mutex_lock(&r->lock);
	r->is_sending = false;
	if (err) {
		s->retry_cnt++;
		give_back(r);
	} else {
		s->sent_cnt += result->accepted_cnt;
		s->refused_cnt += result->refused_cnt;
	}
	if (!err && result->accepted_cnt)
		s->last_success_wall_ns = clock_wall_ns();
	s->state = err || result->refused_cnt ? SINK_FAILING : SINK_OK;
	if (s->state == SINK_FAILING)
		memcpy(s->last_error, result->error, sizeof(s->last_error));
	pthread_mutex_unlock(&r->lock);
}

static void free_redis(struct redis *r)
{
	redis_link_free(r->link);
	for (size_t i = 0; i < sizeof(r->ticks) / sizeof(r->ticks[0]); i++)
		redis_tick_fini(&r->ticks[i]);
	if (r->cancel_fd >= 0)
		close(r->cancel_fd);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	password_free(r->password);
	free(r->user);
	free(r->prefix);
	free(r);
}

static void *run(void *context)
{
	struct redis *r = context;
	bool is_abandoned;

	while (take_tick(r)) {
		const struct redis_socket_patience patience = {
			.until_mono_ns = clock_mono_ns() + r->timeout_ns,
			.cancel_fd = r->cancel_fd,
		};
		struct redis_link_result result;
		int err = redis_link_send(r->link, r->sending, &patience, &result);

		if (err || !result.accepted_cnt)
			back_off(r, result.is_long);
		else
			r->failure_cnt = 0;
		enter(r, err, &result);
	}
	pthread_mutex_lock(&r->lock);
	r->has_ended = true;
	is_abandoned = r->is_abandoned;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	if (is_abandoned)
		free_redis(r);
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static int start_thread(struct redis *r, struct fault *why)
{
	int err = thread_start(&r->thread, STACK_BYTES, run, r);

	return err ? fault_set(why, err, "no thread for redis: %s", strerror(-err)) : 0;
}

static int copy_config(struct redis *r, const struct config_redis *config, struct fault *why)
{
	int err = redis_address_parse(config->url, &r->address, why);

	if (!err && config->password_file)
		err = password_read(config->password_file, &r->password, why);
	if (err)
		return err;
	r->timeout_ns = config->timeout_ns;
	r->user = config->user ? strdup(config->user) : NULL;
	r->prefix = strdup(config->prefix ? config->prefix : "");
	if (!r->prefix || (config->user && !r->user))
		return fault_set(why, -ENOMEM, "out of memory");
	return 0;
}

static int prepare(struct redis *r, const struct config_redis *config, struct fault *why)
{
	struct redis_link_options options;
	int err = copy_config(r, config, why);

	if (err)
		return err;
	options = (struct redis_link_options){&r->address, r->user, r->password};
	err = redis_link_new(&options, &r->link);
	if (err)
		return fault_set(why, err, "out of memory");
	r->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->cancel_fd < 0)
		return fault_set(why, -errno, "cannot start redis: %s", strerror(errno));
	return start_thread(r, why);
}

int redis_start(const struct config_redis *config, struct redis **ret_redis, struct fault *why)
{
	struct redis *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return fault_set(why, -ENOMEM, "out of memory");
	r->cancel_fd = -1;
	r->filling = &r->ticks[0];
	r->waiting = &r->ticks[1];
	r->sending = &r->ticks[2];
	r->status.state = SINK_STARTING;
	r->random = clock_wall_ns() ^ (uint64_t)getpid();
	pthread_mutex_init(&r->lock, NULL);
	thread_condition_init(&r->changed);
	err = prepare(r, config, why);
	if (err) {
		free_redis(r);
		return err;
	}
	*ret_redis = r;
	return 0;
}

/* Under the lock. True: the thread has ended. */
static bool wait_end(struct redis *r, uint64_t max_ns)
{
	uint64_t until_ns = clock_mono_ns() + max_ns;

	while (!r->has_ended) {
		if (!thread_wait(&r->changed, &r->lock, until_ns))
			return r->has_ended;
	}
	return true;
}

void redis_stop(struct redis *r, uint64_t max_ns)
{
	const uint64_t one = 1;
	bool has_ended;

	pthread_mutex_lock(&r->lock);
	r->is_stopping = true;
	pthread_cond_broadcast(&r->changed);
	has_ended = wait_end(r, max_ns);
	if (!has_ended) {
		/* The counter was 0: this cannot block, nor fail. */
		(void)!write(r->cancel_fd, &one, sizeof(one));
		has_ended = wait_end(r, END_NS);
	}
	if (!has_ended) {
		/* It looks up a name: nobody can tell it to stop. */
		r->is_abandoned = true;
		pthread_detach(r->thread);
	}
	pthread_mutex_unlock(&r->lock);
	if (has_ended) {
		pthread_join(r->thread, NULL);
		free_redis(r);
	}
}

/* --- ticks ------------------------------------------------------------------------------------ */

void redis_begin(struct redis *r)
{
	redis_tick_clear(r->filling);
}

void redis_command(struct redis *r, const char *const *args, const size_t *arg_bytes,
		   size_t arg_cnt)
{
	struct redis_tick_command command = {.arg_cnt = arg_cnt};
	int err = -E2BIG;

	if (arg_cnt && arg_cnt <= REDIS_TICK_ARG_MAX) {
		memcpy(command.args, args, arg_cnt * sizeof(args[0]));
		memcpy(command.arg_bytes, arg_bytes, arg_cnt * sizeof(arg_bytes[0]));
		err = redis_tick_add(r->filling, r->prefix, &command);
	}
	if (!err)
		return;
	pthread_mutex_lock(&r->lock);
	r->status.refused_cnt++;
	snprintf(r->status.last_error, sizeof(r->status.last_error), "a command is left out: %s",
		 err == -ENOMEM ? "out of memory" : "more than one tick can have");
	pthread_mutex_unlock(&r->lock);
}

void redis_end(struct redis *r)
{
	struct redis_tick *tick = r->filling;

	if (!tick->command_cnt)
		return;
	tick->wall_ns = clock_wall_ns();
	tick->mono_ns = clock_mono_ns();
	pthread_mutex_lock(&r->lock);
	if (r->has_waiting)
		drop_waiting(r);
	r->filling = r->waiting;
	r->waiting = tick;
	r->has_waiting = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

void redis_status(struct redis *r, struct sink_status *ret_status)
{
	pthread_mutex_lock(&r->lock);
	*ret_status = r->status;
	if (r->has_waiting) {
		ret_status->behind_cnt = r->waiting->command_cnt;
		ret_status->oldest_wall_ns = r->waiting->wall_ns;
	}
	if (r->is_sending) {
		ret_status->behind_cnt += r->sending->command_cnt;
		ret_status->oldest_wall_ns = r->sending->wall_ns;
	}
	pthread_mutex_unlock(&r->lock);
}
