/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration, or else its address, says of an endpoint: names, protocol, labels. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/hosts.h"
#include "base/text.h"
#include "daemon/chains.h"
#include "daemon/places.h"
#include "daemon/rpc.h"

bool rpc_is_wanted(const struct daemon_config *config)
{
	for (size_t i = 0; i < config->target_cnt; i++) {
		if (config->targets[i].wants_rpc)
			return true;
	}
	return false;
}

bool rpc_is_used(const struct daemon *d)
{
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		if (d->config->targets[i].wants_rpc || chains_want_sockets(d, i))
			return true;
	}
	return false;
}

/* The endpoint that all others share has no target of its own. */
bool rpc_is_shown(const struct daemon *d, const struct ts_endpoint_key *key)
{
	return key->target ? d->config->targets[places_target(d, key->target - 1U)].wants_rpc
			   : rpc_is_wanted(d->config);
}

/* What the configuration says of an endpoint; NULL: nothing. */
static const struct daemon_endpoint *configured(const struct daemon *d,
						const struct ts_endpoint_key *key)
{
	return key->filter ? &d->endpoints[key->filter - 1] : NULL;
}

/* "tcp 10.0.0.1:9878", "tcp exchange:9878" where the host's name is known, "tcp :9878" of a server.
 */
static void endpoint_name(const struct ts_endpoint_key *key, const char *protocol, char *name,
			  size_t name_bytes)
{
	static const unsigned char any[sizeof(key->address)];
	char address[INET6_ADDRSTRLEN] = "", host[256];

	if (key->role == TS_ROLE_NONE) {
		snprintf(name, name_bytes, "%s (all others)", protocol);
		return;
	}
	if (key->role == TS_ROLE_SERVER) {
		snprintf(name, name_bytes, "%s :%u", protocol, key->port);
		return;
	}
	inet_ntop(key->family, key->address, address, sizeof(address));
	if (key->role == TS_ROLE_FEED && memcmp(key->address, any, sizeof(any)) == 0)
		snprintf(name, name_bytes, "%s :%u", protocol, key->port);
	else if (hosts_find(address, host, sizeof(host)))
		snprintf(name, name_bytes, "%s %s:%u", protocol, host, key->port);
	else
		snprintf(name, name_bytes, strchr(address, ':') ? "%s [%s]:%u" : "%s %s:%u",
			 protocol, address, key->port);
	text_clean(name);
}

/* As the configuration names the endpoint, else by its protocol and address. */
void rpc_operation_name(const struct daemon *d, const struct ts_endpoint_key *key,
			const struct rpc_kind *kind, char *name, size_t name_bytes)
{
	const struct daemon_endpoint *e = configured(d, key);
	const char *given = NULL;

	if (e)
		given = kind->operation == OPERATION_ORDER ? e->order_name : e->name;
	/* What a parser tells apart has the name; the same requests by direction have another. */
	if (given && e->protocol && kind->is_by_direction)
		snprintf(name, name_bytes, "%s %s", kind->protocol, given);
	else if (given)
		snprintf(name, name_bytes, "%s", given);
	else
		endpoint_name(key, kind->protocol, name, name_bytes);
}

const char *rpc_given_name(const struct daemon *d, const struct ts_endpoint_key *key)
{
	const struct daemon_endpoint *e = configured(d, key);

	return e ? e->name : NULL;
}

enum protocol_kind rpc_protocol(const struct daemon *d, uint32_t endpoint)
{
	const struct daemon_endpoint *e = configured(d, &d->endpoint_keys[endpoint]);

	return e ? e->protocol : d->config->protocol;
}

/* True where the configuration wants requests told apart by this label. */
static bool is_label_wanted(const struct daemon_endpoint *e, const char *name)
{
	for (size_t i = 0; i < e->label_cnt; i++) {
		if (strcmp(e->labels[i], name) == 0)
			return true;
	}
	return !e->label_cnt;
}

void rpc_choose_labels(const struct daemon *d, uint32_t endpoint, struct protocol_labels *labels)
{
	const struct daemon_endpoint *e = configured(d, &d->endpoint_keys[endpoint]);
	struct {
		const char *name;
		char *value;
	} all[] = {
		{"method", labels->method},	    {"route", labels->route},
		{"status", labels->status},	    {"trading_pair", labels->trading_pair},
		{"order_type", labels->order_type}, {"side", labels->side},
	};

	for (size_t i = 0; e && i < sizeof(all) / sizeof(all[0]); i++) {
		if (!is_label_wanted(e, all[i].name))
			memset(all[i].value, 0, PROTOCOL_LABEL_BYTES);
	}
}
