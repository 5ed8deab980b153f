/* SPDX-License-Identifier: Apache-2.0 */
/* What a loop that measures still needs: found by trying what it will have to do. */
#include "daemon/confine.h"

#include "base/capability.h"
#include "daemon/rpc.h"

/* The last time that the bounding set is made smaller is still to come. */
#define SETTING CAPABILITY_BIT(CAPABILITY_SETPCAP)

/* From the least on. Maps alone asked for CAP_BPF before 5.19; probes by perf events ask for more.
 */
static const uint32_t steps[] = {
	CAPABILITY_LOOKING,
	CAPABILITY_LOOKING | CAPABILITY_LOADING,
	CAPABILITY_LOOKING | CAPABILITY_LOADING | CAPABILITY_BIT(CAPABILITY_SYS_ADMIN),
};

static bool can_attach(const struct daemon *d)
{
	if (d->probe && !probe_can_attach(d->probe))
		return false;
	return !d->tls || tls_can_attach(d->tls);
}

int confine(struct daemon *d, struct fault *why)
{
	struct sandbox *sandbox = d->config->sandbox;
	const size_t step_cnt = sizeof(steps) / sizeof(steps[0]);
	struct fault ignored;
	size_t i = 0;

	if (!sandbox || sandbox->options.mode == SANDBOX_OFF)
		return 0;
	/* A process that starts later may use OpenSSL. */
	if (sandbox->options.mode == SANDBOX_STRICT && !d->is_disabled)
		openssl_load(d, &ignored);
	while (i + 1 < step_cnt &&
	       (capability_keep(CAPABILITY_ALL, steps[i] | SETTING) || !can_attach(d)))
		i++;
	return sandbox_narrow(sandbox, steps[i], why);
}

int confine_lift(const struct daemon *d, struct fault *why)
{
	return d->config->sandbox ? sandbox_widen(d->config->sandbox, why) : 0;
}
