// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a stock driver's traffic costs in register accesses and interrupts, counted in the
 * user-space library: bulk TCP sent, bulk TCP received, and requests, by guests that do what
 * Linux's 8139too and 8139cp do, access by access, on a simulated RTL8139. Nothing is timed: each
 * access takes so many ns of a time that is a number, so every run counts the same.
 *
 * traffic: "NAME VALUE" a line; traffic TABLE: for a person, with other settings tried, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/nic.h"
#include "../tests/storm.h"

enum {
	US = 1000,
	FRAMES = 4000,	/* that each measurement moves */
	SEGMENT = 1514, /* bytes of a full frame, of an acknowledgement, of a request */
	SMALL = 66,
	WINDOW =
		16, /* frames that may be on their way without an acknowledgement: they fit into a ring */
	PEER_US = 60,	    /* from a frame's arrival at the peer to its answer's arrival here */
	DELAYED_US = 40000, /* an acknowledgement of a single frame */
	MOST_FLYING = 256,
	ISR_ALL_RX = 0x51,
	BUDGET = 64,
};

/* A frame on its way to the guest. */
struct flying {
	u64 due;
	u32 length;
};

struct run {
	struct world *world;
	struct world_guest *guest;
	struct nic nic;
	bool cplus;
	u64 exit_ns;  /* that an access takes */
	u64 frame_ns; /* that the guest takes for a frame beside that */

	/* the peer */
	struct flying flying[MOST_FLYING];
	unsigned int first, count, unanswered;
	u64 unanswered_since;
	bool answers; /* each frame with one, or each second frame with an acknowledgement */

	/* the guest: its driver, and TCP */
	u32 imr;
	bool polling;		     /* NAPI: is scheduled */
	unsigned int dirty, current; /* transmit descriptors */
	unsigned int acked;	     /* frames of ours that the peer has */
	unsigned int sent, received;
	unsigned int owed; /* frames that we have not acknowledged */
	u64 accesses, interrupts;
	u64 quiet;
};

/* --- Time ---------------------------------------------------------------------------------- */

static void arrive(struct run *run, u32 length)
{
	static const u8 from[6] = { 0x52, 0x54, 0, 1, 2, 3 };
	u8 frame[SEGMENT];

	frame_make(frame, length, nic_mac(run->guest), from, 1);
	sim_receive(run->world->device, frame, length);
	world_run(run->world);
}

static u64 next_event(const struct run *run)
{
	u64 next = world_due(run->world);

	if (run->count && (!next || run->flying[run->first].due < next))
		next = run->flying[run->first].due;
	if (run->unanswered && !run->answers &&
	    (!next || run->unanswered_since + DELAYED_US * US < next))
		next = run->unanswered_since + DELAYED_US * US;
	return next;
}

static void fly(struct run *run, u32 length)
{
	world_require(run->count < MOST_FLYING, "too much is on its way");
	run->flying[(run->first + run->count++) % MOST_FLYING] =
		(struct flying){ run->world->now + PEER_US * US, length };
}

/* What is due now happens. */
static void happen(struct run *run)
{
	world_run(run->world);
	while (run->count && run->flying[run->first].due <= run->world->now) {
		u32 length = run->flying[run->first].length;

		run->first = (run->first + 1) % MOST_FLYING;
		run->count--;
		arrive(run, length);
	}
	if (run->unanswered && !run->answers &&
	    run->unanswered_since + DELAYED_US * US <= run->world->now) {
		run->unanswered = 0;
		fly(run, SMALL);
	}
	if (world_due(run->world) && world_due(run->world) <= run->world->now)
		world_jump(run->world);
}

static void pass(struct run *run, u64 ns)
{
	const u64 end = run->world->now + ns;
	u64 next;

	world_run(run->world);
	while ((next = next_event(run)) && next <= end) {
		if (next > run->world->now)
			run->world->now = next;
		happen(run);
	}
	run->world->now = end;
	happen(run);
}

/* A frame has come to the peer: the pdev's lock is held. */
static void reach_peer(void *priv, const u8 *frame, u32 length)
{
	struct run *run = priv;

	(void)frame;
	if (run->answers) {
		fly(run, SMALL);
	} else if (length > 200) {
		if (!run->unanswered++)
			run->unanswered_since = run->world->now;
		if (run->unanswered == 2) {
			run->unanswered = 0;
			fly(run, SMALL);
		}
	} else {
		run->acked += 2; /* the guest acknowledges two of the peer's */
	}
}

/* --- The guest ----------------------------------------------------------------------------- */

static u64 in(struct run *run, u32 offset, unsigned int size)
{
	u64 value = guest_in(run->guest, offset, size);

	run->accesses++;
	pass(run, run->exit_ns);
	return value;
}

static void out(struct run *run, u32 offset, unsigned int size, u64 value)
{
	run->accesses++;
	guest_out(run->guest, offset, size, value);
	pass(run, run->exit_ns);
}

static void set_mask(struct run *run, u32 mask)
{
	run->imr = mask;
	out(run, NIC_IMR, 2, mask);
	in(run, NIC_IMR, 2);
}

static bool has_room(const struct run *run)
{
	return run->current - run->dirty < (run->cplus ? NIC_DESCRIPTORS - 1u : 4u);
}

static void transmit(struct run *run, u32 length)
{
	const unsigned int entry = run->current % (run->cplus ? NIC_DESCRIPTORS : 4);
	u8 frame[SEGMENT];

	frame_make(frame, length, frame_stranger, nic_mac(run->guest), run->sent);
	pass(run, run->frame_ns);
	run->current++;
	if (run->cplus) {
		cp_queue(&run->nic, NIC_CP_TX + NIC_BUFFER * (entry % 32), length,
			 DESC_FS | DESC_LS, 0);
		guest_store(run->guest, NIC_CP_TX + NIC_BUFFER * (entry % 32), frame, length);
		out(run, NIC_TPPOLL, 1, POLL_NORMAL);
		return;
	}
	guest_store(run->guest, NIC_TX_BUFFERS + NIC_BUFFER * entry, frame, length);
	out(run, NIC_TSD + 4 * entry, 4, length);
	in(run, NIC_TSD + 4 * entry, 4);
}

/* A received frame, in the hands of the guest's TCP. */
static void take(struct run *run, u32 length)
{
	pass(run, run->frame_ns);
	run->received++;
	if (length > 200)
		run->owed++;
	else
		run->acked += run->answers ? 1 : 2;
}

static void clean_too(struct run *run)
{
	while (run->dirty != run->current) {
		if (!(in(run, NIC_TSD + 4 * (run->dirty % 4), 4) & 0x40008000))
			break;
		run->dirty++;
	}
}

static void clean_cp(struct run *run)
{
	while (run->dirty != run->current &&
	       !(cp_status(&run->nic, run->dirty % NIC_DESCRIPTORS) & DESC_OWN))
		run->dirty++;
}

static void acknowledge_too(struct run *run)
{
	if (!(in(run, NIC_ISR, 2) & ISR_ALL_RX))
		return;
	out(run, NIC_ISR, 2, ISR_ALL_RX);
	in(run, NIC_ISR, 2);
}

static void poll_too(struct run *run)
{
	unsigned int done = 0;
	u8 frame[NIC_BUFFER];
	u32 length;

	if (in(run, NIC_ISR, 2) & ISR_ALL_RX) {
		while (done < BUDGET) {
			run->accesses++; /* of CR */
			length = too_receive(&run->nic, frame);
			pass(run, run->exit_ns);
			if (!length)
				break;
			run->accesses++; /* of CAPR */
			pass(run, run->exit_ns);
			take(run, length);
			acknowledge_too(run);
			done++;
		}
		if (!done)
			acknowledge_too(run);
	}
	if (done < BUDGET) {
		run->polling = false;
		set_mask(run, 0xc07f | 0x2000);
	}
}

static void poll_cp(struct run *run)
{
	unsigned int done = 0;
	u8 frame[NIC_BUFFER];
	u32 length;

	out(run, NIC_ISR, 2, ISR_ALL_RX);
	while (done < 16 && (length = cp_receive(&run->nic, frame))) {
		take(run, length);
		done++;
	}
	if (done < 16) {
		run->polling = false;
		set_mask(run, 0xc07f | 0x2000);
	}
}

static void interrupt(struct run *run)
{
	u64 status;

	run->interrupts++;
	if (run->cplus)
		in(run, NIC_IMR, 2);
	status = in(run, NIC_ISR, 2);
	if (run->cplus)
		out(run, NIC_ISR, 2, status & ~(u64)ISR_ALL_RX);
	else if (status & ~(u64)(ISR_ALL_RX | ISR_TER))
		out(run, NIC_ISR, 2, status & ~(u64)(ISR_ALL_RX | ISR_TER));
	if (status & ISR_ALL_RX && !run->polling) {
		run->polling = true;
		set_mask(run, (0xc07f | 0x2000) & ~ISR_ALL_RX);
	}
	if (status & (ISR_TOK | ISR_TER)) {
		if (run->cplus)
			clean_cp(run);
		else
			clean_too(run);
	}
}

/* Interrupts, then what NAPI has to do, then what TCP has to send; false: it has nothing to do. */
static bool step(struct run *run, bool sends)
{
	if (run->guest->line) {
		interrupt(run);
		return true;
	}
	if (run->polling) {
		if (run->cplus)
			poll_cp(run);
		else
			poll_too(run);
		return true;
	}
	if (!has_room(run))
		return false;
	if (run->owed >= 2) {
		run->owed -= 2;
		transmit(run, SMALL);
		return true;
	}
	if (sends && run->sent < FRAMES && run->sent - run->acked < (run->answers ? 1 : WINDOW)) {
		run->sent++;
		transmit(run, run->answers ? SMALL : SEGMENT);
		return true;
	}
	return false;
}

/* --- Measurements -------------------------------------------------------------------------- */

struct settings {
	bool cplus;
	u64 exit_us;
	u64 interrupt_us, events, poll_us;
};

enum kind { SEND, RECEIVE, REQUEST, KINDS };
static const char *const kinds[KINDS] = { "send", "receive", "request" };

struct figures {
	double accesses, hooks, interrupts; /* for each frame sent (received, requested) */
	double us;			    /* for each */
};

/* The peer sends in bulk: as much as a window lets it. */
static void feed(struct run *run, unsigned int *given)
{
	while (*given < FRAMES && *given - run->acked < WINDOW) {
		fly(run, SEGMENT);
		(*given)++;
	}
}

static void warm_up(struct run *run)
{
	pass(run, 3000000ull * US);
	run->accesses = 0;
	run->interrupts = 0;
}

static struct figures measure(const void *block, size_t size, const struct settings *settings,
			      enum kind kind)
{
	static struct run run;
	const struct vpio_vdev_stats *stats;
	struct figures figures;
	unsigned int given = 0;
	u64 start, hooks, next;

	memset(&run, 0, sizeof(run));
	run.world = world_create(block, size, 1, storm_device);
	world_require(run.world != NULL, "the model is refused");
	run.guest = &run.world->guests[0];
	run.cplus = settings->cplus;
	run.exit_ns = settings->exit_us * US;
	run.frame_ns = 5 * US;
	run.answers = kind == REQUEST;
	run.world->peer = reach_peer;
	run.world->peer_priv = &run;
	vpio_pdev_set_poll(run.world->pdev, settings->poll_us);
	vpio_vdev_set_interrupt_us(run.guest->vdev, settings->interrupt_us);
	vpio_vdev_set_interrupt_events(run.guest->vdev, settings->events);
	if (run.cplus)
		cp_open(&run.nic, run.guest, RCR_USUAL);
	else
		too_open(&run.nic, run.guest, RCR_USUAL);
	warm_up(&run);
	stats = vpio_vdev_stats(run.guest->vdev);
	hooks = stats->hooks;
	start = run.world->now;
	for (;;) {
		if (kind == RECEIVE)
			feed(&run, &given);
		if (step(&run, kind != RECEIVE))
			continue;
		if (kind == RECEIVE ? run.received == FRAMES
				    : run.sent == FRAMES && run.acked >= FRAMES)
			break;
		next = next_event(&run);
		world_require(next != 0, "nothing goes on, and it is not done");
		pass(&run, next > run.world->now ? next - run.world->now : 0);
	}
	figures = (struct figures){ (double)run.accesses / FRAMES,
				    (double)(stats->hooks - hooks) / FRAMES,
				    (double)run.interrupts / FRAMES,
				    (double)(run.world->now - start) / US / FRAMES };
	world_destroy(run.world);
	return figures;
}

static const struct settings defaults = { false, 2, VPIO_INTERRUPT_US, VPIO_INTERRUPT_EVENTS,
					  VPIO_POLL_US };

static void show(const char *what, const void *block, size_t size, struct settings settings)
{
	unsigned int driver, kind;

	for (driver = 0; driver < 2; driver++) {
		settings.cplus = driver;
		for (kind = 0; kind < KINDS; kind++) {
			struct figures figures = measure(block, size, &settings, kind);

			printf("%-34s %-7s %-8s %6.2f accesses, %5.2f hooks, %5.3f interrupts, %8.1f us\n",
			       what, driver ? "8139cp" : "8139too", kinds[kind], figures.accesses,
			       figures.hooks, figures.interrupts, figures.us);
		}
	}
}

static void table(const void *block, size_t size)
{
	static const unsigned int exits[] = { 2, 120 }, gaps[] = { 0, 50, 100, 250, 500 };
	struct settings settings;
	char what[64];
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < 5; j++) {
			settings = defaults;
			settings.exit_us = exits[i];
			settings.interrupt_us = gaps[j];
			snprintf(what, sizeof(what), "exits of %u us, interrupt_us %u", exits[i],
				 gaps[j]);
			show(what, block, size, settings);
		}
	}
}

static void baseline(const void *block, size_t size)
{
	struct settings settings = defaults;
	unsigned int driver, kind;

	for (driver = 0; driver < 2; driver++) {
		settings.cplus = driver;
		for (kind = 0; kind < KINDS; kind++) {
			struct figures figures = measure(block, size, &settings, kind);
			const char *name = driver ? "8139cp" : "8139too";

			printf("%s.%s.accesses %.3f\n", name, kinds[kind], figures.accesses);
			printf("%s.%s.hooks %.3f\n", name, kinds[kind], figures.hooks);
			printf("%s.%s.interrupts %.3f\n", name, kinds[kind], figures.interrupts);
		}
	}
}

int main(int argc, char **argv)
{
	size_t size = 0;
	void *block = world_file(world_model_path(), &size);

	if (!block) {
		fprintf(stderr, "traffic: no %s: make models\n", world_model_path());
		return 1;
	}
	if (argc > 1 && !strcmp(argv[1], "table"))
		table(block, size);
	else
		baseline(block, size);
	free(block);
	return 0;
}
