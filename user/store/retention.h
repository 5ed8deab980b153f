/* SPDX-License-Identifier: Apache-2.0 */
/* What is too old, or too much, is removed: a bounded piece at a time. */
#ifndef TICKSCOPE_STORE_RETENTION_H
#define TICKSCOPE_STORE_RETENTION_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/fault.h"
#include "config/config.h"

/* In a transaction of its own, after a batch that began at now_wall_ns. */
int retention_step(sqlite3 *db, const struct config_history *keep, uint64_t now_wall_ns,
		   struct fault *why);

#endif
