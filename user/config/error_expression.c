/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and types error expressions. A recursive descent over a grammar this small needs no
 * generator. */
#include <errno.h>
#include <string.h>

#include "config/error_expression.h"

struct cursor {
	const char *text;
	size_t at;
	size_t *ret_column;
	struct fault *why;
};

static const struct {
	const char *name;
	uint8_t width_bytes;
	bool is_signed;
} casts[] = {
	{"i8", 1, true},   {"i16", 2, true},  {"i32", 4, true},
	{"i64", 8, true},  {"u8", 1, false},  {"u16", 2, false},
	{"u32", 4, false}, {"u64", 8, false}, {"bool", 1, false},
};

/* Longer operators first: "<=" begins with "<". */
static const struct {
	const char *name;
	enum ts_compare compare;
} operators[] = {
	{"==", TS_COMPARE_EQ}, {"!=", TS_COMPARE_NE}, {"<=", TS_COMPARE_LE},
	{">=", TS_COMPARE_GE}, {"<", TS_COMPARE_LT},  {">", TS_COMPARE_GT},
};

static int fail(const struct cursor *c, const char *expected)
{
	*c->ret_column = c->at + 1;
	return fault_set(c->why, -EINVAL, "expected %s, as in \"ret < 0\" or \"(i32)ret != 0\"",
			 expected);
}

static void skip_blanks(struct cursor *c)
{
	while (c->text[c->at] == ' ' || c->text[c->at] == '\t')
		c->at++;
}

static bool is_word(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	       ch == '_';
}

/* Takes exactly this text; a word must not go on behind it. */
static bool take(struct cursor *c, const char *token)
{
	size_t length = strlen(token);

	skip_blanks(c);
	if (strncmp(c->text + c->at, token, length) != 0)
		return false;
	if (is_word(token[length - 1]) && is_word(c->text[c->at + length]))
		return false;
	c->at += length;
	return true;
}

static int parse_cast(struct cursor *c, struct error_term *term)
{
	if (!take(c, "("))
		return 0;
	for (size_t i = 0; i < sizeof(casts) / sizeof(casts[0]); i++) {
		if (!take(c, casts[i].name))
			continue;
		term->width_bytes = casts[i].width_bytes;
		term->is_signed = casts[i].is_signed;
		return take(c, ")") ? 0 : fail(c, "\")\"");
	}
	return fail(c, "a type: i8 i16 i32 i64 u8 u16 u32 u64 bool");
}

static int parse_operator(struct cursor *c, struct error_term *term)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (take(c, operators[i].name)) {
			term->compare = (uint8_t)operators[i].compare;
			return 0;
		}
	}
	return fail(c, "one of == != < <= > >=");
}

static int digit_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return 99;
}

static int parse_number(struct cursor *c, struct error_term *term)
{
	uint64_t base = 10, value = 0;
	size_t first;

	term->is_negative = take(c, "-");
	skip_blanks(c);
	if (strncmp(c->text + c->at, "0x", 2) == 0) {
		base = 16;
		c->at += 2;
	}
	first = c->at;
	while (digit_value(c->text[c->at]) < (int)base) {
		uint64_t digit = (uint64_t)digit_value(c->text[c->at]);

		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return fail(c, "a number of at most 64 bits");
		c->at++;
	}
	if (c->at == first || is_word(c->text[c->at]))
		return fail(c, "a whole number");
	term->magnitude = value;
	return 0;
}

static bool is_letter(char ch)
{
	return is_word(ch) && !(ch >= '0' && ch <= '9');
}

static int parse_constant(struct cursor *c, struct error_term *term)
{
	size_t length = 0;

	skip_blanks(c);
	if (!is_letter(c->text[c->at]))
		return parse_number(c, term);
	if (take(c, "nil") || take(c, "false"))
		return 0;
	if (take(c, "true")) {
		term->magnitude = 1;
		return 0;
	}
	while (is_word(c->text[c->at + length]) || c->text[c->at + length] == ':')
		length++;
	if (length >= sizeof(term->name) || term->width_bytes)
		return fail(c, "a number");
	if (term->compare != TS_COMPARE_EQ && term->compare != TS_COMPARE_NE)
		return fail(c, "a number (names are compared by == and !=)");
	memcpy(term->name, c->text + c->at, length);
	c->at += length;
	return 0;
}

/* "ret", or "ret2" to "ret9". */
static int parse_value(struct cursor *c, struct error_term *term)
{
	skip_blanks(c);
	if (strncmp(c->text + c->at, "ret", 3) != 0)
		return fail(c, "\"ret\"");
	if (c->text[c->at + 3] >= '2' && c->text[c->at + 3] <= '0' + ERROR_VALUE_MAX &&
	    !is_word(c->text[c->at + 4])) {
		term->value_idx = (uint8_t)(c->text[c->at + 3] - '1');
		c->at += 4;
		return 0;
	}
	return take(c, "ret") ? 0 : fail(c, "\"ret\", or \"ret2\" … for Go's further results");
}

static int parse_term(struct cursor *c, struct error_term *term)
{
	int err = parse_cast(c, term);

	if (!err)
		err = parse_value(c, term);
	if (!err)
		err = parse_operator(c, term);
	return err ? err : parse_constant(c, term);
}

int error_expression_parse(const char *text, struct error_expression *ret_expression,
			   size_t *ret_column, struct fault *why)
{
	struct cursor c = {.text = text, .ret_column = ret_column, .why = why};
	struct error_expression e = {0};
	const char *joint = NULL;

	for (;;) {
		int err;

		if (e.term_cnt == TS_ERROR_TERMS)
			return fail(&c, "at most 4 comparisons");
		err = parse_term(&c, &e.terms[e.term_cnt]);
		if (err)
			return err;
		e.term_cnt++;
		skip_blanks(&c);
		if (!c.text[c.at])
			break;
		if (!joint)
			joint = strncmp(c.text + c.at, "||", 2) == 0 ? "||" : "&&";
		if (!take(&c, joint))
			return fail(&c, e.term_cnt == 1 ? "&& or || or the end"
							: "the same && or || as before");
	}
	e.match_any = joint && joint[0] == '|';
	*ret_expression = e;
	return 0;
}

/* Whether the constant is a value of the type at all: `(u8)ret == 300` is a mistake, not a
 * comparison. */
static bool fits(const struct error_term *t, uint8_t width_bytes, bool is_signed)
{
	uint64_t half = 1ULL << (8 * width_bytes - 1);

	if (t->is_negative)
		return is_signed ? t->magnitude <= half : t->magnitude == 0;
	if (is_signed)
		return t->magnitude < half;
	return width_bytes == 8 || t->magnitude < 2 * half;
}

static int add_term(struct ts_error *out, const struct ts_error_term *term, struct fault *why)
{
	if (out->term_cnt == TS_ERROR_TERMS)
		return fault_set(why, -EINVAL, "the names stand for more than %d comparisons",
				 TS_ERROR_TERMS);
	out->terms[out->term_cnt++] = *term;
	return 0;
}

/*
 * A name can stand for several values: `== NAME` is then any of them, `!= NAME` none; for a
 * complement the other way round.
 */
static int add_name(const struct error_expression *e, uint32_t idx, const struct error_value *v,
		    struct ts_error *out, struct fault *why)
{
	const struct error_term *t = &e->terms[idx];
	const struct error_constant *c = &v->constants[idx];
	struct ts_error_term term = {.width_bytes = v->width_bytes,
				     .is_signed = v->is_signed,
				     .source = v->source,
				     .offset_bytes = v->offset_bytes};
	bool is_equal = (t->compare == TS_COMPARE_EQ) != c->is_complement;

	if (!v->is_known)
		return fault_set(why, -EINVAL, "the type of ret is not known, nor what \"%s\" is",
				 t->name);
	if (!c->value_cnt)
		return fault_set(why, -EINVAL, "ret has no value \"%s\"", t->name);
	if (c->value_cnt > TS_ERROR_TERMS)
		return fault_set(why, -EINVAL, "\"%s\" stands for more than %d values", t->name,
				 TS_ERROR_TERMS);
	if (c->value_cnt > 1) {
		if (e->term_cnt > 1 && e->match_any != is_equal)
			return fault_set(why, -EINVAL, "\"%s\" must stand alone", t->name);
		out->match_any = is_equal;
	}
	term.compare = is_equal ? TS_COMPARE_EQ : TS_COMPARE_NE;
	for (uint32_t i = 0; i < c->value_cnt; i++) {
		int err;

		term.value = c->values[i];
		err = add_term(out, &term, why);
		if (err)
			return err;
	}
	return 0;
}

static int add_number(const struct error_term *t, const struct error_value *v, struct ts_error *out,
		      struct fault *why)
{
	struct ts_error_term term = {
		.value = t->is_negative ? 0 - t->magnitude : t->magnitude,
		.compare = t->compare,
		.width_bytes = t->width_bytes ? t->width_bytes : v->width_bytes,
		.is_signed = t->width_bytes ? t->is_signed : v->is_signed,
		.source = v->source,
		.offset_bytes = v->offset_bytes,
	};

	if (!t->width_bytes && !v->is_known)
		return fault_set(why, -EINVAL,
				 "the type of ret is not known: write it, as in \"(i32)ret\"");
	if (!fits(t, term.width_bytes, term.is_signed))
		return fault_set(why, -EINVAL,
				 "the constant does not fit ret, which has %u %s bits",
				 8U * term.width_bytes, term.is_signed ? "signed" : "unsigned");
	return add_term(out, &term, why);
}

int error_expression_compile(const struct error_expression *expression,
			     const struct error_value *values, size_t value_cnt,
			     struct ts_error *ret_error, struct fault *why)
{
	struct ts_error out = {.match_any = expression->match_any};

	for (uint32_t i = 0; i < expression->term_cnt; i++) {
		const struct error_term *t = &expression->terms[i];
		int err;

		if (t->value_idx >= value_cnt)
			return fault_set(why, -EINVAL, "it has no ret%d: its results are %zu",
					 t->value_idx + 1, value_cnt);
		err = t->name[0] ? add_name(expression, i, &values[t->value_idx], &out, why)
				 : add_number(t, &values[t->value_idx], &out, why);
		if (err)
			return err;
	}
	*ret_error = out;
	return 0;
}
