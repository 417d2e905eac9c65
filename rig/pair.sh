# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Two guests by their letters, and results as TAP lines: what the demonstration and the tests share on top of lib.sh.
. rig/lib.sh

declare -A uuid=([A]=a0000000-0000-4000-8000-000000008139 [B]=b0000000-0000-4000-8000-000000008139)
declare -A address=([A]=10.81.39.11 [B]=10.81.39.12)
failed=0

# Run a command, say whether it held: check WHAT COMMAND...
check() {
	local what=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok - $what"
	else
		echo "not ok - $what: ${said:-(it said nothing)}"
		failed=1
	fi
}

stat_of() {
	vdev_stats "${uuid[$1]}" | awk -v name="$2" '$1 == name { print $2 }'
}

ping_from() {
	guest_run "$1" "ping -c 3 -W 5 $2" | tee "$VPIO_OUT/ping.$1" | grep ' 0% packet loss' ||
		{ cat "$VPIO_OUT/ping.$1"; false; }
}

# A guest on its vdev, which is there already: start_on_vdev NAME
start_on_vdev() {
	guest_start "$1" -device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/${uuid[$1]}"
}

guest_up() {
	guest_wait "$1" 180 && guest_address "$1" "${address[$1]}"
}

# A transfer's line says what was sent and received: transfer_matched FILE
transfer_matched() {
	cat "$1"
	awk '/checksum sent/ { sub(",", "", $(NF - 2)); good = $(NF - 2) == $NF && $NF != "" } END { exit !good }' "$1"
}

log_is_clean() {
	! dmesg | grep -E 'WARNING|BUG:|Oops|Call Trace|refcount|leak|stuck|blocked for'
}
