// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A verified model as tables for a person: what a guest sees, what is hooked and why, and the
 * handlers' code.
 */
#include "tool.h"

static const char *name_of(const struct vpio_model *model, u32 string)
{
	return vpio_model_string(model, string);
}

static const char *access_name(unsigned int access)
{
	static const char *const names[] = { "rw", "ro", "wo", "w1c", "rc", "strobe" };

	return names[access];
}

u32 tool_hooks(const struct vpio_model *model)
{
	u32 i, hooks = 0;

	for (i = 0; i < model->header->regs.count; i++)
		hooks += (model->regs[i].on_read != VPB_NONE) +
			 (model->regs[i].on_write != VPB_NONE ||
			  (model->regs[i].flags & VPB_REG_FILTER));
	return hooks;
}

/* --- Identity ---------------------------------------------------------------------------- */

static void show_identity(const struct vpio_model *model, FILE *file)
{
	const struct vpb_header *header = model->header;
	u32 i;

	fprintf(file, "%s: %s\n", name_of(model, header->name), name_of(model, header->title));
	fprintf(file, "  PCI %04x:%04x class %06x subsystem %04x:%04x", header->vendor,
		header->device, header->class_code, header->subvendor, header->subdevice);
	if (header->revision_param != VPB_NONE)
		fprintf(file, " revision %s",
			name_of(model, model->params[header->revision_param].name));
	else
		fprintf(file, " revision %02x", header->revision);
	fprintf(file, "%s%s%s\n", header->irq_pin ? ", INTA" : "", header->msi ? ", MSI" : "",
		header->flags & VPB_NIC ? ", a NIC" : "");
	for (i = 0; i < header->bars.count; i++) {
		const struct vpb_bar *bar = &model->bars[i];

		fprintf(file, "  BAR %u: %s, %u bytes, window %s\n", bar->index,
			bar->io ? "I/O" : "memory", bar->size,
			name_of(model, model->windows[bar->window].name));
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
		tool_table_add(table, "%s\t%s\t%s", name_of(model, param->name), values,
			       name_of(model, param->doc));
	}
	tool_table_print(table, file);
}

/* --- Registers --------------------------------------------------------------------------- */

static const char *hook_name(const struct vpb_reg *reg)
{
	if (reg->on_read != VPB_NONE && reg->on_write != VPB_NONE)
		return "read write";
	if (reg->on_read != VPB_NONE)
		return "read";
	return reg->on_write != VPB_NONE ? "write" : "-";
}

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
	tool_table_add(table, "0x%02x%s\t%s%s\tu%u\t%s\t0x%llx\t%s\t%s\t%s", reg->offset, bank,
		       name_of(model, reg->name), count, 8 * reg->width, access_name(reg->access),
		       (unsigned long long)model->vars[reg->var].reset,
		       reg->engine == VPB_NONE ? "-"
					       : name_of(model, model->engines[reg->engine].name),
		       hook_name(reg), name_of(model, reg->doc));
}

static void add_field(const struct vpio_model *model, struct tool_table *table,
		      const struct vpb_reg *reg, const struct vpb_field *field)
{
	char bits[16];

	if (field->width > 1)
		snprintf(bits, sizeof(bits), "%u:%u", field->low + field->width - 1, field->low);
	else
		snprintf(bits, sizeof(bits), "%u", field->low);
	tool_table_add(table, "\t  .%s\t%s\t%s", name_of(model, field->name), bits,
		       field->access == reg->access ? "" : access_name(field->access));
}

static void show_registers(const struct vpio_model *model, FILE *file)
{
	u32 i, j, window;

	for (window = 0; window < model->header->windows.count; window++) {
		struct tool_table *table = tool_table_new();

		fprintf(file, "\nRegisters of window %s (%u bytes)\n",
			name_of(model, model->windows[window].name), model->windows[window].size);
		tool_table_add(table, "offset\tname\ttype\taccess\treset\tengine\thooks\tmeaning");
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

/* --- Hooks ------------------------------------------------------------------------------- */

static void add_hook(const struct vpio_model *model, struct tool_table *table,
		     const struct vpb_reg *reg, const char *direction, u16 number)
{
	const struct vpb_handler *handler;

	if (number == VPB_NONE)
		return;
	handler = &model->handlers[number];
	tool_table_add(table, "%s\t%s\t`%s`, line %u%s", name_of(model, reg->name), direction,
		       name_of(model, handler->name), handler->line,
		       handler->kind == VPB_H_WRITE && (reg->flags & VPB_REG_DENY)
			       ? "; some writes are denied"
			       : "");
}

static void show_hooks(const struct vpio_model *model, FILE *file)
{
	struct tool_table *table;
	u32 i;

	fprintf(file,
		"\nHooks: accesses that run a handler (%u); all others are answered without\n",
		tool_hooks(model));
	table = tool_table_new();
	tool_table_add(table, "register\taccess\twhy");
	for (i = 0; i < model->header->regs.count; i++) {
		const struct vpb_reg *reg = &model->regs[i];

		add_hook(model, table, reg, "read", reg->on_read);
		add_hook(model, table, reg, "write", reg->on_write);
		if (reg->flags & VPB_REG_FILTER)
			tool_table_add(table, "%s\twrite\tthe receive filter reads it, line %u",
				       name_of(model, reg->name),
				       model->handlers[model->header->on[VPB_ON_FILTER]].line);
	}
	tool_table_print(table, file);
}

/* --- Engines and interrupts -------------------------------------------------------------- */

static const char *line_of(const struct vpio_model *model, u16 handler, char *text, size_t size)
{
	if (handler == VPB_NONE)
		return "-";
	snprintf(text, size, "line %u", model->handlers[handler].line);
	return text;
}

static void show_engines(const struct vpio_model *model, FILE *file)
{
	struct tool_table *table;
	char lines[5][24];
	u32 i;

	if (!model->header->engines.count)
		return;
	fputs("\nEngines\n", file);
	table = tool_table_new();
	tool_table_add(table, "name\tdiscipline\tdepth\ttimeout\tlargest frame\ttransmit\trecover\t"
			      "done\tframe\trun");
	for (i = 0; i < model->header->engines.count; i++) {
		const struct vpb_engine *engine = &model->engines[i];

		tool_table_add(table, "%s\thost\t%u\t%u ms\t%u\t%s\t%s\t%s\t%s\t%s",
			       name_of(model, engine->name), engine->depth, engine->timeout_ms,
			       engine->max_frame,
			       line_of(model, engine->on[VPB_ON_TRANSMIT], lines[0], sizeof(lines[0])),
			       line_of(model, engine->on[VPB_ON_RECOVER], lines[1], sizeof(lines[1])),
			       line_of(model, engine->on[VPB_ON_DONE], lines[2], sizeof(lines[2])),
			       line_of(model, engine->on[VPB_ON_FRAME], lines[3], sizeof(lines[3])),
			       line_of(model, engine->on[VPB_ON_RUN], lines[4], sizeof(lines[4])));
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

		tool_table_add(table, "%s\t%s", name_of(model, model->regs[irq->cause].name),
			       irq->mask == VPB_NONE ? "all"
						     : name_of(model, model->regs[irq->mask].name));
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
		tool_table_add(table, "%s\t%u\t%u", name_of(model, model->dmas[i].name),
			       model->dmas[i].size, model->dmas[i].align);
	tool_table_print(table, file);
}

/* --- Code -------------------------------------------------------------------------------- */

static void show_handlers(const struct vpio_model *model, FILE *file)
{
	static const char *const kinds[] = { "read", "write", "vdev", "hardware" };
	struct tool_table *table = tool_table_new();
	u32 i;

	fputs("\nHandlers\n", file);
	tool_table_add(table, "name\tline\tkind\tinstructions\tVM registers");
	for (i = 0; i < model->header->handlers.count; i++) {
		const struct vpb_handler *handler = &model->handlers[i];

		tool_table_add(table, "%s\t%u\t%s\t%u\t%u", name_of(model, handler->name),
			       handler->line, kinds[handler->kind], handler->count, handler->nregs);
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
	case VPB_I_VAR:
	case VPB_I_ARRAY:
		fprintf(file, " %s", name_of(model, model->vars[insn->imm].name));
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
		fprintf(file, " %s", name_of(model, model->regs[insn->imm].name));
		break;
	case VPB_I_WIDTH:
		fprintf(file, " u%u", 8 * insn->imm);
		break;
	case VPB_I_DMA:
		fprintf(file, " %s", name_of(model, model->dmas[insn->imm].name));
		break;
	case VPB_I_DMAW:
		fprintf(file, " %s u%u", name_of(model, model->dmas[insn->imm & 0xffff].name),
			8 * (insn->imm >> 16));
		break;
	case VPB_I_THIRD:
		fprintf(file, " r%u", insn->imm);
		break;
	case VPB_I_ENGINE:
		fprintf(file, " %s", name_of(model, model->engines[insn->imm].name));
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

		fprintf(file, "\n%s (line %u)\n", name_of(model, handler->name), handler->line);
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
	show_hooks(model, file);
	show_handlers(model, file);
	if (code)
		show_code(model, file);
}
