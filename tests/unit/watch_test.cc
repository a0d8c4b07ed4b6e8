/* watch_test - the methods top and trace on workers that the test plays: what is told, when it ends, what is freed when. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/rpc_world.h"

namespace
{

const char *const config = R"(
ports = ( { name = "p"; vdev = "net_null0"; addresses = ["192.0.2.1"]; } );
cdns = ( { name = "b"; } );
dris = ( { cdn = "b"; dns-target = { host = "b.example"; }; http-target = { host = "b.example"; }; } );
zones = ( { name = "cdn.example"; servers = ( { name = "ns.cdn.example"; addresses = ["192.0.2.53"]; } ); } );
scopes = ( { name = "vod"; hosts = ["vod.cdn.example"]; candidates = ( { cdn = "b"; } ); } );
)";

struct request make_request(const std::string &host, const std::string &path,
			    const char *client = "198.51.100.7")
{
	struct request req = {};
	EXPECT_TRUE(ip_addr_parse(client, &req.client));
	req.protocol = path.empty() ? PROTOCOL_DNS : PROTOCOL_HTTP;
	req.client_len = static_cast<uint8_t>(ip_bits(&req.client));
	EXPECT_TRUE(request_key_host(&req, reinterpret_cast<const uint8_t *>(host.data()),
				     host.size()));
	if (path.empty())
		req.dns.qtype = 28;
	else
		EXPECT_TRUE(request_key_path(&req, reinterpret_cast<const uint8_t *>(path.data()),
					     path.size()));
	return req;
}

class Watch : public RpcWorld
{
      protected:
	Watch() : RpcWorld(config)
	{
	}
	/* As a worker does it. */
	void serve(unsigned worker, struct request req, enum drop_reason reason = DROP_none)
	{
		struct verdict verdict = {};
		struct match_context context = {};
		context.random = 1;
		if (reason == DROP_none)
			match_request(plane.view, &context, &req, &verdict);
		else
			verdict.outcome = VERDICT_ERROR;
		const char *scope = verdict.scope ? verdict.scope->name : nullptr;
		const struct trace_filter *filter = plane_trace(&plane);
		struct trace_record *record =
			filter ? trace_begin(plane.trace_rings[worker], filter, &req, scope)
			       : nullptr;
		top_begin(plane.tops[worker], NOW);
		if (reason == DROP_none)
			top_request(plane.tops[worker], &req, scope);
		if (!record)
			return;
		trace_fill(record, &req, &verdict);
		record->time_ns = NOW * 1000000000 + 42123;
		record->burst = 3;
		record->worker = static_cast<uint16_t>(worker);
		record->reason = static_cast<uint8_t>(reason);
		for (unsigned i = 0; i < TRACE_STAGES; i++)
			record->stage_ns[i] = 100 + i;
		trace_put(plane.trace_rings[worker]);
	}
	void serve_many(unsigned n)
	{
		for (unsigned i = 0; i < n; i++)
			serve(0, make_request("vod.cdn.example", ""));
	}
	static std::string told(const std::string &host)
	{
		return R"("host":")" + host + "\"";
	}
};

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

/* --- top ---------------------------------------------------------------------------------------------------------- */

TEST_F(Watch, TopOfNothing)
{
	EXPECT_EQ(call("top"),
		  result(R"({"seconds":10,"requests":0,"scopes":[],"hosts":[],"clients":[]})"));
}

TEST_F(Watch, TopOfAllWorkersTheBusiestFirst)
{
	for (unsigned i = 0; i < 15; i++)
		serve(i % 2, make_request("vod.cdn.example", "/a"));
	for (unsigned i = 0; i < 5; i++)
		serve(1, make_request("none.example", "/a", "2001:db8:1:2::3"));
	EXPECT_EQ(call("top"),
		  result(R"({"seconds":10,"requests":20,)"
			 R"("scopes":[{"name":"vod","share":0.75,"per-second":1.5}],)"
			 R"("hosts":[{"name":"vod.cdn.example","share":0.75,"per-second":1.5},)"
			 R"({"name":"none.example","share":0.25,"per-second":0.5}],)"
			 R"("clients":[{"name":"198.51.100.0/24","share":0.75,"per-second":1.5},)"
			 R"({"name":"2001:db8:1::/48","share":0.25,"per-second":0.5}]})"));
	std::string one = call("top", R"({"limit":1})");
	EXPECT_HAS(one, R"("hosts":[{"name":"vod.cdn.example","share":0.75,"per-second":1.5}],)");
}

TEST_F(Watch, TopHasALimit)
{
	EXPECT_HAS(call("top", R"({"limit":0})"), R"("code":-32602)");
	EXPECT_HAS(call("top", R"({"limit":101})"), R"("code":-32602)");
	EXPECT_HAS(call("top", R"({"limit":100})"), R"("result":)");
	EXPECT_HAS(call("top", R"({"x":1})"), R"("code":-32602)");
}

/* --- trace -------------------------------------------------------------------------------------------------------- */

TEST_F(Watch, TraceTellsRecordsUntilThereWereEnough)
{
	int fd = connect_to_control();
	ask(fd, "trace", R"({"count":3})");
	ASSERT_TRUE(plane.trace);
	serve(0, make_request("vod.cdn.example", ""));
	EXPECT_EQ(
		hear(fd),
		R"({"jsonrpc":"2.0","method":"trace","params":{"time":"2023-11-14T22:13:20.000042Z",)"
		R"("worker":0,"protocol":"dns","client":"198.51.100.7/32","outcome":"redirect",)"
		R"("scope":"vod","target":{"cdn":"b"},"fell-back":false,"reason":null,"burst":3,)"
		R"("nanoseconds":{"classify":100,"decode":101,"match":102,"choose":103,)"
		R"("ask":104,"count":105,"reply":106,"seal":107,"transmit":108},"host":"vod.cdn.example","type":"AAAA"}})");
	serve(1, make_request("none.example", "/" + std::string(400, 'x'), "2001:db8::7"));
	std::string second = hear(fd);
	EXPECT_HAS(second, R"("worker":1,"protocol":"http","client":"2001:db8::7/128","outcome":)"
			   R"("no scope","scope":null,"target":null,"fell-back":false,)");
	EXPECT_HAS(second, R"("host":"none.example","path":"/xxx)");
	EXPECT_HAS(second, R"(xxx..."}})");
	serve(0, make_request("vod.cdn.example", "/a"), DROP_http_head_split);
	serve(0, make_request("vod.cdn.example", "/one-too-many"));
	std::string third = hear(fd);
	EXPECT_HAS(third, R"("outcome":"request in error",)");
	EXPECT_HAS(third, R"("reason":"http_head_split",)");
	pass_grace_period();
	EXPECT_EQ(hear(fd), result(R"({"traced":3,"lost":0})"));
	EXPECT_EQ(hear(fd, 60), "<nothing>");
	close(fd);
}

TEST_F(Watch, TraceEndsWhenNoWorkerHasItsFilter)
{
	int fd = connect_to_control();
	ask(fd, "trace", R"({"count":1})");
	const struct trace_filter *filter = plane.trace;
	serve_many(2);
	EXPECT_HAS(hear(fd), told("vod.cdn.example"));
	EXPECT_EQ(hear(fd), "<nothing>");
	EXPECT_EQ(plane.trace, nullptr) << "workers that look now must not find it";
	EXPECT_EQ(filter->every, 1u) << "a worker may still read it";
	rte_rcu_qsbr_quiescent(plane.qsbr, 0);
	EXPECT_EQ(hear(fd), "<nothing>") << "worker 1 may";
	rte_rcu_qsbr_quiescent(plane.qsbr, 1);
	EXPECT_EQ(hear(fd), result(R"({"traced":1,"lost":0})"));
	EXPECT_EQ(control.trace, nullptr);
	close(fd);
}

TEST_F(Watch, TraceEndsWithItsClientAndLeavesNothingToTheNext)
{
	int first = connect_to_control(), second = connect_to_control();
	ask(first, "trace", R"({"count":1000})");
	const struct trace_filter *filter = plane.trace;
	ask(second, "trace");
	EXPECT_EQ(hear(second), error(-32000, "another trace is under way, and there is one at a "
					      "time; end that first"));
	close(first);
	run(20);
	EXPECT_EQ(plane.trace, nullptr);
	EXPECT_EQ(filter->every, 1u) << "a worker may still read it";
	plane.trace = filter; // as a worker that has it still
	serve_many(5);
	plane.trace = nullptr;
	ask(second, "trace");
	EXPECT_HAS(hear(second), "another trace is under way");
	pass_grace_period();
	run(20);
	EXPECT_EQ(control.trace, nullptr);

	ask(second, "trace", R"({"count":1})");
	serve(0, make_request("new.example", ""));
	EXPECT_HAS(hear(second), told("new.example"));
	pass_grace_period();
	EXPECT_EQ(hear(second), result(R"({"traced":1,"lost":0})"));
	close(second);
}

TEST_F(Watch, TraceIsGoneWithAllElse)
{
	int fd = connect_to_control();
	ask(fd, "trace");
	serve_many(3);
	EXPECT_TRUE(plane.trace);
	close(fd); // TearDown ends the server while it runs
}

TEST_F(Watch, TraceCountsWhatItLoses)
{
	int fd = connect_to_control();
	ask(fd, "trace", R"({"count":300})");
	serve_many(TRACE_RING + 10);
	run(60);
	serve_many(TRACE_RING);
	unsigned n = 0;
	for (std::string line = hear(fd); line.find("\"method\"") != std::string::npos;
	     line = hear(fd, 60))
		n++;
	EXPECT_EQ(n, 300u);
	pass_grace_period();
	EXPECT_EQ(hear(fd), result(R"({"traced":300,"lost":10})"));

	// Another one counts from its own beginning.
	ask(fd, "trace", R"({"count":1})");
	serve_many(1);
	hear(fd);
	pass_grace_period();
	EXPECT_EQ(hear(fd), result(R"({"traced":1,"lost":0})"));
	close(fd);
}

TEST_F(Watch, ClientThatDoesNotReadLosesRecordsAndHoldsNoMemory)
{
	enum { ROUNDS = 25 };
	int fd = connect_to_control();
	ask(fd, "trace", R"({"count":100000})");
	for (int i = 0; i < ROUNDS; i++) {
		serve_many(TRACE_RING);
		run(55);
	}
	size_t octets = 0, n = 0;
	for (std::string line = hear(fd); line != "<nothing>"; line = hear(fd, 60)) {
		octets += line.size() + 1;
		n++;
	}
	EXPECT_LT(n, (size_t)ROUNDS * TRACE_RING);
	EXPECT_LT(octets, size_t(2) << 20);
	serve(0, make_request("after.example", ""));
	EXPECT_HAS(hear(fd), told("after.example")) << "it goes on when it reads again";
	close(fd);
}

TEST_F(Watch, FilterIsWhatWasAsked)
{
	int fd = connect_to_control();
	ask(fd, "trace",
	    R"({"protocol":"https","host":"CDN.example.","client":"198.51.100.0/24","scope":"vod",)"
	    R"("every":7,"count":0})");
	ASSERT_TRUE(plane.trace) << hear(fd);
	EXPECT_EQ(plane.trace->protocols, PROTOCOL_HTTPS);
	EXPECT_EQ(std::string(plane.trace->host, plane.trace->host + plane.trace->host_len),
		  "example.cdn");
	EXPECT_EQ(plane.trace->client.len, 24);
	EXPECT_STREQ(plane.trace->scope, "vod");
	EXPECT_EQ(plane.trace->every, 7u);
	close(fd);
}

TEST_F(Watch, FilterThatIsWrongTracesNothing)
{
	const struct {
		const char *params;
		std::string answer;
	} cases[] = {
		{R"({"protocol":"ftp"})", R"("code":-32602)"},
		{R"({"host":"a..b"})", "host: 'a..b' is not a host name"},
		{R"({"client":"198.51.100.0/33"})",
		 "client: '198.51.100.0/33' is not an IP address or prefix"},
		{R"({"every":0})", R"("code":-32602)"},
		{R"({"count":-1})", R"("code":-32602)"},
		{R"({"speed":1})", R"("code":-32602)"},
		{R"({"scope":"tv"})", "there is no scope 'tv'"},
	};
	int fd = connect_to_control();
	for (const auto &one : cases) {
		ask(fd, "trace", one.params);
		EXPECT_HAS(hear(fd), one.answer);
		EXPECT_EQ(plane.trace, nullptr) << one.params;
		EXPECT_EQ(control.trace, nullptr) << one.params;
	}
	EXPECT_EQ(call("trace"), error(-32000, "this method answers later and needs a connection"));
	EXPECT_EQ(plane.trace, nullptr);
	close(fd);
}

} // namespace
