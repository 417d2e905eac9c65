// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What of an engine reaches the hardware, what a hand-off saves and restores, and the checks that
 * see to it that no guest gets more of the device, or of another guest, than it may.
 */
#include "ast.h"

/* --- What is derived --------------------------------------------------------------------- */

static bool has_read(const struct reg *reg)
{
	return reg->access != VPB_WO && reg->access != VPB_STROBE;
}

bool vpl_is_direct(const struct reg *reg)
{
	if (!reg->symbol.name || !reg->engine || reg->engine->discipline == VPB_HOSTED ||
	    reg->port || reg->access == VPB_STROBE)
		return false;
	return !reg->on_write || (!reg->on_read && has_read(reg));
}

static bool is_sliced(const struct reg *reg)
{
	return vpl_is_direct(reg) && reg->engine->discipline == VPB_SLICED;
}

bool vpl_is_saved(const struct reg *reg)
{
	return is_sliced(reg) && !reg->on_read && has_read(reg);
}

bool vpl_is_restored(const struct reg *reg)
{
	return is_sliced(reg) && !reg->on_write && (reg->access == VPB_RW || reg->access == VPB_WO);
}

bool vpl_is_renewed(const struct reg *reg)
{
	return vpl_is_direct(reg) && reg->engine->discipline == VPB_PARTITIONED && !reg->on_write &&
	       (reg->access == VPB_RW || reg->access == VPB_WO);
}

/* --- Slice and partition engines --------------------------------------------------------- */

static void check_slice(struct vpl *vpl, const struct engine *engine)
{
	const struct {
		bool is_there;
		const char *what;
	} needed[] = {
		{ engine->timeout.given, "`timeout`, after which it is taken from its owner" },
		{ engine->on[VPB_ON_BEGIN], "`on start`, which runs when it is a vdev's" },
		{ engine->on[VPB_ON_IDLE], "`on idle`, which says when it can be handed on" },
		{ engine->on[VPB_ON_RECOVER], "`on recover`, which resets it" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!needed[i].is_there)
			vpl_error(vpl, engine->symbol.at, CHECK_SLICE_COMPLETE,
				  "engine %s is a slice: expected %s", engine->symbol.name,
				  needed[i].what);
	}
}

static void check_instance_handlers(struct vpl *vpl, const struct engine *engine)
{
	const bool works = engine->on[VPB_ON_BEGIN] || engine->on[VPB_ON_IDLE];
	const struct {
		bool is_there;
		const char *what;
	} needed[] = {
		{ engine->on[VPB_ON_INSTANCE_RESET],
		  "`on reset`, which resets an instance before and after a vdev has it" },
		{ !engine->start_at.line || engine->on[VPB_ON_BEGIN],
		  "`on start`, as the model asks for it with start()" },
		{ !works || engine->timeout.given, "`timeout`, after which its work is aborted" },
		{ !works || engine->on[VPB_ON_RECOVER], "`on recover`, which aborts its work" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!needed[i].is_there)
			vpl_error(vpl, engine->symbol.at, CHECK_SLICE_COMPLETE,
				  "engine %s is partitioned: expected %s", engine->symbol.name,
				  needed[i].what);
	}
}

void vpl_check_slices(struct vpl *vpl)
{
	const struct engine *engine;

	for (engine = vpl->model.engines.first; engine; engine = engine->next) {
		if (engine->discipline == VPB_SLICED)
			check_slice(vpl, engine);
		if (engine->discipline == VPB_PARTITIONED)
			check_instance_handlers(vpl, engine);
	}
}

/* The bytes that the registers of an engine take, of its first instance. */
struct extent {
	u64 start, end;
	const struct window *window; /* NULL: it has no registers */
};

static struct extent engine_extent(struct vpl *vpl, const struct engine *engine)
{
	struct extent extent = { .start = ~0ull };
	const struct reg *reg;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		if (reg->engine != engine || !reg->symbol.name)
			continue;
		extent.window = reg->window;
		if (reg->offset.value < extent.start)
			extent.start = reg->offset.value;
		if (reg->offset.value + vpl_extent(reg) > extent.end)
			extent.end = reg->offset.value + vpl_extent(reg);
	}
	return extent;
}

/* Nothing else may lie where the registers of the other instances are. */
static void check_instances(struct vpl *vpl, const struct engine *engine,
			    const struct extent *extent)
{
	const u64 step = engine->step.value;
	const struct reg *reg;
	u64 i, start;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		if (!reg->symbol.name || reg->window != extent->window || reg->engine == engine)
			continue;
		start = reg->offset.value;
		for (i = 1; i < engine->instances.value; i++) {
			if (start < extent->end + i * step &&
			    start + vpl_extent(reg) > extent->start + i * step)
				vpl_error(
					vpl, reg->symbol.at, CHECK_PARTITION_INSTANCES,
					"%s lies where instance %llu of engine %s has its registers",
					reg->symbol.name, (unsigned long long)i,
					engine->symbol.name);
		}
	}
}

static void check_partition(struct vpl *vpl, const struct engine *engine)
{
	const struct extent extent = engine_extent(vpl, engine);
	const u64 count = engine->instances.value, step = engine->step.value;

	if (!count || count > VPB_MAX_DEPTH)
		vpl_error(vpl, engine->instances.at, CHECK_PARTITION_INSTANCES,
			  "expected 1 to %u instances, found %llu", VPB_MAX_DEPTH,
			  (unsigned long long)count);
	if (!extent.window)
		vpl_error(vpl, engine->symbol.at, CHECK_PARTITION_INSTANCES,
			  "expected registers in engine %s, one instance of which a vdev gets",
			  engine->symbol.name);
	if (step < extent.end - extent.start)
		vpl_error(vpl, engine->step.at, CHECK_PARTITION_INSTANCES,
			  "expected a step of at least the %llu bytes of engine %s's registers, "
			  "found %llu",
			  (unsigned long long)(extent.end - extent.start), engine->symbol.name,
			  (unsigned long long)step);
	if (step > 1 << 30 || extent.end + (count - 1) * step > extent.window->bar->size.value)
		vpl_error(
			vpl, engine->step.at, CHECK_PARTITION_INSTANCES,
			"expected the last of %llu instances to end in bar %llu, which has 0x%llx "
			"bytes",
			(unsigned long long)count,
			(unsigned long long)extent.window->bar->index.value,
			(unsigned long long)extent.window->bar->size.value);
	if (extent.end + (u64)VPB_MAX_DEPTH * (step + 1) > 1 << 30)
		vpl_error(vpl, engine->step.at, CHECK_PARTITION_INSTANCES,
			  "expected a step of which %u end below 1 GiB", VPB_MAX_DEPTH);
	check_instances(vpl, engine, &extent);
}

void vpl_check_partitions(struct vpl *vpl)
{
	const struct engine *engine;
	u64 instances = 0;

	for (engine = vpl->model.engines.first; engine; engine = engine->next) {
		if (engine->discipline != VPB_PARTITIONED)
			continue;
		check_partition(vpl, engine);
		instances += engine->instances.value;
		if (instances > VPB_MAX_INSTANCES)
			vpl_error(vpl, engine->instances.at, CHECK_PARTITION_INSTANCES,
				  "expected at most %u instances of all engines together, found "
				  "%llu",
				  VPB_MAX_INSTANCES, (unsigned long long)instances);
	}
}

/* --- Data ports -------------------------------------------------------------------------- */

static bool has_write(const struct reg *reg)
{
	return reg->access == VPB_RW || reg->access == VPB_WO || reg->access == VPB_STROBE;
}

static void check_port_register(struct vpl *vpl, const struct port *port)
{
	const struct reg *reg = port->reg;
	const char *name = reg->symbol.name;

	if (reg->count.given)
		vpl_error(vpl, port->target.at, CHECK_PORT_COMPLETE,
			  "expected a single register as a port, found the array '%s'", name);
	if (reg->access == VPB_W1C || reg->access == VPB_RC)
		vpl_error(vpl, port->target.at, CHECK_PORT_COMPLETE,
			  "expected a port that is rw, ro, wo or strobe, found '%s'", name);
	if (reg->on_read || reg->on_write || reg->denies)
		vpl_error(
			vpl, port->target.at, CHECK_PORT_COMPLETE,
			"%s is a port, and no handler runs for its accesses: expected none, found "
			"one in line %u",
			name,
			reg->on_read	? reg->on_read->at.line
			: reg->on_write ? reg->on_write->at.line
					: reg->denies->at.line);
	if (reg->flags & VPB_REG_IRQ)
		vpl_error(vpl, port->target.at, CHECK_PORT_COMPLETE,
			  "%s is a cause or a mask, and a port holds nothing", name);
}

void vpl_check_ports(struct vpl *vpl)
{
	const struct port *port;
	const struct way *read, *write;

	for (port = vpl->model.ports.first; port; port = port->next) {
		const char *name = port->reg->symbol.name;

		read = &port->ways[0];
		write = &port->ways[1];
		check_port_register(vpl, port);
		if (read->given != has_read(port->reg))
			vpl_error(vpl, read->given ? read->at : port->target.at,
				  CHECK_PORT_COMPLETE,
				  read->given ? "%s can't be read: expected no `read` in its port"
					      : "%s can be read: expected `read` in its port",
				  name);
		if (write->given != has_write(port->reg))
			vpl_error(vpl, write->given ? write->at : port->target.at,
				  CHECK_PORT_COMPLETE,
				  write->given
					  ? "%s can't be written: expected no `write` in its port"
					  : "%s can be written: expected `write` in its port",
				  name);
		if (read->engine)
			vpl_error(vpl, read->engine_name.at, CHECK_PORT_COMPLETE,
				  "expected `through` behind `write`: what a port reads comes from "
				  "its array");
	}
}

/* --- What reaches the hardware ----------------------------------------------------------- */

void vpl_check_deny_restore(struct vpl *vpl)
{
	const struct reg *reg;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		if (reg->denies && !reg->on_write && vpl_is_direct(reg))
			vpl_error(
				vpl, reg->denies->target.at, CHECK_DENY_RESTORE,
				"writes of %s reach the hardware%s: expected `on write %s`, which says "
				"what an allowed write does",
				reg->symbol.name,
				vpl_is_restored(reg) ? ", and a hand-off restores it" : "",
				reg->symbol.name);
	}
}

static void check_direct_cause(struct vpl *vpl, const struct reg *reg, struct name name)
{
	if (vpl_is_direct(reg))
		vpl_error(
			vpl, name.at, CHECK_DIRECT_CAUSE,
			"'%s' is a register of engine %s, and reaches the hardware: expected it in "
			"the window, or with `on read` and `on write`",
			name.text, reg->engine->symbol.name);
}

void vpl_check_direct_cause(struct vpl *vpl)
{
	const struct irq *irq;

	for (irq = vpl->model.irqs.first; irq; irq = irq->next) {
		check_direct_cause(vpl, irq->cause, irq->cause_name);
		if (irq->mask)
			check_direct_cause(vpl, irq->mask, irq->mask_name);
	}
}

/* Looks for an assignment to a register of the hardware, in what a handler does and calls. */
struct search {
	const struct reg *reg;
	unsigned int round; /* of the procs, those that were looked at in it */
	bool found;
};

static void search_assignment(struct expr *expr, void *data)
{
	struct search *search = data;
	struct proc *proc;

	if (expr->assigned && !expr->own && expr->symbol == &search->reg->symbol)
		search->found = true;
	if (expr->kind != E_CALL || !expr->symbol || expr->symbol->kind != S_PROC)
		return;
	proc = (struct proc *)expr->symbol;
	if (proc->round == search->round)
		return;
	proc->round = search->round;
	vpl_walk(proc->body, search_assignment, data);
}

static bool is_assigned(struct search *search, const struct handler *handler)
{
	if (handler)
		vpl_walk(handler->body, search_assignment, search);
	return search->found;
}

/*
 * A register that the owner reads from the hardware, but that is not restored, as writing it acts:
 * unless a new owner's `on start` or a hand-off writes it, he reads what the last one left.
 */
static void check_left_over(struct vpl *vpl, const struct reg *reg, unsigned int round)
{
	const struct engine *engine = reg->engine;
	struct search search = { .reg = reg, .round = round };

	if (!vpl_is_saved(reg) || !reg->on_write)
		return;
	if (!is_assigned(&search, engine->on[VPB_ON_BEGIN]) &&
	    !is_assigned(&search, engine->on[VPB_ON_RESTORE]) &&
	    !is_assigned(&search, engine->on[VPB_ON_RESTORED]))
		vpl_error(
			vpl, reg->symbol.at, CHECK_UNSAVEABLE,
			"%s is read from the hardware and not restored, as it has `on write`: "
			"expected `on start` of engine %s to write it, or its new owner reads what "
			"the last one left",
			reg->symbol.name, engine->symbol.name);
}

void vpl_check_saveable(struct vpl *vpl)
{
	const struct reg *reg;
	unsigned int round = 0;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		const char *name = reg->symbol.name;

		if (!vpl_is_direct(reg))
			continue;
		if (!reg->on_write && (vpl_clearable(reg) || vpl_settable(reg)))
			vpl_error(
				vpl, reg->symbol.at, CHECK_UNSAVEABLE,
				"writing %s does not restore it, as a 1 %s bits: expected `on write "
				"%s`, or the register outside of engine %s",
				name, vpl_clearable(reg) ? "clears" : "sets", name,
				reg->engine->symbol.name);
		if (!reg->on_read && reg->access == VPB_RC)
			vpl_error(
				vpl, reg->symbol.at, CHECK_UNSAVEABLE,
				"reading %s, to save it, clears it: expected `on read %s`, or the "
				"register outside of engine %s",
				name, name, reg->engine->symbol.name);
		if (reg->on_write && reg->on_write->guard_count)
			vpl_error(
				vpl, reg->on_write->guards[0].at, CHECK_UNSAVEABLE,
				"expected no `when`: writes of %s that are not hooked would reach "
				"the hardware, and not be restored",
				name);
		check_left_over(vpl, reg, ++round);
	}
}

/* Whether an access to the register reaches the hardware's, without a handler. */
static bool reaches_hardware(const struct reg *reg)
{
	return vpl_is_direct(reg) || (reg->port && reg->port->ways[1].engine);
}

static unsigned int banks_of(const struct reg *reg)
{
	unsigned int banks = 0, i;

	for (i = 0; i < reg->bank_count; i++)
		banks |= 1u << reg->banks[i].value;
	return reg->bank_count ? banks : ~0u;
}

/* The bank of the hardware is what its handlers left, and only there an access finds a register. */
static void check_direct_banks(struct vpl *vpl, const struct window *window)
{
	const struct reg *reg, *first = NULL;
	unsigned int banks = ~0u;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		if (reg->window != window || !reaches_hardware(reg) || !reg->bank_count)
			continue;
		if (!(banks & banks_of(reg)))
			vpl_error(vpl, reg->symbol.at, CHECK_DIRECT_AREA,
				  "%s is in another bank than %s in line %u, and both reach the "
				  "hardware, which is in one: expected handlers for one of them",
				  reg->symbol.name, first->symbol.name, first->symbol.at.line);
		banks &= banks_of(reg);
		first = reg;
	}
}

void vpl_check_direct_area(struct vpl *vpl)
{
	const struct window *window;
	const struct reg *reg;

	for (window = vpl->model.windows.first; window; window = window->next)
		check_direct_banks(vpl, window);
	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		if (reg->whole && vpl_is_direct(reg))
			vpl_error(
				vpl, reg->symbol.at, CHECK_DIRECT_AREA,
				"%s reaches the hardware a register at a time: expected no `whole`, "
				"or handlers for all its accesses",
				reg->symbol.name);
	}
}

/* --- When an engine is idle -------------------------------------------------------------- */

/* A variable of the hardware that keeps its reset value; NULL if the place is none. */
static const struct var *as_unchanged(const struct expr *expr)
{
	const struct var *var;

	if (expr->kind != E_PLACE || !expr->symbol || expr->symbol->kind != S_VAR)
		return NULL;
	var = (const struct var *)expr->symbol;
	return var->hardware && !var->assigned ? var : NULL;
}

static bool is_never(const struct expr *expr);

/* Whether the compiler sees that a value is never 0. */
static bool is_always(const struct expr *expr)
{
	u64 value;

	if (vpl_fold(expr, &value))
		return value != 0;
	if (as_unchanged(expr))
		return as_unchanged(expr)->reset != 0;
	if (expr->kind == E_UNARY)
		return expr->sign == '!' && is_never(expr->a);
	if (expr->kind == E_BINARY && (expr->sign == SIGN('|', '|') || expr->sign == '|'))
		return is_always(expr->a) || is_always(expr->b);
	return expr->kind == E_BINARY && expr->sign == SIGN('&', '&') && is_always(expr->a) &&
	       is_always(expr->b);
}

/* Whether it sees that a value is always 0. */
static bool is_never(const struct expr *expr)
{
	u64 value;

	if (vpl_fold(expr, &value))
		return value == 0;
	if (as_unchanged(expr))
		return as_unchanged(expr)->reset == 0;
	if (expr->kind == E_UNARY)
		return expr->sign == '!' && is_always(expr->a);
	if (expr->kind == E_CHOICE)
		return is_never(expr->b) && is_never(expr->c);
	if (expr->kind != E_BINARY)
		return false;
	if (expr->sign == SIGN('|', '|') || expr->sign == '|')
		return is_never(expr->a) && is_never(expr->b);
	return (expr->sign == SIGN('&', '&') || expr->sign == '&') &&
	       (is_never(expr->a) || is_never(expr->b));
}

/* Whether a block returns something that may not be 0. */
static bool returns_value(const struct statement *first)
{
	for (; first; first = first->next) {
		if (first->kind == T_RETURN && first->value && !is_never(first->value))
			return true;
		if (returns_value(first->body) || returns_value(first->otherwise))
			return true;
	}
	return false;
}

void vpl_check_idle(struct vpl *vpl)
{
	const struct engine *engine;

	for (engine = vpl->model.engines.first; engine; engine = engine->next) {
		if (engine->on[VPB_ON_IDLE] && !returns_value(engine->on[VPB_ON_IDLE]->body))
			vpl_error(vpl, engine->on[VPB_ON_IDLE]->at, CHECK_IDLE_REACHABLE,
				  "engine %s is never idle: `on idle` is 0 whatever happens",
				  engine->symbol.name);
	}
}

/* Without one, nobody ever has the engine. A trigger that is not hooked is seen by gen.c. */
void vpl_check_triggers(struct vpl *vpl)
{
	const struct engine *engine;

	for (engine = vpl->model.engines.first; engine; engine = engine->next) {
		if (engine->on[VPB_ON_BEGIN] && !engine->is_started)
			vpl_error(
				vpl, engine->symbol.at, CHECK_TRIGGER_UNHOOKED,
				"nothing starts engine %s: expected start(%s, a, b) in `on write` of "
				"the register that starts its work",
				engine->symbol.name, engine->symbol.name);
	}
}
