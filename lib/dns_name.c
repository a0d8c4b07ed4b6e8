/* dns_name - domain names in wire form: from and to text, compared, as keys of the scope trie. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_name.h"

#include "dns_wire.h"
#include "host_key.h"
#include "octet_class.h"
#include "target.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t dns_name_scan(const uint8_t *wire, size_t avail, unsigned *labels)
{
	size_t at = 0;
	*labels = 0;
	while (at < avail && at < DNS_NAME_MAX) {
		if (wire[at] == 0)
			return at + 1;
		if (wire[at] > DNS_LABEL_MAX)
			return 0;
		at += 1 + wire[at];
		++*labels;
	}
	return 0;
}

/* One octet of a label in text form. Moves *text behind it. */
static bool read_octet(const char **text, uint8_t *octet)
{
	const char *at = *text;
	*text += 1;
	*octet = (uint8_t)*at;
	if (*at != '\\')
		return *at > ' ' && *at <= '~' && *at != '"' && *at != '(' && *at != ')' &&
		       *at != ';' && *at != '@' && *at != '$';

	*text += 1;
	*octet = (uint8_t)at[1];
	if (!is_digit(at[1]))
		return at[1] >= ' ' && at[1] <= '~';
	if (!is_digit(at[2]) || !is_digit(at[3]))
		return false;
	int value = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');
	*octet = (uint8_t)value;
	*text += 2;
	return value <= UINT8_MAX;
}

bool dns_name_from_text(const char *text, struct dns_name *out)
{
	struct writer w = writer_of(out->wire, sizeof(out->wire));
	bool root = strcmp(text, ".") == 0;
	for (text += root; *text; text += *text == '.') {
		uint8_t *label = writer_take(&w, 1);
		size_t len = 0;
		for (; *text && *text != '.'; len++) {
			uint8_t octet;
			if (!read_octet(&text, &octet))
				return false;
			writer_u8(&w, octet);
		}
		if (!label || len == 0 || len > DNS_LABEL_MAX)
			return false;
		*label = (uint8_t)len;
	}
	bool empty = w.at == out->wire && !root;
	writer_u8(&w, 0);
	out->len = (uint8_t)(w.at - out->wire);
	return !w.bad && !empty;
}

static char *put_octet(char *to, uint8_t octet)
{
	if (octet <= ' ' || octet > '~') {
		*to++ = '\\';
		*to++ = (char)('0' + octet / 100);
		*to++ = (char)('0' + octet / 10 % 10);
		octet = '0' + octet % 10;
	} else if (strchr(".\\\"();@$", octet)) {
		*to++ = '\\';
	}
	*to++ = (char)octet;
	return to;
}

const char *dns_name_text(const uint8_t *wire, size_t len, char buf[DNS_NAME_TEXT_MAX])
{
	struct reader r = reader_of(wire, len);
	char *to = buf;
	for (uint8_t left; (left = reader_u8(&r)) && left <= reader_left(&r);) {
		if (to != buf)
			*to++ = '.';
		while (left--)
			to = put_octet(to, reader_u8(&r));
	}
	if (to == buf)
		*to++ = '.';
	*to = '\0';
	return buf;
}

bool dns_name_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	if (a_len != b_len)
		return false;
	/* Length octets are at most 63 and so never taken for letters. */
	for (size_t i = 0; i < a_len; i++)
		if (octet_lower(a[i]) != octet_lower(b[i]))
			return false;
	return true;
}

bool dns_name_is_under(const uint8_t *name, size_t name_len, const uint8_t *parent,
		       size_t parent_len)
{
	size_t at = 0;
	while (name_len - at > parent_len)
		at += 1 + name[at];
	return at < name_len && dns_name_equal(name + at, name_len - at, parent, parent_len);
}

size_t dns_name_key(const uint8_t *wire, size_t avail, unsigned *labels, struct request *req)
{
	uint8_t starts[DNS_NAME_MAX / 2 + 1], padded[DNS_NAME_MAX + HOST_KEY_BLOCK];
	unsigned n = 0;
	size_t at = 0, end = avail < DNS_NAME_MAX ? avail : DNS_NAME_MAX;
	*labels = 0;
	dns_name_no_key(req);
	while (at < end && wire[at]) {
		if (wire[at] > DNS_LABEL_MAX)
			return 0;
		starts[n++] = (uint8_t)(at + 1);
		at += 1 + wire[at];
	}
	if (at >= end)
		return 0;
	*labels = n;
	if (avail - at < HOST_KEY_BLOCK) {
		memcpy(padded, wire, at);
		wire = padded;
	}
	starts[n] = (uint8_t)(at + 1);
	req->host_len = (uint16_t)host_key_write(req->key, wire, starts, n);
	req->key_len = req->host_len + 1;
	return at + 1;
}
