/* park - requests of a worker that wait for the control thread, and their way there and back. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "park.h"

#include <rte_malloc.h>
#include <stddef.h>
#include <string.h>

enum { SHARES = sizeof(((struct park *)0)->held) / sizeof(uint16_t), SHARES_IN_ALL = 4 };

static void *on_node(size_t size, int socket)
{
	return rte_zmalloc_socket("park", size, RTE_CACHE_LINE_SIZE, socket);
}

/* One more than there are places, as a ring holds one less than its size. */
static struct rte_ring *ring_new(uint32_t places, int socket)
{
	uint32_t size = rte_align32pow2(places + 1);
	struct rte_ring *ring = on_node((size_t)rte_ring_get_memsize(size), socket);
	if (ring && rte_ring_init(ring, "park", size, RING_F_SP_ENQ | RING_F_SC_DEQ) == 0)
		return ring;
	rte_free(ring);
	return NULL;
}

struct park *park_new(uint32_t n, int socket)
{
	struct park *park = on_node(sizeof(*park), socket);
	if (!park)
		return NULL;
	park->n = n;
	park->share = (uint16_t)(n < SHARES_IN_ALL ? n : n / SHARES_IN_ALL);
	park->out = ring_new(n, socket);
	park->back = ring_new(n, socket);
	park->free = on_node(n * sizeof(struct parked *), socket);
	park->places = on_node(n * sizeof(struct parked), socket);
	if (!park->out || !park->back || !park->free || !park->places) {
		park_free(park, NULL);
		return NULL;
	}
	for (uint32_t i = n; i-- > 0;) {
		park->places[i].park = park;
		park->free[park->n_free++] = &park->places[i];
	}
	return park;
}

void park_free(struct park *park, void (*release)(void *packet))
{
	if (!park)
		return;
	for (uint32_t i = 0; park->places && i < park->n; i++) {
		if (park->places[i].dri)
			dri_release(park->places[i].dri);
		if (park->places[i].packet)
			release(park->places[i].packet);
	}
	rte_free(park->places);
	rte_free(park->free);
	rte_free(park->back);
	rte_free(park->out);
	rte_free(park);
}

/* --- Control thread ------------------------------------------------------------------------------------------------- */

unsigned park_receive(struct park *park, struct parked *list[PARK_RECEIVE_MAX])
{
	unsigned n = rte_ring_sc_dequeue_burst(park->out, (void **)list, PARK_RECEIVE_MAX, NULL);
	for (unsigned i = 0; i < n; i++) {
		if (list[i]->dri)
			dri_release(list[i]->dri);
		list[i]->dri = NULL;
		list[i]->result = PARK_NO_ANSWER;
	}
	return n;
}

void park_hand_back(struct park *park, struct parked *parked)
{
	rte_ring_sp_enqueue(park->back, parked);
}

/* --- Worker ------------------------------------------------------------------------------------------------------------ */

struct parked *park_take(struct park *park, uint64_t target)
{
	if (!park || !park->n_free || park->held[target % SHARES] == park->share)
		return NULL;
	struct parked *parked = park->free[--park->n_free];
	park->held[target % SHARES]++;
	parked->target = target;
	parked->n_tried = 0;
	return parked;
}

void park_send(struct park *park, struct parked *parked)
{
	rte_ring_sp_enqueue(park->out, parked);
}

unsigned park_returned(struct park *park, struct parked **list, unsigned n)
{
	return park ? rte_ring_sc_dequeue_burst(park->back, (void **)list, n, NULL) : 0;
}

void park_leave(struct park *park, struct parked *parked)
{
	park->held[parked->target % SHARES]--;
	parked->packet = NULL;
	park->free[park->n_free++] = parked;
}
