# SPDX-License-Identifier: Apache-2.0
# tickscope. `make demo` and `make test` are all that most people need; `make help` lists the rest.
# Everything that is built goes under $(BUILD); nothing else in the tree changes.

BUILD ?= build
CC ?= gcc
CXX ?= g++
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
VERSION := $(shell cat VERSION)
PREFIX ?= /usr/local

MAKEFLAGS += --no-builtin-rules
# `make V=1` shows the commands.
$(V).SILENT:
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
LIBS_PKG := libbpf libelf libdw zlib liblzma jansson libcap-ng libseccomp libfyaml libcurl sqlite3 hiredis libcrypto ncursesw libmicrohttpd
# Zydis has no pkg-config file in Debian 12; libiberty never had one.
LIBS := $(shell $(PKG_CONFIG) --libs $(LIBS_PKG) 2>/dev/null) -lZydis -liberty -lm -lpthread
BASE_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DTICKSCOPE_VERSION='"$(VERSION)"' $(WARNINGS) -Iinclude -Iuser -I$(BUILD)/skel
override CFLAGS := -O2 -g $(BASE_CFLAGS) $(CFLAGS)
CXXFLAGS ?= -O2 -g -std=c++17 -Wall -Wextra -Wshadow

BPF_CFLAGS := --target=bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Iinclude -Ivmlinux -Ibpf \
	-D__TARGET_ARCH_x86

USER_SRC := $(shell find user -name '*.c' -o -name '*.S' | sort)
LIB_SRC := $(filter-out user/main.c,$(USER_SRC))
BPF_SRC := $(sort $(wildcard bpf/*.bpf.c))
SKELETONS := $(patsubst bpf/%.bpf.c,$(BUILD)/skel/%.skel.h,$(BPF_SRC))
obj_of = $(patsubst %,$(1)/%.o,$(basename $(2)))
LIB_OBJ := $(call obj_of,$(BUILD)/obj,$(LIB_SRC))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

.PHONY: all help
all: $(BUILD)/tickscope ## build the program

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 16

# --- BPF: .bpf.c -> .bpf.o -> .skel.h ---------------------------------------------------------------------------------
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/skel/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# --- user space -------------------------------------------------------------------------------------------------------
$(BUILD)/obj/%.o: %.c | $(SKELETONS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libtickscope.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tickscope: $(BUILD)/obj/user/main.o $(BUILD)/libtickscope.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# --- unit tests: each one program, linked with the library ------------------------------------------------------------
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libtickscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(UNIT_LDFLAGS_$*) -lcmocka $(LIBS)

include $(sort $(wildcard tests/*/rules.mk tools/rules.mk deploy/rules.mk))

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
