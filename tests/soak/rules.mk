# SPDX-License-Identifier: Apache-2.0
# `make soak`: a trace, then an agent, each for SOAK_MINUTES under processes that come, go and are killed. Not part of
# `make test`.

.PHONY: soak
soak: all bpf-tests ## a trace and an agent for SOAK_MINUTES (20) each, targets coming and going: counts, memory (root)
	python3 -B tests/soak/soak.py --build $(BUILD)
	python3 -B tests/soak/agent.py --build $(BUILD)
