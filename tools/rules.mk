# SPDX-License-Identifier: Apache-2.0
# Targets that prepare, show and install.

.PHONY: deps demo install clean check dashboards
deps: ## install what build, tests and benchmarks need (Debian packages)
	@tools/deps build test bench

# The packages decide how the Makefile's variables come out: make starts over once they are there.
demo: ## install what is missing, build, and trace the demo engine for half a minute
	@tools/deps build
	@$(MAKE) --no-print-directory -j$(shell nproc) all engine
	@tools/demo $(BUILD)

check: ## formatting, structure, licences and static analysis; warnings are errors
	@tools/check --build $(BUILD)

dashboards: ## write deploy/grafana/dashboards again after a change in tools/grafana
	@tools/dashboards

install: $(BUILD)/tickscope ## install the program, its manual, ready rules and dashboards, and an example under $(DESTDIR)$(PREFIX)
	install -D -m 755 $(BUILD)/tickscope $(DESTDIR)$(PREFIX)/bin/tickscope
	install -D -m 644 man/tickscope.1 $(DESTDIR)$(PREFIX)/share/man/man1/tickscope.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/tickscope/rules deploy/rules/*.yaml
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/tickscope deploy/tickscope.yaml deploy/README.md
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/tickscope/prometheus deploy/prometheus/*.yaml
	cd deploy && find grafana -type f -exec install -D -m 644 {} $(abspath $(DESTDIR)$(PREFIX))/share/tickscope/{} \;

clean: ## remove what was built
	rm -rf $(BUILD)

# For tools/check: what the sources are compiled with.
.PHONY: print-flags
print-flags: $(SKELETONS)
	@echo $(BASE_CFLAGS)
