# SPDX-License-Identifier: Apache-2.0
# Targets that test. tests/run finds the tests of a suite, runs them, and prints what came of it.

.PHONY: test test-unit test-bpf test-e2e test-kernels asan tests-built
test: ## install what is missing, build, and pass everything that this machine can run
	@tools/deps build test
	@$(MAKE) --no-print-directory -j$(shell nproc) test-all

.PHONY: test-all
test-all: all tests-built asan-built fuzz-built
	@BUILD=$(BUILD) tests/run check unit asan bpf e2e waiting kernels fuzz

test-unit: all $(UNIT_TESTS) fixtures ## the unit tests
	@BUILD=$(BUILD) tests/run unit

test-bpf: all bpf-tests ## tests of the probes on real programs (root)
	@BUILD=$(BUILD) tests/run bpf

test-e2e: all bpf-tests engine e2e-tests ## tests with real servers and the demo engine (root)
	@BUILD=$(BUILD) tests/run e2e waiting

test-kernels: all bpf-tests ## the tests of the probes on Debian's 6.1 and 6.12 kernels, in QEMU
	@BUILD=$(BUILD) tests/run kernels

asan: asan-built ## the unit tests with the address and undefined-behaviour sanitizers
	@BUILD=$(BUILD) tests/run asan

fuzz: fuzz-built ## every reader of foreign bytes, FUZZ_SECONDS each
	@BUILD=$(BUILD) tests/run fuzz

tests-built: $(UNIT_TESTS) fixtures bpf-tests engine e2e-tests

# The same tests once more, in a build of their own.
.PHONY: asan-built
asan-built:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS="-O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer" unit-tests-only

.PHONY: unit-tests-only
unit-tests-only: $(UNIT_TESTS) fixtures
