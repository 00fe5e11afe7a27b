#include "out/text_tests.h"

#include <math.h>
#include <string.h>

enum { TABLE_FROM = 4, WIDE = 110, NAME_MOST = 34, INDENT = 4 };

static const char *clean(const char *s, rl_arena *in)
{
    char *t = rl_strdup(in, s);
    for (char *p = t; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
    return t;
}

static const char *kind_of(const rl_test *t)
{
    bool chi2 = strcmp(t->name, "sargan") == 0 || strcmp(t->name, "hansen") == 0 ||
                (strlen(t->name) > 3 && strcmp(t->name + strlen(t->name) - 3, "-lm") == 0);
    return t->kind != NULL ? t->kind : chi2 ? "chi2" : "F";
}

const char *rl_text_p(double p, size_t draws, rl_arena *in)
{
    double below = rl_p_floor(draws);
    return p < below ? rl_sprintf(in, "<%s", rl_sprintf(in, "%.4f", below) + 1) : rl_sprintf(in, "%.4f", p);
}

/* A normal estimate's F has no second degrees of freedom. */
static bool is_of_normal(const rl_test *t)
{
    return strcmp(kind_of(t), "F") == 0 && isfinite(t->df) && !isfinite(t->df2) && isfinite(t->p_value) && t->kase == 0;
}

static void one(rl_str *out, const rl_test *t, rl_arena *in)
{
    const char *name = t->variable == NULL ? t->name : rl_sprintf(in, "%s of %s", t->name, clean(t->variable, in));
    rl_str_addf(out, "%-11s %s = %.3f", name, kind_of(t), t->statistic);
    if (isfinite(t->df)) rl_str_addf(out, " on %g", t->df);
    if (isfinite(t->df2)) rl_str_addf(out, " and %g", t->df2);
    if (is_of_normal(t)) rl_str_add(out, " and inf");
    if (t->n_lags > 0) rl_str_addf(out, ", lag %d", t->lag);
    if (t->kase > 0) rl_str_addf(out, ", case %d", t->kase);
    if (t->model != NULL) rl_str_addf(out, ", %s", t->model);
    const char *p = isfinite(t->p_value) ? rl_text_p(t->p_value, t->draws, in) : NULL;
    if (p != NULL) rl_str_addf(out, ", p %s%s", *p == '<' ? "< " : "= ", *p == '<' ? p + 1 : p);
    rl_str_addc(out, '\n');
    if (t->says != NULL) rl_str_addf(out, "%-11s %s\n", "", clean(t->says, in));
}

/* "adf of sales, drift, lag 2" */
static const char *full_name(const rl_test *t, rl_arena *in)
{
    rl_str s = rl_str_new(in);
    rl_str_add(&s, t->name);
    if (t->variable != NULL) rl_str_addf(&s, " of %s", clean(t->variable, in));
    if (t->model != NULL) rl_str_addf(&s, ", %s", clean(t->model, in));
    if (t->n_lags > 0) rl_str_addf(&s, ", lag %d", t->lag);
    return rl_str_text(&s);
}

static size_t shown(const char *s, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) k += ((unsigned char)s[i] & 0xc0) != 0x80;
    return k;
}

/* Words up to the right edge, every line from column INDENT on. */
static void wrapped(rl_str *out, const char *s)
{
    size_t at = WIDE;
    while (*s != '\0') {
        size_t n = strcspn(s, " "), wide = shown(s, n);
        if (at + 1 + wide > WIDE) {
            rl_str_addf(out, "\n%*s", INDENT, "");
            at = INDENT;
        } else {
            rl_str_addc(out, ' ');
            at++;
        }
        rl_str_addn(out, s, n);
        at += wide;
        s += n + (s[n] == ' ');
    }
}

/* What is fine is said beside it, what is not below it. */
static void row(rl_str *out, const rl_test *t, size_t name_wide, rl_arena *in)
{
    const char *name = full_name(t, in);
    size_t wide = shown(name, strlen(name));
    rl_str_addf(out, "%s", name);
    if (wide > name_wide) rl_str_addf(out, "\n%*s", (int)name_wide, "");
    rl_str_addf(out, "%*s  %10.4g", wide > name_wide ? 0 : (int)(name_wide - wide), "", t->statistic);
    rl_str_addf(out, "  %6s  %-11s  ", !isfinite(t->p_value) ? "" : rl_text_p(t->p_value, t->draws, in),
                t->verdict != NULL ? t->verdict : "");
    const char *says = t->says != NULL ? clean(t->says, in) : kind_of(t);
    size_t n = strlen(says);
    if (name_wide + 35 + shown(says, n) <= WIDE + 10)
        rl_str_add(out, says);
    else {
        while (out->s[out->n - 1] == ' ') out->s[--out->n] = '\0';
        wrapped(out, says);
    }
    rl_str_addc(out, '\n');
}

static bool told(const rl_test *t) { return t->verdict != NULL; }

void rl_text_tests(rl_str *out, const rl_result *r, rl_arena *in)
{
    size_t many = 0, wide = 4;
    for (size_t i = 0; i < r->n_tests; i++) many += told(&r->test[i]);
    for (size_t i = 0; i < r->n_tests; i++) {
        const char *name = full_name(&r->test[i], in);
        size_t n = shown(name, strlen(name));
        if (many < TABLE_FROM || !told(&r->test[i]))
            one(out, &r->test[i], in);
        else if (n > wide)
            wide = n > NAME_MOST ? NAME_MOST : n;
    }
    if (many < TABLE_FROM) return;
    rl_str_addf(out, "\n%-*s  %10s  %6s  %-11s  %s\n", (int)wide, "test", "statistic", "p", "verdict", "what it means");
    for (size_t i = 0; i < r->n_tests; i++)
        if (told(&r->test[i])) row(out, &r->test[i], wide, in);
}
