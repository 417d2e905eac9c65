/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What simulated devices are made of: for the files in this folder only. A device embeds struct
 * sim_device as its first member, in one allocation, and reaches its bus through these functions.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "sim.h"

#define SIM_BARS	2
#define BIT(n)		(1u << (n))

enum {
	ETH_HEADER = 14,
	ETH_MIN = 60,			/* least length of a frame that is no runt */
	ETH_FCS = 4,
};

/**
 * struct sim_ops - one kind of device
 * @bar_size: size of each BAR, 0 where there is none
 * @sizes: the widths of access that it decodes, or-ed together
 * @read: read a register; the access lies within the BAR
 * @write: write one
 * @receive: a frame arrives; may be NULL
 * @run: finish what is pending
 * @armed: the count of a fault was set; may be NULL
 */
struct sim_ops {
	uint64_t bar_size[SIM_BARS];
	unsigned int sizes;
	uint64_t (*read)(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size);
	void (*write)(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size,
		      uint64_t value);
	bool (*receive)(struct sim_device *dev, const uint8_t *frame, size_t len);
	void (*run)(struct sim_device *dev);
	void (*armed)(struct sim_device *dev, enum sim_fault fault);
};

/* The state that all devices have; owned by sim.c. Devices count frames and refusals themselves. */
struct sim_device {
	const struct sim_ops *ops;
	struct sim_bus bus;
	struct sim_stats stats;
	unsigned int armed[SIM_FAULTS];
	uint16_t causes;			/* of interrupts: as in the status register, */
	uint16_t enabled;			/* as in the mask register, */
	uint16_t lost;				/* and those whose interrupt was lost */
	bool spurious;
	bool irq_level;
	bool immediate;
	bool running;
	bool run_again;
};

struct sim_device *sim_device_create(size_t size, const struct sim_ops *ops,
				     const struct sim_bus *bus);
int sim_dma_read(struct sim_device *dev, uint64_t addr, void *buf, size_t len);
int sim_dma_write(struct sim_device *dev, uint64_t addr, const void *buf, size_t len);
void sim_reset_causes(struct sim_device *dev);
void sim_raise_cause(struct sim_device *dev, uint16_t causes);
void sim_clear_causes(struct sim_device *dev, uint16_t causes);
void sim_enable_causes(struct sim_device *dev, uint16_t enabled);
uint16_t sim_read_causes(struct sim_device *dev);
void sim_run_spurious(struct sim_device *dev);
void sim_send_message(struct sim_device *dev);
void sim_transmit(struct sim_device *dev, const void *frame, size_t len);
bool sim_count_receive(struct sim_device *dev, bool taken);
bool sim_fault_happens(struct sim_device *dev, enum sim_fault fault);

/* offload.c: what a frame's IPv4 headers say, and what a sender leaves to the device. */
enum {
	OFFLOAD_IP = BIT(0),
	OFFLOAD_TCP = BIT(1),
	OFFLOAD_UDP = BIT(2),
	OFFLOAD_IP_BAD = BIT(3),
	OFFLOAD_TCP_BAD = BIT(4),
	OFFLOAD_UDP_BAD = BIT(5),
};

unsigned int sim_offload_inspect(const uint8_t *frame, size_t len);
void sim_offload_checksum(uint8_t *frame, size_t len, unsigned int which);
size_t sim_offload_segment(const uint8_t *frame, size_t len, size_t mss, size_t offset,
			   uint8_t *segment, size_t room);

/* eeprom.c: the 93C46, and its lines where the chips' registers have them. */
enum {
	EEPROM_CS = BIT(3),
	EEPROM_SK = BIT(2),
	EEPROM_DI = BIT(1),
	EEPROM_DO = BIT(0),
};

struct sim_eeprom {
	uint16_t word[64];
	enum { EE_IDLE, EE_COMMAND, EE_READ, EE_WRITE, EE_WRITE_ALL } state;
	unsigned int bits;			/* shifted in this state */
	uint16_t shift;
	uint8_t address;
	bool writable;
	bool clock;
	bool select;
	bool out;
};

void sim_eeprom_lines(struct sim_eeprom *ee, uint8_t lines);

static inline uint16_t get_le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static inline uint32_t get_le32(const uint8_t *p)
{
	return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

static inline uint64_t get_le64(const uint8_t *p)
{
	return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static inline void put_le(uint8_t *p, size_t width, uint64_t value)
{
	for (size_t i = 0; i < width; i++)
		p[i] = value >> (8 * i);
}

static inline uint16_t get_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline void put_be16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static inline void put_be32(uint8_t *p, uint32_t value)
{
	put_be16(p, value >> 16);
	put_be16(p + 2, value);
}

#endif
