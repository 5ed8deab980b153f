/* SPDX-License-Identifier: Apache-2.0 */
/* A table of ids against one that is searched from its beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/id_table.h"

#define MODEL_CNT 64

struct model {
	uint64_t keys[ID_TABLE_KEY_CNT];
	bool has_alias;
	struct waiting *waiting;
};

/* Gives one an alias, of few, so that it is taken from others, or is the id of one. */
static void set_alias(struct id_table *table, struct model *models, int i, uint64_t alias)
{
	bool is_id = false;

	for (int k = 0; k < MODEL_CNT; k++)
		is_id |= models[k].waiting && models[k].keys[ID_TABLE_ID] == alias;
	assert_int_equal(id_table_set_key(table, models[i].waiting, ID_TABLE_ALIAS, alias), !is_id);
	if (is_id)
		return;
	for (int k = 0; k < MODEL_CNT; k++)
		models[k].has_alias &= models[k].keys[ID_TABLE_ALIAS] != alias;
	models[i].has_alias = true;
	models[i].keys[ID_TABLE_ALIAS] = alias;
}

static void check_model(const struct id_table *table, const struct model *models)
{
	uint32_t key_cnt = 0;

	for (int i = 0; i < MODEL_CNT; i++) {
		const struct model *m = &models[i];

		if (!m->waiting)
			continue;
		key_cnt += 1 + m->has_alias;
		assert_ptr_equal(id_table_find(table, PROTOCOL_SERVER, m->keys[ID_TABLE_ID]),
				 m->waiting);
		if (m->has_alias)
			assert_ptr_equal(
				id_table_find(table, PROTOCOL_SERVER, m->keys[ID_TABLE_ALIAS]),
				m->waiting);
		assert_null(id_table_find(table, PROTOCOL_CLIENT, m->keys[ID_TABLE_ID]));
	}
	assert_int_equal(table->key_cnt, key_cnt);
}

static void test_id_table(void **state)
{
	struct model models[MODEL_CNT] = {0};
	struct budget budget = {.limit_bytes = 64U << 10};
	struct id_table table;
	uint64_t random = 1;

	(void)state;
	id_table_init(&table, &budget);
	for (int step = 0; step < 30000; step++) {
		int i;
		struct model *m;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		i = (int)((random >> 33) % MODEL_CNT);
		m = &models[i];
		if (!m->waiting) {
			m->keys[ID_TABLE_ID] = ((random >> 40) % 4) * MODEL_CNT + (uint64_t)i;
			if (id_table_find(&table, PROTOCOL_SERVER, m->keys[ID_TABLE_ID]))
				continue;
			m->waiting = id_table_add(&table, PROTOCOL_SERVER, m->keys[ID_TABLE_ID]);
			assert_non_null(m->waiting);
		} else if (random >> 62 == 0) {
			id_table_remove(&table, m->waiting);
			*m = (struct model){0};
		} else {
			set_alias(&table, models, i, (random >> 41) % (8 * MODEL_CNT));
		}
		check_model(&table, models);
	}
	id_table_fini(&table);
	assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
