/* SPDX-License-Identifier: Apache-2.0 */
/* What FIX messages ask and answer. */
#ifndef TICKSCOPE_PROTOCOL_FIX_ORDERS_H
#define TICKSCOPE_PROTOCOL_FIX_ORDERS_H

#include "protocol/fix_message.h"

/* Tells x of a whole message. */
void fix_orders_take(const struct fix_message *message, struct exchanges *x);
/* Tells x of one order of a list that goes on: before the checksum, since lists are unbounded. */
void fix_orders_take_listed(const struct fix_message *message, struct exchanges *x);

enum fix_answer { FIX_NO_ID = 0, FIX_NOT_ASKED, FIX_ANSWERED };

/* Answers what waits under one of the ids of its kind. */
enum fix_answer fix_orders_answer(const struct fix_message *message, struct exchanges *x);

#endif
