/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * core/slice.c as a Spin model: a slice engine, vdevs that ask for it, come and go, the monitor that
 * hands it on, and a device that ends its work, or never does, and whose reset may not help.
 *
 * What is checked, by tests/spin/run:
 *  - one owner: whoever begins does so on hardware that is idle (or at his own work) and holds his own
 *    state; what ends on the hardware is the owner's, or nobody's (assert);
 *  - no request is lost: who asks begins, is told that he can't, or goes away (ltl served);
 *  - who has begun is told of the end, good or bad, or goes away (ltl told).
 *
 * A vdev's steps are made under its lock, the monitor's under the pdev's: each is atomic here. Time
 * is a deadline that passes sooner or later while there is something to wait for; it is put off by
 * what begins on an idle engine, by what ends, and by a hand-off's steps.
 *
 * Whose turn it is, is share.c's, which has numbers of any size: here it is anybody's who waits, and the
 * owner may go on for a while, but nobody is passed over more often than MOST times before who has been
 * passed over less often. What share.c promises of how often, tests/test_share.c looks at.
 *
 * BROKEN_IDLE, BROKEN_FORGET, BROKEN_LATE, BROKEN_REFUSE, BROKEN_OVERLAP, BROKEN_TURN, BROKEN_NEXT each take a rule out, so that
 * the run can show that the checks see it.
 */
#define VDEVS  3
#define NOBODY VDEVS
#define MOST   2

#ifdef BROKEN_IDLE
#define IDLE true
#else
#define IDLE (!busy)
#endif

#ifdef BROKEN_OVERLAP
#define PUT_OFF overdue = false
#define NOT_LATE true
#else
#define PUT_OFF overdue = overdue && overlaps
#define NOT_LATE !overdue
#endif

#ifdef BROKEN_TURN
#define MAY(v) pending[v]
#else
#define MAY(v) (pending[v] && (passed[v] == MOST || !(IS_DUE(0) || IS_DUE(1) || IS_DUE(2))))
#endif
#define IS_DUE(v) (pending[v] && passed[v] == MOST)
#define ANY_WAITS (pending[0] || pending[1] || pending[2])

mtype = { OWNED, SAVING, RESTORING, GRANTED };

mtype phase = OWNED;
byte owner = NOBODY;
byte next = NOBODY;
byte state_of = NOBODY;			/* whose state the hardware holds */
byte work_of = NOBODY;			/* whose work it does */
bool busy = false;			/* it is not idle */
bool overlaps = false;			/* granted beside the owner's work */
bool overdue = false;			/* the deadline has passed */

bool pending[VDEVS], granted[VDEVS], ended[VDEVS];
bool begun[VDEVS];			/* is to be told of the end */
byte passed[VDEVS];			/* how often others went before it since it asked */

/* Hand-offs may need the hardware to work: a DMA that saves a memory, say. */
inline hand_off_works(who) {
	if
	:: busy = true; work_of = who
	:: skip
	fi
}

inline withdraw(v) {
	pending[v] = false;
	passed[v] = 0
}

inline pass_over(v, by) {
	if
	:: v != by && pending[v] && passed[v] < MOST -> passed[v]++
	:: else
	fi
}

inline take_turn(v) {
	passed[v] = 0;
	pass_over(0, v);
	pass_over(1, v);
	pass_over(2, v)
}

/* One whose turn it may be, if nobody has had it already but not the engine. */
inline choose(v) {
	if
	:: next != NOBODY -> v = next
	:: next == NOBODY ->
		if
		:: MAY(0) -> v = 0
		:: MAY(1) -> v = 1
		:: MAY(2) -> v = 2
		fi;
		take_turn(v)
	fi
}

inline choose_any(v) {
	if
	:: MAY(0) -> v = 0
	:: MAY(1) -> v = 1
	:: MAY(2) -> v = 2
	fi;
	take_turn(v);
	if
	:: next == v -> next = NOBODY
	:: else
	fi
}

inline refuse(v) {
	withdraw(v);
	granted[v] = false;
	ended[v] = true
}

inline grant(v) {
	phase = GRANTED;
	overlaps = busy;
	PUT_OFF;
	withdraw(v);
	granted[v] = true
}

inline restore(v) {
	owner = v;
	next = NOBODY;
	state_of = NOBODY;
	phase = RESTORING;
	overdue = false;
	hand_off_works(v)
}

/* The deadline has passed: the engine is reset, which helps, or does not. */
inline recover() {
	if
	:: busy = false; work_of = NOBODY
	:: busy -> work_of = NOBODY
	fi;
	was = phase;
	late = owner;
	owner = NOBODY;
#ifdef BROKEN_NEXT
	next = NOBODY;
#endif
	state_of = NOBODY;
	phase = OWNED;
	overdue = false;
	if
	:: was == RESTORING || was == GRANTED -> refuse(late)
	:: was == OWNED && late != NOBODY -> ended[late] = true
#ifndef BROKEN_REFUSE
	:: was == OWNED && late == NOBODY && busy -> choose_any(asker); refuse(asker); asker = NOBODY
#endif
	:: else
	fi;
	was = OWNED;
	late = NOBODY
}

active proctype monitor() {
	byte asker = NOBODY, late = NOBODY;
	mtype was = OWNED;

	do
	:: atomic { phase == OWNED && IDLE && ANY_WAITS ->
		choose(asker);
		if
		:: asker == owner -> grant(asker)
		:: asker != owner && owner != NOBODY ->
			next = asker;
			phase = SAVING;
			overdue = false;
			hand_off_works(owner)
		:: owner == NOBODY -> restore(asker)
		fi;
		asker = NOBODY }
	:: atomic { phase == OWNED && busy && owner != NOBODY && MAY(owner) && NOT_LATE ->
		/* `on ready`: it can begin beside what goes on */
		asker = owner;
		take_turn(asker);
		grant(asker);
		asker = NOBODY }
	:: atomic { phase == SAVING && !busy ->
		if
		:: next != NOBODY -> restore(next)
		:: else -> owner = NOBODY; phase = OWNED
		fi }
	:: atomic { phase == RESTORING && !busy ->
		state_of = owner;
		asker = owner;
		grant(asker);
		asker = NOBODY }
#ifndef BROKEN_LATE
	/* what is late: work while somebody waits for its end, a hand-off, an owner who does not begin */
	:: atomic { overdue && busy && phase == OWNED && (owner != NOBODY || ANY_WAITS) -> recover() }
	:: atomic { overdue && busy && (phase == SAVING || phase == RESTORING) -> recover() }
	:: atomic { overdue && phase == GRANTED && ANY_WAITS -> recover() }
#endif
	od
}

/* Ends its work, or hangs for ever. */
active proctype device() {
	do
	:: atomic { busy ->
		assert(work_of == NOBODY || owner == NOBODY || work_of == owner);
		if
		:: work_of != NOBODY && work_of == owner && (phase == OWNED || phase == GRANTED) ->
			ended[owner] = true
		:: else
		fi;
		overdue = false;
		busy = false;
		work_of = NOBODY }
	:: busy -> break
	od
}

proctype vdev(byte v) {
	bool rests;

	do
	:: atomic { ended[v] -> ended[v] = false; begun[v] = false }
	:: atomic { !ended[v] && granted[v] ->
		granted[v] = false;
		assert(phase == GRANTED && owner == v && state_of == v);
		assert(!busy || work_of == v);
		phase = OWNED;
		PUT_OFF;
		overlaps = false;
		busy = true;
		work_of = v;
		begun[v] = true }
	:: atomic { !ended[v] && !granted[v] && !pending[v] -> pending[v] = true }
	:: atomic { !ended[v] && !granted[v] && !pending[v] -> rests = !rests }
	od
}

/* A vdev is reset, or closed and opened again: at any time, or never. */
proctype user(byte v) {
	bool stays;

	do
	:: atomic {
		withdraw(v);
		granted[v] = false;
		begun[v] = false;
		ended[v] = false;
		if
		:: next == v -> next = NOBODY
		:: else
		fi;
		if
		:: state_of == v -> state_of = NOBODY	/* what the hardware holds is an old life's */
		:: else
		fi;
#ifndef BROKEN_FORGET
		if
		:: owner == v -> owner = NOBODY; phase = OWNED; overdue = false
		:: else
		fi
#endif
		}
	:: stays = !stays
	od
}

active proctype clock() {
	do
	:: atomic { (busy || phase == GRANTED) && !overdue -> overdue = true }
	od
}

init {
	atomic { run vdev(0); run vdev(1); run vdev(2); run user(0); run user(1) }
}

ltl served { [] (pending[0] -> <> !pending[0]) }
ltl told { [] (begun[0] -> <> !begun[0]) }
