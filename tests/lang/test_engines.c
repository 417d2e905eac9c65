// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Slice and partition engines, data ports and guarded handlers: what the compiler derives of them,
 * and what the monitor then does on hardware that is just memory.
 */
#include "machine.h"

static u64 read_of(struct vpio_vdev *vdev, u32 offset, unsigned int size)
{
	u64 value = 0;

	assert_int_equal(vpio_vdev_read(vdev, 0, offset, &value, size), 0);
	return value;
}

static int write_to(struct vpio_vdev *vdev, u32 offset, unsigned int size, u64 value)
{
	return vpio_vdev_write(vdev, 0, offset, &value, size);
}

static u64 register_of(struct machine *machine, u32 offset, unsigned int size)
{
	u64 value = 0;

	memcpy(&value, machine->hardware + offset, size);
	return value;
}

/* The code of a handler by its name, one instruction a word; empty if there is none. */
static const char *code_of(const struct vpio_model *model, const char *name)
{
	static char names[4096];
	const struct vpb_handler *handler = NULL;
	size_t used = 0;
	u32 i;

	names[0] = '\0';
	for (i = 0; i < model->header->handlers.count; i++) {
		if (!strcmp(vpio_model_string(model, model->handlers[i].name), name))
			handler = &model->handlers[i];
	}
	for (i = 0; handler && i < handler->count; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? " " : "",
					 vpb_insn_name(model->code[handler->start + i].op));
	return names;
}

/* --- Slice engines ----------------------------------------------------------------------- */

static const char slice[] =
	"model s \"Slice\" {\n"
	"	pci 1:2 { dma 40 }\n"
	"	bar 0 mem 64 = w\n"
	"	window w 64 {\n"
	"		0x00 GO u32 strobe\n"
	"		0x04 DONE u32 ro\n"
	"		0x08 reserved 24\n"
	"	}\n"
	"	on write GO { if !start(e, value, value + 1) { DONE = 0xbad } }\n"
	"	engine e slice timeout 10 ms {\n"
	"		0x20 P u32 rw { LOW 7:0, HIGH 31:8 }\n"
	"		0x24 Q[2] u16 rw\n"
	"		0x28 W u16 wo\n"
	"		0x2a N u16 ro\n"
	"		0x2c F u32 rw\n"
	"		0x30 V u32 rw\n"
	"		0x34 reserved 12\n"
	"		var count u32\n"
	"		on write F { count += 1; start(e, value, 0) }\n"
	"		on read V = value + 1\n"
	"		on write V { V = value; own_count() }\n"
	"		proc own_count() { count += 16 }\n"
	"		on start { F = a; last = b; count += 256; busy = 1; own.V = count; own.P.HIGH = 5 }\n"
	"		on idle = !busy\n"
	"		on save { saves += 1; own.Q[0] = own.Q[0] + 1 }\n"
	"		on restored { restores += 1; if restores > 1 { return }; P = 0xdead }\n"
	"		on recover { busy = 0; recovered = count }\n"
	"		on done { DONE = status << 8 | 1 }\n"
	"	}\n"
	"	hardware {\n"
	"		var busy u8\n"
	"		var last u32\n"
	"		var saves u32\n"
	"		var restores u32\n"
	"		var recovered u32\n"
	"		on start { }\n"
	"		on stop { }\n"
	"		on interrupt {\n"
	"			if !busy || !owned(e) { return 0 }\n"
	"			busy = 0\n"
	"			count += 0x10000\n"
	"			finish e 0\n"
	"			return 1\n"
	"		}\n"
	"	}\n"
	"	on reset { DONE = hardware.last }\n"
	"}\n";

static void test_derived(void **state)
{
	struct machine *machine = start(slice);
	const struct vpio_model *model = &machine->model;

	(void)state;
	assert_int_equal(model->header->dma_bits, 40);
	assert_int_equal(model->engines[0].discipline, VPB_SLICED);
	/* P, Q, N and F are saved, then the model's own; P, Q and W restored behind it */
	assert_string_equal(code_of(model, "on save of e"),
			    "HRD STV CLR CNT HRX STX LOOP HRD STV HRD STV "
			    "LDV ADDI STV LDV ADDI STV RET");
	assert_string_equal(code_of(model, "on restored of e"),
			    "LDV ADDI STV LDV GTI JZ JMP LDI HWR "
			    "LDV HWR CLR CNT LDX HWX LOOP LDV HWR RET");
	assert_true(find_reg(model, "P")->flags & VPB_REG_DIRECT);
	assert_true(find_reg(model, "W")->flags & VPB_REG_DIRECT);
	assert_true(find_reg(model, "F")->flags & VPB_REG_DIRECT);
	assert_false(find_reg(model, "V")->flags & VPB_REG_DIRECT);
	assert_false(find_reg(model, "GO")->flags & VPB_REG_DIRECT);
	stop(machine);
}

static void run(struct machine *machine)
{
	vpio_pdev_run(machine->pdev, true);
	vpio_vdev_run(machine->vdev);
	vpio_vdev_run(machine->other);
}

static void test_hand_off(void **state)
{
	struct machine *machine = start(slice);
	struct vpio_vdev *one = machine->vdev, *two;

	(void)state;
	two = machine->other = plug(machine, 0x57);
	write_to(one, 0x20, 4, 0x1111);
	assert_int_equal(register_of(machine, 0x20, 4), 0); /* nobody's yet: kept */
	write_to(one, 0x28, 2, 0x77);
	write_to(one, 0x2c, 4, 42);
	assert_int_equal(register_of(machine, 0x2c, 4), 42);
	assert_int_equal(register_of(machine, 0x20, 4), 0x1111);
	assert_int_equal(register_of(machine, 0x28, 2), 0x77);
	assert_int_equal(read_of(one, 0x30, 4), 257 + 1);
	write_to(one, 0x20, 4, 0x2222); /* the owner's: straight to the hardware */
	assert_int_equal(register_of(machine, 0x20, 4), 0x2222);
	write_to(two, 0x20, 4, 0x3333);
	assert_int_equal(register_of(machine, 0x20, 4), 0x2222);
	write_to(two, 0x00, 4, 7); /* waits: the first one's work goes on */
	assert_int_equal(register_of(machine, 0x2c, 4), 42);
	assert_int_equal(vpio_vdev_read(two, 0, 0x20, &(u32){ 0 }, 4), VPIO_WAIT);
	run(machine);
	run(machine);
	assert_int_equal(read_of(one, 0x04, 4), 1);
	assert_int_equal(register_of(machine, 0x2c, 4), 7);
	assert_int_equal(register_of(machine, 0x20, 4), 0x3333);
	assert_int_equal(read_of(one, 0x20, 4), 0x2222);
	assert_int_equal(read_of(one, 0x24, 2), 1); /* own.Q[0] was counted up by `on save` */
	assert_int_equal(read_of(one, 0x2c, 4), 42);
	assert_int_equal(read_of(two, 0x2c, 4), 7);
	run(machine);
	write_to(one, 0x2c, 4, 43);
	run(machine);
	assert_int_equal(register_of(machine, 0x20, 4), 0x2222);
	assert_int_equal(read_of(one, 0x30, 4), 1 + 256 + 0x10000 + 1 + 256 + 1);
	stop(machine);
}

/* --- Partition engines ------------------------------------------------------------------- */

static void test_partition(void **state)
{
	struct machine *machine = start(
		"model p \"Partition\" {\n"
		"	pci 1:2 { }\n"
		"	bar 0 mem 256 = w\n"
		"	window w 32 {\n"
		"		0x00 A u32 rw\n"
		"		0x04 reserved 12\n"
		"		0x18 reserved 8\n"
		"	}\n"
		"	engine q partition 2 step 16 {\n"
		"		0x10 X u32 rw = 0x55\n"
		"		0x14 Y u32 rw\n"
		"		var writes u8\n"
		"		on write Y { writes += 1; Y = value; A = writes }\n"
		"		on reset { resets += 1; Y = instance(q); own.Y = 0x77; writes = 8 }\n"
		"	}\n"
		"	hardware {\n"
		"		var resets u32\n"
		"		on start { }\n"
		"		on stop { }\n"
		"		on interrupt { return 0 }\n"
		"	}\n"
		"	on reset { A = hardware.resets }\n"
		"}\n");
	struct vpio_vdev *third;
	const u8 mac[6] = { 2, 0, 0, 0, 0, 9 };

	(void)state;
	assert_string_equal(code_of(&machine->model, "on reset of q"),
			    "LDV ADDI STV INSTANCE HWR LDI STV LDI STV LDI HWR RET");
	machine->other = plug(machine, 0x57);
	assert_int_equal(register_of(machine, 0x10, 4), 0x55);
	assert_int_equal(register_of(machine, 0x20, 4), 0x55);
	assert_int_equal(register_of(machine, 0x14, 4), 0);
	assert_int_equal(register_of(machine, 0x24, 4), 1);
	/* at start each, and that of the first vdev; its own came after the vdev's `on reset` */
	assert_int_equal(read_of(machine->vdev, 0x00, 4), 2);
	assert_int_equal(read_of(machine->other, 0x00, 4), 3);
	write_to(machine->vdev, 0x10, 4, 1);
	write_to(machine->other, 0x10, 4, 2);
	assert_int_equal(register_of(machine, 0x10, 4), 1);
	assert_int_equal(register_of(machine, 0x20, 4), 2);
	assert_int_equal(read_of(machine->other, 0x10, 4), 2);
	write_to(machine->other, 0x14, 4, 9);
	assert_int_equal(register_of(machine, 0x24, 4), 1); /* hooked: kept, not written through */
	assert_int_equal(read_of(machine->other, 0x00, 4), 9);
	assert_int_equal(read_of(machine->vdev, 0x00, 4), 2);
	third = calloc(1, vpio_vdev_size(&machine->model));
	vpio_vdev_init(third, machine->pdev, mac, machine);
	assert_int_equal(vpio_vdev_attach(third), VPIO_NO_INSTANCE);
	assert_int_equal(register_of(machine, 0x10, 4), 1);
	vpio_vdev_reset(machine->other);
	assert_int_equal(register_of(machine, 0x20, 4), 0x55);
	assert_int_equal(register_of(machine, 0x10, 4), 1);
	vpio_vdev_detach(machine->vdev);
	assert_int_equal(register_of(machine, 0x10, 4), 0x55);
	assert_int_equal(vpio_vdev_attach(third), 0);
	write_to(third, 0x10, 4, 3);
	assert_int_equal(register_of(machine, 0x10, 4), 3);
	vpio_vdev_detach(third);
	free(third);
	stop(machine);
}

/* --- Data ports -------------------------------------------------------------------------- */

static void test_port(void **state)
{
	struct machine *machine =
		start("model d \"Port\" {\n"
		      "	pci 1:2 { }\n"
		      "	bar 0 io 16 = w\n"
		      "	window w 16 {\n"
		      "		0x00 D u16 rw\n"
		      "		0x02 AT u16 rw\n"
		      "		0x04 LEFT u16 rw\n"
		      "		0x06 ENDS u8 ro\n"
		      "		0x07 reserved 9\n"
		      "	}\n"
		      "	var at u16\n"
		      "	var left u16\n"
		      "	var top u16 = 8\n"
		      "	var bottom u16 = 2\n"
		      "	var memory u8[8]\n"
		      "	on write AT { at = value }\n"
		      "	on write LEFT { left = value }\n"
		      "	port D {\n"
		      "		read memory at at left left wrap top to bottom end { ENDS += 1 }\n"
		      "		write memory at at left left\n"
		      "			wrap top to bottom end { ENDS += 16; AT = at }\n"
		      "	}\n"
		      "}\n");
	struct vpio_vdev *vdev = machine->vdev;

	(void)state;
	write_to(vdev, 0, 2, 0xffff); /* nothing is left: nothing happens */
	write_to(vdev, 2, 2, 6);
	write_to(vdev, 4, 2, 5);
	write_to(vdev, 0, 2, 0x2211);
	write_to(vdev, 0, 2, 0x4433);
	assert_int_equal(read_of(vdev, 6, 1), 0);
	write_to(vdev, 0, 1, 0x55);
	assert_int_equal(read_of(vdev, 6, 1), 16);
	assert_int_equal(read_of(vdev, 2, 2), 5);
	write_to(vdev, 2, 2, 6);
	write_to(vdev, 4, 2, 4);
	assert_int_equal(read_of(vdev, 0, 4), 0x44332211);
	assert_int_equal(read_of(vdev, 6, 1), 17);
	assert_int_equal(read_of(vdev, 0, 2), 0);
	assert_int_equal(register_of(machine, 0, 2), 0);
	stop(machine);
}

/* A unit of 2 bytes; words that go to the hardware while a variable says so. */
static void test_port_through(void **state)
{
	struct machine *machine =
		start("model d \"Through\" {\n"
		      "	pci 1:2 { }\n"
		      "	bar 0 io 32 = w\n"
		      "	window w 32 {\n"
		      "		0x00 D u32 rw\n"
		      "		0x04 LEFT u16 rw\n"
		      "		0x06 WIDE u8 rw\n"
		      "		0x07 GO u8 strobe\n"
		      "		0x08 reserved 24\n"
		      "	}\n"
		      "	var memory u8[32]\n"
		      "	var unit u8 = 1\n"
		      "	on write LEFT { left = value; at = 0 }\n"
		      "	on write WIDE { unit = value }\n"
		      "	on write GO { through = value; if value { start(e, 0, 0) } }\n"
		      "	port D {\n"
		      "		read memory at at left left unit unit\n"
		      "		write memory at at left left unit unit through e when through\n"
		      "	}\n"
		      "	engine e slice timeout 10 ms {\n"
		      "		var at u16 var left u16 var through u8\n"
		      "		on start { frame.new() }\n"
		      "		on idle = 1\n"
		      "		on recover { }\n"
		      "	}\n"
		      "	hardware { on start { } on stop { } on interrupt { return 0 } }\n"
		      "}\n");
	struct vpio_vdev *vdev = machine->vdev;

	(void)state;
	write_to(vdev, 6, 1, 2);
	write_to(vdev, 4, 2, 8);
	write_to(vdev, 0, 1, 0x11); /* a byte, but two are moved; to the memory alone */
	assert_int_equal(register_of(machine, 0, 4), 0);
	write_to(vdev, 7, 1, 1);
	write_to(vdev, 0, 2, 0x3322);
	assert_int_equal(register_of(machine, 0, 4), 0x3322);
	write_to(vdev, 0, 1, 0x44); /* nor does the hardware keep the other byte that it had */
	assert_int_equal(register_of(machine, 0, 4), 0x0044);
	write_to(vdev, 7, 1, 0);
	write_to(vdev, 0, 2, 0x6655);
	assert_int_equal(register_of(machine, 0, 4), 0x0044);
	write_to(vdev, 4, 2, 8);
	assert_int_equal(read_of(vdev, 0, 1), 0x11);
	assert_int_equal(read_of(vdev, 0, 4), 0x00443322);
	assert_int_equal(read_of(vdev, 0, 4), 0x6655);
	write_to(vdev, 6, 1, 3); /* no width: as if there were no unit */
	write_to(vdev, 4, 2, 8);
	read_of(vdev, 0, 1);
	assert_int_equal(read_of(vdev, 0, 1), 0);
	assert_int_equal(read_of(vdev, 0, 2), 0x3322);
	stop(machine);
}

/* --- Guarded handlers, memories ---------------------------------------------------------- */

static void test_guard(void **state)
{
	struct machine *machine =
		start("model g \"Guard\" {\n"
		      "	pci 1:2 { }\n"
		      "	bar 0 mem 16 = w\n"
		      "	window w 16 {\n"
		      "		0x00 CR u8 rw { RUN 0 w1s, MODE 3:1, STOP 4, SPEED 7:5 }\n"
		      "		0x01 RUNS u8 ro\n"
		      "		0x02 reserved 14\n"
		      "	}\n"
		      "	on write CR when RUN, SPEED changes, STOP {\n"
		      "		RUNS += 1\n"
		      "		CR = value\n"
		      "		if value.STOP { CR = 0 }\n"
		      "	}\n"
		      "}\n");
	struct vpio_vdev *vdev = machine->vdev;
	const struct vpb_reg *reg = find_reg(&machine->model, "CR");

	(void)state;
	assert_int_equal(reg->when, 0x11);
	assert_int_equal(reg->set, 1);
	write_to(vdev, 0, 1, 0x04);
	assert_int_equal(read_of(vdev, 0, 2), 0x0004);
	write_to(vdev, 0, 1, 0x07);
	assert_int_equal(read_of(vdev, 0, 2), 0x0107);
	write_to(vdev, 0, 1, 0x02); /* writing 0 leaves RUN */
	assert_int_equal(read_of(vdev, 0, 2), 0x0103);
	write_to(vdev, 0, 1, 0x10);
	assert_int_equal(read_of(vdev, 0, 2), 0x0200);
	assert_int_equal(reg->changes, 0xe0);
	write_to(vdev, 0, 1, 0xc0); /* SPEED changes, and again: no */
	assert_int_equal(read_of(vdev, 0, 2), 0x03c0);
	write_to(vdev, 0, 1, 0xc2);
	assert_int_equal(read_of(vdev, 0, 2), 0x03c2);
	write_to(vdev, 0, 1, 0x00);
	assert_int_equal(read_of(vdev, 0, 2), 0x0400);
	stop(machine);
}

static void test_memories(void **state)
{
	struct machine *machine = start(
		"model m \"Memories\" {\n"
		"	pci 1:2 { }\n"
		"	bar 0 mem 16 = w\n"
		"	window w 16 { 0x00 GO u32 strobe\n 0x04 R u64 ro\n 0x0c reserved 4 }\n"
		"	var data u8[16]\n"
		"	var sum u64\n"
		"	on write GO {\n"
		"		if !guest.get(data, value, 8) { R = 1; return }\n"
		"		frame.new()\n"
		"		frame.append(0xaabbccdd, 2)\n"
		"		if !frame.load(data, 4, 4) { R = 2; return }\n"
		"		if !frame.save(data, 10, 1, 5) || frame.save(data, 12, 0, 6) { R = 3; return }\n"
		"		R = frame.length << 32 | frame.u32[0]\n"
		"		if !guest.put(data, 0x100, 16) { R = 4; return }\n"
		"	}\n"
		"}\n");
	static const u8 bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const u8 expected[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0xcc, 5, 6, 7, 8, 0 };

	(void)state;
	memcpy(machine->memory + 64, bytes, sizeof(bytes));
	write_to(machine->vdev, 0, 4, 64);
	assert_int_equal(read_of(machine->vdev, 4, 8), 0x60605ccddull);
	assert_memory_equal(machine->memory + 0x100, expected, sizeof(expected));
	write_to(machine->vdev, 0, 4, 4096);
	assert_int_equal(read_of(machine->vdev, 4, 8), 1);
	stop(machine);
}

static void test_dma_memories(void **state)
{
	struct machine *machine = start(
		"model m \"Memories\" {\n"
		"	pci 1:2 { }\n"
		"	bar 0 mem 16 = w\n"
		"	window w 16 { 0x00 GO u32 strobe\n 0x04 reserved 12 }\n"
		"	on write GO { data[0] = value; start(e, value, 0) }\n"
		"	engine e slice timeout 1 ms {\n"
		"		var data u8[16]\n"
		"		on start { data[1] = a + 1; page.put(data, 4, 2); page.get(host, 5, 2) }\n"
		"		on idle = 1\n"
		"		on recover { }\n"
		"	}\n"
		"	hardware {\n"
		"		dma page 64\n"
		"		var host u8[2]\n"
		"		proc copy() { page.put(host, 8, 2) }\n"
		"		on start { }\n"
		"		on stop { }\n"
		"		on interrupt { copy(); return 0 }\n"
		"	}\n"
		"}\n");

	(void)state;
	write_to(machine->vdev, 0, 4, 0x33);
	vpio_pdev_run(machine->pdev, true);
	assert_int_equal(*(u64 *)machine->dma[0].memory, 0x343300000000ull);
	assert_int_equal(((u8 *)machine->dma[0].memory)[8], 0x34);
	stop(machine);
}

/* A proc means what its caller's context means. */
static void test_procs(void **state)
{
	struct machine *machine =
		start("model m \"Procs\" {\n"
		      "	pci 1:2 { }\n"
		      "	bar 0 mem 16 = w\n"
		      "	window w 16 { 0x00 GO u32 strobe\n 0x04 R u32 rw\n 0x08 reserved 8 }\n"
		      "	proc set(x) { R = R + x }\n"
		      "	proc both(x) { set(x); set(1) }\n"
		      "	on write GO { both(value); start(e, value, 0) }\n"
		      "	engine e slice timeout 1 ms {\n"
		      "		on start { both(a * 2); own_set() }\n"
		      "		on idle = 1\n"
		      "		on recover { }\n"
		      "		proc own_set() { own.R = own.R | 0x100; hits += 1 }\n"
		      "	}\n"
		      "	hardware {\n"
		      "		var hits u8\n"
		      "		on start { both(0x10) }\n"
		      "		on stop { }\n"
		      "		on interrupt { return 0 }\n"
		      "	}\n"
		      "}\n");

	(void)state;
	assert_int_equal(register_of(machine, 4, 4), 0x11);
	write_to(machine->vdev, 0, 4, 4);
	assert_int_equal(register_of(machine, 4, 4), 0x11 + 8 + 1);
	assert_int_equal(read_of(machine->vdev, 4, 4), 0x100 | 5);
	stop(machine);
}

/* Models with one byte changed, and beginnings of models, are met without a crash. */
static void test_broken(void **state)
{
	char *broken = malloc(sizeof(slice));
	struct vpl_output output;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(slice) - 1; i++) {
		vpl_compile("beginning", slice, i, NULL, NULL);
		for (j = 0; j < 8; j++) {
			memcpy(broken, slice, sizeof(slice));
			broken[i] ^= (char)(1 << j);
			if (!vpl_compile("changed", broken, sizeof(slice) - 1, &output, NULL)) {
				struct vpio_model model;
				struct vpio_error error = { 0, "none" };

				if (vpio_model_load(&model, output.block, output.size, &error))
					fail_msg("the monitor refuses what the compiler takes: %s:"
						 "\n%.*s",
						 error.reason, (int)sizeof(slice), broken);
				free(output.block);
			}
		}
	}
	free(broken);
}

/* Bursts: as many accesses as it takes; the last one may yield more than is left. */
static void test_bursts(void **state)
{
	struct machine *machine = start(
		"model f \"Bursts\" {\n"
		"	pci 1:2 { }\n"
		"	bar 0 mem 32 = w\n"
		"	window w 32 {\n"
		"		0x00 D u32 rw\n"
		"		0x04 BYTES u16 rw\n"
		"		0x06 reserved 2\n"
		"		0x08 GO u32 strobe\n"
		"		0x0c FROM u32 rw\n"
		"		0x10 GOOD u32 ro\n"
		"		0x14 LENGTH u32 ro\n"
		"		0x18 LAST u64 ro\n"
		"	}\n"
		"	on write GO { start(e, value, 0) }\n"
		"	engine e slice timeout 10 ms {\n"
		"		on start {\n"
		"			frame.new()\n"
		"			own.GOOD = frame.read(D, a)\n"
		"			own.LENGTH = frame.length\n"
		"			own.LAST = frame.u64[0]\n"
		"			own.GOOD = own.GOOD | frame.write(D, own.FROM, own.BYTES) << 8\n"
		"		}\n"
		"		on idle = 1\n"
		"		on recover { }\n"
		"	}\n"
		"	hardware { on start { } on stop { } on interrupt { return 0 } }\n"
		"}\n");
	struct vpio_vdev *vdev = machine->vdev;

	(void)state;
	memcpy(machine->hardware, &(u32){ 0x44332211 }, 4);
	write_to(vdev, 4, 2, 4);
	write_to(vdev, 12, 4, 5);
	write_to(vdev, 8, 4, 6);
	assert_int_equal(read_of(vdev, 0x10, 4), 0x101);
	assert_int_equal(read_of(vdev, 0x14, 4), 6);
	assert_int_equal(register_of(machine, 0, 4), 0x22); /* and 0 behind the frame's end */
	write_to(vdev, 8, 4, 8);
	assert_int_equal(read_of(vdev, 0x18, 8), 0x0000002200000022);
	write_to(vdev, 8, 4, 4 * VPB_MAX_BURST);
	assert_int_equal(read_of(vdev, 0x10, 4), 0x101);
	assert_int_equal(read_of(vdev, 0x14, 4), 4 * VPB_MAX_BURST);
	write_to(vdev, 8, 4, 4 * VPB_MAX_BURST + 1); /* too many: nothing is read */
	assert_int_equal(read_of(vdev, 0x10, 4), 0);
	assert_int_equal(read_of(vdev, 0x14, 4), 0);
	write_to(vdev, 12, 4, 0);
	write_to(vdev, 4, 2, 4 * VPB_MAX_BURST + 1);
	write_to(vdev, 8, 4, 4);
	assert_int_equal(read_of(vdev, 0x10, 4), 1);
	stop(machine);
}

enum {
	BARE = 34, /* bytes of the frame: an Ethernet and an IPv4 header */
	FCS = 4,
	STRIP = 1, /* what the hardware's handler does, at RING_HOW of the ring, */
	APPEND = 2,
	RING_HOW = 60,
	TAG = 1, /* and what the vdev's does */
	UNTAG,
	CHECKSUM,
};

static struct machine *start_fcs(void)
{
	return start("model n \"Check sequences\" {\n"
		     "	pci 1:2 { }\n"
		     "	bar 0 mem 32 = w\n"
		     "	window w 32 {\n"
		     "		0x00 FIRST u32 ro\n"
		     "		0x04 SECOND u32 ro\n"
		     "		0x08 LENGTH u32 ro\n"
		     "		0x0c MODE u32 rw\n"
		     "		0x10 reserved 16\n"
		     "	}\n"
		     "	filter { promiscuous when 1 }\n"
		     "	engine rx host {\n"
		     "		on frame {\n"
		     "			if MODE == 1 { frame.tag(5) }\n"
		     "			if MODE == 2 { frame.untag() }\n"
		     "			if MODE == 3 { frame.checksum(1) }\n"
		     "			LENGTH = frame.length\n"
		     "			FIRST = frame.fcs()\n"
		     "			frame.append(FIRST, 4)\n"
		     "			SECOND = frame.fcs()\n"
		     "		}\n"
		     "	}\n"
		     "	hardware {\n"
		     "		dma ring 64\n"
		     "		on start { } on stop { }\n"
		     "		on interrupt {\n"
		     "			let how = ring.u32[60]\n"
		     "			ring.u32[60] = 0\n"
		     "			if !how { return 0 }\n"
		     "			frame.new(); frame.copy(ring, 0, 38)\n"
		     "			if how & 1 { frame.strip_fcs() }\n"
		     "			if how & 2 { frame.append(7, 1) }\n"
		     "			emit\n"
		     "			return 1\n"
		     "		}\n"
		     "	}\n"
		     "}\n");
}

/* A frame from the wire, with an FCS that none would have that is reckoned. */
static void receive_fcs(struct machine *machine, u32 how, u32 mode, u32 fcs)
{
	u8 *ring = machine->dma[0].memory;

	memcpy(ring + BARE, &fcs, FCS);
	memcpy(ring + RING_HOW, &how, 4);
	out(machine, 12, 4, mode);
	vpio_pdev_run(machine->pdev, true);
	vpio_vdev_run(machine->vdev);
}

static u8 *make_fcs_frame(struct machine *machine, bool ipv4)
{
	u8 *ring = machine->dma[0].memory;

	memset(ring, 0xa5, BARE);
	ring[0] = 2;
	if (ipv4) {
		memcpy(ring + 12, "\x08\x00\x45\x00\x00\x14", 6);
		memset(ring + 20, 0, 4); /* no fragment */
	}
	return ring;
}

/* The FCS that the hardware has received goes with the frame, until something of the frame changes. */
static void test_fcs(void **state)
{
	const u32 received = 0x11223344;
	struct machine *machine = start_fcs();
	u8 *ring = make_fcs_frame(machine, false), frame[BARE + 2 * FCS + 1];
	unsigned int how, length;
	u32 fcs;

	(void)state;
	for (how = STRIP; how <= (STRIP | APPEND); how++) {
		receive_fcs(machine, how, 0, received);
		length = (how & STRIP ? BARE : BARE + FCS) + !!(how & APPEND);
		memcpy(frame, ring, length);
		if (how & APPEND)
			frame[length - 1] = 7;
		fcs = how == STRIP ? received : vpio_crc32(0, frame, length);
		assert_int_equal(in(machine, 8, 4), length);
		assert_int_equal(in(machine, 0, 4), fcs);
		memcpy(frame + length, &fcs, FCS);
		assert_int_equal(in(machine, 4, 4), vpio_crc32(0, frame, length + FCS));
	}
	stop(machine);
}

/* Tags and checksums change it, if there is something to change. */
static void test_fcs_of_changed(void **state)
{
	const u32 received = 0x11223344;
	struct machine *machine = start_fcs();
	u8 *ring = make_fcs_frame(machine, false), frame[BARE + FCS];

	(void)state;
	receive_fcs(machine, STRIP, UNTAG, received); /* there is no tag, */
	assert_int_equal(in(machine, 0, 4), received);
	receive_fcs(machine, STRIP, CHECKSUM, received); /* nor is it IPv4 */
	assert_int_equal(in(machine, 0, 4), received);

	receive_fcs(machine, STRIP, TAG, received);
	memcpy(frame, ring, 12);
	memcpy(frame + 12, "\x81\x00\x00\x05", 4);
	memcpy(frame + 16, ring + 12, BARE - 12);
	assert_int_equal(in(machine, 8, 4), BARE + 4);
	assert_int_equal(in(machine, 0, 4), vpio_crc32(0, frame, BARE + 4));

	memcpy(ring + 12, "\x81\x00", 2);
	receive_fcs(machine, STRIP, UNTAG, received);
	memcpy(frame, ring, 12);
	memcpy(frame + 12, ring + 16, BARE - 16);
	assert_int_equal(in(machine, 8, 4), BARE - 4);
	assert_int_equal(in(machine, 0, 4), vpio_crc32(0, frame, BARE - 4));

	make_fcs_frame(machine, true);
	receive_fcs(machine, STRIP, CHECKSUM, received);
	assert_int_not_equal(in(machine, 0, 4), received);
	stop(machine);
}

/* Its owner begins again beside what goes on, where the model says so; another one waits. */
static void test_ready(void **state)
{
	struct machine *machine = start(
		"model r \"Ready\" {\n"
		"	pci 1:2 { }\n"
		"	bar 0 mem 32 = w\n"
		"	window w 32 {\n"
		"		0x00 GO u32 strobe\n"
		"		0x04 BEGAN u32 rw\n"
		"		0x08 ENDED u32 ro\n"
		"		0x0c reserved 20\n"
		"	}\n"
		"	on write GO { start(e, value, 7) }\n"
		"	engine e slice timeout 10 ms {\n"
		"		on start { own.BEGAN = a; busy = 1; stuck |= a == 9 }\n"
		"		on idle = !busy\n"
		"		on ready = a == 2 && b == 7\n"
		"		on recover { busy = 0; stuck = 0 }\n"
		"		on done { ENDED += 1 }\n"
		"	}\n"
		"	hardware {\n"
		"		var busy u8 var stuck u8\n"
		"		on start { }\n"
		"		on stop { }\n"
		"		on interrupt { if !busy || stuck { return 0 }; busy = 0; finish e 0; return 1 }\n"
		"	}\n"
		"}\n");
	struct vpio_vdev *one = machine->vdev, *two;
	unsigned int i;
	u64 ended;

	(void)state;
	two = machine->other = plug(machine, 0x57);
	write_to(one, 0, 4, 1);
	assert_int_equal(read_of(one, 4, 4), 1);
	write_to(one, 0, 4, 2); /* busy, and ready for that */
	assert_int_equal(read_of(one, 4, 4), 2);
	write_to(one, 0, 4, 3); /* but not for this */
	assert_int_equal(read_of(one, 4, 4), 2);
	write_to(two, 0, 4, 2); /* nor for another's */
	assert_int_equal(read_of(two, 4, 4), 0);
	run(machine);
	assert_int_equal(read_of(one, 8, 4), 1);
	run(machine);
	assert_int_equal(read_of(one, 4, 4), 3);
	run(machine);
	run(machine);
	assert_int_equal(read_of(two, 4, 4), 2);
	run(machine);
	run(machine);
	/* work that never ends, and an owner that begins again and again: the deadline is the first one's */
	ended = read_of(one, 8, 4);
	for (i = 0; i < 5; i++) {
		write_to(one, 0, 4, i ? 2 : 9);
		assert_int_equal(read_of(one, 4, 4), i ? 2 : 9);
		assert_int_equal(read_of(one, 8, 4), ended);
		machine->passed += 2600000;
		vpio_pdev_run(machine->pdev, false);
		vpio_vdev_run(one);
		if (vpio_pdev_stats(machine->pdev)->recoveries)
			break;
	}
	assert_int_equal(i, 3);
	assert_int_equal(read_of(one, 8, 4), ended + 1);
	/* but what ends is progress */
	for (i = 0; i < 8; i++) {
		write_to(one, 0, 4, 2);
		machine->passed += 6000000;
		vpio_pdev_run(machine->pdev, i & 1);
		vpio_vdev_run(one);
	}
	assert_int_equal(vpio_pdev_stats(machine->pdev)->recoveries, 1);
	stop(machine);
}

/* How often one begins, and for how long it has the engine, while another one waits. */
static unsigned int begin_again(struct machine *machine, bool overlaps, u64 *had)
{
	struct vpio_vdev *one = machine->vdev, *two = machine->other;
	const u64 before = machine->passed;
	unsigned int i;

	write_to(one, 0, 4, 1);
	write_to(two, 0, 4, 0x200);
	for (i = 1; read_of(two, 4, 4) != 0x200; i++) {
		assert_true(i < 1000);
		write_to(one, 0, 4, i + 1); /* before its work ends */
		*had = machine->passed - before;
		machine->passed += 300000;
		if (!overlaps || read_of(one, 4, 4) != i + 1)
			run(machine); /* its work ends */
	}
	i = (unsigned int)read_of(one, 4, 4);
	run(machine); /* two's work ends */
	write_to(two, 4, 4, 0);
	run(machine); /* and one's */
	run(machine);
	return i;
}

/* An owner that asks again and again while another one waits keeps the engine for a quantum. */
static void test_quantum(void **state)
{
	static const char *const ready[] = { "", "		on ready = 1\n" };
	static const u64 quanta[] = { 0, 1000, VPIO_QUANTUM_US, 10000 };
	struct machine *machine;
	char text[TEXT];
	unsigned int i, j, begun;
	u64 had, hand_offs;

	(void)state;
	for (i = 0; i < 2 * 4; i++) {
		snprintf(
			text, sizeof(text),
			"model q \"Quantum\" {\n"
			"	pci 1:2 { }\n"
			"	bar 0 mem 32 = w\n"
			"	window w 32 { 0x00 GO u32 strobe 0x04 BEGAN u32 rw 0x08 reserved 24 }\n"
			"	on write GO { start(e, value, 0) }\n"
			"	engine e slice timeout 1000 ms {\n"
			"		on start { own.BEGAN = a; busy = 1 }\n"
			"		on idle = !busy\n"
			"%s"
			"		on recover { busy = 0 }\n"
			"		on done { }\n"
			"	}\n"
			"	hardware {\n"
			"		var busy u8\n"
			"		on start { }\n"
			"		on stop { }\n"
			"		on interrupt { if !busy { return 0 }; busy = 0; finish e 0; return 1 }\n"
			"	}\n"
			"}\n",
			ready[i / 4]);
		machine = start(text);
		machine->other = plug(machine, 0x57);
		assert_int_equal(vpio_pdev_quantum(machine->pdev), VPIO_QUANTUM_US);
		assert_int_equal(vpio_pdev_set_quantum(machine->pdev, quanta[i % 4]), 0);
		for (j = 0; j < 3; j++) {
			hand_offs = vpio_pdev_stats(machine->pdev)->hand_offs;
			begun = begin_again(machine, i / 4, &had);
			hand_offs = vpio_pdev_stats(machine->pdev)->hand_offs - hand_offs;
			if (j == 0)
				printf("quantum %4u us%s: it begins %2u times in %4u us, %u hand-offs\n",
				       (unsigned int)vpio_pdev_quantum(machine->pdev),
				       i / 4 ? ", overlapping" : "", begun,
				       (unsigned int)(had / 1000), (unsigned int)hand_offs);
			/* no more than a quantum, and the piece of work that began in it */
			assert_true(had < quanta[i % 4] * 1000 + 300000);
			assert_true(had + 300000 >= quanta[i % 4] * 1000);
			assert_true(hand_offs <= 3);
		}
		assert_int_equal(vpio_pdev_set_quantum(machine->pdev, VPIO_QUANTUM_MOST_US + 1),
				 -1);
		assert_int_equal(vpio_pdev_quantum(machine->pdev), quanta[i % 4]);
		stop(machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_derived),	     cmocka_unit_test(test_hand_off),
		cmocka_unit_test(test_partition),    cmocka_unit_test(test_port),
		cmocka_unit_test(test_guard),	     cmocka_unit_test(test_memories),
		cmocka_unit_test(test_dma_memories), cmocka_unit_test(test_procs),
		cmocka_unit_test(test_port_through), cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_fcs),	     cmocka_unit_test(test_fcs_of_changed),
		cmocka_unit_test(test_ready),	     cmocka_unit_test(test_quantum),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
