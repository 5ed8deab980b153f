# SPDX-License-Identifier: Apache-2.0
# What the end-to-end tests trace besides the demo engine.

.PHONY: e2e-tests
e2e-tests: $(addprefix $(BUILD)/e2e/,acceptor initiator tls_peer tls_peer-static)

# QuickFIX 1.15 declares exception specifications that C++17 no longer has.
$(BUILD)/e2e/acceptor $(BUILD)/e2e/initiator: $(BUILD)/e2e/%: tests/e2e/%.cc
	@mkdir -p $(@D)
	$(CXX) -O2 -g -std=c++14 -Wall -Wno-deprecated -Wno-deprecated-declarations -Wno-overloaded-virtual -o $@ $< -lquickfix -lpthread

# Rooms of the agent under a loop of their own.
e2e-tests: $(BUILD)/e2e/notify_driver $(BUILD)/e2e/serve_driver $(BUILD)/e2e/scrape_driver $(BUILD)/e2e/history_driver $(BUILD)/e2e/alerts_driver $(BUILD)/e2e/sql_driver $(BUILD)/e2e/questdb_driver $(BUILD)/e2e/slow_resolver.so

$(BUILD)/e2e/%_driver: $(BUILD)/obj/tests/e2e/%_driver.o $(BUILD)/libtickscope.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/e2e/slow_resolver.so: tests/e2e/slow_resolver.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -fPIC -o $@ $<

$(BUILD)/e2e/tls_peer: tests/e2e/tls_peer.c
	@mkdir -p $(@D)
	$(CC) -O2 -g -Wall -Wextra -D_GNU_SOURCE -o $@ $< -lssl -lcrypto -lpthread

$(BUILD)/e2e/tls_peer-static: tests/e2e/tls_peer.c
	@mkdir -p $(@D)
	$(CC) -O2 -g -Wall -Wextra -D_GNU_SOURCE -o $@ $< -Wl,-Bstatic -lssl -lcrypto -Wl,-Bdynamic -lpthread

e2e-tests: $(BUILD)/e2e/counted
$(BUILD)/e2e/counted: tests/e2e/counted.c
	@mkdir -p $(@D)
	$(CC) -O2 -g -Wall -Wextra -o $@ $<

e2e-tests: $(BUILD)/e2e/paced
$(BUILD)/e2e/paced: tests/e2e/paced.c
	@mkdir -p $(@D)
	$(CC) -O2 -g -Wall -Wextra -o $@ $<
e2e-tests: $(BUILD)/e2e/chained
$(BUILD)/e2e/chained: tests/e2e/chained.c
	@mkdir -p $(@D)
	$(CC) -O2 -g -Wall -Wextra -o $@ $< -lpthread
