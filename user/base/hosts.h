/* SPDX-License-Identifier: Apache-2.0 */
/* What hosts are called, as far as a file says it: no name server is asked. */
#ifndef TICKSCOPE_BASE_HOSTS_H
#define TICKSCOPE_BASE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

/* The first name of a numeric address in /etc/hosts; false where it has none. */
bool hosts_find(const char *address, char *name, size_t name_bytes);

/* The numeric address of a name there; false where it is not listed. */
bool hosts_address(const char *name, char *address, size_t address_bytes);

#endif
