/* packet_world - a worker with its port, tables and clock, but no device: frames in, answers out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdexcept>
#include <unistd.h>

enum : uint64_t { START_NS = UINT64_C(1700000000) * 1000000000 + 123456789 };

/* EAL binds the thread to a CPU; it gets its own set back. */
static struct rte_mempool *start_eal()
{
	cpu_set_t cpus;
	sched_getaffinity(0, sizeof(cpus), &cpus);
	static char program[] = "packet", huge[] = "--no-huge", pci[] = "--no-pci", memory[] = "-m",
		    size[] = "128", unshared[] = "--no-shconf", telemetry[] = "--no-telemetry",
		    log[] = "--log-level=*:error", lcores[] = "--lcores", lcore[32];
	unsigned cpu = 0;
	while (!CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(lcore, sizeof(lcore), "0@%u", cpu);
	/* Two runs at once keep apart, and none leaves its folder behind. */
	static char prefix[64];
	snprintf(prefix, sizeof(prefix), "--file-prefix=turnout-packet-%d", getpid());
	char *arguments[] = {program,  prefix,    huge, pci,    memory, size,
			     unshared, telemetry, log,  lcores, lcore};
	if (rte_eal_init(sizeof(arguments) / sizeof(arguments[0]), arguments) < 0)
		rte_exit(EXIT_FAILURE, "EAL does not start\n");
	atexit([] { rmdir(rte_eal_get_runtime_dir()); });
	sched_setaffinity(0, sizeof(cpus), &cpus);
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		"packets", 255, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!pool)
		rte_exit(EXIT_FAILURE, "no mempool\n");
	return pool;
}

static struct rte_mempool *pool()
{
	static struct rte_mempool *made = start_eal();
	return made;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static std::string address_list(unsigned n)
{
	std::string text;
	for (unsigned i = 1; i <= n; i++)
		text += "\"203.0.113." + std::to_string(i) +
			"\", \"2001:db8:f::" + std::to_string(i) + "\", ";
	return text.substr(0, text.size() - 2);
}

static void add_scope(TablesBuilder &builder, const std::string &host, const std::string &rest,
		      const std::string &name = "")
{
	builder.scope(R"({"name": ")" + (name.empty() ? host : name) + R"(", "hosts": [")" + host +
		      R"(.cdn.example"], )" + rest + "}");
}

static View make_view()
{
	TablesBuilder builder;
	builder.cdn("b").cdn("c").cdn("off", "down");
	builder.add("node", R"({"name": "addr"})").add("node", R"({"name": "many"})");
	builder.dri(R"({"node": "addr", "dns-target": {"addresses": [)" + address_list(2) + "]}}");
	builder.dri(R"({"node": "many", "dns-target": {"addresses": [)" + address_list(16) + "]}}");
	builder.zone("cdn.example")
		.distinguished(R"({"host": "acq.cdn.example", "path-prefix": "/from/"})");
	add_scope(builder, "vod", R"("candidates": [{"cdn": "b"}])");
	add_scope(builder, "addr", R"("candidates": [{"node": "addr"}])");
	add_scope(builder, "many", R"("candidates": [{"node": "many"}])");
	add_scope(builder, "geo", R"("candidates": [{"cdn": "b"}])");
	add_scope(builder, "geo",
		  R"("candidates": [{"cdn": "c"}], "footprints": [{"footprint-type": "ipv4cidr",
		"footprint-value": ["203.0.113.0/24"]}])",
		  "geo-c");
	add_scope(builder, "deny", R"("action": "deny")");
	add_scope(builder, "gone", R"("action": "deny", "dns-deny": "nxdomain")");
	add_scope(builder, "down", R"("candidates": [{"cdn": "off"}])");
	add_scope(builder, "back", R"("candidates": [{"cdn": "off"}], "fallback": {"cdn": "c"})");
	builder.zone("back.example").scope(R"({"name": "apex", "hosts": ["back.example"],
		"candidates": [{"cdn": "off"}], "fallback": {"cdn": "c"}})");
	for (const char *status : {"301", "302", "303", "307", "308"})
		add_scope(builder, std::string("s") + status,
			  std::string(R"("candidates": [{"cdn": "b"}], "http-status": )") + status);
	add_scope(builder, "*.x", R"("candidates": [{"cdn": "b"}])");
	add_scope(builder, "*.x",
		  R"("candidates": [{"cdn": "c"}], "patterns": [{"pattern": "/*.jpg"}])", "jpg");
	return builder.finish();
}

/* Made once, as nobody writes to them. */
static const View &shared_view()
{
	static const View made = make_view();
	return made;
}

/* --- the world ---------------------------------------------------------------------------------------------------- */

static struct worker *make_worker(struct plane &plane, struct settings &settings)
{
	pool();
	settings.n_workers = 1;
	settings.dns.udp_size = 1232;
	settings.dns.client_subnet = true;
	settings.dns.cookies = DNS_COOKIES_ANSWERED;
	settings.dns.n_secrets = 1;
	settings.n_cookie_keys = 1;
	settings.http.limits = http_limits_default;
	settings.http.retry_after = 1;
	plane.settings = &settings;
	plane.tsc_hz = UINT64_MAX; /* so the TSC moves nothing */
	plane.unix_ns_at_tsc0 = START_NS;
	struct worker *worker = worker_new(&plane, 0, SOCKET_ID_ANY);
	if (!worker)
		throw std::bad_alloc();
	return worker;
}

World::World()
    : view(shared_view()), worker(make_worker(plane, settings), worker_free), stats(*worker->stats)
{
	plane.view = view.get();
	plane.n_workers = plane.n_ports = 1;
	for (const char *text : {"192.0.2.1", "192.0.2.2", "2001:db8::1", "fe80::1"})
		port_settings.addresses[port_settings.n_addresses++] = test_address(text);
	port.mtu = port_settings.mtu = 1500;
	memcpy(port.mac, our_mac.data(), 6);
	port.settings = &port_settings;
	port.pool = pool();
	use_keys(1, 0xa1, 0);
	restart();
}

void World::use_keys(unsigned n, uint8_t first, uint8_t second)
{
	worker->cookie_keys.n = n;
	memset(worker->cookie_keys.key[0], first, 16);
	memset(worker->cookie_keys.key[1], second, 16);
}

void World::pass_seconds(uint64_t n)
{
	plane.unix_ns_at_tsc0 += n * UINT64_C(1000000000);
}

void World::restart()
{
	worker->turn = 0;
	worker->match.random = 1;
	memset(worker->match.turns, 0, sizeof(worker->match.turns));
}

/* For the mbuf; Lent frees its memory itself. */
static void free_nothing(void *, void *)
{
}

struct World::Lent {
	struct rte_mbuf *mbuf;
	std::unique_ptr<uint8_t[]> heap;
	struct rte_mbuf_ext_shared_info shared = {};

	Lent(const Bytes &frame, uint64_t rx_flags, Memory memory) : mbuf(rte_pktmbuf_alloc(pool()))
	{
		if (!mbuf)
			throw std::logic_error("an mbuf was lost");
		if (memory == Memory::exact)
			attach(frame.size());
		else
			memset(mbuf->buf_addr, memory == Memory::ones ? 0xff : 0, mbuf->buf_len);
		if (frame.size() > rte_pktmbuf_tailroom(mbuf))
			throw std::invalid_argument("frame too large");
		std::copy(frame.begin(), frame.end(), rte_pktmbuf_mtod(mbuf, uint8_t *));
		mbuf->data_len = static_cast<uint16_t>(frame.size());
		mbuf->pkt_len = mbuf->data_len;
		mbuf->ol_flags |= rx_flags;
	}
	Lent(const Lent &) = delete;
	Lent &operator=(const Lent &) = delete;
	~Lent()
	{
		rte_pktmbuf_free(mbuf);
	}
	void attach(size_t len)
	{
		heap.reset(new uint8_t[len]);
		shared.free_cb = free_nothing;
		rte_mbuf_ext_refcnt_set(&shared, 1);
		rte_pktmbuf_attach_extbuf(mbuf, heap.get(), 0, static_cast<uint16_t>(len), &shared);
	}
	void check() const
	{
		if (mbuf->nb_segs != 1 || mbuf->pkt_len != mbuf->data_len ||
		    rte_mbuf_refcnt_read(mbuf) != 1 ||
		    mbuf->data_off + mbuf->data_len > mbuf->buf_len)
			throw std::logic_error("mbuf left in disorder");
		if (heap && !RTE_MBUF_HAS_EXTBUF(mbuf))
			throw std::logic_error("mbuf forgot that its buffer is foreign");
	}
};

struct rte_mbuf *World::lend(const Bytes &frame)
{
	Lent lent(frame, 0, Memory::zeros);
	rte_mbuf_refcnt_update(lent.mbuf, 1);
	return lent.mbuf;
}

Outcome World::collect(uint16_t i)
{
	const struct packet &packet = worker->burst.packets[i];
	const struct rte_mbuf *mbuf = worker->burst.mbufs[i];
	Outcome outcome;
	outcome.answered = packet.answer;
	outcome.reason = static_cast<enum drop_reason>(packet.reason);
	if (packet.reason >= DROP__COUNT)
		throw std::logic_error("no such drop reason");
	if (outcome.answered) {
		const uint8_t *at = rte_pktmbuf_mtod(mbuf, const uint8_t *);
		outcome.frame.assign(at, at + mbuf->data_len);
		outcome.offloads = mbuf->ol_flags;
		outcome.l2_len = mbuf->l2_len;
		outcome.l3_len = mbuf->l3_len;
	}
	if (outcome.answered
		    ? outcome.reason != DROP_none && !drop_reason_is_answered(outcome.reason)
		    : outcome.reason == DROP_none || drop_reason_is_answered(outcome.reason))
		throw std::logic_error("'" + outcome.name() + "' is no reason to end so");
	return outcome;
}

std::vector<Outcome> World::run(const std::vector<Bytes> &frames, uint64_t rx_flags, Memory memory)
{
	std::vector<std::unique_ptr<Lent>> lent;
	std::vector<Outcome> outcomes;
	struct worker_stats before = stats;
	worker->burst.n = static_cast<uint16_t>(frames.size());
	for (const Bytes &frame : frames) {
		lent.push_back(std::make_unique<Lent>(frame, rx_flags, memory));
		worker->burst.mbufs[lent.size() - 1] = lent.back()->mbuf;
	}
	burst_run(worker.get(), &port);
	for (uint16_t i = 0; i < frames.size(); i++) {
		lent[i]->check();
		outcomes.push_back(collect(i));
		before.drops[outcomes.back().reason] += outcomes.back().reason != DROP_none;
	}
	if (memcmp(before.drops, stats.drops, sizeof(stats.drops)) != 0)
		throw std::logic_error("a reason was not counted once");
	return outcomes;
}

Outcome World::run(const Bytes &frame, uint64_t rx_flags, Memory memory)
{
	return run(std::vector<Bytes>{frame}, rx_flags, memory)[0];
}

static Bytes frame_of(const struct rte_mbuf *mbuf)
{
	const uint8_t *at = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	return Bytes(at, at + mbuf->data_len);
}

void World::collect_segments(std::vector<Bytes> &out)
{
	struct burst &burst = worker->burst;
	for (uint16_t i = 0; i < burst.n_segments; i++) {
		out.push_back(frame_of(burst.segments[i]));
		rte_pktmbuf_free(burst.segments[i]);
	}
	burst.n_segments = 0;
}

std::vector<Bytes> World::send(const std::vector<Bytes> &frames)
{
	struct burst &burst = worker->burst;
	std::vector<std::unique_ptr<Lent>> lent;
	std::vector<Bytes> out;
	burst.n = static_cast<uint16_t>(frames.size());
	for (const Bytes &frame : frames) {
		lent.push_back(std::make_unique<Lent>(frame, 0, Memory::zeros));
		burst.mbufs[lent.size() - 1] = lent.back()->mbuf;
	}
	do {
		burst_run(worker.get(), &port);
		for (uint16_t i = 0; i < burst.n; i++)
			if (burst.packets[i].answer)
				out.push_back(frame_of(burst.mbufs[i]));
		collect_segments(out);
	} while (burst_keep_again(&burst));
	for (const auto &one : lent)
		one->check();
	return out;
}

std::vector<Bytes> World::wait_until(uint64_t milliseconds)
{
	std::vector<Bytes> out;
	plane.tsc_hz = rte_rdtsc() / milliseconds * 1000;
	transmit_late(worker.get());
	collect_segments(out);
	return out;
}

void World::keep_connections(unsigned n, unsigned buffers, unsigned buffer)
{
	static const uint8_t key[16] = {1};
	settings.tcp = {n, buffers, buffer, 10000};
	connections_free(worker->connections);
	worker->connections = n ? connections_new(n, buffers, buffer, key, SOCKET_ID_ANY) : nullptr;
	if (n && !worker->connections)
		throw std::bad_alloc();
}

Packet World::ask(const Bytes &frame, uint64_t rx_flags)
{
	Outcome outcome = run(frame, rx_flags);
	if (!outcome.answered)
		throw std::runtime_error("no answer: " + outcome.name());
	packet_check_answer(frame, outcome.frame, port.mtu,
			    rx_flags ? LAX_QUESTION | LAX_SUMS : LAX_QUESTION);
	return packet_parse(outcome.frame);
}

uint32_t World::handshake(const Path &path, uint32_t seq, const Bytes &options)
{
	return ask(packet_tcp(path, {SYN, seq, 0, {}, options})).seq + 1;
}

Bytes World::request(const Path &path, const Bytes &payload, const Bytes &options,
		     unsigned more_flags)
{
	Bytes syn_options = option_mss(1460);
	return packet_tcp(path, {ACK | PSH | more_flags, 5001, handshake(path, 5000, syn_options),
				 payload, options});
}
