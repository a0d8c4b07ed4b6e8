/* server - the control socket: UNIX stream clients that send lines and get a line back for each, in order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <event2/event.h>
#include <stddef.h>

enum {
	SERVER_CLIENTS_MAX = 64,
	SERVER_LINE_MAX = 1 << 20, /* octets of a request, without its end of line */
	SERVER_PENDING_MAX =
		16 << 20, /* octets of answers that a client has not read: then it is cut off */
	SERVER_PENDING_HIGH = 1 << 20, /* from here on its next lines wait until it has read */
	SERVER_WRITE_SECONDS = 30,     /* a client that reads nothing for so long is cut off */
};

struct server;

/* Answers one line (not terminated, without its end of line). The result is freed with free(); it
 * holds no end of line. NULL: no answer. */
typedef char *server_answer(void *arg, const char *line, size_t len);

/* Listens at path with mode 0660. A missing folder is made (mode 0755); a socket left by a process
 * that died is replaced. NULL: the reason, a sentence, is in err. Control thread. */
struct server *server_new(struct event_base *base, const char *path, server_answer *answer,
			  void *arg, char *err, size_t err_len);

/* Ends all clients, removes the socket. */
void server_free(struct server *server);
