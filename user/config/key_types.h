/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/config: the kinds of values that keys have. */
#ifndef TICKSCOPE_CONFIG_KEY_TYPES_H
#define TICKSCOPE_CONFIG_KEY_TYPES_H

#include "config/schema.h"

/* Numbers and choices: key_numbers.c. Into bool, uint64_t, uint64_t, uint64_t, uint32_t, an enum
 * that counts the words from 1, double (not 0), struct config_contract. */
extern const struct key_type key_bool;
extern const struct key_type key_duration;
extern const struct key_type key_bytes;
extern const struct key_type key_count;
extern const struct key_type key_count32;
extern const struct key_type key_choice;
extern const struct key_type key_percent;
extern const struct key_type key_limit;

/* Text: key_texts.c. Into char *, malloc'ed. */
extern const struct key_type key_name;	    /* of an object of this kind */
extern const struct key_type key_reference; /* the name of an object of that kind */
extern const struct key_type key_text;
extern const struct key_type key_word;
extern const struct key_type key_protocol;
extern const struct key_type key_path;
extern const struct key_type key_glob;
extern const struct key_type key_unit;

/* Likewise: key_urls.c. */
extern const struct key_type key_url;	     /* of HTTP, whole */
extern const struct key_type key_server_url; /* of HTTP, without a password, to add paths to */
extern const struct key_type key_redis_url;
extern const struct key_type key_address; /* to listen at */

/* Text with a meaning: key_expressions.c. Into the members of struct config_operation, config_rule
 * and config_endpoint that hold it; struct config_dashboard_value. */
extern const struct key_type key_error;
extern const struct key_type key_expression;
extern const struct key_type key_number; /* words: the units that it may have */
extern const struct key_type key_remote;
extern const struct key_type key_listen;

/* What holds other values: key_lists.c. */
extern const struct key_type key_map;
extern const struct key_type key_list;
extern const struct key_type key_texts;
extern const struct key_type key_stages; /* key_stages.c: of struct config_chain */
extern const struct key_type key_pids;
extern const struct key_type key_pairs;
extern const struct key_type key_tags; /* likewise, with the names that Kubernetes gives labels */
extern const struct key_type key_rule_files;
extern const struct key_type key_contracts;

#endif
