/* SPDX-License-Identifier: Apache-2.0 */
/* Text that people and files give: patterns, expressions, durations, names, labels. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/labels.h"
#include "base/text.h"
#include "config/duration.h"
#include "config/error_expression.h"
#include "target/container_id.h"
#include "target/internal.h"
#include "target/pattern.h"

/* A canonical text is what is written of its labels, and nothing else is. */
static void read_labels(const char *text)
{
	static char names[LABELS_MAX][LABEL_NAME_BYTES], values[LABELS_MAX][LABEL_VALUE_BYTES];
	struct label labels[LABELS_MAX];
	const char *cursor = text;
	char *again = malloc(strlen(text) + 1);
	size_t cnt = 0;

	while (cnt < LABELS_MAX && labels_next(&cursor, names[cnt], values[cnt])) {
		labels[cnt] = (struct label){names[cnt], values[cnt]};
		cnt++;
	}
	if (!cursor &&
	    (labels_write(labels, cnt, again, strlen(text) + 1) || strcmp(text, again) != 0))
		abort();
	labels_contain(text, text);
	free(again);
}

/* What is found in a cgroup's path is an id, and a uid or none. */
static void read_container(const char *text)
{
	struct container_id id;

	if (container_id_find(text, &id) && (strlen(id.id) != CONTAINER_ID_LENGTH ||
					     (id.pod_uid[0] && !container_id_is_uid(id.pod_uid))))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	char *text = malloc(size_bytes + 1), cut[256], *name;
	static struct pattern pattern;
	struct error_expression expression;
	struct error_value value = {.is_known = true, .width_bytes = 4, .is_signed = true};
	struct ts_error compiled;
	struct symbol symbol = {0};
	struct fault why;
	uint64_t ns;
	size_t column;

	memcpy(text, data, size_bytes);
	text[size_bytes] = '\0';
	read_container(text);
	duration_parse(text, 1, UINT64_MAX, &ns, &why);
	if (error_expression_parse(text, &expression, &column, &why) == 0)
		error_expression_compile(&expression, &value, 1, &compiled, &why);
	if (pattern_parse(text, &pattern, &why) == 0) {
		pattern_matches(&pattern, text);
		pattern_is_library(&pattern, text);
	}
	pattern_distance(text, "desk::Executor::execute_trade", 6);
	symbol.raw = text;
	symbol_classify(&symbol);
	name = symbol_demangle(&symbol, true);
	if (strlen(name) > 0 && text_columns(name) > strlen(name))
		abort();
	free(symbol_instance_name(&symbol, name));
	free(name);
	free(name_without_generics(text, false));
	free(name_without_generics(text, true));
	read_labels(text);
	text_clean(text);
	text_cut(text, 20, cut, sizeof(cut));
	if (text_columns(cut) > 20)
		abort();
	free(text);
	return 0;
}
