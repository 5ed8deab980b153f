// SPDX-License-Identifier: Apache-2.0
// The parts of the engine: strategy, risk, node client, execution. Their public functions are what
// its owner would want measured, and are kept out of line, as they would be across the files of a
// larger engine.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>

#include "fix.h"
#include "net.h"
#include "options.h"
#include "truth.h"

#define DESK_API __attribute__((noinline))

namespace desk
{
// 0 closed, 1 open, 2 half open.
extern volatile uint32_t breaker_state;

struct Tick {
	uint64_t sequence = 0;
	std::string symbol;
	double bid = 0, ask = 0;
	uint64_t receive_ns = 0, received_ns = 0;
};

struct Order {
	uint64_t id = 0, tick = 0;
	std::string symbol;
	char side = '1';
	double quantity = 0, price = 0;
	uint64_t receive_ns = 0, received_ns = 0, signal_ns = 0;
};

struct StalePrice : std::runtime_error {
	using std::runtime_error::runtime_error;
};

class Strategy
{
	const Options &options_;
	Truth &truth_;
	uint64_t signals_ = 0;

      public:
	Strategy(const Options &options, Truth &truth) : options_(options), truth_(truth)
	{
	}
	virtual ~Strategy() = default;
	// True, and an order, for every signal-every'th tick.
	DESK_API virtual bool generate_signal(const Tick &tick, Order &order);
};

class RiskManager
{
	const Options &options_;
	Truth &truth_;
	uint64_t checks_ = 0;

      public:
	RiskManager(const Options &options, Truth &truth) : options_(options), truth_(truth)
	{
	}
	// Throws StalePrice for every throw-every'th order; that is how this desk refuses.
	DESK_API bool check(const Order &order);
	DESK_API bool check(const Order &order, double limit);
};

class NodeClient
{
	const Options &options_;
	Truth &truth_;
	int fd_;
	std::string buffer_;
	uint64_t id_ = 0;

      public:
	NodeClient(const Options &options, Truth &truth, uint16_t port)
	    : options_(options), truth_(truth), fd_(net::connect_to(port))
	{
	}
	~NodeClient()
	{
		close(fd_);
	}
	// The answer's body; empty where the node answered with an error.
	DESK_API std::string call(const std::string &method);
};

class Executor
{
	const Options &options_;
	Truth &truth_;
	int fd_;
	std::mutex mutex_;
	fix::Session session_{"ENGINE", "EXCHANGE"};
	uint64_t trades_ = 0;

	void send(const std::string &type, const std::string &body);

      public:
	Executor(const Options &options, Truth &truth, uint16_t port);
	~Executor()
	{
		close(fd_);
	}
	// 0, or negative for a failure: -1 the breaker is open, -2 injected, -3 the exchange is
	// gone.
	DESK_API int execute_trade(const Order &order);
	DESK_API void on_fill(const fix::Message &report);
	// Takes execution reports until the exchange is gone or the engine stops.
	void receive_reports();
	void logout();
};

template <typename T> DESK_API T clamp_to(T value, T low, T high)
{
	return value < low ? low : value > high ? high : value;
}

// Hands orders from the strategy's thread to the sender's.
class OrderQueue
{
	std::mutex mutex_;
	std::condition_variable changed_;
	std::deque<Order> orders_;
	bool is_closed_ = false;

      public:
	void push(Order order);
	bool pop(Order &order);
	void close();
};
} // namespace desk
