# SPDX-License-Identifier: Apache-2.0
# Fuzzers of everything that reads foreign bytes, with clang's libFuzzer and sanitizers.

FUZZ_DIR := $(BUILD)/fuzz
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_LIB_SRC := $(wildcard user/base/*.c user/config/*.c user/measure/*.c user/protocol/*.c user/target/*.c) user/serve/request.c \
	user/cli/top_model.c user/cli/top_read.c user/judge/alert.c user/sink/ilp.c user/sink/questdb_answer.c
FUZZ_CFLAGS := -O1 -g $(BASE_CFLAGS) -Itests/fuzz -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Seeds: what the tests trace, real programs with every section there is; Go and Rust as small as they get, since real
# ones have megabytes.
FUZZ_SEEDS := plain plain-cet plain-stripped exceptions
RUSTC ?= rustc

.PHONY: fuzz-built
fuzz-built: $(addprefix $(FUZZ_DIR)/,$(FUZZERS)) $(FUZZ_DIR)/corpus/fuzz_elf/seeded \
	$(FUZZ_DIR)/corpus/fuzz_debug_file/seeded

$(FUZZ_DIR)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(FUZZ_DIR)/fuzz_%: $(FUZZ_DIR)/obj/tests/fuzz/fuzz_%.o $(FUZZ_LIB_SRC:%.c=$(FUZZ_DIR)/obj/%.o)
	@mkdir -p $(FUZZ_DIR)/corpus/$(@F) tests/fuzz/corpus/$(@F)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(FUZZ_DIR)/seed-go: tests/fuzz/seed_go.S
	@mkdir -p $(@D)
	$(CC) -nostdlib -static -o $@ $<

$(FUZZ_DIR)/seed-rust: tests/fuzz/seed.rs
	@mkdir -p $(@D)
	MAKEFLAGS= $(RUSTC) --edition 2021 --crate-name seed --crate-type lib --emit=obj -Ccodegen-units=1 -Copt-level=1 \
		-Cdebuginfo=2 -Cpanic=abort -o $@.o $<
	$(CC) -o $@ $@.o

$(FUZZ_DIR)/corpus/fuzz_elf/seeded: $(addprefix $(BPF_TARGET_DIR)/,$(FUZZ_SEEDS)) $(FUZZ_DIR)/seed-go $(FUZZ_DIR)/seed-rust
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
