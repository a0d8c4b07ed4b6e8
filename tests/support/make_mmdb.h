/* make_mmdb - MaxMind DB files for tests, made by make_mmdb.pl from a list of networks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unistd.h>

/* A file that goes away with the object. */
class TestFile
{
      public:
	TestFile()
	{
		const char *dir = getenv("TMPDIR");
		path_ = std::string(dir ? dir : "/tmp") + "/turnout-test-XXXXXX";
		int fd = mkstemp(&path_[0]);
		if (fd < 0)
			throw std::runtime_error("no temporary file");
		close(fd);
	}
	explicit TestFile(const std::string &bytes) : TestFile()
	{
		write(bytes);
	}
	~TestFile()
	{
		unlink(path_.c_str());
	}
	TestFile(const TestFile &) = delete;
	TestFile &operator=(const TestFile &) = delete;

	void write(const std::string &bytes) const
	{
		std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
	}
	std::string read() const
	{
		std::ostringstream all;
		all << std::ifstream(path_, std::ios::binary).rdbuf();
		return all.str();
	}
	const char *path() const
	{
		return path_.c_str();
	}

      private:
	std::string path_;
};

/* options: as make_mmdb.pl takes them, "--ipv4 city"; list: its input. */
inline void make_mmdb(const TestFile &file, const std::string &options, const std::string &list)
{
	std::string here = __FILE__;
	std::string script = here.substr(0, here.rfind('/') + 1) + "make_mmdb.pl";
	std::string command = "perl " + script + " " + options + " " + file.path();
	FILE *pipe = popen(command.c_str(), "w");
	if (!pipe)
		throw std::runtime_error("cannot run " + command);
	fwrite(list.data(), 1, list.size(), pipe);
	if (pclose(pipe) != 0)
		throw std::runtime_error("failed: " + command);
}
