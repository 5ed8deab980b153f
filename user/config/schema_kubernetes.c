/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `kubernetes`. */
#include "base/time_units.h"
#include "config/config.h"
#include "config/key_types.h"

#define AT(member) .at = offsetof(struct config_kubernetes, member)
/* What a pod gets of its service account. */
#define OF_POD "/var/run/secrets/kubernetes.io/serviceaccount/"

static const struct schema_key kubernetes_keys[] = {
	{"log_dir", &key_path, AT(log_dir), .value = "/var/log"},
	{"api", &key_server_url, AT(api)},
	{"node", &key_text, AT(node)},
	{"token_file", &key_path, AT(token_file), .value = OF_POD "token"},
	{"ca_file", &key_path, AT(ca_file), .value = OF_POD "ca.crt"},
	{"interval", &key_duration, AT(interval_ns), .value = "30s", .min = 5 * NS_PER_S,
	 .max = NS_PER_HOUR},
	{"timeout", &key_duration, AT(timeout_ns), .value = "5s", .min = NS_PER_S / 10,
	 .max = 60 * NS_PER_S},
	{.name = NULL},
};

const struct schema_object schema_kubernetes = {"kubernetes", kubernetes_keys,
						sizeof(struct config_kubernetes),
						.variables = "KUBERNETES_"};
