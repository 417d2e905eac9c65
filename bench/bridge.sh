# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# What VPIO is compared with: wires with a card and a peer of their own, and guests on tap and
# bridge. Source it after rig/pair.sh; needs card[WIRE] and peer_card[WIRE], PCI addresses.

module() {
	modprobe -d "$PWD/build/rig/6.1" -S "$(cat build/rig/6.1/version)" "$@"
}

# The network interface of a PCI device
interface_of() {
	basename "$(echo "/sys/bus/pci/devices/$1/"{net,virtio*/net}/* | tr ' ' '\n' | grep -v '\*')"
}

# The peer of a wire, in a network namespace of its own, peer-WIRE: make_peer WIRE
make_peer() {
	local wire=$1 name
	name=$(interface_of "${peer_card[$wire]}")
	ip netns add "peer-$wire"
	ip link set "$name" netns "peer-$wire" name eth0
	ip -n "peer-$wire" addr add $rig_peer_address/24 dev eth0
	ip -n "peer-$wire" link set lo up
	ip -n "peer-$wire" link set eth0 up
}

host_driver() {
	case ${VPIO_RIG_NIC:-rtl8139} in
	rtl8139) echo 8139cp ;;
	*) echo ne2k-pci ;;
	esac
}

bind_host() {
	module "$(host_driver)" && bind_driver "$1" "$(host_driver)"
}

# A bridge onto the wire "bridge"; vhost is there
make_bridge() {
	[ ! -d /sys/class/net/br0 ] || return 0
	module vhost_net
	make_peer bridge
	bind_host "${card[bridge]}" || return
	ip link add br0 type bridge
	ip link set "$(interface_of "${card[bridge]}")" master br0 up
	ip link set br0 up
}

# A guest with one of QEMU's NICs, virtio-net with vhost: guest_on_bridge NAME MODEL LAST-BYTE-OF-MAC
guest_on_bridge() {
	local vhost=
	[ "$2" != virtio-net-pci ] || vhost=,vhost=on
	ip tuntap add "tap-$1" mode tap
	ip link set "tap-$1" master br0 up
	guest_start "$1" -netdev "tap,id=n0,ifname=tap-$1,script=no,downscript=no$vhost" \
		-device "$2,netdev=n0,romfile=,mac=52:54:00:00:00:$3"
}
