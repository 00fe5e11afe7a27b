/* Carry-over, saturation, polynomial lags, season, holidays and trend on the rows of a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/holiday.h"
#include "base/str.h"
#include "model/eval.h"
#include "model/forms.h"

size_t rl_eval_wear(const rl_expr *e)
{
    bool free = e->n_par < rl_fn_pars(e->fn);
    if (e->fn == RL_FN_ADSTOCK) return rl_adstock_wear(free ? rl_form_box(e->fn, 0).hi : e->par[0]);
    if (e->fn != RL_FN_WEIBULL) return 0;
    return free ? rl_weibull_wear(rl_form_box(e->fn, 0).lo, rl_form_box(e->fn, 1).hi)
                : rl_weibull_wear(e->par[0], e->par[1]);
}

/* --- saturation -------------------------------------------------------------------- */

static rl_code saturated(rl_scene *s, const rl_expr *e, double *v, rl_ctx *cx)
{
    const size_t none[2] = {SIZE_MAX, SIZE_MAX};
    const double par[2] = {e->n_par > 0 ? e->par[0] : 1, e->n_par > 0 ? e->par[1] : 1};
    bool bad = false;
    double *x = RL_NEW(cx->tmp, double, s->t->n);
    RL_TRY(rl_eval(s, e->a, 0, x, cx));
    rl_jet in = {.v = x, .d = NULL}, out = {.v = v, .d = NULL};
    rl_jet_hill(s->t->n, &in, par, none, &out, cx->tmp);
    for (size_t i = 0; i < s->t->n; i++) {
        if (!(x[i] < 0)) continue;
        v[i] = INFINITY; /* outside the domain */
        bad |= s->keep[i] != 0;
    }
    if (bad) return rl_eval_no_value(s, e, x, v, cx);
    rl_release(cx->tmp, x);
    return RL_OK;
}

/* --- carry-over ---------------------------------------------------------------------- */

/* Values of the table in the order of the track. */
static double *in_order(const rl_line *l, const double *x, rl_ctx *cx)
{
    double *y = RL_NEW(cx->tmp, double, l->track.n);
    for (size_t p = 0; p < l->track.n; p++) y[p] = x[rl_line_row(l, p)];
    return y;
}

static void back_in_place(const rl_scene *s, const rl_line *l, const double *y, double *v)
{
    for (size_t i = 0; i < s->t->n; i++) v[i] = NAN;
    for (size_t p = 0; p < l->track.n; p++) v[rl_line_row(l, p)] = y[p];
}

static void tell_unknown(const rl_expr *e, const rl_track *t, const double *x, const double *a, rl_ctx *cx)
{
    size_t rows = 0;
    bool begun = false;
    for (size_t p = 0; p < t->n; p++) {
        if (p == 0 || (t->unit != NULL && t->unit[p] != t->unit[p - 1])) begun = false;
        begun = begun || !isnan(x[p]);
        rows += begun && !isnan(x[p]) && isnan(a[p]);
    }
    if (rows == 0) return;
    rl_remark(
        cx, "gaps",
        "%zu %s behind a missing period left out: '%s' is not known there until less than 1 %% of what is missing "
        "can still be felt (%zu periods%s); where nothing was spent write 0",
        rows, rl_plural("row", rows, cx->tmp), e->text, rl_eval_wear(e),
        rl_expr_is_free(e) ? ", at the most that is looked at" : "");
}

static rl_code carried(rl_scene *s, const rl_expr *e, double *v, rl_ctx *cx)
{
    const size_t none[2] = {SIZE_MAX, SIZE_MAX};
    const double par[2] = {e->n_par > 0 ? e->par[0] : 0.5, e->n_par > 1 ? e->par[1] : 1};
    rl_line l;
    RL_TRY(rl_scene_line(s, e, &l, cx));
    RL_TRY(rl_eval(s, e->a, 0, v, cx));
    const rl_track *t = &l.track;
    rl_jet x = {.v = in_order(&l, v, cx), .d = NULL}, a = rl_jet_new(t->n, 0, cx->tmp);
    if (e->fn == RL_FN_ADSTOCK)
        rl_jet_adstock(t, &x, par[0], rl_eval_wear(e), SIZE_MAX, &a, cx->tmp);
    else
        rl_jet_weibull(t, &x, par, rl_eval_wear(e), none, &a, cx->tmp);
    tell_unknown(e, t, x.v, a.v, cx);
    back_in_place(s, &l, a.v, v);
    rl_release(cx->tmp, x.v);
    rl_release(cx->tmp, a.v);
    return RL_OK;
}

/* --- polynomial lags ------------------------------------------------------------------- */

size_t rl_eval_basis(const rl_expr *e) { return (size_t)(e->degree + 1 - e->near - e->far); }

rl_mat rl_eval_weights(const rl_expr *e, rl_arena *in)
{
    return rl_almon_basis(e->lo, e->hi, e->degree, e->near, e->far, in);
}

static rl_code polynomial(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx)
{
    rl_line l;
    RL_TRY(rl_scene_line(s, e, &l, cx));
    RL_TRY(rl_eval(s, e->a, 0, v, cx));
    const rl_track *t = &l.track;
    rl_mat M = rl_eval_weights(e, cx->tmp);
    double *x = in_order(&l, v, cx), *z = RL_NEW(cx->tmp, double, t->n);
    for (int lag = e->lo; lag <= e->hi; lag++) {
        double weight = *rl_mat_at(&M, (size_t)(lag - e->lo), (size_t)k);
        size_t from = 0;
        for (size_t p = 0; p < t->n; p++) {
            size_t q = rl_track_before(t, p, lag, &from);
            z[p] = q == SIZE_MAX ? NAN : z[p] + weight * x[q];
        }
    }
    back_in_place(s, &l, z, v);
    rl_release(cx->tmp, x);
    rl_release(cx->tmp, z);
    return RL_OK;
}

/* --- season and trend -------------------------------------------------------------------- */

static rl_code trend(rl_scene *s, const rl_expr *e, double *v, rl_ctx *cx)
{
    int32_t first = INT32_MAX;
    RL_TRY(rl_scene_timed(s, e, cx));
    for (size_t i = 0; i < s->t->n; i++)
        if (s->keep[i] && s->at[i] != RL_NO_TIME && s->at[i] < first) first = s->at[i];
    for (size_t i = 0; i < s->t->n; i++) v[i] = s->at[i] == RL_NO_TIME ? NAN : (double)s->at[i] - (double)first;
    return RL_OK;
}

static const char *const MONTH[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const WEEKDAY[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
enum { MONTHS = 12, WEEKDAYS = 7, QUARTERS = 4, WEEKS = 53 };

/* The place of a period in its year (of a day in its week), from 0. */
static int32_t place_in_year(rl_calendar cal, int32_t at)
{
    char buf[16];
    int year, month, day;
    switch (cal.kind) {
    case RL_DAY:
        return (int32_t)((((int64_t)at + 3) % WEEKDAYS + WEEKDAYS) % WEEKDAYS); /* 1970-01-01 was a Thursday */
    case RL_WEEK:
        return (int32_t)strtol(strchr(rl_period_text(buf, cal, at), 'W') + 1, NULL, 10) - 1;
    case RL_MONTH:
        rl_civil(rl_period_first(cal, at), &year, &month, &day);
        return month - 1;
    default:
        return (int32_t)strtol(strchr(rl_period_text(buf, cal, at), 'Q') + 1, NULL, 10) - 1;
    }
}

static rl_code no_calendar(const rl_scene *s, const rl_expr *e, const char *of_a_year, rl_ctx *cx)
{
    if (s->season.kind == RL_YEAR)
        rl_fail(cx, RL_EUSAGE, "'%s': %s", e->text, of_a_year);
    else
        rl_fail(cx, RL_EUSAGE, "'%s' needs dates: '%s' holds numbers, which have no place in a year", e->text,
                s->time_name);
    rl_hint(cx, s->season.kind == RL_YEAR
                    ? "it needs months, quarters, weeks or days: see --period"
                    : "give dates or texts such as 2019Q4, and say --period month, quarter, week or day");
    rl_formula_caret(s->formula, e->at, cx);
    return RL_EUSAGE;
}

rl_code rl_eval_season(rl_scene *s, const rl_expr *e, rl_groups *out, rl_ctx *cx)
{
    RL_TRY(rl_scene_timed(s, e, cx));
    rl_period_kind kind = s->season.kind;
    if (kind == RL_PERIOD_NONE || kind == RL_YEAR) return no_calendar(s, e, "a year has no seasons", cx);
    size_t G = kind == RL_MONTH ? MONTHS : kind == RL_QUARTER ? QUARTERS : kind == RL_WEEK ? WEEKS : WEEKDAYS;
    *out = (rl_groups){.G = G, .code = RL_NEW(cx->tmp, int32_t, s->t->n), .label = RL_NEW(cx->tmp, const char *, G)};
    for (size_t g = 0; g < G; g++)
        out->label[g] = kind == RL_MONTH     ? MONTH[g]
                        : kind == RL_DAY     ? WEEKDAY[g]
                        : kind == RL_QUARTER ? rl_sprintf(cx->tmp, "Q%zu", g + 1)
                                             : rl_sprintf(cx->tmp, "W%02zu", g + 1);
    for (size_t i = 0; i < s->t->n; i++)
        out->code[i] = s->at[i] == RL_NO_TIME ? -1 : place_in_year(s->season, s->at[i]);
    return RL_OK;
}

/* --- holidays ------------------------------------------------------------------------------ */

/* A country's list begins in some year. */
static rl_code not_yet(const rl_scene *s, const rl_expr *e, int since, int32_t first, rl_ctx *cx)
{
    char buf[16];
    rl_fail(cx, RL_EUSAGE, "'%s': its holidays are known from %d on, and '%s' begins with %s", e->text, since,
            s->time_name, rl_period_text(buf, s->season, first));
    rl_hint(cx, "name single days, as in holiday(christmas), or give the days off as a column of the data");
    rl_formula_caret(s->formula, e->at, cx);
    return RL_EUSAGE;
}

/* Each period is counted once, whatever the rows that lie in it. */
static rl_code holiday(rl_scene *s, const rl_expr *e, double *v, rl_ctx *cx)
{
    int32_t first = INT32_MAX, last = INT32_MIN;
    int since;
    RL_TRY(rl_scene_timed(s, e, cx));
    if (s->season.kind == RL_PERIOD_NONE || s->season.kind == RL_YEAR)
        return no_calendar(s, e, "every year has it", cx);
    for (size_t i = 0; i < s->t->n; i++) {
        v[i] = NAN;
        if (!s->keep[i] || s->at[i] == RL_NO_TIME) continue;
        if (s->at[i] < first) first = s->at[i];
        if (s->at[i] > last) last = s->at[i];
    }
    if (first > last) return RL_OK;
    if (rl_holiday_country(e->holiday, &since) && rl_period_first(s->season, first) < rl_day(since, 1, 1))
        return not_yet(s, e, since, first, cx);
    double *days = RL_NEW(cx->tmp, double, (size_t)((int64_t)last - first + 1));
    for (size_t p = 0; p <= (size_t)((int64_t)last - first); p++) days[p] = -1;
    for (size_t i = 0; i < s->t->n; i++) {
        if (!s->keep[i] || s->at[i] == RL_NO_TIME) continue;
        double *d = &days[(int64_t)s->at[i] - first];
        if (*d < 0)
            *d = rl_holiday_days(e->holiday, e->lo, e->hi, rl_period_first(s->season, s->at[i]),
                                 rl_period_last(s->season, s->at[i]));
        v[i] = *d;
    }
    rl_release(cx->tmp, days);
    return RL_OK;
}

/* --- any of them ------------------------------------------------------------------------- */

rl_code rl_eval_stock(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx)
{
    if (e->fn == RL_FN_TREND) return trend(s, e, v, cx);
    if (e->fn == RL_FN_HOLIDAY) return holiday(s, e, v, cx);
    if (e->fn == RL_FN_ALMON) return polynomial(s, e, k, v, cx);
    RL_TRY(e->fn == RL_FN_HILL ? saturated(s, e, v, cx) : carried(s, e, v, cx));
    if (!rl_expr_is_free(e)) return RL_OK;
    for (size_t i = 0; i < s->t->n; i++)
        if (!isnan(v[i])) v[i] = 1; /* known, whatever it is */
    return RL_OK;
}
