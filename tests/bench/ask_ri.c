/* ask_ri - asks a Redirection Interface server for redirection targets over many kept connections, and counts what it answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*   ask_ri ADDRESS PORT PROVIDER-ID dns|http CONNECTIONS DEPTH SECONDS [CERTIFICATE KEY]
 *
 * It connects, says "ready", waits for a line, asks for so many seconds, and prints how many answers had status 200 and how many another
 * one. DEPTH requests go over each connection at once, to one connection after the other, so that some always wait for the server. */
enum { NAMES = 1000, REQUEST_MAX = 600, ANSWERS_MAX = 1 << 20, DEPTH_MAX = 64 };

struct connection {
	int fd;
	SSL *ssl; /* or none */
};

struct request {
	size_t len;
	char octets[REQUEST_MAX];
};
static struct request requests[NAMES];
static char answers[ANSWERS_MAX];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "ask_ri: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* --- Requests ------------------------------------------------------------------------------- */

static void make_requests(const char *provider_id, bool dns)
{
	for (unsigned i = 0; i < NAMES; i++) {
		char body[REQUEST_MAX / 2];
		int len = dns ? snprintf(body, sizeof(body),
					 "{\"dns\":{\"resolver-ip\":\"192.0.2.53\",\"qtype\":\"A\","
					 "\"qclass\":\"IN\",\"qname\":\"h%u.cdn.example\"},"
					 "\"cdn-path\":[\"%s\"]}",
					 i, provider_id)
			      : snprintf(body, sizeof(body),
					 "{\"http\":{\"c-ip\":\"192.0.2.7\",\"cs-uri\":"
					 "\"http://h%u.cdn.example/film/%u\",\"cs-method\":\"GET\","
					 "\"cs-version\":\"HTTP/1.1\"},\"cdn-path\":[\"%s\"]}",
					 i, i, provider_id);
		requests[i].len = (size_t)snprintf(
			requests[i].octets, REQUEST_MAX,
			"POST /ri HTTP/1.1\r\nHost: b.example\r\nContent-Type: application/cdni; "
			"ptype=redirection-request\r\nContent-Length: %d\r\n\r\n%s",
			len, body);
	}
}

/* --- Connections ---------------------------------------------------------------------------- */

static struct connection connect_to(const char *address, const char *port, SSL_CTX *context)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct connection c = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
	if (inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
	    connect(c.fd, (struct sockaddr *)&at, sizeof(at)))
		fail("cannot connect");
	c.ssl = context ? SSL_new(context) : NULL;
	if (context && (!c.ssl || !SSL_set_fd(c.ssl, c.fd) || SSL_connect(c.ssl) != 1))
		fail("no TLS connection");
	return c;
}

static SSL_CTX *open_tls(const char *certificate, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	if (!context || SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		fail("the certificate or its key cannot be used");
	return context;
}

static void ask(const struct connection *c, unsigned depth, unsigned *next)
{
	static char batch[DEPTH_MAX * REQUEST_MAX];
	size_t len = 0;
	for (unsigned i = 0; i < depth; i++) {
		const struct request *request = &requests[(*next)++ % NAMES];
		memcpy(batch + len, request->octets, request->len);
		len += request->len;
	}
	ssize_t sent = c->ssl ? SSL_write(c->ssl, batch, (int)len) : write(c->fd, batch, len);
	if (sent != (ssize_t)len)
		fail("the server takes no requests any more");
}

/* --- Answers -------------------------------------------------------------------------------- */

/* Octets of the first answer; 0: it is not whole. */
static size_t whole_answer(const char *at)
{
	const char *end = strstr(at, "\r\n\r\n"), *field = strstr(at, "Content-Length: ");
	if (!end)
		return 0;
	if (!field || field > end)
		fail("an answer has no Content-Length");
	size_t len = (size_t)(end + 4 - at) + strtoul(field + 16, NULL, 10);
	return strlen(at) >= len ? len : 0;
}

static void hear(const struct connection *c, unsigned depth, unsigned long counts[2])
{
	size_t len = 0, at = 0;
	for (unsigned heard = 0; heard < depth;) {
		size_t room = sizeof(answers) - 1 - len;
		ssize_t n = c->ssl ? SSL_read(c->ssl, answers + len, (int)room)
				   : read(c->fd, answers + len, room);
		if (n <= 0)
			fail("the server has ended a connection");
		len += (size_t)n;
		answers[len] = '\0';
		for (size_t one; (one = whole_answer(answers + at)); at += one, heard++)
			counts[strncmp(answers + at, "HTTP/1.1 200 ", 13) != 0]++;
	}
}

int main(int argc, char **argv)
{
	if (argc != 8 && argc != 10)
		fail("see its head for the arguments");
	unsigned n = (unsigned)atoi(argv[5]), depth = (unsigned)atoi(argv[6]), next = 0;
	unsigned long counts[2] = {0};
	struct connection *connections = calloc(n, sizeof(*connections));
	SSL_CTX *context = argc == 10 ? open_tls(argv[8], argv[9]) : NULL;
	if (!n || !depth || depth > DEPTH_MAX || !connections)
		fail("expected 1 to 64 requests at once, and a connection");
	make_requests(argv[3], !strcmp(argv[4], "dns"));
	for (unsigned i = 0; i < n; i++)
		connections[i] = connect_to(argv[1], argv[2], context);
	printf("ready\n");
	fflush(stdout);
	getchar();
	double end = now() + atof(argv[7]);
	for (unsigned i = 0; i < n; i++)
		ask(&connections[i], depth, &next);
	for (bool more = true; more;) {
		more = now() < end;
		for (unsigned i = 0; i < n; i++) {
			hear(&connections[i], depth, counts);
			if (more)
				ask(&connections[i], depth, &next);
		}
	}
	printf("%lu %lu\n", counts[0], counts[1]);
	free(connections);
	SSL_CTX_free(context);
	return 0;
}
