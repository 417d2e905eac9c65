// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio model record, without the QEMU: lines of QEMU's log, traces as JSON lines and whatever a
 * file may have in their place, and what /sys says of a device.
 */
#include "commands.h"

#include <sys/stat.h>

#include "../tool/trace.h"

#define ADDRESS "0000:00:03.0"

/* --- QEMU's log -------------------------------------------------------------------------- */

/* Lines that QEMU 7.2 wrote. */
static void test_log_lines(void **state)
{
	static const struct {
		const char *line;
		struct trace_event event;
	} lines[] = {
		{ "170@1795240839.112809:vfio_region_read  (0000:00:03.0:region0+0x10, 4) = 0x510a41fc",
		  { 0, TRACE_READ, 0, 4, 0x10, 0x510a41fc, 0 } },
		{ "170@1795240839.112809:vfio_region_write  (0000:00:03.0:region1+0x3e, 0xffff, 2)",
		  { 0, TRACE_WRITE, 1, 2, 0x3e, 0xffff, 0 } },
		{ "170@1795240839.112809:vfio_region_read  (0000:00:03.0:region0+0x98, 8) = "
		  "0xffffffff00000001",
		  { 0, TRACE_READ, 0, 8, 0x98, 0xffffffff00000001, 0 } },
		/* QEMU says more than there is */
		{ "170@1795240839.112809:vfio_region_write  (0000:00:03.0:region0+0x7, 0xffffff40, 1)",
		  { 0, TRACE_WRITE, 0, 1, 7, 0x40, 0 } },
		{ "170@1795240839.112809:vfio_pci_read_config  (0000:00:03.0, @0x4, len=0x2) 0x103",
		  { 0, TRACE_READ, TRACE_CONFIG, 2, 4, 0x103, 0 } },
		{ "170@1795240839.112809:vfio_pci_write_config  (0000:00:03.0, @0x10, 0xffffffff, "
		  "len=0x4)",
		  { 0, TRACE_WRITE, TRACE_CONFIG, 4, 0x10, 0xffffffff, 0 } },
		{ "170@1795240839.112809:vfio_intx_interrupt  (0000:00:03.0) Pin A",
		  { 0, TRACE_INTX, 0, 0, 0, 0, 0 } },
		{ "170@1795240839.112809:vfio_msi_interrupt  (0000:00:03.0) vector 3 "
		  "0xfee01004/0x4021",
		  { 0, TRACE_MSI, 0, 0, 0, 0, 3 } },
		{ "170@1795240839.112809:vfio_pci_reset  (0000:00:03.0)",
		  { 0, TRACE_RESET, 0, 0, 0, 0, 0 } },
	};
	struct trace_event event;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(qemu_log_parse(lines[i].line, ADDRESS, &event), QEMU_LOG_EVENT);
		assert_true(event.time == 1795240839112809000);
		assert_int_equal(event.kind, lines[i].event.kind);
		assert_int_equal(event.region, lines[i].event.region);
		assert_int_equal(event.size, lines[i].event.size);
		assert_true(event.offset == lines[i].event.offset);
		assert_true(event.value == lines[i].event.value);
		assert_int_equal(event.vector, lines[i].event.vector);
	}
}

static void test_log_other_devices(void **state)
{
	struct trace_event event;

	(void)state;
	assert_int_equal(
		qemu_log_parse("1@2.000003:vfio_pci_reset  (0000:00:04.0)", ADDRESS, &event),
		QEMU_LOG_OTHER);
	/* no function 0 of .01 */
	assert_int_equal(
		qemu_log_parse("1@2.000003:vfio_pci_reset  (0000:00:03.01)", ADDRESS, &event),
		QEMU_LOG_OTHER);
	assert_int_equal(
		qemu_log_parse("1@2.000003:vfio_intx_eoi  (0000:00:03.0) EOI", ADDRESS, &event),
		QEMU_LOG_OTHER);
}

static void test_log_other_lines(void **state)
{
	static const char *const lines[] = {
		"",
		"CPU Reset (CPU 0)",
		"EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000000",
		"1@2.000003:e1000_mmio_read (0000:00:03.0)",
		"vfio_pci_reset  (0000:00:03.0)", /* without a time */
		"1@2:vfio_pci_reset  (0000:00:03.0)",
	};
	struct trace_event event;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(qemu_log_parse(lines[i], ADDRESS, &event), QEMU_LOG_TEXT);
}

/* Each is cut off, or as another version of QEMU might write it: never half an event. */
static void test_log_strange_lines(void **state)
{
	static const char *const lines[] = {
		"1@2.000003:vfio_region_read",
		"1@2.000003:vfio_region_read  (0000:00:03.0:region0+0x10, 4) = ",
		"1@2.000003:vfio_region_read  (0000:00:03.0:region0+0x10, 4",
		"1@2.000003:vfio_region_read  (0000:00:03.0:region9+0x10, 4) = 0x0",
		"1@2.000003:vfio_region_read  (0000:00:03.0:region0+0x10, 3) = 0x0",
		"1@2.000003:vfio_region_read  (0000:00:03.0:region0+0x10, 16) = 0x0",
		"1@2.000003:vfio_region_read  (0000:00:03.0:region0+10, 4) = 0x0",
		"1@2.000003:vfio_region_write  (0000:00:03.0:region0+0x10, 4) = 0x0",
		"1@2.000003:vfio_region_write  (0000:00:03.0:region0+0x10, 0x0, 4) and more",
		"1@2.000003:vfio_pci_read_config  (0000:00:03.0, @0x4, len=2) 0x103",
		"1@2.000003:vfio_msi_interrupt  (0000:00:03.0) vector",
	};
	struct trace_event event;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (qemu_log_parse(lines[i], ADDRESS, &event) != QEMU_LOG_STRANGE)
			fail_msg("'%s' was taken for something", lines[i]);
	}
}

/* --- Traces ------------------------------------------------------------------------------ */

static void test_round_trip(void **state)
{
	const struct trace_header header = {
		.address = ADDRESS,
		.vendor = 0x10ec,
		.device = 0x8139,
		.subvendor = 0x1af4,
		.subdevice = 0x1100,
		.class_code = 0x020000,
		.revision = 0x20,
		.bars = { { 256, true }, { 256, false }, [5] = { 1ull << 40, false } },
	};
	const struct trace_event events[] = {
		{ 0, TRACE_RESET, 0, 0, 0, 0, 0 },
		{ 1000, TRACE_READ, 0, 1, 0x37, 0x0d, 0 },
		{ 2000, TRACE_WRITE, 5, 8, 0xfffffffff8, ~0ull, 0 },
		{ 3000, TRACE_READ, TRACE_CONFIG, 4, 0, 0x813910ec, 0 },
		{ 3000, TRACE_READ, TRACE_ROM, 2, 0, 0xaa55, 0 },
		{ 4000, TRACE_INTX, 0, 0, 0, 0, 0 },
		{ ~0ull, TRACE_MSI, 0, 0, 0, 0, 7 },
	};
	const char *name = path_in(state, "trace");
	FILE *file = fopen(name, "w");
	struct trace_reader reader;
	struct trace_event event;
	unsigned int i;

	assert_non_null(file);
	assert_true(trace_write_header(file, &header));
	for (i = 0; i < ARRAY_SIZE(events); i++)
		assert_true(trace_write_event(file, &events[i]));
	fclose(file);
	assert_true(trace_open(&reader, name, stderr));
	assert_int_equal(reader.header.vendor, 0x10ec);
	assert_int_equal(reader.header.device, 0x8139);
	assert_int_equal(reader.header.revision, 0x20);
	assert_memory_equal(reader.header.bars, header.bars, sizeof(header.bars));
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		assert_int_equal(trace_read(&reader, &event), TRACE_EVENT);
		assert_int_equal(reader.line, i + 2);
		assert_true(event.time == events[i].time);
		assert_int_equal(event.kind, events[i].kind);
		assert_int_equal(event.region, events[i].region);
		assert_int_equal(event.size, events[i].size);
		assert_true(event.offset == events[i].offset);
		assert_true(event.value == events[i].value);
		assert_int_equal(event.vector, events[i].vector);
	}
	assert_int_equal(trace_read(&reader, &event), TRACE_END);
	trace_close(&reader);
}

#define HEADER \
	"{\"vpio-trace\":1,\"vendor\":\"0x10ec\",\"device\":\"0x8139\",\"revision\":16,\"bars\":[]}\n"
#define EVENT \
	"{\"time\":1,\"event\":\"read\",\"region\":\"bar0\",\"offset\":0,\"size\":1,\"value\":0}\n"

/* Reads a trace to its end: what it says of it. */
static char *complaint(void **state, const char *text)
{
	const char *name = path_in(state, "trace");
	FILE *errors = tmpfile();
	struct trace_reader reader;
	struct trace_event event;
	enum trace_next next = TRACE_BAD;

	assert_non_null(errors);
	write_text(name, text);
	if (trace_open(&reader, name, errors)) {
		while ((next = trace_read(&reader, &event)) == TRACE_EVENT)
			;
		trace_close(&reader);
	}
	assert_int_equal(next, TRACE_BAD);
	return said_text(errors);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *message;
	} traces[] = {
		{ "", "trace:1: the file is empty" },
		{ "\n", "trace:1: expected a JSON object" },
		{ "hello\n", "trace:1: expected a JSON object" },
		{ "[]\n", "trace:1: expected a JSON object" },
		{ "{}\n", "trace:1: not a trace" },
		{ EVENT, "trace:1: not a trace" },
		{ "{\"vpio-trace\":2}\n", "trace:1: expected a trace of version 1, found 2" },
		{ "{\"vpio-trace\":1}\n", "trace:1: expected \"vendor\"" },
		{ "{\"vpio-trace\":1,\"vendor\":65536,\"device\":0,\"revision\":0,\"bars\":[]}\n",
		  "trace:1: \"vendor\" is 65536, expected at most 0xffff" },
		{ "{\"vpio-trace\":1,\"vendor\":0,\"device\":0,\"revision\":0,\"bars\":3}\n",
		  "trace:1: expected an array as \"bars\"" },
		{ "{\"vpio-trace\":1,\"vendor\":0,\"device\":0,\"revision\":0,\"bars\":[3]}\n",
		  "trace:1: expected objects in \"bars\"" },
		{ "{\"vpio-trace\":1,\"vendor\":0,\"device\":0,\"revision\":0,"
		  "\"bars\":[{\"bar\":6,\"size\":1,\"kind\":\"io\"}]}\n",
		  "trace:1: \"bar\" is 6" },
		{ HEADER EVENT "{\"time\":1,\n", "trace:3: expected a JSON object" },
		{ HEADER EVENT "{\"time\":1}", "trace:3: the file ends within a line" },
		{ HEADER "{\"time\":1}\n", "trace:2: expected \"event\"" },
		{ HEADER "{\"event\":\"reset\"}\n", "trace:2: expected \"time\"" },
		{ HEADER "{\"time\":-1,\"event\":\"reset\"}\n",
		  "trace:2: expected a number as \"time\", found \"-1\"" },
		{ HEADER "{\"time\":1.5,\"event\":\"reset\"}\n",
		  "trace:2: expected a number as \"time\", found 1.5" },
		{ HEADER "{\"time\":null,\"event\":\"reset\"}\n",
		  "trace:2: expected a number as \"time\"" },
		{ HEADER "{\"time\":\"\",\"event\":\"reset\"}\n",
		  "trace:2: expected a number as \"time\"" },
		{ HEADER "{\"time\":\"99999999999999999999\",\"event\":\"reset\"}\n",
		  "trace:2: expected a number as \"time\"" },
		{ HEADER "{\"time\":1,\"event\":\"jump\"}\n",
		  "trace:2: \"event\" is \"jump\", which is not known" },
		{ HEADER "{\"time\":1,\"event\":[1]}\n", "trace:2: \"event\" is" },
		{ HEADER "{\"time\":1,\"event\":\"read\",\"region\":\"bar7\"}\n",
		  "trace:2: \"region\" is \"bar7\"" },
		{ HEADER
		  "{\"time\":1,\"event\":\"read\",\"region\":\"bar0\",\"offset\":0,\"size\":3,"
		  "\"value\":0}\n",
		  "trace:2: \"size\" is 3" },
		{ HEADER
		  "{\"time\":1,\"event\":\"read\",\"region\":\"bar0\",\"offset\":0,\"size\":0,"
		  "\"value\":0}\n",
		  "trace:2: \"size\" is 0" },
		{ HEADER
		  "{\"time\":1,\"event\":\"read\",\"region\":\"bar0\",\"offset\":0,\"size\":1,"
		  "\"value\":256}\n",
		  "trace:2: \"value\" is 256, expected at most 0xff" },
		{ HEADER "{\"time\":1,\"event\":\"write\",\"region\":\"bar0\","
			 "\"offset\":\"0xffffffffffffffff\",\"size\":1,\"value\":0}\n",
		  "trace:2: the access goes beyond" },
		{ HEADER "{\"time\":1,\"event\":\"interrupt\",\"kind\":\"smi\"}\n",
		  "trace:2: \"kind\" is \"smi\"" },
		{ HEADER "{\"time\":1,\"event\":\"interrupt\",\"kind\":\"msi\"}\n",
		  "trace:2: expected \"vector\"" },
		{ HEADER "{\"time\":1,\"event\":\"reset\"} x\n",
		  "trace:2: expected a JSON object" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(traces); i++) {
		char *said = complaint(state, traces[i].text);

		assert_says(said, traces[i].message);
		assert_ptr_equal(strchr(said, '\n') + 1, said + strlen(said)); /* one message */
		free(said);
	}
}

/* However deep or long. */
static void test_malformed_large(void **state)
{
	static char text[1 << 16];
	char *said;

	memset(text, '[', sizeof(text) - 1);
	said = complaint(state, text);
	assert_says(said, "trace:1: expected lines of less than 4096 bytes");
	free(said);
	snprintf(text, sizeof(text), HEADER "{\"time\":%02000d}\n", 1);
	said = complaint(state, text);
	assert_says(said, "trace:2: ");
	free(said);
	snprintf(text, sizeof(text), HEADER);
	memset(text + strlen(text), '[', 2000);
	strcat(text, "\n");
	said = complaint(state, text);
	assert_says(said, "trace:2: expected a JSON object");
	free(said);
}

/* A right trace with bytes changed, taken out or put twice: it ends, and whoever reads it too. */
static void test_mutations(void **state)
{
	static const char whole[] = HEADER EVENT
		"{\"time\":2,\"event\":\"interrupt\",\"kind\":\"msi\",\"vector\":0}\n" EVENT;
	const char *name = path_in(state, "trace");
	FILE *errors = tmpfile();
	unsigned int i, bad = 0;
	u32 chance = 1;

	for (i = 0; i < 3000; i++) {
		char text[2 * sizeof(whole)];
		struct trace_reader reader;
		struct trace_event event;
		enum trace_next next = TRACE_BAD;
		size_t at, length = sizeof(whole) - 1;
		FILE *file = fopen(name, "w");

		memcpy(text, whole, sizeof(whole));
		chance = chance * 1664525 + 1013904223;
		at = (chance >> 8) % length;
		if (i % 3 == 0)
			text[at] = (char)(chance >> 24);
		else if (i % 3 == 1)
			memmove(text + at, text + at + 1, length-- - at);
		else
			memmove(text + at + 7, text + at, (length += 7) - 7 - at);
		assert_true(fwrite(text, 1, length, file) == length);
		fclose(file);
		if (trace_open(&reader, name, errors)) {
			while ((next = trace_read(&reader, &event)) == TRACE_EVENT)
				;
			trace_close(&reader);
		}
		bad += next == TRACE_BAD;
	}
	fclose(errors);
	assert_in_range(bad, 1000, 3000);
}

static void test_no_file(void **state)
{
	FILE *errors = tmpfile();
	struct trace_reader reader;
	char *said;

	assert_false(trace_open(&reader, path_in(state, "none"), errors));
	said = said_text(errors);
	assert_says(said, "none: cannot open it: No such file");
	free(said);
}

/* --- The device -------------------------------------------------------------------------- */

static void test_addresses(void **state)
{
	static const char *const wrong[] = { "",	  "x",
					     "3",	  "00:03",
					     "00:03.8",	  "00:20.0",
					     "00:03.0x",  "0000:00:03.0 ",
					     "../../etc", "00000:00:03.0" };
	char address[16];
	unsigned int i;

	(void)state;
	assert_true(device_address("0000:00:03.0", address));
	assert_string_equal(address, "0000:00:03.0");
	assert_true(device_address("3:1f.7", address));
	assert_string_equal(address, "0000:03:1f.7");
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (device_address(wrong[i], address))
			fail_msg("'%s' was taken for an address", wrong[i]);
	}
}

/* A /sys with one device, bound to @driver. */
static void make_sys(void **state, const char *driver, bool group)
{
	static const char *const directories[] = { "bus", "bus/pci", "bus/pci/devices",
						   "bus/pci/devices/" ADDRESS };
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "vendor", "0x10ec\n" },
		{ "device", "0x8139\n" },
		{ "subsystem_vendor", "0x1af4\n" },
		{ "subsystem_device", "0x1100\n" },
		{ "revision", "0x20\n" },
		{ "class", "0x020000\n" },
		{ "resource", "0x000000000000c000 0x000000000000c0ff 0x0000000000040101\n"
			      "0x00000000febd2000 0x00000000febd20ff 0x0000000000040200\n"
			      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
			      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
			      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
			      "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
			      "0x00000000feb80000 0x00000000febbffff 0x0000000000046200\n" },
	};
	char name[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(directories); i++)
		assert_int_equal(mkdir(path_in(state, directories[i]), 0755), 0);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(name, sizeof(name), "bus/pci/devices/" ADDRESS "/%s", files[i].name);
		write_text(path_in(state, name), files[i].text);
	}
	if (driver)
		assert_int_equal(
			symlink(driver, path_in(state, "bus/pci/devices/" ADDRESS "/driver")), 0);
	if (group)
		assert_int_equal(symlink("../../../../kernel/iommu_groups/5",
					 path_in(state, "bus/pci/devices/" ADDRESS "/iommu_group")),
				 0);
}

static void test_device(void **state)
{
	struct trace_header header;

	make_sys(state, "../../../../bus/pci/drivers/vfio-pci", true);
	assert_true(device_read(*state, ADDRESS, &header, stderr));
	assert_string_equal(header.address, ADDRESS);
	assert_int_equal(header.vendor, 0x10ec);
	assert_int_equal(header.device, 0x8139);
	assert_int_equal(header.subvendor, 0x1af4);
	assert_int_equal(header.subdevice, 0x1100);
	assert_int_equal(header.class_code, 0x020000);
	assert_int_equal(header.revision, 0x20);
	assert_int_equal(header.bars[0].size, 256);
	assert_true(header.bars[0].io);
	assert_int_equal(header.bars[1].size, 256);
	assert_false(header.bars[1].io);
	assert_int_equal(header.bars[2].size, 0);
	assert_true(device_is_ready(*state, ADDRESS, stderr));
}

/* What is said of a device that QEMU can't have. */
static char *excuse(void **state)
{
	FILE *errors = tmpfile();

	assert_non_null(errors);
	assert_false(device_is_ready(*state, ADDRESS, errors));
	return said_text(errors);
}

static void test_other_driver(void **state)
{
	char *said;

	make_sys(state, "../../../../bus/pci/drivers/8139cp", true);
	said = excuse(state);
	assert_says(said, "0000:00:03.0 is bound to 8139cp, expected vfio-pci; as root type\n");
	assert_says(said, "echo vfio-pci > /sys/bus/pci/devices/0000:00:03.0/driver_override\n");
	assert_says(said, "echo 0000:00:03.0 > /sys/bus/pci/devices/0000:00:03.0/driver/unbind\n");
	assert_says(said, "echo 0000:00:03.0 > /sys/bus/pci/drivers_probe\n");
	free(said);
}

static void test_no_driver(void **state)
{
	char *said;

	make_sys(state, NULL, true);
	said = excuse(state);
	assert_says(said, "is bound to no driver, expected vfio-pci");
	assert_silent_of(said, "unbind");
	free(said);
}

static void test_no_group(void **state)
{
	char *said;

	make_sys(state, "../../../../bus/pci/drivers/vfio-pci", false);
	said = excuse(state);
	assert_says(said, "has no IOMMU group");
	free(said);
}

static void test_no_device(void **state)
{
	FILE *errors = tmpfile();
	struct trace_header header;
	char *said;

	make_sys(state, NULL, true);
	assert_false(device_read(*state, "0000:00:04.0", &header, errors));
	said = said_text(errors);
	assert_says(said, "there is no PCI device 0000:00:04.0");
	free(said);
}

static void test_usage(void **state)
{
	struct said said = said_by("record", "--help", NULL);

	(void)state;
	assert_int_equal(said.code, TOOL_OK);
	assert_says(said.out, "Example:");
	said_free(&said);
	said = said_by("record", "0000:00:03.0", NULL); /* and what is to be run? */
	assert_int_equal(said.code, TOOL_USAGE);
	assert_says(said.errors, "usage: vpio model record");
	said_free(&said);
	said = said_by("record", "-p", "addr", "0000:00:03.0", "--", "true", NULL);
	assert_int_equal(said.code, TOOL_USAGE);
	said_free(&said);
	said = said_by("record", "card", "--", "true", NULL);
	assert_int_equal(said.code, TOOL_USAGE);
	assert_says(said.errors, "'card' is no PCI address");
	said_free(&said);
	said = said_by("record", "fffe:7f:1f.7", "--", "true", NULL);
	assert_int_equal(said.code, TOOL_BAD_INPUT);
	assert_says(said.errors, "there is no PCI device fffe:7f:1f.7");
	said_free(&said);
}

#define WITH_DIRECTORY(name) \
	cmocka_unit_test_setup_teardown(test_##name, directory_setup, directory_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_lines),
		cmocka_unit_test(test_log_other_devices),
		cmocka_unit_test(test_log_other_lines),
		cmocka_unit_test(test_log_strange_lines),
		WITH_DIRECTORY(round_trip),
		WITH_DIRECTORY(malformed),
		WITH_DIRECTORY(malformed_large),
		WITH_DIRECTORY(mutations),
		WITH_DIRECTORY(no_file),
		cmocka_unit_test(test_addresses),
		WITH_DIRECTORY(device),
		WITH_DIRECTORY(other_driver),
		WITH_DIRECTORY(no_driver),
		WITH_DIRECTORY(no_group),
		WITH_DIRECTORY(no_device),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
