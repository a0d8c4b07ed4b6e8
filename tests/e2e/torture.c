/* torture - TCP clients on a raw socket that split, reorder, repeat, delay and lose segments at random, many at once; each answer has to be, octet for
 * octet, what a client gets that sends its request in one segment. */
/* SPDX-License-Identifier: BSD-3-Clause
 *
 * torture LINK MAC SOURCE-PREFIX4 SERVER4 SOURCE-PREFIX6 SERVER6 HOST RUNS SEED [wait MILLISECONDS]
 * The sources are SOURCE-PREFIX plus a number: nobody on the link may have them. Ends with 0 when all answers were right. */
#include "lib/bytes.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	SLOTS = 128,
	SOURCES = 16,
	REQUEST_MAX = 4096,
	ANSWER_MAX = 16384,
	AGAIN_US = 20000, /* what is not acknowledged is sent again */
	RUN_US = 30000000,
	PATH_LEN = 400,
	FIN = 1,
	SYN = 2,
	RST = 4,
	PSH = 8,
	ACK = 16
};

struct run {
	bool busy, connected, ended;
	bool ip6, dns;
	uint16_t port;
	uint8_t source[16];
	uint32_t isn, peer; /* next octet that is expected */
	uint32_t acked;     /* of ours, without the SYN */
	size_t request_len, answer_len;
	uint64_t began, next;
	uint8_t request[REQUEST_MAX], answer[ANSWER_MAX], there[ANSWER_MAX];
};

static struct run runs[SLOTS];
static uint8_t server4[4], server6[16], prefix4[4], prefix6[16], our_mac[6], their_mac[6];
static const char *host;
static int sock;
static uint64_t random_state;
static unsigned long sent_segments, lost_segments;

/* The answer to a request in one segment; PATH_LEN octets of it at path_at are the path. */
static uint8_t model[ANSWER_MAX];
static size_t model_len, model_path;

static uint32_t draw(uint32_t n) /* xorshift64* */
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static uint64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint32_t sum(const uint8_t *at, size_t len, uint32_t start)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		start += load_be16(at + i);
	return len & 1 ? start + ((uint32_t)at[len - 1] << 8) : start;
}

static uint16_t fold(uint32_t value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return (uint16_t)~value;
}

/* --- segments ---------------------------------------------------------------------------------------------------------- */

static size_t put_ip(uint8_t *ip, const struct run *run, size_t tcp_len)
{
	if (run->ip6) {
		memset(ip, 0, 40);
		ip[0] = 0x60;
		store_be16(ip + 4, (uint16_t)tcp_len);
		ip[6] = IPPROTO_TCP;
		ip[7] = 64;
		memcpy(ip + 8, run->source, 16);
		memcpy(ip + 24, server6, 16);
		return 40;
	}
	memset(ip, 0, 20);
	ip[0] = 0x45;
	store_be16(ip + 2, (uint16_t)(20 + tcp_len));
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	memcpy(ip + 12, run->source, 4);
	memcpy(ip + 16, server4, 4);
	store_be16(ip + 10, fold(sum(ip, 20, 0)));
	return 20;
}

static void send_segment(const struct run *run, uint8_t flags, uint32_t seq, const uint8_t *payload,
			 size_t len)
{
	uint8_t frame[2048] = {0};
	size_t options = flags & SYN ? 4 : 0, tcp_len = 20 + options + len;
	memcpy(frame, their_mac, 6);
	memcpy(frame + 6, our_mac, 6);
	store_be16(frame + 12, run->ip6 ? ETH_P_IPV6 : ETH_P_IP);
	uint8_t *ip = frame + 14;
	size_t ip_len = put_ip(ip, run, tcp_len);
	uint8_t *tcp = ip + ip_len;
	store_be16(tcp, run->port);
	store_be16(tcp + 2, run->dns ? 53 : 80);
	store_be32(tcp + 4, seq);
	store_be32(tcp + 8, flags & ACK ? run->peer : 0);
	tcp[12] = (uint8_t)((20 + options) / 4 << 4);
	tcp[13] = flags;
	store_be16(tcp + 14, 65000);
	if (options) {
		tcp[20] = 2;
		tcp[21] = 4;
		store_be16(tcp + 22, (uint16_t)(536 + draw(900)));
	}
	if (len)
		memcpy(tcp + 20 + options, payload, len);
	uint32_t pseudo = run->ip6 ? sum(ip + 8, 32, 0) : sum(ip + 12, 8, 0);
	store_be16(tcp + 16, fold(sum(tcp, tcp_len, pseudo + IPPROTO_TCP + (uint32_t)tcp_len)));
	sent_segments++;
	if (send(sock, frame, 14 + ip_len + tcp_len, 0) < 0)
		lost_segments++;
}

static void send_part(const struct run *run, size_t from, size_t to)
{
	send_segment(run, ACK | PSH, run->isn + 1 + (uint32_t)from, run->request + from, to - from);
}

/* What is left, cut at random, in random order, with repetitions and omissions. */
static void send_some(struct run *run)
{
	size_t cut[8] = {run->acked}, n = 1;
	while (n < 7 && cut[n - 1] < run->request_len) {
		size_t left = run->request_len - cut[n - 1];
		size_t len = 1 + draw((uint32_t)(left < 1200 ? left : 1200));
		cut[n] = cut[n - 1] + len;
		n++;
	}
	for (size_t k = 0; k < n + 1 && n > 1; k++) {
		size_t i = draw((uint32_t)n - 1), to = cut[i + 1];
		if (draw(8) == 0 && to + 10 < run->request_len)
			to += 10; /* overlaps the next one */
		send_part(run, cut[i], to);
	}
}

/* --- runs -------------------------------------------------------------------------------------------------------------- */

static size_t make_query(uint8_t *out)
{
	struct writer w = writer_of(out, REQUEST_MAX);
	unsigned n = 1 + draw(6);
	for (unsigned i = 0; i < n; i++) {
		struct writer start = w;
		writer_u16(&w, 0);
		writer_u16(&w, (uint16_t)i);
		writer_u16(&w, 0);
		writer_u16(&w, 1);
		writer_u16(&w, 0);
		writer_u32(&w, 0);
		const char *label = host;
		while (*label) {
			size_t len = strcspn(label, ".");
			writer_u8(&w, (uint8_t)len);
			writer_bytes(&w, label, len);
			label += len + (label[len] == '.');
		}
		writer_u8(&w, 0);
		writer_u16(&w, 1);
		writer_u16(&w, 1);
		store_be16(start.at, (uint16_t)(w.at - start.at - 2));
	}
	return (size_t)(w.at - out);
}

static size_t make_request(uint8_t *out, bool plain)
{
	char path[PATH_LEN + 1];
	for (unsigned i = 0; i < PATH_LEN; i++)
		path[i] = plain ? 'p' : (char)('a' + draw(26));
	path[PATH_LEN] = '\0';
	return (size_t)snprintf((char *)out, REQUEST_MAX,
				"GET /live/%s HTTP/1.1\r\nHost: %s\r\nX: %.*s\r\n\r\n", path, host,
				plain ? 1 : (int)draw(PATH_LEN) + 1, path);
}

static void begin(struct run *run, unsigned slot, bool plain)
{
	static uint16_t ports[SLOTS];
	memset(run, 0, sizeof(*run));
	run->busy = true;
	run->ip6 = !plain && draw(2);
	run->dns = !plain && draw(4) == 0;
	run->port = (uint16_t)(1024 + (ports[slot]++ * 509u + slot) % 64000u);
	memcpy(run->source, run->ip6 ? prefix6 : prefix4, 16 * run->ip6 + 4 * !run->ip6);
	run->source[run->ip6 ? 15 : 3] += (uint8_t)(slot % SOURCES);
	run->isn = draw(UINT32_MAX >> 2) * 4;
	run->request_len = run->dns ? make_query(run->request) : make_request(run->request, plain);
	run->began = now_us();
	run->next = run->began + AGAIN_US;
	send_segment(run, SYN, run->isn, NULL, 0);
}

static const char *date_end(const uint8_t *answer, size_t len, size_t *date)
{
	const uint8_t *at = memmem(answer, len, "\r\nDate: ", 8);
	*date = at ? (size_t)(at - answer) : len;
	return (const char *)at;
}

/* The request's own path in place of the model's; the time is not compared. */
static bool is_right(const struct run *run)
{
	if (run->dns) {
		struct reader r = reader_of(run->answer, run->answer_len);
		size_t questions = 0;
		for (size_t at = 0; at < run->request_len; at += 2u + load_be16(run->request + at))
			questions++;
		for (size_t i = 0; i < questions; i++) {
			uint16_t len = reader_u16(&r);
			const uint8_t *message = reader_take(&r, len);
			if (!message || len < 12 || load_be16(message) != i ||
			    !load_be16(message + 6))
				return false;
		}
		return reader_left(&r) == 0;
	}
	uint8_t expected[ANSWER_MAX];
	size_t date;
	memcpy(expected, model, model_len);
	memcpy(expected + model_path, run->request + 10, PATH_LEN);
	if (run->answer_len != model_len || !date_end(expected, model_len, &date))
		return false;
	memcpy(expected + date, run->answer + date, 37); /* "\r\nDate: " and an IMF-fixdate */
	return !memcmp(expected, run->answer, model_len);
}

/* Queries are all answered, though the server keeps the connection. */
static bool has_all(const struct run *run)
{
	size_t questions = 0, answers = 0, at = 0;
	for (size_t q = 0; q < run->request_len; q += 2u + load_be16(run->request + q))
		questions++;
	while (at + 2 <= run->answer_len &&
	       at + 2u + load_be16(run->answer + at) <= run->answer_len) {
		at += 2u + load_be16(run->answer + at);
		answers++;
	}
	return answers == questions;
}

static struct run *find(bool ip6, const uint8_t *source, uint16_t port)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (runs[i].busy && runs[i].ip6 == ip6 && runs[i].port == port &&
		    !memcmp(runs[i].source, source, ip6 ? 16 : 4))
			return &runs[i];
	return NULL;
}

static void take_octets(struct run *run, uint32_t offset, const uint8_t *payload, size_t len)
{
	if (offset > ANSWER_MAX || offset + len > ANSWER_MAX)
		return;
	memcpy(run->answer + offset, payload, len);
	memset(run->there + offset, 1, len);
	while (run->answer_len < ANSWER_MAX && run->there[run->answer_len]) {
		run->answer_len++;
		run->peer++;
	}
}

/* -1: the run has failed, 1: it is over. */
static int take_segment(struct run *run, const uint8_t *tcp, size_t len)
{
	size_t head = (size_t)(tcp[12] >> 4) * 4;
	uint8_t flags = tcp[13];
	uint32_t seq = load_be32(tcp + 4), ack = load_be32(tcp + 8);
	if (flags & RST)
		return -1;
	if (flags & SYN) {
		if (!run->connected) {
			run->connected = true;
			run->peer = seq + 1;
			run->next = now_us() + draw(500);
		}
		return 0;
	}
	if (!run->connected || draw(16) == 0)
		return 0; /* lost */
	uint32_t acked = ack - run->isn - 1;
	if (acked <= run->request_len && acked > run->acked)
		run->acked = acked;
	uint32_t start = run->peer - (uint32_t)run->answer_len;
	uint32_t offset = seq - start;
	take_octets(run, offset, tcp + head, len - head);
	if ((flags & FIN) && offset + (len - head) == run->answer_len) {
		run->peer++;
		run->ended = true;
	}
	if (len > head || (flags & FIN))
		send_segment(run, ACK, run->isn + 1 + run->acked, NULL, 0);
	return run->ended || (run->dns && has_all(run));
}

static int take_frame(const uint8_t *frame, size_t len, struct run **run)
{
	uint16_t type = len > 14 ? load_be16(frame + 12) : 0;
	const uint8_t *ip = frame + 14;
	bool ip6 = type == ETH_P_IPV6;
	if (len < 54 || (!ip6 && type != ETH_P_IP) || memcmp(frame + 6, their_mac, 6) != 0)
		return 0;
	size_t ip_len = ip6 ? 40 : 20;
	size_t total = ip6 ? 40u + load_be16(ip + 4) : load_be16(ip + 2);
	if (len < 14 + total || total < ip_len + 20 || (ip6 ? ip[6] : ip[9]) != IPPROTO_TCP)
		return 0;
	const uint8_t *tcp = ip + ip_len;
	*run = find(ip6, ip + (ip6 ? 24 : 16), load_be16(tcp + 2));
	return *run ? take_segment(*run, tcp, total - ip_len) : 0;
}

/* --- all of them ---------------------------------------------------------------------------------------------------------- */

static void finish(struct run *run)
{
	if (run->dns)
		send_segment(run, RST, run->isn + 1 + (uint32_t)run->request_len, NULL, 0);
	else
		send_segment(run, ACK | FIN, run->isn + 1 + (uint32_t)run->request_len, NULL, 0);
	run->busy = false;
}

static void go_on(struct run *run, uint64_t now)
{
	if (now < run->next)
		return;
	run->next = now + AGAIN_US / 2 + draw(AGAIN_US);
	if (!run->connected)
		send_segment(run, SYN, run->isn, NULL, 0);
	else if (run->acked < run->request_len)
		send_some(run);
	else
		send_segment(run, ACK, run->isn + 1 + run->acked, NULL, 0);
}

static void open_link(const char *link, const char *mac)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex(link)};
	socklen_t len = sizeof(at);
	int size = 64 << 20;
	sock = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (sock < 0 || bind(sock, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    getsockname(sock, (struct sockaddr *)&at, &len) < 0) {
		perror("torture: link");
		exit(2);
	}
	memcpy(our_mac, at.sll_addr, 6);
	sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &their_mac[0], &their_mac[1], &their_mac[2],
	       &their_mac[3], &their_mac[4], &their_mac[5]);
}

static void fail(const struct run *run, const char *what)
{
	fprintf(stderr,
		"torture: port %u, %s over IPv%d: %s; acknowledged %u of %zu octets, answer %zu "
		"octets:\n%.*s\n",
		run->port, run->dns ? "DNS" : "HTTP", run->ip6 ? 6 : 4, what, run->acked,
		run->request_len, run->answer_len, run->dns ? 0 : (int)run->answer_len,
		run->answer);
	exit(1);
}

static void receive(unsigned long *done)
{
	uint8_t frame[9216];
	struct pollfd fd = {sock, POLLIN, 0};
	if (poll(&fd, 1, 1) <= 0)
		return;
	for (ssize_t len; (len = recv(sock, frame, sizeof(frame), MSG_DONTWAIT)) > 0;) {
		struct run *run = NULL;
		int result = take_frame(frame, (size_t)len, &run);
		if (result < 0)
			fail(run, "it was reset");
		if (result == 0)
			continue;
		if (model_len && !is_right(run))
			fail(run, "another answer than to a request in one segment");
		finish(run);
		++*done;
	}
}

static void learn_model(void)
{
	unsigned long done = 0;
	begin(&runs[0], 0, true);
	while (!done && now_us() - runs[0].began < RUN_US) {
		receive(&done);
		if (runs[0].connected && runs[0].acked == 0)
			send_part(&runs[0], 0, runs[0].request_len);
	}
	uint8_t path[PATH_LEN];
	memset(path, 'p', PATH_LEN);
	uint8_t *at = memmem(runs[0].answer, runs[0].answer_len, path, PATH_LEN);
	if (!at)
		fail(&runs[0], "no redirect to the path");
	model_len = runs[0].answer_len;
	model_path = (size_t)(at - runs[0].answer);
	memcpy(model, runs[0].answer, model_len);
}

int main(int argc, char **argv)
{
	if (argc < 10)
		return 2;
	unsigned long wanted = strtoul(argv[8], NULL, 10), done = 0, begun = 0;
	open_link(argv[1], argv[2]);
	inet_pton(AF_INET, argv[3], prefix4);
	inet_pton(AF_INET, argv[4], server4);
	inet_pton(AF_INET6, argv[5], prefix6);
	inet_pton(AF_INET6, argv[6], server6);
	host = argv[7];
	random_state = strtoull(argv[9], NULL, 10) * 2 + 1;
	uint64_t start = now_us();
	learn_model();
	while (done < wanted) {
		uint64_t now = now_us();
		for (unsigned i = 0; i < SLOTS; i++) {
			if (!runs[i].busy && begun < wanted) {
				begin(&runs[i], i, false);
				begun++;
			} else if (runs[i].busy) {
				go_on(&runs[i], now);
			}
			if (runs[i].busy && now > runs[i].began + RUN_US)
				fail(&runs[i], "no answer in 30 seconds");
		}
		receive(&done);
	}
	printf("right %lu of %lu, %lu segments sent, %lu not taken by the link, %.1f s\n", done,
	       wanted, sent_segments, lost_segments, (double)(now_us() - start) / 1e6);
	return 0;
}
