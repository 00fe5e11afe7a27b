/* est_ddd.c -- eligible and not, treated and not, before and after: the difference of three differences.
 *
 * A programme reaches only the eligible units of the cohorts that have it
 * (--partition COL, 1 = eligible).  For cohort g, period t and a control
 * cohort c, with did(A | B) = the effect on A against B (num/did2x2.h) on the
 * covariates of A:
 *
 *   att = did(g eligible | g others) + did(g eligible | c eligible) - did(g eligible | c others)
 *
 * so that neither cohorts nor the eligible need to be on one trend: only the
 * gap between eligible and others must be.  Controls are the never treated;
 * with --control notyet each cohort not treated yet gives an att of its own,
 * and they are averaged with the weights of least variance, W'1 / 1'W1, W the
 * inverse of their covariance: pooling such cohorts would be biased where the
 * share of the eligible differs among them.  Base periods are those of cs.
 *
 * Estimand  average effect on the eligible of cohort g at t, and averages of those (model/cells.h)
 * Assumes   parallel trends of the gap between eligible and others, given covariates; no anticipation
 * Source    Ortiz-Villavicencio & Sant'Anna (2025), arXiv 2505.09942; factors of its errors as R package triplediff
 *           has them: N / (N-1) with two periods and one cohort, and for cells that average several controls
 */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/cells.h"
#include "model/dynamic.h"
#include "model/items.h"
#include "num/did2x2.h"

typedef struct piece {
    size_t q;  /* controls: number of their group  */
    double by; /* att moves by it                  */
    rl_did_effect e;
} piece;

typedef struct cell {
    size_t c;
    int32_t t, base;
    bool reference;
    size_t traits; /* period of the covariates         */
    size_t n;      /* pieces: the cohort's others, then two of each control */
    piece *piece;
    int32_t *of; /* Q   piece of a group of controls, -1 = none */
    double att, root;
} cell;

typedef struct work {
    const rl_design *d;
    const rl_request *r;
    rl_roster s, split; /* split: groups 2 c + eligible in the place of cohorts, never treated c = C */
    rl_items it;
    rl_did_method method;
    unsigned char *eligible; /* N                                */
    double *odds;            /* N   of the controls of a cohort  */
    rl_did_frame *frame;     /* Q   of a cohort against a group .. */
    size_t *framed;          /* Q   .. of this number + 1        */
    size_t C, n;
    cell *cell;
} work;

/* --- groups ---------------------------------------------------------------------- */

static rl_code read_partition(work *w, rl_ctx *cx)
{
    const rl_table *t = w->d->t;
    const rl_col *c;
    if (w->r->partition == NULL) {
        rl_fail(cx, RL_EUSAGE, "estimator 'ddd' needs --partition: who is eligible (1) and who is not (0)");
        return rl_hint(cx, "without it two differences are left: cs");
    }
    RL_TRY(rl_table_need(t, w->r->partition, "--partition", &c, cx));
    if (c->type != RL_NUM) return rl_fail(cx, RL_EINPUT, "column '%s' (--partition) must hold 0 and 1", c->name);
    w->eligible = RL_NEW(cx->tmp, unsigned char, w->s.N);
    for (size_t u = 0; u < w->s.N; u++)
        for (size_t k = w->s.first[u]; k < w->s.first[u + 1]; k++) {
            size_t i = w->d->row[w->s.row[k]];
            double x = c->num[i];
            if (x != 0 && x != 1)
                return rl_fail_cell(t, c, i, cx, RL_EINPUT, "'%s' (--partition) must be 0 or 1 in every row", c->name);
            if (k == w->s.first[u]) w->eligible[u] = x == 1;
            if (w->eligible[u] == (x == 1)) continue;
            rl_fail_cell(t, c, i, cx, RL_EINPUT, "unit '%s' has two different values of '%s'",
                         rl_roster_unit(w->d, &w->s, u), c->name);
            return rl_hint(cx, "who is eligible belongs to the unit: the same in all of its rows");
        }
    return RL_OK;
}

static const char *when(const work *w, int32_t time, rl_ctx *cx) { return rl_time_words(w->d->clock, time, cx->tmp); }

static const char *cohort_words(const work *w, size_t c, rl_ctx *cx)
{
    if (c == w->C) return "the never treated";
    return rl_sprintf(cx->tmp, "cohort %s", when(w, w->s.cohort_time[c], cx));
}

/* Cohorts split in two: the roster that rl_items lays out. */
static rl_code split_cohorts(work *w, rl_ctx *cx)
{
    const rl_roster *s = &w->s;
    w->C = s->n_cohort;
    size_t Q = 2 * (w->C + 1), *size = RL_NEW(cx->tmp, size_t, Q);
    int32_t *number = RL_NEW(cx->tmp, int32_t, Q), *of = RL_NEW(cx->tmp, int32_t, s->N);
    for (size_t q = 0; q < Q; q++) number[q] = (int32_t)q;
    for (size_t u = 0; u < s->N; u++) {
        size_t c = 0;
        while (c < w->C && s->cohort_time[c] != s->cohort[u]) c++;
        of[u] = (int32_t)(2 * c + w->eligible[u]);
        size[of[u]]++;
    }
    for (size_t c = 0; c <= w->C; c++) {
        size_t others = size[2 * c], eligible = size[2 * c + 1];
        if ((others > 0) == (eligible > 0) && (c < w->C || others > 0)) continue;
        if (c == w->C && others + eligible == 0) continue;
        rl_fail(cx, RL_EDATA, "%s: %zu eligible units and %zu others (column '%s')", cohort_words(w, c, cx), eligible,
                others, w->r->partition);
        return rl_hint(cx, "the third difference needs both in every cohort and among the controls; leave the cohort "
                           "out, or use cs");
    }
    w->split = *s;
    w->split.cohort = of;
    w->split.cohort_time = number;
    w->split.cohort_size = size;
    w->split.n_cohort = Q;
    w->split.never = 0;
    return RL_OK;
}

/* --- cells ------------------------------------------------------------------------ */

static rl_code no_never(const work *w, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "no control: no unit is never treated (%zu cohorts)", w->C);
    return rl_hint(cx, "--control notyet takes units not treated yet");
}

/* Cohorts that are controls of cell a, as numbers; the never treated are the last. */
static size_t controls(const work *w, const cell *a, size_t *out)
{
    int64_t last = (int64_t)w->s.time[a->base > a->t ? a->base : a->t] + w->r->anticipation;
    size_t n = 0;
    for (size_t c = 0; c < w->C && w->r->notyet; c++)
        if (c != a->c && w->s.cohort_time[c] > last) out[n++] = c;
    if (w->s.never > 0) out[n++] = w->C;
    return n;
}

static void list_cells(work *w, rl_ctx *cx)
{
    w->cell = RL_NEW(cx->tmp, cell, w->C * w->s.T);
    for (size_t c = 0; c < w->C; c++) {
        int32_t base = rl_roster_period(&w->s, (int64_t)w->s.cohort_time[c] - w->r->anticipation - 1);
        for (int32_t t = w->r->universal ? 0 : 1; t < (int32_t)w->s.T; t++) {
            bool after = w->s.time[t] >= w->s.cohort_time[c];
            cell *a = &w->cell[w->n++];
            *a = (cell){.c = c, .t = t, .base = w->r->universal || after ? base : t - 1, .root = 1};
            a->reference = a->base == t;
            a->traits = (size_t)(a->base < t ? a->base : t);
        }
    }
}

/* --- one comparison ---------------------------------------------------------------- */

static rl_did_part part_of(const work *w, const cell *a, size_t q)
{
    rl_stretch now = rl_items_at(&w->it, (size_t)a->t, a->traits, q, q + 1);
    rl_stretch old = rl_items_at(&w->it, (size_t)a->base, a->traits, q, q + 1);
    return (rl_did_part){.n = now.n, .x = now.x, .w = now.w, .y = now.y, .y0 = old.y};
}

static rl_code refuse(const work *w, const cell *a, size_t q, const rl_did_sample *s, const rl_did_trouble *t,
                      rl_ctx *cx)
{
    const char *const *name = w->d->x_name;
    const char *where = rl_sprintf(cx->tmp, "cell of cohort %s and time %s, eligible against the %s of %s",
                                   when(w, w->s.cohort_time[a->c], cx), when(w, w->s.time[a->t], cx),
                                   q % 2 ? "eligible" : "others", cohort_words(w, q / 2, cx));
    size_t treated = s->part[RL_DID_TREATED][0].n, others = s->part[RL_DID_CONTROL][0].n;
    if (t->what == RL_DID_COLLINEAR) {
        size_t n = t->group == RL_DID_GROUPS ? treated + others : t->group == RL_DID_TREATED ? treated : others;
        rl_fail(cx, RL_EDATA, "%s: '%s' does not vary, or depends on the columns before it, among %zu units%s", where,
                name[t->column], n,
                t->group == RL_DID_GROUPS    ? ""
                : t->group == RL_DID_TREATED ? " that are treated"
                                             : " that are not");
        return rl_hint(cx, "leave the covariate out");
    }
    rl_fail(
        cx, RL_EDATA,
        "%s: no overlap: '%s' tells them apart (propensity score up to %.3f, %zu units at .999 or more, %zu treated "
        "and %zu others)",
        where, name[rl_did_telling(s, w->frame[q].gamma)], t->score, t->rows, treated, others);
    return rl_hint(cx, "leave it out, or use --method reg, which needs no propensity score but extrapolates");
}

/* Where covariates stand still the odds of a cohort against a group are those of all periods. */
static rl_code frame(work *w, const cell *a, size_t q, const rl_did_sample *s, rl_ctx *cx)
{
    rl_did_frame *f = &w->frame[q];
    if (w->it.still && w->framed[q] == a->c + 1) return RL_OK;
    rl_did_frame_place(f, w->it.k, RL_NEW(cx->tmp, double, rl_did_frame_room(w->it.k)), w->odds + w->it.start[q]);
    rl_did_trouble trouble = rl_did_weigh(s, f);
    if (trouble.what != RL_DID_FINE) return refuse(w, a, q, s, &trouble, cx);
    w->framed[q] = a->c + 1;
    return RL_OK;
}

static rl_code compare(work *w, const cell *a, size_t q, double by, piece *p, rl_ctx *cx)
{
    size_t k = w->it.k;
    rl_did_sample s = {.method = w->method, .k = k, .groups = 2};
    s.part[RL_DID_TREATED][0] = part_of(w, a, 2 * a->c + 1);
    s.part[RL_DID_CONTROL][0] = part_of(w, a, q);
    *p = (piece){.q = q, .by = by};
    RL_TRY(frame(w, a, q, &s, cx));
    rl_did_effect_place(&p->e, &s, RL_NEW(cx->tmp, double, rl_did_effect_room(k, 2)));
    rl_did_estimate(&s, &w->frame[q], &p->e);
    if (rl_did_has_odds(w->method)) p->e.gamma = w->frame[q].gamma;
    return RL_OK;
}

/* --- influence of a unit ------------------------------------------------------------- */

/* Odds that the last cells asked for. */
enum { MEMO = 64 };
typedef struct memo {
    const double *gamma, *x;
    double odds;
} memo;

static double odds_of(const work *w, const piece *p, const double *x, memo *m)
{
    if (p->e.gamma == NULL) return 0;
    m += p->q % MEMO;
    if (m->gamma != p->e.gamma || m->x != x) *m = (memo){p->e.gamma, x, rl_did_odds(p->e.gamma, x, w->it.k)};
    return m->odds;
}

/* Of the unit of group q at `place` on piece p of cell a: treated are the eligible of the cohort. */
static double on_piece(const work *w, const cell *a, const piece *p, size_t q, size_t place, memo *m)
{
    size_t N = w->s.N, k = w->it.k;
    bool treated = q == 2 * a->c + 1;
    if (!treated && q != p->q) return 0;
    size_t trait = w->it.still ? place : a->traits * N + place;
    const double *x = w->it.x + trait * k;
    double y = w->it.y[(size_t)a->t * N + place] - w->it.y[(size_t)a->base * N + place];
    return rl_did_influence(&p->e, k, treated ? RL_DID_TREATED : RL_DID_CONTROL, x,
                            w->it.w != NULL ? w->it.w[trait] : 1, y, odds_of(w, p, x, m));
}

static size_t of_unit(const void *self, size_t u, int32_t *at, double *value)
{
    const work *w = self;
    size_t n = 0, q = (size_t)w->it.cohort[u];
    memo m[MEMO] = {0};
    for (size_t i = 0; i < w->n; i++) {
        const cell *a = &w->cell[i];
        size_t place = w->it.place[u], from = 0, to = a->n;
        double sum = 0;
        if (a->n == 0) continue;
        if (q != 2 * a->c + 1) {
            if (a->of[q] < 0) continue;
            from = (size_t)a->of[q];
            to = from + 1;
        }
        for (size_t j = from; j < to; j++) sum += a->piece[j].by * on_piece(w, a, &a->piece[j], q, place, m);
        if (sum == 0) continue;
        at[n] = (int32_t)i;
        value[n++] = sum * a->root;
    }
    return n;
}

/* --- several controls ----------------------------------------------------------------- */

/* Solve V x = 1 (K-by-K, positive definite) in place of the right side; false when V is singular. */
static bool solve_ones(long double *V, size_t K, long double *x)
{
    for (size_t j = 0; j < K; j++) {
        long double own = V[j * K + j];
        for (size_t i = j; i < K; i++)
            for (size_t q = 0; q < j; q++) V[i * K + j] -= V[i * K + q] * V[j * K + q];
        if (!(V[j * K + j] > 1e-15L * own)) return false;
        long double root = sqrtl(V[j * K + j]);
        for (size_t i = j; i < K; i++) V[i * K + j] /= root;
        x[j] = 1;
    }
    for (size_t i = 0; i < K; i++) {
        for (size_t q = 0; q < i; q++) x[i] -= V[i * K + q] * x[q];
        x[i] /= V[i * K + i];
    }
    for (size_t i = K; i-- > 0;) {
        for (size_t q = i + 1; q < K; q++) x[i] -= V[q * K + i] * x[q];
        x[i] /= V[i * K + i];
    }
    return true;
}

/* Weights of least variance of the K controls of a cell, put into its pieces. */
static rl_code weigh_controls(const work *w, cell *a, size_t K, rl_ctx *cx)
{
    long double *V = RL_NEW(cx->tmp, long double, K *K + K), *x = V + K * K, all = 0;
    double *v = RL_NEW(cx->tmp, double, K);
    memo m[MEMO] = {0};
    size_t g = 2 * a->c + 1;
    for (size_t place = w->it.start[g]; place < w->it.start[g + 1]; place++) {
        double own = on_piece(w, a, &a->piece[0], g, place, m);
        for (size_t i = 0; i < K; i++)
            v[i] = own + on_piece(w, a, &a->piece[1 + 2 * i], g, place, m) -
                   on_piece(w, a, &a->piece[2 + 2 * i], g, place, m);
        for (size_t i = 0; i < K; i++)
            for (size_t b = 0; b <= i; b++) V[i * K + b] += (long double)v[i] * v[b];
    }
    for (size_t j = 0; j < a->n; j++) { /* the others of the cohort are in all, a control in its own alone */
        long double sum = 0;
        const piece *p = &a->piece[j];
        for (size_t place = w->it.start[p->q]; place < w->it.start[p->q + 1]; place++) {
            double one = on_piece(w, a, p, p->q, place, m);
            sum += (long double)one * one;
        }
        for (size_t i = 0; i < K && j == 0; i++)
            for (size_t b = 0; b <= i; b++) V[i * K + b] += sum;
        if (j > 0) V[(j - 1) / 2 * (K + 1)] += sum;
    }
    if (!solve_ones(V, K, x)) {
        rl_fail(cx, RL_EDATA,
                "cell of cohort %s and time %s: its %zu control cohorts cannot be weighed against each "
                "other, the covariance of their answers is singular",
                when(w, w->s.cohort_time[a->c], cx), when(w, w->s.time[a->t], cx), K);
        return rl_hint(cx, "--control never takes one group of controls");
    }
    for (size_t i = 0; i < K; i++) all += x[i];
    for (size_t i = 0; i < K; i++) {
        a->piece[1 + 2 * i].by = (double)(x[i] / all);
        a->piece[2 + 2 * i].by = -a->piece[1 + 2 * i].by;
    }
    return RL_OK;
}

static rl_code one_cell(work *w, cell *a, size_t *room, rl_ctx *cx)
{
    size_t K = controls(w, a, room);
    if (a->reference) return RL_OK;
    if (K == 0) return no_never(w, cx);
    a->n = 1 + 2 * K;
    a->piece = RL_NEW(cx->tmp, piece, a->n);
    a->of = RL_NEW(cx->tmp, int32_t, w->split.n_cohort);
    for (size_t q = 0; q < w->split.n_cohort; q++) a->of[q] = -1;
    RL_TRY(compare(w, a, 2 * a->c, 1, &a->piece[0], cx));
    for (size_t i = 0; i < K; i++) {
        RL_TRY(compare(w, a, 2 * room[i] + 1, 1, &a->piece[1 + 2 * i], cx));
        RL_TRY(compare(w, a, 2 * room[i], -1, &a->piece[2 + 2 * i], cx));
    }
    for (size_t j = 0; j < a->n; j++) a->of[a->piece[j].q] = (int32_t)j;
    if (K > 1) RL_TRY(weigh_controls(w, a, K, cx));
    long double sum = 0;
    for (size_t i = 0; i < a->n; i++) sum += (long double)a->piece[i].by * a->piece[i].e.att;
    a->att = (double)sum;
    bool cells = w->r->agg == RL_AGG_DEFAULT || w->r->agg == RL_AGG_GROUP_TIME, two = w->s.T == 2 && w->C == 1;
    if (two || (K > 1 && cells)) a->root = sqrt((double)w->s.N / ((double)w->s.N - 1));
    return RL_OK;
}

/* The weight of each outcome in a cell; how controls are weighed is taken as given. */
static void outcome(const void *self, size_t i, double by, double *omega)
{
    const work *w = self;
    const cell *a = &w->cell[i];
    size_t N = w->s.N, k = w->it.k;
    memo m[MEMO] = {0};
    for (size_t u = 0; u < N; u++) {
        size_t q = (size_t)w->it.cohort[u], place = w->it.place[u], trait = w->it.still ? place : a->traits * N + place;
        const double *x = w->it.x + trait * k;
        double v = 0;
        for (size_t j = 0; j < a->n; j++) {
            const piece *p = &a->piece[j];
            bool treated = q == 2 * a->c + 1;
            if (!treated && q != p->q) continue;
            double odds = odds_of(w, p, x, m);
            v += p->by * rl_did_omega(&p->e, k, treated ? RL_DID_TREATED : RL_DID_CONTROL, x,
                                      w->it.w != NULL ? w->it.w[trait] : 1, odds);
        }
        if (v == 0) continue;
        omega[rl_roster_at(&w->s, u, a->t)] += by * v;
        omega[rl_roster_at(&w->s, u, a->base)] -= by * v;
    }
}

/* --- the fit ---------------------------------------------------------------------------- */

/* The cells with their answers; those before treatment that have none are left out, and said. */
static rl_code all_cells(work *w, rl_ctx *cx)
{
    enum { SAID = 4 };
    size_t *room = RL_NEW(cx->tmp, size_t, w->C + 1), n = 0, lost = 0;
    rl_str s = rl_str_new(cx->tmp);
    for (size_t i = 0; i < w->n; i++) {
        cell *a = &w->cell[i];
        rl_code code = one_cell(w, a, room, cx);
        bool before = w->s.time[a->t] < w->s.cohort_time[a->c];
        if (code == RL_EDATA && before && controls(w, a, room) > 0) {
            if (lost++ < SAID) rl_str_addf(&s, "%s%s", lost > 1 ? "; " : "", cx->err.what);
            rl_forgive(cx);
            continue;
        }
        RL_TRY(code);
        w->cell[n++] = *a;
    }
    w->n = n;
    if (lost > 0)
        rl_remark(cx, "design", "%zu cell%s before treatment %s no answer and %s left out: %s%s", lost,
                  lost > 1 ? "s" : "", lost > 1 ? "have" : "has", lost > 1 ? "are" : "is", rl_str_text(&s),
                  lost > SAID ? "; .." : "");
    return RL_OK;
}

static const double *unit_weights(const work *w, rl_ctx *cx)
{
    if (w->d->w == NULL) return NULL;
    double *out = RL_NEW(cx->tmp, double, w->s.N);
    for (size_t u = 0; u < w->s.N; u++) out[u] = w->d->w[w->s.start[u]];
    return out;
}

static rl_did_method method_of(const rl_request *r, bool constant_alone)
{
    if (constant_alone) return RL_DID_REG; /* means, whatever the method */
    if (r->method != NULL && strcmp(r->method, "reg") == 0) return RL_DID_REG;
    return r->method != NULL && strcmp(r->method, "ipw") == 0 ? RL_DID_IPW : RL_DID_DR;
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    work *w = RL_NEW(cx->tmp, work, 1);
    size_t method;
    *w = (work){.d = d, .r = r};
    RL_TRY(rl_dynamic_method(r, "dr reg ipw", &method, cx));
    if (d->fe.n_fe > 0) {
        rl_fail(cx, RL_EUSAGE, "estimator 'ddd' takes no fixed effects: it compares changes within units");
        return rl_hint(cx, "leave out '| %s ..'; traits of units are covariates, as in y ~ x1 + x2", d->fe_name[0]);
    }
    if (!d->constant) return rl_fail(cx, RL_EUSAGE, "estimator 'ddd' needs the constant: y ~ 1, or y ~ x1 + x2");
    RL_TRY(rl_roster_make(d, false, &w->s, cx));
    RL_TRY(rl_roster_need_balanced(d, &w->s, "estimator 'ddd'", cx));
    RL_TRY(read_partition(w, cx));
    RL_TRY(split_cohorts(w, cx));
    w->method = method_of(r, d->X.k == 1);
    rl_items_make(d, &w->split, true, true, &w->it, cx);
    list_cells(w, cx);
    w->odds = RL_NEW(cx->tmp, double, w->s.N);
    w->frame = RL_NEW(cx->tmp, rl_did_frame, w->split.n_cohort);
    w->framed = RL_NEW(cx->tmp, size_t, w->split.n_cohort);
    RL_TRY(all_cells(w, cx));
    rl_att_cells *cells = RL_NEW(cx->tmp, rl_att_cells, 1);
    rl_att_cell *out = RL_NEW(cx->tmp, rl_att_cell, w->n);
    for (size_t i = 0; i < w->n; i++) {
        const cell *a = &w->cell[i];
        out[i] = (rl_att_cell){w->s.cohort_time[a->c], w->s.time[a->t], a->att, a->reference};
    }
    rl_units by = {.N = w->s.N, .row = w->s.start, .most = w->n, .of = of_unit, .self = w};
    *cells = (rl_att_cells){d, &w->s, w->n, out, by, unit_weights(w, cx), outcome};
    return rl_att_average(cells, r, f, cx);
}

const rl_estimator rl_est_ddd = {
    .name = "ddd",
    .what = "three differences: eligible and not, treated and not, before and after",
    .method = "The change of the eligible since before the start is compared with that of the others of their cohort, "
              "and this gap with the same gap among those not (yet) treated, given covariates.",
    .source = "Ortiz-Villavicencio & Sant'Anna (2025)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .by_cohort = true,
    .frame = RL_FRAME_CONTROLS,
    .takes = " partition control base anticipation agg window balance ",
    .methods = " dr reg ipw ",
    .no_lift = "compares who is eligible with who is not, which a study does not say",
    .fit = fit,
};
