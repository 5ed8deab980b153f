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

void Truth::read(uint64_t begin_ns, uint64_t end_ns)
{
	std::lock_guard<std::mutex> lock(mutex_);

	if (!path_.empty())
		reads_.push_back({begin_ns, end_ns});
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
	fputs("order,clordid,tick,receive_ns,received_ns,signal_ns,push_ns,pushed_ns,popped_ns,accepted_ns,execute_ns,send_ns,"
	      "sent_ns,report_ns,ack_ns,fill_ns\n",
	      file);
	for (const auto &[id, o] : orders_) {
		fprintf(file, "%llu,C%llu,%llu", number(id), number(id), number(o.tick));
		for (uint64_t ns : {o.receive_ns, o.received_ns, o.signal_ns, o.push_ns, o.pushed_ns, o.popped_ns,
				    o.accepted_ns, o.execute_ns, o.send_ns, o.sent_ns, o.report_ns, o.ack_ns, o.fill_ns})
			fprintf(file, ",%llu", number(ns));
		fputc('\n', file);
	}
	fputs("read,begin_ns,end_ns\n", file);
	for (size_t i = 0; i < reads_.size(); i++)
		fprintf(file, "%zu,%llu,%llu\n", i, number(reads_[i].begin_ns), number(reads_[i].end_ns));
	fclose(file);
}
} // namespace desk
