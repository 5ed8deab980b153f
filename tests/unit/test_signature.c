/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures against known ones, and which files are taken for a secret. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "notify/signature.h"

/* Made with `printf '1790000000.{"a":1}' | openssl dgst -sha256 -hmac secret`. */
static const char known[] = "da8fe498621aaab99d5b11c51346b13d1a2bf2914b865b8d3edd3531cab25a3e";

/* The key that a file of these bytes makes; NULL: refused with `said`. */
static struct signature_key *load(const char *bytes, size_t cnt, const char *said)
{
	char path[] = "/tmp/tickscope-secret-XXXXXX";
	struct signature_key *key = NULL;
	struct fault why;
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, cnt), cnt);
	close(fd);
	err = signature_load(path, &key, &why);
	unlink(path);
	if (said) {
		assert_true(err < 0);
		assert_non_null(strstr(why.text, said));
		assert_null(key);
	} else {
		assert_int_equal(err, 0);
	}
	return key;
}

static void test_known(void **state)
{
	static const char *const files[] = {"secret", "secret\n", "secret\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct signature_key *key = load(files[i], strlen(files[i]), NULL);
		char text[SIGNATURE_TEXT_BYTES];

		assert_int_equal(signature_make(key, 1790000000, "{\"a\":1}", 7, text), 0);
		assert_string_equal(text, known);
		assert_int_equal(signature_make(key, 1790000001, "{\"a\":1}", 7, text), 0);
		assert_string_not_equal(text, known);
		signature_free(key);
	}
}

static void test_bytes_are_kept(void **state)
{
	static const char bytes[] = "\0\n\n";
	struct signature_key *key = load(bytes, 3, NULL);

	(void)state;
	assert_int_equal(key->bytes, 2);
	assert_memory_equal(key->data, bytes, 2);
	signature_free(key);
}

static void test_refused(void **state)
{
	static char large[SIGNATURE_KEY_BYTES + 9];
	struct signature_key *key = NULL;
	struct fault why;

	(void)state;
	memset(large, 'k', sizeof(large));
	load("", 0, "is empty");
	load("\n", 1, "is empty");
	load("\r\n", 2, "is empty");
	load(large, SIGNATURE_KEY_BYTES + 1, "more than 4096 bytes");
	load(large, sizeof(large), "more than 4096 bytes");
	signature_free(load(large, SIGNATURE_KEY_BYTES, NULL));
	assert_int_equal(signature_load("/nowhere/key", &key, &why), -ENOENT);
	assert_string_equal(why.text, "secret file \"/nowhere/key\": No such file or directory");
	assert_int_equal(signature_load("/dev", &key, &why), -EINVAL);
	assert_string_equal(why.text, "secret file \"/dev\": not a regular file");
	assert_null(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_bytes_are_kept),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
