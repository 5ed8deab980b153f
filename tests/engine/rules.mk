# SPDX-License-Identifier: Apache-2.0
# The trading system that demo and tests trace: exchange, node, engine.

ENGINE_DIR := $(BUILD)/engine
ENGINE_HEADERS := $(wildcard tests/engine/*.h)
ENGINE_CXXFLAGS = $(CXXFLAGS) -fcf-protection=full

.PHONY: engine
engine: $(addprefix $(ENGINE_DIR)/,exchange node engine) ## the demo trading system

$(ENGINE_DIR)/exchange $(ENGINE_DIR)/node: $(ENGINE_DIR)/%: tests/engine/%.cc $(ENGINE_HEADERS)
	@mkdir -p $(@D)
	$(CXX) $(ENGINE_CXXFLAGS) -o $@ $< -lpthread

$(ENGINE_DIR)/engine: tests/engine/engine.cc tests/engine/parts.cc tests/engine/truth.cc $(ENGINE_HEADERS)
	@mkdir -p $(@D)
	$(CXX) $(ENGINE_CXXFLAGS) -o $@ $(filter %.cc,$^) -lpthread
