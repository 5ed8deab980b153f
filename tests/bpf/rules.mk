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

# godesk by several versions of Go (see tests/toolchains/go; "local" without a number), and stripped; static but for cgo
GO_VARIANTS := godesk godesk-stripped godesk-pie godesk-cgo godesk-1.17 godesk-1.17-stripped godesk-1.20 godesk-1.26 \
	godesk-1.26-stripped godesk-1.27 godesk-1.27-stripped
GO_VERSION_1.17 := 1.17.13
GO_VERSION_1.20 := 1.20.14
GO_VERSION_1.26 := 1.26.8
GO_VERSION_1.27 := 1.27.4
GO_LDFLAGS_stripped := -s -w
GO_LDFLAGS_pie := -s -w
GO_FLAGS := -buildvcs=false
GO_FLAGS_pie := -buildmode=pie
# The flag came with 1.18.
GO_NOT_FLAGS_1.17 := -buildvcs=false
# What a go command does is said here, not by the settings of whoever calls it; nothing is fetched.
GO_ENV = GOENV=off GOFLAGS= GOROOT= GOEXPERIMENT= GOTOOLCHAIN=local GO111MODULE=on GOWORK=off GOPROXY=off GOOS=linux \
	GOARCH=amd64 GOAMD64=v1 CC="$(CC)" CGO_CFLAGS="-O2 -g" CGO_LDFLAGS= GOCACHE="$(abspath $(BUILD)/go-cache)"

# rdesk with the names of both schemes, without unwinding, and stripped with a debug file as distributions pack it
CARGO ?= cargo
OBJCOPY ?= objcopy
RUST_BUILDS := rdesk rdesk-v0 rdesk-abort
RUST_FLAGS := -Clink-arg=-Wl,--build-id
# The default until Rust 1.97; to ask for it is not stable.
RUST_LEGACY := -Csymbol-mangling-version=legacy -Zunstable-options
RUST_FLAGS_rdesk := $(RUST_LEGACY)
RUST_FLAGS_rdesk-v0 := -Csymbol-mangling-version=v0
RUST_FLAGS_rdesk-abort := $(RUST_LEGACY) -Cpanic=abort

BPF_TARGETS := $(addprefix $(BPF_TARGET_DIR)/,$(PLAIN_VARIANTS) frames exceptions timed slow libtarget.so uses_library jit execs hidden rpc shares udp chain chain_exec \
	tls_peer tls_peer-static tls_certificate $(GO_VARIANTS) $(RUST_BUILDS) rdesk-stripped)

$(addprefix $(BPF_TARGET_DIR)/,$(PLAIN_VARIANTS)): $(BPF_TARGET_DIR)/%: tests/bpf/targets/plain.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(or $(PLAIN_CC_$*),$(CC)) $(BPF_TARGET_CFLAGS) $(PLAIN_FLAGS_$*) -o $@ $< -lpthread

$(addprefix $(BPF_TARGET_DIR)/,frames timed uses_library execs hidden rpc shares udp chain chain_exec): $(BPF_TARGET_DIR)/%: tests/bpf/targets/%.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CC) $(BPF_TARGET_CFLAGS) -fcf-protection=full -o $@ $< -lpthread -ldl $(if $(filter rpc,$*),-luring)

# Whose stack can be walked: by frame pointers.
$(BPF_TARGET_DIR)/slow: tests/bpf/targets/slow.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CC) $(BPF_TARGET_CFLAGS) -fcf-protection=full -fno-omit-frame-pointer -o $@ $< -lpthread

# The end-to-end tests' program, with the library and with the code in itself; and what it shows its other side, which is itself.
$(BPF_TARGET_DIR)/tls_peer $(BPF_TARGET_DIR)/tls_peer-static: $(BPF_TARGET_DIR)/%: $(BUILD)/e2e/%
	@mkdir -p $(@D)
	cp $< $@

$(BPF_TARGET_DIR)/tls_certificate:
	@mkdir -p $(@D)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost \
		-keyout $@.part -out $@.certificate 2>/dev/null
	cat $@.certificate >>$@.part
	rm $@.certificate
	mv $@.part $@

$(BPF_TARGET_DIR)/exceptions: tests/bpf/targets/exceptions.cc $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CXX) $(BPF_TARGET_CXXFLAGS) -fcf-protection=full -o $@ $< -lpthread

$(BPF_TARGET_DIR)/libtarget.so: tests/bpf/targets/library.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CC) $(BPF_TARGET_CFLAGS) -fPIC -shared -fcf-protection=full -o $@ $<

$(BPF_TARGET_DIR)/jit: tests/bpf/targets/jit.c $(BPF_TARGET_HEADER)
	@mkdir -p $(@D)
	$(CC) $(BPF_TARGET_CFLAGS) -s -o $@ $<

# The words of a name say how: godesk-1.17-stripped
go_words = $(subst -, ,$*)
go_flags = $(filter-out $(foreach w,$(go_words),$(GO_NOT_FLAGS_$(w))),$(GO_FLAGS)) $(foreach w,$(go_words),$(GO_FLAGS_$(w)))
$(addprefix $(BPF_TARGET_DIR)/,$(GO_VARIANTS)): $(BPF_TARGET_DIR)/%: $(wildcard tests/bpf/targets/go/*) tests/toolchains/go
	@mkdir -p $(@D)
	go=$$(BUILD=$(BUILD) tests/toolchains/go $(or $(strip $(foreach w,$(go_words),$(GO_VERSION_$(w)))),local)) && \
	cd tests/bpf/targets/go && $(GO_ENV) CGO_ENABLED=$(if $(filter cgo,$(go_words)),1,0) "$$go" build -trimpath \
		$(go_flags) -ldflags="$(foreach w,$(go_words),$(GO_LDFLAGS_$(w)))" -o $(abspath $@) .

$(addprefix $(BPF_TARGET_DIR)/,$(RUST_BUILDS)): $(BPF_TARGET_DIR)/%: $(wildcard tests/bpf/targets/rust/* tests/bpf/targets/rust/src/*)
	@mkdir -p $(@D)
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="$(RUST_FLAGS) $(RUST_FLAGS_$*)" $(CARGO) build --quiet --release --locked --offline \
		--manifest-path tests/bpf/targets/rust/Cargo.toml --target-dir $(BUILD)/rust/$*
	cp $(BUILD)/rust/$*/release/rdesk $@

$(BPF_TARGET_DIR)/rdesk-stripped $(BPF_TARGET_DIR)/rdesk-stripped.debug &: $(BPF_TARGET_DIR)/rdesk
	$(OBJCOPY) --only-keep-debug --compress-debug-sections $< $(BPF_TARGET_DIR)/rdesk-stripped.debug
	$(OBJCOPY) --strip-all --add-gnu-debuglink=$(BPF_TARGET_DIR)/rdesk-stripped.debug $< $(BPF_TARGET_DIR)/rdesk-stripped

BPF_TESTS := $(patsubst tests/bpf/%.c,$(BUILD)/bpf-tests/%,$(sort $(wildcard tests/bpf/test_*.c)))

$(BUILD)/bpf-tests/%: $(BUILD)/obj/tests/bpf/%.o $(BUILD)/obj/tests/bpf/harness.o $(BUILD)/obj/tests/bpf/scenario.o \
		$(BUILD)/obj/tests/bpf/late_hook.o $(BUILD)/libtickscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -ljansson $(LIBS)

.PHONY: bpf-tests
bpf-tests: $(BPF_TESTS) $(BPF_TARGETS)
