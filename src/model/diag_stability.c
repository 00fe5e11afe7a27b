/* Are the coefficients the same throughout? */
#include "model/diag_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/diag_work.h"
#include "num/dist.h"
#include "num/ols.h"
#include "num/recursive.h"

/* --- a break at a date that is known -------------------------------------------------- */

static rl_code date_of(const rl_diag *g, int32_t *at, rl_ctx *cx)
{
    const char *s = g->spec->arg[0];
    double x;
    if (g->d->at == NULL) {
        rl_fail(cx, RL_EUSAGE, "--test %s needs to know the time of a row", g->spec->text);
        return rl_hint(cx, "add --panel UNIT,TIME, or --time COL for one series");
    }
    if (g->d->clock.dates
            ? rl_period_parse(s, strlen(s), g->d->clock.cal, at)
            : rl_number_parse(s, strlen(s), RL_NUMBERS_PLAIN, &x) && fabs(x) < 1e9 && (*at = (int32_t)x) == x)
        return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--test %s: '%s' is no time of column '%s'", g->spec->text, s, g->d->time_name);
    return rl_hint(cx, "write it as in '%s'", rl_diag_when(g, g->d->first_time, cx->tmp));
}

/* The coefficient that differs most, in its standard errors. */
static const rl_estimate *most_changed(const rl_result *r, const char *part)
{
    const rl_estimate *best = NULL;
    for (size_t i = 0; i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        if (strstr(e->label.term, part) == NULL || !isfinite(e->statistic)) continue;
        if (best == NULL || fabs(e->statistic) > fabs(best->statistic)) best = e;
    }
    return best;
}

/* "x:from T" is x; "from T" alone the level. */
static const char *changed_name(const char *term, const char *part, rl_arena *in)
{
    size_t n = strlen(term), m = strlen(part) + 1;
    return n > m ? rl_strndup(in, term, n - m) : "level";
}

/* All regressors once more from TIME on (Chow 1960), tested under the covariance of the fit. */
rl_code rl_diag_chow(const rl_diag *g, rl_ctx *cx)
{
    const rl_table *t = g->d->t;
    const rl_design *d = g->d;
    rl_diag_formula f = rl_diag_parts(g, cx->tmp);
    rl_result r;
    rl_test test;
    int32_t at;
    char buf[32];
    RL_TRY(date_of(g, &at, cx));
    if (d->endo.k > 0) return rl_fail(cx, RL_EUSAGE, "--test %s is not valid beside instruments", g->spec->text);
    const char *name = rl_sprintf(cx->tmp, "from %s", g->spec->arg[0]);
    double *after = RL_NEW(cx->tmp, double, t->n);
    size_t late = 0;
    for (size_t i = 0; i < t->n; i++) after[i] = NAN;
    for (size_t i = 0; i < d->n; i++) late += (after[d->row[i]] = d->at[i] >= at) == 1;
    if (late == 0 || late == d->n) {
        rl_fail(cx, RL_EDATA, "--test %s: all %zu rows used lie %s '%s'", g->spec->text, d->n,
                late == 0 ? "before" : "at or after", g->spec->arg[0]);
        return rl_hint(cx, "they run from '%s' to '%s'", rl_diag_when(g, d->first_time, cx->tmp),
                       rl_diag_when(g, d->last_time, cx->tmp));
    }
    rl_table more = rl_diag_with(t, name, after, cx->tmp);
    rl_str s = rl_str_new(cx->tmp);
    rl_str_addf(&s, "%s ~ %s", f.y, f.rhs);
    if (d->constant || d->fe.n_fe > 0) rl_str_addf(&s, " + `%s`", name);
    if (d->formula->n_terms > 0) rl_str_addf(&s, " + (%s):`%s`", f.rhs, name);
    rl_str_addf(&s, " %s", f.rest);
    rl_diag_ask ask = {.formula = rl_str_text(&s), .t = &more, .part = name};
    if (rl_diag_refit(g, &ask, &test, &r, cx) != RL_OK) return rl_context(cx, "--test %s: ", g->spec->text);
    if (!isfinite(test.p_value))
        return rl_fail(cx, RL_EDATA, "--test %s: one side has too few rows to differ", g->spec->text);
    bool found = test.p_value < 0.05;
    const rl_estimate *e = most_changed(&r, name);
    test.model = g->spec->arg[0];
    test.says =
        found && e != NULL
            ? rl_sprintf(cx->tmp,
                         "the relation is another one from %s on (most: '%s' by %s); one set of coefficients for both "
                         "is an average of two worlds: fit them apart, or keep the products with the later period",
                         g->spec->arg[0], changed_name(e->label.term, name, cx->tmp),
                         rl_num_text(buf, rl_round_digits(e->estimate, 3)))
            : rl_sprintf(cx->tmp, "no sign that coefficients differ from %s on", g->spec->arg[0]);
    test.verdict = found ? RL_PROBLEM : RL_FINE;
    rl_diag_add(g, test);
    return RL_OK;
}

/* --- row by row --------------------------------------------------------------------------- */

typedef struct recursion {
    rl_diag_rows rows;
    rl_mat X;
    double *y, *w; /* n  recursive residuals, NaN where the rank was raised */
    size_t k, m;   /* m of them are there */
    size_t *place; /* m */
} recursion;

static rl_code recurse(const rl_diag *g, recursion *out, rl_ctx *cx)
{
    const rl_core *c;
    RL_TRY(rl_diag_core(g, 0, &c, cx));
    RL_TRY(rl_diag_order(g, &out->rows, cx));
    size_t n = out->rows.n;
    rl_diag_take(c, &out->rows, 0, NULL, &out->X, cx);
    out->k = c->X.k;
    out->y = RL_NEW(cx->tmp, double, n);
    out->w = RL_NEW(cx->tmp, double, n);
    out->place = RL_NEW(cx->tmp, size_t, n);
    for (size_t p = 0; p < n; p++) out->y[p] = g->d->y[out->rows.at[p]];
    rl_recursive(&out->X, out->y, false, out->w, cx);
    out->m = 0;
    for (size_t p = 0; p < n; p++)
        if (!isnan(out->w[p])) out->place[out->m++] = p;
    if (out->m >= 8) return RL_OK;
    rl_fail(cx, RL_EDATA, "--test %s: %zu periods leave %zu after %zu coefficients, 8 are needed", g->spec->text, n,
            out->m, out->k);
    return rl_hint(cx, "use fewer regressors, or more periods");
}

/* Sums of recursive residuals against lines of slope 2 (Brown, Durbin & Evans 1975). */
rl_code rl_diag_cusum(const rl_diag *g, rl_ctx *cx)
{
    recursion r;
    RL_TRY(recurse(g, &r, cx));
    double m = (double)r.m, mean = 0, spread = 0, sum = 0, most = 0;
    size_t where = 0;
    for (size_t i = 0; i < r.m; i++) mean += r.w[r.place[i]] / m;
    for (size_t i = 0; i < r.m; i++) spread += (r.w[r.place[i]] - mean) * (r.w[r.place[i]] - mean);
    double sd = sqrt(spread / (m - 1));
    for (size_t i = 0; i < r.m; i++) {
        sum += r.w[r.place[i]];
        double x = fabs(sum) / (sd * sqrt(m)) / (1 + 2 * (double)(i + 1) / m);
        if (x > most) most = x, where = r.place[i];
    }
    rl_test t = {.kind = "S", .statistic = most, .df = NAN, .df2 = NAN, .p_value = rl_cusum_p(most)};
    bool found = t.p_value < 0.05;
    t.says = found
                 ? rl_sprintf(cx->tmp,
                              "forecasts from the periods before err in one direction, most by '%s': the relation "
                              "drifted; look for what changed there, add a trend or a break, or use the later periods",
                              rl_diag_when(g, r.rows.time[where], cx->tmp))
                 : "no sign that the relation drifted";
    t.verdict = found ? RL_PROBLEM : RL_FINE;
    rl_diag_add(g, t);
    return RL_OK;
}

rl_code rl_diag_cusumsq(const rl_diag *g, rl_ctx *cx)
{
    recursion r;
    RL_TRY(recurse(g, &r, cx));
    double m = (double)r.m, total = 0, sum = 0, most = 0, lead = 0;
    size_t where = 0;
    for (size_t i = 0; i < r.m; i++) total += r.w[r.place[i]] * r.w[r.place[i]];
    for (size_t i = 0; i < r.m; i++) {
        sum += r.w[r.place[i]] * r.w[r.place[i]];
        double x = sum / total - (double)(i + 1) / m;
        if (fabs(x) > most) most = fabs(x), lead = x, where = r.place[i];
    }
    rl_test t = {.kind = "S", .statistic = most, .df = NAN, .df2 = NAN, .p_value = rl_cusumsq_p(most, r.m)};
    bool found = t.p_value < 0.05;
    t.says = found ? rl_sprintf(cx->tmp,
                                "errors were %s up to about '%s' than after: a calmer or a rougher time, or a relation "
                                "that broke; use --vcov HC1 or NW and look at that date",
                                lead > 0 ? "larger" : "smaller", rl_diag_when(g, r.rows.time[where], cx->tmp))
                   : "no sign that the spread of errors changed over time";
    t.verdict = found ? RL_CAUTION : RL_FINE;
    rl_diag_add(g, t);
    return RL_OK;
}

static const double TRIM = 0.15;

/* The largest Chow statistic of the middle 70 % of dates, times k (Quandt 1960, Andrews 1993). */
rl_code rl_diag_quandt(const rl_diag *g, rl_ctx *cx)
{
    recursion r;
    RL_TRY(recurse(g, &r, cx));
    size_t n = r.rows.n, k = r.k, from = (size_t)(TRIM * (double)n), where = 0;
    if (from < k + 1) from = k + 1;
    if (n < 2 * from + 2) {
        rl_fail(cx, RL_EDATA, "--test %s: %zu periods are too few to be split in two", g->spec->text, n);
        return rl_hint(cx, "use fewer regressors, or chow:TIME at a date that is known");
    }
    double *back = RL_NEW(cx->tmp, double, n), *first = RL_NEW(cx->tmp, double, n + 1),
           *second = RL_NEW(cx->tmp, double, n + 1), most = 0;
    rl_recursive(&r.X, r.y, true, back, cx);
    for (size_t p = 0; p < n; p++) first[p + 1] = first[p] + (isnan(r.w[p]) ? 0 : r.w[p] * r.w[p]);
    for (size_t p = n; p-- > 0;) second[p] = second[p + 1] + (isnan(back[p]) ? 0 : back[p] * back[p]);
    for (size_t i = from; i <= n - from; i++) { /* the first i rows, and the rest */
        double apart = first[i] + second[i], W = (first[n] - apart) / (apart / (double)(n - 2 * k));
        if (W > most) most = W, where = i;
    }
    rl_test t = {.kind = "sup-chi2", .statistic = most, .df = (double)k, .df2 = NAN};
    t.p_value = rl_sup_wald_p(most, k, (double)from / (double)n);
    bool found = t.p_value < 0.05;
    const char *when = rl_diag_when(g, r.rows.time[where], cx->tmp);
    t.says = found ? rl_sprintf(cx->tmp,
                                "the coefficients broke, most likely at '%s': find out what changed there, and see "
                                "--test chow:%s for which of them did",
                                when, when)
                   : rl_sprintf(cx->tmp, "no sign of a break (the likeliest date would be '%s')", when);
    t.verdict = found ? RL_PROBLEM : RL_FINE;
    rl_diag_add(g, t);
    return RL_OK;
}
