# SPDX-License-Identifier: Apache-2.0
# Tests of the probes: small programs to trace, and the tests that trace them with the real tickscope.

BPF_TARGET_DIR := $(BUILD)/bpf-targets
BPF_TARGET_CFLAGS := -O2 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Itests/bpf/targets
BPF_TARGET_CXXFLAGS := -O2 -g -std=c++17 -Wall -Wextra -Itests/bpf/targets
BPF_TARGET_HEADER := tests/bpf/targets/target.h

# plain.c in the ways that compilers and distributions build it: flags after the name
PLAIN_VARIANTS := plain plain-cet plain-nop plain-nop5 plain-static plain-nopie plain-stripped plain-O0 plain-O3
PLAIN_FLAGS_plain := -fcf-protection=none
PLAIN_FLAGS_plain-cet := -fcf-protection=full
PLAIN_FLAGS_plain-nop := -fcf-protection=full -fpatchable-function-entry=5
# gcc writes five nops of one byte where clang writes one of five
PLAIN_CC_plain-nop5 := $(CLANG)
PLAIN_FLAGS_plain-nop5 := -fpatchable-function-entry=5 -fno-omit-frame-pointer
PLAIN_FLAGS_plain-static := -static
PLAIN_FLAGS_plain-nopie := -no-pie -fno-pie -fcf-protection=full
PLAIN_FLAGS_plain-stripped := -rdynamic -s
PLAIN_FLAGS_plain-O0 := -O0 -fcf-protection=full
PLAIN_FLAGS_plain-O3 := -O3 -fno-omit-frame-pointer

BPF_TARGETS := $(addprefix $(BPF_TARGET_DIR)/,$(PLAIN_VARIANTS) frames exceptions timed libtarget.so uses_library jit execs hidden)

$(addprefix $(BPF_TARGET_DIR)/,$(PLAIN_VARIANTS)): $(BPF_TARGET_DIR)/%: tests/bpf/targets/plain.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(or $(PLAIN_CC_$*),$(CC)) $(BPF_TARGET_CFLAGS) $(PLAIN_FLAGS_$*) -o $@ $< -lpthread

$(addprefix $(BPF_TARGET_DIR)/,frames timed uses_library execs hidden): $(BPF_TARGET_DIR)/%: tests/bpf/targets/%.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CC) $(BPF_TARGET_CFLAGS) -fcf-protection=full -o $@ $< -lpthread -ldl

$(BPF_TARGET_DIR)/exceptions: tests/bpf/targets/exceptions.cc $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CXX) $(BPF_TARGET_CXXFLAGS) -fcf-protection=full -o $@ $< -lpthread

$(BPF_TARGET_DIR)/libtarget.so: tests/bpf/targets/library.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CC) $(BPF_TARGET_CFLAGS) -fPIC -shared -fcf-protection=full -o $@ $<

$(BPF_TARGET_DIR)/jit: tests/bpf/targets/jit.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CC) $(BPF_TARGET_CFLAGS) -s -o $@ $<

BPF_TESTS := $(patsubst tests/bpf/%.c,$(BUILD)/bpf-tests/%,$(sort $(wildcard tests/bpf/test_*.c)))

$(BUILD)/bpf-tests/%: $(BUILD)/obj/tests/bpf/%.o $(BUILD)/obj/tests/bpf/harness.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -ljansson

.PHONY: bpf-tests
bpf-tests: $(BPF_TESTS) $(BPF_TARGETS)
