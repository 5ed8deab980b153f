/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged files are kept, out of the way. */
#ifndef TICKSCOPE_STORE_ASIDE_H
#define TICKSCOPE_STORE_ASIDE_H

#include <stddef.h>

#include "base/fault.h"

/* Renames the file at `path`, and its journal, to PATH.damaged-TIME, a name that is free. Nobody
 * has it open for writing. The new name goes to ret_path. -errno. */
int aside_move(const char *path, char *ret_path, size_t ret_path_bytes, struct fault *why);

#endif
