/* ctl_link - a connection to turnoutd: one request, what it tells meanwhile, its answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_link.h"

#include "ctl_interrupt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *connect_advice(int error)
{
	switch (error) {
	case ENOENT:
		return "there is no such socket; start turnoutd, or name its socket with -s";
	case ECONNREFUSED:
		return "nobody listens on it; turnoutd has ended, start it again";
	case EACCES:
	case EPERM:
		return "you may not use it; become root or a member of the group that owns it";
	default:
		return strerror(error);
	}
}

bool ctl_link_open(struct ctl_link *link, const char *path, char *err, size_t err_len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	*link = (struct ctl_link){.path = path, .fd = -1};
	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(err, err_len, "the path of the socket is longer than %zu octets: %s",
			 sizeof(address.sun_path) - 1, path);
		return false;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->fd >= 0 && !connect(link->fd, (struct sockaddr *)&address, sizeof(address)))
		return true;
	snprintf(err, err_len, "cannot reach turnoutd at %s: %s", path, connect_advice(errno));
	ctl_link_close(link);
	return false;
}

void ctl_link_close(struct ctl_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	free(link->buf);
	*link = (struct ctl_link){.fd = -1};
}

/* A request that the daemon does not take to its end is answered all the same; that is read then. */
static bool send_request(struct ctl_link *link, const char *method, json_t *params)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:O}", "jsonrpc", "2.0", "id", 1, "method",
				    method, "params", params);
	char *line = request ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	if (!line)
		return false;
	size_t len = strlen(line);
	line[len] = '\n'; /* in place of its end */
	ssize_t n = 1;
	for (size_t at = 0; at <= len && n > 0; at += (size_t)n)
		n = send(link->fd, line + at, len + 1 - at, MSG_NOSIGNAL);
	free(line);
	return true;
}

/* Reads once. false: err says why not. */
static bool read_more(struct ctl_link *link, int ms, char *err, size_t err_len)
{
	if (link->room - link->len < 65536) {
		size_t room = 2 * link->room + 131072;
		char *buf = link->len < CTL_LINK_LINE_MAX ? realloc(link->buf, room) : NULL;
		if (!buf) {
			snprintf(err, err_len,
				 "the answer from %s is longer than %d MiB, or there "
				 "is no memory for it",
				 link->path, CTL_LINK_LINE_MAX >> 20);
			return false;
		}
		link->buf = buf;
		link->room = room;
	}
	int ready = ctl_interrupt_wait(link->fd, ms);
	ssize_t n = ready > 0 ? read(link->fd, link->buf + link->len, link->room - link->len) : 0;
	if (n > 0) {
		link->len += (size_t)n;
		return true;
	}
	if (ready < 0 || ctl_interrupted())
		snprintf(err, err_len, "interrupted; turnoutd may have done it all the same");
	else if (!ready)
		snprintf(err, err_len, "turnoutd at %s does not answer", link->path);
	else
		snprintf(err, err_len, "turnoutd at %s ended the connection before it answered",
			 link->path);
	return false;
}

/* The next line as JSON; NULL: err says why not. */
static json_t *next_message(struct ctl_link *link, int ms, char *err, size_t err_len)
{
	char *end;
	size_t seen = 0;
	while (!(end = link->len > seen ? memchr(link->buf + seen, '\n', link->len - seen)
					: NULL)) {
		seen = link->len;
		if (!read_more(link, ms, err, err_len))
			return NULL;
	}
	json_error_t parse;
	size_t len = (size_t)(end - link->buf);
	json_t *message = json_loadb(link->buf, len, 0, &parse);
	if (!message)
		snprintf(err, err_len, "the answer from %s is not JSON: %s", link->path,
			 parse.text);
	link->len -= len + 1;
	memmove(link->buf, end + 1, link->len);
	return message;
}

json_t *ctl_link_ask(struct ctl_link *link, const char *method, json_t *params, ctl_told *told,
		     void *arg, int ms, char *err, size_t err_len)
{
	if (!send_request(link, method, params)) {
		snprintf(err, err_len, "no memory for the request");
		return NULL;
	}
	for (;;) {
		json_t *message = next_message(link, ms, err, err_len);
		const char *name = json_string_value(json_object_get(message, "method"));
		if (!name)
			return message;
		if (told)
			told(arg, name, json_object_get(message, "params"));
		json_decref(message);
	}
}
