/* est_event.c -- effects by time since treatment, with unit and time effects.
 *
 *   y_it = a_i + l_t + sum_e b_e 1{t - g_i = e} + x_it'c + e_it
 *
 * Never-treated units have no event time.  The window bins its ends (or rows
 * outside were left out by the design); reference event times have effect 0.
 *
 * Estimand  effect e periods after the start, against the reference periods
 * Assumes   parallel trends, no anticipation, effects that do not differ by cohort
 * Source    Sun & Abraham (2021), Journal of Econometrics 225(2), for what the coefficients mean
 */
#include <string.h>

#include "model/design.h"

enum { MOST_EVENTS = 2000 };

/* Event time of each row, ends binned; RL_NO_ID = never treated. */
static rl_code events(const rl_design *d, const rl_request *r, int32_t *event, int32_t *lo, int32_t *hi, rl_ctx *cx)
{
    *lo = INT32_MAX;
    *hi = INT32_MIN;
    for (size_t i = 0; i < d->n; i++) {
        event[i] = RL_NO_ID;
        if (d->cohort[i] == RL_NEVER) continue;
        int64_t e = (int64_t)d->at[i] - d->cohort[i];
        if (r->has_window && e < r->window_lo) e = r->window_lo;
        if (r->has_window && e > r->window_hi) e = r->window_hi;
        if (e < -1000000 || e > 1000000) return rl_fail(cx, RL_EDATA, "an event time of %lld periods", (long long)e);
        event[i] = (int32_t)e;
        if (event[i] < *lo) *lo = event[i];
        if (event[i] > *hi) *hi = event[i];
    }
    if (*hi < *lo) return rl_fail(cx, RL_EDATA, "no unit is ever treated (%zu rows used)", rl_rows_used(d));
    if (*hi < 0) return rl_fail(cx, RL_EDATA, "no row is treated: the last event time is %d", *hi);
    if (*hi - *lo >= MOST_EVENTS) {
        rl_fail(cx, RL_EDATA, "event times from %d to %d", *lo, *hi);
        return rl_hint(cx, "--window bins them, --period makes them coarser");
    }
    return RL_OK;
}

/* The event times that occur, ascending: list[0..n), ref[i] = it is a reference. */
static rl_code list_events(const rl_request *r, const int32_t *event, size_t n, int32_t lo, int32_t hi, int32_t *list,
                           size_t *n_list, rl_ctx *cx)
{
    unsigned char *seen = RL_NEW(cx->tmp, unsigned char, (size_t)(hi - lo) + 1);
    size_t refs = 0;
    for (size_t i = 0; i < n; i++)
        if (event[i] != RL_NO_ID) seen[event[i] - lo] = 1;
    *n_list = 0;
    for (int32_t e = lo; e <= hi; e++) {
        if (!seen[e - lo]) continue;
        list[(*n_list)++] = e;
        refs += rl_is_reference(r, e);
    }
    if (refs > 0) return RL_OK;
    const char *why = lo >= 0 ? ": no treated unit is seen in a pre-period, before it starts" : "";
    rl_fail(cx, RL_EDATA, "no row has the reference event time %d%s", r->n_ref > 0 ? r->ref[0] : -1, why);
    return rl_hint(cx, "the event times in the data go from %d to %d; --ref names another reference", lo, hi);
}

static void combine(rl_fit *f, const rl_request *r, const int32_t *list, size_t n_list, size_t k, const size_t *kept,
                    rl_ctx *cx)
{
    size_t covariates = 0, m = 0, at = k;
    for (size_t j = 0; j < k; j++) covariates += kept[j] != SIZE_MAX;
    rl_mat L = rl_mat_new(n_list + covariates, f->m, cx->tmp);
    rl_label *label = RL_NEW(cx->tmp, rl_label, L.n);
    size_t *pre = RL_NEW(cx->tmp, size_t, n_list), n_pre = 0;
    for (size_t i = 0; i < n_list; i++, m++) {
        label[m] = rl_label_of("event");
        label[m].event = list[i];
        if (rl_is_reference(r, list[i])) continue;
        *rl_mat_at(&L, m, kept[at++]) = 1;
        if (list[i] < 0) pre[n_pre++] = m;
    }
    for (size_t j = 0; j < k; j++) {
        if (kept[j] == SIZE_MAX) continue;
        label[m] = f->label[kept[j]];
        *rl_mat_at(&L, m++, kept[j]) = 1;
    }
    rl_fit_combine(f, L, label, cx);
    rl_fit_pre_trend(f, pre, n_pre, false, cx);
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    int32_t lo, hi, *event = RL_NEW(cx->tmp, int32_t, d->n);
    size_t n_list, k = d->X.k, at = k;
    RL_TRY(events(d, r, event, &lo, &hi, cx));
    int32_t *list = RL_NEW(cx->tmp, int32_t, (size_t)(hi - lo) + 1);
    RL_TRY(list_events(r, event, d->n, lo, hi, list, &n_list, cx));
    int32_t *column = RL_NEW(cx->tmp, int32_t, (size_t)(hi - lo) + 1);
    rl_label *label = RL_NEW(cx->tmp, rl_label, k + n_list);
    for (size_t j = 0; j < k; j++) label[j] = rl_label_of(d->x_name[j]);
    for (size_t i = 0; i < n_list; i++) {
        column[list[i] - lo] = -1;
        if (rl_is_reference(r, list[i])) continue;
        label[at] = rl_label_of("event");
        label[at].event = list[i];
        column[list[i] - lo] = (int32_t)at++;
    }
    size_t *kept = RL_NEW(cx->tmp, size_t, at);
    for (size_t i = 0; i < d->n; i++) {
        int32_t c = event[i] == RL_NO_ID ? -1 : column[event[i] - lo];
        event[i] = c < 0 ? -1 : c - (int32_t)k;
    }
    rl_code code = rl_fit_indicators(d, event, at - k, label, kept, f, cx);
    if (code == RL_EDATA)
        rl_hint(cx, "without never-treated units two reference periods are needed, as in --ref -1,-3");
    RL_TRY(code);
    combine(f, r, list, n_list, k, kept, cx);
    return RL_OK;
}

const rl_estimator rl_est_event = {
    .name = "event",
    .what = "effects by time since treatment, unit and time fixed effects",
    .method =
        "The outcome is regressed on unit effects, time effects and one dummy for each period before and after the "
        "start; the period before the start is the reference.",
    .source = "Sun & Abraham (2021)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .frame = RL_FRAME_EVENT,
    .repeats = true,
    .takes = " window ref endpoints rcs ",
    .regression = true,
    .no_lift = "gives effects by event time and no single one",
    .fit = fit,
};
