# shellcheck shell=bash
# guest.sh - a small guest with emulated NICs for nic.sh: Debian's cloud kernel, an initramfs made on the spot, QEMU without KVM.
# SPDX-License-Identifier: BSD-3-Clause
#
#   host fr, host us --- bridge (namespace "wire") --- tap-e1000e, tap-virtio, tap-vmxnet3: the other ends are NICs of the guest

NIC=$TOP/tests/nic
KERNEL=$BUILD/guest-kernel # kept between runs

guest_kernel_fetch() { # the package that the one without a version stands for
	local package
	package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')
	[[ $package ]] && (cd "$KERNEL" && apt-get -q download "$package")
}

# The kernel is unpacked, not installed: this machine's next start is not the test's business.
guest_kernel() {
	[[ ! -e $KERNEL/modules.order ]] || return 0
	rm -rf "$KERNEL"
	mkdir -p "$KERNEL"
	{ guest_kernel_fetch || { apt-get -q update && guest_kernel_fetch; }; } >"$LAB_DIR/kernel.log" 2>&1 ||
		die "Debian's linux-image-cloud-amd64 cannot be fetched: is the network there?" "$LAB_DIR/kernel.log"
	dpkg-deb -x "$KERNEL"/*.deb "$KERNEL"
	rm "$KERNEL"/*.deb
	depmod -b "$KERNEL" "$(basename "$KERNEL"/lib/modules/*)"
	guest_module_order >"$KERNEL/modules.new"
	mv "$KERNEL/modules.new" "$KERNEL/modules.order"
}

guest_module_order() { # the drivers that take the NICs, after what they need
	local version module
	version=$(basename "$KERNEL"/lib/modules/*)
	for module in virtio_pci virtio_net vmxnet3 vfio-pci vfio_iommu_type1 uio_pci_generic; do
		modprobe -d "$KERNEL" -S "$version" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# Programs, what they are linked with, and of DPDK's drivers those for the NICs, each once: in /lib, with a link where EAL looks.
guest_initramfs() { # CONFIGURATION...: LAB_DIR/initramfs, with these in /etc
	local root=$LAB_DIR/root pmds driver module
	pmds=$(echo /usr/lib/*/dpdk/pmds-*)
	mkdir -p "$root"/{bin,lib64,lib,modules,etc,proc,sys,dev,tmp,var,run/turnout,"$pmds"}
	install -m 755 "$NIC/init" "$root/init"
	install -m 755 /bin/busybox "$BUILD/turnoutd" "$BUILD/turnoutctl" "$root/bin"
	ln -s busybox "$root/bin/sh"
	ln -s ../run "$root/var/run"
	for driver in "$pmds"/librte_{bus_pci,bus_vdev,mempool_ring,net_e1000,net_virtio,net_vmxnet3}.so.*.*; do
		cp "${driver%.*}" "$root/lib"
		ln -s "/lib/$(basename "${driver%.*}")" "$root$driver"
	done
	ldd "$root"/bin/turnout* "$root"/lib/* | awk '$2 == "=>" { print $3 }' | sort -u | xargs cp -Lt "$root/lib"
	cp /lib64/ld-linux-x86-64.so.2 "$root/lib64"
	while read -r module; do
		cp "$module" "$root/modules"
		basename "$module"
	done <"$KERNEL/modules.order" >"$root/modules/order"
	cp "$@" "$root/etc"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$LAB_DIR/initramfs"
}

guest_tap() { # NAME [multi_queue]: one end of a NIC, on the bridge
	lab_in wire ip tuntap add "tap-$1" mode tap vnet_hdr ${2:+"$2"}
	no_ipv6 wire "tap-$1"
	lab_in wire ip link set "tap-$1" master bridge up
}

guest_start() { # QEMU OPTION...: boots it in namespace wire; its shell answers guest afterwards
	guest_tap e1000e
	guest_tap virtio multi_queue
	guest_tap vmxnet3
	lab_spawn qemu wire qemu-system-x86_64 -machine q35,accel=tcg,kernel-irqchip=split -cpu max -smp 3 -m 1024 -nodefaults \
		-nographic -no-reboot -device intel-iommu,intremap=on,caching-mode=on \
		-kernel "$(echo "$KERNEL"/boot/vmlinuz-*)" -initrd "$LAB_DIR/initramfs" \
		-append 'console=ttyS0 intel_iommu=on iommu=pt hugepages=192 panic=-1 quiet' \
		-serial "file:$LAB_DIR/console.log" -serial "unix:$LAB_DIR/guest.sock,server=on,wait=off" "$@"
	wait_until 10 "QEMU to start" eval '[[ -S $LAB_DIR/guest.sock ]] || ! kill -0 "${LAB_PID[qemu]}"'
	[[ -S $LAB_DIR/guest.sock ]] || die "QEMU does not start" "$LAB_DIR/qemu.log"
	python3 "$NIC/guest.py" "$LAB_DIR/guest.sock" 90 || die "the guest does not start" "$LAB_DIR/console.log"
}

guest() { # COMMAND...: in the guest
	python3 "$NIC/guest.py" "$LAB_DIR/guest.sock" 60 "$*"
}

guest_json() { # VERB EXPRESSION: what turnoutctl shows there, as `it`
	guest turnoutctl --json show "$1" | python3 -c "import json, sys; it = json.load(sys.stdin); print($2)"
}
