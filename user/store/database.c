/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table for windows of all resolutions, in order of time: a batch is written to neighbouring
 * pages, where an order by series would touch a page for each. A reader of one series skips from
 * time to time by seeking.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time_units.h"
#include "store/database.h"

#define APPLICATION_ID 0x746b7363 /* "tksc" */
#define VERSION	       2
#define BUSY_MS	       5000 /* a checkpoint of the other side takes less */

const uint64_t database_resolution_ns[DATABASE_RESOLUTION_CNT] = {
	[DATABASE_10S] = 10 * NS_PER_S,
	[DATABASE_1M] = 60 * NS_PER_S,
	[DATABASE_1H] = 3600 * NS_PER_S,
};

static const char schema[] =
	"CREATE TABLE run(id INTEGER PRIMARY KEY, name TEXT NOT NULL, start_ns INTEGER NOT NULL);"
	/* One per 10 s; ids are never used again: readers continue after the last they saw. Of
	 * sinks, those pass over it that it says got its rows directly. */
	"CREATE TABLE batch(id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL,"
	" start_ns INTEGER NOT NULL, direct INTEGER NOT NULL DEFAULT 0,"
	" row_cnt INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX batch_start ON batch(start_ns);"
	"CREATE TABLE series(id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL,"
	" operation TEXT NOT NULL, kind TEXT NOT NULL, labels TEXT NOT NULL, name TEXT NOT NULL,"
	" last_ns INTEGER NOT NULL, UNIQUE(target, operation, kind, labels, name));"
	"CREATE TABLE probe(id INTEGER PRIMARY KEY, text TEXT NOT NULL, cost_ns INTEGER NOT NULL,"
	" inner_ns INTEGER NOT NULL, UNIQUE(text, cost_ns, inner_ns));"
	"CREATE TABLE window(resolution INTEGER NOT NULL, start_ns INTEGER NOT NULL,"
	" series INTEGER NOT NULL, batch INTEGER NOT NULL, probe INTEGER NOT NULL,"
	" data BLOB NOT NULL, PRIMARY KEY(resolution, start_ns, series, batch)) WITHOUT ROWID;"
	"CREATE TABLE value(resolution INTEGER NOT NULL, start_ns INTEGER NOT NULL,"
	" series INTEGER NOT NULL, batch INTEGER NOT NULL, cnt INTEGER NOT NULL,"
	" sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, last REAL NOT NULL,"
	" PRIMARY KEY(resolution, start_ns, series, batch)) WITHOUT ROWID;"
	/* What began earlier at this resolution may be gone. */
	"CREATE TABLE kept(resolution INTEGER PRIMARY KEY, from_ns INTEGER NOT NULL);"
	"INSERT INTO kept VALUES(0, 0), (1, 0), (2, 0);"
	"CREATE TABLE alert(seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
	" rule TEXT NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL,"
	" operation TEXT NOT NULL, target TEXT NOT NULL, labels TEXT NOT NULL,"
	" metric TEXT NOT NULL, value REAL, threshold REAL, unit TEXT NOT NULL,"
	" title TEXT NOT NULL, message TEXT NOT NULL, description TEXT NOT NULL,"
	" suggested_actions TEXT NOT NULL, runbook TEXT NOT NULL, alert_group TEXT NOT NULL,"
	" correlation_id TEXT NOT NULL, started_ns INTEGER NOT NULL, fired_ns INTEGER NOT NULL,"
	" ended_ns INTEGER NOT NULL, acknowledged_ns INTEGER NOT NULL,"
	" acknowledged_by TEXT NOT NULL, flap_cnt INTEGER NOT NULL);"
	"CREATE TABLE event(seq INTEGER PRIMARY KEY AUTOINCREMENT, wall_ns INTEGER NOT NULL,"
	" kind TEXT NOT NULL, target TEXT NOT NULL, text TEXT NOT NULL);"
	"CREATE TABLE position(sink TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;"
	/* Where a file takes the place of another, its ids are higher: they begin at the time. */
	"INSERT INTO sqlite_sequence(name, seq)"
	" SELECT column1, CAST(strftime('%s', 'now') AS INTEGER)"
	" FROM (VALUES('batch'), ('alert'), ('event'));"
	"PRAGMA application_id = 1953198947;"
	"PRAGMA user_version = 2;";
_Static_assert(APPLICATION_ID == 1953198947, "SQL has no hexadecimal in PRAGMA");

/* Version 1 to 2. How many rows its batches had is not known. */
static const char migration[] =
	"ALTER TABLE batch ADD COLUMN direct INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE batch ADD COLUMN row_cnt INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE position(sink TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;"
	"PRAGMA user_version = 2;";

/*
 * What the system said of the last read or write that failed, of the file or of its journal.
 * sqlite3_system_errno is not set where a statement fails.
 */
static int io_errno(sqlite3 *db)
{
	static const int files[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
	int system_errno = sqlite3_system_errno(db);

	for (size_t i = 0; !system_errno && i < sizeof(files) / sizeof(files[0]); i++) {
		sqlite3_file *file = NULL;

		if (sqlite3_file_control(db, NULL, files[i], &file) == SQLITE_OK && file &&
		    file->pMethods)
			file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &system_errno);
	}
	return system_errno;
}

/* Quotas and limits are no room, too. */
static int io_error(sqlite3 *db, struct fault *why)
{
	int system_errno = io_errno(db);

	if (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG)
		return fault_set(why, -ENOSPC, "there is no room for the file");
	if (system_errno)
		return fault_set(why, -EIO, "%s: %s", sqlite3_errmsg(db), strerror(system_errno));
	return fault_set(why, -EIO, "%s", sqlite3_errmsg(db));
}

int database_error(sqlite3 *db, struct fault *why)
{
	int err;

	switch (sqlite3_errcode(db)) {
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return io_error(db, why);
	case SQLITE_FULL:
		return fault_set(why, -ENOSPC, "there is no room for the file");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		err = -EBADMSG;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err = -EBUSY;
		break;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		err = -EACCES;
		break;
	case SQLITE_NOMEM:
		err = -ENOMEM;
		break;
	default:
		err = -EINVAL;
	}
	return fault_set(why, err, "%s", sqlite3_errmsg(db));
}

int database_exec(sqlite3 *db, const char *sql, struct fault *why)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) ? database_error(db, why) : 0;
}

int database_number(sqlite3 *db, const char *sql, int64_t *ret_number, struct fault *why)
{
	sqlite3_stmt *statement;
	int code, err = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL))
		return database_error(db, why);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(statement, 0);
	else if (code != SQLITE_DONE)
		err = database_error(db, why);
	sqlite3_finalize(statement);
	return err;
}

int database_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement, struct fault *why)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL))
		return database_error(db, why);
	return 0;
}

int database_run(sqlite3_stmt *statement, struct fault *why)
{
	int err = 0;

	if (sqlite3_step(statement) != SQLITE_DONE)
		err = database_error(sqlite3_db_handle(statement), why);
	sqlite3_reset(statement);
	return err;
}

/* The version of a file that is ours; 0: it is empty; else the reason why not. */
static int identify(sqlite3 *db, struct fault *why)
{
	int64_t application = 0, version = 0, tables = 0;
	int err = database_number(db, "PRAGMA application_id", &application, why);

	if (!err)
		err = database_number(db, "PRAGMA user_version", &version, why);
	if (!err)
		err = database_number(db, "SELECT count(*) FROM sqlite_schema", &tables, why);
	if (err)
		return err;
	if (!application && !version && !tables)
		return 0;
	if (application != APPLICATION_ID)
		return fault_set(why, -EBADMSG, "it is a database of another program");
	if (version > VERSION)
		return fault_set(why, -EPROTO,
				 "a later version of tickscope wrote it (format %lld, this one "
				 "knows %d): use that version, or another --state directory",
				 (long long)version, VERSION);
	if (version < 1 || !tables)
		return fault_set(why, -EBADMSG, "its format %lld was never one",
				 (long long)version);
	return (int)version;
}

/* All of it or nothing. */
static int change_schema(sqlite3 *db, const char *sql, struct fault *why)
{
	int err = database_exec(db, "BEGIN IMMEDIATE", why);

	if (err)
		return err;
	err = database_exec(db, sql, why);
	if (!err)
		err = database_exec(db, "COMMIT", why);
	if (err)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

static int migrate(sqlite3 *db, struct fault *why)
{
	int err = change_schema(db, migration, why);

	/* Its tables are not those of its version. */
	return err == -EINVAL ? -EBADMSG : err;
}

/* auto_vacuum has to be chosen before there is a table, and outside of a transaction. */
static int make_schema(sqlite3 *db, struct fault *why)
{
	int err = database_exec(db, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;",
				why);

	return err ? err : change_schema(db, schema, why);
}

static int set_up_writer(sqlite3 *db, struct fault *why)
{
	int version = identify(db, why), err = 0;

	if (version < 0)
		return version;
	if (version == 0)
		err = make_schema(db, why);
	else if (version < VERSION)
		err = migrate(db, why);
	if (err)
		return err;
	return database_exec(db,
			     "PRAGMA journal_mode = WAL;"
			     /* The file is whole after a power failure, too; the last seconds of
			      * it may then be gone. */
			     "PRAGMA synchronous = NORMAL;"
			     "PRAGMA journal_size_limit = 16777216;"
			     /* KiB. Rows are appended: more than the 2 MB of each file that SQLite
			      * takes by itself would only be what was written long ago. */
			     "PRAGMA cache_size = -512;"
			     "PRAGMA temp_store = MEMORY;",
			     why);
}

static int open_at(const char *path, int flags, sqlite3 **ret_db, struct fault *why)
{
	int code = sqlite3_open_v2(path, ret_db, flags | SQLITE_OPEN_NOMUTEX, NULL), err;

	if (!*ret_db)
		return fault_set(why, -ENOMEM, "out of memory");
	if (code) {
		err = database_error(*ret_db, why);
		sqlite3_close(*ret_db);
		return err;
	}
	sqlite3_busy_timeout(*ret_db, BUSY_MS);
	/* The file may come from anywhere: what its schema could make SQLite do is off. */
	sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return 0;
}

/* Prefixes the reason with the file. */
static int name_file(const char *path, int err, struct fault *why)
{
	struct fault reason = *why;

	return fault_set(why, err, "\"%s\": %s", path, reason.text);
}

int database_open_writer(const char *path, sqlite3 **ret_db, struct fault *why)
{
	/* Operations and labels are nobody's business but the operator's. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	sqlite3 *db;
	int err;

	if (fd < 0) {
		err = -errno;
		return fault_set(why, err, "\"%s\" cannot be written: %s", path, strerror(-err));
	}
	close(fd);
	err = open_at(path, SQLITE_OPEN_READWRITE, &db, why);
	if (err)
		return name_file(path, err, why);
	err = set_up_writer(db, why);
	if (err) {
		sqlite3_close(db);
		return name_file(path, err, why);
	}
	*ret_db = db;
	return 0;
}

/* No agent has it open and this process may not make the journal's files: nobody changes it. */
static int open_unchanging(const char *path, sqlite3 **ret_db, struct fault *why)
{
	char *uri = sqlite3_mprintf("file:%w?immutable=1", path);
	int err;

	if (!uri)
		return fault_set(why, -ENOMEM, "out of memory");
	err = open_at(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, ret_db, why);
	sqlite3_free(uri);
	return err;
}

static bool has_journal(const char *path)
{
	char *journal = sqlite3_mprintf("%s-wal", path);
	struct stat status;
	bool has = !journal || (stat(journal, &status) == 0 && status.st_size);

	sqlite3_free(journal);
	return has;
}

/* A handle on which something was read. */
static int open_identified(const char *path, sqlite3 **ret_db, struct fault *why)
{
	sqlite3 *db;
	int err = open_at(path, SQLITE_OPEN_READONLY, &db, why);

	if (err)
		return err;
	err = identify(db, why);
	if (err == -EIO && sqlite3_errcode(db) == SQLITE_CANTOPEN && !has_journal(path)) {
		sqlite3_close(db);
		err = open_unchanging(path, &db, why);
		if (err)
			return err;
		err = identify(db, why);
	}
	if (err <= 0) {
		sqlite3_close(db);
		return err < 0 ? err : fault_set(why, -EBADMSG, "it is empty");
	}
	*ret_db = db;
	return 0;
}

int database_open_reader(const char *path, sqlite3 **ret_db, struct fault *why)
{
	int err;

	if (access(path, R_OK)) {
		err = -errno;
		return fault_set(why, err, "\"%s\": %s", path, strerror(-err));
	}
	err = open_identified(path, ret_db, why);
	return err ? name_file(path, err, why) : 0;
}
