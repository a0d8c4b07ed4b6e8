/* transaction - operations on objects that the operator collects and commits as one, or one by one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

enum {
	TRANSACTIONS_MAX = 64,
	TRANSACTION_OPERATIONS_MAX = 1000000,
	TRANSACTION_SECONDS = 600, /* without being asked for anything */
};

rpc_method transaction_begin, transaction_put, transaction_remove, transaction_commit,
	transaction_abort;

/* The methods cdn.set and node.set. */
rpc_method transaction_set_cdn, transaction_set_node;

/* Aborts those that nobody asked for anything in a long time. */
void transaction_expire(struct control *control);
void transaction_clear(struct control *control);
