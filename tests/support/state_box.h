/* state_box - a state file in a folder of its own, and what its rows add up to. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/state.h"
}

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <sqlite3.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <tuple>
#include <unistd.h>
#include <vector>

/* A folder that goes with all that is in it. */
class TemporaryFolder
{
      public:
	/* In memory where there is room for it, since a fsync there takes no time. */
	TemporaryFolder()
	{
		struct statvfs memory;
		if (!access("/dev/shm", W_OK) && !statvfs("/dev/shm", &memory) &&
		    memory.f_bavail * memory.f_frsize > 512u << 20)
			path_ = "/dev/shm/turnout-state.XXXXXX";
		if (!mkdtemp(path_.data()))
			abort();
	}
	TemporaryFolder(const TemporaryFolder &) = delete;
	TemporaryFolder &operator=(const TemporaryFolder &) = delete;
	~TemporaryFolder()
	{
		(void)!system(("rm -rf " + path()).c_str());
	}
	std::string path() const
	{
		return path_;
	}
	std::string file(const std::string &name) const
	{
		return path() + "/" + name;
	}

      private:
	std::string path_ = "/tmp/turnout-state.XXXXXX";
};

inline std::string file_read(const std::string &path)
{
	std::ifstream in(path, std::ios::binary);
	return {std::istreambuf_iterator<char>(in), {}};
}

inline void file_write(const std::string &path, const std::string &octets)
{
	std::ofstream(path, std::ios::binary) << octets;
}

/* A row with texts of its own. */
struct Row {
	std::string kind, name, json; /* "": removed */
	bool keep = false;
	std::string set = "operator";
	uint32_t line = 0;
	uint64_t generation = 0;

	bool operator==(const Row &other) const
	{
		auto all = [](const Row &row) {
			return std::tie(row.kind, row.name, row.json, row.keep, row.set, row.line,
					row.generation);
		};
		return all(*this) == all(other);
	}
};
using Rows = std::vector<Row>;
/* What counts, by kind and name. */
using Objects = std::map<std::pair<std::string, std::string>, Row>;

inline std::ostream &operator<<(std::ostream &out, const Row &row)
{
	return out << row.kind << ' ' << row.name << ' ' << row.json << " keep " << row.keep << ' '
		   << row.set << ':' << row.line << " generation " << row.generation;
}

inline void take_in(Objects &objects, const Row &row)
{
	if (row.json.empty() && !row.keep)
		objects.erase({row.kind, row.name});
	else
		objects[{row.kind, row.name}] = row;
}

inline std::vector<struct state_row> c_rows(const Rows &rows)
{
	std::vector<struct state_row> made;
	for (const Row &row : rows)
		made.push_back({row.kind.c_str(), row.name.c_str(), row.set.c_str(),
				row.json.empty() ? nullptr : row.json.c_str(), 0, row.line,
				row.keep});
	return made;
}

/* An open state, its last error, and short names for what it does. */
class StateBox
{
      public:
	explicit StateBox(const std::string &path, enum state_sync sync = STATE_SYNC_NORMAL)
	    : path_(path), sync_(sync)
	{
		reopen();
	}
	StateBox(const StateBox &) = delete;
	StateBox &operator=(const StateBox &) = delete;
	~StateBox()
	{
		close();
	}
	void close()
	{
		state_close(state);
		state = nullptr;
	}
	bool reopen()
	{
		close();
		*err = 0;
		state = state_open(path_.c_str(), sync_, err, sizeof(err));
		return state;
	}
	bool put(uint64_t generation, const Rows &rows)
	{
		struct state_commit commit = about(generation);
		auto made = c_rows(rows);
		return !state_put(state, &commit, made.data(), made.size(), err, sizeof(err));
	}
	/* The next one. */
	bool put(const Rows &rows)
	{
		return put(state_generation(state) + 1, rows);
	}
	int64_t layer()
	{
		int64_t made = -1;
		EXPECT_EQ(state_layer_begin(state, &made, err, sizeof(err)), 0) << err;
		return made;
	}
	bool add(int64_t layer, const Rows &rows)
	{
		auto made = c_rows(rows);
		return !state_layer_add(state, layer, made.data(), made.size(), err, sizeof(err));
	}
	bool commit(int64_t layer)
	{
		struct state_commit commit = about(state_generation(state) + 1);
		return !state_layer_commit(state, layer, &commit, err, sizeof(err));
	}
	Rows read(uint64_t after = 0)
	{
		Rows rows;
		EXPECT_EQ(state_read(state, after, take, &rows, err, sizeof(err)), 0) << err;
		return rows;
	}
	Objects objects()
	{
		Objects objects;
		for (const Row &row : read())
			take_in(objects, row);
		return objects;
	}
	std::vector<uint64_t> history(uint64_t offset = 0, uint64_t limit = UINT64_MAX)
	{
		std::vector<uint64_t> generations;
		auto read = [](void *arg, const struct state_commit *commit) {
			static_cast<std::vector<uint64_t> *>(arg)->push_back(commit->generation);
		};
		EXPECT_EQ(state_history(state, offset, limit, read, &generations, err, sizeof(err)),
			  0)
			<< err;
		return generations;
	}
	/* Until there is nothing to do. Gives how many calls it took. */
	int clean(unsigned max = 100)
	{
		int calls = 1;
		while (state_clean(state, max))
			if (++calls > 1000000)
				abort();
		return calls;
	}
	bool checkpoint()
	{
		return !state_checkpoint(path_.c_str(), err, sizeof(err));
	}
	uint64_t generation() const
	{
		return state_generation(state);
	}

	struct state *state = nullptr;
	char err[512] = "";

      private:
	static struct state_commit about(uint64_t generation)
	{
		return {generation, generation * 1000, "operator uid 0", "", 1, 2, 3};
	}
	static bool take(void *arg, const struct state_row *row)
	{
		static_cast<Rows *>(arg)->push_back({row->kind, row->name,
						     row->json ? row->json : "", row->keep,
						     row->set, row->line, row->generation});
		return true;
	}
	std::string path_;
	enum state_sync sync_;
};

/* A small file system that ends with the process, if there is the right to mount one. */
class SmallDisk
{
      public:
	SmallDisk()
	{
		static const bool own = !unshare(CLONE_NEWNS) &&
					!mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
		mounted = own && !mount("none", folder.path().c_str(), "tmpfs", 0, "size=1m");
	}
	~SmallDisk()
	{
		if (mounted)
			umount2(folder.path().c_str(), MNT_DETACH);
	}
	bool read_only(bool on)
	{
		return !mount("none", folder.path().c_str(), "tmpfs",
			      MS_REMOUNT | (on ? MS_RDONLY : 0), nullptr);
	}
	/* Fills all of it but the octets. */
	void fill(size_t but)
	{
		std::string ballast = folder.file("ballast");
		file_write(ballast, std::string(2 << 20, 'x'));
		ASSERT_EQ(
			truncate(ballast.c_str(), (off_t)((size_t)file_read(ballast).size() - but)),
			0);
	}
	void empty()
	{
		unlink(folder.file("ballast").c_str());
	}

	TemporaryFolder folder;
	bool mounted;
};
