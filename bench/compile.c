// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * How long models take: compiling, and loading and verifying. For each file that is named "file,
 * bytes, what, median, least, most, promised", the last four in ms, in a line each; 1 if any
 * median is over what the project promises.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../core/model.h"
#include "../lang/lang.h"

enum {
	ROUNDS = 201,
	MOST_BYTES = 1 << 20,
};

static const double most_compile_ms = 20, most_load_ms = 1;

static char text[MOST_BYTES];

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	const double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_size);
	return values[ROUNDS / 2];
}

/* 0 if the model keeps within both times. */
static int measure(const char *name, size_t size)
{
	static double compiles[ROUNDS], loads[ROUNDS];
	struct vpl_output output;
	struct vpio_model model;
	double start, compile_ms, load_ms;
	unsigned int i;
	int failed = 0;

	for (i = 0; i < ROUNDS && !failed; i++) {
		start = now_ms();
		if (vpl_compile(name, text, size, &output, stderr))
			return 1;
		compiles[i] = now_ms() - start;
		start = now_ms();
		failed = vpio_model_load(&model, output.block, output.size, NULL);
		loads[i] = now_ms() - start;
		free(output.block);
	}
	if (failed)
		return 1;
	compile_ms = median(compiles);
	load_ms = median(loads);
	/* the values are sorted now */
	printf("%s\t%zu\tcompile_ms\t%.4f\t%.4f\t%.4f\t%.0f\n", name, size, compile_ms, compiles[0],
	       compiles[ROUNDS - 1], most_compile_ms);
	printf("%s\t%zu\tload_ms\t%.4f\t%.4f\t%.4f\t%.0f\n", name, size, load_ms, loads[0],
	       loads[ROUNDS - 1], most_load_ms);
	return compile_ms > most_compile_ms || load_ms > most_load_ms;
}

int main(int count, char **names)
{
	int i, failed = count < 2;

	for (i = 1; i < count; i++) {
		FILE *file = fopen(names[i], "rb");
		size_t size;

		if (!file) {
			perror(names[i]);
			return 1;
		}
		size = fread(text, 1, sizeof(text), file);
		fclose(file);
		failed |= measure(names[i], size);
	}
	return failed;
}
