/* SPDX-License-Identifier: Apache-2.0 */
/* What could not be measured, said at the end. */
#include "daemon/rpc.h"

static void say(struct daemon *d, uint64_t cnt, const char *what)
{
	if (cnt)
		daemon_message(d, "%llu %s", (unsigned long long)cnt, what);
}

uint64_t losses_cnt(const struct daemon *d)
{
	uint64_t cnt = d->probe ? probe_dropped_events(d->probe) : 0;

	if (d->sock)
		cnt += sock_dropped_connections(d->sock) + sock_dropped_targets(d->sock) +
		       sock_dropped_records(d->sock);
	return d->tls ? cnt + tls_dropped_records(d->tls) : cnt;
}

void losses_say(struct daemon *d)
{
	if (sock_dropped_connections(d->sock))
		daemon_message(
			d,
			"%llu connections were not measured: there were more than %d of TCP, "
			"%d of UDP, or %d of Unix, at once",
			(unsigned long long)sock_dropped_connections(d->sock), TS_CONN_MAX,
			TS_FEED_MAX, TS_LOCAL_MAX);
	say(d, sock_dropped_targets(d->sock),
	    "processes were not measured: there were too many at once");
	say(d, sock_dropped_records(d->sock),
	    "records of connections were lost: parsers could not keep up");
	if (!d->tls)
		return;
	say(d, tls_unplaced_bytes(d->tls),
	    "bytes in OpenSSL belong to connections that are not known: those are timed by "
	    "direction only");
	say(d, tls_dropped_records(d->tls),
	    "records of OpenSSL were lost: parsers could not keep up");
}
