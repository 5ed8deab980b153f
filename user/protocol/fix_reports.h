/* SPDX-License-Identifier: Apache-2.0 */
/* Execution reports (35=8): what they answer. */
#ifndef TICKSCOPE_PROTOCOL_FIX_REPORTS_H
#define TICKSCOPE_PROTOCOL_FIX_REPORTS_H

#include "protocol/fix_message.h"

void fix_reports_take(const struct fix_message *m, struct exchanges *x);

#endif
