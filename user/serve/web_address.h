/* SPDX-License-Identifier: Apache-2.0 */
/* Where the HTTP server listens. */
#ifndef TICKSCOPE_SERVE_WEB_ADDRESS_H
#define TICKSCOPE_SERVE_WEB_ADDRESS_H

#include "base/fault.h"

/* A socket that listens at the address (as web_start takes it), and its port; close it. -EINVAL,
 * -EADDRINUSE, -errno, with the reason. */
int web_address_listen(const char *listen, unsigned int *ret_port, struct fault *why);

#endif
