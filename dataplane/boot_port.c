/* boot_port - opens, configures and starts the ports, with one queue pair for each worker. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <string.h>
#include <unistd.h>

enum { MBUF_CACHE = 256, FRAME_OVERHEAD = RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN };

/* A port on its way up. */
struct opening {
	const struct port_settings *settings;
	struct port_info *info;
	struct rte_eth_dev_info device;
	struct rte_mempool *pool;
	struct faults *faults;
	unsigned n_workers;
};

static bool fail(const struct opening *port, const char *what, int error, const char *advice)
{
	faults_add(port->faults, (struct place){NULL, port->settings->line},
		   "port '%s' (line %u of the configuration): %s: %s; %s", port->settings->name,
		   port->settings->line, what, rte_strerror(error < 0 ? -error : error), advice);
	return false;
}

static bool open_device(struct opening *port)
{
	const char *name = port->settings->device ? port->settings->device : port->settings->vdev;
	char vdev_name[64];
	if (port->settings->vdev) {
		/* Drivers give no useful error here, only a line of EAL's. */
		if (rte_dev_probe(port->settings->vdev) < 0)
			return fail(port, "its device cannot be opened", geteuid() ? EPERM : ENODEV,
				    geteuid() ? "turnoutd needs root or CAP_NET_RAW for it"
					      : "check the vdev string, and that the interface it "
						"names exists");
		size_t len = strcspn(name, ",");
		snprintf(vdev_name, sizeof(vdev_name), "%.*s", (int)len, name);
		name = vdev_name;
	}
	int error = rte_eth_dev_get_port_by_name(name, &port->info->id);
	if (error < 0)
		return fail(port, "there is no such device", error,
			    "check its PCI address and that it is bound to vfio-pci "
			    "(dpdk-devbind.py -s)");
	error = rte_eth_dev_info_get(port->info->id, &port->device);
	if (error < 0)
		return fail(port, "its device does not answer", error,
			    "EAL's own lines above say more");
	snprintf(port->info->driver, sizeof(port->info->driver), "%s", port->device.driver_name);
	return true;
}

static bool check_device(const struct opening *port)
{
	const struct port_settings *settings = port->settings;
	unsigned queues = RTE_MIN(port->device.max_rx_queues, port->device.max_tx_queues);
	if (queues < port->n_workers) {
		faults_add(port->faults, (struct place){NULL, settings->line},
			   "port '%s' (line %u of the configuration): its device has %u queue "
			   "pair%s, but %u workers "
			   "need one each: set workers.count to %u, or give the device more "
			   "(qpairs=%u for "
			   "net_af_packet)",
			   settings->name, settings->line, queues, queues == 1 ? "" : "s",
			   port->n_workers, queues, port->n_workers);
		return false;
	}
	if (settings->mtu > port->device.max_mtu || settings->mtu < port->device.min_mtu) {
		faults_add(port->faults, (struct place){NULL, settings->line},
			   "port '%s' (line %u of the configuration): mtu %u is outside what its "
			   "device takes, %u to %u",
			   settings->name, settings->line, settings->mtu, port->device.min_mtu,
			   port->device.max_mtu);
		return false;
	}
	return true;
}

static bool make_pool(struct opening *port)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint16_t room = RTE_PKTMBUF_HEADROOM + RTE_MAX(port->settings->mtu + FRAME_OVERHEAD, 2048);
	snprintf(name, sizeof(name), "mbufs_%u", port->info->id);
	port->info->socket = rte_eth_dev_socket_id(port->info->id);
	port->pool = rte_pktmbuf_pool_create(name, port->settings->mbufs, MBUF_CACHE, 0, room,
					     port->info->socket);
	port->info->pool = port->pool;
	if (port->pool)
		return true;
	return fail(port, "no memory for its packet buffers", rte_errno,
		    "lower the port's mbufs, raise eal.memory, or reserve more hugepages");
}

static bool configure_device(struct opening *port)
{
	uint64_t rx = RTE_ETH_RX_OFFLOAD_CHECKSUM & port->device.rx_offload_capa;
	uint64_t tx = (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM |
		       RTE_ETH_TX_OFFLOAD_TCP_CKSUM) &
		      port->device.tx_offload_capa;
	struct rte_eth_conf conf = {
		.rxmode = {.mtu = port->settings->mtu, .offloads = rx},
		.txmode = {.offloads = tx},
	};
	if (port->n_workers > 1) {
		conf.rx_adv_conf.rss_conf.rss_hf =
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) &
			port->device.flow_type_rss_offloads;
		if (conf.rx_adv_conf.rss_conf.rss_hf)
			conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	}
	int error = rte_eth_dev_configure(port->info->id, (uint16_t)port->n_workers,
					  (uint16_t)port->n_workers, &conf);
	if (error < 0)
		return fail(port, "its device refuses the configuration", error,
			    "EAL's own lines above say more");
	uint64_t l4 = RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
	port->info->tx_checksum_ip4 = tx & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	port->info->tx_checksum_l4 = (tx & l4) == l4;
	port->info->rx_checksum = rx != 0;
	return true;
}

static bool set_up_queues(struct opening *port)
{
	uint16_t id = port->info->id;
	uint16_t rx = port->settings->rx_descriptors, tx = port->settings->tx_descriptors;
	int socket = port->info->socket;
	int error = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);
	for (uint16_t q = 0; q < port->n_workers && error >= 0; q++) {
		error = rte_eth_rx_queue_setup(id, q, rx, (unsigned)socket, NULL, port->pool);
		if (error >= 0)
			error = rte_eth_tx_queue_setup(id, q, tx, (unsigned)socket, NULL);
	}
	if (error < 0)
		return fail(port, "its queues cannot be set up", error,
			    "lower rx-descriptors and tx-descriptors, or raise mbufs");
	return true;
}

/* Solicitations come to multicast addresses: those have to pass the device. */
static bool start_device(struct opening *port)
{
	uint16_t id = port->info->id;
	int error = rte_eth_dev_start(id);
	if (error < 0)
		return fail(port, "its device does not start", error,
			    "EAL's own lines above say more");
	if (rte_eth_allmulticast_enable(id) < 0)
		rte_eth_promiscuous_enable(id);
	struct rte_ether_addr mac;
	error = rte_eth_macaddr_get(id, &mac);
	if (error < 0)
		return fail(port, "its device has no MAC address", error,
			    "EAL's own lines above say more");
	memcpy(port->info->mac, mac.addr_bytes, sizeof(port->info->mac));
	return true;
}

bool boot_ports(struct plane *plane, struct faults *faults)
{
	bool good = true;
	for (size_t i = 0; i < plane->settings->n_ports; i++) {
		struct opening port = {
			.settings = &plane->settings->ports[i],
			.info = &plane->ports[plane->n_ports],
			.faults = faults,
			.n_workers = plane->settings->n_workers,
		};
		port.info->settings = port.settings;
		port.info->mtu = port.settings->mtu;
		port.info->n_queues = (uint16_t)port.n_workers;
		if (open_device(&port) && check_device(&port) && make_pool(&port) &&
		    configure_device(&port) && set_up_queues(&port) && start_device(&port))
			plane->n_ports++;
		else
			good = false;
	}
	return good;
}

void boot_ports_stop(struct plane *plane)
{
	while (plane->n_ports) {
		uint16_t id = plane->ports[--plane->n_ports].id;
		rte_eth_dev_stop(id);
		rte_eth_dev_close(id);
	}
}
