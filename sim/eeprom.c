// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A 93C46 serial EEPROM: 64 words behind a chip select, a clock and a data line each way. A
 * command, most significant bit first, is a 1, two bits of code and six of address.
 */
#include <string.h>

#include "device.h"

static void decode(struct sim_eeprom *ee)
{
	ee->address = ee->shift & 0x3f;
	ee->state = EE_IDLE;
	switch (ee->shift >> 6 & 3) {
	case 2:					/* read */
		ee->shift = ee->word[ee->address];
		ee->state = EE_READ;
		ee->out = false;
		break;
	case 1:
		ee->state = EE_WRITE;
		break;
	case 3:					/* erase */
		if (ee->writable)
			ee->word[ee->address] = 0xffff;
		break;
	default:				/* the address holds more of the code */
		if (ee->address >> 4 == 3)
			ee->writable = true;
		else if (ee->address >> 4 == 0)
			ee->writable = false;
		else if (ee->address >> 4 == 1)
			ee->state = EE_WRITE_ALL;
		else if (ee->writable)
			memset(ee->word, 0xff, sizeof(ee->word));
	}
	ee->bits = 0;
}

static void program(struct sim_eeprom *ee)
{
	bool all = ee->state == EE_WRITE_ALL;

	for (unsigned int i = 0; i < 64; i++)
		if (ee->writable && (all || i == ee->address))
			ee->word[i] = ee->shift;
	ee->out = true;				/* ready */
	ee->state = EE_IDLE;
}

static void rising_edge(struct sim_eeprom *ee, bool in)
{
	ee->bits++;
	switch (ee->state) {
	case EE_IDLE:
		if (in) {
			ee->state = EE_COMMAND;
			ee->bits = 0;
			ee->shift = 0;
		}
		break;
	case EE_COMMAND:
		ee->shift = ee->shift << 1 | in;
		if (ee->bits == 8)
			decode(ee);
		break;
	case EE_READ:
		ee->out = ee->shift >> 15;
		ee->shift <<= 1;
		if (ee->bits == 16)
			ee->state = EE_IDLE;
		break;
	case EE_WRITE:
	case EE_WRITE_ALL:
		ee->shift = ee->shift << 1 | in;
		if (ee->bits == 16)
			program(ee);
		break;
	}
}

/* Drive the lines: EEPROM_CS, _SK and _DI of @lines. What it answers is @ee->out. */
void sim_eeprom_lines(struct sim_eeprom *ee, uint8_t lines)
{
	bool select = lines & EEPROM_CS, clock = lines & EEPROM_SK;

	if (!select || !ee->select)
		ee->state = EE_IDLE;
	if (!select)
		ee->out = false;
	if (select && clock && !ee->clock)
		rising_edge(ee, lines & EEPROM_DI);
	ee->select = select;
	ee->clock = clock;
}
