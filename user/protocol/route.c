/* SPDX-License-Identifier: Apache-2.0 */
/* Each segment of a path is judged by its characters alone, so that routes need no memory. */
#include "protocol/route.h"

#include <stdbool.h>
#include <string.h>

/* Shorter ones are words ("face", "24hr"); Git abbreviates to 7, and longer ids are usual. */
#define HEX_ID_BYTES 8
/* A 16-byte value in base58 or base64 is 22 long; words with a digit in them are shorter. */
#define LONG_ID_BYTES 20
/* order1234, ORD-000123; but oauth2, level2, ed25519 has five and is nobody's path. */
#define ID_DIGIT_CNT 4
/* Between letters and digits: a1b2c. */
#define ID_CHANGE_CNT 3
/* v3, v1.1, v1beta1 */
#define VERSION_BYTES 8

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_hex(char c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* RFC 3986 pchar, without what is percent-encoded. */
static bool is_plain(char c)
{
	return is_digit(c) || is_letter(c) || (c && strchr("-._~!$&'()*+,=:@", c));
}

static bool is_version(const char *text, size_t bytes)
{
	if (bytes < 2 || bytes > VERSION_BYTES || (text[0] | 0x20) != 'v' || !is_digit(text[1]))
		return false;
	for (size_t i = 2; i < bytes; i++)
		if (!is_digit(text[i]) && !is_letter(text[i]) && text[i] != '.')
			return false;
	return true;
}

static bool is_id(const char *text, size_t bytes)
{
	size_t digit_cnt = 0, hex_cnt = 0, letter_cnt = 0, joint_cnt = 0, change_cnt = 0;

	if (is_version(text, bytes))
		return false;
	for (size_t i = 0; i < bytes; i++) {
		if (!is_plain(text[i]))
			return true;
		digit_cnt += is_digit(text[i]);
		letter_cnt += is_letter(text[i]);
		hex_cnt += is_hex(text[i]);
		joint_cnt += text[i] == '-';
		change_cnt += i && ((is_digit(text[i]) && is_letter(text[i - 1])) ||
				    (is_letter(text[i]) && is_digit(text[i - 1])));
	}
	if (digit_cnt && !letter_cnt) /* 42, 2026-01-31, 1.5, -7 */
		return true;
	if (hex_cnt >= HEX_ID_BYTES && hex_cnt + joint_cnt == bytes)
		return true;
	if (digit_cnt && bytes >= LONG_ID_BYTES)
		return true;
	if (bytes > 2 && text[0] == '0' && (text[1] | 0x20) == 'x' && hex_cnt + 1 == bytes)
		return true;
	return digit_cnt >= ID_DIGIT_CNT || change_cnt >= ID_CHANGE_CNT;
}

/* Appends; false where it does not fit. The last two bytes are for the segment that says so. */
static bool append(char *route, size_t *used, const char *text, size_t bytes)
{
	if (*used + 1 + bytes + 2 >= PROTOCOL_LABEL_BYTES)
		return false;
	route[(*used)++] = '/';
	memcpy(route + *used, text, bytes);
	*used += bytes;
	return true;
}

static void template_path(const char *path, size_t bytes, char *route)
{
	size_t used = 0, at = 0;

	while (at < bytes) {
		const char *segment = path + ++at; /* behind its slash */
		size_t end = at, length_bytes;
		bool is_id_there;

		while (end < bytes && path[end] != '/')
			end++;
		for (length_bytes = 0; at + length_bytes < end; length_bytes++)
			if (segment[length_bytes] == ';')
				break;
		is_id_there = is_id(segment, length_bytes);
		if (!append(route, &used, is_id_there ? "{id}" : segment,
			    is_id_there ? 4 : length_bytes)) {
			route[used++] = '/';
			route[used++] = '*';
			break;
		}
		at = end;
	}
	route[used] = '\0';
}

static size_t until_any(const char *text, size_t bytes, const char *stops)
{
	size_t i = 0;

	while (i < bytes && !(text[i] && strchr(stops, text[i])))
		i++;
	return i;
}

void route_template(const char *target, size_t bytes, char route[static PROTOCOL_LABEL_BYTES])
{
	size_t path = 0, end;

	memset(route, 0, PROTOCOL_LABEL_BYTES);
	if (bytes && target[0] != '/') {
		size_t colon = until_any(target, bytes, ":/?");

		if (bytes - colon < 3 || memcmp(target + colon, "://", 3) != 0) {
			if (bytes == 1 && target[0] == '*')
				route[0] = '*';
			else
				memcpy(route, "{authority}", sizeof("{authority}"));
			return;
		}
		path = colon + 3;
		path += until_any(target + path, bytes - path, "/?#");
	}
	end = path + until_any(target + path, bytes - path, "?#");
	if (path < end)
		template_path(target + path, end - path, route);
	else
		route[0] = '/';
}
