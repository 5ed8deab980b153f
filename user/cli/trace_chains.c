/* SPDX-License-Identifier: Apache-2.0 */
/* --chain, --from and --to: chains out of their texts, and what they are called. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/trace_arguments.h"
#include "config/schema.h"

static int out_of_memory(void)
{
	cli_error("out of memory");
	return CLI_FAILED;
}

/* "NAME=" before the stages, whose first word has no such sign; 0: none. */
static size_t name_bytes(const char *text)
{
	size_t bytes = strcspn(text, "= \t\n,\"");

	return text[bytes] == '=' ? bytes : 0;
}

static bool is_named(const struct trace_arguments *t, const char *name)
{
	for (size_t i = 0; i < t->config.chain_cnt; i++) {
		if (strcmp(t->chains[i].name, name) == 0)
			return true;
	}
	return false;
}

/* "recv 10.1.0.5:9001 -> send 10.2.0.1:9878", with a number where it is not the first. */
static char *invent_name(const struct trace_arguments *t, const struct chain *chain)
{
	char name[SCHEMA_NAME_BYTES];
	const char *from = chain->stages[0].text, *to = chain->stages[chain->stage_cnt - 1].text;

	for (unsigned int i = 1; i <= TS_CHAIN_MAX; i++) {
		size_t room = sizeof(name) - 8, length;

		length = (size_t)snprintf(name, room, "%s -> %s", from, to);
		length = length < room ? length : room - 1;
		if (i > 1)
			snprintf(name + length, sizeof(name) - length, " #%u", i);
		if (!is_named(t, name))
			break;
	}
	return strdup(name);
}

static int add_chain(struct trace_arguments *t, struct chain *chain, const char *name, size_t bytes)
{
	chain->name = bytes ? strndup(name, bytes) : invent_name(t, chain);
	chain->wants_breakdown = t->wants_breakdown;
	if (t->timeout_ns)
		chain->timeout_ns = t->timeout_ns;
	if (chain->name && !is_named(t, chain->name) && t->config.chain_cnt < TS_CHAIN_MAX) {
		t->chains[t->config.chain_cnt++] = *chain;
		return CLI_OK;
	}
	if (!chain->name) {
		chain_fini(chain);
		return out_of_memory();
	}
	if (t->config.chain_cnt == TS_CHAIN_MAX)
		cli_usage_error("trace", "more than %d chains and spans", TS_CHAIN_MAX);
	else
		cli_usage_error("trace", "--chain: two are called \"%s\"", chain->name);
	chain_fini(chain);
	return CLI_USAGE;
}

static int read_chain(struct trace_arguments *t, const char *text)
{
	size_t bytes = name_bytes(text), before = bytes ? bytes + 1 : 0, column;
	struct chain chain;
	struct fault why;
	int err;

	if (bytes >= SCHEMA_NAME_BYTES)
		return cli_usage_error("trace", "--chain: a name of more than %d bytes",
				       SCHEMA_NAME_BYTES - 1);
	err = chain_parse(text + before, t->key, &chain, &column, &why);
	if (err == -ENOMEM)
		return out_of_memory();
	if (err)
		return cli_usage_error("trace", "--chain \"%s\": column %zu: %s", text,
				       before + column, why.text);
	return add_chain(t, &chain, text, bytes);
}

/* Says what is wrong with the option that the column is in. */
static int refuse_span(const struct trace_arguments *t, size_t column, const struct fault *why)
{
	size_t from_bytes = strlen(t->from);
	bool is_to = column > from_bytes + 1;

	return cli_usage_error("trace", "%s \"%s\": column %zu: %s", is_to ? "--to" : "--from",
			       is_to ? t->to : t->from, is_to ? column - from_bytes - 2 : column,
			       why->text);
}

static int read_span(struct trace_arguments *t)
{
	char *text = NULL;
	struct chain chain;
	struct fault why;
	size_t column;
	int err;

	if (asprintf(&text, "%s, %s", t->from, t->to) < 0)
		return out_of_memory();
	err = chain_parse(text, t->key, &chain, &column, &why);
	free(text);
	if (err == -ENOMEM)
		return out_of_memory();
	if (err)
		return refuse_span(t, column, &why);
	if (chain.stage_cnt != 2) {
		chain_fini(&chain);
		return cli_usage_error("trace", "--from and --to are one stage each; --chain takes "
						"several");
	}
	chain.is_span = true;
	return add_chain(t, &chain, NULL, 0);
}

int trace_chains_read(struct trace_arguments *t)
{
	int code = CLI_OK;

	t->config.chains = t->chains;
	for (size_t i = 0; i < t->chain_text_cnt && code == CLI_OK; i++)
		code = read_chain(t, t->chain_texts[i]);
	return code == CLI_OK && t->from ? read_span(t) : code;
}
