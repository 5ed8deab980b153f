/* SPDX-License-Identifier: Apache-2.0 */
/* What an error that Redis answers means for whoever sent the command. Pure. */
#ifndef TICKSCOPE_SINK_REDIS_ERROR_H
#define TICKSCOPE_SINK_REDIS_ERROR_H

enum redis_error_kind {
	REDIS_ERROR_REFUSED = 1, /* this command, now and later */
	REDIS_ERROR_PERMISSION,	 /* likewise, by the rights of the user */
	REDIS_ERROR_CREDENTIALS, /* the server talks with nobody who has not said who he is */
	REDIS_ERROR_LATER,	 /* the server takes nothing at the moment */
};

/* text: the answer behind its "-". */
enum redis_error_kind redis_error_kind(const char *text);

#endif
