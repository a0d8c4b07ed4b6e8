/* control_box - a control thread without ports and workers: its files are in a folder of its own, and clients talk to its socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/rpc.h"
#include "control/server.h"
}

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <jansson.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

/* A JSON value that counts itself. */
class Json
{
      public:
	explicit Json(json_t *owned = nullptr) : value_(owned)
	{
	}
	explicit Json(const std::string &text)
	    : value_(json_loads(text.c_str(), JSON_DECODE_ANY, nullptr))
	{
	}
	Json(const Json &other) : value_(json_incref(other.value_))
	{
	}
	Json &operator=(const Json &other)
	{
		json_incref(other.value_);
		json_decref(value_);
		value_ = other.value_;
		return *this;
	}
	~Json()
	{
		json_decref(value_);
	}
	json_t *get() const
	{
		return value_;
	}
	Json operator[](const char *key) const
	{
		return Json(json_incref(json_object_get(value_, key)));
	}
	Json operator[](size_t i) const
	{
		return Json(json_incref(json_array_get(value_, i)));
	}
	size_t size() const
	{
		return json_is_array(value_) ? json_array_size(value_) : json_object_size(value_);
	}
	long number() const
	{
		return json_is_integer(value_) ? (long)json_integer_value(value_) : -1;
	}
	/* A text as it is, anything else in JSON. */
	std::string text() const
	{
		if (json_is_string(value_))
			return json_string_value(value_);
		char *dump =
			value_ ? json_dumps(value_, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)
			       : nullptr;
		std::string result = dump ? dump : "";
		free(dump);
		return result;
	}

      private:
	json_t *value_;
};

/* The first port of every configuration; its other parts follow on line 2. */
inline const char *const control_box_port =
	"ports = ( { name = \"p\"; vdev = \"net_null0\"; addresses = [\"192.0.2.1\"]; } );\n";

class ControlBox
{
      public:
	struct control control = {};
	struct plane plane = {};
	std::string folder;

	/* The configuration without its ports. */
	explicit ControlBox(const std::string &config)
	{
		char name[] = "/tmp/control_box.XXXXXX";
		if (!mkdtemp(name))
			throw std::runtime_error("no folder");
		folder = name;
		write_config(config);
		start();
	}
	~ControlBox()
	{
		stop();
		if (system(("rm -r " + folder).c_str()))
			abort();
	}
	ControlBox(const ControlBox &) = delete;
	ControlBox &operator=(const ControlBox &) = delete;

	void write(const std::string &name, const std::string &text)
	{
		std::ofstream(folder + "/" + name, std::ios::binary) << text;
	}
	void write_config(const std::string &config)
	{
		write("t.conf", control_box_port + config + "\nstate = { file = \"" + folder +
					"/state.db\"; };\ncontrol = { socket = \"" + folder +
					"/sock\"; };\n");
	}
	/* Throws with the first fault. */
	void start()
	{
		struct faults faults = {};
		config_path_ = folder + "/t.conf";
		settings_ = {};
		struct config_reading *reading =
			config_open(config_path_.c_str(), &settings_, &faults);
		plane = {};
		plane.n_workers = 0;
		plane.settings = &settings_;
		plane.tsc_hz = 2000000000;
		size_t size = rte_rcu_qsbr_get_memsize(1);
		plane.qsbr = static_cast<struct rte_rcu_qsbr *>(
			aligned_alloc(64, (size + 63) / 64 * 64));
		rte_rcu_qsbr_init(plane.qsbr, 1);
		if (!reading || !control_init(&control, &plane, &settings_, config_path_.c_str()))
			throw std::runtime_error("no control");
		bool loaded = control_load(&control, reading, &faults);
		std::string text = faults.n ? faults.list[0].text : "not loaded";
		faults_clear(&faults);
		if (!loaded)
			throw std::runtime_error(text);
		char err[256];
		server_ = server_new(control.base, settings_.socket, on_line, &control, err,
				     sizeof(err));
		if (!server_)
			throw std::runtime_error(err);
	}
	void stop()
	{
		server_free(server_);
		control_clear(&control);
		settings_clear(&settings_);
		free(plane.qsbr);
	}
	void restart()
	{
		stop();
		start();
	}
	/* A few rounds of what is to be done at once: a client that is there, a line of it, a portion of a commit. */
	void turn()
	{
		for (int i = 0; i < 5; i++)
			event_base_loop(control.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	uint64_t generation() const
	{
		return plane.view->generation;
	}

	/* Without a connection: the answer has to come at once. */
	Json call(const std::string &method, const std::string &params = "{}")
	{
		std::string line = request(method, params);
		char *answer = rpc_answer(&control, nullptr, line.data(), line.size());
		Json json(answer ? answer : "");
		free(answer);
		return result_of(json);
	}
	static std::string request(const std::string &method, const std::string &params)
	{
		return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" +
		       params + "}";
	}
	/* The result, or what is wrong, as {"message": ..., "data": ...}. */
	static Json result_of(const Json &answer)
	{
		return answer["result"].get() ? answer["result"] : answer["error"];
	}
	const std::string socket_path() const
	{
		return settings_.socket;
	}

      private:
	struct settings settings_ = {};
	struct server *server_ = nullptr;
	std::string config_path_;

	static char *on_line(void *arg, struct server_client *client, const char *line, size_t len)
	{
		return rpc_answer((struct control *)arg, client, line, len);
	}
};

/* A connection to it. */
class Client
{
      public:
	explicit Client(ControlBox &to)
	    : box(to), fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0))
	{
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		strcpy(address.sun_path, box.socket_path().c_str());
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
			throw std::runtime_error("no connection");
	}
	~Client()
	{
		close(fd);
	}
	Client(const Client &) = delete;
	Client &operator=(const Client &) = delete;

	/* The line is taken in when this returns. */
	void send(const std::string &method, const std::string &params = "{}")
	{
		std::string line = ControlBox::request(method, params) + "\n";
		for (size_t sent = 0; sent < line.size(); box.turn()) {
			ssize_t n = ::write(fd, line.data() + sent, line.size() - sent);
			sent += n > 0 ? (size_t)n : 0;
		}
	}
	bool has_answer()
	{
		hear();
		return in.find("\"id\":") != std::string::npos;
	}
	/* Waits for the answer of a line that was sent; notifications before it are kept. */
	Json answer()
	{
		for (;;) {
			size_t end;
			hear();
			while ((end = in.find('\n')) != std::string::npos) {
				Json line(in.substr(0, end));
				in.erase(0, end + 1);
				if (line["id"].get())
					return ControlBox::result_of(line);
				told.push_back(line);
			}
			event_base_loop(box.control.base, EVLOOP_ONCE);
		}
	}
	Json ask(const std::string &method, const std::string &params = "{}")
	{
		send(method, params);
		return answer();
	}
	std::vector<Json> told;

      private:
	ControlBox &box;
	int fd;
	std::string in;

	void hear()
	{
		char buf[65536];
		for (ssize_t n; (n = read(fd, buf, sizeof(buf))) > 0;)
			in.append(buf, (size_t)n);
	}
};
