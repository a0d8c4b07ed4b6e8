/* replay - sends the frames of a capture through a DPDK device at a given rate, and counts the answers by kind. */
/* SPDX-License-Identifier: BSD-3-Clause
 *
 * replay EAL-ARGUMENT...    with one device, as --vdev net_virtio_user0,path=SOCKET or --vdev net_memif0,socket=SOCKET
 *
 * The stand-in for Pktgen of scripts/pktgen/search.py. Each line "trial FILE RATE SECONDS" on standard input is answered by one line of
 * JSON. A frame that the device does not take at once is lost, as on a wire: sent, and counted as refused too. */
#include "lib/bytes.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BURST = 32,
	MBUFS = 16384,
	DESCRIPTORS = 1024,
	FRAMES_MAX = 65536,
	FRAME_MAX = 1518,
	LATE_MS = 100,
	LINK_MS = 10000
};

struct frame {
	uint16_t len;
	uint8_t octets[FRAME_MAX];
};

struct trial {
	double rate, seconds;
	uint64_t sent, refused, octets;
	uint64_t dns, syn_ack, redirect, other; /* what came back */
};

static struct frame frames[FRAMES_MAX];
static unsigned n_frames;
static struct rte_mempool *pool;

/* Frames of a pcap file in our byte order (libpcap's pcap-savefile(5)). */
static bool load(const char *path)
{
	uint32_t head[6], record[4];
	FILE *in = fopen(path, "rb");
	n_frames = 0;
	if (!in)
		return false;
	bool good = fread(head, sizeof(head), 1, in) == 1 && head[0] == 0xa1b2c3d4;
	while (good && n_frames < FRAMES_MAX && fread(record, sizeof(record), 1, in) == 1) {
		struct frame *frame = &frames[n_frames++];
		good = record[2] <= FRAME_MAX && fread(frame->octets, record[2], 1, in) == 1;
		frame->len = (uint16_t)record[2];
	}
	fclose(in);
	return good && n_frames;
}

/* Answers of the right kind: DNS with an answer record, SYN with ACK, a segment that begins an HTTP 30x. */
static void count(struct trial *trial, struct rte_mbuf *mbuf)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	unsigned len = rte_pktmbuf_data_len(mbuf);
	unsigned l4 = len > 54 && load_be16(frame + 12) == 0x86dd ? 54 : 34;
	uint8_t protocol = len < 54 ? 0 : l4 == 54 ? frame[20] : frame[23];
	unsigned data =
		protocol == 17 ? l4 + 8 : l4 + (len > l4 + 12 ? frame[l4 + 12] >> 4 : 0) * 4;
	if (protocol == 17 && len >= data + 12 && load_be16(frame + l4) == 53 &&
	    (frame[data + 3] & 15) == 0 && load_be16(frame + data + 6))
		trial->dns++;
	else if (protocol == 6 && len >= data && (frame[l4 + 13] & 0x3f) == 0x12)
		trial->syn_ack++;
	else if (protocol == 6 && len >= data + 12 && memcmp(frame + data, "HTTP/1.1 30", 11) == 0)
		trial->redirect++;
	else
		trial->other++;
}

static void receive(struct trial *trial)
{
	struct rte_mbuf *mbufs[BURST];
	uint16_t n = rte_eth_rx_burst(0, 0, mbufs, BURST);
	for (uint16_t i = 0; i < n; i++)
		count(trial, mbufs[i]);
	rte_pktmbuf_free_bulk(mbufs, n);
}

static void send_burst(struct trial *trial, uint16_t n)
{
	struct rte_mbuf *mbufs[BURST];
	if (rte_pktmbuf_alloc_bulk(pool, mbufs, n) < 0) {
		trial->sent += n;
		trial->refused += n;
		return;
	}
	for (uint16_t i = 0; i < n; i++) {
		const struct frame *frame = &frames[(trial->sent + i) % n_frames];
		memcpy(rte_pktmbuf_append(mbufs[i], frame->len), frame->octets, frame->len);
		trial->octets += frame->len;
	}
	uint16_t taken = rte_eth_tx_burst(0, 0, mbufs, n);
	rte_pktmbuf_free_bulk(mbufs + taken, n - taken);
	trial->sent += n;
	trial->refused += n - taken;
}

/* What this program is too slow for is not sent at all: then sent is less than the rate says. */
static void run(struct trial *trial)
{
	uint64_t began = rte_get_tsc_cycles(), hz = rte_get_tsc_hz(), now = began;
	uint64_t end = began + (uint64_t)(trial->seconds * (double)hz);
	for (; now < end; now = rte_get_tsc_cycles()) {
		uint64_t due = (uint64_t)((double)(now - began) / (double)hz * trial->rate) + 1;
		if (due > trial->sent)
			send_burst(trial, (uint16_t)RTE_MIN(due - trial->sent, (uint64_t)BURST));
		receive(trial);
	}
	for (end = now + hz / 1000 * LATE_MS; now < end; now = rte_get_tsc_cycles())
		receive(trial);
}

static bool open_device(void)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_link link = {0};
	pool = rte_pktmbuf_pool_create("frames", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (!pool || rte_eth_dev_configure(0, 1, 1, &conf) < 0 ||
	    rte_eth_rx_queue_setup(0, 0, DESCRIPTORS, 0, NULL, pool) < 0 ||
	    rte_eth_tx_queue_setup(0, 0, DESCRIPTORS, 0, NULL) < 0 || rte_eth_dev_start(0) < 0)
		return false;
	rte_eth_promiscuous_enable(0); /* not all devices have it, nor need it */
	for (unsigned ms = 0; ms < LINK_MS && !link.link_status; ms++) {
		rte_delay_ms(1);
		rte_eth_link_get_nowait(0, &link);
	}
	return link.link_status;
}

int main(int argc, char **argv)
{
	char line[512], path[400];
	if (rte_eal_init(argc, argv) < 0 || !open_device()) {
		fputs("replay: the device does not start, or nobody is on the other side\n",
		      stderr);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		struct trial trial = {0};
		if (sscanf(line, "trial %399s %lf %lf", path, &trial.rate, &trial.seconds) != 3 ||
		    !load(path)) {
			fprintf(stderr, "replay: no trial, or not the frames of a capture: %s",
				line);
			return 1;
		}
		run(&trial);
		printf("{\"sent\": %lu, \"refused\": %lu, \"octets\": %lu, \"dns\": %lu, "
		       "\"syn-ack\": %lu, \"redirect\": %lu, "
		       "\"other\": %lu}\n",
		       trial.sent, trial.refused, trial.octets, trial.dns, trial.syn_ack,
		       trial.redirect, trial.other);
		fflush(stdout);
	}
	rte_eth_dev_stop(0);
	rte_eth_dev_close(0);
	return rte_eal_cleanup() < 0;
}
