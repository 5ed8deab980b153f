/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of labels as one canonical text: `method="GET",status="200"`, names ascending, values
 * escaped as in Prometheus (\\, \", \n). Equal sets have equal texts; no label is the empty text.
 */
#ifndef TICKSCOPE_BASE_LABELS_H
#define TICKSCOPE_BASE_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#define LABELS_MAX 16 /* in one set */
#define LABELS_TEXT_BYTES \
	1536 /* LABELS_MAX values of 64 bytes, each byte escaped, would be cut: refused instead */
#define LABEL_NAME_BYTES  32
#define LABEL_VALUE_BYTES 256

/* Targets of the host's values, and of the agent's own; no configured one may be called so. */
#define SERIES_HOST  "host"
#define SERIES_AGENT "tickscope"

struct label {
	const char *name; /* [a-zA-Z_][a-zA-Z0-9_]* */
	const char *value;
};

/* Writes the set, whatever its order; labels with an empty value are left out. 0; -E2BIG: too many,
 * or they do not fit; -EINVAL: a name is none, or occurs twice. */
int labels_write(const struct label *labels, size_t cnt, char *text, size_t text_bytes);

/* Steps through a canonical text: *cursor starts as the text, ends as NULL. False at the end, and
 * where the text is not canonical: there *cursor stays, and is not NULL. */
bool labels_next(const char **cursor, char name[static LABEL_NAME_BYTES],
		 char value[static LABEL_VALUE_BYTES]);

/* The value of one label. False: the set does not have it. */
bool labels_find(const char *text, const char *name, char value[static LABEL_VALUE_BYTES]);

/* True where every label of `wanted` is in `text` with the same value. The empty set is in every
 * set; what is not canonical is in none. */
bool labels_contain(const char *text, const char *wanted);

#endif
