# SPDX-License-Identifier: Apache-2.0
# Targets that prepare, show and install.

.PHONY: deps demo install uninstall clean check dashboards
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

# What is installed, as SOURCE:PLACE under the prefix. The unit's paths follow the prefix.
SHARED := deploy/tickscope.yaml deploy/README.md $(wildcard deploy/profiles/*.yaml deploy/rules/*.yaml deploy/prometheus/*.yaml) \
	$(sort $(shell find deploy/grafana -type f))
INSTALLED := $(BUILD)/tickscope:bin/tickscope man/tickscope.1:share/man/man1/tickscope.1 \
	$(BUILD)/tickscope.service:lib/systemd/system/tickscope.service \
	deploy/systemd/tickscope.sysusers:lib/sysusers.d/tickscope.conf \
	$(foreach f,$(SHARED),$(f):share/tickscope/$(f:deploy/%=%))

$(BUILD)/tickscope.service: deploy/systemd/tickscope.service .FORCE
	sed 's|/usr/local/bin/|$(PREFIX)/bin/|' $< > $@

.PHONY: .FORCE
.FORCE:

install: $(BUILD)/tickscope $(BUILD)/tickscope.service ## install program, manual, systemd unit, rules, dashboards, an example under $(DESTDIR)$(PREFIX)
	set -e; for pair in $(INSTALLED); do \
		mode=644; case $$pair in *:bin/*) mode=755 ;; esac; \
		install -D -m $$mode "$${pair%%:*}" "$(DESTDIR)$(PREFIX)/$${pair#*:}"; done

uninstall: ## remove what `make install` put there; configuration and history stay
	for pair in $(INSTALLED); do rm -f "$(DESTDIR)$(PREFIX)/$${pair#*:}"; done
	find "$(DESTDIR)$(PREFIX)/share/tickscope" -depth -type d -empty -delete 2>/dev/null || true

clean: ## remove what was built
	rm -rf $(BUILD)

# For tools/check: what the sources are compiled with.
.PHONY: print-flags
print-flags: $(SKELETONS)
	@echo $(BASE_CFLAGS)
