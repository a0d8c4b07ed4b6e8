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

// Answers "big N" with N octets, "quiet" with nothing, everything else with itself in brackets.
char *answer(void *arg, const char *line, size_t len)
{
	std::string text(line, len);
	++*static_cast<int *>(arg);
	if (text == "quiet")
		return nullptr;
	if (text.rfind("big ", 0) == 0)
		return strdup(std::string(std::stoul(text.substr(4)), 'x').c_str());
	return strdup(("[" + text + "]").c_str());
}

struct ServerTest : testing::Test {
	std::string folder, path;
	struct event_base *base = nullptr;
	struct server *server = nullptr;
	int answered = 0;
	char err[256] = "";

	void SetUp() override
	{
		signal(SIGPIPE, SIG_IGN);
		char name[] = "/tmp/server_test.XXXXXX";
		ASSERT_TRUE(mkdtemp(name));
		folder = name;
		path = folder + "/run/t.sock";
		base = event_base_new();
		server = server_new(base, path.c_str(), answer, &answered, err, sizeof(err));
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
	EXPECT_FALSE(server_new(base, path.c_str(), answer, &answered, text, sizeof(text)));
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
	struct server *second =
		server_new(base, stale.c_str(), answer, &answered, err, sizeof(err));
	EXPECT_TRUE(second) << err;
	server_free(second);
}

TEST_F(ServerTest, OtherFilesStay)
{
	std::string file = folder + "/file";
	ASSERT_EQ(0, system(("touch " + file).c_str()));
	EXPECT_FALSE(server_new(base, file.c_str(), answer, &answered, err, sizeof(err)));
	EXPECT_EQ(std::string(err), file + " is there and is not a socket; remove it");
	EXPECT_EQ(0, access(file.c_str(), F_OK));
	EXPECT_FALSE(server_new(base, (folder + "/a/b/c.sock").c_str(), answer, &answered, err,
				sizeof(err)));
	EXPECT_EQ(std::string(err),
		  "the folder " + folder +
			  "/a/b of the control socket cannot be made: No such file "
			  "or directory");
	EXPECT_FALSE(server_new(base, ("/" + std::string(200, 'x')).c_str(), answer, &answered, err,
				sizeof(err)));
	EXPECT_STREQ(err, "the path of the control socket is longer than 107 octets");
}

} // namespace
