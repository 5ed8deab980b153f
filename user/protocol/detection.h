/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection speaks: the first bytes of either side are kept until a parser recognises them.
 * Of one that was joined midway, later bytes may be those that tell.
 */
#ifndef TICKSCOPE_PROTOCOL_DETECTION_H
#define TICKSCOPE_PROTOCOL_DETECTION_H

#include "protocol/connection.h"

/*
 * Takes bytes of a piece while it is not known (PROTOCOL_AUTO), and returns how many. When it gets
 * known, what was kept is read.
 */
size_t detection_read(struct protocol *p, const struct piece *piece);
/* An unknown number of bytes of a side is missing. */
void detection_lose(struct protocol *p, enum protocol_side side);

#endif
