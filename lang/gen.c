// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * From the tree to the code of the handlers (VPB_OPS in core/vpb.h). An expression is told in which
 * VM register its value is wanted; local names are read where they are. Procs are expanded. VM
 * registers are a stack: what a block or an expression took is free again at its end.
 */
#include "ast.h"

enum {
	NOWHERE = VPB_MAX_NREGS, /* the value is not wanted */
	MOST_WORK = 1 << 20,	 /* nodes of the tree to which all handlers may expand */
	RESULT = 0,		 /* the register of a handler's result */
	MOST_WRITTEN_OUT = 4,	 /* rounds of a loop */
};

/* Jumps to a place further on, which is not known yet. */
struct label {
	u32 jumps; /* the last of them + 1; its imm is the one before; 0: none */
};

/* A proc that is being expanded. */
struct expansion {
	unsigned int result; /* the register for its value, or NOWHERE */
	bool has_result;
	struct label end;
	struct at at; /* of the call */
};

struct generator {
	struct vpl *vpl;
	struct unit *unit;
	const struct engine *engine; /* whose instance is at hand; NULL: none is */
	struct vpb_insn *code;	     /* of this handler */
	u32 count;
	u32 bound;		       /* the last instruction to which something jumps */
	unsigned int top, most;	       /* VM registers in use now, and at most */
	bool owned[VPB_MAX_NREGS + 1]; /* by a local name: others may read it */
	bool dead;		       /* nothing leads here */
	bool result;		       /* the handler has one */
	u64 cost, rounds;	       /* worst case so far; how often what follows runs */
	unsigned int depth, loops;
	struct label *after, *again; /* of the innermost loop: break and continue */
	struct label *leave;	     /* where `return` of the handler leads; NULL: to its end */
	struct expansion *expansion;
	struct at at; /* of the statement at hand */
};

static void into(struct generator *g, const struct expr *expr, unsigned int to);
static unsigned int operand(struct generator *g, const struct expr *expr);
static void block(struct generator *g, const struct statement *first);
static void branch(struct generator *g, const struct expr *expr, struct label *label, bool when);

/* --- Instructions, labels, registers ----------------------------------------------------- */

/* Where the proc is called that is being expanded, for a message. */
static const char *called_from(struct generator *g)
{
	if (!g->expansion)
		return "";
	return vpl_format(g->vpl, ", called from line %u", g->expansion->at.line);
}

/* Two masks one behind the other, as from two fields that are set, are one. */
static bool merge(struct generator *g, u8 op, unsigned int d, unsigned int a, u64 imm)
{
	struct vpb_insn *before;

	if ((op != VPB_ORI && op != VPB_ANDI) || !g->count || g->bound == g->count)
		return false;
	before = &g->code[g->count - 1];
	if (before->op != op || before->d != d || d != a)
		return false;
	if (op == VPB_ORI)
		before->imm |= (u32)imm;
	else
		before->imm &= (u32)imm;
	return true;
}

static void emit(struct generator *g, u8 op, unsigned int d, unsigned int a, unsigned int b,
		 u64 imm)
{
	const u32 most = g->unit->kind == VPB_H_INSTANCE ? VPB_MAX_ONE_COST : VPB_MAX_COST;

	if (g->dead || merge(g, op, d, a, imm))
		return;
	if (g->count == VPL_MAX_INSNS)
		vpl_error(g->vpl, g->at, CHECK_HANDLER_SIZE,
			  "`%s` becomes longer than %u instructions here%s", g->unit->name,
			  VPL_MAX_INSNS, called_from(g));
	g->cost += vpb_ops[op].cost * g->rounds;
	if (g->cost > most)
		vpl_error(g->vpl, g->at, CHECK_COST,
			  "`%s` may cost more than %u here%s, its loops' rounds counted; expected "
			  "fewer rounds or less in them",
			  g->unit->name, most, called_from(g));
	g->code[g->count++] = (struct vpb_insn){ op, (u8)d, (u8)a, (u8)b, (u32)imm };
	if (op == VPB_JMP || op == VPB_RET)
		g->dead = true;
}

static void jump(struct generator *g, u8 op, unsigned int a, struct label *label)
{
	if (g->dead)
		return;
	emit(g, op, 0, a, 0, label->jumps);
	label->jumps = g->count;
}

/* The jumps to a label lead to the next instruction. */
static void bind(struct generator *g, struct label *label)
{
	u32 at, next;

	if (!label->jumps)
		return;
	if (label->jumps == g->count && g->code[g->count - 1].op == VPB_JMP &&
	    g->bound < g->count) { /* a jump to just behind itself */
		label->jumps = g->code[--g->count].imm;
		g->cost -= vpb_ops[VPB_JMP].cost * g->rounds;
	}
	for (at = label->jumps; at; at = next) {
		next = g->code[at - 1].imm;
		g->code[at - 1].imm = g->count;
		g->bound = g->count;
	}
	g->dead = false;
}

static unsigned int take(struct generator *g)
{
	if (g->top == VPB_MAX_NREGS)
		vpl_error(g->vpl, g->at, CHECK_VM_REGISTERS,
			  "`%s` needs more than %u VM registers here%s; expected fewer local names "
			  "or simpler expressions",
			  g->unit->name, VPB_MAX_NREGS, called_from(g));
	g->owned[g->top] = false;
	if (++g->top > g->most)
		g->most = g->top;
	return g->top - 1;
}

static void release(struct generator *g, unsigned int top)
{
	g->top = top;
}

/* A register for a part of a value that is wanted in `to`. */
static unsigned int part(struct generator *g, unsigned int to)
{
	return to == NOWHERE || g->owned[to] ? take(g) : to;
}

/* Whether the register has this number from what was stored before, as in `a = 0; b = 0`. */
static bool has_number(const struct generator *g, unsigned int to, u64 value)
{
	u32 at = g->count;

	while (at > g->bound && g->code[at - 1].op == VPB_STV && g->code[at - 1].a == to)
		at--;
	return at < g->count && at > g->bound && g->code[at - 1].op == VPB_LDI &&
	       g->code[at - 1].d == to && g->code[at - 1].imm == value;
}

static void load_number(struct generator *g, unsigned int to, u64 value)
{
	if (to == NOWHERE || has_number(g, to, value))
		return;
	emit(g, VPB_LDI, to, 0, 0, (u32)value);
	if (value >> 32)
		emit(g, VPB_LDH, to, 0, 0, value >> 32);
}

static bool is_small(u64 value)
{
	return value <= 0xffffffff;
}

static bool is_power_of_two(u64 value)
{
	return value && !(value & (value - 1));
}

static unsigned int log2_of(u64 value)
{
	return (unsigned int)__builtin_ctzll(value);
}

/* --- What an expression is --------------------------------------------------------------- */

/* The local name whose whole value an expression is; NULL if it is none. */
static const struct local *as_local(const struct expr *expr)
{
	if (expr->kind != E_PLACE || expr->bits || !expr->symbol || expr->symbol->kind != S_LOCAL)
		return NULL;
	return (const struct local *)expr->symbol;
}

static bool is_comparison(int sign)
{
	return sign == SIGN('=', '=') || sign == SIGN('!', '=') || sign == '<' ||
	       sign == SIGN('<', '=') || sign == '>' || sign == SIGN('>', '=');
}

static bool is_logical(int sign)
{
	return sign == SIGN('&', '&') || sign == SIGN('|', '|');
}

/* Whether an expression is 0 or 1. */
static bool is_boolean(const struct expr *expr)
{
	u64 value;

	if (vpl_fold(expr, &value))
		return value <= 1;
	if (expr->kind == E_PLACE && expr->bits)
		return vpl_field_width(expr->bits) == 1;
	if (expr->kind == E_UNARY)
		return expr->sign == '!';
	if (expr->kind == E_BINARY && expr->sign == '&')
		return is_boolean(expr->a) || is_boolean(expr->b);
	if (expr->kind == E_BINARY && (expr->sign == '|' || expr->sign == '^'))
		return is_boolean(expr->a) && is_boolean(expr->b);
	return expr->kind == E_BINARY && (is_comparison(expr->sign) || is_logical(expr->sign));
}

/* Whether a handler has the hardware at hand. */
static bool has_hardware(const struct generator *g)
{
	return g->unit->kind >= VPB_H_HARDWARE;
}

/* Whether a place is the hardware's register, not what a vdev has of it. */
static bool is_hardware_register(const struct generator *g, const struct expr *place)
{
	return has_hardware(g) && !place->own && place->symbol && place->symbol->kind == S_REGISTER;
}

/*
 * What is of one instance of a partition engine is named: by a vdev's handler, which means its
 * vdev's, or by one of the engine's own.
 */
static void check_instance(struct generator *g, const char *name, const struct engine *engine)
{
	if (!engine || engine->discipline != VPB_PARTITIONED || !has_hardware(g) ||
	    g->unit->kind == VPB_H_START || g->engine == engine)
		return;
	vpl_error(g->vpl, g->at, CHECK_INSTANCE_CONTEXT,
		  "'%s' is of one instance of engine %s%s: expected it in a handler of %s, as `%s` "
		  "has none at hand",
		  name, engine->symbol.name, called_from(g), engine->symbol.name, g->unit->name);
}

/* The same of a register or a variable. */
static void check_place_instance(struct generator *g, const struct symbol *symbol)
{
	if (symbol->kind == S_REGISTER)
		check_instance(g, symbol->name, ((const struct reg *)symbol)->engine);
	else if (symbol->kind == S_VAR)
		check_instance(g, symbol->name, ((const struct var *)symbol)->engine);
}

/* Whether an expression costs little and does nothing but yield a value. */
static bool is_simple(const struct generator *g, const struct expr *expr)
{
	u64 value;

	if (vpl_fold(expr, &value))
		return true;
	if (expr->kind == E_PLACE)
		return !expr->index && !expr->builtin && !is_hardware_register(g, expr);
	if (expr->kind == E_UNARY)
		return is_simple(g, expr->a);
	return expr->kind == E_BINARY && expr->depth <= 3 && is_simple(g, expr->a) &&
	       is_simple(g, expr->b);
}

static unsigned int symbol_width(const struct symbol *symbol)
{
	switch (symbol->kind) {
	case S_REGISTER:
		return ((const struct reg *)symbol)->width;
	case S_VAR:
		return ((const struct var *)symbol)->width;
	default:
		return 8;
	}
}

/* Bits that a value has at most, seen from what it is read from; 64 if that does not say. */
static unsigned int most_bits(const struct expr *expr)
{
	if (expr->kind == E_MEMORY)
		return 8 * expr->width;
	if (expr->kind != E_PLACE || !expr->symbol)
		return 64;
	return expr->bits ? vpl_field_width(expr->bits) : 8 * symbol_width(expr->symbol);
}

/* --- Variables and registers ------------------------------------------------------------- */

static u16 variable(const struct symbol *symbol)
{
	if (symbol->kind == S_REGISTER)
		return ((const struct reg *)symbol)->var;
	if (symbol->kind == S_PARAM)
		return ((const struct param *)symbol)->var;
	return ((const struct var *)symbol)->number;
}

/* The index that is a number, of a variable. */
static bool is_element(const struct expr *place, u64 *element)
{
	*element = 0;
	return !place->index || (vpl_fold(place->index, element) && *element < 1 << 16);
}

/* Reads a whole variable or register; `index` is the register of an array's index, or NOWHERE. */
static void load(struct generator *g, const struct expr *place, unsigned int index, unsigned int to)
{
	const struct symbol *symbol = place->symbol;
	u64 element;

	check_place_instance(g, symbol);
	if (is_hardware_register(g, place)) {
		const u16 number = ((const struct reg *)symbol)->number;

		if (index == NOWHERE)
			emit(g, VPB_HRD, to, 0, 0, number);
		else
			emit(g, VPB_HRX, to, index, 0, number);
	} else if (index == NOWHERE) {
		is_element(place, &element);
		emit(g, VPB_LDV, to, (u8)element, (u8)(element >> 8), variable(symbol));
	} else {
		emit(g, VPB_LDX, to, index, 0, variable(symbol));
	}
}

static void store(struct generator *g, const struct expr *place, unsigned int index,
		  unsigned int from)
{
	const struct symbol *symbol = place->symbol;
	u64 element;

	check_place_instance(g, symbol);
	if (is_hardware_register(g, place)) {
		const u16 number = ((const struct reg *)symbol)->number;

		if (index == NOWHERE)
			emit(g, VPB_HWR, 0, from, 0, number);
		else
			emit(g, VPB_HWX, 0, from, index, number);
	} else if (index == NOWHERE) {
		is_element(place, &element);
		emit(g, VPB_STV, (u8)element, from, (u8)(element >> 8), variable(symbol));
	} else {
		emit(g, VPB_STX, 0, from, index, variable(symbol));
	}
}

static u32 field_operand(const struct field *field)
{
	return (u32)field->low.value | vpl_field_width(field) << 8;
}

static unsigned int index_operand(struct generator *g, const struct expr *place)
{
	u64 element;

	if (!is_hardware_register(g, place) && is_element(place, &element))
		return NOWHERE;
	return place->index ? operand(g, place->index) : NOWHERE;
}

/* Reads a variable or a register, all of it or a field. */
static void load_place(struct generator *g, const struct expr *place, unsigned int to)
{
	const unsigned int top = g->top;
	unsigned int from = to;

	if (place->symbol->kind == S_LOCAL)
		from = ((const struct local *)place->symbol)->reg;
	else
		load(g, place, index_operand(g, place), to);
	if (place->bits)
		emit(g, VPB_EXT, to, from, 0, field_operand(place->bits));
	else if (from != to)
		emit(g, VPB_MOV, to, from, 0, 0);
	release(g, top);
}

/* --- Memory and calls -------------------------------------------------------------------- */

static bool is_guest(const struct expr *memory)
{
	return !memory->symbol && !strcmp(memory->name.text, "guest");
}

static u32 dma_operand(const struct expr *memory)
{
	return ((const struct dma *)memory->symbol)->number | memory->width << 16;
}

static void load_memory(struct generator *g, const struct expr *memory, unsigned int address,
			unsigned int to)
{
	if (memory->symbol)
		emit(g, VPB_DLD, to, address, 0, dma_operand(memory));
	else
		emit(g, is_guest(memory) ? VPB_GLD : VPB_FLD, to, address, 0, memory->width);
}

static void store_memory(struct generator *g, const struct expr *memory, unsigned int address,
			 unsigned int from)
{
	if (memory->symbol)
		emit(g, VPB_DST, 0, address, from, dma_operand(memory));
	else
		emit(g, VPB_GST, 0, address, from, memory->width);
}

/* A value in some register: where it is, if it is there, else in `to` or a new one. */
static unsigned int operand_in(struct generator *g, const struct expr *expr, unsigned int to)
{
	const struct local *local = as_local(expr);

	if (local && !local->constant)
		return local->reg;
	to = part(g, to);
	into(g, expr, to);
	return to;
}

static unsigned int operand(struct generator *g, const struct expr *expr)
{
	return operand_in(g, expr, NOWHERE);
}

static void bits_call(struct generator *g, const struct expr *call, unsigned int to)
{
	const struct expr *high = call->arguments->next;
	const unsigned int from = operand_in(g, call->arguments, to);
	u64 top = 0, low = 0;

	vpl_fold(high, &top);
	vpl_fold(high->next, &low);
	emit(g, VPB_EXT, to, from, 0, low | (top - low + 1) << 8);
}

static u32 width_argument(const struct expr *argument)
{
	u64 width = 0;

	vpl_fold(argument, &width);
	return (u32)width;
}

/* An engine whose instance at hand is meant, or an array that belongs to one. */
static void check_argument_instance(struct generator *g, const struct symbol *symbol,
				    const char *name)
{
	if (symbol->kind == S_ENGINE)
		check_instance(g, name, (const struct engine *)symbol);
	else
		check_place_instance(g, symbol);
}

/*
 * A call that is one instruction: values are a, b and then imm, which else is the number of an
 * engine, a DMA memory or an array, or a width.
 */
static void builtin_call(struct generator *g, const struct expr *call, unsigned int to)
{
	const char *kind = call->builtin->arguments;
	const bool result = vpl_builtin_has_result(call->builtin);
	const unsigned int top = g->top;
	unsigned int values[VPL_MAX_ARGUMENTS] = { 0 }, count = 0, first;
	const struct expr *argument;
	u32 imm = 0;

	if (result && to == NOWHERE)
		to = take(g);
	if (call->symbol) /* what is called of a DMA memory */
		imm = (u32)((const struct dma *)call->symbol)->number << 16;
	if (call->builtin->op == VPB_EXT) {
		bits_call(g, call, to);
		release(g, top);
		return;
	}
	for (argument = call->arguments; argument; argument = argument->next, kind++) {
		first = result && !count ? to : NOWHERE;
		if (*kind == 'E' || *kind == 'M')
			check_argument_instance(g, argument->symbol, call->builtin->name);
		if (*kind == 'E')
			imm = ((const struct engine *)argument->symbol)->number;
		else if (*kind == 'R')
			imm = ((const struct reg *)argument->symbol)->number;
		else if (*kind == 'D')
			imm = ((const struct dma *)argument->symbol)->number;
		else if (*kind == 'M')
			imm |= variable(argument->symbol);
		else if (*kind == 'w')
			imm = width_argument(argument);
		else
			values[count++] = operand_in(g, argument, first);
	}
	if (count == 3)
		imm |= values[2] << (strchr(call->builtin->arguments, 'M') ? 16 : 0);
	emit(g, call->builtin->op, result ? to : 0, values[0], values[1], imm);
	release(g, top);
}

static bool has_address(const struct expr *expr);

static void find_address(struct expr *expr, void *data)
{
	*(bool *)data |= expr->kind == E_CALL && expr->builtin && expr->builtin->op == VPB_DADDR;
}

/* Whether what a place or a call yields may be a bus address, or made from one. */
static bool yields_address(const struct expr *expr)
{
	const struct local *local = expr->kind == E_PLACE ? as_local(expr) : NULL;
	const struct expr *argument;
	bool found = false;

	if (local)
		return local->address;
	if (expr->kind != E_CALL)
		return false;
	for (argument = expr->arguments; argument; argument = argument->next) {
		if (has_address(argument))
			return true;
	}
	if (expr->builtin)
		return expr->builtin->op == VPB_DADDR;
	vpl_walk(((const struct proc *)expr->symbol)->body, find_address, &found);
	return found;
}

static bool has_address(const struct expr *expr)
{
	return expr && (yields_address(expr) || has_address(expr->a) || has_address(expr->b) ||
			has_address(expr->c));
}

/* A register that holds a bus address: what a guest writes there must not reach the hardware. */
static void check_bus_address(struct generator *g, const struct statement *statement)
{
	const struct expr *place = statement->place;
	const struct reg *reg = (const struct reg *)place->symbol;

	if (!is_hardware_register(g, place) || !vpl_is_direct(reg) || reg->on_write ||
	    !has_address(statement->value))
		return;
	vpl_error(g->vpl, reg->symbol.at, CHECK_TRIGGER_UNHOOKED,
		  "%s holds a bus address, see line %u%s: expected `on write %s`, or the register "
		  "outside of engine %s, as a guest's own addresses mean nothing to the device",
		  reg->symbol.name, statement->at.line, called_from(g), reg->symbol.name,
		  reg->engine->symbol.name);
}

/* A value that is known to the compiler, or is in a register. */
struct value {
	bool constant;
	bool address; /* a bus address, or made from one */
	u64 number;
	unsigned int reg;
};

/*
 * The value of a name that is made here. It stays where it is if nothing changes it there as long
 * as the name lives: `in_place` says that no other name can.
 */
static struct value name_value(struct generator *g, const struct local *local,
			       const struct expr *expr, bool in_place)
{
	const struct local *other = as_local(expr);
	struct value value = { .constant = false };

	value.constant = !local->assigned && vpl_fold(expr, &value.number);
	value.address = has_address(expr);
	if (value.constant)
		return value;
	if (!local->assigned && other && !other->constant && (in_place || !other->assigned)) {
		value.reg = other->reg;
		return value;
	}
	value.reg = take(g);
	into(g, expr, value.reg);
	return value;
}

static void bind_local(struct generator *g, struct local *local, const struct value *value)
{
	local->constant = value->constant;
	local->value = value->number;
	local->reg = value->reg;
	local->address = value->address;
	if (!value->constant)
		g->owned[value->reg] = true;
}

/* All arguments have their values before the first gets its name: a proc may stand in one. */
static void bind_parameters(struct generator *g, struct proc *proc, const struct expr *argument)
{
	struct value values[VPL_MAX_ARGUMENTS];
	struct local *parameter;
	unsigned int i = 0;

	for (parameter = proc->parameters; parameter; parameter = parameter->next) {
		/* a proc cannot change its caller's names */
		values[i++] = name_value(g, parameter, argument, true);
		argument = argument->next;
	}
	for (parameter = proc->parameters, i = 0; parameter; parameter = parameter->next)
		bind_local(g, parameter, &values[i++]);
}

static void proc_call(struct generator *g, const struct expr *call, unsigned int to)
{
	const struct proc *proc = (const struct proc *)call->symbol;
	struct expansion expansion = { .result = to, .has_result = proc->has_result, .at = g->at };
	struct expansion *const outer = g->expansion;
	struct label *const after = g->after, *const again = g->again;
	const unsigned int top = g->top;
	const struct at at = g->at;

	bind_parameters(g, (struct proc *)call->symbol, call->arguments);
	g->expansion = &expansion;
	block(g, proc->body);
	if (proc->has_result)
		load_number(g, to, 0);
	bind(g, &expansion.end);
	g->expansion = outer;
	g->after = after;
	g->again = again;
	g->at = at;
	release(g, top);
}

static void call(struct generator *g, const struct expr *expr, unsigned int to)
{
	if (expr->builtin)
		builtin_call(g, expr, to);
	else
		proc_call(g, expr, to);
}

/* --- Operators --------------------------------------------------------------------------- */

struct operator_info {
	int sign;
	u8 op;	      /* two VM registers */
	u8 immediate; /* the right one is a small number; VPB_OP_COUNT: there is none */
	int swapped;  /* the sign for the operands exchanged, 0: none */
};

static const struct operator_info operators[] = {
	{ '+', VPB_ADD, VPB_ADDI, '+' },
	{ '-', VPB_SUB, VPB_SUBI, 0 },
	{ '*', VPB_MUL, VPB_MULI, '*' },
	{ '/', VPB_DIV, VPB_DIVI, 0 },
	{ '%', VPB_MOD, VPB_MODI, 0 },
	{ '&', VPB_AND, VPB_ANDI, '&' },
	{ '|', VPB_OR, VPB_ORI, '|' },
	{ '^', VPB_XOR, VPB_XORI, '^' },
	{ SIGN('<', '<'), VPB_SHL, VPB_SHLI, 0 },
	{ SIGN('>', '>'), VPB_SHR, VPB_SHRI, 0 },
	{ SIGN('=', '='), VPB_EQ, VPB_EQI, SIGN('=', '=') },
	{ SIGN('!', '='), VPB_NE, VPB_NEI, SIGN('!', '=') },
	{ '<', VPB_LT, VPB_LTI, '>' },
	{ SIGN('<', '='), VPB_LE, VPB_LEI, SIGN('>', '=') },
	{ '>', VPB_OP_COUNT, VPB_GTI, '<' },
	{ SIGN('>', '='), VPB_OP_COUNT, VPB_GEI, SIGN('<', '=') },
};

static const struct operator_info *find_operator(int sign)
{
	unsigned int i = 0;

	while (operators[i].sign != sign)
		i++;
	return &operators[i];
}

/* An operator with a number on its right, in one instruction; false if it does not go. */
static bool with_number(struct generator *g, int sign, unsigned int to, unsigned int left,
			u64 number)
{
	const struct operator_info *info = find_operator(sign);

	if ((sign == SIGN('<', '<') || sign == SIGN('>', '>')) && number > 63) {
		load_number(g, to, 0);
		return true;
	}
	if (sign == '&' && !is_small(number) && is_power_of_two(number + 1)) {
		emit(g, VPB_EXT, to, left, 0, (u64)log2_of(number + 1) << 8);
		return true;
	}
	if (sign == '&' && !is_small(number) && is_small(~number)) { /* x & ~m is x - (x & m) */
		const unsigned int rest = take(g);

		emit(g, VPB_ANDI, rest, left, 0, ~number);
		emit(g, VPB_SUB, to, left, rest, 0);
		return true;
	}
	if ((sign == '+' || sign == '-') && !is_small(number) && is_small(-number)) {
		emit(g, sign == '+' ? VPB_SUBI : VPB_ADDI, to, left, 0, -number);
		return true;
	}
	if (!is_small(number))
		return false;
	if (sign == '*' && is_power_of_two(number))
		emit(g, VPB_SHLI, to, left, 0, log2_of(number));
	else if (sign == '/' && is_power_of_two(number))
		emit(g, VPB_SHRI, to, left, 0, log2_of(number));
	else if (sign == '%' && is_power_of_two(number))
		emit(g, VPB_ANDI, to, left, 0, number - 1);
	else if ((sign == '/' || sign == '%') && !number)
		load_number(g, to, 0);
	else
		emit(g, info->immediate, to, left, 0, number);
	return true;
}

static void with_register(struct generator *g, int sign, unsigned int to, unsigned int left,
			  unsigned int right)
{
	const struct operator_info *info = find_operator(sign);

	if (info->op == VPB_OP_COUNT)
		with_register(g, info->swapped, to, right, left);
	else
		emit(g, info->op, to, left, right, 0);
}

/* (x >> n) & mask is a field of x. */
static bool shifted_field(struct generator *g, const struct expr *expr, u64 number, unsigned int to)
{
	u64 low;
	unsigned int from;

	if (expr->sign != '&' || expr->a->kind != E_BINARY || expr->a->sign != SIGN('>', '>') ||
	    !vpl_fold(expr->a->b, &low) || low > 63 || !number || !is_power_of_two(number + 1) ||
	    low + log2_of(number + 1) > 64)
		return false;
	from = operand_in(g, expr->a->a, to);
	emit(g, VPB_EXT, to, from, 0, low | (u64)log2_of(number + 1) << 8);
	return true;
}

static void arithmetic(struct generator *g, const struct expr *expr, unsigned int to)
{
	const struct operator_info *info = find_operator(expr->sign);
	unsigned int left, right;
	u64 number;

	if (vpl_fold(expr->a, &number) && info->swapped && is_small(number)) {
		right = operand_in(g, expr->b, to);
		with_number(g, info->swapped, to, right, number);
		return;
	}
	if (vpl_fold(expr->b, &number)) {
		if (shifted_field(g, expr, number, to))
			return;
		if (expr->sign == '&')
			number &= vpl_mask(most_bits(expr->a));
		left = operand_in(g, expr->a, to);
		if (with_number(g, expr->sign, to, left, number))
			return;
	} else {
		left = operand_in(g, expr->a, to);
	}
	right = operand(g, expr->b);
	with_register(g, expr->sign, to, left, right);
}

/* 0 or 1 by jumps. */
static void truth(struct generator *g, const struct expr *expr, unsigned int to)
{
	struct label no = { 0 }, end = { 0 };

	branch(g, expr, &no, false);
	load_number(g, to, 1);
	jump(g, VPB_JMP, 0, &end);
	bind(g, &no);
	load_number(g, to, 0);
	bind(g, &end);
}

static void binary(struct generator *g, const struct expr *expr, unsigned int to)
{
	unsigned int left;

	if (!is_logical(expr->sign)) {
		arithmetic(g, expr, to);
		return;
	}
	if (!is_boolean(expr->a) || !is_boolean(expr->b) || !is_simple(g, expr->b)) {
		truth(g, expr, to);
		return;
	}
	left = operand_in(g, expr->a, to);
	emit(g, expr->sign == SIGN('&', '&') ? VPB_AND : VPB_OR, to, left, operand(g, expr->b), 0);
}

static int opposite(int sign)
{
	static const int pairs[][2] = {
		{ SIGN('=', '='), SIGN('!', '=') },
		{ '<', SIGN('>', '=') },
		{ '>', SIGN('<', '=') },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (sign == pairs[i][0])
			return pairs[i][1];
		if (sign == pairs[i][1])
			return pairs[i][0];
	}
	return 0;
}

static void unary(struct generator *g, const struct expr *expr, unsigned int to)
{
	unsigned int from;

	if (expr->sign == '!' && expr->a->kind == E_BINARY && opposite(expr->a->sign)) {
		struct expr other = *expr->a;

		other.sign = opposite(other.sign);
		binary(g, &other, to);
		return;
	}
	from = operand_in(g, expr->a, to);
	if (expr->sign == '-') {
		const unsigned int zero = take(g);

		load_number(g, zero, 0);
		emit(g, VPB_SUB, to, zero, from, 0);
	} else {
		emit(g, expr->sign == '!' ? VPB_NOT : VPB_INV, to, from, 0, 0);
	}
}

static void choice(struct generator *g, const struct expr *expr, unsigned int to)
{
	struct label otherwise = { 0 }, end = { 0 };

	branch(g, expr->a, &otherwise, false);
	into(g, expr->b, to);
	jump(g, VPB_JMP, 0, &end);
	bind(g, &otherwise);
	into(g, expr->c, to);
	bind(g, &end);
}

static void count_work(struct generator *g)
{
	if (++g->vpl->work > MOST_WORK)
		vpl_error(g->vpl, g->at, CHECK_HANDLER_SIZE,
			  "`%s` makes the model expand too much here", g->unit->name);
}

/* Leaves the value of an expression in `to`, which is written last if others may read it. */
static void into(struct generator *g, const struct expr *expr, unsigned int to)
{
	const unsigned int top = g->top;
	u64 value;

	count_work(g);
	if (vpl_fold(expr, &value)) {
		load_number(g, to, value);
		return;
	}
	switch (expr->kind) {
	case E_NUMBER:
		break;
	case E_PLACE:
		if (expr->builtin)
			emit(g, expr->builtin->op, to, 0, 0, 0);
		else
			load_place(g, expr, to);
		break;
	case E_MEMORY:
		load_memory(g, expr, operand_in(g, expr->index, to), to);
		break;
	case E_CALL:
		call(g, expr, to);
		break;
	case E_UNARY:
		unary(g, expr, to);
		break;
	case E_BINARY:
		binary(g, expr, to);
		break;
	case E_CHOICE:
		choice(g, expr, to);
		break;
	}
	release(g, top);
}

/* --- Conditions -------------------------------------------------------------------------- */

/* a && b, a || b: when the first decides, the second is not looked at. */
static void branch_logical(struct generator *g, const struct expr *expr, struct label *label,
			   bool when)
{
	struct label skip = { 0 };

	if ((expr->sign == SIGN('&', '&')) == when) {
		branch(g, expr->a, &skip, !when);
		branch(g, expr->b, label, when);
		bind(g, &skip);
	} else {
		branch(g, expr->a, label, when);
		branch(g, expr->b, label, when);
	}
}

/* A field is not 0 if the register masked with its bits is not. */
static unsigned int field_condition(struct generator *g, const struct expr *expr)
{
	const u64 mask = vpl_mask(vpl_field_width(expr->bits)) << expr->bits->low.value;
	unsigned int from, to;

	if (!is_small(mask))
		return operand(g, expr);
	to = take(g);
	if (expr->symbol->kind == S_LOCAL) {
		from = ((const struct local *)expr->symbol)->reg;
	} else {
		load(g, expr, index_operand(g, expr), to);
		from = to;
	}
	emit(g, VPB_ANDI, to, from, 0, mask);
	return to;
}

/* Jumps to the label when the expression is true (or when it is false). */
static void branch(struct generator *g, const struct expr *expr, struct label *label, bool when)
{
	const unsigned int top = g->top;
	unsigned int from;
	u64 value;

	count_work(g);
	if (vpl_fold(expr, &value)) {
		if ((value != 0) == when)
			jump(g, VPB_JMP, 0, label);
		return;
	}
	if (expr->kind == E_UNARY && expr->sign == '!') {
		branch(g, expr->a, label, !when);
		return;
	}
	if (expr->kind == E_BINARY && is_logical(expr->sign)) {
		branch_logical(g, expr, label, when);
		return;
	}
	if (expr->kind == E_BINARY && vpl_fold(expr->b, &value) && !value &&
	    (expr->sign == SIGN('!', '=') || expr->sign == SIGN('=', '=') || expr->sign == '>')) {
		branch(g, expr->a, label, expr->sign == SIGN('=', '=') ? !when : when);
		return;
	}
	if (expr->kind == E_PLACE && expr->bits)
		from = field_condition(g, expr);
	else
		from = operand(g, expr);
	jump(g, when ? VPB_JNZ : VPB_JZ, from, label);
	release(g, top);
}

/* --- Assignments ------------------------------------------------------------------------- */

static unsigned int in_register(struct generator *g, const struct value *value)
{
	unsigned int reg = value->reg;

	if (value->constant) {
		reg = take(g);
		load_number(g, reg, value->number);
	}
	return reg;
}

static void apply(struct generator *g, int sign, unsigned int to, unsigned int left,
		  const struct value *value)
{
	if (!value->constant || !with_number(g, sign, to, left, value->number))
		with_register(g, sign, to, left, in_register(g, value));
}

/* Sets a field of what is in a register; `bits` are all those that may be set there. */
static void insert(struct generator *g, unsigned int to, const struct field *field,
		   const struct value *value, u64 bits)
{
	const u64 mask = vpl_mask(vpl_field_width(field)) << field->low.value;

	if (value->constant && is_small(mask) && value->number << field->low.value == mask)
		emit(g, VPB_ORI, to, to, 0, mask);
	else if (value->constant && is_small(bits) && !value->number)
		emit(g, VPB_ANDI, to, to, 0, bits & ~mask);
	else
		emit(g, VPB_INS, to, to, in_register(g, value), field_operand(field));
}

/* What a place holds, in `to`, becomes what the assignment makes of it. */
static void change(struct generator *g, const struct statement *statement, unsigned int to,
		   const struct value *value, u64 bits)
{
	const struct field *field = statement->place->bits;
	struct value result = { .constant = false };

	if (!field) {
		apply(g, statement->sign, to, to, value);
		return;
	}
	if (statement->sign == '=') {
		insert(g, to, field, value, bits);
		return;
	}
	result.reg = take(g);
	emit(g, VPB_EXT, result.reg, to, 0, field_operand(field));
	apply(g, statement->sign, result.reg, result.reg, value);
	insert(g, to, field, &result, bits);
}

static void evaluate(struct generator *g, const struct expr *expr, struct value *value)
{
	value->constant = vpl_fold(expr, &value->number);
	if (!value->constant)
		value->reg = operand(g, expr);
}

static void assign_local(struct generator *g, const struct statement *statement)
{
	const struct local *local = (const struct local *)statement->place->symbol;
	struct value value;

	if (has_address(statement->value))
		((struct local *)statement->place->symbol)->address = true;
	if (!statement->place->bits && statement->sign == '=') {
		into(g, statement->value, local->reg);
		return;
	}
	evaluate(g, statement->value, &value);
	change(g, statement, local->reg, &value, local->width ? vpl_mask(8 * local->width) : ~0ull);
}

static void assign_memory(struct generator *g, const struct statement *statement)
{
	const struct expr *place = statement->place;
	const unsigned int address = operand(g, place->index);
	struct value value;
	unsigned int result;

	evaluate(g, statement->value, &value);
	if (statement->sign != '=') {
		result = take(g);
		load_memory(g, place, address, result);
		apply(g, statement->sign, result, result, &value);
		value = (struct value){ .reg = result };
	}
	store_memory(g, place, address, in_register(g, &value));
}

static void assign_variable(struct generator *g, const struct statement *statement)
{
	const struct expr *place = statement->place;
	const unsigned int index = index_operand(g, place);
	struct value value;
	unsigned int result;

	evaluate(g, statement->value, &value);
	if (!place->bits && statement->sign == '=') {
		result = in_register(g, &value);
	} else {
		result = take(g);
		load(g, place, index, result);
		change(g, statement, result, &value, vpl_mask(8 * symbol_width(place->symbol)));
	}
	store(g, place, index, result);
}

/* cause REG.FIELD, cause REG bits */
static void raise_cause(struct generator *g, const struct statement *statement)
{
	const struct expr *place = statement->place;
	unsigned int from;

	if (place->bits) {
		from = take(g);
		load_number(g, from, 1ull << place->bits->low.value);
	} else {
		from = operand(g, statement->value);
	}
	emit(g, statement->raise, 0, from, 0, variable(place->symbol));
}

static void assign(struct generator *g, const struct statement *statement)
{
	if (statement->cause && !statement->place->index)
		raise_cause(g, statement);
	else if (statement->place->kind == E_MEMORY)
		assign_memory(g, statement);
	else if (statement->place->symbol->kind == S_LOCAL)
		assign_local(g, statement);
	else {
		check_bus_address(g, statement);
		assign_variable(g, statement);
	}
}

/* --- Statements -------------------------------------------------------------------------- */

static void if_statement(struct generator *g, const struct statement *statement)
{
	struct label otherwise = { 0 }, end = { 0 };
	const struct statement *body = statement->body;

	if (body && !statement->otherwise && (body->kind == T_BREAK || body->kind == T_CONTINUE)) {
		branch(g, statement->value, body->kind == T_BREAK ? g->after : g->again, true);
		return;
	}
	branch(g, statement->value, &otherwise, false);
	block(g, body);
	if (statement->otherwise) {
		jump(g, VPB_JMP, 0, &end);
		bind(g, &otherwise);
		block(g, statement->otherwise);
		bind(g, &end);
	} else {
		bind(g, &otherwise);
	}
}

/* A loop of few rounds in which the number of the round matters is written out: it is faster. */
static void write_out(struct generator *g, const struct statement *loop)
{
	struct label *const outer_after = g->after, *const outer_again = g->again;
	struct label after = { 0 };
	u32 round;

	g->after = &after;
	for (round = 0; round < loop->bound; round++) {
		const struct value number = { .constant = true, .number = round };
		struct label again = { 0 };

		g->again = &again;
		bind_local(g, loop->local, &number);
		block(g, loop->body);
		bind(g, &again);
	}
	g->after = outer_after;
	g->again = outer_again;
	bind(g, &after);
}

static void repeat(struct generator *g, const struct statement *loop)
{
	struct label *const outer_after = g->after, *const outer_again = g->again;
	struct label after = { 0 }, again = { 0 };
	const unsigned int counter = g->depth, top = g->top;
	const u64 rounds = g->rounds;
	u32 first;

	if (loop->bound <= MOST_WRITTEN_OUT && loop->local && loop->local->used) {
		write_out(g, loop);
		return;
	}
	if (g->depth == VPB_MAX_LOOPS)
		vpl_error(g->vpl, loop->at, CHECK_LOOP_BOUND,
			  "expected at most %u loops inside each other, those of procs counted",
			  VPB_MAX_LOOPS);
	if (++g->loops > VPL_MAX_HANDLER_LOOPS)
		vpl_error(g->vpl, loop->at, CHECK_HANDLER_SIZE,
			  "`%s` has more than %u loops here%s, those of procs counted",
			  g->unit->name, VPL_MAX_HANDLER_LOOPS, called_from(g));
	emit(g, VPB_CLR, 0, 0, 0, counter);
	first = g->count;
	g->bound = first;
	g->rounds *= loop->bound;
	if (g->rounds > VPB_MAX_COST)
		g->rounds = VPB_MAX_COST + 1;
	g->depth++;
	g->after = &after;
	g->again = &again;
	if (loop->local && loop->local->used) {
		loop->local->constant = false;
		loop->local->reg = take(g);
		g->owned[loop->local->reg] = true;
		emit(g, VPB_CNT, loop->local->reg, 0, 0, counter);
	}
	block(g, loop->body);
	bind(g, &again);
	emit(g, VPB_LOOP, counter, (u8)loop->bound, (u8)(loop->bound >> 8), first);
	g->after = outer_after;
	g->again = outer_again;
	g->depth--;
	g->rounds = rounds;
	bind(g, &after);
	release(g, top);
}

static void return_statement(struct generator *g, const struct statement *statement)
{
	struct expansion *const expansion = g->expansion;
	const unsigned int result = expansion ? expansion->result : RESULT;

	if (statement->value && result != NOWHERE)
		into(g, statement->value, result);
	else if (statement->value)
		operand(g, statement->value);
	else if (expansion ? expansion->has_result : g->result && g->unit->kind != VPB_H_READ)
		load_number(g, result, 0);
	if (expansion)
		jump(g, VPB_JMP, 0, &expansion->end);
	else if (g->leave)
		jump(g, VPB_JMP, 0, g->leave);
	else
		emit(g, VPB_RET, 0, 0, 0, 0);
}

static void let(struct generator *g, const struct statement *statement)
{
	const struct value value = name_value(g, statement->local, statement->value, false);

	bind_local(g, statement->local, &value);
}

static void run_statement(struct generator *g, const struct statement *statement)
{
	switch (statement->kind) {
	case T_ASSIGN:
		assign(g, statement);
		break;
	case T_IF:
		if_statement(g, statement);
		break;
	case T_REPEAT:
		repeat(g, statement);
		break;
	case T_BREAK:
		jump(g, VPB_JMP, 0, g->after);
		break;
	case T_CONTINUE:
		jump(g, VPB_JMP, 0, g->again);
		break;
	case T_RETURN:
		return_statement(g, statement);
		break;
	case T_CALL:
		call(g, statement->value, NOWHERE);
		break;
	case T_LET:
		break;
	}
}

static void block(struct generator *g, const struct statement *first)
{
	const unsigned int top = g->top;
	unsigned int before;

	for (; first; first = first->next) {
		g->at = first->at;
		count_work(g);
		if (first->kind == T_LET) { /* its register lives on */
			let(g, first);
			continue;
		}
		before = g->top;
		run_statement(g, first);
		release(g, before);
	}
	release(g, top);
}

/* --- Handlers ---------------------------------------------------------------------------- */

static u16 begin(struct generator *g, struct vpl *vpl, const char *name, enum vpb_handler_kind kind,
		 struct at at)
{
	*g = (struct generator){ .vpl = vpl, .at = at, .rounds = 1 };
	vpl->units =
		vpl_grow(vpl, vpl->units, vpl->unit_count, &vpl->unit_room, sizeof(*vpl->units));
	if (vpl->unit_count >= VPB_NONE)
		vpl_error(vpl, at, CHECK_MODEL_SIZE, "expected fewer than %u handlers", VPB_NONE);
	g->unit = &vpl->units[vpl->unit_count];
	*g->unit = (struct unit){ .name = name, .line = at.line, .kind = (u8)kind };
	g->code = vpl->scratch;
	g->top = 3; /* the arguments, and the result */
	g->most = 4;
	return (u16)vpl->unit_count++;
}

static void bind_argument(struct generator *g, struct local *local, unsigned int reg)
{
	local->reg = reg;
	g->owned[reg] = true;
}

static void bind_arguments(struct generator *g, struct arguments *arguments)
{
	bind_argument(g, &arguments->value, 0);
	bind_argument(g, &arguments->index, 1);
	bind_argument(g, &arguments->size, 2);
}

/* A jump to a RET is a RET, and one to a jump leads to that one's target. */
static void shorten_jumps(struct generator *g)
{
	struct vpb_insn *insn;
	u32 i;

	for (i = g->count; i-- > 0;) {
		insn = &g->code[i];
		if (insn->op != VPB_JMP && insn->op != VPB_JZ && insn->op != VPB_JNZ)
			continue;
		if (g->code[insn->imm].op == VPB_JMP)
			insn->imm = g->code[insn->imm].imm;
		if (insn->op == VPB_JMP && g->code[insn->imm].op == VPB_RET)
			*insn = g->code[insn->imm];
	}
}

static void finish(struct generator *g)
{
	struct vpl *vpl = g->vpl;
	u32 i;

	if (!g->dead && g->result && g->unit->kind != VPB_H_READ)
		load_number(g, RESULT, 0);
	emit(g, VPB_RET, 0, 0, 0, 0);
	shorten_jumps(g);
	g->unit->start = vpl->code_count;
	g->unit->count = g->count;
	g->unit->nregs = (u8)g->most;
	if (vpl->code_count + g->count > VPB_MAX_TABLE)
		vpl_error(vpl, g->at, CHECK_MODEL_SIZE,
			  "the model becomes longer than %u instructions here", VPB_MAX_TABLE);
	for (i = 0; i < g->count; i++) {
		vpl->code = vpl_grow(vpl, vpl->code, vpl->code_count, &vpl->code_room,
				     sizeof(*vpl->code));
		vpl->code[vpl->code_count++] = g->code[i];
	}
}

/* The deny rules of a register, before anything else happens. */
static void deny_rules(struct generator *g, struct reg *reg)
{
	struct deny *deny;

	for (deny = reg->denies; deny; deny = deny->other) {
		struct label allowed = { 0 };

		g->at = deny->at;
		bind_arguments(g, &deny->arguments);
		if (deny->when)
			branch(g, deny->when, &allowed, false);
		emit(g, VPB_DENY, 0, 0, 0, 0);
		emit(g, VPB_RET, 0, 0, 0, 0);
		bind(g, &allowed);
	}
}

/* A handler's name, and the deny rules that stand before it. */
static const char *with_denies(struct vpl *vpl, const char *name, const struct reg *reg)
{
	const struct deny *deny;

	for (deny = reg->denies; deny; deny = deny->other) {
		name = vpl_format(vpl, "%s%s line %u%s%s", name,
				  deny == reg->denies ? ", denied by" : ",", deny->at.line,
				  deny->doc ? ": " : "", deny->doc ? deny->doc : "");
		if (strlen(name) > VPL_MAX_STRING)
			break;
	}
	return name;
}

static const char *handler_name(struct vpl *vpl, const struct handler *handler)
{
	const char *name = vpl_events[handler->event].name;

	if (handler->event == EV_WRITE)
		return with_denies(
			vpl, vpl_format(vpl, "on write %s", handler->target.text),
			(struct reg *)vpl_look_up(&vpl->model.scope, handler->target.text));
	if (handler->target.text)
		return vpl_format(vpl, "on %s %s", name, handler->target.text);
	if (handler->engine)
		return vpl_format(vpl, "on %s of %s", name, handler->engine->symbol.name);
	return vpl_format(vpl, "on %s", name);
}

static void bind_values(struct generator *g, struct handler *handler)
{
	const struct event_info *info = &vpl_events[handler->event];

	if (info->target == 'r') {
		bind_arguments(g, &handler->arguments);
		return;
	}
	if (info->arguments[0])
		bind_argument(g, &handler->arguments.value, 0);
	if (info->arguments[1])
		bind_argument(g, &handler->arguments.index, 1);
}

/* Copies all elements of a register between the hardware and what the owner has saved of it. */
static void copy_register(struct generator *g, const struct reg *reg, bool save)
{
	const struct expr hardware = { .kind = E_PLACE, .symbol = (struct symbol *)&reg->symbol };
	const struct expr own = { .kind = E_PLACE, .own = true, .symbol = hardware.symbol };
	const unsigned int top = g->top, value = take(g);
	unsigned int index = NOWHERE;
	u32 first = 0;

	g->at = reg->symbol.at;
	if (reg->count.given) {
		index = take(g);
		emit(g, VPB_CLR, 0, 0, 0, g->depth);
		g->rounds = reg->count.value;
		first = g->count;
		g->bound = first;
		emit(g, VPB_CNT, index, 0, 0, g->depth);
	}
	load(g, save ? &hardware : &own, index, value);
	store(g, save ? &own : &hardware, index, value);
	if (reg->count.given) {
		if (++g->loops > VPL_MAX_HANDLER_LOOPS)
			vpl_error(g->vpl, g->at, CHECK_HANDLER_SIZE,
				  "a hand-off of engine %s copies more than %u arrays of registers",
				  reg->engine->symbol.name, VPL_MAX_HANDLER_LOOPS);
		emit(g, VPB_LOOP, g->depth, (u8)reg->count.value, (u8)(reg->count.value >> 8),
		     first);
		g->rounds = 1;
	}
	release(g, top);
}

/* Of an engine's registers, those that are so. */
static void copy_registers(struct generator *g, const struct engine *engine,
			   bool (*is_so)(const struct reg *reg), bool save)
{
	const struct reg *reg;

	for (reg = g->vpl->model.regs.first; reg; reg = reg->next) {
		if (reg->engine == engine && is_so(reg))
			copy_register(g, reg, save);
	}
}

/* What the next vdev finds in registers that a guest writes unseen: their reset values. */
static void renew_registers(struct generator *g, const struct engine *engine)
{
	const struct reg *reg;

	for (reg = g->vpl->model.regs.first; reg; reg = reg->next) {
		const struct expr place = { .kind = E_PLACE,
					    .symbol = (struct symbol *)&reg->symbol };
		const unsigned int top = g->top;
		unsigned int value, index;
		u64 i;

		if (reg->engine != engine || !vpl_is_renewed(reg))
			continue;
		g->at = reg->symbol.at;
		value = take(g);
		load_number(g, value, reg->reset);
		if (!reg->count.given)
			store(g, &place, NOWHERE, value);
		for (i = 0; reg->count.given && i < reg->count.value; i++) {
			index = take(g);
			load_number(g, index, i);
			store(g, &place, index, value);
			release(g, index);
		}
		release(g, top);
	}
}

static void generate_handler(struct vpl *vpl, struct handler *handler)
{
	const struct event_info *info = &vpl_events[handler->event];
	struct label end = { 0 };
	struct generator g;

	handler->number = begin(&g, vpl, handler_name(vpl, handler), info->kind, handler->at);
	g.result = info->result;
	if (info->kind == VPB_H_INSTANCE)
		g.engine = handler->engine;
	if (handler->event == EV_WRITE)
		deny_rules(&g, (struct reg *)vpl_look_up(&vpl->model.scope, handler->target.text));
	if (handler->event == EV_SAVE)
		copy_registers(&g, handler->engine, vpl_is_saved, true);
	g.at = handler->at;
	bind_values(&g, handler);
	if (handler->event == EV_RESTORED || handler->event == EV_RESET_ONE ||
	    handler->event == EV_ABORT_ONE)
		g.leave = &end;
	block(&g, handler->body);
	bind(&g, &end);
	if (handler->event == EV_RESTORED)
		copy_registers(&g, handler->engine, vpl_is_restored, false);
	if (handler->event == EV_RESET_ONE)
		renew_registers(&g, handler->engine);
	/* what a guest has written unseen outlives the end of work that took too long */
	if (handler->event == EV_ABORT_ONE)
		copy_registers(&g, handler->engine, vpl_is_renewed, false);
	finish(&g);
}

/* What is generated of `end` of a port's way. */
static void generate_end(struct vpl *vpl, const struct port *port, struct way *way,
			 const char *name)
{
	struct generator g;

	way->number = VPB_NONE;
	if (!way->has_end)
		return;
	way->number = begin(&g, vpl, vpl_format(vpl, "end of %s %s", name, port->reg->symbol.name),
			    VPB_H_VDEV, way->at);
	block(&g, way->end);
	finish(&g);
}

/* A register with deny rules and no handler: what is not denied is written. */
static void generate_deny(struct vpl *vpl, struct reg *reg)
{
	struct generator g;

	reg->deny_number =
		begin(&g, vpl, with_denies(vpl, vpl_format(vpl, "write %s", reg->symbol.name), reg),
		      VPB_H_WRITE, reg->denies->at);
	deny_rules(&g, reg);
	store(&g, &(struct expr){ .kind = E_PLACE, .symbol = &reg->symbol },
	      reg->count.given ? 1 : NOWHERE, 0);
	finish(&g);
}

/* A bit (enum vpb_filter) for each kind of frame that the filter takes, and the multicast hash. */
static void generate_filter(struct vpl *vpl)
{
	struct model *model = &vpl->model;
	struct generator g;
	unsigned int mask, hash, i;

	model->filter_number = begin(&g, vpl, "filter", VPB_H_VDEV, model->filter_at);
	mask = take(&g); /* both are 0 at first, as all VM registers */
	hash = take(&g);
	for (i = 0; i < FILTERS; i++) {
		const unsigned int top = g.top;
		struct label no = { 0 };

		if (!model->filters[i])
			continue;
		branch(&g, model->filters[i], &no, false);
		emit(&g, VPB_ORI, mask, mask, 0, 1u << i);
		if (1u << i == VPB_F_MULTICAST && model->multicast_hash)
			into(&g, model->multicast_hash, hash);
		bind(&g, &no);
		release(&g, top);
	}
	emit(&g, VPB_FILTER, 0, mask, hash, 0);
	finish(&g);
}

/* A hand-off saves and restores registers whether the model adds to that or not. */
static void add_handler(struct vpl *vpl, struct engine *engine, enum event event,
			enum vpb_engine_event place)
{
	struct handler *handler;

	if (engine->on[place])
		return;
	handler = vpl_alloc(vpl, sizeof(*handler));
	handler->event = event;
	handler->at = engine->symbol.at;
	handler->engine = engine;
	engine->on[place] = handler;
	*vpl->model.handlers.last = handler;
	vpl->model.handlers.last = &handler->next;
}

static void add_handlers(struct vpl *vpl)
{
	const struct reg *reg;

	for (reg = vpl->model.regs.first; reg; reg = reg->next) {
		if (vpl_is_saved(reg))
			add_handler(vpl, reg->engine, EV_SAVE, VPB_ON_SAVE);
		if (vpl_is_restored(reg))
			add_handler(vpl, reg->engine, EV_RESTORED, VPB_ON_RESTORED);
	}
}

void vpl_generate(struct vpl *vpl)
{
	struct model *model = &vpl->model;
	struct handler *handler;
	struct port *port;
	struct reg *reg;

	vpl->scratch = vpl_alloc(vpl, VPL_MAX_INSNS * sizeof(*vpl->scratch));
	add_handlers(vpl);
	for (handler = model->handlers.first; handler; handler = handler->next)
		generate_handler(vpl, handler);
	for (reg = model->regs.first; reg; reg = reg->next) {
		if (reg->denies && !reg->on_write)
			generate_deny(vpl, reg);
	}
	for (port = model->ports.first; port; port = port->next) {
		generate_end(vpl, port, &port->ways[0], "read");
		generate_end(vpl, port, &port->ways[1], "write");
	}
	if (model->has_filter)
		generate_filter(vpl);
}
