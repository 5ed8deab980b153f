/* SPDX-License-Identifier: Apache-2.0 */
/* A password out of the file that the configuration names. */
#ifndef TICKSCOPE_SINK_PASSWORD_H
#define TICKSCOPE_SINK_PASSWORD_H

#include "base/fault.h"

#define PASSWORD_MAX_BYTES \
	4096 /* longer ones are files of something else; tokens of Kubernetes have some 1300 */

/* The file's first line, without its end; heap, of the caller, for password_free. -EINVAL: it is
 * empty, too long, or no regular file; -ENOMEM; -errno; with the reason. */
int password_read(const char *path, char **ret_password, struct fault *why);
/* Leaves nothing of it in memory. */
void password_free(char *password);

#endif
