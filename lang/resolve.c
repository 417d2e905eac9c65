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
	unsigned int contexts;		/* bits of enum context: where it may run */
	const struct event_info *event; /* of the handler; NULL: in a proc or an expression */
	struct proc *proc;		/* NULL: not in one */
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

		if (!local->constant)
			return false; /* nor are its fields checked yet */
		*value = local->value;
		if (expr->bits)
			*value = *value >> expr->bits->low.value &
				 vpl_mask(vpl_field_width(expr->bits));
		return true;
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
	struct resolver r = {
		.vpl = vpl,
		.hardware = hardware,
		.contexts = hardware ? IN_HARDWARE | IN_START : IN_VDEV,
	};

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

/* What may run with the hardware at hand. */
static bool has_hardware(const struct resolver *r)
{
	return r->contexts & (IN_HARDWARE | IN_START);
}

/* The names that are nearer come first: those of `hardware` in it, those of the model outside. */
static struct symbol *find(const struct resolver *r, const char *name)
{
	struct model *model = &r->vpl->model;
	struct symbol *symbol = vpl_look_up(r->hardware ? &model->hardware : &model->scope, name);

	if (!symbol && r->hardware)
		return vpl_look_up(&model->scope, name);
	if (!symbol && has_hardware(r))
		return vpl_look_up(&model->hardware, name);
	return symbol;
}

/*
 * Something is used that is at hand in these contexts only. A proc that uses it is for these; false
 * if nothing is left.
 */
static bool allow(struct resolver *r, struct name name, unsigned int contexts)
{
	unsigned int i;

	if (!(r->contexts & contexts))
		return false;
	for (i = 0; r->proc && i < CONTEXTS; i++) {
		if ((r->contexts & ~contexts) >> i & 1)
			r->proc->reason[i] = name;
	}
	r->contexts &= contexts;
	return true;
}

/* The check that is not passed by what is at hand elsewhere only. */
static enum vpl_check_id context_check(const struct resolver *r)
{
	return r->contexts == IN_START ? CHECK_START_CONTEXT : CHECK_CONTEXT;
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
	other = has_hardware(r) ? vpl_similar(&model->hardware, name) : NULL;
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

/* A name of a vdev, or of the hardware. */
static void check_context(struct resolver *r, struct name name, unsigned int contexts)
{
	if (!allow(r, name, contexts))
		vpl_error(
			r->vpl, name.at, context_check(r),
			contexts & IN_HARDWARE
				? "'%s' is the hardware's, and a vdev's handlers do not drive it"
				: "'%s' belongs to a vdev, and the hardware's handlers serve none",
			name.text);
}

/* A variable: the hardware's, a vdev's, or of the owner or the instance of an engine. */
static void check_variable(struct resolver *r, struct name name, const struct var *var)
{
	if (var->hardware)
		check_context(r, name, IN_HARDWARE | IN_START);
	else if (!var->engine || var->engine->discipline == VPB_HOSTED)
		check_context(r, name, IN_VDEV | IN_START);
}

/* Something that is for a vdev's handlers, or for those with the hardware. */
static void check_use(struct resolver *r, struct name name, bool vdev, bool hardware)
{
	const unsigned int contexts = (vdev ? IN_VDEV : 0) |
				      (hardware ? IN_HARDWARE | IN_START : 0);

	if (allow(r, name, contexts))
		return;
	vpl_error(r->vpl, name.at, context_check(r), "'%s' is for %s", name.text,
		  r->contexts == IN_START ? "a vdev's other handlers, not for `on start`"
		  : hardware		  ? "the hardware's handlers, not a vdev's"
					  : "a vdev's handlers, not the hardware's");
}

static void check_builtin(struct resolver *r, const struct expr *expr)
{
	const struct builtin *builtin = expr->builtin;
	const u8 context = vpb_ops[builtin->op].context;
	struct name name = { builtin->name, expr->at };

	if (builtin->op == VPB_EMIT || builtin->op == VPB_LOCAL)
		r->vpl->model.frame_use = expr->at;
	if (builtin->object)
		name.text = vpl_format(r->vpl, "%s.%s", expr->name.text, builtin->name);
	check_use(r, name, context & VPB_C_VDEV, context & VPB_C_HW);
}

static void declare_local(struct resolver *r, struct local *local, struct name name)
{
	struct model *model = &r->vpl->model;
	/* a proc outside `hardware` may hide the hardware's names, which it need not know */
	const struct symbol *other = r->proc && !r->hardware ? vpl_look_up(&model->scope, name.text)
							     : find(r, name.text);
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

	if (!allow(r, expr->name, IN_VDEV))
		vpl_error(r->vpl, expr->at, context_check(r),
			  "with the hardware at hand its variables are named without 'hardware.'");
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
		check_context(r, expr->name, IN_VDEV | IN_START);
		no_index(r, expr);
		no_field(r, expr);
		break;
	case S_VAR:
		check_variable(r, expr->name, (const struct var *)symbol);
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

/* own.REG: what a vdev has saved of a register, where REG alone is the hardware's. */
static void resolve_own(struct resolver *r, struct expr *expr)
{
	struct reg *reg = (struct reg *)expect_kind(r, expr->name, S_REGISTER);
	const bool known = vpl_is_direct(reg);
	const struct name name = { vpl_format(r->vpl, "own.%s", reg->symbol.name), expr->at };

	expr->symbol = &reg->symbol;
	if (r->contexts == IN_VDEV)
		vpl_error(r->vpl, expr->at, CHECK_OWN_CONTEXT,
			  "in a vdev's handler '%s' alone is the vdev's own", reg->symbol.name);
	if (!allow(r, name, known ? IN_HARDWARE | IN_START : IN_START))
		vpl_error(r->vpl, expr->at, CHECK_OWN_CONTEXT,
			  "'%s' is not saved with an engine, and so the hardware's handlers do not "
			  "know whose is meant",
			  reg->symbol.name);
	resolve_index(r, expr, &reg->count);
	if (expr->field.text)
		expr->bits = find_field(r, reg->fields, expr);
}

static void resolve_place(struct resolver *r, struct expr *expr)
{
	const char *object = expr->field.text ? expr->name.text : NULL;
	struct local *local = find_local(r, expr->name.text);

	if (expr->own) {
		resolve_own(r, expr);
		return;
	}
	if (local) {
		resolve_local(r, expr, local);
		return;
	}
	expr->builtin =
		vpl_builtin(object, object ? expr->field.text : expr->name.text, FORM_VALUE);
	if (expr->builtin) {
		check_builtin(r, expr);
		no_index(r, expr);
	} else if (!strcmp(expr->name.text, "hardware")) {
		resolve_hardware(r, expr);
	} else if (!strcmp(expr->name.text, "frame")) {
		vpl_error(r->vpl, expr->at, CHECK_SYNTAX,
			  "expected frame.length, frame.u8[offset] or a call such as frame.new()");
	} else if (!strcmp(expr->name.text, "guest")) {
		vpl_error(
			r->vpl, expr->at, CHECK_SYNTAX,
			"expected guest.u8[address], guest.u16, guest.u32, guest.u64, guest.get() "
			"or guest.put()");
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
		check_use(r, expr->name, true, false);
	} else if (strcmp(expr->name.text, "frame")) {
		expr->symbol = expect_kind(r, expr->name, S_DMA);
		check_use(r, expr->name, false, true);
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

/* An array of bytes, which is written by some of the calls that name it. */
static void resolve_array(struct resolver *r, struct expr *expr)
{
	struct var *var;

	resolve_named(r, expr, S_VAR);
	var = (struct var *)expr->symbol;
	check_variable(r, expr->name, var);
	if (var->width != 1 || !var->count.given)
		vpl_error(r->vpl, expr->at, CHECK_NAME_KIND,
			  "expected an array of bytes (u8), found '%s'", expr->name.text);
	var->assigned = true;
}

/* A register that is no array, which a burst reads or writes. */
static void resolve_single(struct resolver *r, struct expr *expr)
{
	resolve_named(r, expr, S_REGISTER);
	if (((const struct reg *)expr->symbol)->count.given)
		vpl_error(r->vpl, expr->at, CHECK_NAME_KIND,
			  "expected a register that is no array, found '%s'", expr->name.text);
}

static const char *discipline_name(enum vpb_discipline discipline)
{
	static const char *const names[] = { "slice", "host", "partition" };

	return names[discipline];
}

/* Bits 1 << enum vpb_discipline: the engines with which something can be done. */
static unsigned int disciplines_of(u8 op)
{
	switch (op) {
	case VPB_DONE:
		return 1 << VPB_HOSTED | 1 << VPB_SLICED | 1 << VPB_PARTITIONED;
	case VPB_START:
	case VPB_STARTED:
		return 1 << VPB_SLICED | 1 << VPB_PARTITIONED;
	case VPB_OWNED:
		return 1 << VPB_SLICED;
	case VPB_INSTANCE:
		return 1 << VPB_PARTITIONED;
	default:
		return 1 << VPB_HOSTED;
	}
}

/* How a message calls them. */
static const char *disciplines_name(unsigned int disciplines)
{
	static const char *const names[] = {
		[1 << VPB_HOSTED] = "a host",
		[1 << VPB_SLICED] = "a slice",
		[1 << VPB_PARTITIONED] = "a partition",
		[1 << VPB_SLICED | 1 << VPB_PARTITIONED] = "a slice or partition",
	};

	return names[disciplines];
}

static void use_engine(const struct resolver *r, const struct expr *call,
		       const struct expr *argument)
{
	struct engine *engine = (struct engine *)argument->symbol;
	const u8 op = call->builtin->op;

	if (!(disciplines_of(op) >> engine->discipline & 1))
		vpl_error(r->vpl, argument->at, CHECK_NAME_KIND,
			  "'%s' is for %s engine, and %s is a %s engine", call->builtin->name,
			  disciplines_name(disciplines_of(op)), engine->symbol.name,
			  discipline_name(engine->discipline));
	if (op == VPB_START)
		engine->is_started = true;
	if (op == VPB_START || op == VPB_STARTED)
		engine->start_at = argument->at;
	if (engine->discipline != VPB_HOSTED)
		return;
	engine->sent_at = argument->at;
	if (op == VPB_RUN)
		engine->is_run = true;
	else
		engine->is_sent_to = true;
}

/* frame.append(v, n) */
static void check_width(struct resolver *r, struct expr *argument)
{
	const u64 width = constant(r, argument, "the number of bytes");

	if (width != 1 && width != 2 && width != 4 && width != 8)
		vpl_error(r->vpl, argument->at, CHECK_VALUE_RANGE,
			  "expected 1, 2, 4 or 8 bytes, found %llu", (unsigned long long)width);
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

	check_builtin(r, call);
	check_count(r, call, strlen(kind));
	for (argument = call->arguments; argument; argument = argument->next, kind++) {
		if (*kind == 'E') {
			resolve_named(r, argument, S_ENGINE);
			use_engine(r, call, argument);
		} else if (*kind == 'R') {
			resolve_single(r, argument);
		} else if (*kind == 'D') {
			resolve_named(r, argument, S_DMA);
		} else if (*kind == 'M') {
			resolve_array(r, argument);
		} else if (*kind == 'w') {
			check_width(r, argument);
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
	if (proc->hardware)
		check_context(r, call->name, IN_HARDWARE | IN_START);
	check_count(r, call, proc->parameter_count);
	for (argument = call->arguments; argument; argument = argument->next)
		resolve_value(r, argument);
}

static void __attribute__((noreturn))
unknown_method(const struct resolver *r, const struct expr *call, const char *object)
{
	const char *best = NULL;
	unsigned int i, nearest = ~0u;

	if (strcmp(object, "frame") && strcmp(object, "guest") && strcmp(object, VPL_DMA_METHOD))
		vpl_error(r->vpl, call->at, CHECK_NAME_KIND,
			  "expected 'frame', 'guest' or a DMA memory before '.%s(', found '%s'",
			  call->field.text, call->name.text);
	for (i = 0; vpl_builtin_at(i); i++) {
		const struct builtin *builtin = vpl_builtin_at(i);

		if (builtin->object && !strcmp(builtin->object, object))
			vpl_offer(call->field.text, builtin->name, &best, &nearest);
	}
	vpl_unknown(r->vpl, call->field,
		    vpl_format(r->vpl, "something that can be done with '%s'", call->name.text),
		    best);
}

static void resolve_call(struct resolver *r, struct expr *call)
{
	const char *object = call->field.text ? call->name.text : NULL;
	struct symbol *symbol = find(r, call->name.text);

	if (object && symbol && symbol->kind == S_DMA) {
		object = VPL_DMA_METHOD;
		call->symbol = symbol;
	}
	/* a proc of the model may be called as a call of the language is (`start`) */
	if (!call->builtin && (object || !symbol || symbol->kind != S_PROC))
		call->builtin =
			vpl_builtin(object, object ? call->field.text : call->name.text, FORM_CALL);
	if (call->builtin)
		resolve_builtin_call(r, call);
	else if (object)
		unknown_method(r, call, object);
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

/* A local name gets the fields of a layout, or of a register. */
static void lay_out(struct resolver *r, struct local *local, struct name name)
{
	const struct symbol *symbol = find(r, name.text);

	if (symbol && symbol->kind == S_REGISTER) {
		local->fields = ((const struct reg *)symbol)->fields;
		local->width = ((const struct reg *)symbol)->width;
	} else {
		symbol = expect_kind(r, name, S_LAYOUT);
		local->fields = ((const struct layout *)symbol)->fields;
		local->width = ((const struct layout *)symbol)->width;
	}
}

static void resolve_let(struct resolver *r, struct statement *let)
{
	struct local *local = vpl_alloc(r->vpl, sizeof(*local));

	resolve_value(r, let->value);
	if (let->layout.text)
		lay_out(r, local, let->layout);
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
	if (r->contexts == IN_VDEV && kind == S_VAR &&
	    ((const struct var *)place->symbol)->hardware)
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
	place->assigned = true;
	if (place->kind == E_PLACE && place->symbol->kind == S_LOCAL)
		((struct local *)place->symbol)->assigned = true;
	if (place->kind == E_PLACE && place->symbol->kind == S_VAR)
		((struct var *)place->symbol)->assigned = true;
	if (statement->cause && !allow(r, place->name, IN_VDEV))
		vpl_error(r->vpl, place->at, context_check(r),
			  "expected a field of a vdev's register after `cause`");
	if (statement->cause && place->symbol->kind != S_REGISTER)
		vpl_error(r->vpl, place->at, CHECK_NAME_KIND,
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
			  "`%s%s` has no result: expected `return` alone",
			  r->event->home ? "on " : "", r->event->name);
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
		[EV_RESET] = VPB_ON_RESET,
		[EV_NOTIFY] = VPB_ON_NOTIFY,
		[EV_START] = VPB_ON_START,
		[EV_STOP] = VPB_ON_STOP,
		[EV_INTERRUPT] = VPB_ON_INTERRUPT,
		[EV_TICK] = VPB_ON_TICK,
		[EV_DONE] = VPB_ON_DONE,
		[EV_FRAME] = VPB_ON_FRAME,
		[EV_RUN] = VPB_ON_RUN,
		[EV_BEGIN] = VPB_ON_BEGIN,
		[EV_IDLE] = VPB_ON_IDLE,
		[EV_READY] = VPB_ON_READY,
		[EV_SAVE] = VPB_ON_SAVE,
		[EV_SAVED] = VPB_ON_SAVED,
		[EV_RESTORE] = VPB_ON_RESTORE,
		[EV_RESTORED] = VPB_ON_RESTORED,
		[EV_ABORT] = VPB_ON_RECOVER,
		[EV_RESET_ONE] = VPB_ON_INSTANCE_RESET,
		[EV_INTERRUPT_ONE] = VPB_ON_INSTANCE_INTERRUPT,
		[EV_IDLE_ONE] = VPB_ON_IDLE,
		[EV_ABORT_ONE] = VPB_ON_RECOVER,
		[EV_TRANSMIT] = VPB_ON_TRANSMIT,
		[EV_RECOVER] = VPB_ON_RECOVER,
		[EV_POLL] = VPB_ON_POLL,
		[EV_MASK] = VPB_ON_MASK,
	};
	const enum event event = handler->event;
	struct reg *reg;

	if (event == EV_READ || event == EV_WRITE) {
		reg = (struct reg *)expect_kind(r, handler->target, S_REGISTER);
		attach(r->vpl, event == EV_READ ? &reg->on_read : &reg->on_write, handler);
		return;
	}
	if (vpl_events[event].target == 'e') {
		handler->engine = (struct engine *)expect_kind(r, handler->target, S_ENGINE);
		if (handler->engine->discipline != VPB_HOSTED)
			vpl_error(r->vpl, handler->target.at, CHECK_NAME_KIND,
				  "expected a host engine, and %s is a %s engine",
				  handler->target.text,
				  discipline_name(handler->engine->discipline));
	}
	if (handler->engine)
		attach(r->vpl, &handler->engine->on[events[event]], handler);
	else
		attach(r->vpl, &r->vpl->model.on[events[event]], handler);
}

static struct resolver resolver_of(struct vpl *vpl, const struct handler *handler)
{
	return (struct resolver){
		.vpl = vpl,
		.hardware = handler->hardware,
		.contexts = vpl_context(vpl_events[handler->event].kind),
		.event = &vpl_events[handler->event],
	};
}

static void resolve_guards(struct resolver *r, struct handler *handler, const struct reg *reg)
{
	const struct field *field;
	unsigned int i;
	u64 bits;

	for (i = 0; i < handler->guard_count; i++) {
		const struct expr guard = { .name = handler->target, .field = handler->guards[i] };

		field = find_field(r, reg->fields, &guard);
		if (field->high.value >= 64 || field->low.value > field->high.value)
			continue;
		bits = vpl_mask(vpl_field_width(field)) << field->low.value;
		if (handler->guard_changes[i])
			handler->changes |= bits;
		else
			handler->when |= bits;
	}
}

static void resolve_handler(struct vpl *vpl, struct handler *handler)
{
	struct resolver r = resolver_of(vpl, handler);
	const struct reg *reg;

	if (vpl_events[handler->event].target == 'r') {
		reg = (const struct reg *)find(&r, handler->target.text);
		resolve_guards(&r, handler, reg);
		declare_arguments(&r, reg, &handler->arguments, handler->index);
	}
	declare_values(&r, handler);
	resolve_block(&r, handler->body);
}

static void attach_deny(struct resolver *r, struct deny *deny)
{
	struct reg *reg = (struct reg *)expect_kind(r, deny->target, S_REGISTER);
	struct deny **last = &reg->denies;

	while (*last)
		last = &(*last)->other;
	*last = deny;
	reg->flags |= VPB_REG_DENY;
}

static void resolve_deny(struct vpl *vpl, struct deny *deny)
{
	struct resolver r = { .vpl = vpl, .contexts = IN_VDEV };
	struct reg *reg = (struct reg *)find(&r, deny->target.text);

	declare_arguments(&r, reg, &deny->arguments, deny->index);
	if (deny->when)
		resolve_value(&r, deny->when);
}

/* --- Data ports -------------------------------------------------------------------------- */

/* A number that a port changes: a variable of the vdev that is no array; NULL: not given. */
static const struct var *resolve_number(struct resolver *r, struct name name)
{
	struct var *var;

	if (!name.text)
		return NULL;
	var = (struct var *)expect_kind(r, name, S_VAR);
	if (var->count.given)
		vpl_error(r->vpl, name.at, CHECK_NAME_KIND,
			  "expected a variable that is no array, found '%s'", name.text);
	var->assigned = true;
	return var;
}

static void resolve_way(struct resolver *r, struct way *way)
{
	struct var *array = (struct var *)expect_kind(r, way->memory, S_VAR);

	if (array->width != 1 || !array->count.given)
		vpl_error(r->vpl, way->memory.at, CHECK_NAME_KIND,
			  "expected an array of bytes (u8), found '%s'", way->memory.text);
	array->assigned = true;
	way->array = array;
	way->variables[0] = resolve_number(r, way->place);
	way->variables[1] = resolve_number(r, way->left);
	way->variables[2] = resolve_number(r, way->top);
	way->variables[3] = resolve_number(r, way->bottom);
	way->variables[4] = resolve_number(r, way->unit);
	way->variables[5] = resolve_number(r, way->when);
	if (way->engine_name.text) {
		way->engine = (struct engine *)expect_kind(r, way->engine_name, S_ENGINE);
		if (way->engine->discipline != VPB_SLICED)
			vpl_error(r->vpl, way->engine_name.at, CHECK_NAME_KIND,
				  "expected a slice engine, and %s is a %s engine",
				  way->engine_name.text, discipline_name(way->engine->discipline));
	}
	resolve_block(r, way->end);
}

static void attach_port(struct resolver *r, struct port *port)
{
	port->reg = (struct reg *)expect_kind(r, port->target, S_REGISTER);
	if (port->reg->port)
		vpl_error(r->vpl, port->at, CHECK_HANDLER_UNIQUE,
			  "%s is a port already, see line %u", port->reg->symbol.name,
			  port->reg->port->at.line);
	port->reg->port = port;
}

static void resolve_port(struct vpl *vpl, struct port *port)
{
	static const struct event_info end = { .name = "end" }; /* no event: it has no home */
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct resolver r = { .vpl = vpl, .contexts = IN_VDEV, .event = &end };

		if (port->ways[i].given)
			resolve_way(&r, &port->ways[i]);
	}
}

static void resolve_proc(struct vpl *vpl, struct proc *proc)
{
	struct resolver r = {
		.vpl = vpl,
		.hardware = proc->hardware,
		.contexts = proc->hardware ? IN_HARDWARE | IN_START : IN_ALL,
		.proc = proc,
	};
	struct local *parameter;

	for (parameter = proc->parameters; parameter; parameter = parameter->next)
		declare_local(&r, parameter,
			      (struct name){ parameter->symbol.name, parameter->symbol.at });
	resolve_block(&r, proc->body);
	proc->contexts = r.contexts;
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
	struct resolver r = { .vpl = vpl, .contexts = IN_VDEV };
	struct handler *handler;
	struct deny *deny;
	struct proc *proc;
	struct port *port;

	resolve_tables(&r);
	for (handler = model->handlers.first; handler; handler = handler->next) {
		struct resolver attacher = resolver_of(vpl, handler);

		attach_handler(&attacher, handler);
	}
	for (deny = model->denies.first; deny; deny = deny->next)
		attach_deny(&r, deny);
	for (port = model->ports.first; port; port = port->next)
		attach_port(&r, port);
	for (proc = model->procs.first; proc; proc = proc->next)
		resolve_proc(vpl, proc);
	for (deny = model->denies.first; deny; deny = deny->next)
		resolve_deny(vpl, deny);
	for (handler = model->handlers.first; handler; handler = handler->next)
		resolve_handler(vpl, handler);
	for (port = model->ports.first; port; port = port->next)
		resolve_port(vpl, port);
	resolve_filter(&r);
}

void vpl_mark_filter(struct vpl *vpl)
{
	mark_filters(&vpl->model);
}
