/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks as a whole: their keys may come from the file and from the environment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/load.h"

/* Where to point at: the sink's map, or the file where all of it comes from the environment. */
static const struct yaml_node *find_sink(const struct loader *l, const char *name)
{
	const struct yaml_node *root = l->files[0]->root, *sinks = yaml_find(root, "sinks");
	const struct yaml_node *sink = sinks ? yaml_find(sinks, name) : NULL;

	return sink ? sink : root;
}

static void check_secret(struct loader *l, const char *name, const char *user,
			 const char *password_file)
{
	const struct yaml_node *sink = find_sink(l, name);

	/* One that is there and wrong was reported. */
	if (user && !password_file && !yaml_find(sink, "password_file"))
		load_report(l, sink,
			    "%s has a \"user\" and no \"password_file\": a file with the password "
			    "in its first line",
			    name);
}

int check_sinks(struct loader *l)
{
	const struct config_questdb *questdb = &l->config->sinks.questdb;
	struct config_redis *redis = &l->config->sinks.redis;

	check_secret(l, "questdb", questdb->user, questdb->password_file);
	check_secret(l, "redis", redis->user, redis->password_file);
	/* Redis knows passwords of its default user, HTTP none without a user. */
	if (questdb->password_file && !questdb->user)
		load_report(l, find_sink(l, "questdb"),
			    "questdb has a \"password_file\" and no \"user\": HTTP needs both");
	if (!redis->prefix)
		redis->prefix = strdup("");
	return redis->prefix ? 0 : -ENOMEM;
}
