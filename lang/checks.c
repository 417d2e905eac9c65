// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The checks of a whole model, one function each, and the table of all checks by name. What is
 * written in a model is judged here; whether a compiled model is safe, core/verify.c judges.
 */
#include <stdlib.h>

#include "ast.h"

static vpl_check_function vpl_check_field_range, vpl_check_layout_width, vpl_check_field_overlap,
	vpl_check_field_access, vpl_check_bars, vpl_check_window_bar, vpl_check_banks,
	vpl_check_in_window, vpl_check_alignment, vpl_check_overlap, vpl_check_described,
	vpl_check_access, vpl_check_interrupt, vpl_check_recursion, vpl_check_calls,
	vpl_check_engines, vpl_check_nic, vpl_check_hardware;

static const struct {
	struct vpl_check check;
	vpl_check_function *function;
} checks[] = {
#define VPL_CHECK_ENTRY(id, name, function, what) { { name, what }, function },
	VPL_CHECKS(VPL_CHECK_ENTRY)
#undef VPL_CHECK_ENTRY
};

const struct vpl_check *vpl_check(unsigned int index)
{
	return index < ARRAY_SIZE(checks) ? &checks[index].check : NULL;
}

void vpl_run_checks(struct vpl *vpl)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		if (checks[i].function)
			checks[i].function(vpl);
	}
}

/* --- Registers, seen from outside -------------------------------------------------------- */

u64 vpl_count(const struct reg *reg)
{
	return reg->count.given ? reg->count.value : 1;
}

u64 vpl_step(const struct reg *reg)
{
	return reg->step.given ? reg->step.value : reg->width;
}

u64 vpl_extent(const struct reg *reg)
{
	if (!reg->symbol.name)
		return reg->bytes.value;
	return (vpl_count(reg) - 1) * vpl_step(reg) + reg->width;
}

bool vpl_in_bank(const struct reg *reg, unsigned int bank)
{
	unsigned int i;

	for (i = 0; i < reg->bank_count; i++) {
		if (reg->banks[i].value == bank)
			return true;
	}
	return !reg->bank_count;
}

static u64 field_mask(const struct field *field)
{
	return vpl_mask(vpl_field_width(field)) << field->low.value;
}

/* The bits of a register whose access is one of these (bits 1 << enum vpb_access). */
static u64 bits_with(const struct reg *reg, unsigned int accesses)
{
	const struct field *field;
	u64 bits = 0;

	if (!reg->fields)
		return accesses >> reg->access & 1 ? vpl_mask(8 * reg->width) : 0;
	for (field = reg->fields; field; field = field->next) {
		const int access = field->access < 0 ? reg->access : field->access;

		if (accesses >> access & 1)
			bits |= field_mask(field);
	}
	return bits;
}

u64 vpl_writable(const struct reg *reg)
{
	return bits_with(reg, 1 << VPB_RW | 1 << VPB_WO | 1 << VPB_STROBE);
}

u64 vpl_clearable(const struct reg *reg)
{
	return bits_with(reg, 1 << VPB_W1C);
}

enum context vpl_context(enum vpb_handler_kind kind)
{
	if (kind == VPB_H_START)
		return IN_START;
	return kind == VPB_H_HARDWARE || kind == VPB_H_INSTANCE ? IN_HARDWARE : IN_VDEV;
}

const char *vpl_context_name(unsigned int context)
{
	return context == IN_START	? "`on start` of an engine"
	       : context == IN_HARDWARE ? "the hardware's handlers"
					: "a vdev's handlers";
}

u64 vpl_settable(const struct reg *reg)
{
	return bits_with(reg, 1 << VPB_W1S);
}

/* What a message calls a register. */
static const char *label(struct vpl *vpl, const struct reg *reg)
{
	return reg->symbol.name ? reg->symbol.name
				: vpl_format(vpl, "the reserved bytes at 0x%llx",
					     (unsigned long long)reg->offset.value);
}

static struct at place_of(const struct reg *reg)
{
	return reg->symbol.name ? reg->symbol.at : reg->offset.at;
}

/* --- Fields ------------------------------------------------------------------------------ */

static void check_fields(struct vpl *vpl, const struct field *fields, unsigned int width,
			 const char *owner, enum vpl_check_id check)
{
	const struct field *field;

	for (field = fields; field; field = field->next) {
		if (field->high.value >= 8 * width)
			vpl_error(vpl, field->high.at, check,
				  "expected a bit below %u, as %s has, found %llu", 8 * width,
				  owner, (unsigned long long)field->high.value);
		if (field->low.value > field->high.value)
			vpl_error(vpl, field->high.at, check, "expected high:low, found %llu:%llu",
				  (unsigned long long)field->high.value,
				  (unsigned long long)field->low.value);
	}
}

static void vpl_check_field_range(struct vpl *vpl)
{
	const struct reg *reg;

	for (reg = vpl->model.regs.first; reg; reg = reg->next)
		check_fields(vpl, reg->fields, reg->width, reg->symbol.name, CHECK_FIELD_RANGE);
}

static void vpl_check_layout_width(struct vpl *vpl)
{
	const struct layout *layout;

	for (layout = vpl->model.layouts.first; layout; layout = layout->next)
		check_fields(vpl, layout->fields, layout->width, layout->symbol.name,
			     CHECK_LAYOUT_WIDTH);
}

static void check_field_overlap(struct vpl *vpl, const struct field *fields)
{
	const struct field *field, *other;
	u64 taken = 0;

	for (field = fields; field; field = field->next) {
		other = vpl_field(fields, field->name.text);
		if (other != field)
			vpl_error(vpl, field->name.at, CHECK_DUPLICATE_NAME,
				  "the field '%s' is declared in line %u already", field->name.text,
				  other->name.at.line);
		for (other = fields; taken & field_mask(field); other = other->next) {
			if (field_mask(other) & field_mask(field))
				vpl_error(vpl, field->high.at, CHECK_FIELD_OVERLAP,
					  "'%s' has bits that belong to '%s' already",
					  field->name.text, other->name.text);
		}
		taken |= field_mask(field);
	}
}

static void vpl_check_field_overlap(struct vpl *vpl)
{
	const struct layout *layout;
	const struct reg *reg;

	for (reg = vpl->model.regs.first; reg; reg = reg->next)
		check_field_overlap(vpl, reg->fields);
	for (layout = vpl->model.layouts.first; layout; layout = layout->next)
		check_field_overlap(vpl, layout->fields);
}

static void vpl_check_field_access(struct vpl *vpl)
{
	const struct layout *layout;
	const struct field *field;
	const struct reg *reg;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		for (field = reg->fields; field; field = field->next) {
			if (field->access > VPB_RO && field->access != VPB_W1C &&
			    field->access != VPB_W1S)
				vpl_error(vpl, field->name.at, CHECK_FIELD_ACCESS,
					  "expected rw, ro, w1c or w1s as the access of the field "
					  "'%s'",
					  field->name.text);
		}
	}
	for (layout = vpl->model.layouts.first; layout; layout = layout->next) {
		for (field = layout->fields; field; field = field->next) {
			if (field->access >= 0)
				vpl_error(vpl, field->name.at, CHECK_FIELD_ACCESS,
					  "a layout's field has no access");
		}
	}
}

/* --- Bars and banks ---------------------------------------------------------------------- */

static void check_bar(struct vpl *vpl, const struct bar *bar)
{
	const u64 size = bar->size.value;
	const struct bar *other;

	if (bar->index.value >= VPB_MAX_BARS)
		vpl_error(vpl, bar->index.at, CHECK_BAR_SIZE,
			  "expected a bar's index from 0 to 5, found %llu",
			  (unsigned long long)bar->index.value);
	for (other = vpl->model.bars.first; other != bar; other = other->next) {
		if (other->index.value == bar->index.value)
			vpl_error(vpl, bar->index.at, CHECK_BAR_SIZE,
				  "bar %llu is declared in line %u already",
				  (unsigned long long)bar->index.value, other->at.line);
	}
	if (size < 16 || size > 1 << 30 || (size & (size - 1)))
		vpl_error(vpl, bar->size.at, CHECK_BAR_SIZE,
			  "expected a power of two from 16 to 1 GiB as the bar's size, found %llu",
			  (unsigned long long)size);
	if (size < bar->window->size.value)
		vpl_error(vpl, bar->size.at, CHECK_BAR_SIZE,
			  "expected at least the %llu bytes of window %s, found %llu",
			  (unsigned long long)bar->window->size.value, bar->window->symbol.name,
			  (unsigned long long)size);
}

static void vpl_check_bars(struct vpl *vpl)
{
	struct bar *bar;

	for (bar = vpl->model.bars.first; bar; bar = bar->next) {
		check_bar(vpl, bar);
		if (!bar->window->bar || (bar->window->bar->io && !bar->io))
			bar->window->bar = bar;
	}
}

static void vpl_check_window_bar(struct vpl *vpl)
{
	const struct window *window;

	for (window = vpl->model.windows.first; window; window = window->next) {
		if (!window->bar)
			vpl_error(vpl, window->symbol.at, CHECK_WINDOW_BAR,
				  "expected a `bar` that shows window %s", window->symbol.name);
	}
}

static void check_selector(struct vpl *vpl, struct window *window)
{
	const struct reg *reg = window->selector;

	window->bank_bits = vpl_field_width(window->selector_bits);
	if (window->bank_bits > VPB_MAX_BANK_BITS)
		vpl_error(vpl, window->bank_field.at, CHECK_BANK_SELECTOR,
			  "expected a field of at most %u bits, found one of %u", VPB_MAX_BANK_BITS,
			  window->bank_bits);
	if (vpl_is_direct(reg))
		vpl_error(vpl, window->bank_reg.at, CHECK_BANK_SELECTOR,
			  "expected a register of which each vdev has its own, and %s reaches the "
			  "hardware",
			  reg->symbol.name);
	if (reg->bank_count || reg->count.given)
		vpl_error(vpl, window->bank_reg.at, CHECK_BANK_SELECTOR,
			  "expected a register that is no array and is in all banks, found %s",
			  reg->symbol.name);
}

static void vpl_check_banks(struct vpl *vpl)
{
	struct window *window;
	const struct reg *reg;
	unsigned int i;

	for (window = vpl->model.windows.first; window; window = window->next) {
		if (window->selector)
			check_selector(vpl, window);
	}
	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		for (i = 0; i < reg->bank_count; i++) {
			if (!reg->window->bank_bits ||
			    reg->banks[i].value >> reg->window->bank_bits)
				vpl_error(vpl, reg->banks[i].at, CHECK_BANK_SELECTOR,
					  "window %s has no bank %llu", reg->window->symbol.name,
					  (unsigned long long)reg->banks[i].value);
		}
	}
}

/* --- Registers in their windows ---------------------------------------------------------- */

static void vpl_check_in_window(struct vpl *vpl)
{
	const struct reg *reg;
	u64 size;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		size = reg->window->size.value;
		if (reg->bytes.given && !reg->bytes.value)
			vpl_error(vpl, reg->bytes.at, CHECK_REGISTER_IN_WINDOW,
				  "expected at least one reserved byte");
		if (reg->offset.value >= size || vpl_extent(reg) > size - reg->offset.value)
			vpl_error(vpl, place_of(reg), CHECK_REGISTER_IN_WINDOW,
				  "%s must end in window %s, which has 0x%llx bytes",
				  label(vpl, reg), reg->window->symbol.name,
				  (unsigned long long)size);
	}
}

static void vpl_check_alignment(struct vpl *vpl)
{
	const struct reg *reg;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		if (!reg->symbol.name)
			continue;
		if (reg->step.given && reg->step.value < reg->width)
			vpl_error(vpl, reg->step.at, CHECK_REGISTER_ALIGNMENT,
				  "expected a step of at least the register's %u bytes, found %llu",
				  reg->width, (unsigned long long)reg->step.value);
		/* a u64 of two u32 halves is common, and accessed so */
		if (reg->offset.value % (reg->width < 4 ? reg->width : 4))
			vpl_error(vpl, reg->offset.at, CHECK_REGISTER_ALIGNMENT,
				  "expected an offset that is a multiple of %u, found 0x%llx",
				  reg->width < 4 ? reg->width : 4,
				  (unsigned long long)reg->offset.value);
	}
}

static int by_start(const void *a, const void *b)
{
	const struct piece *first = a, *second = b;

	if (first->start != second->start)
		return first->start < second->start ? -1 : 1;
	return first->reg->offset.at.offset < second->reg->offset.at.offset ? -1 : 1;
}

/* How many pieces a register has: an array whose elements lie apart has one each. */
static u64 piece_count(const struct reg *reg)
{
	return reg->symbol.name && vpl_step(reg) != reg->width ? vpl_count(reg) : 1;
}

static void add_pieces(struct reg *reg)
{
	const u64 count = piece_count(reg);
	u64 i;

	for (i = 0; i < count; i++) {
		struct piece *piece = &reg->window->pieces[reg->window->count++];

		piece->reg = reg;
		piece->start = (u32)(reg->offset.value + i * vpl_step(reg));
		piece->end = piece->start + (u32)(count > 1 ? reg->width : vpl_extent(reg));
	}
}

/* Lays the registers of each window out, sorted by offset. */
static void make_pieces(struct vpl *vpl)
{
	struct window *window;
	struct reg *reg;
	u64 total = 0;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		total += piece_count(reg);
		if (total > VPB_MAX_TABLE)
			vpl_error(vpl, place_of(reg), CHECK_MODEL_SIZE,
				  "expected at most %u registers and elements that lie apart",
				  VPB_MAX_TABLE);
		reg->window->count += (unsigned int)piece_count(reg);
	}
	for (window = vpl->model.windows.first; window; window = window->next) {
		window->pieces = vpl_alloc(vpl, (window->count + 1) * sizeof(*window->pieces));
		window->count = 0;
	}
	for (reg = vpl->model.regs.first; reg; reg = reg->next)
		add_pieces(reg);
	for (window = vpl->model.windows.first; window; window = window->next)
		qsort(window->pieces, window->count, sizeof(*window->pieces), by_start);
}

/* Whether a register has only the other direction. */
static bool is_other(const struct reg *reg, bool write)
{
	if (!reg->symbol.name)
		return false;
	return write ? reg->access == VPB_RO || reg->access == VPB_RC
		     : reg->access == VPB_WO || reg->access == VPB_STROBE;
}

struct piece *vpl_map(struct vpl *vpl, const struct window *window, unsigned int bank, bool write,
		      unsigned int *count)
{
	struct piece *map = vpl_alloc(vpl, (window->count + 1) * sizeof(*map));
	const struct piece *piece;
	unsigned int from = window->count, to = 0, i;
	u32 next = ~0u, end = 0;

	/* from the back: what has the direction, and what lies clear of the next such piece */
	for (i = window->count; i-- > 0;) {
		piece = &window->pieces[i];
		if (!vpl_in_bank(piece->reg, bank))
			continue;
		if (!is_other(piece->reg, write))
			next = piece->start;
		else if (piece->end > next)
			continue;
		map[--from] = *piece;
	}
	/* from the front: what lies clear of the piece before */
	for (i = from; i < window->count; i++) {
		if (is_other(map[i].reg, write) && map[i].start < end)
			continue;
		if (map[i].end > end)
			end = map[i].end;
		map[to++] = map[i];
	}
	*count = to;
	return map;
}

static unsigned int bank_count(const struct window *window)
{
	return 1u << window->bank_bits;
}

static void check_overlap(struct vpl *vpl, const struct window *window, unsigned int bank,
			  bool write)
{
	const struct piece *before = NULL, *piece;
	unsigned int i;

	for (i = 0; i < window->count; i++) {
		piece = &window->pieces[i];
		if (!vpl_in_bank(piece->reg, bank) || is_other(piece->reg, write))
			continue;
		if (before && before->end > piece->start)
			vpl_error(vpl, place_of(piece->reg), CHECK_REGISTER_OVERLAP,
				  "the place of %s is that of %s already, see line %u",
				  label(vpl, piece->reg), label(vpl, before->reg),
				  place_of(before->reg).line);
		before = piece;
	}
}

static void vpl_check_overlap(struct vpl *vpl)
{
	const struct window *window;
	unsigned int bank;

	make_pieces(vpl);
	for (window = vpl->model.windows.first; window; window = window->next) {
		for (bank = 0; bank < bank_count(window); bank++) {
			check_overlap(vpl, window, bank, false);
			check_overlap(vpl, window, bank, true);
		}
	}
}

static void __attribute__((noreturn))
not_described(struct vpl *vpl, const struct window *window, unsigned int bank, u32 from, u64 to)
{
	const char *where = "";

	if (window->bank_bits)
		where = vpl_format(vpl, " of bank %u", bank);
	vpl_error(vpl, window->symbol.at, CHECK_WINDOW_DESCRIBED,
		  "the bytes 0x%02x to 0x%02llx%s of window %s are not described; say what is "
		  "there, or `0x%02x reserved %llu`",
		  from, (unsigned long long)to - 1, where, window->symbol.name, from,
		  (unsigned long long)to - from);
}

static void check_described(struct vpl *vpl, const struct window *window, unsigned int bank,
			    bool write)
{
	unsigned int count, i;
	const struct piece *map = vpl_map(vpl, window, bank, write, &count);
	u32 end = 0;

	for (i = 0; i < count; i++) {
		if (map[i].start > end)
			not_described(vpl, window, bank, end, map[i].start);
		end = map[i].end;
	}
	if (end < window->size.value)
		not_described(vpl, window, bank, end, window->size.value);
}

static void vpl_check_described(struct vpl *vpl)
{
	const struct window *window;
	unsigned int bank;

	for (window = vpl->model.windows.first; window; window = window->next) {
		for (bank = 0; bank < bank_count(window); bank++) {
			check_described(vpl, window, bank, false);
			check_described(vpl, window, bank, true);
		}
	}
}

/* --- Handlers ---------------------------------------------------------------------------- */

static void vpl_check_access(struct vpl *vpl)
{
	const struct reg *reg;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		if (!reg->symbol.name)
			continue;
		if (reg->access == VPB_STROBE && !reg->on_write && !reg->port)
			vpl_error(vpl, reg->symbol.at, CHECK_ACCESS_CONFLICT,
				  "expected `on write %s`: nothing else happens when a strobe "
				  "register is written",
				  reg->symbol.name);
		if (reg->access == VPB_W1S)
			vpl_error(
				vpl, reg->symbol.at, CHECK_ACCESS_CONFLICT,
				"expected an access of %s that is a register's: w1s is for fields",
				reg->symbol.name);
		if (reg->denies && reg->on_write && reg->on_write->guard_count)
			vpl_error(
				vpl, reg->on_write->guards[0].at, CHECK_ACCESS_CONFLICT,
				"expected no `when`: the deny rule in line %u looks at each write of "
				"%s",
				reg->denies->at.line, reg->symbol.name);
		if (vpl_writable(reg) || vpl_clearable(reg) || vpl_settable(reg))
			continue;
		if (reg->on_write)
			vpl_error(vpl, reg->on_write->target.at, CHECK_ACCESS_CONFLICT,
				  "%s has no bit that can be written", reg->symbol.name);
		if (reg->denies)
			vpl_error(vpl, reg->denies->target.at, CHECK_ACCESS_CONFLICT,
				  "%s has no bit that can be written, so there is nothing to deny",
				  reg->symbol.name);
	}
}

static void check_cause(struct vpl *vpl, const struct reg *reg, struct name name)
{
	if (reg->count.given)
		vpl_error(vpl, name.at, CHECK_INTERRUPT_REGISTERS,
			  "expected a single register, found the array '%s'", name.text);
	if (reg->access == VPB_STROBE)
		vpl_error(vpl, name.at, CHECK_INTERRUPT_REGISTERS,
			  "expected a register that keeps something, found '%s'", name.text);
}

static void vpl_check_interrupt(struct vpl *vpl)
{
	const struct irq *irq, *other;

	for (irq = vpl->model.irqs.first; irq; irq = irq->next) {
		check_cause(vpl, irq->cause, irq->cause_name);
		for (other = vpl->model.irqs.first; other != irq; other = other->next) {
			if (other->cause == irq->cause)
				vpl_error(vpl, irq->cause_name.at, CHECK_INTERRUPT_REGISTERS,
					  "'%s' is a cause already", irq->cause_name.text);
		}
		if (!irq->mask)
			continue;
		check_cause(vpl, irq->mask, irq->mask_name);
		if (irq->mask->width != irq->cause->width)
			vpl_error(vpl, irq->mask_name.at, CHECK_INTERRUPT_REGISTERS,
				  "expected a mask of u%u, as the cause '%s' is, found u%u",
				  8 * irq->cause->width, irq->cause_name.text,
				  8 * irq->mask->width);
	}
}

/* One step along the calls of procs. */
struct call_chain {
	struct vpl *vpl;
	struct proc *proc;
	unsigned int depth;
};

static void check_calls(struct expr *expr, void *data);

/* The contexts that a proc has not. */
static unsigned int lacking(const struct proc *proc, unsigned int contexts)
{
	return contexts & ~proc->contexts;
}

static void __attribute__((noreturn))
not_here(struct vpl *vpl, const struct proc *proc, struct at at, unsigned int contexts)
{
	unsigned int i = 0;

	while (!(lacking(proc, contexts) >> i & 1))
		i++;
	if (!proc->reason[i].text)
		vpl_error(vpl, at, CHECK_CALL_CONTEXT,
			  "'%s' belongs to `hardware`, and is not for %s", proc->symbol.name,
			  vpl_context_name(1u << i));
	vpl_error(vpl, at, CHECK_CALL_CONTEXT,
		  "'%s' uses '%s' in line %u, which is not at hand in %s", proc->symbol.name,
		  proc->reason[i].text, proc->reason[i].at.line, vpl_context_name(1u << i));
}

/* A proc that calls another can be expanded only where that one can. */
static void inherit_contexts(struct vpl *vpl, struct proc *proc, const struct proc *called,
			     struct at at)
{
	unsigned int i;

	if (!(proc->contexts & called->contexts))
		not_here(vpl, called, at, proc->contexts);
	for (i = 0; i < CONTEXTS; i++) {
		if (lacking(called, proc->contexts) >> i & 1)
			proc->reason[i] = called->reason[i];
	}
	proc->contexts &= called->contexts;
}

static void check_proc(struct vpl *vpl, struct proc *proc, struct at at, unsigned int depth)
{
	struct call_chain chain = { vpl, proc, depth };

	if (proc->state == PROC_UNDER_WAY)
		vpl_error(vpl, at, CHECK_PROC_RECURSION,
			  "'%s' calls itself, and a proc is expanded where it is called",
			  proc->symbol.name);
	if (proc->state == PROC_NEW) {
		proc->state = PROC_UNDER_WAY;
		proc->height = 1;
		if (depth <= VPL_MAX_CALLS)
			vpl_walk(proc->body, check_calls, &chain);
		proc->state = PROC_CHECKED;
	}
	if (proc->height > VPL_MAX_CALLS || depth > VPL_MAX_CALLS)
		vpl_error(vpl, at, CHECK_PROC_RECURSION,
			  "expected at most %u procs that call each other", VPL_MAX_CALLS);
}

static void check_calls(struct expr *expr, void *data)
{
	const struct call_chain *chain = data;
	struct proc *called;

	if (expr->kind != E_CALL || !expr->symbol || expr->symbol->kind != S_PROC)
		return;
	called = (struct proc *)expr->symbol;
	check_proc(chain->vpl, called, expr->at, chain->depth + 1);
	if (called->height >= chain->proc->height)
		chain->proc->height = called->height + 1;
	inherit_contexts(chain->vpl, chain->proc, called, expr->at);
}

static void vpl_check_recursion(struct vpl *vpl)
{
	struct proc *proc;

	for (proc = vpl->model.procs.first; proc; proc = proc->next)
		check_proc(vpl, proc, proc->symbol.at, 1);
}

/* Where an expression stands that may call procs. */
struct caller {
	struct vpl *vpl;
	enum context context;
};

static void check_call(struct expr *expr, void *data)
{
	const struct caller *caller = data;
	const struct proc *called;

	if (expr->kind != E_CALL || !expr->symbol || expr->symbol->kind != S_PROC)
		return;
	called = (const struct proc *)expr->symbol;
	if (!(called->contexts & caller->context))
		not_here(caller->vpl, called, expr->at, caller->context);
}

static void vpl_check_calls(struct vpl *vpl)
{
	const struct model *model = &vpl->model;
	struct caller caller = { vpl, IN_VDEV };
	const struct handler *handler;
	const struct deny *deny;
	const struct port *port;
	unsigned int i;

	for (handler = model->handlers.first; handler; handler = handler->next) {
		caller.context = vpl_context(vpl_events[handler->event].kind);
		vpl_walk(handler->body, check_call, &caller);
	}
	caller.context = IN_VDEV;
	for (deny = model->denies.first; deny; deny = deny->next)
		vpl_walk_expr(deny->when, check_call, &caller);
	for (port = model->ports.first; port; port = port->next) {
		for (i = 0; i < ARRAY_SIZE(port->ways); i++)
			vpl_walk(port->ways[i].end, check_call, &caller);
	}
	for (i = 0; i < FILTERS; i++)
		vpl_walk_expr(model->filters[i], check_call, &caller);
	vpl_walk_expr(model->multicast_hash, check_call, &caller);
}

/* --- Engines and the hardware ------------------------------------------------------------ */

static void check_engine(struct vpl *vpl, const struct engine *engine)
{
	const struct {
		bool is_there;
		const char *what;
	} needed[] = {
		{ engine->on[VPB_ON_TRANSMIT], "`on transmit` in `hardware`" },
		{ engine->on[VPB_ON_RECOVER], "`on recover` in `hardware`" },
		{ engine->on[VPB_ON_DONE], "`on done`" },
		{ engine->depth.given, "`depth`" },
		{ engine->timeout.given, "`timeout`" },
		{ engine->max.given, "`max`" },
	};
	unsigned int i;

	if (engine->is_run && !engine->on[VPB_ON_RUN])
		vpl_error(vpl, engine->symbol.at, CHECK_ENGINE_COMPLETE,
			  "engine %s is run in line %u: expected `on run` in it",
			  engine->symbol.name, engine->sent_at.line);
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if ((engine->is_sent_to || engine->on[VPB_ON_TRANSMIT]) && !needed[i].is_there)
			vpl_error(vpl, engine->symbol.at, CHECK_ENGINE_COMPLETE,
				  "engine %s sends frames: expected %s", engine->symbol.name,
				  needed[i].what);
	}
	if (engine->on[VPB_ON_POLL] && !engine->on[VPB_ON_TRANSMIT])
		vpl_error(
			vpl, engine->on[VPB_ON_POLL]->at, CHECK_ENGINE_COMPLETE,
			"engine %s sends nothing whose end could be looked for: expected `on transmit` in `hardware`",
			engine->symbol.name);
	if (engine->on[VPB_ON_MASK] && !engine->on[VPB_ON_POLL])
		vpl_error(
			vpl, engine->on[VPB_ON_MASK]->at, CHECK_ENGINE_COMPLETE,
			"engine %s would not hear of ends that do not interrupt: expected `on poll`",
			engine->symbol.name);
}

static void vpl_check_engines(struct vpl *vpl)
{
	const struct engine *engine;

	for (engine = vpl->model.engines.first; engine; engine = engine->next)
		check_engine(vpl, engine);
}

/* --- The model as a whole ---------------------------------------------------------------- */

static void vpl_check_nic(struct vpl *vpl)
{
	const struct model *model = &vpl->model;
	const struct engine *engine, *receiver = NULL;

	for (engine = model->engines.first; engine; engine = engine->next) {
		if (!engine->on[VPB_ON_FRAME])
			continue;
		if (receiver)
			vpl_error(vpl, engine->on[VPB_ON_FRAME]->at, CHECK_NIC_COMPLETE,
				  "engine %s receives frames already", receiver->symbol.name);
		receiver = engine;
	}
	if (receiver && !model->has_filter)
		vpl_error(vpl, receiver->on[VPB_ON_FRAME]->at, CHECK_NIC_COMPLETE,
			  "expected a `filter` that says which frames reach `on frame`");
	for (engine = model->engines.first;
	     engine && !engine->on[VPB_ON_FRAME] && !engine->on[VPB_ON_TRANSMIT];
	     engine = engine->next)
		;
	if (!engine && model->frame_use.line)
		vpl_error(
			vpl, model->frame_use, CHECK_NIC_COMPLETE,
			"a frame goes to other guests only in a NIC's model: expected an engine with "
			"`on frame`, or with `on transmit`");
	if (!receiver && model->has_filter)
		vpl_error(vpl, model->filter_at, CHECK_NIC_COMPLETE,
			  "expected an engine with `on frame` for the frames that pass the filter");
}

static void vpl_check_hardware(struct vpl *vpl)
{
	static const struct {
		enum vpb_event event;
		const char *name;
	} needed[] = {
		{ VPB_ON_START, "start" },
		{ VPB_ON_STOP, "stop" },
		{ VPB_ON_INTERRUPT, "interrupt" },
	};
	const struct model *model = &vpl->model;
	unsigned int i;

	if (model->engines.count && !model->has_hardware)
		vpl_error(vpl, model->engines.first->symbol.at, CHECK_HARDWARE_COMPLETE,
			  "the model has an engine: expected `hardware`, which drives it");
	for (i = 0; model->has_hardware && i < ARRAY_SIZE(needed); i++) {
		if (!model->on[needed[i].event])
			vpl_error(vpl, model->hardware_at, CHECK_HARDWARE_COMPLETE,
				  "expected `on %s` in `hardware`", needed[i].name);
	}
}
