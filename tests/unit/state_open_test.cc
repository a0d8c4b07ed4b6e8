/* state_open_test - bad files are refused, cut ones give no half commit, full disks lose none. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/state_box.h"

#include <csignal>
#include <random>
#include <sys/resource.h>
#include <sys/wait.h>

namespace
{

Row scope(size_t i, const std::string &json)
{
	return {"scope", "s" + std::to_string(i), json};
}

class StateOpen : public testing::Test
{
      protected:
	TemporaryFolder folder;
	std::string path = folder.file("state.db");

	/* It has to be refused with one sentence that names the file and has the text. */
	void refused(const std::string &file, const std::string &text)
	{
		StateBox box(file);
		EXPECT_EQ(box.state, nullptr) << text;
		std::string err = box.err;
		EXPECT_NE(err.find(text), std::string::npos) << err;
		EXPECT_NE(err.find(file.substr(0, 100)), std::string::npos) << err;
		EXPECT_EQ(err.find('\n'), std::string::npos) << err;
	}
	void make(const std::string &file, size_t commits = 1)
	{
		StateBox box(file);
		ASSERT_TRUE(box.state) << box.err;
		for (size_t i = 0; i < commits; i++)
			ASSERT_TRUE(box.put({scope(i, "x")})) << box.err;
	}
	void sql(const std::string &file, const std::string &text)
	{
		sqlite3 *db;
		ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
		EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
			<< sqlite3_errmsg(db);
		sqlite3_close(db);
	}
	/* A good file that the statements spoil. */
	void spoilt(const std::string &text, const std::string &reason)
	{
		std::string file = folder.file("spoilt.db");
		unlink(file.c_str());
		make(file);
		sql(file, text);
		refused(file, reason);
	}
};

TEST_F(StateOpen, makes_its_folder_and_keeps_others_out)
{
	std::string file = folder.file("new/state.db");
	StateBox box(file);
	ASSERT_TRUE(box.state) << box.err;
	ASSERT_TRUE(box.put({scope(1, "x")}));
	struct stat of;
	ASSERT_EQ(stat(folder.file("new").c_str(), &of), 0);
	mode_t mask = umask(0);
	umask(mask);
	EXPECT_EQ(of.st_mode & 0777, 0755u & ~mask);
	for (const char *suffix : {"", "-wal", "-shm", ".lock"}) {
		ASSERT_EQ(stat((file + suffix).c_str(), &of), 0) << suffix;
		EXPECT_EQ(of.st_mode & 0777, 0600u) << suffix;
	}
}

TEST_F(StateOpen, a_name_is_only_a_name)
{
	char *before = getcwd(nullptr, 0);
	ASSERT_EQ(chdir(folder.path().c_str()), 0);
	for (const char *name : {":memory:", "file:x?mode=memory", "a'b c"}) {
		make(name);
		StateBox box(name);
		EXPECT_EQ(box.generation(), 1u) << name;
		EXPECT_FALSE(file_read(folder.file(name)).empty()) << name;
	}
	ASSERT_EQ(chdir(before), 0);
	free(before);
}

TEST_F(StateOpen, refuses_what_cannot_be_a_file)
{
	refused(folder.file("a/b/state.db"), "cannot be made: No such file or directory");
	file_write(folder.file("plain"), "x");
	refused(folder.file("plain/state.db"), "cannot be opened: Not a directory");
	ASSERT_EQ(mkdir(folder.file("sub").c_str(), 0700), 0);
	refused(folder.file("sub"), "cannot be opened: Is a directory");
	ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
	refused(folder.file("fifo"), "is not a regular file");
	StateBox box(folder.file(std::string(5000, 'x')));
	EXPECT_EQ(box.state, nullptr);
	EXPECT_NE(std::string(box.err).find("too long"), std::string::npos) << box.err;
}

TEST_F(StateOpen, refuses_files_of_others)
{
	file_write(path, "ports: ();\n");
	refused(path, "is not an SQLite database: name another file, or move it away");
	EXPECT_EQ(file_read(path), "ports: ();\n");
	file_write(path, std::string(100000, '\0'));
	refused(path, "is not an SQLite database");
	unlink(path.c_str());
	sql(path, "CREATE TABLE t(x)");
	std::string before = file_read(path);
	refused(path, "is the database of another program");
	sql(path, "PRAGMA application_id=7");
	refused(path, "is the database of another program");
	sql(path, "PRAGMA application_id=0");
	EXPECT_EQ(file_read(path).size(), before.size());
}

TEST_F(StateOpen, refuses_other_schemas)
{
	spoilt("PRAGMA user_version=2",
	       "was written by a newer turnoutd (schema 2, this one knows 1)");
	spoilt("CREATE TABLE more(x)", "is damaged (other tables than expected)");
	spoilt("CREATE INDEX i ON direct(name)", "is damaged (other tables than expected)");
	spoilt("CREATE TRIGGER t AFTER INSERT ON direct BEGIN DELETE FROM history; END",
	       "is damaged (other tables than expected)");
	spoilt("DROP TABLE layer", "is damaged (other tables than expected)");
	spoilt("ALTER TABLE history RENAME COLUMN text TO note",
	       "is damaged (other tables than expected)");
	spoilt("DROP TABLE layer; CREATE VIEW layer AS SELECT 1 AS id, 1 AS generation",
	       "is damaged (other tables than expected)");
}

TEST_F(StateOpen, refuses_numbers_that_do_not_fit)
{
	spoilt("DELETE FROM history", "is damaged (rows that its history does not know)");
	spoilt("UPDATE direct SET generation = 2",
	       "is damaged (rows that its history does not know)");
	spoilt("UPDATE direct SET id = 9223372036854775807",
	       "is damaged (rows that its history does not know)");
	spoilt("UPDATE direct SET id = -1", "is damaged (rows that its history does not know)");
	spoilt("INSERT INTO layered SELECT * FROM direct",
	       "is damaged (rows that its history does not know)");
	spoilt("INSERT INTO layered SELECT 9223372036854775807, 0, kind, name, set_name, line, "
	       "keep, json FROM direct",
	       "is damaged (rows that its history does not know)");
	spoilt("INSERT INTO layer VALUES(0, 1)",
	       "is damaged (rows that its history does not know)");
	spoilt("INSERT INTO layer VALUES(1 << 40, 1)",
	       "is damaged (rows that its history does not know)");
	spoilt("INSERT INTO layer VALUES(1, 2)",
	       "is damaged (rows that its history does not know)");
	spoilt("INSERT INTO forgotten VALUES(1, -5)",
	       "is damaged (rows that its history does not know)");
	spoilt("UPDATE history SET generation = -generation",
	       "is damaged (rows that its history does not know)");
}

TEST_F(StateOpen, refuses_a_damaged_page)
{
	make(path, 2000);
	std::string octets = file_read(path);
	ASSERT_GT(octets.size(), 50000u);
	memset(&octets[octets.size() / 2], 0xff, 4096);
	file_write(path, octets);
	refused(path,
		": restore it, or move it and its -wal file away to start without what was set");
}

TEST_F(StateOpen, refuses_a_wal_without_its_file)
{
	{
		StateBox box(path);
		ASSERT_TRUE(box.put({scope(1, "x")}));
		file_write(folder.file("lost.db-wal"), file_read(path + "-wal"));
	}
	file_write(folder.file("lost.db"), "");
	refused(folder.file("lost.db"), "is empty, yet there is a -wal file beside it");
	unlink(folder.file("lost.db-wal").c_str());
	make(folder.file("lost.db"));
}

TEST_F(StateOpen, one_at_a_time)
{
	{
		StateBox box(path);
		ASSERT_TRUE(box.state);
		refused(path, "is in use by process " + std::to_string(getpid()));
		ASSERT_TRUE(box.put({scope(1, "x")})) << box.err;
		ASSERT_TRUE(box.checkpoint()) << box.err;
		ASSERT_TRUE(box.put({scope(2, "x")})) << "the first one is not harmed: " << box.err;
	}
	make(path, 0);
	int report[2];
	ASSERT_EQ(pipe(report), 0);
	pid_t child = fork();
	if (!child) {
		StateBox box(path);
		(void)!write(report[1], box.state ? "y" : "n", 1);
		pause();
	}
	char answer;
	ASSERT_EQ(read(report[0], &answer, 1), 1);
	EXPECT_EQ(answer, 'y');
	refused(path, "is in use by process " + std::to_string(child) + ": end that turnoutd");
	kill(child, SIGKILL);
	waitpid(child, nullptr, 0);
	close(report[0]);
	close(report[1]);
	StateBox box(path);
	EXPECT_TRUE(box.state) << "it ends with the process: " << box.err;
	EXPECT_EQ(box.generation(), 2u);
}

TEST_F(StateOpen, checkpoint_of_what_is_no_state)
{
	char err[512];
	EXPECT_EQ(state_checkpoint(folder.file("none.db").c_str(), err, sizeof(err)), -1);
	EXPECT_NE(std::string(err).find("cannot be opened"), std::string::npos) << err;
	file_write(path, std::string(5000, 'x'));
	EXPECT_EQ(state_checkpoint(path.c_str(), err, sizeof(err)), -1);
	EXPECT_NE(std::string(err).find("is not an SQLite database"), std::string::npos) << err;
}

/* --- Cut and changed files ------------------------------------------------------------------- */

/* Commits of three rows with the same text, in layers now and then. */
void commit_triples(StateBox &box, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t next = box.generation() + 1;
		std::string text = std::to_string(next) + std::string(next % 7 * 100, 'x');
		Rows rows = {scope(next % 50 * 3, text), scope(next % 50 * 3 + 1, text),
			     scope(next % 50 * 3 + 2, text)};
		if (next % 10) {
			ASSERT_TRUE(box.put(rows)) << box.err;
			continue;
		}
		int64_t layer = box.layer();
		for (const Row &row : rows)
			ASSERT_TRUE(box.add(layer, {row})) << box.err;
		ASSERT_TRUE(box.commit(layer)) << box.err;
	}
}

/* What commit_triples has left after each generation. */
void expect_version(StateBox &box, size_t least)
{
	uint64_t generation = box.generation();
	EXPECT_GE(generation, least);
	Rows rows = box.read();
	EXPECT_EQ(rows.size(), generation * 3);
	for (size_t i = 0; i < rows.size(); i++)
		ASSERT_EQ(rows[i].generation, i / 3 + 1);
	EXPECT_EQ(box.history().size(), generation);
}

class StateCut : public StateOpen
{
      protected:
	std::string file, wal; /* the content of both */

	/* Some commits in the file, and more in the WAL. */
	void write(size_t in_file, size_t in_wal)
	{
		StateBox box(path);
		commit_triples(box, in_file);
		ASSERT_TRUE(box.checkpoint());
		commit_triples(box, in_wal);
		file = file_read(path);
		wal = file_read(path + "-wal");
		ASSERT_GT(file.size(), 4000u);
	}
	/* Opens what is left of it. Gives the generation, or -1: refused. */
	int64_t open(const std::string &of_file, const std::string &of_wal, size_t least,
		     bool whole)
	{
		std::string copy = folder.file("copy.db");
		file_write(copy, of_file);
		file_write(copy + "-wal", of_wal);
		StateBox box(copy);
		if (!box.state) {
			EXPECT_NE(std::string(box.err).find(copy), std::string::npos) << box.err;
			return -1;
		}
		if (whole)
			expect_version(box, least);
		else
			(void)state_read(
				box.state, 0,
				[](void *, const struct state_row *row) {
					return *row->kind != 'Z';
				},
				nullptr, box.err, sizeof(box.err));
		return (int64_t)box.generation();
	}
};

TEST_F(StateCut, a_cut_wal_gives_an_earlier_version)
{
	write(100, 100);
	EXPECT_EQ(open(file, wal, 200, true), 200);
	EXPECT_EQ(open(file, "", 100, true), 100);
	int64_t last = 100;
	std::mt19937 random(1);
	for (size_t cut = 0; cut < wal.size() && !HasFailure();
	     cut += 1 + random() % (wal.size() / 150)) {
		int64_t generation = open(file, wal.substr(0, cut), 100, true);
		EXPECT_GE(generation, last) << cut;
		last = generation;
	}
	EXPECT_GT(last, 190);
}

TEST_F(StateCut, a_cut_file_is_refused_or_whole)
{
	write(300, 0);
	EXPECT_EQ(wal, "");
	EXPECT_EQ(open(file, "", 300, true), 300);
	std::mt19937 random(1);
	for (size_t cut = 1; cut < file.size() && !HasFailure();
	     cut += 1 + random() % (file.size() / 100))
		EXPECT_EQ(open(file.substr(0, cut), "", 300, true), -1) << cut;
}

TEST_F(StateCut, a_cut_file_with_a_wal_is_refused_or_whole)
{
	write(100, 20);
	std::mt19937 random(1);
	int refusals = 0;
	for (size_t cut = 0; cut < file.size() && !HasFailure();
	     cut += 1 + random() % (file.size() / 100))
		refusals += open(file.substr(0, cut), wal, 120, true) < 0;
	EXPECT_GT(refusals, 50);
}

/* Nobody can see that a letter within a text has changed, but nothing worse may come of it. */
TEST_F(StateCut, flipped_octets_do_no_harm)
{
	write(60, 20);
	std::mt19937 random(1);
	int refusals = 0;
	for (int i = 0; i < 300 && !HasFailure(); i++) {
		std::string bad_file = file, bad_wal = wal;
		for (unsigned n = 1 + random() % 4; n; n--) {
			std::string &bad = random() % 4 ? bad_file : bad_wal;
			size_t page = random() % 2 ? 0 : random() % (bad.size() / 2048) * 2048;
			bad[(page + random() % 200) % bad.size()] ^= (char)(1 << random() % 8);
		}
		refusals += open(bad_file, bad_wal, 0, false) < 0;
	}
	EXPECT_GT(refusals, 50);
	EXPECT_LT(refusals, 300);
}

/* --- Disks that are full or read only -------------------------------------------------------- */

const char no_space[] = "no space left on the disk of ";

/* Writes until no more goes, sees what is there, makes room, goes on. */
template <typename MakeRoom> void fill_up_and_go_on(StateBox &box, MakeRoom make_room)
{
	int64_t open = box.layer();
	ASSERT_TRUE(box.add(open, {scope(1000000, "in a layer")})) << box.err;
	std::string text(500, 'x');
	size_t n = box.read().size();
	while (box.put({scope(n * 2, text), scope(n * 2 + 1, text)}))
		ASSERT_LT(++n, 10000u);
	EXPECT_GT(n, 0u);
	EXPECT_NE(std::string(box.err).find(no_space), std::string::npos) << box.err;
	Rows before = box.read();
	uint64_t generation = box.generation();
	EXPECT_EQ(box.history().front(), generation);
	EXPECT_FALSE(box.put({{"scope", "big", std::string(1 << 20, 'x')}}));
	EXPECT_NE(std::string(box.err).find(no_space), std::string::npos) << box.err;
	EXPECT_FALSE(box.add(open, {{"scope", "big", std::string(1 << 20, 'x')}}));
	state_clean(box.state, 100);
	EXPECT_EQ(box.read(), before);
	EXPECT_EQ(box.generation(), generation);
	make_room();
	ASSERT_TRUE(box.put(generation + 1, {scope(0, "after")})) << box.err;
	ASSERT_TRUE(box.add(open, {scope(1000001, "in a layer")})) << box.err;
	ASSERT_TRUE(box.commit(open)) << box.err;
	before = box.read();
	EXPECT_EQ(before.back().name, "s1000001");
	ASSERT_TRUE(box.checkpoint()) << box.err;
	ASSERT_TRUE(box.reopen()) << box.err;
	EXPECT_EQ(box.read(), before);
	EXPECT_EQ(box.generation(), generation + 2);
}

TEST_F(StateOpen, a_limit_of_file_sizes_is_a_full_disk)
{
	StateBox box(path);
	struct rlimit limit, before;
	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	limit = before;
	limit.rlim_cur = 200000;
	ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	fill_up_and_go_on(box, [&] { setrlimit(RLIMIT_FSIZE, &before); });
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
}

class StateDisk : public StateOpen
{
      protected:
	SmallDisk disk;
	std::string on_disk = disk.folder.file("state.db");

	void SetUp() override
	{
		if (!disk.mounted)
			GTEST_SKIP() << "no right to mount";
	}
};

TEST_F(StateDisk, a_full_disk_loses_nothing)
{
	StateBox box(on_disk);
	ASSERT_TRUE(box.state) << box.err;
	disk.fill(300000);
	fill_up_and_go_on(box, [&] { disk.empty(); });
}

/* The WAL may have its place and the file not: what was committed stays in the WAL. */
TEST_F(StateDisk, a_checkpoint_without_space_loses_nothing)
{
	StateBox box(on_disk);
	ASSERT_TRUE(box.state) << box.err;
	for (size_t i = 0; i < 100; i++)
		ASSERT_TRUE(box.put({scope(i, std::string(1000, 'x'))})) << box.err;
	Rows before = box.read();
	disk.fill(0);
	EXPECT_FALSE(box.checkpoint());
	EXPECT_NE(std::string(box.err).find(no_space), std::string::npos) << box.err;
	EXPECT_EQ(box.read(), before);
	box.close();
	StateBox again(on_disk);
	EXPECT_TRUE(again.state || std::string(again.err).find(no_space) != std::string::npos)
		<< again.err;
	disk.empty();
	ASSERT_TRUE(again.reopen()) << again.err;
	EXPECT_EQ(again.read(), before);
}

TEST_F(StateDisk, a_new_file_needs_space)
{
	for (size_t room : {0, 4096, 12288, 40960}) {
		disk.fill(room);
		refused(on_disk, "no space");
		disk.empty();
		StateBox box(on_disk);
		EXPECT_TRUE(box.state) << "what is left of it is no hindrance: " << box.err;
		box.close();
		for (const char *suffix : {"", "-wal", "-shm", ".lock"})
			unlink((on_disk + suffix).c_str());
	}
}

TEST_F(StateDisk, refuses_a_disk_that_is_read_only)
{
	make(on_disk);
	ASSERT_TRUE(disk.read_only(true));
	refused(on_disk, "Read-only file system");
	unlink(disk.folder.file("state.db.lock").c_str());
	ASSERT_TRUE(disk.read_only(false));
	StateBox box(on_disk);
	EXPECT_EQ(box.generation(), 1u);
}

} // namespace
