/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the configuration by which pods are known. */
#ifndef TICKSCOPE_CONFIG_CONFIG_KUBERNETES_H
#define TICKSCOPE_CONFIG_CONFIG_KUBERNETES_H

#include <stdint.h>

/* Where names and labels of pods come from. */
struct config_kubernetes {
	char *log_dir;	  /* default "/var/log": has pods/ and containers/ */
	char *api;	  /* "https://kubernetes.default.svc"; NULL: nobody is asked for labels */
	char *node;	  /* the host in all that is written, and whose pods; default: its name */
	char *token_file; /* default: a pod's own; read again for each request */
	char *ca_file;	  /* likewise */
	uint64_t interval_ns; /* default 30 s; sooner where a pod is not known */
	uint64_t timeout_ns;  /* default 5 s */
};

#endif
