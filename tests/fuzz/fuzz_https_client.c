/* fuzz_https_client - any octets as the answer of a peer to the HTTPS client, whole or as a stream, once and after redirects. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/https_client.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct event_base *base;
static struct https_client *client;
static int listener;
static char url[64];
static bool done;

static bool on_chunk(void *arg, struct https_call *call, const uint8_t *octets, size_t len)
{
	static unsigned n;
	(void)arg;
	(void)octets;
	if (!len || https_client_status(call) / 100 != 2)
		abort();
	/* Each third piece has to come again. */
	if (++n % 3)
		return true;
	https_client_resume(call);
	return false;
}

static void on_done(void *arg, struct https_call *call, const struct https_call_answer *answer)
{
	(void)arg;
	const char *type = https_client_header(call, "Content-Type");
	if (done || !answer->status == !answer->error || (type && strlen(type) > 65536))
		abort();
	done = true;
}

static void start(void)
{
	static char name[] = "b";
	static struct peer_settings peer = {
		.name = name, .roles = PEER_DOWNSTREAM, .directory = url, .plain_http = true};
	static const struct peers peers = {&peer, 1};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, len) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&at, &len))
		abort();
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(at.sin_port));
	peer.limits = (struct peer_limits){1, 1, 65536, 1000, 16};
	base = event_base_new();
	client = base ? https_client_new(base, NULL) : NULL;
	if (!client || !https_client_peers(client, &peers))
		abort();
}

/* Whoever connects is answered with the same octets, once he has asked. */
static void answer_one(const uint8_t *data, size_t size)
{
	struct linger linger = {1, 0};
	char request[4096];
	int fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return;
	for (int turns = 0; turns < 10000 && recv(fd, request, sizeof(request), MSG_DONTWAIT) <= 0;
	     turns++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	for (int turns = 0; size && turns < 10000; turns++) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		data += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	shutdown(fd, SHUT_WR);
	for (int turns = 0; turns < 4 && !done; turns++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static void ask(const uint8_t *data, size_t size, bool stream)
{
	struct https_call_plan plan = {.limits = {1000, 1000, 1000, 1000, 0},
				       .chunk = stream ? on_chunk : NULL,
				       .done = on_done};
	char err[1024];
	done = false;
	if (!https_client_get(client, "b", url, &plan, err, sizeof(err)))
		abort();
	while (!done) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		answer_one(data, size);
	}
	if (https_client_calls(client, "b"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!client)
		start();
	ask(data, size, size % 2);
	return 0;
}
