// SPDX-License-Identifier: Apache-2.0
// The node: JSON-RPC 2.0 over HTTP/1.1 with keep-alive, pipelining and batches, one thread for each connection. It knows
// three methods, and reads no more JSON than it needs to answer them.
#include <atomic>
#include <thread>
#include <vector>

#include "net.h"
#include "options.h"

static std::atomic<uint64_t> requests{0}, errors{0};
// SIGUSR1 makes the node slow, or quick again: for tests of alerts.
static volatile sig_atomic_t is_slow = 0;

static void on_slow_signal(int)
{
	is_slow = !is_slow;
}

// The raw text of a member's value, scalars only; empty where there is none.
static std::string member(const std::string &json, const std::string &name)
{
	size_t at = json.find("\"" + name + "\"");
	if (at == std::string::npos || (at = json.find(':', at)) == std::string::npos)
		return {};
	at = json.find_first_not_of(" \t", at + 1);
	size_t end = json[at] == '"' ? json.find('"', at + 1) + 1 : json.find_first_of(",}]", at);
	return json.substr(at, end - at);
}

static std::string answer(const std::string &call, const Options &options)
{
	std::string id = member(call, "id"), method = member(call, "method"), head = "{\"jsonrpc\":\"2.0\",\"id\":";
	uint64_t number = ++requests;

	head += id.empty() ? "null" : id;
	delay_us(options.number(is_slow ? "slow-us" : "delay-us"), options.number("busy") != 0);
	if (number % 1000 < options.number("error-permille")) {
		errors++;
		return head + ",\"error\":{\"code\":-32005,\"message\":\"node is behind\"}}";
	}
	if (method == "\"getLatestBlockhash\"")
		return head + ",\"result\":{\"value\":{\"blockhash\":\"" + std::to_string(number) + "\"}}}";
	if (method == "\"getBalance\"")
		return head + ",\"result\":{\"value\":" + std::to_string(number * 1000) + "}}";
	if (method == "\"sendTransaction\"")
		return head + ",\"result\":\"signature" + std::to_string(number) + "\"}";
	errors++;
	return head + ",\"error\":{\"code\":-32601,\"message\":\"method not found\"}}";
}

// A batch is an array of calls; objects in it have no nested ones in front of their members.
static std::string answer_body(const std::string &body, const Options &options)
{
	if (body.empty() || body[0] != '[')
		return answer(body, options);
	std::string all = "[";
	size_t at = 0;
	while ((at = body.find("{\"jsonrpc\"", at)) != std::string::npos) {
		size_t end = body.find("{\"jsonrpc\"", at + 1);
		all += (all.size() > 1 ? "," : "") + answer(body.substr(at, end - at), options);
		at++;
	}
	return all + "]";
}

static void serve(int fd, const Options &options)
{
	std::string buffer;

	while (!must_stop && (net::is_readable(fd, 100) ? net::receive_some(fd, buffer) : true)) {
		for (size_t head; (head = buffer.find("\r\n\r\n")) != std::string::npos;) {
			size_t length_at = buffer.find("Content-Length: ");
			size_t length = length_at < head ? strtoul(buffer.c_str() + length_at + 16, nullptr, 10) : 0;
			if (length > 1 << 20 || buffer.size() < head + 4 + length)
				break;
			std::string body = answer_body(buffer.substr(head + 4, length), options);
			buffer.erase(0, head + 4 + length);
			if (!net::send_all(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
						       std::to_string(body.size()) + "\r\n\r\n" + body))
				break;
		}
	}
	close(fd);
}

int main(int argc, char **argv)
{
	Options options(argc, argv,
			{{"port", "0"},
			 {"delay-us", "200"},
			 {"slow-us", "300000"},
			 {"busy", "0"},
			 {"error-permille", "10"},
			 {"duration-s", "60"}});
	uint16_t port = options.port("port");
	int listener = net::listen_on(port);
	std::vector<std::thread> threads;

	stop_after(options.number("duration-s"));
	signal(SIGUSR1, on_slow_signal);
	printf("listening rpc=%u\n", port);
	fflush(stdout);
	while (!must_stop) {
		if (!net::is_readable(listener, 100))
			continue;
		int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
		net::set_no_delay(fd);
		threads.emplace_back(serve, fd, std::cref(options));
	}
	for (auto &thread : threads)
		thread.join();
	printf("{\"requests\":%llu,\"errors\":%llu}\n", static_cast<unsigned long long>(requests.load()),
	       static_cast<unsigned long long>(errors.load()));
	return 0;
}
