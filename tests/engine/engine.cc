// SPDX-License-Identifier: Apache-2.0
// The engine: market data in, orders out. Run to completion on one thread, or with --variant queue strategy and sender on
// threads of their own.
#include <thread>

#include "engine.h"

using namespace desk;

namespace
{
struct Engine {
	Options &options;
	Truth truth{options.text("truth")};
	Strategy strategy{options, truth};
	RiskManager risk{options, truth};
	NodeClient node{options, truth, options.port("rpc-port")};
	Executor executor{options, truth, options.port("fix-port")};
	OrderQueue queue{};
	uint64_t ticks = 0;
	bool has_queue = options.text("variant") == "queue";

	void on_order(const Order &order)
	{
		try {
			if (!risk.check(order))
				return;
			truth.order(order.id, [](OrderTimes &o) { o.accepted_ns = now_ns(); });
			executor.execute_trade(order);
		} catch (const StalePrice &) {
			// Refused; the next tick brings a fresh price.
		}
	}

	void on_tick(const Tick &tick)
	{
		Order order;

		ticks++;
		if (ticks % static_cast<uint64_t>(options.number("rpc-every")) == 0)
			node.call(ticks % 2 ? "getBalance" : "getLatestBlockhash");
		if (!strategy.generate_signal(tick, order))
			return;
		truth.order(order.id, [&](OrderTimes &o) {
			o.tick = order.tick;
			o.receive_ns = order.receive_ns;
			o.received_ns = order.received_ns;
			o.signal_ns = order.signal_ns;
		});
		if (has_queue) {
			truth.order(order.id, [](OrderTimes &o) { o.push_ns = now_ns(); });
			queue.push(order);
			truth.order(order.id, [pushed_ns = now_ns()](OrderTimes &o) { o.pushed_ns = pushed_ns; });
		} else {
			on_order(order);
		}
	}

	void run_feed()
	{
		int fd = net::connect_to(options.port("md-port"));
		uint64_t limit = static_cast<uint64_t>(options.number("ticks"));
		std::string buffer;

		while (!must_stop) {
			if (!net::is_readable(fd, 100))
				continue;
			uint64_t receive = now_ns();
			if (!net::receive_some(fd, buffer))
				break;
			uint64_t received = now_ns();
			truth.read(receive, received);
			for (size_t end; (end = buffer.find('\n')) != std::string::npos && !must_stop; buffer.erase(0, end + 1)) {
				Tick tick;
				char symbol[32] = "";
				unsigned long long sequence = 0;
				if (sscanf(buffer.c_str(), "%llu %31s %lf %lf", &sequence, symbol, &tick.bid, &tick.ask) != 4)
					continue;
				tick.sequence = sequence;
				tick.symbol = symbol;
				tick.receive_ns = receive;
				tick.received_ns = received;
				on_tick(tick);
				if (limit && ticks == limit)
					must_stop = 1;
			}
		}
		close(fd);
		must_stop = 1;
	}

	void run_sender()
	{
		Order order;
		while (queue.pop(order)) {
			truth.order(order.id, [popped_ns = now_ns()](OrderTimes &o) { o.popped_ns = popped_ns; });
			on_order(order);
		}
	}
};
} // namespace

int main(int argc, char **argv)
{
	Options options(argc, argv,
			{{"md-port", "0"},     {"fix-port", "0"},   {"rpc-port", "0"},	 {"variant", "single"}, {"truth", ""},
			 {"signal-us", "20"},  {"risk-us", "5"},    {"execute-us", "30"}, {"signal-every", "5"},
			 {"fail-every", "50"}, {"throw-every", "40"}, {"rpc-every", "50"}, {"max-quantity", "1000"},
			 {"ticks", "0"},       {"duration-s", "60"}});
	stop_after(options.number("duration-s"));
	{
		Engine engine{options};
		std::thread reports(&Executor::receive_reports, &engine.executor);
		std::thread sender(&Engine::run_sender, &engine);

		printf("ready variant=%s\n", options.text("variant").c_str());
		fflush(stdout);
		engine.run_feed();
		engine.queue.close();
		sender.join();
		delay_us(200000, false); // the last executions are on their way
		engine.executor.logout();
		reports.join();
		engine.truth.write(engine.ticks);
	}
	return 0;
}
