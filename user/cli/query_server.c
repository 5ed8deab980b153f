/* SPDX-License-Identifier: Apache-2.0 */
/* Where QuestDB is, and who may ask it: the keys of sinks.questdb, from wherever they come. */
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "cli/cli.h"
#include "cli/query_server.h"
#include "config/config.h"
#include "config/key_urls.h"

#define VARIABLES "TICKSCOPE_SINKS_QUESTDB_"

/* The answer to a long time of many hosts is worth waiting for; who does not ends it by hand. */
#define TIMEOUT_NS (120 * NS_PER_S)

static const char *environment(const char *name)
{
	return getenv(name);
}

static int open_server(const struct config_questdb *server, struct http **ret_http, char **ret_url)
{
	const struct http_options options = {
		.url = server->url,
		.user = server->user,
		.password_file = server->password_file,
		.timeout_ns = server->timeout_ns > TIMEOUT_NS ? server->timeout_ns : TIMEOUT_NS,
	};
	struct fault why = {""};

	*ret_url = strdup(server->url);
	if (!*ret_url) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	if (http_open(&options, ret_http, &why)) {
		cli_error("%s", why.text);
		return CLI_FAILED;
	}
	return CLI_OK;
}

static int open_configured(const struct query *q, struct http **ret_http, char **ret_url)
{
	struct config_problems *problems = calloc(1, sizeof(*problems));
	struct config *config = NULL;
	int code = CLI_USAGE;

	if (!problems) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	if (config_load(q->config_path, environment, &config, problems)) {
		for (size_t i = 0; i < problems->cnt; i++)
			cli_error("%s", problems->items[i].text);
		if (!problems->cnt)
			cli_error("out of memory");
		code = problems->cnt ? CLI_USAGE : CLI_FAILED;
	} else if (!config->sinks.questdb.url) {
		cli_error("%s has no `sinks: questdb: { url: … }`", q->config_path);
	} else {
		code = open_server(&config->sinks.questdb, ret_http, ret_url);
	}
	config_free(config);
	free(problems);
	return code;
}

int query_server_open(const struct query *query, struct http **ret_http, char **ret_url)
{
	struct config_questdb server = {
		.url = (char *)query->url,
		.user = getenv(VARIABLES "USER"),
		.password_file = getenv(VARIABLES "PASSWORD_FILE"),
	};
	const char *complaint;

	if (query->config_path)
		return open_configured(query, ret_http, ret_url);
	if (!server.url)
		server.url = getenv(VARIABLES "URL");
	if (!server.url)
		return cli_usage_error("query", "--source questdb takes the server from -c FILE or "
						"from " VARIABLES "URL");
	complaint = key_urls_complain_server(server.url);
	if (complaint)
		return cli_usage_error("query", "the URL of QuestDB %s", complaint);
	if (server.user && !server.password_file)
		return cli_usage_error("query",
				       VARIABLES "USER goes with " VARIABLES "PASSWORD_FILE");
	return open_server(&server, ret_http, ret_url);
}
