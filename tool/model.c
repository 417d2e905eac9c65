// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio model ...: compile, check, show, draw and print models. A file is taken for a compiled model
 * if it begins as one, else for a model's source.
 */
#define _GNU_SOURCE /* asprintf, open_memstream */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lang/lang.h"
#include "coverage.h"

enum {
	MOST_BYTES = 1 << 24, /* of a file that is read at all */
};

/* A file in memory, with a model in it. */
struct input {
	const char *name;
	char *text;
	size_t size;
	void *block; /* the compiled model: text itself, or made from it */
	size_t block_size;
	struct vpio_model model;
};

static int complain(const char *name, const char *what)
{
	fprintf(stderr, "vpio: %s: %s\n", name, what);
	return TOOL_BAD_INPUT;
}

static int complain_errno(const char *name, const char *doing)
{
	fprintf(stderr, "vpio: %s: cannot %s: %s\n", name, doing, strerror(errno));
	return TOOL_BAD_INPUT;
}

/* Reads all of a file; 0, or an exit code. */
static int read_file(struct input *input)
{
	FILE *file = fopen(input->name, "rb");
	size_t got, room = 0;
	char *larger;

	if (!file)
		return complain_errno(input->name, "open it");
	do {
		room += 1 << 16;
		larger = realloc(input->text, room);
		if (!larger)
			break;
		input->text = larger;
		got = fread(input->text + input->size, 1, room - input->size, file);
		input->size += got;
	} while (got && room <= MOST_BYTES);
	if (!larger || ferror(file) || room > MOST_BYTES) {
		const int result = ferror(file) ? complain_errno(input->name, "read it")
						: complain(input->name, "too large for a model");

		fclose(file);
		return result;
	}
	fclose(file);
	return TOOL_OK;
}

static bool is_compiled(const struct input *input)
{
	static const u32 magic = VPB_MAGIC;

	return input->size >= sizeof(magic) && !memcmp(input->text, &magic, sizeof(magic));
}

static void free_input(struct input *input)
{
	if (input->block != input->text)
		free(input->block);
	free(input->text);
}

/* Reads a model, compiles it if it is a source, and verifies it as the monitor does. */
static int load(struct input *input)
{
	struct vpl_output output = { 0 };
	struct vpio_error error;
	int result = read_file(input);

	if (result)
		return result;
	if (is_compiled(input)) {
		input->block = input->text;
		input->block_size = input->size;
	} else {
		if (vpl_compile(input->name, input->text, input->size, &output, stderr))
			return TOOL_BAD_INPUT;
		input->block = output.block;
		input->block_size = output.size;
	}
	if (!vpio_model_load(&input->model, input->block, input->block_size, &error))
		return TOOL_OK;
	fprintf(stderr, "vpio: %s: refused at byte %u of the compiled model: %s\n", input->name,
		error.offset, error.reason);
	if (!is_compiled(input))
		fputs("vpio: this is a fault of the compiler, please report it with the model\n",
		      stderr);
	return TOOL_BAD_INPUT;
}

/* --- compile ----------------------------------------------------------------------------- */

/* Writes a file that appears as a whole or not at all. */
static int write_file(const char *name, const void *data, size_t size)
{
	char *temporary;
	mode_t mask;
	int handle, result = TOOL_OK;

	if (asprintf(&temporary, "%s.XXXXXX", name) < 0)
		return complain(name, "out of memory");
	handle = mkstemp(temporary);
	if (handle < 0) {
		result = complain_errno(name, "make a file beside it");
		free(temporary);
		return result;
	}
	mask = umask(0);
	umask(mask);
	if (write(handle, data, size) != (ssize_t)size || fchmod(handle, 0666 & ~mask) ||
	    fsync(handle))
		result = complain_errno(name, "write it");
	close(handle);
	if (!result && rename(temporary, name))
		result = complain_errno(name, "put it in its place");
	if (result)
		unlink(temporary);
	free(temporary);
	return result;
}

static int usage(const char *command)
{
	const struct tool_command *other = tool_model_commands;

	while (strcmp(other->name, command))
		other++;
	fprintf(stderr, "usage: vpio model %s %s\n", other->name, other->arguments);
	return TOOL_USAGE;
}

static int compile(int count, char **arguments)
{
	struct input input = { 0 };
	const char *output = NULL;
	int result, i;

	for (i = 0; i < count; i++) {
		if (!strcmp(arguments[i], "-o") && i + 1 < count)
			output = arguments[++i];
		else if (arguments[i][0] == '-' || input.name)
			return usage("compile");
		else
			input.name = arguments[i];
	}
	if (!input.name || !output)
		return usage("compile");
	result = load(&input);
	if (!result && is_compiled(&input))
		result = complain(input.name, "is compiled already; expected a model's source");
	if (!result)
		result = write_file(output, input.block, input.block_size);
	free_input(&input);
	return result;
}

/* --- check and show ---------------------------------------------------------------------- */

static int check(int count, char **arguments)
{
	struct input input = { 0 };
	const struct vpb_header *header;
	int result;

	if (count != 1 || arguments[0][0] == '-')
		return usage("check");
	input.name = arguments[0];
	result = load(&input);
	if (!result) {
		header = input.model.header;
		printf("%s: ok, %u registers, %u hooks, %u engines, %u handlers, "
		       "%u instructions, %zu bytes\n",
		       input.name, header->regs.count, tool_hooks(&input.model),
		       header->engines.count, header->handlers.count, header->code.count,
		       input.block_size);
	}
	free_input(&input);
	return result;
}

static int show(int count, char **arguments)
{
	struct input input = { 0 };
	bool code = false;
	int result, i;

	for (i = 0; i < count; i++) {
		if (!strcmp(arguments[i], "--code"))
			code = true;
		else if (arguments[i][0] == '-' || input.name)
			return usage("show");
		else
			input.name = arguments[i];
	}
	if (!input.name)
		return usage("show");
	result = load(&input);
	if (!result)
		tool_show(&input.model, stdout, code);
	free_input(&input);
	return result;
}

/* --- graph and doc ----------------------------------------------------------------------- */

/* What a command makes of a model: a text, which goes to a file or to the terminal. */
struct product {
	const char *name; /* NULL: standard output */
	char *text;
	size_t size;
};

static int deliver(const struct product *product)
{
	if (product->name)
		return write_file(product->name, product->text, product->size);
	if (fwrite(product->text, 1, product->size, stdout) == product->size && !fflush(stdout))
		return TOOL_OK;
	return complain_errno("standard output", "write to it");
}

static int print_to(const struct vpio_model *model, struct product *product,
		    void (*print)(const struct vpio_model *model, FILE *file))
{
	FILE *file = open_memstream(&product->text, &product->size);

	if (!file)
		return complain("the output", "out of memory");
	print(model, file);
	if (!fclose(file))
		return TOOL_OK;
	return complain("the output", "out of memory");
}

static int draw(struct product *product)
{
	char *drawing = NULL;
	size_t size = 0;
	int result = tool_draw(product->text, product->size, &drawing, &size);

	if (result)
		return result;
	free(product->text);
	product->text = drawing;
	product->size = size;
	return TOOL_OK;
}

static int graph(int count, char **arguments)
{
	struct product product = { .name = NULL };
	struct input input = { 0 };
	const char *format = "svg";
	int result, i;

	for (i = 0; i < count; i++) {
		if (!strcmp(arguments[i], "-o") && i + 1 < count)
			product.name = arguments[++i];
		else if (!strcmp(arguments[i], "-T") && i + 1 < count)
			format = arguments[++i];
		else if (arguments[i][0] == '-' || input.name)
			return usage("graph");
		else
			input.name = arguments[i];
	}
	if (!input.name || (strcmp(format, "svg") && strcmp(format, "dot")))
		return usage("graph");
	result = load(&input);
	if (!result)
		result = print_to(&input.model, &product, tool_graph);
	if (!result && !strcmp(format, "svg"))
		result = draw(&product);
	if (!result)
		result = deliver(&product);
	free(product.text);
	free_input(&input);
	return result;
}

static int doc(int count, char **arguments)
{
	struct product product = { .name = NULL };
	struct input input = { 0 };
	int result, i;

	for (i = 0; i < count; i++) {
		if (!strcmp(arguments[i], "-o") && i + 1 < count)
			product.name = arguments[++i];
		else if (arguments[i][0] == '-' || input.name)
			return usage("doc");
		else
			input.name = arguments[i];
	}
	if (!input.name)
		return usage("doc");
	result = load(&input);
	if (!result)
		result = print_to(&input.model, &product, tool_doc);
	if (!result)
		result = deliver(&product);
	free(product.text);
	free_input(&input);
	return result;
}

/* --- coverage ---------------------------------------------------------------------------- */

static int replay_all(struct coverage *coverage, char **traces, int count, bool json)
{
	int i;

	for (i = 0; i < count; i++) {
		if (!coverage_replay(coverage, traces[i], stderr))
			return TOOL_BAD_INPUT;
	}
	if (!json)
		coverage_print(coverage, stdout);
	if ((json && !coverage_print_json(coverage, stdout)) || fflush(stdout))
		return complain_errno("standard output", "write to it");
	return coverage_is_complete(coverage) ? TOOL_OK : TOOL_BAD_INPUT;
}

static int coverage_help(void)
{
	puts("usage: vpio model coverage [--json] FILE TRACE...\n"
	     "\n"
	     "Replays traces that `vpio model record` wrote against the model FILE, source or compiled:\n"
	     "which registers, fields and handlers they exercise, and which accesses the model does not\n"
	     "describe. docs/recording.md explains what is said. --json: for a program.\n"
	     "Exit code: 0 every access is described, 1 one is not, or a trace is malformed or of\n"
	     "another device, 2 wrong usage.\n"
	     "\n"
	     "Example: what 8139cp and 8139too do, together\n"
	     "    vpio model coverage models/rtl8139.vpm 8139cp.jsonl 8139too.jsonl");
	return TOOL_OK;
}

static int coverage(int count, char **arguments)
{
	const bool json = count && !strcmp(arguments[0], "--json");
	struct input input = { 0 };
	struct coverage coverage;
	int result;

	if (count && (!strcmp(arguments[0], "--help") || !strcmp(arguments[0], "-h")))
		return coverage_help();
	arguments += json;
	count -= json;
	if (count < 2 || arguments[0][0] == '-')
		return usage("coverage");
	input.name = arguments[0];
	result = load(&input);
	if (!result && !coverage_init(&coverage, &input.model))
		result = complain(input.name, "out of memory");
	if (!result) {
		result = replay_all(&coverage, arguments + 1, count - 1, json);
		coverage_free(&coverage);
	}
	free_input(&input);
	return result;
}

/* The name under which the monitor looks for a model, without its ".vpb". */
static int id(int count, char **arguments)
{
	struct input input = { 0 };
	int result;

	if (count != 1 || arguments[0][0] == '-')
		return usage("id");
	input.name = arguments[0];
	result = load(&input);
	if (!result)
		printf("%04x-%04x\n", input.model.header->vendor, input.model.header->device);
	free_input(&input);
	return result;
}

const struct tool_command tool_model_commands[] = {
	{ "compile", "FILE -o OUT", "compile a model, for the monitor to load", compile },
	{ "check", "FILE", "say whether a model, source or compiled, is right", check },
	{ "show", "FILE [--code]",
	  "show a model, source or compiled: registers, engines, what was derived and why; with "
	  "--code the handlers",
	  show },
	{ "graph", "FILE [-o OUT.svg] [-T svg|dot]",
	  "draw the states of a model's engines, through graphviz; -T dot: the graph's source",
	  graph },
	{ "doc", "FILE [-o OUT.html]", "write a model as the register chapter of a datasheet",
	  doc },
	{ "record", "[-o TRACE] [-p PROPERTY=VALUE]... ADDRESS -- QEMU [ARGUMENT]...",
	  "run QEMU with the PCI device ADDRESS passed through, and write what the guest's driver "
	  "does to it; --help says more",
	  tool_record },
	{ "coverage", "[--json] FILE TRACE...",
	  "say what recorded traces exercise of a model, and which accesses it does not describe: "
	  "exit code 1 if there is one",
	  coverage },
	{ "id", "FILE", "print the PCI vendor and device of a model, as in 10ec-8139", id },
	{ NULL, NULL, NULL, NULL },
};
