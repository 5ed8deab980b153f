/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are numbers, yes or no, or one of a few words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "config/duration.h"
#include "config/key_types.h"
#include "config/load.h"
#include "config/quantity.h"
#include "config/words.h"

static void *slot(const struct schema_key *key, void *object)
{
	return (char *)object + key->at;
}

static int parse_bool(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	struct fault why;

	if (!load_is_text(l, key, value))
		return 0;
	if (!words_find("true false", value->text)) {
		words_refuse("true false", value->text, &why);
		load_refuse(l, key, value, why.text);
		return 0;
	}
	*(bool *)slot(key, object) = value->text[0] == 't';
	return 0;
}

const struct key_type key_bool = {.name = "true or false", .is_scalar = true, .parse = parse_bool};

/* On a command line "200" are seconds; in a contract it is a mistake as often as not. */
static bool has_unit(struct loader *l, const struct schema_key *key, const struct yaml_node *value)
{
	const char *text = value->text;
	char reason[FAULT_TEXT_BYTES / 4];

	if (!text[0] || text[strspn(text, "0123456789.")] || !text[strspn(text, "0.")])
		return true;
	snprintf(reason, sizeof(reason), "\"%.32s\" has no unit: write %.32sms or %.32ss", text,
		 text, text);
	load_refuse(l, key, value, reason);
	return false;
}

static int parse_duration(struct loader *l, const struct schema_key *key,
			  const struct yaml_node *value, void *object)
{
	struct fault why;

	if (load_is_text(l, key, value) && has_unit(l, key, value) &&
	    duration_parse(value->text, key->min, key->max, slot(key, object), &why))
		load_refuse(l, key, value, why.text);
	return 0;
}

static const char *duration_text(uint64_t ns, char *text, size_t text_bytes)
{
	char units[UNITS_TEXT_BYTES];

	snprintf(text, text_bytes, "%s", units_duration(ns, units));
	return text;
}

const struct key_type key_duration = {.name = "a duration",
				      .is_scalar = true,
				      .parse = parse_duration,
				      .range_text = duration_text};

static int parse_bytes(struct loader *l, const struct schema_key *key,
		       const struct yaml_node *value, void *object)
{
	struct fault why;

	if (load_is_text(l, key, value) &&
	    quantity_parse_bytes(value->text, key->min, key->max, slot(key, object), &why))
		load_refuse(l, key, value, why.text);
	return 0;
}

static const char *bytes_text(uint64_t bytes, char *text, size_t text_bytes)
{
	char units[QUANTITY_TEXT_BYTES];

	snprintf(text, text_bytes, "%s", quantity_bytes(bytes, units));
	return text;
}

const struct key_type key_bytes = {
	.name = "a size", .is_scalar = true, .parse = parse_bytes, .range_text = bytes_text};

static int parse_count(struct loader *l, const struct schema_key *key,
		       const struct yaml_node *value, void *object)
{
	struct fault why;

	if (load_is_text(l, key, value) &&
	    quantity_parse_count(value->text, key->min, key->max, slot(key, object), &why))
		load_refuse(l, key, value, why.text);
	return 0;
}

const struct key_type key_count = {
	.name = "a whole number", .is_scalar = true, .parse = parse_count};

static int parse_count32(struct loader *l, const struct schema_key *key,
			 const struct yaml_node *value, void *object)
{
	uint64_t cnt = *(uint32_t *)slot(key, object);
	struct schema_key wide = *key;
	int err;

	wide.at = 0;
	err = parse_count(l, &wide, value, &cnt);
	*(uint32_t *)slot(key, object) = (uint32_t)cnt;
	return err;
}

const struct key_type key_count32 = {
	.name = "a whole number", .is_scalar = true, .parse = parse_count32};

static int parse_choice(struct loader *l, const struct schema_key *key,
			const struct yaml_node *value, void *object)
{
	struct fault why;
	size_t number;

	if (!load_is_text(l, key, value))
		return 0;
	number = words_find(key->words, value->text);
	if (!number) {
		words_refuse(key->words, value->text, &why);
		load_refuse(l, key, value, why.text);
		return 0;
	}
	*(unsigned int *)slot(key, object) = (unsigned int)number;
	return 0;
}

const struct key_type key_choice = {.name = "a word", .is_scalar = true, .parse = parse_choice};

static int parse_percent(struct loader *l, const struct schema_key *key,
			 const struct yaml_node *value, void *object)
{
	struct fault why;
	double percent;

	if (!load_is_text(l, key, value))
		return 0;
	if (quantity_parse(QUANTITY_PERCENT, value->text, &percent, &why))
		load_refuse(l, key, value, why.text);
	else if (percent <= 0)
		load_report(l, value, "\"%s\": nothing can be kept within \"%s\"", key->name,
			    value->text);
	else
		*(double *)slot(key, object) = percent;
	return 0;
}

const struct key_type key_percent = {
	.name = "a percentage", .is_scalar = true, .parse = parse_percent};

/* A limit of nothing is one by mistake, where it would be broken always or never. */
static bool is_pointless(const struct schema_key *key, double limit)
{
	return limit == 0 && (key->is_minimum || key->unit != QUANTITY_RATIO);
}

static int parse_limit(struct loader *l, const struct schema_key *key,
		       const struct yaml_node *value, void *object)
{
	struct config_contract *contract = object;
	struct config_limit limit = {
		.key = key->name, .metric = key->metric, .is_minimum = key->is_minimum};
	struct fault why;

	if (!load_is_text(l, key, value) ||
	    (key->unit == QUANTITY_DURATION && !has_unit(l, key, value)))
		return 0;
	if (quantity_parse((enum quantity_unit)key->unit, value->text, &limit.limit, &why)) {
		load_refuse(l, key, value, why.text);
		return 0;
	}
	for (size_t i = 0; i < contract->limit_cnt; i++) {
		if (strcmp(contract->limits[i].key, key->name) != 0)
			continue;
		load_report(l, value, "\"%s\" is limited twice: in another contract, too",
			    key->name);
		return 0;
	}
	if (is_pointless(key, limit.limit))
		load_report(l, value, "\"%s\": a limit of \"%s\" would %s hold", key->name,
			    value->text, key->is_minimum ? "always" : "never");
	else if (contract->limit_cnt == CONFIG_LIMIT_MAX)
		load_report(l, value, "\"%s\": a contract has at most %d limits", key->name,
			    CONFIG_LIMIT_MAX);
	else
		contract->limits[contract->limit_cnt++] = limit;
	return 0;
}

const struct key_type key_limit = {.name = "a limit", .is_scalar = true, .parse = parse_limit};
