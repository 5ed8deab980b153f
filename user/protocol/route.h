/* SPDX-License-Identifier: Apache-2.0 */
/* The path of an HTTP request as a label: what names one of many things becomes {id}. */
#ifndef TICKSCOPE_PROTOCOL_ROUTE_H
#define TICKSCOPE_PROTOCOL_ROUTE_H

#include <stddef.h>

#include "protocol/protocol.h"

/*
 * Any of the four forms of a request target (RFC 9112 3.2), or the beginning of a long one. Writes
 * the path without scheme, authority, query and parameters (";…"), with {id} for each segment that
 * is a number, a UUID, hexadecimal, base58 or base64, percent-encoded, or has digits as identifiers
 * have them; "{authority}" for what CONNECT names. A route that is too long ends in a "*" segment.
 * Only printable ASCII; the same target always gives the same route. How many there are is not
 * bounded here.
 */
void route_template(const char *target, size_t bytes, char route[static PROTOCOL_LABEL_BYTES]);

#endif
