/* https_server - where other CDNs reach us: HTTP/1.1 over mutual TLS on the control loop, each peer with its own rights and limits. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "https_server.h"

#include "config_peers.h"
#include "https_connection.h"
#include "log.h"

#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { WHILE_MS = 250, BACKLOG = 128 };

const struct https_limits https_limits_default = {
	.connections = 4096,
	.shaking = 64,
	.shake_ms = 5000,
	.request_ms = 10000,
	.idle_ms = 75000,
	.stuck_ms = 15000,
	.answer_ms = 120000,
	.head_octets = 16 << 10,
	.body_octets = 1 << 20,
	.pending_octets = 32 << 20,
};

struct https_limits https_limits_for(uint64_t descriptors)
{
	struct https_limits limits = https_limits_default;
	if (limits.connections > descriptors / 2)
		limits.connections = (unsigned)(descriptors / 2);
	return limits;
}

const char *https_count_name(enum https_count count)
{
	static const char *const names[] = {
		/* as enum https_count */
		"connections",      "requests",           "octets_in",
		"octets_out",       "refused_handshake",  "refused_certificate",
		"refused_identity", "refused_connection", "refused_malformed",
		"refused_size",     "refused_role",       "refused_path",
		"refused_method",   "refused_rate",       "cut_handshake",
		"cut_request",      "cut_idle",           "cut_slow",
		"cut_expired",      "cut_changed",        "cut_lost",
	};
	_Static_assert(sizeof(names) / sizeof(names[0]) == HTTPS_COUNTS, "a name for each");
	return names[count];
}

/* --- Requests ----------------------------------------------------------------------------------- */

static bool take_token(struct https_peer *peer)
{
	uint64_t now = https_connection_now_ms(), rate = peer->settings->limits.requests_per_second;
	peer->tokens += (now - peer->refilled_ms) * rate;
	peer->refilled_ms = now;
	if (peer->tokens > rate * 1000)
		peer->tokens = rate * 1000;
	if (peer->tokens < 1000)
		return false;
	peer->tokens -= 1000;
	return true;
}

static bool path_fits(const struct https_route *route, const char *path)
{
	bool folder = route->path[route->len - 1] == '/';
	return folder ? !strncmp(path, route->path, route->len) : !strcmp(path, route->path);
}

/* What is there at a path. */
struct found {
	size_t len; /* of the longest route that fits */
	bool role;  /* of those, one is for this peer */
	unsigned methods;
	const struct https_route *route; /* and this one for the method */
};

static struct found find_route(const struct https_server *server,
			       const struct https_request *request)
{
	struct found found = {0};
	const char *path = https_request_path(request);
	for (const struct https_route *route = server->routes; route; route = route->next) {
		if (route->len < found.len || !path_fits(route, path))
			continue;
		if (route->len > found.len)
			found = (struct found){.len = route->len};
		if (!(route->roles & request->peer->settings->roles))
			continue;
		found.role = true;
		found.methods |= route->methods;
		if (route->methods & https_request_method(request))
			found.route = route;
	}
	return found;
}

static void refuse_method(struct https_request *request, unsigned methods)
{
	static const char *const names[] = {"GET", "HEAD", "POST", "PUT",
					    "DELETE"}; /* bits of enum https_method */
	char allow[64] = "";
	size_t len = 0;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (methods & 1u << i)
			len += (size_t)snprintf(allow + len, sizeof(allow) - len, "%s%s",
						len ? ", " : "", names[i]);
	https_answer_header(request, "Allow", allow);
	https_answer_text(request, 405, "This resource takes %s.", allow);
}

static void refuse(struct https_request *request, enum https_count why, const struct found *found)
{
	request->peer->counts.n[why]++;
	switch (why) {
	case HTTPS_REFUSED_MALFORMED:
		https_answer_header(request, "Connection", "close");
		https_answer_text(
			request, 400,
			"Expected one Host, and one Content-Length or Transfer-Encoding: chunked.");
		break;
	case HTTPS_REFUSED_RATE:
		https_answer_header(request, "Retry-After", "1");
		https_answer_text(request, 429, "More than %u requests came in a second.",
				  request->peer->settings->limits.requests_per_second);
		break;
	case HTTPS_REFUSED_PATH:
		https_answer_text(request, 404, "There is no such resource.");
		break;
	case HTTPS_REFUSED_ROLE:
		https_answer_text(request, 403, "The resource is for %s CDNs.",
				  request->peer->settings->roles & PEER_UPSTREAM ? "downstream"
										 : "upstream");
		break;
	default:
		refuse_method(request, found->methods);
	}
}

static size_t count_fields(const struct evkeyvalq *fields, const char *name)
{
	size_t n = 0;
	for (const struct evkeyval *field = fields->tqh_first; field; field = field->next.tqe_next)
		n += !evutil_ascii_strcasecmp(field->key, name);
	return n;
}

/* Where the request ends, and what it is for, can be understood in one way only (RFC 9112 §3.2, §6.3); evhttp is content with less. */
static bool is_clear(const struct https_request *request)
{
	const struct evkeyvalq *fields = evhttp_request_get_input_headers(request->http);
	const char *encoding = https_request_header(request, "Transfer-Encoding");
	size_t encodings = count_fields(fields, "Transfer-Encoding"),
	       lengths = count_fields(fields, "Content-Length");
	return count_fields(fields, "Host") == 1 && encodings + lengths <= 1 &&
	       (!encoding || !evutil_ascii_strcasecmp(encoding, "chunked"));
}

static void serve(struct https_server *server, struct https_request *request)
{
	struct found found = find_route(server, request);
	if (!is_clear(request))
		refuse(request, HTTPS_REFUSED_MALFORMED, &found);
	else if (!take_token(request->peer))
		refuse(request, HTTPS_REFUSED_RATE, &found);
	else if (!found.len)
		refuse(request, HTTPS_REFUSED_PATH, &found);
	else if (!found.role)
		refuse(request, HTTPS_REFUSED_ROLE, &found);
	else if (!found.route)
		refuse(request, HTTPS_REFUSED_METHOD, &found);
	else
		found.route->handler(found.route->arg, request);
}

static void on_request(struct evhttp_request *http, void *arg)
{
	struct https_server *server = arg;
	struct https_request *request = https_connection_of(server, http);
	if (!request) {
		evhttp_send_error(http, 403, NULL);
		return;
	}
	https_connection_hold(request, http);
	server->current = request;
	serve(server, request);
	/* An answer may have ended the connection. */
	bool open = server->current == request && request->http == http;
	server->current = NULL;
	if (open && (request->held || request->begun))
		https_connection_listen(request);
	else if (open && !request->doomed)
		https_answer_text(request, 500, "The request was not answered.");
}

/* --- The server --------------------------------------------------------------------------------- */

static void on_while(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	https_connection_tend(arg);
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	https_connection_greet(arg);
}

static struct evhttp *make_http(struct https_server *server,
				struct bufferevent *(*take)(struct event_base *base, void *arg))
{
	struct evhttp *http = evhttp_new(server->base);
	if (!http)
		return NULL;
	evhttp_set_bevcb(http, take, server);
	evhttp_set_gencb(http, on_request, server);
	evhttp_set_max_headers_size(http, (ev_ssize_t)server->limits.head_octets);
	evhttp_set_max_body_size(http, (ev_ssize_t)server->limits.body_octets);
	evhttp_set_default_content_type(http, NULL);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
						 EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE);
	return http;
}

struct https_server *https_server_new(struct event_base *base, struct tls *tls,
				      const struct https_limits *limits)
{
	static const struct timeval every = {.tv_usec = WHILE_MS * 1000};
	struct https_server *server = calloc(1, sizeof(*server));
	if (!server)
		return NULL;
	server->base = base;
	server->tls = tls;
	server->limits = *limits;
	server->secure = make_http(server, https_connection_secure);
	server->open = make_http(server, https_connection_open);
	server->every_while = event_new(base, -1, EV_PERSIST, on_while, server);
	server->soon = event_new(base, -1, 0, on_soon, server);
	if (server->secure && server->open && server->every_while && server->soon &&
	    !event_add(server->every_while, &every))
		return server;
	https_server_free(server);
	return NULL;
}

static socklen_t socket_address(const struct listen_at *at, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (at->address.family == 4) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;
		v4->sin_family = AF_INET;
		v4->sin_port = htons(at->port);
		memcpy(&v4->sin_addr, at->address.bytes, 4);
		return sizeof(*v4);
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(at->port);
	memcpy(&v6->sin6_addr, at->address.bytes, 16);
	return sizeof(*v6);
}

/* 0: unknown. Both families have it at the same place. */
static uint16_t port_of(evutil_socket_t fd)
{
	struct sockaddr_in6 bound = {0};
	socklen_t len = sizeof(bound);
	return getsockname(fd, (struct sockaddr *)&bound, &len) ? 0 : ntohs(bound.sin6_port);
}

bool https_server_listen(struct https_server *server, const struct listen_at *at, bool plain,
			 char *err, size_t err_len)
{
	struct sockaddr_storage address;
	char text[IP_TEXT_MAX];
	socklen_t len = socket_address(at, &address);
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
	if (at->address.family == 6)
		flags |= LEV_OPT_BIND_IPV6ONLY;
	errno = ENOMEM;
	struct evconnlistener *listener = evconnlistener_new_bind(
		server->base, NULL, NULL, flags, BACKLOG, (struct sockaddr *)&address, (int)len);
	int error = errno;
	if (listener && server->n_ports < 2 * LISTEN_MAX &&
	    evhttp_bind_listener(plain ? server->open : server->secure, listener)) {
		server->ports[server->n_ports++] = port_of(evconnlistener_get_fd(listener));
		return true;
	}
	snprintf(err, err_len,
		 "interconnection: %s port %u cannot be listened at: %s; is it an address of this "
		 "machine, and the port free?",
		 ip_addr_text(&at->address, text), at->port, strerror(error));
	if (listener)
		evconnlistener_free(listener);
	return false;
}

uint16_t https_server_port(const struct https_server *server, size_t i)
{
	return i < server->n_ports ? server->ports[i] : 0;
}

bool https_server_route(struct https_server *server, unsigned roles, unsigned methods,
			const char *path, https_handler *handler, void *arg)
{
	struct https_route *route = malloc(sizeof(*route));
	if (!route)
		return false;
	*route = (struct https_route){roles,   methods, path,          strlen(path),
				      handler, arg,     server->routes};
	server->routes = route;
	return true;
}

/* --- Peers -------------------------------------------------------------------------------------- */

static struct https_peer *find_peer(const struct https_server *server, const char *name)
{
	struct https_peer *peer = server->peers;
	while (peer && strcmp(peer->settings->name, name) != 0)
		peer = peer->next;
	return peer;
}

const struct https_counts *https_server_counts(const struct https_server *server, const char *peer)
{
	const struct https_peer *known = peer ? find_peer(server, peer) : NULL;
	if (!peer)
		return &server->unknown;
	return known ? &known->counts : NULL;
}

/* Those who are no longer peers, or are others. */
static void cut_changed(struct https_server *server, const struct peers *peers)
{
	for (struct https_request *request = server->connections; request;) {
		const struct peer_settings *now =
			request->peer ? config_peers_find(peers, request->peer->settings->name)
				      : NULL;
		bool cut = request->peer && (!now || !https_connection_fits(request, now));
		if (cut) {
			https_connection_doom(request, HTTPS_CUT_CHANGED);
			https_connection_cut(request);
		}
		request = cut ? server->connections : request->next;
	}
}

static void peers_free(struct https_peer *list)
{
	for (struct https_peer *peer = list, *next; peer; peer = next) {
		next = peer->next;
		free(peer);
	}
}

/* Those who were not there before. false: no memory. */
static bool make_peers(const struct https_server *server, const struct peers *peers,
		       struct https_peer **list)
{
	for (size_t i = 0; i < peers->n; i++) {
		if (find_peer(server, peers->list[i].name))
			continue;
		struct https_peer *peer = calloc(1, sizeof(*peer));
		if (!peer)
			return false;
		peer->settings = &peers->list[i];
		peer->next = *list;
		*list = peer;
	}
	return true;
}

bool https_server_peers(struct https_server *server, const struct peers *peers)
{
	struct https_peer *fresh = NULL;
	if (!make_peers(server, peers, &fresh)) {
		peers_free(fresh);
		return false;
	}
	cut_changed(server, peers);
	struct https_peer **link = &server->peers;
	while (*link) {
		struct https_peer *peer = *link;
		peer->settings = config_peers_find(peers, peer->settings->name);
		if (peer->settings) {
			link = &peer->next;
		} else {
			*link = peer->next;
			free(peer);
		}
	}
	*link = fresh;
	for (const struct https_peer *peer = fresh; peer; peer = peer->next)
		if (peer->settings->plain_http)
			log_line(LOG_LEVEL_WARNING,
				 "the peer '%s' is talked to without TLS: whoever is on the way "
				 "can read and change what is said",
				 peer->settings->name);
	return true;
}

void https_server_free(struct https_server *server)
{
	if (!server)
		return;
	while (server->connections)
		https_connection_cut(server->connections);
	if (server->secure)
		evhttp_free(server->secure);
	if (server->open)
		evhttp_free(server->open);
	if (server->every_while)
		event_free(server->every_while);
	if (server->soon)
		event_free(server->soon);
	for (struct https_route *route = server->routes, *next; route; route = next) {
		next = route->next;
		free(route);
	}
	peers_free(server->peers);
	free(server->by_fd);
	free(server);
}
