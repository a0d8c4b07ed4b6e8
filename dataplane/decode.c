/* decode - DNS messages and TCP segments read into requests; what is no request is put on its own lane. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/dns_query.h"
#include "lib/http_client.h"

#include <netinet/tcp.h>
#include <rte_tcp.h>

enum { MSS_DEFAULT_IP4 = 536, MSS_DEFAULT_IP6 = 1220, NS_PER_SECOND = 1000000000 };

struct request *decode_start(struct burst *burst, uint16_t i)
{
	struct request *req = &burst->requests[i];
	const struct packet *packet = &burst->packets[i];
	memset(req, 0, offsetof(struct request, dns));
	req->now = burst->now_ns / NS_PER_SECOND;
	req->client.family = packet->family;
	if (packet->family == 4)
		memcpy(req->client.bytes, packet->l3 + 12, 4);
	else
		memcpy(req->client.bytes, packet->l3 + 8, 16);
	req->client_len = packet->family == 4 ? 32 : 128;
	return req;
}

static void decode_dns(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	struct request *req = decode_start(&worker->burst, i);
	req->dns.tcp = false;
	enum drop_reason reason = dns_query_parse(packet->l4 + UDP_LEN, packet->l4_len - UDP_LEN,
						  &worker->plane->settings->dns, req);
	packet->reason = (uint8_t)reason;
	if (reason != DROP_none && !drop_reason_is_answered(reason))
		packet->lane = LANE_DROP;
}

static void take_timestamp(struct packet *packet, const uint8_t *option)
{
	packet->has_timestamp = true;
	packet->timestamp = load_be32(option + 2);
}

/* As RFC 7323 appendix A puts a timestamp alone, and as SYNs of Linux and Android are: MSS, SACK permitted, timestamp, NOP, window scale. */
static bool read_usual_options(struct packet *packet)
{
	const uint8_t *at = packet->l4 + sizeof(struct rte_tcp_hdr);
	if (packet->tcp_header == TCP_LEN + 12 && load_be32(at) == UINT32_C(0x0101080a)) {
		take_timestamp(packet, at + 2);
		return true;
	}
	if (packet->tcp_header != TCP_LEN + 20 || load_be16(at) != 0x0204 ||
	    load_be32(at + 4) != UINT32_C(0x0402080a) || load_be32(at + 16) >> 8 != 0x010303)
		return false;
	packet->mss = load_be16(at + 2);
	take_timestamp(packet, at + 6);
	return true;
}

/* RFC 9293 §3.1: options are a list of kinds and lengths; unknown ones are skipped. */
static bool read_options(struct packet *packet)
{
	const uint8_t *at = packet->l4 + sizeof(struct rte_tcp_hdr);
	const uint8_t *end = packet->l4 + packet->tcp_header;
	while (at < end && *at != TCPOPT_EOL) {
		if (*at == TCPOPT_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			return false;
		if (at[0] == TCPOPT_MAXSEG && at[1] == TCPOLEN_MAXSEG)
			packet->mss = load_be16(at + 2);
		if (at[0] == TCPOPT_TIMESTAMP && at[1] == TCPOLEN_TIMESTAMP)
			take_timestamp(packet, at);
		at += at[1];
	}
	return true;
}

static void refuse(struct packet *packet, enum drop_reason reason)
{
	packet->lane = LANE_RESET;
	packet->reason = (uint8_t)reason;
}

/* The MSS of the handshake when nothing of ours but the SYN-ACK has come to the peer, else 0. */
static uint16_t cookie_mss(const struct worker *worker, const struct packet *packet, uint32_t *sent)
{
	struct syn_tuple tuple = packet_tuple(packet);
	return syn_cookie_find(&worker->cookie_keys, &tuple, packet->seq, packet->ack - 1,
			       worker->burst.now_ns / NS_PER_SECOND, sent);
}

static void decode_stray(struct worker *worker, struct packet *packet)
{
	struct syn_tuple tuple = packet_tuple(packet);
	refuse(packet, DROP_tcp_cookie);
	if (!worker->connections ||
	    !syn_cookie_was_used(&worker->cookie_keys, &tuple, packet->seq, packet->ack,
				 worker->burst.now_ns / NS_PER_SECOND))
		return;
	packet->lane = LANE_LATE;
	packet->reason = DROP_tcp_late;
}

/* In one segment, and an answer in one segment ends it. */
static bool needs_connection(const struct worker *worker, const struct packet *packet,
			     const struct request_http *http)
{
	if (packet->reason == DROP_http_head_split)
		return true;
	return packet->reason == DROP_none && (http->head_len < packet->tcp_len ||
					       (http->keep && worker->port->settings->keep_alive));
}

static void decode_first(struct worker *worker, uint16_t i, uint16_t mss)
{
	struct packet *packet = &worker->burst.packets[i];
	struct request *req = decode_start(&worker->burst, i);
	packet->mss = mss;
	packet->lane = LANE_HTTP;
	packet->reason =
		(uint8_t)http_client_request(packet->l4 + packet->tcp_header, packet->tcp_len, true,
					     &worker->plane->settings->http, req);
	if (needs_connection(worker, packet, &req->http) && !worker->burst.returned) {
		uint8_t reason = packet->reason;
		packet->reason = DROP_none;
		if (!receive_open(worker, i, mss, 0))
			packet->reason = reason;
	}
}

static void decode_data(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	uint32_t sent;
	uint16_t mss = cookie_mss(worker, packet, &sent);
	if (!mss)
		decode_stray(worker, packet);
	else if (!sent && packet->port == PORT_HTTP)
		decode_first(worker, i, mss);
	else if (!receive_open(worker, i, mss, sent))
		refuse(packet, sent ? DROP_tcp_cookie : DROP_tcp_port);
}

static bool is_open(const struct worker *worker, const struct packet *packet)
{
	return packet->port == PORT_HTTP || (packet->port == PORT_DNS && worker->connections);
}

static bool is_again(const struct burst *burst, uint16_t i)
{
	return burst->again || (burst->returned && burst->returned[i]->connection);
}

/* RFC 9293 §3.10.7, where no connection is kept: a SYN opens, the first data is the request, a FIN is acknowledged. */
static void decode_tcp(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	uint8_t flags = packet->tcp_flags & (TH_FIN | TH_SYN | TH_RST | TH_ACK);
	packet->mss = packet->family == 4 ? MSS_DEFAULT_IP4 : MSS_DEFAULT_IP6;
	if (!read_usual_options(packet) && !read_options(packet))
		packet_drop(packet, DROP_tcp_bad);
	else if (packet->source_port == 0 && !(flags & TH_RST))
		packet_drop(packet, DROP_tcp_flags);
	else if (is_again(&worker->burst, i))
		receive_again(worker, i);
	else if (!worker->burst.returned && receive_segment(worker, i))
		return;
	else if (flags & TH_RST)
		packet_drop(packet, DROP_tcp_rst);
	else if (!is_open(worker, packet))
		refuse(packet, DROP_tcp_port);
	else if (flags == TH_SYN && __atomic_load_n(&worker->plane->draining, __ATOMIC_RELAXED))
		packet_drop(packet, DROP_tcp_draining);
	else if (flags == TH_SYN)
		packet->lane = LANE_SYN;
	else if (flags & TH_SYN || !(flags & TH_ACK))
		packet_drop(packet, DROP_tcp_flags);
	else if (packet->tcp_len)
		decode_data(worker, i);
	else if (flags & TH_FIN) {
		uint32_t sent;
		packet->lane = LANE_FIN;
		packet->acks_cookie = cookie_mss(worker, packet, &sent) && !sent;
	} else
		packet_drop(packet, DROP_tcp_ack);
}

void decode_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	uint32_t lanes = 0;
	for (uint16_t i = 0; i < burst->n; i++) {
		if (burst->packets[i].lane == LANE_DNS)
			decode_dns(worker, i);
		else if (burst->packets[i].lane == LANE_TCP)
			decode_tcp(worker, i);
		lanes |= UINT32_C(1) << burst->packets[i].lane;
	}
	burst->lanes = (uint16_t)lanes;
}
