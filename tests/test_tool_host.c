// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The commands that change a host (bind, unbind, add, remove, set) on one that is made up: what they do,
 * what they refuse and how, and that what fails leaves everything as it was.
 */
#include "host.h"

/* --- What all of them do ----------------------------------------------------------------- */

static void test_help(void **state)
{
	char words[64];
	unsigned int i;

	(void)state;
	for (i = 0; host_commands[i]; i++) {
		const struct host_command *command = host_commands[i];
		const struct host_option *option;
		struct said said = vpio(command->name, "--help", NULL);

		assert_int_equal(said.code, 0);
		assert_says(said.out, "usage: vpio ");
		assert_says(said.out, "\nExample\n    vpio ");
		assert_says(said.out, "Exit status: 0");
		for (option = command->options; option->name; option++) {
			snprintf(words, sizeof(words), "  --%s", option->name);
			assert_says(said.out, words);
		}
		said_free(&said);
		snprintf(words, sizeof(words), "%s --frob", command->name);
		assert_vpio(words, 2, "there is no option --frob; usage: vpio ");
		if (command->least) {
			assert_vpio(command->name, 2, "something is missing; usage: vpio ");
		}
	}
}

static void test_usage(void **state)
{
	(void)state;
	assert_vpio("bind", 2,
		    "something is missing; usage: vpio bind [--force] [--persist] ADDRESS");
	assert_vpio("bind 03:00.0 04:00.0", 2, "there is too much: 04:00.0");
	assert_vpio("bind -x 03:00.0", 2, "there is no option -x");
	assert_vpio("bind --force=1 03:00.0", 2, "nothing is to follow the option --force=1");
	assert_vpio("add 03:00.0 --mac", 2, "a value is missing behind --mac");
	assert_vpio("attach web", 2, "Say --qemu, --libvirt or --proxmox");
	assert_vpio("attach web --qemu --libvirt", 2, "--qemu and --libvirt exclude each other");
	assert_vpio("stats --json --prometheus", 2, "exclude each other");
	assert_vpio("trace --count 0", 1, "--count takes a number from 1 to");
	assert_vpio("trace --seconds abc", 1, "--seconds takes a number");
	assert_vpio("top --interval 0", 1, "--interval takes seconds from 0.1");
}

/* --- bind and unbind --------------------------------------------------------------------- */

static void assert_untouched(void)
{
	char driver[64];

	host_link(driver, sizeof(driver), "/sys/bus/pci/devices/" CARD "/driver");
	assert_string_equal(driver, "8139cp");
	assert_string_equal(text_in("/sys/bus/pci/devices/" CARD "/driver_override"), "(null)");
}

static void test_bind(void **state)
{
	char driver[64];

	(void)state;
	assert_vpio("bind 03:00.0", 0, CARD " is bound: Realtek");
	host_link(driver, sizeof(driver), "/sys/bus/pci/devices/" CARD "/driver");
	assert_string_equal(driver, "vpio");
	assert_true(is_in_host("/sys/module/mdev") && is_in_host("/sys/module/vfio_iommu_type1") &&
		    is_in_host("/sys/module/vpio"));
	assert_vpio("bind " CARD, 0, "is bound to vpio already");
	assert_vpio("unbind 3:0.0", 0, CARD " is back with its driver 8139cp");
	assert_untouched();
	assert_vpio("unbind 03:00.0", 1, "is not bound to vpio but to 8139cp");
}

static void test_bind_refused(void **state)
{
	(void)state;
	assert_vpio("bind eth0", 1, "'eth0' is no PCI address, which looks like 03:00.0");
	assert_vpio("bind 03:00.0x", 1, "is no PCI address");
	assert_vpio("bind 03:20.0", 1, "is no PCI address");
	assert_vpio("bind 05:00.0", 1, "there is no PCI device 0000:05:00.0");
	assert_vpio("bind 04:00.0", 1, "there is no model of 8086:10d3");
	write_text(in_host("/modprobe-fails"), "");
	assert_vpio("bind 03:00.0", 3,
		    "module mdev is not loaded, and modprobe fails: modprobe: FATAL: "
		    "Module mdev not found");
	assert_untouched();
	write_text(in_host("/lib/firmware/vpio/10ec-8139.vpb"), "no model");
	assert_vpio("bind 03:00.0", 3, "10ec-8139.vpb is no model that this version reads");
	assert_untouched();
}

static void test_bind_undone(void **state)
{
	(void)state;
	host.probe_fails = true;
	assert_vpio("bind 03:00.0", 3,
		    "cannot bind " CARD
		    ": its BAR 0 is too small; it is back with its driver 8139cp");
	assert_untouched();
	host.probe_fails = false;
	host.refuses = "/driver/unbind";
	host.error = ENODEV;
	assert_vpio("bind 03:00.0", 3, "cannot bind " CARD ": it has vanished");
	assert_untouched();
	host.refuses = "/driver_override";
	host.error = EACCES;
	assert_vpio("bind 03:00.0", geteuid() ? 1 : 3, "Permission denied");
	assert_untouched();
	host.refuses = "/drivers_probe";
	host.error = EIO;
	assert_vpio("bind 03:00.0", 3, "Input/output error; it is back with its driver 8139cp");
	assert_untouched();
	/* it had none before */
	bind_card(NULL);
	assert_vpio("bind 03:00.0", 3, "it has no driver, as before");
	assert_false(is_in_host("/sys/bus/pci/devices/" CARD "/driver"));
}

static void make_interface(const char *name)
{
	make_file(in_host("/sys/bus/pci/devices/" CARD "/net/%s/x", name), "");
	make_file(in_host("/sys/class/net/%s/x", name), "");
}

#define ROUTES	 "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
#define NET_10	 "\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n" /* 10.0.0.0/8 */
#define NET_10_9 "\t0009000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" /* 10.0.9.0/24 */
#define DEFAULT	 "\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"

static void test_bind_network(void **state)
{
	(void)state;
	make_interface("eth1");
	make_file(in_host("/proc/net/route"), ROUTES "eth0" NET_10 "eth0" DEFAULT);
	assert_vpio("bind 03:00.0", 0, "is bound"); /* another interface's */
	assert_vpio("unbind 03:00.0", 0, NULL);
	make_file(in_host("/proc/net/route"), ROUTES "eth0" NET_10 "eth0" DEFAULT "eth1" NET_10_9);
	assert_vpio("bind 03:00.0", 1,
		    "the host itself uses " CARD
		    ": the interface eth1 has an address; move that to "
		    "another device, or insist: vpio bind --force");
	setenv("SSH_CONNECTION", "10.0.9.7 50000 10.0.9.1 22", 1);
	assert_vpio("bind 03:00.0", 1, "this ssh session comes through eth1");
	setenv("SSH_CONNECTION", "::ffff:10.0.9.7 50000 ::ffff:10.0.9.1 22", 1);
	assert_vpio("bind 03:00.0", 1, "this ssh session comes through eth1");
	setenv("SSH_CONNECTION", "10.0.8.7 50000 10.0.8.1 22",
	       1); /* by eth0: less exact, but its own */
	make_file(in_host("/proc/net/route"), ROUTES "eth1" DEFAULT "eth0" NET_10);
	assert_vpio("bind 03:00.0", 1, ": the default route goes through eth1; move");
	/* a bridge on it */
	make_file(in_host("/proc/net/route"), ROUTES "br0" DEFAULT);
	make_file(in_host("/sys/class/net/eth1/upper_br0"), "");
	make_file(in_host("/sys/class/net/br0/x"), "");
	assert_vpio("bind 03:00.0", 1,
		    "the default route goes through br0, this ssh session comes "
		    "through br0");
	assert_untouched();
	assert_vpio("bind --force 03:00.0", 0, "is bound");
}

static void test_bind_network_6(void **state)
{
	(void)state;
	make_interface("eth1");
	make_file(
		in_host("/proc/net/ipv6_route"),
		"fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth1\n"
		"ff000000000000000000000000000000 08 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth1\n");
	assert_vpio("bind 03:00.0", 0, "is bound"); /* what any interface has */
	assert_vpio("unbind 03:00.0", 0, NULL);
	make_file(
		in_host("/proc/net/ipv6_route"),
		"20010db8000000000000000000000000 20 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth1\n");
	setenv("SSH_CONNECTION", "2001:db8::7 50000 2001:db8::1 22", 1);
	assert_vpio("bind 03:00.0", 1,
		    "the interface eth1 has an address, this ssh session comes through eth1");
}

static void test_bind_disk(void **state)
{
	(void)state;
	make_file(in_host("/sys/bus/pci/devices/" CARD "/block/sda/dev"), "8:0\n");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/block/sda/sda1/dev"), "8:1\n");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/block/sda/sda1/holders/dm-0"), "");
	make_file(in_host("/sys/class/block/dm-0/dev"), "253:0\n");
	make_link(in_host("/sys/bus/pci/devices/" CARD "/block/sda"),
		  in_host("/sys/class/block/sda"));
	make_link(in_host("/sys/bus/pci/devices/" CARD "/block/sda/sda1"),
		  in_host("/sys/class/block/sda1"));
	make_file(in_host("/proc/self/mountinfo"),
		  "22 1 9:0 / / rw - ext4 /dev/md0 rw\n23 22 253:0 / /srv rw - ext4 /dev/x rw\n");
	make_file(in_host("/proc/swaps"),
		  "Filename Type Size Used Priority\n/dev/sda1 partition 1 0 -2\n");
	assert_vpio("bind 03:00.0", 1,
		    "its disk is mounted at /srv, its disk sda1 is used for swapping");
	assert_untouched();
}

static void test_unbind(void **state)
{
	(void)state;
	assert_vpio("unbind 03:00.0", 1,
		    CARD " has 2 vdevs still; shut down the VMs that have them (vpio "
			 "status), then remove them: vpio remove db web");
	assert_vpio("remove web db", 0, "db is removed");
	host.refuses = "/vpio/unbind";
	host.error = ENODEV;
	assert_vpio("unbind 03:00.0", 3, "cannot unbind " CARD " from vpio: it has vanished");
	host.refuses = NULL;
	host.has_no_driver = true;
	assert_vpio("unbind 03:00.0", 0, "is unbound; this kernel has no other driver for it");
}

/* --- add --------------------------------------------------------------------------------- */

static unsigned int vdevs(void)
{
	char **names = host_names("/sys/bus/mdev/devices");
	unsigned int count = 0;

	while (names[count])
		count++;
	host_names_free(names);
	return count;
}

#define VDEV_A "/sys/bus/mdev/devices/" UUID_A "/vpio/"

static void test_add(void **state)
{
	struct json_object *object, *value;
	struct said said;

	(void)state;
	assert_vpio("add 03:00.0 --uuid " UUID_A " --name web --mac 52:54:00:AB:cd:01 --weight 250 "
		    "--rate 10Mbit,1kframes --policy stop --source-check off --param chip=0x20",
		    0, "web: vdev " UUID_A " of " CARD ", MAC address 52:54:00:ab:cd:01");
	assert_string_equal(text_in(VDEV_A "name"), "web");
	assert_string_equal(text_in(VDEV_A "mac"), "52:54:00:ab:cd:01");
	assert_string_equal(text_in(VDEV_A "weight"), "250");
	assert_string_equal(text_in(VDEV_A "rate_bytes"), "1250000");
	assert_string_equal(text_in(VDEV_A "rate_frames"), "1000");
	assert_string_equal(text_in(VDEV_A "policy"), "stop");
	assert_string_equal(text_in(VDEV_A "source_check"), "0");
	assert_string_equal(text_in(VDEV_A "params"), "chip=0x20");
	said = vpio("add", CARD, "--name", "db", "--json", NULL);
	assert_int_equal(said.code, 0);
	object = json_tokener_parse(said.out);
	assert_true(json_object_object_get_ex(object, "name", &value));
	assert_string_equal(json_object_get_string(value), "db");
	assert_true(json_object_object_get_ex(object, "weight", &value));
	assert_int_equal(json_object_get_int(value), 100);
	json_object_put(object);
	said_free(&said);
}

/* The same name, the same UUID: what a VM's configuration says stays right. */
static void test_add_again(void **state)
{
	struct host_vdev first, second;

	(void)state;
	assert_vpio("add 03:00.0 --name web", 0, NULL);
	assert_int_equal(host_vdev_find(&first, "web"), 0);
	assert_vpio("remove web", 0, "web is removed");
	assert_vpio("add 03:00.0 --name web", 0, NULL);
	assert_int_equal(host_vdev_find(&second, "web"), 0);
	assert_string_equal(first.uuid, second.uuid);
	assert_vpio("add 03:00.0 --name db", 0, NULL);
	assert_int_equal(host_vdev_find(&second, "db"), 0);
	assert_string_not_equal(first.uuid, second.uuid);
	assert_vpio("add 03:00.0", 0, NULL);
	assert_vpio("add 03:00.0", 0, NULL);
	assert_int_equal(vdevs(), 4);
}

static const struct {
	const char *words;
	int code;
	const char *part;
} bad_adds[] = {
	{ "add 04:00.0", 1,
	  "is bound to no driver, not to vpio; bind it first: vpio bind 0000:04:00.0" },
	{ "add 03:00.0 --name web", 1, "the name 'web' is taken by the vdev " UUID_A },
	{ "add 03:00.0 --name -x", 1, "'-x' is no name for a vdev" },
	{ "add 03:00.0 --name a/b", 1, "'a/b' is no name" },
	{ "add 03:00.0 --name=", 1, "'' is no name" },
	{ "add 03:00.0 --name abcdefghijabcdefghijabcdefghijab", 1, "is no name" },
	{ "add 03:00.0 --mac 52:54:00:12:34", 1, "is no MAC address" },
	{ "add 03:00.0 --mac 52:54:00:12:34:56:78", 1, "is no MAC address" },
	{ "add 03:00.0 --mac 52-54-00-12-34-56", 1, "is no MAC address" },
	{ "add 03:00.0 --mac 00:00:00:00:00:00", 1, "is nobody's" },
	{ "add 03:00.0 --mac 01:00:5e:00:00:01", 1,
	  "multicast MAC address, as its first byte is odd; a NIC "
	  "needs a unicast one, say 00:00:5e:00:00:01" },
	{ "add 03:00.0 --mac ff:ff:ff:ff:ff:ff", 1, "multicast" },
	{ "add 03:00.0 --mac 02:00:00:00:00:A0", 1, "is that of the vdev web of " CARD },
	{ "add 03:00.0 --weight 0", 1, "a weight is a number from 1 to 1000, not '0'" },
	{ "add 03:00.0 --weight 1001", 1, "a weight is" },
	{ "add 03:00.0 --weight 10x", 1, "a weight is" },
	{ "add 03:00.0 --weight -5", 1, "a weight is" },
	{ "add 03:00.0 --rate 10M", 1,
	  "'10M' is no rate: a number with a unit is expected; give it as 10Mbit" },
	{ "add 03:00.0 --rate 10", 1, "is no rate" },
	{ "add 03:00.0 --rate fast", 1, "is no rate" },
	{ "add 03:00.0 --rate -1Mbit", 1, "is no rate" },
	{ "add 03:00.0 --rate 1Mbit,", 1, "is no rate" },
	{ "add 03:00.0 --rate 1Mbit,2Mbit", 1, "it says the same twice" },
	{ "add 03:00.0 --rate 1bit", 1, "it is less than 1 a second" },
	{ "add 03:00.0 --rate 9Gbit", 1, "the most is 8Gbit" },
	{ "add 03:00.0 --rate 11Mframes", 1, "the most is 10Mframes" },
	{ "add 03:00.0 --policy kill", 1, "there is no policy 'kill'; there are deny" },
	{ "add 03:00.0 --source-check maybe", 1, "source-check is on or off" },
	{ "add 03:00.0 --param chip", 1, "'chip' is no parameter" },
	{ "add 03:00.0 --param chip=x", 1, "the parameter chip takes a number" },
	{ "add 03:00.0 --param chop=1", 1,
	  "the model rtl8139 has no parameter 'chop'; it has chip" },
	{ "add 03:00.0 --param chip=0x30", 1, "does not take '0x30'; it takes 0x10, 0x20" },
	{ "add 03:00.0 --uuid 1234", 1, "'1234' is no UUID" },
	{ "add 03:00.0 --uuid " UUID_A, 1, "is that of the vdev web" },
	{ "add 03:00.0 --weight 5 --weight 6", 1, "weight is given twice" },
	{ "add 03:00.0 --persist", 3, "--persist needs mdevctl" },
};

static void test_add_refused(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad_adds); i++) {
		assert_vpio(bad_adds[i].words, bad_adds[i].code, bad_adds[i].part);
		assert_int_equal(vdevs(), 2);
	}
	write_text(in_host("/sys/bus/pci/devices/" CARD
			   "/mdev_supported_types/rtl8139/available_instances"),
		   "0\n");
	assert_vpio("add 03:00.0", 1, CARD " has 2 vdevs, which is all that it can have");
	assert_int_equal(vdevs(), 2);
}

/* Whatever the kernel refuses when the vdev is there already: it is gone again. */
static void test_add_undone(void **state)
{
	static const struct {
		const char *file;
		int error, code;
		const char *part;
	} steps[] = {
		{ "/create", ENOSPC, 1, "as many vdevs as it can have" },
		{ "/create", EEXIST, 1, "is in use" },
		{ "/create", ENODEV, 3, "it has vanished" },
		{ "/vpio/name", EINVAL, 1, "does not take 'x' as name" },
		{ "/vpio/mac", EIO, 3, "cannot set mac" },
		{ "/vpio/params", EINVAL, 1,
		  "does not take 'chip=0x20' as params; give what it takes" },
		{ "/vpio/weight", ENOENT, 3, "the module that is loaded knows no weight" },
		{ "/vpio/rate_frames", ENODEV, 3, "has vanished" },
		{ "/vpio/policy", EBUSY, 1, "while a VM has the vdev" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		host.refuses = steps[i].file;
		host.error = steps[i].error;
		assert_vpio("add 03:00.0 --name x --mac 52:54:00:00:00:01 --weight 5 --rate 1MB "
			    "--policy mce --param chip=0x20",
			    steps[i].code, steps[i].part);
		assert_int_equal(vdevs(), 2);
	}
	host.refuses = "/vpio/weight";
	host.error = EINVAL;
	host.log = "6,1,1,-;something before\n"
		   "6,7,7,-;vpio_mdev " UUID_A ": vpio: weight takes a number from 1 to 4\n";
	write_text(in_host("/dev/kmsg"), "");
	assert_vpio("set web --weight 5", 1,
		    "does not take '5' as weight: weight takes a number from 1 to 4; give");
	host.refuses = NULL;
	make_file(in_host("/etc/mdevctl.d"), ""); /* it is no directory */
	assert_vpio("add 03:00.0 --name x --persist", 3, "cannot write");
	assert_int_equal(vdevs(), 2);
}

static void test_rights(void **state)
{
	(void)state;
	host.refuses = "/create";
	host.error = EACCES;
	if (geteuid())
		assert_vpio("add 03:00.0", 1, "it needs root: put sudo before it");
	else
		assert_vpio("add 03:00.0", 3, "root may not do that here");
}

/* --- persist ----------------------------------------------------------------------------- */

static void test_persist(void **state)
{
	static const char file[] = "/etc/mdevctl.d/" CARD "/" UUID_A;

	(void)state;
	make_file(in_host("/etc/mdevctl.d/x"), "");
	unlink(in_host("/etc/mdevctl.d/x"));
	assert_vpio("set web --persist", 0, NULL);
	assert_says(text_in(file), "\"mdev_type\": \"rtl8139\"");
	assert_says(text_in(file), "\"start\": \"auto\"");
	assert_says(text_in(file), "\"vpio/name\": \"web\"");
	assert_says(text_in(file), "\"vpio/mac\": \"02:00:00:00:00:a0\"");
	assert_says(text_in(file), "\"vpio/params\": \"chip=0x10\"");
	/* it follows */
	assert_vpio("set web weight=7", 0, NULL);
	assert_says(text_in(file), "\"vpio/weight\": \"7\"");
	assert_vpio("remove --keep web", 0, "web is removed; mdevctl makes it again");
	assert_true(is_in_host(file));
	make_vdev(UUID_A);
	assert_vpio("remove a0000000", 0, "a0000000 is removed");
	assert_false(is_in_host(file));
	assert_vpio("add 03:00.0 --name new --persist", 0, NULL);
	assert_vpio("remove new", 0, NULL);
}

/* --- What a boot brings back ------------------------------------------------------------- */

#define AT_BOOT "/etc/vpio/devices"

static void test_bind_persist(void **state)
{
	(void)state;
	assert_vpio("bind --persist 03:00.0", 0, CARD " is bound at boot from now on");
	assert_says(text_in(AT_BOOT), "\n" CARD " 10ec:8139");
	assert_vpio("bind --persist 03:00.0", 0, CARD " is bound at boot from now on");
	assert_vpio("unbind 03:00.0", 0, CARD " is no longer bound at boot");
	assert_null(strstr(text_in(AT_BOOT), "\n" CARD));
	assert_untouched();
	/* of what a person wrote there, nothing is lost */
	write_text(in_host(AT_BOOT), "# mine\n0000:0A:00.0 8086:10d3\n\n" CARD " 10ec:8139\n# end");
	assert_vpio("unbind 03:00.0", 0, CARD " is no longer bound at boot");
	assert_string_equal(text_in(AT_BOOT), "# mine\n0000:0A:00.0 8086:10d3\n\n# end");
	assert_vpio("bind --persist 03:00.0", 0, NULL);
	assert_string_equal(text_in(AT_BOOT),
			    "# mine\n0000:0A:00.0 8086:10d3\n\n# end\n" CARD " 10ec:8139");
	/* what can't be bound is not noted */
	assert_vpio("unbind 03:00.0", 0, NULL);
	host.probe_fails = true;
	assert_vpio("bind --persist 03:00.0", 3, "cannot bind");
	assert_null(strstr(text_in(AT_BOOT), CARD));
}

/* A vdev that lasts needs its device. */
static void test_add_persist(void **state)
{
	(void)state;
	make_file(in_host("/etc/mdevctl.d/x"), "");
	assert_vpio("add 03:00.0 --name web --persist", 0, NULL);
	assert_says(text_in(AT_BOOT), "\n" CARD " 10ec:8139");
	/* where it can't be noted, there is no vdev */
	assert_vpio("remove web", 0, NULL);
	remove_all(in_host("/etc/mdevctl.d/" CARD));
	remove_all(in_host("/etc/vpio"));
	make_file(in_host("/etc/vpio"), "no directory");
	assert_vpio("add 03:00.0 --name web --persist", 3, "cannot write ");
	assert_vpio("status web", 1, "there is no vdev 'web'");
	assert_false(is_in_host("/etc/mdevctl.d/" CARD));
	/* where mdevctl's can't be written, the device is not bound at boot either */
	unlink(in_host("/etc/vpio"));
	make_file(in_host("/etc/mdevctl.d/" CARD), "no directory");
	assert_vpio("add 03:00.0 --name web --persist", 3, "cannot write ");
	assert_vpio("status web", 1, "there is no vdev 'web'");
	assert_null(strstr(text_in(AT_BOOT), CARD));
}

static void define(const char *uuid, const char *text)
{
	make_file(in_host("/etc/mdevctl.d/" CARD "/%s", uuid), text);
}

static void test_restore(void **state)
{
	char driver[64];

	(void)state;
	assert_vpio("restore", 0, "no device is to be bound at boot");
	make_file(in_host(AT_BOOT), "# nothing\n");
	assert_vpio("restore", 0, "no device is to be bound at boot");
	assert_untouched();
	write_text(in_host(AT_BOOT), "# one\n" CARD " 10ec:8139\n");
	assert_vpio("restore", 0, CARD " is bound, with 0 vdevs\n");
	host_link(driver, sizeof(driver), "/sys/bus/pci/devices/" CARD "/driver");
	assert_string_equal(driver, "vpio");
	assert_false(is_in_host("/mdevctl-was-run"));
	define(UUID_A, "{ \"mdev_type\": \"vpio-rtl8139\", \"start\": \"auto\" }");
	define(UUID_B, "{ \"mdev_type\": \"vpio-rtl8139\", \"start\": \"manual\" }");
	define("null", "{ \"mdev_type\": \"vpio-rtl8139\", \"start\": null }");
	define("broken", "{ \"mdev_type\": ");
	assert_vpio("restore", 0, CARD " is bound, with 1 vdev\n");
	assert_string_equal(text_in("/mdevctl-was-run"), "start --uuid " UUID_A " --parent " CARD);
	/* again: nothing is to be done */
	assert_vpio("restore", 0, CARD " is bound, with 1 vdev\n");
	assert_string_equal(text_in("/mdevctl-was-run"), "start --uuid " UUID_A " --parent " CARD);
}

static void test_restore_fails(void **state)
{
	(void)state;
	make_file(in_host(AT_BOOT), CARD " 8086:10d3\n");
	assert_vpio("restore", 1, "is 10ec:8139 now, no longer 8086:10d3, so it is left alone");
	write_text(in_host(AT_BOOT), "0000:0b:00.0 10ec:8139\n");
	assert_vpio("restore", 1, "there is no PCI device 0000:0b:00.0 any more");
	write_text(in_host(AT_BOOT), "03:00.0\n");
	assert_vpio("restore", 1, "the line '03:00.0', which is not ADDRESS VENDOR:DEVICE");
	write_text(in_host(AT_BOOT), CARD " 10ec:8139 --force\n");
	assert_vpio("restore", 1, "which is not ADDRESS VENDOR:DEVICE");
	assert_untouched();
	write_text(in_host(AT_BOOT), CARD " 10ec:8139\n");
	make_interface("eth1");
	make_file(in_host("/proc/net/route"), ROUTES "eth1" DEFAULT);
	assert_vpio("restore", 1, "the host itself uses " CARD);
	assert_untouched();
	remove_all(in_host("/proc/net/route"));
	define(UUID_A, "{ \"mdev_type\": \"vpio-rtl8139\", \"start\": \"auto\" }");
	make_file(in_host("/mdevctl-fails"), "");
	assert_vpio("restore", 3,
		    "mdevctl does not make the vdev " UUID_A " of " CARD
		    ": Warning: Failed to create mdev");
	unlink(in_host("/mdevctl-fails"));
	unlink(in_host("/bin/mdevctl"));
	setenv("PATH", in_host("/bin"), 1);
	assert_vpio("restore", 3, ": it cannot be run (apt install mdevctl)");
	setenv("PATH", "/usr/bin:/bin", 1);
}

/* The rest is brought back whatever one lacks, and the status is the worst. */
static void test_restore_goes_on(void **state)
{
	struct said said;

	(void)state;
	make_file(in_host(AT_BOOT), "nonsense\n" OTHER " 8086:10d3\n" CARD " 10ec:8139\n");
	said = vpio("restore", NULL);
	assert_int_equal(said.code, 1);
	assert_says(said.errors, "the line 'nonsense'");
	assert_says(said.errors, "there is no model of 8086:10d3");
	assert_says(said.out, CARD " is bound, with 0 vdevs\n");
	said_free(&said);
}

/* --- remove and set ---------------------------------------------------------------------- */

static void test_remove(void **state)
{
	(void)state;
	assert_vpio("remove nobody", 1,
		    "there is no vdev with the name or UUID 'nobody'; `vpio status`");
	open_web();
	assert_vpio("remove db web", 1,
		    "web is in use by qemu-system-x86 (pid 4242, VM shop); shut that VM "
		    "down first");
	assert_int_equal(vdevs(), 2);
	host.refuses = "/remove";
	host.error = ENODEV;
	assert_vpio("remove db", 3, "cannot remove db: it has vanished");
	host.refuses = NULL;
	assert_vpio("remove b0000000-0000-4000-8000-000000000002", 0, "db is removed");
	assert_int_equal(vdevs(), 1);
}

/* What others name themselves does not reach a terminal as it is. */
static void test_hostile_name(void **state)
{
	(void)state;
	open_web();
	make_file(in_host("/proc/4242/comm"), "qemu\033[2J\n");
	assert_vpio("remove web", 1, "web is in use by qemu?[2J (pid 4242, VM shop)");
}

static void test_find(void **state)
{
	(void)state;
	make_vdev("b0000000-0000-4000-8000-000000000003");
	assert_vpio("attach b000 --qemu", 1,
		    "2 vdevs have a UUID that begins with 'b000'; give more of it");
	assert_vpio("attach a00 --qemu", 1, "there is no vdev with the name or UUID 'a00'");
	assert_vpio("attach A000 --qemu", 0, UUID_A);
}

static void test_none(void **state)
{
	(void)state;
	assert_vpio("remove web", 1,
		    "there is no vdev 'web', nor any other; make one with vpio add");
}

static void test_set(void **state)
{
	(void)state;
	assert_vpio(
		"set web rate=80Mbit weight=20 interrupt-us=50 --interrupt-events 3 source-check=off chip=0x20 --policy mce",
		0, NULL);
	assert_string_equal(text_in(VDEV_A "rate_bytes"), "10000000");
	assert_string_equal(text_in(VDEV_A "weight"), "20");
	assert_string_equal(text_in(VDEV_A "interrupt_us"), "50");
	assert_string_equal(text_in(VDEV_A "interrupt_events"), "3");
	assert_string_equal(text_in(VDEV_A "source_check"), "0");
	assert_string_equal(text_in(VDEV_A "policy"), "mce");
	assert_string_equal(text_in(VDEV_A "params"), "chip=0x20");
	assert_vpio("set web name=shop mac=02:00:00:00:00:a0", 0, NULL); /* its own: no duplicate */
	assert_string_equal(text_in(VDEV_A "name"), "shop");
	assert_vpio("set shop rate=1.5GB", 1, "the most is 8Gbit");
	assert_vpio("set shop name=db", 1, "the name 'db' is taken");
	assert_vpio("set shop", 2, "there is nothing to set");
	assert_vpio("set shop interrupt-us=100001", 1, "interrupt-us is a number from 0 to 100000");
	assert_vpio("set shop interrupt-events=0", 1,
		    "interrupt-events is a number from 1 to 1000");
	assert_vpio("set shop weight", 1, "'weight' sets nothing; say KEY=VALUE");
	assert_vpio("set shop color=3", 1, "the model rtl8139 has no parameter 'color'");
}

static void test_set_undone(void **state)
{
	(void)state;
	host.refuses = "/vpio/rate_bytes";
	host.error = EIO;
	assert_vpio("set web name=shop weight=20 chip=0x20 rate=1MB", 3, "cannot set rate_bytes");
	assert_string_equal(text_in(VDEV_A "weight"), "100");
	assert_string_equal(text_in(VDEV_A "name"), "web");
	host.refuses = "/vpio/mac";
	host.error = EBUSY;
	assert_vpio("set web --weight 20 --mac 52:54:00:00:00:01", 1,
		    "cannot set mac while a VM has the vdev; shut the VM down");
	assert_string_equal(text_in(VDEV_A "weight"), "100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_help, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_usage, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_bind, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_bind_refused, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_bind_undone, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_bind_network, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_bind_network_6, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_bind_disk, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_unbind, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_add, bound_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_add_again, bound_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_add_refused, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_add_undone, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_rights, bound_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_persist, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_bind_persist, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_add_persist, bound_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_restore, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_restore_fails, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_restore_goes_on, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_remove, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_hostile_name, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_find, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_none, bound_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_set, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_set_undone, vdevs_setup, host_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
