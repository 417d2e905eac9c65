// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio model show, graph and doc: what they print of the tree's models and of a small one is what
 * the model says, and what follows from it.
 */
#include "commands.h"

#include "../lang/lang.h"

#define RTL8139 "models/rtl8139.vpm"
#define EDU	"models/edu.vpm"
#define NE2000	"models/ne2000.vpm"

/* A slice engine and a host engine, a register of each kind. The tests name its lines. */
static const char model_text[] =
	"model card \"A <card> & more\" {\n"
	"	pci 0x1234:0x5678 { class 0xff0000 pin A msi 1 }\n"
	"	param speed = 10 | 100 \"how <fast>\"\n"
	"	bar 0 mem 8192 = regs\n"
	"	window regs 8192 {\n"
	"		0x00 CTRL	u32 rw { GO 0, MODE 3:1 }\n" /* line 6 */
	"		0x04 STATUS	u32 rw { BUSY 0 }\n"
	"		0x08 CAUSE	u16 w1c { DONE 0 }\n"
	"		0x0a MASK	u16 rw\n"
	"		0x0c KICK	u32 strobe\n"
	"		0x10 reserved 4080\n"
	"	}\n"
	"	interrupt { cause CAUSE mask MASK }\n"
	"	on write CTRL when GO { CTRL = value }\n" /* line 14 */
	"	on write KICK { if start(unit, value, 0) { STATUS.BUSY = 1 } }\n"
	"	deny write MASK when value == 7\n"
	"	engine unit slice timeout 250 ms {\n"
	"		0x1000 INPUT[1022] u32 rw\n" /* line 18 */
	"		0x1ff8 RESULT	u32 ro\n"
	"		0x1ffc FIRE	u32 rw\n"
	"		var rounds u32\n"
	"		on write FIRE { FIRE = value }\n"
	"		on start { FIRE = a; busy = 1; rounds += 1 }\n" /* line 23 */
	"		on idle = !busy\n"
	"		on recover { busy = 0 }\n"
	"		on done { STATUS.BUSY = 0; cause CAUSE.DONE }\n"
	"	}\n"
	"	hardware {\n"
	"		var busy u8\n"
	"		on start { } on stop { }\n"
	"		on interrupt { busy = 0; finish unit 0; return 1 }\n" /* line 31 */
	"	}\n"
	"}\n";

/* Runs a command on the small model. */
static struct said output_of(void **state, const char *command, const char *option)
{
	const char *card = path_in(state, "card.vpm");
	struct said said;

	write_text(card, model_text);
	said = said_by(command, card, option, NULL);
	if (said.code != TOOL_OK || *said.errors)
		fail_msg("%s: exit code %d: %s", command, said.code, said.errors);
	return said;
}

static unsigned int count_of(const char *text, const char *part)
{
	unsigned int count = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		count++;
	return count;
}

/* A line that begins with a word has these parts, in this order. */
static void assert_row(const char *text, const char *word, const char *const *parts)
{
	char start[64], *row;
	const char *line, *at;

	snprintf(start, sizeof(start), "\n  %s ", word);
	line = strstr(text, start);
	if (!line) {
		fail_msg("expected a row '%s' in:\n%s", word, text);
		return;
	}
	row = strndup(line + 1, strcspn(line + 1, "\n"));
	for (at = row; *parts; parts++) {
		at = strstr(at, *parts);
		if (!at)
			fail_msg("expected '%s' in: %s", *parts, row);
		at += strlen(*parts);
	}
	free(row);
}

#define ROW(text, word, ...) assert_row(text, word, (const char *const[]){ __VA_ARGS__, NULL })

/* The part of a text from a heading on. */
static const char *from(const char *text, const char *heading)
{
	const char *found = strstr(text, heading);

	if (!found)
		fail_msg("expected \"%s\" in:\n%s", heading, text);
	return found;
}

/* --- show -------------------------------------------------------------------------------- */

static void test_show_what_is_said(void **state)
{
	struct said said = output_of(state, "show", NULL);

	assert_says(said.out, "card: A <card> & more\n");
	assert_says(said.out, "PCI 1234:5678 class ff0000");
	assert_says(said.out, "INTA, MSI");
	assert_says(said.out, "BAR 0: memory, 8192 bytes, window regs\n");
	ROW(said.out, "speed", "0xa | 0x64", "how <fast>");
	ROW(from(said.out, "\nRegisters"), "0x08", "CAUSE", "u16", "w1c");
	ROW(from(said.out, "\nRegisters"), "0x1000", "INPUT[1022]", "u32", "rw", "unit");
	assert_says(said.out, ".MODE");
	assert_says(said.out, "3:1");
	ROW(from(said.out, "\nEngines"), "unit", "slice", "250 ms", "recover 25", "done 26",
	    "start 23", "idle 24");
	ROW(from(said.out, "\nInterrupt line"), "CAUSE", "MASK");
	said_free(&said);
}

/* What an access meets, and why: the line, the rule. */
static void test_show_what_accesses_meet(void **state)
{
	struct said said = output_of(state, "show", NULL);
	const char *table = from(said.out, "\nWhat a guest's access meets");

	ROW(table, "CTRL", "6", "the vdev's",
	    "hook `on write CTRL`, line 14 if a 1 is written to GO; else is kept");
	ROW(table, "CAUSE", "8", "the vdev's",
	    "the vdev's, a 1 clears; the interrupt line follows");
	ROW(table, "MASK", "9", "the vdev's", "hook `write MASK, denied by line 16`",
	    "the interrupt line follows");
	ROW(table, "KICK", "10", "0 (strobe)", "hook `on write KICK`, line 15");
	ROW(table, "INPUT", "18", "hardware for the owner of unit, else what was saved",
	    "hardware for the owner of unit");
	ROW(table, "RESULT", "19", "hardware for the owner of unit", "nothing (ro)");
	assert_says(table, "(4 hooks;");
	said_free(&said);
}

/* What a hand-off does, in which order, and what it leaves. */
static void test_show_hand_off(void **state)
{
	struct said said = output_of(state, "show", NULL);
	const char *table = from(said.out, "\nHand-off of unit\n");

	ROW(table, "asked for", "in on write KICK, line 15");
	ROW(table, "on start of unit, line 23", "begins");
	ROW(table, "on idle of unit, line 24", "says when");
	ROW(table, "on recover of unit, line 25", "after the timeout");
	ROW(table, "saved", "INPUT RESULT FIRE");
	ROW(table, "restored", "INPUT");
	ROW(table, "not restored", "RESULT (ro), FIRE (its write is hooked)");
	ROW(table, "kept", "rounds");
	said_free(&said);
}

static void test_show_pages(void **state)
{
	struct said said = output_of(state, "show", NULL);
	const char *table = from(said.out, "\nPages that a guest could have mapped");

	assert_says(table, "0 to 0  no: CTRL (line 6) is the vdev's own\n");
	assert_says(table, "1 to 1  no: RESULT (line 19) can't be saved by reading");
	said_free(&said);
}

/* The code is there if it is asked for, with each handler of the table. */
static void test_show_code(void **state)
{
	struct said plain = output_of(state, "show", NULL), said = output_of(state, "show", "--code");

	assert_silent_of(plain.out, "HWR");
	assert_memory_equal(said.out, plain.out, strlen(plain.out));
	assert_says(said.out, "\non start of unit (line 23)\n");
	assert_says(from(said.out, "\non start of unit (line 23)\n"), " FIRE\n");
	assert_says(from(said.out, "\non write KICK (line 15)\n"), "START ");
	said_free(&plain);
	said_free(&said);
}

/* A compiled model says the same as its source. */
static void test_show_compiled(void **state)
{
	const char *compiled = path_in(state, "card.vpb");
	struct said source, other;

	source = output_of(state, "show", "--code");
	other = said_by("compile", path_in(state, "card.vpm"), "-o", compiled, NULL);
	assert_int_equal(other.code, TOOL_OK);
	said_free(&other);
	other = said_by("show", compiled, "--code", NULL);
	assert_int_equal(other.code, TOOL_OK);
	assert_string_equal(other.out, source.out);
	said_free(&source);
	said_free(&other);
}

static void test_bad_input(void **state)
{
	static const char *const commands[] = { "show", "graph", "doc" };
	const char *card = path_in(state, "card.vpm");
	struct said said;
	unsigned int i;

	write_text(card, "model card {\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		said = said_by(commands[i], card, NULL);
		assert_int_equal(said.code, TOOL_BAD_INPUT);
		assert_says(said.errors, "card.vpm:1:");
		assert_string_equal(said.out, "");
		said_free(&said);
		said = said_by(commands[i], NULL);
		assert_int_equal(said.code, TOOL_USAGE);
		said_free(&said);
		said = said_by(commands[i], path_in(state, "none"), NULL);
		assert_int_equal(said.code, TOOL_BAD_INPUT);
		assert_says(said.errors, "none: cannot open it");
		said_free(&said);
	}
}

/* --- Elements of a document -------------------------------------------------------------- */

enum { DEEPEST = 64 };

/* The elements that are open. */
struct elements {
	const char *open[DEEPEST];
	size_t length[DEEPEST];
	unsigned int depth;
	unsigned int count; /* of all that were opened */
};

static bool is_void(const char *name, size_t length)
{
	return length == 4 && !strncmp(name, "meta", 4); /* the one of HTML's that doc writes */
}

/* Behind the attributes of an element: each has a name and a quoted value without '<'. */
static const char *skip_attributes(const char *at)
{
	for (;;) {
		at += strspn(at, " \n\t");
		if (*at == '>' || *at == '/')
			return at;
		at += strcspn(at, "= >\n");
		if (strncmp(at, "=\"", 2))
			fail_msg("expected an attribute's value: %.40s", at);
		at += 2;
		at += strcspn(at, "\"<");
		if (*at != '"')
			fail_msg("expected an attribute's end: %.40s", at);
		at++;
	}
}

static const char *take_element(struct elements *elements, const char *at)
{
	const char *name = at + 1;
	size_t length;

	if (*name == '/') {
		name++;
		length = strcspn(name, ">");
		if (!elements->depth || elements->length[elements->depth - 1] != length ||
		    strncmp(elements->open[elements->depth - 1], name, length))
			fail_msg("an end without a start: %.40s", at);
		elements->depth--;
		return name + length + 1;
	}
	length = strcspn(name, " \n\t/>");
	assert_true(length && elements->depth < DEEPEST);
	elements->count++;
	at = skip_attributes(name + length);
	if (*at == '/')
		return at + 2;
	if (is_void(name, length))
		return at + 1;
	elements->open[elements->depth] = name;
	elements->length[elements->depth++] = length;
	return at + 1;
}

/* Each '&' begins a reference to a character. */
static const char *take_reference(const char *at)
{
	const size_t length = strcspn(at, "; <\n");

	if (at[length] != ';' || length < 2)
		fail_msg("expected a reference: %.20s", at);
	return at + length + 1;
}

/* Checks that a document is well-formed; returns how many elements it has. */
static unsigned int well_formed(const char *text)
{
	struct elements elements = { .depth = 0 };
	const char *at = text;

	while (*at) {
		if (!strncmp(at, "<!--", 4))
			at = from(at, "-->") + 3;
		else if (!strncmp(at, "<!", 2) || !strncmp(at, "<?", 2))
			at = from(at, ">") + 1;
		else if (*at == '<')
			at = take_element(&elements, at);
		else if (*at == '&')
			at = take_reference(at);
		else
			at++;
	}
	if (elements.depth)
		fail_msg("not ended: %.40s", elements.open[elements.depth - 1]);
	return elements.count;
}

/* --- graph ------------------------------------------------------------------------------- */

static const char *const slice_states[] = { "nobody's", "owned",     "granted",
					    "saving",	"restoring", "aborted" };

/* In graphviz's language: the states of each engine, and who leads from one to another. */
static void test_graph_source(void **state)
{
	const char *card = path_in(state, "card.vpm");
	struct said said;
	unsigned int i;

	write_text(card, model_text);
	said = said_by("graph", "-T", "dot", card, NULL);
	assert_int_equal(said.code, TOOL_OK);
	assert_says(said.out, "digraph");
	assert_says(said.out, "label=\"unit (slice)\"");
	for (i = 0; i < ARRAY_SIZE(slice_states); i++) {
		char label[32];

		snprintf(label, sizeof(label), "[label=\"%s\"]", slice_states[i]);
		assert_int_equal(count_of(said.out, label), 1);
	}
	assert_says(from(said.out, "e0_nobody -> e0_restoring"), "on write KICK, line 15");
	assert_says(from(said.out, "e0_owned -> e0_owned"), "on interrupt, line 31");
	assert_says(from(said.out, "e0_owned -> e0_aborted"), "250 ms");
	assert_says(from(said.out, "e0_owned -> e0_aborted"), "on recover of unit,");
	said_free(&said);
}

/* The text that a drawing shows: its <text> elements, one a line. */
static char *shown_text(const char *svg)
{
	char *text = calloc(1, strlen(svg) + 1);
	size_t used = 0;

	for (svg = strstr(svg, "<text "); svg; svg = strstr(svg, "<text ")) {
		const char *start = strchr(svg, '>') + 1;
		const size_t length = strcspn(start, "<");

		memcpy(text + used, start, length);
		used += length;
		text[used++] = '\n';
		svg = start;
	}
	return text;
}

static void assert_drawing(const char *name, unsigned int slices, const char *const *parts)
{
	struct said said = said_by("graph", name, NULL);
	char *shown;
	unsigned int i;

	assert_int_equal(said.code, TOOL_OK);
	assert_string_equal(said.errors, "");
	assert_says(said.out, "<svg");
	assert_true(well_formed(said.out) > 20);
	shown = shown_text(said.out);
	for (; *parts; parts++)
		assert_says(shown, *parts);
	for (i = 0; i < ARRAY_SIZE(slice_states); i++) {
		/* graphviz writes "nobody&#39;s"; what is before it is enough */
		char line[32];

		snprintf(line, sizeof(line), "\n%.*s", (int)strcspn(slice_states[i], "'"),
			 slice_states[i]);
		if (count_of(shown, line) < slices)
			fail_msg("expected '%s' %u times in:\n%s", slice_states[i], slices, shown);
	}
	free(shown);
	said_free(&said);
}

static void test_graph_drawn(void **state)
{
	(void)state;
	assert_drawing(EDU, 2,
		       (const char *const[]){ "fact (slice)", "dma (slice)",
					      "on recover of dma, line", "not idle for 5000 ms",
					      NULL });
	assert_drawing(
		NE2000, 1,
		(const char *const[]){ "tx (slice)", "rx (host)", "on restore of tx, line", NULL });
	assert_drawing(RTL8139, 0,
		       (const char *const[]){ "tx (host)", "rx (host)", "queued", "on the hardware",
					      "a frame for this guest", "after 1000 ms",
					      "on transmit tx, line", NULL });
}

static void test_graph_file(void **state)
{
	const char *name = path_in(state, "edu.svg");
	struct said said = said_by("graph", EDU, "-o", name, NULL), other;
	FILE *file;
	char *text;

	assert_int_equal(said.code, TOOL_OK);
	assert_string_equal(said.out, "");
	file = fopen(name, "r");
	assert_non_null(file);
	text = said_text(file);
	other = said_by("graph", EDU, NULL);
	assert_string_equal(text, other.out);
	free(text);
	said_free(&said);
	said_free(&other);
}

/* Without graphviz the message says what to do, and nothing is left of a file. */
static void test_graph_without_dot(void **state)
{
	const char *name = path_in(state, "edu.svg");
	char *path = strdup(getenv("PATH"));
	struct said said, source;

	setenv("PATH", *state, 1);
	said = said_by("graph", EDU, "-o", name, NULL);
	source = said_by("graph", EDU, "-T", "dot", NULL);
	setenv("PATH", path, 1);
	free(path);
	assert_int_equal(said.code, TOOL_BAD_INPUT);
	assert_string_equal(
		said.errors,
		"vpio: cannot run `dot`, which draws the graph: install graphviz, or ask "
		"for the graph's source with -T dot\n");
	assert_int_equal(access(name, F_OK), -1);
	assert_int_equal(source.code, TOOL_OK); /* which needs no dot */
	said_free(&said);
	said_free(&source);
}

static void test_graph_format(void **state)
{
	struct said said = said_by("graph", "-T", "png", EDU, NULL);

	(void)state;
	assert_int_equal(said.code, TOOL_USAGE);
	assert_says(said.errors, "-T svg|dot");
	said_free(&said);
}

/* --- doc --------------------------------------------------------------------------------- */

/* Every register and field, engine, parameter and handler of a model is in its page. */
static void assert_page_of(const char *name)
{
	struct said compiled, said = said_by("doc", name, NULL);
	char path[] = "/tmp/vpio-test.XXXXXX";
	const int handle = mkstemp(path);
	struct vpio_model model;
	char *block, part[256];
	FILE *file;
	size_t size;
	u32 i, j;

	assert_int_equal(said.code, TOOL_OK);
	assert_true(handle >= 0);
	close(handle);
	compiled = said_by("compile", name, "-o", path, NULL);
	assert_int_equal(compiled.code, TOOL_OK);
	file = fopen(path, "rb");
	block = calloc(1, SAID_MOST);
	size = fread(block, 1, SAID_MOST, file);
	fclose(file);
	unlink(path);
	assert_int_equal(vpio_model_load(&model, block, size, NULL), 0);
	assert_true(well_formed(said.out) > 10 * model.header->regs.count);
	for (i = 0; i < model.header->regs.count; i++) {
		const struct vpb_reg *reg = &model.regs[i];
		const char *section;

		snprintf(part, sizeof(part), "<h3 id=\"r%u\"><code>0x%02x", i, reg->offset);
		assert_int_equal(count_of(said.out, part), 1);
		section = from(said.out, part);
		assert_says(section, tool_name(&model, reg->name));
		snprintf(part, sizeof(part), "Described in line %u.", reg->line);
		assert_says(section, part);
		for (j = 0; j < reg->fields; j++) {
			snprintf(part, sizeof(part), "<td class=\"n\">%s</td>",
				 tool_name(&model, model.fields[reg->field + j].name));
			assert_says(section, part);
		}
	}
	for (i = 0; i < model.header->engines.count; i++) {
		snprintf(part, sizeof(part), "<h3><code>%s</code> &mdash; ",
			 tool_name(&model, model.engines[i].name));
		assert_int_equal(count_of(said.out, part), 1);
	}
	for (i = 0; i < model.header->handlers.count; i++) {
		snprintf(part, sizeof(part), "<td>%s</td><td>%u</td>",
			 tool_name(&model, model.handlers[i].name), model.handlers[i].line);
		assert_says(from(said.out, "<h2>Handlers</h2>"), part);
	}
	free(block);
	said_free(&compiled);
	said_free(&said);
}

static void test_doc_is_whole(void **state)
{
	(void)state;
	assert_page_of(RTL8139);
	assert_page_of(EDU);
	assert_page_of(NE2000);
}

/* What is text in the model is text in the page. */
static void test_doc_escapes(void **state)
{
	struct said said = output_of(state, "doc", NULL);

	well_formed(said.out);
	assert_says(said.out, "<h1>A &lt;card&gt; &amp; more</h1>");
	assert_silent_of(said.out, "<card>");
	assert_says(said.out, "how &lt;fast&gt;");
	said_free(&said);
}

/* A register's bits are drawn from the highest down, each field as wide as it is. */
static void test_doc_bits(void **state)
{
	struct said said = output_of(state, "doc", NULL);
	const char *section = from(said.out, "</code> &mdash; </h3>");

	assert_says(section, "<th>31</th><th>30</th>");
	assert_says(section, "<td colspan=\"12\" class=\"none\"></td><td colspan=\"3\">MODE</td>"
			     "<td colspan=\"1\">GO</td>");
	assert_says(section, "<td class=\"n\">3:1</td><td class=\"n\">MODE</td><td>rw</td>");
	said_free(&said);
}

/* What was derived is there, too. */
static void test_doc_derived(void **state)
{
	struct said said = output_of(state, "doc", NULL);

	assert_says(said.out, "Read: hardware for the owner of unit, else what was saved. Write: "
			      "hook `on write FIRE`, line 22.");
	assert_says(said.out, "A hand-off saves: <code>INPUT RESULT FIRE</code>");
	assert_says(said.out, "and restores: <code>INPUT</code>");
	assert_says(said.out, "Variables that belong to the owner: <code>rounds</code>");
	said_free(&said);
}

#define WITH_DIRECTORY(name) \
	cmocka_unit_test_setup_teardown(test_##name, directory_setup, directory_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(show_what_is_said),
		WITH_DIRECTORY(show_what_accesses_meet),
		WITH_DIRECTORY(show_hand_off),
		WITH_DIRECTORY(show_pages),
		WITH_DIRECTORY(show_code),
		WITH_DIRECTORY(show_compiled),
		WITH_DIRECTORY(bad_input),
		WITH_DIRECTORY(graph_source),
		cmocka_unit_test(test_graph_drawn),
		WITH_DIRECTORY(graph_file),
		WITH_DIRECTORY(graph_without_dot),
		cmocka_unit_test(test_graph_format),
		cmocka_unit_test(test_doc_is_whole),
		WITH_DIRECTORY(doc_escapes),
		WITH_DIRECTORY(doc_bits),
		WITH_DIRECTORY(doc_derived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
