/* ctl_prompt_test - the prompt on a terminal: commands, errors, completion, history, Ctrl-C and the end. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_interrupt.h"
#include "control/ctl_prompt.h"
#include "control/ctl_text.h"
}

#include "tests/support/fake_daemon.h"

#include <fstream>
#include <gtest/gtest.h>
#include <pty.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>

namespace
{

using Lines = std::vector<std::string>;

Lines answers(const std::string &asked)
{
	if (asked.rfind("cdn.set {\"name\":\"none\"", 0) == 0)
		return {FakeDaemon::error("there is no cdn 'none'")};
	if (asked.rfind("show.cdns", 0) == 0)
		return {FakeDaemon::result(
			R"({"total":2,"cdns":[{"name":"alpha one"},{"name":"alpha two"}]})")};
	if (asked == "trace {}")
		return {FakeDaemon::told("trace", R"({"host":"traced.example"})"), "<silence>"};
	return {FakeDaemon::result("{\"pid\":4711,\"cdn\":\"x\",\"state\":\"set\"}")};
}

struct CtlPromptTest : testing::Test {
	FakeDaemon daemon{answers};
	std::string home, screen;
	int terminal = -1;
	pid_t child = -1;

	void SetUp() override
	{
		char name[] = "/tmp/ctl_prompt_test.XXXXXX";
		home = mkdtemp(name);
		begin();
	}
	void TearDown() override
	{
		if (child > 0) {
			close(terminal);
			waitpid(child, nullptr, 0);
		}
		ASSERT_EQ(0, system(("rm -r " + home).c_str()));
	}
	void begin()
	{
		struct winsize size = {};
		size.ws_row = 24;
		size.ws_col = 200;
		child = forkpty(&terminal, nullptr, nullptr, &size);
		ASSERT_GE(child, 0);
		if (child)
			return;
		setenv("HOME", home.c_str(), 1);
		setenv("TERM", "xterm", 1);
		ctl_text_init();
		ctl_interrupt_catch();
		struct ctl_options options = {};
		options.socket = daemon.path.c_str();
		options.input = stdin;
		int code = ctl_prompt_run(&options);
		fflush(stdout);
		_exit(code);
	}
	// The exit code; -1: a signal, also that of the terminal that goes away.
	int end()
	{
		int status = -1;
		while (hear())
			;
		close(terminal);
		waitpid(child, &status, 0);
		child = -1;
		screen = "";
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}
	// false: nothing comes any more.
	bool hear()
	{
		char buf[1024];
		struct pollfd fd = {terminal, POLLIN, 0};
		ssize_t n = poll(&fd, 1, 3000) > 0 ? read(terminal, buf, sizeof(buf)) : 0;
		if (n > 0)
			screen.append(buf, static_cast<size_t>(n));
		return n > 0;
	}
	void type(const std::string &keys)
	{
		ASSERT_EQ(write(terminal, keys.data(), keys.size()),
			  static_cast<ssize_t>(keys.size()));
	}
	// What is shown goes on with this, after other things.
	void until(const std::string &text)
	{
		size_t at;
		while ((at = screen.find(text)) == std::string::npos) {
			if (!hear()) {
				ADD_FAILURE() << "no '" << text << "' in: " << screen;
				return;
			}
		}
		screen.erase(0, at + text.size());
	}
	std::string history_file()
	{
		std::ifstream in(home + "/.turnout_history");
		return std::string(std::istreambuf_iterator<char>(in), {});
	}
	// The last request, which may still be on its way.
	std::string asked(size_t n)
	{
		for (int i = 0; i < 500 && daemon.asked().size() < n; i++)
			usleep(10000);
		return daemon.asked().size() < n ? "" : daemon.asked()[n - 1];
	}
};

TEST_F(CtlPromptTest, CommandsAndErrorsUntilQuit)
{
	until("turnout> ");
	type("status\n");
	until("4711");
	until("turnout> ");
	type("cdn none up\n");
	until("refused: there is no cdn 'none'");
	until("turnout> ");
	type("dance\n");
	until("there is no verb 'dance'");
	until("turnout> ");
	type("add cdn 'x\n");
	until("the line ends within a quote");
	until("turnout> ");
	type("help cdn\n");
	until("Sets the state");
	until("turnout> ");
	type("add cdn '{\"name\": \"a b\"}' text a\\ note\n");
	EXPECT_EQ(asked(3),
		  "put {\"kind\":\"cdn\",\"object\":{\"name\":\"a b\"},\"text\":\"a note\"}");
	until("turnout> ");
	type("cdn caf\xc3\xa9x\x7f up\n"); // one character too many is rubbed out
	EXPECT_EQ(asked(4), "cdn.set {\"name\":\"caf\xc3\xa9\",\"state\":\"up\"}");
	until("turnout> ");
	type("quit\n");
	EXPECT_EQ(end(), 0);
}

TEST_F(CtlPromptTest, TabCompletes)
{
	until("turnout> ");
	type("sho\tsc\t\t");
	until("scope  scopes");
	type("s li\t5\n");
	EXPECT_EQ(asked(1), "show.scopes {\"limit\":5}");
	until("turnout> ");
	type("cdn al\t"); // the word gets the common part, with its blank quoted
	until("pha\\ ");
	type("t\tdow\t\n");
	until("turnout> ");
	std::string last = daemon.asked().back();
	EXPECT_EQ(last, "cdn.set {\"name\":\"alpha two\",\"state\":\"down\"}");
}

TEST_F(CtlPromptTest, HistoryIsKeptForItsUserOnly)
{
	until("turnout> ");
	type("status\n");
	until("4711");
	until("turnout> ");
	type("cdn x up\n");
	until("set");
	until("turnout> ");
	type("\x1b[A\x1b[A\n"); // up, up
	EXPECT_EQ(asked(3), "status {}");
	until("4711");
	until("turnout> ");
	type("cdn " + std::string(300, 'y') + "\n");
	until("needs a state"); // a line that wraps shows its prompt again
	until("turnout> ");
	type("\x04"); // end of input
	EXPECT_EQ(end(), 0);
	struct stat info;
	ASSERT_EQ(0, stat((home + "/.turnout_history").c_str(), &info));
	EXPECT_EQ(info.st_mode & 0777, 0600u);
	EXPECT_NE(history_file().find("cdn\\040x\\040up"), std::string::npos) << history_file();

	begin();
	until("turnout> ");
	type("\x1b[A\x1b[A\x1b[A\n");
	EXPECT_EQ(asked(4), "cdn.set {\"name\":\"x\",\"state\":\"up\"}");
	until("turnout> ");
}

TEST_F(CtlPromptTest, HistoryIsBounded)
{
	until("turnout> ");
	type("quit\n");
	EXPECT_EQ(end(), 0);
	std::ofstream out(home + "/.turnout_history");
	out << "_HiStOrY_V2_\n";
	for (int i = 0; i < 5000; i++)
		out << "help\\040" << i << "\n";
	out.close();
	begin();
	until("turnout> ");
	type("help cdn\n");
	until("turnout> ");
	type("quit\n");
	EXPECT_EQ(end(), 0);
	std::string kept = history_file();
	EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), CTL_PROMPT_HISTORY_LINES + 1);
	EXPECT_NE(kept.find("4999"), std::string::npos);
}

TEST_F(CtlPromptTest, CtrlCEndsTheLineOrTheStreamOnly)
{
	until("turnout> ");
	type("cdn half\x03");
	until("turnout> ");
	type("trace on\n");
	until("traced.example");
	type("\x03");
	until("turnout> ");
	type("status\n");
	until("4711");
	type("quit\n");
	EXPECT_EQ(end(), 0);
}

} // namespace
