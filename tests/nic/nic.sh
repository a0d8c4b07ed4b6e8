#!/usr/bin/env bash
# nic - turnoutd on PCI devices as an operator binds them: emulated NICs in a guest, dig and curl on the other side. Function, not speed.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../e2e/case.sh
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/case.sh"
# shellcheck source-path=SCRIPTDIR source=guest.sh
source "$(dirname "${BASH_SOURCE[0]}")/guest.sh"

BAD=5 # frames of each kind with a wrong checksum
declare -A DEVICE=([e1000e]=0000:00:10.0 [virtio]=0000:00:11.0 [vmxnet3]=0000:00:12.0)
declare -A DRIVER=([e1000e]=net_e1000_em [virtio]=net_virtio [vmxnet3]=net_vmxnet3)
declare -A IP4_OFFLOAD=([e1000e]=True [virtio]=False [vmxnet3]=False)

nic_conf() { # NAME WORKERS IDLE: the world of e2e.conf on that device
	local conf=$LAB_DIR/$1-$3.conf
	sed -E -e 's/^eal = .*/eal = { hugepages = true; memory = 256; prefix = "nic"; };/' \
		-e "s/^workers = .*/workers = { count = $2; idle = \"$3\"; };/" \
		-e "s/vdev = \"[^\"]*\"/device = \"${DEVICE[$1]}\"/" -e '/^control = /d' "$E2E/e2e.conf" >"$conf"
	echo "$conf"
}

nic_world() { # clients whose kernels check every checksum, and the guest
	local name confs=()
	lab_begin
	lab_host fr 198.51.100.10/24 2001:db8:f::10/64
	lab_host us 203.0.113.10/24 2001:db8:a::10/64
	for name in fr us; do
		lab_route "$name" 192.0.2.0/24 2001:db8::/64
	done
	# A bridge that looks at IP headers would keep the wrong ones for itself.
	lab_in wire sh -c 'f=/proc/sys/net/bridge/bridge-nf-call-iptables; [ ! -e $f ] || echo 0 >$f'
	# This one leaves its checksums to the devices that come after it.
	lab_in us ethtool -K eth0 tx on >/dev/null
	lab_in wire ethtool -K to-us tx on >/dev/null
	make_geo "$LAB_DIR/e2e.mmdb" "$LAB_DIR/e2e-city.mmdb"
	for name in "${!DEVICE[@]}"; do
		confs+=("$(nic_conf "$name" 2 poll)" "$(nic_conf "$name" 1 sleep)")
	done
	guest_kernel
	guest_initramfs "$LAB_DIR"/*.mmdb "${confs[@]}"
	guest_start -netdev tap,id=e,ifname=tap-e1000e,script=no,downscript=no \
		-device e1000e,netdev=e,addr=0x10,romfile=,mac=02:00:00:00:00:10 \
		-netdev tap,id=v,ifname=tap-virtio,script=no,downscript=no,queues=2 \
		-device virtio-net-pci,netdev=v,addr=0x11,romfile=,mac=02:00:00:00:00:11,mq=on,vectors=6,disable-legacy=on,iommu_platform=on \
		-netdev tap,id=m,ifname=tap-vmxnet3,script=no,downscript=no \
		-device vmxnet3,netdev=m,addr=0x12,romfile=,mac=02:00:00:00:00:12
}

drops() { # REASON: how many packets ended so
	guest_json drops "sum(d['count'] for d in it['drops'] if d['reason'] == '$1')"
}

kernel_refused() { # HOST: packets in which its kernel found a wrong checksum
	lab_in "$1" nstat -asz | awk '/InCsumErrors/ { sum += $2 } END { print sum + 0 }'
}

answers() { # WHAT
	local host
	expect "$1: ping" ' 3 received' lab_in fr ping -c 3 -i 0.2 -W 2 $R4
	expect "$1: ping over IPv6, 1400 octets" ' 3 received' lab_in fr ping -6 -c 3 -i 0.2 -W 2 -s 1400 $R6
	for host in fr us; do
		expect "$1: DNS over IPv4 from $host" '^vod.cdn-b.example.$' dig_in $host +short www.cdn.example
		expect "$1: DNS over IPv6 from $host" '^vod.cdn-b.example.$' lab_in $host dig "@$R6" +short www.cdn.example AAAA
		expect "$1: DNS over TCP from $host" '^vod.cdn-b.example.$' dig_in $host +tcp +short www.cdn.example
		expect "$1: HTTP from $host" '^302 https://cache.cdn-c.example:8080/live/1$' get $host http://paths.cdn.example/live/1
		expect "$1: HTTP over IPv6 from $host" '^302 https://cache.cdn-c.example:8080/live/1$' \
			get $host http://paths.cdn.example/live/1 --resolve "paths.cdn.example:80:[$R6]"
		expect "$1: HTTP over several segments from $host" '^302 https://cache.cdn-c.example:8080/live/1$' \
			get $host http://paths.cdn.example/live/1 -H "X-Long: $(printf '%04000d' 7)"
	done
	expect "$1: the kernels of the clients found every checksum right" '^0 0$' echo "$(kernel_refused fr) $(kernel_refused us)"
}

wrong_checksums() { # WHAT MAC
	local reason
	lab_in fr python3 "$NIC/bad_sums.py" eth0 "$2" 198.51.100.10 $R4 2001:db8:f::10 $R6 $BAD
	sleep 0.5
	expect "$1: wrong UDP checksums, over IPv4 and IPv6, are dropped and counted" "^$((2 * BAD))$" drops udp_checksum
	for reason in tcp_checksum ip4_checksum; do
		expect "$1: the same for $reason" "^$BAD$" drops $reason
	done
}

offloads() { # WHAT NAME WORKERS
	expect "$1: the port is that PCI device, with its checksums" "^${DRIVER[$2]} ${DEVICE[$2]} $3 True True ${IP4_OFFLOAD[$2]}$" \
		guest_json ports "' '.join(str(it['ports'][0][k]) for k in
			('driver', 'device', 'queues', 'rx-checksum', 'tx-checksum-l4', 'tx-checksum-ip4'))"
}

queues() { # WHAT WORKERS-THAT-ANSWER
	expect "$1: of queries from 20 ports none is lost" 'Queries lost: +0 ' \
		lab_in fr dnsperf -s $R4 -d "$LAB_DIR/names" -c 20 -l 1 -Q 200
	expect "$1: workers that answered them: $2" "^$2$" guest_json workers "sum(w['dns-redirects'] > 10 for w in it['workers'])"
}

on() { # NAME KERNEL-DRIVER WORKERS IDLE WORKERS-THAT-ANSWER
	local what="$1, $2, idle $4" mac=02:00:00:00:00:${DEVICE[$1]:8:2}
	expect "$what: bound" "^$2$" guest bind "${DEVICE[$1]}" "$2"
	check "$what: turnoutd starts" guest start "/etc/$1-$4.conf"
	guest turnoutctl status >/dev/null || return 0
	lab_in fr ip neighbour flush dev eth0
	lab_in us ip neighbour flush dev eth0
	offloads "$what" "$1" "$3"
	answers "$what"
	wrong_checksums "$what" "$mac"
	queues "$what" "$5"
	expect "$what: SIGTERM ends it" '^ended with exit code 0$' guest stop
	expect "$what: it gave its memory back, and the device is still bound" "^192 192 $2$" \
		guest "echo \$(awk '/HugePages_(Total|Free)/ { print \$2 }' /proc/meminfo) \$(driver ${DEVICE[$1]})"
}

nic_world
echo 'www.cdn.example A' >"$LAB_DIR/names"
expect "the kernel's driver has the device before" '^virtio' guest driver "${DEVICE[virtio]}"
on virtio vfio-pci 2 poll 2
on e1000e vfio-pci 2 poll 1  # DPDK's driver gives it no RSS,
on vmxnet3 vfio-pci 2 poll 1 # nor QEMU this one: all packets come to the first queue
for name in virtio e1000e vmxnet3; do
	on $name uio_pci_generic 1 sleep 1
done
# QEMU's vmxnet3 looks at the place of the driver's shared memory before the driver has told it where: at 0.
expect "the IOMMU had to stop no access, and the kernel of the guest is well" '^0$' sh -c \
	"grep -E 'fault addr|BUG:|Oops' '$LAB_DIR/console.log' | grep -vc 'DMA Read.*\[00:12.0\] fault addr 0x0 ' || true"
finish
