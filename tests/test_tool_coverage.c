// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio model coverage: small traces against a small model. What each access meets, each way in
 * which an access is not described, and what the report says.
 */
#include "commands.h"

#include "../lang/lang.h"
#include "../tool/coverage.h"

/* One of each kind of place. The lines of the text count: the tests name them. */
static const char model_text[] =
	"model card \"A card\" {\n"
	"	pci 0x1234:0x5678 { class 0xff0000 pin A }\n"
	"	bar 0 io 32 = chip bar 2 mem 128 = queues\n"
	"	window chip 32 bank CR.PS {\n" /* line 4 */
	"		0x00 CR		u8 rw = 0x21 { STOP 0, START 1, PS 7:6 }\n"
	"		0x01 PAR	u8 rw bank 1\n"
	"		0x01 PSTART	u8 wo bank 0\n"
	"		0x01 BACK	u8 ro bank 2, 3 \"read back\"\n"
	"		0x02 ISR	u8 w1c { RX 0, TX 1 }\n" /* line 9 */
	"		0x03 ID		u8 ro = 0x55\n"
	"		0x04 ASK	u16 wo\n"
	"		0x04 ANSWER	u16 ro { VALUE 11:0, GOOD 15 }\n"
	"		0x06 KICK	u8 strobe { GO 0, ABORT 1 }\n" /* line 13 */
	"		0x07 reserved 1\n"
	"		0x08 LEN[2 step 4] u16 rw\n"
	"		0x0a reserved 2 0x0e reserved 2\n"
	"		0x10 DATA	u32 ro\n"
	"		0x14 HALF	u32 rw\n"
	"		0x18 TWICE	u32 rw { LOW 15:0, HIGH 31:16 }\n" /* line 19 */
	"		0x1c FILTER	u8 rw\n"
	"		0x1d SEEN u8 strobe 0x1e MODES u8 rw { A 0, B 7:4 } 0x1f reserved 1\n"
	"	}\n"
	"	window queues 16 { }\n"
	"	interrupt { cause ISR }\n"
	"	var memory u8[64] var at u8 var left u8 var more u8\n"
	"	port DATA { read memory at at left left }\n"
	"	on write KICK { more += 1 } on read SEEN = more on write SEEN { more = 0 }"
	"	on write MODES when B changes, A { MODES = value }\n" /* line 27 */
	"	on write CR when START { CR = value; more += 2 }\n"
	"	on read ANSWER { return value | 0x8000 }\n"
	"	on write ASK { ANSWER = value }\n"
	"	deny write HALF when value == 7 \"seven\"\n"
	"	engine queue partition 3 step 32 in queues {\n"
	"		0x00 HEAD u32 rw 0x04 TAIL u32 rw 0x08 reserved 8\n"
	"		on reset { HEAD = 0; TAIL = 0 }\n"
	"	}\n"
	"	hardware { on start { } on stop { } on interrupt { return 0 } }\n"
	"}\n";

struct fixture {
	struct vpl_output output;
	struct vpio_model model;
	struct coverage coverage;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (vpl_compile("card.vpm", model_text, strlen(model_text), &fixture->output, stderr) ||
	    vpio_model_load(&fixture->model, fixture->output.block, fixture->output.size, NULL) ||
	    !coverage_init(&fixture->coverage, &fixture->model))
		return -1;
	coverage_begin(&fixture->coverage, "trace");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	coverage_free(&fixture->coverage);
	free(fixture->output.block);
	free(fixture);
	return 0;
}

static struct coverage *coverage_of(void **state)
{
	struct fixture *fixture = *state;

	return &fixture->coverage;
}

static void happen(void **state, enum trace_kind kind, u8 bar, u64 offset, u8 size, u64 value)
{
	struct coverage *coverage = coverage_of(state);
	const struct trace_event event = {
		.time = 1000 * (coverage->accesses + 1),
		.kind = kind,
		.region = bar,
		.offset = offset,
		.size = size,
		.value = value,
	};

	coverage_event(coverage, &event, (u32)coverage->accesses + 2);
}

static void writes(void **state, u64 offset, u8 size, u64 value)
{
	happen(state, TRACE_WRITE, 0, offset, size, value);
}

static void reads(void **state, u64 offset, u8 size, u64 value)
{
	happen(state, TRACE_READ, 0, offset, size, value);
}

static u32 register_number(void **state, const char *name)
{
	const struct vpio_model *model = coverage_of(state)->model;
	u32 i;

	for (i = 0; i < model->header->regs.count; i++) {
		if (!strcmp(tool_name(model, model->regs[i].name), name))
			return i;
	}
	fail_msg("no register %s", name);
	return 0;
}

static const struct coverage_register *use_of(void **state, const char *name)
{
	return &coverage_of(state)->registers[register_number(state, name)];
}

static u64 field_use(void **state, const char *name, const char *field)
{
	const struct coverage *coverage = coverage_of(state);
	const struct vpb_reg *reg = &coverage->model->regs[register_number(state, name)];
	u32 i;

	for (i = 0; i < reg->fields; i++) {
		if (!strcmp(tool_name(coverage->model,
				      coverage->model->fields[reg->field + i].name),
			    field))
			return coverage->fields[reg->field + i];
	}
	fail_msg("no field %s.%s", name, field);
	return 0;
}

static u64 runs_of(void **state, const char *name)
{
	const struct coverage *coverage = coverage_of(state);
	u32 i;

	for (i = 0; i < coverage->model->header->handlers.count; i++) {
		if (!strcmp(tool_name(coverage->model, coverage->model->handlers[i].name), name))
			return coverage->handlers[i];
	}
	fail_msg("no handler '%s'", name);
	return 0;
}

static void assert_described(void **state, u64 accesses)
{
	const struct coverage *coverage = coverage_of(state);

	if (coverage->gap_count)
		fail_msg("not described: %s", coverage_gap_text(coverage->gaps[0].kind));
	assert_int_equal(coverage->accesses, accesses);
	assert_int_equal(coverage->described, accesses);
	assert_true(coverage_is_complete(coverage));
}

/* The last access is not described, for this reason, and no other one before it was the same. */
static const struct coverage_gap *assert_gap(void **state, enum coverage_gap_kind kind)
{
	const struct coverage *coverage = coverage_of(state);
	const struct coverage_gap *gap = &coverage->gaps[coverage->gap_count - 1];

	assert_int_not_equal(coverage->gap_count, 0);
	assert_int_equal(gap->kind, kind);
	assert_int_equal(gap->count, 1);
	assert_int_equal(gap->line, coverage->accesses + 1);
	assert_int_equal(coverage->described + coverage->gap_count, coverage->accesses);
	assert_false(coverage_is_complete(coverage));
	return gap;
}

/* --- What accesses meet ------------------------------------------------------------------ */

static void test_plain(void **state)
{
	writes(state, 0x14, 4, 0x12345678);
	reads(state, 0x14, 4, 0x12345678);
	reads(state, 0x03, 1, 0x55);
	assert_described(state, 3);
	assert_int_equal(use_of(state, "HALF")->reads, 1);
	assert_int_equal(use_of(state, "HALF")->writes, 1);
	assert_int_equal(use_of(state, "HALF")->odd, 0);
	assert_int_equal(use_of(state, "ID")->reads, 1);
	assert_int_equal(use_of(state, "ID")->differs, 0);
	assert_int_equal(use_of(state, "CR")->reads, 0);
}

static void test_nothing_is_not_complete(void **state)
{
	assert_false(coverage_is_complete(coverage_of(state)));
}

/* An access of several registers, and of a part of one: each counts. */
static void test_taken_apart(void **state)
{
	reads(state, 0x00, 4, 0x55000021); /* CR, PSTART, ISR, ID */
	writes(state, 0x16, 2, 0xffff);
	writes(state, 0x0c, 2, 1500); /* LEN[1] */
	assert_described(state, 3);
	assert_int_equal(use_of(state, "CR")->reads, 1);
	assert_int_equal(use_of(state, "ISR")->reads, 1);
	assert_int_equal(use_of(state, "ID")->reads, 1);
	assert_int_equal(use_of(state, "CR")->odd, 1);
	assert_int_equal(use_of(state, "HALF")->odd, 1);
	assert_int_equal(use_of(state, "LEN")->writes, 1);
	assert_int_equal(use_of(state, "LEN")->odd, 0);
}

/* The bank is what the selector was last known to hold. */
static void test_banks(void **state)
{
	writes(state, 0x01, 1, 0x40);
	assert_int_equal(use_of(state, "PSTART")->writes, 1);
	writes(state, 0x00, 1, 0x61); /* page 1 */
	writes(state, 0x01, 1, 0x52);
	reads(state, 0x01, 1, 0x52);
	assert_int_equal(use_of(state, "PSTART")->writes, 1);
	assert_int_equal(use_of(state, "PAR")->writes, 1);
	assert_int_equal(use_of(state, "PAR")->reads, 1);
	writes(state, 0x00, 1, 0xa1); /* page 2 */
	reads(state, 0x01, 1, 0x40);
	assert_int_equal(use_of(state, "BACK")->reads, 1);
	reads(state, 0x00, 1, 0x61); /* the device says: page 1 */
	reads(state, 0x01, 1, 0x52);
	assert_int_equal(use_of(state, "PAR")->reads, 2);
	assert_int_equal(use_of(state, "BACK")->reads, 1);
	assert_described(state, 8);
	happen(state, TRACE_RESET, 0, 0, 0, 0); /* page 0 */
	writes(state, 0x01, 1, 0x40);
	assert_int_equal(use_of(state, "PSTART")->writes, 2);
	assert_described(state, 9);
}

/* What one trace left does not matter to the next one. */
static void test_traces_begin_anew(void **state)
{
	writes(state, 0x00, 1, 0x61);
	coverage_begin(coverage_of(state), "another");
	writes(state, 0x01, 1, 0x40);
	assert_int_equal(use_of(state, "PSTART")->writes, 1);
	assert_int_equal(use_of(state, "PAR")->writes, 0);
	assert_int_equal(coverage_of(state)->traces, 2);
}

/* A ro and a wo register at one place are two. */
static void test_shared_place(void **state)
{
	writes(state, 0x04, 2, 0x123);
	assert_int_equal(use_of(state, "ASK")->writes, 1);
	assert_int_equal(use_of(state, "ANSWER")->writes, 0);
	reads(state, 0x04, 2, 0x8123);
	assert_int_equal(use_of(state, "ASK")->reads, 0);
	assert_int_equal(use_of(state, "ANSWER")->reads, 1);
	assert_int_equal(runs_of(state, "on write ASK"), 1);
	assert_int_equal(runs_of(state, "on read ANSWER"), 1);
	assert_described(state, 2);
}

/* A handler with a guard runs when its fields are written as 1. */
static void test_guard(void **state)
{
	writes(state, 0x00, 1, 0x21);
	assert_int_equal(runs_of(state, "on write CR"), 0);
	writes(state, 0x00, 1, 0x22);
	assert_int_equal(runs_of(state, "on write CR"), 1);
	assert_described(state, 2);
}

/* Or when they change. */
static void test_guard_of_changes(void **state)
{
	writes(state, 0x1e, 1, 0);
	assert_int_equal(runs_of(state, "on write MODES"), 0);
	writes(state, 0x1e, 1, 0x50);
	assert_int_equal(runs_of(state, "on write MODES"), 1);
	writes(state, 0x1e, 1, 0x50);
	assert_int_equal(runs_of(state, "on write MODES"), 1);
	writes(state, 0x1e, 1, 0x51); /* a 1 */
	writes(state, 0x1e, 1, 0x51);
	assert_int_equal(runs_of(state, "on write MODES"), 3);
	writes(state, 0x1e, 1, 0x50);
	assert_int_equal(runs_of(state, "on write MODES"), 3);
	writes(state, 0x1e, 1, 0);
	assert_int_equal(runs_of(state, "on write MODES"), 4);
	assert_described(state, 7);
}

static void test_handlers(void **state)
{
	writes(state, 0x06, 1, 1);
	writes(state, 0x06, 1, 2);
	writes(state, 0x14, 4, 8); /* its deny rule is looked at */
	assert_int_equal(runs_of(state, "on write KICK"), 2);
	assert_int_equal(runs_of(state, "write HALF, denied by line 31: seven"), 1);
	assert_described(state, 3);
}

/* A strobe whose reading has a handler reads what that says. */
static void test_read_by_handler(void **state)
{
	reads(state, 0x1d, 1, 3);
	assert_described(state, 1);
	assert_int_equal(runs_of(state, "on read SEEN"), 1);
}

/* A field is exercised by a 1, or by a change: CR holds 0x21. */
static void test_fields(void **state)
{
	writes(state, 0x18, 4, 0);
	assert_int_equal(field_use(state, "TWICE", "LOW"), 0);
	writes(state, 0x18, 4, 0x10000);
	assert_int_equal(field_use(state, "TWICE", "LOW"), 0);
	assert_int_equal(field_use(state, "TWICE", "HIGH"), 1);
	reads(state, 0x18, 2, 0x8000);
	assert_int_equal(field_use(state, "TWICE", "LOW"), 1);
	assert_int_equal(field_use(state, "TWICE", "HIGH"), 1);
	writes(state, 0x00, 1, 0);
	assert_int_equal(field_use(state, "CR", "STOP"), 1);
	assert_int_equal(field_use(state, "CR", "START"), 0);
	writes(state, 0x00, 1, 0);
	assert_int_equal(field_use(state, "CR", "STOP"), 1);
}

/* A data port takes accesses of all widths at its one place. */
static void test_port(void **state)
{
	reads(state, 0x10, 4, 0xdeadbeef);
	reads(state, 0x10, 1, 0xff);
	assert_described(state, 2);
	assert_int_equal(use_of(state, "DATA")->reads, 2);
	assert_int_equal(use_of(state, "DATA")->odd, 0);
	assert_int_equal(use_of(state, "HALF")->reads, 0);
	writes(state, 0x10, 4, 1); /* but there is no way in */
	assert_gap(state, GAP_NO_WRITE);
}

/* All instances of a partition engine are the first one's registers. */
static void test_partition(void **state)
{
	happen(state, TRACE_WRITE, 2, 0x00, 4, 1);
	happen(state, TRACE_WRITE, 2, 0x44, 4, 2);
	assert_described(state, 2);
	assert_int_equal(use_of(state, "HEAD")->writes, 1);
	assert_int_equal(use_of(state, "TAIL")->writes, 1);
	happen(state, TRACE_WRITE, 2, 0x64, 4, 2); /* there is no fourth one */
	assert_gap(state, GAP_OUTSIDE);
	happen(state, TRACE_WRITE, 2, 0x30, 4, 2); /* nor that much of the second */
	assert_gap(state, GAP_OUTSIDE);
}

static void test_elsewhere(void **state)
{
	happen(state, TRACE_READ, TRACE_CONFIG, 0, 4, 0x56781234);
	happen(state, TRACE_READ, TRACE_ROM, 0, 4, 0xaa55);
	assert_int_equal(coverage_of(state)->accesses, 0);
	assert_int_equal(coverage_of(state)->others, 2);
}

static void test_constant_differs(void **state)
{
	reads(state, 0x03, 1, 0x56);
	reads(state, 0x03, 1, 0x57);
	assert_described(state, 2);
	assert_int_equal(use_of(state, "ID")->differs, 2);
	assert_int_equal(use_of(state, "ID")->answer, 0x56);
}

/* --- What is not described --------------------------------------------------------------- */

static void test_no_bar(void **state)
{
	const struct coverage_gap *gap;

	happen(state, TRACE_READ, 1, 0x10, 4, 0);
	gap = assert_gap(state, GAP_NO_BAR);
	assert_int_equal(gap->bar, 1);
	assert_int_equal(gap->offset, 0x10);
	assert_int_equal(gap->size, 4);
	assert_int_equal(gap->bank, -1);
	assert_false(gap->write);
}

static void test_outside(void **state)
{
	reads(state, 0x20, 1, 0);
	assert_gap(state, GAP_OUTSIDE);
	reads(state, 0x1e, 4, 0); /* in part */
	assert_gap(state, GAP_OUTSIDE);
	writes(state, ~0ull - 8, 8, 0);
	assert_gap(state, GAP_OUTSIDE);
}

static void test_reserved(void **state)
{
	const struct coverage_gap *gap;

	reads(state, 0x07, 1, 0);
	gap = assert_gap(state, GAP_RESERVED);
	assert_int_equal(gap->bank, 0);
	writes(state, 0x07, 1, 0);
	gap = assert_gap(state, GAP_RESERVED);
	assert_true(gap->write);
	writes(state, 0x0a, 2, 1);
	assert_gap(state, GAP_RESERVED);
}

/* Beside a register, reserved bytes are as the model says as long as they are 0. */
static void test_reserved_bytes_beside(void **state)
{
	reads(state, 0x06, 2, 0);
	writes(state, 0x08, 4, 1500);
	assert_described(state, 2);
	reads(state, 0x08, 4, 0x105dc);
	assert_int_equal(assert_gap(state, GAP_RESERVED_BITS)->bits, 0x10000);
}

static void test_no_write(void **state)
{
	const struct coverage_gap *gap;

	writes(state, 0x03, 1, 0x55);
	gap = assert_gap(state, GAP_NO_WRITE);
	assert_int_equal(gap->reg, register_number(state, "ID"));
	writes(state, 0x00, 1, 0x80); /* page 2, where BACK is */
	writes(state, 0x01, 1, 0);
	gap = assert_gap(state, GAP_NO_WRITE);
	assert_int_equal(gap->bank, 2);
	assert_int_equal(gap->reg, register_number(state, "BACK"));
}

/* A strobe, or a wo register, reads 0. */
static void test_no_read(void **state)
{
	reads(state, 0x06, 1, 0);
	reads(state, 0x01, 1, 0);
	assert_described(state, 2);
	reads(state, 0x06, 1, 1);
	assert_gap(state, GAP_NO_READ);
	reads(state, 0x01, 1, 0x40);
	assert_int_equal(assert_gap(state, GAP_NO_READ)->reg, register_number(state, "PSTART"));
}

static void test_unnamed_bits(void **state)
{
	const struct coverage_gap *gap;

	writes(state, 0x00, 1, 0x20); /* a 1 that is there after each reset */
	reads(state, 0x00, 1, 0x20);
	assert_described(state, 2);
	writes(state, 0x00, 1, 0x14);
	gap = assert_gap(state, GAP_BITS);
	assert_int_equal(gap->bits, 0x14);
	assert_int_equal(gap->reg, register_number(state, "CR"));
	reads(state, 0x00, 1, 0x08);
	assert_int_equal(assert_gap(state, GAP_BITS)->bits, 0x08);
	writes(state, 0x06, 1, 0x80); /* a strobe's */
	assert_gap(state, GAP_BITS);
	assert_int_equal(runs_of(state, "on write KICK"), 1);
}

/* To clear causes that there are not is no fault; to have them is. */
static void test_unnamed_causes(void **state)
{
	writes(state, 0x02, 1, 0xff);
	assert_described(state, 1);
	reads(state, 0x02, 1, 0x81);
	assert_int_equal(assert_gap(state, GAP_BITS)->bits, 0x80);
}

static void test_interrupts(void **state)
{
	const struct trace_event msi = { .kind = TRACE_MSI, .time = 5 };

	reads(state, 0x03, 1, 0x55);
	happen(state, TRACE_INTX, 0, 0, 0, 0);
	assert_described(state, 1);
	coverage_event(coverage_of(state), &msi, 7);
	assert_int_equal(coverage_of(state)->interrupts, 2);
	assert_int_equal(coverage_of(state)->gap_count, 1);
	assert_int_equal(coverage_of(state)->gaps[0].kind, GAP_NO_INTERRUPT);
	assert_false(coverage_is_complete(coverage_of(state)));
}

/* Accesses of one kind are one gap; what has no place in the list is counted. */
static void test_many_gaps(void **state)
{
	const struct coverage *coverage = coverage_of(state);
	u32 i;

	writes(state, 0x00, 1, 0x14);
	writes(state, 0x00, 1, 0x18);
	assert_int_equal(coverage->gap_count, 1);
	assert_int_equal(coverage->gaps[0].count, 2);
	assert_int_equal(coverage->gaps[0].bits, 0x1c);
	assert_int_equal(coverage->gaps[0].value, 0x14);
	assert_int_equal(coverage->gaps[0].line, 2);
	for (i = 0; i < COVERAGE_MAX_GAPS + 10; i++)
		reads(state, 0x100 + i, 1, 0);
	assert_int_equal(coverage->gap_count, COVERAGE_MAX_GAPS);
	assert_int_equal(coverage->beyond, 11);
	assert_int_equal(coverage->described, 0);
}

/* --- The command ------------------------------------------------------------------------- */

#define HEADER(device)                                                                      \
	"{\"vpio-trace\":1,\"vendor\":\"0x1234\",\"device\":\"" device "\",\"revision\":0," \
	"\"bars\":[{\"bar\":0,\"kind\":\"io\",\"size\":32}]}\n"
#define EVENT(kind, offset, size, value)                                                    \
	"{\"time\":2500000,\"event\":\"" kind "\",\"region\":\"bar0\",\"offset\":\"" offset \
	"\",\"size\":" size ",\"value\":\"" value "\"}\n"

static struct said cover(void **state, const char *trace, const char *option)
{
	const char *card = path_in(state, "card.vpm"), *name = path_in(state, "trace");

	write_text(card, model_text);
	write_text(name, trace);
	return option ? said_by("coverage", option, card, name, NULL)
		      : said_by("coverage", card, name, NULL);
}

static void test_report_complete(void **state)
{
	struct said said = cover(state,
				 HEADER("0x5678") EVENT("write", "0x00", "1", "0x22")
					 EVENT("read", "0x03", "1", "0x56"),
				 NULL);

	assert_int_equal(said.code, TOOL_OK);
	assert_string_equal(said.errors, "");
	assert_says(said.out, "accesses 2: 2 described (100.0 %)\n");
	assert_says(said.out, "registers 2 of 18, fields 2 of 13, handlers 1 of 8\n");
	assert_silent_of(said.out, "Not described");
	/* what remains to be tried, with its line */
	assert_says(said.out, "8     0x01    BACK    read back\n");
	assert_says(said.out, "5     CR.PS  7:6\n");
	assert_says(said.out, "27    on write KICK\n");
	assert_silent_of(said.out, "28    on write CR\n");
	assert_says(said.out, "read as 0x56 (1 times), and the model says 0x55\n");
	assert_says(said.out, "  an interrupt of the physical device\n");
	said_free(&said);
}

static void test_report_incomplete(void **state)
{
	struct said said = cover(state,
				 HEADER("0x5678") EVENT("read", "0x03", "1", "0x55")
					 EVENT("write", "0x07", "1", "0x02")
						 EVENT("write", "0x07", "1", "0x03"),
				 NULL);

	assert_int_equal(said.code, TOOL_BAD_INPUT);
	assert_says(said.out, "accesses 3: 1 described (33.3 %)\n");
	assert_says(said.out, "2      write u8  BAR 0 + 0x07, bank 0  0x2");
	assert_says(said.out, "trace:3  0.002500 s  reserved bytes only (0x3)\n");
	said_free(&said);
}

static void test_report_json(void **state)
{
	struct said said = cover(state,
				 HEADER("0x5678") EVENT("write", "0x00", "1", "0x22")
					 EVENT("write", "0x03", "1", "0x02"),
				 "--json");

	assert_int_equal(said.code, TOOL_BAD_INPUT);
	assert_says(said.out, "\"model\":\"card\"");
	assert_says(said.out, "\"complete\":false");
	assert_says(said.out, "\"accesses\":2,\n  \"described\":1,");
	assert_says(said.out, "\"why\":\"a register that is not written\"");
	assert_says(said.out, "\"register\":\"ID\"");
	assert_says(said.out, "\"START\":1");
	said_free(&said);
}

static void test_report_empty(void **state)
{
	struct said said = cover(state, HEADER("0x5678"), NULL);

	assert_int_equal(said.code, TOOL_BAD_INPUT);
	assert_says(said.out, "No access to a BAR: nothing is known.\n");
	said_free(&said);
}

static void test_other_device(void **state)
{
	struct said said = cover(state, HEADER("0x5679") EVENT("read", "0x03", "1", "0x55"), NULL);

	assert_int_equal(said.code, TOOL_BAD_INPUT);
	assert_says(said.errors, "a trace of device 1234:5679, but the model is of 1234:5678\n");
	assert_string_equal(said.out, "");
	said_free(&said);
}

static void test_malformed_trace(void **state)
{
	struct said said = cover(state, HEADER("0x5678") EVENT("read", "0x03", "1", "0x155"), NULL);

	assert_int_equal(said.code, TOOL_BAD_INPUT);
	assert_says(said.errors, "trace:2: \"value\" is 0x155, expected at most 0xff\n");
	assert_string_equal(said.out, "");
	said_free(&said);
}

/* A compiled model says the same, and two traces are taken together. */
static void test_compiled(void **state)
{
	const char *card = path_in(state, "card.vpm"), *compiled = path_in(state, "card.vpb");
	const char *trace = path_in(state, "trace");
	struct said said;

	write_text(card, model_text);
	write_text(trace, HEADER("0x5678") EVENT("write", "0x00", "1", "0x62"));
	said = said_by("compile", card, "-o", compiled, NULL);
	assert_int_equal(said.code, TOOL_OK);
	said_free(&said);
	said = said_by("coverage", compiled, trace, trace, NULL);
	assert_int_equal(said.code, TOOL_OK);
	assert_says(said.out, "accesses 2: 2 described (100.0 %)\n");
	assert_says(said.out, "traces 2,");
	assert_says(said.out, "27    on write KICK\n");
	said_free(&said);
}

static void test_usage(void **state)
{
	struct said said = said_by("coverage", "card.vpm", NULL);

	(void)state;
	assert_int_equal(said.code, TOOL_USAGE);
	assert_says(said.errors, "usage: vpio model coverage [--json] FILE TRACE...");
	said_free(&said);
	said = said_by("coverage", "--help", NULL);
	assert_int_equal(said.code, TOOL_OK);
	assert_says(said.out, "Example:");
	said_free(&said);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
#define WITH_DIRECTORY(name) \
	cmocka_unit_test_setup_teardown(test_##name, directory_setup, directory_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain),
		TEST(nothing_is_not_complete),
		TEST(taken_apart),
		TEST(banks),
		TEST(traces_begin_anew),
		TEST(shared_place),
		TEST(guard),
		TEST(guard_of_changes),
		TEST(handlers),
		TEST(read_by_handler),
		TEST(fields),
		TEST(port),
		TEST(partition),
		TEST(elsewhere),
		TEST(constant_differs),
		TEST(no_bar),
		TEST(outside),
		TEST(reserved),
		TEST(reserved_bytes_beside),
		TEST(no_write),
		TEST(no_read),
		TEST(unnamed_bits),
		TEST(unnamed_causes),
		TEST(interrupts),
		TEST(many_gaps),
		WITH_DIRECTORY(report_complete),
		WITH_DIRECTORY(report_incomplete),
		WITH_DIRECTORY(report_json),
		WITH_DIRECTORY(report_empty),
		WITH_DIRECTORY(other_device),
		WITH_DIRECTORY(malformed_trace),
		WITH_DIRECTORY(compiled),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
