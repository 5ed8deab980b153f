/* SPDX-License-Identifier: Apache-2.0 */
/* A url of Redis, taken apart. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sink/redis_address.h"

#define DATABASE_MAX 65535 /* servers have 16 unless told otherwise */

/* Decimal digits only, all of them, up to `max`. */
static bool parse_number(const char *text, size_t bytes, uint32_t max, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (!bytes)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint32_t)(text[i] - '0');
		if (number > max)
			return false;
	}
	*ret_number = number;
	return true;
}

static int parse_path(const char *path, struct redis_address *ret_address, struct fault *why)
{
	size_t bytes = strlen(path);

	if (path[0] != '/' || bytes < 2)
		return fault_set(why, -EINVAL, "a url with unix:// is unix:///PATH");
	if (bytes >= sizeof(ret_address->path))
		return fault_set(why, -EINVAL,
				 "the path of the url is too long for a socket: at most %zu bytes",
				 sizeof(ret_address->path) - 1);
	memcpy(ret_address->path, path, bytes + 1);
	return 0;
}

/* The host, perhaps in brackets; *ret_after is what follows. */
static int parse_host(const char *text, size_t bytes, struct redis_address *a,
		      const char **ret_after, struct fault *why)
{
	bool is_bracketed = text[0] == '[';
	const char *from = text + is_bracketed;
	const char *end = memchr(text, is_bracketed ? ']' : ':', bytes);

	if (!end && is_bracketed)
		return fault_set(why, -EINVAL, "the url has a \"[\" without \"]\"");
	if (!end)
		end = text + bytes;
	if (end == from || (size_t)(end - from) >= sizeof(a->host))
		return fault_set(why, -EINVAL, "the url has no host: redis://HOST[:PORT][/DB]");
	memcpy(a->host, from, (size_t)(end - from));
	*ret_after = end + is_bracketed;
	return 0;
}

static int parse_tcp(const char *text, struct redis_address *a, struct fault *why)
{
	size_t bytes = strcspn(text, "/");
	const char *end = text + bytes, *after = end;
	uint32_t port = REDIS_ADDRESS_PORT;
	int err;

	if (memchr(text, '@', strlen(text)))
		return fault_set(why, -EINVAL,
				 "the url has a user or password: say them with \"user\" and "
				 "\"password_file\"");
	err = parse_host(text, bytes, a, &after, why);
	if (err)
		return err;
	if (after != end &&
	    (*after != ':' || !parse_number(after + 1, (size_t)(end - after - 1), 65535, &port) ||
	     !port))
		return fault_set(why, -EINVAL, "the port of the url is none");
	if (end[0] && end[1] && !parse_number(end + 1, strlen(end + 1), DATABASE_MAX, &a->database))
		return fault_set(why, -EINVAL,
				 "the url ends with something that is no database: "
				 "redis://HOST[:PORT][/DB]");
	a->port = (uint16_t)port;
	return 0;
}

int redis_address_parse(const char *url, struct redis_address *ret_address, struct fault *why)
{
	static const char tcp[] = "redis://", local[] = "unix://";
	struct redis_address a = {.port = REDIS_ADDRESS_PORT};
	int err;

	if (strncmp(url, tcp, sizeof(tcp) - 1) == 0)
		err = parse_tcp(url + sizeof(tcp) - 1, &a, why);
	else if (strncmp(url, local, sizeof(local) - 1) == 0)
		err = parse_path(url + sizeof(local) - 1, &a, why);
	else
		err = fault_set(why, -EINVAL,
				"the url is none of Redis: redis://HOST[:PORT][/DB] "
				"or unix:///PATH");
	if (!err)
		*ret_address = a;
	return err;
}
