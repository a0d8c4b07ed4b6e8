/* save_test - show.config and save over a real control socket: pages, files, and what is left when they go wrong. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/config_write.h"
#include "control/control.h"
#include "control/rpc.h"
#include "control/save.h"
#include "control/show_config.h"
}

#include "tests/support/config_back.h"

#include <climits>
#include <csignal>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace
{

const char *const config = R"(
ports = ( { name = "p"; vdev = "net_null0"; addresses = ["192.0.2.1"]; } );
tcp = { cookie-keys = [ "000102030405060708090a0b0c0d0e0f" ]; };
cdns = ( { name = "b"; provider-id = "AS64496:1"; }, { name = "c"; } );
dris = (
  { cdn = "b"; dns-target = { host = "router.b.example"; }; },
  { cdn = "c"; dns-target = { addresses = ["203.0.113.9", "2001:db8::9"]; ttl = 30; }; }
);
zones = ( { name = "cdn.example"; servers = ( { name = "ns.cdn.example"; } ); } );
scopes = (
  { name = "vod"; hosts = ["vod.cdn.example"]; candidates = ( { cdn = "b"; }, { cdn = "c"; } ); },
  { name = "old"; hosts = ["old.cdn.example"]; action = "deny"; }
);
)";

// Its own end of the control socket.
struct Client {
	struct event_base *base;
	int fd;
	int id = 0;
	std::string got;
	std::vector<json_t *> told;

	Client(struct event_base *loop, const std::string &path) : base(loop)
	{
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		strcpy(address.sun_path, path.c_str());
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		EXPECT_EQ(0, connect(fd, reinterpret_cast<struct sockaddr *>(&address),
				     sizeof(address)));
	}
	~Client()
	{
		leave();
		for (json_t *one : told)
			json_decref(one);
	}
	Client(const Client &) = delete;
	Client &operator=(const Client &) = delete;

	void leave()
	{
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	void send(const std::string &method, const std::string &params)
	{
		std::string text = R"({"jsonrpc":"2.0","id":)" + std::to_string(++id) +
				   R"(,"method":")" + method + R"(","params":)" + params + "}\n";
		EXPECT_EQ(static_cast<ssize_t>(text.size()), write(fd, text.data(), text.size()));
	}
	// The next line, or nullptr when there is none yet.
	json_t *line()
	{
		char buf[65536];
		ssize_t n;
		while ((n = read(fd, buf, sizeof(buf))) > 0)
			got.append(buf, static_cast<size_t>(n));
		size_t end = got.find('\n');
		if (end == std::string::npos)
			return nullptr;
		json_t *json = json_loadb(got.data(), end, 0, nullptr);
		got.erase(0, end + 1);
		return json;
	}
	// The answer; notifications before it are kept.
	json_t *answer()
	{
		for (int i = 0; i < 200000; i++) {
			event_base_loop(base, EVLOOP_NONBLOCK);
			json_t *json = line();
			if (!json)
				usleep(50);
			else if (json_object_get(json, "id"))
				return json;
			else
				told.push_back(json);
		}
		ADD_FAILURE() << "no answer";
		return json_object();
	}
	json_t *ask(const std::string &method, const std::string &params = "{}")
	{
		send(method, params);
		return answer();
	}
	// The result, or "error: " and its message.
	std::string text(const std::string &method, const std::string &params = "{}")
	{
		json_t *json = ask(method, params);
		json_t *result = json_object_get(json, "result");
		char *dump = json_dumps(result, JSON_COMPACT);
		const char *message = json_string_value(
			json_object_get(json_object_get(json, "error"), "message"));
		std::string text = message ? std::string("error: ") + message : dump;
		free(dump);
		json_decref(json);
		return text;
	}
};

char *on_line(void *arg, struct server_client *client, const char *line, size_t len)
{
	return rpc_answer(static_cast<struct control *>(arg), client, line, len);
}

struct SaveTest : testing::Test {
	struct plane plane = {};
	struct settings settings = {};
	struct control control = {};
	struct server *server = nullptr;
	std::unique_ptr<Client> client;
	std::string folder, saved, path;

	void SetUp() override
	{
		char name[] = "/tmp/save_test.XXXXXX";
		signal(SIGPIPE, SIG_IGN);
		ASSERT_TRUE(mkdtemp(name));
		folder = name;
		path = folder + "/t.conf";
		saved = folder + "/saved.conf";
		std::ofstream(path) << config;
		plane.settings = &settings;
		plane.tsc_hz = 2000000000;
		plane.n_workers = 1;
		size_t size = rte_rcu_qsbr_get_memsize(1);
		plane.qsbr = static_cast<struct rte_rcu_qsbr *>(
			aligned_alloc(64, (size + 63) / 64 * 64));
		rte_rcu_qsbr_init(plane.qsbr, 1);
		struct faults faults = {};
		struct config_reading *reading = config_open(path.c_str(), &settings, &faults);
		ASSERT_TRUE(reading);
		ASSERT_TRUE(control_init(&control, &plane, &settings, path.c_str()));
		ASSERT_TRUE(control_load(&control, reading, &faults));
		faults_clear(&faults);
		start_server();
		client = connect_one();
	}
	void TearDown() override
	{
		client.reset();
		stop();
		free(plane.qsbr);
		settings_clear(&settings);
		ASSERT_EQ(0, system(("rm -r " + folder).c_str()));
	}
	void start_server()
	{
		char err[256];
		server = server_new(control.base, (folder + "/sock").c_str(), on_line, &control,
				    err, sizeof(err));
		ASSERT_TRUE(server) << err;
	}
	void stop_server()
	{
		server_free(server);
		server = nullptr;
	}
	void stop()
	{
		stop_server();
		if (control.base)
			control_clear(&control);
	}
	// What is ready, and nothing that becomes so by that.
	void turn()
	{
		event_base_loop(control.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	std::unique_ptr<Client> connect_one()
	{
		return std::make_unique<Client>(control.base, folder + "/sock");
	}
	std::string save(const std::string &file)
	{
		return client->text("save", R"({"file":")" + file + "\"}");
	}
	std::string read(const std::string &file)
	{
		std::ostringstream all;
		all << std::ifstream(file, std::ios::binary).rdbuf();
		return all.str();
	}
	bool is_there(const std::string &file)
	{
		struct stat info;
		return !lstat(file.c_str(), &info);
	}
	std::string whole(bool secrets)
	{
		struct config_writer *writer = config_writer_new(&settings, control.head, secrets);
		struct config_text text = {};
		while (config_writer_run(writer, &text, SIZE_MAX, UINT32_MAX) ==
		       CONFIG_WRITTEN_PART)
			;
		std::string all(text.at, text.len);
		config_text_clear(&text);
		config_writer_free(writer);
		return all;
	}
	void put(const std::string &kind, const std::string &object)
	{
		std::string text = client->text("put", R"({"kind":")" + kind + R"(","object":)" +
							       object + "}");
		EXPECT_NE(text.find("generation"), std::string::npos) << text;
	}
	// So many scopes that they fill pages, with characters of several octets all over them.
	void add_scopes(int n)
	{
		std::ofstream table(folder + "/table.jsonl");
		for (int i = 0; i < n; i++)
			table << R"({"scope":{"name":"s)" << (i * 7919LL) % n << R"(","hosts":["h)"
			      << i << R"(.example"],"headers":[{"name":"x","regex":")"
			      << "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x82" << std::string(i % 5, 'x')
			      << "\"}],\"candidates\":[{\"cdn\":\"b\"}]}}\n";
		table.close();
		std::string text =
			client->text("apply", R"({"file":")" + folder + "/table.jsonl\"}");
		EXPECT_NE(text.find("\"added\":" + std::to_string(n)), std::string::npos) << text;
	}
	// A page; next is "" behind the last one.
	std::string page(Client &from, std::string &next)
	{
		json_t *json = from.ask("show.config",
					next.empty() ? "{}" : R"({"offset":")" + next + "\"}");
		json_t *result = json_object_get(json, "result");
		const char *text = json_string_value(json_object_get(result, "text"));
		const char *after = json_string_value(json_object_get(result, "next"));
		EXPECT_TRUE(text);
		next = after ? after : "";
		std::string copy = text ? text : "";
		json_decref(json);
		return copy;
	}
};

testing::AssertionResult has(const std::string &text, const std::string &part)
{
	if (text.find(part) != std::string::npos)
		return testing::AssertionSuccess();
	return testing::AssertionFailure() << text << "\nwithout\n" << part;
}

#define EXPECT_HAS(text, part) EXPECT_TRUE(has(text, part))

/* --- show.config ---------------------------------------------------------------------------- */

TEST_F(SaveTest, PagesAreTheWhole)
{
	add_scopes(8000);
	std::string expected = whole(false), all, next;
	int pages = 0;
	do {
		std::string one = page(*client, next);
		EXPECT_LE(one.size(), static_cast<size_t>(SHOW_CONFIG_PAGE_OCTETS));
		EXPECT_TRUE(next.empty() || one.size() > SHOW_CONFIG_PAGE_OCTETS - 4u);
		all += one;
		if (++pages == 1) {
			EXPECT_HAS(client->text("cdn.set", R"({"name":"b","state":"down"})"),
				   "down");
		}
		if (pages == 2) {
			EXPECT_HAS(client->text("remove", R"({"kind":"scope","name":"s5"})"),
				   "removed");
		}
	} while (!next.empty());
	EXPECT_GT(pages, 3);
	EXPECT_EQ(expected, all);
	EXPECT_EQ(control.shows, nullptr);
	EXPECT_NE(expected, whole(false));
	EXPECT_EQ(expected.find("00010203"), std::string::npos) << "a cookie key is shown";
}

TEST_F(SaveTest, APageIsGivenOnce)
{
	add_scopes(3000);
	std::string next, first, refused = "is not the 'next' of the last page";
	page(*client, next);
	first = next;
	page(*client, next);
	EXPECT_HAS(client->text("show.config", R"({"offset":")" + first + "\"}"), refused);
	EXPECT_HAS(client->text("show.config", R"({"offset":"1"})"), refused);
	EXPECT_HAS(client->text("show.config", R"({"offset":"nonsense"})"), refused);
	EXPECT_HAS(client->text("show.config", R"({"offset":7})"), "expected a text");
	EXPECT_HAS(client->text("show.config", R"({"x":7})"), "unknown key");
	while (!next.empty())
		page(*client, next);
	EXPECT_EQ(control.shows, nullptr);
}

TEST_F(SaveTest, TheOneThatWaitedLongestMakesRoom)
{
	add_scopes(5000);
	std::string next[SHOW_CONFIG_MAX + 1];
	for (int i = 0; i < SHOW_CONFIG_MAX; i++)
		page(*client, next[i]);
	std::string first = next[0], second = next[1];
	page(*client, next[0]);
	page(*client, next[SHOW_CONFIG_MAX]);
	EXPECT_HAS(client->text("show.config", R"({"offset":")" + second + "\"}"), "begin again");
	EXPECT_FALSE(next[0].empty());
	for (int i : {0, 2, static_cast<int>(SHOW_CONFIG_MAX)})
		EXPECT_GT(page(*client, next[i]).size(), 0u);
}

TEST_F(SaveTest, AllMayBeBusy)
{
	std::unique_ptr<Client> clients[SHOW_CONFIG_MAX + 1];
	for (auto &one : clients)
		one = connect_one();
	for (int i = 0; i < 20; i++)
		turn();
	for (auto &one : clients)
		one->send("show.config", "{}"); // all are read in one turn of the loop
	int refused = 0;
	for (auto &one : clients) {
		json_t *answer = one->answer(), *error = json_object_get(answer, "error");
		const char *text = json_string_value(json_object_get(error, "message"));
		if (text) {
			EXPECT_HAS(std::string(text),
				   "8 clients are being shown the configuration already");
			refused++;
		}
		json_decref(answer);
	}
	EXPECT_EQ(refused, 1);
}

TEST_F(SaveTest, AShowEndsWithItsClient)
{
	add_scopes(10000);
	std::string next;
	page(*client, next);
	struct show_config *idle = control.shows;
	client->send("show.config", "{}");
	for (int i = 0; i < 1000 && control.shows == idle; i++)
		turn();
	ASSERT_NE(control.shows, idle);
	stop_server(); // as when the client goes away
	EXPECT_EQ(control.shows, idle);
	start_server();
	client = connect_one();
	EXPECT_GT(page(*client, next).size(), 0u);
	next = "";
	page(*client, next);
	stop(); // with one that waits
}

/* --- save ----------------------------------------------------------------------------------- */

TEST_F(SaveTest, ASavedFileStartsTheSame)
{
	put("scope", R"({"name":"new","hosts":["*.example"],"candidates":[{"cdn":"c"}]})");
	put("scope", R"({"name":"vod","hosts":["vod.cdn.example"],"candidates":[{"cdn":"c"}]})");
	EXPECT_HAS(client->text("cdn.set", R"({"name":"b","state":"drain"})"), "drain");
	EXPECT_HAS(client->text("remove", R"({"kind":"scope","name":"old"})"), "removed");
	std::string answer = save(saved), text = read(saved);
	EXPECT_EQ(answer, R"({"file":")" + saved + R"(","objects":7,"octets":)" +
				  std::to_string(text.size()) + "}");
	EXPECT_EQ(text, whole(true));
	EXPECT_HAS(text, "000102030405060708090a0b0c0d0e0f");
	struct stat info;
	ASSERT_EQ(0, stat(saved.c_str(), &info));
	EXPECT_EQ(info.st_mode & 07777, 0600u);
	EXPECT_FALSE(is_there(saved + ".new"));
	ConfigBack back(saved);
	ASSERT_TRUE(back.view) << back.said;
	EXPECT_EQ(describe(control.head), describe(back.view));
	char changes[SETTINGS_CHANGES_MAX];
	EXPECT_STREQ(settings_changes(&settings, &back.settings, changes), "");
	EXPECT_EQ(control.saving, nullptr);
}

TEST_F(SaveTest, AnOldFileIsReplaced)
{
	std::ofstream(saved) << std::string(100000, '#');
	std::ofstream(saved + ".new") << "left by a save that was killed";
	ASSERT_EQ(0, chmod((saved + ".new").c_str(), 0644));
	add_scopes(10000); // several portions
	EXPECT_HAS(save(saved), "\"objects\":10007");
	EXPECT_EQ(read(saved), whole(true));
	struct stat info;
	ASSERT_EQ(0, stat(saved.c_str(), &info));
	EXPECT_EQ(info.st_mode & 07777, 0600u);
	EXPECT_FALSE(is_there(saved + ".new"));
}

TEST_F(SaveTest, WhatCannotBeWrittenIsSaid)
{
	const std::string path_needed =
		"error: parameters: file: expected the path of a file that starts with '/'";
	EXPECT_EQ(save("saved.conf"), path_needed);
	EXPECT_EQ(save(folder + "/"), path_needed);
	EXPECT_EQ(client->text("save"), "error: parameters: 'file' is missing");
	EXPECT_EQ(save(folder + "/none/x.conf"),
		  "error: " + folder +
			  "/none/x.conf.new cannot be made: No such file or directory");
	EXPECT_EQ(save(folder),
		  "error: " + folder + " is there already and is not a file; name another one");
	ASSERT_EQ(0, symlink(path.c_str(), saved.c_str()));
	EXPECT_HAS(save(saved), "is not a file");
	EXPECT_EQ(read(path), config);
	std::string long_name = folder + "/" + std::string(252, 'x');
	EXPECT_HAS(save(long_name), ".new cannot be made: File name too long");
	ASSERT_EQ(0, mkdir((folder + "/x.new").c_str(), 0755));
	EXPECT_HAS(save(folder + "/x"), "x.new cannot be made: File exists");
	EXPECT_EQ(control.saving, nullptr);
	EXPECT_HAS(save(folder + "/good.conf"), "\"objects\":7");
}

TEST_F(SaveTest, AFullDiskLeavesTheOldFile)
{
	struct rlimit before, little;
	std::ofstream(saved) << "old";
	add_scopes(10000);
	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &before));
	little = before;
	little.rlim_cur = 1100000; // within the second portion
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &little));
	std::string answer = save(saved);
	setrlimit(RLIMIT_FSIZE, &before);
	EXPECT_EQ(answer, "error: " + saved + ".new cannot be written: File too large; " + saved +
				  " is as it was");
	EXPECT_EQ(read(saved), "old");
	EXPECT_FALSE(is_there(saved + ".new"));
	EXPECT_HAS(save(saved), "\"objects\":10007");
}

TEST_F(SaveTest, AFolderThatGoesAwayIsSaid)
{
	std::string inner = folder + "/inner";
	ASSERT_EQ(0, mkdir(inner.c_str(), 0755));
	client->send("save", R"({"file":")" + inner + "/x.conf\"}");
	for (int i = 0; i < 1000 && !control.saving; i++)
		turn();
	ASSERT_TRUE(control.saving);
	ASSERT_EQ(0, system(("rm -r " + inner).c_str()));
	json_t *answer = client->answer();
	const char *message =
		json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
	ASSERT_TRUE(message);
	EXPECT_HAS(std::string(message), "x.conf.new cannot be renamed: No such file or directory");
	json_decref(answer);
}

// A save of another client, under way.
std::unique_ptr<Client> begin_save(SaveTest &test)
{
	auto other = test.connect_one();
	other->send("save", R"({"file":")" + test.saved + "\"}");
	for (int i = 0; i < 10000 && !test.is_there(test.saved + ".new"); i++)
		test.turn();
	EXPECT_TRUE(test.control.saving);
	return other;
}

TEST_F(SaveTest, OneAtATime)
{
	add_scopes(10000);
	auto other = begin_save(*this);
	EXPECT_EQ(save(folder + "/b.conf"),
		  "error: a configuration is being saved already; try again when that is done");
	json_t *answer = other->answer();
	EXPECT_TRUE(json_object_get(answer, "result"));
	json_decref(answer);
	EXPECT_HAS(save(folder + "/b.conf"), "\"objects\":10007");
}

TEST_F(SaveTest, AnInterruptedSaveLeavesNothing)
{
	add_scopes(10000);
	std::ofstream(saved) << "old";
	int interrupted = 0;
	for (int turns = 0; turns < 24; turns += 3) {
		auto other = begin_save(*this);
		for (int i = 0; i < turns; i++)
			turn();
		bool under_way = control.saving;
		stop_server(); // as when the client goes away
		for (int i = 0; i < 5000 && control.saving; i++) {
			turn();
			usleep(1000);
		}
		EXPECT_EQ(control.saving, nullptr);
		EXPECT_FALSE(is_there(saved + ".new"));
		std::string text = read(saved);
		EXPECT_TRUE(text == "old" || text == whole(true)) << turns;
		interrupted += under_way && text == "old";
		start_server();
	}
	EXPECT_GT(interrupted, 1);
	auto other = begin_save(*this);
	stop(); // the helper may be at work
	EXPECT_FALSE(is_there(saved + ".new"));
}

TEST_F(SaveTest, ProgressIsTold)
{
	add_scopes(10000);
	for (json_t *one : client->told)
		json_decref(one);
	client->told.clear();
	plane.tsc_hz = 10000; // half a second passes at once
	EXPECT_HAS(save(saved), "\"objects\":10007");
	ASSERT_GT(client->told.size(), 2u);
	json_int_t lines = 0;
	for (json_t *one : client->told) {
		EXPECT_STREQ("progress", json_string_value(json_object_get(one, "method")));
		json_t *params = json_object_get(one, "params");
		EXPECT_STREQ("writing", json_string_value(json_object_get(params, "phase")));
		EXPECT_GE(json_integer_value(json_object_get(params, "lines")), lines);
		lines = json_integer_value(json_object_get(params, "lines"));
	}
	EXPECT_GT(lines, 0);
}

} // namespace
