#include "model/few.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct rows {
    const rl_att *e;
    size_t n; /* rows used                                             */
    const uint32_t *row;
    const double *period, *cohort, *y; /* of the panel's rows                 */
    double first;                      /* first period of the rows used                         */
    size_t T, N;
    double *mean;      /* T   of the controls' outcomes                         */
    size_t *count;     /* T                                                     */
    double *deviation; /* N-by-T   a control's y - mean; NaN = not seen, or no control */
    size_t *size;      /* N   units in the cohort of unit u; 0 = never treated  */
} rows;

static size_t period_of(const rows *r, size_t i) { return (size_t)(r->period[i] - r->first); }

static bool take_rows(const rl_att *e, rows *r)
{
    const rl_panel *p = &e->panel;
    const rl_col *period = rl_table_col(&p->t, "period"), *cohort = rl_table_col(&p->t, "cohort");
    if (e->fit.omega == NULL || e->fit.row == NULL || period == NULL || cohort == NULL) return false;
    *r = (rows){.e = e,
                .n = e->fit.rows_used,
                .row = e->fit.row,
                .period = period->num,
                .cohort = cohort->num,
                .y = p->y,
                .first = INFINITY,
                .N = e->N};
    double last = -INFINITY;
    for (size_t k = 0; k < r->n; k++) {
        r->first = fmin(r->first, r->period[r->row[k]]);
        last = fmax(last, r->period[r->row[k]]);
    }
    r->T = r->n > 0 ? (size_t)(last - r->first) + 1 : 0;
    return r->T > 0;
}

/* Several rows of a unit and period (deals) count as their mean. */
static void controls(rows *r, rl_ctx *cx)
{
    double *sum = RL_NEW(cx->tmp, double, r->N * r->T);
    size_t *seen = RL_NEW(cx->tmp, size_t, r->N * r->T);
    r->mean = RL_NEW(cx->tmp, double, r->T);
    r->count = RL_NEW(cx->tmp, size_t, r->T);
    r->deviation = RL_NEW(cx->tmp, double, r->N * r->T);
    for (size_t k = 0; k < r->n; k++) {
        size_t i = r->row[k], at = (size_t)r->e->panel.unit_code[i] * r->T + period_of(r, i);
        if (!isnan(r->cohort[i])) continue;
        sum[at] += r->y[i];
        seen[at]++;
    }
    for (size_t at = 0; at < r->N * r->T; at++) {
        if (seen[at] == 0) continue;
        r->mean[at % r->T] += sum[at] / (double)seen[at];
        r->count[at % r->T]++;
    }
    for (size_t t = 0; t < r->T; t++) r->mean[t] /= (double)r->count[t];
    for (size_t at = 0; at < r->N * r->T; at++)
        r->deviation[at] = seen[at] > 0 ? sum[at] / (double)seen[at] - r->mean[at % r->T] : (double)NAN;
}

/* Units of each treated unit's cohort. */
static void cohort_sizes(rows *r, rl_ctx *cx)
{
    double *cohort = RL_NEW(cx->tmp, double, r->N);
    r->size = RL_NEW(cx->tmp, size_t, r->N);
    for (size_t u = 0; u < r->N; u++) cohort[u] = NAN;
    for (size_t k = 0; k < r->n; k++) cohort[r->e->panel.unit_code[r->row[k]]] = r->cohort[r->row[k]];
    for (size_t u = 0; u < r->N; u++)
        for (size_t v = 0; v < r->N && !isnan(cohort[u]) && r->size[u] < RL_FEW; v++)
            r->size[u] += cohort[v] == cohort[u];
}

/* Variance of what the weights of one unit make of a control's deviations; NaN with fewer than two controls. */
static double luck_of(const rows *r, const double *weight, size_t *controls_seen)
{
    double sum = 0;
    size_t C = 0;
    for (size_t c = 0; c < r->N; c++) {
        double s = 0;
        for (size_t t = 0; t < r->T && !isnan(s); t++)
            if (weight[t] != 0) s += weight[t] * r->deviation[c * r->T + t];
        if (isnan(s)) continue;
        bool any = false;
        for (size_t t = 0; t < r->T; t++) any = any || !isnan(r->deviation[c * r->T + t]);
        if (!any) continue;
        sum += s * s;
        C++;
    }
    *controls_seen = C;
    return C < 2 ? (double)NAN : sum / (double)(C - 1);
}

static bool larger_cohort(const rows *r)
{
    for (size_t u = 0; u < r->N; u++)
        if (r->size[u] >= RL_FEW) return true;
    return false;
}

void rl_few_widen(const rl_att *e, double level, rl_few *out, rl_arena *keep, rl_ctx *cx)
{
    rows r;
    *out = (rl_few){.se = NAN, .low = NAN, .high = NAN};
    if (!take_rows(e, &r)) return;
    controls(&r, cx);
    cohort_sizes(&r, cx);
    double *weight = RL_NEW(cx->tmp, double, r.N *r.T), more = 0;
    size_t least = SIZE_MAX;
    for (size_t k = 0; k < r.n; k++) {
        size_t i = r.row[k];
        weight[(size_t)e->panel.unit_code[i] * r.T + period_of(&r, i)] += e->fit.omega[k];
    }
    for (size_t u = 0; u < r.N; u++) {
        if (r.size[u] == 0 || r.size[u] >= RL_FEW) continue;
        size_t C;
        double v = luck_of(&r, weight + u * r.T, &C), own = e->psi[u] * e->psi[u];
        out->units++;
        out->alone += r.size[u] == 1;
        if (C < least) least = C;
        if (isnan(v)) {
            out->why = "fewer than two controls are seen in all of their periods";
            return;
        }
        more += fmax(v - own, 0);
    }
    if (out->units == 0) return;
    double df = larger_cohort(&r) || !(e->df > 0) ? e->df : fmin(e->df, (double)least - 1);
    rl_interval x = rl_interval_of(e->effect, sqrt(e->se * e->se + more), df, level);
    out->se = x.se;
    out->low = x.low;
    out->high = x.high;
    out->says = rl_sprintf(keep,
                           "%zu treated unit%s in cohorts of fewer than %d: their own luck is taken from the ups and "
                           "downs of the controls "
                           "(at least %zu of them), which makes the standard error %.2f times as large",
                           out->units, out->units == 1 ? " is" : "s are", RL_FEW, least, x.se / e->se);
}

/* --- behind an event study --------------------------------------------------------------------- */

/* One member (unit or cluster) of a cohort in one event time. */
typedef struct seat {
    int32_t event, who;
    double cohort;
} seat;

static int by_seat(const void *a, const void *b)
{
    const seat *x = a, *y = b;
    if (x->event != y->event) return x->event < y->event ? -1 : 1;
    if (x->cohort != y->cohort) return x->cohort < y->cohort ? -1 : 1;
    return (x->who > y->who) - (x->who < y->who);
}

/* The same whatever the cohort: a cluster may have units in several. */
static int by_member(const void *a, const void *b)
{
    const seat *x = a, *y = b;
    if (x->event != y->event) return x->event < y->event ? -1 : 1;
    return (x->who > y->who) - (x->who < y->who);
}

/* Different members from seat i on, of its event time (and cohort), sorted so; *next: the seat after them. */
static size_t members(const seat *s, size_t n, size_t i, bool of_cohort, size_t *next)
{
    size_t k = i, different = 0;
    for (; k < n && s[k].event == s[i].event && (!of_cohort || s[k].cohort == s[i].cohort); k++)
        different += k == i || s[k].who != s[k - 1].who;
    *next = k;
    return different;
}

static rl_behind *behind_event(rl_model_answer *m, int32_t event)
{
    for (size_t j = 0; j < m->event.m; j++)
        if (m->event.est[j].label.event == event) return &m->behind[j];
    return NULL;
}

/* Treated members by event time and cohort. */
static seat *seats(const rl_att *e, size_t *n, rl_ctx *cx)
{
    const rl_panel *p = &e->panel;
    const double *period = rl_table_col(&p->t, "period")->num, *cohort = rl_table_col(&p->t, "cohort")->num;
    seat *s = RL_NEW(cx->tmp, seat, e->fit.rows_used);
    *n = 0;
    for (size_t k = 0; k < e->fit.rows_used; k++) {
        size_t i = e->fit.row[k];
        int32_t u = p->unit_code[i];
        if (!isnan(cohort[i]))
            s[(*n)++] =
                (seat){(int32_t)(period[i] - cohort[i]), p->cluster_of != NULL ? p->cluster_of[u] : u, cohort[i]};
    }
    return s;
}

void rl_few_events(const rl_att *e, rl_model_answer *m, rl_arena *keep, rl_ctx *cx)
{
    const rl_panel *p = &e->panel;
    size_t n, next, *all = RL_NEW(cx->tmp, size_t, m->event.m);
    if (e->fit.row == NULL) return;
    m->behind = RL_NEW(keep, rl_behind, m->event.m);
    m->behind_what =
        p->cluster_of != NULL ? rl_sprintf(keep, "clusters of '%s'", p->cluster) : rl_sprintf(keep, "%ss", p->unit);
    seat *s = seats(e, &n, cx);
    qsort(s, n, sizeof *s, by_seat);
    for (size_t i = 0; i < n; i = next) {
        size_t count = members(s, n, i, true, &next);
        rl_behind *b = behind_event(m, s[i].event);
        if (b == NULL) continue;
        all[b - m->behind] += count;
        b->few += count < RL_FEW ? count : 0;
        b->thin = 2 * b->few >= all[b - m->behind];
    }
    qsort(s, n, sizeof *s, by_member);
    for (size_t i = 0; i < n; i = next) {
        size_t count = members(s, n, i, false, &next);
        rl_behind *b = behind_event(m, s[i].event);
        if (b != NULL) b->units = count;
    }
}
