/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) read as it comes, for the few members at its top that say what a message is.
 *
 * Why not jansson: it wants a whole text in one piece and builds a tree of all of it. Here a text
 * comes in pieces, may be cut (its beginning counts nevertheless), may be followed at once by the
 * next one, and only some short members of it matter: so nothing is kept but where the scan stands.
 */
#ifndef TICKSCOPE_PROTOCOL_JSON_SCAN_H
#define TICKSCOPE_PROTOCOL_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deeper than any protocol nests; one bit of a word for each level. Deeper is damaged. */
#define JSON_DEPTH_MAX 64
/* The keys that matter are shorter; of a longer one only its beginning is kept, and is_key_cut. */
#define JSON_KEY_BYTES 16
/* What is kept of a value: a label. */
#define JSON_TEXT_BYTES 64

enum json_type {
	JSON_NONE = 0,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
	JSON_OBJECT,
	JSON_ARRAY,
};

/*
 * A document is an object, or an array: of its elements those that are objects count (a batch).
 * Other documents (a lone number) are damaged.
 */
enum json_event {
	JSON_MORE = 0, /* the bytes are used up */
	JSON_OPEN,     /* an object begins */
	JSON_KEY,      /* a member of it begins, its value with it: key and type are set */
	JSON_SCALAR,   /* that value is whole, and neither an object nor an array: text and hash too
			*/
	JSON_CLOSE,    /* the object ends */
	JSON_END,      /* the document ends; what follows is the next one */
	JSON_DAMAGED,  /* not JSON; nothing more comes */
};

struct json_scan {
	/* To be read after an event. */
	enum json_type type;
	char key[JSON_KEY_BYTES];   /* terminated, unescaped */
	char text[JSON_TEXT_BYTES]; /* likewise; of a string that is longer, its beginning */
	uint64_t hash;		    /* of the whole unescaped value */
	bool is_key_cut;
	bool is_text_cut;
	bool is_batch; /* the document is an array */

	/* Where the scan stands. */
	uint8_t state;
	uint8_t depth;
	uint8_t key_bytes;
	uint8_t text_bytes;
	uint8_t hex_left;	 /* digits of \uXXXX still to come */
	uint8_t literal_bytes;	 /* of true, false, null already seen */
	uint16_t code_unit;	 /* those digits */
	uint16_t high_surrogate; /* waits for its low one; 0: none */
	uint64_t objects;	 /* bit i: the bracket opened at depth i is an object's */
};

/* A new document; zeroing does the same. */
void json_scan_init(struct json_scan *scan);

/*
 * Goes on at data[*used] up to the next event, and moves *used behind what it took. To be called
 * until it says JSON_MORE (then *used == bytes) or JSON_DAMAGED (then *used is at the byte that
 * cannot follow).
 */
enum json_event json_scan_next(struct json_scan *scan, const uint8_t *data, size_t bytes,
			       size_t *used);

/* Inside of a document, as opposed to before or between documents. */
bool json_scan_is_open(const struct json_scan *scan);

#endif
