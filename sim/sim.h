/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Simulated devices: what a test or a fuzzer sees. A device here plays the physical device in user
 * space, is driven by sim_read(), sim_write(), sim_receive() and sim_run(), reaches the world only
 * through the struct sim_bus that its creator gives, and misbehaves when sim_fault() asks for it.
 *
 * Nothing here has threads, clocks or global state. Time passes in sim_run() and nowhere else, so
 * that a test decides what happens before what. All the callbacks of a bus may call back into any
 * device, their own included; a sim_run() from within a device's own callback returns at once.
 */
#ifndef SIM_H
#define SIM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_device;

/**
 * struct sim_bus - what a simulated device reaches
 * @dma_read: read memory; 0, or -1 where the bus finds nothing. NULL is a bus without memory.
 * @dma_write: write memory; 0 or -1 likewise
 * @irq: the level of the interrupt line changed. For edu, which signals MSI, each message is a
 *	pulse: a call with true, then one with false. NULL ignores interrupts.
 * @wire: a frame leaves onto the wire, without frame check sequence. NULL loses it.
 * @priv: handed to each of them
 */
struct sim_bus {
	int (*dma_read)(void *priv, uint64_t addr, void *buf, size_t len);
	int (*dma_write)(void *priv, uint64_t addr, const void *buf, size_t len);
	void (*irq)(void *priv, bool level);
	void (*wire)(void *priv, const void *frame, size_t len);
	void *priv;
};

/**
 * enum sim_fault - ways to misbehave
 * @SIM_FAULT_TX_HANG: a transmission (edu: a computation or a transfer) that never completes. The
 *	engine stays stuck until the device is reset or until the fault is armed with 0, after
 *	which the next sim_run() completes it, late.
 * @SIM_FAULT_SPURIOUS_IRQ: an interrupt without cause: raised in sim_run() while no enabled cause
 *	is set, lowered by an access to the interrupt status register or by the next sim_run()
 * @SIM_FAULT_LOST_IRQ: a cause without interrupt: the status bit is set, the line is not raised
 *	for it; raised if the cause comes again
 * @SIM_FAULT_RX_OVERFLOW: a frame finds no room and is lost, whatever room there is
 * @SIM_FAULT_RX_HEADER: a frame is received with a corrupt header. Each occasion takes the next
 *	way, starting over after the last: see corrupt_ways[] in the device's file.
 * @SIM_FAULT_DMA_ADDR: one DMA access goes to its address with SIM_DMA_ADDR_FLIP flipped
 * @SIM_FAULT_RESET_STUCK: the reset bit stays set; an occasion is one read of it (queues: what is
 *	under way is not aborted; an occasion is one attempt)
 * @SIM_FAULT_LINK_DOWN: the link goes down at once; an occasion is one sim_run(), and the one
 *	after the last of them, or arming with 0, brings it up again
 * @SIM_FAULT_GONE: the device does not answer: reads yield all ones, writes are lost, and it does
 *	nothing by itself; an occasion is one access
 * @SIM_FAULT_STORM: a cause that is acknowledged comes back at once; an occasion is one
 *	acknowledgement that clears something
 * @SIM_FAULTS: how many there are
 */
enum sim_fault {
	SIM_FAULT_TX_HANG,
	SIM_FAULT_SPURIOUS_IRQ,
	SIM_FAULT_LOST_IRQ,
	SIM_FAULT_RX_OVERFLOW,
	SIM_FAULT_RX_HEADER,
	SIM_FAULT_DMA_ADDR,
	SIM_FAULT_RESET_STUCK,
	SIM_FAULT_LINK_DOWN,
	SIM_FAULT_GONE,
	SIM_FAULT_STORM,
	SIM_FAULTS,
};

#define SIM_FOREVER		UINT_MAX	/* a count for sim_fault() that does not run out */
#define SIM_DMA_ADDR_FLIP	0x40000000u

/**
 * struct sim_stats - what a device has done since it was created
 * @reg_reads: calls of sim_read()
 * @reg_writes: calls of sim_write()
 * @refused: accesses among those that the device does not decode: an absent BAR, past its end, a
 *	size it has not, a part of a register that takes whole writes only; and edu's transfers that
 *	real ones break down of
 * @frames_out: frames given to the wire
 * @frames_in: frames taken from the wire (or from itself, in loopback) into memory
 * @drops: frames lost: filtered, no room, receiver off, link down
 * @dma_reads: calls of the bus's dma_read
 * @dma_writes: calls of the bus's dma_write
 * @dma_errors: calls among those that failed
 * @irq_raised: rising edges of the interrupt line (edu: messages)
 * @irq_lowered: falling edges
 * @runs: calls of sim_run()
 * @faults: occasions on which each fault happened
 */
struct sim_stats {
	uint64_t reg_reads;
	uint64_t reg_writes;
	uint64_t refused;
	uint64_t frames_out;
	uint64_t frames_in;
	uint64_t drops;
	uint64_t dma_reads;
	uint64_t dma_writes;
	uint64_t dma_errors;
	uint64_t irq_raised;
	uint64_t irq_lowered;
	uint64_t runs;
	uint64_t faults[SIM_FAULTS];
};

/**
 * sim_rtl8139_create() - a Realtek RTL8139C+, in classic and in C+ mode
 * @bus: copied
 * @mac: station address, goes into the EEPROM
 *
 * BAR 0 and BAR 1 show the same 256 bytes, by 1, 2 or 4 bytes.
 *
 * Return: the device as after power-on, or NULL without memory.
 */
struct sim_device *sim_rtl8139_create(const struct sim_bus *bus, const uint8_t mac[6]);

/**
 * sim_ne2000_create() - a Realtek RTL8029, a PCI NE2000
 * @bus: copied; its DMA functions are not used
 * @mac: station address, goes into the PROM
 *
 * BAR 0 has 256 bytes: registers by bytes, the data port by 1, 2 or 4. It has no status of a link,
 * and knows no SIM_FAULT_DMA_ADDR. SIM_FAULT_RESET_STUCK: ISR.RST does not show.
 *
 * Return: the device as after power-on, or NULL without memory.
 */
struct sim_device *sim_ne2000_create(const struct sim_bus *bus, const uint8_t mac[6]);

/**
 * sim_edu_create() - QEMU's "edu", with a DMA mask of 28 bits
 * @bus: copied; its wire is not used
 *
 * BAR 0 has 1 MiB, by 4 bytes, and by 8 from 0x80 on. It knows the faults of interrupts and of DMA
 * addresses, and SIM_FAULT_TX_HANG for either of its engines.
 *
 * Return: the device as after power-on, or NULL without memory.
 */
struct sim_device *sim_edu_create(const struct sim_bus *bus);

/**
 * sim_queues_create() - an engine with 8 queues, which is no real device: see queues.c
 * @bus: copied; its wire is not used
 *
 * BAR 0 has 1 KiB, by 2, 4 or 8 bytes. It knows the faults of interrupts and of DMA addresses,
 * SIM_FAULT_TX_HANG for each of its queues, SIM_FAULT_RESET_STUCK and SIM_FAULT_GONE.
 *
 * Return: the device as after power-on, or NULL without memory.
 */
struct sim_device *sim_queues_create(const struct sim_bus *bus);

/**
 * sim_destroy() - free a device
 * @dev: may be NULL
 */
void sim_destroy(struct sim_device *dev);

/**
 * sim_read() - read a register
 * @dev: the device
 * @bar: index of the BAR
 * @off: offset in it
 * @size: width of the access in bytes
 *
 * Return: the value; all ones where nothing answers.
 */
uint64_t sim_read(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size);

/**
 * sim_write() - write a register
 * @dev: the device
 * @bar: index of the BAR
 * @off: offset in it
 * @size: width of the access in bytes
 * @value: what to write; bits beyond @size are ignored
 *
 * Work that this starts is done by the next sim_run(), unless sim_set_immediate() says otherwise.
 */
void sim_write(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size,
	       uint64_t value);

/**
 * sim_receive() - a frame arrives from the wire
 * @dev: the device
 * @frame: the frame, without frame check sequence
 * @len: its length; below 60 it is a runt
 *
 * Return: whether the device took it into memory.
 */
bool sim_receive(struct sim_device *dev, const void *frame, size_t len);

/**
 * sim_run() - let time pass
 * @dev: the device
 *
 * Everything pending is finished: transmissions, DMA, timers, faults that happen by themselves.
 */
void sim_run(struct sim_device *dev);

/**
 * sim_set_immediate() - choose when work completes
 * @dev: the device
 * @immediate: true: each sim_write() ends with a sim_run(); false, as created: only sim_run() does
 */
void sim_set_immediate(struct sim_device *dev, bool immediate);

/**
 * sim_fault() - arm a fault
 * @dev: the device
 * @fault: which; one that the device does not know never happens
 * @count: on how many of the next occasions; SIM_FOREVER for all; 0 disarms
 */
void sim_fault(struct sim_device *dev, enum sim_fault fault, unsigned int count);

/**
 * sim_is_present() - whether a device answers on its bus, as its vendor ID would show
 * @dev: the device
 *
 * Return: false while SIM_FAULT_GONE is armed.
 */
bool sim_is_present(const struct sim_device *dev);

/**
 * sim_stats() - what a device has done
 * @dev: the device
 *
 * Return: its counters, live.
 */
const struct sim_stats *sim_stats(const struct sim_device *dev);

/**
 * sim_irq_level() - the level of a device's interrupt line
 * @dev: the device
 *
 * Return: true while it is raised.
 */
bool sim_irq_level(const struct sim_device *dev);

/**
 * sim_frame_check() - Ethernet frame check sequence
 * @frame: from the destination address to the end of the data
 * @len: length of that
 *
 * Return: the sequence, whose least significant byte goes first.
 */
uint32_t sim_frame_check(const void *frame, size_t len);

/**
 * sim_multicast_hash() - index of an address in a 64 bit multicast filter
 * @addr: the address
 *
 * Return: 0 to 63. The bit is bit (index % 8) of filter byte (index / 8).
 */
unsigned int sim_multicast_hash(const uint8_t addr[6]);

#endif
