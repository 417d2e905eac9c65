// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * models/rtl8139.vpm in the monitor, over the simulated RTL8139: what a guest with 8139too meets.
 * Identity, registers, transmitter, receiver, and the switch between guests.
 */
#include "expect.h"

/* --- Identity ---------------------------------------------------------------------------- */

static u64 config(struct world_guest *guest, u64 offset, unsigned int size)
{
	u64 value = 0;

	assert_int_equal(vpio_vdev_config_read(guest->vdev, offset, &value, size), 0);
	return value;
}

static void config_write(struct world_guest *guest, u64 offset, unsigned int size, u64 value)
{
	guest->locked = true;
	assert_int_equal(vpio_vdev_config_write(guest->vdev, offset, &value, size), 0);
	guest->locked = false;
}

static void test_config(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	u8 all[256];

	assert_int_equal(config(guest, 0, 4), 0x813910ec);
	assert_int_equal(config(guest, 4, 4), 0);
	assert_int_equal(config(guest, 8, 4), 0x02000010);
	assert_int_equal(config(guest, 0x0e, 1), 0);
	assert_int_equal(config(guest, 0x2c, 4), 0x813910ec);
	assert_int_equal(config(guest, 0x34, 1), 0);
	assert_int_equal(config(guest, 0x3c, 4), 0x100);
	assert_int_equal(vpio_vdev_config_read(guest->vdev, 0, all, 256), 0);
	assert_int_equal(vpio_vdev_config_read(guest->vdev, 256, all, 1), -1);
	assert_int_equal(vpio_vdev_config_read(guest->vdev, 1, all, 256), -1);
	assert_int_equal(vpio_vdev_config_read(guest->vdev, ~0ull, all, 1), -1);
	assert_int_equal(vpio_vdev_config_write(guest->vdev, 255, all, 2), -1);
	assert_int_equal(vpio_vdev_config_write(guest->vdev, ~0ull, all, 2), -1);
}

/* Sizing: all ones written, the size read. What is read-only stays. */
static void test_config_writes(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	unsigned int i;

	config_write(guest, 0x10, 4, 0xffffffff);
	config_write(guest, 0x14, 4, 0xffffffff);
	assert_int_equal(config(guest, 0x10, 4), 0xffffff01);
	assert_int_equal(config(guest, 0x14, 4), 0xffffff00);
	for (i = 2; i < 6; i++) {
		config_write(guest, 0x10 + 4 * i, 4, 0xffffffff);
		assert_int_equal(config(guest, 0x10 + 4 * i, 4), 0);
	}
	config_write(guest, 0x10, 4, 0xc001);
	assert_int_equal(config(guest, 0x10, 4), 0xc001);
	config_write(guest, 0x30, 4, 0xffffffff);
	assert_int_equal(config(guest, 0x30, 4), 0);
	config_write(guest, 0, 8, ~0ull);
	assert_int_equal(config(guest, 0, 4), 0x813910ec);
	assert_int_equal(config(guest, 4, 4), 0x0557);
	config_write(guest, 0x3c, 4, ~0u);
	assert_int_equal(config(guest, 0x3c, 4), 0x1ff);
}

#define NOWHERE (~0ull)

/* Where the guest has put a BAR. */
static u64 place_of(struct world_guest *guest, u32 bar)
{
	u64 address;

	return vpio_vdev_decodes(guest->vdev, bar, &address) ? address : NOWHERE;
}

static void test_bars_enabled(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	u32 command;

	config_write(guest, 0x10, 4, 0xc000);
	config_write(guest, 0x14, 4, 0xfebf1000);
	for (command = 0; command < 4; command++) {
		config_write(guest, 4, 2, command);
		assert_int_equal(place_of(guest, 0), command & 1 ? 0xc000 : NOWHERE);
		assert_int_equal(place_of(guest, 1), command & 2 ? 0xfebf1000 : NOWHERE);
	}
	storm_reset(guest);
	assert_int_equal(place_of(guest, 0), NOWHERE);
	assert_int_equal(place_of(guest, 1), NOWHERE);
}

static void test_bars_moved(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;

	config_write(guest, 4, 2, 3);
	assert_int_equal(place_of(guest, 0), NOWHERE); /* nobody has put it anywhere */
	config_write(guest, 0x14, 4, 0xfebf1000);
	config_write(guest, 0x15, 1, 0x22); /* the second byte */
	assert_int_equal(place_of(guest, 1), 0xfebf2200);
	config_write(guest, 0x10, 4, 0xffffffff);
	assert_int_equal(place_of(guest, 0), NOWHERE);
	config_write(guest, 0x10, 4, 0xfffffe00);
	assert_int_equal(place_of(guest, 0), 0xfffffe00);
	config_write(guest, 0x10, 4, 0);
	assert_int_equal(place_of(guest, 0), NOWHERE);
}

static void test_param(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;

	storm_plug(guest, false);
	assert_int_equal(vpio_vdev_set_param(guest->vdev, "colour", 6, 1), -1);
	assert_int_equal(vpio_vdev_set_param(guest->vdev, "chi", 3, 0x20), -1);
	assert_int_equal(vpio_vdev_set_param(guest->vdev, "chip", 4, 0x11), -2);
	assert_int_equal(vpio_vdev_param(guest->vdev, 0), 0x10);
	assert_int_equal(guest_in(guest, NIC_TCR, 4) & 0x7cc00000, 0x74000000);
	assert_int_equal(vpio_vdev_set_param(guest->vdev, "chip", 4, 0x20), 0);
	storm_plug(guest, true);
	assert_int_equal(vpio_vdev_param(guest->vdev, 0), 0x20);
	assert_int_equal(config(guest, 8, 1), 0x20);
	assert_int_equal(guest_in(guest, NIC_TCR, 4) & 0x7cc00000, 0x74800000);
	storm_reset(guest);
	assert_int_equal(config(guest, 8, 1), 0x20); /* a reset does not change a parameter */
}

static void test_mac(void **state)
{
	static const u8 mine[6] = { 0x02, 1, 2, 3, 4, 5 };
	static const u8 group[6] = { 0x03, 1, 2, 3, 4, 5 };
	static const u8 zero[6];
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	unsigned int i;

	for (i = 0; i < 6; i++)
		assert_int_equal(guest_in(guest, NIC_IDR + i, 1), nic_mac(guest)[i]);
	storm_plug(guest, false);
	assert_int_equal(vpio_vdev_set_mac(guest->vdev, group), -1);
	assert_int_equal(vpio_vdev_set_mac(guest->vdev, zero), -1);
	assert_int_equal(vpio_vdev_set_mac(guest->vdev, mine), 0);
	storm_plug(guest, true);
	for (i = 0; i < 6; i++)
		assert_int_equal(guest_in(guest, NIC_IDR + i, 1), mine[i]);
}

static void test_same_mac(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	int result;

	storm_plug(guest, false);
	assert_int_equal(vpio_vdev_set_mac(guest->vdev, nic_mac(&world->guests[1])), 0);
	guest->locked = true;
	result = vpio_vdev_attach(guest->vdev);
	guest->locked = false;
	assert_int_equal(result, VPIO_SAME_MAC);
}

/* A word of the EEPROM, as 8139too's read_eeprom() asks for it. */
static unsigned int eeprom_word(struct world_guest *guest, unsigned int location, int bits)
{
	const unsigned int command = location | 6u << bits;
	unsigned int value = 0;
	int i;

	guest_out(guest, NIC_CFG9346, 1, 0x80);
	guest_out(guest, NIC_CFG9346, 1, 0x88);
	for (i = 4 + bits; i >= 0; i--) {
		unsigned int data = command & 1u << i ? 2 : 0;

		guest_out(guest, NIC_CFG9346, 1, 0x88 | data);
		guest_in(guest, NIC_CFG9346, 1);
		guest_out(guest, NIC_CFG9346, 1, 0x88 | data | 4);
		guest_in(guest, NIC_CFG9346, 1);
	}
	guest_out(guest, NIC_CFG9346, 1, 0x88);
	for (i = 16; i > 0; i--) {
		guest_out(guest, NIC_CFG9346, 1, 0x8c);
		value = value << 1 | (guest_in(guest, NIC_CFG9346, 1) & 1);
		guest_out(guest, NIC_CFG9346, 1, 0x88);
	}
	guest_out(guest, NIC_CFG9346, 1, 0);
	return value;
}

/* 8139too takes a chip for one with 8 address bits if word 0 read so is 0x8129; this one has 6. */
static void test_eeprom(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	const u8 *mac = nic_mac(guest);
	unsigned int i;

	assert_int_not_equal(eeprom_word(guest, 0, 8), 0x8129);
	assert_int_equal(eeprom_word(guest, 0, 6), 0x8129);
	assert_int_equal(eeprom_word(guest, 1, 6), 0x10ec);
	assert_int_equal(eeprom_word(guest, 2, 6), 0x8139);
	for (i = 0; i < 3; i++)
		assert_int_equal(eeprom_word(guest, 7 + i, 6), mac[2 * i] | mac[2 * i + 1] << 8);
	assert_int_equal(eeprom_word(guest, 63, 6), 0);
	assert_int_equal(stats_of(guest)->refusals, 0);
}

/* --- Registers --------------------------------------------------------------------------- */

/* An access of any width and alignment gives what its bytes give. */
static void test_read_widths(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	unsigned int size, offset, i;

	for (offset = 0; offset < 0x100; offset++)
		storm_access(guest, true, 1, offset, 1, offset * 7 | 1);
	for (size = 2; size <= 8; size *= 2) {
		for (offset = 0; offset + size <= 0x100; offset++) {
			u64 value = guest_in(guest, offset, size);

			if (offset < NIC_TCTR + 4 && offset + size > NIC_TCTR)
				continue; /* time passes */
			for (i = 0; i < size; i++)
				assert_int_equal(value >> 8 * i & 0xff,
						 guest_in(guest, offset + i, 1));
		}
	}
}

static void test_past_the_end(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	unsigned int size, bar, write;

	for (write = 0; write < 2; write++) {
		for (size = 1; size <= 8; size *= 2) {
			for (bar = 0; bar < 2; bar++) {
				assert_int_equal(
					storm_access(guest, write, bar, 256 - size, size, 0), 0);
				assert_int_equal(
					storm_access(guest, write, bar, 257 - size, size, 0), -1);
				assert_int_equal(
					storm_access(guest, write, bar, 1ull << 32, size, 0), -1);
				assert_int_equal(
					storm_access(guest, write, bar, 0 - (u64)size, size, 0),
					-1);
			}
			for (bar = 2; bar < 8; bar++)
				assert_int_equal(storm_access(guest, write, bar, 0, size, 0), -1);
		}
		assert_int_equal(storm_access(guest, write, 0, 0, 0, 0), -1);
		assert_int_equal(storm_access(guest, write, 0, 0, 3, 0), -1);
		assert_int_equal(storm_access(guest, write, ~0u, 0, 4, 0), -1);
	}
	assert_int_equal(guest_in(guest, 0x53, 1), 0); /* reserved */
}

/* Both BARs show the same registers. */
static void test_both_bars(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;

	storm_access(guest, true, 0, NIC_IMR, 2, 0x1234);
	assert_int_equal(guest_in(guest, NIC_IMR, 2), 0x1234);
}

static void test_partial_writes(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;

	guest_out(guest, NIC_TSAD + 4, 4, 0x11223344);
	guest_out(guest, NIC_TSAD + 5, 1, 0xaa);
	assert_int_equal(guest_in(guest, NIC_TSAD + 4, 4), 0x1122aa44);
	guest_out(guest, NIC_TSAD + 6, 4, 0xbbccddee); /* into the next register */
	assert_int_equal(guest_in(guest, NIC_TSAD + 4, 4), 0xddeeaa44);
	assert_int_equal(guest_in(guest, NIC_TSAD + 8, 4), 0x0000bbcc);
	guest_out(guest, NIC_MAR, 8, 0x8877665544332211);
	assert_int_equal(guest_in(guest, NIC_MAR + 3, 2), 0x5544);
	guest_out(guest, NIC_IMR, 4, 0x0000a5c3); /* and ISR, of which nothing is cleared */
	assert_int_equal(guest_in(guest, NIC_IMR, 2), 0xa5c3);
	guest_out(guest, NIC_IMR + 1, 1, 0x12);
	assert_int_equal(guest_in(guest, NIC_IMR, 2), 0x12c3);
}

static void test_read_only(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	u64 before;
	unsigned int i;
	static const u8 read_only[][2] = {
		{ 0x34, 2 },	 { 0x36, 1 },	  { NIC_CBR, 2 }, { 0x51, 1 }, { 0x5e, 1 },
		{ NIC_TSAS, 2 }, { NIC_BMSR, 2 }, { 0x68, 2 },	  { 0x6a, 2 }, { 0x6c, 2 },
		{ 0x6e, 2 },	 { 0x72, 2 },	  { 0x06, 2 },	  { 0x53, 1 }, { NIC_TPPOLL, 1 },
	};

	for (i = 0; i < ARRAY_SIZE(read_only); i++) {
		before = guest_in(guest, read_only[i][0], read_only[i][1]);
		guest_out(guest, read_only[i][0], read_only[i][1], ~before & 0xbf);
		assert_int_equal(guest_in(guest, read_only[i][0], read_only[i][1]), before);
	}
	before = guest_in(guest, NIC_TCR, 4);
	guest_out(guest, NIC_TCR, 4, ~0u);
	assert_int_equal(guest_in(guest, NIC_TCR, 4) & 0x7cc00000, before & 0x7cc00000);
	guest_out(guest, NIC_MSR, 1, 0xff);
	assert_int_equal(guest_in(guest, NIC_MSR, 1), 0xc0);
}

/* CONFIG1 takes writes only while it is unlocked. */
static void test_config_lock(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	u64 before = guest_in(guest, NIC_CONFIG1, 1);

	guest_out(guest, NIC_CONFIG1, 1, before ^ 1);
	assert_int_equal(guest_in(guest, NIC_CONFIG1, 1), before);
	guest_out(guest, NIC_CFG9346, 1, 0xc0);
	guest_out(guest, NIC_CONFIG1, 1, before ^ 1);
	assert_int_equal(guest_in(guest, NIC_CONFIG1, 1), before ^ 1);
}

static void test_reset_values(void **state)
{
	struct world_guest *guest = ((struct world *)*state)->guests;
	unsigned int i;

	assert_int_equal(guest_in(guest, NIC_CR, 1), CR_BUFE);
	assert_int_equal(guest_in(guest, NIC_CAPR, 2), 0xfff0);
	assert_int_equal(guest_in(guest, NIC_ISR, 2), 0);
	assert_int_equal(guest_in(guest, NIC_TSAS, 2), 0xf);
	for (i = 0; i < 4; i++)
		assert_int_equal(guest_in(guest, NIC_TSD + 4 * i, 4), TSD_OWN);
	assert_int_equal(guest_in(guest, NIC_BMSR, 2) & 4, 4);
	assert_int_equal(guest_in(guest, NIC_MSR, 1) & 4, 0);
	/* reset by CR leaves the station address and the filter's hash alone */
	guest_out(guest, NIC_MAR, 4, 0x12345678);
	guest_out(guest, NIC_IMR, 2, 0x7f);
	guest_out(guest, NIC_CR, 1, CR_RST | CR_TE);
	assert_int_equal(guest_in(guest, NIC_CR, 1), CR_BUFE);
	assert_int_equal(guest_in(guest, NIC_MAR, 4), 0x12345678);
	assert_int_equal(guest_in(guest, NIC_IMR, 2), 0);
}

/* The line follows cause, mask and INTx disable; a cause goes by writing 1 to its bit. */
static void test_interrupt_line(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[64];
	struct nic nic;

	too_open(&nic, guest, RCR_USUAL);
	wire_make(frame, 64, nic_mac(guest), 1);
	arrive(world, frame, 64);
	assert_true(guest->line);
	assert_true(vpio_vdev_irq_level(guest->vdev));
	assert_int_equal(guest_in(guest, NIC_ISR, 2), ISR_ROK);
	guest_out(guest, NIC_ISR, 2, ISR_TOK);
	guest_out(guest, NIC_ISR + 1, 1, 0xff);
	assert_true(guest->line); /* its own bit it must be */
	config_write(guest, 4, 2, 0x407);
	assert_false(guest->line);
	config_write(guest, 4, 2, 7);
	assert_true(guest->line);
	guest_out(guest, NIC_IMR, 2, 0xffff & ~ISR_ROK);
	assert_false(guest->line);
	guest_out(guest, NIC_IMR, 2, 0xffff);
	assert_true(guest->line);
	guest_out(guest, NIC_ISR, 2, ISR_ROK);
	assert_false(guest->line);
	assert_int_equal(guest_in(guest, NIC_ISR, 2), 0);
	assert_int_equal(guest->edges, stats_of(guest)->interrupts);
	assert_int_equal(guest->edges, 3);
}

/* --- Transmitter ------------------------------------------------------------------------- */

static void test_transmit(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	const struct world_frame *sent;
	u8 frame[FRAME_MAX];
	struct nic nic;
	unsigned int i, descriptor;
	u32 length;

	too_open(&nic, guest, RCR_USUAL);
	for (i = 0; i < 40; i++) {
		length = FRAME_MIN + i * 37 % (FRAME_MAX - FRAME_MIN + 1);
		if (i == 39)
			length = FRAME_MAX;
		frame_make(frame, length, frame_stranger, nic_mac(guest), i);
		descriptor = too_send(&nic, frame, length);
		assert_int_equal(descriptor, i % 4);
		assert_int_equal(too_status(&nic, descriptor) & TSD_OWN, 0);
		assert_int_equal(guest_in(guest, NIC_TSAS, 2) >> descriptor & 1, 0);
		world_run(world);
		sent = wire_frame(world, i + 1);
		assert_int_equal(sent->length, length);
		assert_memory_equal(sent->data, frame, length);
		assert_int_equal(too_status(&nic, descriptor), TSD_OWN | TSD_TOK | length);
		assert_int_equal(guest_in(guest, NIC_TSAS, 2) >> descriptor & 0x1111, 0x1001);
		assert_int_equal(guest_in(guest, NIC_ISR, 2), ISR_TOK);
		assert_true(guest->line);
		guest_out(guest, NIC_ISR, 2, ISR_TOK);
		assert_false(guest->line);
	}
	assert_int_equal(stats_of(guest)->tx_frames, 40);
	assert_int_equal(stats_of(guest)->jobs, 40);
	assert_int_equal(stats_of(guest)->jobs_done, 40);
	assert_int_equal(stats_of(guest)->jobs_aborted, 0);
	assert_int_equal(stats_of(guest)->refusals, 0);
	assert_int_equal(pdev_stats(world)->tx_frames, 40);
}

/* Four at once; a descriptor that the device has can't be written. */
static void test_transmit_four(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[100];
	struct nic nic;
	unsigned int i;

	too_open(&nic, guest, RCR_USUAL);
	for (i = 0; i < 4; i++) {
		frame_make(frame, 100, frame_stranger, nic_mac(guest), i);
		too_send(&nic, frame, 100);
	}
	guest_out(guest, NIC_TSD, 4, 80);
	assert_int_equal(too_status(&nic, 0), 100);
	world_run(world);
	wire_frame(world, 4);
	for (i = 0; i < 4; i++) {
		frame_make(frame, 100, frame_stranger, nic_mac(guest), i);
		assert_memory_equal(world->wire[i].data, frame, 100);
		assert_int_equal(too_status(&nic, i), TSD_OWN | TSD_TOK | 100);
	}
	assert_int_equal(guest->edges, 1);
}

/* What a guest changes after it has started a frame does not reach the wire. */
static void test_transmit_copy(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[100];
	struct nic nic;

	too_open(&nic, guest, RCR_USUAL);
	frame_make(frame, 100, frame_stranger, nic_mac(guest), 1);
	too_send(&nic, frame, 100);
	memset(guest->memory + NIC_TX_BUFFERS, 0xee, 100);
	guest->hole = NIC_TX_BUFFERS;
	guest->hole_size = NIC_BUFFER;
	world_run(world);
	assert_memory_equal(wire_frame(world, 1)->data, frame, 100);
}

static void test_transmitter_off(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[100];
	struct nic nic;

	too_open(&nic, guest, RCR_USUAL);
	guest_out(guest, NIC_CR, 1, CR_RE);
	frame_make(frame, 100, frame_stranger, nic_mac(guest), 1);
	too_send(&nic, frame, 100);
	world_run(world);
	assert_int_equal(world->frames, 0);
	assert_int_equal(stats_of(guest)->jobs, 0);
}

/* Frames under the minimum are padded with zeros, not with what was in the buffer before. */
static void test_padding(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[FRAME_MAX], zero[FRAME_MIN] = { 0 };
	const struct world_frame *sent;
	struct nic nic;
	unsigned int i, length;

	too_open(&nic, guest, RCR_USUAL);
	memset(frame, 0xee, sizeof(frame));
	frame_make(frame, 14, frame_stranger, nic_mac(guest), 1);
	for (i = 0; i < VPIO_TX_SLOTS; i++) {
		too_send(&nic, frame, FRAME_MAX);
		world_run(world);
	}
	for (length = 14; length < FRAME_MIN; length++) {
		too_send(&nic, frame, length);
		world_run(world);
		sent = wire_frame(world, ++i);
		assert_int_equal(sent->length, FRAME_MIN);
		assert_memory_equal(sent->data, frame, length);
		assert_memory_equal(sent->data + length, zero, FRAME_MIN - length);
	}
}

/* --- Receiver ---------------------------------------------------------------------------- */

static void test_receive_filter(void **state)
{
	static const u8 group[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb };
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	const u8 *addresses[4] = { nic_mac(guest), frame_broadcast, group, frame_stranger };
	unsigned int hash = sim_multicast_hash(group), rcr, i, bit;
	u8 frame[80];
	struct nic nic;
	bool wanted;

	for (rcr = 0; rcr < 32; rcr++) {
		bit = rcr & 16 ? hash : hash ^ 1;
		too_open(&nic, guest, (rcr & 15) | RCR_32K | RCR_WRAP);
		guest_out(guest, NIC_MAR + bit / 32 * 4, 4, 1u << bit % 32);
		for (i = 0; i < 4; i++) {
			wire_make(frame, 80, addresses[i], i);
			arrive(world, frame, 80);
			wanted = (rcr & RCR_AAP) || (i == 0 && rcr & RCR_APM) ||
				 (i == 1 && rcr & RCR_AB) || (i == 2 && rcr & RCR_AM && rcr & 16);
			if (wanted)
				assert_received(&nic, frame, 80);
			assert_nothing(&nic);
			if (wanted)
				assert_int_equal(nic.status, i == 1   ? 0x2001
							     : i == 2 ? 0x8001
								      : 0x4001);
		}
	}
}

/* All hash bits, against the simulator's. */
static void test_multicast_hash(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[64], address[6] = { 0x01, 0, 0x5e, 0, 0, 0 };
	unsigned int i, hash, seen = 0;
	struct nic nic;

	too_open(&nic, guest, RCR_AM | RCR_32K | RCR_WRAP);
	for (i = 0; i < 200; i++) {
		address[5] = (u8)i;
		address[3] = (u8)(i * 29);
		hash = sim_multicast_hash(address);
		seen |= 1u << hash % 32;
		wire_make(frame, 64, address, i);
		guest_out(guest, NIC_MAR, 8, ~(1ull << hash));
		arrive(world, frame, 64);
		assert_nothing(&nic);
		guest_out(guest, NIC_MAR, 8, 1ull << hash);
		arrive(world, frame, 64);
		assert_received(&nic, frame, 64);
	}
	assert_int_equal(seen, ~0u);
}

static void test_receiver_off(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[64];
	struct nic nic;

	too_open(&nic, guest, RCR_USUAL);
	guest_out(guest, NIC_CR, 1, CR_TE);
	wire_make(frame, 64, nic_mac(guest), 1);
	arrive(world, frame, 64);
	assert_nothing(&nic);
	assert_int_equal(stats_of(guest)->rx_frames, 0);
	assert_int_equal(guest_in(guest, NIC_ISR, 2), 0);
}

static struct sim_device *bare_device;
static u8 bare_memory[WORLD_MEMORY];

static int bare_write(void *priv, uint64_t address, const void *data, size_t size)
{
	(void)priv;
	assert_true(address + size <= sizeof(bare_memory));
	memcpy(bare_memory + address, data, size);
	return 0;
}

/* A simulated device that no monitor is before, to compare a guest's ring with its. */
static void bare_open(const struct nic *nic)
{
	struct sim_bus bus = { .dma_write = bare_write };

	bare_device = sim_rtl8139_create(&bus, nic_mac(nic->guest));
	memset(bare_memory, 0, sizeof(bare_memory));
	sim_write(bare_device, 1, NIC_RBSTART, 4, NIC_RING);
	sim_write(bare_device, 1, NIC_CR, 1, CR_RE);
	sim_write(bare_device, 1, NIC_RCR, 4, nic->rcr);
}

static void assert_same_ring(const struct nic *nic)
{
	assert_memory_equal(nic->guest->memory + NIC_RING, bare_memory + NIC_RING, 0x11000);
	assert_int_equal(guest_in(nic->guest, NIC_CBR, 2), sim_read(bare_device, 1, NIC_CBR, 2));
	assert_int_equal(guest_in(nic->guest, NIC_CAPR, 2), sim_read(bare_device, 1, NIC_CAPR, 2));
	assert_int_equal(guest_in(nic->guest, NIC_CR, 1) & CR_BUFE,
			 sim_read(bare_device, 1, NIC_CR, 1) & CR_BUFE);
	assert_int_equal(guest_in(nic->guest, NIC_MPC, 4), sim_read(bare_device, 1, NIC_MPC, 4));
}

/* Reads some of what is there from both rings. */
static void read_some(struct nic *nic, unsigned int most)
{
	u8 frame[NIC_BUFFER];

	while (most-- && too_receive(nic, frame))
		sim_write(bare_device, 1, NIC_CAPR, 2, nic->read - 16);
}

/* A ring of any size, cut at its end or not, is just as the device's: frames, FCS, pointers. */
static void check_ring(struct world *world, u32 rcr)
{
	struct world_guest *guest = world->guests;
	u32 length, size = 0x2000u << (rcr >> 11 & 3), bytes = 0;
	u8 frame[FRAME_MAX];
	struct nic nic;
	unsigned int i;

	too_open(&nic, guest, rcr);
	memset(guest->memory + NIC_RING, 0, 0x11000);
	bare_open(&nic);
	for (i = 0; bytes < 4 * size; i++, bytes += length) {
		length = FRAME_MIN + i * 131 % (FRAME_MAX - FRAME_MIN - 3);
		wire_make(frame, length, i % 5 ? nic_mac(guest) : frame_broadcast, i);
		arrive(world, frame, length);
		sim_receive(bare_device, frame, length);
		assert_same_ring(&nic);
		if (i % 3 == 2)
			read_some(&nic, i % 7 ? 3 : 1);
	}
	while (!(guest_in(guest, NIC_CR, 1) & CR_BUFE)) {
		read_some(&nic, 1);
		assert_same_ring(&nic);
	}
	sim_destroy(bare_device);
}

static void test_rings(void **state)
{
	u32 rblen;

	for (rblen = 0; rblen < 4; rblen++) {
		check_ring(*state, RCR_APM | RCR_AB | rblen << 11);
		check_ring(*state, RCR_APM | RCR_AB | RCR_WRAP | rblen << 11);
	}
}

/* A ring that is full loses its guest's frames, counted; read, it goes on. */
static void test_ring_full(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[FRAME_MAX];
	unsigned int i, fit = 0;

	open_all(world, nics);
	too_open(nics, guest, RCR_APM | RCR_AB);
	wire_make(frame, 1000, nic_mac(guest), 0);
	for (i = 0; i < 20; i++)
		arrive(world, frame, 1000);
	fit = (unsigned int)stats_of(guest)->rx_frames;
	assert_int_equal(fit, 8191 / 1008);
	assert_int_equal(stats_of(guest)->rx_dropped, 20 - fit);
	assert_int_equal(guest_in(guest, NIC_MPC, 4), 20 - fit);
	assert_int_equal(guest_in(guest, NIC_ISR, 2), ISR_ROK | ISR_RXOVW);
	assert_true(guest->line);
	for (i = 0; i < fit; i++)
		assert_received(nics, frame, 1000);
	assert_nothing(nics);
	arrive(world, frame, 1000);
	assert_received(nics, frame, 1000);
	guest_out(guest, NIC_MPC, 4, 1234);
	assert_int_equal(guest_in(guest, NIC_MPC, 4), 0);
}

/* A guest that never reads loses its own frames; the others get all of theirs. */
static void test_ring_never_read(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	u8 frame[FRAME_MAX], mine[FRAME_MAX];
	unsigned int i;

	open_all(world, nics);
	for (i = 0; i < 300; i++) {
		wire_make(frame, 1200, nic_mac(&world->guests[0]), i);
		arrive(world, frame, 1200);
		wire_make(mine, 400, nic_mac(&world->guests[1]), i);
		arrive(world, mine, 400);
		assert_received(&nics[1], mine, 400);
	}
	assert_int_equal(stats_of(&world->guests[0])->rx_frames, 32767 / 1208);
	assert_int_equal(stats_of(&world->guests[0])->rx_dropped, 300 - 32767 / 1208);
	assert_int_equal(stats_of(&world->guests[1])->rx_frames, 300);
	assert_int_equal(stats_of(&world->guests[1])->rx_dropped, 0);
	assert_int_equal(pdev_stats(world)->rx_frames, 600);
}

/* A frame from the wire, of which guest 0's worker is not told. */
static void arrive_unseen(struct world *world, const void *frame, u32 length)
{
	sim_receive(world->device, frame, length);
	world->locked = true;
	vpio_pdev_run(world->pdev, true);
	world->locked = false;
	world->guests[0].woken = false;
}

/* Guest 0's worker runs; the frames that it delivers, in order and whole. */
static unsigned int take_all(struct nic *nic, u32 length)
{
	u8 frame[FRAME_MAX], got[NIC_BUFFER];
	unsigned int taken = 0;
	bool more;

	do {
		nic->guest->locked = true;
		more = vpio_vdev_run(nic->guest->vdev);
		nic->guest->locked = false;
		while (nic_receive(nic, got)) {
			wire_make(frame, length, nic_mac(nic->guest), taken++);
			assert_memory_equal(got, frame, length);
		}
	} while (more);
	return taken;
}

/* A guest whose worker does not run: its inbox fills, the others go on; then it goes on too. */
static void test_inbox_full(void **state)
{
	/* of different lengths, so that the inbox is full at its end and elsewhere */
	static const u32 lengths[] = { 1200, 1000, 777, 1400, 888 };
	struct world *world = *state;
	const struct vpio_vdev_stats *stats = stats_of(&world->guests[0]);
	struct nic nics[NIC_GUESTS];
	u8 frame[FRAME_MAX], mine[FRAME_MAX];
	unsigned int i, round, fit, taken;
	const unsigned int many = 400;
	u64 received = 0;

	open_all(world, nics);
	cp_open(&nics[0], &world->guests[0], RCR_USUAL);
	for (round = 0; round < ARRAY_SIZE(lengths); round++) {
		for (i = 0; i < many; i++) {
			wire_make(frame, lengths[round], nic_mac(&world->guests[0]), i);
			arrive_unseen(world, frame, lengths[round]);
			wire_make(mine, 400, nic_mac(&world->guests[1]), i);
			arrive(world, mine, 400);
			assert_received(&nics[1], mine, 400);
		}
		fit = VPIO_INBOX / ((lengths[round] + 4 + 8 + 7) / 8 * 8); /* with its FCS */
		taken = take_all(&nics[0], lengths[round]);
		assert_in_range(taken, fit - 1, fit);
		received += taken;
		assert_int_equal(stats->rx_frames, received);
		assert_int_equal(stats->rx_dropped, (round + 1) * many - received);
	}
	assert_int_equal(stats_of(&world->guests[1])->rx_dropped, 0);
}

/* The ring begins anew when it is moved, when its length changes and when the receiver starts. */
static void test_ring_moved(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[100];
	struct nic nic;

	too_open(&nic, guest, RCR_USUAL);
	wire_make(frame, 100, nic_mac(guest), 1);
	arrive(world, frame, 100);
	assert_int_equal(guest_in(guest, NIC_CBR, 2), 108);

	nic.ring = 0x40000;
	nic.read = 0;
	guest_out(guest, NIC_RBSTART, 4, nic.ring);
	assert_int_equal(guest_in(guest, NIC_CBR, 2), 0);
	assert_int_equal(guest_in(guest, NIC_CAPR, 2), 0xfff0);
	assert_int_equal(guest_in(guest, NIC_CR, 1) & CR_BUFE, CR_BUFE);
	arrive(world, frame, 100);
	assert_received(&nic, frame, 100);
	arrive(world, frame, 100);

	nic.read = 0;
	nic.rcr = RCR_APM | RCR_AB;
	guest_out(guest, NIC_RCR, 4, nic.rcr);
	arrive(world, frame, 100);
	assert_received(&nic, frame, 100);

	/* as 8139too's rtl8139_rx_err() */
	guest_out(guest, NIC_CR, 1, CR_TE);
	guest_out(guest, NIC_CR, 1, CR_TE | CR_RE);
	nic.read = 0;
	arrive(world, frame, 100);
	assert_received(&nic, frame, 100);
}

/* A runt from the wire, and frames of all lengths up to the longest. */
static void test_receive_lengths(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[FRAME_MAX];
	struct nic nic;
	u32 length;

	too_open(&nic, guest, RCR_USUAL);
	for (length = 1; length < FRAME_MIN; length += 7) {
		wire_make(frame, length < 14 ? 14 : length, nic_mac(guest), length);
		arrive(world, frame, length);
		assert_nothing(&nic);
	}
	for (length = FRAME_MIN; length <= FRAME_MAX; length++) {
		wire_make(frame, length, nic_mac(guest), length);
		arrive(world, frame, length);
		assert_received(&nic, frame, length);
	}
}

/* A frame that is too long costs only itself, wherever in the device's ring it lies. */
static void test_receive_long(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[0x2000], good[200];
	struct nic nic;
	unsigned int i, length;

	too_open(&nic, guest, RCR_USUAL);
	for (i = 0; i < 60; i++) {
		length = i % 2 ? 4092 - i * 8 : FRAME_MAX + 1 + i * 11;
		wire_make(frame, length, nic_mac(guest), i);
		wire_make(good, 200, nic_mac(guest), i);
		sim_receive(world->device, good, 200);
		sim_receive(world->device, frame, length);
		sim_receive(world->device, good, 200);
		world_run(world);
		assert_received(&nic, good, 200);
		assert_received(&nic, good, 200);
		assert_nothing(&nic);
		assert_int_equal(world->stray, 0);
	}
}

/* A burst that fills the device's ring: what it took is delivered, and it goes on. */
static void test_receive_burst(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	u8 frame[FRAME_MAX];
	struct nic nic;
	unsigned int i, round, taken;

	too_open(&nic, guest, RCR_USUAL & ~RCR_32K);
	nic.rcr |= 3 << 11;
	guest_out(guest, NIC_RCR, 4, nic.rcr);
	for (round = 0; round < 5; round++) {
		for (i = 0, taken = 0; i < 600; i++) {
			wire_make(frame, FRAME_MIN + round, nic_mac(guest), i);
			taken += sim_receive(world->device, frame, FRAME_MIN + round);
		}
		assert_in_range(taken, 400, 500);
		world_run(world);
		for (i = 0; i < taken; i++) {
			wire_make(frame, FRAME_MIN + round, nic_mac(guest), i);
			assert_received(&nic, frame, FRAME_MIN + round);
		}
		assert_nothing(&nic);
	}
}

/* --- The switch -------------------------------------------------------------------------- */

static void test_guest_to_guest(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	u8 frame[FRAME_MAX];
	unsigned int i, from, to, descriptor;

	open_all(world, nics);
	for (i = 0; i < 100; i++) {
		from = i % NIC_GUESTS;
		to = (from + 1 + i / 50) % NIC_GUESTS;
		frame_make(frame, FRAME_MIN + i * 14, nic_mac(&world->guests[to]),
			   nic_mac(&world->guests[from]), i);
		descriptor = too_send(&nics[from], frame, FRAME_MIN + i * 14);
		world_run(world);
		assert_int_equal(too_status(&nics[from], descriptor) & (TSD_TOK | TSD_OWN),
				 TSD_TOK | TSD_OWN);
		assert_received(&nics[to], frame, FRAME_MIN + i * 14);
		assert_nothing(&nics[3 - from - to]);
		assert_nothing(&nics[from]);
	}
	assert_int_equal(world->frames, 0); /* never on the wire */
	assert_int_equal(pdev_stats(world)->local_frames, 100);
	assert_int_equal(stats_of(&world->guests[0])->jobs_done, 34);
}

static void test_broadcast(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];
	unsigned int i;

	open_all(world, nics);
	frame_make(frame, 100, frame_broadcast, nic_mac(&world->guests[0]), 1);
	too_send(&nics[0], frame, 100);
	world_run(world);
	assert_memory_equal(wire_frame(world, 1)->data, frame, 100);
	assert_nothing(&nics[0]);
	assert_received(&nics[1], frame, 100);
	assert_received(&nics[2], frame, 100);
	wire_make(frame, 100, frame_broadcast, 2);
	arrive(world, frame, 100);
	for (i = 0; i < NIC_GUESTS; i++)
		assert_received(&nics[i], frame, 100);
	assert_int_equal(world->frames, 1);
}

static void test_unclaimed(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];
	unsigned int i;

	open_all(world, nics);
	wire_make(frame, 100, frame_stranger, 1);
	arrive(world, frame, 100);
	for (i = 0; i < NIC_GUESTS; i++)
		assert_nothing(&nics[i]);
	assert_int_equal(pdev_stats(world)->rx_unclaimed, 1);
	frame_make(frame, 100, frame_stranger, nic_mac(&world->guests[0]), 2);
	too_send(&nics[0], frame, 100);
	world_run(world);
	wire_frame(world, 1);
	for (i = 1; i < NIC_GUESTS; i++)
		assert_nothing(&nics[i]);
}

/* A guest that is there but has its receiver off still keeps its frames off the wire. */
static void test_local_deaf(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];

	open_all(world, nics);
	guest_out(&world->guests[1], NIC_RCR, 4, RCR_32K);
	frame_make(frame, 100, nic_mac(&world->guests[1]), nic_mac(&world->guests[0]), 1);
	too_send(&nics[0], frame, 100);
	world_run(world);
	assert_int_equal(world->frames, 0);
	assert_nothing(&nics[1]);
	assert_int_equal(too_status(&nics[0], 0) & TSD_TOK, TSD_TOK);
}

/* A promiscuous guest sees what is on the wire for others; guests' local frames it sees too. */
static void test_promiscuous(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];

	open_all(world, nics);
	guest_out(&world->guests[2], NIC_RCR, 4, RCR_USUAL | RCR_AAP);
	wire_make(frame, 100, frame_stranger, 1);
	arrive(world, frame, 100);
	assert_received(&nics[2], frame, 100);
	assert_nothing(&nics[0]);
	guest_out(&world->guests[2], NIC_RCR, 4, RCR_USUAL);
	arrive(world, frame, 100);
	assert_nothing(&nics[2]);
}

static void test_names(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < VPIO_REFUSALS; i++) {
		assert_non_null(vpio_refusal_name(i));
		assert_non_null(vpio_refusal_meaning(i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(config),	      TEST(config_writes),   TEST(bars_enabled),
		TEST(bars_moved),     TEST(param),	     TEST(mac),
		TEST(same_mac),	      TEST(eeprom),	     TEST(read_widths),
		TEST(past_the_end),   TEST(both_bars),	     TEST(partial_writes),
		TEST(read_only),      TEST(config_lock),     TEST(reset_values),
		TEST(interrupt_line), TEST(transmit),	     TEST(transmit_four),
		TEST(transmit_copy),  TEST(transmitter_off), TEST(padding),
		TEST(receive_filter), TEST(multicast_hash),  TEST(receiver_off),
		TEST(rings),	      TEST(ring_full),	     TEST(ring_never_read),
		TEST(inbox_full),     TEST(ring_moved),	     TEST(receive_lengths),
		TEST(receive_long),   TEST(receive_burst),   TEST(guest_to_guest),
		TEST(broadcast),      TEST(unclaimed),	     TEST(local_deaf),
		TEST(promiscuous),    TEST(names),
	};

	return cmocka_run_group_tests_name("rtl8139", tests, NULL, NULL);
}
