/* sign_policy - what a scope wants of signed URIs: the member uri-signing, as the value of MI.UriSigning. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sign_policy.h"

#include "lib/octet_class.h"
#include "lib/uri_sign_token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text is lines: the attribute, the header or nothing, then the issuers, none of which has an end of line in it. */

static const char *const members[] = {"enforce", "issuers", "package-attribute", "jwt-header"};

static bool is_attribute(const char *text)
{
	size_t len = 0;
	while (OCTET_ALNUM((uint8_t)text[len]) || (text[len] && strchr("-._~", text[len])))
		len++;
	return len && !text[len] && len <= SIGN_ATTRIBUTE_MAX;
}

static const char *read_attribute(struct json_in *in)
{
	const char *text = json_in_text(in, "package-attribute", JSON_IN_OPTIONAL);
	if (text && !is_attribute(text))
		json_in_fault(in, json_object_get(in->object, "package-attribute"),
			      "package-attribute: expected 1 to %d letters, digits, '-', '.', '_' "
			      "and '~', not \"%.64s\"",
			      SIGN_ATTRIBUTE_MAX, text);
	return text ? text : URI_SIGN_TOKEN_NAME;
}

/* For free(). NULL: there is none, or a fault. */
static char *read_header(struct json_in *in)
{
	enum jwt_alg alg;
	const char *kid;
	json_t *value = json_object_get(in->object, "jwt-header");
	if (json_is_string(value))
		json_in_text(in, "jwt-header", JSON_IN_OPTIONAL);
	else
		json_in_object(in, "jwt-header");
	char *header = value ? uri_signing_header(value) : NULL;
	struct span text = {(const uint8_t *)header, header ? (uint32_t)strlen(header) : 0};
	json_t *json = header ? jwt_claims_object(text) : NULL;
	if (value && (text.len > JWT_MAX || !jwt_claims_header(json, &alg, &kid)))
		json_in_fault(in, value,
			      "jwt-header: expected the header of a JWT, as {\"alg\": \"ES256\", "
			      "\"kid\": \"a\"}; alg is ES256, RS256, PS256, EdDSA or HS256");
	json_decref(json);
	return header;
}

static void check_issuers(struct json_in *in, const char *const *issuers, size_t n)
{
	const json_t *list = json_object_get(in->object, "issuers");
	if (n > SIGN_ISSUERS_MAX)
		json_in_fault(in, list, "issuers: at most %d are possible", SIGN_ISSUERS_MAX);
	for (size_t i = 0; i < n; i++)
		if (issuers[i] && strlen(issuers[i]) > SIGN_ISSUER_MAX)
			json_in_fault(in, list, "issuers: at most %d octets are possible",
				      SIGN_ISSUER_MAX);
}

static char *join(struct json_in *in, const char *attribute, const char *header,
		  const char *const *issuers, size_t n)
{
	char text[sizeof(((struct sign_policy *)NULL)->text)];
	struct writer w = writer_of(text, sizeof(text));
	writer_text(&w, attribute);
	writer_u8(&w, '\n');
	writer_text(&w, header ? header : "");
	for (size_t i = 0; i < n; i++) {
		writer_u8(&w, '\n');
		writer_text(&w, issuers[i]);
	}
	writer_u8(&w, '\0');
	char *copy = w.bad ? NULL : strdup(text);
	if (!copy)
		json_in_fault(in, NULL, "no memory");
	return copy;
}

static void drop_defaults(const struct json_in *in, bool enforce, size_t n, const char *attribute)
{
	if (enforce)
		json_in_drop(in, in->object, "enforce");
	if (!n)
		json_in_drop(in, in->object, "issuers");
	if (!strcmp(attribute, URI_SIGN_TOKEN_NAME))
		json_in_drop(in, in->object, "package-attribute");
}

void sign_policy_read(struct json_in *scope, char **text)
{
	struct json_in in;
	size_t n;
	json_t *group = json_in_object(scope, "uri-signing");
	*text = NULL;
	if (!group)
		return;
	json_in_begin(&in, scope->source, group, scope->place, "uri-signing");
	bool enforce = json_in_flag(&in, "enforce", true);
	const char **issuers = json_in_texts(&in, "issuers", &n);
	const char *attribute = read_attribute(&in);
	char *header = read_header(&in);
	check_issuers(&in, issuers, n);
	if (json_in_end(&in) && enforce)
		*text = join(&in, attribute, header, issuers, n);
	if (json_in_good(&in))
		drop_defaults(&in, enforce, n, attribute);
	free(header);
	free(issuers);
}

json_t *sign_policy_member(const json_t *mi_uri_signing)
{
	json_t *member = json_object();
	for (size_t i = 0; member && i < sizeof(members) / sizeof(members[0]); i++) {
		json_t *value = json_object_get(mi_uri_signing, members[i]);
		if (value && json_object_set(member, members[i], value) != 0) {
			json_decref(member);
			return NULL;
		}
	}
	return member;
}

/* Ends the line that begins here; gives the next one, NULL: there is none. */
static char *end_line(char *line)
{
	char *end = strchr(line, '\n');
	if (!end)
		return NULL;
	*end = '\0';
	return end + 1;
}

bool sign_policy_split(struct sign_policy *out, const char *text)
{
	size_t len = strlen(text), n = 0;
	if (len >= sizeof(out->text))
		return false;
	memcpy(out->text, text, len + 1);
	char *header = end_line(out->text), *issuer = header ? end_line(header) : NULL;
	for (; issuer && n < SIGN_ISSUERS_MAX; issuer = end_line(issuer))
		out->issuers[n++] = issuer;
	out->policy = (struct uri_signing_policy){
		.enforce = true,
		.n_issuers = n,
		.issuers = out->issuers,
		.attribute = out->text,
		.header = header && *header ? header : NULL,
	};
	return header && !issuer && is_attribute(out->text);
}
