// SPDX-License-Identifier: Apache-2.0
// The exchange: takes orders by FIX 4.4, answers them with execution reports, and publishes market data on a second port.
// Each engine that connects is served by threads of its own.
#include <atomic>
#include <thread>
#include <vector>

#include "fix.h"
#include "net.h"
#include "options.h"

struct Counters {
	std::atomic<uint64_t> orders{0}, ignored{0}, rejects{0}, acks{0}, fills{0}, cancels{0}, replaces{0}, malformed{0},
		ticks{0};
};

class OrderEntry
{
	const Options &options_;
	Counters &counters_;
	fix::Session session_{"EXCHANGE", "ENGINE"};
	int fd_;
	uint64_t execution_ = 0, orders_ = 0;

	void send(const std::string &type, const std::string &body) { net::send_all(fd_, session_.encode(type, body)); }

	std::string report(const fix::Message &order, const char *exec_type, const char *status, double filled)
	{
		double quantity = order.number(38);
		return fix::field(37, "X" + order.get(11)) + fix::field(17, std::to_string(++execution_)) +
		       fix::field(150, exec_type) + fix::field(39, status) + fix::field(11, order.get(11)) +
		       fix::field(55, order.get(55)) + fix::field(54, order.get(54)) + fix::field(40, order.get(40)) +
		       fix::field(38, order.get(38)) + fix::field(14, std::to_string(filled)) +
		       fix::field(151, std::to_string(quantity - filled)) + fix::field(6, order.get(44)) +
		       fix::field(31, order.get(44)) + fix::field(32, std::to_string(filled));
	}

	void on_order(const fix::Message &order)
	{
		uint64_t ignore_every = static_cast<uint64_t>(options_.number("ignore-every"));

		counters_.orders++;
		orders_++;
		if (ignore_every && orders_ % ignore_every == 0) {
			counters_.ignored++;
			return;
		}
		delay_us(options_.number("delay-us"), false);
		if (orders_ % 1000 < options_.number("reject-permille")) {
			counters_.rejects++;
			send("8", report(order, "8", "8", 0));
			return;
		}
		counters_.acks++;
		send("8", report(order, "0", "0", 0));
		delay_us(options_.number("fill-delay-us"), false);
		if (orders_ % 4 == 0)
			send("8", report(order, "F", "1", order.number(38) / 2));
		counters_.fills++;
		send("8", report(order, "F", "2", order.number(38)));
	}

	void on_message(const fix::Message &m)
	{
		uint64_t sequence = strtoull(m.get(34).c_str(), nullptr, 10);

		if (m.type == "A") {
			session_.expected_in = sequence + 1;
			send("A", fix::field(98, "0") + fix::field(108, m.get(108)));
			return;
		}
		session_.expected_in = sequence + 1;
		if (m.type == "1") {
			send("0", fix::field(112, m.get(112)));
		} else if (m.type == "D" && (m.get(11).empty() || m.get(55).empty() || m.get(38).empty())) {
			counters_.malformed++;
			send("3", fix::field(45, m.get(34)) + fix::field(372, m.type) + fix::field(373, "1") +
					  fix::field(58, "required tag missing"));
		} else if (m.type == "D") {
			on_order(m);
		} else if (m.type == "F" || m.type == "G") {
			(m.type == "F" ? counters_.cancels : counters_.replaces)++;
			send("8", report(m, m.type == "F" ? "4" : "5", m.type == "F" ? "4" : "0", 0));
		}
	}

      public:
	OrderEntry(const Options &options, Counters &counters, int fd) : options_(options), counters_(counters), fd_(fd) {}

	// Serves one connection to its end.
	void run()
	{
		std::string buffer;
		fix::Message message;

		while (!must_stop && (net::is_readable(fd_, 100) ? net::receive_some(fd_, buffer) : true)) {
			fix::Parse result;
			while ((result = fix::parse(buffer, message)) == fix::Parse::message && message.type != "5")
				on_message(message);
			if (result == fix::Parse::message || result == fix::Parse::garbled) {
				counters_.malformed += result == fix::Parse::garbled;
				break; // a logout, or a stream that cannot be trusted any more
			}
		}
		close(fd_);
	}
};

// SIGUSR1 opens a market that was not open from the beginning.
static volatile sig_atomic_t is_open = 0;

static void on_open_signal(int)
{
	is_open = 1;
}

// One line for an update: sequence, symbol, bid, ask, time sent (CLOCK_MONOTONIC ns).
static void publish(const Options &options, Counters &counters, int fd)
{
	static const char *const symbols[] = {"SOLUSDT", "BTCUSDT", "ETHUSDT", "JUPUSDT"};
	double rate = options.number("ticks-per-s");
	while (!is_open && !must_stop)
		delay_us(1000, false);
	uint64_t next = now_ns(), tick = 0;
	for (bool is_alive = true; is_alive && !must_stop;) {
		double bid = 100 + static_cast<double>(++tick % 50) / 10;
		char line[128];
		snprintf(line, sizeof(line), "%llu %s %.2f %.2f %llu\n", static_cast<unsigned long long>(tick),
			 symbols[tick % 4], bid, bid + 0.1, static_cast<unsigned long long>(now_ns()));
		is_alive = net::send_all(fd, line);
		counters.ticks += is_alive;
		next += static_cast<uint64_t>(1e9 / rate);
		for (uint64_t now = now_ns(); now < next && !must_stop; now = now_ns())
			delay_us(static_cast<double>(next - now) / 1000 < 100000 ? static_cast<double>(next - now) / 1000
										 : 100000,
				 false);
	}
	close(fd);
}

static void serve(const Options &options, Counters &counters, int fd)
{
	OrderEntry(options, counters, fd).run();
}

int main(int argc, char **argv)
{
	Options options(argc, argv,
			{{"fix-port", "0"}, {"md-port", "0"}, {"ticks-per-s", "2000"}, {"delay-us", "50"},
			 {"fill-delay-us", "100"}, {"reject-permille", "20"}, {"ignore-every", "0"}, {"is-open", "1"}, {"duration-s", "60"}});
	uint16_t fix_port = options.port("fix-port"), md_port = options.port("md-port");
	int fix_listener = net::listen_on(fix_port), md_listener = net::listen_on(md_port);
	Counters counters;
	std::vector<std::thread> threads;

	is_open = options.number("is-open") != 0;
	signal(SIGUSR1, on_open_signal);
	stop_after(options.number("duration-s"));
	printf("listening fix=%u md=%u\n", fix_port, md_port);
	fflush(stdout);
	while (!must_stop) {
		pollfd ready[] = {{fix_listener, POLLIN, 0}, {md_listener, POLLIN, 0}};
		poll(ready, 2, 100);
		for (const pollfd &listener : ready) {
			if (!(listener.revents & POLLIN))
				continue;
			int fd = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
			net::set_no_delay(fd);
			threads.emplace_back(listener.fd == fix_listener ? serve : publish, std::cref(options),
					     std::ref(counters), fd);
		}
	}
	for (auto &thread : threads)
		thread.join();
	auto number = [](const std::atomic<uint64_t> &counter) { return static_cast<unsigned long long>(counter.load()); };
	printf("{\"orders\":%llu,\"ignored\":%llu,\"acks\":%llu,\"rejects\":%llu,\"fills\":%llu,\"cancels\":%llu,"
	       "\"replaces\":%llu,\"malformed\":%llu,\"ticks\":%llu}\n",
	       number(counters.orders), number(counters.ignored), number(counters.acks), number(counters.rejects),
	       number(counters.fills), number(counters.cancels), number(counters.replaces), number(counters.malformed),
	       number(counters.ticks));
	return 0;
}
