/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The QuestDB sink alone, on a history that is there: questdb_driver FILE URL HOST [USER
 * PASSWORD_FILE]. Prints its status each time it changes, as JSON, until its input ends; then it
 * stops, and exits with 0 where all is sent. Nobody keeps its positions: it begins with the oldest
 * row each time.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sink/questdb.h"

#define POLL_MS	    20
#define LINE_BYTES  2048
#define STOP_MAX_NS (5 * 1000000000ULL)

/* One line. */
static void write_status(const struct sink_status *s, char *line, size_t line_bytes)
{
	int cnt = snprintf(line, line_bytes,
			   "{\"state\":\"%s\",\"sent\":%" PRIu64 ",\"retries\":%" PRIu64
			   ",\"refused\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"behind\":%" PRIu64
			   ",\"oldest\":%" PRIu64 ",\"error\":\"",
			   sink_state_name(s->state), s->sent_cnt, s->retry_cnt, s->refused_cnt,
			   s->dropped_cnt, s->behind_cnt, s->oldest_wall_ns);
	size_t used = (size_t)cnt;

	for (const char *at = s->last_error; *at && used + 5 < line_bytes; at++) {
		if (*at == '"' || *at == '\\')
			line[used++] = '\\';
		line[used++] = *at;
	}
	snprintf(line + used, line_bytes - used, "\"}");
}

static void run(struct questdb *questdb)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char before[LINE_BYTES] = "", line[LINE_BYTES], byte;
	struct sink_status status;

	for (;;) {
		questdb_status(questdb, &status);
		write_status(&status, line, sizeof(line));
		if (strcmp(line, before) != 0) {
			puts(line);
			fflush(stdout);
		}
		memcpy(before, line, sizeof(before));
		if (poll(&input, 1, POLL_MS) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
			return;
	}
}

int main(int argc, char **argv)
{
	struct config_questdb config = {.has_buckets = true, .timeout_ns = 2000000000ULL};
	struct questdb_options options = {.config = &config};
	struct questdb *questdb;
	struct fault why;
	int err;

	if (argc != 4 && argc != 6) {
		fprintf(stderr, "usage: questdb_driver FILE URL HOST [USER PASSWORD_FILE]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	options.history_path = argv[1];
	config.url = argv[2];
	options.host = argv[3];
	if (argc == 6) {
		config.user = argv[4];
		config.password_file = argv[5];
	}
	if (questdb_start(&options, &questdb, &why)) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	run(questdb);
	err = questdb_stop(questdb, STOP_MAX_NS);
	questdb_free(questdb);
	return err != 0;
}
