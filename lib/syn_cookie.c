/* syn_cookie - the sequence number of a SYN-ACK as proof that the client got it, so that a SYN
 * leaves no state behind. RFC 4987 §3.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "syn_cookie.h"

#include "bytes.h"
#include "siphash.h"

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

static uint32_t cookie_of(const uint8_t key[16], const struct syn_tuple *tuple, uint32_t client_isn,
			  uint32_t index, uint64_t slot)
{
	uint8_t bytes[16 + 16 + 2 + 2 + 4 + 8 + 1];
	struct writer w = writer_of(bytes, sizeof(bytes));
	writer_bytes(&w, tuple->source, tuple->address_len);
	writer_bytes(&w, tuple->destination, tuple->address_len);
	writer_u16(&w, tuple->source_port);
	writer_u16(&w, tuple->destination_port);
	writer_u32(&w, client_isn);
	writer_u32(&w, (uint32_t)(slot >> 32));
	writer_u32(&w, (uint32_t)slot);
	writer_u8(&w, (uint8_t)index);
	uint32_t hash = (uint32_t)siphash(key, bytes, (size_t)(w.at - bytes));
	return (uint32_t)(slot & 3) << SLOT_SHIFT | index << MSS_SHIFT | (hash & HASH_MASK);
}

uint32_t syn_cookie_make(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			 uint32_t client_isn, uint16_t mss, uint64_t now)
{
	return cookie_of(keys->key[0], tuple, client_isn, mss_index(mss),
			 now / SYN_COOKIE_SLOT_SECONDS);
}

uint16_t syn_cookie_check(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			  uint32_t client_isn, uint32_t cookie, uint64_t now)
{
	uint64_t slot = now / SYN_COOKIE_SLOT_SECONDS;
	uint32_t ahead = ((cookie >> SLOT_SHIFT) - (uint32_t)slot) & 3;
	if (ahead == 2)
		return 0;
	slot = ahead == 3 ? slot - 1 : slot + ahead;
	uint32_t index = cookie >> MSS_SHIFT & 7;
	for (unsigned i = 0; i < keys->n; i++) {
		if (cookie_of(keys->key[i], tuple, client_isn, index, slot) == cookie)
			return mss_values[index];
	}
	return 0;
}
