# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Shell functions (bash) for scripts that rig/run starts in the virtual host: the module, virtual
# devices, guests, the wire. Source it: . rig/lib.sh     Each function returns 0, or says on stderr
# what is wrong and returns another status.

rig_device=0000:00:03.0                # the shared NIC
rig_peer_address=10.81.39.1            # the peer on its wire
rig_state=/run/vpio-rig                # pids, pipes and addresses of guests
rig_channels=8                         # commands that a guest can run at a time
mkdir -p "$rig_state"

# Say something on stderr and return 1: fail WORDS...
fail() {
	echo "${0##*/}: $*" >&2
	return 1
}

# Poll until a command succeeds: wait_for SECONDS DESCRIPTION COMMAND...
wait_for() {
	local seconds=$1 description=$2 end
	shift 2
	end=$((SECONDS + seconds))
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			fail "waited $seconds s in vain for: $description"
			return
		fi
		sleep 0.1
	done
}

# The driver that a PCI device is bound to, or nothing: driver_of DEVICE
driver_of() {
	[ ! -e "/sys/bus/pci/devices/$1/driver" ] || basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

# Bind a PCI device to a driver, whichever has it now: bind_driver DEVICE DRIVER
bind_driver() {
	local device=/sys/bus/pci/devices/$1
	[ -d "$device" ] || { fail "no PCI device $1"; return; }
	[ ! -e "$device/driver" ] || echo "$1" >"$device/driver/unbind"
	echo "$2" >"$device/driver_override"
	echo "$1" >/sys/bus/pci/drivers_probe
	[ "$(driver_of "$1")" = "$2" ] || fail "driver $2 did not take $1; dmesg says: $(dmesg | tail -n 3)"
}

# Load vpio.ko with the models of build/firmware, and bind the shared device to it: vpio_load
# [DEVICE]
vpio_load() {
	[ -f build/kernel/vpio.ko ] || { fail "no build/kernel/vpio.ko: build it first (make)"; return; }
	printf %s "$PWD/build/firmware" >/sys/module/firmware_class/parameters/path
	[ -d /sys/module/vpio ] || insmod build/kernel/vpio.ko || return
	bind_driver "${1:-$rig_device}" vpio
}

# Unbind the shared device and unload vpio.ko: vpio_unload [DEVICE]
vpio_unload() {
	local device=${1:-$rig_device}
	[ "$(driver_of "$device")" != vpio ] || echo "$device" >/sys/bus/pci/drivers/vpio/unbind || return
	echo >"/sys/bus/pci/devices/$device/driver_override"
	rmmod vpio
}

# Create a virtual device: vdev_create UUID [mac=ADDRESS] [PARAMETER=VALUE...]
# (VPIO_DEVICE: of another device than the NIC)
vdev_create() {
	local uuid=$1 type setting vdev=/sys/bus/mdev/devices/$1
	shift
	type=$(echo "/sys/bus/pci/devices/${VPIO_DEVICE:-$rig_device}/mdev_supported_types/"*)
	[ -d "$type" ] || { fail "${VPIO_DEVICE:-$rig_device} offers no mdev type: is it bound to vpio (vpio_load)?"; return; }
	echo "$uuid" >"$type/create" || { fail "cannot create vdev $uuid"; return; }
	for setting; do
		case $setting in
		mac=*) echo "${setting#mac=}" >"$vdev/vpio/mac" ;;
		*) echo "$setting" >"$vdev/vpio/params" ;;
		esac || { fail "vdev $uuid does not take $setting"; return; }
	done
}

# Remove a virtual device: vdev_remove UUID
vdev_remove() {
	echo 1 >"/sys/bus/mdev/devices/$1/remove"
}

# Print a virtual device's statistics: vdev_stats UUID
vdev_stats() {
	local stats=/sys/bus/mdev/devices/$1/vpio/stats file
	if [ -d "$stats" ]; then
		for file in "$stats"/*; do
			echo "${file##*/} $(cat "$file")"
		done
	else
		cat "$stats"
	fi
}

# Run a command at the peer on the wire: peer COMMAND...
peer() {
	ip netns exec peer "$@"
}

# Start a stock guest in the background: guest_start NAME QEMUARGUMENTS...
# VPIO_GUEST_CMDLINE: further kernel parameters; VPIO_GUEST_MACHINE: QEMU's machine (pc: q35 takes
# 1.5 s longer to boot here); VPIO_GUEST_RUNNER: a command that is to run QEMU. Its console goes to
# $VPIO_OUT/NAME.log, what QEMU says to $VPIO_OUT/NAME.qemu.
guest_start() {
	local name=$1 dir=$rig_state/$1 i channels=()
	shift
	rm -rf "$dir"
	mkdir -p "$dir"
	mkfifo "$dir/monitor.in" "$dir/monitor.out"
	for ((i = 0; i < rig_channels; i++)); do
		mkfifo "$dir/$i.in" "$dir/$i.out"
		channels+=(-chardev "pipe,id=c$i,path=$dir/$i" -device "virtserialport,chardev=c$i,name=command.$i")
	done
	# shellcheck disable=SC2086
	setsid ${VPIO_GUEST_RUNNER:-} qemu-system-x86_64 -name "$name" -nodefaults -no-user-config -no-reboot -display none \
		-M "${VPIO_GUEST_MACHINE:-pc,vmport=off,smm=off,graphics=off,usb=off}" \
		-accel kvm -cpu host -smp 1 -m 128 \
		-kernel build/rig/6.1/vmlinux -initrd build/rig/guest.cpio \
		-append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr audit=0 nmi_watchdog=0 tsc=reliable
			 random.trust_cpu=on no_timer_check ${VPIO_GUEST_CMDLINE:-}" \
		-serial "file:$VPIO_OUT/$name.log" \
		-chardev "pipe,id=monitor,path=$dir/monitor" -mon monitor \
		-device virtio-serial-pci,max_ports=$((rig_channels + 1)) "${channels[@]}" \
		-d cpu_reset,guest_errors -D "$VPIO_OUT/$name.trace" "$@" </dev/null >"$VPIO_OUT/$name.qemu" 2>&1 &
	echo $! >"$dir/pid"
	disown $!
}

# Whether a guest's QEMU runs: guest_alive NAME
guest_alive() {
	local pid
	{ read -r pid <"$rig_state/$1/pid" && grep -q '^State:.[^Z]' "/proc/$pid/status"; } 2>/dev/null
}

# Run a shell command in a guest: guest_run NAME COMMAND...
# Prints what it prints, returns its exit status; 255 if the guest is gone. Up to 8 at a time. What
# a command leaves running in the background must have its output redirected.
guest_run() {
	local name=$1 dir=$rig_state/$1
	shift
	guest_alive "$name" || { fail "guest $name does not run: $(tail -n 2 "$VPIO_OUT/$name.qemu")"; return 255; }
	(
		for ((i = 0; ; i = (i + 1) % rig_channels)); do
			exec 7<>"$dir/$i.in" 8<>"$dir/$i.out"
			flock -n 7 && break
			[ $i != $((rig_channels - 1)) ] || sleep 0.1
		done
		tag=@$BASHPID.$RANDOM
		mapfile -t lines <<<"$*"
		printf '%s\n' "$tag ${#lines[@]}" "${lines[@]}" >&7
		line='' separator=''
		while :; do
			if ! IFS= read -r -t 2 -u 8 part; then
				line+=$part
				guest_alive "$name" || { printf %s "$line"; fail "guest $name is gone"; exit 255; }
				continue
			fi
			line+=$part
			case $line in
			"$tag "*) exit "${line#* }" ;;
			esac
			printf '%s%s' "$separator" "$line"
			line='' separator=$'\n'
		done
	)
}

# Wait until a guest answers: guest_wait NAME [SECONDS]
guest_wait() {
	local end=$((SECONDS + ${2:-120}))
	until grep -q 'guest: ready' "$VPIO_OUT/$1.log" 2>/dev/null; do
		if ! guest_alive "$1"; then
			fail "guest $1 ended: $(tail -n 5 "$VPIO_OUT/$1.qemu" "$VPIO_OUT/$1.log")"
			return
		elif [ $SECONDS -ge $end ]; then
			fail "guest $1 is not up after ${2:-120} s; its console: $(tail -n 5 "$VPIO_OUT/$1.log")"
			return
		fi
		sleep 0.1
	done
	guest_run "$1" true
}

# Give a guest's NIC an address and bring it up: guest_address NAME ADDRESS [INTERFACE]
guest_address() {
	guest_run "$1" "ip addr add $2/24 dev ${3:-eth0} && ip link set ${3:-eth0} up" || return
	echo "$2" >"$rig_state/$1/address"
}

# Give a guest's QEMU a command of its monitor, print the answer: guest_monitor NAME COMMAND...
guest_monitor() {
	local name=$1 line
	shift
	guest_alive "$name" || { fail "guest $name does not run"; return; }
	echo "$*" >"$rig_state/$name/monitor.in"
	while IFS= read -r -t 1 line; do
		case $line in
		'QEMU '*"type 'help'"* | '(qemu)'*) ;; # the greeting, and the command's echo
		*) echo "${line%$'\r'}" ;;
		esac
	done <>"$rig_state/$name/monitor.out"
}

# Give the virtual host's own QEMU a command of its monitor, print the answer: host_monitor COMMAND...
host_monitor() {
	local name line
	for name in /sys/class/virtio-ports/*/name; do
		[ "$(cat "$name")" != monitor ] || break
	done
	name=${name%/name}
	exec 9<>"/dev/${name##*/}"
	echo "$*" >&9
	while IFS= read -r -t 1 line <&9; do
		case $line in
		'QEMU '*"type 'help'"* | *$'\e['*) ;; # the greeting, and the command's echo
		*) echo "${line%$'\r'}" ;;
		esac
	done
	exec 9>&-
}

# End a guest, as when its power is cut in an orderly QEMU: guest_stop NAME
guest_stop() {
	guest_alive "$1" || return 0
	echo quit >"$rig_state/$1/monitor.in"
	wait_for 20 "the end of guest $1's QEMU" eval "! guest_alive $1"
}

# Kill a guest's QEMU (kill -9): guest_kill NAME
guest_kill() {
	kill -KILL "$(cat "$rig_state/$1/pid")"
	wait_for 20 "the end of guest $1's QEMU" eval "! guest_alive $1"
}

# Run a command at a place, a guest or "peer": at PLACE COMMAND
at() {
	if [ "$1" = peer ]; then
		peer bash -c "PATH=$PWD/build/rig:\$PATH; $2"
	else
		guest_run "$1" "$2"
	fi
}

# The address of a place, a guest or "peer": address_of PLACE
address_of() {
	if [ "$1" = peer ]; then
		echo "$rig_peer_address"
	else
		cat "$rig_state/$1/address"
	fi
}

# Move bytes over TCP between two places, compare checksums: xfer FROM TO BYTES [SECONDS]
# (at most SECONDS, 300)
# Prints one line. Any number of them may run at a time.
xfer() {
	local from=$1 to=$2 bytes=$3 seconds=${4:-300} port seed address result status=0
	port=$((10000 + BASHPID % 50000)) # its own for each of those that run at a time
	seed=$((SRANDOM + 1))
	address=$(address_of "$to") || return
	at "$to" "stream listen $port" || return
	result=$(at "$from" "timeout $seconds stream send $address $port $bytes $seed 2>&1") || status=$?
	if [ $status != 0 ]; then
		fail "$from -> $to: transfer of $bytes bytes (seed $seed) failed, status $status: $result"
		return
	fi
	# shellcheck disable=SC2086
	set -- $result
	awk -v from="$from" -v to="$to" -v bytes="$1" -v seconds="$2" -v sent="$3" -v received="$4" 'BEGIN {
		printf "%s -> %s: %d bytes in %.1f s, %.2f Mbit/s, checksum sent %s, received %s\n",
			from, to, bytes, seconds, bytes * 8 / 1e6 / (seconds + 1e-9), sent, received }'
}

# Print KVM's counters, "exits N" and so on, of all guests together or of one: kvm_exits [NAME]
kvm_exits() {
	local dir=/sys/kernel/debug/kvm name
	if [ -n "${1:-}" ]; then
		dir=$(echo "$dir/$(cat "$rig_state/$1/pid")"-*)
	fi
	for name in exits mmio_exits io_exits irq_exits halt_exits request_irq_exits irq_injections; do
		echo "$name $(cat "$dir/$name" 2>/dev/null || echo 0)"
	done
}
