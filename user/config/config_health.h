/* SPDX-License-Identifier: Apache-2.0 */
/* How the agent looks after itself: the part of the configuration that its health reads. */
#ifndef TICKSCOPE_CONFIG_CONFIG_HEALTH_H
#define TICKSCOPE_CONFIG_CONFIG_HEALTH_H

#include <stdint.h>

struct config_health {
	char *listen;	      /* of /healthz and /readyz: "127.0.0.1:9465"; NULL: nowhere but beside
				 /metrics */
	uint64_t interval_ns; /* between two checks of a component; default 30 s */
	uint64_t timeout_ns;  /* what the loop or a worker may take; default 10 s */
	uint32_t failure_threshold;  /* failed checks in a row that make it unhealthy; default 3 */
	uint32_t recovery_threshold; /* good ones that make it healthy again; default 2 */
	uint64_t max_memory_bytes;   /* resident, that is well; default 256 MiB */
	uint64_t watchdog_ns;	     /* the loop may hang for so long; default 30 s; 0: for ever */
};

/* The loop turns once a second: fewer turns missed than this are a busy machine. */
#define CONFIG_WATCHDOG_MIN_NS 3000000000ULL

#endif
