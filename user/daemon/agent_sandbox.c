/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's sandbox: what the configuration says of it, and what a reload can change. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/capability.h"
#include "daemon/agent_answers.h"
#include "daemon/agent_internal.h"
#include "wire/wire.h"

static bool has_command(const struct config *config)
{
	for (size_t i = 0; i < config->channel_cnt; i++) {
		if (config->channels[i].type == CONFIG_COMMAND)
			return true;
	}
	return false;
}

static enum sandbox_mode mode_of(const struct agent *a, const struct config *config)
{
	enum sandbox_mode mode = SANDBOX_STRICT;

	if (a->options->has_no_sandbox || !config->sandbox)
		return SANDBOX_OFF;
	while (mode != SANDBOX_OFF && strcmp(sandbox_mode_name(mode), config->sandbox) != 0)
		mode--;
	return mode;
}

static void tell_missing(const struct agent *a)
{
	uint32_t missing = (CAPABILITY_LOOKING | CAPABILITY_LOADING) & ~capability_usable();

	for (int c = 0; c < CAPABILITY_CNT; c++) {
		if (missing & CAPABILITY_BIT(c))
			agent_log(&a->log, AGENT_LOG_WARNING, "privileges", "%s is missing: %s",
				  capability_name(c), capability_loss(c));
	}
}

int agent_sandbox_enter(struct agent *a, struct fault *why)
{
	const char *violation = getenv(SANDBOX_VIOLATION);
	const struct sandbox_options options = {
		.mode = mode_of(a, a->config),
		.may_execute = has_command(a->config),
		.kills = violation && strcmp(violation, "kill") == 0,
	};
	int err = sandbox_enter(&a->sandbox, &options, why);

	if (err)
		return err;
	tell_missing(a);
	if (options.mode != SANDBOX_OFF && !a->sandbox.has_filter)
		agent_log(&a->log, AGENT_LOG_WARNING, "privileges",
			  "this kernel cannot restrict system calls (CONFIG_SECCOMP_FILTER)");
	agent_config_use(a->daemon_config, &a->sandbox);
	return 0;
}

int agent_sandbox_check(const struct agent *a, const struct config *next, struct fault *why)
{
	if (a->sandbox.options.mode == SANDBOX_STRICT)
		return fault_set(why, -EPERM,
				 "\"sandbox: strict\" lets nothing be loaded any more; start the "
				 "agent again");
	if (a->sandbox.options.mode != SANDBOX_OFF && !a->sandbox.options.may_execute &&
	    has_command(next))
		return fault_set(why, -EPERM,
				 "the sandbox lets the agent execute nothing, since it began "
				 "without a command to notify by; start it again");
	if (mode_of(a, next) != a->sandbox.options.mode)
		agent_log(&a->log, AGENT_LOG_WARNING, "reload",
			  "what \"sandbox\" says takes effect when the agent is started again");
	return 0;
}

json_t *agent_sandbox_json(const struct agent *a)
{
	uint32_t effective = capability_effective();

	return json_pack("{s:s, s:b, s:b, s:o, s:o}", "mode",
			 sandbox_mode_name(a->sandbox.options.mode), "system_calls_listed",
			 a->sandbox.has_filter, "may_execute",
			 a->sandbox.options.mode == SANDBOX_OFF || a->sandbox.options.may_execute,
			 "capabilities", wire_capabilities(effective), "capabilities_at_hand",
			 wire_capabilities(capability_permitted() & ~effective));
}
