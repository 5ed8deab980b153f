/* SPDX-License-Identifier: Apache-2.0 */
/* Shows what a configuration means: for people, and as tickscope.check/1. */
#ifndef TICKSCOPE_CLI_CHECKED_PRINT_H
#define TICKSCOPE_CLI_CHECKED_PRINT_H

#include "cli/checked.h"

void checked_print(const struct checked *checked);
/* -ENOMEM; -EIO where standard output takes no more. */
int checked_print_json(const struct checked *checked, const char *path);
/* All keys of a configuration, with what they allow. */
void checked_print_keys(void);

#endif
