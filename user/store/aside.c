/* SPDX-License-Identifier: Apache-2.0 */
/* The journal goes along under the name that SQLite looks for, so that what is in it can be saved
 * with it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/aside.h"

#define NAME_TRIES 100 /* of one second */

static const char *const companions[] = {"-wal", "-shm"};

static int make_name(const char *path, const char *time_text, int idx, char *ret_path,
		     size_t ret_path_bytes)
{
	int length =
		idx ? snprintf(ret_path, ret_path_bytes, "%s.damaged-%s.%d", path, time_text, idx)
		    : snprintf(ret_path, ret_path_bytes, "%s.damaged-%s", path, time_text);

	return length < 0 || (size_t)length >= ret_path_bytes ? -ENAMETOOLONG : 0;
}

static void move_companion(const char *path, const char *to, const char *suffix)
{
	char from_path[4096 + 8], to_path[4096 + 8];

	snprintf(from_path, sizeof(from_path), "%.4096s%s", path, suffix);
	snprintf(to_path, sizeof(to_path), "%.4096s%s", to, suffix);
	rename(from_path, to_path);
	/* One that is left belongs to no file, and would be taken for the next one's. */
	unlink(from_path);
}

int aside_move(const char *path, char *ret_path, size_t ret_path_bytes, struct fault *why)
{
	time_t now = time(NULL);
	char time_text[32];
	struct tm utc;
	int err = 0;

	gmtime_r(&now, &utc);
	strftime(time_text, sizeof(time_text), "%Y%m%dT%H%M%SZ", &utc);
	for (int i = 0; i < NAME_TRIES; i++) {
		err = make_name(path, time_text, i, ret_path, ret_path_bytes);
		if (err || access(ret_path, F_OK))
			break;
	}
	if (!err && rename(path, ret_path))
		err = -errno;
	if (err)
		return fault_set(why, err, "\"%s\" is damaged and cannot be set aside: %s", path,
				 strerror(-err));
	for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++)
		move_companion(path, ret_path, companions[i]);
	return 0;
}
