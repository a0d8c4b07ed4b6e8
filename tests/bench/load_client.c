/* load_client - many DNS and HTTP clients that ask one server and time its answers; without a device or a clock of its own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_client.h"

enum { NONE = 0xffff, DNS_HEAD = 12, DNS_RESPONSE = 0x8000, DNS_RCODE = 15, STATUS_LINE = 12 };

void load_client_init(struct load_client *client)
{
	client->oldest = client->newest = NONE;
	client->port = LOAD_PORT_FIRST;
	for (client->n_free = 0; client->n_free < LOAD_SLOTS; client->n_free++)
		client->free[client->n_free] = (uint16_t)(LOAD_SLOTS - 1 - client->n_free);
}

/* --- Slots -------------------------------------------------------------------------------------------------------- */

/* The ports go round, so that one is used again as late as possible. */
static uint16_t next_port(struct load_client *client)
{
	do {
		client->port = client->port < 65535 ? client->port + 1 : LOAD_PORT_FIRST;
	} while (client->slot_of_port[client->port]);
	return (uint16_t)client->port;
}

static struct load_slot *take_slot(struct load_client *client)
{
	uint16_t index = client->free[--client->n_free];
	struct load_slot *slot = &client->slots[index];
	*slot = (struct load_slot){.port = next_port(client),
				   .before = client->newest,
				   .after = NONE,
				   .request = client->next_request};
	client->next_request = (client->next_request + 1) % client->n_requests;
	client->slot_of_port[slot->port] = (uint16_t)(index + 1);
	if (client->newest == NONE)
		client->oldest = index;
	else
		client->slots[client->newest].after = index;
	client->newest = index;
	client->under_way++;
	return slot;
}

static void give_back(struct load_client *client, struct load_slot *slot)
{
	if (slot->before == NONE)
		client->oldest = slot->after;
	else
		client->slots[slot->before].after = slot->after;
	if (slot->after == NONE)
		client->newest = slot->before;
	else
		client->slots[slot->after].before = slot->before;
	client->slot_of_port[slot->port] = 0;
	client->free[client->n_free++] = (uint16_t)(slot - client->slots);
	client->under_way--;
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

/* A frame of that request with nothing in it yet. */
static struct frame towards_server(const struct load_client *client, const struct load_slot *slot)
{
	struct frame frame = client->requests[slot->request];
	memcpy(frame.mac_from, client->mac, 6);
	memcpy(frame.mac_to, client->server_mac, 6);
	if (client->own_source)
		memcpy(frame.from, client->source, sizeof(frame.from));
	frame.port_from = slot->port;
	frame.seq = frame.ack = 0;
	frame.flags = 0;
	return frame;
}

size_t load_client_start(struct load_client *client, uint64_t now, uint64_t meant, uint8_t *room,
			 size_t size)
{
	if (!client->n_free)
		return 0;
	struct load_slot *slot = take_slot(client);
	slot->meant = meant;
	slot->deadline = now + client->timeout;
	slot->id = (uint16_t)(client->counts.sent * 40503);
	slot->isn =
		(uint32_t)(now >>
			   10); /* grows from one use of a port to the next (RFC 9293 section 3.4.1) */
	client->counts.sent++;
	struct frame frame = towards_server(client, slot);
	uint8_t query[FRAME_MAX];
	if (frame.protocol == FRAME_TCP) {
		frame.seq = slot->isn;
		frame.flags = FRAME_SYN;
		frame.payload.len = 0;
	} else {
		memcpy(query, frame.payload.at, frame.payload.len);
		store_be16(query, slot->id);
		frame.payload.at = query;
	}
	return frame_write(&frame, room, size);
}

/* --- Hearing ------------------------------------------------------------------------------------------------------ */

static void end_request(struct load_client *client, struct load_slot *slot, uint64_t *count)
{
	++*count;
	give_back(client, slot);
}

static void right_answer(struct load_client *client, const struct load_slot *slot, uint64_t now)
{
	if (slot->meant < client->measure_from)
		return;
	client->measured++;
	histogram_add(&client->latency, now > slot->meant ? now - slot->meant : 0);
}

/* Right: it is no error and has a record. */
static void hear_dns(struct load_client *client, struct load_slot *slot, uint64_t now,
		     struct span answer)
{
	if (answer.len < DNS_HEAD || load_be16(answer.at) != slot->id ||
	    !(load_be16(answer.at + 2) & DNS_RESPONSE)) {
		client->counts.strays++;
		return;
	}
	bool right = !(load_be16(answer.at + 2) & DNS_RCODE) && load_be16(answer.at + 6);
	if (right)
		right_answer(client, slot, now);
	end_request(client, slot, right ? &client->counts.answered : &client->counts.wrong);
}

static size_t send_segment(const struct load_client *client, const struct load_slot *slot,
			   uint32_t seq, uint8_t flags, bool request, uint8_t *room, size_t size)
{
	struct frame frame = towards_server(client, slot);
	frame.seq = seq;
	frame.ack = slot->next;
	frame.flags = flags;
	if (!request)
		frame.payload.len = 0;
	return frame_write(&frame, room, size);
}

static bool is_redirect(struct span head)
{
	return head.len >= STATUS_LINE && !memcmp(head.at, "HTTP/1.", 7) &&
	       !memcmp(head.at + 8, " 30", 3);
}

/* The octets of ours that the server may acknowledge by now, counted from our SYN. */
static uint32_t sent_so_far(const struct load_client *client, const struct load_slot *slot)
{
	return 1 + (slot->connected ? client->requests[slot->request].payload.len : 0) +
	       slot->closed;
}

/* After the answer our FIN, unless that went out before; after the server's FIN the request is over. */
static size_t hear_end(struct load_client *client, struct load_slot *slot, bool over, uint8_t *room,
		       size_t size)
{
	uint8_t flags = slot->closed ? FRAME_ACK : FRAME_FIN | FRAME_ACK;
	slot->next += over;
	size_t len = send_segment(client, slot, slot->isn + sent_so_far(client, slot), flags, false,
				  room, size);
	slot->closed = true;
	if (over)
		end_request(client, slot,
			    slot->heard ? &client->counts.answered : &client->counts.wrong);
	return len;
}

/* What the server says after our request; only what is next in order counts. */
static size_t hear_stream(struct load_client *client, struct load_slot *slot, uint64_t now,
			  const struct frame *in, uint8_t *room, size_t size)
{
	if (in->seq != slot->next) {
		client->counts.strays++;
		return 0;
	}
	if (in->payload.len && !slot->heard) {
		slot->heard = true;
		if (!is_redirect(in->payload)) {
			end_request(client, slot, &client->counts.wrong);
			return 0;
		}
		right_answer(client, slot, now);
	}
	slot->next += in->payload.len;
	bool over = in->flags & FRAME_FIN;
	return over || in->payload.len ? hear_end(client, slot, over, room, size) : 0;
}

static size_t hear_tcp(struct load_client *client, struct load_slot *slot, uint64_t now,
		       const struct frame *in, uint8_t *room, size_t size)
{
	if (!(in->flags & FRAME_ACK) || in->ack - slot->isn - 1 >= sent_so_far(client, slot)) {
		client->counts.strays++;
		return 0;
	}
	if (in->flags & FRAME_RST) {
		end_request(client, slot, &client->counts.wrong);
		return 0;
	}
	if (slot->connected)
		return hear_stream(client, slot, now, in, room, size);
	if (!(in->flags & FRAME_SYN)) {
		client->counts.strays++;
		return 0;
	}
	slot->connected = true;
	slot->next = in->seq + 1;
	return send_segment(client, slot, slot->isn + 1, FRAME_ACK | FRAME_PSH, true, room, size);
}

/* It comes from where the request went, and goes to where that came from. */
static bool fits(const struct load_client *client, const struct load_slot *slot,
		 const struct frame *in)
{
	const struct frame *request = &client->requests[slot->request];
	const uint8_t *source = client->own_source ? client->source : request->from;
	return in->family == request->family && in->protocol == request->protocol &&
	       in->port_from == request->port_to &&
	       !memcmp(in->from, request->to, sizeof(in->from)) &&
	       !memcmp(in->to, source, sizeof(in->to));
}

size_t load_client_hear(struct load_client *client, uint64_t now, const uint8_t *at, size_t len,
			uint8_t *room, size_t size)
{
	struct frame in;
	bool read = frame_read(&in, at, len);
	uint16_t index = read ? client->slot_of_port[in.port_to] : 0;
	if (!index || !fits(client, &client->slots[index - 1], &in)) {
		bool end = read && !index && in.protocol == FRAME_TCP && in.flags == FRAME_ACK &&
			   !in.payload.len;
		++*(end ? &client->counts.ends : &client->counts.strays);
		return 0;
	}
	struct load_slot *slot = &client->slots[index - 1];
	if (in.protocol == FRAME_TCP)
		return hear_tcp(client, slot, now, &in, room, size);
	hear_dns(client, slot, now, in.payload);
	return 0;
}

void load_client_expire(struct load_client *client, uint64_t now)
{
	while (client->oldest != NONE && client->slots[client->oldest].deadline <= now)
		end_request(client, &client->slots[client->oldest], &client->counts.timeouts);
}
