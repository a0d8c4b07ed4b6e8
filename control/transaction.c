/* transaction - operations on objects that the operator collects and commits as one, or one by one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "transaction.h"

#include "change.h"
#include "config_objects.h"
#include "json_place.h"
#include "lib/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct operation {
	enum object_kind kind;
	json_t *object; /* NULL: removes */
	char *name;     /* of what is removed */
};

struct operations {
	struct operation *list;
	size_t n, cap, next; /* next: that the commit takes */
	struct view *since;  /* none of its objects may have changed since; NULL: they may */
};

struct transaction {
	struct transaction *next;
	uint64_t id, generation, used; /* used: seconds since 1970-01-01 UTC */
	const char *set;
	char text[256];
	bool committing;
	struct operations operations;
};

static void operations_clear(struct operations *operations)
{
	for (size_t i = 0; i < operations->n; i++) {
		json_decref(operations->list[i].object);
		free(operations->list[i].name);
	}
	free(operations->list);
	view_release(operations->since);
	*operations = (struct operations){0};
}

/* --- The steps of a commit ---------------------------------------------------------------------- */

static bool changed_since(const struct operations *operations, const struct compiler *compiler,
			  enum object_kind kind, const char *name)
{
	return operations->since &&
	       !object_same(object_find(operations->since->objects, kind, name),
			    object_find(compiler_base(compiler), kind, name));
}

static void take(const struct operations *operations, size_t i, struct compiler *compiler,
		 struct faults *faults)
{
	const struct operation *operation = &operations->list[i];
	struct place place = {NULL, operations->since ? (unsigned)i + 1 : 0};
	struct json_source source = {faults, NULL, place, NULL};
	if (!operation->object) {
		compiler_remove(compiler, operation->kind, operation->name, place);
	} else {
		json_t *copy = json_deep_copy(operation->object);
		if (copy)
			config_object_read(&source, operation->kind, copy, compiler);
		else
			compiler_no_memory(compiler, place, "an operation");
		json_decref(copy);
	}
	const char *name = compiler_last_name(compiler);
	if (changed_since(operations, compiler, operation->kind, name))
		faults_add(faults, place,
			   "%s '%s' was changed by another commit since this transaction began; "
			   "look at it and begin again",
			   object_kind_name(operation->kind), name);
}

static bool step(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	struct operations *operations = arg;
	for (; budget && operations->next < operations->n; budget--)
		take(operations, operations->next++, compiler, faults);
	return operations->next < operations->n && !compiler_exhausted(compiler);
}

static json_t *commit(struct control *control, struct rpc_call *call, const char *set,
		      const char *text, bool dry_run, const struct change_work *work)
{
	char origin[300];
	change_origin(call, NULL, origin, sizeof(origin));
	struct commit_plan plan = {
		.origin = origin,
		.text = text,
		.source = {.set = set, .runtime = true, .order = change_order(control)},
		.dry_run = dry_run,
		.strict = true,
		.store = true,
	};
	return change_run(control, call, &plan, work);
}

/* --- One operation ------------------------------------------------------------------------------ */

static bool add(struct operations *operations, const struct operation *operation)
{
	struct operation *list =
		array_reserve(operations->list, &operations->cap, operations->n + 1, sizeof(*list));
	if (!list)
		return false;
	operations->list = list;
	list[operations->n++] = *operation;
	return true;
}

static void clear_operations(void *arg)
{
	operations_clear(arg);
	free(arg);
}

/* A commit of its own. Takes the operation over. */
static json_t *commit_one(struct control *control, struct rpc_call *call,
			  struct operation *operation, const char *set, const char *text,
			  void (*answer)(void *arg, json_t *answer,
					 const struct commit_result *result))
{
	struct operations *operations = calloc(1, sizeof(*operations));
	if (!operations || !add(operations, operation)) {
		free(operations);
		json_decref(operation->object);
		free(operation->name);
		return NULL;
	}
	struct change_work work = {operations, step, NULL, answer, clear_operations};
	return commit(control, call, set, text, false, &work);
}

static struct transaction *find(struct control *control, int64_t id, struct rpc_call *call)
{
	struct transaction *at = control->transactions;
	while (at && at->id != (uint64_t)id)
		at = at->next;
	if (!at || at->committing) {
		snprintf(call->text, sizeof(call->text),
			 at ? "transaction %ld is being committed"
			    : "there is no transaction %ld; it may have ended by itself after ten "
			      "minutes",
			 (long)id);
		return NULL;
	}
	at->used = plane_now_ns(control->plane) / UINT64_C(1000000000);
	return at;
}

/* Takes the operation over. */
static json_t *collect(struct transaction *transaction, struct operation *operation,
		       struct rpc_call *call)
{
	struct operations *operations = &transaction->operations;
	if (operations->n == TRANSACTION_OPERATIONS_MAX)
		snprintf(call->text, sizeof(call->text),
			 "transaction %lu has %d operations already; commit it and begin another "
			 "one",
			 transaction->id, TRANSACTION_OPERATIONS_MAX);
	else if (add(operations, operation))
		return json_pack("{s:I, s:I}", "transaction", (json_int_t)transaction->id,
				 "operations", (json_int_t)operations->n);
	json_decref(operation->object);
	free(operation->name);
	return NULL;
}

/* What put and remove have in common. */
struct asked {
	enum object_kind kind;
	int64_t transaction; /* 0: none */
	const char *set, *text;
};

static bool read_asked(struct json_in *params, struct asked *asked)
{
	const char *kind = json_in_text(params, "kind", JSON_IN_NEEDED);
	asked->transaction = json_in_integer(params, "transaction", 1, INT64_MAX, 0);
	const char *set = json_in_text(params, "set", JSON_IN_OPTIONAL);
	asked->text = json_in_text(params, "text", JSON_IN_OPTIONAL);
	if (kind && !object_kind_parse(kind, &asked->kind))
		json_in_fault(params, NULL,
			      "kind: '%.64s' is not known; expected footprint, cdn, node, dri, "
			      "zone, distinguished, state, fallback or scope",
			      kind);
	if (asked->transaction && (set || asked->text))
		json_in_fault(params, NULL,
			      "'set' and 'text' belong to 'begin' when there is a transaction");
	if (set && !strcmp(set, "configuration"))
		json_in_fault(params, NULL,
			      "set: 'configuration' is what the configuration file says; choose "
			      "another name");
	asked->set = json_place_file(set ? set : "operator");
	return json_in_end(params) && asked->set;
}

static json_t *perform(struct control *control, struct rpc_call *call, const struct asked *asked,
		       struct operation *operation)
{
	if (!asked->transaction)
		return commit_one(control, call, operation, asked->set, asked->text, NULL);
	struct transaction *transaction = find(control, asked->transaction, call);
	if (transaction)
		return collect(transaction, operation, call);
	json_decref(operation->object);
	free(operation->name);
	return NULL;
}

json_t *transaction_put(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct asked asked;
	json_t *object = json_in_object(params, "object");
	if (params->object && !object)
		json_in_fault(params, NULL, "'object' is missing");
	if (!read_asked(params, &asked))
		return NULL;
	struct operation operation = {asked.kind, json_incref(object), NULL};
	return perform(control, call, &asked, &operation);
}

json_t *transaction_remove(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct asked asked;
	const char *name = json_in_text(params, "name", JSON_IN_NEEDED);
	if (!read_asked(params, &asked))
		return NULL;
	struct operation operation = {asked.kind, NULL, strdup(name)};
	return operation.name ? perform(control, call, &asked, &operation) : NULL;
}

/* --- States ------------------------------------------------------------------------------------- */

struct state_asked {
	struct operations operations; /* first, so that step finds them */
	const char *kind;
	char name[256];
	const char *state;
};

static void state_answer(void *arg, json_t *answer, const struct commit_result *result)
{
	struct state_asked *asked = arg;
	(void)result;
	json_object_set_new(answer, asked->kind, rpc_text(asked->name));
	json_object_set_new(answer, "state", json_string(asked->state));
}

static json_t *set_state(struct control *control, enum object_kind kind, struct json_in *params,
			 struct rpc_call *call)
{
	static const char *const states[] = {"up", "drain", "down", NULL};
	const char *name = json_in_text(params, "name", JSON_IN_NEEDED);
	int state = json_in_choice(params, "state", states, -1);
	const char *kind_name = object_kind_name(kind);
	if (params->object && state < 0)
		json_in_fault(params, NULL, "'state' is missing");
	if (!json_in_end(params))
		return NULL;
	const struct object *object = object_find(control->head->objects, kind, name);
	if (!object || object->removed) {
		snprintf(call->text, sizeof(call->text),
			 "there is no %s '%.255s'; turnoutctl show %ss lists them", kind_name, name,
			 kind_name);
		return NULL;
	}
	struct state_asked *asked = calloc(1, sizeof(*asked));
	struct operation operation = {
		OBJECT_STATE, json_pack("{s:s, s:s}", kind_name, name, "state", states[state]),
		NULL};
	if (!asked || !operation.object || !add(&asked->operations, &operation)) {
		json_decref(operation.object);
		free(asked);
		return NULL;
	}
	asked->kind = kind_name;
	asked->state = states[state];
	snprintf(asked->name, sizeof(asked->name), "%s", name);
	struct change_work work = {asked, step, NULL, state_answer, clear_operations};
	return commit(control, call, "operator", NULL, false, &work);
}

json_t *transaction_set_cdn(struct control *control, struct json_in *params, struct rpc_call *call)
{
	return set_state(control, OBJECT_CDN, params, call);
}

json_t *transaction_set_node(struct control *control, struct json_in *params, struct rpc_call *call)
{
	return set_state(control, OBJECT_NODE, params, call);
}

/* --- Many operations ---------------------------------------------------------------------------- */

json_t *transaction_begin(struct control *control, struct json_in *params, struct rpc_call *call)
{
	unsigned n = 0;
	const char *text = json_in_text(params, "text", JSON_IN_OPTIONAL);
	const char *set = json_in_text(params, "set", JSON_IN_OPTIONAL);
	if (!json_in_end(params))
		return NULL;
	for (const struct transaction *at = control->transactions; at; at = at->next)
		n++;
	if (n == TRANSACTIONS_MAX) {
		snprintf(call->text, sizeof(call->text),
			 "%d transactions are open already; commit or abort one of them",
			 TRANSACTIONS_MAX);
		return NULL;
	}
	struct transaction *transaction = calloc(1, sizeof(*transaction));
	if (!transaction)
		return NULL;
	transaction->set = json_place_file(set ? set : "operator");
	if (!transaction->set) {
		free(transaction);
		return NULL;
	}
	transaction->id = ++control->last_transaction;
	transaction->generation = control->generation;
	transaction->used = plane_now_ns(control->plane) / UINT64_C(1000000000);
	transaction->operations.since = control->head;
	view_retain(control->head);
	snprintf(transaction->text, sizeof(transaction->text), "%s", text ? text : "");
	transaction->next = control->transactions;
	control->transactions = transaction;
	return json_pack("{s:I, s:I}", "transaction", (json_int_t)transaction->id, "generation",
			 (json_int_t)transaction->generation);
}

static void transaction_free(struct control *control, struct transaction *transaction)
{
	struct transaction **at = &control->transactions;
	while (*at != transaction)
		at = &(*at)->next;
	*at = transaction->next;
	operations_clear(&transaction->operations);
	free(transaction);
}

/* What a commit of a transaction works on. */
struct committing {
	struct control *control;
	struct transaction *transaction;
	bool dry_run;
};

static bool transaction_step(void *arg, struct compiler *compiler, struct faults *faults,
			     unsigned budget)
{
	struct committing *committing = arg;
	return step(&committing->transaction->operations, compiler, faults, budget);
}

static void transaction_progress(void *arg, struct commit_progress *progress)
{
	const struct committing *committing = arg;
	progress->lines = committing->transaction->operations.next;
}

static void transaction_done(void *arg)
{
	struct committing *committing = arg;
	struct transaction *transaction = committing->transaction;
	transaction->committing = false;
	transaction->operations.next = 0;
	if (!committing->dry_run)
		transaction_free(committing->control, transaction);
	free(committing);
}

json_t *transaction_commit(struct control *control, struct json_in *params, struct rpc_call *call)
{
	int64_t id = json_in_integer(params, "transaction", 1, INT64_MAX, 0);
	bool dry_run = json_in_flag(params, "dry-run", false);
	if (!json_in_end(params))
		return NULL;
	struct transaction *transaction = find(control, id, call);
	struct committing *committing = transaction ? calloc(1, sizeof(*committing)) : NULL;
	if (!committing)
		return NULL;
	*committing = (struct committing){control, transaction, dry_run};
	transaction->committing = true;
	struct change_work work = {committing, transaction_step, transaction_progress, NULL,
				   transaction_done};
	return commit(control, call, transaction->set, transaction->text, dry_run, &work);
}

json_t *transaction_abort(struct control *control, struct json_in *params, struct rpc_call *call)
{
	int64_t id = json_in_integer(params, "transaction", 1, INT64_MAX, 0);
	if (!json_in_end(params))
		return NULL;
	struct transaction *transaction = find(control, id, call);
	if (!transaction)
		return NULL;
	transaction_free(control, transaction);
	return json_pack("{s:I}", "transaction", (json_int_t)id);
}

void transaction_expire(struct control *control)
{
	uint64_t now = plane_now_ns(control->plane) / UINT64_C(1000000000);
	for (struct transaction *at = control->transactions, *next; at; at = next) {
		next = at->next;
		if (!at->committing && at->used + TRANSACTION_SECONDS < now)
			transaction_free(control, at);
	}
}

void transaction_clear(struct control *control)
{
	while (control->transactions)
		transaction_free(control, control->transactions);
}
