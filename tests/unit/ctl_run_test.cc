/* ctl_run_test - commands towards a daemon that answers, tells, refuses, or goes away; and what is printed then. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_interrupt.h"
#include "control/ctl_run.h"
#include "control/ctl_script.h"
#include "control/ctl_text.h"
}

#include "tests/support/fake_daemon.h"

#include <csignal>
#include <gtest/gtest.h>
#include <string>

namespace
{

using Lines = std::vector<std::string>;

struct CtlRunTest : testing::Test {
	std::string out, err;
	struct ctl_options options = {};

	void SetUp() override
	{
		ctl_text_init();
		ctl_interrupt_clear();
	}
	template <typename Run> int captured(const FakeDaemon &daemon, Run command)
	{
		options.socket = daemon.path.c_str();
		testing::internal::CaptureStdout();
		testing::internal::CaptureStderr();
		int code = command();
		out = testing::internal::GetCapturedStdout();
		err = testing::internal::GetCapturedStderr();
		return code;
	}
	int run(const FakeDaemon &daemon, const std::string &line)
	{
		return captured(daemon, [&] { return ctl_run_line(&options, line.c_str()); });
	}
	int script(const FakeDaemon &daemon, const std::string &text)
	{
		FILE *in = tmpfile();
		fwrite(text.data(), 1, text.size(), in);
		rewind(in);
		int code = captured(daemon, [&] { return ctl_script_run(&options, in); });
		fclose(in);
		return code;
	}
};

FakeDaemon::Handler always(Lines lines)
{
	return [=](const std::string &) { return lines; };
}

TEST_F(CtlRunTest, AnswersArePrinted)
{
	FakeDaemon daemon(
		always({FakeDaemon::result(R"({"cdn":"b","state":"down","generation":7})")}));
	EXPECT_EQ(run(daemon, "cdn b down"), CTL_DONE);
	EXPECT_EQ(out, "cdn         b\nstate       down\ngeneration  7\n");
	EXPECT_EQ(daemon.asked().back(), "cdn.set {\"name\":\"b\",\"state\":\"down\"}");
	EXPECT_EQ(run(daemon, "cdn b down --json"), CTL_DONE);
	EXPECT_EQ(out, "{\n  \"cdn\": \"b\",\n  \"state\": \"down\",\n  \"generation\": 7\n}\n");
	EXPECT_EQ(err, "");
}

TEST_F(CtlRunTest, RefusalsAndTheirFaults)
{
	FakeDaemon daemon(always({FakeDaemon::error(
		"the configuration has faults",
		R"({"total":7,"faults":[{"file":"/a","line":5,"text":"bad\u001b"},{"file":null,"line":0,"text":"x"}]})")}));
	EXPECT_EQ(run(daemon, "reload"), CTL_REFUSED);
	EXPECT_EQ(out, "");
	EXPECT_EQ(err,
		  "turnoutctl: refused: the configuration has faults\n/a:5: bad?\n-:0: x\nand 5 "
		  "more\n");
	EXPECT_EQ(run(daemon, "--json reload"), CTL_REFUSED);
	EXPECT_EQ(out.substr(0, 15), "{\n  \"code\": -32");
}

TEST_F(CtlRunTest, ProgressIsToldAndTheAnswerFollows)
{
	Lines lines;
	for (int i = 0; i < 500; i++)
		lines.push_back(FakeDaemon::told("progress", R"({"phase":"reading","lines":5})"));
	lines.push_back(FakeDaemon::result(
		R"({"generation":3,"added":2,"lines":4,"refused":{"total":1,"faults":[{"file":"/t","line":9,"text":"no"}]}})"));
	FakeDaemon daemon(always(lines));
	EXPECT_EQ(run(daemon, "apply /t"), CTL_PARTLY);
	EXPECT_EQ(out, "generation  3\nadded       2\nlines       4\nrefused     1\n");
	EXPECT_EQ(err, "/t:9: no\n") << "progress comes every 5 s at most";
}

TEST_F(CtlRunTest, DifferencesHaveTheirExitCode)
{
	FakeDaemon daemon([](const std::string &asked) -> Lines {
		if (asked == "diff {\"from\":2}")
			return {FakeDaemon::result(
				R"({"from":2,"to":2,"differences":[],"more":false})")};
		return {FakeDaemon::result(
			R"({"from":1,"to":2,"more":true,"differences":[{"kind":"cdn","name":"b","before":null,"after":{}}]})")};
	});
	EXPECT_EQ(run(daemon, "diff 2"), CTL_DONE);
	EXPECT_EQ(out + err, "");
	EXPECT_EQ(run(daemon, "diff 1 2"), CTL_DIFFERS);
	EXPECT_EQ(out, "--- generation 1\n+++ generation 2\n+ cdn b {}\n");
	EXPECT_EQ(err, "turnoutctl: more differs than is shown; 'limit' shows more\n");
	EXPECT_EQ(run(daemon, "commit 5 dry-run"), CTL_DIFFERS);
	EXPECT_EQ(out, "+ cdn b {}\n");
}

TEST_F(CtlRunTest, PagesBecomeOneText)
{
	FakeDaemon daemon([](const std::string &asked) -> Lines {
		if (asked == "show.config {}")
			return {FakeDaemon::result(R"({"text":"cdns = (\n","next":"a"})")};
		if (asked == "show.config {\"offset\":\"a\"}")
			return {FakeDaemon::result(R"({"text":");\n","next":"b"})")};
		return {FakeDaemon::result(R"({"text":"end\n"})")};
	});
	EXPECT_EQ(run(daemon, "show config --running"), CTL_DONE);
	EXPECT_EQ(out, "cdns = (\n);\nend\n");
	EXPECT_EQ(run(daemon, "show config --json"), CTL_DONE);
	EXPECT_EQ(out,
		  "{\"text\":\"cdns = (\\n\",\"next\":\"a\"}\n{\"text\":\");\\n\",\"next\":\"b\"}\n"
		  "{\"text\":\"end\\n\"}\n");
}

TEST_F(CtlRunTest, PagesThatDoNotGoOnEnd)
{
	FakeDaemon daemon(always({FakeDaemon::result(R"({"text":"x","next":"a"})")}));
	EXPECT_EQ(run(daemon, "show config"), CTL_DONE);
	EXPECT_EQ(out, "xx");
	FakeDaemon refuses([](const std::string &asked) -> Lines {
		if (asked == "show.config {}")
			return {FakeDaemon::result(R"({"text":"x","next":"a"})")};
		return {FakeDaemon::error("the tables changed")};
	});
	EXPECT_EQ(run(refuses, "show config"), CTL_REFUSED);
}

TEST_F(CtlRunTest, TracesAreAlignedLines)
{
	const char *record =
		R"({"time":"2026-11-21T10:00:00.123456Z","worker":1,"protocol":"dns","client":"192.0.2.1/32","host":"a.example",)"
		R"("path":null,"type":"A","outcome":"redirect","scope":"vod","target":{"cdn":"b"},"reason":null,"burst":3,)"
		R"("nanoseconds":{"classify":10,"decode":20,"match":30,"choose":40,"ask":45,"count":5,"reply":50,"seal":60}})";
	FakeDaemon daemon(
		always({FakeDaemon::told("trace", record), FakeDaemon::told("trace", record),
			FakeDaemon::result(R"({"traced":2,"lost":1})")}));
	EXPECT_EQ(run(daemon, "trace on count 2"), CTL_DONE);
	EXPECT_EQ(daemon.asked().back(), "trace {\"count\":2}");
	const std::string title = "TIME                         WORKER  CLIENT           PROTOCOL  "
				  "TYPE   OUTCOME     "
				  "SCOPE             TARGET            REASON    BURST  CLASSIFY  "
				  "DECODE    MATCH     "
				  "CHOOSE    ASK       COUNT     REPLY     SEAL NS   HOST          "
				  "            PATH\n";
	const std::string line =
		"2026-11-21T10:00:00.123456Z       1  192.0.2.1/32     dns       "
		"A      redirect    "
		"vod               cdn b             -             3        10    "
		"    20        30  "
		"      40        45         5        50        60  a.example                 -\n";
	EXPECT_EQ(out, title + line + line);
	EXPECT_EQ(err, "turnoutctl: 2 traced, 1 lost\n");
	EXPECT_EQ(run(daemon, "trace on --json"), CTL_DONE);
	EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3);
	EXPECT_EQ(out.substr(0, 16), "{\"time\":\"2026-11");
	EXPECT_EQ(err, "");
}

TEST_F(CtlRunTest, DaemonsThatCannotBeReached)
{
	FakeDaemon ends(always({FakeDaemon::told("progress", "{}"), "<end>"}));
	EXPECT_EQ(run(ends, "reload"), CTL_UNREACHABLE);
	EXPECT_EQ(err, "turnoutctl: turnoutd at " + ends.path +
			       " ended the connection before it answered\n");
	EXPECT_EQ(run(ends, "-s /nonexistent/sock status"), CTL_UNREACHABLE);
	EXPECT_EQ(err, "turnoutctl: cannot reach turnoutd at /nonexistent/sock: there is no such "
		       "socket; start turnoutd, or name its socket with -s\n");
	FakeDaemon babbles(always({"not JSON"}));
	EXPECT_EQ(run(babbles, "status"), CTL_UNREACHABLE);
	EXPECT_NE(err.find("is not JSON: "), std::string::npos);
	FakeDaemon strange(always({"[]"}));
	EXPECT_EQ(run(strange, "status"), CTL_DONE);
	EXPECT_EQ(run(ends, "-s /" + std::string(200, 'x') + " status"), CTL_UNREACHABLE);
	EXPECT_NE(err.find("is longer than 107 octets"), std::string::npos);
}

TEST_F(CtlRunTest, RefusalOfARequestThatIsNotReadToItsEnd)
{
	FakeDaemon daemon(always({FakeDaemon::error("the request is longer than 1 MiB"), "<end>"}));
	EXPECT_EQ(run(daemon, "add cdn '{\"name\":\"" + std::string(3 << 20, 'x') + "\"}'"),
		  CTL_REFUSED);
	EXPECT_EQ(err, "turnoutctl: refused: the request is longer than 1 MiB\n");
}

TEST_F(CtlRunTest, LongAnswersAreRead)
{
	std::string name(5 << 20, 'x');
	FakeDaemon daemon(always({FakeDaemon::result("{\"cdn\":\"" + name + "\"}")}));
	EXPECT_EQ(run(daemon, "cdn b up"), CTL_DONE);
	EXPECT_EQ(out, "cdn  " + name + "\n");
}

TEST_F(CtlRunTest, WatchLooksAgainUntilInterrupted)
{
	int n = 0;
	ctl_interrupt_catch();
	FakeDaemon daemon([&](const std::string &) -> Lines {
		if (++n == 2)
			return {"<end>"}; // a daemon that is started again
		if (n == 4)
			kill(getpid(), SIGINT);
		return {FakeDaemon::result("{\"pid\":" + std::to_string(n) + "}")};
	});
	EXPECT_EQ(run(daemon, "status --watch 0.1"), CTL_DONE);
	EXPECT_EQ(out.substr(0, 17), "pid  1\n\n\npid  3\n\n");
	EXPECT_EQ(n, 4);
	ctl_interrupt_clear();
	n = 0;
	EXPECT_EQ(run(daemon, "--json --watch=0.1 status"), CTL_DONE);
	EXPECT_EQ(out.substr(0, 20), "{\"pid\":1}\n{\"pid\":3}\n");
	ctl_interrupt_clear();
	EXPECT_EQ(run(daemon, "-s /nonexistent status --watch"), CTL_UNREACHABLE);
	FakeDaemon refuses(always({FakeDaemon::error("no")}));
	EXPECT_EQ(run(refuses, "status --watch"), CTL_REFUSED);
}

TEST_F(CtlRunTest, CtrlCEndsWhatIsWaitedFor)
{
	ctl_interrupt_catch();
	FakeDaemon daemon([](const std::string &asked) -> Lines {
		std::thread([] {
			usleep(50000);
			kill(getpid(), SIGINT);
		}).detach();
		if (asked == "trace {}")
			return {FakeDaemon::told("trace", "{}"), "<silence>"};
		return {"<silence>"};
	});
	EXPECT_EQ(run(daemon, "trace on"), CTL_DONE);
	EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
	EXPECT_EQ(err, "");
	ctl_interrupt_clear();
	EXPECT_EQ(run(daemon, "reload"), CTL_INTERRUPTED);
	EXPECT_EQ(err, "turnoutctl: interrupted; turnoutd may have done it all the same\n");
	ctl_interrupt_clear();
	EXPECT_EQ(run(daemon, "status"), CTL_INTERRUPTED);
	EXPECT_EQ(err, "");
	EXPECT_EQ(run(daemon, "status"), CTL_INTERRUPTED) << "it came before the wait";
}

TEST_F(CtlRunTest, WrongWordsDoNotReachTheDaemon)
{
	FakeDaemon daemon(always({FakeDaemon::result("{}")}));
	EXPECT_EQ(run(daemon, "dance"), CTL_USAGE);
	EXPECT_EQ(err, "turnoutctl: there is no verb 'dance'; 'help' lists them\n");
	EXPECT_EQ(run(daemon, "cdn b"), CTL_USAGE);
	EXPECT_EQ(err, "turnoutctl: 'cdn' needs a state\nusage: cdn NAME up|drain|down\n");
	EXPECT_EQ(run(daemon, "save"), CTL_USAGE);
	EXPECT_EQ(run(daemon, "status 'x"), CTL_USAGE);
	EXPECT_EQ(err, "turnoutctl: the line ends within a quote\n");
	EXPECT_EQ(run(daemon, "help dance"), CTL_USAGE);
	EXPECT_EQ(run(daemon, "completion fish"), CTL_USAGE);
	EXPECT_EQ(run(daemon, ""), CTL_DONE);
	EXPECT_EQ(run(daemon, "  # it's a comment"), CTL_DONE);
	EXPECT_EQ(out + err, "");
	EXPECT_EQ(run(daemon, "cdn --help"), CTL_DONE);
	EXPECT_EQ(out.substr(0, 26), "  cdn NAME up|drain|down\n ");
	EXPECT_EQ(daemon.asked().size(), 0u);
}

TEST_F(CtlRunTest, AnswersThatCannotBeWritten)
{
	FakeDaemon daemon(always({FakeDaemon::result("{\"pid\":1}")}));
	int code = captured(daemon, [&] {
		int kept = dup(1);
		FILE *full = fopen("/dev/full", "w");
		dup2(fileno(full), 1);
		int result = ctl_run_line(&options, "status");
		dup2(kept, 1);
		close(kept);
		fclose(full);
		return result;
	});
	EXPECT_EQ(code, CTL_REFUSED);
	EXPECT_EQ(err, "turnoutctl: the answer cannot be written: No space left on device\n");
}

TEST_F(CtlRunTest, ScriptsEndAtTheFirstRefusal)
{
	FakeDaemon daemon([](const std::string &asked) -> Lines {
		if (asked.rfind("cdn.set {\"name\":\"b\"", 0) == 0)
			return {FakeDaemon::error("there is no cdn 'b'")};
		if (asked.rfind("diff", 0) == 0)
			return {FakeDaemon::result(R"({"differences":[{"kind":"cdn"}]})")};
		return {FakeDaemon::result(R"({"pid":5})")};
	});
	EXPECT_EQ(script(daemon, "# first\n\nstatus\ndiff 1\n status"), CTL_DONE);
	EXPECT_EQ(out, "pid  5\n--- generation 0\n+++ generation 0\n+ cdn ?\npid  5\n");
	EXPECT_EQ(script(daemon, "diff 1\n"), CTL_DIFFERS);
	EXPECT_EQ(script(daemon, "status\ncdn b up\nstatus\n"), CTL_REFUSED);
	EXPECT_EQ(out, "pid  5\n");
	EXPECT_EQ(err, "turnoutctl: refused: there is no cdn 'b'\nturnoutctl: ended at line 2\n");
	EXPECT_EQ(script(daemon, "dance\nstatus\n"), CTL_USAGE);
	EXPECT_EQ(script(daemon, "add cdn -\nstatus\n"), CTL_USAGE);
	EXPECT_EQ(script(daemon, std::string("status\0x\n", 9)), CTL_USAGE);
	EXPECT_EQ(script(daemon, ""), CTL_DONE);
}

} // namespace
