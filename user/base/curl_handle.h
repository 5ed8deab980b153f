/* SPDX-License-Identifier: Apache-2.0 */
/* What every request by libcurl has in common, whichever interface runs it. */
#ifndef TICKSCOPE_BASE_CURL_HANDLE_H
#define TICKSCOPE_BASE_CURL_HANDLE_H

#include <stddef.h>

#include <curl/curl.h>

/* HTTP and HTTPS only, certificates checked, no redirects, no signals, a name that does not resolve
 * is not waited for, our name and version. 0, -ENOMEM. */
int curl_handle_guard(CURL *easy);

/* A transfer that failed, in words: the handle's own (CURLOPT_ERRORBUFFER) where there are any.
 * Returns text. */
const char *curl_handle_reason(CURL *easy, CURLcode code, const char *words, char *text,
			       size_t text_bytes);

#endif
