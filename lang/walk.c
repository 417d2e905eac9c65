// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Visiting all expressions below a statement or an expression.
 */
#include "ast.h"

void vpl_walk_expr(struct expr *expr, vpl_visit *visit, void *data)
{
	struct expr *argument;

	if (!expr)
		return;
	visit(expr, data);
	vpl_walk_expr(expr->a, visit, data);
	vpl_walk_expr(expr->b, visit, data);
	vpl_walk_expr(expr->c, visit, data);
	vpl_walk_expr(expr->index, visit, data);
	for (argument = expr->arguments; argument; argument = argument->next)
		vpl_walk_expr(argument, visit, data);
}

void vpl_walk(struct statement *first, vpl_visit *visit, void *data)
{
	for (; first; first = first->next) {
		vpl_walk_expr(first->place, visit, data);
		vpl_walk_expr(first->value, visit, data);
		vpl_walk(first->body, visit, data);
		vpl_walk(first->otherwise, visit, data);
	}
}
