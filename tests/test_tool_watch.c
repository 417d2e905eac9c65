// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The commands that only look at a host (doctor, list, attach, status, top, trace, stats), on one that is
 * made up.
 */
#include "host.h"

#include <sys/utsname.h>

static struct json_object *json_of(const char *words, int code)
{
	struct said said = vpio_words(words);
	struct json_object *object = json_tokener_parse(said.out);

	assert_int_equal(said.code, code);
	if (!object)
		fail_msg("vpio %s: no JSON: %s", words, said.out);
	said_free(&said);
	return object;
}

/* "devices.0.counters.tx_frames" of an object, as text. */
static const char *at(struct json_object *object, const char *path)
{
	char copy[128], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((key = strsep(&rest, "."))) {
		if (json_object_is_type(object, json_type_array))
			object = json_object_array_get_idx(object, (size_t)atoi(key));
		else if (!json_object_object_get_ex(object, key, &object))
			fail_msg("there is no %s of %s", key, path);
	}
	return object ? json_object_get_string(object) : "null";
}

/* --- list -------------------------------------------------------------------------------- */

static void test_list(void **state)
{
	struct json_object *object = json_of("list --json", 0);

	(void)state;
	assert_string_equal(at(object, "devices.0.address"), CARD);
	assert_string_equal(at(object, "devices.0.driver"), "vpio");
	assert_string_equal(at(object, "devices.0.vdevs"), "2");
	assert_string_equal(at(object, "devices.1"), "null"); /* the other has no model */
	assert_string_equal(at(object, "models.0.model"), "rtl8139");
	assert_string_equal(at(object, "models.0.vendor"), "10ec");
	json_object_put(object);
	assert_vpio("list", 0, CARD "  10ec:8139  vpio    2      rtl8139  Realtek");
	bind_card("8139cp");
	assert_vpio("list", 0, CARD "  10ec:8139  8139cp  2      rtl8139");
}

static void test_list_empty(void **state)
{
	(void)state;
	unlink(in_host("/lib/firmware/vpio/10ec-8139.vpb"));
	assert_vpio("list", 0, "none: no device here has a model");
	assert_vpio("list", 0, "none: copy compiled ones to /lib/firmware/vpio");
}

/* Where the kernel is told to look comes first, then those of updates. */
static void test_list_places(void **state)
{
	struct json_object *object;

	(void)state;
	make_file(in_host("/sys/module/firmware_class/parameters/path"), "/opt/models\n");
	make_file(in_host("/opt/models/vpio/x"), "");
	assert_int_equal(rename(in_host("/lib/firmware/vpio/10ec-8139.vpb"),
				in_host("/opt/models/vpio/10ec-8139.vpb")),
			 0);
	object = json_of("list --json", 0);
	assert_says(at(object, "models.0.file"), "/opt/models/vpio/10ec-8139.vpb");
	json_object_put(object);
}

/* --- doctor ------------------------------------------------------------------------------ */

static void make_modules(const char *release, const char *modules)
{
	make_file(in_host("/lib/modules/%s/modules.dep", release), modules);
}

static void make_healthy(void)
{
	struct utsname kernel;

	uname(&kernel);
	make_file(in_host("/dev/kvm"), "");
	make_file(in_host("/sys/class/iommu/dmar0/x"), "");
	make_file(in_host("/proc/cmdline"), "quiet intel_iommu=on\n");
	make_file(in_host("/proc/cpuinfo"), "vendor_id : GenuineIntel\n");
	make_file(in_host("/etc/mdevctl.d/x"), "");
	make_modules(kernel.release,
		     "kernel/drivers/vfio/mdev/mdev.ko.xz:\n"
		     "kernel/drivers/vfio/vfio_iommu_type1.ko.xz:\nupdates/vpio.ko:\n");
}

static void assert_doctor(int code, const char *part)
{
	struct said said = vpio("doctor", NULL);

	if (said.code != code)
		fail_msg("status %d, expected %d: %s", said.code, code, said.out);
	assert_says(said.out, part);
	assert_string_equal(said.errors, "");
	said_free(&said);
}

static void test_doctor_fine(void **state)
{
	struct json_object *object;

	(void)state;
	make_healthy();
	assert_doctor(0, "Nothing is in the way.");
	assert_doctor(0, "ok       " CARD ": Realtek RTL8139 Fast Ethernet, with 8139cp\n"
			 "         -> to share it: vpio bind " CARD);
	object = json_of("doctor --json", 0);
	assert_string_equal(at(object, "status"), "0");
	assert_string_equal(at(object, "checks.0.severity"), "fine");
	json_object_put(object);
}

static void test_doctor_iommu(void **state)
{
	(void)state;
	make_healthy();
	remove_all(in_host("/sys/class/iommu"));
	make_file(in_host("/proc/cmdline"), "quiet\n");
	assert_doctor(1, "turn VT-d on in the firmware's set-up, add intel_iommu=on to");
	make_file(in_host("/proc/cpuinfo"), "vendor_id : AuthenticAMD\n");
	assert_doctor(1, "turn IOMMU (AMD-Vi) on");
	make_file(in_host("/proc/cmdline"), "quiet amd_iommu=off\n");
	assert_doctor(1, "the IOMMU is turned off by the kernel's parameters");
}

static void test_doctor_modules(void **state)
{
	struct utsname kernel;

	(void)state;
	uname(&kernel);
	make_healthy();
	make_modules(kernel.release, "kernel/mdev.ko:\nkernel/vfio_iommu_type1.ko:\n");
	assert_doctor(
		3,
		"has no module vpio\n         -> install it: apt install vpio-dkms linux-headers-");
	make_modules("5.0-other", "updates/vpio.ko:\n");
	assert_doctor(3, "it is there for 5.0-other; build it for this one");
	make_file(in_host("/sys/module/vpio/x"), "");
	assert_doctor(0, "module vpio is loaded");
	make_modules(kernel.release, "kernel/vfio_iommu_type1.ko:\n");
	assert_doctor(3, "has no module mdev");
	make_file(in_host("/sys/module/mdev/x"), "");
	make_modules(kernel.release, "");
	assert_doctor(3, "has no module vfio_iommu_type1");
}

static void test_doctor_warnings(void **state)
{
	(void)state;
	make_healthy();
	remove_all(in_host("/etc/mdevctl.d"));
	assert_doctor(1, "mdevctl is not installed");
	remove_all(in_host("/dev/kvm"));
	assert_doctor(1, "there is no /dev/kvm");
	make_file(in_host("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"),
		  "Y\n");
	assert_doctor(1, "allows unsafe interrupts");
	make_file(in_host("/sys/kernel/security/lockdown"), "none [integrity] confidentiality\n");
	assert_doctor(1, "loads signed modules only");
	make_file(in_host("/sys/kernel/security/lockdown"), "none integrity [confidentiality]\n");
	assert_doctor(3, "the kernel is locked down (confidentiality)");
}

static void test_doctor_device(void **state)
{
	(void)state;
	make_healthy();
	make_file(in_host("/sys/bus/pci/devices/" CARD "/net/eth1/x"), "");
	make_file(in_host("/sys/class/net/eth1/x"), "");
	make_file(in_host("/proc/net/route"),
		  "Iface\neth1\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
	assert_doctor(1,
		      "warning  " CARD ": the default route goes through eth1; that would break");
	setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22", 1);
	assert_doctor(
		1,
		"this ssh session comes through eth1; that would break\n         -> don't bind it "
		"from here");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/iommu_group/devices/" OTHER), "");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/iommu_group/devices/" CARD), "");
	assert_doctor(1, "its IOMMU group has other devices, too: " OTHER " (no driver)");
	remove_all(in_host("/sys/bus/pci/devices/" CARD "/iommu_group/devices"));
	unlink(in_host("/proc/net/route"));
	unsetenv("SSH_CONNECTION");
	write_text(in_host("/sys/bus/pci/devices/" CARD "/iommu_group/type"), "DMA-FQ\n");
	assert_doctor(0, "Nothing is in the way.");
	write_text(in_host("/sys/bus/pci/devices/" CARD "/iommu_group/type"), "identity\n");
	assert_doctor(1, "warning  " CARD ": the IOMMU passes it through (its group's type is "
			 "identity): the card itself can reach all of the host's memory\n"
			 "         -> take iommu=pt out of GRUB_CMDLINE_LINUX");
	bind_card("vpio");
	assert_doctor(1, "is shared by vpio, 0 vdevs");
	write_text(in_host("/sys/bus/pci/devices/" CARD "/vpio/state"), "broken\n");
	assert_doctor(3, "-> echo revive > /sys/bus/pci/devices/" CARD "/vpio/state");
	write_text(in_host("/sys/bus/pci/devices/" CARD "/vpio/state"), "gone\n");
	assert_doctor(3, "it does not answer on its bus");
	unlink(in_host("/lib/firmware/vpio/10ec-8139.vpb"));
	bind_card("8139cp");
	assert_doctor(3, "no device here has a model");
	assert_vpio("doctor 05:00.0", 1, "there is no PCI device");
}

/* --- attach ------------------------------------------------------------------------------ */

static void test_attach(void **state)
{
	struct said said;

	(void)state;
	said = vpio("attach", "web", "--qemu", NULL);
	assert_string_equal(said.out,
			    "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/" UUID_A "\n");
	said_free(&said);
	said = vpio("attach", "web", "--libvirt", NULL);
	assert_string_equal(said.out,
			    "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>\n"
			    "  <source>\n    <address uuid='" UUID_A
			    "'/>\n  </source>\n</hostdev>\n");
	said_free(&said);
	open_web();
	said = vpio("attach", "web", "--proxmox", NULL);
	assert_int_equal(said.code, 0);
	assert_string_equal(said.out,
			    "args: -device vfio-pci,sysfsdev=/sys/bus/mdev/devices/" UUID_A "\n");
	assert_says(said.errors, "web is in use by qemu-system-x86 (pid 4242, VM shop)");
	said_free(&said);
}

/* --- status ------------------------------------------------------------------------------ */

static void test_status(void **state)
{
	struct json_object *object;

	(void)state;
	open_web();
	write_text(in_host("/sys/bus/mdev/devices/" UUID_A "/vpio/rate_bytes"), "1250000\n");
	assert_vpio("status", 0,
		    CARD " Realtek RTL8139 Fast Ethernet: working, 2 vdevs, room for 16");
	assert_vpio("status", 0, "transmitter  host       web    3        2 of 4   working");
	assert_vpio("status", 0,
		    "web   " UUID_A
		    "  02:00:00:00:00:a0  100     10Mbit  deny    qemu-system-x86 (pid 4242, VM "
		    "shop)");
	assert_vpio("status", 0, "db    " UUID_B "  02:00:00:00:00:b0  100     none    deny    -");
	object = json_of("status --json", 0);
	assert_string_equal(at(object, "devices.0.state"), "working");
	assert_string_equal(at(object, "devices.0.engines.0.owner_name"), "web");
	assert_string_equal(at(object, "devices.0.engines.0.waiting"), "3");
	assert_string_equal(at(object, "devices.0.engines.1.owner"), "null");
	assert_string_equal(at(object, "devices.0.counters.interrupts"), "100");
	assert_string_equal(at(object, "devices.0.vdevs.0.name"), "db");
	assert_string_equal(at(object, "devices.0.vdevs.1.user.vm"), "shop");
	assert_string_equal(at(object, "devices.0.vdevs.1.rate_bytes"), "1250000");
	assert_string_equal(at(object, "devices.0.vdevs.1.params.chip"), "16");
	assert_string_equal(at(object, "devices.0.vdevs.1.counters.tx_frames"), "4");
	json_object_put(object);
}

static void test_status_one(void **state)
{
	struct json_object *object = json_of("status web --json", 0);

	(void)state;
	assert_string_equal(at(object, "uuid"), UUID_A);
	assert_string_equal(at(object, "open"), "false");
	assert_string_equal(at(object, "counters.wait_ns"), "2000000000");
	json_object_put(object);
}

static void test_status_text(void **state)
{
	(void)state;
	assert_vpio("status web", 0, "mac 02:00:00:00:00:a0, params chip=0x10, source check on");
	assert_vpio("status web", 0, "used by -; gone after a boot");
	assert_vpio("status nobody", 1, "there is no vdev");
	write_text(in_host("/sys/bus/pci/devices/" CARD "/vpio/state"), "broken\n");
	assert_vpio("status", 0, "echo revive");
	write_text(in_host("/sys/bus/pci/devices/" CARD "/vpio/state"), "gone\n");
	assert_vpio("status", 0, "It does not answer on its bus");
	bind_card(NULL);
	assert_vpio("status", 0, "No device is bound to vpio.");
}

/* --- stats ------------------------------------------------------------------------------- */

static bool is_name(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz_", text[i]))
			return false;
	}
	return length > 0;
}

/* Prometheus's text format: each metric once, with HELP and TYPE before its samples. */
static void assert_prometheus(char *text)
{
	char metric[128] = "", type[32] = "", *rest = text, *line, seen[8192] = " ", name[136],
	     *end;

	while ((line = host_line(&rest))) {
		if (!strncmp(line, "# HELP ", 7)) {
			assert_int_equal(sscanf(line, "# HELP %127s", metric), 1);
			snprintf(name, sizeof(name), " %s ", metric);
			assert_silent_of(seen, name);
			snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s ", metric);
			assert_true(strlen(line) > 8 + strlen(metric));
			line = host_line(&rest);
			assert_int_equal(sscanf(line, "# TYPE %135s %31s", name, type), 2);
			assert_string_equal(name, metric);
			assert_true(!strcmp(type, "counter") || !strcmp(type, "gauge"));
			assert_int_equal(ends_with(metric, "_total"), !strcmp(type, "counter"));
			continue;
		}
		assert_int_equal(strcspn(line, "{"), strlen(metric));
		assert_memory_equal(line, metric, strlen(metric));
		assert_true(is_name(line, strlen(metric)));
		end = strstr(line, "\"} ");
		assert_non_null(end);
		strtod(end + 3, &end);
		assert_int_equal(*end, 0);
	}
}

static void test_prometheus(void **state)
{
	struct said said;

	(void)state;
	open_web();
	write_text(in_host("/sys/bus/mdev/devices/" UUID_B "/vpio/name"), "d\"b\\\n");
	said = vpio("stats", "--prometheus", NULL);
	assert_int_equal(said.code, 0);
	assert_says(said.out, "vpio_device_working{device=\"" CARD "\",model=\"rtl8139\"} 1\n");
	assert_says(said.out,
		    "vpio_device_tx_frames_total{device=\"" CARD "\",model=\"rtl8139\"} 4\n");
	assert_says(said.out, "vpio_engine_waiting{device=\"" CARD
			      "\",model=\"rtl8139\",engine=\"transmitter\"} 3\n");
	assert_says(said.out, "vpio_vdev_wait_seconds_total{device=\"" CARD "\",vdev=\"" UUID_A
			      "\",name=\"web\"} 2.000000000\n");
	assert_says(said.out, "# TYPE vpio_vdev_wait_longest_seconds gauge\n");
	assert_says(said.out, "name=\"web\",reason=\"memory\"} 2\n");
	assert_says(said.out, "name=\"d\\\"b\\\\\"} 10\n");
	assert_says(said.out,
		    "vpio_vdev_open{device=\"" CARD "\",vdev=\"" UUID_A "\",name=\"web\"} 1\n");
	assert_prometheus(said.out);
	said_free(&said);
	bind_card(NULL);
	remove_all(in_host("/sys/bus/mdev/devices"));
	said = vpio("stats", "--prometheus", NULL);
	assert_int_equal(said.code, 0);
	assert_string_equal(said.out, "");
	said_free(&said);
}

static void test_stats(void **state)
{
	struct json_object *object = json_of("stats --json", 0);

	(void)state;
	assert_string_equal(at(object, "devices.0.counters.recoveries"), "1");
	assert_string_equal(at(object, "vdevs.1.counters.hooks"), "5");
	json_object_put(object);
	assert_vpio("stats", 0, CARD " interrupts 100\n");
	assert_vpio("stats", 0, "web refused.memory 2\n");
}

/* --- top --------------------------------------------------------------------------------- */

static void test_top(void **state)
{
	struct json_object *object;
	struct said said;
	char *rest, *line;

	(void)state;
	open_web();
	said = vpio("top", "--count", "2", "--interval", "0.1", NULL);
	assert_int_equal(said.code, 0);
	assert_says(said.out, CARD " rtl8139    working");
	assert_says(said.out,
		    "  transmitter          host      web                          3       2\n");
	assert_says(
		said.out,
		"  web                  0     0     0     0      0      0      0    0us     0\n");
	assert_says(said.out, "  db             -     0");
	for (rest = said.out; (line = host_line(&rest));)
		assert_true(strlen(line) <= 80);
	said_free(&said);
	object = json_of("top --json --interval 0.1", 0);
	assert_string_equal(at(object, "vdevs.1.name"), "web");
	assert_string_equal(at(object, "vdevs.1.rates.hooks"), "0.0");
	json_object_put(object);
	/* this is no terminal */
	assert_vpio("top", 1, "this is no terminal to draw on; for text say --once");
	bind_card(NULL);
	assert_vpio("top --once --interval 0.1", 0, "No device is bound to vpio");
}

/* --- trace ------------------------------------------------------------------------------- */

#define LINE "            qemu-12      [000] .....   123.456789: vpio_"

static const char events[] =
	"# a comment\n" LINE "access: " UUID_A
	" write region=0 offset=0x3c size=2 value=0x5 how=state refused=- ns=1500\n" LINE
	"access: " UUID_A
	" read region=1 offset=0x0 size=8 value=0x560034120054 how=state refused=- ns=2\n"
	"CPU:0 [LOST 17 EVENTS]\n" LINE "access: " UUID_A
	" write region=0 offset=0x50 size=1 value=0x8 how=hook refused=deny ns=1500\n" LINE
	"access: " UUID_A
	" read region=7 offset=0x4 size=2 value=0x103 how=config refused=- ns=2\n" LINE
	"refusal: " UUID_A " memory address=0x1000 size=60\n" LINE "line: " UUID_A " up\n" LINE
	"access: " UUID_B " read region=5 offset=0x4 size=2 value=0x103 how=state refused=- ns=2\n"
	"            qemu-12      [000] .....   123.456789: sched_switch: x\n" LINE
	"access: half\n";

static void make_tracing(const char *text)
{
	make_file(in_host("/sys/kernel/tracing/instances/x"), "");
	unlink(in_host("/sys/kernel/tracing/instances/x"));
	host.log = text;
}

static void test_trace(void **state)
{
	struct said said;

	(void)state;
	make_tracing(events);
	said = vpio("trace", NULL);
	assert_int_equal(said.code, 0);
	assert_says(said.out, "123.456789 web          write IMR = 0x5 {ROK TOK}");
	assert_says(said.out, "state  allowed  1.5 us\n");
	assert_says(said.out, "refused: deny  1.5 us\n");
	assert_says(said.out, "web          read  config+0x4 = 0x103");
	assert_says(said.out, "web          refused memory: address 0x1000, 60 bytes\n");
	assert_says(said.out, "web          interrupt line up\n");
	assert_says(said.out, "db           read  bar5+0x4 = 0x103");
	assert_silent_of(said.out, "sched_switch");
	assert_silent_of(said.out, "half");
	assert_says(said.errors, "17 events were lost");
	said_free(&said);
}

static void test_trace_json(void **state)
{
	struct json_object *object;
	struct said said;

	(void)state;
	make_tracing(events);
	said = vpio("trace", "--json", "--count", "1", NULL);
	assert_int_equal(said.code, 0);
	object = json_tokener_parse(said.out);
	assert_string_equal(at(object, "name"), "web");
	assert_string_equal(at(object, "registers.0.register"), "IMR");
	assert_string_equal(at(object, "registers.0.value"), "5");
	assert_string_equal(at(object, "registers.0.fields.ROK"), "1");
	assert_string_equal(at(object, "registers.0.fields.TER"), "0");
	assert_string_equal(at(object, "how"), "state");
	assert_string_equal(at(object, "verdict"), "allowed");
	assert_int_equal(strchr(said.out, '\n')[1], 0);
	json_object_put(object);
	said_free(&said);
}

/* An access over several registers shows each. */
static void test_trace_parts(void **state)
{
	struct said said;

	(void)state;
	make_tracing(LINE
		     "access: " UUID_A
		     " read region=1 offset=0x3c size=4 value=0x10005 how=state refused=- ns=2\n");
	said = vpio("trace", "web", NULL);
	assert_says(said.out, "read  IMR = 0x5 {ROK TOK}, ISR = 0x1 {ROK}");
	said_free(&said);
}

static void test_trace_fails(void **state)
{
	(void)state;
	assert_vpio("trace", 3, "mount -t tracefs");
	make_tracing("");
	assert_vpio("trace nobody", 1, "there is no vdev");
	host.refuses = "/events/vpio/enable";
	host.error = EPERM;
	assert_vpio("trace", geteuid() ? 1 : 3, "cannot enable the trace points of vpio");
}

/* Banked registers: the name is certain once the bank has been seen. */
static void test_trace_banks(void **state)
{
	static const char text[] = LINE
		"access: " UUID_A
		" read region=0 offset=0x1 size=1 value=0x46 how=state refused=- ns=2\n" LINE
		"access: " UUID_A
		" write region=0 offset=0x0 size=1 value=0x61 how=state refused=- ns=2\n" LINE
		"access: " UUID_A
		" read region=0 offset=0x1 size=1 value=0x52 how=state refused=- ns=2\n";
	struct said said;

	(void)state;
	said = said_by("compile", "models/ne2000.vpm", "-o",
		       in_host("/lib/firmware/vpio/10ec-8029.vpb"), NULL);
	assert_int_equal(said.code, 0);
	said_free(&said);
	write_text(in_host("/sys/bus/pci/devices/" CARD "/device"), "0x8029\n");
	make_tracing(text);
	said = vpio("trace", NULL);
	assert_says(said.out, "CLDA[0]? = 0x46");
	assert_says(said.out, "PAR[0] = 0x52");
	said_free(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_list_empty, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_list_places, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_doctor_fine, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_doctor_iommu, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_doctor_modules, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_doctor_warnings, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_doctor_device, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_attach, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_status, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_status_one, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_status_text, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_prometheus, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_stats, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_top, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_trace, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_trace_json, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_trace_parts, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_trace_fails, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_trace_banks, vdevs_setup, host_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
