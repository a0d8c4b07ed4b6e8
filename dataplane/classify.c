/* classify - Ethernet, ARP, IP, UDP, TCP and ICMP headers: checked, and each packet put on its lane. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/checksum.h"
#include "reassemble.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <rte_ether.h>
#include <rte_ip.h>

enum {
	ARP_LEN = 28,
	IP4_LEN = 20,
	IP6_LEN = 40,
	ICMP_LEN = 8,
	ND_SOLICIT_LEN = 24,
};

static bool is_our_address4(const struct port_info *port, const uint8_t *address)
{
	const struct port_settings *settings = port->settings;
	for (size_t i = 0; i < settings->n_addresses; i++)
		if (settings->addresses[i].family == 4 &&
		    memcmp(settings->addresses[i].bytes, address, 4) == 0)
			return true;
	return false;
}

static bool is_our_address6(const struct port_info *port, const uint8_t *address)
{
	const struct port_settings *settings = port->settings;
	for (size_t i = 0; i < settings->n_addresses; i++)
		if (settings->addresses[i].family == 6 &&
		    memcmp(settings->addresses[i].bytes, address, 16) == 0)
			return true;
	return false;
}

/* What the device says about a checksum, or our own sum over pseudo header and payload. NONE: the field is not right, but
 * the octets are sound, as between virtual machines. */
static bool l4_checksum_ok(const struct rte_mbuf *mbuf, const struct packet *packet)
{
	uint64_t told = mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	if (told == RTE_MBUF_F_RX_L4_CKSUM_GOOD || told == RTE_MBUF_F_RX_L4_CKSUM_NONE)
		return true;
	if (told == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		return false;
	uint64_t sum = rte_cpu_to_be_16(packet->l4_protocol) + rte_cpu_to_be_16(packet->l4_len);
	sum = packet->family == 4 ? checksum_add(sum, packet->l3 + 12, 8)
				  : checksum_add(sum, packet->l3 + 8, 32);
	return checksum_fold(checksum_add(sum, packet->l4, packet->l4_len)) == 0xffff;
}

static enum drop_reason classify_udp(const struct rte_mbuf *mbuf, struct packet *packet)
{
	if (packet->l4_len < UDP_LEN)
		return DROP_udp_bad;
	uint16_t len = load_be16(packet->l4 + 4), checksum = load_be16(packet->l4 + 6);
	if (len < UDP_LEN || len > packet->l4_len)
		return DROP_udp_bad;
	packet->l4_len = len;
	/* RFC 768: 0 is no checksum; RFC 8200 §8.1: IPv6 must have one. */
	if (checksum ? !l4_checksum_ok(mbuf, packet) : packet->family == 6)
		return DROP_udp_checksum;
	packet->source_port = load_be16(packet->l4);
	packet->port = load_be16(packet->l4 + 2);
	if (packet->port != PORT_DNS || packet->source_port == 0)
		return DROP_udp_port;
	packet->lane = LANE_DNS;
	return DROP_none;
}

static enum drop_reason classify_tcp(const struct rte_mbuf *mbuf, struct packet *packet)
{
	if (packet->l4_len < TCP_LEN)
		return DROP_tcp_bad;
	packet->tcp_header = (packet->l4[12] >> 4) * 4;
	if (packet->tcp_header < TCP_LEN || packet->tcp_header > packet->l4_len)
		return DROP_tcp_bad;
	if (!l4_checksum_ok(mbuf, packet))
		return DROP_tcp_checksum;
	packet->source_port = load_be16(packet->l4);
	packet->port = load_be16(packet->l4 + 2);
	packet->seq = load_be32(packet->l4 + 4);
	packet->ack = load_be32(packet->l4 + 8);
	packet->tcp_flags = packet->l4[13];
	packet->window = load_be16(packet->l4 + 14);
	packet->tcp_len = packet->l4_len - packet->tcp_header;
	packet->lane = LANE_TCP;
	return DROP_none;
}

/* RFC 792 and RFC 4443: both sum over the whole message, ICMPv6 over the pseudo header too. */
static enum drop_reason classify_icmp4(struct packet *packet)
{
	if (packet->l4_len < ICMP_LEN)
		return DROP_icmp_bad;
	if (checksum_fold(checksum_add(0, packet->l4, packet->l4_len)) != 0xffff)
		return DROP_icmp_checksum;
	if (packet->l4[0] != ICMP_ECHO || packet->l4[1] != 0)
		return DROP_icmp_other;
	packet->lane = LANE_ECHO;
	return DROP_none;
}

static bool is_unspecified(const uint8_t *address)
{
	static const uint8_t zero[16];
	return memcmp(address, zero, sizeof(zero)) == 0;
}

/* RFC 4861 §7.1.1. */
static enum drop_reason classify_solicitation(const struct port_info *port, struct packet *packet)
{
	const uint8_t *source = packet->l3 + 8, *destination = packet->l3 + 24;
	const uint8_t *target = packet->l4 + 8;
	if (packet->l3[7] != 255 || packet->l4[1] != 0 || packet->l4_len < ND_SOLICIT_LEN)
		return DROP_nd_bad;
	if (target[0] == 0xff || (is_unspecified(source) && destination[0] != 0xff))
		return DROP_nd_bad;
	for (uint16_t at = ND_SOLICIT_LEN; at < packet->l4_len;) {
		const uint8_t *option = packet->l4 + at;
		if (packet->l4_len - at < 8 || option[1] == 0 ||
		    option[1] * 8 > packet->l4_len - at)
			return DROP_nd_bad;
		if (option[0] == ND_OPT_SOURCE_LINKADDR && is_unspecified(source))
			return DROP_nd_bad;
		at += option[1] * 8;
	}
	if (!is_our_address6(port, target))
		return DROP_ip_not_ours;
	packet->lane = LANE_ND;
	return DROP_none;
}

static enum drop_reason classify_icmp6(const struct rte_mbuf *mbuf, const struct port_info *port,
				       struct packet *packet, bool group)
{
	if (packet->l4_len < ICMP_LEN)
		return DROP_icmp_bad;
	if (!l4_checksum_ok(mbuf, packet))
		return DROP_icmp_checksum;
	if (packet->l4[0] == ND_NEIGHBOR_SOLICIT)
		return classify_solicitation(port, packet);
	if (group || packet->l4[0] != ICMP6_ECHO_REQUEST || packet->l4[1] != 0)
		return DROP_icmp_other;
	if (is_unspecified(packet->l3 + 8))
		return DROP_ip_source;
	packet->lane = LANE_ECHO;
	return DROP_none;
}

/* RFC 1122 §3.2.1.3: what cannot be a source. */
static bool source4_ok(const struct port_info *port, const uint8_t *source)
{
	return source[0] != 0 && source[0] != 127 && source[0] < 224 &&
	       !is_our_address4(port, source);
}

static enum drop_reason classify_ip4(const struct rte_mbuf *mbuf, const struct port_info *port,
				     struct packet *packet, uint32_t avail)
{
	const uint8_t *ip = packet->l3;
	if (avail < IP4_LEN || ip[0] >> 4 != 4 || (ip[0] & 15) < 5)
		return DROP_ip4_bad;
	uint16_t total = load_be16(ip + 2);
	if (total > avail || total < (ip[0] & 15) * 4)
		return DROP_ip4_bad;
	if ((ip[0] & 15) != 5)
		return DROP_ip4_options;
	uint64_t told = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	if (told == RTE_MBUF_F_RX_IP_CKSUM_BAD ||
	    (told == RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN &&
	     checksum_fold(checksum_add(0, ip, IP4_LEN)) != 0xffff))
		return DROP_ip4_checksum;
	if (!is_our_address4(port, ip + 16))
		return DROP_ip_not_ours;
	if (load_be16(ip + 6) & 0x3fff)
		return DROP_ip_fragment;
	if (!source4_ok(port, ip + 12))
		return DROP_ip_source;
	packet->family = 4;
	packet->l4 = packet->l3 + IP4_LEN;
	packet->l4_len = total - IP4_LEN;
	packet->l4_protocol = ip[9];
	switch (packet->l4_protocol) {
	case IPPROTO_UDP:
		return classify_udp(mbuf, packet);
	case IPPROTO_TCP:
		return classify_tcp(mbuf, packet);
	case IPPROTO_ICMP:
		return classify_icmp4(packet);
	default:
		return DROP_ip_protocol;
	}
}

/* Source :: is for duplicate address detection alone. */
static bool source6_ok(const struct port_info *port, const uint8_t *source, uint8_t protocol)
{
	static const uint8_t loopback[16] = {[15] = 1};
	if (source[0] == 0xff || memcmp(source, loopback, 16) == 0 || is_our_address6(port, source))
		return false;
	return protocol == IPPROTO_ICMPV6 || !is_unspecified(source);
}

static enum drop_reason classify_ip6(const struct rte_mbuf *mbuf, const struct port_info *port,
				     struct packet *packet, uint32_t avail, bool group_frame)
{
	/* RFC 4291 §2.7.1: ff02::1:ff00:0/104 and the target's last 24 bits. */
	static const uint8_t solicited[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};
	const uint8_t *ip = packet->l3;
	if (avail < IP6_LEN || ip[0] >> 4 != 6 || load_be16(ip + 4) > avail - IP6_LEN)
		return DROP_ip6_bad;
	bool group = memcmp(ip + 24, solicited, sizeof(solicited)) == 0;
	if (!group && !is_our_address6(port, ip + 24))
		return DROP_ip_not_ours;
	if (group_frame && !group)
		return DROP_eth_group;
	if (!source6_ok(port, ip + 8, ip[6]))
		return DROP_ip_source;
	packet->family = 6;
	packet->l4 = packet->l3 + IP6_LEN;
	packet->l4_len = load_be16(ip + 4);
	packet->l4_protocol = ip[6];
	if (packet->l4_protocol == IPPROTO_ICMPV6)
		return classify_icmp6(mbuf, port, packet, group);
	if (group)
		return DROP_ip_not_ours;
	switch (packet->l4_protocol) {
	case IPPROTO_UDP:
		return classify_udp(mbuf, packet);
	case IPPROTO_TCP:
		return classify_tcp(mbuf, packet);
	case IPPROTO_FRAGMENT:
		return DROP_ip_fragment;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_AH:
		return DROP_ip6_extension;
	default:
		return DROP_ip_protocol;
	}
}

/* RFC 826: a request over Ethernet for one of our IPv4 addresses. */
static enum drop_reason classify_arp(const struct port_info *port, struct packet *packet,
				     uint32_t avail)
{
	static const uint8_t ethernet_ip4[6] = {0, 1, 8, 0, 6, 4};
	const uint8_t *arp = packet->l3;
	if (avail < ARP_LEN || memcmp(arp, ethernet_ip4, sizeof(ethernet_ip4)) != 0)
		return DROP_arp_bad;
	if (load_be16(arp + 6) != 1 || !is_our_address4(port, arp + 24))
		return DROP_arp_other;
	packet->lane = LANE_ARP;
	return DROP_none;
}

static enum drop_reason classify(const struct rte_mbuf *mbuf, const struct port_info *port,
				 struct packet *packet)
{
	static const uint8_t zero[6];
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	uint32_t len = mbuf->data_len;
	if (mbuf->nb_segs != 1)
		return DROP_mbuf_segments;
	if (len < RTE_ETHER_HDR_LEN)
		return DROP_eth_short;
	if ((frame[6] & 1) || memcmp(frame + 6, zero, 6) == 0)
		return DROP_eth_source;
	/* A promiscuous device lets everything through. */
	if (!(frame[0] & 1) && memcmp(frame, port->mac, 6) != 0)
		return DROP_eth_not_ours;
	uint16_t type = load_be16(frame + 12);
	packet->l2_len = RTE_ETHER_HDR_LEN;
	if (type == RTE_ETHER_TYPE_VLAN) {
		packet->l2_len += RTE_VLAN_HLEN;
		if (len < packet->l2_len)
			return DROP_eth_short;
		type = load_be16(frame + 16);
	}
	packet->l3 = frame + packet->l2_len;
	uint32_t avail = len - packet->l2_len;
	switch (type) {
	case RTE_ETHER_TYPE_ARP:
		return classify_arp(port, packet, avail);
	case RTE_ETHER_TYPE_IPV4:
		/* RFC 1122 §3.3.6. */
		return frame[0] & 1 ? DROP_eth_group : classify_ip4(mbuf, port, packet, avail);
	case RTE_ETHER_TYPE_IPV6:
		return classify_ip6(mbuf, port, packet, avail, frame[0] & 1);
	case RTE_ETHER_TYPE_VLAN:
	case RTE_ETHER_TYPE_QINQ:
		return DROP_eth_vlan;
	default:
		return DROP_eth_type;
	}
}

/* A fragment that waits is no longer ours. */
static enum drop_reason classify_fragment(struct worker *worker, uint16_t i)
{
	struct burst *burst = &worker->burst;
	struct packet *packet = &burst->packets[i];
	if (reassemble(worker, i)) {
		*packet = (struct packet){.lane = LANE_DROP};
		return classify(burst->mbufs[i], worker->port, packet);
	}
	if (packet->lane == LANE_HELD)
		return DROP_none;
	return packet->reason ? (enum drop_reason)packet->reason : DROP_ip_fragment;
}

void classify_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	for (uint16_t i = 0; i < burst->n; i++) {
		struct packet *packet = &burst->packets[i];
		if (i + 1 < burst->n)
			rte_prefetch0(rte_pktmbuf_mtod(burst->mbufs[i + 1], void *));
		*packet = (struct packet){.lane = LANE_DROP};
		enum drop_reason reason = classify(burst->mbufs[i], worker->port, packet);
		if (reason == DROP_ip_fragment)
			reason = classify_fragment(worker, i);
		if (reason != DROP_none)
			packet_drop(packet, reason);
	}
}
