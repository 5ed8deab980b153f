// SPDX-License-Identifier: Apache-2.0
// Command-line options of the form --name VALUE, with defaults and --help; and an end by signal or
// by time.
#pragma once

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>

inline uint64_t now_ns()
{
	timespec t{};
	clock_gettime(CLOCK_MONOTONIC, &t);
	return static_cast<uint64_t>(t.tv_sec) * 1000000000U + static_cast<uint64_t>(t.tv_nsec);
}

// Works or sleeps for about this long.
inline void delay_us(double us, bool is_busy)
{
	if (us <= 0)
		return;
	uint64_t end = now_ns() + static_cast<uint64_t>(us * 1000);
	if (!is_busy) {
		timespec t{static_cast<time_t>(us / 1e6),
			   static_cast<long>(static_cast<uint64_t>(us * 1000) % 1000000000U)};
		nanosleep(&t, nullptr);
		return;
	}
	while (now_ns() < end)
		;
}

class Options
{
	std::map<std::string, std::string> values_;

      public:
	// `defaults`: name -> value; anything else is refused.
	Options(int argc, char **argv, std::map<std::string, std::string> defaults)
	    : values_(std::move(defaults))
	{
		for (int i = 1; i < argc; i += 2) {
			std::string name = argv[i] + (strncmp(argv[i], "--", 2) == 0 ? 2 : 0);
			if (name == "help") {
				printf("usage: %s [--NAME VALUE]…, with defaults:\n", argv[0]);
				for (const auto &[key, value] : values_)
					printf("  --%s %s\n", key.c_str(), value.c_str());
				exit(0);
			}
			if (!values_.count(name) || i + 1 == argc) {
				fprintf(stderr,
					"%s: %s is not an option, or has no value; see --help\n",
					argv[0], argv[i]);
				exit(2);
			}
			values_[name] = argv[i + 1];
		}
	}
	const std::string &text(const std::string &name) const
	{
		return values_.at(name);
	}
	double number(const std::string &name) const
	{
		return strtod(values_.at(name).c_str(), nullptr);
	}
	uint16_t port(const std::string &name) const
	{
		return static_cast<uint16_t>(number(name));
	}
};

inline volatile sig_atomic_t must_stop = 0;

inline void on_stop_signal(int)
{
	must_stop = 1;
}

// Ends the program's loops at SIGTERM or SIGINT, and by itself after duration_s.
inline void stop_after(double duration_s)
{
	struct sigaction action {
	};
	action.sa_handler = on_stop_signal;
	sigaction(SIGTERM, &action, nullptr);
	sigaction(SIGINT, &action, nullptr);
	sigaction(SIGALRM, &action, nullptr);
	signal(SIGPIPE, SIG_IGN);
	if (duration_s > 0)
		alarm(static_cast<unsigned>(duration_s + 0.999));
}
