/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL in the traced processes: found when a process is taken, or soon after it is loaded. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/chains.h"
#include "daemon/rpc.h"
#include "target/tls_library.h"

/* A program maps its libraries within milliseconds of its start; later ones are looked for at each
 * reading. */
#define YOUNG_NS 2000000000ULL

static const struct daemon_target *target_of(const struct daemon *d, const struct traced *t)
{
	return d->targets[t->target_idx].config;
}

int openssl_load(struct daemon *d, struct fault *why)
{
	return !d->streams || d->tls ? 0 : tls_open(d->sock, d->config->level, &d->tls, why);
}

static int attach(struct daemon *d, struct traced *t, struct process *process, struct fault *why)
{
	enum exit_policy policy = target_of(d, t)->exit_policy == EXIT_POLICY_SAFE
					  ? EXIT_POLICY_SAFE
					  : EXIT_POLICY_AUTO;
	struct tls_functions functions;
	int err = tls_library_find(process, policy, &functions, why);

	if (err)
		return err;
	if (functions.cnt)
		err = openssl_load(d, why);
	if (!err && functions.cnt)
		err = tls_attach(d->tls, t->pid, &functions, &t->tls, why);
	tls_library_fini(&functions);
	return err;
}

/* What cannot be looked into is still timed. */
static void say_failure(struct daemon *d, struct traced *t, const struct fault *why)
{
	t->has_tls_failed = true;
	daemon_message(d, "process %d: %s; its encrypted connections are timed by direction only",
		       t->pid, why->text);
}

void openssl_add_process(struct daemon *d, struct traced *t)
{
	struct fault why = {0};

	if (d->streams && attach(d, t, t->process, &why) && why.text[0])
		say_failure(d, t, &why);
}

/* A library that a process has mapped since. */
static void look_again(struct daemon *d, struct traced *t)
{
	const struct process_options options = {.names = d->names,
						.debug_dir = target_of(d, t)->debug_dir};
	struct process *process;
	struct fault why;

	if ((!target_of(d, t)->wants_rpc && !chains_want_sockets(d, t->target_idx)) || t->tls ||
	    t->has_tls_failed || !tls_library_is_mapped(t->pid) ||
	    process_open(t->pid, &options, &process, &why))
		return;
	if (attach(d, t, process, &why))
		say_failure(d, t, &why);
	else if (t->tls && clock_mono_ns() - t->taken_mono_ns >= YOUNG_NS)
		daemon_message(d,
			       "process %d has loaded OpenSSL: connections that it opened before "
			       "are timed by direction only until they are in step",
			       t->pid);
	process_free(process);
}

void openssl_look_again(struct daemon *d, bool wants_all)
{
	uint64_t now_ns = clock_mono_ns();

	if (!d->streams)
		return;
	for (size_t i = 0; i < d->traced_cnt; i++) {
		if (wants_all || now_ns - d->traced[i].taken_mono_ns < YOUNG_NS)
			look_again(d, &d->traced[i]);
	}
}
