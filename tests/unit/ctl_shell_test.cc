/* ctl_shell_test - the completion scripts in the shells themselves, with the real turnoutctl. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/fake_daemon.h"

#include <gtest/gtest.h>
#include <string>

namespace
{

struct CtlShellTest : testing::Test {
	std::string folder, program;

	void SetUp() override
	{
		const char *from_env = getenv("TURNOUTCTL");
		ASSERT_TRUE(from_env) << "TURNOUTCTL has to name the program";
		program = from_env;
		char name[] = "/tmp/ctl_shell_test.XXXXXX";
		folder = mkdtemp(name);
		ASSERT_EQ(0, system((program + " completion bash >" + folder + "/bash && " +
				     program + " completion zsh >" + folder + "/zsh")
					    .c_str()));
	}
	void TearDown() override
	{
		ASSERT_EQ(0, system(("rm -r " + folder).c_str()));
	}
	static std::string quoted(const std::string &text)
	{
		std::string result = "'";
		for (char c : text)
			result += c == '\'' ? "'\\''" : std::string(1, c);
		return result + "'";
	}
	static std::string output(const std::string &command)
	{
		std::string text;
		char buf[512];
		FILE *pipe = popen(command.c_str(), "r");
		for (size_t n; (n = fread(buf, 1, sizeof(buf), pipe)) > 0;)
			text.append(buf, n);
		EXPECT_EQ(pclose(pipe), 0) << command;
		return text;
	}
	// COMPREPLY in brackets, as for a cursor at the end of the words.
	std::string bash(const std::vector<std::string> &words, const std::string &line = "")
	{
		std::string script = "source " + folder +
				     "/bash; complete -p turnoutctl >/dev/null || exit; "
				     "COMP_WORDS=(" +
				     quoted(program);
		for (const std::string &word : words)
			script += " " + quoted(word);
		script += "); COMP_CWORD=" + std::to_string(words.size());
		if (!line.empty())
			script += "; COMP_LINE=" + quoted(program + " " + line) +
				  "; COMP_POINT=${#COMP_LINE}";
		script += "; _turnoutctl; for w in \"${COMPREPLY[@]}\"; do printf '[%s]' \"$w\"; "
			  "done";
		return output("bash --norc -c " + quoted(script));
	}
};

std::vector<std::string> names(const std::string &asked)
{
	if (asked.rfind("show.cdns ", 0) != 0)
		return {"<end>"};
	return {FakeDaemon::result(
		R"({"total":2,"cdns":[{"name":"eu:one"},{"name":"eu:two words"}]})")};
}

TEST_F(CtlShellTest, BashCompletesVerbsKeywordsAndValues)
{
	EXPECT_EQ(bash({"sta"}), "[status]");
	EXPECT_EQ(bash({"show", "sc"}), "[scope][scopes]");
	EXPECT_EQ(bash({"show", "scopes", "--l"}), "[--limit]");
	EXPECT_EQ(bash({"cdn", "b", ""}), "[down][drain][up]");
	EXPECT_EQ(bash({"add", "z"}), "[zone]");
	EXPECT_EQ(bash({"nothing", ""}), "");
	EXPECT_EQ(bash({"completion", ""}), "[bash][zsh]");
	EXPECT_EQ(bash({"apply", "/us"}), "[/usr/]");
	EXPECT_EQ(bash({"show", "sc"}, "show sc"), "[scope][scopes]");
}

// Readline takes "eu:t" for three words and replaces the last one.
TEST_F(CtlShellTest, BashCompletesNamesOfTheDaemon)
{
	FakeDaemon daemon(names);
	setenv("TURNOUT_SOCKET", daemon.path.c_str(), 1);
	EXPECT_EQ(bash({"cdn", ""}), "[eu:one][eu:two\\ words]");
	EXPECT_EQ(bash({"cdn", "eu", ":", "t"}, "cdn eu:t"), "[two\\ words]");
	EXPECT_EQ(bash({"cdn", "eu", ":"}, "cdn eu:"), "[one][two\\ words]");
	unsetenv("TURNOUT_SOCKET");
	EXPECT_EQ(bash({"-s", daemon.path, "cdn", ""}), "[eu:one][eu:two\\ words]");
}

TEST_F(CtlShellTest, ZshIsGivenTheSame)
{
	if (system("command -v zsh >/dev/null"))
		GTEST_SKIP() << "there is no zsh";
	std::string script = "compdef() { :; }; source " + folder +
			     "/zsh; compadd() { while [[ $1 != -- ]]; do shift; done; shift; "
			     "(( $# )) && printf '[%s]' \"$@\"; return 0; }; "
			     "words=(" +
			     program + " show sc); CURRENT=3 PREFIX=sc; _turnoutctl";
	EXPECT_EQ(output("zsh -f -c " + quoted(script)), "[scope][scopes]");
}

TEST_F(CtlShellTest, CommandsComeFromStandardInput)
{
	FakeDaemon daemon(names);
	std::string program_at = program + " -s " + daemon.path;
	EXPECT_EQ(output("printf 'show cdns\\n' | " + program_at + " | wc -l"), "3\n");
	EXPECT_EQ(output("printf 'dance\\nshow cdns\\n' | " + program_at + " 2>/dev/null; echo $?"),
		  "2\n");
	EXPECT_EQ(output(program + " --version </dev/null | cut -d' ' -f1"), "turnoutctl\n");
	EXPECT_EQ(output(program + " --watch </dev/null 2>&1; echo $?"),
		  "turnoutctl: --watch needs a verb\n2\n");
}

} // namespace
