/* seal - the last hand on each answer: addresses swapped, lengths and checksums written or left to the device; and every
 * packet that ends here is counted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <netinet/in.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

enum { HOP_LIMIT = 64, HOP_LIMIT_ND = 255, ARP_LEN = 28 };

static void seal_ethernet(const struct worker *worker, struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, worker->port->mac, 6);
}

/* Software sum, or the pseudo header's for a device that goes on from there. ICMP is never left to the device. */
static void seal_l4_checksum(struct rte_mbuf *mbuf, const struct packet *packet, unsigned at,
			     bool offload)
{
	uint8_t *field = packet->l4 + at;
	uint16_t sum = 0;
	memset(field, 0, 2);
	if (packet->l4_protocol == IPPROTO_ICMP)
		sum = ~rte_raw_cksum(packet->l4, packet->l4_len) & 0xffff;
	else if (offload)
		sum = packet->family == 4 ? rte_ipv4_phdr_cksum((struct rte_ipv4_hdr *)packet->l3,
								mbuf->ol_flags)
					  : rte_ipv6_phdr_cksum((struct rte_ipv6_hdr *)packet->l3,
								mbuf->ol_flags);
	else if (packet->family == 4)
		sum = rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)packet->l3, packet->l4);
	else
		sum = rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)packet->l3, packet->l4);
	memcpy(field, &sum, 2);
}

static void seal_l4(const struct worker *worker, struct rte_mbuf *mbuf, const struct packet *packet)
{
	bool offload = worker->port->tx_checksum_l4;
	switch (packet->l4_protocol) {
	case IPPROTO_UDP:
		store_be16(packet->l4, packet->port);
		store_be16(packet->l4 + 2, packet->source_port);
		store_be16(packet->l4 + 4, packet->l4_len);
		if (offload)
			mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
		seal_l4_checksum(mbuf, packet, offsetof(struct rte_udp_hdr, dgram_cksum), offload);
		break;
	case IPPROTO_TCP:
		if (offload)
			mbuf->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
		seal_l4_checksum(mbuf, packet, offsetof(struct rte_tcp_hdr, cksum), offload);
		break;
	default:
		seal_l4_checksum(mbuf, packet, 2, false);
	}
}

static void seal_ip4(const struct worker *worker, struct rte_mbuf *mbuf,
		     const struct packet *packet)
{
	uint8_t *ip = packet->l3, address[4];
	memcpy(address, ip + 12, 4);
	memcpy(ip + 12, ip + 16, 4);
	memcpy(ip + 16, address, 4);
	ip[1] = 0; /* the peer's traffic class is not ours to use */
	store_be16(ip + 2, (uint16_t)(20 + packet->l4_len));
	store_be32(
		ip + 4,
		UINT32_C(0x00004000)); /* never a fragment, so no identification (RFC 6864 §4.1) */
	ip[8] = HOP_LIMIT;
	store_be16(ip + 10, 0);
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV4;
	if (worker->port->tx_checksum_ip4) {
		mbuf->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	} else {
		uint16_t sum = rte_ipv4_cksum((struct rte_ipv4_hdr *)ip);
		memcpy(ip + 10, &sum, 2);
	}
}

static void seal_ip6(struct rte_mbuf *mbuf, const struct packet *packet)
{
	uint8_t *ip = packet->l3, address[16];
	memcpy(address, ip + 8, 16);
	memcpy(ip + 8, ip + 24, 16);
	memcpy(ip + 24, address, 16);
	store_be32(ip, UINT32_C(0x60000000));
	store_be16(ip + 4, packet->l4_len);
	ip[7] = packet->lane == LANE_ND ? HOP_LIMIT_ND : HOP_LIMIT;
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV6;
}

void seal_packet(const struct worker *worker, struct rte_mbuf *mbuf, const struct packet *packet)
{
	uint32_t l3_len = packet->family == 4 ? 20 : 40;
	seal_ethernet(worker, mbuf);
	mbuf->ol_flags &= RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT; /* whose the buffer is */
	mbuf->l2_len = packet->l2_len;
	mbuf->l3_len = l3_len;
	if (packet->family == 0) {
		mbuf->data_len = (uint16_t)(packet->l2_len + ARP_LEN);
		mbuf->pkt_len = mbuf->data_len;
		return;
	}
	if (packet->family == 4)
		seal_ip4(worker, mbuf, packet);
	else
		seal_ip6(mbuf, packet);
	seal_l4(worker, mbuf, packet);
	mbuf->data_len = (uint16_t)(packet->l2_len + l3_len + packet->l4_len);
	mbuf->pkt_len = mbuf->data_len;
}

void seal_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	for (uint16_t i = 0; i < burst->n; i++) {
		const struct packet *packet = &burst->packets[i];
		if (packet->answer)
			seal_packet(worker, burst->mbufs[i], packet);
		if (packet->reason != DROP_none)
			worker->stats->drops[packet->reason]++;
	}
}
