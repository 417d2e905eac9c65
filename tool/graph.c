// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The states of a model's engines as a graph: which handler of the model leads from one to the
 * next, and after which time the monitor does. Drawn by graphviz's `dot`.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

enum {
	NOT_THERE = 127, /* exit code of a child that could not run its program */
	WRAP = 34,	 /* columns of a label after which it goes on in another line */
};

/* What is drawn, and of which engine. */
struct graph {
	const struct vpio_model *model;
	FILE *file;
	u32 engine;
};

static const struct vpb_engine *engine_of(const struct graph *graph)
{
	return &graph->model->engines[graph->engine];
}

/* Text in quotes, wrapped at blanks, with a margin before each line. */
static void print_label(FILE *file, const char *text, const char *margin)
{
	int column = 0;

	fprintf(file, "\"%s", margin);
	for (; *text; text++, column++) {
		if (*text == '\n' || (*text == ' ' && column > WRAP)) {
			fprintf(file, "\\n%s", margin);
			column = 0;
		} else {
			if (*text == '"' || *text == '\\')
				fputc('\\', file);
			fputc(*text, file);
		}
	}
	fputc('"', file);
}

static void state(const struct graph *graph, const char *name, const char *label)
{
	fprintf(graph->file, "\t\te%u_%s [label=", graph->engine, name);
	print_label(graph->file, label, "");
	fputs("];\n", graph->file);
}

static void edge(const struct graph *graph, const char *from, const char *to, const char *label)
{
	fprintf(graph->file, "\t\te%u_%s -> e%u_%s [label=", graph->engine, from, graph->engine,
		to);
	print_label(graph->file, label, "  ");
	fputs("];\n", graph->file);
}

/* "what: on save of dma, line 80"; without a handler, what alone. */
static const char *with_handler(const struct graph *graph, const char *what,
				enum vpb_engine_event event, char *text, size_t size)
{
	const u16 on = engine_of(graph)->on[event];

	if (on == VPB_NONE)
		snprintf(text, size, "%s", what);
	else
		snprintf(text, size, "%s%s%s, line %u", what, *what ? "\n" : "",
			 tool_name(graph->model, graph->model->handlers[on].name),
			 graph->model->handlers[on].line);
	return text;
}

/* "what: in these handlers". */
static const char *with_users(const struct graph *graph, const char *what, u8 op, char *text,
			      size_t size)
{
	struct tool_text users;

	if (tool_users(graph->model, op, graph->engine, &users))
		snprintf(text, size, "%s\n%s", what, users.text);
	else
		snprintf(text, size, "%s", what);
	return text;
}

static void draw_transmitter(const struct graph *graph)
{
	const struct vpb_engine *engine = engine_of(graph);
	char text[1024], what[128];

	state(graph, "idle", "idle");
	state(graph, "queued", "queued");
	state(graph, "hardware", "on the hardware");
	state(graph, "done", "done");
	state(graph, "aborted", "aborted");
	edge(graph, "idle", "queued", with_users(graph, "send", VPB_SEND, text, sizeof(text)));
	snprintf(what, sizeof(what), "its turn, at most %u at a time", engine->depth);
	edge(graph, "queued", "hardware",
	     with_handler(graph, what, VPB_ON_TRANSMIT, text, sizeof(text)));
	edge(graph, "hardware", "done", with_users(graph, "finish", VPB_DONE, text, sizeof(text)));
	snprintf(what, sizeof(what), "after %u ms", engine->timeout_ms);
	edge(graph, "hardware", "aborted",
	     with_handler(graph, what, VPB_ON_RECOVER, text, sizeof(text)));
	edge(graph, "done", "idle",
	     with_handler(graph, "status 0", VPB_ON_DONE, text, sizeof(text)));
	edge(graph, "aborted", "idle",
	     with_handler(graph, "status 1", VPB_ON_DONE, text, sizeof(text)));
	if (tool_users(graph->model, VPB_CANCEL, graph->engine, &(struct tool_text){ .length = 0 }))
		edge(graph, "queued", "idle",
		     with_users(graph, "cancel", VPB_CANCEL, text, sizeof(text)));
}

static void draw_receiver(const struct graph *graph)
{
	char text[1024];

	state(graph, "ready", "ready");
	state(graph, "frame", "a frame for this guest");
	edge(graph, "ready", "frame", "from the wire or another guest,\nand the filter takes it");
	edge(graph, "frame", "ready", with_handler(graph, "", VPB_ON_FRAME, text, sizeof(text)));
}

static void draw_slice(const struct graph *graph)
{
	const struct vpb_engine *engine = engine_of(graph);
	const enum vpb_engine_event ready = engine->on[VPB_ON_READY] == VPB_NONE ? VPB_ON_IDLE
										 : VPB_ON_READY;
	char text[1024], what[640];

	state(graph, "nobody", "nobody's");
	state(graph, "owned", "owned");
	state(graph, "granted", "granted");
	state(graph, "saving", "saving");
	state(graph, "restoring", "restoring");
	state(graph, "aborted", "aborted");
	with_users(graph, "start", VPB_START, what, sizeof(what));
	edge(graph, "nobody", "restoring",
	     with_handler(graph, what, VPB_ON_RESTORE, text, sizeof(text)));
	edge(graph, "restoring", "granted",
	     with_handler(graph, "idle", VPB_ON_RESTORED, text, sizeof(text)));
	edge(graph, "granted", "owned", with_handler(graph, "", VPB_ON_BEGIN, text, sizeof(text)));
	edge(graph, "owned", "owned", with_users(graph, "finish", VPB_DONE, text, sizeof(text)));
	edge(graph, "owned", "granted",
	     with_handler(graph, "its owner starts again", ready, text, sizeof(text)));
	edge(graph, "owned", "saving",
	     with_handler(graph, "another starts, and idle", VPB_ON_SAVE, text, sizeof(text)));
	edge(graph, "saving", "restoring",
	     with_handler(graph, "idle", VPB_ON_SAVED, text, sizeof(text)));
	snprintf(what, sizeof(what), "not idle for %u ms", engine->timeout_ms);
	edge(graph, "owned", "aborted",
	     with_handler(graph, what, VPB_ON_RECOVER, text, sizeof(text)));
	snprintf(what, sizeof(what), "not idle for %u ms", engine->timeout_ms);
	edge(graph, "saving", "aborted", what);
	edge(graph, "aborted", "restoring", "the next one's turn; the last one's state is lost");
	edge(graph, "owned", "nobody", "its owner's vdev is reset or closed");
}

static void draw_partition(const struct graph *graph)
{
	const struct vpb_engine *engine = engine_of(graph);
	char text[1024], what[640];

	state(graph, "free", "free");
	state(graph, "taken", "a vdev's");
	edge(graph, "free", "taken",
	     with_handler(graph, "a vdev is opened", VPB_ON_INSTANCE_RESET, text, sizeof(text)));
	with_handler(graph, "it is closed", VPB_ON_INSTANCE_RESET, what, sizeof(what));
	edge(graph, "taken", "free",
	     engine->on[VPB_ON_IDLE] == VPB_NONE
		     ? what
		     : with_handler(graph, what, VPB_ON_IDLE, text, sizeof(text)));
	if (engine->on[VPB_ON_BEGIN] == VPB_NONE)
		return;
	state(graph, "working", "at work");
	with_users(graph, "start", VPB_START, what, sizeof(what));
	edge(graph, "taken", "working",
	     with_handler(graph, what, VPB_ON_BEGIN, text, sizeof(text)));
	edge(graph, "working", "taken", with_users(graph, "finish", VPB_DONE, text, sizeof(text)));
	snprintf(what, sizeof(what), "at work for %u ms", engine->timeout_ms);
	edge(graph, "working", "taken",
	     with_handler(graph, what, VPB_ON_RECOVER, text, sizeof(text)));
}

static void draw_engine(const struct graph *graph)
{
	const struct vpb_engine *engine = engine_of(graph);

	fprintf(graph->file, "\tsubgraph cluster_%u {\n\t\tlabel=\"%s (%s%s)\";\n", graph->engine,
		tool_name(graph->model, engine->name), tool_discipline_name(engine->discipline),
		engine->discipline == VPB_PARTITIONED ? ", each instance" : "");
	if (engine->discipline == VPB_SLICED)
		draw_slice(graph);
	else if (engine->discipline == VPB_PARTITIONED)
		draw_partition(graph);
	else if (engine->on[VPB_ON_TRANSMIT] != VPB_NONE)
		draw_transmitter(graph);
	else if (engine->on[VPB_ON_FRAME] != VPB_NONE)
		draw_receiver(graph);
	else
		state(graph, "idle", "idle");
	fputs("\t}\n", graph->file);
}

void tool_graph(const struct vpio_model *model, FILE *file)
{
	struct graph graph = { .model = model, .file = file };

	fprintf(file, "digraph \"%s\" {\n", tool_name(model, model->header->name));
	fputs("\tgraph [fontname=\"sans-serif\", fontsize=14, style=rounded, color=gray60, "
	      "nodesep=0.5, ranksep=0.6];\n"
	      "\tnode [fontname=\"sans-serif\", fontsize=12, shape=box, style=\"rounded,filled\", "
	      "fillcolor=gray95];\n"
	      "\tedge [fontname=\"sans-serif\", fontsize=9];\n",
	      file);
	for (graph.engine = 0; graph.engine < model->header->engines.count; graph.engine++)
		draw_engine(&graph);
	fputs("}\n", file);
}

/* --- Drawing ----------------------------------------------------------------------------- */

static void __attribute__((noreturn)) run_dot(FILE *source, FILE *drawing)
{
	if (dup2(fileno(source), STDIN_FILENO) >= 0 && dup2(fileno(drawing), STDOUT_FILENO) >= 0)
		execlp("dot", "dot", "-Tsvg", (char *)NULL);
	_exit(NOT_THERE);
}

/* The exit code of `dot`, or -1. */
static int wait_for_dot(FILE *source, FILE *drawing)
{
	const pid_t child = fork();
	int status;

	if (!child)
		run_dot(source, drawing);
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int read_back(FILE *file, char **text, size_t *size)
{
	const long length = fseek(file, 0, SEEK_END) ? -1 : ftell(file);

	*text = length > 0 ? malloc((size_t)length) : NULL;
	*size = length > 0 ? (size_t)length : 0;
	rewind(file);
	if (*text && fread(*text, 1, *size, file) == *size)
		return TOOL_OK;
	free(*text);
	*text = NULL;
	fputs("vpio: cannot read what `dot` drew\n", stderr);
	return TOOL_BAD_INPUT;
}

int tool_draw(const char *source, size_t size, char **drawing, size_t *drawn)
{
	FILE *in = tmpfile(), *out = tmpfile();
	int result = TOOL_BAD_INPUT, code;

	if (!in || !out || fwrite(source, 1, size, in) != size || fflush(in)) {
		fprintf(stderr, "vpio: cannot make a temporary file: %s\n", strerror(errno));
		goto close;
	}
	rewind(in);
	code = wait_for_dot(in, out);
	if (code == NOT_THERE)
		fputs("vpio: cannot run `dot`, which draws the graph: install graphviz, or ask for "
		      "the graph's source with -T dot\n",
		      stderr);
	else if (code)
		fprintf(stderr, "vpio: `dot` failed (%d)\n", code);
	else
		result = read_back(out, drawing, drawn);
close:
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return result;
}
