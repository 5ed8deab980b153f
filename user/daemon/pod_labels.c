/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One list after another, of metadata alone and out of the server's cache (resourceVersion=0): what
 * costs it least. Kubernetes' watches would be told sooner, and are a protocol of their own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "base/thread.h"
#include "daemon/pod_labels.h"
#include "daemon/pod_list.h"
#include "sink/http.h"
#include "target/container_id.h"

#define ACCEPT	   "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
#define SOONER_NS  (2 * NS_PER_S) /* between two lists, however many pods start */
#define RETRY_NS   (5 * NS_PER_S)
#define MISSED_MAX 64  /* pods that were asked for and are not there: once each */
#define JITTER	   8   /* up to one eighth: a server that was away is not asked by all at once */
#define NODE_BYTES 254 /* RFC 1123 */

struct pod_labels {
	const struct config_kubernetes *config;
	struct http *http;
	char *path;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t condition;
	bool is_stopping;
	bool is_wanted; /* a pod is not known */
	bool is_fresh;	/* nobody has looked at this list yet */
	struct pod_list *list;
	char missed[MISSED_MAX][POD_UID_BYTES]; /* a ring */
	size_t missed_next;
	uint64_t random;
	struct fault problem; /* empty: it has answered, or was not asked yet */
	bool has_failed;      /* as it was said last */
};

/* What the server says for itself, as far as it is fit to be shown. */
static int refusal(const struct http_answer *answer, struct fault *why)
{
	char words[160];

	snprintf(words, sizeof(words), "%s", answer->body ? answer->body : "");
	text_clean(words);
	return fault_set(why, -EACCES, "it answers %ld%s%s", answer->status, words[0] ? ": " : "",
			 words);
}

static int ask(struct pod_labels *p, struct pod_list **ret_list, struct fault *why)
{
	struct http_answer answer = {.body = NULL};
	int err = http_request(p->http, p->path, NULL, &answer, why);

	if (err)
		return err;
	err = answer.status == 200 ? pod_list_parse(answer.body ? answer.body : "",
						    answer.body_bytes, ret_list, why)
				   : refusal(&answer, why);
	http_answer_fini(&answer);
	return err;
}

/* With the lock held, which it lets go while the server is asked. */
static int ask_unlocked(struct pod_labels *p)
{
	struct pod_list *fresh = NULL, *old;
	struct fault why = {.text = ""};
	int err;

	p->is_wanted = false;
	pthread_mutex_unlock(&p->lock);
	err = ask(p, &fresh, &why);
	pthread_mutex_lock(&p->lock);
	if (err) {
		p->problem = why;
		return err;
	}
	p->problem.text[0] = '\0';
	old = p->list;
	p->list = fresh;
	p->is_fresh = true;
	pod_list_free(old);
	return 0;
}

static uint64_t with_jitter(struct pod_labels *p, uint64_t period_ns)
{
	return period_ns + random_next(&p->random) % (period_ns / JITTER);
}

static void *run(void *context)
{
	struct pod_labels *p = context;

	pthread_mutex_lock(&p->lock);
	while (!p->is_stopping) {
		int err = ask_unlocked(p);
		uint64_t now_ns = clock_mono_ns();
		uint64_t due_ns = now_ns + with_jitter(p, err ? RETRY_NS : p->config->interval_ns);
		uint64_t soonest_ns = now_ns + (err ? RETRY_NS : SOONER_NS);

		while (!p->is_stopping && clock_mono_ns() < due_ns) {
			if (p->is_wanted)
				due_ns = soonest_ns;
			thread_wait(&p->condition, &p->lock, due_ns);
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int make_path(struct pod_labels *p, struct fault *why)
{
	char host[NODE_BYTES];
	const char *node = p->config->node;
	char *escaped;
	int bytes;

	if (!node) {
		if (gethostname(host, sizeof(host)))
			return fault_set(why, -errno, "this host has no name");
		host[sizeof(host) - 1] = '\0';
		node = host;
	}
	escaped = http_escape(p->http, node);
	if (!escaped)
		return fault_set(why, -ENOMEM, "out of memory");
	bytes = asprintf(&p->path,
			 "/api/v1/pods?fieldSelector=spec.nodeName%%3D%s&resourceVersion=0",
			 escaped);
	free(escaped);
	if (bytes >= 0)
		return 0;
	p->path = NULL;
	return fault_set(why, -ENOMEM, "out of memory");
}

static void labels_free(struct pod_labels *p)
{
	pod_list_free(p->list);
	http_close(p->http);
	free(p->path);
	free(p);
}

int pod_labels_start(const struct config_kubernetes *kubernetes, struct pod_labels **ret_labels,
		     struct fault *why)
{
	const struct http_options options = {.url = kubernetes->api,
					     .token_file = kubernetes->token_file,
					     .ca_file = kubernetes->ca_file,
					     .accept = ACCEPT,
					     .timeout_ns = kubernetes->timeout_ns};
	struct pod_labels *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return fault_set(why, -ENOMEM, "out of memory");
	p->config = kubernetes;
	p->random = clock_mono_ns() ^ (uint64_t)getpid();
	err = http_open(&options, &p->http, why);
	if (!err)
		err = make_path(p, why);
	if (err) {
		labels_free(p);
		return err;
	}
	pthread_mutex_init(&p->lock, NULL);
	thread_condition_init(&p->condition);
	err = thread_start(&p->thread, 0, run, p);
	if (err) {
		pthread_cond_destroy(&p->condition);
		pthread_mutex_destroy(&p->lock);
		labels_free(p);
		return fault_set(why, err, "cannot start a thread: %s", strerror(-err));
	}
	*ret_labels = p;
	return 0;
}

void pod_labels_stop(struct pod_labels *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->is_stopping = true;
	pthread_cond_signal(&p->condition);
	pthread_mutex_unlock(&p->lock);
	http_cancel(p->http);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->condition);
	pthread_mutex_destroy(&p->lock);
	labels_free(p);
}

/* Asks for a pod that is not known: not again and again for one that the server does not know. */
static void want(struct pod_labels *p, const char *uid)
{
	for (size_t i = 0; i < MISSED_MAX; i++) {
		if (strcmp(p->missed[i], uid) == 0)
			return;
	}
	snprintf(p->missed[p->missed_next++ % MISSED_MAX], POD_UID_BYTES, "%s", uid);
	p->is_wanted = true;
	pthread_cond_signal(&p->condition);
}

bool pod_labels_has(void *context, const char *uid, const struct config_pair *wanted,
		    size_t wanted_cnt)
{
	struct pod_labels *p = context;
	bool has;

	pthread_mutex_lock(&p->lock);
	has = pod_list_has_labels(p->list, uid, wanted, wanted_cnt);
	if (!has && !pod_list_has(p->list, uid))
		want(p, uid);
	pthread_mutex_unlock(&p->lock);
	return has;
}

bool pod_labels_has_news(struct pod_labels *p, struct fault *ret_news)
{
	bool has_news;

	pthread_mutex_lock(&p->lock);
	has_news = p->has_failed != !!p->problem.text[0];
	p->has_failed = p->problem.text[0];
	if (has_news && p->has_failed)
		fault_set(ret_news, 0,
			  "labels of new pods are not known: \"%s\": %s; it is asked again",
			  p->config->api, p->problem.text);
	else if (has_news)
		fault_set(ret_news, 0, "labels of pods are known: \"%s\" answers again",
			  p->config->api);
	pthread_mutex_unlock(&p->lock);
	return has_news;
}

bool pod_labels_are_fresh(struct pod_labels *p)
{
	bool is_fresh;

	pthread_mutex_lock(&p->lock);
	is_fresh = p->is_fresh;
	p->is_fresh = false;
	pthread_mutex_unlock(&p->lock);
	return is_fresh;
}
