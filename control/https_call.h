/* https_call - inside of the HTTPS client: one question to a peer, from its beginning over redirects to its answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "https_client.h"

#include <curl/curl.h>

/* The connections to a peer, and what is asked on them. */
struct https_remote {
	struct https_client *client;
	const struct peer_settings *settings;
	CURLM *multi;
	struct event *timer; /* libcurl's */
	struct event *work;  /* what callbacks may not do themselves: the calls of `todo` */
	struct tls_check check;
	uint64_t
		ends; /* the first end of a certificate that a connection was begun with; UINT64_MAX: none */
	struct https_call *calls, *todo;
	unsigned n_calls;
	struct https_remote *next;
};

struct https_client {
	struct event_base *base;
	struct tls *tls;
	struct event *every_second;
	struct https_remote *remotes;
};

struct https_call {
	struct https_remote *remote;
	CURL *easy;
	struct curl_slist *headers;
	struct event *late; /* nothing came for too long */
	struct https_call_plan plan;
	char *url;
	const char *method;
	bool added;     /* libcurl has it */
	bool cancelled; /* nothing is called back any more */
	bool paused, resumed;
	bool queued; /* is in todo */
	unsigned redirects;
	size_t head_octets;
	uint8_t *body;
	size_t len, cap;
	bool too_long; /* more octets came than may */
	char detail[CURL_ERROR_SIZE];
	struct https_call *next, **link, *todo_next;
};

/* NULL: no memory. It is added to libcurl's later. */
struct https_call *https_call_new(struct https_remote *remote, const char *url,
				  const struct https_call_plan *plan);

/* With a body it is a POST. false: no memory. */
bool https_call_post(struct https_call *call, const void *body, size_t len);

/* May the URL be asked for? false: err says why not. */
bool https_call_may(const struct peer_settings *peer, const char *url, char *err, size_t err_len);

/* Gives it to libcurl. */
void https_call_add(struct https_call *call);

/* libcurl gives the octets that were not taken once more. */
void https_call_resume(struct https_call *call);

/* libcurl is done with it: another question after a redirect, or done. */
void https_call_finish(struct https_call *call, CURLcode result);

/* Ends it with an error; "METHOD URL: " goes before the text. */
void https_call_fail(struct https_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void https_call_free(struct https_call *call);
