/* state_open - makes, locks and checks the file of state; checkpoints. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_db.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the order of names, and as sqlite_schema has them. */
#define ROW_COLUMNS                                                                                \
	"(id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, kind TEXT NOT NULL, "               \
	"name TEXT NOT NULL, set_name TEXT NOT NULL, line INTEGER NOT NULL, "                      \
	"keep INTEGER NOT NULL, json TEXT) STRICT"
#define TABLES                                                                                     \
	"CREATE TABLE direct" ROW_COLUMNS ";"                                                      \
	"CREATE TABLE forgotten(id INTEGER PRIMARY KEY, generation INTEGER NOT NULL) STRICT;"      \
	"CREATE TABLE history(generation INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, "          \
	"added INTEGER NOT NULL, changed INTEGER NOT NULL, removed INTEGER NOT NULL, "             \
	"origin TEXT NOT NULL, text TEXT NOT NULL) STRICT;"                                        \
	"CREATE TABLE layer(id INTEGER PRIMARY KEY, generation INTEGER NOT NULL) STRICT;"          \
	"CREATE TABLE layered" ROW_COLUMNS

#define INSERT(table) "INSERT INTO " table " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
#define READ(table)   "SELECT * FROM " table " WHERE id >= ?1 AND id < ?2 ORDER BY id"
#define BACK(table)                                                                                \
	"SELECT id, generation, kind, name, NOT keep AND json IS NULL FROM " table                 \
	" WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
#define DELETE(table) "DELETE FROM " table " WHERE id >= ?1 AND id < ?2"
#define FIRST(table)  "SELECT id, generation FROM " table " WHERE id >= ?1 ORDER BY id LIMIT 1"

static const char *const statements[STATE_DB_STATEMENTS] = {
	[STATE_DB_BEGIN] = "BEGIN IMMEDIATE",
	[STATE_DB_COMMIT] = "COMMIT",
	[STATE_DB_ROLLBACK] = "ROLLBACK",
	[STATE_DB_INSERT] = INSERT("direct"),
	[STATE_DB_INSERT_LAYERED] = INSERT("layered"),
	[STATE_DB_READ] = READ("direct"),
	[STATE_DB_READ_LAYERED] = READ("layered"),
	[STATE_DB_BACK] = BACK("direct"),
	[STATE_DB_BACK_LAYERED] = BACK("layered"),
	[STATE_DB_DELETE] = DELETE("direct"),
	[STATE_DB_DELETE_LAYERED] = DELETE("layered"),
	[STATE_DB_FIRST] = FIRST("direct"),
	[STATE_DB_FIRST_LAYERED] = FIRST("layered"),
	[STATE_DB_LAYER_ADD] = "INSERT INTO layer VALUES(?1, ?2)",
	[STATE_DB_LAYER_HAS] = "SELECT 1 FROM layer WHERE id = ?1",
	[STATE_DB_LAYER_LIST] =
		"SELECT id, generation FROM layer WHERE generation > ?1 ORDER BY generation",
	[STATE_DB_LAYER_TRIM] =
		"DELETE FROM layer WHERE NOT EXISTS (SELECT 1 FROM layered "
		"WHERE layered.id >= layer.id << 32 AND layered.id < (layer.id + 1) << 32)",
	[STATE_DB_HISTORY_ADD] = "INSERT INTO history VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[STATE_DB_HISTORY_LIST] =
		"SELECT * FROM history ORDER BY generation DESC LIMIT ?1 OFFSET ?2",
	[STATE_DB_HISTORY_TRIM] =
		"DELETE FROM history WHERE generation <= (SELECT generation FROM history "
		"ORDER BY generation LIMIT 1 OFFSET ?1 - 1)",
	[STATE_DB_FORGET] = "REPLACE INTO forgotten VALUES(1, ?1)",
};

/* The last column says whether the numbers fit each other. */
static const char numbers[] =
	"SELECT history, commits, direct, max(layered >> 32, layer), forgotten, page_size, "
	"first_history > 0 AND first_direct > 0 AND direct < 1 << 62 AND "
	"first_layered >= 1 << 32 AND layered < 1 << 62 AND first_layer > 0 AND layer < 1 << 30 "
	"AND direct_generation <= history AND layer_generation <= history AND forgotten >= 0 FROM "
	"(SELECT coalesce(max(generation), 0) AS history, "
	"coalesce(min(generation), 1) AS first_history, count(*) AS commits FROM history), "
	"(SELECT coalesce(max(id), 0) AS layer, coalesce(min(id), 1) AS first_layer, "
	"coalesce(max(generation), 0) AS layer_generation FROM layer), "
	"(SELECT coalesce(max(generation), 0) AS forgotten FROM forgotten), "
	"(SELECT coalesce(max(id), 0) AS direct FROM direct), "
	"(SELECT coalesce(min(id), 1) AS first_direct FROM direct), "
	"(SELECT coalesce((SELECT generation FROM direct ORDER BY id DESC LIMIT 1), 0) "
	"AS direct_generation), "
	"(SELECT coalesce(max(id), 0) AS layered FROM layered), "
	"(SELECT coalesce(min(id), 1 << 32) AS first_layered FROM layered), "
	"pragma_page_size";

static const char other_file[] = "name another file, or move it away";
const char state_db_afresh[] =
	"restore it, or move it and its -wal file away to start without what was "
	"set at run time";

/* Gives false. */
__attribute__((format(printf, 3, 4))) static bool say(char *err, size_t err_len, const char *format,
						      ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(err, err_len, format, args);
	va_end(args);
	return false;
}

static bool make_folder(const char *path, char *err, size_t err_len)
{
	char copy[PATH_MAX];
	if (snprintf(copy, sizeof(copy), "%s.lock", path) >= (int)sizeof(copy))
		return say(err, err_len,
			   "the name of the state file is too long: name a shorter one");
	if (!mkdir(dirname(copy), 0755) || errno == EEXIST)
		return true;
	return say(err, err_len,
		   "the folder of %s cannot be made: %s; make it, or name a file elsewhere", path,
		   strerror(errno));
}

static bool say_who(int lock, const char *path, char *err, size_t err_len)
{
	char pid[16];
	ssize_t len = pread(lock, pid, sizeof(pid) - 1, 0);
	pid[len > 0 ? len : 0] = 0;
	long holder = strtol(pid, NULL, 10);
	if (holder > 0)
		return say(err, err_len,
			   "%s is in use by process %ld: end that turnoutd, or name another file",
			   path, holder);
	return say(err, err_len, "%s is in use by another turnoutd: end that, or name another file",
		   path);
}

/* A file beside it is locked: the connection of checkpoints has to pass. */
static bool lock_file(struct state *state, char *err, size_t err_len)
{
	char name[PATH_MAX], pid[16];
	snprintf(name, sizeof(name), "%s.lock", state->path);
	state->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (state->lock < 0)
		return say(err, err_len,
			   "%s cannot be opened: %s; name a file where turnoutd may write", name,
			   strerror(errno));
	if (flock(state->lock, LOCK_EX | LOCK_NB))
		return say_who(state->lock, state->path, err, err_len);
	/* It is locked even when the disk is too full to say by whom. */
	int len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(state->lock, 0) || pwrite(state->lock, pid, (size_t)len, 0) != len)
		(void)!ftruncate(state->lock, 0);
	return true;
}

/* Before SQLite does: with its own mode, and not over a WAL that has lost its file. */
static bool make_file(const char *path, char *err, size_t err_len)
{
	struct stat file, wal;
	char name[PATH_MAX];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return say(err, err_len,
			   "%s cannot be opened: %s; name a file where turnoutd may write", path,
			   strerror(errno));
	bool known = !fstat(fd, &file);
	close(fd);
	if (!known || !S_ISREG(file.st_mode))
		return say(err, err_len, "%s is not a regular file: %s", path, other_file);
	/* SQLite takes one octet for none. */
	if (file.st_size == 1)
		return say(err, err_len, "%s is not an SQLite database: %s", path, other_file);
	snprintf(name, sizeof(name), "%s-wal", path);
	if (!file.st_size && !stat(name, &wal) && wal.st_size)
		return say(err, err_len, "%s is empty, yet there is a -wal file beside it: %s",
			   path, state_db_afresh);
	return true;
}

sqlite3 *state_db_connect(const char *path, char *err, size_t err_len)
{
	sqlite3 *db = NULL;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	char name[PATH_MAX];
	/* SQLite gives a meaning to names like :memory: and file:x. */
	snprintf(name, sizeof(name), "%s%s", *path == '/' ? "" : "./", path);
	if (sqlite3_open_v2(name, &db, flags, NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(db, STATE_DB_BUSY_MS);
		return db;
	}
	state_db_explain(db, path, err, err_len);
	sqlite3_close(db);
	return NULL;
}

static bool run(struct state *state, const char *sql, char *err, size_t err_len)
{
	return sqlite3_exec(state->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	       state_db_explain(state->db, state->path, err, err_len);
}

/* The one row that a query gives, as integers. */
static bool ask(struct state *state, const char *sql, int n, int64_t *values, char *err,
		size_t err_len)
{
	sqlite3_stmt *query = NULL;
	bool ok = sqlite3_prepare_v2(state->db, sql, -1, &query, NULL) == SQLITE_OK &&
		  sqlite3_step(query) == SQLITE_ROW;
	for (int i = 0; ok && i < n; i++)
		values[i] = sqlite3_column_int64(query, i);
	if (!ok)
		state_db_explain(state->db, state->path, err, err_len);
	sqlite3_finalize(query);
	return ok;
}

static bool create(struct state *state, char *err, size_t err_len)
{
	char sql[sizeof(TABLES) + 256];
	snprintf(sql, sizeof(sql),
		 "BEGIN IMMEDIATE; PRAGMA application_id=%d; PRAGMA user_version=%d; %s; COMMIT",
		 STATE_DB_APPLICATION, STATE_DB_SCHEMA, TABLES);
	return run(state, sql, err, err_len);
}

/* Whose file it is, before anything is written to it. */
static bool check_owner(struct state *state, bool *fresh, char *err, size_t err_len)
{
	int64_t application, schema, tables;
	if (!ask(state, "PRAGMA application_id", 1, &application, err, err_len) ||
	    !ask(state, "PRAGMA user_version", 1, &schema, err, err_len) ||
	    !ask(state, "SELECT count(*) FROM sqlite_schema", 1, &tables, err, err_len))
		return false;
	*fresh = !application && !schema && !tables;
	if (*fresh)
		return true;
	if (application != STATE_DB_APPLICATION)
		return say(err, err_len, "%s is the database of another program: %s", state->path,
			   other_file);
	if (schema > STATE_DB_SCHEMA)
		return say(err, err_len,
			   "%s was written by a newer turnoutd (schema %ld, this one knows %d): "
			   "run that one, or move the file away",
			   state->path, (long)schema, STATE_DB_SCHEMA);
	return true;
}

static bool check_content(struct state *state, char *err, size_t err_len)
{
	int64_t right;
	if (!ask(state,
		 "SELECT coalesce(group_concat(sql, ';') = '" TABLES "', 0) FROM (SELECT sql FROM "
		 "sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name)",
		 1, &right, err, err_len))
		return false;
	if (!right)
		return say(err, err_len, "%s is damaged (other tables than expected): %s",
			   state->path, state_db_afresh);
	return true;
}

/* A checkpoint that nobody did in time. */
static int after_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct state *state = arg;
	state->wal_pages = (uint64_t)pages;
	if (pages < STATE_DB_WAL_PAGES) {
		state->checkpoint_at = STATE_DB_WAL_PAGES;
	} else if (state->wal_pages >= state->checkpoint_at) {
		/* When the disk has no room for it, the commit is safe all the same. */
		sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		state->checkpoint_at = state->wal_pages + STATE_DB_WAL_PAGES / 16;
	}
	return SQLITE_OK;
}

static bool set_up(struct state *state, bool fresh, char *err, size_t err_len)
{
	int64_t wal;
	if ((fresh && !run(state, "PRAGMA page_size=2048", err, err_len)) ||
	    !run(state, "PRAGMA journal_mode=WAL", err, err_len) ||
	    !ask(state, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1, &wal, err,
		 err_len))
		return false;
	if (!wal)
		return say(err, err_len,
			   "%s is where SQLite can keep no WAL: name a file on a local disk",
			   state->path);
	sqlite3_wal_hook(state->db, after_commit, state);
	return run(state,
		   state->sync == STATE_SYNC_FULL ? "PRAGMA synchronous=FULL"
						  : "PRAGMA synchronous=NORMAL",
		   err, err_len) &&
	       (fresh ? create(state, err, err_len) : check_content(state, err, err_len));
}

static bool prepare(struct state *state, char *err, size_t err_len)
{
	for (unsigned i = 0; i < STATE_DB_STATEMENTS; i++)
		if (sqlite3_prepare_v3(state->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &state->statements[i], NULL) != SQLITE_OK)
			return state_db_explain(state->db, state->path, err, err_len);
	return true;
}

static bool load_numbers(struct state *state, char *err, size_t err_len)
{
	int64_t got[7];
	if (!ask(state, numbers, 7, got, err, err_len))
		return false;
	if (!got[6])
		return say(err, err_len, "%s is damaged (rows that its history does not know): %s",
			   state->path, state_db_afresh);
	state->generation = (uint64_t)got[0];
	state->commits = (uint64_t)got[1];
	state->next_direct = got[2] + 1;
	state->next_layer = got[3] + 1;
	state->forgotten = (uint64_t)got[4];
	state->page_octets = (uint64_t)got[5];
	return true;
}

struct state *state_open_unchecked(const char *path, enum state_sync sync, char *err,
				   size_t err_len)
{
	struct state *state = calloc(1, sizeof(*state));
	bool fresh;
	if (!state || !(state->path = strdup(path))) {
		snprintf(err, err_len, "no memory to open %s", path);
		free(state);
		return NULL;
	}
	state->lock = -1;
	state->sync = state->sync_now = sync;
	state->keep_after = UINT64_MAX;
	/* Nobody knows what the process before has left. */
	state->dead_layers = true;
	state->fresh = UINT64_MAX / 2;
	state->wal_pages = UINT32_MAX;
	if (make_folder(state->path, err, err_len) && lock_file(state, err, err_len) &&
	    make_file(state->path, err, err_len) &&
	    (state->db = state_db_connect(state->path, err, err_len)) &&
	    run(state,
		"PRAGMA trusted_schema=OFF; PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY; "
		"PRAGMA cache_size=-8192; PRAGMA journal_size_limit=67108864",
		err, err_len) &&
	    sqlite3_limit(state->db, SQLITE_LIMIT_LENGTH, STATE_DB_OBJECT_MAX) &&
	    check_owner(state, &fresh, err, err_len) && set_up(state, fresh, err, err_len) &&
	    prepare(state, err, err_len) && load_numbers(state, err, err_len)) {
		if (!fresh)
			state_check_start(state);
		return state;
	}
	state_close(state);
	return NULL;
}

struct state *state_open(const char *path, enum state_sync sync, char *err, size_t err_len)
{
	struct state *state = state_open_unchecked(path, sync, err, err_len);
	if (!state || state_check(state, err, err_len))
		return state;
	state_close(state);
	return NULL;
}

void state_close(struct state *state)
{
	char err[512];
	if (!state)
		return;
	state_check(state, err, sizeof(err));
	state_db_sweep_stop(state);
	while (state->layers)
		state_layer_abort(state, state->layers->layer);
	for (unsigned i = 0; i < STATE_DB_STATEMENTS; i++)
		sqlite3_finalize(state->statements[i]);
	sqlite3_close(state->db);
	if (state->lock >= 0)
		close(state->lock);
	free(state->path);
	free(state);
}

int state_checkpoint(const char *path, char *err, size_t err_len)
{
	sqlite3_file *file = NULL;
	sqlite3 *db = state_db_connect(path, err, err_len);
	if (!db)
		return -1;
	int code = sqlite3_exec(db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
	/* The last one holds commits up until all is on the disk: let it find little to do. */
	for (int i = 0; i < 2 && code == SQLITE_OK; i++)
		code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_file_control(db, NULL, SQLITE_FCNTL_FILE_POINTER, &file);
	if (code == SQLITE_OK) {
		file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
		code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	/* Busy: another checkpoint is at it, or a reader needs the WAL. There will be a next time. */
	bool ok = (code & 0xff) == SQLITE_OK || (code & 0xff) == SQLITE_BUSY ||
		  state_db_explain(db, path, err, err_len);
	sqlite3_close(db);
	return ok ? 0 : -1;
}
