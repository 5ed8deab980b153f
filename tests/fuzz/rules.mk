# SPDX-License-Identifier: Apache-2.0
# Fuzzers of everything that reads foreign bytes, with clang's libFuzzer and sanitizers.

FUZZ_DIR := $(BUILD)/fuzz
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_LIB_SRC := $(wildcard user/base/*.c user/config/*.c user/protocol/*.c user/target/*.c)
FUZZ_CFLAGS := -O1 -g $(BASE_CFLAGS) -Itests/fuzz -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Seeds: what the tests trace, real programs with every section there is.
FUZZ_SEEDS := plain plain-cet plain-stripped exceptions

.PHONY: fuzz-built
fuzz-built: $(addprefix $(FUZZ_DIR)/,$(FUZZERS)) $(FUZZ_DIR)/corpus/fuzz_elf/seeded \
	$(FUZZ_DIR)/corpus/fuzz_debug_file/seeded

$(FUZZ_DIR)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(FUZZ_DIR)/fuzz_%: $(FUZZ_DIR)/obj/tests/fuzz/fuzz_%.o $(FUZZ_LIB_SRC:%.c=$(FUZZ_DIR)/obj/%.o)
	@mkdir -p $(FUZZ_DIR)/corpus/$(@F) tests/fuzz/corpus/$(@F)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(FUZZ_DIR)/corpus/fuzz_elf/seeded: $(addprefix $(BPF_TARGET_DIR)/,$(FUZZ_SEEDS))
	@mkdir -p $(@D)
	cp $^ $(@D)/
	@touch $@

# The first byte says what the rest is.
$(FUZZ_DIR)/corpus/fuzz_debug_file/seeded: $(BPF_TARGET_DIR)/plain
	@mkdir -p $(@D)
	objcopy --only-keep-debug --compress-debug-sections=zlib-gabi $< $(FUZZ_DIR)/seed.debug
	strip -g -o $(FUZZ_DIR)/seed.names $<
	xz -fk $(FUZZ_DIR)/seed.names
	(printf '\000'; cat $(FUZZ_DIR)/seed.names.xz) >$(@D)/names.xz
	(printf '\002'; cat $(FUZZ_DIR)/seed.debug) >$(@D)/debug
	(printf '\003'; cat $(FUZZ_DIR)/seed.names) >$(@D)/names
	@touch $@
