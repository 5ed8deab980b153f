/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's sandbox, on the page of `status`. */
#include "cli/status_sandbox.h"

#include "base/text.h"

static void write_names(const char *title, const json_t *names, FILE *out)
{
	const json_t *name;
	size_t i;

	fputs(title, out);
	if (!json_array_size(names))
		fputs(" none", out);
	json_array_foreach(names, i, name)
	{
		char text[48];

		snprintf(text, sizeof(text), "%s",
			 json_is_string(name) ? json_string_value(name) : "?");
		text_clean(text);
		fprintf(out, " %s", text);
	}
}

void status_sandbox_write(const json_t *sandbox, FILE *out)
{
	const char *mode = json_string_value(json_object_get(sandbox, "mode"));
	char text[16];

	if (!mode)
		return;
	snprintf(text, sizeof(text), "%s", mode);
	text_clean(text);
	fprintf(out, "  sandbox %s, system calls %s", text,
		json_is_true(json_object_get(sandbox, "system_calls_listed")) ? "by list"
									      : "not restricted");
	write_names("; capabilities", json_object_get(sandbox, "capabilities"), out);
	if (json_array_size(json_object_get(sandbox, "capabilities_at_hand")))
		write_names(", for a reload", json_object_get(sandbox, "capabilities_at_hand"),
			    out);
	fputc('\n', out);
}
