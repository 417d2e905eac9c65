// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What the shell offers for a word (vpio --complete), on a made-up host; each command and option of --help
 * is among it.
 */
#include "host.h"

static int complete(int count, char **arguments)
{
	return tool_complete(count, arguments);
}

/* The words, with '_' for an empty one at the end, are completed by these lines. */
static void assert_offers(const char *words, const char *lines)
{
	char *arguments[SAID_ARGUMENTS + 1] = { NULL }, text[256], *rest = text, *word;
	struct said said;
	int count = 0;

	snprintf(text, sizeof(text), "%s", words);
	while ((word = strsep(&rest, " ")))
		arguments[count++] = strcmp(word, "_") ? word : "";
	said = said_of(complete, count, arguments);
	assert_int_equal(said.code, 0);
	if (strcmp(said.out, lines))
		fail_msg("'%s' is completed by:\n%sexpected:\n%s", words, said.out, lines);
	said_free(&said);
}

static void test_commands(void **state)
{
	struct said said;
	unsigned int i;

	(void)state;
	assert_offers("b", "bind\n");
	assert_offers("s", "set\nstatus\nstats\n");
	assert_offers("m", "model\n");
	assert_offers("--v", "--version\n");
	assert_offers("model c", "compile\ncheck\ncoverage\n");
	assert_offers("nonsense _", "");
	said = said_of(complete, 1, (char *[]){ "", NULL });
	for (i = 0; host_commands[i]; i++)
		assert_says(said.out, host_commands[i]->name);
	assert_says(said.out, "guard\nmodel\n");
	said_free(&said);
}

static void test_options(void **state)
{
	const struct host_option *option;
	struct said said;
	unsigned int i;

	(void)state;
	for (i = 0; host_commands[i]; i++) {
		said = said_of(complete, 2,
			       (char *[]){ (char *)host_commands[i]->name, "-", NULL });
		for (option = host_commands[i]->options; option->name; option++)
			assert_says(said.out, option->name);
		assert_says(said.out, "--help\n");
		said_free(&said);
	}
	assert_offers("bind --f", "--force\n");
	assert_offers("guard --", "--qmp\n--json\n--fatal\n--help\n");
	assert_offers("model graph -", "-o\n-T\n");
	assert_offers("set web --policy _", "deny\nstop\nmce\n");
	assert_offers("add 03:00.0 --source-check o", "on\noff\n");
	assert_offers("add 03:00.0 --name _", "");
	assert_offers("set web w", "weight=\n");
}

static void test_devices(void **state)
{
	(void)state;
	assert_offers("bind _", CARD "\n");
	assert_offers("bind --force 0000:0", CARD "\n");
	assert_offers("bind 03", "03:00.0\n");
	assert_offers("bind 04", ""); /* it has no model */
	assert_offers("bind " CARD " _", "");
	assert_offers("unbind _", "");
	assert_offers("doctor _", CARD "\n");
	bind_card("vpio");
	assert_offers("bind _", "");
	assert_offers("unbind _", CARD "\n");
	assert_offers("add _", CARD "\n");
	assert_offers("add --name web _", CARD "\n");
}

static void test_vdevs(void **state)
{
	(void)state;
	assert_offers("attach _", "db\nweb\n");
	assert_offers("attach w", "web\n");
	assert_offers("attach --libvirt w", "web\n");
	assert_offers("remove web d", "db\n");
	assert_offers("trace --count 4 d", "db\n");
	assert_offers("trace --count _", "");
	assert_offers("guard --qmp /run/x _", "db\nweb\n");
	assert_offers("top _", "");
}

static void test_files(void **state)
{
	(void)state;
	assert_offers("model check mo", "@files\n");
	assert_offers("model compile a.vpm -o _", "@files\n");
	assert_offers("model coverage --json a.vpm b c", "@files\n");
	assert_offers("guard --qmp /r", "@files\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_options, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_devices, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_vdevs, vdevs_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_files, host_setup, host_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
