/* server - the control socket: UNIX stream clients that send lines and get a line back for each, in order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "server.h"

#include "log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct server_client {
	struct server *server;
	struct bufferevent *io;
	uid_t uid;
	bool eof;    /* it sends nothing more */
	bool ending; /* no more lines are taken; closed when its answers are written */
	bool held;   /* an answer comes later */
	void (*ended)(void *arg);
	void *ended_arg;
	struct server_client *next, **link;
};

struct server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *every_second;
	server_answer *answer;
	void *arg;
	unsigned n_clients;
	struct server_client *clients;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

static void client_free(struct server_client *client)
{
	void (*ended)(void *arg) = client->held ? client->ended : NULL;
	void *arg = client->ended_arg;
	client->server->n_clients--;
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	bufferevent_free(client->io);
	free(client);
	if (ended)
		ended(arg);
}

static size_t pending(const struct server_client *client)
{
	return evbuffer_get_length(bufferevent_get_output(client->io));
}

/* A whole line or nothing. */
static bool add_line(struct server_client *client, const char *line)
{
	struct evbuffer *out = bufferevent_get_output(client->io);
	size_t len = strlen(line);
	return !evbuffer_expand(out, len + 1) && !evbuffer_add(out, line, len) &&
	       !evbuffer_add(out, "\n", 1);
}

/* false: it has too much unread. */
static bool send_line(struct server_client *client, const char *line)
{
	size_t waiting = pending(client) + strlen(line);
	if (waiting <= SERVER_PENDING_MAX && add_line(client, line))
		return true;
	log_line(LOG_LEVEL_WARNING,
		 "a client of the control socket was cut off: %zu octets of answers wait for it",
		 waiting);
	return false;
}

/* What cannot be a JSON-RPC request any more gets an answer without id and ends the client. */
static bool refuse(struct server_client *client, int code, const char *text)
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
static bool answer_next(struct server_client *client, bool *alive)
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
		char *answer = client->server->answer(client->server->arg, client, line, len);
		if (answer)
			*alive = send_line(client, answer);
		free(answer);
	}
	free(line);
	return *alive;
}

static void serve(struct server_client *client)
{
	bool alive = true, line = true;
	while (line && !client->held && !client->ending && pending(client) < SERVER_PENDING_HIGH)
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

/* Both directions are closed, not only its sending side. */
static bool has_gone(const struct server_client *client)
{
	struct pollfd poll_fd = {.fd = bufferevent_getfd(client->io)};
	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLHUP | POLLERR);
}

/* A held client is not always read, and one that ended its sending side cannot be: look. */
static void on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct server *server = arg;
	for (struct server_client *client = server->clients; client;) {
		bool gone = client->held && has_gone(client);
		if (gone)
			client_free(client);
		/* What was told that one ended may have ended others. */
		client = gone ? server->clients : client->next;
	}
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct server_client *client = arg;
	if (!(what & BEV_EVENT_EOF) || (client->held && has_gone(client))) {
		client_free(client);
		return;
	}
	/* It ended its sending side; what it asked before is still answered. */
	bufferevent_disable(io, EV_READ);
	client->eof = true;
	serve(client);
}

/* --- What the answers use ------------------------------------------------------------------- */

uid_t server_client_uid(const struct server_client *client)
{
	return client->uid;
}

void server_client_hold(struct server_client *client, void (*ended)(void *arg), void *arg)
{
	client->held = true;
	client->ended = ended;
	client->ended_arg = arg;
}

void server_client_answer(struct server_client *client, const char *line)
{
	client->held = false;
	if (line && !send_line(client, line))
		client_free(client);
	else
		serve(client);
}

bool server_client_tell(struct server_client *client, const char *line)
{
	return pending(client) + strlen(line) <= SERVER_PENDING_HIGH && add_line(client, line);
}

/* --- The socket ----------------------------------------------------------------------------- */

/* -1: unknown. */
static uid_t peer_uid(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ? (uid_t)-1 : peer.uid;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
		      int address_len, void *arg)
{
	(void)listener;
	(void)address;
	(void)address_len;
	struct server *server = arg;
	struct server_client *client = calloc(1, sizeof(*client));
	struct bufferevent *io =
		client ? bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE) : NULL;
	if (!io) {
		free(client);
		close(fd);
		return;
	}
	static const struct timeval write_time = {.tv_sec = SERVER_WRITE_SECONDS};
	*client = (struct server_client){.server = server,
					 .io = io,
					 .uid = peer_uid(fd),
					 .next = server->clients,
					 .link = &server->clients};
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
	static const struct timeval second = {.tv_sec = 1};
	server->listener =
		evconnlistener_new(base, on_accept, server, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	if (!server->listener)
		close(fd);
	server->every_second = event_new(base, -1, EV_PERSIST, on_second, server);
	if (server->listener && server->every_second && !event_add(server->every_second, &second))
		return server;
	snprintf(err, err_len, "no memory for the control socket");
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
	if (server->every_second)
		event_free(server->every_second);
	unlink(server->path);
	free(server);
}
