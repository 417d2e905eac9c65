# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# The soak of one device in the virtual host: sixteen tenants at once, and what is left of host and module when they have gone.
# Source it after VPIO_DEVICE is set, then: soak DEVICE [TENANTS]      (DEVICE: rtl8139 or edu)
#   VPIO_SOAK_SECONDS   of work (30)
#   VPIO_SEED           who is hostile, and what each of them does
. rig/pair.sh

hostile=build/rig/hostile
soak_seconds=${VPIO_SOAK_SECONDS:-30}
soak_seed=${VPIO_SEED:-$((SRANDOM + 1))}

# The UUID of a tenant's vdev: soak_uuid NUMBER
soak_uuid() {
	printf '5%07x-0000-4000-8000-0000000050a4\n' "$1"
}

# Vdevs for a number of tenants; removes them: soak_create COUNT, soak_remove COUNT
soak_create() {
	local i parameter
	for ((i = 0; i < $1; i++)); do
		parameter=()
		[ "$VPIO_DEVICE" != "$rig_device" ] || parameter=(chip=$((i % 2 ? 0x20 : 0x10)))
		vdev_create "$(soak_uuid $i)" "${parameter[@]}" || return
	done
}

soak_remove() {
	local i
	for ((i = 0; i < $1; i++)); do
		vdev_remove "$(soak_uuid $i)" || return
	done
	[ -z "$(ls /sys/bus/mdev/devices)" ] || fail "there are vdevs left: $(ls /sys/bus/mdev/devices)"
}

# A soak from the vdevs' creation to their removal: soak_once DEVICE TENANTS SECONDS
soak_once() {
	local uuids=() i
	soak_create "$2" || return
	for ((i = 0; i < $2; i++)); do
		uuids+=("$(soak_uuid $i)")
	done
	$hostile --soak "$1" --seed "$soak_seed" --seconds "$3" "${uuids[@]}" || failed=1
	pdev_figures
	soak_remove "$2"
}

pdev_stat() {
	awk -v name="$1" '$1 == name { print $2 }' "/sys/bus/pci/devices/$VPIO_DEVICE/vpio/stats"
}

pdev_figures() {
	echo "# device: $(pdev_stat hand_offs) hand-offs, the longest $(pdev_stat hand_off_most_ns) ns; $(pdev_stat tx_frames) frames sent," \
		"$(pdev_stat rx_frames) received, $(pdev_stat local_frames) from vdev to vdev; $(pdev_stat interrupts) interrupts," \
		"$(pdev_stat polls) polls, $(pdev_stat runs) runs, $(pdev_stat lost) lost, $(pdev_stat spurious) spurious; $(pdev_stat recoveries) recoveries, $(pdev_stat storms) storms"
}

# kB of memory that the kernel has allocated for itself, of kinds that vdevs and their users consist of.
used() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|VmallocUsed|Percpu|KernelStack|PageTables|Mlocked):/ { sum += $2 } END { print sum }' /proc/meminfo
}

soak() {
	local tenants=${2:-16} before after
	[ -x $hostile ] || { fail "no $hostile: build it first (make test does)"; exit 1; }
	vpio_load "$VPIO_DEVICE" || exit 1
	# what the host allocates once, and keeps; too short for anybody's share
	soak_once "$1" "$tenants" 2 >"$VPIO_OUT/warm-up" || { cat "$VPIO_OUT/warm-up"; exit 1; }
	failed=0
	before=$(used)
	soak_once "$1" "$tenants" "$soak_seconds" || failed=1
	after=$(used)
	check "no memory is lost: $((after - before)) kB more than after a shorter soak" test $((after - before)) -lt 2000
	check "the device works" grep -qx working "/sys/bus/pci/devices/$VPIO_DEVICE/vpio/state"
	check "no handler of the model went wrong" test "$(pdev_stat model_errors)" = 0
	check "the module unloads" vpio_unload "$VPIO_DEVICE"
	check "no warning in the host's log" log_is_clean
	echo "# to do the same again: VPIO_SEED=$soak_seed VPIO_SOAK_SECONDS=$soak_seconds rig/run $0"
	exit $failed
}
