/* config_box - a test with a folder of its own, whose configuration files are read into settings and a compiler that only takes notes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/fake_compiler.h"

extern "C" {
#include "control/config.h"
}

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

// A folder of its own for each test.
struct ConfigTest : testing::Test {
	std::string folder;
	struct settings settings = {};
	struct compiler compiler;
	std::string faults;
	std::vector<std::string> geo;
	unsigned geo_line = 0, portion = 64, portions = 0;

	void SetUp() override
	{
		char name[] = "/tmp/config_test.XXXXXX";
		ASSERT_TRUE(mkdtemp(name));
		folder = name;
	}
	void TearDown() override
	{
		settings_clear(&settings);
		ASSERT_EQ(0, system(("rm -r " + folder).c_str()));
	}
	void write(const std::string &name, const std::string &text)
	{
		std::ofstream(folder + "/" + name, std::ios::binary) << text;
	}
	bool load(const std::string &path)
	{
		struct faults list = {};
		settings_clear(&settings);
		compiler.clear();
		struct config_reading *reading = config_open(path.c_str(), &settings, &list);
		while (reading && config_read(reading, &compiler, &list, portion))
			portions++;
		geo.clear();
		if (reading) {
			const char *const *paths;
			struct place place;
			size_t n = config_geo(reading, &paths, &place);
			geo.assign(paths, paths + n);
			geo_line = place.line;
		}
		config_close(reading);
		faults.clear();
		for (size_t i = 0; i < list.n; i++) {
			const struct fault &one = list.list[i];
			std::string file = or_none(one.file);
			faults += file.substr(file.rfind('/') + 1) + ":";
			faults += std::to_string(one.line) + ": " + one.text + "\n";
		}
		bool good = list.total == 0;
		faults_clear(&list);
		return good;
	}
	bool load_text(const std::string &text)
	{
		write("t.conf", text);
		return load(folder + "/t.conf");
	}
};

// The first line is complete; what a test adds begins on line 2.
inline const char *const port =
	"ports = ( { name = \"p\"; vdev = \"net_null0\"; addresses = [\"192.0.2.1\"]; } );\n";
