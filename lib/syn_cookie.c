/* syn_cookie - the sequence number of a SYN-ACK as proof that the client got it, so that a SYN
 * leaves no state behind. RFC 4987 §3.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "syn_cookie.h"

#include "bytes.h"
#include "siphash.h"

#include <endian.h>

enum { SLOT_SHIFT = 30, MSS_SHIFT = 27, HASH_MASK = (1 << MSS_SHIFT) - 1 };

/* Ethernet with IPv4 and IPv6, PPPoE, tunnels, the two defaults, and the smallest one. */
static const uint16_t mss_values[8] = {SYN_COOKIE_MSS_MIN, 536, 1220, 1360, 1400, 1432, 1440, 1460};

static uint32_t mss_index(uint16_t mss)
{
	uint32_t index = 7;
	while (index > 0 && mss_values[index] > mss)
		index--;
	return index;
}

static uint64_t low32(const void *at)
{
	uint32_t word;
	memcpy(&word, at, 4);
	return le32toh(word);
}

/* The octets are those of hash_of, in registers. */
static uint32_t hash_of_ip4(const uint8_t key[16], const struct syn_tuple *tuple, uint32_t index,
			    uint64_t slot)
{
	enum { LEN = 4 + 4 + 2 + 2 + 8 + 1 };
	uint32_t ports = (uint32_t)tuple->source_port << 16 | tuple->destination_port;
	uint64_t slot_octets = __builtin_bswap64(slot);
	const uint64_t words[] = {
		low32(tuple->source) | low32(tuple->destination) << 32,
		__builtin_bswap32(ports) | slot_octets << 32,
		slot_octets >> 32 | (uint64_t)index << 32,
	};
	return (uint32_t)siphash_words(key, words, LEN);
}

/* All but the client's sequence number, which is added, so that it can be found again from any segment. */
static uint32_t hash_of(const uint8_t key[16], const struct syn_tuple *tuple, uint32_t index,
			uint64_t slot)
{
	uint8_t bytes[16 + 16 + 2 + 2 + 8 + 1];
	if (tuple->address_len == 4)
		return hash_of_ip4(key, tuple, index, slot);
	struct writer w = writer_of(bytes, sizeof(bytes));
	writer_bytes(&w, tuple->source, tuple->address_len);
	writer_bytes(&w, tuple->destination, tuple->address_len);
	writer_u16(&w, tuple->source_port);
	writer_u16(&w, tuple->destination_port);
	writer_u32(&w, (uint32_t)(slot >> 32));
	writer_u32(&w, (uint32_t)slot);
	writer_u8(&w, (uint8_t)index);
	return (uint32_t)siphash(key, bytes, (size_t)(w.at - bytes));
}

uint32_t syn_cookie_make(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			 uint32_t client_isn, uint16_t mss, uint64_t now)
{
	uint64_t slot = now / SYN_COOKIE_SLOT_SECONDS;
	uint32_t index = mss_index(mss);
	uint32_t sum = hash_of(keys->key[0], tuple, index, slot) + client_isn;
	return (uint32_t)(slot & 3) << SLOT_SHIFT | index << MSS_SHIFT | (sum & HASH_MASK);
}

/* false: the slot is neither this one nor a neighbour. */
static bool slot_of(uint32_t cookie, uint64_t now, uint64_t *slot)
{
	*slot = now / SYN_COOKIE_SLOT_SECONDS;
	uint32_t ahead = ((cookie >> SLOT_SHIFT) - (uint32_t)*slot) & 3;
	*slot = ahead == 3 ? *slot - 1 : *slot + ahead;
	return ahead != 2;
}

uint16_t syn_cookie_find(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			 uint32_t seq, uint32_t cookie, uint64_t now, uint32_t *sent)
{
	uint32_t index = cookie >> MSS_SHIFT & 7;
	uint64_t slot;
	if (!slot_of(cookie, now, &slot))
		return 0;
	for (unsigned i = 0; i < keys->n; i++) {
		uint32_t isn = cookie - hash_of(keys->key[i], tuple, index, slot);
		*sent = (seq - 1 - isn) & HASH_MASK;
		if (*sent < SYN_COOKIE_WINDOW)
			return mss_values[index];
	}
	return 0;
}

uint16_t syn_cookie_check(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			  uint32_t client_isn, uint32_t cookie, uint64_t now)
{
	uint32_t sent = 0;
	uint16_t mss = syn_cookie_find(keys, tuple, client_isn + 1, cookie, now, &sent);
	return sent == 0 ? mss : 0;
}

bool syn_cookie_was_used(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			 uint32_t seq, uint32_t ack, uint64_t now)
{
	for (unsigned i = 0; i < 2 * keys->n; i++) {
		uint32_t cookie = ack - 1 -
				  (i & 1 ? SYN_COOKIE_USE_MAX
					 : 0); /* its upper bits, with and without a borrow */
		uint64_t slot;
		if (!slot_of(cookie, now, &slot))
			continue;
		uint32_t hash = hash_of(keys->key[i / 2], tuple, cookie >> MSS_SHIFT & 7, slot);
		uint32_t ours_less_theirs = (ack - seq - hash + SYN_COOKIE_USE_MAX) & HASH_MASK;
		if (ours_less_theirs <= 2 * SYN_COOKIE_USE_MAX)
			return true;
	}
	return false;
}
