# SPDX-License-Identifier: Apache-2.0
# `make soak`: one trace for SOAK_MINUTES under processes that come, go and are killed. Not part of `make test`.

.PHONY: soak
soak: all bpf-tests ## a trace of SOAK_MINUTES (20) under processes that come, go and are killed: counts, memory (root)
	python3 -B tests/soak/soak.py --build $(BUILD)
