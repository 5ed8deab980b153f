/* SPDX-License-Identifier: Apache-2.0 */
/* What connections can speak, and the words for it: on the command line, in files, in results. */
#ifndef TICKSCOPE_CONFIG_PROTOCOL_NAMES_H
#define TICKSCOPE_CONFIG_PROTOCOL_NAMES_H

enum protocol_kind {
	PROTOCOL_NONE = 0,
	PROTOCOL_FIX,
	PROTOCOL_HTTP,	  /* HTTP/1.1 */
	PROTOCOL_JSONRPC, /* in HTTP bodies, in WebSocket messages, or one document after another */
	PROTOCOL_WEBSOCKET, /* requests and responses by their JSON "id" */
	PROTOCOL_REDIS,	    /* RESP2 and RESP3 */
	PROTOCOL_AUTO,	    /* by the first bytes that either side sends */
	PROTOCOL_END,
	PROTOCOL_ENCRYPTED, /* TLS: found out, never asked for */
};

const char *protocol_name(enum protocol_kind kind);
/* PROTOCOL_END where the text names none. */
enum protocol_kind protocol_parse(const char *text);

#endif
