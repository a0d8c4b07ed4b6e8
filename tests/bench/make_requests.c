/* make_requests - writes the input of a benchmark: a table of N scopes, or a pcap of requests that it answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/bytes.h"
#include "lib/syn_cookie.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Host h has two scopes: one for the host, one for a path below it that is for a part of the world only. */
enum { FRAME_MAX = 600, ETH = 14, IP4 = 20, UDP = 8, TCP = 20, SEGMENT_MSS = 1460, TARGETS = 8 };

/* With footprints in the table: so many /24 of 16.0.0.0/4 in each, and clients that come from there. */
enum { FOOTPRINT_PREFIXES = 1000, NETS = 1 << 20 };

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

/* Zipf's law with exponent 1: the host of rank r is asked for 1/r as often as the first one. */
struct zipf {
	uint32_t n;
	double *up_to; /* sum of the shares of this rank and those before */
};

static bool zipf_init(struct zipf *zipf, uint32_t n)
{
	*zipf = (struct zipf){n, malloc(n * sizeof(*zipf->up_to))};
	double sum = 0;
	for (uint32_t i = 0; zipf->up_to && i < n; i++)
		zipf->up_to[i] = sum += 1.0 / (i + 1);
	return zipf->up_to;
}

/* The busy hosts are spread over the table. */
static uint32_t zipf_draw(const struct zipf *zipf)
{
	double at = zipf->up_to[zipf->n - 1] * draw(UINT32_MAX) / UINT32_MAX;
	uint32_t low = 0, high = zipf->n - 1;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (zipf->up_to[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return (uint32_t)(low * UINT64_C(2654435761) % zipf->n);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static void write_footprints(FILE *out, uint32_t n_prefixes)
{
	for (uint32_t i = 0; i < n_prefixes; i++) {
		uint32_t net = 0x10000000 | (i * UINT32_C(2654435761) % NETS) << 8;
		if (i % FOOTPRINT_PREFIXES == 0)
			fprintf(out,
				"{\"footprint\":{\"name\":\"f%u\",\"footprints\":[{"
				"\"footprint-type\":\"ipv4cidr\",\"footprint-value\":[",
				i / FOOTPRINT_PREFIXES);
		bool last = i % FOOTPRINT_PREFIXES == FOOTPRINT_PREFIXES - 1 || i + 1 == n_prefixes;
		fprintf(out, "\"%u.%u.%u.0/24\"%s", net >> 24, net >> 16 & 255, net >> 8 & 255,
			last ? "]}]}}\n" : ",");
	}
}

static void write_table(FILE *out, uint32_t n_scopes, uint32_t n_prefixes)
{
	uint32_t n_footprints = (n_prefixes + FOOTPRINT_PREFIXES - 1) / FOOTPRINT_PREFIXES;
	write_footprints(out, n_prefixes);
	for (uint32_t i = 0; i < n_scopes; i++) {
		uint32_t host = i / 2;
		char footprint[16] = "most";
		if (n_footprints && host % 2)
			snprintf(footprint, sizeof(footprint), "f%u", host / 2 % n_footprints);
		if (i % 2 == 0)
			fprintf(out,
				"{\"scope\":{\"name\":\"host-%u\",\"hosts\":[\"h%u.cdn.example\"],"
				"\"policy\":\"hash\","
				"\"candidates\":[{\"cdn\":\"cdn-%u\"},{\"cdn\":\"cdn-%u\"}]}}\n",
				host, host, host % TARGETS, (host + 3) % TARGETS);
		else
			fprintf(out,
				"{\"scope\":{\"name\":\"live-%u\",\"hosts\":[\"h%u.cdn.example\"],"
				"\"paths\":[\"/live/channel-%u/\"],\"footprints\":[\"%s\"],"
				"\"candidates\":[{\"cdn\":\"cdn-%u\"}]}}\n",
				host, host, host % 100, footprint, (host + 1) % TARGETS);
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

static bool wide; /* clients of the footprints in the table, not of 10.0.0.0/8 */

static void draw_client(uint8_t client[4])
{
	uint32_t host = wide ? 0x10000000 | draw(NETS) << 8 : 0x0a000000 | draw(1 << 24);
	store_be32(client, (host & 0xfffffffe) | 1);
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
			  const struct zipf *zipf, const char *key_hex)
{
	static const uint32_t pcap_head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	struct syn_cookie_keys keys = {.n = 1};
	for (unsigned i = 0; i < 16; i++)
		if (sscanf(key_hex + 2 * i, "%2hhx", &keys.key[0][i]) != 1)
			return -1;
	fwrite(pcap_head, sizeof(pcap_head), 1, out);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t frame[FRAME_MAX];
		uint32_t host = zipf->up_to ? zipf_draw(zipf) : draw(n_hosts);
		size_t len = kind[0] == 'd' ? make_dns(frame, host) : make_http(frame, host, &keys);
		write_record(out, frame, len);
	}
	return 0;
}

struct options {
	uint32_t n_prefixes;
	bool zipf;
};

static int make(char **argv, int argc, const struct options *options)
{
	uint32_t n_scopes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	struct zipf zipf = {0};
	if (argc == 2 && !strcmp(argv[0], "table")) {
		write_table(stdout, n_scopes, options->n_prefixes);
		return 0;
	}
	if (argc != 5 || (strcmp(argv[0], "dns") && strcmp(argv[0], "http")) || n_scopes < 2 ||
	    strlen(argv[4]) != 32)
		return 2;
	wide = options->n_prefixes > 0;
	state = strtoull(argv[3], NULL, 10) * 2 + 1;
	if (options->zipf && !zipf_init(&zipf, n_scopes / 2))
		return 1;
	int status = write_requests(stdout, argv[0], (uint32_t)strtoul(argv[2], NULL, 10),
				    n_scopes / 2, &zipf, argv[4]) < 0
			     ? 2
			     : 0;
	free(zipf.up_to);
	return status;
}

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: make_requests [-p PREFIXES] table SCOPES >table.jsonl\n"
		"       make_requests [-p PREFIXES] [-z] dns|http SCOPES COUNT SEED COOKIE-KEY "
		">requests.pcap\n"
		"  -p PREFIXES  footprints with so many prefixes, and clients from there\n"
		"  -z           hosts by Zipf's law with exponent 1, else all alike\n"
		"COOKIE-KEY: 32 hexadecimal digits\n";
	struct options options = {0};
	int option, status = 0;
	while ((option = getopt(argc, argv, "p:z")) != -1) {
		if (option == 'p')
			options.n_prefixes = (uint32_t)strtoul(optarg, NULL, 10);
		else if (option == 'z')
			options.zipf = true;
		else
			status = 2;
	}
	if (!status)
		status = make(argv + optind, argc - optind, &options);
	if (status == 2)
		fputs(usage, stderr);
	return fflush(stdout) || ferror(stdout) ? 1 : status;
}
