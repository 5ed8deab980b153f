/* SPDX-License-Identifier: Apache-2.0 */
/* Errors by their first words, which the protocol means for programs. */
#include <stddef.h>
#include <string.h>

#include "sink/redis_error.h"

static const struct {
	const char *words;
	enum redis_error_kind kind;
} kinds[] = {
	{"NOAUTH", REDIS_ERROR_CREDENTIALS},
	{"WRONGPASS", REDIS_ERROR_CREDENTIALS},
	{"DENIED", REDIS_ERROR_CREDENTIALS}, /* protected mode: from this host only */
	{"NOPERM", REDIS_ERROR_PERMISSION},
	{"LOADING", REDIS_ERROR_LATER},
	{"READONLY", REDIS_ERROR_LATER}, /* a replica: perhaps since a moment ago */
	{"OOM", REDIS_ERROR_LATER},
	{"MISCONF", REDIS_ERROR_LATER}, /* its disk */
	{"CLUSTERDOWN", REDIS_ERROR_LATER},
	{"MASTERDOWN", REDIS_ERROR_LATER},
	{"NOREPLICAS", REDIS_ERROR_LATER},
	{"TRYAGAIN", REDIS_ERROR_LATER},
	{"BUSY", REDIS_ERROR_LATER}, /* a script runs */
	{"ERR max number of clients reached", REDIS_ERROR_LATER},
};

enum redis_error_kind redis_error_kind(const char *text)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t bytes = strlen(kinds[i].words);

		if (strncmp(text, kinds[i].words, bytes) == 0 &&
		    (text[bytes] == ' ' || text[bytes] == '\0'))
			return kinds[i].kind;
	}
	return REDIS_ERROR_REFUSED;
}
