/* fake_daemon - a thread that answers like turnoutd on a control socket of its own, with lines that a test chooses. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <functional>
#include <jansson.h>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

class FakeDaemon
{
      public:
	/* Lines to send for "method {params}". "<end>" ends the connection, "<silence>" leaves it open. */
	using Handler = std::function<std::vector<std::string>(const std::string &asked)>;

	explicit FakeDaemon(Handler answers) : handler(std::move(answers))
	{
		char name[] = "/tmp/fake_daemon.XXXXXX";
		folder = mkdtemp(name);
		path = folder + "/sock";
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		path.copy(address.sun_path, sizeof(address.sun_path) - 1);
		listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(listener, reinterpret_cast<struct sockaddr *>(&address),
			 sizeof(address)) ||
		    listen(listener, 8) || pipe(wake))
			abort();
		thread = std::thread([this] { run(); });
	}
	~FakeDaemon()
	{
		close(wake[1]);
		thread.join();
		close(wake[0]);
		close(listener);
		unlink(path.c_str());
		rmdir(folder.c_str());
	}
	/* All that was asked, "method {params}". */
	std::vector<std::string> asked()
	{
		std::lock_guard<std::mutex> lock(mutex);
		return log;
	}
	static std::string result(const std::string &json)
	{
		return "{\"jsonrpc\":\"2.0\",\"result\":" + json + ",\"id\":1}";
	}
	static std::string told(const std::string &method, const std::string &json)
	{
		return "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + json +
		       "}";
	}
	static std::string error(const std::string &text, const std::string &data = "null")
	{
		return "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"" + text +
		       "\",\"data\":" + data + "},\"id\":1}";
	}

	std::string path;

      private:
	/* false: the test is over. */
	bool wait(int fd)
	{
		struct pollfd fds[2] = {{fd, POLLIN, 0}, {wake[0], POLLIN, 0}};
		while (poll(fds, 2, -1) < 0)
			;
		return !fds[1].revents;
	}
	std::vector<std::string> answers_to(const std::string &line)
	{
		json_t *request = json_loads(line.c_str(), 0, nullptr);
		char *params = json_dumps(json_object_get(request, "params"),
					  JSON_COMPACT | JSON_SORT_KEYS);
		const char *method = json_string_value(json_object_get(request, "method"));
		std::string text =
			std::string(method ? method : "?") + " " + (params ? params : "");
		free(params);
		json_decref(request);
		{
			std::lock_guard<std::mutex> lock(mutex);
			log.push_back(text);
		}
		return handler(text);
	}
	/* false: it is to end. */
	bool answer(int fd, const std::string &line)
	{
		for (const std::string &one : answers_to(line)) {
			if (one == "<end>")
				return false;
			if (one == "<silence>")
				return true;
			std::string out = one + "\n";
			if (send(fd, out.data(), out.size(), MSG_NOSIGNAL) < 0)
				return false;
		}
		return true;
	}
	void serve(int fd)
	{
		std::string in;
		char buf[4096];
		ssize_t n;
		while (wait(fd) && (n = read(fd, buf, sizeof(buf))) > 0) {
			in.append(buf, static_cast<size_t>(n));
			for (size_t end; (end = in.find('\n')) != std::string::npos;) {
				std::string line = in.substr(0, end);
				in.erase(0, end + 1);
				if (!answer(fd, line))
					return;
			}
		}
	}
	void run()
	{
		while (wait(listener)) {
			int fd = accept(listener, nullptr, nullptr);
			serve(fd);
			close(fd);
		}
	}

	Handler handler;
	std::string folder;
	int listener, wake[2];
	std::thread thread;
	std::mutex mutex;
	std::vector<std::string> log;
};
