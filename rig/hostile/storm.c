// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Anything at random, from three threads.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct storm {
	struct vdev *v;
	u64 end, chance, count;
};

/* Anything, with a leaning to what does something. */
static void storm_once(struct storm *s)
{
	static const u8 hot[] = {
		TSD, TSD + 4, TSAD,    TSAD + 4, RBSTART, CR,	 CAPR,	    IMR,
		ISR, RCR,     CFG9346, TPPOLL,	 CPCR,	  RDSAR, RDSAR + 4, 0x62
	};
	static const u64 places[] = { HOME,	 TX_RING,    RX_RING, TX_FRAME, HOLE,
				      READ_ONLY, WRITE_ONLY, PASSING, TOP,	HOME_END - 20,
				      ~0ull,	 64,	     1514 };
	struct vdev *v = s->v;
	const u64 dice = chance(&s->chance), value = chance(&s->chance);
	u64 data = dice & 0x100 ? value : places[value % ARRAY_SIZE(places)];
	const size_t size = 1u << (dice >> 16) % 4;
	u64 offset = dice & 0x200 ? value >> 32 & 0xff : hot[(value >> 32) % ARRAY_SIZE(hot)];
	const int fd = (dice >> 32) % 3 ? -1 : 3 + (int)(value % 16);

	switch (dice % 16) {
	case 0:
		pread(v->device, &data, size, (off_t)(v->regs + offset));
		break;
	case 1:
		pwrite(v->device, &data, size, (off_t)(v->config + offset));
		break;
	case 2:
		data = COMMAND_MEMORY | COMMAND_MASTER;
		pwrite(v->device, &data, 2, (off_t)(v->config + COMMAND));
		break;
	case 3:
		data = CR_TE | CR_RE;
		pwrite(v->device, &data, 1, (off_t)(v->regs + CR));
		break;
	case 4:
		set_irqs(v, 1u << value % 3 | 8u << (value >> 8) % 3, (u32)(value >> 16) % 6, 0,
			 (u32)(value >> 24) % 2, &fd, fd == -1 ? 1 : 4);
		break;
	case 5:
		dma_map(v, PASSING, AREA, 0);
		break;
	case 6:
		dma_unmap(v, PASSING, AREA);
		break;
	case 7:
		if (dice & 0xff000)
			break;
		if (dice & 0x100000)
			vdev_reset(v);
		else
			dma_unmap_all(v);
		break;
	case 8:
		if (!(dice & 0xf000))
			vdev_map(v);
		break;
	case 9:
		memcpy(memory(TX_RING) + (value % 64) * 16 + (value >> 8) % 16, &dice, 4);
		memcpy(memory(RX_RING) + (value % 64) * 16 + (value >> 8) % 16, &value, 4);
		break;
	case 10:
		tx_descriptor((u32)value)->flags = D_OWN | (u32)(value >> 32);
		tx_descriptor((u32)value)->address = places[(dice >> 24) % ARRAY_SIZE(places)];
		break;
	case 11:
		rx_descriptor((u32)value)->flags = D_OWN | (u32)(value >> 32);
		rx_descriptor((u32)value)->address = places[(dice >> 24) % ARRAY_SIZE(places)];
		break;
	case 12:
		wire_send(v->mac, 60 + value % 1450);
		break;
	default:
		pwrite(v->device, &data, size, (off_t)(v->regs + offset));
	}
	s->count++;
}

static void *storm_on(void *argument)
{
	struct storm *s = argument;

	while (now_ms() < s->end)
		storm_once(s);
	return NULL;
}

static void storm(struct vdev *v, const struct test *t)
{
	struct storm storms[3];
	pthread_t threads[3];
	int eventfds[2] = { new_eventfd(), new_eventfd() };
	u64 count = 0;
	u32 i;

	(void)t;
	printf("# storm: --seed %llu --seconds %u\n", (unsigned long long)seed, seconds);
	for (i = 0; i < HOME_SIZE / 2048; i++) /* frames to be found everywhere */
		make_frame(v, memory(HOME) + i * 2048, 64, KIND_CASE);
	for (i = 0; i < 3; i++) {
		storms[i] = (struct storm){ v, now_ms() + seconds * 1000, seed * 3 + i + 1, 0 };
		threads[i] = start_thread(storm_on, &storms[i]);
	}
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		count += storms[i].count;
	}
	printf("# storm: %llu things tried\n", (unsigned long long)count);
	close(eventfds[0]);
	close(eventfds[1]);
	vdev_reset(v);
	dma_unmap_all(v);
	expect_value("map", 0, (u64)vdev_map(v));
	restart(v);
	pause_us(100000);
	wire_forget();
	check_intx(v);
}

const struct test storm_cases[] = {
	CASE("storm", "anything, for some seconds", storm),
	CASE("storm-cplus", "the same from C+ mode", storm, true),
	{ .name = NULL },
};
