// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The compiler: what it makes of right models, run by the monitor, and what it says of wrong ones.
 */
#include <dirent.h>
#include <limits.h>

#include "machine.h"

#define WRONG "tests/lang/wrong"

/* --- Models for the tests ---------------------------------------------------------------- */

#define BEGIN                                                       \
	"model m \"Test\" {\n"                                      \
	"pci 0x1234:0x5678 { }\n"                                   \
	"bar 0 mem 64 = w\n"                                        \
	"window w 64 {\n"                                           \
	"	0x00 R u64 ro\n"                                          \
	"	0x08 A u32 rw { LOW 7:0, BIT 8, MID 23:9, HIGH 31:24 }\n" \
	"	0x0c B u32 rw\n"                                          \
	"	0x10 T[4] u16 rw { X 3:0, Y 15:4 }\n"                     \
	"	0x18 W u64 rw { UPPER 63:32, LOWER 31:0 }\n"              \
	"	0x20 C u16 w1c { FIRST 0, SECOND 1, LAST 15 }\n"          \
	"	0x22 M u16 rw\n"                                          \
	"	0x24 S u8 strobe\n"                                       \
	"	0x25 reserved 27\n"                                       \
	"}\n"                                                       \
	"on write S { go(value) }\n"                                \
	"interrupt { cause C mask M }\n"                            \
	"var v u64\n"                                               \
	"var a u8[4]\n"
#define END "}\n"

enum { R = 0x00, A = 0x08, B = 0x0c, T = 0x10, W = 0x18, C = 0x20, M = 0x22, S = 0x24 };

static const u32 value_a = 0x12345678, value_b = 0x9abcdef0;

static void set_registers(struct machine *machine)
{
	unsigned int i;

	out(machine, A, 4, value_a);
	out(machine, B, 4, value_b);
	out(machine, W, 8, 0x1122334455667788ull);
	for (i = 0; i < 4; i++)
		out(machine, T + 2 * i, 2, 0x1111 * (i + 1));
}

static char text[TEXT];

static u64 value_of(const char *expression)
{
	struct machine *machine;
	u64 value;

	snprintf(
		text, sizeof(text),
		BEGIN
		"proc go(x) { v = x }\n"
		"const K = 5\n"
		"proc twice(x) { return x * 2 }\n"
		"proc sign(x) { if x & 0x80000000 { return 1 } \n if !x { return 0 }\n return 2 }\n"
		"layout D u32 { LEN 15:0, END 31 }\n"
		"on read R = %s\n" END,
		expression);
	machine = start(text);
	set_registers(machine);
	value = in(machine, R, 8);
	stop(machine);
	return value;
}

/* What A is after a body has run with x = 3, called by writing to S. */
static u64 effect_of(const char *body)
{
	struct machine *machine;
	u64 value;

	snprintf(text, sizeof(text), BEGIN "proc go(x) {\n%s\n}\n" END, body);
	machine = start(text);
	set_registers(machine);
	out(machine, S, 1, 3);
	value = in(machine, A, 4);
	stop(machine);
	return value;
}

/* --- Expressions and statements ---------------------------------------------------------- */

static void test_expressions(void **state)
{
	static const struct {
		const char *text;
		u64 value;
	} cases[] = {
		{ "1 + 2 * 3", 7 },
		{ "(1 + 2) * 3", 9 },
		{ "1 << 4 | 1", 17 },
		{ "6 & 3 == 2", 1 },
		{ "1 | 2 == 3", 1 },
		{ "10 - 3 - 2", 5 },
		{ "-1", ~0ull },
		{ "~A", ~0x12345678ull },
		{ "!A", 0 },
		{ "!!A", 1 },
		{ "A + B", 0x12345678ull + 0x9abcdef0ull },
		{ "A - B", 0x12345678ull - 0x9abcdef0ull },
		{ "5 - A", 5 - 0x12345678ull },
		{ "A * B", 0x12345678ull * 0x9abcdef0ull },
		{ "B / A", 0x9abcdef0ull / 0x12345678ull },
		{ "B % A", 0x9abcdef0ull % 0x12345678ull },
		{ "B / (A - A)", 0 },
		{ "B % (A - A)", 0 },
		{ "B / 16 + B % 16 + B * 16", 0x9abcdefull + 0 + 0x9abcdef00ull },
		{ "A << 40", 0x12345678ull << 40 },
		{ "A << 64", 0 },
		{ "A << A", 0 },
		{ "W >> 60", 1 },
		{ "A.LOW", 0x78 },
		{ "A.BIT", 0 },
		{ "A.HIGH << 8 | A.LOW", 0x1278 },
		{ "W.UPPER", 0x11223344 },
		{ "A >> 8 & 0xff", 0x56 },
		{ "W & 0xffffffffffff", 0x334455667788ull },
		{ "W & ~0xff", 0x1122334455667700ull },
		{ "A & ~0xf", 0x12345670 },
		{ "W + 0xffffffffffffffff", 0x1122334455667787ull },
		{ "bits(A, 15, 8)", 0x56 },
		{ "bits(0x1234, 11, 4) + bits(A, 3, 0)", 0x23 + 8 },
		{ "T[2]", 0x3333 },
		{ "T[2].Y", 0x333 },
		{ "T[A & 1].X", 1 },
		{ "T[T[0].X].X", 2 },
		{ "A < B", 1 },
		{ "A <= A", 1 },
		{ "A > B", 0 },
		{ "A >= B", 0 },
		{ "5 < A", 1 },
		{ "5 >= A", 0 },
		{ "0 == A", 0 },
		{ "A == 0x12345678 && B != 1", 1 },
		{ "A == 1 || A.BIT || B > 7", 1 },
		{ "A == 1 || A.BIT && B > 7", 0 },
		{ "(A && B) + (A.BIT || 0)", 1 },
		{ "A.BIT ? 1 : A.LOW == 0x78 ? 2 : 3", 2 },
		{ "A ? T[0] : T[1]", 0x1111 },
		{ "twice(twice(A) + twice(1))", 4 * 0x12345678ull + 4 },
		{ "sign(A) << 8 | sign(B) << 4 | sign(0)", 0x210 },
		{ "K * 2 + twice(K)", 20 },
		{ "now - 0x123456789a", 0 },
		{ "value", 0 },
		{ "size", 8 },
		{ "guest.u32[8] + fault", 0 },
		{ "frame.length + frame.u32[0]", 0 },
		{ "(A\n + B)\n", 0x12345678ull + 0x9abcdef0ull },
		{ "A +\n B", 0x12345678ull + 0x9abcdef0ull },
		{ "0b1010 + 0xA + 10", 30 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u64 value = value_of(cases[i].text);

		if (value != cases[i].value)
			fail_msg("%s is 0x%llx, not 0x%llx", cases[i].text,
				 (unsigned long long)value, (unsigned long long)cases[i].value);
	}
}

/* A random expression as text, and its value by the rules of the language. */
struct random {
	u64 seed;
	char text[4096];
	size_t length;
};

static u32 draw(struct random *random, u32 below)
{
	random->seed = random->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(random->seed >> 33) % below;
}

static void put(struct random *random, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	random->length += (size_t)vsnprintf(random->text + random->length,
					    sizeof(random->text) - random->length, format, list);
	va_end(list);
}

static u64 random_leaf(struct random *random)
{
	static const u64 numbers[] = {
		0, 1, 2, 8, 63, 64, 0xff, 0xffffffff, 0x100000000ull, ~0ull
	};
	static const struct {
		const char *text;
		u64 value;
	} places[] = {
		{ "A", 0x12345678 }, { "B", 0x9abcdef0 }, { "W", 0x1122334455667788ull },
		{ "A.BIT", 0 },	     { "A.LOW", 0x78 },	  { "W.UPPER", 0x11223344 },
		{ "T[1].X", 2 },     { "T[3]", 0x4444 },  { "value", 0 },
		{ "size", 8 },	     { "x", 0x12345678 }, { "k", 77 },
	};
	const u32 choice = draw(random, 3);
	u32 i;

	if (!choice) {
		i = draw(random, ARRAY_SIZE(numbers));
		put(random, "0x%llx", (unsigned long long)numbers[i]);
		return numbers[i];
	}
	i = draw(random, ARRAY_SIZE(places));
	put(random, "%s", places[i].text);
	return places[i].value;
}

static u64 random_expression(struct random *random, unsigned int depth);

static u64 random_binary(struct random *random, unsigned int depth)
{
	static const char *const signs[] = { "+",  "-", "*",  "&", "|",	 "^",  "<<", ">>", "==",
					     "!=", "<", "<=", ">", ">=", "&&", "||", "/",  "%" };
	const u32 sign = draw(random, ARRAY_SIZE(signs));
	u64 a, b;

	put(random, "(");
	a = random_expression(random, depth - 1);
	put(random, " %s ", signs[sign]);
	if (sign >= 16) { /* a constant 0 would be refused */
		put(random, "7");
		b = 7;
	} else {
		b = random_expression(random, depth - 1);
	}
	put(random, ")");
	switch (sign) {
	case 0:
		return a + b;
	case 1:
		return a - b;
	case 2:
		return a * b;
	case 3:
		return a & b;
	case 4:
		return a | b;
	case 5:
		return a ^ b;
	case 6:
		return b < 64 ? a << b : 0;
	case 7:
		return b < 64 ? a >> b : 0;
	case 8:
		return a == b;
	case 9:
		return a != b;
	case 10:
		return a < b;
	case 11:
		return a <= b;
	case 12:
		return a > b;
	case 13:
		return a >= b;
	case 14:
		return a && b;
	case 15:
		return a || b;
	case 16:
		return a / b;
	default:
		return a % b;
	}
}

static u64 random_expression(struct random *random, unsigned int depth)
{
	const u32 choice = depth ? draw(random, 10) : 0;
	u64 a, b, c;

	if (choice < 2)
		return random_leaf(random);
	if (choice < 7)
		return random_binary(random, depth);
	if (choice == 7) {
		put(random, "(");
		a = random_expression(random, depth - 1);
		put(random, " ? ");
		b = random_expression(random, depth - 1);
		put(random, " : ");
		c = random_expression(random, depth - 1);
		put(random, ")");
		return a ? b : c;
	}
	if (choice == 8) {
		put(random, "same(");
		a = random_expression(random, depth - 1);
		put(random, ")");
		return a;
	}
	c = draw(random, 3);
	put(random, "%c", "!~-"[c]);
	a = random_expression(random, depth - 1);
	return !c ? !a : c == 1 ? ~a : -a;
}

/* The generator against arithmetic in C: 2000 expressions, as values and as conditions. */
static void test_random_expressions(void **state)
{
	struct random random = { .seed = 1 };
	struct machine *machine;
	unsigned int i;
	u64 value;

	(void)state;
	for (i = 0; i < 2000; i++) {
		random.length = 0;
		value = random_expression(&random, 5);
		snprintf(text, sizeof(text),
			 BEGIN "proc go(x) { v = x }\n"
			       "proc same(p) { return p }\n"
			       "on read R {\n"
			       "	let x = A\n"
			       "	let k = 77\n"
			       "	let truth = 0\n"
			       "	if %s { truth = 1 }\n"
			       "	let result = %s\n"
			       "	v = truth\n"
			       "	return result\n"
			       "}\n"
			       "on read B = v\n" END,
			 random.text, random.text);
		machine = start(text);
		set_registers(machine);
		/* R's handler reads B as a variable; only a guest's read is hooked */
		if (in(machine, R, 8) != value)
			fail_msg("number %u: expected 0x%llx of %s", i, (unsigned long long)value,
				 random.text);
		if (in(machine, B, 4) != (value != 0))
			fail_msg("number %u: wrong as a condition: %s", i, random.text);
		stop(machine);
	}
}

static void test_statements(void **state)
{
	static const struct {
		const char *text;
		u64 value;
	} cases[] = {
		{ "A = x", 3 },
		{ "A += 2; A -= 1; A |= 0x80; A &= ~0x8; A ^= 1", 0x123456f0 },
		{ "A.LOW = 0xff", 0x123456ff },
		{ "A.LOW = 0", 0x12345600 },
		{ "A.LOW = 0x5a; A.BIT = 1", 0x1234575a },
		{ "A.LOW = x + 1", 0x12345604 },
		{ "A.LOW += 0x10", 0x12345688 },
		{ "A.HIGH -= 0x13", 0xff345678 },
		{ "let y = x\ny += 1\nA = y << 4 | x", 0x43 },
		{ "let y = x\nlet z = y\nA = z", 3 },
		{ "x = x + 1; A = x", 4 },
		{ "x += x; A = x", 6 },
		{ "A = 0\nrepeat 5 as i { A += i }", 10 },
		{ "A = 0\nrepeat 5 { A += 1; if A == 3 { break } }", 3 },
		{ "A = 0\nrepeat 5 as i { if i & 1 { continue }; A += i }", 6 },
		{ "A = 0\nrepeat 3 as i { repeat 4 as j { A += i * j } }", 18 },
		{ "A = 0\nrepeat 3 { repeat 4 { A += 1; if A % 3 == 0 { break } } }", 9 },
		{ "if x == 3 { A = 1 } else { A = 2 }", 1 },
		{ "if x == 4 { A = 1 } else if x == 3 { A = 5 } else { A = 2 }", 5 },
		{ "if x != 3 { A = 1; return }\nA = 6", 6 },
		{ "if x { A = 1; return }\nA = 6", 1 },
		{ "return\nA = 6", 0x12345678 },
		{ "T[x] = 0xabcd; A = T[3].Y", 0xabc },
		{ "T[x].X = 9; A = T[3]", 0x4449 },
		{ "T[x - 1].Y += 1; A = T[2]", 0x3343 },
		{ "T[x + 1] = 1; A = 1", 0x12345678 }, /* past the end: the handler ends */
		{ "a[2] = x + 0x1fe; A = a[2]", 1 },
		{ "v = ~0; v += 2; A = v", 1 },
		{ "W.UPPER = 5; W.LOWER = 0; A = W >> 32 | W & 0xff", 5 },
		{ "cause C.LAST; A = C", 0x8000 },
		{ "cause C.FIRST; let bits16 = 0x8000; bits16 |= 4; cause C bits16; A = C",
		  0x8005 },
		{ "guest.u32[16] = 0x11223344; guest.u8[17] += 1; A = guest.u16[16]", 0x3444 },
		{ "A = guest.u32[4094]; A += fault; A |= fault << 4", 1 },
		{ "let d: L = 0x80000005\nd.LEN = 7; d.END = 0; A = d.LEN + d.END + d", 14 },
		{ "let n = 4\nif n == 4 { A = n } else { A = T[0] }", 4 },
		{ "if 0 { A = 1 }\nif 1 { A = 2 } else { A = 3 }", 2 },
		{ "A = 1; if x > 0 && (x < 3 || x == 3) && !(x == 2) { A = 7 }", 7 },
		{ "x = add(x, add(x, 1)); A = x", 7 },
		{ "A = add(add(1, 2), add(x, add(4, x)))", 13 },
		{ "A = first(0x48)", 3 },
		{ "let y = 1\ny = y ? y + 1 : y\nA = y", 2 },
		{ "let q = x\nrepeat 3 { q = add(q, q) }\nA = q", 24 },
		{ "A = 0; repeat 9 as i while i < x { A += i }", 3 },
		{ "A = 0; repeat 3 as i while i < x { A += i }", 3 },
		{ "A = 0; repeat 200 while A < 100 { A += 7 }", 105 },
		{ "A = 0; repeat 3 while 1 { A += 7 }", 21 },
		{ "A = 0; repeat 4 as i { if i == 1 { continue }\nif i == 3 { break }\nA += i + 1 }",
		  4 },
		{ "A = 0; repeat 3 as i { let q = i * 2\nq += 1; A += q + x }", 18 },
		{ "A = 0; repeat 2 as i { repeat 2 as j { A += i * 2 + j } }", 6 },
		{ "A = 1; repeat 4 as i { if x == i { A = 50 + i; return } }\nA = 2", 53 },
		{ "repeat 4 as i { a[i] = i + 1 }\nA = a[0] << 12 | a[1] << 8 | a[2] << 4 | a[3]",
		  0x1234 },
		{ "repeat 2 as i { T[i] = 7 + i }\nA = T[0] << 4 | T[x - 2]", 0x78 },
		{ "first_of = 3; second_of = 4; A = first_of << 4 | second_of", 0x34 },
		{ "A = FIRST + SECOND", 12 },
		{ "let d: W = 0\nd.UPPER = 5; A = d.UPPER", 5 },
	};
	unsigned int i;
	char body[1024];

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 value;

		snprintf(
			body, sizeof(body),
			"%s\n}\nlayout L u32 { LEN 15:0, END 31 }\n"
			"var first_of, second_of u8 const FIRST = 5, SECOND = FIRST + 2\n"
			"proc add(x, y) { return x + y }\n"
			"proc first(x) { repeat 8 as i { if x >> i & 1 { return i } } \n return 99\n",
			cases[i].text);
		value = effect_of(body);
		if (value != cases[i].value)
			fail_msg("%s: A is 0x%llx, not 0x%llx", cases[i].text,
				 (unsigned long long)value, (unsigned long long)cases[i].value);
	}
}

/* --- Registers --------------------------------------------------------------------------- */

static void test_access(void **state)
{
	struct machine *machine = start("model m \"Test\" { pci 0x1234:0x5678 { }\n"
					"bar 0 mem 16 = w\n"
					"window w 16 {\n"
					"0x00 RW u8 rw = 0x12\n"
					"0x01 RO u8 ro = 0x34\n"
					"0x02 WO u8 wo = 0x56\n"
					"0x03 W1C u8 w1c = 0xff\n"
					"0x04 RC u8 rc = 0x78\n"
					"0x05 MIX u8 rw = 0xff { A 0 ro, B 1 w1c, C 3:2, D 7 }\n"
					"0x06 ST u8 strobe\n"
					"0x07 SEEN u8 ro\n"
					"0x08 P[2 step 4] u16 rw = 0x1234\n"
					"0x0a Q[2 step 4] u8 rw = 0x56\n"
					"0x0b reserved 1\n"
					"0x0f reserved 1\n"
					"}\n"
					"on write ST { SEEN = value }\n"
					"on reset { WO += 1 }\n"
					"deny write RW when value == 0xee \"\"\n"
					"}");

	(void)state;
	assert_int_equal(in(machine, 0, 8), 0x0000ff78ff003412);
	out(machine, 0, 8, 0x5a80ffff0f0101a5);
	assert_int_equal(in(machine, 0, 4), 0xf00034a5);
	assert_int_equal(in(machine, 4, 1), 0); /* cleared by the first read */
	assert_int_equal(in(machine, 5, 1), 0xff & ~2);
	assert_int_equal(in(machine, 7, 1), 0x80);
	out(machine, 5, 1, 0);
	assert_int_equal(in(machine, 5, 1), 0x71);
	assert_int_equal(in(machine, 8, 8), 0x0056123400561234);
	out(machine, 0, 1, 0xee);
	assert_int_equal(in(machine, 0, 1), 0xa5);
	assert_int_equal(machine->refusals, 1);
	out(machine, 0, 1, 0xed);
	assert_int_equal(in(machine, 0, 1), 0xed);
	stop(machine);
}

static void test_banks(void **state)
{
	struct machine *machine = start("model m \"Test\" { pci 0x1234:0x5678 { }\n"
					"bar 0 io 16 = w\n"
					"window w 4 bank CR.PS {\n"
					"0x00 CR u8 rw { PS 7:6 }\n"
					"0x01 READ u8 ro = 0x11 bank 0\n"
					"0x01 WRITE u8 wo bank 0\n"
					"0x01 ONE u8 rw = 0x22 bank 1, 2\n"
					"0x01 reserved 1 bank 3\n"
					"0x02 COPY u8 ro\n"
					"0x03 reserved 1\n"
					"}\n"
					"on write WRITE { COPY = value }\n"
					"}");

	(void)state;
	assert_int_equal(machine->model.header->maps.count, 8);
	assert_int_equal(in(machine, 1, 1), 0x11);
	out(machine, 1, 1, 0x99);
	assert_int_equal(in(machine, 1, 1), 0x11);
	assert_int_equal(in(machine, 2, 1), 0x99);
	out(machine, 0, 1, 0x40);
	assert_int_equal(in(machine, 1, 1), 0x22);
	out(machine, 1, 1, 0x33);
	out(machine, 0, 1, 0x80);
	assert_int_equal(in(machine, 1, 1), 0x33);
	out(machine, 0, 1, 0xc0);
	assert_int_equal(in(machine, 1, 1), 0);
	stop(machine);
}

/* --- Tables ------------------------------------------------------------------------------ */

static const char nic[] =
	"model nic \"A NIC\" {\n"
	"	pci 0x10ec:0x8139 { class 0x020000 subsystem 1:2 revision rev pin A msi 1 }\n"
	"	param rev = 0x10 | 0x20 \"revision\"\n"
	"	bar 0 io 256 = regs\n"
	"	bar 1 mem 256 = regs\n"
	"	window regs 256 {\n"
	"		0x00 CR u8 rw { UC 0, BC 1, MC 2, ALL 3 }\n"
	"		0x01 reserved 3\n"
	"		0x04 HASH u64 rw\n"
	"		0x0c ISR u16 w1c { TOK 0, ROK 1 }\n"
	"		0x0e IMR u16 rw\n"
	"		0x10 reserved 16\n"
	"		0x20 reserved 208\n"
	"	}\n"
	"	interrupt { cause ISR mask IMR }\n"
	"	const DEPTH = 1 << 2\n"
	"	engine tx host depth DEPTH timeout 100 ms max 1514 {\n"
	"		0xf0 GO u32 strobe\n"
	"		on write GO { frame.new(); if frame.add(value, 60) { send(tx, 5, 0) } }\n"
	"		on done { if status { cause ISR.TOK } else { cause ISR.TOK }; run tx }\n"
	"		on run { CR += room(tx) ? 0 : 1 }\n"
	"	}\n"
	"	engine rx host {\n"
	"		0xf4 AT u32 rw\n"
	"		0xf8 reserved 8\n"
	"		on frame { if frame.put(AT, 0, frame.length) { cause ISR.ROK } else { drop } }\n"
	"	}\n"
	"	proc all() { return CR.ALL }\n"
	"	filter {\n"
	"		unicast when CR.UC\n"
	"		broadcast when CR.BC && hardware.up\n"
	"		multicast HASH when CR.MC\n"
	"		promiscuous when all()\n"
	"	}\n"
	"	hardware {\n"
	"		dma out 2048 align 64\n"
	"		var up u8 = 1\n"
	"		var seen u32[2]\n"
	"		on start { CR.ALL = 1; seen[1] = CR }\n"
	"		on stop { CR = 0 }\n"
	"		on recover tx { CR = 0 }\n"
	"		on transmit tx { if !frame.store(out, 0) { return 0 }\n GO = address(out); return 1 }\n"
	"		on interrupt { let c = ISR; if c { finish tx 0; ISR = c }; return c }\n"
	"		on tick { notify 3; out.u16[2] = out.u8[0] }\n"
	"	}\n"
	"	on notify { AT = event }\n"
	"}\n";

static void test_tables(void **state)
{
	struct vpl_output output;
	struct vpio_model model;
	const struct vpb_header *header;
	const struct vpb_reg *reg;

	(void)state;
	compile(nic, &output, &model);
	header = model.header;
	assert_string_equal(vpio_model_string(&model, header->name), "nic");
	assert_string_equal(vpio_model_string(&model, header->title), "A NIC");
	assert_int_equal(header->vendor, 0x10ec);
	assert_int_equal(header->subdevice, 2);
	assert_int_equal(header->irq_pin, 1);
	assert_int_equal(header->msi, 1);
	assert_int_equal(header->flags, VPB_NIC);
	assert_int_equal(header->revision_param, 0);
	assert_int_equal(header->rx_engine, 1);
	assert_int_equal(model.params[0].count, 2);
	assert_int_equal(model.values[1], 0x20);
	assert_int_equal(model.windows[0].hw_bar, 1);
	assert_int_equal(model.engines[0].depth, 4);
	assert_int_equal(model.engines[0].timeout_ms, 100);
	assert_int_equal(model.dmas[0].align, 64);
	reg = find_reg(&model, "CR");
	assert_int_equal(reg->flags, VPB_REG_FILTER);
	assert_int_equal(reg->writable, 0xf);
	assert_int_equal(find_reg(&model, "HASH")->flags, VPB_REG_FILTER);
	reg = find_reg(&model, "ISR");
	assert_int_equal(reg->flags, VPB_REG_IRQ);
	assert_int_equal(reg->clear, 3);
	assert_int_equal(model.irqs[0].cause, reg - model.regs);
	assert_int_equal(find_reg(&model, "GO")->engine, 0);
	/* CR, 3 bytes, HASH, ISR, IMR, 224 bytes in one, GO, AT, 8 bytes */
	assert_int_equal(model.maps[0].count, 9);
	free(output.block);
}

static void test_hardware(void **state)
{
	struct machine *machine = start(nic);

	(void)state;
	assert_int_equal(machine->hardware[0], 8);
	memset(machine->memory, 0xab, 64);
	out(machine, 0x0e, 2, 3);
	memcpy(machine->memory + 6, vpio_vdev_mac(machine->vdev), 6);
	memset(machine->memory, 0xff, 6);
	out(machine, 0xf0, 4, 0);
	vpio_pdev_run(machine->pdev, false);
	assert_memory_equal(machine->dma[0].memory, machine->memory, 60);
	assert_int_equal(*(u32 *)(machine->hardware + 0xf0), 0x10000);
	machine->hardware[0x0c] = 1;
	vpio_pdev_run(machine->pdev, true);
	machine->hardware[0x0c] = 0;
	vpio_vdev_run(machine->vdev);
	assert_int_equal(in(machine, 0x0c, 2), 1);
	assert_true(vpio_vdev_irq_level(machine->vdev));
	out(machine, 0x0c, 2, 1);
	assert_false(vpio_vdev_irq_level(machine->vdev));
	assert_int_equal(vpio_vdev_stats(machine->vdev)->jobs_done, 1);
	stop(machine);
}

/* --- Code -------------------------------------------------------------------------------- */

/* The names of the instructions of the first handler. */
static void code_of(const char *model_text, char *names, size_t size)
{
	struct vpl_output output;
	struct vpio_model model;
	size_t used = 0;
	u32 i;

	compile(model_text, &output, &model);
	names[0] = '\0';
	for (i = 0; i < model.handlers[0].count; i++)
		used += (size_t)snprintf(names + used, size - used, "%s%s", i ? " " : "",
					 vpb_insn_name(model.code[i].op));
	free(output.block);
}

static void test_code(void **state)
{
	static const struct {
		const char *handler, *code;
	} cases[] = {
		{ "on read A = value", "RET" },
		{ "on read A = value + 1", "ADDI RET" },
		{ "on read A = 5", "LDI RET" },
		{ "on read A = B", "LDV RET" },
		{ "on read A = value.LOW", "EXT RET" },
		{ "on read A = value & 0xf | B", "ANDI LDV OR RET" },
		{ "on write A { A = value }", "STV RET" },
		{ "on write A { if value.BIT { A = value } }", "ANDI JZ STV RET" },
		{ "on write A { if !value.BIT { A = value } }", "ANDI JNZ STV RET" },
		{ "on write A { cause C.FIRST }", "LDI RAISE RET" },
		{ "on write A { cause C value }", "RAISE RET" },
		{ "on write A { cause C.FIRST urgent }", "LDI URGE RET" },
		{ "on write A { cause C.FIRST later }", "LDI LATER RET" },
		{ "on write A { cause C value | 1 later }", "ORI LATER RET" },
		{ "on write A { A.LOW = 0 }", "LDV ANDI STV RET" },
		{ "on write T[i] { T[i] = value }", "STX RET" },
		{ "on write A { if size == 4 && value.BIT { A = 1 } }",
		  "EQI JZ ANDI JZ LDI STV RET" },
		{ "on write A { if B { A = 1 } else { A = 2 } }",
		  "LDV JZ LDI STV RET LDI STV RET" },
		{ "on write A { repeat 4 { B += 1 } }", "CLR LDV ADDI STV LOOP RET" },
		{ "on write A { repeat 4 { if B { break } } }", "CLR LDV JNZ LOOP RET" },
		{ "on write A { keep(value, 1) }", "STV LDI STV RET" },
		{ "on write A { let k = 4\nA = value + k }", "ADDI STV RET" },
		{ "on write A { if 0 { A = 1 } }", "RET" },
		{ "deny write A when value.BIT", "ANDI JZ DENY RET STV RET" },
		{ "on write A { C.FIRST = 1; return }", "LDV ORI STV RET" },
	};
	unsigned int i;
	char names[1024];

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text),
			 "model m \"Test\" { pci 1:2 { }\nbar 0 mem 16 = w\nwindow w 16 {\n"
			 "0x00 A u32 rw { LOW 7:0, BIT 8 }\n0x04 B u32 rw\n0x08 T[2] u16 rw\n"
			 "0x0c C u16 w1c { FIRST 0 }\n0x0e reserved 2\n}\n"
			 "proc keep(x, y) { A = x; B = y }\n%s\n}\n",
			 cases[i].handler);
		code_of(text, names, sizeof(names));
		if (strcmp(names, cases[i].code))
			fail_msg("%s: %s; expected %s", cases[i].handler, names, cases[i].code);
	}
}

/* --- Wrong models ------------------------------------------------------------------------ */

/* What the compiler says of a text; the caller frees it. */
static char *complaint(const char *name, const char *source, size_t size)
{
	char *message = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&message, &length);
	struct vpl_output output;

	assert_non_null(file);
	if (!vpl_compile(name, source, size, &output, file)) {
		free(output.block);
		fail_msg("%s is accepted", name);
	}
	fclose(file);
	return message;
}

static char *read_text(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *source = calloc(1, TEXT);

	if (!file)
		fail_msg("cannot open %s", path);
	*size = fread(source, 1, TEXT - 1, file);
	fclose(file);
	return source;
}

/* The first line of each file says what is expected: "# expect: LINE:COLUMN: MESSAGE [CHECK]". */
static void check_wrong(const char *name)
{
	static const char mark[] = "# expect: ";
	char path[PATH_MAX], expected[1024], *source, *message, *end, *line, *caret;
	unsigned int number = 0, column = 0, lines = 0;
	size_t size;

	snprintf(path, sizeof(path), WRONG "/%s", name);
	source = read_text(path, &size);
	if (strncmp(source, mark, strlen(mark)) ||
	    sscanf(source + strlen(mark), "%u:%u: ", &number, &column) != 2)
		fail_msg("%s: expected \"%sLINE:COLUMN: MESSAGE [CHECK]\" in the first line", path,
			 mark);
	line = strstr(source + strlen(mark), ": ") + 2;
	snprintf(expected, sizeof(expected), "%s:%u:%u: error: %.*s\n", name, number, column,
		 (int)strcspn(line, "\n"), line);
	message = complaint(name, source, size);
	if (strncmp(message, expected, strlen(expected)))
		fail_msg("%s says %s instead of %s", path, message, expected);
	for (end = message; *end; end++)
		lines += *end == '\n';
	if (lines != 3)
		fail_msg("%s: expected one error, its line and a caret, found %s", path, message);
	caret = strchr(strchr(message + strlen(expected), '\n') + 1, '^');
	assert_non_null(caret);
	free(message);
	free(source);
}

static unsigned int count_wrong(const char *check)
{
	struct dirent *entry;
	unsigned int count = 0;
	DIR *directory = opendir(WRONG);
	char path[PATH_MAX], wanted[128], *source;
	size_t size;

	if (!directory)
		fail_msg("cannot open %s; run the tests from the tree's top", WRONG);
	snprintf(wanted, sizeof(wanted), "[%s]\n", check ? check : "");
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!check) {
			check_wrong(entry->d_name);
			count++;
			continue;
		}
		snprintf(path, sizeof(path), WRONG "/%s", entry->d_name);
		source = read_text(path, &size);
		count += strstr(source, wanted) != NULL;
		free(source);
	}
	closedir(directory);
	return count;
}

static void test_wrong_models(void **state)
{
	(void)state;
	assert_true(count_wrong(NULL) >= 200);
}

static void test_each_check_has_a_wrong_model(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; vpl_check(i); i++) {
		if (!count_wrong(vpl_check(i)->name))
			fail_msg("no wrong model for the check '%s'", vpl_check(i)->name);
	}
	assert_true(i > 30);
}

/* Every beginning of a model, and every model with one byte changed, is met without a crash. */
static void test_broken_models(void **state)
{
	char *broken = malloc(sizeof(nic));
	struct vpl_output output;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(nic) - 1; i++) {
		vpl_compile("beginning", nic, i, NULL, NULL);
		memcpy(broken, nic, sizeof(nic));
		broken[i] ^= (char)(1 << i % 8);
		if (!vpl_compile("changed", broken, sizeof(nic) - 1, &output, NULL))
			free(output.block);
	}
	free(broken);
	assert_int_equal(vpl_compile("long", nic, (size_t)1 << 40, NULL, NULL), -1);
}

static void test_caret_under_tabs(void **state)
{
	static const char source[] = "model m \"T\" {\n\t\tpci\tx\n}\n";
	char *message = complaint("f.vpm", source, strlen(source));

	(void)state;
	assert_string_equal(message,
			    "f.vpm:2:7: error: expected the PCI vendor, found 'x' [syntax]\n"
			    "\t\tpci\tx\n"
			    "\t\t   \t^\n");
	free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_random_expressions),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_banks),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_hardware),
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_wrong_models),
		cmocka_unit_test(test_each_check_has_a_wrong_model),
		cmocka_unit_test(test_broken_models),
		cmocka_unit_test(test_caret_under_tabs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
