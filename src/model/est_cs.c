/* est_cs.c -- one effect for each cohort and period, from comparisons of two
 * groups and two periods that never use a treated unit as a control.
 *
 *   att(g,t)   change from the base period to t of cohort g, less that of its controls, given covariates
 *   base       the last period before g (less the anticipated ones); before treatment the period before t,
 *              or, with --base universal, always that of g
 *   controls   the never treated; with --control notyet also those who start after t and the base
 *
 * Covariates and weights are those of the earlier of the two periods.  Where units miss periods and are kept, and in
 * repeated cross-sections, cells are compared by levels and the influence of a unit's rows is added up.
 *
 * Estimand  average effect on the treated of cohort g at t, and averages of those (model/cells.h)
 * Assumes   parallel trends given covariates; no effect before the anticipated periods; overlap where odds are used
 * Source    Callaway & Sant'Anna (2021), Journal of Econometrics 225; Sant'Anna & Zhao (2020), Journal of
 *           Econometrics 219; details (controls, base, scale of the influence) as R package did has them
 */
#include "model/est_cs.h"

#include <string.h>

#include "base/par.h"
#include "model/dynamic.h"
#include "model/infer.h"

/* --- the cells ------------------------------------------------------------------------- */

static bool has_rows(const rl_cs *p, size_t c, int32_t t)
{
    return p->it.panel || rl_items_at(&p->it, (size_t)t, (size_t)t, c, c + 1).n > 0;
}

/* Period of the base of cohort number c for effects after treatment: the last one with rows of it, else the last. */
static int32_t base_of(rl_cs *p, size_t c)
{
    int32_t last = rl_roster_period(p->r, (int64_t)p->r->cohort_time[c] - p->anticipation - 1), t = last;
    while (t > 0 && !has_rows(p, c, t)) t--;
    if (!has_rows(p, c, t)) return last;
    p->further_back += t < last;
    return t;
}

/* The first cohort that is a control of cohort number `own` up to period `last`. */
static size_t controls_from(const rl_cs *p, const rl_request *r, size_t own, int32_t last)
{
    size_t c = p->later ? own + 1 : 0;
    if (!r->notyet) return p->it.C;
    while (c < p->it.C && p->r->cohort_time[c] <= (int64_t)p->r->time[last] + p->anticipation) c++;
    return c;
}

static void list_cells(rl_cs *p, const rl_request *r, rl_ctx *cx)
{
    size_t C = p->it.C, T = p->r->T, n = 0;
    p->cell = RL_NEW(cx->tmp, rl_cs_cell, C * T);
    p->first = RL_NEW(cx->tmp, size_t, C + 1);
    for (size_t c = 0; c < C; c++) {
        int32_t g = p->r->cohort_time[c], base = base_of(p, c);
        for (size_t t = r->universal ? 0 : 1; t < T; t++) {
            bool after = p->r->time[t] >= g;
            if (!after && !has_rows(p, c, (int32_t)t)) continue; /* nobody to compare */
            rl_cs_cell *a = &p->cell[n++];
            *a = (rl_cs_cell){.c = c, .t = (int32_t)t, .base = r->universal || after ? base : (int32_t)t - 1};
            a->reference = a->base == a->t;
            a->from = controls_from(p, r, c, a->base > a->t ? a->base : a->t);
            a->traits = a->base < a->t ? (size_t)a->base : t;
        }
        p->first[c + 1] = n;
    }
    p->n = n;
}

/* Cells of the same rows and covariates share the odds. */
static bool same_frame(const rl_cs *p, const rl_cs_cell *a, const rl_cs_cell *b)
{
    return p->it.panel && a->from == b->from && (p->it.still || a->traits == b->traits);
}

/* --- one cell --------------------------------------------------------------------------- */

static void put(rl_did_part *to, rl_stretch s, rl_stretch base, bool change)
{
    *to = (rl_did_part){.n = s.n, .x = s.x, .w = s.w, .y = s.y, .y0 = change ? base.y : NULL};
}

/* Groups of period t (of the changes since the base in a panel). */
static void fill(const rl_cs *p, const rl_cs_cell *a, int32_t t, size_t control, size_t treated, rl_did_sample *s)
{
    const rl_items *it = &p->it;
    size_t range[3][2] = {{a->from, it->C + 1}, {0, 0}, {a->c, a->c + 1}}, n = a->from <= a->c ? 2 : 1;
    if (n == 2) {
        range[0][1] = a->c;
        range[1][0] = a->c + 1;
        range[1][1] = it->C + 1;
    }
    for (size_t q = 0; q < 3; q++) {
        rl_stretch now = rl_items_at(it, (size_t)t, a->traits, range[q][0], range[q][1]);
        rl_stretch old = rl_items_at(it, (size_t)a->base, a->traits, range[q][0], range[q][1]);
        put(q < 2 ? &s->part[control][q] : &s->part[treated][0], now, old, it->panel);
    }
}

rl_did_sample rl_cs_sample(const rl_cs *p, const rl_cs_cell *a)
{
    rl_did_sample s = {.method = p->method, .k = p->it.k, .groups = p->it.panel ? 2 : RL_DID_GROUPS};
    fill(p, a, a->t, RL_DID_CONTROL, RL_DID_TREATED, &s);
    if (!p->it.panel) fill(p, a, a->base, RL_DID_CONTROL_BEFORE, RL_DID_TREATED_BEFORE, &s);
    return s;
}

/* --- all cells, cohorts side by side -------------------------------------------------------- */

typedef struct job {
    rl_cs *p;
    size_t lanes;
    rl_did_frame *frame;     /* lanes     */
    double *effect, *gamma;  /* n rooms   */
    rl_did_trouble *trouble; /* n         */
} job;

static void run_cohort(job *j, size_t c, rl_did_frame *f)
{
    rl_cs *p = j->p;
    size_t k = p->it.k, room = rl_did_effect_room(k, p->it.panel ? 2 : RL_DID_GROUPS);
    const rl_cs_cell *last = NULL;
    memset(f->gamma, 0, k * sizeof *f->gamma);
    for (size_t i = p->first[c]; i < p->first[c + 1]; i++) {
        rl_cs_cell *a = &p->cell[i];
        if (a->reference) continue;
        rl_did_sample s = rl_cs_sample(p, a);
        rl_did_effect_place(&a->e, &s, j->effect + i * room);
        bool shared = last != NULL && same_frame(p, last, a);
        rl_did_trouble trouble = shared ? (rl_did_trouble){0} : rl_did_weigh(&s, f);
        double *gamma = j->gamma + i * k;
        memcpy(gamma, f->gamma, k * sizeof *gamma);
        a->gamma = gamma;
        if (trouble.what != RL_DID_FINE) {
            j->trouble[i] = trouble;
            last = NULL;
            memset(f->gamma, 0, k * sizeof *f->gamma);
            continue;
        }
        rl_did_estimate(&s, f, &a->e);
        if (rl_did_has_odds(p->method)) a->e.gamma = shared ? last->e.gamma : gamma;
        last = a;
    }
}

static void run_lane(size_t lane, void *arg)
{
    job *j = arg;
    for (size_t c = lane; c < j->p->it.C; c += j->lanes) run_cohort(j, c, &j->frame[lane]);
}

/* Rows that a cell of cohorts c0 .. can hold, for the odds of its controls. */
static size_t most_controls(const rl_cs *p)
{
    if (p->it.panel) return p->r->N;
    size_t most = 0;
    for (size_t i = 0; i < p->n; i++) {
        rl_did_sample s = rl_cs_sample(p, &p->cell[i]);
        size_t n = 0;
        for (size_t q = 0; q < s.groups; q += 2) n += s.part[q][0].n + s.part[q][1].n;
        if (n > most) most = n;
    }
    return most;
}

/* An effect that cannot be had is an error; a cell before treatment is left out, and said so. */
static rl_code without_lost(rl_cs *p, const rl_did_trouble *trouble, rl_ctx *cx)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (trouble[i].what != RL_DID_FINE && p->r->time[p->cell[i].t] >= p->r->cohort_time[p->cell[i].c])
            return rl_cs_refuse(p, &p->cell[i], &trouble[i], cx);
    rl_cs_lost(p, trouble, cx);
    for (size_t c = 0, i = 0; c < p->it.C; c++) {
        for (; i < p->first[c + 1]; i++)
            if (trouble[i].what == RL_DID_FINE) p->cell[n++] = p->cell[i];
        p->first[c + 1] = n;
    }
    p->n = n;
    return RL_OK;
}

static rl_code run(rl_cs *p, rl_ctx *cx)
{
    size_t k = p->it.k, C = p->it.C, threads = cx->threads > 0 ? (size_t)cx->threads : 1;
    size_t room = rl_did_effect_room(k, p->it.panel ? 2 : RL_DID_GROUPS);
    job j = {.p = p, .lanes = threads < C ? threads : C};
    j.frame = RL_NEW(cx->tmp, rl_did_frame, j.lanes);
    j.effect = RL_NEW(cx->tmp, double, p->n *room);
    j.gamma = RL_NEW(cx->tmp, double, p->n *k);
    j.trouble = RL_NEW(cx->tmp, rl_did_trouble, p->n);
    for (size_t l = 0; l < j.lanes; l++) {
        size_t n = rl_did_has_odds(p->method) ? most_controls(p) : 0;
        rl_did_frame_place(&j.frame[l], k, RL_NEW(cx->tmp, double, rl_did_frame_room(k)), RL_NEW(cx->tmp, double, n));
    }
    rl_par(j.lanes, run_lane, &j, cx);
    return without_lost(p, j.trouble, cx);
}

/* --- influence of a unit ---------------------------------------------------------------------- */

/* What the last cells asked about shares with the next. */
typedef struct memo {
    const double *gamma, *x;
    double odds;
} memo;

static double one_row(const rl_cs *p, const rl_cs_cell *a, rl_did_group q, size_t trait, double y, memo *m)
{
    size_t k = p->it.k;
    const double *x = p->it.x + trait * k;
    if (a->e.gamma != NULL && (m->gamma != a->e.gamma || m->x != x))
        *m = (memo){a->e.gamma, x, rl_did_odds(a->e.gamma, x, k)};
    return rl_did_influence(&a->e, k, q, x, p->it.w != NULL ? p->it.w[trait] : 1, y, m->odds);
}

static bool takes_part(const rl_cs_cell *a, size_t c) { return a->c == c || c >= a->from; }

static size_t of_panel(const void *self, size_t u, int32_t *at, double *value)
{
    const rl_cs *p = self;
    size_t c = (size_t)p->it.cohort[u], N = p->r->N, n = 0, place = p->it.place[u];
    size_t from = 0, to = p->n;
    memo m = {0};
    if (p->never && c < p->it.C) {
        from = p->first[c];
        to = p->first[c + 1];
    }
    const uint32_t *row = p->r->row + p->r->first[u];
    const double *y = p->it.d->y;
    for (size_t i = from; i < to; i++) {
        const rl_cs_cell *a = &p->cell[i];
        if (a->reference || !takes_part(a, c)) continue;
        double change = y[row[a->t]] - y[row[a->base]];
        at[n] = (int32_t)i;
        value[n++] = one_row(p, a, a->c == c ? RL_DID_TREATED : RL_DID_CONTROL,
                             p->it.still ? place : a->traits * N + place, change, &m);
    }
    return n;
}

/* What row `row` of period t adds to cell a. */
static double in_cell(const rl_cs *p, const rl_cs_cell *a, size_t c, int32_t t, uint32_t row, memo *m)
{
    size_t item = p->it.place[row];
    rl_did_group q = a->c == c ? RL_DID_TREATED : RL_DID_CONTROL;
    if (t == a->base) q = a->c == c ? RL_DID_TREATED_BEFORE : RL_DID_CONTROL_BEFORE;
    return one_row(p, a, q, item, p->it.y[item], m);
}

static size_t of_row(const rl_cs *p, size_t u, int32_t *at, double *value)
{
    size_t c = (size_t)p->it.cohort[u], n = 0, k = p->r->first[u];
    int32_t t = p->r->when[k];
    memo m = {0};
    for (size_t q = p->period_first[t]; q < p->period_first[t + 1]; q++) {
        const rl_cs_cell *a = &p->cell[p->period_cell[q]];
        if (!takes_part(a, c)) continue;
        at[n] = p->period_cell[q];
        value[n++] = in_cell(p, a, c, t, p->r->row[k], &m);
    }
    return n;
}

static size_t of_rows(const void *self, size_t u, int32_t *at, double *value)
{
    const rl_cs *p = self;
    size_t c = (size_t)p->it.cohort[u], n = 0;
    if (p->r->first[u + 1] - p->r->first[u] == 1) return of_row(p, u, at, value);
    for (size_t i = 0; i < p->n; i++) {
        const rl_cs_cell *a = &p->cell[i];
        if (a->reference || !takes_part(a, c)) continue;
        uint32_t now = rl_roster_at(p->r, u, a->t), old = rl_roster_at(p->r, u, a->base);
        memo m = {0};
        double sum = 0;
        if (now == RL_NO_ROW && old == RL_NO_ROW) continue;
        if (now != RL_NO_ROW) sum += in_cell(p, a, c, a->t, now, &m);
        if (old != RL_NO_ROW) sum += in_cell(p, a, c, a->base, old, &m);
        at[n] = (int32_t)i;
        value[n++] = sum;
    }
    return n;
}

/* Cells by the periods they compare. */
static void list_by_period(rl_cs *p, rl_ctx *cx)
{
    size_t T = p->r->T, n = 0;
    p->period_first = RL_NEW(cx->tmp, size_t, T + 1);
    p->period_cell = RL_NEW(cx->tmp, int32_t, 2 * p->n);
    for (size_t t = 0; t < T; t++) {
        for (size_t i = 0; i < p->n; i++) {
            const rl_cs_cell *a = &p->cell[i];
            if (!a->reference && (a->t == (int32_t)t || a->base == (int32_t)t)) p->period_cell[n++] = (int32_t)i;
        }
        p->period_first[t + 1] = n;
    }
}

/* --- the weight of each outcome in a cell -------------------------------------------------- */

static double omega_of(const rl_cs *p, const rl_cs_cell *a, rl_did_group q, size_t trait)
{
    const double *x = p->it.x + trait * p->it.k;
    double odds = a->e.gamma != NULL ? rl_did_odds(a->e.gamma, x, p->it.k) : 0;
    return rl_did_omega(&a->e, p->it.k, q, x, p->it.w != NULL ? p->it.w[trait] : 1, odds);
}

static void outcome(const void *self, size_t i, double by, double *omega)
{
    const rl_cs *p = self;
    const rl_cs_cell *a = &p->cell[i];
    if (a->reference) return;
    for (size_t u = 0; u < p->r->N; u++) {
        size_t c = (size_t)p->it.cohort[u];
        if (!takes_part(a, c)) continue;
        uint32_t now = rl_roster_at(p->r, u, a->t), old = rl_roster_at(p->r, u, a->base);
        rl_did_group q = a->c == c ? RL_DID_TREATED : RL_DID_CONTROL;
        if (p->it.panel) {
            size_t place = p->it.place[u];
            double v = by * omega_of(p, a, q, p->it.still ? place : a->traits * p->r->N + place);
            omega[now] += v;
            omega[old] -= v;
            continue;
        }
        if (now != RL_NO_ROW) omega[now] += by * omega_of(p, a, q, p->it.place[now]);
        q = a->c == c ? RL_DID_TREATED_BEFORE : RL_DID_CONTROL_BEFORE;
        if (old != RL_NO_ROW) omega[old] += by * omega_of(p, a, q, p->it.place[old]);
    }
}

/* --- the fit --------------------------------------------------------------------------------- */

/* Weights of the units in the averages: of the first period, or the mean over a unit's rows. */
static const double *unit_weights(const rl_cs *p, rl_ctx *cx)
{
    const rl_roster *r = p->r;
    const double *w = p->it.d->w;
    if (w == NULL) return NULL;
    double *out = RL_NEW(cx->tmp, double, r->N);
    for (size_t u = 0; u < r->N; u++) {
        size_t from = r->first[u], to = p->it.panel ? from + 1 : r->first[u + 1];
        for (size_t q = from; q < to; q++) out[u] += w[r->row[q]];
        out[u] /= (double)(to - from);
    }
    return out;
}

/* What part of the controls is never treated: units of a comparison, averaged over the comparisons. */
static double never_share(const rl_cs *p)
{
    const rl_roster *r = p->r;
    double sum = 0, n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const rl_cs_cell *a = &p->cell[i];
        double units = (double)r->never;
        for (size_t c = a->from; c < p->it.C; c++) units += c != a->c ? (double)r->cohort_size[c] : 0;
        if (a->reference || units <= 0) continue;
        sum += (double)r->never / units;
        n++;
    }
    return n > 0 ? sum / n : 1;
}

#define METHODS "dr reg ipw ipw-ht drimp"
static const rl_did_method METHOD[] = {RL_DID_DR, RL_DID_REG, RL_DID_IPW, RL_DID_HT, RL_DID_IMPROVED};

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    rl_cs *p = RL_NEW(cx->tmp, rl_cs, 1);
    rl_roster *r = RL_NEW(cx->tmp, rl_roster, 1);
    if (d->fe.n_fe > 0) {
        rl_fail(cx, RL_EUSAGE, "estimator 'cs' takes no fixed effects: it compares changes within units");
        return rl_hint(cx, "leave out '| %s ..'; traits of units are covariates, as in y ~ x1 + x2", d->fe_name[0]);
    }
    if (d->X.k == 0) return rl_fail(cx, RL_EUSAGE, "estimator 'cs' needs the constant: y ~ 1, or y ~ x1 + x2");
    RL_TRY(rl_roster_make(d, req->rcs, r, cx));
    p->r = r;
    p->anticipation = req->anticipation;
    p->never = !req->notyet;
    p->later = rl_profile_is(req, "csdid");
    bool panel = !req->rcs && r->balanced;
    size_t word;
    RL_TRY(rl_dynamic_method(req, METHODS, &word, cx));
    p->method = METHOD[word];
    if (d->X.k == 1 && d->constant && (panel || p->method != RL_DID_HT))
        p->method = RL_DID_REG; /* means, whatever the method */
    rl_items_make(d, r, panel, d->constant && p->method != RL_DID_HT, &p->it, cx);
    list_cells(p, req, cx);
    RL_TRY(run(p, cx));
    if (!panel) list_by_period(p, cx);
    rl_cs_remarks(p, cx);

    rl_att_cells *cells = RL_NEW(cx->tmp, rl_att_cells, 1);
    rl_att_cell *cell = RL_NEW(cx->tmp, rl_att_cell, p->n);
    for (size_t i = 0; i < p->n; i++) {
        const rl_cs_cell *a = &p->cell[i];
        cell[i] = (rl_att_cell){r->cohort_time[a->c], r->time[a->t], a->reference ? 0 : a->e.att, a->reference};
    }
    rl_units by = {.N = r->N, .row = r->start, .most = p->n, .of = panel ? of_panel : of_rows, .self = p};
    *cells = (rl_att_cells){d, r, p->n, cell, by, unit_weights(p, cx), outcome};
    f->never_k = (double)p->it.k * never_share(p);
    return rl_att_average(cells, req, f, cx);
}

const rl_estimator rl_est_cs = {
    .name = "cs",
    .what = "effects by cohort and period against never or not yet treated",
    .method =
        "For each cohort and period the change of the outcome since the last period before treatment is compared with "
        "that of units not (yet) treated, given covariates; the effects are then averaged by the cohorts' sizes.",
    .source = "Callaway & Sant'Anna (2021); Sant'Anna & Zhao (2020)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .rows = true,
    .by_unit = true,
    .first_times = true,
    .by_cohort = true,
    .frame = RL_FRAME_CONTROLS,
    .takes = " control base anticipation rcs balance unbalanced agg window ",
    .methods = METHODS,
    .fit = fit,
};
