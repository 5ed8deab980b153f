/* SPDX-License-Identifier: Apache-2.0 */
/* Splits at the last colon; no name server is asked, since answers differ from one to the next. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/hosts.h"
#include "config/endpoint_argument.h"

#define HOST_BYTES 256

static int parse_port(const char *text, struct ts_endpoint_filter *filter, struct fault *why)
{
	size_t digits = strspn(text, "0123456789");
	unsigned int port = 0;

	for (size_t i = 0; i < digits && port <= 65535; i++)
		port = 10 * port + (unsigned int)(text[i] - '0');
	if (text[digits] || port == 0 || port > 65535)
		return fault_set(why, -EINVAL, "\"%s\" is no port", text);
	filter->port = (uint16_t)port;
	return 0;
}

/* "/BITS" behind an address; without it, all of the address counts. */
static int parse_prefix(const char *bits, struct ts_endpoint_filter *filter, struct fault *why)
{
	unsigned int max = filter->family == AF_INET ? 32 : 128, cnt = 0;
	size_t digits = bits ? strspn(bits, "0123456789") : 0;

	for (size_t i = 0; i < digits && cnt <= max; i++)
		cnt = 10 * cnt + (unsigned int)(bits[i] - '0');
	if (bits && (!digits || bits[digits] || cnt > max))
		return fault_set(why, -EINVAL, "\"/%s\" is no prefix length: 0 to %u", bits, max);
	filter->prefix_bits = (uint8_t)(bits ? cnt : max);
	return 0;
}

static int parse_host(char *host, struct ts_endpoint_filter *filter, struct fault *why)
{
	char address[INET6_ADDRSTRLEN];
	char *bits = strrchr(host, '/');
	size_t length;

	if (bits)
		*bits++ = '\0';
	length = strlen(host);
	if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		host++;
	}
	if (inet_pton(AF_INET, host, filter->address) == 1)
		filter->family = AF_INET;
	else if (inet_pton(AF_INET6, host, filter->address) == 1)
		filter->family = AF_INET6;
	else if (!hosts_address(host, address, sizeof(address)))
		return fault_set(why, -EINVAL,
				 "\"%s\" is neither an address nor a name in /etc/hosts", host);
	else
		filter->family = inet_pton(AF_INET, address, filter->address) == 1    ? AF_INET
				 : inet_pton(AF_INET6, address, filter->address) == 1 ? AF_INET6
										      : 0;
	return parse_prefix(bits, filter, why);
}

int endpoint_argument_parse(const char *text, struct ts_endpoint_filter *ret_filter,
			    struct fault *why)
{
	struct ts_endpoint_filter filter = {0};
	char host[HOST_BYTES];
	char *colon, *bracket;
	int err = 0;

	if (strlen(text) >= sizeof(host))
		return fault_set(why, -EINVAL, "a host name of more than %d bytes", HOST_BYTES - 1);
	memcpy(host, text, strlen(text) + 1);
	colon = strrchr(host, ':');
	bracket = strrchr(host, ']');
	/* An IPv6 address without a port has colons, too: brackets tell. */
	if (colon && (strchr(host, ':') == colon || (bracket && colon > bracket))) {
		*colon = '\0';
		err = parse_port(colon + 1, &filter, why);
	}
	if (!err && host[0])
		err = parse_host(host, &filter, why);
	if (err)
		return err;
	if (!filter.port && !filter.family)
		return fault_set(why, -EINVAL, "\"%s\" names no endpoint: HOST:PORT, HOST or :PORT",
				 text);
	*ret_filter = filter;
	return 0;
}
