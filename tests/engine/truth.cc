// SPDX-License-Identifier: Apache-2.0
// Writes the engine's record: counts as JSON, calls and orders as CSV.
#include "truth.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

namespace desk
{
static const char *const names[] = {"desk::Strategy::generate_signal", "desk::RiskManager::check", "desk::NodeClient::call",
				    "desk::Executor::execute_trade", "desk::Executor::on_fill"};

void Truth::call(Fn fn, uint64_t begin_ns, uint64_t end_ns, bool ok)
{
	static thread_local uint32_t thread = static_cast<uint32_t>(syscall(SYS_gettid));
	std::lock_guard<std::mutex> lock(mutex_);

	counts_[static_cast<size_t>(fn)]++;
	failures_[static_cast<size_t>(fn)] += !ok;
	if (!path_.empty())
		calls_.push_back({fn, ok, thread, begin_ns, end_ns});
}

void Truth::read(uint64_t ns)
{
	std::lock_guard<std::mutex> lock(mutex_);

	if (!path_.empty())
		reads_ns_.push_back(ns);
}

static unsigned long long number(uint64_t value)
{
	return static_cast<unsigned long long>(value);
}

void Truth::write(uint64_t ticks) const
{
	std::lock_guard<std::mutex> lock(mutex_);
	uint64_t sent = 0, acked = 0, filled = 0;

	for (const auto &[id, o] : orders_) {
		sent += o.send_ns != 0;
		acked += o.ack_ns != 0;
		filled += o.fill_ns != 0;
	}
	printf("{\"ticks\":%llu,\"orders_sent\":%llu,\"acks\":%llu,\"fills\":%llu,\"calls\":{",
	       static_cast<unsigned long long>(ticks), static_cast<unsigned long long>(sent),
	       static_cast<unsigned long long>(acked), static_cast<unsigned long long>(filled));
	for (size_t i = 0; i < static_cast<size_t>(Fn::count); i++)
		printf("%s\"%s\":{\"count\":%llu,\"failed\":%llu}", i ? "," : "", names[i],
		       static_cast<unsigned long long>(counts_[i]), static_cast<unsigned long long>(failures_[i]));
	puts("}}");
	fflush(stdout);
	if (path_.empty())
		return;
	FILE *file = fopen(path_.c_str(), "w");
	if (!file) {
		perror(path_.c_str());
		return;
	}
	fputs("function,call,thread,begin_ns,end_ns,ok\n", file);
	for (size_t i = 0; i < calls_.size(); i++)
		fprintf(file, "%s,%zu,%u,%llu,%llu,%d\n", names[static_cast<size_t>(calls_[i].fn)], i, calls_[i].thread,
			static_cast<unsigned long long>(calls_[i].begin_ns),
			static_cast<unsigned long long>(calls_[i].end_ns), calls_[i].ok);
	fputs("order,clordid,tick,received_ns,signal_ns,pushed_ns,popped_ns,execute_ns,send_ns,sent_ns,ack_ns,fill_ns\n", file);
	for (const auto &[id, o] : orders_)
		fprintf(file, "%llu,C%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu\n", number(id), number(id),
			number(o.tick), number(o.received_ns), number(o.signal_ns), number(o.pushed_ns),
			number(o.popped_ns), number(o.execute_ns), number(o.send_ns), number(o.sent_ns),
			number(o.ack_ns), number(o.fill_ns));
	fputs("read,received_ns\n", file);
	for (size_t i = 0; i < reads_ns_.size(); i++)
		fprintf(file, "%zu,%llu\n", i, number(reads_ns_[i]));
	fclose(file);
}
} // namespace desk
