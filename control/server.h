/* server - the control socket: UNIX stream clients that send lines and get a line back for each, in order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	SERVER_CLIENTS_MAX = 64,
	SERVER_LINE_MAX = 1 << 20, /* octets of a request, without its end of line */
	SERVER_PENDING_MAX =
		16 << 20, /* octets of answers that a client has not read: then it is cut off */
	SERVER_PENDING_HIGH = 1 << 20, /* from here on its next lines wait until it has read */
	SERVER_WRITE_SECONDS = 30,     /* a client that reads nothing for so long is cut off */
};

struct server;

/* A program on the other end. */
struct server_client;

/* Answers one line (not terminated, without its end of line). The result is freed with free(); it
 * holds no end of line. NULL: no answer, or a later one if the client is held. */
typedef char *server_answer(void *arg, struct server_client *client, const char *line, size_t len);

/* Who it is (SO_PEERCRED), as it was when it connected. */
uid_t server_client_uid(const struct server_client *client);

/* Called while a line is answered: the answer comes later, by server_client_answer, and the lines behind it wait. `ended` is called
 * when the client goes away before that; it is not to be used from then on. A client that only ended its sending side
 * still gets its answer. */
void server_client_hold(struct server_client *client, void (*ended)(void *arg), void *arg);

/* The answer of a held client (NULL: none), from the event loop, not from within server_answer. It may end the client. */
void server_client_answer(struct server_client *client, const char *line);

/* A line beside the answers, for a held client. false: too much is unread already; the line is left out. */
bool server_client_tell(struct server_client *client, const char *line);

/* Listens at path with mode 0660. A missing folder is made (mode 0755); a socket left by a process
 * that died is replaced. NULL: the reason, a sentence, is in err. Control thread. */
struct server *server_new(struct event_base *base, const char *path, server_answer *answer,
			  void *arg, char *err, size_t err_len);

/* Ends all clients, removes the socket. */
void server_free(struct server *server);
