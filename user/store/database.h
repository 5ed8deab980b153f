/* SPDX-License-Identifier: Apache-2.0 */
/* The file itself: opening, its schema and whose it is, and SQLite's errors as -errno with words.
 */
#ifndef TICKSCOPE_STORE_DATABASE_H
#define TICKSCOPE_STORE_DATABASE_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/fault.h"

/* Resolutions, as they are stored. */
enum { DATABASE_10S, DATABASE_1M, DATABASE_1H, DATABASE_RESOLUTION_CNT };
extern const uint64_t database_resolution_ns[DATABASE_RESOLUTION_CNT];

/*
 * For writing: made where it is missing. -EBADMSG: damaged, or of another program; -EPROTO: of a
 * later version; -errno. The reason names the file.
 */
int database_open_writer(const char *path, sqlite3 **ret_db, struct fault *why);
/* For reading only, never made. -ENOENT beside those. */
int database_open_reader(const char *path, sqlite3 **ret_db, struct fault *why);

/* The -errno and the words of what the last call failed with. */
int database_error(sqlite3 *db, struct fault *why);

int database_exec(sqlite3 *db, const char *sql, struct fault *why);
/* One number out of one row; where there is no row, *ret_number stays. */
int database_number(sqlite3 *db, const char *sql, int64_t *ret_number, struct fault *why);
/* One that is kept for the life of the handle. */
int database_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement, struct fault *why);
/* Runs a statement that returns no rows, and makes it ready for the next time. */
int database_run(sqlite3_stmt *statement, struct fault *why);

#endif
