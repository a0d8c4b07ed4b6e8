/* rpc_test - every method of the control socket on real tables, without ports and workers. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/config.h"
#include "control/control.h"
#include "control/rpc.h"
}

#include <cstdlib>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace
{

const char *const config = R"(
ports = ( { name = "p"; vdev = "net_null0"; addresses = ["192.0.2.1"]; } );
cdns = ( { name = "b"; provider-id = "AS64496:1"; }, { name = "c"; } );
nodes = ( { name = "origin"; } );
dris = (
  { cdn = "b"; dns-target = { host = "router.b.example"; }; http-target = { host = "b.example:8443"; scheme = "https";
    path-prefix = "/oc/7/"; }; },
  { cdn = "c"; dns-target = { addresses = ["203.0.113.9", "2001:db8::9"]; ttl = 30; }; http-target = { host = "c.example"; }; },
  { node = "origin"; dns-target = { addresses = ["192.0.2.80"]; }; http-target = { host = "o.example"; }; }
);
zones = ( { name = "cdn.example"; servers = ( { name = "ns.cdn.example"; addresses = ["192.0.2.53"]; } ); } );
footprints = ( { name = "home"; footprints = ( { footprint-type = "ipv4cidr"; footprint-value = ["198.51.100.0/24"]; } ); } );
distinguished = ( { host = "in.cdn.example"; path-prefix = "/x/"; } );
fallback = { node = "origin"; };
scopes = (
  { name = "vod"; hosts = ["vod.cdn.example"]; candidates = ( { cdn = "b"; }, { cdn = "c"; } ); },
  { name = "vod-home"; hosts = ["vod.cdn.example"]; footprints = ["home"]; candidates = ( { cdn = "c"; } ); },
  { name = "movies"; hosts = ["vod.cdn.example"]; paths = ["/movies/"]; http-status = 307; candidates = ( { cdn = "c"; } ); },
  { name = "blocked"; hosts = ["old.cdn.example"]; action = "deny"; dns-deny = "nxdomain"; },
  { name = "tv"; hosts = ["tv.cdn.example"]; headers = ( { name = "User-Agent"; regex = "TV"; } ); candidates = ( { cdn = "b"; } ); }
);
)";

struct RpcTest : testing::Test {
	struct plane plane = {};
	struct settings settings = {};
	struct control control = {};
	struct worker_stats *stats = nullptr;
	std::string path;

	void write(const std::string &text)
	{
		std::ofstream(path) << text;
	}
	void SetUp() override
	{
		char name[] = "/tmp/rpc_test.XXXXXX";
		close(mkstemp(name));
		path = name;
		write(config);
		struct faults faults = {};
		struct config_reading *reading = config_open(path.c_str(), &settings, &faults);
		ASSERT_TRUE(reading);
		stats = static_cast<struct worker_stats *>(aligned_alloc(64, sizeof(*stats)));
		*stats = {};
		plane.stats[0] = stats;
		plane.n_workers = 1;
		plane.settings = &settings;
		plane.tsc_hz = 2000000000;
		size_t size = rte_rcu_qsbr_get_memsize(1);
		plane.qsbr = static_cast<struct rte_rcu_qsbr *>(
			aligned_alloc(64, (size + 63) / 64 * 64));
		rte_rcu_qsbr_init(plane.qsbr, 1);
		ASSERT_TRUE(control_init(&control, &plane, &settings, path.c_str()));
		ASSERT_TRUE(control_load(&control, reading, &faults))
			<< (faults.n ? faults.list[0].text : "");
		faults_clear(&faults);
	}
	void TearDown() override
	{
		control_clear(&control);
		settings_clear(&settings);
		free(plane.qsbr);
		free(stats);
		unlink(path.c_str());
	}
	std::string raw(const std::string &line)
	{
		char *answer = rpc_answer(&control, nullptr, line.data(), line.size());
		std::string text = answer ? answer : "<none>";
		free(answer);
		return text;
	}
	std::string call(const std::string &method, const std::string &params = "{}")
	{
		return raw("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" + method +
			   "\",\"params\":" + params + "}");
	}
	int state_of(enum object_kind kind, const char *name)
	{
		const struct object *object = object_find(plane.view->objects, kind, name);
		return view_target(plane.view, object->made.id)->state;
	}
	static std::string error(int code, const std::string &text, const std::string &id)
	{
		return "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" + std::to_string(code) +
		       ",\"message\":\"" + text + "\"},\"id\":" + id + "}";
	}
};

#define EXPECT_HAS(text, part)   EXPECT_NE((text).find(part), std::string::npos) << (text)
#define EXPECT_LACKS(text, part) EXPECT_EQ((text).find(part), std::string::npos) << (text)

TEST_F(RpcTest, FramesOfJsonRpc)
{
	const std::string invalid = "expected an object with \\\"jsonrpc\\\": \\\"2.0\\\", a "
				    "\\\"method\\\", and an \\\"id\\\" that is a text or a "
				    "number";
	EXPECT_HAS(raw("{"), "\"code\":-32700");
	EXPECT_HAS(raw(""), "\"code\":-32700");
	EXPECT_HAS(raw("\xff\xfe"), "\"code\":-32700");
	EXPECT_EQ(raw("[]"), error(-32600, invalid, "null"));
	EXPECT_EQ(raw("{}"), error(-32600, invalid, "null"));
	EXPECT_EQ(raw("{\"jsonrpc\":\"1.0\",\"method\":\"status\",\"id\":1}"),
		  error(-32600, invalid, "1"));
	EXPECT_EQ(raw("{\"jsonrpc\":\"2.0\",\"method\":5,\"id\":1}"), error(-32600, invalid, "1"));
	EXPECT_EQ(raw("{\"jsonrpc\":\"2.0\",\"method\":\"status\",\"id\":[]}"),
		  error(-32600, invalid, "null"));
	EXPECT_EQ(call("nothing"), error(-32601, "there is no method 'nothing'", "7"));
	EXPECT_EQ(call("status", "[]"),
		  error(-32602, "parameters: expected a group of members, not a list", "7"));
	EXPECT_EQ(call("status", "{\"x\":1}"),
		  error(-32602, "parameters: unknown key 'x'; known: ", "7"));
	EXPECT_HAS(raw("{\"jsonrpc\":\"2.0\",\"method\":\"status\",\"id\":\"abc\"}"),
		   "\"id\":\"abc\"");
	EXPECT_EQ(raw("{\"jsonrpc\":\"2.0\",\"method\":\"status\"}"), "<none>");
	EXPECT_EQ(raw("{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}"), "<none>");
	// A method name that is cut within a UTF-8 sequence must not spoil the answer.
	EXPECT_HAS(call(std::string(63, 'm') + "\xc3\xa9"), "there is no method");
}

TEST_F(RpcTest, StatusAndCounters)
{
	stats->dns_requests = 5;
	stats->drops[DROP_udp_port] = 3;
	stats->drops[DROP_dns_refused] = 4;
	std::string text = call("status");
	EXPECT_HAS(text, "\"dns-requests\":5");
	EXPECT_HAS(text, "\"drops\":7");
	EXPECT_HAS(text, "\"generation\":1");
	EXPECT_HAS(text, "\"scopes\":5,\"targets\":3,\"zones\":1,\"footprints\":1");
	EXPECT_HAS(call("show.workers"), "\"dns-requests\":5,");
	stats->tcp_opened = 9;
	stats->tcp_closed = 6;
	stats->drops[DROP_tcp_cookie] = 2;
	EXPECT_HAS(call("show.tcp"), "\"connections\":3,");
	EXPECT_HAS(call("show.tcp"), "\"without-cookie\":2");
	text = call("show.drops");
	EXPECT_HAS(text, "{\"reason\":\"udp_port\",\"count\":3,\"answered\":false");
	EXPECT_HAS(text, "{\"reason\":\"dns_refused\",\"count\":4,\"answered\":true");
	EXPECT_LACKS(text, "eth_short");
	EXPECT_HAS(call("show.drops", "{\"all\":true}"), "{\"reason\":\"eth_short\",\"count\":0");
	EXPECT_HAS(call("show.ports"), "{\"ports\":[]}");
	EXPECT_HAS(call("status"), "\"next-start\":\"\"");
}

TEST_F(RpcTest, CyclesOfEachStep)
{
	std::string text = call("show.cycles");
	EXPECT_HAS(text, "{\"worker\":\"all\",\"bursts\":0,\"packets\":0}");
	EXPECT_HAS(text, "\"share\":{}");
	static struct cycles cycles = {};
	plane.cycles[0] = &cycles;
	plane.tsc_hz = 2000000000;
	cycles.steps[CYCLES_RX] = 300;
	cycles.steps[CYCLES_STAGES + TRACE_MATCH] = 900;
	cycles_burst(&cycles, 4, 1000);
	cycles_burst(&cycles, 8, 6000);
	text = call("show.cycles");
	EXPECT_HAS(text, "\"worker\":0,\"bursts\":2,\"packets\":12,\"packets-per-burst\":6.0,"
			 "\"rx\":25.0,\"classify\":0.0,\"decode\":0.0,\"match\":75.0,");
	EXPECT_HAS(text, "\"sum\":100.0,\"service-p50\":0.5");
	EXPECT_HAS(text, "\"service-p99\":3.0,\"service-p99.9\":3.0,\"service-max\":3.0}");
	EXPECT_HAS(text, "\"share\":{\"rx\":25.0,");
	plane.cycles[0] = nullptr;
}

TEST_F(RpcTest, ListsHavePages)
{
	EXPECT_HAS(call("show.scopes"), "\"total\":5,\"offset\":0");
	EXPECT_HAS(call("show.scopes"),
		   "{\"set\":\"configuration\",\"file\":\"" + path +
			   "\",\"line\":16,\"scope\":{\"name\":\"vod\",\"hosts\":["
			   "\"vod.cdn.example\"],\"candidates\":[{\"cdn\":\"b\"},{\"cdn\":"
			   "\"c\"}]}}");
	std::string text = call("show.scopes", "{\"match\":\"VOD.cdn\",\"limit\":1,\"offset\":1}");
	EXPECT_HAS(text, "\"total\":3,\"offset\":1");
	EXPECT_HAS(text, "\"name\":\"vod\"");
	EXPECT_LACKS(text, "movies");
	EXPECT_LACKS(text, "vod-home");
	EXPECT_HAS(call("show.scopes", "{\"offset\":9223372036854775807}"), "\"scopes\":[]");
	EXPECT_HAS(call("show.scopes", "{\"limit\":0}"),
		   "limit: expected a number from 1 to 10000, not 0");
	EXPECT_HAS(call("show.cdns"),
		   "\"line\":3,\"name\":\"b\",\"provider-id\":\"AS64496:1\",\"state\":\"up\","
		   "\"set-by\":\"configuration\",\"strategy\":\"iterative\",\"dris\":1}");
	EXPECT_HAS(call("show.nodes"), "\"total\":1");
	EXPECT_HAS(call("show.dris", "{\"match\":\"c\"}"),
		   "\"line\":8,\"cdn\":\"c\",\"dns-target\":{\"addresses\":[\"203.0.113.9\","
		   "\"2001:db8::9\"],\"ttl\":30},"
		   "\"http-target\":{\"host\":\"c.example\",\"path-prefix\":\"/"
		   "\",\"include-redirecting-host\":false}}");
	EXPECT_HAS(call("show.footprints"), "\"name\":\"home\"");
	EXPECT_HAS(call("show.zones"),
		   "{\"name\":\"ns.cdn.example\",\"addresses\":[\"192.0.2.53\"]}");
}

TEST_F(RpcTest, ExplainDnsTellsTheAnswerAndWhy)
{
	std::string text =
		call("explain.dns", R"({"name":"VOD.cdn.example.","type":"A","from":"192.0.2.9"})");
	EXPECT_HAS(
		text,
		R"({"protocol":"dns","client":"192.0.2.9/32","key":"example.cdn.vod/","type":"A"})");
	EXPECT_HAS(text, R"({"scope":"vod-home","file":")" + path +
				 R"(","line":17,"result":"client outside its footprints"})");
	EXPECT_HAS(text, R"("line":16,"result":"won"})");
	EXPECT_HAS(text, R"("target":{"cdn":"b"},"fell-back":false)");
	EXPECT_HAS(text, R"("status":"NOERROR","authoritative":true,"truncated":false)");
	EXPECT_HAS(text, "VOD.cdn.example. 60 IN CNAME router.b.example.");
}

TEST_F(RpcTest, ExplainDnsWithSubnet)
{
	std::string text = call(
		"explain.dns",
		R"({"name":"vod.cdn.example","type":"AAAA","from":"192.0.2.9","subnet":"198.51.100.0/25"})");
	EXPECT_HAS(text, R"("client":"198.51.100.0/25")");
	EXPECT_HAS(text, R"("scope":"vod-home","zone":"cdn.example")");
	EXPECT_HAS(text, R"("ecs-scope":24)");
	EXPECT_HAS(text, "vod.cdn.example. 30 IN AAAA 2001:db8::9");
	EXPECT_HAS(text, "the winner goes before: narrower footprint");
}

TEST_F(RpcTest, ExplainDnsNegativeAnswers)
{
	EXPECT_HAS(call("explain.dns", R"({"name":"old.cdn.example","from":"192.0.2.9"})"),
		   R"("status":"NXDOMAIN")");
	EXPECT_HAS(call("explain.dns", R"({"name":"none.cdn.example","from":"192.0.2.9"})"),
		   "cdn.example. 60 IN SOA ns.cdn.example. hostmaster.cdn.example. 1 7200 900 "
		   "1209600 60");
	EXPECT_HAS(call("explain.dns", R"({"name":"x.other","from":"192.0.2.9"})"),
		   R"("status":"REFUSED")");
	EXPECT_HAS(call("explain.dns", R"({"name":"x.other","from":"192.0.2.9"})"),
		   R"("name":"dns_refused")");
	EXPECT_HAS(call("explain.dns", R"({"name":"cdn.example","type":"AXFR","from":"::1"})"),
		   "is not a DNS record type");
	EXPECT_HAS(call("explain.dns", R"({"name":"cdn.example","type":"TYPE252","from":"::1"})"),
		   R"("status":"REFUSED")");
	EXPECT_HAS(call("explain.dns", R"({"name":"cdn.example","type":"NS","from":"::1"})"),
		   "ns.cdn.example. 3600 IN A 192.0.2.53");
}

TEST_F(RpcTest, ExplainRefusesWrongQuestions)
{
	const struct {
		const char *method, *params, *text;
	} cases[] = {
		{"explain.dns", "{}", "parameters: 'name' is missing"},
		{"explain.dns", R"({"name":"a..b","from":"::1"})",
		 "name: 'a..b' is not a domain name"},
		{"explain.dns", R"({"name":"a"})", "parameters: 'from' is missing"},
		{"explain.dns", R"({"name":"a","from":"1.2"})", "from: '1.2' is not an IP address"},
		{"explain.dns", R"({"name":"a","from":"::1","subnet":"192.0.2.1/24"})",
		 "subnet: '192.0.2.1/24' is not an address prefix"},
		{"explain.http", R"({"url":"ftp://a/","from":"::1"})",
		 "url: expected http://... or https://..."},
		{"explain.http", R"({"url":"http://a/","from":"::1","headers":{"a\r\nb":"x"}})",
		 "headers: 'a??b' is not a field name"},
		{"explain.http", R"({"url":"http://a/","from":"::1","headers":{"a":"x\r\ny"}})",
		 "headers: expected a text of 1 to 4096 octets without control characters"},
		{"explain.http", R"({"url":"http://a/","from":"::1","headers":{"a":5}})",
		 "headers: expected a text, not a number"},
	};
	for (const auto &c : cases) {
		std::string text = call(c.method, c.params);
		EXPECT_HAS(text, "\"code\":-32602");
		EXPECT_HAS(text, c.text);
	}
	std::string headers;
	for (int i = 0; i < 5; i++)
		headers += (i ? ",\"h" : "\"h") + std::to_string(i) + "\":\"" +
			   std::string(4000, 'v') + "\"";
	EXPECT_HAS(call("explain.http",
			R"({"url":"http://a/","from":"::1","headers":{)" + headers + "}}"),
		   "the request would be longer than 16384 octets");
}

TEST_F(RpcTest, ExplainHttp)
{
	std::string text = call("explain.http",
				R"({"url":"http://vod.cdn.example/a?b=c","from":"192.0.2.9"})");
	EXPECT_HAS(text, R"("protocol":"http")");
	EXPECT_HAS(text, R"("scope":"vod")");
	EXPECT_HAS(text, R"("candidates":[{"cdn":"b","result":"taken"})");
	EXPECT_HAS(
		text,
		R"("answer":{"status":"HTTP/1.1 302 Found","location":"https://b.example:8443/oc/7/a?b=c"})");
	text = call("explain.http",
		    R"({"url":"https://vod.cdn.example/movies/1","from":"192.0.2.9"})");
	EXPECT_HAS(text, R"("protocol":"https")");
	EXPECT_HAS(text, R"("location":"https://c.example/movies/1")");
	EXPECT_HAS(text, "the winner goes before: longer path");
	EXPECT_HAS(text, "HTTP/1.1 307");
	text = call("explain.http",
		    R"({"url":"http://vod.cdn.example","from":"192.0.2.9","method":"POST"})");
	EXPECT_HAS(text, "HTTP/1.1 405");
	EXPECT_HAS(text, R"("outcome":"request in error")");
	EXPECT_HAS(call("explain.http", R"({"url":"http://none.example/","from":"::1"})"),
		   "HTTP/1.1 404");
	EXPECT_HAS(call("explain.http", R"({"url":"http://old.cdn.example/","from":"::1"})"),
		   "HTTP/1.1 403");
}

TEST_F(RpcTest, ExplainHttpWithHeadersAndStackedHost)
{
	std::string text = call("explain.http", R"({"url":"http://tv.cdn.example/","from":"::1"})");
	EXPECT_HAS(text, R"("result":"a pattern does not match")");
	text = call(
		"explain.http",
		R"({"url":"http://tv.cdn.example/","from":"::1","headers":{"User-Agent":"SmartTV"}})");
	EXPECT_HAS(text, R"("scope":"tv")");
	text = call("explain.http",
		    R"({"url":"http://in.cdn.example/x/vod.cdn.example/a","from":"::1"})");
	EXPECT_HAS(text, R"("unstacked":["in.cdn.example"])");
	EXPECT_HAS(text, R"("location":"https://b.example:8443/oc/7/a")");
}

TEST_F(RpcTest, StatesChangeTheViewAndSurviveReload)
{
	std::string set = call("cdn.set", R"({"name":"b","state":"down"})");
	EXPECT_HAS(set, "\"result\":{\"generation\":2,\"added\":1,\"changed\":0,\"removed\":0,");
	EXPECT_HAS(set, "\"cdn\":\"b\",\"state\":\"down\"}");
	std::string text =
		call("explain.http", R"({"url":"http://vod.cdn.example/","from":"::1"})");
	EXPECT_HAS(text, R"({"cdn":"b","result":"down"},{"cdn":"c","result":"taken"})");
	EXPECT_HAS(call("reload"), "\"generation\":2,"); // nothing has changed
	EXPECT_HAS(call("show.cdns"), R"("state":"down","set-by":"operator")");
	EXPECT_EQ(state_of(OBJECT_CDN, "b"), TARGET_DOWN);
	write(std::string(config) + "\n");
	EXPECT_HAS(call("reload"), "\"generation\":2,");
	std::string other = config;
	other.replace(other.find("AS64496:1"), 9, "AS64496:2");
	write(other);
	EXPECT_HAS(call("reload"), "\"generation\":3,\"added\":0,\"changed\":1,\"removed\":0,");
	EXPECT_HAS(call("show.cdns"),
		   R"("provider-id":"AS64496:2","state":"down","set-by":"operator")");
	EXPECT_EQ(state_of(OBJECT_CDN, "b"), TARGET_DOWN);
	EXPECT_HAS(call("cdn.set", R"({"name":"b","state":"up"})"), "\"generation\":4");
	EXPECT_EQ(state_of(OBJECT_CDN, "b"), TARGET_UP);
	EXPECT_HAS(call("node.set", R"({"name":"origin","state":"drain"})"), "\"node\":\"origin\"");

	EXPECT_EQ(call("cdn.set", R"({"name":"origin","state":"up"})"),
		  error(-32000, "there is no cdn 'origin'; turnoutctl show cdns lists them", "7"));
	EXPECT_HAS(call("cdn.set", R"({"name":"b","state":"sideways"})"), "expected one of");
	EXPECT_HAS(call("cdn.set", R"({"name":"b"})"), "'state' is missing");
	EXPECT_HAS(call("cdn.set", R"({"state":"up"})"), "'name' is missing");
	EXPECT_EQ(control.generation, 5u);
}

TEST_F(RpcTest, ReloadIsAllOrNothing)
{
	write(std::string(config) + "nodes2 = 5;");
	std::string text = call("reload");
	EXPECT_HAS(text, "the configuration has 1 fault; generation 1 stays in use");
	EXPECT_HAS(text, "\"data\":{\"total\":1,\"faults\":[{\"file\":\"" + path +
				 "\",\"line\":22,\"text\":\"configuration: "
				 "unknown key 'nodes2'; did you mean 'nodes'?\"}]}");
	EXPECT_EQ(plane.view->generation, 1u);

	write(std::string(config) + "dns = { udp-size = 1400; };");
	text = call("reload");
	EXPECT_HAS(text, "\"generation\":1");
	EXPECT_HAS(text, "\"next-start\":\"dns\"");
	EXPECT_EQ(plane.view->generation, 1u) << "no object has changed";
	write(config);
	EXPECT_HAS(call("reload"), "\"next-start\":\"\"");

	unlink(path.c_str());
	EXPECT_HAS(call("reload"), "cannot be read: No such file or directory");
	EXPECT_EQ(plane.view->generation, 1u);

	write(std::string(config) + "tables = [ \"/nowhere/table.jsonl\" ];");
	text = call("reload");
	EXPECT_HAS(text, "\"total\":1,");
	EXPECT_HAS(text, "\"line\":22,\"text\":\"table file '/nowhere/table.jsonl' cannot be read");
	EXPECT_EQ(plane.view->generation, 1u);
}

TEST_F(RpcTest, EveryTruncationIsAnswered)
{
	const std::string line =
		R"({"jsonrpc":"2.0","id":7,"method":"explain.dns","params":{"name":"a","from":"::1"}})";
	for (size_t len = 0; len < line.size(); len++)
		EXPECT_HAS(raw(line.substr(0, len)), "\"code\":-32700");
}

/* --- Answers that come later ---------------------------------------------------------------- */

// A server whose every line becomes a call that is answered later.
struct RpcLaterTest : testing::Test {
	std::string path = "/tmp/rpc_later_test." + std::to_string(getpid());
	struct event_base *base = event_base_new();
	struct server *server = nullptr;
	struct rpc_later *later = nullptr;
	struct rpc_call call = {};
	int fd = -1, ended = 0;

	static void on_ended(void *arg)
	{
		static_cast<RpcLaterTest *>(arg)->ended++;
	}
	static char *on_line(void *arg, struct server_client *client, const char *line, size_t len)
	{
		RpcLaterTest *test = static_cast<RpcLaterTest *>(arg);
		json_t *id = json_loadb(line, len, JSON_DECODE_ANY, nullptr);
		test->call = {};
		test->call.client = client;
		test->call.id = id;
		test->later = rpc_later(&test->call, on_ended, arg);
		json_decref(id);
		return nullptr;
	}
	void SetUp() override
	{
		char err[256];
		server = server_new(base, path.c_str(), on_line, this, err, sizeof(err));
		ASSERT_TRUE(server) << err;
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		strcpy(address.sun_path, path.c_str());
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		ASSERT_EQ(0, connect(fd, reinterpret_cast<struct sockaddr *>(&address),
				     sizeof(address)));
	}
	void TearDown() override
	{
		close(fd);
		server_free(server);
		event_base_free(base);
	}
	void turn()
	{
		for (int i = 0; i < 20; i++)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	// Asks with this id (any text that is no JSON: none); the call waits then.
	void ask(const std::string &id)
	{
		later = nullptr;
		ASSERT_EQ(write(fd, (id + "\n").data(), id.size() + 1),
			  static_cast<ssize_t>(id.size() + 1));
		turn();
		ASSERT_TRUE(later);
		EXPECT_EQ(call.later, later);
		EXPECT_STREQ(call.text, "");
	}
	std::string hear()
	{
		turn();
		char buf[4096];
		ssize_t n = read(fd, buf, sizeof(buf));
		return n < 0 ? "<nothing>" : std::string(buf, static_cast<size_t>(n));
	}
};

TEST_F(RpcLaterTest, ResultsAndRefusalsWithTheirIds)
{
	ask("7");
	EXPECT_EQ(hear(), "<nothing>");
	EXPECT_TRUE(rpc_later_tell(later, "progress", json_pack("{s:i}", "lines", 5)));
	EXPECT_EQ(hear(),
		  "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"lines\":5}}\n");
	rpc_later_result(later, json_pack("{s:i}", "a", 1));
	EXPECT_EQ(hear(), "{\"jsonrpc\":\"2.0\",\"result\":{\"a\":1},\"id\":7}\n");

	ask("\"x\"");
	rpc_later_refuse(later, "it is \xff", json_pack("{s:i}", "total", 0));
	EXPECT_EQ(hear(), "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"it is "
			  "?\",\"data\":{\"total\":0}},\"id\":\"x\"}\n");

	ask("null");
	rpc_later_result(later, nullptr);
	EXPECT_EQ(hear(), "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,\"message\":\"no "
			  "memory for the answer\"},\"id\":null}\n");
	EXPECT_EQ(ended, 0);
}

TEST_F(RpcLaterTest, RequestWithoutIdIsNotAnswered)
{
	ask("");
	rpc_later_result(later, json_object());
	EXPECT_EQ(hear(), "<nothing>");
	ask("");
	rpc_later_refuse(later, "no", nullptr);
	EXPECT_EQ(hear(), "<nothing>");
	ask("1");
	rpc_later_result(later, json_object());
	EXPECT_EQ(hear(), "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}\n");
}

TEST_F(RpcLaterTest, ClientThatGoesAwayEndsTheCall)
{
	ask("1");
	close(fd);
	turn();
	EXPECT_EQ(ended, 1);
}

TEST_F(RpcLaterTest, NeedsAClient)
{
	struct rpc_call alone = {};
	EXPECT_FALSE(rpc_later(&alone, on_ended, this));
	EXPECT_STREQ(alone.text, "this method answers later and needs a connection");
	EXPECT_FALSE(alone.later);
}

} // namespace
