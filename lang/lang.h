/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * lang.h - the compiler for the model language (docs/language.md), as a library: text in, a
 * compiled model (core/vpb.h) or one diagnostic out.
 */
#ifndef VPIO_LANG_H
#define VPIO_LANG_H

#include <stdio.h>

#include "../core/vpb.h"

/* A compiled model; the caller frees the block. */
struct vpl_output {
	void *block;
	size_t size;
};

/**
 * vpl_compile() - compile a model
 * @name: the file's name, for diagnostics
 * @text: the source: any bytes
 * @size: its bytes
 * @out: filled in on success; NULL if only the checks are of interest
 * @diagnostics: where the one error goes that ends an unsuccessful compilation; may be NULL
 *
 * Keeps nothing between calls and changes nothing but @out.
 *
 * Return: 0, or -1 after an error.
 */
int vpl_compile(const char *name, const char *text, size_t size, struct vpl_output *out,
		FILE *diagnostics);

/* A check that a model must pass. Its name stands at the end of its error message. */
struct vpl_check {
	const char *name;
	const char *what; /* that holds in a right model */
};

/**
 * vpl_check() - the checks, for documentation and tests
 * @index: 0, 1, ...
 *
 * Return: the check, or NULL after the last.
 */
const struct vpl_check *vpl_check(unsigned int index);

#endif /* VPIO_LANG_H */
