/* server_test - the control socket: lines in, lines out, bounds, and who may have the socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/server.h"
}

#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace
{

struct Held {
	struct server_client *client = nullptr;
	int ended = 0;
	struct server_client *ends = nullptr; // another one, by an answer
};

struct Answers {
	int n = 0;
	uid_t uid = 0;
	Held held[4];
};

void on_ended(void *arg)
{
	Held *held = static_cast<Held *>(arg);
	held->ended++;
	held->client = nullptr;
	if (held->ends)
		server_client_answer(held->ends, nullptr);
}

// Answers "big N" with N octets, "quiet" with nothing, "hold N" later, everything else with itself in brackets.
char *answer(void *arg, struct server_client *client, const char *line, size_t len)
{
	std::string text(line, len);
	Answers *answers = static_cast<Answers *>(arg);
	answers->n++;
	answers->uid = server_client_uid(client);
	if (text == "quiet")
		return nullptr;
	if (text.rfind("hold ", 0) == 0) {
		Held *held = &answers->held[std::stoul(text.substr(5))];
		held->client = client;
		server_client_hold(client, on_ended, held);
		return nullptr;
	}
	if (text.rfind("big ", 0) == 0)
		return strdup(std::string(std::stoul(text.substr(4)), 'x').c_str());
	return strdup(("[" + text + "]").c_str());
}

struct ServerTest : testing::Test {
	std::string folder, path;
	struct event_base *base = nullptr;
	struct server *server = nullptr;
	Answers answers;
	int &answered = answers.n;
	Held *held = answers.held;
	char err[256] = "";

	void SetUp() override
	{
		signal(SIGPIPE, SIG_IGN);
		char name[] = "/tmp/server_test.XXXXXX";
		ASSERT_TRUE(mkdtemp(name));
		folder = name;
		path = folder + "/run/t.sock";
		base = event_base_new();
		server = server_new(base, path.c_str(), answer, &answers, err, sizeof(err));
		ASSERT_TRUE(server) << err;
	}
	void TearDown() override
	{
		server_free(server);
		event_base_free(base);
		EXPECT_NE(0, access(path.c_str(), F_OK)) << "the socket is left behind";
		ASSERT_EQ(0, system(("rm -r " + folder).c_str()));
	}
	int connect_to(const std::string &to)
	{
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		strcpy(address.sun_path, to.c_str());
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		EXPECT_EQ(0, connect(fd, reinterpret_cast<struct sockaddr *>(&address),
				     sizeof(address)));
		return fd;
	}
	void turn(int times = 20)
	{
		for (int i = 0; i < times; i++)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	void say(int fd, const std::string &text)
	{
		for (size_t at = 0; at < text.size();) {
			ssize_t n = write(fd, text.data() + at, text.size() - at);
			if (n > 0)
				at += static_cast<size_t>(n);
			else if (errno != EAGAIN)
				return;
			turn(1);
		}
		turn();
	}
	// Until it ended or three seconds are over.
	bool has_ended(const Held &one)
	{
		for (int i = 0; i < 300 && !one.ended; i++) {
			usleep(10000);
			turn(1);
		}
		return one.ended;
	}
	// All that comes until nothing comes any more; "<end>" when the connection ended.
	std::string hear(int fd)
	{
		std::string all;
		std::vector<char> buf(1 << 16);
		for (int idle = 0; idle < 20;) {
			ssize_t n = read(fd, buf.data(), buf.size());
			if (n == 0 || (n < 0 && errno != EAGAIN))
				return all + "<end>";
			if (n > 0)
				all.append(buf.data(), static_cast<size_t>(n));
			idle = n > 0 ? 0 : idle + 1;
			turn(2);
		}
		return all;
	}
};

TEST_F(ServerTest, LinesAreAnsweredInOrder)
{
	int fd = connect_to(path);
	say(fd, "one\ntwo\nquiet\nthr");
	EXPECT_EQ(hear(fd), "[one]\n[two]\n");
	say(fd, "ee\n\n");
	EXPECT_EQ(hear(fd), "[three]\n[]\n");
	EXPECT_EQ(answered, 5);
	close(fd);
}

TEST_F(ServerTest, SocketIsForOwnerAndGroup)
{
	struct stat info;
	ASSERT_EQ(0, stat(path.c_str(), &info));
	EXPECT_EQ(info.st_mode & 07777, 0660u);
}

TEST_F(ServerTest, EndOfInputStillGetsAnswers)
{
	int fd = connect_to(path);
	say(fd, "one\ntwo\nnot ended");
	shutdown(fd, SHUT_WR);
	turn();
	EXPECT_EQ(hear(fd), "[one]\n[two]\n<end>");
	close(fd);
}

TEST_F(ServerTest, EndOfInputBehindManyLargeAnswers)
{
	int fd = connect_to(path);
	std::string lines;
	for (int i = 0; i < 40; i++)
		lines += "big 1000000\n";
	ASSERT_EQ(write(fd, lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
	shutdown(fd, SHUT_WR);
	turn();
	EXPECT_EQ(hear(fd).size(), 40 * 1000001 + strlen("<end>"));
	close(fd);
}

TEST_F(ServerTest, LongestLineAndOneMore)
{
	int fd = connect_to(path);
	std::string longest(SERVER_LINE_MAX, 'a');
	say(fd, longest + "\n");
	EXPECT_EQ(hear(fd), "[" + longest + "]\n");
	say(fd, longest + "a\n");
	EXPECT_EQ(hear(fd),
		  "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":"
		  "\"the request is longer than 1 MiB\"}}\n<end>");
	EXPECT_EQ(answered, 1);
	close(fd);
	fd = connect_to(path);
	say(fd, longest + std::string(100000, 'a'));
	EXPECT_NE(hear(fd).find("longer than 1 MiB"), std::string::npos);
	close(fd);
}

TEST_F(ServerTest, LinesWaitForASlowReader)
{
	int fd = connect_to(path);
	std::string lines;
	for (int i = 0; i < 100; i++)
		lines += "big 500000\n";
	say(fd, lines);
	EXPECT_LT(answered, 10) << "answers pile up for a client that does not read";
	EXPECT_EQ(hear(fd).size(), 100u * 500001);
	EXPECT_EQ(answered, 100);
	close(fd);
}

TEST_F(ServerTest, TooMuchPendingEndsTheClient)
{
	int fd = connect_to(path), other = connect_to(path);
	say(fd, "big 17000000\n");
	EXPECT_EQ(hear(fd), "<end>");
	say(other, "x\n");
	EXPECT_EQ(hear(other), "[x]\n");
	close(fd);
	close(other);
}

TEST_F(ServerTest, ClientsAreBounded)
{
	std::vector<int> clients;
	for (int i = 0; i < SERVER_CLIENTS_MAX; i++) {
		clients.push_back(connect_to(path));
		turn(3);
	}
	int extra = connect_to(path);
	turn();
	EXPECT_NE(hear(extra).find("already 64 clients"), std::string::npos);
	close(extra);
	say(clients[63], "x\n");
	EXPECT_EQ(hear(clients[63]), "[x]\n");
	close(clients[0]);
	turn();
	extra = connect_to(path);
	say(extra, "y\n");
	EXPECT_EQ(hear(extra), "[y]\n");
	close(extra);
	for (size_t i = 1; i < clients.size(); i++)
		close(clients[i]);
	turn();
}

TEST_F(ServerTest, SocketInUseIsRefused)
{
	char text[256];
	EXPECT_FALSE(server_new(base, path.c_str(), answer, &answers, text, sizeof(text)));
	EXPECT_EQ(std::string(text),
		  "the control socket " + path + " is in use; is another turnoutd running?");
	int fd = connect_to(path);
	say(fd, "x\n");
	EXPECT_EQ(hear(fd), "[x]\n");
	close(fd);
}

TEST_F(ServerTest, StaleSocketIsReplaced)
{
	std::string stale = folder + "/stale.sock";
	struct sockaddr_un address = {};
	address.sun_family = AF_UNIX;
	strcpy(address.sun_path, stale.c_str());
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(fd, reinterpret_cast<struct sockaddr *>(&address), sizeof(address)));
	close(fd);
	struct server *second = server_new(base, stale.c_str(), answer, &answers, err, sizeof(err));
	EXPECT_TRUE(second) << err;
	server_free(second);
}

TEST_F(ServerTest, OtherFilesStay)
{
	std::string file = folder + "/file";
	ASSERT_EQ(0, system(("touch " + file).c_str()));
	EXPECT_FALSE(server_new(base, file.c_str(), answer, &answers, err, sizeof(err)));
	EXPECT_EQ(std::string(err), file + " is there and is not a socket; remove it");
	EXPECT_EQ(0, access(file.c_str(), F_OK));
	EXPECT_FALSE(server_new(base, (folder + "/a/b/c.sock").c_str(), answer, &answers, err,
				sizeof(err)));
	EXPECT_EQ(std::string(err),
		  "the folder " + folder +
			  "/a/b of the control socket cannot be made: No such file "
			  "or directory");
	EXPECT_FALSE(server_new(base, ("/" + std::string(200, 'x')).c_str(), answer, &answers, err,
				sizeof(err)));
	EXPECT_STREQ(err, "the path of the control socket is longer than 107 octets");
}

TEST_F(ServerTest, LinesWaitBehindAHeldOne)
{
	int fd = connect_to(path), other = connect_to(path);
	say(fd, "one\nhold 0\ntwo\nhold 1\nthree\n");
	say(other, "other\n");
	EXPECT_EQ(hear(fd), "[one]\n");
	EXPECT_EQ(hear(other), "[other]\n");
	ASSERT_TRUE(held[0].client);
	EXPECT_TRUE(server_client_tell(held[0].client, "told"));
	EXPECT_TRUE(server_client_tell(held[0].client, ""));
	EXPECT_EQ(hear(fd), "told\n\n");
	EXPECT_FALSE(held[1].client);
	server_client_answer(held[0].client, "later");
	EXPECT_EQ(hear(fd), "later\n[two]\n");
	ASSERT_TRUE(held[1].client);
	server_client_answer(held[1].client, nullptr);
	EXPECT_EQ(hear(fd), "[three]\n");
	close(fd);
	close(other);
	turn();
	EXPECT_EQ(held[0].ended + held[1].ended, 0);
}

TEST_F(ServerTest, HeldClientThatOnlyEndedItsSendingSideIsAnswered)
{
	int fd = connect_to(path);
	say(fd, "hold 0\nbehind\n");
	shutdown(fd, SHUT_WR);
	usleep(1100000); // it is looked at once a second
	turn();
	ASSERT_EQ(held[0].ended, 0);
	EXPECT_TRUE(server_client_tell(held[0].client, "told"));
	server_client_answer(held[0].client, "later");
	EXPECT_EQ(hear(fd), "told\nlater\n[behind]\n<end>");
	EXPECT_EQ(held[0].ended, 0);
	close(fd);
}

TEST_F(ServerTest, HeldClientThatWentAwayIsEndedOnce)
{
	int fd = connect_to(path);
	say(fd, "hold 0\nbehind\n");
	close(fd);
	turn();
	EXPECT_EQ(held[0].ended, 1) << "it was not seen at once";
	EXPECT_EQ(answered, 1) << "a line behind it was done";

	fd = connect_to(path);
	say(fd, "hold 1\n");
	shutdown(fd, SHUT_WR);
	turn();
	ASSERT_EQ(held[1].ended, 0);
	close(fd);
	EXPECT_TRUE(has_ended(held[1])) << "gone after it had ended its sending side";

	fd = connect_to(path);
	say(fd, "hold 2\n");
	std::string much(2 * SERVER_LINE_MAX, '\n');
	EXPECT_GT(write(fd, much.data(), much.size()), 0);
	turn();
	close(fd);
	EXPECT_TRUE(has_ended(held[2])) << "gone while nothing is read from it";
	turn();
	EXPECT_EQ(held[0].ended + held[1].ended + held[2].ended, 3);
}

TEST_F(ServerTest, AnEndMayEndOtherClients)
{
	int fds[3];
	for (int i = 0; i < 3; i++) {
		fds[i] = connect_to(path);
		say(fds[i], "hold " + std::to_string(i) + "\n");
		shutdown(fds[i], SHUT_WR);
		turn();
	}
	held[1].ends = held[0].client; // the next one in the server's list
	for (int fd : fds)
		close(fd);
	EXPECT_TRUE(has_ended(held[2]));
	EXPECT_EQ(held[1].ended, 1);
	EXPECT_EQ(held[0].ended, 0) << "it had its answer before";
}

TEST_F(ServerTest, TooMuchToldIsLeftOutWhole)
{
	int fd = connect_to(path);
	say(fd, "hold 0\n");
	std::string line(100000, 'x'), expected;
	int told = 0;
	while (told < 1000 && server_client_tell(held[0].client, line.c_str())) {
		expected += line + "\n";
		told++;
		turn(1);
	}
	EXPECT_GT(told, SERVER_PENDING_HIGH / 100000 - 1);
	EXPECT_LT(told, 1000) << "what is told is not bounded";
	EXPECT_EQ(hear(fd), expected);
	EXPECT_TRUE(server_client_tell(held[0].client, "again"));
	server_client_answer(held[0].client, "end");
	EXPECT_EQ(hear(fd), "again\nend\n");
	close(fd);
}

TEST_F(ServerTest, AnswerThatIsTooLongEndsAHeldClient)
{
	int fd = connect_to(path);
	say(fd, "hold 0\nbehind\n");
	server_client_answer(held[0].client, std::string(SERVER_PENDING_MAX + 1, 'x').c_str());
	EXPECT_EQ(hear(fd), "<end>");
	EXPECT_EQ(held[0].ended, 0);
	EXPECT_EQ(answered, 1);
	close(fd);
}

TEST_F(ServerTest, TheEndOfTheServerEndsHeldClients)
{
	int fds[2] = {connect_to(path), connect_to(path)};
	say(fds[0], "hold 0\n");
	say(fds[1], "hold 1\n");
	server_free(server);
	server = nullptr;
	EXPECT_EQ(held[0].ended, 1);
	EXPECT_EQ(held[1].ended, 1);
	EXPECT_EQ(hear(fds[0]), "<end>");
	for (int fd : fds)
		close(fd);
}

TEST_F(ServerTest, ClientHasAUser)
{
	int fd = connect_to(path);
	answers.uid = 12345;
	say(fd, "x\n");
	EXPECT_EQ(answers.uid, getuid());
	close(fd);
}

} // namespace
