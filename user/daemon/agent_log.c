/* SPDX-License-Identifier: Apache-2.0 */
/* One write for each line, so that lines of several programs on one stderr do not mix. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/agent_log.h"

#define LINE_BYTES 4096

static const char *const levels[] = {
	[AGENT_LOG_INFO] = "info",
	[AGENT_LOG_WARNING] = "warning",
	[AGENT_LOG_ERROR] = "error",
};

static void put(const char *line, size_t bytes)
{
	/* A reader that went away is no reason to stop measuring. */
	ssize_t ignored = write(STDERR_FILENO, line, bytes);

	(void)ignored;
}

static void put_json(const char *now, const char *level, const char *event, const char *text)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "time", now, "level", level, "event", event,
			      "message", text);
	/* json_dumps ends without a line feed; the text is at most LINE_BYTES, escaped six times
	 * that. */
	char *line = malloc(LINE_BYTES * 6 + 512);
	size_t bytes = line ? json_dumpb(o, line, LINE_BYTES * 6 + 511, JSON_COMPACT) : 0;

	if (bytes) {
		line[bytes] = '\n';
		put(line, bytes + 1);
	}
	free(line);
	json_decref(o);
}

void agent_log(const struct agent_log *log, enum agent_log_level level, const char *event,
	       const char *format, ...)
{
	char text[LINE_BYTES], line[LINE_BYTES + 128], now[32];
	time_t seconds = time(NULL);
	struct tm utc;
	va_list args;
	int bytes;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_clean(text);
	gmtime_r(&seconds, &utc);
	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (log->is_json) {
		put_json(now, levels[level], event, text);
		return;
	}
	bytes = snprintf(line, sizeof(line), "%s %s %s: %s\n", now, levels[level], event, text);
	put(line, (size_t)bytes < sizeof(line) ? (size_t)bytes : sizeof(line) - 1);
}
