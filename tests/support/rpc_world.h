/* rpc_world - control with its socket and two workers that only a test plays, for the methods that look at workers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/config.h"
#include "control/control.h"
#include "control/rpc.h"
#include "lib/hits.h"
}

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A clock that stands still, at 2023-11-14T22:13:20Z. Both workers are online and have passed no quiescent state. */
class RpcWorld : public testing::Test
{
      protected:
	enum : uint64_t { NOW = 1700000000 };
	enum { WORKERS = 2 };
	struct plane plane = {};
	struct settings settings = {};
	struct control control = {};

	explicit RpcWorld(const std::string &configuration) : text(configuration)
	{
	}
	void SetUp() override
	{
		signal(SIGPIPE, SIG_IGN);
		char name[] = "/tmp/rpc_world.XXXXXX", err[256];
		ASSERT_TRUE(mkdtemp(name));
		folder = name;
		path = folder + "/test.conf";
		socket_path = folder + "/test.sock";
		std::ofstream(path) << text;
		struct faults faults = {};
		struct config_reading *reading = config_open(path.c_str(), &settings, &faults);
		ASSERT_TRUE(reading) << faults.list[0].text;
		settings.n_workers = WORKERS;
		ASSERT_TRUE(hits_init(WORKERS));
		make_plane();
		ASSERT_TRUE(control_init(&control, &plane, &settings, path.c_str()));
		plane.unix_ns_at_tsc0 = NOW * 1000000000;
		ASSERT_TRUE(control_load(&control, reading, &faults))
			<< (faults.n ? faults.list[0].text : "");
		faults_clear(&faults);
		server = server_new(control.base, socket_path.c_str(), on_line, &control, err,
				    sizeof(err));
		ASSERT_TRUE(server) << err;
	}
	void TearDown() override
	{
		server_free(server);
		control_clear(&control);
		EXPECT_EQ(plane.trace, nullptr);
		settings_clear(&settings);
		hits_finish();
		for (unsigned i = 0; i < WORKERS; i++) {
			free(plane.stats[i]);
			free(plane.tops[i]);
			free(plane.trace_rings[i]);
		}
		free(plane.qsbr);
		unlink(path.c_str());
		EXPECT_EQ(rmdir(folder.c_str()), 0);
	}

	/* Without a connection. */
	std::string call(const std::string &method, const std::string &params = "{}")
	{
		std::string line = request(method, params);
		char *answer = rpc_answer(&control, nullptr, line.data(), line.size());
		std::string said = answer ? answer : "<none>";
		free(answer);
		return said;
	}

	/* With one. */
	int connect_to_control()
	{
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		strcpy(address.sun_path, socket_path.c_str());
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		EXPECT_EQ(0, connect(fd, reinterpret_cast<struct sockaddr *>(&address),
				     sizeof(address)));
		return fd;
	}
	void ask(int fd, const std::string &method, const std::string &params = "{}")
	{
		std::string line = request(method, params) + "\n";
		EXPECT_EQ(write(fd, line.data(), line.size()), static_cast<ssize_t>(line.size()));
		run(2);
	}
	void run(unsigned milliseconds)
	{
		struct timeval time = {0, static_cast<suseconds_t>(milliseconds) * 1000};
		event_base_loopexit(control.base, &time);
		event_base_dispatch(control.base);
	}
	/* The next line that comes; "<nothing>" after a time in which all that is due has come. */
	std::string hear(int fd, unsigned milliseconds = 150)
	{
		std::string &from = heard[fd];
		for (unsigned passed = 0;; passed += 5) {
			size_t end = from.find('\n');
			if (end != std::string::npos) {
				std::string line = from.substr(0, end);
				from.erase(0, end + 1);
				return line;
			}
			char buf[65536];
			ssize_t n = read(fd, buf, sizeof(buf));
			if (n > 0)
				from.append(buf, static_cast<size_t>(n));
			else if (passed >= milliseconds)
				return n == 0 ? "<end>" : "<nothing>";
			else
				run(5);
		}
	}
	void pass_grace_period()
	{
		for (unsigned i = 0; i < WORKERS; i++)
			rte_rcu_qsbr_quiescent(plane.qsbr, i);
	}
	static std::string result(const std::string &text)
	{
		return R"({"jsonrpc":"2.0","result":)" + text + R"(,"id":7})";
	}
	static std::string error(int code, const std::string &text)
	{
		return R"({"jsonrpc":"2.0","error":{"code":)" + std::to_string(code) +
		       R"(,"message":")" + text + R"("},"id":7})";
	}

	std::string folder, path;

      private:
	std::string text, socket_path;
	struct server *server = nullptr;
	std::map<int, std::string> heard;

	static std::string request(const std::string &method, const std::string &params)
	{
		return R"({"jsonrpc":"2.0","id":7,"method":")" + method + R"(","params":)" +
		       params + "}";
	}
	static char *on_line(void *control, struct server_client *client, const char *line,
			     size_t len)
	{
		return rpc_answer(static_cast<struct control *>(control), client, line, len);
	}
	template <typename T> static T *zeroed(size_t size = sizeof(T))
	{
		size = (size + 63) / 64 * 64;
		return static_cast<T *>(memset(aligned_alloc(64, size), 0, size));
	}
	void make_plane()
	{
		static const uint8_t top_key[16] = "rpc world";
		plane.settings = &settings;
		plane.tsc_hz = UINT64_MAX;
		plane.n_workers = WORKERS;
		plane.qsbr = zeroed<struct rte_rcu_qsbr>(rte_rcu_qsbr_get_memsize(WORKERS));
		rte_rcu_qsbr_init(plane.qsbr, WORKERS);
		for (unsigned i = 0; i < WORKERS; i++) {
			rte_rcu_qsbr_thread_register(plane.qsbr, i);
			rte_rcu_qsbr_thread_online(plane.qsbr, i);
			plane.stats[i] = zeroed<struct worker_stats>();
			plane.tops[i] = zeroed<struct top>();
			plane.trace_rings[i] = zeroed<struct trace_ring>();
			top_init(plane.tops[i], top_key, NOW - 10);
		}
	}
};
