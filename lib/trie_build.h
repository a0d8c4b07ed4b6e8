/* trie_build - a trie made of keys that come in ascending order, each node once and of its final size. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "trie.h"

/* Gives the same trie as trie_set would, in a time that goes with the octets of all keys. Control thread, or any one
 * thread as long as nobody else knows the values. */
struct trie_build;

struct trie_build *trie_build_new(const struct trie_ops *ops); /* NULL: no memory */

/* Adds a key, and takes the caller's reference on its value over. If it does not, the builder can only be freed. */
enum trie_build_result { TRIE_BUILD_ADDED, TRIE_BUILD_ORDER, TRIE_BUILD_NO_MEMORY };

/* TRIE_BUILD_ORDER: the key does not come behind the last one, or is longer than TRIE_KEY_MAX. */
enum trie_build_result trie_build_add(struct trie_build *build, const uint8_t *key, size_t len,
				      void *value);

/* Gives the root (NULL: no keys), which the caller owns. false: no memory; the builder can only be freed. */
bool trie_build_finish(struct trie_build *build, struct trie_node **root);

/* With what it holds. NULL is fine. */
void trie_build_free(struct trie_build *build);
