/* fuzz_ri - any octets as a message of the Redirection Interface, as a media type and as HTTP fields: read, written, answered. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/cdni_media.h"
#include "control/commit.h"
#include "control/freshness.h"
#include "control/ri_server.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* --- Messages ---------------------------------------------------------------------------------- */

/* What was read can be written, and means the same when it is read again. */
static void check_request(const uint8_t *data, size_t size)
{
	struct ri_request request, again;
	struct faults faults = {0};
	bool good = ri_request_read(&request, data, size, &faults);
	require(good == !faults.total);
	if (good && request.protocol) {
		char *text = ri_request_write(&request), *key = ri_request_key(&request);
		require(text && key);
		require(ri_request_read(&again, text, strlen(text), &faults));
		char *same = ri_request_key(&again);
		struct ip_prefix a = ri_request_client(&request), b = ri_request_client(&again);
		require(!strcmp(key, same) && a.len == b.len && ip_addr_equal(&a.addr, &b.addr));
		ri_request_clear(&again);
		free(text);
		free(key);
		free(same);
	}
	ri_request_clear(&request);
	faults_clear(&faults);
}

static void check_response(const uint8_t *data, size_t size)
{
	struct ri_response response, again;
	struct faults faults = {0};
	bool good = ri_response_read(&response, data, size, &faults);
	require(good == !faults.total);
	if (good) {
		char *text = ri_response_write(&response);
		require(text && ri_response_read(&again, text, strlen(text), &faults));
		char *same = ri_response_write(&again);
		require(!strcmp(text, same));
		ri_response_clear(&again);
		free(text);
		free(same);
	}
	for (const char *at = good && response.location ? response.location : ""; *at; at++)
		require(*at > ' ' && *at < 0x7f);
	ri_response_clear(&response);
	faults_clear(&faults);
}

/* --- Answers ----------------------------------------------------------------------------------- */

static struct settings settings = {.n_workers = 1};
static struct plane plane = {.tsc_hz = 2000000000, .settings = &settings};
static struct control control;

/* A node and a scope for every host. */
static bool give(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	static struct ip_addr addresses[] = {{{192, 0, 2, 1}, 4}};
	static const struct model_target node = {.kind = TARGET_NODE, .name = "n", .json = "{}"};
	static const struct model_dri dri = {.kind = TARGET_NODE,
					     .target = "n",
					     .n_addresses = 1,
					     .addresses = addresses,
					     .authority = "n.example",
					     .json = "{}"};
	static struct model_target_ref candidate = {TARGET_NODE, "n", 1};
	static const char *hosts[] = {"*"};
	static const struct model_scope scope = {.name = "s",
						 .n_hosts = 1,
						 .hosts = hosts,
						 .n_candidates = 1,
						 .candidates = &candidate,
						 .json = "{}"};
	struct place nowhere = {NULL, 0};
	(void)arg, (void)faults, (void)budget;
	compiler_add_target(compiler, &node, nowhere);
	compiler_add_dri(compiler, &dri, nowhere);
	compiler_add_scope(compiler, &scope, nowhere);
	return false;
}

static void given(void *arg, const struct commit_result *result)
{
	(void)arg;
	require(result->done);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct commit_plan plan = {
		.origin = "configuration",
		.source = {.set = "configuration", .order = 1},
		.from_nothing = true,
		.step = give,
		.done = given,
	};
	(void)argc, (void)argv;
	plane.qsbr = aligned_alloc(64, (rte_rcu_qsbr_get_memsize(1) + 63) / 64 * 64);
	rte_rcu_qsbr_init(plane.qsbr, 1);
	require(control_init(&control, &plane, &settings, "/nonexistent/turnout.conf"));
	commit_start(&control, &plan);
	return 0;
}

static const struct ri_peer *downstream(void *arg, const struct target *cdn)
{
	(void)arg, (void)cdn;
	return NULL;
}

/* Each answer is a message of ours. */
static void check_reply(void *arg, const struct ri_reply *reply)
{
	struct ri_response response;
	struct faults faults = {0};
	++*(unsigned *)arg;
	require(ri_response_read(&response, reply->body, reply->len, &faults));
	require((reply->status == 200) == !ri_response_is_refusal(&response));
	ri_response_clear(&response);
}

static void check_answer(const uint8_t *data, size_t size)
{
	static struct ri_counters counters;
	static const struct ri_peer peer = {
		.disclose = DISCLOSE_NODES, .counters = &counters, .max_hops = RI_NO_LIMIT};
	static struct ri_server server = {.provider_id = "AS64501:7", .downstream = downstream};
	unsigned answers = 0;
	const struct ri_call call = {
		.peer = &peer,
		.content_type = "application/cdni; ptype=" RI_REQUEST_PTYPE,
		.body = data,
		.len = size,
		.done = check_reply,
		.arg = &answers,
	};
	require(!ri_answer(&control, &server, &call) && answers == 1);
}

/* --- Fields ------------------------------------------------------------------------------------ */

static void check_fields(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	const struct freshness_fields fields[] = {{text, NULL, NULL, NULL},
						  {"max-age=60", text, NULL, NULL},
						  {NULL, NULL, text, text}};
	cdni_media_is(text, RI_REQUEST_PTYPE);
	for (size_t i = 0; i < 3; i++) {
		struct freshness freshness = freshness_of(&fields[i], 784111777, NULL);
		require(freshness.fresh || (!freshness.stale_while && !freshness.stale_if_error));
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_request(data, size);
	check_response(data, size);
	check_answer(data, size);
	check_fields(data, size);
	return 0;
}
