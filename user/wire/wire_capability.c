/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities as JSON. */
#include "base/capability.h"
#include "wire/wire.h"

json_t *wire_capabilities(uint32_t set)
{
	json_t *names = json_array();

	for (int c = 0; c < CAPABILITY_CNT; c++) {
		if (set & CAPABILITY_BIT(c))
			json_array_append_new(names, json_string(capability_name(c)));
	}
	return names;
}
