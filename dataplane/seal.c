/* seal - the last hand on each answer: addresses swapped, lengths and checksums written or left to the device; and every
 * packet that ends here is counted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/checksum.h"

#include <netinet/in.h>
#include <rte_ip.h>
#include <rte_tcp.h>

enum { HOP_LIMIT = 64, HOP_LIMIT_ND = 255, ARP_LEN = 28 };

static void seal_ethernet(const struct worker *worker, struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, worker->port->mac, 6);
}

/* Source and destination, of len octets each; gives their sum. */
static inline uint64_t swap_addresses(uint8_t *at, size_t len)
{
	uint8_t source[16], destination[16];
	memcpy(source, at, len);
	memcpy(destination, at + len, len);
	memcpy(at, destination, len);
	memcpy(at + len, source, len);
	return checksum_add(checksum_add(0, source, len), destination, len);
}

static uint16_t checksum_of(uint64_t sum, const uint8_t *octets, size_t len)
{
	return (uint16_t)~checksum_fold(checksum_add(sum, octets, len));
}

/* The header is summed as it is written: octets that were just stored in another width load slowly. */
static void seal_udp(const struct packet *packet, uint64_t pseudo, bool offload)
{
	uint32_t ports = (uint32_t)packet->port << 16 | packet->source_port;
	uint16_t sum = checksum_fold(pseudo);
	if (!offload)
		sum = checksum_of(pseudo + rte_cpu_to_be_32(ports) +
					  rte_cpu_to_be_16(packet->l4_len),
				  packet->l4 + UDP_LEN, packet->l4_len - UDP_LEN);
	if (!sum) /* RFC 768: 0 would be no checksum */
		sum = 0xffff;
	store_be64(packet->l4,
		   (uint64_t)ports << 32 | (uint32_t)packet->l4_len << 16 | rte_be_to_cpu_16(sum));
}

/* Software sums, or the pseudo header's for a device that goes on from there. ICMP is never left to the device. */
static void seal_l4(const struct worker *worker, struct rte_mbuf *mbuf, const struct packet *packet,
		    uint64_t addresses)
{
	bool offload = worker->port->tx_checksum_l4;
	uint64_t pseudo = addresses + rte_cpu_to_be_16(packet->l4_protocol) +
			  rte_cpu_to_be_16(packet->l4_len);
	uint16_t sum;
	switch (packet->l4_protocol) {
	case IPPROTO_UDP:
		if (offload)
			mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
		seal_udp(packet, pseudo, offload);
		break;
	case IPPROTO_TCP: /* the field is 0 */
		if (offload)
			mbuf->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
		sum = offload ? checksum_fold(pseudo)
			      : checksum_of(pseudo, packet->l4, packet->l4_len);
		memcpy(packet->l4 + offsetof(struct rte_tcp_hdr, cksum), &sum, 2);
		break;
	default:
		memset(packet->l4 + 2, 0, 2);
		sum = checksum_of(packet->l4_protocol == IPPROTO_ICMP ? 0 : pseudo, packet->l4,
				  packet->l4_len);
		memcpy(packet->l4 + 2, &sum, 2);
	}
}

/* Gives the sum of the addresses. The peer's traffic class is not ours to use; never a fragment, so no identification (RFC 6864 §4.1). */
static uint64_t seal_ip4(const struct worker *worker, struct rte_mbuf *mbuf,
			 const struct packet *packet)
{
	uint8_t *ip = packet->l3;
	uint64_t addresses = swap_addresses(ip + 12, 4);
	uint32_t head[3] = {
		rte_cpu_to_be_32(UINT32_C(0x45000000) | (20u + packet->l4_len)),
		rte_cpu_to_be_32(UINT32_C(0x00004000)),
		rte_cpu_to_be_32((uint32_t)HOP_LIMIT << 24 | (uint32_t)packet->l4_protocol << 16),
	};
	uint16_t sum = ~checksum_fold(addresses + head[0] + (uint64_t)head[1] + (uint64_t)head[2]) &
		       0xffff;
	memcpy(ip, head, sizeof(head));
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV4;
	if (worker->port->tx_checksum_ip4)
		mbuf->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	else
		memcpy(ip + 10, &sum, 2);
	return addresses;
}

static uint64_t seal_ip6(struct rte_mbuf *mbuf, const struct packet *packet)
{
	uint8_t *ip = packet->l3;
	store_be32(ip, UINT32_C(0x60000000));
	store_be16(ip + 4, packet->l4_len);
	ip[7] = packet->lane == LANE_ND ? HOP_LIMIT_ND : HOP_LIMIT;
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV6;
	return checksum_fold(swap_addresses(ip + 8, 16)); /* there is to be room above it */
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
	uint64_t addresses =
		packet->family == 4 ? seal_ip4(worker, mbuf, packet) : seal_ip6(mbuf, packet);
	seal_l4(worker, mbuf, packet, addresses);
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
