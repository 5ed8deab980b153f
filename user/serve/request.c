/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds what the JSON parser sees: its recursion is as deep as the text. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "serve/request.h"
#include "wire/wire.h"

/* How deep brackets nest, those in strings left out. */
static size_t depth_of(const char *line, size_t line_bytes)
{
	size_t depth = 0, deepest = 0;
	bool is_in_text = false;

	for (size_t i = 0; i < line_bytes; i++) {
		char c = line[i];

		if (is_in_text) {
			i += c == '\\';
			is_in_text = c != '"';
		} else if (c == '"') {
			is_in_text = true;
		} else if (c == '{' || c == '[') {
			deepest = ++depth > deepest ? depth : deepest;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return deepest;
}

int request_parse(const char *line, size_t line_bytes, json_t **ret_request, const char **ret_do,
		  struct fault *why)
{
	json_error_t error;
	const char *name;
	json_t *o;

	if (line_bytes > WIRE_REQUEST_BYTES)
		return fault_set(why, -EINVAL, "a request has at most %d bytes",
				 WIRE_REQUEST_BYTES);
	if (depth_of(line, line_bytes) > WIRE_REQUEST_DEPTH)
		return fault_set(why, -EINVAL, "a request is nested at most %d deep",
				 WIRE_REQUEST_DEPTH);
	o = json_loadb(line, line_bytes, JSON_REJECT_DUPLICATES, &error);
	if (!o) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return fault_set(why, -ENOMEM, "no memory");
		/* The parser quotes what it saw. */
		text_clean(error.text);
		return fault_set(why, -EINVAL, "not JSON: %s, at byte %d", error.text,
				 error.position);
	}
	name = json_string_value(json_object_get(o, "do"));
	if (!name) {
		json_decref(o);
		return fault_set(why, -EINVAL,
				 "a request is an object with a text \"do\", such as "
				 "{\"do\":\"status\"}");
	}
	*ret_request = o;
	*ret_do = name;
	return 0;
}
