// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Runs as root in a guest whose stock driver (8139too) drives the NIC, and programs the same NIC behind
 * the driver's back for what no driver asks for; then puts the driver's settings back.
 *
 *   rogue dma [COUNT]      sends a "frame" from 1 GiB, where the guest has no memory
 *   rogue eeprom [COUNT]   writes a word of the NIC's EEPROM
 *   rogue peaceful         looks at the same registers, and does nothing
 *
 * Says what the NIC answered. Exit status 0: it did so; whether the NIC obeyed is another matter.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TSD = 0x10,
	TSAD = 0x20,
	CFG9346 = 0x50,

	DESCRIPTORS = 4,
	OWN = 1 << 13,
	PROGRAM = 0x80, /* of CFG9346: the EEPROM's pins are at hand */
	SELECT = 0x08,
	CLOCK = 0x04,
	DATA = 0x02,
	WRITE = 5, /* start bit and opcode of the EEPROM's command */

	NOWHERE = 0x40000000,
	FRAME = 100,
};

static int registers;

static void die(const char *what)
{
	printf("rogue: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t in(unsigned int offset, size_t width)
{
	uint32_t value = 0;

	if (pread(registers, &value, width, offset) != (ssize_t)width)
		die("reading a register");
	return value;
}

static void out(unsigned int offset, size_t width, uint32_t value)
{
	if (pwrite(registers, &value, width, offset) != (ssize_t)width)
		die("writing a register");
}

/* The I/O ports of the RTL8139, whichever PCI function it is. */
static void open_registers(void)
{
	char path[256], id[16] = "";
	glob_t found;
	FILE *file;
	size_t i;

	if (glob("/sys/bus/pci/devices/*/device", 0, NULL, &found))
		die("no PCI devices");
	for (i = 0; i < found.gl_pathc && strncmp(id, "0x8139", 6); i++) {
		file = fopen(found.gl_pathv[i], "r");
		if (!file || !fgets(id, sizeof(id), file))
			die(found.gl_pathv[i]);
		fclose(file);
	}
	errno = ENODEV;
	if (strncmp(id, "0x8139", 6))
		die("no RTL8139");
	snprintf(path, sizeof(path), "%.*s/resource0",
		 (int)(strrchr(found.gl_pathv[i - 1], '/') - found.gl_pathv[i - 1]),
		 found.gl_pathv[i - 1]);
	registers = open(path, O_RDWR);
	if (registers < 0)
		die(path);
	globfree(&found);
}

/* A descriptor that the driver does not use now. */
static unsigned int find_idle(void)
{
	unsigned int i;

	for (i = 0;; i = (i + 1) % DESCRIPTORS) {
		if (in(TSD + 4 * i, 4) & OWN)
			return i;
	}
}

static void send_from_nowhere(void)
{
	const unsigned int i = find_idle();
	const uint32_t address = in(TSAD + 4 * i, 4);
	uint32_t status;
	unsigned int tries = 1000;

	out(TSAD + 4 * i, 4, NOWHERE);
	out(TSD + 4 * i, 4, FRAME);
	while (!((status = in(TSD + 4 * i, 4)) & OWN) && --tries)
		usleep(1000);
	out(TSAD + 4 * i, 4, address);
	printf("dma: descriptor %u ends with status %#x\n", i, status);
}

static void write_eeprom(void)
{
	int bit;

	out(CFG9346, 1, PROGRAM);
	out(CFG9346, 1, PROGRAM | SELECT);
	for (bit = 8; bit >= 0; bit--) { /* the command, and address 0 */
		const uint8_t data = PROGRAM | SELECT | (WRITE << 6 >> bit & 1 ? DATA : 0);

		out(CFG9346, 1, data);
		out(CFG9346, 1, data | CLOCK);
	}
	printf("eeprom: CFG9346 is %#x\n", in(CFG9346, 1));
	out(CFG9346, 1, 0);
}

static void look(void)
{
	printf("peaceful: TSD %#x, TSAD %#x, CFG9346 %#x\n", in(TSD, 4), in(TSAD, 4),
	       in(CFG9346, 1));
}

static const struct {
	const char *name;
	void (*run)(void);
} deeds[] = { { "dma", send_from_nowhere }, { "eeprom", write_eeprom }, { "peaceful", look } };

int main(int count, char **arguments)
{
	unsigned int i, times = count > 2 ? (unsigned int)atoi(arguments[2]) : 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; count > 1 && i < sizeof(deeds) / sizeof(*deeds); i++) {
		if (strcmp(deeds[i].name, arguments[1]))
			continue;
		open_registers();
		while (times--)
			deeds[i].run();
		return 0;
	}
	printf("usage: rogue dma|eeprom|peaceful [COUNT]\n");
	return 2;
}
