/* reply_l3 - ARP replies, neighbour advertisements and echo replies for our addresses. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <rte_ip.h>

enum { ARP_REPLY = 2, ND_ADVERT_LEN = 32 };

/* RFC 826: the sender becomes the target, we the sender. */
static void reply_arp(struct worker *worker, struct packet *packet)
{
	uint8_t *arp = packet->l3, ours[4];
	memcpy(ours, arp + 24, 4);
	memcpy(arp + 18, arp + 8, 10);
	memcpy(arp + 8, worker->port->mac, 6);
	memcpy(arp + 14, ours, 4);
	store_be16(arp + 6, ARP_REPLY);
	worker->stats->arp++;
	packet->answer = true;
}

/* RFC 4861 §4.4, §7.2.4: solicited unless the source was unspecified, then to all nodes. The IPv6 header is made whole here:
 * seal only swaps addresses, so ours stands as the destination and the peer's as the source. */
static void reply_nd(struct worker *worker, uint16_t i)
{
	static const uint8_t unspecified[16];
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	struct packet *packet = &worker->burst.packets[i];
	uint8_t *ip = packet->l3, *nd = packet->l4,
		*frame = rte_pktmbuf_mtod(worker->burst.mbufs[i], uint8_t *);
	bool solicited = memcmp(ip + 8, unspecified, 16) != 0;
	if (packet_room(worker, i) < ND_ADVERT_LEN) {
		packet_drop(packet, DROP_mbuf_segments);
		return;
	}
	memcpy(ip + 24, nd + 8, 16);
	if (!solicited) {
		static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
		memcpy(ip + 8, all_nodes, 16);
		memcpy(frame + 6, all_nodes_mac, 6);
	}
	nd[0] = ND_NEIGHBOR_ADVERT;
	store_be32(nd + 4,
		   solicited ? UINT32_C(0x60000000) : UINT32_C(0x20000000)); /* S and O, or O */
	nd[24] = ND_OPT_TARGET_LINKADDR;
	nd[25] = 1;
	memcpy(nd + 26, worker->port->mac, 6);
	packet->l4_len = ND_ADVERT_LEN;
	worker->stats->nd++;
	packet->answer = true;
}

/* RFC 792, RFC 4443 §4.2: everything but the type comes back as it came. */
static void reply_echo(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	if (packet->l4_len > packet_room(worker, i)) {
		packet_drop(packet, DROP_mtu);
		return;
	}
	packet->l4[0] = packet->family == 4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	worker->stats->echo++;
	packet->answer = true;
}

void reply_l3_burst(struct worker *worker)
{
	if (!(worker->burst.lanes & LANES_L3))
		return;
	for (uint16_t i = 0; i < worker->burst.n; i++) {
		switch (worker->burst.packets[i].lane) {
		case LANE_ARP:
			reply_arp(worker, &worker->burst.packets[i]);
			break;
		case LANE_ND:
			reply_nd(worker, i);
			break;
		case LANE_ECHO:
			reply_echo(worker, i);
			break;
		}
	}
}
