/* dns_cookie - DNS cookies: proof that a client can receive at its address. RFC 7873, and RFC 9018 for
 * the form of ours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_cookie.h"

#include "siphash.h"

/* RFC 9018 §4: version (8), reserved (24), seconds (32), hash (64). */
enum {
	CLIENT_LEN = 8,
	SERVER_MIN = 8,
	SERVER_MAX = 32,
	SERVER_LEN = 16,
	HASHED_LEN = 8,
	VERSION = 1
};

/* The last eight octets of a server cookie, from the client's and the first eight (RFC 9018 §4.4). */
static void hash(const uint8_t secret[16], const uint8_t *client, const uint8_t *head,
		 const struct ip_addr *peer, uint8_t out[8])
{
	uint8_t input[CLIENT_LEN + HASHED_LEN + sizeof(peer->bytes)];
	size_t address = ip_bits(peer) / 8;
	memcpy(input, client, CLIENT_LEN);
	memcpy(input + CLIENT_LEN, head, HASHED_LEN);
	memcpy(input + CLIENT_LEN + HASHED_LEN, peer->bytes, address);
	uint64_t sum = siphash(secret, input, CLIENT_LEN + HASHED_LEN + address);
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(sum >> 8 * i);
}

/* Which secret made it; DNS_SECRETS: none. All octets are compared, whatever the first ones are. */
static unsigned maker(const struct dns_settings *settings, const uint8_t *client,
		      const uint8_t *server, const struct ip_addr *peer)
{
	for (unsigned i = 0; i < settings->n_secrets; i++) {
		uint8_t wanted[8], differs = 0;
		hash(settings->secrets[i], client, server, peer, wanted);
		for (unsigned k = 0; k < 8; k++)
			differs |= wanted[k] ^ server[HASHED_LEN + k];
		if (!differs)
			return i;
	}
	return DNS_SECRETS;
}

static void make(const struct dns_settings *settings, const struct ip_addr *peer, uint64_t now,
		 uint8_t cookies[CLIENT_LEN + SERVER_LEN])
{
	uint8_t *server = cookies + CLIENT_LEN;
	store_be32(server, (uint32_t)VERSION << 24);
	store_be32(server + 4, (uint32_t)now);
	hash(settings->secrets[0], cookies, server, peer, server + HASHED_LEN);
}

bool dns_cookie_read(const struct dns_settings *settings, struct span option, uint64_t now,
		     struct request_dns *dns)
{
	const struct ip_addr *peer = &dns->resolver;
	uint32_t server_len = option.len - CLIENT_LEN;
	if (option.len < CLIENT_LEN ||
	    (server_len && (server_len < SERVER_MIN || server_len > SERVER_MAX)))
		return false;
	dns->cookie = true;
	dns->cookie_sent = server_len;
	memcpy(dns->cookies, option.at, CLIENT_LEN);

	const uint8_t *server = option.at + CLIENT_LEN;
	unsigned secret = DNS_SECRETS;
	int32_t age = 0;
	if (server_len == SERVER_LEN && server[0] == VERSION) {
		/* Serial number arithmetic (RFC 1982). */
		age = (int32_t)((uint32_t)now - load_be32(server + 4));
		if (age >= -DNS_COOKIE_FUTURE && age <= DNS_COOKIE_PAST)
			secret = maker(settings, option.at, server, peer);
	}
	dns->cookie_valid = secret != DNS_SECRETS;
	bool reserved = dns->cookie_valid && load_be32(server) != (uint32_t)VERSION << 24;
	if (secret == 0 && age <= DNS_COOKIE_RENEW && !reserved)
		memcpy(dns->cookies + CLIENT_LEN, server, SERVER_LEN);
	else
		make(settings, peer, now, dns->cookies);
	return true;
}
