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

void Truth::write(uint64_t ticks) const
{
	std::lock_guard<std::mutex> lock(mutex_);
	uint64_t sent = 0, acked = 0, filled = 0;

	for (const auto &[id, o] : orders_) {
		sent += o.sent_ns != 0;
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
	fputs("order,clordid,tick,received_ns,signal_ns,sent_ns,ack_ns,fill_ns\n", file);
	for (const auto &[id, o] : orders_)
		fprintf(file, "%llu,C%llu,%llu,%llu,%llu,%llu,%llu,%llu\n", static_cast<unsigned long long>(id),
			static_cast<unsigned long long>(id), static_cast<unsigned long long>(o.tick),
			static_cast<unsigned long long>(o.received_ns), static_cast<unsigned long long>(o.signal_ns),
			static_cast<unsigned long long>(o.sent_ns), static_cast<unsigned long long>(o.ack_ns),
			static_cast<unsigned long long>(o.fill_ns));
	fclose(file);
}
} // namespace desk
