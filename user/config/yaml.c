/* SPDX-License-Identifier: Apache-2.0 */
/* Reads libfyaml's events; its documents would resolve aliases without a bound. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "base/text.h"
#include "config/yaml.h"

#define KEY_MAX 512 /* of one map: all are compared with all */

static const char too_many_keys[] = "too many keys: at most 512 in one map";

struct anchor {
	char *name;
	struct yaml_node *node;
};

struct reader {
	struct yaml_file *file;
	struct yaml_node *open[YAML_DEPTH_MAX]; /* lists and maps that have begun */
	size_t depth;
	struct anchor *anchors;
	size_t anchor_cnt;
	struct yaml_mistake *mistake;
};

static int refuse_at(struct reader *r, uint32_t line, uint32_t column, const char *what)
{
	r->mistake->line = line;
	r->mistake->column = column;
	return fault_set(&r->mistake->why, -EINVAL, "%s", what);
}

static int refuse(struct reader *r, const struct fy_mark *mark, const char *what)
{
	return refuse_at(r, mark ? (uint32_t)mark->line + 1 : 1,
			 mark ? (uint32_t)mark->column + 1 : 1, what);
}

static int push(struct yaml_node *parent, struct yaml_node *child)
{
	/* Grown by doubling: whenever the count is a power of two. */
	if (!(parent->cnt & (parent->cnt - 1))) {
		size_t room = parent->cnt ? 2 * parent->cnt : 1;
		struct yaml_node **items =
			reallocarray(parent->items, room, sizeof(struct yaml_node *));

		if (!items)
			return -ENOMEM;
		parent->items = items;
	}
	parent->items[parent->cnt++] = child;
	return 0;
}

/* A value that is complete, for whoever waits for it. */
static int attach(struct reader *r, struct yaml_node *node, const struct fy_mark *mark)
{
	struct yaml_node *parent = r->depth ? r->open[r->depth - 1] : NULL;

	if (!parent) {
		r->file->root = node;
		return 0;
	}
	if (parent->kind == YAML_MAP && parent->cnt % 2 == 0 && node->kind != YAML_SCALAR)
		return refuse(r, mark, "a key must be text");
	if (parent->kind == YAML_MAP && parent->cnt == 2UL * KEY_MAX)
		return refuse(r, mark, too_many_keys);
	parent->weight_cnt += node->weight_cnt;
	if (parent->weight_cnt > YAML_NODE_MAX)
		return refuse(r, mark,
			      "too large: at most 65536 values, with what aliases stand for");
	return push(parent, node);
}

static struct yaml_node *new_node(struct reader *r, enum yaml_kind kind, const struct fy_mark *mark)
{
	struct yaml_file *file = r->file;
	struct yaml_node *node;

	if (file->node_cnt == file->node_room_cnt) {
		size_t room = 2 * file->node_room_cnt + 64;
		struct yaml_node **nodes =
			reallocarray(file->nodes, room, sizeof(struct yaml_node *));

		if (!nodes)
			return NULL;
		file->nodes = nodes;
		file->node_room_cnt = room;
	}
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	file->nodes[file->node_cnt++] = node;
	node->kind = kind;
	node->file = file;
	node->weight_cnt = 1;
	if (mark) {
		node->line = (uint32_t)mark->line + 1;
		node->column = node->text_column = (uint32_t)mark->column + 1;
		node->text_offset_bytes = mark->input_pos;
	}
	return node;
}

/* libfyaml tells no position of an empty value: it is where the key is. */
static void place_empty(const struct reader *r, struct yaml_node *node)
{
	const struct yaml_node *parent = r->depth ? r->open[r->depth - 1] : NULL;
	const struct yaml_node *before =
		parent && parent->cnt ? parent->items[parent->cnt - 1] : parent;

	node->line = before ? before->line : 1;
	node->column = before ? before->column : 1;
}

static int add_anchor(struct reader *r, struct fy_token *token, struct yaml_node *node)
{
	struct anchor *anchors;
	const char *text;
	size_t bytes;

	if (!token)
		return 0;
	text = fy_token_get_text(token, &bytes);
	anchors = reallocarray(r->anchors, r->anchor_cnt + 1, sizeof(*anchors));
	if (!anchors || !text)
		return -ENOMEM;
	r->anchors = anchors;
	anchors[r->anchor_cnt] = (struct anchor){.name = strndup(text, bytes), .node = node};
	return anchors[r->anchor_cnt++].name ? 0 : -ENOMEM;
}

static int add_scalar(struct reader *r, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
	struct yaml_node *node = new_node(r, YAML_SCALAR, mark);
	const char *text;
	size_t bytes = 0;
	int err;

	if (!node)
		return -ENOMEM;
	text = fy_token_get_text(event->scalar.value, &bytes);
	node->text = strndup(text ? text : "", text ? bytes : 0);
	if (!node->text)
		return -ENOMEM;
	if (strlen(node->text) != bytes)
		return refuse(r, mark, "a NUL inside of text");
	node->is_plain = style == FYSS_PLAIN;
	if (!mark)
		place_empty(r, node);
	else if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
		node->column -= node->column > 1; /* the quote itself */
	err = add_anchor(r, event->scalar.anchor, node);
	return err ? err : attach(r, node, mark);
}

static int add_alias(struct reader *r, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	size_t bytes = 0;
	const char *text = fy_token_get_text(event->alias.anchor, &bytes);

	for (size_t i = r->anchor_cnt; text && i > 0; i--) {
		const struct anchor *a = &r->anchors[i - 1];

		if (strlen(a->name) != bytes || memcmp(a->name, text, bytes) != 0)
			continue;
		for (size_t d = 0; d < r->depth; d++) {
			if (r->open[d] == a->node)
				return refuse(r, mark, "an alias inside of what it stands for");
		}
		return attach(r, a->node, mark);
	}
	return refuse(r, mark, "an alias of nothing: its anchor (&name) must stand before it");
}

static int begin(struct reader *r, enum yaml_kind kind, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	struct yaml_node *node = new_node(r, kind, mark);
	int err;

	if (!node)
		return -ENOMEM;
	err = add_anchor(
		r, kind == YAML_MAP ? event->mapping_start.anchor : event->sequence_start.anchor,
		node);
	if (err)
		return err;
	if (r->depth == YAML_DEPTH_MAX)
		return refuse(r, mark, "too deep: at most 16 lists and maps in one another");
	r->open[r->depth++] = node;
	return 0;
}

static int merge_map(struct reader *r, struct yaml_node *map, const struct yaml_node *from)
{
	int err = 0;

	for (size_t i = 0; !err && i < from->cnt; i += 2) {
		if (yaml_find(map, from->items[i]->text))
			continue;
		if (map->cnt >= 2UL * KEY_MAX)
			return refuse_at(r, map->line, map->column, too_many_keys);
		err = push(map, from->items[i]);
		if (!err)
			err = push(map, from->items[i + 1]);
	}
	return err;
}

static int merge_value(struct reader *r, struct yaml_node *map, const struct yaml_node *value)
{
	int err = 0;

	if (value->kind == YAML_MAP)
		return merge_map(r, map, value);
	for (size_t i = 0; !err && value->kind == YAML_LIST && i < value->cnt; i++) {
		if (value->items[i]->kind == YAML_MAP)
			err = merge_map(r, map, value->items[i]);
	}
	if (value->kind == YAML_LIST || err)
		return err;
	return refuse_at(r, value->line, value->column,
			 "\"<<\" takes an alias of a map, as in \"<<: *defaults\"");
}

/* `<<: *defaults`, which YAML 1.2 no longer has, but everybody writes. */
static int merge(struct reader *r, struct yaml_node *map)
{
	for (size_t i = 0; i < map->cnt; i += 2) {
		const struct yaml_node *key = map->items[i], *value = map->items[i + 1];

		if (!key->is_plain || strcmp(key->text, "<<") != 0)
			continue;
		memmove(&map->items[i], &map->items[i + 2],
			(map->cnt - i - 2) * sizeof(struct yaml_node *));
		/* push() goes by the count: the room of the two that went is kept in it. */
		map->cnt -= 2;
		return merge_value(r, map, value);
	}
	return 0;
}

static int end(struct reader *r)
{
	struct yaml_node *node = r->depth ? r->open[--r->depth] : NULL;
	struct fy_mark mark = {.line = 0};
	int err;

	if (!node)
		return refuse(r, NULL, "an end of what did not begin");
	mark.line = (int)node->line - 1;
	mark.column = (int)node->column - 1;
	err = node->kind == YAML_MAP ? merge(r, node) : 0;
	return err ? err : attach(r, node, &mark);
}

static bool has_tag(const struct fy_event *event)
{
	switch (event->type) {
	case FYET_SCALAR:
		return event->scalar.tag;
	case FYET_MAPPING_START:
		return event->mapping_start.tag;
	case FYET_SEQUENCE_START:
		return event->sequence_start.tag;
	default:
		return false;
	}
}

static int take(struct reader *r, struct fy_event *event)
{
	if (has_tag(event))
		return refuse(r, fy_event_start_mark(event), "tags (!name) mean nothing here");
	switch (event->type) {
	case FYET_DOCUMENT_START:
		return r->file->root ? refuse(r, fy_event_start_mark(event),
					      "a second document: one in a file")
				     : 0;
	case FYET_SCALAR:
		return add_scalar(r, event);
	case FYET_ALIAS:
		return add_alias(r, event);
	case FYET_MAPPING_START:
		return begin(r, YAML_MAP, event);
	case FYET_SEQUENCE_START:
		return begin(r, YAML_LIST, event);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		return end(r);
	default:
		return 0;
	}
}

/* What libfyaml itself refused: the first is the cause of the rest. */
static int take_error(struct reader *r, struct fy_diag *diag)
{
	void *previous = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &previous);

	if (!error || !error->msg)
		return refuse(r, NULL, "it cannot be read as YAML");
	refuse_at(r, error->line > 0 ? (uint32_t)error->line : 1,
		  error->column > 0 ? (uint32_t)error->column : 1, error->msg);
	text_clean(r->mistake->why.text);
	return -EINVAL;
}

static int read_events(struct reader *r)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 |
					    FYPCF_JSON_NONE};
	struct fy_parser *parser = NULL;
	struct fy_event *event;
	int err = -ENOMEM;

	fy_diag_cfg_default(&diag_cfg);
	cfg.diag = fy_diag_create(&diag_cfg);
	if (!cfg.diag)
		return -ENOMEM;
	fy_diag_set_collect_errors(cfg.diag, true);
	parser = fy_parser_create(&cfg);
	if (!parser || fy_parser_set_string(parser, r->file->source, strlen(r->file->source)))
		goto destroy;
	err = 0;
	while (!err && (event = fy_parser_parse(parser))) {
		err = take(r, event);
		fy_parser_event_free(parser, event);
	}
	if (!err && (fy_parser_get_stream_error(parser) || fy_diag_got_error(cfg.diag)))
		err = take_error(r, cfg.diag);
destroy:
	fy_parser_destroy(parser);
	fy_diag_destroy(cfg.diag);
	return err;
}

/* What libfyaml would take for the end, or skip. */
static int check_source(struct reader *r, size_t source_bytes)
{
	const char *source = r->file->source, *bad = text_find_invalid(source);
	uint32_t line = 1;

	if (source_bytes > YAML_SOURCE_BYTES)
		return refuse(r, NULL, "too large: at most 1 MiB");
	if (!bad && strlen(source) == source_bytes)
		return 0;
	for (const char *at = source; *at && at != bad; at++)
		line += *at == '\n';
	return refuse_at(r, line, 1,
			 bad ? "a byte that is not UTF-8 in this line"
			     : "a NUL in this line: this is no text file");
}

static void free_anchors(struct reader *r)
{
	for (size_t i = 0; i < r->anchor_cnt; i++)
		free(r->anchors[i].name);
	free(r->anchors);
}

int yaml_parse(const char *name, const char *source, size_t source_bytes,
	       struct yaml_file **ret_file, struct yaml_mistake *mistake)
{
	struct yaml_file *file = calloc(1, sizeof(*file));
	struct reader r = {.file = file, .mistake = mistake};
	int err = -ENOMEM;

	if (!file)
		return -ENOMEM;
	file->name = strdup(name);
	file->source = strndup(source, source_bytes);
	if (file->name && file->source)
		err = check_source(&r, source_bytes);
	if (!err)
		err = read_events(&r);
	free_anchors(&r);
	if (err) {
		yaml_free(file);
		return err;
	}
	*ret_file = file;
	return 0;
}
