/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where messages of HTTP/1.1 (RFC 9112) begin and end, and their bodies: for what HTTP labels, and
 * for what is carried in bodies. Both directions of one connection.
 */
#ifndef TICKSCOPE_PROTOCOL_HTTP_H
#define TICKSCOPE_PROTOCOL_HTTP_H

#include "protocol/parser.h"

/* Kept of a line; fields that say something are shorter, and a route is a path's beginning. */
#define HTTP_LINE_BYTES 512
/* Memory does not depend on it: what is longer is no head (servers refuse more than 8 to 64 KiB,
 * clients take up to 400 KiB). Also of the trailers. */
#define HTTP_HEAD_BYTES_MAX (512U << 10)
/* A chunk's size and its extensions; nobody sends any that are longer. */
#define HTTP_CHUNK_LINE_BYTES_MAX 4096
/* The longest registered method has 17 (UPDATEREDIRECTREF). */
#define HTTP_METHOD_BYTES_MAX 24
/* Of a lost stream: so much of a target is enough of it. With the method less than
 * PARSER_LOOK_BYTES. */
#define HTTP_TARGET_LOOK_BYTES 128

enum http_upgrade { HTTP_UPGRADE_NONE = 0, HTTP_UPGRADE_WEBSOCKET, HTTP_UPGRADE_OTHER };

/* The first line and the header fields of one message. */
struct http_head {
	/* What it says, once it is whole. */
	char method[PROTOCOL_LABEL_BYTES]; /* a well-known one, or OTHER */
	char route[PROTOCOL_LABEL_BYTES];
	uint16_t status; /* of a response */
	bool has_length;
	bool has_transfer_coding; /* other than identity */
	bool is_chunked;	  /* its last transfer coding */
	bool is_encoded;	  /* the body is compressed */
	bool is_for_websocket;
	uint64_t length_bytes;

	/* Where its reading stands. */
	bool is_response;
	uint8_t state;
	uint8_t part;	     /* of the first line */
	uint16_t part_bytes; /* of that part so far */
	bool has_cr;	     /* the line feed has to come */
	uint16_t line_bytes; /* kept of this line */
	bool is_line_cut;
	uint32_t head_bytes; /* of all lines so far */
	char line[HTTP_LINE_BYTES];
};

/* One direction. */
struct http_stream {
	uint8_t phase;
	bool is_told;	     /* its END was said already, or is not to be */
	uint64_t begin;	     /* of the message */
	uint64_t seen;	     /* end of what was taken */
	uint64_t left_bytes; /* of the body or the chunk */
	uint32_t line_bytes; /* of the chunk's line, or of all trailers */
	uint8_t digit_cnt;   /* of the chunk's size */
	bool is_extension;
	bool is_line_empty; /* so far; of a trailer */
	bool has_cr;
	enum http_upgrade upgrade; /* behind this message */
	struct http_head head;
};

struct http {
	enum http_upgrade upgrade;		 /* what the connection speaks from here on */
	bool is_asked;				 /* a request ended, and no response has since */
	char asked_method[PROTOCOL_LABEL_BYTES]; /* its */
	struct http_stream streams[PROTOCOL_SIDE_CNT];
};

enum http_event {
	HTTP_MORE = 0, /* all bytes are taken */
	HTTP_HEAD,     /* the head of the side's message is whole */
	HTTP_BODY,     /* bytes of its body, without the framing; data is NULL where unknown */
	HTTP_END,      /* the message is whole; not of interim responses (1xx), nor of what was
			* told early */
	HTTP_LOST,     /* the next byte cannot follow, or another protocol begins with it */
};

/* Bytes of a body. */
struct http_body {
	const uint8_t *data;
	size_t bytes;
};

/*
 * Goes on at piece[*used] up to the next event. To be called until it says HTTP_MORE or HTTP_LOST.
 * x says which request a response belongs to.
 */
enum http_event http_next(struct http *http, const struct piece *piece, const struct exchanges *x,
			  size_t *used, struct http_body *ret_body);
void http_reset(struct http *http, enum protocol_side side);

/* As struct parser's upgraded(). */
bool http_is_upgraded(const struct http *http, enum protocol_kind *ret_kind);

/* The body of a response that only the connection's end delimits has begun. */
bool http_is_ended_by_close(const struct http *http);
/*
 * The client is in the midst of a request that a response answers already: its head is whole. Takes
 * note that this request is told now.
 */
bool http_is_answered_early(struct http *http);

/* Sets side, begin and the end so far. */
void http_fill(const struct http *http, enum protocol_side side, struct message *ret_message);
/* Writes method and route, or status and is_error (4xx and 5xx), of the side's message. */
void http_label(const struct http *http, enum protocol_side side, struct message *message);

/* The next byte of a head; false: it cannot follow. is_response is to be set before the first. */
bool http_head_take(struct http_head *head, uint8_t byte);
/* Only to be faster: takes as many of the next bytes as are within a field, which may be none. */
size_t http_head_take_run(struct http_head *head, const uint8_t *data, size_t bytes);
/* Its first byte was taken; empty lines before it do not count. */
bool http_head_is_begun(const struct http_head *head);
bool http_head_is_whole(const struct http_head *head);

/* As of struct parser. */
enum beginning http_begins(const struct piece *piece);
/* Is the body of the request that begins with these bytes JSON-RPC? As for recognise(). */
enum beginning http_carries_jsonrpc(const struct piece *piece);

#endif
