/* fuzz_https_server - any octets from a peer to the HTTPS server, through evhttp to handlers that answer, hold and stream. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/https_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct event_base *base;
static struct https_server *server;
static unsigned held;

static void note_end(void *arg)
{
	(void)arg;
	held--;
}

/* All of what was asked is looked at. */
static void on_echo(void *arg, struct https_request *request)
{
	size_t len;
	(void)arg;
	const uint8_t *body = https_request_body(request, &len);
	const char *path = https_request_path(request), *query = https_request_query(request);
	if (path[0] != '/' || (query && strlen(query) > 65536) ||
	    len > https_limits_default.body_octets)
		abort();
	https_answer(request, 200, "text/plain", body, len);
}

static void on_hold(void *arg, struct https_request *request)
{
	(void)arg;
	held++;
	https_answer_hold(request, note_end, NULL);
}

static void on_stream(void *arg, struct https_request *request)
{
	on_hold(arg, request);
	https_answer_begin(request, 200, "text/event-stream");
	https_answer_chunk(request, "data: x\n\n", 9);
}

static void on_short(void *arg, struct https_request *request)
{
	(void)arg;
	https_answer_begin(request, 200, "text/plain");
	https_answer_chunk(request, "x", 1);
	https_answer_end(request);
}

static void start(void)
{
	enum { ALL = HTTPS_GET | HTTPS_HEAD | HTTPS_POST | HTTPS_PUT | HTTPS_DELETE };
	static char name[] = "b";
	static struct peer_settings peer = {
		.name = name, .roles = PEER_UPSTREAM, .plain_http = true};
	static const struct peers peers = {&peer, 1};
	struct listen_at at = {.port = 0};
	char err[512];
	ip_addr_parse("127.0.0.1", &peer.address);
	at.address = peer.address;
	peer.limits = (struct peer_limits){1, 1, 1024, 1000000, 1024};
	base = event_base_new();
	server = base ? https_server_new(base, NULL, &https_limits_default) : NULL;
	if (!server || !https_server_listen(server, &at, true, err, sizeof(err)) ||
	    !https_server_peers(server, &peers))
		abort();
	https_server_route(server, PEER_UPSTREAM, ALL, "/", on_echo, NULL);
	https_server_route(server, PEER_UPSTREAM, ALL, "/hold", on_hold, NULL);
	https_server_route(server, PEER_UPSTREAM, ALL, "/stream", on_stream, NULL);
	https_server_route(server, PEER_UPSTREAM, ALL, "/short", on_short, NULL);
}

/* With a reset at its end, so that no port waits for late packets. */
static int dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(https_server_port(server, 0)),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct linger linger = {1, 0};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		abort();
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char answer[4096];
	if (!server)
		start();
	int fd = dial();
	for (int turns = 0; turns < 8; turns++) {
		ssize_t n = size ? send(fd, data, size, MSG_NOSIGNAL) : 0;
		data += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
		event_base_loop(base, EVLOOP_NONBLOCK);
		while (recv(fd, answer, sizeof(answer), 0) > 0)
			;
	}
	close(fd);
	/* What never became a request is seen by the look that is taken every now and then. */
	for (int turns = 0; turns < 1000 && server->n_connections; turns++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		https_connection_tend(server);
	}
	if (server->n_connections || held)
		abort();
	return 0;
}
