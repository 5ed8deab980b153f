/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `health`. */
#include "base/time_units.h"
#include "config/config_health.h"
#include "config/key_types.h"
#include "config/load.h"

#define MIB	   (1ULL << 20)
#define AT(member) .at = offsetof(struct config_health, member)

static const struct schema_key health_keys[] = {
	{"listen", &key_address, AT(listen)},
	{"interval", &key_duration, AT(interval_ns), .value = "30s", .min = NS_PER_S,
	 .max = NS_PER_HOUR},
	{"timeout", &key_duration, AT(timeout_ns), .value = "10s", .min = 2 * NS_PER_S,
	 .max = NS_PER_HOUR},
	{"failure_threshold", &key_count32, AT(failure_threshold), .value = "3", .min = 1,
	 .max = 100},
	{"recovery_threshold", &key_count32, AT(recovery_threshold), .value = "2", .min = 1,
	 .max = 100},
	{"max_memory", &key_bytes, AT(max_memory_bytes), .value = "256MiB", .min = 16 * MIB,
	 .max = 1024 * 1024 * MIB},
	{"watchdog", &key_duration, AT(watchdog_ns), .value = "30s", .max = NS_PER_HOUR},
	{.name = NULL},
};

static int check_watchdog(struct loader *l, const struct yaml_node *map, void *object)
{
	const struct config_health *health = object;

	if (health->watchdog_ns && health->watchdog_ns < CONFIG_WATCHDOG_MIN_NS)
		load_report(l, map,
			    "\"watchdog\" is at least 3s, or 0s for none: the loop turns once a "
			    "second");
	return 0;
}

const struct schema_object schema_health = {"the health", health_keys, sizeof(struct config_health),
					    .variables = "HEALTH_", .check = check_watchdog};
