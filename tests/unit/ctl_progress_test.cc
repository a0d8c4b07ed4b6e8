/* ctl_progress_test - how far a change is: what is said, how often, and how it goes from a terminal. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_progress.h"
#include "control/ctl_text.h"
}

#include <gtest/gtest.h>
#include <pty.h>
#include <string>
#include <unistd.h>

namespace
{

std::string text_of(const std::string &json)
{
	char text[256];
	json_t *params = json_loads(json.c_str(), 0, nullptr);
	ctl_progress_text(params, text, sizeof(text));
	json_decref(params);
	return text;
}

TEST(CtlProgressTest, Text)
{
	EXPECT_EQ(
		text_of(R"({"phase":"reading","lines":5000,"octets":1572864,"octets-total":3145728,"refused":2})"),
		"reading: 5000 lines, 1.5 of 3.0 MiB (50 %), 2 refused");
	EXPECT_EQ(text_of(R"({"phase":"compiling"})"), "compiling");
	EXPECT_EQ(text_of(R"({"phase":"storing","octets":1048576,"refused":0})"),
		  "storing: 1.0 MiB");
	EXPECT_EQ(text_of(R"({"lines":"x","octets-total":5})"),
		  "at work: 0 lines, 0.0 of 0.0 MiB (0 %)");
	EXPECT_EQ(text_of("{\"phase\":\"" + std::string(400, 'x') + "\"}"), std::string(255, 'x'));
}

struct Shown {
	json_t *params = json_loads(R"({"phase":"reading","lines":5})", 0, nullptr);
	struct ctl_progress progress;

	void show(uint64_t ms)
	{
		ctl_progress_show(&progress, params, ms);
	}
	~Shown()
	{
		json_decref(params);
	}
};

TEST(CtlProgressTest, FilesGetALineNowAndThen)
{
	Shown shown;
	FILE *out = tmpfile();
	ctl_progress_begin(&shown.progress, out, 1000);
	for (uint64_t ms = 1000; ms < 17000; ms += 100)
		shown.show(ms);
	ctl_progress_end(&shown.progress);
	char text[256] = "";
	rewind(out);
	EXPECT_EQ(std::string(text, fread(text, 1, sizeof(text), out)),
		  "reading: 5 lines\nreading: 5 lines\nreading: 5 lines\n");
	fclose(out);
}

TEST(CtlProgressTest, TerminalsHaveOneLineRewritten)
{
	ctl_text_init();
	int primary, secondary;
	struct winsize size = {};
	size.ws_col = 10;
	ASSERT_EQ(0, openpty(&primary, &secondary, nullptr, nullptr, &size));
	FILE *out = fdopen(secondary, "w");
	Shown shown;
	ctl_progress_begin(&shown.progress, out, 0);
	ctl_progress_end(&shown.progress);
	shown.show(0);
	shown.show(1);
	ctl_progress_end(&shown.progress);
	fclose(out);
	char text[256];
	std::string
		all; /* the kernel hands them on when it has the time; then, as nobody else can write, an error */
	for (ssize_t n; (n = read(primary, text, sizeof(text))) > 0;)
		all.append(text, static_cast<size_t>(n));
	EXPECT_EQ(all, "\rreading:…\033[K\rreading:…\033[K\r\033[K");
	close(primary);
}

} // namespace
