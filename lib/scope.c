/* scope - names of a scope's actions and policies, as configuration and explain spell them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "scope.h"

const char *scope_action_name(enum scope_action action)
{
	static const char *const names[] = {"redirect", "deny", "pass"};
	return names[action];
}

const char *scope_policy_name(enum scope_policy policy)
{
	static const char *const names[] = {"ordered", "weighted", "hash", "round-robin", "random"};
	return names[policy];
}
