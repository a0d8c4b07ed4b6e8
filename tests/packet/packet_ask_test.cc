/* packet_ask_test - requests that a downstream CDN is asked about: parked, handed back, or answered out of the cache. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_peer.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace
{

enum { A = 1, AAAA = 28, TXT = 16, HTTPS = 65 };

const uint8_t key[16] = {};

void release(struct retired *retired)
{
	retired->release(retired);
}

void retire(void *, struct retired *retired)
{
	release(retired);
}

class PacketAsk : public ::testing::Test
{
      protected:
	PacketAsk()
	{
		TablesBuilder builder;
		builder.add("cdn", R"({"name": "r", "strategy": "semi-recursive"})");
		builder.add("cdn", R"({"name": "q", "strategy": "full-recursive"})");
		builder.cdn("b").cdn("c").zone("cdn.example");
		auto scope = [&](const char *host, const char *candidates, const char *more) {
			builder.scope(std::string(R"({"name": ")") + host + R"(", "hosts": [")" +
				      host + R"(.cdn.example"], "candidates": [)" + candidates +
				      "]" + more + "}");
		};
		const char *to_c = R"(, "fallback": {"cdn": "c"})";
		scope("one", R"({"cdn": "r"})", "");
		scope("back", R"({"cdn": "r"})", to_c);
		scope("two", R"({"cdn": "r"}, {"cdn": "b"})", to_c);
		scope("both", R"({"cdn": "r"}, {"cdn": "q"}, {"cdn": "b"})", to_c);
		scope("last", R"({"cdn": "b"})", R"(, "fallback": {"cdn": "r"})");
		view = builder.finish();
		world.plane.view = view.get();
		struct dri_cache_limits limits = {100, 1 << 20};
		world.plane.dris = dri_cache_new(&limits, key, retire, nullptr);
		world.worker->park = park_new(4, SOCKET_ID_ANY);
	}
	~PacketAsk()
	{
		dri_cache_free(world.plane.dris);
	}

	static std::string text(const Bytes &frame)
	{
		Bytes payload = packet_parse(frame).payload;
		return std::string(payload.begin(), payload.end());
	}
	static std::string readable(const DnsRecord &record)
	{
		if (record.type != A)
			return record.text;
		struct ip_addr addr = {{}, 4};
		char buf[IP_TEXT_MAX];
		memcpy(addr.bytes, record.data.data(), 4);
		return ip_addr_text(&addr, buf);
	}
	/* The Location of an answer, the CNAME or first address, or the code of an error. */
	static std::string told(const Bytes &frame)
	{
		Packet packet = packet_parse(frame);
		if (packet.protocol == IPPROTO_UDP) {
			DnsMessage dns = packet.dns();
			return dns.answer.empty() ? "rcode " + std::to_string(dns.flags & 15)
						  : readable(dns.answer[0]);
		}
		std::string all = text(frame), field = "\r\nLocation: ";
		size_t at = all.find(field);
		if (at == std::string::npos)
			return all.substr(9, 3);
		at += field.size();
		return all.substr(at, all.find("\r\n", at) - at);
	}
	Bytes dns(const std::string &host, unsigned type = A)
	{
		return packet_dns(path4(), host + ".cdn.example", type);
	}
	Bytes http(const std::string &host, const std::string &path = "/a?b=c")
	{
		return world.request(path4(), http_request(host + ".cdn.example", path));
	}

	/* One packet; afterwards the mbuf is with the control thread, if it was parked. */
	std::string send(const Bytes &frame)
	{
		struct rte_mbuf *mbuf = world.lend(frame);
		std::string result = run(mbuf);
		if (result != "parked")
			rte_pktmbuf_free(mbuf);
		return result;
	}
	std::string run(struct rte_mbuf *mbuf)
	{
		struct burst &burst = world.worker->burst;
		burst.n = 1;
		burst.mbufs[0] = mbuf;
		burst_run(world.worker.get(), &world.port);
		if (burst.packets[0].lane == LANE_PARKED)
			return "parked";
		if (!burst.packets[0].answer)
			return drop_reason_name((enum drop_reason)burst.packets[0].reason);
		const uint8_t *at = rte_pktmbuf_mtod(mbuf, const uint8_t *);
		return told(Bytes(at, at + mbuf->data_len));
	}

	struct parked *receive()
	{
		struct parked *list[PARK_RECEIVE_MAX];
		unsigned n = park_receive(world.worker->park, list);
		EXPECT_EQ(n, 1u);
		return n ? list[0] : nullptr;
	}
	/* As control and the worker's loop do. */
	std::string hand_back(struct parked *parked, enum park_result result,
			      struct dri *dri = nullptr)
	{
		parked->result = result;
		parked->dri = dri;
		park_hand_back(parked->park, parked);
		struct parked *list[1];
		EXPECT_EQ(park_returned(world.worker->park, list, 1), 1u);
		struct rte_mbuf *mbuf = (struct rte_mbuf *)list[0]->packet;
		world.worker->burst.returned = list;
		std::string told = run(mbuf);
		world.worker->burst.returned = nullptr;
		park_leave(world.worker->park, list[0]);
		if (told != "parked")
			rte_pktmbuf_free(mbuf);
		return told;
	}
	static struct dri *address(uint8_t last, uint32_t ttl = 30)
	{
		struct dri *dri = (struct dri *)calloc(1, sizeof(*dri));
		const uint8_t bytes[4] = {203, 0, 113, last};
		dri->refs = 1;
		dri->ttl = ttl;
		dri->n_v4 = 1;
		memcpy(dri->v4[0], bytes, 4);
		return dri;
	}
	static struct dri *location(const char *uri)
	{
		struct dri *dri = (struct dri *)calloc(1, sizeof(*dri));
		dri->refs = 1;
		dri->location = strdup(uri);
		dri->scheme = strdup("http");
		dri->authority = strdup("x");
		return dri;
	}
	void keep(const struct parked *parked, struct dri *dri, const char *client)
	{
		struct dri_ask about;
		struct dri_given given = {};
		const char *name = parked->target == target_seed("r") ? "r" : "q";
		dri_cache_ask(world.plane.dris, view.target(name), &parked->request, &about);
		given.dri = dri;
		given.until_ms = 1000;
		given.fresh_ms = fresh_ms;
		given.refresh_ms = UINT64_MAX;
		ASSERT_TRUE(ip_prefix_parse(client, &given.client));
		given.user = given.client;
		ASSERT_TRUE(dri_cache_put(world.plane.dris, &about, &given));
	}

	World world;
	View view;
	uint32_t fresh_ms = 1000;
};

TEST_F(PacketAsk, a_request_is_parked_and_answered_with_what_the_cdn_said)
{
	EXPECT_EQ(send(dns("one")), "parked");
	struct parked *parked = receive();
	EXPECT_EQ(parked->target, target_seed("r"));
	EXPECT_EQ(parked->why, PARK_ASK);
	EXPECT_EQ(std::string((char *)parked->request.key, parked->request.key_len),
		  "example.cdn.one/");
	EXPECT_EQ(parked->source.family, 4);
	EXPECT_EQ(hand_back(parked, PARK_ANSWERED, address(77)), "203.0.113.77");
	EXPECT_EQ(send(http("one")), "parked");
	EXPECT_EQ(hand_back(receive(), PARK_ANSWERED, location("http://s.example/x?y")),
		  "http://s.example/x?y");
	EXPECT_EQ(world.stats.parked, 2u);
	EXPECT_EQ(world.stats.dns_redirects, 1u);
	EXPECT_EQ(world.stats.http_redirects, 1u);
	EXPECT_EQ(world.worker->park->n_free, 4u);
}

TEST_F(PacketAsk, what_is_kept_answers_at_once)
{
	EXPECT_EQ(send(dns("one")), "parked");
	struct parked *parked = receive();
	struct dri *dri = address(9);
	keep(parked, dri, "0.0.0.0/0");
	EXPECT_EQ(hand_back(parked, PARK_ANSWERED, dri), "203.0.113.9");
	EXPECT_EQ(send(dns("one")), "203.0.113.9");
	EXPECT_EQ(send(dns("one", AAAA)), "parked") << "another question";
	hand_back(receive(), PARK_NO_ANSWER);
	EXPECT_EQ(send(dns("back")), "parked");
	hand_back(receive(), PARK_NO_ANSWER);
	EXPECT_EQ(world.stats.dri_hits, 1u);
	EXPECT_EQ(world.stats.unanswered, 2u);
}

TEST_F(PacketAsk, types_that_cannot_be_asked_for_have_no_data)
{
	EXPECT_EQ(send(dns("one", TXT)), "rcode 0");
	EXPECT_EQ(send(dns("one", HTTPS)), "rcode 0");
	EXPECT_EQ(world.stats.parked, 0u);
}

TEST_F(PacketAsk, no_answer_leads_to_the_fallback_and_a_refusal_to_the_next_candidate)
{
	EXPECT_EQ(send(dns("two")), "parked");
	EXPECT_EQ(hand_back(receive(), PARK_NO_ANSWER), "c.test");
	EXPECT_EQ(send(dns("two")), "parked");
	EXPECT_EQ(hand_back(receive(), PARK_REFUSED), "b.test");
	EXPECT_EQ(send(http("two")), "parked");
	EXPECT_EQ(hand_back(receive(), PARK_NO_ANSWER), "http://c.test/a?b=c");
	EXPECT_EQ(send(dns("one")), "parked");
	EXPECT_EQ(hand_back(receive(), PARK_REFUSED), "rcode 2");
	EXPECT_EQ(send(http("one")), "parked");
	EXPECT_EQ(hand_back(receive(), PARK_NO_ANSWER), "503");
}

TEST_F(PacketAsk, a_second_cdn_is_asked_when_the_first_refuses)
{
	EXPECT_EQ(send(dns("both")), "parked");
	EXPECT_EQ(hand_back(receive(), PARK_REFUSED), "parked");
	struct parked *second = receive();
	EXPECT_EQ(second->target, target_seed("q"));
	EXPECT_EQ(second->n_tried, 1);
	EXPECT_EQ(hand_back(second, PARK_REFUSED), "b.test");
	EXPECT_EQ(world.worker->park->n_free, 4u);
}

TEST_F(PacketAsk, a_refusal_that_is_kept_costs_no_question)
{
	EXPECT_EQ(send(dns("both")), "parked");
	struct parked *parked = receive();
	keep(parked, nullptr, "0.0.0.0/0");
	EXPECT_EQ(hand_back(parked, PARK_REFUSED), "parked");
	struct parked *second = receive();
	keep(second, nullptr, "0.0.0.0/0");
	hand_back(second, PARK_REFUSED);
	EXPECT_EQ(send(dns("both")), "b.test");
	EXPECT_EQ(world.stats.parked, 2u);
}

TEST_F(PacketAsk, at_the_bound_the_fallback_answers)
{
	/* A quarter of the places is what one CDN may have. */
	EXPECT_EQ(send(dns("two")), "parked");
	EXPECT_EQ(send(dns("two")), "c.test");
	EXPECT_EQ(send(http("one")), "503");
	EXPECT_EQ(world.stats.park_full, 2u);
	hand_back(receive(), PARK_NO_ANSWER);
	EXPECT_EQ(send(dns("two")), "parked");
	hand_back(receive(), PARK_NO_ANSWER);
}

TEST_F(PacketAsk, a_cdn_that_is_no_candidate_any_more_is_not_used)
{
	EXPECT_EQ(send(dns("two")), "parked");
	struct parked *parked = receive();
	TablesBuilder builder;
	builder.cdn("b").cdn("c").zone("cdn.example").scope(R"({"name": "two", "hosts":
		["two.cdn.example"], "candidates": [{"cdn": "c"}]})");
	View next = builder.finish();
	world.plane.view = next.get();
	EXPECT_EQ(hand_back(parked, PARK_ANSWERED, address(5)), "c.test");
	world.plane.view = view.get();
}

TEST_F(PacketAsk, a_fallback_is_never_asked)
{
	view.target("b")->state = TARGET_DOWN;
	EXPECT_EQ(send(dns("last")), "rcode 2");
	EXPECT_EQ(world.stats.parked, 0u);
}

TEST_F(PacketAsk, without_places_nothing_waits)
{
	struct park *park = world.worker->park;
	world.worker->park = nullptr;
	EXPECT_EQ(send(dns("two")), "c.test");
	world.worker->park = park;
}

TEST_F(PacketAsk, the_answer_says_for_which_prefix_it_is)
{
	Bytes query = packet_udp(
		path4(), dns_query("one.cdn.example", A, 1232, dns_ecs(1, 24, 0, {198, 51, 100})));
	EXPECT_EQ(send(query), "parked");
	struct parked *parked = receive();
	EXPECT_EQ(parked->request.client_len, 24);
	struct dri *dri = address(3);
	keep(parked, dri, "198.51.0.0/16");
	parked->ecs_scope = 16;
	EXPECT_EQ(hand_back(parked, PARK_ANSWERED, dri), "203.0.113.3");
	DnsMessage answer = world.ask(query).dns();
	ASSERT_EQ(answer.additional.size(), 1u);
	EXPECT_EQ(answer.additional[0].data, dns_ecs(1, 24, 16, {198, 51, 100}));
}

TEST_F(PacketAsk, Rfc8914_4_4_an_answer_after_its_life_says_that_it_is_stale)
{
	Bytes query = packet_udp(path4(), dns_query("one.cdn.example", A, 1232));
	EXPECT_EQ(send(query), "parked");
	struct parked *parked = receive();
	struct dri *dri = address(3);
	fresh_ms = 0;
	keep(parked, dri, "0.0.0.0/0");
	hand_back(parked, PARK_ANSWERED, dri);
	DnsMessage answer = world.ask(query).dns();
	ASSERT_EQ(answer.additional.size(), 1u);
	EXPECT_EQ(answer.additional[0].data, (Bytes{0, 15, 0, 2, 0, 3}));
}

/* The request's octets are the connection's: they stay until control has done with them, whatever becomes of the connection. */
TEST_F(PacketAsk, kept_connection_waits_for_its_answer)
{
	world.keep_connections(2, 4);
	Bytes get = http_request("one.cdn.example", "/a");
	for (bool closed : {false, true}) {
		Peer peer(world, path4());
		peer.connect();
		peer.say(part(get, 0, 30));
		EXPECT_EQ(send(peer.segment(ACK, peer.ours, part(get, 30, get.size()))), "parked");
		peer.ours += static_cast<uint32_t>(get.size()) - 30;
		std::vector<Bytes> out;
		world.collect_segments(out);
		peer.hear(out);
		EXPECT_EQ(peer.acked, peer.ours);
		if (closed)
			peer.hear(world.send({peer.segment(RST, peer.ours)}));
		for (uint16_t i = 0; closed && i < 4; i++) {
			Peer other(world, path4().from_port(static_cast<uint16_t>(i + 1)));
			other.connect();
			other.say(octets("POST /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
		}
		struct parked *parked = receive();
		EXPECT_EQ(std::string((const char *)parked->request.http.target.at,
				      parked->request.http.target.len),
			  "/a");
		std::string end = hand_back(parked, PARK_ANSWERED, location("http://s.example/a"));
		EXPECT_EQ(end, closed ? "tcp_closed" : "none");
		out.clear();
		world.collect_segments(out);
		peer.hear(out);
		EXPECT_EQ(peer.heard.find("Location: http://s.example/a") == std::string::npos,
			  closed);
		peer.acknowledge();
	}
}

} // namespace
