// SPDX-License-Identifier: Apache-2.0
// Strategy, risk, node client and execution, each recording its own truth.
#include "engine.h"

namespace desk
{
volatile uint32_t breaker_state = 0;

bool Strategy::generate_signal(const Tick &tick, Order &order)
{
	uint64_t begin = now_ns();
	bool is_signal = ++signals_ % static_cast<uint64_t>(options_.number("signal-every")) == 0;

	delay_us(options_.number("signal-us"), true);
	if (is_signal) {
		order.id = signals_;
		order.tick = tick.sequence;
		order.symbol = tick.symbol;
		order.side = signals_ % 2 ? '1' : '2';
		order.quantity = clamp_to(tick.bid / 10, 1.0, 100.0);
		order.price = order.side == '1' ? tick.ask : tick.bid;
		order.receive_ns = tick.receive_ns;
		order.received_ns = tick.received_ns;
		order.signal_ns = now_ns();
	}
	truth_.call(Fn::generate_signal, begin, now_ns(), true);
	return is_signal;
}

bool RiskManager::check(const Order &order)
{
	uint64_t begin = now_ns(), every = static_cast<uint64_t>(options_.number("throw-every"));
	bool ok;

	delay_us(options_.number("risk-us"), true);
	if (every && ++checks_ % every == 0) {
		truth_.call(Fn::check, begin, now_ns(), false);
		throw StalePrice("the price of " + order.symbol + " is stale");
	}
	ok = check(order, options_.number("max-quantity"));
	truth_.call(Fn::check, begin, now_ns(), ok);
	return ok;
}

bool RiskManager::check(const Order &order, double limit)
{
	return order.quantity <= limit && order.price > 0;
}

std::string NodeClient::call(const std::string &method)
{
	uint64_t begin = now_ns();
	std::string body = "{\"jsonrpc\":\"2.0\",\"id\":" + std::to_string(++id_) + ",\"method\":\"" + method +
			   "\",\"params\":[]}",
		    answer;
	bool ok = net::send_all(fd_, "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: " +
					     std::to_string(body.size()) + "\r\n\r\n" + body);

	for (size_t head; ok;) {
		if ((head = buffer_.find("\r\n\r\n")) != std::string::npos) {
			size_t length_at = buffer_.find("Content-Length: ");
			size_t length = strtoul(buffer_.c_str() + length_at + 16, nullptr, 10);
			if (buffer_.size() >= head + 4 + length) {
				answer = buffer_.substr(head + 4, length);
				buffer_.erase(0, head + 4 + length);
				break;
			}
		}
		ok = net::receive_some(fd_, buffer_);
	}
	ok = ok && answer.find("\"error\"") == std::string::npos;
	truth_.call(Fn::call, begin, now_ns(), ok);
	return ok ? answer : std::string();
}

Executor::Executor(const Options &options, Truth &truth, uint16_t port)
	: options_(options), truth_(truth), fd_(net::connect_to(port))
{
	send("A", fix::field(98, "0") + fix::field(108, "30"));
}

void Executor::send(const std::string &type, const std::string &body)
{
	std::lock_guard<std::mutex> lock(mutex_);
	if (!net::send_all(fd_, session_.encode(type, body)))
		must_stop = 1;
}

int Executor::execute_trade(const Order &order)
{
	uint64_t begin = now_ns(), every = static_cast<uint64_t>(options_.number("fail-every"));
	int result = breaker_state == 1 ? -1 : every && ++trades_ % every == 0 ? -2 : 0;

	delay_us(options_.number("execute-us"), true);
	truth_.order(order.id, [&](OrderTimes &o) { o.execute_ns = begin; });
	if (result == 0) {
		truth_.order(order.id, [&](OrderTimes &o) { o.send_ns = now_ns(); });
		send("D", fix::field(11, "C" + std::to_string(order.id)) + fix::field(55, order.symbol) +
				  fix::field(54, std::string(1, order.side)) + fix::field(40, "2") +
				  fix::field(38, std::to_string(order.quantity)) +
				  fix::field(44, std::to_string(order.price)) +
				  fix::field(60, "20260101-00:00:00.000"));
		truth_.order(order.id, [sent_ns = now_ns()](OrderTimes &o) { o.sent_ns = sent_ns; });
		result = must_stop && !net::is_readable(fd_, 0) ? -3 : 0;
	}
	truth_.call(Fn::execute_trade, begin, now_ns(), result == 0);
	return result;
}

void Executor::on_fill(const fix::Message &report)
{
	uint64_t begin = now_ns(), id = strtoull(report.get(11).c_str() + 1, nullptr, 10);

	truth_.order(id, [&](OrderTimes &o) { o.fill_ns = o.fill_ns ? o.fill_ns : begin; });
	truth_.call(Fn::on_fill, begin, now_ns(), true);
}

void Executor::receive_reports()
{
	std::string buffer;
	fix::Message report;

	for (uint64_t report_ns = 0;;) {
		if (!net::is_readable(fd_, 100)) {
			if (must_stop)
				break;
			continue;
		}
		report_ns = now_ns();
		if (!net::receive_some(fd_, buffer))
			break;
		while (fix::parse(buffer, report) == fix::Parse::message) {
			if (report.type != "8")
				continue;
			uint64_t id = strtoull(report.get(11).c_str() + 1, nullptr, 10);
			if (report.get(150) == "0" || report.get(150) == "8")
				truth_.order(id, [&](OrderTimes &o) {
					o.report_ns = report_ns;
					o.ack_ns = now_ns();
				});
			else
				on_fill(report);
		}
	}
}

void Executor::logout()
{
	send("5", "");
}

void OrderQueue::push(Order order)
{
	std::lock_guard<std::mutex> lock(mutex_);
	orders_.push_back(std::move(order));
	changed_.notify_one();
}

bool OrderQueue::pop(Order &order)
{
	std::unique_lock<std::mutex> lock(mutex_);
	changed_.wait(lock, [&] { return !orders_.empty() || is_closed_; });
	if (orders_.empty())
		return false;
	order = std::move(orders_.front());
	orders_.pop_front();
	return true;
}

void OrderQueue::close()
{
	std::lock_guard<std::mutex> lock(mutex_);
	is_closed_ = true;
	changed_.notify_all();
}
} // namespace desk
