/* SPDX-License-Identifier: Apache-2.0 */
/* What may be the URL of a server, for whoever gets one from elsewhere than a configuration. */
#ifndef TICKSCOPE_CONFIG_KEY_URLS_H
#define TICKSCOPE_CONFIG_KEY_URLS_H

/* One of HTTP, to which paths are added: what is wrong with it, as the rest of a sentence; NULL:
 * nothing is. */
const char *key_urls_complain_server(const char *text);

#endif
