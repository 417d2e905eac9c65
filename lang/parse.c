// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * From tokens to the tree, by recursive descent: one function for each rule of the grammar in
 * docs/language.md. Nothing is looked up here; names are kept as they are written.
 */
#include "ast.h"

struct parser {
	struct vpl *vpl;
	struct token token;    /* the next one, not taken yet */
	unsigned int nesting;  /* blocks, brackets and operators around it */
	unsigned int brackets; /* around it: in brackets a line's end means nothing */
	/* where the item at hand stands */
	struct window *window;
	struct engine *engine;
	bool hardware;
	bool has_result; /* a `return` with a value was met */
};

#define APPEND(list, node)                           \
	do {                                         \
		if (!(list).last)                    \
			(list).last = &(list).first; \
		*(list).last = (node);               \
		(list).last = &(node)->next;         \
		(list).count++;                      \
	} while (0)

#define NEW(p, type) ((type *)vpl_alloc((p)->vpl, sizeof(type)))

/* --- Tokens ------------------------------------------------------------------------------ */

static void advance(struct parser *p)
{
	vpl_lex(p->vpl, &p->token);
}

static void __attribute__((noreturn)) expected(struct parser *p, const char *what)
{
	vpl_error(p->vpl, p->token.at, CHECK_SYNTAX, "expected %s, found %s", what,
		  vpl_token_name(p->vpl, &p->token));
}

static bool is_sign(const struct parser *p, int sign)
{
	return p->token.kind == TOKEN_SIGN && p->token.sign == sign;
}

static bool is_word(const struct parser *p, const char *word)
{
	return p->token.kind == TOKEN_NAME && !strcmp(p->token.text, word);
}

static bool take_sign(struct parser *p, int sign)
{
	if (!is_sign(p, sign))
		return false;
	advance(p);
	return true;
}

static bool take_word(struct parser *p, const char *word)
{
	if (!is_word(p, word))
		return false;
	advance(p);
	return true;
}

static void expect_sign(struct parser *p, int sign, const char *what)
{
	if (!take_sign(p, sign))
		expected(p, what);
}

static struct name take_name(struct parser *p, const char *what)
{
	struct name name = { p->token.text, p->token.at };

	if (p->token.kind != TOKEN_NAME)
		expected(p, what);
	advance(p);
	return name;
}

/* A name that is declared here. */
static struct name new_name(struct parser *p, const char *what)
{
	struct name name = { p->token.text, p->token.at };

	if (p->token.kind == TOKEN_NAME && vpl_is_reserved(name.text))
		vpl_error(p->vpl, name.at, CHECK_SYNTAX,
			  "expected %s, found '%s', which is a word of the language", what,
			  name.text);
	return take_name(p, what);
}

/* The constant that the next word names; NULL if it names none that is declared above. */
static const struct constant *named_constant(const struct parser *p)
{
	const struct model *model = &p->vpl->model;
	const struct symbol *symbol = NULL;

	if (p->token.kind != TOKEN_NAME)
		return NULL;
	if (p->hardware)
		symbol = vpl_look_up(&model->hardware, p->token.text);
	if (!symbol)
		symbol = vpl_look_up(&model->scope, p->token.text);
	return symbol && symbol->kind == S_CONST ? (const struct constant *)symbol : NULL;
}

static struct number take_number(struct parser *p, const char *what)
{
	struct number number = { p->token.number, p->token.at, true };
	const struct constant *constant = named_constant(p);

	if (constant)
		number.value = constant->value;
	else if (p->token.kind != TOKEN_NUMBER)
		expected(p, what);
	advance(p);
	return number;
}

/* A number with a least and a greatest value. */
static struct number take_limited(struct parser *p, const char *what, u64 least, u64 most)
{
	struct number number = take_number(p, what);

	if (number.value < least || number.value > most)
		vpl_error(p->vpl, number.at, CHECK_VALUE_RANGE,
			  "expected %s from %llu to %llu, found %llu", what,
			  (unsigned long long)least, (unsigned long long)most,
			  (unsigned long long)number.value);
	return number;
}

static const char *take_string(struct parser *p)
{
	const char *text = p->token.text;

	if (p->token.kind != TOKEN_STRING)
		return NULL;
	advance(p);
	return text;
}

static void enter(struct parser *p)
{
	if (++p->nesting > VPL_MAX_NESTING)
		vpl_error(p->vpl, p->token.at, CHECK_NESTING,
			  "expected at most %u blocks and brackets inside each other",
			  VPL_MAX_NESTING);
}

static void leave(struct parser *p)
{
	p->nesting--;
}

/* The words of an enumeration; -1 if the next word is none of them. */
static int take_one_of(struct parser *p, const char *const *words)
{
	int i;

	for (i = 0; words[i]; i++) {
		if (take_word(p, words[i]))
			return i;
	}
	return -1;
}

/* Bytes of u8, u16, u32, u64; 0 for another word. */
static unsigned int width_of(const char *word)
{
	static const char *const types[] = { "u8", "u16", "u32", "u64" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(word, types[i]))
			return 1u << i;
	}
	return 0;
}

static unsigned int take_type(struct parser *p)
{
	unsigned int width = p->token.kind == TOKEN_NAME ? width_of(p->token.text) : 0;

	if (!width)
		expected(p, "a type (u8, u16, u32 or u64)");
	advance(p);
	return width;
}

static int take_access(struct parser *p)
{
	static const char *const words[] = { "rw", "ro", "wo", "w1c", "rc", "strobe", "w1s", NULL };

	return take_one_of(p, words); /* the order of enum vpb_access */
}

/* --- Expressions ------------------------------------------------------------------------- */

static struct expr *parse_expr(struct parser *p);
static struct expr *parse_unary(struct parser *p);

static struct expr *new_expr(struct parser *p, enum expr_kind kind, struct at at)
{
	struct expr *expr = NEW(p, struct expr);

	expr->kind = kind;
	expr->at = at;
	expr->depth = 1;
	return expr;
}

/* Puts one expression below another. */
static struct expr *below(struct parser *p, struct expr *parent, struct expr *child)
{
	if (child->depth >= parent->depth)
		parent->depth = child->depth + 1;
	if (parent->depth > VPL_MAX_NESTING)
		vpl_error(p->vpl, parent->at, CHECK_NESTING,
			  "expected at most %u operators inside each other", VPL_MAX_NESTING);
	return child;
}

/* An expression up to a closing sign; the opening one is taken. */
static struct expr *parse_bracket(struct parser *p, struct expr *parent, int close,
				  const char *what)
{
	struct expr *expr;

	enter(p);
	p->brackets++;
	expr = parse_expr(p);
	if (parent)
		below(p, parent, expr);
	p->brackets--;
	expect_sign(p, close, what);
	leave(p);
	return expr;
}

/* Whether the next token can go on with what stands before it. */
static bool goes_on(const struct parser *p)
{
	return !p->token.first || p->brackets;
}

static bool take_open(struct parser *p, int sign)
{
	return goes_on(p) && take_sign(p, sign);
}

static void parse_arguments(struct parser *p, struct expr *call)
{
	struct expr **last = &call->arguments;
	unsigned int count = 0;

	enter(p);
	p->brackets++;
	call->kind = E_CALL;
	while (!is_sign(p, ')')) {
		if (++count > VPL_MAX_ARGUMENTS)
			vpl_error(p->vpl, p->token.at, CHECK_ARGUMENT_COUNT,
				  "expected at most %u arguments", VPL_MAX_ARGUMENTS);
		*last = below(p, call, parse_expr(p));
		last = &(*last)->next;
		if (!take_sign(p, ','))
			break;
	}
	p->brackets--;
	expect_sign(p, ')', "',' or ')' after an argument");
	leave(p);
}

/* own.REG, own.REG[index], own.REG.FIELD, own.REG[index].FIELD */
static struct expr *parse_own(struct parser *p)
{
	struct expr *expr = new_expr(p, E_PLACE, p->token.at);

	advance(p);
	expr->own = true;
	expect_sign(p, '.', "'.' and a register's name after 'own'");
	expr->name = take_name(p, "a register's name after 'own.'");
	if (take_open(p, '['))
		expr->index = parse_bracket(p, expr, ']', "']' after the index");
	if (take_open(p, '.'))
		expr->field = take_name(p, "a field's name after '.'");
	return expr;
}

/* What begins with a name: a place, memory or a call. */
static struct expr *parse_named(struct parser *p)
{
	struct expr *expr;

	if (is_word(p, "own"))
		return parse_own(p);
	expr = new_expr(p, E_PLACE, p->token.at);
	expr->name = take_name(p, "a name");
	if (take_open(p, '(')) {
		parse_arguments(p, expr);
		return expr;
	}
	if (take_open(p, '['))
		expr->index = parse_bracket(p, expr, ']', "']' after the index");
	if (!take_open(p, '.'))
		return expr;
	expr->field = take_name(p, "a field's name after '.'");
	if (expr->index)
		return expr;
	if (take_open(p, '(')) {
		parse_arguments(p, expr);
		return expr;
	}
	if (take_open(p, '[')) {
		expr->width = width_of(expr->field.text);
		if (expr->width)
			expr->kind = E_MEMORY;
		else if (strcmp(expr->name.text, "hardware"))
			vpl_error(p->vpl, expr->field.at, CHECK_SYNTAX,
				  "expected u8, u16, u32 or u64 between '.' and '[', found '%s'",
				  expr->field.text);
		expr->index = parse_bracket(p, expr, ']', "']' after the index");
	}
	return expr;
}

static struct expr *parse_primary(struct parser *p)
{
	struct expr *expr;

	if (p->token.kind == TOKEN_NUMBER) {
		expr = new_expr(p, E_NUMBER, p->token.at);
		expr->number = p->token.number;
		advance(p);
		return expr;
	}
	if (p->token.kind == TOKEN_NAME)
		return parse_named(p);
	if (take_sign(p, '('))
		return parse_bracket(p, NULL, ')', "')' after the expression");
	expected(p, "an expression");
}

static struct expr *parse_unary(struct parser *p)
{
	struct expr *expr;

	if (!is_sign(p, '!') && !is_sign(p, '~') && !is_sign(p, '-'))
		return parse_primary(p);
	expr = new_expr(p, E_UNARY, p->token.at);
	expr->sign = p->token.sign;
	advance(p);
	enter(p);
	expr->a = below(p, expr, parse_unary(p));
	leave(p);
	return expr;
}

/* How tightly a binary operator binds; 0 if it is none. */
static int strength(int sign)
{
	static const struct {
		int sign, strength;
	} operators[] = {
		{ SIGN('|', '|'), 1 },
		{ SIGN('&', '&'), 2 },
		{ SIGN('=', '='), 3 },
		{ SIGN('!', '='), 3 },
		{ '<', 3 },
		{ SIGN('<', '='), 3 },
		{ '>', 3 },
		{ SIGN('>', '='), 3 },
		{ '|', 4 },
		{ '^', 5 },
		{ '&', 6 },
		{ SIGN('<', '<'), 7 },
		{ SIGN('>', '>'), 7 },
		{ '+', 8 },
		{ '-', 8 },
		{ '*', 9 },
		{ '/', 9 },
		{ '%', 9 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(operators); i++) {
		if (operators[i].sign == sign)
			return operators[i].strength;
	}
	return 0;
}

/* Operators that bind at least as tightly as `least`. */
static struct expr *parse_binary(struct parser *p, int least)
{
	struct expr *left = parse_unary(p), *expr;
	int found;

	while (p->token.kind == TOKEN_SIGN && goes_on(p)) {
		found = strength(p->token.sign);
		if (!found || found < least)
			break;
		expr = new_expr(p, E_BINARY, p->token.at);
		expr->sign = p->token.sign;
		advance(p);
		expr->a = below(p, expr, left);
		expr->b = below(p, expr, parse_binary(p, found + 1));
		left = expr;
	}
	return left;
}

static struct expr *parse_expr(struct parser *p)
{
	struct expr *condition = parse_binary(p, 1), *expr;

	if (!goes_on(p) || !is_sign(p, '?'))
		return condition;
	expr = new_expr(p, E_CHOICE, p->token.at);
	advance(p);
	enter(p);
	expr->a = below(p, expr, condition);
	expr->b = below(p, expr, parse_expr(p));
	expect_sign(p, ':', "':' between the two values of '?'");
	expr->c = below(p, expr, parse_expr(p));
	leave(p);
	return expr;
}

/* --- Statements -------------------------------------------------------------------------- */

static struct statement *parse_block(struct parser *p);

static struct statement *new_statement(struct parser *p, enum statement_kind kind)
{
	struct statement *statement = NEW(p, struct statement);

	statement->kind = kind;
	statement->at = p->token.at;
	return statement;
}

static struct statement *parse_let(struct parser *p)
{
	struct statement *let = new_statement(p, T_LET);

	advance(p);
	let->name = new_name(p, "a local name");
	if (take_sign(p, ':'))
		let->layout = take_name(p, "a layout's or a register's name");
	expect_sign(p, '=', "'=' and the value of the local name");
	let->value = parse_expr(p);
	return let;
}

static struct statement *parse_if(struct parser *p)
{
	struct statement *branch = new_statement(p, T_IF);

	enter(p);
	advance(p);
	branch->value = parse_expr(p);
	branch->body = parse_block(p);
	if (take_word(p, "else")) {
		if (is_word(p, "if"))
			branch->otherwise = parse_if(p);
		else
			branch->otherwise = parse_block(p);
	}
	leave(p);
	return branch;
}

/* What a loop's `while` stands for: `if !... { break }` at the beginning of its body. */
static struct statement *parse_while(struct parser *p)
{
	struct statement *branch = new_statement(p, T_IF);

	advance(p);
	branch->value = new_expr(p, E_UNARY, p->token.at);
	branch->value->sign = '!';
	enter(p);
	branch->value->a = below(p, branch->value, parse_expr(p));
	leave(p);
	branch->body = new_statement(p, T_BREAK);
	return branch;
}

static struct statement *parse_repeat(struct parser *p)
{
	struct statement *loop = new_statement(p, T_REPEAT), *leave_loop = NULL;

	advance(p);
	loop->value = parse_expr(p);
	if (take_word(p, "as"))
		loop->name = new_name(p, "a name for the number of the round");
	if (is_word(p, "while"))
		leave_loop = parse_while(p);
	loop->body = parse_block(p);
	if (leave_loop) {
		leave_loop->next = loop->body;
		loop->body = leave_loop;
	}
	return loop;
}

/* How soon the guest is to be told, which may be said behind a cause. */
static u8 parse_urgency(struct parser *p)
{
	if (p->token.first)
		return VPB_RAISE;
	if (take_word(p, "urgent"))
		return VPB_URGE;
	return take_word(p, "later") ? VPB_LATER : VPB_RAISE;
}

static struct statement *parse_cause(struct parser *p)
{
	struct statement *cause = new_statement(p, T_ASSIGN);

	advance(p);
	cause->sign = '=';
	cause->cause = true;
	if (p->token.kind != TOKEN_NAME)
		expected(p, "a register's field");
	cause->place = parse_named(p);
	if (cause->place->kind != E_PLACE ||
	    (!cause->place->field.text && (p->token.first || is_sign(p, ';') || is_sign(p, '}'))))
		vpl_error(
			p->vpl, cause->place->at, CHECK_SYNTAX,
			"expected a register's field, or a register and bits, as in `cause ISR.TOK` or "
			"`cause ISR value`");
	if (!cause->place->field.text) {
		cause->sign = '|';
		cause->value = parse_expr(p);
	} else {
		cause->value = new_expr(p, E_NUMBER, cause->at);
		cause->value->number = 1;
	}
	cause->raise = parse_urgency(p);
	return cause;
}

/* A statement that is a word of the language and its arguments: `run tx`, `refuse address`. */
static struct statement *parse_action(struct parser *p, const struct builtin *builtin)
{
	struct statement *action = new_statement(p, T_CALL);
	struct expr *call = new_expr(p, E_CALL, p->token.at), **last = &call->arguments;
	const char *argument;

	call->name = take_name(p, "a statement");
	call->builtin = builtin;
	for (argument = builtin->arguments; *argument; argument++) {
		if (*argument == 'E') {
			*last = new_expr(p, E_PLACE, p->token.at);
			(*last)->name = take_name(p, "an engine's name");
		} else {
			*last = parse_expr(p);
		}
		below(p, call, *last);
		last = &(*last)->next;
	}
	action->value = call;
	return action;
}

/* The operator of an assignment; -1 if the next token is none. '=' is one, '+' is that of +=. */
static int take_assignment(struct parser *p)
{
	const int sign = p->token.kind == TOKEN_SIGN ? p->token.sign : 0;

	if (sign == '=' || sign == SIGN('+', '=') || sign == SIGN('-', '=') ||
	    sign == SIGN('|', '=') || sign == SIGN('&', '=') || sign == SIGN('^', '=')) {
		advance(p);
		return sign & 0xff;
	}
	return -1;
}

static struct statement *parse_assignment(struct parser *p)
{
	struct statement *statement = new_statement(p, T_ASSIGN);

	statement->place = parse_named(p);
	if (statement->place->kind == E_CALL) {
		statement->kind = T_CALL;
		statement->value = statement->place;
		return statement;
	}
	statement->sign = take_assignment(p);
	if (statement->sign < 0)
		expected(p, "'=', '+=', '-=', '|=', '&=' or '^='");
	statement->value = parse_expr(p);
	return statement;
}

static struct statement *parse_return(struct parser *p)
{
	struct statement *statement = new_statement(p, T_RETURN);

	advance(p);
	if (!p->token.first && !is_sign(p, '}') && !is_sign(p, ';') && p->token.kind != TOKEN_END) {
		statement->value = parse_expr(p);
		p->has_result = true;
	}
	return statement;
}

static struct statement *parse_jump(struct parser *p, enum statement_kind kind)
{
	struct statement *statement = new_statement(p, kind);

	advance(p);
	return statement;
}

static struct statement *parse_statement(struct parser *p)
{
	const struct builtin *builtin;

	if (p->token.kind != TOKEN_NAME)
		expected(p, "a statement or '}'");
	if (is_word(p, "let"))
		return parse_let(p);
	if (is_word(p, "if"))
		return parse_if(p);
	if (is_word(p, "repeat"))
		return parse_repeat(p);
	if (is_word(p, "return"))
		return parse_return(p);
	if (is_word(p, "break"))
		return parse_jump(p, T_BREAK);
	if (is_word(p, "continue"))
		return parse_jump(p, T_CONTINUE);
	if (is_word(p, "cause"))
		return parse_cause(p);
	builtin = vpl_builtin(NULL, p->token.text, FORM_STATEMENT);
	if (builtin)
		return parse_action(p, builtin);
	return parse_assignment(p);
}

static struct statement *parse_block(struct parser *p)
{
	struct statement *first = NULL, **last = &first;

	enter(p);
	expect_sign(p, '{', "'{'");
	while (!take_sign(p, '}')) {
		if (take_sign(p, ';'))
			continue;
		*last = parse_statement(p);
		last = &(*last)->next;
		if (!p->token.first && !is_sign(p, '}') && !is_sign(p, ';'))
			expected(p, "the end of the line or ';' after a statement");
	}
	leave(p);
	return first;
}

/* A value of some bits that is known here. */
static u64 parse_constant(struct parser *p, const char *what, unsigned int bits)
{
	struct expr *expr = parse_expr(p);
	const u64 value = vpl_constant(p->vpl, p->hardware, expr, what);

	if (value > vpl_mask(bits))
		vpl_error(p->vpl, expr->at, CHECK_VALUE_RANGE,
			  "expected a value of %u bits as %s, found 0x%llx", bits, what,
			  (unsigned long long)value);
	return value;
}

/* --- Registers --------------------------------------------------------------------------- */

/* What stands in braces; the opening one is taken. */
static struct field *parse_fields(struct parser *p)
{
	struct field *first = NULL, **last = &first, *field;
	unsigned int count = 0;

	while (!take_sign(p, '}')) {
		field = NEW(p, struct field);
		field->name = take_name(p, "a field's name or '}'");
		field->high = take_number(p, "the field's bits, as in 12:0 or 13");
		field->low = field->high;
		if (take_sign(p, ':'))
			field->low = take_number(p, "the field's lowest bit");
		field->access = take_access(p);
		take_sign(p, ',');
		if (++count > 64)
			vpl_error(p->vpl, field->name.at, CHECK_FIELD_OVERLAP,
				  "expected at most 64 fields");
		*last = field;
		last = &field->next;
	}
	return first;
}

static void parse_banks(struct parser *p, struct reg *reg)
{
	if (!take_word(p, "bank"))
		return;
	do {
		if (reg->bank_count == ARRAY_SIZE(reg->banks))
			expected(p, "at most 16 banks");
		reg->banks[reg->bank_count++] =
			take_limited(p, "a bank's number", 0, ARRAY_SIZE(reg->banks) - 1);
	} while (take_sign(p, ','));
}

static void parse_register_type(struct parser *p, struct reg *reg)
{
	if (take_sign(p, '[')) {
		reg->count = take_limited(p, "the number of elements", 1, 0xffff);
		if (take_word(p, "step"))
			reg->step = take_limited(p, "bytes from element to element", 1, 0xffff);
		expect_sign(p, ']', "']' after the number of elements");
	}
	reg->width = take_type(p);
	reg->access = take_access(p);
	if (reg->access < 0)
		expected(p, "an access (rw, ro, wo, w1c, rc or strobe)");
}

static void parse_register(struct parser *p)
{
	struct reg *reg = NEW(p, struct reg);

	reg->window = p->window;
	reg->engine = p->engine;
	reg->offset = take_number(p, "a register's offset");
	if (take_word(p, "reserved")) {
		reg->bytes = take_number(p, "the number of reserved bytes");
		parse_banks(p, reg);
	} else {
		const struct name name = new_name(p, "a register's name or 'reserved'");

		parse_register_type(p, reg);
		reg->whole = take_word(p, "whole");
		if (take_sign(p, '='))
			reg->reset = parse_constant(p, "a reset value", 8 * reg->width);
		parse_banks(p, reg);
		reg->doc = take_string(p);
		if (take_sign(p, '{'))
			reg->fields = parse_fields(p);
		vpl_declare(p->vpl, &p->vpl->model.scope, &reg->symbol, S_REGISTER, name);
	}
	APPEND(p->vpl->model.regs, reg);
}

static void parse_window(struct parser *p)
{
	struct model *model = &p->vpl->model;
	struct window *window = NEW(p, struct window);

	vpl_declare(p->vpl, &model->scope, &window->symbol, S_WINDOW,
		    new_name(p, "a window's name"));
	window->size = take_limited(p, "the window's bytes", 1, 1 << 30);
	if (take_word(p, "bank")) {
		window->bank_reg = take_name(p, "the register that selects the bank");
		expect_sign(p, '.', "'.' and the field that selects the bank");
		window->bank_field = take_name(p, "the field that selects the bank");
	}
	window->number = (u16)model->windows.count;
	APPEND(model->windows, window);
	if (model->windows.count > VPB_MAX_WINDOWS)
		vpl_error(p->vpl, window->symbol.at, CHECK_MODEL_SIZE,
			  "expected at most %u windows", VPB_MAX_WINDOWS);
	expect_sign(p, '{', "'{' and the window's registers");
	p->window = window;
	while (!take_sign(p, '}')) {
		if (p->token.kind != TOKEN_NUMBER)
			expected(p, "a register's offset or '}'");
		parse_register(p);
	}
	p->window = NULL;
}

/* --- Handlers and what they share -------------------------------------------------------- */

static struct scope *current_scope(struct parser *p)
{
	return p->hardware ? &p->vpl->model.hardware : &p->vpl->model.scope;
}

static struct name parse_index(struct parser *p)
{
	struct name index = { NULL, p->token.at };

	if (take_sign(p, '[')) {
		index = new_name(p, "a name for the index");
		expect_sign(p, ']', "']' after the index");
	}
	return index;
}

static enum home current_home(const struct parser *p)
{
	static const enum home homes[] = {
		[VPB_SLICED] = HOME_SLICE,
		[VPB_HOSTED] = HOME_HOST,
		[VPB_PARTITIONED] = HOME_PARTITION,
	};

	if (p->hardware)
		return HOME_HARDWARE;
	return p->engine ? homes[p->engine->discipline] : HOME_MODEL;
}

/* Where an event that may stand in these homes belongs, for a message. */
static const char *home_name(unsigned int homes)
{
	static const struct {
		unsigned int homes;
		const char *name;
	} names[] = {
		{ HOME_VDEV, "outside `hardware`" },
		{ HOME_MODEL, "in the model, outside engines and `hardware`" },
		{ HOME_HOST, "in a host engine" },
		{ HOME_SLICE, "in a slice engine" },
		{ HOME_ENGINE, "in an engine" },
		{ HOME_SLICE | HOME_PARTITION, "in a slice or partition engine" },
		{ HOME_MODEL | HOME_PARTITION,
		  "in a partition engine, or outside engines and `hardware`" },
		{ HOME_HARDWARE, "in `hardware`" },
		{ HOME_HARDWARE | HOME_PARTITION, "in `hardware` or a partition engine" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].homes == homes)
			return names[i].name;
	}
	return "in `hardware`, a slice or a partition engine";
}

static enum event parse_event(struct parser *p)
{
	const struct at at = p->token.at;
	unsigned int homes = 0, i;

	for (i = 0; i < EV_FILTER; i++) {
		if (!is_word(p, vpl_events[i].name))
			continue;
		if (vpl_events[i].home & current_home(p)) {
			advance(p);
			return i;
		}
		homes |= vpl_events[i].home;
	}
	if (homes)
		vpl_error(p->vpl, at, CHECK_CONTEXT, "expected `on %s` %s", p->token.text,
			  home_name(homes));
	expected(p,
		 p->hardware  ? "an event of the hardware (start, stop, interrupt, tick, transmit, "
				"recover, poll, mask)"
		 : !p->engine ? "an event (read, write, reset, notify)"
		 : p->engine->discipline == VPB_HOSTED ? "an event (read, write, done, frame, run)"
		 : p->engine->discipline == VPB_SLICED
			 ? "an event (read, write, done, start, idle, ready, save, saved, "
			   "restore, restored, recover)"
			 : "an event (read, write, done, reset, interrupt, start, idle, recover)");
}

/* when FIELD, FIELD changes: a write that does not set one, nor change the other, needs none */
static void parse_guards(struct parser *p, struct handler *handler)
{
	struct name guards[64];
	bool changes[64];

	if (handler->event != EV_WRITE || !take_word(p, "when"))
		return;
	do {
		if (handler->guard_count == ARRAY_SIZE(guards))
			expected(p, "at most 64 fields");
		guards[handler->guard_count] = take_name(p, "a field's name");
		changes[handler->guard_count++] = take_word(p, "changes");
	} while (take_sign(p, ','));
	handler->guards = vpl_alloc(p->vpl, handler->guard_count * sizeof(*guards));
	memcpy(handler->guards, guards, handler->guard_count * sizeof(*guards));
	handler->guard_changes = vpl_alloc(p->vpl, handler->guard_count * sizeof(*changes));
	memcpy(handler->guard_changes, changes, handler->guard_count * sizeof(*changes));
}

static void parse_handler(struct parser *p)
{
	struct handler *handler = NEW(p, struct handler);

	handler->at = p->token.at;
	handler->event = parse_event(p);
	handler->engine = p->engine;
	handler->hardware = p->hardware;
	if (vpl_events[handler->event].target == 'r') {
		handler->target = take_name(p, "a register's name");
		handler->index = parse_index(p);
	} else if (vpl_events[handler->event].target == 'e') {
		handler->target = take_name(p, "an engine's name");
	}
	parse_guards(p, handler);
	if (is_sign(p, '=')) {
		handler->body = new_statement(p, T_RETURN);
		advance(p);
		handler->body->value = parse_expr(p);
	} else if (is_sign(p, '{')) {
		handler->body = parse_block(p);
	} else {
		expected(p, "'{' or '=' and what the handler does");
	}
	APPEND(p->vpl->model.handlers, handler);
}

static void parse_deny(struct parser *p)
{
	struct deny *deny = NEW(p, struct deny);

	deny->at = p->token.at;
	if (!take_word(p, "write"))
		expected(p, "'write'");
	deny->target = take_name(p, "a register's name");
	deny->index = parse_index(p);
	if (take_word(p, "when"))
		deny->when = parse_expr(p);
	deny->doc = take_string(p);
	APPEND(p->vpl->model.denies, deny);
}

/* ARRAY at VAR left VAR [wrap VAR to VAR] [unit VAR] [through ENGINE [when VAR]] [end { ... }] */
static void parse_way(struct parser *p, struct way *way)
{
	way->memory = take_name(p, "the array to which the port leads");
	if (!take_word(p, "at"))
		expected(p, "'at' and the variable that holds the address in the array");
	way->place = take_name(p, "a variable's name");
	if (!take_word(p, "left"))
		expected(p, "'left' and the variable that counts the bytes");
	way->left = take_name(p, "a variable's name");
	if (take_word(p, "wrap")) {
		way->top = take_name(p, "a variable's name");
		if (!take_word(p, "to"))
			expected(p, "'to' and the variable where the address goes on");
		way->bottom = take_name(p, "a variable's name");
	}
	if (take_word(p, "unit"))
		way->unit = take_name(p, "a variable's name");
	if (take_word(p, "through")) {
		way->engine_name = take_name(p, "a slice engine's name");
		if (take_word(p, "when"))
			way->when = take_name(p, "a variable's name");
	}
	if (take_word(p, "end")) {
		way->has_end = true;
		way->end = parse_block(p);
	}
}

static void parse_port(struct parser *p)
{
	struct port *port = NEW(p, struct port);
	static const char *const words[] = { "read", "write", NULL };
	struct at at;
	int write;

	port->at = p->token.at;
	port->target = take_name(p, "a register's name");
	expect_sign(p, '{', "'{' and where the port leads");
	while (!take_sign(p, '}')) {
		at = p->token.at;
		write = take_one_of(p, words);
		if (write < 0)
			expected(p, "'read', 'write' or '}'");
		if (port->ways[write].given)
			vpl_error(p->vpl, at, CHECK_DUPLICATE_NAME, "'%s' is said twice",
				  words[write]);
		port->ways[write].given = true;
		port->ways[write].at = at;
		parse_way(p, &port->ways[write]);
		take_sign(p, ';');
	}
	port->number = (u16)p->vpl->model.ports.count;
	APPEND(p->vpl->model.ports, port);
	if (p->vpl->model.ports.count >= VPB_NONE)
		vpl_error(p->vpl, port->at, CHECK_MODEL_SIZE, "expected fewer than %u ports",
			  VPB_NONE);
}

static struct var *new_var(struct parser *p)
{
	struct var *var = NEW(p, struct var);

	vpl_declare(p->vpl, current_scope(p), &var->symbol, S_VAR,
		    new_name(p, "a variable's name"));
	var->hardware = p->hardware;
	var->engine = p->engine;
	APPEND(p->vpl->model.vars, var);
	return var;
}

/* Variables of one type: what follows their names holds for each. */
static void parse_var(struct parser *p)
{
	struct var *const first = new_var(p);
	struct var *var;
	struct number count = { 0 };
	u64 reset = 0;

	while (take_sign(p, ','))
		new_var(p);
	first->width = take_type(p);
	if (take_sign(p, '[')) {
		count = take_limited(p, "the number of elements", 1, VPB_MAX_STATE);
		expect_sign(p, ']', "']' after the number of elements");
	}
	if (take_sign(p, '='))
		reset = parse_constant(p, "a reset value", 8 * first->width);
	for (var = first; var; var = var->next) {
		var->width = first->width;
		var->count = count;
		var->reset = reset;
	}
}

static void parse_proc(struct parser *p)
{
	struct proc *proc = NEW(p, struct proc);
	struct local **last = &proc->parameters;

	vpl_declare(p->vpl, current_scope(p), &proc->symbol, S_PROC, new_name(p, "a proc's name"));
	proc->hardware = p->hardware;
	expect_sign(p, '(', "'(' and the proc's parameters");
	while (!is_sign(p, ')')) {
		const struct name name = new_name(p, "a parameter's name or ')'");

		if (++proc->parameter_count > VPL_MAX_ARGUMENTS)
			vpl_error(p->vpl, name.at, CHECK_ARGUMENT_COUNT,
				  "expected at most %u parameters", VPL_MAX_ARGUMENTS);
		*last = NEW(p, struct local);
		(*last)->symbol.name = name.text;
		(*last)->symbol.at = name.at;
		last = &(*last)->next;
		if (!take_sign(p, ','))
			break;
	}
	expect_sign(p, ')', "',' or ')' after a parameter");
	p->has_result = false;
	proc->body = parse_block(p);
	proc->has_result = p->has_result;
	APPEND(p->vpl->model.procs, proc);
}

static void parse_const(struct parser *p)
{
	do {
		struct constant *constant = NEW(p, struct constant);

		vpl_declare(p->vpl, current_scope(p), &constant->symbol, S_CONST,
			    new_name(p, "a constant's name"));
		expect_sign(p, '=', "'=' and the constant's value");
		constant->value = parse_constant(p, "the constant's value", 64);
		constant->known = true;
	} while (take_sign(p, ','));
}

static void parse_layout(struct parser *p)
{
	struct layout *layout = NEW(p, struct layout);

	vpl_declare(p->vpl, current_scope(p), &layout->symbol, S_LAYOUT,
		    new_name(p, "a layout's name"));
	layout->width = take_type(p);
	expect_sign(p, '{', "'{' and the layout's fields");
	layout->fields = parse_fields(p);
	APPEND(p->vpl->model.layouts, layout);
}

/* --- The items of a model ---------------------------------------------------------------- */

static void parse_pci_item(struct parser *p, struct pci *pci)
{
	if (take_word(p, "class")) {
		pci->class_code = take_limited(p, "a class code", 0, 0xffffff);
	} else if (take_word(p, "subsystem")) {
		pci->subvendor = take_limited(p, "the subsystem's vendor", 0, 0xffff);
		expect_sign(p, ':', "':' and the subsystem's device");
		pci->subdevice = take_limited(p, "the subsystem's device", 0, 0xffff);
	} else if (take_word(p, "revision")) {
		if (p->token.kind == TOKEN_NUMBER)
			pci->revision = take_limited(p, "a revision", 0, 0xff);
		else
			pci->revision_param = take_name(p, "a revision or a parameter's name");
	} else if (take_word(p, "pin")) {
		if (!take_word(p, "A"))
			expected(p, "A");
		pci->pin = true;
	} else if (take_word(p, "msi")) {
		pci->msi = take_limited(p, "the number of MSI vectors", 0, 1);
	} else if (take_word(p, "dma")) {
		pci->dma = take_limited(p, "the bits of a bus address", 24, 64);
	} else {
		expected(p, "class, subsystem, revision, pin, msi, dma or '}'");
	}
}

static void parse_pci(struct parser *p)
{
	struct pci *pci = &p->vpl->model.pci;
	const struct at at = p->token.at;

	if (pci->given)
		vpl_error(p->vpl, at, CHECK_DUPLICATE_NAME, "expected one `pci`, found a second");
	pci->given = true;
	pci->vendor = take_limited(p, "the PCI vendor", 0, 0xffff);
	expect_sign(p, ':', "':' and the PCI device");
	pci->device = take_limited(p, "the PCI device", 0, 0xffff);
	expect_sign(p, '{', "'{' and the rest of the PCI identity");
	while (!take_sign(p, '}'))
		parse_pci_item(p, pci);
}

static void parse_param(struct parser *p)
{
	struct model *model = &p->vpl->model;
	struct param *param = NEW(p, struct param);

	vpl_declare(p->vpl, &model->scope, &param->symbol, S_PARAM,
		    new_name(p, "a parameter's name"));
	expect_sign(p, '=', "'=' and the parameter's values");
	do {
		if (param->count == ARRAY_SIZE(param->values))
			vpl_error(p->vpl, p->token.at, CHECK_MODEL_SIZE,
				  "expected at most %u values of a parameter",
				  VPB_MAX_PARAM_VALUES);
		param->values[param->count++] = take_number(p, "a value of the parameter");
	} while (take_sign(p, '|'));
	param->doc = take_string(p);
	APPEND(model->params, param);
}

static void parse_bar(struct parser *p)
{
	struct bar *bar = NEW(p, struct bar);

	bar->at = p->token.at;
	bar->index = take_number(p, "the bar's index");
	bar->io = take_word(p, "io");
	if (!bar->io && !take_word(p, "mem"))
		expected(p, "io or mem");
	bar->size = take_number(p, "the bar's bytes");
	expect_sign(p, '=', "'=' and the window that the bar shows");
	bar->window_name = take_name(p, "a window's name");
	APPEND(p->vpl->model.bars, bar);
}

static void parse_engine_attributes(struct parser *p, struct engine *engine)
{
	for (;;) {
		if (engine->discipline != VPB_HOSTED && (is_word(p, "depth") || is_word(p, "max")))
			expected(p, "timeout, in or '{', as only a host engine has depth and max");
		if (take_word(p, "depth")) {
			engine->depth = take_limited(p, "a depth", 1, VPB_MAX_DEPTH);
		} else if (take_word(p, "timeout")) {
			engine->timeout = take_limited(p, "a timeout", 1, 3600 * 1000);
			if (!take_word(p, "ms"))
				expected(p, "ms");
		} else if (take_word(p, "max")) {
			engine->max =
				take_limited(p, "the largest frame's bytes", 14, VPB_MAX_WIRE);
		} else {
			return;
		}
	}
}

static void parse_engine_item(struct parser *p)
{
	if (p->token.kind == TOKEN_NUMBER)
		parse_register(p);
	else if (take_word(p, "on"))
		parse_handler(p);
	else if (take_word(p, "deny"))
		parse_deny(p);
	else if (take_word(p, "proc"))
		parse_proc(p);
	else if (take_word(p, "var"))
		parse_var(p);
	else if (take_word(p, "const"))
		parse_const(p);
	else if (take_word(p, "layout"))
		parse_layout(p);
	else if (take_word(p, "port"))
		parse_port(p);
	else
		expected(p, "a register, on, deny, proc, var, const, layout, port or '}'");
}

static void parse_discipline(struct parser *p, struct engine *engine)
{
	static const char *const words[] = { "slice", "host", "partition", NULL };
	const int discipline = take_one_of(p, words); /* the order of enum vpb_discipline */

	if (discipline < 0)
		expected(p, "'host', 'slice' or 'partition'");
	engine->discipline = (enum vpb_discipline)discipline;
	if (discipline != VPB_PARTITIONED)
		return;
	engine->instances = take_number(p, "the number of instances");
	if (!take_word(p, "step"))
		expected(p, "'step' and the bytes from instance to instance");
	engine->step = take_number(p, "the bytes from instance to instance");
}

static void parse_engine(struct parser *p)
{
	struct model *model = &p->vpl->model;
	struct engine *engine = NEW(p, struct engine);

	vpl_declare(p->vpl, &model->scope, &engine->symbol, S_ENGINE,
		    new_name(p, "an engine's name"));
	parse_discipline(p, engine);
	parse_engine_attributes(p, engine);
	if (take_word(p, "in"))
		engine->window_name = take_name(p, "a window's name");
	engine->number = (u16)model->engines.count;
	APPEND(model->engines, engine);
	if (model->engines.count > VPB_MAX_ENGINES)
		vpl_error(p->vpl, engine->symbol.at, CHECK_MODEL_SIZE,
			  "expected at most %u engines", VPB_MAX_ENGINES);
	expect_sign(p, '{', "depth, timeout, max, in or '{'");
	p->engine = engine;
	while (!take_sign(p, '}'))
		parse_engine_item(p);
	p->engine = NULL;
}

static void parse_interrupt(struct parser *p)
{
	struct model *model = &p->vpl->model;
	struct irq *irq;

	expect_sign(p, '{', "'{' and the cause and mask registers");
	while (!take_sign(p, '}')) {
		if (!take_word(p, "cause"))
			expected(p, "'cause' or '}'");
		irq = NEW(p, struct irq);
		irq->cause_name = take_name(p, "a register's name");
		if (take_word(p, "mask"))
			irq->mask_name = take_name(p, "a register's name");
		APPEND(model->irqs, irq);
		if (model->irqs.count > VPB_MAX_IRQS)
			vpl_error(p->vpl, irq->cause_name.at, CHECK_MODEL_SIZE,
				  "expected at most %u cause registers", VPB_MAX_IRQS);
	}
}

static void parse_filter(struct parser *p)
{
	static const char *const words[] = { "unicast", "broadcast", "multicast", "promiscuous",
					     NULL };
	struct model *model = &p->vpl->model;
	struct at at = p->token.at;
	int item;

	if (model->has_filter)
		vpl_error(p->vpl, at, CHECK_DUPLICATE_NAME,
			  "expected one `filter`, found a second");
	model->has_filter = true;
	model->filter_at = at;
	expect_sign(p, '{', "'{' and the frames that are received");
	while (!take_sign(p, '}')) {
		at = p->token.at;
		item = take_one_of(p, words);
		if (item < 0)
			expected(p, "unicast, broadcast, multicast, promiscuous or '}'");
		if (model->filters[item])
			vpl_error(p->vpl, at, CHECK_DUPLICATE_NAME, "'%s' is said twice",
				  words[item]);
		if (item == FILTER_MULTICAST)
			model->multicast_hash = parse_expr(p);
		if (!take_word(p, "when"))
			expected(p, "'when' and a condition");
		model->filters[item] = parse_expr(p);
		take_sign(p, ';');
	}
}

static void parse_dma(struct parser *p)
{
	struct model *model = &p->vpl->model;
	struct dma *dma = NEW(p, struct dma);

	vpl_declare(p->vpl, &model->hardware, &dma->symbol, S_DMA,
		    new_name(p, "a DMA memory's name"));
	dma->size = take_limited(p, "the DMA memory's bytes", 1, VPB_MAX_DMA);
	if (take_word(p, "align")) {
		dma->align = take_limited(p, "an alignment", 1, 1 << 16);
		if (dma->align.value & (dma->align.value - 1))
			vpl_error(p->vpl, dma->align.at, CHECK_VALUE_RANGE,
				  "expected a power of two as the alignment");
	}
	dma->number = (u16)model->dmas.count;
	APPEND(model->dmas, dma);
	if (model->dmas.count > VPB_MAX_DMAS)
		vpl_error(p->vpl, dma->symbol.at, CHECK_MODEL_SIZE,
			  "expected at most %u DMA memories", VPB_MAX_DMAS);
}

static void parse_hardware(struct parser *p)
{
	struct model *model = &p->vpl->model;
	const struct at at = p->token.at;

	if (model->has_hardware)
		vpl_error(p->vpl, at, CHECK_DUPLICATE_NAME,
			  "expected one `hardware`, found a second");
	model->has_hardware = true;
	model->hardware_at = at;
	expect_sign(p, '{', "'{' and how the hardware is driven");
	p->hardware = true;
	while (!take_sign(p, '}')) {
		if (take_word(p, "dma"))
			parse_dma(p);
		else if (take_word(p, "var"))
			parse_var(p);
		else if (take_word(p, "proc"))
			parse_proc(p);
		else if (take_word(p, "on"))
			parse_handler(p);
		else if (take_word(p, "const"))
			parse_const(p);
		else if (take_word(p, "layout"))
			parse_layout(p);
		else
			expected(p, "dma, var, proc, on, const, layout or '}'");
	}
	p->hardware = false;
}

static void parse_item(struct parser *p)
{
	static const struct {
		const char *word;
		void (*parse)(struct parser *p);
	} items[] = {
		{ "pci", parse_pci },	    { "param", parse_param },
		{ "bar", parse_bar },	    { "window", parse_window },
		{ "engine", parse_engine }, { "on", parse_handler },
		{ "filter", parse_filter }, { "hardware", parse_hardware },
		{ "const", parse_const },   { "layout", parse_layout },
		{ "var", parse_var },	    { "proc", parse_proc },
		{ "deny", parse_deny },	    { "interrupt", parse_interrupt },
		{ "port", parse_port },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(items); i++) {
		if (take_word(p, items[i].word)) {
			items[i].parse(p);
			return;
		}
	}
	expected(p, "pci, param, bar, window, engine, interrupt, filter, hardware, const, layout, "
		    "var, proc, port, on, deny or '}'");
}

void vpl_parse(struct vpl *vpl)
{
	struct parser parser = { .vpl = vpl, .token = { .at = { 0, 1 } } };
	struct model *model = &vpl->model;

	advance(&parser);
	if (!take_word(&parser, "model"))
		expected(&parser, "'model'");
	model->name = new_name(&parser, "the model's name");
	model->title = take_string(&parser);
	if (!model->title)
		expected(&parser, "the device's name, in quotes");
	expect_sign(&parser, '{', "'{' and the items of the model");
	while (!take_sign(&parser, '}'))
		parse_item(&parser);
	if (parser.token.kind != TOKEN_END)
		expected(&parser, "the end of the file after the model");
	if (!model->pci.given)
		vpl_error(vpl, model->name.at, CHECK_SYNTAX,
			  "expected a `pci` item in the model: vendor and device");
}
