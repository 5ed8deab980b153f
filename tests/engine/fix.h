// SPDX-License-Identifier: Apache-2.0
// FIX 4.4 messages: encoding, framing by BodyLength, checksums, fields (FIX 4.4 specification,
// volume 1).
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace fix
{
constexpr char soh = '\x01';

struct Message {
	std::string type;		   // 35
	std::map<int, std::string> fields; // all but 8, 9, 10, 35; the last of a repeated tag
	std::string get(int tag) const
	{
		auto found = fields.find(tag);
		return found == fields.end() ? std::string() : found->second;
	}
	double number(int tag) const
	{
		return strtod(get(tag).c_str(), nullptr);
	}
};

inline unsigned checksum(const char *bytes, size_t length)
{
	unsigned sum = 0;
	for (size_t i = 0; i < length; i++)
		sum += static_cast<unsigned char>(bytes[i]);
	return sum % 256;
}

// Encodes fields in the order given, with header and trailer around them.
class Session
{
	std::string sender_, target_;
	uint64_t out_ = 1;

      public:
	uint64_t expected_in = 1;

	Session(std::string sender, std::string target)
	    : sender_(std::move(sender)), target_(std::move(target))
	{
	}

	std::string encode(const std::string &type, const std::string &body)
	{
		std::string inner = "35=" + type + soh + "49=" + sender_ + soh + "56=" + target_ +
				    soh + "34=" + std::to_string(out_++) + soh +
				    "52=20260101-00:00:00.000" + soh + body;
		std::string whole = std::string("8=FIX.4.4") + soh +
				    "9=" + std::to_string(inner.size()) + soh + inner;
		char trailer[16];
		snprintf(trailer, sizeof(trailer), "10=%03u%c",
			 checksum(whole.data(), whole.size()), soh);
		return whole + trailer;
	}
};

inline std::string field(int tag, const std::string &value)
{
	return std::to_string(tag) + "=" + value + soh;
}

enum class Parse { message, incomplete, garbled };

// Takes one message off the front of the buffer.
inline Parse parse(std::string &buffer, Message &message)
{
	const std::string begin = std::string("8=FIX.4.4") + soh + "9=";
	size_t length_end, body, total;

	if (buffer.size() < begin.size())
		return begin.compare(0, buffer.size(), buffer) == 0 ? Parse::incomplete
								    : Parse::garbled;
	if (buffer.compare(0, begin.size(), begin) != 0)
		return Parse::garbled;
	length_end = buffer.find(soh, begin.size());
	if (length_end == std::string::npos)
		return buffer.size() > begin.size() + 8 ? Parse::garbled : Parse::incomplete;
	body = strtoul(buffer.c_str() + begin.size(), nullptr, 10);
	total = length_end + 1 + body + 7;
	if (body > 65536)
		return Parse::garbled;
	if (buffer.size() < total)
		return Parse::incomplete;
	if (buffer.compare(total - 7, 3, "10=") != 0 ||
	    strtoul(buffer.c_str() + total - 4, nullptr, 10) != checksum(buffer.data(), total - 7))
		return Parse::garbled;
	message = Message{};
	for (size_t at = length_end + 1; at < total - 7;) {
		size_t equals = buffer.find('=', at), end = buffer.find(soh, at);
		if (equals == std::string::npos || end == std::string::npos || equals > end)
			return Parse::garbled;
		int tag = static_cast<int>(strtol(buffer.c_str() + at, nullptr, 10));
		std::string value = buffer.substr(equals + 1, end - equals - 1);
		if (tag == 35)
			message.type = value;
		else
			message.fields[tag] = value;
		at = end + 1;
	}
	buffer.erase(0, total);
	return Parse::message;
}
} // namespace fix
