/* SPDX-License-Identifier: Apache-2.0 */
/* Where servers are. What is refused is not repeated: a password may be in it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_types.h"
#include "config/key_urls.h"
#include "config/load.h"
#include "config/quantity.h"

#define NOT_IN_URL	  " \t\n\"<>\\^`{|}"
#define SOCKET_PATH_BYTES 108 /* of sockaddr_un, with its 0 */
#define HOST_BYTES	  256 /* of a DNS name, with its 0 */

/* What is wrong with a url; NULL: nothing. */
typedef const char *(*complain_fn)(const char *text);

static int parse_checked(struct loader *l, const struct schema_key *key,
			 const struct yaml_node *value, void *object, complain_fn complain)
{
	const char *complaint;

	if (!load_is_text(l, key, value))
		return 0;
	complaint = complain(value->text);
	if (!complaint)
		return key_text.parse(l, key, value, object);
	if (value->line)
		load_report(l, value, "\"%s\" %s", key->name, complaint);
	else
		load_report(l, value, "its value %s", complaint);
	return 0;
}

static void release_text(const struct schema_key *key, void *object)
{
	key_text.release(key, object);
}

/* Behind the scheme; NULL: it is none of HTTP. */
static const char *http_rest(const char *text)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text + strlen(schemes[i]);
	}
	return NULL;
}

static const char *complain_url(const char *text)
{
	const char *rest = http_rest(text);

	if (!rest)
		return "is no URL: it begins with http:// or https://";
	if (!rest[0] || strchr("/?#:@", rest[0]))
		return "names no host";
	return strpbrk(text, NOT_IN_URL) ? "has characters that a URL cannot have" : NULL;
}

static int parse_url(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		     void *object)
{
	return parse_checked(l, key, value, object, complain_url);
}

const struct key_type key_url = {
	.name = "a URL", .is_scalar = true, .parse = parse_url, .release = release_text};

/* The part of `rest` that names the host has a name or password in it. */
static bool has_credentials(const char *rest)
{
	return memchr(rest, '@', strcspn(rest, "/?#")) != NULL;
}

static const char credentials[] = "has a user or a password in it, where others can read them: "
				  "give \"user\" and \"password_file\" beside it";

const char *key_urls_complain_server(const char *text)
{
	const char *rest = http_rest(text), *complaint;

	if (rest && has_credentials(rest))
		return credentials;
	complaint = complain_url(text);
	if (!complaint && strpbrk(text, "?#"))
		complaint = "is more than a server and a path: it has a query";
	return complaint;
}

static int parse_server(struct loader *l, const struct schema_key *key,
			const struct yaml_node *value, void *object)
{
	return parse_checked(l, key, value, object, key_urls_complain_server);
}

const struct key_type key_server_url = {
	.name = "a URL", .is_scalar = true, .parse = parse_server, .release = release_text};

static bool is_number_up_to(const char *text, size_t length, uint64_t min, uint64_t max)
{
	char digits[16];
	uint64_t number;
	struct fault ignored;

	if (!length || length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	return quantity_parse_count(digits, min, max, &number, &ignored) == 0;
}

/* Copies what stands before the port, without brackets. Behind it, ":" and all that follows; NULL:
 * there is no end to it. */
static const char *cut_host(const char *text, char host[static HOST_BYTES])
{
	size_t length = strcspn(text, "/:");
	const char *end = text + length;

	if (text[0] == '[') {
		end = strchr(++text, ']');
		length = end ? (size_t)(end++ - text) : HOST_BYTES;
	}
	if (length >= HOST_BYTES)
		return NULL;
	memcpy(host, text, length);
	host[length] = '\0';
	return end;
}

/* HOST[:PORT][/DB] */
static const char *complain_redis_host(const char *rest)
{
	char host[HOST_BYTES];

	if (has_credentials(rest))
		return credentials;
	rest = cut_host(rest, host);
	if (!rest || !host[0] || strpbrk(host, NOT_IN_URL "?#"))
		return "names no host";
	if (rest[0] == ':') {
		size_t length = strcspn(++rest, "/");

		if (!is_number_up_to(rest, length, 1, 65535))
			return "has a port that is none";
		rest += length;
	}
	if (!rest[0] || !strcmp(rest, "/"))
		return NULL;
	return rest[0] == '/' && is_number_up_to(rest + 1, strlen(rest + 1), 0, INT32_MAX)
		       ? NULL
		       : "ends in what is no number of a database, as in redis://redis:6379/1";
}

static const char *complain_redis(const char *text)
{
	static const char local[] = "unix://", remote[] = "redis://", encrypted[] = "rediss://";

	if (strncmp(text, encrypted, strlen(encrypted)) == 0)
		return "asks for TLS, which is not spoken here: use redis://, through a tunnel "
		       "where the way to the server is not safe";
	if (strncmp(text, remote, strlen(remote)) == 0)
		return complain_redis_host(text + strlen(remote));
	if (strncmp(text, local, strlen(local)) != 0)
		return "is no URL of Redis: it begins with redis:// or unix://";
	if (text[strlen(local)] != '/')
		return "names no absolute path, as in unix:///run/redis/redis.sock";
	return strlen(text + strlen(local)) < SOCKET_PATH_BYTES
		       ? NULL
		       : "is too long for a socket: at most 107 bytes";
}

static int parse_redis(struct loader *l, const struct schema_key *key,
		       const struct yaml_node *value, void *object)
{
	return parse_checked(l, key, value, object, complain_redis);
}

const struct key_type key_redis_url = {
	.name = "a URL", .is_scalar = true, .parse = parse_redis, .release = release_text};

static const char *complain_address(const char *text)
{
	static const char wrong[] = "is no address to listen at: write it like 127.0.0.1:9464, "
				    "[::1]:9464, or :9464 for all";
	bool is_bracketed = text[0] == '[';
	char host[HOST_BYTES];
	uint8_t address[16];
	const char *rest = cut_host(text, host);

	if (!rest || rest[0] != ':' || !is_number_up_to(rest + 1, strlen(rest + 1), 0, 65535))
		return wrong;
	if (!host[0] && !is_bracketed)
		return NULL;
	return inet_pton(is_bracketed ? AF_INET6 : AF_INET, host, address) == 1 ? NULL : wrong;
}

static int parse_address(struct loader *l, const struct schema_key *key,
			 const struct yaml_node *value, void *object)
{
	return parse_checked(l, key, value, object, complain_address);
}

const struct key_type key_address = {
	.name = "an address", .is_scalar = true, .parse = parse_address, .release = release_text};
