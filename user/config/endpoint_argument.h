/* SPDX-License-Identifier: Apache-2.0 */
/* HOST:PORT, HOST, or :PORT, on a command line or in a file. */
#ifndef TICKSCOPE_CONFIG_ENDPOINT_ARGUMENT_H
#define TICKSCOPE_CONFIG_ENDPOINT_ARGUMENT_H

#include <tickscope/abi_sock.h>
#include "base/fault.h"

/* HOST is an address, [address] with colons in it, either with /BITS for a network, or a name in
 * /etc/hosts. 0 or -EINVAL. */
int endpoint_argument_parse(const char *text, struct ts_endpoint_filter *ret_filter,
			    struct fault *why);

#endif
