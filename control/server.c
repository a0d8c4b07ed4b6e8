/* server - the control socket: UNIX stream clients that send lines and get a line back for each, in order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "server.h"

#include "log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
	struct server *server;
	struct bufferevent *io;
	bool eof;    /* it sends nothing more */
	bool ending; /* no more lines are taken; closed when its answers are written */
	struct client *next, **link;
};

struct server {
	struct event_base *base;
	struct evconnlistener *listener;
	server_answer *answer;
	void *arg;
	unsigned n_clients;
	struct client *clients;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

static void client_free(struct client *client)
{
	client->server->n_clients--;
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	bufferevent_free(client->io);
	free(client);
}

static size_t pending(const struct client *client)
{
	return evbuffer_get_length(bufferevent_get_output(client->io));
}

/* false: it has too much unread. */
static bool send_line(struct client *client, const char *line)
{
	struct evbuffer *out = bufferevent_get_output(client->io);
	if (evbuffer_get_length(out) + strlen(line) > SERVER_PENDING_MAX ||
	    evbuffer_add(out, line, strlen(line)) || evbuffer_add(out, "\n", 1)) {
		log_line(LOG_LEVEL_WARNING,
			 "a client of the control socket was cut off: %zu octets of answers wait "
			 "for it",
			 evbuffer_get_length(out) + strlen(line));
		return false;
	}
	return true;
}

/* What cannot be a JSON-RPC request any more gets an answer without id and ends the client. */
static bool refuse(struct client *client, int code, const char *text)
{
	char line[256];
	snprintf(line, sizeof(line),
		 "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,\"message\":\"%s\"}}",
		 code, text);
	client->ending = true;
	bufferevent_disable(client->io, EV_READ);
	return send_line(client, line);
}

/* false: no whole line is there. */
static bool answer_next(struct client *client, bool *alive)
{
	size_t len;
	struct evbuffer *in = bufferevent_get_input(client->io);
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (!line) {
		if (evbuffer_get_length(in) > SERVER_LINE_MAX)
			*alive = refuse(client, -32600, "the request is longer than 1 MiB");
		return false;
	}
	if (len > SERVER_LINE_MAX) {
		*alive = refuse(client, -32600, "the request is longer than 1 MiB");
	} else {
		char *answer = client->server->answer(client->server->arg, line, len);
		if (answer)
			*alive = send_line(client, answer);
		free(answer);
	}
	free(line);
	return *alive;
}

static void serve(struct client *client)
{
	bool alive = true, line = true;
	while (line && !client->ending && pending(client) < SERVER_PENDING_HIGH)
		line = answer_next(client, &alive);
	if (!line)
		client->ending |= client->eof;
	if (!alive || (client->ending && !pending(client)))
		client_free(client);
}

static void on_read(struct bufferevent *io, void *arg)
{
	(void)io;
	serve(arg);
}

/* All is written: go on with lines that waited for it. */
static void on_written(struct bufferevent *io, void *arg)
{
	(void)io;
	serve(arg);
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct client *client = arg;
	if (!(what & BEV_EVENT_EOF)) {
		client_free(client);
		return;
	}
	/* It ended its sending side; what it asked before is still answered. */
	bufferevent_disable(io, EV_READ);
	client->eof = true;
	serve(client);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
		      int address_len, void *arg)
{
	(void)listener;
	(void)address;
	(void)address_len;
	struct server *server = arg;
	struct client *client = calloc(1, sizeof(*client));
	struct bufferevent *io =
		client ? bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE) : NULL;
	if (!io) {
		free(client);
		close(fd);
		return;
	}
	static const struct timeval write_time = {.tv_sec = SERVER_WRITE_SECONDS};
	*client = (struct client){
		.server = server, .io = io, .next = server->clients, .link = &server->clients};
	if (client->next)
		client->next->link = &client->next;
	server->clients = client;
	server->n_clients++;
	bufferevent_setcb(io, on_read, on_written, on_event, client);
	bufferevent_setwatermark(io, EV_READ, 0, SERVER_LINE_MAX + 4096);
	bufferevent_set_timeouts(io, NULL, &write_time);
	if (server->n_clients > SERVER_CLIENTS_MAX)
		refuse(client, -32000, "there are already 64 clients; end one of them");
	else
		bufferevent_enable(io, EV_READ | EV_WRITE);
}

/* --- The socket ----------------------------------------------------------------------------- */

static bool make_folder(const char *path, char *err, size_t err_len)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	snprintf(folder, sizeof(folder), "%s", path);
	char *slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return true;
	*slash = '\0';
	if (!mkdir(folder, 0755) || errno == EEXIST)
		return true;
	snprintf(err, err_len, "the folder %s of the control socket cannot be made: %s", folder,
		 strerror(errno));
	return false;
}

/* A socket nobody listens on is removed. */
static bool clear_stale(const struct sockaddr_un *address, char *err, size_t err_len)
{
	struct stat info;
	if (lstat(address->sun_path, &info))
		return true;
	if (!S_ISSOCK(info.st_mode)) {
		snprintf(err, err_len, "%s is there and is not a socket; remove it",
			 address->sun_path);
		return false;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
		       errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	if (refused && !unlink(address->sun_path))
		return true;
	snprintf(err, err_len,
		 refused ? "the old control socket %s cannot be removed"
			 : "the control socket %s is in use; is another turnoutd running?",
		 address->sun_path);
	return false;
}

static int listen_at(const char *path, char *err, size_t err_len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(err, err_len, "the path of the control socket is longer than %zu octets",
			 sizeof(address.sun_path) - 1);
		return -1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (!make_folder(path, err, err_len) || !clear_stale(&address, err, err_len))
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old = umask(0117);
	bool bound = fd >= 0 && !bind(fd, (const struct sockaddr *)&address, sizeof(address)) &&
		     !listen(fd, SERVER_CLIENTS_MAX);
	int error = errno;
	umask(old);
	if (bound)
		return fd;
	snprintf(err, err_len, "the control socket %s cannot be opened: %s", path, strerror(error));
	if (fd >= 0)
		close(fd);
	return -1;
}

struct server *server_new(struct event_base *base, const char *path, server_answer *answer,
			  void *arg, char *err, size_t err_len)
{
	struct server *server = calloc(1, sizeof(*server));
	if (!server) {
		snprintf(err, err_len, "no memory for the control socket");
		return NULL;
	}
	server->base = base;
	server->answer = answer;
	server->arg = arg;
	int fd = listen_at(path, err, err_len);
	if (fd < 0) {
		free(server);
		return NULL;
	}
	snprintf(server->path, sizeof(server->path), "%s", path);
	server->listener =
		evconnlistener_new(base, on_accept, server, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	if (server->listener)
		return server;
	snprintf(err, err_len, "no memory for the control socket");
	close(fd);
	server_free(server);
	return NULL;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	while (server->clients)
		client_free(server->clients);
	if (server->listener)
		evconnlistener_free(server->listener);
	unlink(server->path);
	free(server);
}
