/* SPDX-License-Identifier: Apache-2.0 */
/* A time stamp of the loop, and a line about its state. */
#include <stdio.h>

#include "base/clock.h"
#include "daemon/agent_pulse.h"

void agent_pulse_init(struct agent_pulse *pulse)
{
	pthread_mutex_init(&pulse->lock, NULL);
	pulse->limit_ns = AGENT_PULSE_BUSY_NS;
	agent_pulse_excuse(pulse);
	agent_pulse_set_reason(pulse, "starting: not everything is attached yet");
}

void agent_pulse_fini(struct agent_pulse *pulse)
{
	pthread_mutex_destroy(&pulse->lock);
}

void agent_pulse_turn(struct agent_pulse *pulse)
{
	pulse->turned_mono_ns = clock_mono_ns();
}

void agent_pulse_excuse(struct agent_pulse *pulse)
{
	pulse->turned_mono_ns = clock_mono_ns() + AGENT_PULSE_BUSY_NS;
}

void agent_pulse_limit(struct agent_pulse *pulse, uint64_t limit_ns)
{
	pulse->limit_ns = limit_ns;
}

void agent_pulse_set_reason(struct agent_pulse *pulse, const char *reason)
{
	pthread_mutex_lock(&pulse->lock);
	pulse->is_ready = !reason[0];
	snprintf(pulse->reason, sizeof(pulse->reason), "%s", reason);
	pthread_mutex_unlock(&pulse->lock);
}

uint64_t agent_pulse_age_ns(struct agent_pulse *pulse)
{
	uint64_t turned_ns = pulse->turned_mono_ns, now_ns = clock_mono_ns();

	return now_ns > turned_ns ? now_ns - turned_ns : 0;
}

bool agent_pulse_is_alive(struct agent_pulse *pulse, char *text, size_t text_bytes)
{
	uint64_t age_ns = agent_pulse_age_ns(pulse);
	bool is_alive = age_ns <= pulse->limit_ns;

	if (is_alive)
		snprintf(text, text_bytes, "ok");
	else
		snprintf(text, text_bytes, "the loop has not turned for %llu s",
			 (unsigned long long)(age_ns / NS_PER_S));
	return is_alive;
}

bool agent_pulse_is_ready(struct agent_pulse *pulse, char *text, size_t text_bytes)
{
	bool is_ready = agent_pulse_is_alive(pulse, text, text_bytes);

	if (!is_ready)
		return false;
	pthread_mutex_lock(&pulse->lock);
	is_ready = pulse->is_ready;
	snprintf(text, text_bytes, "%s", is_ready ? "ready" : pulse->reason);
	pthread_mutex_unlock(&pulse->lock);
	return is_ready;
}
