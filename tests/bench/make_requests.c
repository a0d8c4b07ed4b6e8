/* make_requests - writes the input of a benchmark: a table of N scopes, or a pcap of requests that it answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/bytes.h"
#include "lib/syn_cookie.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Host h has two scopes: one for the host, one for a path below it that is for most of the world only. */
enum { FRAME_MAX = 600, ETH = 14, IP4 = 20, UDP = 8, TCP = 20, SEGMENT_MSS = 1460, TARGETS = 8 };

static const uint8_t our_mac[6] = {0x02, 0x70, 0x63, 0x61, 0x70, 0x00}; /* that of net_pcap0 */
static const uint8_t our_address[4] = {192, 0, 2, 1};

/* --- chance: xorshift64*, the same draws for the same seed ------------------------------------------------------ */

static uint64_t state;

static uint32_t draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(2685821657736338717) >> 32) * below >> 32);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static void write_table(FILE *out, uint32_t n_scopes)
{
	for (uint32_t i = 0; i < n_scopes; i++) {
		uint32_t host = i / 2;
		if (i % 2 == 0)
			fprintf(out,
				"{\"scope\":{\"name\":\"host-%u\",\"hosts\":[\"h%u.cdn.example\"],"
				"\"policy\":\"hash\","
				"\"candidates\":[{\"cdn\":\"cdn-%u\"},{\"cdn\":\"cdn-%u\"}]}}\n",
				host, host, host % TARGETS, (host + 3) % TARGETS);
		else
			fprintf(out,
				"{\"scope\":{\"name\":\"live-%u\",\"hosts\":[\"h%u.cdn.example\"],"
				"\"paths\":[\"/live/channel-%u/\"],\"footprints\":[\"most\"],"
				"\"candidates\":[{\"cdn\":\"cdn-%u\"}]}}\n",
				host, host, host % 100, (host + 1) % TARGETS);
	}
}

/* --- the requests ------------------------------------------------------------------------------------------------- */

static uint32_t add_words(uint32_t sum, const uint8_t *at, size_t len)
{
	for (; len > 1; len -= 2, at += 2)
		sum += load_be16(at);
	return len ? sum + (uint32_t)(at[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Ethernet and IPv4 in front of l4_len octets that follow; the checksum of those goes to checksum_at. */
static size_t finish_frame(uint8_t *frame, const uint8_t client[4], uint8_t protocol, size_t l4_len,
			   size_t checksum_at)
{
	static const uint8_t client_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
	struct writer w = writer_of(frame, ETH + IP4);
	writer_bytes(&w, our_mac, 6);
	writer_bytes(&w, client_mac, 6);
	writer_u16(&w, 0x0800);
	writer_u16(&w, 0x4500);
	writer_u16(&w, (uint16_t)(IP4 + l4_len));
	writer_u32(&w, 0x00004000); /* DF */
	writer_u8(&w, 64);
	writer_u8(&w, protocol);
	writer_u16(&w, 0);
	writer_bytes(&w, client, 4);
	writer_bytes(&w, our_address, 4);
	uint8_t *ip = frame + ETH, *l4 = ip + IP4;
	store_be16(ip + 10, fold(add_words(0, ip, IP4)));
	store_be16(l4 + checksum_at, 0);
	uint32_t pseudo = add_words(protocol + (uint32_t)l4_len, ip + 12, 8);
	store_be16(l4 + checksum_at, fold(add_words(pseudo, l4, l4_len)));
	return ETH + IP4 + l4_len;
}

static void draw_client(uint8_t client[4])
{
	store_be32(client, 0x0a000000 | (draw(1 << 24) & 0xfffffe) | 1);
}

/* A query with EDNS and the client's /24 (RFC 7871). */
static size_t make_dns(uint8_t *frame, uint32_t host)
{
	uint8_t client[4];
	char label[16];
	draw_client(client);
	int len = snprintf(label, sizeof(label), "h%u", host);
	struct writer w = writer_of(frame + ETH + IP4 + UDP, FRAME_MAX - ETH - IP4 - UDP);
	writer_u16(&w, (uint16_t)draw(65536));
	writer_u16(&w, 0x0100); /* RD */
	writer_u32(&w, 0x00010000);
	writer_u32(&w, 0x00000001);
	writer_u8(&w, (uint8_t)len);
	writer_bytes(&w, label, (size_t)len);
	writer_bytes(&w, "\3cdn\7example", 13);
	writer_u32(&w, 0x00010001); /* A IN */
	writer_bytes(&w, "\0\0\51\4\320\0\0\0\0\0\13\0\10\0\7\0\1\30\0",
		     19); /* OPT 1232, ECS /24 */
	writer_bytes(&w, client, 3);
	size_t udp_len = (size_t)(w.at - (frame + ETH + IP4));
	struct writer head = writer_of(frame + ETH + IP4, UDP);
	writer_u16(&head, (uint16_t)(1024 + draw(64000)));
	writer_u16(&head, 53);
	writer_u16(&head, (uint16_t)udp_len);
	return finish_frame(frame, client, 17, udp_len, 6);
}

/* The segment that ends the handshake and brings the whole request. */
static size_t make_http(uint8_t *frame, uint32_t host, const struct syn_cookie_keys *keys)
{
	uint8_t client[4];
	draw_client(client);
	struct syn_tuple tuple = {client, our_address, 4, (uint16_t)(1024 + draw(64000)), 80};
	uint32_t isn = draw(UINT32_MAX);
	uint32_t cookie = syn_cookie_make(keys, &tuple, isn, SEGMENT_MSS, (uint64_t)time(NULL));
	struct writer w = writer_of(frame + ETH + IP4, TCP);
	writer_u16(&w, tuple.source_port);
	writer_u16(&w, tuple.destination_port);
	writer_u32(&w, isn + 1);
	writer_u32(&w, cookie + 1);
	writer_u16(&w, 0x5018); /* ACK, PSH */
	writer_u16(&w, 64240);
	writer_u32(&w, 0);
	char *text = (char *)frame + ETH + IP4 + TCP;
	int len = snprintf(
		text, FRAME_MAX - ETH - IP4 - TCP,
		"GET /live/channel-%u/%u/segment-%u.ts?token=%08x HTTP/1.1\r\nHost: "
		"h%u.cdn.example\r\n"
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) Player/2.1\r\nAccept: */*\r\n\r\n",
		host % 100, draw(8), draw(10000), draw(UINT32_MAX), host);
	return finish_frame(frame, client, 6, TCP + (size_t)len, 16);
}

static void write_record(FILE *out, const uint8_t *frame, size_t len)
{
	uint32_t head[4] = {0, 0, (uint32_t)len, (uint32_t)len};
	fwrite(head, sizeof(head), 1, out);
	fwrite(frame, len, 1, out);
}

static int write_requests(FILE *out, const char *kind, uint32_t count, uint32_t n_hosts,
			  const char *key_hex)
{
	static const uint32_t pcap_head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	struct syn_cookie_keys keys = {.n = 1};
	for (unsigned i = 0; i < 16; i++)
		if (sscanf(key_hex + 2 * i, "%2hhx", &keys.key[0][i]) != 1)
			return -1;
	fwrite(pcap_head, sizeof(pcap_head), 1, out);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t frame[FRAME_MAX];
		uint32_t host = draw(n_hosts);
		size_t len = kind[0] == 'd' ? make_dns(frame, host) : make_http(frame, host, &keys);
		write_record(out, frame, len);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: make_requests table SCOPES >table.jsonl\n"
		"       make_requests dns|http SCOPES COUNT SEED COOKIE-KEY >requests.pcap\n";
	if (argc == 3 && !strcmp(argv[1], "table")) {
		write_table(stdout, (uint32_t)strtoul(argv[2], NULL, 10));
	} else if (argc == 6 && (!strcmp(argv[1], "dns") || !strcmp(argv[1], "http")) &&
		   strtoul(argv[2], NULL, 10) > 1 && strlen(argv[5]) == 32) {
		state = strtoull(argv[4], NULL, 10) * 2 + 1;
		if (write_requests(stdout, argv[1], (uint32_t)strtoul(argv[3], NULL, 10),
				   (uint32_t)strtoul(argv[2], NULL, 10) / 2, argv[5]) < 0) {
			fputs("make_requests: the cookie key is not 32 hexadecimal digits\n",
			      stderr);
			return 2;
		}
	} else {
		fputs(usage, stderr);
		return 2;
	}
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
