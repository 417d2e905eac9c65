// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * From the text to tokens. A token knows whether it is the first of its line, because a statement
 * ends where its line does.
 */
#include "ast.h"

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int digit_value(int c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 36;
}

/* The byte at an offset; -1 past the end. */
static int byte_at(const struct vpl *vpl, u32 offset)
{
	return offset < vpl->size ? (unsigned char)vpl->text[offset] : -1;
}

static void skip_blanks(const struct vpl *vpl, struct token *token)
{
	u32 offset = token->end;
	int c;

	for (;; offset++) {
		c = byte_at(vpl, offset);
		if (c == '#') {
			while (byte_at(vpl, offset) != '\n' && offset < vpl->size)
				offset++;
			c = byte_at(vpl, offset);
		}
		if (c == '\n') {
			token->first = true;
			token->at.line++;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			break;
		}
	}
	token->at.offset = offset;
	token->end = offset;
}

static void lex_number(struct vpl *vpl, struct token *token)
{
	int base = 10, next = byte_at(vpl, token->end + 1) | ' ';
	bool digits = false;

	token->kind = TOKEN_NUMBER;
	token->number = 0;
	if (byte_at(vpl, token->end) == '0' && (next == 'x' || next == 'b')) {
		base = next == 'x' ? 16 : 2;
		token->end += 2;
	}
	for (; digit_value(byte_at(vpl, token->end)) < base; token->end++, digits = true) {
		const u64 digit = (u64)digit_value(byte_at(vpl, token->end));

		if (token->number > (~0ull - digit) / (u64)base)
			vpl_error(vpl, token->at, CHECK_SYNTAX,
				  "expected a number of at most 64 bits");
		token->number = token->number * (u64)base + digit;
	}
	if (!digits || is_letter(byte_at(vpl, token->end)) || is_digit(byte_at(vpl, token->end)))
		vpl_error(
			vpl, token->at, CHECK_SYNTAX,
			"expected a number: decimal, 0x and hexadecimal, or 0b and binary digits");
}

static char *copy(struct vpl *vpl, u32 start, u32 end)
{
	char *text = vpl_alloc(vpl, end - start + 1);

	memcpy(text, vpl->text + start, end - start);
	return text;
}

static void lex_name(struct vpl *vpl, struct token *token)
{
	while (is_letter(byte_at(vpl, token->end)) || is_digit(byte_at(vpl, token->end)))
		token->end++;
	if (token->end - token->at.offset > VPL_MAX_NAME)
		vpl_error(vpl, token->at, CHECK_SYNTAX, "expected a name of at most %u characters",
			  VPL_MAX_NAME);
	token->kind = TOKEN_NAME;
	token->text = copy(vpl, token->at.offset, token->end);
}

static void lex_string(struct vpl *vpl, struct token *token)
{
	int c;

	for (token->end++;; token->end++) {
		c = byte_at(vpl, token->end);
		if (c == '"')
			break;
		if (c == '\n' || c < 0)
			vpl_error(vpl, token->at, CHECK_SYNTAX,
				  "expected '\"' at the string's end, on the same line");
		if (c < ' ' && c != '\t') {
			token->at.offset = token->end;
			vpl_error(vpl, token->at, CHECK_SYNTAX,
				  "expected text in the string, found the byte 0x%02x", c);
		}
		if (token->end - token->at.offset > VPL_MAX_STRING)
			vpl_error(vpl, token->at, CHECK_SYNTAX,
				  "expected a string of at most %u characters", VPL_MAX_STRING);
	}
	token->kind = TOKEN_STRING;
	token->text = copy(vpl, token->at.offset + 1, token->end);
	token->end++;
}

static void lex_sign(struct vpl *vpl, struct token *token)
{
	static const char two[][3] = { "==", "!=", "<=", ">=", "<<", ">>", "&&",
				       "||", "+=", "-=", "|=", "&=", "^=" };
	const int c = byte_at(vpl, token->end), next = byte_at(vpl, token->end + 1);
	unsigned int i;

	if (!c || c >= 0x80 || !strchr("{}()[]:;,.?=+-*/%&|^~!<>", c))
		vpl_error(vpl, token->at, CHECK_SYNTAX,
			  c > ' ' && c < 0x7f
				  ? "no word of the language begins with '%c'"
				  : "no word of the language begins with the byte 0x%02x",
			  c);
	token->kind = TOKEN_SIGN;
	token->sign = c;
	token->end++;
	for (i = 0; i < ARRAY_SIZE(two); i++) {
		if (two[i][0] == c && two[i][1] == next) {
			token->sign = SIGN(c, next);
			token->end++;
			break;
		}
	}
}

void vpl_lex(struct vpl *vpl, struct token *token)
{
	int c;

	token->first = token->end == 0;
	skip_blanks(vpl, token);
	c = byte_at(vpl, token->end);
	if (c < 0)
		token->kind = TOKEN_END;
	else if (is_digit(c))
		lex_number(vpl, token);
	else if (is_letter(c))
		lex_name(vpl, token);
	else if (c == '"')
		lex_string(vpl, token);
	else
		lex_sign(vpl, token);
}

const char *vpl_token_name(struct vpl *vpl, const struct token *token)
{
	if (token->kind == TOKEN_END)
		return "the end of the file";
	if (token->kind == TOKEN_STRING)
		return "a string";
	return vpl_format(vpl, "'%.*s'", (int)(token->end - token->at.offset),
			  vpl->text + token->at.offset);
}
