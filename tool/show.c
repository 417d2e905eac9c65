// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A verified model as tables for a person: what a guest sees, what is hooked and why, and the
 * handlers' code.
 */
#include "tool.h"

/* --- Identity ---------------------------------------------------------------------------- */

static void show_identity(const struct vpio_model *model, FILE *file)
{
	const struct vpb_header *header = model->header;
	u32 i;

	fprintf(file, "%s: %s\n", tool_name(model, header->name), tool_name(model, header->title));
	fprintf(file, "  PCI %04x:%04x class %06x subsystem %04x:%04x", header->vendor,
		header->device, header->class_code, header->subvendor, header->subdevice);
	if (header->revision_param != VPB_NONE)
		fprintf(file, " revision %s",
			tool_name(model, model->params[header->revision_param].name));
	else
		fprintf(file, " revision %02x", header->revision);
	fprintf(file, "%s%s%s, bus addresses of %u bits\n", header->irq_pin ? ", INTA" : "",
		header->msi ? ", MSI" : "", header->flags & VPB_NIC ? ", a NIC" : "",
		header->dma_bits);
	for (i = 0; i < header->bars.count; i++) {
		const struct vpb_bar *bar = &model->bars[i];

		fprintf(file, "  BAR %u: %s, %u bytes, window %s\n", bar->index,
			bar->io ? "I/O" : "memory", bar->size,
			tool_name(model, model->windows[bar->window].name));
	}
}

static void show_params(const struct vpio_model *model, FILE *file)
{
	struct tool_table *table;
	u32 i, j;

	if (!model->header->params.count)
		return;
	fputs("\nParameters (the first value is the default)\n", file);
	table = tool_table_new();
	tool_table_add(table, "name\tvalues\tmeaning");
	for (i = 0; i < model->header->params.count; i++) {
		const struct vpb_param *param = &model->params[i];
		char values[VPB_MAX_PARAM_VALUES * 24] = "any";
		size_t used = 0;

		for (j = 0; j < param->count; j++)
			used += (size_t)snprintf(
				values + used, sizeof(values) - used, "%s0x%llx", j ? " | " : "",
				(unsigned long long)model->values[param->value + j]);
		tool_table_add(table, "%s\t%s\t%s", tool_name(model, param->name), values,
			       tool_name(model, param->doc));
	}
	tool_table_print(table, file);
}

/* --- Registers --------------------------------------------------------------------------- */

static void add_register(const struct vpio_model *model, struct tool_table *table,
			 const struct vpb_reg *reg)
{
	char count[24] = "", bank[24] = "";

	if (reg->count > 1 && reg->stride != reg->width)
		snprintf(count, sizeof(count), "[%u step %u]", reg->count, reg->stride);
	else if (reg->count > 1)
		snprintf(count, sizeof(count), "[%u]", reg->count);
	if (reg->bank != VPB_NONE)
		snprintf(bank, sizeof(bank), " bank %u", reg->bank);
	tool_table_add(
		table, "0x%02x%s\t%s%s\tu%u\t%s\t0x%llx\t%s\t%s", reg->offset, bank,
		tool_name(model, reg->name), count, 8 * reg->width, tool_access_name(reg->access),
		(unsigned long long)model->vars[reg->var].reset,
		reg->engine == VPB_NONE ? "-" : tool_name(model, model->engines[reg->engine].name),
		tool_name(model, reg->doc));
}

static void add_field(const struct vpio_model *model, struct tool_table *table,
		      const struct vpb_reg *reg, const struct vpb_field *field)
{
	char bits[16];

	if (field->width > 1)
		snprintf(bits, sizeof(bits), "%u:%u", field->low + field->width - 1, field->low);
	else
		snprintf(bits, sizeof(bits), "%u", field->low);
	tool_table_add(table, "\t  .%s\t%s\t%s", tool_name(model, field->name), bits,
		       field->access == reg->access ? "" : tool_access_name(field->access));
}

static void show_registers(const struct vpio_model *model, FILE *file)
{
	u32 i, j, window;

	for (window = 0; window < model->header->windows.count; window++) {
		struct tool_table *table = tool_table_new();

		fprintf(file, "\nRegisters of window %s (%u bytes)\n",
			tool_name(model, model->windows[window].name), model->windows[window].size);
		tool_table_add(table, "offset\tname\ttype\taccess\treset\tengine\tmeaning");
		for (i = 0; i < model->header->regs.count; i++) {
			const struct vpb_reg *reg = &model->regs[i];

			if (reg->window != window)
				continue;
			add_register(model, table, reg);
			for (j = 0; j < reg->fields; j++)
				add_field(model, table, reg, &model->fields[reg->field + j]);
		}
		tool_table_print(table, file);
	}
}

/* --- What was derived -------------------------------------------------------------------- */

static void show_accesses(const struct vpio_model *model, FILE *file)
{
	struct tool_table *table = tool_table_new();
	u32 i;

	fprintf(file,
		"\nWhat a guest's access meets, and why (%u hooks; the vdev's: answered from its own "
		"state)\n",
		tool_hooks(model));
	tool_table_add(table, "register\tline\tread\twrite");
	for (i = 0; i < model->header->regs.count; i++) {
		const struct vpb_reg *reg = &model->regs[i];
		const struct tool_text read = tool_read_of(model, reg);
		const struct tool_text write = tool_write_of(model, reg);

		tool_table_add(table, "%s\t%u\t%s\t%s", tool_name(model, reg->name), reg->line,
			       read.text, write.text);
	}
	tool_table_print(table, file);
}

static void show_hand_off(const struct vpio_model *model, u32 number, FILE *file)
{
	static const struct {
		enum vpb_engine_event event;
		const char *what;
	} steps[] = {
		{ VPB_ON_BEGIN, "begins, with the hardware at hand" },
		{ VPB_ON_IDLE, "says when it can be handed on" },
		{ VPB_ON_READY, "says when its owner can begin again" },
		{ VPB_ON_SAVE, "saves; the registers below first" },
		{ VPB_ON_SAVED, "saves the rest, when idle again" },
		{ VPB_ON_RESTORE, "restores" },
		{ VPB_ON_RESTORED, "restores the rest, when idle again; the registers below last" },
		{ VPB_ON_RECOVER, "resets it after the timeout" },
		{ VPB_ON_DONE, "tells the owner" },
	};
	const struct vpb_engine *engine = &model->engines[number];
	const struct tool_text saved = tool_copied(model, engine, true);
	const struct tool_text restored = tool_copied(model, engine, false);
	const struct tool_text unrestored = tool_unrestored(model, number);
	const struct tool_text kept = tool_kept(model, number);
	struct tool_table *table = tool_table_new();
	struct tool_text users;
	unsigned int i;

	fprintf(file, "\nHand-off of %s\n", tool_name(model, engine->name));
	tool_users(model, VPB_START, number, &users);
	tool_table_add(table, "step\twhat happens");
	tool_table_add(table, "asked for\tin %s", users.length ? users.text : "no handler");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		const u16 on = engine->on[steps[i].event];

		if (on != VPB_NONE)
			tool_table_add(table, "%s, line %u\t%s",
				       tool_name(model, model->handlers[on].name),
				       model->handlers[on].line, steps[i].what);
	}
	tool_table_add(table, "saved\t%s", saved.length ? saved.text : "no registers");
	tool_table_add(table, "restored\t%s", restored.length ? restored.text : "no registers");
	if (unrestored.length)
		tool_table_add(table, "not restored\t%s", unrestored.text);
	tool_table_add(table, "kept\t%s", kept.length ? kept.text : "no variables");
	tool_table_print(table, file);
}

static void show_hand_offs(const struct vpio_model *model, FILE *file)
{
	u32 i;

	for (i = 0; i < model->header->engines.count; i++) {
		if (model->engines[i].discipline == VPB_SLICED)
			show_hand_off(model, i, file);
	}
}

/* Pages next to each other for the same reason are one row. */
static void show_pages(const struct vpio_model *model, FILE *file)
{
	struct tool_table *table = tool_table_new();
	u32 i, page, first;

	fputs("\nPages that a guest could have mapped\n", file);
	tool_table_add(table, "window\tpages\tdirect");
	for (i = 0; i < model->header->windows.count; i++) {
		const struct vpb_window *window = &model->windows[i];
		struct tool_text why = { .length = 0 }, next;
		bool direct = tool_page(model, window, 0, &why);

		for (page = first = 0; page < tool_pages(window); page++) {
			if (page + 1 < tool_pages(window) &&
			    tool_page(model, window, page + 1, &next) == direct &&
			    !strcmp(next.text, why.text))
				continue;
			tool_table_add(table, "%s\t%u to %u\t%s%s", tool_name(model, window->name),
				       first, page, direct ? "yes" : "no: ", why.text);
			first = page + 1;
			if (first < tool_pages(window))
				direct = tool_page(model, window, first, &why);
		}
	}
	tool_table_print(table, file);
}

/* --- Engines and interrupts -------------------------------------------------------------- */

static void show_engines(const struct vpio_model *model, FILE *file)
{
	static const char *const events[VPB_ENGINE_EVENTS] = {
		"transmit", "recover", "done",	"frame",   "run",      "start", "idle",
		"ready",    "save",    "saved", "restore", "restored", "reset", "interrupt",
	};
	struct tool_table *table;
	u32 i, j;

	if (!model->header->engines.count)
		return;
	fputs("\nEngines\n", file);
	table = tool_table_new();
	tool_table_add(table, "name\tdiscipline\tdepth\tstep\ttimeout\tlargest frame\thandlers");
	for (i = 0; i < model->header->engines.count; i++) {
		const struct vpb_engine *engine = &model->engines[i];
		char handlers[VPB_ENGINE_EVENTS * 32] = "";
		size_t used = 0;

		for (j = 0; j < VPB_ENGINE_EVENTS; j++) {
			if (engine->on[j] != VPB_NONE)
				used += (size_t)snprintf(handlers + used, sizeof(handlers) - used,
							 "%s%s %u", used ? ", " : "", events[j],
							 model->handlers[engine->on[j]].line);
		}
		tool_table_add(table, "%s\t%s\t%u\t%u\t%u ms\t%u\t%s",
			       tool_name(model, engine->name),
			       tool_discipline_name(engine->discipline), engine->depth,
			       engine->step, engine->timeout_ms, engine->max_frame, handlers);
	}
	tool_table_print(table, file);
}

static void show_interrupts(const struct vpio_model *model, FILE *file)
{
	struct tool_table *table;
	u32 i;

	if (!model->header->irqs.count)
		return;
	fputs("\nInterrupt line: up while a cause is set that its mask lets through\n", file);
	table = tool_table_new();
	tool_table_add(table, "cause\tmask");
	for (i = 0; i < model->header->irqs.count; i++) {
		const struct vpb_irq *irq = &model->irqs[i];

		tool_table_add(table, "%s\t%s", tool_name(model, model->regs[irq->cause].name),
			       irq->mask == VPB_NONE
				       ? "all"
				       : tool_name(model, model->regs[irq->mask].name));
	}
	tool_table_print(table, file);
}

static void show_dmas(const struct vpio_model *model, FILE *file)
{
	struct tool_table *table;
	u32 i;

	if (!model->header->dmas.count)
		return;
	fputs("\nDMA memories of the host\n", file);
	table = tool_table_new();
	tool_table_add(table, "name\tbytes\taligned to");
	for (i = 0; i < model->header->dmas.count; i++)
		tool_table_add(table, "%s\t%u\t%u", tool_name(model, model->dmas[i].name),
			       model->dmas[i].size, model->dmas[i].align);
	tool_table_print(table, file);
}

/* --- Code -------------------------------------------------------------------------------- */

static void show_handlers(const struct vpio_model *model, FILE *file)
{
	struct tool_table *table = tool_table_new();
	u32 i;

	fputs("\nHandlers\n", file);
	tool_table_add(table, "name\tline\tkind\tinstructions\tVM registers");
	for (i = 0; i < model->header->handlers.count; i++) {
		const struct vpb_handler *handler = &model->handlers[i];

		tool_table_add(table, "%s\t%u\t%s\t%u\t%u", tool_name(model, handler->name),
			       handler->line, tool_handler_kind(handler->kind), handler->count,
			       handler->nregs);
	}
	tool_table_print(table, file);
}

/* What an instruction's number stands for. */
static void print_operand(const struct vpio_model *model, const struct vpb_insn *insn, FILE *file)
{
	switch ((enum vpb_operand)vpb_ops[insn->op].imm) {
	case VPB_I_NONE:
		break;
	case VPB_I_FIELD:
		fprintf(file, " %u:%u", (insn->imm & 0xff) + (insn->imm >> 8) - 1,
			insn->imm & 0xff);
		break;
	case VPB_I_ELEMENT:
		fprintf(file, " %s", tool_name(model, model->vars[insn->imm].name));
		if (model->vars[insn->imm].count > 1)
			fprintf(file, "[%u]", vpb_element(insn, insn->op == VPB_STV));
		break;
	case VPB_I_VAR:
	case VPB_I_ARRAY:
		fprintf(file, " %s", tool_name(model, model->vars[insn->imm].name));
		break;
	case VPB_I_TARGET:
		fprintf(file, " -> %u", insn->imm);
		break;
	case VPB_I_COUNTER:
		fprintf(file, " counter %u", insn->imm);
		break;
	case VPB_I_LOOP:
		fprintf(file, " counter %u, %u rounds -> %u", insn->d, insn->a | insn->b << 8,
			insn->imm);
		break;
	case VPB_I_REG:
	case VPB_I_REGS:
		fprintf(file, " %s", tool_name(model, model->regs[insn->imm].name));
		break;
	case VPB_I_WIDTH:
		fprintf(file, " u%u", 8 * insn->imm);
		break;
	case VPB_I_DMA:
		fprintf(file, " %s", tool_name(model, model->dmas[insn->imm].name));
		break;
	case VPB_I_DMAW:
		fprintf(file, " %s u%u", tool_name(model, model->dmas[insn->imm & 0xffff].name),
			8 * (insn->imm >> 16));
		break;
	case VPB_I_THIRD:
		fprintf(file, " r%u", insn->imm);
		break;
	case VPB_I_ENGINE:
		fprintf(file, " %s", tool_name(model, model->engines[insn->imm].name));
		break;
	case VPB_I_MEMORY:
		fprintf(file, " %s", tool_name(model, model->vars[insn->imm].name));
		break;
	case VPB_I_MEMDMA:
		fprintf(file, " %s %s", tool_name(model, model->vars[insn->imm & 0xffff].name),
			tool_name(model, model->dmas[insn->imm >> 16].name));
		break;
	case VPB_I_MEM3:
		fprintf(file, " r%u %s", insn->imm >> 16,
			tool_name(model, model->vars[insn->imm & 0xffff].name));
		break;
	default:
		fprintf(file, " 0x%x", insn->imm);
	}
}

static void print_insn(const struct vpio_model *model, const struct vpb_insn *insn, FILE *file)
{
	const u8 registers[] = { insn->d, insn->a, insn->b };
	const char *use;

	fprintf(file, "%-6s", vpb_insn_name(insn->op));
	for (use = vpb_ops[insn->op].uses; *use; use++)
		fprintf(file, " r%u", registers[*use == 'd' ? 0 : *use - 'a' + 1]);
	print_operand(model, insn, file);
	fputc('\n', file);
}

static void show_code(const struct vpio_model *model, FILE *file)
{
	u32 i, j;

	for (i = 0; i < model->header->handlers.count; i++) {
		const struct vpb_handler *handler = &model->handlers[i];

		fprintf(file, "\n%s (line %u)\n", tool_name(model, handler->name), handler->line);
		for (j = 0; j < handler->count; j++) {
			fprintf(file, "  %4u  ", j);
			print_insn(model, &model->code[handler->start + j], file);
		}
	}
}

void tool_show(const struct vpio_model *model, FILE *file, bool code)
{
	show_identity(model, file);
	show_params(model, file);
	show_registers(model, file);
	show_engines(model, file);
	show_interrupts(model, file);
	show_dmas(model, file);
	show_accesses(model, file);
	show_hand_offs(model, file);
	show_pages(model, file);
	show_handlers(model, file);
	if (code)
		show_code(model, file);
}
