/* rpc_test - every method of the control socket on real tables, without ports and workers. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/compile.h"
#include "control/config.h"
#include "control/control.h"
#include "control/rpc.h"
}

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
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
		struct compiler *compiler = compiler_new(&faults);
		ASSERT_TRUE(config_load(path.c_str(), &settings, compiler, &faults));
		struct tables *tables = compiler_finish(compiler, 1);
		ASSERT_TRUE(tables);
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
		ASSERT_TRUE(control_adopt(&control, tables, compiler_states(compiler)));
		tables_release(tables);
		compiler_free(compiler);
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
		char *answer = rpc_answer(&control, line.data(), line.size());
		std::string text = answer ? answer : "<none>";
		free(answer);
		return text;
	}
	std::string call(const std::string &method, const std::string &params = "{}")
	{
		return raw("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" + method +
			   "\",\"params\":" + params + "}");
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
	text = call("show.drops");
	EXPECT_HAS(text, "{\"reason\":\"udp_port\",\"count\":3,\"answered\":false");
	EXPECT_HAS(text, "{\"reason\":\"dns_refused\",\"count\":4,\"answered\":true");
	EXPECT_LACKS(text, "eth_short");
	EXPECT_HAS(call("show.drops", "{\"all\":true}"), "{\"reason\":\"eth_short\",\"count\":0");
	EXPECT_HAS(call("show.ports"), "{\"ports\":[]}");
}

TEST_F(RpcTest, ListsHavePages)
{
	EXPECT_HAS(call("show.scopes"), "\"total\":5,\"offset\":0");
	EXPECT_HAS(call("show.scopes"),
		   "\"line\":16,\"scope\":{\"candidates\":[{\"cdn\":\"b\"},{\"cdn\":\"c\"}],"
		   "\"hosts\":[\"vod.cdn.example\"],\"name\":\"vod\"}");
	std::string text = call("show.scopes", "{\"match\":\"VOD.cdn\",\"limit\":1,\"offset\":1}");
	EXPECT_HAS(text, "\"total\":3,\"offset\":1");
	EXPECT_HAS(text, "vod-home");
	EXPECT_LACKS(text, "movies");
	EXPECT_HAS(call("show.scopes", "{\"offset\":9223372036854775807}"), "\"scopes\":[]");
	EXPECT_HAS(call("show.scopes", "{\"limit\":0}"),
		   "limit: expected a number from 1 to 10000, not 0");
	EXPECT_HAS(call("show.cdns"),
		   "{\"name\":\"b\",\"provider-id\":\"AS64496:1\",\"state\":\"up\","
		   "\"set-by\":\"configuration\",\"dris\":1,\"line\":3}");
	EXPECT_HAS(call("show.nodes"), "\"total\":1");
	EXPECT_HAS(call("show.dris", "{\"match\":\"c\"}"),
		   "{\"cdn\":\"c\",\"line\":8,\"dns-target\":{\"addresses\":[\"203.0.113.9\","
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
	EXPECT_EQ(call("cdn.set", R"({"name":"b","state":"down"})"),
		  R"({"jsonrpc":"2.0","result":{"cdn":"b","state":"down","generation":2},"id":7})");
	std::string text =
		call("explain.http", R"({"url":"http://vod.cdn.example/","from":"::1"})");
	EXPECT_HAS(text, R"({"cdn":"b","result":"down"},{"cdn":"c","result":"taken"})");
	EXPECT_HAS(call("reload"), "\"generation\":3");
	EXPECT_HAS(call("show.cdns"), R"("state":"down","set-by":"operator")");
	EXPECT_EQ(plane.view->states[0], TARGET_DOWN);
	EXPECT_HAS(call("cdn.set", R"({"name":"b","state":"up"})"), "\"generation\":4");
	EXPECT_EQ(plane.view->states[0], TARGET_UP);
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
	EXPECT_HAS(text, "\"generation\":2");
	EXPECT_HAS(text, "\"next-start\":\"dns\"");
	EXPECT_EQ(plane.view->generation, 2u);
	write(config);
	EXPECT_HAS(call("reload"), "\"next-start\":\"\"");

	unlink(path.c_str());
	EXPECT_HAS(call("reload"), "cannot be read: No such file or directory");
	EXPECT_EQ(plane.view->generation, 3u);
}

TEST_F(RpcTest, EveryTruncationIsAnswered)
{
	const std::string line =
		R"({"jsonrpc":"2.0","id":7,"method":"explain.dns","params":{"name":"a","from":"::1"}})";
	for (size_t len = 0; len < line.size(); len++)
		EXPECT_HAS(raw(line.substr(0, len)), "\"code\":-32700");
}

} // namespace
