/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * QEMU's edu as a driver sees it, for tests here and in the rig: its registers, their bits, and what
 * it computes. The simulated one (sim/edu.c) has its own, so that neither is checked against itself.
 */
#ifndef VPIO_TESTS_EDU_H
#define VPIO_TESTS_EDU_H

#include <stdint.h>

enum edu_register {
	ID = 0x00,
	LIVE = 0x04,
	FACT = 0x08,
	STATUS = 0x20,
	CAUSES = 0x24,
	RAISE = 0x60,
	ACK = 0x64,
	SRC = 0x80,
	DST = 0x88,
	COUNT = 0x90,
	CMD = 0x98,
};

enum edu_bit {
	COMPUTING = 0x01, /* STATUS */
	IRQ_FACT = 0x80,
	RUN = 1, /* CMD */
	TO_MEMORY = 2,
	IRQ = 4,
	CAUSE_FACT = 0x01, /* CAUSES, ACK */
	CAUSE_DMA = 0x100,
};

/* The buffer in the device: its address as DMA has it, and its bytes. */
enum edu_buffer {
	BUFFER = 0x40000,
	SIZE = 4096,
};

/* Modulo 2^32, as the device computes it. */
static inline uint32_t factorial(uint32_t n)
{
	uint32_t product = 1;

	for (; n > 1; n--)
		product *= n;
	return product;
}

#endif /* VPIO_TESTS_EDU_H */
