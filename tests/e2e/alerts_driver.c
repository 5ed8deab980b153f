/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the alerts on its standard input, a JSON object a line, into the history that its argument
 * names, as an agent does. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "alert_parse.h"
#include "store/store.h"

static int write_alerts(struct store *store)
{
	struct alert *a = calloc(1, sizeof(*a));
	json_error_t error;
	json_t *o;

	while (a && (o = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &error))) {
		*a = (struct alert){.id = ""};
		alert_parse(o, a);
		store_alert(store, a);
		json_decref(o);
	}
	free(a);
	return a ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct store_options options = {.path = argc > 1 ? argv[1] : "",
					.run_id = "test",
					.keep = {.is_enabled = true,
						 .keep_10s_ns = 172800000000000,
						 .keep_1m_ns = 31536000000000000,
						 .keep_1h_ns = 94608000000000000,
						 .max_bytes = 1 << 30}};
	struct store *store;
	struct fault why;
	int err;

	if (store_open(&options, &store, &why)) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	err = write_alerts(store);
	return store_close(store) ? 1 : err;
}
