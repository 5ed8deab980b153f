/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded, it makes getaddrinfo hang for names below "hangs.test", as a dead name server does. */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#define HANGS_S 60

typedef int (*getaddrinfo_fn)(const char *, const char *, const struct addrinfo *,
			      struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	getaddrinfo_fn next = (getaddrinfo_fn)dlsym(RTLD_NEXT, "getaddrinfo");

	if (name && strstr(name, "hangs.test"))
		sleep(HANGS_S);
	return next(name, service, hints, result);
}
