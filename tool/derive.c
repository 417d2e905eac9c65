// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What follows from a verified model, in words: what a guest's access meets and why, what a
 * hand-off saves and restores, which pages a guest could have mapped. Read from the compiled
 * model's own tables and code, so that it holds whoever wrote them.
 */
#include <stdarg.h>

#include "tool.h"

enum {
	PAGE = 4096,
};

const char *tool_name(const struct vpio_model *model, u32 string)
{
	return vpio_model_string(model, string);
}

const char *tool_access_name(unsigned int access)
{
	static const char *const names[] = { "rw", "ro", "wo", "w1c", "rc", "strobe", "w1s" };

	return access < ARRAY_SIZE(names) ? names[access] : "?";
}

const char *tool_discipline_name(unsigned int discipline)
{
	static const char *const names[] = { "slice", "host", "partition" };

	return names[discipline];
}

const char *tool_handler_kind(unsigned int kind)
{
	static const char *const names[] = { "read", "write", "vdev", "hardware", "start" };

	return names[kind];
}

/* Appends to a text, as far as there is room. */
static void __attribute__((format(printf, 2, 3)))
say(struct tool_text *text, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(text->text + text->length, sizeof(text->text) - text->length, format,
			   list);
	va_end(list);
	if (length > 0)
		text->length += (size_t)length;
	if (text->length >= sizeof(text->text))
		text->length = sizeof(text->text) - 1;
}

static void say_hook(const struct vpio_model *model, struct tool_text *text, u16 number)
{
	const struct vpb_handler *handler = &model->handlers[number];

	say(text, "hook `%s`, line %u", tool_name(model, handler->name), handler->line);
}

static const struct vpb_engine *engine_of(const struct vpio_model *model, const struct vpb_reg *reg)
{
	return reg->engine == VPB_NONE ? NULL : &model->engines[reg->engine];
}

/* Where an access of a direct register goes. */
static void say_direct(const struct vpio_model *model, struct tool_text *text,
		       const struct vpb_reg *reg)
{
	const struct vpb_engine *engine = engine_of(model, reg);

	if (engine->discipline == VPB_PARTITIONED)
		say(text, "hardware: the vdev's instance of %s", tool_name(model, engine->name));
	else
		say(text, "hardware for the owner of %s, else what was saved",
		    tool_name(model, engine->name));
}

static void say_way(const struct vpio_model *model, struct tool_text *text,
		    const struct vpb_way *way, const char *direction)
{
	if (way->memory == VPB_NONE) {
		say(text, "nothing");
		return;
	}
	say(text, "port %s %s", direction, tool_name(model, model->vars[way->memory].name));
	if (way->engine != VPB_NONE)
		say(text, " and through to the hardware of %s's owner",
		    tool_name(model, model->engines[way->engine].name));
	if (way->when != VPB_NONE)
		say(text, " while %s is not 0", tool_name(model, model->vars[way->when].name));
	if (way->on_end != VPB_NONE)
		say(text, "; at its end `%s`, line %u",
		    tool_name(model, model->handlers[way->on_end].name),
		    model->handlers[way->on_end].line);
}

static bool is_direct(const struct vpb_reg *reg)
{
	return reg->flags & VPB_REG_DIRECT;
}

struct tool_text tool_read_of(const struct vpio_model *model, const struct vpb_reg *reg)
{
	struct tool_text text = { .length = 0 };

	if (reg->port != VPB_NONE)
		say_way(model, &text, &model->ports[reg->port].read, "from");
	else if (reg->on_read != VPB_NONE)
		say_hook(model, &text, reg->on_read);
	else if (reg->access == VPB_WO || reg->access == VPB_STROBE)
		say(&text, "0 (%s)", tool_access_name(reg->access));
	else if (is_direct(reg))
		say_direct(model, &text, reg);
	else
		say(&text, "the vdev's%s", reg->access == VPB_RC ? ", which becomes 0" : "");
	return text;
}

static void say_fields(const struct vpio_model *model, struct tool_text *text,
		       const struct vpb_reg *reg, u64 bits, const char *before)
{
	u32 i;

	for (i = 0; i < reg->fields; i++) {
		const struct vpb_field *field = &model->fields[reg->field + i];

		if (!(bits >> field->low & 1))
			continue;
		say(text, "%s%s", before, tool_name(model, field->name));
		before = ", ";
	}
}

static void say_guards(const struct vpio_model *model, struct tool_text *text,
		       const struct vpb_reg *reg)
{
	say(text, " if ");
	if (reg->when)
		say_fields(model, text, reg, reg->when, "a 1 is written to ");
	if (reg->when && reg->changes)
		say(text, ", or ");
	if (reg->changes)
		say_fields(model, text, reg, reg->changes, "there is a change of ");
	say(text, "; else is kept");
}

struct tool_text tool_write_of(const struct vpio_model *model, const struct vpb_reg *reg)
{
	struct tool_text text = { .length = 0 };
	const u16 filter = model->header->on[VPB_ON_FILTER];

	if (reg->port != VPB_NONE) {
		say_way(model, &text, &model->ports[reg->port].write, "to");
		return text;
	}
	if (reg->on_write != VPB_NONE) {
		say_hook(model, &text, reg->on_write);
		if (reg->when | reg->changes)
			say_guards(model, &text, reg);
	} else if (!reg->writable && !reg->clear && !reg->set) {
		say(&text, "nothing (%s)", tool_access_name(reg->access));
	} else if (is_direct(reg)) {
		say_direct(model, &text, reg);
	} else {
		say(&text, "the vdev's%s", reg->writable ? "" : ", a 1 clears");
	}
	if (reg->flags & VPB_REG_FILTER && filter != VPB_NONE)
		say(&text, "; the receive filter reads it, line %u", model->handlers[filter].line);
	if (reg->flags & VPB_REG_IRQ)
		say(&text, "; the interrupt line follows");
	return text;
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

/* --- Hand-offs --------------------------------------------------------------------------- */

static bool is_read(const struct vpb_insn *insn)
{
	return insn->op == VPB_HRD || insn->op == VPB_HRX || insn->op == VPB_FREAD;
}

static bool is_write(const struct vpb_insn *insn)
{
	return insn->op == VPB_HWR || insn->op == VPB_HWX;
}

/* Whether an instruction is the load, or the store, of a variable. */
static bool is_variable(const struct vpb_insn *insn, bool store, u32 var)
{
	return (store ? insn->op == VPB_STV || insn->op == VPB_STX
		      : insn->op == VPB_LDV || insn->op == VPB_LDX) &&
	       insn->imm == var;
}

struct tool_text tool_copied(const struct vpio_model *model, const struct vpb_engine *engine,
			     bool save)
{
	const u16 number = engine->on[save ? VPB_ON_SAVE : VPB_ON_RESTORED];
	struct tool_text text = { .length = 0 };
	const struct vpb_handler *handler;
	const struct vpb_insn *code;
	u32 i;

	if (number == VPB_NONE)
		return text;
	handler = &model->handlers[number];
	code = &model->code[handler->start];
	for (i = 0; i + 1 < handler->count; i++) {
		const struct vpb_insn *hardware = &code[save ? i : i + 1];
		const struct vpb_insn *variable = &code[save ? i + 1 : i];

		if (!(save ? is_read(hardware) : is_write(hardware)) ||
		    !is_variable(variable, save, model->regs[hardware->imm].var))
			continue;
		say(&text, "%s%s", text.length ? " " : "",
		    tool_name(model, model->regs[hardware->imm].name));
	}
	return text;
}

struct tool_text tool_unrestored(const struct vpio_model *model, u32 engine)
{
	struct tool_text text = { .length = 0 };
	u32 i;

	for (i = 0; i < model->header->regs.count; i++) {
		const struct vpb_reg *reg = &model->regs[i];

		if (!is_direct(reg) || reg->engine != engine)
			continue;
		if (reg->on_write != VPB_NONE)
			say(&text, "%s%s (its write is hooked)", text.length ? ", " : "",
			    tool_name(model, reg->name));
		else if (reg->access == VPB_RO)
			say(&text, "%s%s (ro)", text.length ? ", " : "",
			    tool_name(model, reg->name));
	}
	return text;
}

struct tool_text tool_kept(const struct vpio_model *model, u32 engine)
{
	struct tool_text text = { .length = 0 };
	u32 i;

	for (i = 0; i < model->header->vars.count; i++) {
		const struct vpb_var *var = &model->vars[i];

		if (var->space == VPB_SLICE && var->engine == engine && var->reg == VPB_NONE)
			say(&text, "%s%s", text.length ? " " : "", tool_name(model, var->name));
	}
	return text;
}

u32 tool_users(const struct vpio_model *model, u8 op, u32 engine, struct tool_text *text)
{
	u32 i, j, count = 0;

	text->length = 0;
	text->text[0] = '\0';
	for (i = 0; i < model->header->handlers.count; i++) {
		const struct vpb_handler *handler = &model->handlers[i];

		for (j = 0; j < handler->count; j++) {
			const struct vpb_insn *insn = &model->code[handler->start + j];

			if (insn->op == op && insn->imm == engine)
				break;
		}
		if (j == handler->count)
			continue;
		say(text, "%s%s, line %u", count++ ? "; " : "", tool_name(model, handler->name),
		    handler->line);
	}
	return count;
}

/* --- Pages ------------------------------------------------------------------------------- */

/* Why a span keeps its page from being mapped; false: it does not. */
static bool is_obstacle(const struct vpio_model *model, const struct vpb_span *span,
			struct tool_text *text)
{
	const struct vpb_reg *reg;

	if (span->reg == VPB_NONE) {
		say(text, "0x%x to 0x%x are reserved", span->start, span->end - 1);
		return true;
	}
	reg = &model->regs[span->reg];
	if (is_direct(reg) && reg->on_read == VPB_NONE && reg->on_write == VPB_NONE &&
	    reg->access == VPB_RW)
		return false;
	say(text, "%s (line %u) %s", tool_name(model, reg->name), reg->line,
	    !is_direct(reg)		? "is the vdev's own"
	    : reg->on_read != VPB_NONE	? "has a hooked read"
	    : reg->on_write != VPB_NONE ? "has a hooked write"
					: "can't be saved by reading and restored by writing");
	return true;
}

bool tool_page(const struct vpio_model *model, const struct vpb_window *window, u32 page,
	       struct tool_text *why)
{
	const u32 start = page * PAGE, end = start + PAGE;
	u32 i, j;

	why->length = 0;
	why->text[0] = '\0';
	if (window->size < end) {
		say(why, "the window ends in it");
		return false;
	}
	for (i = 0; i < 2u << window->bank_bits; i++) {
		const struct vpb_map *map = &model->maps[window->map + i];

		for (j = 0; j < map->count; j++) {
			const struct vpb_span *span = &model->spans[map->span + j];

			if (span->start < end && span->end > start && is_obstacle(model, span, why))
				return false;
		}
	}
	return true;
}

u32 tool_pages(const struct vpb_window *window)
{
	return (window->size + PAGE - 1) / PAGE;
}
