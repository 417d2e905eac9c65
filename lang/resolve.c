// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What the names in a model mean: each name gets its symbol, each call its proc or instruction,
 * each handler its register or engine, and each is seen to stand where it may.
 */
#include "ast.h"

/* Where names are looked up. */
struct resolver {
	struct vpl *vpl;
	bool hardware;			/* in `hardware` */
	const struct event_info *event; /* of the handler; NULL: in a proc or an expression */
	const struct proc *proc;	/* NULL: not in one */
	struct local *locals[VPL_MAX_LOCALS];
	unsigned int count;
	unsigned int loops; /* around */
};

static void resolve_value(struct resolver *r, struct expr *expr);
static void resolve_block(struct resolver *r, struct statement *first);

/* --- Constants --------------------------------------------------------------------------- */

u64 vpl_mask(unsigned int bits)
{
	return bits >= 64 ? ~0ull : (1ull << bits) - 1;
}

static u64 fold_binary(int sign, u64 a, u64 b)
{
	switch (sign) {
	case SIGN('|', '|'):
		return a || b;
	case SIGN('&', '&'):
		return a && b;
	case SIGN('=', '='):
		return a == b;
	case SIGN('!', '='):
		return a != b;
	case '<':
		return a < b;
	case SIGN('<', '='):
		return a <= b;
	case '>':
		return a > b;
	case SIGN('>', '='):
		return a >= b;
	case '|':
		return a | b;
	case '^':
		return a ^ b;
	case '&':
		return a & b;
	case SIGN('<', '<'):
		return b < 64 ? a << b : 0;
	case SIGN('>', '>'):
		return b < 64 ? a >> b : 0;
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
		return b ? a / b : 0;
	default:
		return b ? a % b : 0;
	}
}

static bool fold_place(const struct expr *expr, u64 *value)
{
	if (!expr->symbol)
		return false;
	if (expr->symbol->kind == S_CONST) {
		const struct constant *constant = (const struct constant *)expr->symbol;

		*value = constant->value;
		return constant->known;
	}
	if (expr->symbol->kind == S_LOCAL) {
		const struct local *local = (const struct local *)expr->symbol;

		*value = local->value;
		if (expr->bits)
			*value = *value >> expr->bits->low.value &
				 vpl_mask(vpl_field_width(expr->bits));
		return local->constant;
	}
	return false;
}

static bool fold_bits(const struct expr *expr, u64 *value)
{
	u64 high, low;

	if (!expr->builtin || expr->builtin->op != VPB_EXT)
		return false;
	if (!vpl_fold(expr->arguments, value) || !vpl_fold(expr->arguments->next, &high) ||
	    !vpl_fold(expr->arguments->next->next, &low))
		return false;
	*value = *value >> low & vpl_mask((unsigned int)(high - low + 1));
	return true;
}

bool vpl_fold(const struct expr *expr, u64 *value)
{
	u64 a, b;

	switch (expr->kind) {
	case E_NUMBER:
		*value = expr->number;
		return true;
	case E_PLACE:
		return fold_place(expr, value);
	case E_CALL:
		return fold_bits(expr, value);
	case E_UNARY:
		if (!vpl_fold(expr->a, &a))
			return false;
		*value = expr->sign == '!' ? !a : expr->sign == '~' ? ~a : -a;
		return true;
	case E_BINARY:
		if (!vpl_fold(expr->a, &a))
			return false;
		if ((expr->sign == SIGN('&', '&') && !a) || (expr->sign == SIGN('|', '|') && a)) {
			*value = a != 0;
			return true;
		}
		if (!vpl_fold(expr->b, &b))
			return false;
		*value = fold_binary(expr->sign, a, b);
		return true;
	case E_CHOICE:
		return vpl_fold(expr->a, &a) && vpl_fold(a ? expr->b : expr->c, value);
	case E_MEMORY:
		return false;
	}
	return false;
}

static u64 constant(struct resolver *r, struct expr *expr, const char *what)
{
	u64 value;

	resolve_value(r, expr);
	if (!vpl_fold(expr, &value))
		vpl_error(r->vpl, expr->at, CHECK_CONSTANT,
			  "expected a constant as %s, found what is known only when it runs", what);
	return value;
}

u64 vpl_constant(struct vpl *vpl, bool hardware, struct expr *expr, const char *what)
{
	struct resolver r = { .vpl = vpl, .hardware = hardware };

	return constant(&r, expr, what);
}

/* --- Names ------------------------------------------------------------------------------- */

static struct local *find_local(const struct resolver *r, const char *name)
{
	unsigned int i;

	for (i = r->count; i-- > 0;) {
		if (!strcmp(r->locals[i]->symbol.name, name))
			return r->locals[i];
	}
	return NULL;
}

static struct symbol *find(const struct resolver *r, const char *name)
{
	struct model *model = &r->vpl->model;
	struct symbol *symbol = NULL;

	if (r->hardware)
		symbol = vpl_look_up(&model->hardware, name);
	return symbol ? symbol : vpl_look_up(&model->scope, name);
}

/* What was perhaps meant by a name that is not known. */
static const char *similar(const struct resolver *r, const char *name)
{
	struct model *model = &r->vpl->model;
	const char *best = NULL, *other;
	unsigned int i, nearest = ~0u;

	for (i = 0; i < r->count; i++)
		vpl_offer(name, r->locals[i]->symbol.name, &best, &nearest);
	other = vpl_similar(&model->scope, name);
	if (other)
		vpl_offer(name, other, &best, &nearest);
	other = r->hardware ? vpl_similar(&model->hardware, name) : NULL;
	if (other)
		vpl_offer(name, other, &best, &nearest);
	for (i = 0; vpl_builtin_at(i); i++) {
		if (!vpl_builtin_at(i)->object)
			vpl_offer(name, vpl_builtin_at(i)->name, &best, &nearest);
	}
	return best;
}

static void __attribute__((noreturn))
unknown(const struct resolver *r, struct name name, const char *what)
{
	const struct symbol *symbol = vpl_look_up(&r->vpl->model.hardware, name.text);

	if (symbol && symbol->kind == S_VAR)
		vpl_error(r->vpl, name.at, CHECK_CONTEXT,
			  "'%s' is the hardware's: a vdev reads it as hardware.%s", name.text,
			  name.text);
	if (symbol)
		vpl_error(r->vpl, name.at, CHECK_CONTEXT,
			  "'%s' belongs to `hardware`, and is not known outside it", name.text);
	vpl_unknown(r->vpl, name, what, similar(r, name.text));
}

/* A name that must be of a kind. */
static struct symbol *expect_kind(const struct resolver *r, struct name name, enum symbol_kind kind)
{
	struct symbol *symbol = find(r, name.text);

	if (!symbol)
		unknown(r, name, vpl_kind_name(kind));
	if (symbol->kind != kind)
		vpl_error(r->vpl, name.at, CHECK_NAME_KIND, "expected %s, found '%s', which is %s",
			  vpl_kind_name(kind), name.text, vpl_kind_name(symbol->kind));
	return symbol;
}

static void check_context(const struct resolver *r, struct name name, bool hardware)
{
	if (r->hardware && !hardware)
		vpl_error(r->vpl, name.at, CHECK_CONTEXT,
			  "'%s' belongs to a vdev, and the hardware's handlers serve none",
			  name.text);
}

static void check_builtin(const struct resolver *r, const struct builtin *builtin, struct at at)
{
	const char *dot = builtin->object ? "." : "";
	const char *object = builtin->object ? builtin->object : "";

	if (vpb_ops[builtin->op].context & (r->hardware ? VPB_C_HW : VPB_C_VDEV))
		return;
	vpl_error(r->vpl, at, CHECK_CONTEXT, "'%s%s%s' is for %s", object, dot, builtin->name,
		  r->hardware ? "a vdev's handlers, not the hardware's"
			      : "the hardware's handlers, not a vdev's");
}

static void declare_local(struct resolver *r, struct local *local, struct name name)
{
	const struct symbol *other = find(r, name.text);
	const struct local *visible = find_local(r, name.text);

	if (visible)
		other = &visible->symbol;
	if (other)
		vpl_error(r->vpl, name.at, CHECK_DUPLICATE_NAME, "'%s' is %s already, see line %u",
			  name.text, vpl_kind_name(other->kind), other->at.line);
	if (r->count == VPL_MAX_LOCALS)
		vpl_error(r->vpl, name.at, CHECK_VM_REGISTERS,
			  "expected at most %u local names at one place", VPL_MAX_LOCALS);
	local->symbol.kind = S_LOCAL;
	local->symbol.name = name.text;
	local->symbol.at = name.at;
	r->locals[r->count++] = local;
}

/* --- Expressions ------------------------------------------------------------------------- */

static const struct field *find_field(const struct resolver *r, const struct field *fields,
				      const struct expr *expr)
{
	const struct field *field = vpl_field(fields, expr->field.text);
	const char *best = NULL;
	unsigned int nearest = ~0u;

	if (field)
		return field;
	if (!fields)
		vpl_error(r->vpl, expr->field.at, CHECK_UNKNOWN_NAME, "'%s' has no fields",
			  expr->name.text);
	for (; fields; fields = fields->next)
		vpl_offer(expr->field.text, fields->name.text, &best, &nearest);
	vpl_unknown(r->vpl, expr->field, vpl_format(r->vpl, "a field of %s", expr->name.text),
		    best);
}

static void no_index(const struct resolver *r, const struct expr *expr)
{
	if (expr->index)
		vpl_error(r->vpl, expr->index->at, CHECK_NAME_KIND, "'%s' is no array",
			  expr->name.text);
}

static void no_field(const struct resolver *r, const struct expr *expr)
{
	if (expr->field.text)
		vpl_error(r->vpl, expr->field.at, CHECK_UNKNOWN_NAME, "'%s' has no fields",
			  expr->name.text);
}

/* The index of an array that has this many elements; no number given: no array. */
static void resolve_index(struct resolver *r, struct expr *expr, const struct number *count)
{
	u64 value;

	if (!count->given) {
		no_index(r, expr);
		return;
	}
	if (!expr->index)
		vpl_error(r->vpl, expr->at, CHECK_NAME_KIND,
			  "'%s' is an array of %llu: expected an index, as in %s[0]",
			  expr->name.text, (unsigned long long)count->value, expr->name.text);
	resolve_value(r, expr->index);
	if (vpl_fold(expr->index, &value) && value >= count->value)
		vpl_error(r->vpl, expr->index->at, CHECK_VALUE_RANGE,
			  "expected an index below %llu, found %llu",
			  (unsigned long long)count->value, (unsigned long long)value);
}

static void resolve_local(struct resolver *r, struct expr *expr, struct local *local)
{
	expr->symbol = &local->symbol;
	local->used = true;
	no_index(r, expr);
	if (expr->field.text)
		expr->bits = find_field(r, local->fields, expr);
}

/* hardware.NAME */
static void resolve_hardware(struct resolver *r, struct expr *expr)
{
	struct symbol *symbol;

	if (r->hardware)
		vpl_error(r->vpl, expr->at, CHECK_CONTEXT,
			  "in `hardware` its variables are named without 'hardware.'");
	if (!expr->field.text)
		vpl_error(r->vpl, expr->at, CHECK_SYNTAX,
			  "expected '.' and a variable's name after 'hardware'");
	symbol = vpl_look_up(&r->vpl->model.hardware, expr->field.text);
	if (!symbol)
		vpl_unknown(r->vpl, expr->field, "a variable of the hardware",
			    vpl_similar(&r->vpl->model.hardware, expr->field.text));
	if (symbol->kind != S_VAR)
		vpl_error(r->vpl, expr->field.at, CHECK_NAME_KIND,
			  "expected a variable of the hardware, found '%s', which is %s",
			  expr->field.text, vpl_kind_name(symbol->kind));
	expr->symbol = symbol;
	expr->name = expr->field;
	expr->field.text = NULL;
	resolve_index(r, expr, &((struct var *)symbol)->count);
}

static void resolve_symbol(struct resolver *r, struct expr *expr)
{
	struct symbol *symbol = find(r, expr->name.text);

	if (!symbol)
		unknown(r, expr->name, "a value");
	expr->symbol = symbol;
	switch (symbol->kind) {
	case S_CONST:
		no_index(r, expr);
		no_field(r, expr);
		break;
	case S_PARAM:
		check_context(r, expr->name, false);
		no_index(r, expr);
		no_field(r, expr);
		break;
	case S_VAR:
		check_context(r, expr->name, ((struct var *)symbol)->hardware);
		resolve_index(r, expr, &((struct var *)symbol)->count);
		no_field(r, expr);
		break;
	case S_REGISTER:
		resolve_index(r, expr, &((struct reg *)symbol)->count);
		if (expr->field.text)
			expr->bits = find_field(r, ((struct reg *)symbol)->fields, expr);
		break;
	default:
		vpl_error(r->vpl, expr->at, CHECK_NAME_KIND,
			  "expected a value, found '%s', which is %s", expr->name.text,
			  vpl_kind_name(symbol->kind));
	}
}

static void resolve_place(struct resolver *r, struct expr *expr)
{
	const char *object = expr->field.text ? expr->name.text : NULL;
	struct local *local = find_local(r, expr->name.text);

	if (local) {
		resolve_local(r, expr, local);
		return;
	}
	expr->builtin =
		vpl_builtin(object, object ? expr->field.text : expr->name.text, FORM_VALUE);
	if (expr->builtin) {
		check_builtin(r, expr->builtin, expr->at);
		no_index(r, expr);
	} else if (!strcmp(expr->name.text, "hardware")) {
		resolve_hardware(r, expr);
	} else if (!strcmp(expr->name.text, "frame")) {
		vpl_error(r->vpl, expr->at, CHECK_SYNTAX,
			  "expected frame.length, frame.u8[offset] or a call such as frame.new()");
	} else if (!strcmp(expr->name.text, "guest")) {
		vpl_error(r->vpl, expr->at, CHECK_SYNTAX,
			  "expected guest.u8[address], guest.u16, guest.u32 or guest.u64");
	} else if (vpl_builtin(NULL, expr->name.text, FORM_CALL)) {
		vpl_error(r->vpl, expr->at, CHECK_SYNTAX, "expected '(' after '%s'",
			  expr->name.text);
	} else {
		resolve_symbol(r, expr);
	}
}

static void resolve_memory(struct resolver *r, struct expr *expr)
{
	if (!strcmp(expr->name.text, "guest")) {
		if (r->hardware)
			vpl_error(r->vpl, expr->at, CHECK_CONTEXT,
				  "'guest' is for a vdev's handlers, not the hardware's");
	} else if (strcmp(expr->name.text, "frame")) {
		expr->symbol = expect_kind(r, expr->name, S_DMA);
	}
	resolve_value(r, expr->index);
}

static void check_count(const struct resolver *r, const struct expr *call, size_t expected)
{
	const struct expr *argument = call->arguments;
	size_t count = 0;

	for (; argument; argument = argument->next)
		count++;
	if (count != expected)
		vpl_error(r->vpl, call->at, CHECK_ARGUMENT_COUNT,
			  "expected %zu argument%s for '%s', found %zu", expected,
			  expected == 1 ? "" : "s",
			  call->field.text ? call->field.text : call->name.text, count);
}

/* An argument that is a name: an engine or a DMA memory. */
static void resolve_named(struct resolver *r, struct expr *expr, enum symbol_kind kind)
{
	if (expr->kind != E_PLACE || expr->index || expr->field.text)
		vpl_error(r->vpl, expr->at, CHECK_NAME_KIND, "expected the name of %s",
			  vpl_kind_name(kind));
	expr->symbol = expect_kind(r, expr->name, kind);
}

static void use_engine(const struct expr *call, const struct expr *argument)
{
	struct engine *engine = (struct engine *)argument->symbol;

	engine->sent_at = argument->at;
	if (call->builtin->op == VPB_RUN)
		engine->is_run = true;
	else
		engine->is_sent_to = true;
}

/* bits(x, high, low) */
static void check_bits(struct resolver *r, const struct expr *call)
{
	const struct expr *high = call->arguments->next, *low = high->next;
	u64 from = 0, to = 0;

	vpl_fold(high, &to);
	vpl_fold(low, &from);
	if (to > 63 || from > to)
		vpl_error(r->vpl, high->at, CHECK_VALUE_RANGE,
			  "expected bits(x, high, low) with 63 >= high >= low, found %llu and %llu",
			  (unsigned long long)to, (unsigned long long)from);
}

static void resolve_builtin_call(struct resolver *r, struct expr *call)
{
	const char *kind = call->builtin->arguments;
	struct expr *argument;

	check_builtin(r, call->builtin, call->at);
	check_count(r, call, strlen(kind));
	for (argument = call->arguments; argument; argument = argument->next, kind++) {
		if (*kind == 'E') {
			resolve_named(r, argument, S_ENGINE);
			use_engine(call, argument);
		} else if (*kind == 'D') {
			resolve_named(r, argument, S_DMA);
		} else if (*kind == 'c') {
			constant(r, argument, "the number of a bit");
		} else {
			resolve_value(r, argument);
		}
	}
	if (call->builtin->op == VPB_EXT)
		check_bits(r, call);
}

static void resolve_proc_call(struct resolver *r, struct expr *call)
{
	const struct proc *proc;
	struct expr *argument;

	call->symbol = expect_kind(r, call->name, S_PROC);
	proc = (const struct proc *)call->symbol;
	check_context(r, call->name, proc->hardware);
	check_count(r, call, proc->parameter_count);
	for (argument = call->arguments; argument; argument = argument->next)
		resolve_value(r, argument);
}

static void __attribute__((noreturn))
unknown_method(const struct resolver *r, const struct expr *call)
{
	const char *best = NULL;
	unsigned int i, nearest = ~0u;

	if (strcmp(call->name.text, "frame"))
		vpl_error(r->vpl, call->at, CHECK_NAME_KIND,
			  "expected 'frame' before '.%s(', found '%s'", call->field.text,
			  call->name.text);
	for (i = 0; vpl_builtin_at(i); i++) {
		if (vpl_builtin_at(i)->object)
			vpl_offer(call->field.text, vpl_builtin_at(i)->name, &best, &nearest);
	}
	vpl_unknown(r->vpl, call->field, "something that can be done to a frame", best);
}

static void resolve_call(struct resolver *r, struct expr *call)
{
	const char *object = call->field.text ? call->name.text : NULL;

	if (!call->builtin)
		call->builtin =
			vpl_builtin(object, object ? call->field.text : call->name.text, FORM_CALL);
	if (call->builtin)
		resolve_builtin_call(r, call);
	else if (object)
		unknown_method(r, call);
	else
		resolve_proc_call(r, call);
}

static void check_result(const struct resolver *r, const struct expr *call)
{
	bool result;

	if (call->builtin)
		result = vpl_builtin_has_result(call->builtin);
	else
		result = ((const struct proc *)call->symbol)->has_result;
	if (!result)
		vpl_error(r->vpl, call->at, CHECK_PROC_RESULT,
			  "expected a value, but '%s' returns none",
			  call->field.text ? call->field.text : call->name.text);
}

static void check_divisor(const struct resolver *r, const struct expr *expr)
{
	u64 value;

	if ((expr->sign == '/' || expr->sign == '%') && vpl_fold(expr->b, &value) && !value)
		vpl_error(r->vpl, expr->b->at, CHECK_VALUE_RANGE,
			  "expected a divisor that is not 0");
}

/* An expression whose value is used. */
static void resolve_value(struct resolver *r, struct expr *expr)
{
	switch (expr->kind) {
	case E_NUMBER:
		break;
	case E_PLACE:
		resolve_place(r, expr);
		break;
	case E_MEMORY:
		resolve_memory(r, expr);
		break;
	case E_CALL:
		resolve_call(r, expr);
		check_result(r, expr);
		break;
	case E_UNARY:
		resolve_value(r, expr->a);
		break;
	case E_BINARY:
		resolve_value(r, expr->a);
		resolve_value(r, expr->b);
		check_divisor(r, expr);
		break;
	case E_CHOICE:
		resolve_value(r, expr->a);
		resolve_value(r, expr->b);
		resolve_value(r, expr->c);
		break;
	}
}

/* --- Statements -------------------------------------------------------------------------- */

static void resolve_let(struct resolver *r, struct statement *let)
{
	struct local *local = vpl_alloc(r->vpl, sizeof(*local));

	resolve_value(r, let->value);
	if (let->layout.text) {
		const struct layout *layout =
			(const struct layout *)expect_kind(r, let->layout, S_LAYOUT);

		local->fields = layout->fields;
		local->width = layout->width;
	}
	declare_local(r, local, let->name);
	let->local = local;
}

/* Bits of what is assigned to. */
static unsigned int place_bits(const struct expr *place)
{
	if (place->bits)
		return vpl_field_width(place->bits);
	if (place->kind == E_MEMORY)
		return 8 * place->width;
	if (place->symbol->kind == S_REGISTER)
		return 8 * ((const struct reg *)place->symbol)->width;
	if (place->symbol->kind == S_VAR)
		return 8 * ((const struct var *)place->symbol)->width;
	return 64;
}

static void check_assignable(const struct resolver *r, const struct expr *place)
{
	enum symbol_kind kind;

	if (place->kind == E_MEMORY) {
		if (!strcmp(place->name.text, "frame"))
			vpl_error(r->vpl, place->at, CHECK_NAME_KIND,
				  "a frame's bytes are read only; frame.add() makes a frame");
		return;
	}
	kind = place->symbol ? place->symbol->kind : S_CONST;
	if (kind == S_CONST || kind == S_PARAM)
		vpl_error(r->vpl, place->at, CHECK_NAME_KIND,
			  "expected what can be assigned to, found '%s'", place->name.text);
	if (!r->hardware && kind == S_VAR && ((const struct var *)place->symbol)->hardware)
		vpl_error(r->vpl, place->at, CHECK_CONTEXT,
			  "a vdev's handler only reads the hardware's variables");
}

static void resolve_assign(struct resolver *r, struct statement *statement)
{
	struct expr *place = statement->place;
	unsigned int bits;
	u64 value;

	resolve_value(r, place);
	check_assignable(r, place);
	if (place->kind == E_PLACE && place->symbol->kind == S_LOCAL)
		((struct local *)place->symbol)->assigned = true;
	if (statement->cause && (r->hardware || place->symbol->kind != S_REGISTER))
		vpl_error(r->vpl, place->at, r->hardware ? CHECK_CONTEXT : CHECK_NAME_KIND,
			  "expected a field of a vdev's register after `cause`");
	resolve_value(r, statement->value);
	bits = place_bits(place);
	if (statement->sign != '-' && statement->sign != '&' &&
	    vpl_fold(statement->value, &value) && value > vpl_mask(bits))
		vpl_error(r->vpl, statement->value->at, CHECK_VALUE_RANGE,
			  "expected a value of %u bit%s for '%s', found 0x%llx", bits,
			  bits == 1 ? "" : "s",
			  place->field.text && place->bits ? place->field.text : place->name.text,
			  (unsigned long long)value);
}

static void resolve_repeat(struct resolver *r, struct statement *loop)
{
	const unsigned int count = r->count;

	loop->bound = constant(r, loop->value, "a loop's number of rounds");
	if (!loop->bound || loop->bound > 0xffff)
		vpl_error(r->vpl, loop->value->at, CHECK_LOOP_BOUND,
			  "expected 1 to 65535 rounds, found %llu",
			  (unsigned long long)loop->bound);
	if (r->loops == VPB_MAX_LOOPS)
		vpl_error(r->vpl, loop->at, CHECK_LOOP_BOUND,
			  "expected at most %u loops inside each other", VPB_MAX_LOOPS);
	if (loop->name.text) {
		loop->local = vpl_alloc(r->vpl, sizeof(*loop->local));
		declare_local(r, loop->local, loop->name);
	}
	r->loops++;
	resolve_block(r, loop->body);
	r->loops--;
	r->count = count;
}

static void resolve_return(struct resolver *r, struct statement *statement)
{
	if (!statement->value)
		return;
	if (r->event && !r->event->result)
		vpl_error(r->vpl, statement->value->at, CHECK_PROC_RESULT,
			  "`on %s` has no result: expected `return` alone", r->event->name);
	resolve_value(r, statement->value);
}

static void resolve_statement(struct resolver *r, struct statement *statement)
{
	switch (statement->kind) {
	case T_LET:
		resolve_let(r, statement);
		break;
	case T_ASSIGN:
		resolve_assign(r, statement);
		break;
	case T_IF:
		resolve_value(r, statement->value);
		resolve_block(r, statement->body);
		resolve_block(r, statement->otherwise);
		break;
	case T_REPEAT:
		resolve_repeat(r, statement);
		break;
	case T_BREAK:
	case T_CONTINUE:
		if (!r->loops)
			vpl_error(r->vpl, statement->at, CHECK_LOOP_JUMP, "`%s` stands in no loop",
				  statement->kind == T_BREAK ? "break" : "continue");
		break;
	case T_RETURN:
		resolve_return(r, statement);
		break;
	case T_CALL:
		resolve_call(r, statement->value);
		break;
	}
}

static void resolve_block(struct resolver *r, struct statement *first)
{
	const unsigned int count = r->count;

	for (; first; first = first->next)
		resolve_statement(r, first);
	r->count = count;
}

/* --- Handlers, deny rules, procs --------------------------------------------------------- */

/* The names of a register handler's arguments. */
static void declare_arguments(struct resolver *r, const struct reg *reg,
			      struct arguments *arguments, struct name index)
{
	const struct at at = reg->symbol.at;

	arguments->value.fields = reg->fields;
	arguments->value.width = reg->width;
	declare_local(r, &arguments->value, (struct name){ "value", at });
	declare_local(r, &arguments->size, (struct name){ "size", at });
	if (!index.text)
		return;
	if (!reg->count.given)
		vpl_error(r->vpl, index.at, CHECK_NAME_KIND, "'%s' is no array", reg->symbol.name);
	declare_local(r, &arguments->index, index);
}

static void declare_values(struct resolver *r, struct handler *handler)
{
	const struct event_info *info = &vpl_events[handler->event];

	if (info->arguments[0])
		declare_local(r, &handler->arguments.value,
			      (struct name){ info->arguments[0], handler->at });
	if (info->arguments[1])
		declare_local(r, &handler->arguments.index,
			      (struct name){ info->arguments[1], handler->at });
}

static void attach(struct vpl *vpl, struct handler **place, struct handler *handler)
{
	if (*place)
		vpl_error(vpl, handler->at, CHECK_HANDLER_UNIQUE,
			  "`on %s` of the same is in line %u already",
			  vpl_events[handler->event].name, (*place)->at.line);
	*place = handler;
}

/* Where a handler belongs. */
static void attach_handler(struct resolver *r, struct handler *handler)
{
	static const int events[EVENTS] = {
		[EV_RESET] = VPB_ON_RESET,	   [EV_NOTIFY] = VPB_ON_NOTIFY,
		[EV_START] = VPB_ON_START,	   [EV_STOP] = VPB_ON_STOP,
		[EV_INTERRUPT] = VPB_ON_INTERRUPT, [EV_TICK] = VPB_ON_TICK,
	};
	struct engine *engine = handler->engine;
	struct reg *reg;

	switch (handler->event) {
	case EV_READ:
	case EV_WRITE:
		reg = (struct reg *)expect_kind(r, handler->target, S_REGISTER);
		attach(r->vpl, handler->event == EV_READ ? &reg->on_read : &reg->on_write, handler);
		declare_arguments(r, reg, &handler->arguments, handler->index);
		break;
	case EV_DONE:
		attach(r->vpl, &engine->done, handler);
		break;
	case EV_FRAME:
		attach(r->vpl, &engine->frame, handler);
		break;
	case EV_RUN:
		attach(r->vpl, &engine->run, handler);
		break;
	case EV_TRANSMIT:
	case EV_RECOVER:
		engine = (struct engine *)expect_kind(r, handler->target, S_ENGINE);
		attach(r->vpl, handler->event == EV_TRANSMIT ? &engine->transmit : &engine->recover,
		       handler);
		break;
	default:
		attach(r->vpl, &r->vpl->model.on[events[handler->event]], handler);
	}
}

static void resolve_handler(struct vpl *vpl, struct handler *handler)
{
	struct resolver r = {
		.vpl = vpl,
		.hardware = handler->hardware,
		.event = &vpl_events[handler->event],
	};

	attach_handler(&r, handler);
	declare_values(&r, handler);
	resolve_block(&r, handler->body);
}

static void resolve_deny(struct vpl *vpl, struct deny *deny)
{
	struct resolver r = { .vpl = vpl };
	struct reg *reg = (struct reg *)expect_kind(&r, deny->target, S_REGISTER);
	struct deny **last = &reg->denies;

	while (*last)
		last = &(*last)->other;
	*last = deny;
	declare_arguments(&r, reg, &deny->arguments, deny->index);
	if (deny->when)
		resolve_value(&r, deny->when);
	reg->flags |= VPB_REG_DENY;
}

static void resolve_proc(struct vpl *vpl, struct proc *proc)
{
	struct resolver r = { .vpl = vpl, .hardware = proc->hardware, .proc = proc };
	struct local *parameter;

	for (parameter = proc->parameters; parameter; parameter = parameter->next)
		declare_local(&r, parameter,
			      (struct name){ parameter->symbol.name, parameter->symbol.at });
	resolve_block(&r, proc->body);
}

/* --- The rest of a model ----------------------------------------------------------------- */

static struct window *resolve_window(struct resolver *r, struct engine *engine, struct at at)
{
	struct model *model = &r->vpl->model;

	if (engine->window_name.text)
		return (struct window *)expect_kind(r, engine->window_name, S_WINDOW);
	if (model->windows.count != 1)
		vpl_error(r->vpl, at, CHECK_REGISTER_IN_WINDOW,
			  "the model has %u windows: expected `in WINDOW` before the '{' of "
			  "engine %s",
			  model->windows.count, engine->symbol.name);
	return model->windows.first;
}

static void resolve_bank(struct resolver *r, struct window *window)
{
	const struct expr selector = { .name = window->bank_reg, .field = window->bank_field };

	if (!window->bank_reg.text)
		return;
	window->selector = (struct reg *)expect_kind(r, window->bank_reg, S_REGISTER);
	window->selector_bits = find_field(r, window->selector->fields, &selector);
}

static struct reg *resolve_cause(struct resolver *r, struct name name)
{
	struct reg *reg = (struct reg *)expect_kind(r, name, S_REGISTER);

	reg->flags |= VPB_REG_IRQ;
	return reg;
}

static void resolve_tables(struct resolver *r)
{
	struct model *model = &r->vpl->model;
	struct window *window;
	struct bar *bar;
	struct irq *irq;
	struct reg *reg;

	if (model->pci.revision_param.text)
		model->pci.param =
			(struct param *)expect_kind(r, model->pci.revision_param, S_PARAM);
	for (bar = model->bars.first; bar; bar = bar->next)
		bar->window = (struct window *)expect_kind(r, bar->window_name, S_WINDOW);
	for (window = model->windows.first; window; window = window->next)
		resolve_bank(r, window);
	for (reg = model->regs.first; reg; reg = reg->next) {
		if (!reg->window)
			reg->window = resolve_window(r, reg->engine, reg->offset.at);
	}
	for (irq = model->irqs.first; irq; irq = irq->next) {
		irq->cause = resolve_cause(r, irq->cause_name);
		if (irq->mask_name.text)
			irq->mask = resolve_cause(r, irq->mask_name);
	}
}

/* Registers that the filter reads are marked: a write to one makes it run. */
static void mark_filter(struct expr *expr, void *unused)
{
	(void)unused;
	if (!expr->symbol)
		return;
	if (expr->symbol->kind == S_REGISTER)
		((struct reg *)expr->symbol)->flags |= VPB_REG_FILTER;
	if (expr->symbol->kind == S_PROC && !((struct proc *)expr->symbol)->in_filter) {
		((struct proc *)expr->symbol)->in_filter = true;
		vpl_walk(((struct proc *)expr->symbol)->body, mark_filter, NULL);
	}
}

static void resolve_filter(struct resolver *r)
{
	struct model *model = &r->vpl->model;
	unsigned int i;

	for (i = 0; i < FILTERS; i++) {
		if (!model->filters[i])
			continue;
		resolve_value(r, model->filters[i]);
	}
	if (model->multicast_hash)
		resolve_value(r, model->multicast_hash);
}

static void mark_filters(struct model *model)
{
	unsigned int i;

	for (i = 0; i < FILTERS; i++) {
		if (model->filters[i])
			vpl_walk_expr(model->filters[i], mark_filter, NULL);
	}
	if (model->multicast_hash)
		vpl_walk_expr(model->multicast_hash, mark_filter, NULL);
}

void vpl_resolve(struct vpl *vpl)
{
	struct model *model = &vpl->model;
	struct resolver r = { .vpl = vpl };
	struct handler *handler;
	struct deny *deny;
	struct proc *proc;

	resolve_tables(&r);
	for (proc = model->procs.first; proc; proc = proc->next)
		resolve_proc(vpl, proc);
	for (deny = model->denies.first; deny; deny = deny->next)
		resolve_deny(vpl, deny);
	for (handler = model->handlers.first; handler; handler = handler->next)
		resolve_handler(vpl, handler);
	resolve_filter(&r);
}

void vpl_mark_filter(struct vpl *vpl)
{
	mark_filters(&vpl->model);
}
