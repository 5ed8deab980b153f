/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA256 by OpenSSL. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "notify/signature.h"

#define SHA256_BYTES 32

/* All bytes of the file, up to the limit and one more. */
static ssize_t read_all(int fd, unsigned char *data, size_t data_bytes)
{
	size_t bytes = 0;

	while (bytes < data_bytes) {
		ssize_t got = read(fd, data + bytes, data_bytes - bytes);

		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		bytes += (size_t)got;
	}
	return (ssize_t)bytes;
}

/* Opened so that a FIFO in its place blocks nothing. */
static ssize_t read_file(const char *path, unsigned char *data, size_t data_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t bytes;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		bytes = -errno;
	else if (!S_ISREG(st.st_mode))
		bytes = -EINVAL;
	else
		bytes = read_all(fd, data, data_bytes);
	close(fd);
	return bytes;
}

static size_t without_line_end(const unsigned char *data, size_t bytes)
{
	if (bytes && data[bytes - 1] == '\n')
		bytes--;
	if (bytes && data[bytes - 1] == '\r')
		bytes--;
	return bytes;
}

int signature_load(const char *path, struct signature_key **ret_key, struct fault *why)
{
	unsigned char data[SIGNATURE_KEY_BYTES + 3];
	ssize_t got = read_file(path, data, sizeof(data));
	struct signature_key *key = NULL;
	size_t bytes;
	int err = 0;

	if (got == -EINVAL)
		return fault_set(why, -EINVAL, "secret file \"%s\": not a regular file", path);
	if (got < 0)
		return fault_set(why, (int)got, "secret file \"%s\": %s", path,
				 strerror((int)-got));
	bytes = without_line_end(data, (size_t)got);
	if (!bytes)
		err = fault_set(why, -EINVAL, "secret file \"%s\" is empty", path);
	else if (bytes > SIGNATURE_KEY_BYTES)
		err = fault_set(why, -EFBIG, "secret file \"%s\" has more than %d bytes", path,
				SIGNATURE_KEY_BYTES);
	else if (!(key = malloc(sizeof(*key))))
		err = fault_set(why, -ENOMEM, "no memory");
	if (key) {
		key->bytes = bytes;
		memcpy(key->data, data, bytes);
		*ret_key = key;
	}
	OPENSSL_cleanse(data, sizeof(data));
	return err;
}

void signature_free(struct signature_key *key)
{
	if (!key)
		return;
	OPENSSL_cleanse(key, sizeof(*key));
	free(key);
}

int signature_make(const struct signature_key *key, uint64_t wall_s, const char *body,
		   size_t body_bytes, char text[static SIGNATURE_TEXT_BYTES])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key->data, key->bytes);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char mac[SHA256_BYTES];
	size_t mac_bytes = sizeof(mac);
	char time_text[32];
	int length = snprintf(time_text, sizeof(time_text), "%" PRIu64 ".", wall_s);
	bool is_made = pkey && context &&
		       EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		       EVP_DigestSignUpdate(context, time_text, (size_t)length) == 1 &&
		       EVP_DigestSignUpdate(context, body, body_bytes) == 1 &&
		       EVP_DigestSignFinal(context, mac, &mac_bytes) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	if (!is_made)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(mac); i++)
		snprintf(text + 2 * i, 3, "%02x", mac[i]);
	return 0;
}
