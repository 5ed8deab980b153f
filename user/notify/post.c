/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's sockets and timer in the epoll instance, and what its results mean for a notification.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/curl_handle.h"
#include "base/time_units.h"
#include "notify/post.h"

#define RESPONSE_MAX_BYTES 65536 /* nothing of it is needed: a receiver that goes on is cut off */
#define KEPT_CONNECTIONS   8L

struct post {
	CURLM *multi;
	int epoll_fd;
	int timer_fd;
	post_done_fn done;
	void *context;
	struct transfer *first;
};

struct transfer {
	struct transfer *next;
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	size_t attempt_idx;
	size_t response_bytes;
	bool is_cut_off;
	char error[CURL_ERROR_SIZE];
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *is_added)
{
	struct post *p = context;
	struct epoll_event event = {.data.u64 = (uint64_t)fd};

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		/* It may be closed already. */
		epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	event.events = ((what & CURL_POLL_IN) ? (uint32_t)EPOLLIN : 0) |
		       ((what & CURL_POLL_OUT) ? (uint32_t)EPOLLOUT : 0);
	if (epoll_ctl(p->epoll_fd, is_added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event))
		return -1;
	curl_multi_assign(p->multi, fd, p);
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
	const struct post *p = context;
	struct itimerspec when = {0};

	(void)multi;
	/* 0 would disarm it. */
	if (timeout_ms == 0)
		when.it_value.tv_nsec = 1;
	else if (timeout_ms > 0)
		when.it_value =
			(struct timespec){timeout_ms / 1000, timeout_ms % 1000 * (long)NS_PER_MS};
	return timerfd_settime(p->timer_fd, 0, &when, NULL) ? -1 : 0;
}

static size_t on_body(char *data, size_t one, size_t cnt, void *context)
{
	struct transfer *t = context;

	(void)data;
	(void)one; /* documented so */
	t->response_bytes += cnt;
	t->is_cut_off = t->response_bytes > RESPONSE_MAX_BYTES;
	return t->is_cut_off ? 0 : cnt;
}

static void transfer_free(struct transfer *t)
{
	if (t->easy)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	free(t->body);
	free(t);
}

/* curl_slist_append, which is NULL without memory and then leaves the list alone. */
static int add_header(struct transfer *t, const char *header)
{
	struct curl_slist *longer = curl_slist_append(t->headers, header);

	if (!longer)
		return -ENOMEM;
	t->headers = longer;
	return 0;
}

static int set_headers(struct transfer *t, const struct channel_post *request)
{
	int err = add_header(t, "Content-Type: application/json");

	/* The body is small: no waiting for leave to send it. */
	if (!err)
		err = add_header(t, "Expect:");
	for (size_t i = 0; !err && i < request->header_cnt; i++)
		err = add_header(t, request->headers[i]);
	return err;
}

static int set_options(struct transfer *t, const struct channel_post *request, uint64_t timeout_ns)
{
	CURL *e = t->easy;
	long timeout_ms = (long)(timeout_ns / NS_PER_MS);
	bool is_set =
		curl_easy_setopt(e, CURLOPT_URL, request->url) == CURLE_OK &&
		curl_handle_guard(e) == 0 &&
		curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, timeout_ms ? timeout_ms : 1) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes) ==
			CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PRIVATE, t) == CURLE_OK;

	return is_set ? 0 : -ENOMEM;
}

int post_start_take(struct post *p, struct channel_post *request, uint64_t timeout_ns,
		    size_t attempt_idx)
{
	struct transfer *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (!t)
		return -ENOMEM;
	t->attempt_idx = attempt_idx;
	t->body = request->body;
	request->body = NULL;
	t->easy = curl_easy_init();
	if (t->easy)
		err = set_headers(t, request);
	if (!err)
		err = set_options(t, request, timeout_ns);
	if (!err && curl_multi_add_handle(p->multi, t->easy) != CURLM_OK)
		err = -ENOMEM;
	if (err) {
		transfer_free(t);
		return err;
	}
	t->next = p->first;
	p->first = t;
	return 0;
}

/* A status that the same request would get again is final. */
static void judge_status(long status, struct channel_result *r)
{
	if (status >= 200 && status < 300) {
		r->book.outcome = BOOK_SENT;
		return;
	}
	snprintf(r->error, sizeof(r->error), "HTTP %ld", status);
	r->book.outcome = BOOK_RETRY;
	if (status >= 300 && status < 400) {
		snprintf(r->error, sizeof(r->error), "HTTP %ld: redirects are not followed",
			 status);
		r->book.outcome = BOOK_REFUSED;
	} else if (status >= 400 && status < 500 && status != 408 && status != 429) {
		r->book.outcome = BOOK_REFUSED;
	}
	/* What went wrong inside may have gone wrong after it took the alert. */
	r->book.may_have_arrived = status >= 500 && status != 503;
}

static void judge(struct transfer *t, CURLcode code, struct channel_result *r)
{
	long status = 0, request_bytes = 0;
	curl_off_t retry_after_s = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && t->is_cut_off)) {
		judge_status(status, r);
		/* Bounded by who reads it; here only against overflow. */
		if (r->book.outcome == BOOK_RETRY && retry_after_s > 0)
			r->book.retry_after_ns =
				(retry_after_s < 86400 ? (uint64_t)retry_after_s : 86400) *
				NS_PER_S;
		return;
	}
	curl_handle_reason(t->easy, code, t->error, r->error, sizeof(r->error));
	r->book.outcome = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT
				  ? BOOK_REFUSED
				  : BOOK_RETRY;
	r->book.may_have_arrived = request_bytes > 0;
}

static void unlink_transfer(struct post *p, const struct transfer *t)
{
	struct transfer **at = &p->first;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
}

static void collect(struct post *p)
{
	CURLMsg *message;
	int left_cnt;

	while ((message = curl_multi_info_read(p->multi, &left_cnt))) {
		struct channel_result result = {0};
		struct transfer *t;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
		judge(t, message->data.result, &result);
		curl_multi_remove_handle(p->multi, t->easy);
		unlink_transfer(p, t);
		p->done(p->context, t->attempt_idx, &result);
		transfer_free(t);
	}
}

void post_on_event(struct post *p, uint64_t fd, uint32_t events)
{
	int running_cnt, action = 0;
	uint64_t expired_cnt;

	if (fd == (uint64_t)p->timer_fd) {
		if (read(p->timer_fd, &expired_cnt, sizeof(expired_cnt)) < 0)
			return;
		curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running_cnt);
	} else {
		action |= (events & EPOLLIN) ? CURL_CSELECT_IN : 0;
		action |= (events & EPOLLOUT) ? CURL_CSELECT_OUT : 0;
		action |= (events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0;
		curl_multi_socket_action(p->multi, (curl_socket_t)fd, action, &running_cnt);
	}
	collect(p);
}

int post_new(int epoll_fd, post_done_fn done, void *context, struct post **ret_post)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct post *p = calloc(1, sizeof(*p));
	int err = -ENOMEM;

	if (!p)
		return -ENOMEM;
	*p = (struct post){.epoll_fd = epoll_fd, .timer_fd = -1, .done = done, .context = context};
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(p);
		return -ENOMEM;
	}
	p->multi = curl_multi_init();
	if (!p->multi)
		goto failed;
	p->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	event.data.u64 = (uint64_t)p->timer_fd;
	if (p->timer_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->timer_fd, &event)) {
		err = -errno;
		goto failed;
	}
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
	*ret_post = p;
	return 0;
failed:
	post_free(p);
	return err;
}

void post_free(struct post *p)
{
	if (!p)
		return;
	while (p->first) {
		struct transfer *t = p->first;

		p->first = t->next;
		curl_multi_remove_handle(p->multi, t->easy);
		transfer_free(t);
	}
	if (p->multi)
		curl_multi_cleanup(p->multi);
	if (p->timer_fd >= 0)
		close(p->timer_fd);
	curl_global_cleanup();
	free(p);
}
