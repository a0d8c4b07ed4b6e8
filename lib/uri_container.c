/* uri_container - which URIs a token is for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "uri_container.h"

#include "base64url.h"
#include "octet_class.h"

#include <openssl/evp.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

static const char hash_prefix[] = "hash:", regex_prefix[] = "regex:";

enum { DIGEST_LEN = 32, GROUPS_MAX = 32 };

/* What follows the prefix, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* --- Hashes ------------------------------------------------------------------------------------------------------- */

bool uri_container_hash(struct writer *w, const char *uri)
{
	uint8_t digest[DIGEST_LEN];
	if (!EVP_Digest(uri, strlen(uri), digest, NULL, EVP_sha256(), NULL))
		return false;
	writer_text(w, hash_prefix);
	writer_text(w, "sha-256;");
	base64url_write(w, digest, sizeof(digest));
	return !w->bad;
}

static bool hash_is(const char *container, const char *uri)
{
	char wanted[80] = "";
	struct writer w = writer_of(wanted, sizeof(wanted) - 1);
	return uri_container_hash(&w, uri) && strcmp(container, wanted) == 0;
}

/* --- Regexes ------------------------------------------------------------------------------------------------------ */

/* Past the bracket expression at `at`; NULL: it has no end. */
static const char *bracket_end(const char *at)
{
	at++;
	at += *at == '^';
	at += *at == ']';
	while (*at && *at != ']') {
		if (*at == '[' && at[1] && strchr(".=:", at[1])) {
			char close[] = {at[1], ']', '\0'};
			at = strstr(at + 2, close);
			if (!at)
				return NULL;
			at++;
		}
		at++;
	}
	return *at ? at + 1 : NULL;
}

/* One step through a regex: something that matches an octet, or an operator, with what repeats it. */
struct atom {
	const char *next;
	char c; /* itself; '[' for a bracket expression */
	bool literal, repeated;
	unsigned long times; /* at the most, when written out */
};

/* false: a bound that POSIX does not promise (RE_DUP_MAX), or no end. */
static bool take_repetitions(struct atom *atom)
{
	char *at = (char *)atom->next;
	for (; *at && strchr("*+?{", *at); at++) {
		atom->repeated = true;
		if (*at != '{')
			continue;
		unsigned long most = strtoul(at + 1, &at, 10);
		if (*at == ',')
			most = at[1] == '}' ? most + 1 : strtoul(at + 1, NULL, 10);
		at += strcspn(at, "}");
		if (!*at || most > 255)
			return false;
		atom->times *= most ? most : 1;
		if (atom->times > URI_CONTAINER_NODES_MAX)
			return false;
	}
	atom->next = at;
	return true;
}

/* false: what an extended regular expression does not define, as back references and "\w", or no end. */
static bool next_atom(const char *at, struct atom *atom)
{
	*atom = (struct atom){.next = at + 1, .c = *at, .times = 1};
	if (*at == '[') {
		atom->next = bracket_end(at);
	} else if (*at == '\\') {
		if (!at[1] || OCTET_ALNUM(at[1]) || strchr("<>`'", at[1]))
			return false;
		atom->next++;
		atom->c = at[1];
		atom->literal = true;
	} else {
		atom->literal = !strchr(".()|^$*+?{", *at);
	}
	bool opens = !atom->literal && strchr("(|", atom->c);
	return atom->next && (opens || take_repetitions(atom));
}

/* Would it stay within bounds, with all repetitions written out? */
static bool is_bounded(const char *regex)
{
	unsigned long nodes[GROUPS_MAX] = {0};
	unsigned depth = 0;
	struct atom atom;
	if (strlen(regex) > URI_CONTAINER_MAX)
		return false;
	for (const char *at = regex; *at; at = atom.next) {
		unsigned long inner = 1;
		if (!next_atom(at, &atom))
			return false;
		if (!atom.literal && atom.c == '(') {
			if (++depth == GROUPS_MAX)
				return false;
			nodes[depth] = 1;
			continue;
		}
		if (!atom.literal && atom.c == ')') {
			if (!depth)
				return false;
			inner = nodes[depth--];
		}
		nodes[depth] += inner * atom.times;
		if (nodes[depth] > URI_CONTAINER_NODES_MAX)
			return false;
	}
	return depth == 0;
}

/* The match that POSIX finds is the longest of the leftmost ones: the whole text when that matches at all. */
static bool regex_has(const char *regex, const char *text)
{
	regex_t compiled;
	regmatch_t match = {0};
	if (!is_bounded(regex) || regcomp(&compiled, regex, REG_EXTENDED) != 0)
		return false;
	bool found = regexec(&compiled, text, 1, &match, 0) == 0;
	regfree(&compiled);
	return found && match.rm_so == 0 && text[match.rm_eo] == '\0';
}

bool uri_container_has(const char *container, const char *uri)
{
	const char *regex = behind(container, regex_prefix);
	return regex ? regex_has(regex, uri) : hash_is(container, uri);
}

/* --- Redirects ---------------------------------------------------------------------------------------------------- */

/* The path of a URI in normal form, which always has one. */
static const char *path_of(const char *uri)
{
	return strchr(strstr(uri, "://") + 3, '/');
}

/* Where the part of a regex for the path begins: at the third '/' that stands by itself. NULL: that cannot be told. */
static const char *path_part(const char *regex)
{
	unsigned depth = 0, slashes = 0;
	const char *found = NULL;
	struct atom atom;
	for (const char *at = regex; *at; at = atom.next) {
		if (!next_atom(at, &atom))
			return NULL;
		depth += !atom.literal && atom.c == '(';
		depth -= !atom.literal && atom.c == ')' && depth;
		if (depth)
			continue;
		if (!atom.literal && atom.c == '|')
			return NULL;
		if (atom.literal && atom.c == '/' && !atom.repeated && ++slashes == 3)
			found = at;
	}
	return found;
}

/* Does the regex match what is before the path by its own, and the path by what follows? */
static bool splits(const char *regex, const char *tail, const char *uri)
{
	char head[URI_CONTAINER_MAX + 1], origin[URI_CONTAINER_MAX + 1];
	const char *path = path_of(uri);
	if ((size_t)(path - uri) >= sizeof(origin) || (size_t)(tail - regex) >= sizeof(head))
		return false;
	snprintf(head, sizeof(head), "%.*s", (int)(tail - regex), regex);
	snprintf(origin, sizeof(origin), "%.*s", (int)(path - uri), uri);
	return regex_has(head, origin) && regex_has(tail, path);
}

static bool carry_regex(struct writer *w, const char *regex, const char *from, const char *to)
{
	const char *path = path_of(from), *tail = path_part(regex);
	size_t path_len = strlen(path), to_len = strlen(to);
	if (!tail || !splits(regex, tail, from) || to_len < path_len)
		return false;
	/* A path may begin with "//": the authority is never a part of what is kept. */
	const char *prefix_end = to + to_len - path_len;
	if (strcmp(prefix_end, path) != 0 || prefix_end < path_of(to))
		return false;
	writer_text(w, regex_prefix);
	for (const char *at = to; at < prefix_end; at++) {
		if (strchr("\\^$.[|()?*+{", *at))
			writer_u8(w, '\\');
		writer_u8(w, (uint8_t)*at);
	}
	writer_bytes(w, tail, strlen(tail) + 1);
	return !w->bad;
}

bool uri_container_carry(struct writer *w, const char *container, const char *from, const char *to)
{
	struct writer start = *w;
	const char *regex = behind(container, regex_prefix);
	if (regex && carry_regex(w, regex, from, to) &&
	    uri_container_has((const char *)start.at, to))
		return true;
	*w = start;
	if (!uri_container_hash(w, to))
		return false;
	writer_u8(w, '\0');
	return !w->bad;
}
