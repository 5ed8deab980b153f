/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's configuration: YAML -> these structs, once, checked. Plain data, read by every room;
 * strings and arrays belong to the configuration. A key that the file leaves out has the default
 * that stands beside it.
 */
#ifndef TICKSCOPE_CONFIG_CONFIG_H
#define TICKSCOPE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "config/error_expression.h"
#include "config/config_health.h"
#include "config/config_kubernetes.h"
#include "config/config_chain.h"
#include "config/config_rule.h"
#include "config/config_sinks.h"

/* One way to choose processes; all that are given must hold. */
struct config_match {
	pid_t *pids;
	size_t pid_cnt;
	char *exe;     /* path, compared by device and inode */
	char *cmdline; /* glob over the arguments, joined by blanks */
	char *unit;    /* systemd unit: "engine.service", or a glob */
	char *cgroup;  /* path below the cgroup root, or a glob; with all groups below it */
	/* Names, or globs, that the kubelet has: where one is given, exe is a path in there. */
	char *name_space;
	char *pod;
	char *container;		/* or its id */
	struct config_pair *pod_labels; /* what the API server says of the pod: all of them */
	size_t pod_label_cnt;
};

struct config_target {
	char *name;
	struct config_match match;
	bool wants_rpc;	   /* true: measure its connections (default: when an operation or endpoint
			      needs it) */
	char *exit_policy; /* "auto" (default), "safe", "fast" */
	char *debug_dir;   /* NULL: none */
	double max_overhead_percent;	 /* of one CPU, by its probes; 0: whatever it is */
	struct config_contract contract; /* memory, cpu, uptime … */
};

struct config_endpoint {
	char *name;
	bool is_listen;	     /* a port that targets serve; else a remote service */
	uint8_t family;	     /* AF_INET, AF_INET6; 0: any address */
	uint8_t address[16]; /* network order */
	uint8_t prefix_bits;
	uint16_t port;	/* 0: any */
	char *protocol; /* NULL: by direction */
	char **labels;	/* of the protocol that become series of their own; none: all that it has */
	size_t label_cnt;
};

enum config_operation_kind { CONFIG_FUNCTION = 1, CONFIG_RPC, CONFIG_ORDER };

struct config_operation {
	char *name;
	enum config_operation_kind kind;
	char *function;	  /* pattern; CONFIG_FUNCTION. A glob makes an operation of each match, with
			     its own name */
	char *endpoint;	  /* CONFIG_RPC, CONFIG_ORDER: name of an endpoint */
	char *target;	  /* only there; NULL: in every target that has the function */
	char *error_text; /* NULL: none */
	struct error_expression error;
	bool wants_breakdown; /* of CONFIG_FUNCTION */
	char **labels;
	size_t label_cnt;
	struct config_contract contract;
};

struct config_history {
	bool is_enabled;      /* default true */
	uint64_t keep_10s_ns; /* default 2 d */
	uint64_t keep_1m_ns;  /* default 365 d */
	uint64_t keep_1h_ns;  /* default 3 * 365 d */
	uint64_t max_bytes;   /* default 2 GiB; then the oldest of the finest windows go first */
};

struct config_judge {
	uint64_t over_ns;     /* default 10 s */
	uint64_t cooldown_ns; /* default 60 s: an alert that fires again sooner is not told again */
	uint64_t keep_firing_ns;  /* default 10 s */
	uint64_t min_samples;	  /* default 10: percentiles and rates of fewer are null */
	uint64_t system_check_ns; /* default 10 s */
};

struct config {
	struct config_target *targets;
	size_t target_cnt;
	struct config_endpoint *endpoints;
	size_t endpoint_cnt;
	struct config_operation *operations;
	size_t operation_cnt;
	struct config_chain *chains;
	size_t chain_cnt;
	struct config_rule *rules; /* of this file and of rule_files */
	size_t rule_cnt;
	struct config_unowned *unowned;
	size_t unowned_cnt;
	struct config_channel *channels; /* "notify" */
	size_t channel_cnt;
	struct config_history history;
	struct config_judge judge;
	struct config_sinks sinks;
	struct config_health health;
	char *disable_file; /* nothing is attached while it is there; NULL: that of the state */
	struct config_kubernetes kubernetes;
	uint32_t operation_max; /* series of functions, those of later processes too; default 256 */
	char *level;		/* "session", "multi", "perf"; NULL: the best */
	char *hooks;		/* "fentry", "kprobe", "raw_tp"; NULL: the best */
	char *log_format;	/* "text" (default), "json" */
	char *sandbox;		/* "on" (default), "strict", "off" */
};

#define CONFIG_PROBLEM_MAX 32

/* What is wrong, ready for a person: `desk.yaml:12:9: "latencyy" is no key of a contract; did you
 * mean "latency"?` */
struct config_problems {
	struct fault items[CONFIG_PROBLEM_MAX];
	size_t cnt;
	size_t more_cnt; /* beyond those */
};

/* Where a key's value comes from when not from the file: getenv, in tests a table. */
typedef const char *(*config_env_fn)(const char *name);

/*
 * Reads a file, the rule files that it names (relative to it) and the environment
 * (TICKSCOPE_HISTORY_MAX_BYTES=1GiB). All problems are told, not the first only. 0; -EINVAL:
 * ret_problems has at least one; -ENOMEM; -errno of reading the file, with a problem that says so.
 * Files above 1 MiB are refused.
 */
int config_load(const char *path, config_env_fn env, struct config **ret_config,
		struct config_problems *ret_problems);
void config_free(struct config *config);

#endif
