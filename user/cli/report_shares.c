/* SPDX-License-Identifier: Apache-2.0 */
/* The states that an operation spent time in, largest first, with the 99th percentile of each. */
#include "base/text.h"
#include "base/units.h"
#include "cli/report_shares.h"

#define SHARE_MAX	  16	 /* more than there are states */
#define SHOWN_SHARE_LEAST 0.0005 /* less rounds to 0.0 % */

/* The place of the largest that is not done; SIZE_MAX: there is none. */
static size_t next_largest(const struct report_operation *shares, size_t cnt, const bool *is_done)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < cnt; i++) {
		if (!is_done[i] &&
		    (best == SIZE_MAX || shares[i].stats.sum_ns > shares[best].stats.sum_ns))
			best = i;
	}
	return best;
}

static void write_share(const struct report_operation *share, double part, FILE *out)
{
	const char *state = share->label_cnt ? share->labels[share->label_cnt - 1].value : "";
	uint64_t p99_ns = share->stats.quantile_ns[STATS_P99];
	char name[64], text[UNITS_TEXT_BYTES];

	snprintf(name, sizeof(name), "%s", state);
	text_clean(name);
	fprintf(out, "%s %.1f %%", name, 100 * part);
	if (p99_ns != STATS_NULL)
		fprintf(out, " (p99 %s)", units_duration(p99_ns, text));
}

size_t report_shares_write(const struct report *report, size_t operation, FILE *out)
{
	const struct report_operation *shares = &report->operations[operation + 1];
	bool is_done[SHARE_MAX] = {false};
	uint64_t sum_ns = 0, lost = 0;
	char text[UNITS_TEXT_BYTES];
	const char *before = "    ";
	size_t cnt = 0;

	while (cnt < SHARE_MAX && operation + 1 + cnt < report->operation_cnt &&
	       shares[cnt].is_share) {
		sum_ns += shares[cnt].stats.sum_ns;
		lost = shares[cnt].stats.quality.lost;
		cnt++;
	}
	if (!sum_ns && !lost)
		return 0;
	for (size_t n = 0; n < cnt; n++) {
		size_t i = next_largest(shares, cnt, is_done);
		double part = sum_ns ? (double)shares[i].stats.sum_ns / (double)sum_ns : 0;

		is_done[i] = true;
		if (part < SHOWN_SHARE_LEAST)
			break;
		fputs(before, out);
		write_share(&shares[i], part, out);
		before = ", ";
	}
	if (lost)
		fprintf(out, "%s%s not split", before, units_count(lost, text));
	fputc('\n', out);
	return 1;
}
