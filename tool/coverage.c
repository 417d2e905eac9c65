// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What traces have exercised of a model, as tables for its author, or as JSON for a program.
 */
#include <json-c/json.h>

#include "coverage.h"

/* The plain text of "n of m". */
struct share {
	u32 part, whole;
};

static struct share registers_of(const struct coverage *coverage)
{
	struct share share = { .whole = coverage->model->header->regs.count };
	u32 i;

	for (i = 0; i < share.whole; i++)
		share.part += coverage->registers[i].reads || coverage->registers[i].writes;
	return share;
}

static struct share fields_of(const struct coverage *coverage)
{
	const struct vpio_model *model = coverage->model;
	struct share share = { 0, 0 };
	u32 i, j;

	for (i = 0; i < model->header->regs.count; i++) {
		share.whole += model->regs[i].fields;
		for (j = 0; j < model->regs[i].fields; j++)
			share.part += coverage->fields[model->regs[i].field + j] != 0;
	}
	return share;
}

static struct share handlers_of(const struct coverage *coverage)
{
	struct share share = { 0, 0 };
	u32 i;

	for (i = 0; i < coverage->model->header->handlers.count; i++) {
		if (!coverage_is_reached(coverage, i))
			continue;
		share.whole++;
		share.part += coverage->handlers[i] != 0;
	}
	return share;
}

/* Percent, in tenths, rounded down: 100.0 is all. */
static void print_described(const struct coverage *coverage, FILE *file)
{
	const u64 accesses = coverage->accesses;
	const u64 tenths = accesses ? coverage->described * 1000 / accesses : 0;

	fprintf(file, "accesses %llu: %llu described (%llu.%llu %%)\n",
		(unsigned long long)accesses, (unsigned long long)coverage->described,
		(unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
}

static void print_summary(const struct coverage *coverage, FILE *file)
{
	const struct share registers = registers_of(coverage);
	const struct share fields = fields_of(coverage);
	const struct share handlers = handlers_of(coverage);

	print_described(coverage, file);
	fprintf(file,
		"registers %u of %u, fields %u of %u, handlers %u of %u\n"
		"traces %llu, interrupts %llu, resets %llu, accesses elsewhere (configuration, ROM) "
		"%llu\n",
		registers.part, registers.whole, fields.part, fields.whole, handlers.part,
		handlers.whole, (unsigned long long)coverage->traces,
		(unsigned long long)coverage->interrupts, (unsigned long long)coverage->resets,
		(unsigned long long)coverage->others);
}

/* --- What is not described --------------------------------------------------------------- */

static void add_gap(const struct coverage *coverage, struct tool_table *table,
		    const struct coverage_gap *gap)
{
	const struct vpio_model *model = coverage->model;
	char what[40], where[40], bank[24] = "", who[96] = "", bits[40] = "";

	if (gap->kind == GAP_NO_INTERRUPT && gap->offset)
		snprintf(what, sizeof(what), "MSI, vector %llu",
			 (unsigned long long)gap->offset - 1);
	else
		snprintf(what, sizeof(what), "INTx");
	*where = '\0';
	if (gap->kind != GAP_NO_INTERRUPT) {
		snprintf(what, sizeof(what), "%s u%u", gap->write ? "write" : "read",
			 8 * gap->size);
		snprintf(where, sizeof(where), "BAR %u + 0x%02llx", gap->bar,
			 (unsigned long long)gap->offset);
	}
	if (gap->bank >= 0)
		snprintf(bank, sizeof(bank), ", bank %d", gap->bank);
	if (gap->reg != VPB_NONE)
		snprintf(who, sizeof(who), ": %.64s, line %u",
			 tool_name(model, model->regs[gap->reg].name), model->regs[gap->reg].line);
	if (gap->bits)
		snprintf(bits, sizeof(bits), " (0x%llx)", (unsigned long long)gap->bits);
	tool_table_add(table, "%llu\t%s\t%s%s\t0x%llx\t%s:%u\t%.6f s\t%s%s%s",
		       (unsigned long long)gap->count, what, where, bank,
		       (unsigned long long)gap->value, gap->trace, gap->line,
		       (double)gap->time / 1e9, coverage_gap_text(gap->kind), bits, who);
}

static void print_gaps(const struct coverage *coverage, FILE *file)
{
	struct tool_table *table;
	u32 i;

	if (!coverage->accesses)
		fputs("\nNo access to a BAR: nothing is known.\n", file);
	if (!coverage->gap_count)
		return;
	fputs("\nNot described\n", file);
	table = tool_table_new();
	tool_table_add(table, "count\taccess\twhere\tfirst value\tfirst in\tat\twhy");
	for (i = 0; i < coverage->gap_count; i++)
		add_gap(coverage, table, &coverage->gaps[i]);
	tool_table_print(table, file);
	if (coverage->beyond)
		fprintf(file, "  and %llu accesses at other places\n",
			(unsigned long long)coverage->beyond);
}

/* --- What was not exercised -------------------------------------------------------------- */

static bool is_used(const struct coverage *coverage, u32 number)
{
	return coverage->registers[number].reads || coverage->registers[number].writes;
}

static void print_registers(const struct coverage *coverage, FILE *file)
{
	const struct vpio_model *model = coverage->model;
	const struct share share = registers_of(coverage);
	struct tool_table *table;
	u32 i;

	if (share.part == share.whole)
		return;
	fputs("\nRegisters that were not accessed\n", file);
	table = tool_table_new();
	tool_table_add(table, "line\toffset\tname\tmeaning");
	for (i = 0; i < model->header->regs.count; i++) {
		const struct vpb_reg *reg = &model->regs[i];

		if (!is_used(coverage, i))
			tool_table_add(table, "%u\t0x%02x\t%s\t%s", reg->line, reg->offset,
				       tool_name(model, reg->name), tool_name(model, reg->doc));
	}
	tool_table_print(table, file);
}

static void add_field(const struct coverage *coverage, struct tool_table *table,
		      const struct vpb_reg *reg, const struct vpb_field *field)
{
	const struct vpio_model *model = coverage->model;
	char high[8] = "";

	if (field->width > 1)
		snprintf(high, sizeof(high), "%u:", field->low + field->width - 1);
	tool_table_add(table, "%u\t%s.%s\t%s%u", reg->line, tool_name(model, reg->name),
		       tool_name(model, field->name), high, field->low);
}

/* Of registers that were accessed: those of the others follow from that. */
static void print_fields(const struct coverage *coverage, FILE *file)
{
	const struct vpio_model *model = coverage->model;
	struct tool_table *table = NULL;
	u32 i, j;

	for (i = 0; i < model->header->regs.count; i++) {
		const struct vpb_reg *reg = &model->regs[i];

		for (j = 0; j < reg->fields && is_used(coverage, i); j++) {
			const struct vpb_field *field = &model->fields[reg->field + j];

			if (coverage->fields[reg->field + j])
				continue;
			if (!table) {
				fputs("\nFields that were always 0, of registers that were "
				      "accessed\n",
				      file);
				table = tool_table_new();
				tool_table_add(table, "line\tname\tbits");
			}
			add_field(coverage, table, reg, field);
		}
	}
	if (table)
		tool_table_print(table, file);
}

static void print_handlers(const struct coverage *coverage, FILE *file)
{
	const struct vpio_model *model = coverage->model;
	const struct share share = handlers_of(coverage);
	struct tool_table *table;
	u32 i;

	if (share.part == share.whole)
		return;
	fputs("\nHandlers that no access ran\n", file);
	table = tool_table_new();
	tool_table_add(table, "line\thandler");
	for (i = 0; i < model->header->handlers.count; i++) {
		if (coverage_is_reached(coverage, i) && !coverage->handlers[i])
			tool_table_add(table, "%u\t%s", model->handlers[i].line,
				       tool_name(model, model->handlers[i].name));
	}
	tool_table_print(table, file);
}

/* --- Handlers that no access reaches ----------------------------------------------------- */

/* Why such a handler runs: an instruction in others, or the monitor itself. */
struct reason {
	const char *text;
	int op; /* or -1 */
	u32 engine;
};

static bool contains(const struct vpio_model *model, u32 number, const struct reason *reason)
{
	const struct vpb_handler *handler = &model->handlers[number];
	u32 i;

	for (i = 0; i < handler->count; i++) {
		const struct vpb_insn *insn = &model->code[handler->start + i];

		if (insn->op == reason->op &&
		    (reason->op == VPB_NOTIFY || insn->imm == reason->engine))
			return true;
	}
	return false;
}

static struct reason engine_reason(const struct vpio_model *model, u32 engine, u32 event)
{
	const bool hosted = model->engines[engine].discipline == VPB_HOSTED;

	switch (event) {
	case VPB_ON_TRANSMIT:
		return (struct reason){ "`send`", VPB_SEND, engine };
	case VPB_ON_DONE:
		return (struct reason){ hosted ? "the end of what `send` queued"
					       : "the end of what `start` began",
					hosted ? VPB_SEND : VPB_START, engine };
	case VPB_ON_RUN:
		return (struct reason){ "`run`", VPB_RUN, engine };
	case VPB_ON_BEGIN:
		return (struct reason){ "`start`", VPB_START, engine };
	case VPB_ON_INSTANCE_RESET:
		return (struct reason){ "the opening of a vdev, its reset, its end", -1, engine };
	case VPB_ON_INSTANCE_INTERRUPT:
		return (struct reason){ "an interrupt of the physical device", -1, engine };
	case VPB_ON_FRAME:
		return (struct reason){ "a frame for the guest", -1, engine };
	case VPB_ON_POLL:
		return (struct reason){ "a look for ends of jobs, without an interrupt", -1,
					engine };
	case VPB_ON_MASK:
		return (struct reason){ "hardware that ends a job as soon as it is started", -1,
					engine };
	case VPB_ON_RECOVER:
		return (struct reason){ "a timeout", -1, engine };
	case VPB_ON_IDLE:
	case VPB_ON_READY:
		return (struct reason){ "the monitor's question, after each interrupt", -1,
					engine };
	default:
		return (struct reason){ "a hand-off", -1, engine };
	}
}

static struct reason event_reason(u32 event)
{
	switch (event) {
	case VPB_ON_RESET:
		return (struct reason){ "a vdev's reset", -1, 0 };
	case VPB_ON_NOTIFY:
		return (struct reason){ "`notify`", VPB_NOTIFY, 0 };
	case VPB_ON_INTERRUPT:
		return (struct reason){ "an interrupt of the physical device", -1, 0 };
	default:
		return (struct reason){ "the monitor, which drives the hardware", -1, 0 };
	}
}

static struct reason reason_of(const struct vpio_model *model, u32 handler)
{
	u32 i, j;

	for (i = 0; i < VPB_EVENTS; i++) {
		if (model->header->on[i] == handler)
			return event_reason(i);
	}
	for (i = 0; i < model->header->engines.count; i++) {
		for (j = 0; j < VPB_ENGINE_EVENTS; j++) {
			if (model->engines[i].on[j] == handler)
				return engine_reason(model, i, j);
		}
	}
	return (struct reason){ "a data port, when it has moved all", -1, 0 };
}

/* How often handlers ran that ask for what the reason says. */
static u64 asked(const struct coverage *coverage, const struct reason *reason)
{
	u64 count = 0;
	u32 i;

	for (i = 0; reason->op >= 0 && i < coverage->model->header->handlers.count; i++) {
		if (coverage->handlers[i] && contains(coverage->model, i, reason))
			count += coverage->handlers[i];
	}
	return count;
}

static void print_others(const struct coverage *coverage, FILE *file)
{
	const struct vpio_model *model = coverage->model;
	struct tool_table *table = NULL;
	u32 i;

	for (i = 0; i < model->header->handlers.count; i++) {
		const struct vpb_handler *handler = &model->handlers[i];
		struct reason reason;
		char after[64] = "";
		u64 count;

		if (coverage_is_reached(coverage, i))
			continue;
		if (!table) {
			fputs("\nHandlers that are not run by accesses, of which a trace tells "
			      "nothing\n",
			      file);
			table = tool_table_new();
			tool_table_add(table, "line\thandler\truns by");
		}
		reason = reason_of(model, i);
		count = asked(coverage, &reason);
		if (count)
			snprintf(after, sizeof(after), "; handlers that may say so ran %llu times",
				 (unsigned long long)count);
		tool_table_add(table, "%u\t%s\t%s%s", handler->line,
			       tool_name(model, handler->name), reason.text, after);
	}
	if (table)
		tool_table_print(table, file);
}

/* --- Remarks ----------------------------------------------------------------------------- */

static void print_remarks(const struct coverage *coverage, FILE *file)
{
	const struct vpio_model *model = coverage->model;
	struct tool_table *table = NULL;
	u32 i;

	for (i = 0; i < model->header->regs.count; i++) {
		const struct coverage_register *use = &coverage->registers[i];
		const struct vpb_reg *reg = &model->regs[i];

		if ((use->odd || use->differs) && !table) {
			fputs("\nWorth a look\n", file);
			table = tool_table_new();
			tool_table_add(table, "line\tname\tremark");
		}
		if (use->odd)
			tool_table_add(table,
				       "%u\t%s\t%llu accesses that are not of its own %u bytes: "
				       "taken apart",
				       reg->line, tool_name(model, reg->name),
				       (unsigned long long)use->odd, reg->width);
		if (use->differs)
			tool_table_add(table,
				       "%u\t%s\tread as 0x%llx (%llu times), and the model says "
				       "0x%llx",
				       reg->line, tool_name(model, reg->name),
				       (unsigned long long)use->answer,
				       (unsigned long long)use->differs,
				       (unsigned long long)model->vars[reg->var].reset);
	}
	if (table)
		tool_table_print(table, file);
}

void coverage_print(const struct coverage *coverage, FILE *file)
{
	print_summary(coverage, file);
	print_gaps(coverage, file);
	print_registers(coverage, file);
	print_fields(coverage, file);
	print_handlers(coverage, file);
	print_remarks(coverage, file);
	print_others(coverage, file);
}

/* --- JSON -------------------------------------------------------------------------------- */

static void add_number(struct json_object *object, const char *key, u64 value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *gaps_as_json(const struct coverage *coverage)
{
	const struct vpio_model *model = coverage->model;
	struct json_object *list = json_object_new_array();
	u32 i;

	for (i = 0; i < coverage->gap_count; i++) {
		const struct coverage_gap *gap = &coverage->gaps[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "why", coverage_gap_text(gap->kind));
		add_number(object, "count", gap->count);
		if (gap->kind != GAP_NO_INTERRUPT) {
			add_text(object, "access", gap->write ? "write" : "read");
			add_number(object, "bar", gap->bar);
			add_number(object, "offset", gap->offset);
			add_number(object, "size", gap->size);
			add_number(object, "value", gap->value);
		}
		if (gap->bank >= 0)
			add_number(object, "bank", (u64)gap->bank);
		if (gap->bits)
			add_number(object, "bits", gap->bits);
		if (gap->reg != VPB_NONE)
			add_text(object, "register", tool_name(model, model->regs[gap->reg].name));
		add_text(object, "trace", gap->trace);
		add_number(object, "line", gap->line);
		add_number(object, "time", gap->time);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *fields_as_json(const struct coverage *coverage,
					  const struct vpb_reg *reg)
{
	struct json_object *fields = json_object_new_object();
	u32 i;

	for (i = 0; i < reg->fields; i++)
		add_number(fields,
			   tool_name(coverage->model, coverage->model->fields[reg->field + i].name),
			   coverage->fields[reg->field + i]);
	return fields;
}

static struct json_object *registers_as_json(const struct coverage *coverage)
{
	const struct vpio_model *model = coverage->model;
	struct json_object *list = json_object_new_array();
	u32 i;

	for (i = 0; i < model->header->regs.count; i++) {
		const struct coverage_register *use = &coverage->registers[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "name", tool_name(model, model->regs[i].name));
		add_number(object, "line", model->regs[i].line);
		add_number(object, "offset", model->regs[i].offset);
		add_number(object, "reads", use->reads);
		add_number(object, "writes", use->writes);
		add_number(object, "other_width", use->odd);
		add_number(object, "differs", use->differs);
		json_object_object_add(object, "fields", fields_as_json(coverage, &model->regs[i]));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *handlers_as_json(const struct coverage *coverage)
{
	const struct vpio_model *model = coverage->model;
	struct json_object *list = json_object_new_array();
	u32 i;

	for (i = 0; i < model->header->handlers.count; i++) {
		const bool reached = coverage_is_reached(coverage, i);
		struct json_object *object = json_object_new_object();

		add_text(object, "name", tool_name(model, model->handlers[i].name));
		add_number(object, "line", model->handlers[i].line);
		json_object_object_add(object, "by_access", json_object_new_boolean(reached));
		if (reached)
			add_number(object, "runs", coverage->handlers[i]);
		json_object_array_add(list, object);
	}
	return list;
}

bool coverage_print_json(const struct coverage *coverage, FILE *file)
{
	struct json_object *object = json_object_new_object();
	const char *text;
	bool done;

	add_text(object, "model", tool_name(coverage->model, coverage->model->header->name));
	json_object_object_add(object, "complete",
			       json_object_new_boolean(coverage_is_complete(coverage)));
	add_number(object, "traces", coverage->traces);
	add_number(object, "accesses", coverage->accesses);
	add_number(object, "described", coverage->described);
	add_number(object, "elsewhere", coverage->others);
	add_number(object, "interrupts", coverage->interrupts);
	add_number(object, "resets", coverage->resets);
	json_object_object_add(object, "not_described", gaps_as_json(coverage));
	add_number(object, "not_listed", coverage->beyond);
	json_object_object_add(object, "registers", registers_as_json(coverage));
	json_object_object_add(object, "handlers", handlers_as_json(coverage));
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY);
	done = text && fputs(text, file) >= 0 && fputc('\n', file) >= 0;
	json_object_put(object);
	return done;
}
