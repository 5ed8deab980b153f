# SPDX-License-Identifier: Apache-2.0
# `make bench`: what tracing costs here, next to an empty program and to other tools. BENCH_ARGS goes to bench.py.

BENCH := $(BUILD)/bench
BENCH_CC = $(CC) $(CFLAGS) -MMD -MP
BENCH_TARGET_OBJ := $(addprefix $(BENCH)/,target.o spin.o many.o work_cet.o work_push.o work_nop5.o)

.PHONY: bench
bench: $(BUILD)/tickscope $(BENCH)/bench-target $(BENCH)/rpc-pair $(BENCH)/switch-pair $(BENCH)/empty-load $(BENCH)/ilp-rows $(BUILD)/e2e/scrape_driver ## the ratios of DESIGN §5, measured (root)
	python3 -B tests/bench/bench.py --build $(BUILD) $(BENCH_ARGS)

# The first instructions of a traced function are what is compared, so they do not depend on the compiler's defaults.
$(BENCH)/target.o: tests/bench/target.c tests/bench/rules.mk
	@mkdir -p $(@D)
	$(BENCH_CC) -c $< -o $@

$(BENCH)/spin.o $(BENCH)/many.o: $(BENCH)/%.o: tests/bench/%.c tests/bench/rules.mk
	@mkdir -p $(@D)
	$(BENCH_CC) -fcf-protection=full -fno-ipa-icf -c $< -o $@

$(BENCH)/work_cet.o: tests/bench/work.c tests/bench/rules.mk
	@mkdir -p $(@D)
	$(BENCH_CC) -fcf-protection=full -DWORK_NAME=work_cet -c $< -o $@

$(BENCH)/work_push.o: tests/bench/work.c tests/bench/rules.mk
	@mkdir -p $(@D)
	$(BENCH_CC) -fcf-protection=none -DWORK_NAME=work_push -c $< -o $@

# clang writes one nop of 5 bytes; gcc writes five of one byte, which no kernel optimises.
$(BENCH)/work_nop5.o: tests/bench/work.c tests/bench/rules.mk
	@mkdir -p $(@D)
	$(CLANG) $(CFLAGS) -MMD -MP -fcf-protection=none -fpatchable-function-entry=5 -DWORK_NAME=work_nop5 -c $< -o $@

$(BENCH)/bench-target: $(BENCH_TARGET_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm

$(BENCH)/rpc-pair: tests/bench/rpc_pair.c
	@mkdir -p $(@D)
	$(BENCH_CC) $(LDFLAGS) -o $@ $<

$(BENCH)/switch-pair: tests/bench/switch_pair.c
	@mkdir -p $(@D)
	$(BENCH_CC) $(LDFLAGS) -o $@ $< -lpthread

$(BENCH)/ilp-rows: tests/bench/ilp_rows.c $(BUILD)/libtickscope.a
	@mkdir -p $(@D)
	$(BENCH_CC) $(LDFLAGS) -o $@ $< $(BUILD)/libtickscope.a $(LIBS)

$(BENCH)/empty.bpf.o: tests/bench/empty.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(BENCH)/empty.skel.h: $(BENCH)/empty.bpf.o
	$(BPFTOOL) gen skeleton $< name empty_bpf > $@

$(BENCH)/empty-load: tests/bench/empty_load.c $(BENCH)/empty.skel.h
	$(BENCH_CC) -I$(BENCH) $(LDFLAGS) -o $@ $< $(shell $(PKG_CONFIG) --libs libbpf)
