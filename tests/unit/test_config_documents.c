/* SPDX-License-Identifier: Apache-2.0 */
/* What is written about the configuration: the complete example loads and has every key, and so
 * does the manual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/schema.h"
#include "config_case.h"

#define EXAMPLE "deploy/tickscope.yaml"
#define MANUAL	"man/tickscope.1"

static char *read_text(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *file = fopen(path, "re");

	/* Tests run in the root of the project. */
	assert_non_null(file);
	assert_non_null(text);
	if (!fread(text, 1, (1 << 20) - 1, file))
		fail_msg("%s is empty", path);
	fclose(file);
	return text;
}

static bool is_word_part(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A word of this text that `end` follows. */
static bool has_word(const char *text, const char *word, const char *end)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		if ((at == text || !is_word_part(at[-1])) &&
		    (end ? strncmp(at + length, end, strlen(end)) == 0 : !is_word_part(at[length])))
			return true;
	}
	return false;
}

struct texts {
	char *example;
	char *manual;
	size_t key_cnt;
};

/* Each word that is allowed, too. */
static void check_words(const struct texts *t, const struct schema_entry *entry)
{
	const char *words = entry->key->words;

	while (words && *words) {
		char word[64];
		size_t length = strcspn(words, " ");

		snprintf(word, sizeof(word), "%.*s", (int)length, words);
		if (!has_word(t->manual, word, NULL))
			fail_msg("\"%s\" of %s is not in %s", word, entry->path, MANUAL);
		words += length + strspn(words + length, " ");
	}
}

static void check_entry(const struct schema_entry *entry, void *context)
{
	struct texts *t = context;

	t->key_cnt++;
	if (!has_word(t->example, entry->key->name, ":"))
		fail_msg("%s is not in %s", entry->path, EXAMPLE);
	if (!has_word(t->manual, entry->key->name, NULL))
		fail_msg("%s is not in %s", entry->path, MANUAL);
	check_words(t, entry);
	if (entry->key->value && strlen(entry->key->value) > 1 &&
	    !strstr(t->manual, entry->key->value))
		fail_msg("the default of %s, %s, is not in %s", entry->path, entry->key->value,
			 MANUAL);
}

/* Only what is said of the configuration: words like "name" are everywhere. */
static void cut_section(char *manual)
{
	char *start = strstr(manual, ".Sh CONFIGURATION"), *end;

	assert_non_null(start);
	end = strstr(start + 4, ".Sh ");
	assert_non_null(end);
	*end = '\0';
	memmove(manual, start, strlen(start) + 1);
}

static void test_keys(void **state)
{
	struct texts t = {.example = read_text(EXAMPLE), .manual = read_text(MANUAL)};

	(void)state;
	cut_section(t.manual);
	schema_each(check_entry, &t);
	assert_true(t.key_cnt > 80); /* all of them were walked */
	free(t.example);
	free(t.manual);
}

static void test_example(void **state)
{
	static struct config_problems problems;
	struct config *config = NULL;
	int err = config_load(EXAMPLE, config_no_env, &config, &problems);

	(void)state;
	if (err)
		fail_msg("%s", config_said(&problems));
	assert_int_equal(config->target_cnt, 5);
	assert_int_equal(config->operation_cnt, 4);
	assert_int_equal(config->operations[1].contract.limit_cnt, 7);
	assert_true(config->targets[0].wants_rpc);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
