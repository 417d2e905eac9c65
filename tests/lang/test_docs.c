// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The examples of docs/language.md: the right ones compile, the wrong ones trip the check that they
 * are to show, and each check has one.
 *
 * A block that begins with "```vpm" is an example. Words behind it: `slice` names the skeleton in
 * which it stands if it is no whole model, `skeleton` makes it that skeleton (with "..." where the
 * example goes), `error NAME` says that it is wrong, and by which check.
 */
#include "machine.h"

#define DOCUMENT "docs/language.md"

enum {
	MOST = 1 << 18, /* bytes of the document */
};

struct example {
	unsigned int line;
	bool slice, skeleton;
	char check[64]; /* empty: it is right */
	char text[1 << 14];
};

static char document[MOST];
static char skeletons[2][1 << 14]; /* for `slice`, and for the others */

static void read_document(void)
{
	FILE *file = fopen(DOCUMENT, "rb");

	if (!file)
		fail_msg("cannot open %s; run the tests from the tree's top", DOCUMENT);
	document[fread(document, 1, sizeof(document) - 1, file)] = '\0';
	fclose(file);
}

/* The words behind "```vpm". */
static void read_words(struct example *example, const char *line, size_t length)
{
	char words[128], *word, *rest = words;

	snprintf(words, sizeof(words), "%.*s", (int)length, line);
	while ((word = strsep(&rest, " "))) {
		if (!strcmp(word, "slice"))
			example->slice = true;
		else if (!strcmp(word, "skeleton"))
			example->skeleton = true;
		else if (!strcmp(word, "error") && rest)
			snprintf(example->check, sizeof(example->check), "%s", strsep(&rest, " "));
		else if (*word)
			fail_msg("%s:%u: the word '%s' behind ```vpm is not known", DOCUMENT,
				 example->line, word);
	}
}

/* The next example behind a place in the document; false if there is none. */
static bool next_example(const char **at, unsigned int *line, struct example *example)
{
	static const char fence[] = "```vpm";
	const char *end;
	size_t length = 0;

	*example = (struct example){ .line = 0 };
	while (**at) {
		length = strcspn(*at, "\n");
		++*line;
		if (!strncmp(*at, fence, strlen(fence)))
			break;
		*at += length + ((*at)[length] == '\n');
	}
	if (!**at)
		return false;
	example->line = *line;
	read_words(example, *at + strlen(fence), length - strlen(fence));
	*at += length + 1;
	end = strstr(*at, "\n```");
	if (!end || (size_t)(end - *at) + 2 > sizeof(example->text))
		fail_msg("%s:%u: the example has no end", DOCUMENT, example->line);
	memcpy(example->text, *at, (size_t)(end - *at) + 1);
	for (; *at < end + 1; ++*at)
		*line += **at == '\n';
	return true;
}

/* Puts what is no whole model where it belongs. */
static const char *whole(const struct example *example)
{
	static char model[1 << 16];
	const char *skeleton = skeletons[!example->slice], *place = strstr(skeleton, "\t...\n");

	if (!strncmp(example->text, "model ", 6))
		return example->text;
	if (!place)
		fail_msg("%s:%u: expected a skeleton above", DOCUMENT, example->line);
	snprintf(model, sizeof(model), "%.*s%s%s", (int)(place - skeleton), skeleton, example->text,
		 place + strlen("\t...\n"));
	return model;
}

static void check_right(const struct example *example)
{
	const char *model = whole(example);
	struct vpl_output output;
	struct vpio_model loaded;
	struct vpio_error error;

	if (vpl_compile("example", model, strlen(model), &output, stderr))
		fail_msg("%s:%u: the example is refused", DOCUMENT, example->line);
	if (vpio_model_load(&loaded, output.block, output.size, &error))
		fail_msg("%s:%u: the monitor refuses it: %s", DOCUMENT, example->line,
			 error.reason);
	free(output.block);
}

static void check_wrong(const struct example *example)
{
	const char *model = whole(example);
	char *message = NULL, wanted[80];
	size_t size = 0;
	FILE *file = open_memstream(&message, &size);

	assert_non_null(file);
	if (!vpl_compile("example", model, strlen(model), NULL, file))
		fail_msg("%s:%u: the example is accepted", DOCUMENT, example->line);
	fclose(file);
	snprintf(wanted, sizeof(wanted), "[%s]\n", example->check);
	if (!strstr(message, wanted))
		fail_msg("%s:%u: expected %sfound %s", DOCUMENT, example->line, wanted, message);
	free(message);
}

static void test_examples(void **state)
{
	const char *at = document;
	struct example example;
	unsigned int line = 0, right = 0, wrong = 0;

	(void)state;
	while (next_example(&at, &line, &example)) {
		if (example.skeleton) {
			snprintf(skeletons[!example.slice], sizeof(skeletons[0]), "%s",
				 example.text);
		} else if (example.check[0]) {
			check_wrong(&example);
			wrong++;
		} else {
			check_right(&example);
			right++;
		}
	}
	assert_true(right > 12);
	assert_true(wrong > 40);
}

static void test_each_check_is_shown(void **state)
{
	char wanted[128];
	unsigned int i;

	(void)state;
	for (i = 0; vpl_check(i); i++) {
		snprintf(wanted, sizeof(wanted), "\n### `%s`\n", vpl_check(i)->name);
		if (!strstr(document, wanted))
			fail_msg("%s does not describe the check '%s'", DOCUMENT,
				 vpl_check(i)->name);
		snprintf(wanted, sizeof(wanted), "error %s\n", vpl_check(i)->name);
		if (!strstr(document, wanted))
			fail_msg("%s has no example for the check '%s'", DOCUMENT,
				 vpl_check(i)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_each_check_is_shown),
	};

	read_document();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
