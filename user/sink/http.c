/* SPDX-License-Identifier: Apache-2.0 */
/* One easy handle in a multi handle of libcurl, whose poll another thread can wake. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/curl_handle.h"
#include "base/time_units.h"
#include "sink/http.h"
#include "sink/password.h"

#define SLOWEST_BYTES_PER_S                                                               \
	(100U << 10)	      /* that a body may need beside the timeout, as in QuestDB's \
				 clients (request_min_throughput) */
#define POLL_MS		 1000 /* libcurl's own timers end it before */
#define ANSWER_MIN_BYTES 4096

struct http {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers; /* of a body */
	struct curl_slist *asking;  /* of a request without one; NULL: libcurl's own */
	char *token_file;	    /* NULL: none */
	char *base;		    /* the url without a "/" at its end */
	uint64_t timeout_ns;
	atomic_bool is_cancelled;
	struct http_answer answer; /* as it comes */
	size_t answer_room;
	bool is_too_long;
	bool has_no_memory;
	char words[CURL_ERROR_SIZE];
};

static bool make_room(struct http *h, size_t need)
{
	size_t room = h->answer_room ? h->answer_room : ANSWER_MIN_BYTES;
	char *larger;

	while (room < need)
		room *= 2;
	if (room == h->answer_room)
		return true;
	larger = realloc(h->answer.body, room);
	if (!larger)
		return false;
	h->answer.body = larger;
	h->answer_room = room;
	return true;
}

static size_t on_body(char *data, size_t one, size_t cnt, void *context)
{
	struct http *h = context;
	struct http_answer *a = &h->answer;

	(void)one; /* documented so */
	h->is_too_long = cnt > HTTP_ANSWER_MAX_BYTES - a->body_bytes;
	if (h->is_too_long)
		return 0;
	h->has_no_memory = !make_room(h, a->body_bytes + cnt + 1);
	if (h->has_no_memory)
		return 0;
	memcpy(a->body + a->body_bytes, data, cnt);
	a->body_bytes += cnt;
	a->body[a->body_bytes] = 0;
	return cnt;
}

/* curl_slist_append, which is NULL without memory and then leaves the list alone. */
static int add_header(struct http *h, const char *header)
{
	struct curl_slist *longer = curl_slist_append(h->headers, header);

	if (!longer)
		return -ENOMEM;
	h->headers = longer;
	return 0;
}

static int set_credentials(struct http *h, const struct http_options *options, struct fault *why)
{
	char *password = NULL;
	int err = 0;

	if (!options->user)
		return 0;
	if (!options->password_file)
		return fault_set(why, -EINVAL, "user \"%s\" has no password file", options->user);
	err = password_read(options->password_file, &password, why);
	if (err)
		return err;
	if (curl_easy_setopt(h->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) != CURLE_OK ||
	    curl_easy_setopt(h->easy, CURLOPT_USERNAME, options->user) != CURLE_OK ||
	    curl_easy_setopt(h->easy, CURLOPT_PASSWORD, password) != CURLE_OK)
		err = fault_set(why, -ENOMEM, "no memory");
	password_free(password);
	return err;
}

static int set_asking(struct http *h, const struct http_options *options)
{
	char *header;

	if (options->token_file) {
		h->token_file = strdup(options->token_file);
		if (!h->token_file)
			return -ENOMEM;
	}
	if (options->ca_file &&
	    curl_easy_setopt(h->easy, CURLOPT_CAINFO, options->ca_file) != CURLE_OK)
		return -ENOMEM;
	if (!options->accept)
		return 0;
	if (asprintf(&header, "Accept: %s", options->accept) < 0)
		return -ENOMEM;
	h->asking = curl_slist_append(NULL, header);
	free(header);
	return h->asking ? 0 : -ENOMEM;
}

/* Tokens are replaced while the agent runs. */
static int set_token(struct http *h, struct fault *why)
{
	char *token;
	int err = password_read(h->token_file, &token, why);

	if (err)
		return err;
	if (curl_easy_setopt(h->easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER) != CURLE_OK ||
	    curl_easy_setopt(h->easy, CURLOPT_XOAUTH2_BEARER, token) != CURLE_OK)
		err = fault_set(why, -ENOMEM, "no memory");
	password_free(token);
	return err;
}

static int set_options(struct http *h)
{
	CURL *e = h->easy;
	/* The body is sent without waiting for leave. */
	bool is_set = !add_header(h, "Expect:") &&
		      !add_header(h, "Content-Type: text/plain; charset=utf-8") &&
		      !curl_handle_guard(e) &&
		      curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		      curl_easy_setopt(e, CURLOPT_WRITEDATA, h) == CURLE_OK &&
		      curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->words) == CURLE_OK;

	return is_set ? 0 : -ENOMEM;
}

static int copy_base(struct http *h, const char *url)
{
	size_t cnt = strlen(url);

	while (cnt && url[cnt - 1] == '/')
		cnt--;
	h->base = strndup(url, cnt);
	return h->base ? 0 : -ENOMEM;
}

int http_open(const struct http_options *options, struct http **ret_http, struct fault *why)
{
	struct http *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return fault_set(why, -ENOMEM, "no memory");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return fault_set(why, -ENOMEM, "no memory");
	}
	h->timeout_ns = options->timeout_ns;
	atomic_init(&h->is_cancelled, false);
	h->multi = curl_multi_init();
	h->easy = curl_easy_init();
	err = h->multi && h->easy ? copy_base(h, options->url) : -ENOMEM;
	if (!err)
		err = set_options(h);
	if (!err)
		err = set_asking(h, options);
	if (err)
		fault_set(why, err, "no memory");
	else
		err = set_credentials(h, options, why);
	if (err) {
		http_close(h);
		return err;
	}
	*ret_http = h;
	return 0;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	if (h->easy)
		curl_easy_cleanup(h->easy);
	if (h->multi)
		curl_multi_cleanup(h->multi);
	curl_slist_free_all(h->headers);
	curl_slist_free_all(h->asking);
	free(h->token_file);
	free(h->answer.body);
	free(h->base);
	free(h);
	curl_global_cleanup();
}

/* Of this request. */
static int set_request(struct http *h, const char *url, const struct http_body *body)
{
	CURL *e = h->easy;
	uint64_t timeout_ms = h->timeout_ns / NS_PER_MS +
			      (uint64_t)(body ? body->cnt : 0) * 1000 / SLOWEST_BYTES_PER_S;
	bool is_set;

	is_set = curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
		 curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(timeout_ms ? timeout_ms : 1)) ==
			 CURLE_OK &&
		 curl_easy_setopt(e, CURLOPT_HTTPHEADER, body ? h->headers : h->asking) == CURLE_OK;
	if (is_set && body)
		is_set = curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->cnt) ==
				 CURLE_OK &&
			 curl_easy_setopt(e, CURLOPT_POSTFIELDS, body->bytes) == CURLE_OK &&
			 curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK;
	else if (is_set)
		is_set = curl_easy_setopt(e, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	return is_set ? 0 : -ENOMEM;
}

static bool is_done(struct http *h, CURLcode *ret_code)
{
	CURLMsg *message;
	int left_cnt;

	while ((message = curl_multi_info_read(h->multi, &left_cnt))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		*ret_code = message->data.result;
		return true;
	}
	return false;
}

/* Until it is done, or cancelled: then -ECANCELED. */
static int run(struct http *h, CURLcode *ret_code)
{
	for (;;) {
		int running_cnt;

		if (atomic_load(&h->is_cancelled))
			return -ECANCELED;
		if (curl_multi_perform(h->multi, &running_cnt) != CURLM_OK)
			return -ENOMEM;
		if (is_done(h, ret_code))
			return 0;
		/* A cancellation since the look above has woken it: it returns at once. */
		if (curl_multi_poll(h->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
			return -ENOMEM;
	}
}

static int errno_of(const struct http *h, CURLcode code)
{
	if (h->is_too_long)
		return -EMSGSIZE;
	if (h->has_no_memory)
		return -ENOMEM;
	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_CONNECT:
		return -ECONNREFUSED;
	case CURLE_COULDNT_RESOLVE_HOST:
		return -EHOSTUNREACH;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return -EINVAL;
	default:
		return -EIO;
	}
}

static int failure(struct http *h, int err, CURLcode code, struct fault *why)
{
	char text[256];

	if (err == -ECANCELED)
		return fault_set(why, err, "broken off");
	if (err == -ENOMEM)
		return fault_set(why, err, "no memory");
	if (err == -EMSGSIZE)
		return fault_set(why, err, "the answer has more than %u bytes",
				 HTTP_ANSWER_MAX_BYTES);
	return fault_set(why, err, "%s",
			 curl_handle_reason(h->easy, code, h->words, text, sizeof(text)));
}

static void take_answer(struct http *h, struct http_answer *ret_answer)
{
	if (!h->answer.body_bytes) {
		free(h->answer.body); /* of a request that failed */
		h->answer.body = NULL;
	}
	*ret_answer = h->answer;
	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &ret_answer->status);
	h->answer = (struct http_answer){0};
	h->answer_room = 0;
}

int http_request(struct http *h, const char *path, const struct http_body *body,
		 struct http_answer *ret_answer, struct fault *why)
{
	size_t base_bytes = strlen(h->base), path_bytes = strlen(path);
	char *url = malloc(base_bytes + path_bytes + 1);
	CURLcode code = CURLE_OK;
	int err;

	if (!url)
		return fault_set(why, -ENOMEM, "no memory");
	memcpy(url, h->base, base_bytes);
	memcpy(url + base_bytes, path, path_bytes + 1);
	h->answer.body_bytes = 0;
	h->is_too_long = h->has_no_memory = false;
	*h->words = 0;
	err = h->token_file ? set_token(h, why) : 0;
	if (err) {
		free(url);
		return err;
	}
	err = set_request(h, url, body);
	if (!err && curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
		err = -ENOMEM;
	if (!err) {
		err = run(h, &code);
		if (!err)
			err = errno_of(h, code);
		if (!err)
			take_answer(h, ret_answer);
		else
			failure(h, err, code, why);
		curl_multi_remove_handle(h->multi, h->easy);
	} else {
		fault_set(why, err, "no memory");
	}
	free(url);
	return err;
}

void http_answer_fini(struct http_answer *answer)
{
	free(answer->body);
	*answer = (struct http_answer){0};
}

char *http_escape(const struct http *h, const char *text)
{
	char *escaped = curl_easy_escape(h->easy, text, 0);
	char *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}

void http_cancel(struct http *h)
{
	atomic_store(&h->is_cancelled, true);
	curl_multi_wakeup(h->multi);
}
