/* SPDX-License-Identifier: Apache-2.0 */
/* Where the time of an operation went: the operations of its shares, behind it. */
#ifndef TICKSCOPE_DAEMON_SHARES_H
#define TICKSCOPE_DAEMON_SHARES_H

#include "daemon/internal.h"

/* Follows threads where the configuration asks for it, and says what this kernel does not let tell.
 */
int shares_start(struct daemon *d, struct fault *why);
/* Series in the kernel that functions need beyond one each: of those that were found in the
 * processes, and where more may come, of those that are only asked for. */
size_t shares_series_cnt(const struct daemon *d, const struct traced *opened, size_t cnt);
/* Adds the shares of an operation, the last one so far; `stripes` are of the first of TS_STATE_CNT
 * series behind one another. -ENOMEM. */
int shares_add(struct daemon *d, const struct operation *whole, const struct ts_series *stripes,
	       size_t stripe_cnt);

#endif
