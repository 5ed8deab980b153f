/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox of a loop, from the moment that everything is loaded. */
#ifndef TICKSCOPE_DAEMON_CONFINE_H
#define TICKSCOPE_DAEMON_CONFINE_H

#include "daemon/internal.h"

/* Gives up what is needed no more: processes that start later can still be traced. */
int confine(struct daemon *d, struct fault *why);

/* Before another configuration is loaded; confine comes again, whether it was or not. */
int confine_lift(const struct daemon *d, struct fault *why);

#endif
