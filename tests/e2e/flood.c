/* flood - frames from made-up sources at a steady rate: SYNs, DNS queries, or TCP segments of no connection. */
/* SPDX-License-Identifier: BSD-3-Clause
 *
 * flood LINK MAC SERVER4 syn|dns|stray RATE SECONDS
 * The sources are in 10.0.0.0/8, which nobody on the link may have. Prints how many frames were sent, and their octets. */
#include "lib/bytes.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { ETHERNET_LEN = 14, IP_LEN = 20, TCP_LEN = 20, UDP_LEN = 8, BATCH_US = 1000 };

static uint32_t random_state = 1;

static uint32_t draw(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state;
}

static uint16_t checksum(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += load_be16(at + i);
	sum += len & 1 ? (uint32_t)at[len - 1] << 8 : 0;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t put_dns(uint8_t *udp)
{
	static const uint8_t tail[] = "\4wild\3cdn\7example\0\0\1\0\1";
	uint8_t *message = udp + UDP_LEN;
	size_t len = 12 + 9 + sizeof(tail) - 1;
	memset(message, 0, 12);
	store_be16(message, (uint16_t)draw());
	message[5] = 1;
	message[12] = 8;
	snprintf((char *)message + 13, 9, "%08x", draw());
	memcpy(message + 21, tail, sizeof(tail) - 1);
	store_be16(udp, (uint16_t)(1024 + draw() % 60000));
	store_be16(udp + 2, 53);
	store_be16(udp + 4, (uint16_t)(UDP_LEN + len));
	store_be16(udp + 6, 0);
	return UDP_LEN + len;
}

static size_t put_tcp(uint8_t *tcp, bool syn)
{
	memset(tcp, 0, TCP_LEN);
	store_be16(tcp, (uint16_t)(1024 + draw() % 60000));
	store_be16(tcp + 2, 80);
	store_be32(tcp + 4, draw());
	store_be32(tcp + 8, syn ? 0 : draw());
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = syn ? 2 : 0x18;
	store_be16(tcp + 14, 65000);
	if (!syn)
		memcpy(tcp + TCP_LEN, "GET / HTTP/1.1\r\n", 16);
	return TCP_LEN + (syn ? 0 : 16);
}

static size_t make(uint8_t *frame, char mode, const uint8_t server[4])
{
	uint8_t *ip = frame + ETHERNET_LEN, *l4 = ip + IP_LEN;
	bool udp = mode == 'd';
	size_t len = udp ? put_dns(l4) : put_tcp(l4, mode == 's');
	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	store_be16(ip + 2, (uint16_t)(IP_LEN + len));
	ip[8] = 60;
	ip[9] = udp ? IPPROTO_UDP : IPPROTO_TCP;
	store_be32(ip + 12, 0x0a000000 | draw() >> 8);
	memcpy(ip + 16, server, 4);
	store_be16(ip + 10, checksum(ip, IP_LEN, 0));
	uint32_t pseudo = ip[9] + (uint32_t)len;
	for (unsigned i = 12; i < 20; i += 2)
		pseudo += load_be16(ip + i);
	store_be16(l4 + (udp ? 6 : 16), checksum(l4, len, pseudo));
	return ETHERNET_LEN + IP_LEN + len;
}

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	if (argc != 7)
		return 2;
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(argv[1])};
	socklen_t at_len = sizeof(at);
	uint8_t frame[256], server[4];
	int sock = socket(AF_PACKET, SOCK_RAW, 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    getsockname(sock, (struct sockaddr *)&at, &at_len) < 0) {
		perror("flood: link");
		return 2;
	}
	sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &frame[0], &frame[1], &frame[2], &frame[3],
	       &frame[4], &frame[5]);
	memcpy(frame + 6, at.sll_addr, 6);
	store_be16(frame + 12, ETH_P_IP);
	inet_pton(AF_INET, argv[3], server);
	char mode = argv[4][0] == 's' && argv[4][1] == 't' ? 't' : argv[4][0];
	double rate = atof(argv[5]), seconds = atof(argv[6]), start = now(), passed;
	unsigned long sent = 0, octets = 0;
	const struct timespec pause = {0, BATCH_US * 1000};
	while ((passed = now() - start) < seconds) {
		while ((double)sent < passed * rate) {
			size_t len = make(frame, mode, server);
			octets += send(sock, frame, len, 0) > 0 ? len : 0;
			sent++;
		}
		nanosleep(&pause, NULL);
	}
	printf("sent %lu frames, %lu octets\n", sent, octets);
	return 0;
}
