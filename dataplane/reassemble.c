/* reassemble - queries that came in IP fragments, put together within a bound. RFC 791 §3.2, RFC 8200 §4.5. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "reassemble.h"

#include <netinet/in.h>
#include <rte_ip_frag.h>
#include <rte_malloc.h>

enum { IP4_LEN = 20, IP6_LEN = 40, FRAGMENT_LEN = 8, WAYS = 4 };
static const uint64_t WAIT_NS = 1000000000;

struct fragments {
	struct rte_ip_frag_tbl *table;
	struct rte_ip_frag_death_row dead; /* what is to be freed */
};

static uint32_t packets_most(const struct settings *settings)
{
	uint32_t most = settings->dns.fragments;
	uint32_t each = 4 * RTE_LIBRTE_IP_FRAG_MAX_FRAG * settings->n_workers;
	for (size_t i = 0; i < settings->n_ports; i++)
		most = RTE_MIN(most, settings->ports[i].mbufs / each);
	return RTE_MAX(most, 1u);
}

struct fragments *fragments_new(const struct settings *settings, int socket)
{
	uint32_t packets = packets_most(settings);
	struct fragments *fragments =
		rte_zmalloc_socket("fragments", sizeof(*fragments), RTE_CACHE_LINE_SIZE, socket);
	if (!fragments)
		return NULL;
	fragments->table = rte_ip_frag_table_create(packets, WAYS, packets, WAIT_NS, socket);
	if (!fragments->table) {
		rte_free(fragments);
		return NULL;
	}
	return fragments;
}

void fragments_free(struct fragments *fragments)
{
	if (!fragments)
		return;
	rte_ip_frag_table_destroy(fragments->table);
	rte_free(fragments);
}

/* The first fragment has the ports. */
static bool is_wanted(uint8_t protocol, bool first, const uint8_t *payload, size_t len)
{
	return protocol == IPPROTO_UDP &&
	       (!first || (len >= 4 && load_be16(payload + 2) == PORT_DNS));
}

static struct rte_mbuf *add_ip4(struct fragments *fragments, struct rte_mbuf *mbuf,
				struct packet *packet, uint64_t now_ns)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)packet->l3;
	uint16_t len = load_be16(packet->l3 + 2) - IP4_LEN;
	bool first = !(load_be16(packet->l3 + 6) & 0x1fff);
	if (!is_wanted(ip->next_proto_id, first, packet->l3 + IP4_LEN, len))
		return NULL;
	packet->lane = LANE_HELD;
	mbuf->l3_len = IP4_LEN;
	struct rte_mbuf *whole = rte_ipv4_frag_reassemble_packet(fragments->table, &fragments->dead,
								 mbuf, now_ns, ip);
	if (!whole)
		return NULL;
	ip = rte_pktmbuf_mtod_offset(whole, struct rte_ipv4_hdr *, packet->l2_len);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return whole;
}

static struct rte_mbuf *add_ip6(struct fragments *fragments, struct rte_mbuf *mbuf,
				struct packet *packet, uint64_t now_ns)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)packet->l3;
	struct rte_ipv6_fragment_ext *fragment = (struct rte_ipv6_fragment_ext *)packet->l4;
	bool first = !(load_be16(packet->l4 + 2) & 0xfff8);
	if (!is_wanted(fragment->next_header, first, packet->l4 + FRAGMENT_LEN,
		       packet->l4_len - FRAGMENT_LEN))
		return NULL;
	packet->lane = LANE_HELD;
	mbuf->l3_len = IP6_LEN + FRAGMENT_LEN;
	return rte_ipv6_frag_reassemble_packet(fragments->table, &fragments->dead, mbuf, now_ns, ip,
					       fragment);
}

/* A fragment that is the whole packet waits for nothing (RFC 6946 §4): its header goes. */
static bool take_atomic(struct rte_mbuf *mbuf, const struct packet *packet)
{
	if (load_be16(packet->l4 + 2) & 0xfff9)
		return false;
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	packet->l3[6] = packet->l4[0];
	store_be16(packet->l3 + 4, (uint16_t)(packet->l4_len - FRAGMENT_LEN));
	memmove(frame + FRAGMENT_LEN, frame, packet->l2_len + IP6_LEN);
	rte_pktmbuf_adj(mbuf, FRAGMENT_LEN);
	return true;
}

bool reassemble(struct worker *worker, uint16_t i)
{
	struct burst *burst = &worker->burst;
	struct packet *packet = &burst->packets[i];
	struct fragments *fragments = worker->fragments;
	struct rte_mbuf *mbuf = burst->mbufs[i];
	bool ip6 = packet->l3[0] >> 4 == 6;
	if (ip6 && packet->l4_len < FRAGMENT_LEN)
		return false;
	if (ip6 && take_atomic(mbuf, packet))
		return true;
	if (!fragments)
		return false;
	mbuf->l2_len = packet->l2_len;
	struct rte_mbuf *whole = ip6 ? add_ip6(fragments, mbuf, packet, burst->now_ns)
				     : add_ip4(fragments, mbuf, packet, burst->now_ns);
	worker->stats->drops[DROP_ip_reassembly] += fragments->dead.cnt;
	rte_ip_frag_free_death_row(&fragments->dead, 0);
	if (!whole)
		return false;
	burst->mbufs[i] = whole;
	packet->lane = LANE_DROP;
	/* What a device said was about the fragments. */
	whole->ol_flags &= RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT;
	if (rte_pktmbuf_linearize(whole) == 0)
		return true;
	packet->reason = DROP_ip_reassembly;
	return false;
}
