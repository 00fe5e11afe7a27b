#include "model/study_says.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* Options of `fit` that a study has a key for. */
static const struct {
    const char *option, *key;
    bool valued; /* a word follows that belongs to it, whatever it is */
} KEY[] = {
    {"control", "control", true},
    {"method", "method", true},
    {"estimator", "estimator", true},
    {"anticipation", "anticipation", false},
    {"window", "window", false},
    {"weights", "weights", false},
    {"cluster", "cluster", false},
    {"vcov", "vcov", false},
    {"max-lags", "max_lags", false},
    {"lags", "lags", false},
    {"ic", "ic", false},
    {"horizon", "periods", false},
    {"shock", "shock", false},
    {"average", "average", false},
    {"period", "period", false},
};

static size_t word(const char *s, const char *more)
{
    size_t n = 0;
    while (s[n] != '\0' && (isalnum((unsigned char)s[n]) || strchr(more, s[n]) != NULL)) n++;
    return n;
}

/* The value behind an option: one that always has one, or that looks like one (a number, a name to fill in). */
static size_t value(const char *s, bool valued)
{
    static const char *const PERIOD[] = {"day", "week", "month", "quarter", "year"};
    size_t n = word(s, "_:.+-=,"), figures = 0;
    while (n > 0 && strchr(":.,", s[n - 1]) != NULL) n--;
    for (size_t i = 0; i < n; i++) figures += isupper((unsigned char)s[i]) || isdigit((unsigned char)s[i]);
    for (size_t i = 0; i < sizeof PERIOD / sizeof *PERIOD; i++)
        valued |= strncmp(s, PERIOD[i], n) == 0 && PERIOD[i][n] == '\0';
    return valued || figures > 0 ? n : 0;
}

/* Where the clause that holds `at` begins: behind the last mark before it. */
static size_t clause(const char *text, size_t n)
{
    while (n > 0 && strchr(";:", text[n - 1]) == NULL) n--;
    return n;
}

const char *rl_study_says(const char *text, rl_arena *in)
{
    rl_str s = rl_str_new(in);
    if (strstr(text, "--") == NULL) return text;
    for (const char *p = text; *p != '\0';) {
        size_t n = strncmp(p, "--", 2) == 0 ? word(p + 2, "-") : 0, k = 0;
        if (n == 0 || (p > text && p[-1] != ' ' && p[-1] != '(')) {
            rl_str_addc(&s, *p++);
            continue;
        }
        while (k < sizeof KEY / sizeof *KEY && (strncmp(KEY[k].option, p + 2, n) != 0 || KEY[k].option[n] != '\0')) k++;
        p += 2 + n;
        if (k < sizeof KEY / sizeof *KEY) {
            size_t v = *p == ' ' ? value(p + 1, KEY[k].valued) : 0;
            rl_str_addf(&s, v > 0 ? "`%s: %.*s`" : "`%s`", KEY[k].key, (int)v, p + 1);
            p += v > 0 ? v + 1 : 0;
            continue;
        }
        size_t from = clause(rl_str_text(&s), s.n); /* nobody can follow it: without the clause */
        while (from > 0 && strchr(" ;:", s.s[from - 1]) != NULL) from--;
        s.n = from;
        if (s.s != NULL) s.s[from] = '\0';
        p += strcspn(p, ";");
        if (from == 0) p += strspn(p, "; ");
    }
    return rl_str_text(&s);
}

void rl_study_error(rl_ctx *cx)
{
    const char *what = rl_study_says(cx->err.what, cx->tmp), *hint = rl_study_says(cx->err.hint, cx->tmp);
    if (what != cx->err.what && what[0] != '\0') snprintf(cx->err.what, sizeof cx->err.what, "%s", what);
    if (hint != cx->err.hint) snprintf(cx->err.hint, sizeof cx->err.hint, "%s", hint);
}
