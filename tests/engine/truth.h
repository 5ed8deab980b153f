// SPDX-License-Identifier: Apache-2.0
// The engine's own record of what it did and when, kept in memory and written at the end, so that
// keeping it costs no more than a clock read: what a tracer says is held against it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace desk
{
enum class Fn : uint8_t { generate_signal, check, call, execute_trade, on_fill, count };

struct Call {
	Fn fn;
	bool ok;
	uint32_t thread;
	uint64_t begin_ns;
	uint64_t end_ns;
};

// Times of one order, CLOCK_MONOTONIC ns; 0: did not happen. What begins and ends outside of the
// engine, in a system call, has an instant before it and one behind it.
struct OrderTimes {
	uint64_t id = 0, tick = 0;
	uint64_t receive_ns = 0, received_ns = 0; // the read that brought its tick
	uint64_t signal_ns = 0;			  // decided on
	uint64_t push_ns = 0, pushed_ns = 0;	  // into the queue, where there is one
	uint64_t popped_ns = 0;
	uint64_t accepted_ns = 0;	   // by the risk check
	uint64_t execute_ns = 0;	   // the trade has begun
	uint64_t send_ns = 0, sent_ns = 0; // to the exchange
	uint64_t report_ns = 0;		   // the read that brought its first report
	uint64_t ack_ns = 0, fill_ns = 0;
};

struct Read {
	uint64_t begin_ns, end_ns;
};

class Truth
{
	std::string path_;
	mutable std::mutex mutex_;
	std::vector<Call> calls_;
	std::unordered_map<uint64_t, OrderTimes> orders_;
	std::vector<Read> reads_; // of market data
	uint64_t counts_[static_cast<size_t>(Fn::count)] = {};
	uint64_t failures_[static_cast<size_t>(Fn::count)] = {};

      public:
	explicit Truth(std::string path) : path_(std::move(path))
	{
		if (!path_.empty())
			calls_.reserve(1 << 20);
	}
	void call(Fn fn, uint64_t begin_ns, uint64_t end_ns, bool ok);
	void read(uint64_t begin_ns, uint64_t end_ns);
	template <typename Change> void order(uint64_t id, Change change)
	{
		std::lock_guard<std::mutex> lock(mutex_);
		OrderTimes &o = orders_[id];
		o.id = id;
		change(o);
	}
	// One JSON line of counts on stdout, and the file if one was named.
	void write(uint64_t ticks) const;
};
} // namespace desk
