/* SPDX-License-Identifier: Apache-2.0 */
/* Options and words for libcurl's easy handles. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/curl_handle.h"

int curl_handle_guard(CURL *easy)
{
	const char *agent = "tickscope/" TICKSCOPE_VERSION;
	bool is_set = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
		      curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		      curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		      /* A name that does not resolve in time: its thread is left, not waited for.
		       */
		      curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
		      curl_easy_setopt(easy, CURLOPT_USERAGENT, agent) == CURLE_OK;

	return is_set ? 0 : -ENOMEM;
}

const char *curl_handle_reason(CURL *easy, CURLcode code, const char *words, char *text,
			       size_t text_bytes)
{
	long os_errno = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
	snprintf(text, text_bytes, "%.180s%s%s", *words ? words : curl_easy_strerror(code),
		 code == CURLE_COULDNT_CONNECT && os_errno ? ": " : "",
		 code == CURLE_COULDNT_CONNECT && os_errno ? strerror((int)os_errno) : "");
	return text;
}
