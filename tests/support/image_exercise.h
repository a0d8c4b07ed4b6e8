/* image_exercise - does with a view what a daemon does with it: matches requests at all its keys, and takes all its objects out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control/compile.h"
#include "lib/match.h"
#include "lib/object.h"

#include <stdlib.h>
#include <string.h>

struct image_exercise {
	struct view *view;
	struct compiler *compiler;
	struct match_context *context;
	struct request *req;
	int kind; /* that is taken out */
};

/* Clients of both families, all protocols. */
static inline void image_exercise_key(struct image_exercise *exercise, const uint8_t *key,
				      size_t len)
{
	struct request *req = exercise->req;
	const uint8_t *slash = (const uint8_t *)memchr(key, '/', len);
	struct verdict verdict;
	for (unsigned i = 0; i < 6 && len < REQUEST_KEY_MAX; i++) {
		memset(req, 0, sizeof(*req));
		req->protocol = (uint8_t)(1 << i % 3);
		req->client.family = i < 3 ? 4 : 6;
		req->client.bytes[0] = i < 3 ? 10 : 0x20;
		req->client_len = i < 3 ? 32 : 128;
		req->now = 1000;
		memcpy(req->key, key, len);
		req->host_len = (uint16_t)(slash ? slash - key : (long)len);
		req->key[len] = '/';
		req->key_len = (uint16_t)(slash ? len : len + 1);
		if (req->protocol == PROTOCOL_DNS) {
			req->dns.ecs = true;
		} else {
			req->http.path.at = req->key + req->host_len;
			req->http.path.len = (uint32_t)(req->key_len - req->host_len);
			req->http.host.at = req->http.query.at = req->http.headers.at = req->key;
		}
		match_request(exercise->view, exercise->context, req, &verdict);
	}
}

static inline bool image_exercise_match(void *arg, const uint8_t *key, size_t len, void *value)
{
	(void)value;
	image_exercise_key((struct image_exercise *)arg, key, len);
	return true;
}

static inline bool image_exercise_remove(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct image_exercise *exercise = (struct image_exercise *)arg;
	const struct object *object = (const struct object *)value;
	struct place nowhere = {NULL, 0};
	(void)len;
	if (key[0] == exercise->kind && !object->removed)
		compiler_remove(exercise->compiler, (enum object_kind)object->kind, object->name,
				nowhere);
	return true;
}

/* true: everything could be taken out. */
static inline bool image_exercise(struct view *view, struct pattern_cache *patterns)
{
	struct faults faults;
	struct image_exercise exercise = {view, NULL, NULL, NULL, OBJECT_KINDS};
	struct compiler_source source = {};
	source.set = "exercise";
	source.runtime = true;
	memset(&faults, 0, sizeof(faults));
	exercise.context = (struct match_context *)calloc(1, sizeof(*exercise.context));
	exercise.req = (struct request *)calloc(1, sizeof(*exercise.req));
	exercise.context->worker = 1;
	exercise.context->random = 1;
	trie_walk(view->scopes, NULL, 0, image_exercise_match, &exercise);
	exercise.compiler = compiler_new(view, patterns, 1, &faults);
	compiler_source(exercise.compiler, &source);
	while (exercise.kind-- > 0)
		trie_walk(view->objects, NULL, 0, image_exercise_remove, &exercise);
	struct view *empty = compiler_finish(exercise.compiler);
	bool done = empty && !empty->scopes && !empty->targets && !faults.total;
	view_release(empty);
	compiler_free(exercise.compiler);
	faults_clear(&faults);
	free(exercise.context);
	free(exercise.req);
	return done;
}
