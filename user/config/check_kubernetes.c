/* SPDX-License-Identifier: Apache-2.0 */
/* What Kubernetes is asked for, and by whom: the API may come from the environment. */
#include <string.h>

#include "config/check.h"
#include "config/load.h"

static const struct config_target *find_by_labels(const struct config *config)
{
	for (size_t i = 0; i < config->target_cnt; i++) {
		if (config->targets[i].match.pod_label_cnt)
			return &config->targets[i];
	}
	return NULL;
}

void check_kubernetes(struct loader *l)
{
	const struct config_kubernetes *k = &l->config->kubernetes;
	const struct config_target *target = find_by_labels(l->config);
	const struct yaml_node *root = l->files[0]->root, *map = yaml_find(root, "kubernetes");

	/* One that is there and wrong was reported. */
	if (target && !k->api && !(map && yaml_find(map, "api")))
		load_report(l, root,
			    "target \"%s\" asks for \"pod_labels\", which only the API server "
			    "knows: give \"kubernetes: { api: https://kubernetes.default.svc }\"",
			    target->name);
	if (k->api && strncmp(k->api, "https://", 8) != 0)
		load_report(l, map ? map : root,
			    "\"api\": \"%s\" is not https: the token must not be read on its way",
			    k->api);
}
