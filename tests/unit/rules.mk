# SPDX-License-Identifier: Apache-2.0
# What single unit tests are linked with: functions that they make fail.

UNIT_LDFLAGS_test_protocol := -Wl,--wrap=calloc
UNIT_LDFLAGS_test_agent_sinks := -Wl,--wrap=config_free
UNIT_LDFLAGS_test_prometheus_memory := -Wl,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup
UNIT_LDFLAGS_test_chain_joins := -Wl,--wrap=chain_take,--wrap=chain_complete,--wrap=chain_time_out
