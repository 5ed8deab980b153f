/* SPDX-License-Identifier: Apache-2.0 */
/* "redis://HOST[:PORT][/DB]", "unix:///PATH": where a Redis server is. Pure. */
#ifndef TICKSCOPE_SINK_REDIS_ADDRESS_H
#define TICKSCOPE_SINK_REDIS_ADDRESS_H

#include <stdint.h>

#include "base/fault.h"

#define REDIS_ADDRESS_HOST_BYTES 256 /* a name of DNS has at most 253 */
#define REDIS_ADDRESS_PATH_BYTES 108 /* sockaddr_un has no more */
#define REDIS_ADDRESS_PORT	 6379

struct redis_address {
	char host[REDIS_ADDRESS_HOST_BYTES]; /* without the brackets of IPv6; "": path */
	char path[REDIS_ADDRESS_PATH_BYTES];
	uint16_t port;
	uint32_t database;
};

/* -EINVAL with the reason, in which the url is not: a password may be in it. */
int redis_address_parse(const char *url, struct redis_address *ret_address, struct fault *why);

#endif
