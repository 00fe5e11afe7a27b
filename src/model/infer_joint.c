/* Joint tests of a fit, and which estimates of a programme they can take.
 *
 * A covariance of K estimates that n treated clusters make has at most rank n - 1.  What these do not show of it is
 * taken for nought but for the controls' part, and the test refuses whatever is there: with six periods before a cohort
 * of one unit it refuses true pre-trends nine times in ten.  So of estimates that rest on the same n clusters, or on
 * some of them,
 *
 *   K <= n/2 - 1
 *
 * are tested by infer_small.c, those nearest to the start first; the rest is left out and named.  An estimate rests on
 * the clusters of all cohorts that are seen at its event time (of its own cohort, where it is of one); rows that are
 * units of their own make no covariance between periods, and K is 1.  The limit was tried by simulation (cohorts of 1
 * to 8 beside one of 15, and 30 controls): with 2/3 (n - 1) a test of size 5 % refused up to 13 %, with n/2 - 1 up to
 * 7 % (tests/property/test_few_waves.c).
 *
 * The tests of the peers' conventions stay as they are, for they are to be compared; a remark says of how many of
 * their estimates this is true. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/seen.h"
#include "base/str.h"
#include "model/infer_work.h"
#include "num/order.h"

/* Who bears an estimate: cohorts (bits), and how many clusters they are. */
typedef struct crew {
    uint64_t *cohort; /* words; NULL = not of a programme's event time: no limit */
    size_t n;
    bool apart; /* its rows are in no other estimate   */
    int32_t event;
} crew;

typedef struct holder {
    const rl_infer_work *w;
    const rl_request *r;
    size_t C, words;
    int32_t *cohort;  /* C      ascending                                            */
    size_t *clusters; /* C      clusters of a cohort                                 */
    size_t *rows;     /* C-by-T rows of a cohort in a period                         */
} holder;

static size_t place(const holder *h, int32_t cohort)
{
    size_t c = rl_order_find_int(h->cohort, h->C, cohort);
    return c != SIZE_MAX ? c : h->C;
}

static void list_cohorts(holder *h, rl_ctx *cx)
{
    const rl_design *d = h->w->d;
    size_t n = 0;
    h->cohort = RL_NEW(cx->tmp, int32_t, d->n);
    for (size_t i = 0; i < d->n; i++)
        if (d->cohort[i] != RL_NEVER && (n == 0 || h->cohort[n - 1] != d->cohort[i])) h->cohort[n++] = d->cohort[i];
    h->C = rl_order_different_int(h->cohort, n);
    h->words = h->C / 64 + 1;
}

/* Rows of the cohorts by period, and their clusters; a cluster of several cohorts counts in each. */
static void count(holder *h, rl_ctx *cx)
{
    const rl_design *d = h->w->d;
    const rl_units *units = h->w->f->psi->units;
    const rl_groups *cluster = d->vcov.kind == RL_CLUSTER ? &d->cluster[0] : NULL;
    h->rows = RL_NEW(cx->tmp, size_t, h->C * d->time.G);
    h->clusters = RL_NEW(cx->tmp, size_t, h->C);
    bool *seen = RL_NEW(cx->tmp, bool, cluster != NULL ? h->C * cluster->G : 0);
    for (size_t i = 0; i < d->n; i++) {
        if (d->cohort[i] == RL_NEVER) continue;
        size_t c = place(h, d->cohort[i]);
        h->rows[c * d->time.G + (size_t)d->time.code[i]]++;
        if (cluster == NULL || cluster->code[i] < 0) continue;
        h->clusters[c] += rl_first_seen(seen, c * cluster->G + (size_t)cluster->code[i]);
    }
    for (size_t u = 0; cluster == NULL && units != NULL && u < units->N; u++)
        if (d->cohort[units->row[u]] != RL_NEVER) h->clusters[place(h, d->cohort[units->row[u]])]++;
}

/* Rows of cohort number c at an event time; what lies beyond the window of `event` is in its ends. */
static size_t rows_at(const holder *h, size_t c, int32_t event)
{
    const rl_design *d = h->w->d;
    bool ends = h->r->estimator->frame == RL_FRAME_EVENT && h->r->has_window;
    size_t n = 0;
    for (size_t t = 0; t < d->time.G; t++) {
        int64_t e = (int64_t)d->time_at[t] - h->cohort[c];
        if (ends) e = e < h->r->window_lo ? h->r->window_lo : e > h->r->window_hi ? h->r->window_hi : e;
        if (e == event) n += h->rows[c * d->time.G + t];
    }
    return n;
}

static crew crew_of(const holder *h, const rl_label *l, rl_ctx *cx)
{
    bool by_row = h->w->d->vcov.kind != RL_CLUSTER && h->w->f->psi->units == NULL;
    bool cell = l->group != RL_NO_ID && l->time != RL_NO_ID;
    crew out = {.event = l->event != RL_NO_ID ? l->event : cell ? l->time - l->group : RL_NO_ID, .apart = by_row};
    if (out.event == RL_NO_ID) return out;
    out.cohort = RL_NEW(cx->tmp, uint64_t, h->words);
    for (size_t c = 0; c < h->C; c++) {
        if (l->group != RL_NO_ID && l->group != h->cohort[c]) continue;
        size_t rows = rows_at(h, c, out.event);
        if (rows == 0) continue;
        out.cohort[c / 64] |= UINT64_C(1) << (c % 64);
        out.n += by_row ? rows : h->clusters[c];
    }
    return out;
}

static bool within(const holder *h, const crew *a, const crew *b)
{
    for (size_t k = 0; k < h->words; k++)
        if ((a->cohort[k] & ~b->cohort[k]) != 0) return false;
    return true;
}

/* Would crew a, and all kept crews that it is part of, still bear what rests on them? */
static bool bears(const holder *h, const crew *a, const crew *kept, const size_t *load, size_t n, size_t own)
{
    if (a->cohort == NULL) return true;
    if (2 * (own + 1) > a->n) return false;
    for (size_t i = 0; i < n && !a->apart; i++)
        if (kept[i].cohort != NULL && within(h, a, &kept[i]) && 2 * (load[i] + 2) > kept[i].n) return false;
    return true;
}

typedef struct candidate {
    size_t at; /* number of the estimate */
    crew crew;
} candidate;

/* The nearest to the start first, in their order. */
static int nearest(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    int64_t ex = llabs((long long)x->crew.event), ey = llabs((long long)y->crew.event);
    if (ex != ey) return ex < ey ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_number(const void *a, const void *b)
{
    const size_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Writes those of the n estimates index[] that can be tested together; the first left out into *lost. */
static size_t hold(const holder *h, const size_t *index, size_t n, size_t *kept, candidate *lost, rl_ctx *cx)
{
    candidate *v = RL_NEW(cx->tmp, candidate, n);
    crew *held = RL_NEW(cx->tmp, crew, n);
    size_t *load = RL_NEW(cx->tmp, size_t, n), m = 0;
    bool any = false;
    for (size_t i = 0; i < n; i++) v[i] = (candidate){index[i], crew_of(h, &h->w->f->label[index[i]], cx)};
    qsort(v, n, sizeof *v, nearest);
    for (size_t i = 0; i < n; i++) {
        const crew *a = &v[i].crew;
        size_t own = 1;
        for (size_t k = 0; k < m && !a->apart; k++)
            own += a->cohort != NULL && held[k].cohort != NULL && within(h, &held[k], a);
        if (!bears(h, a, held, load, m, own)) {
            if (!any) *lost = v[i];
            any = true;
            continue;
        }
        for (size_t k = 0; k < m && !a->apart; k++)
            load[k] += a->cohort != NULL && held[k].cohort != NULL && within(h, a, &held[k]);
        held[m] = *a;
        load[m] = own;
        kept[m++] = v[i].at;
    }
    qsort(kept, m, sizeof *kept, by_number);
    return m;
}

/* --- the tests ------------------------------------------------------------------------------ */

static rl_mat rows_of(const rl_infer_work *w, const size_t *index, size_t n, double *b, rl_ctx *cx)
{
    rl_mat C = rl_mat_new(n, w->f->m, cx->tmp);
    for (size_t a = 0; a < n; a++) {
        *rl_mat_at(&C, a, index[a]) = 1;
        b[a] = w->b[index[a]];
    }
    return C;
}

static void say_left_out(const holder *h, const struct rl_joint *q, size_t kept, const candidate *lost, rl_ctx *cx)
{
    const char *first = rl_label_text(&h->w->f->label[lost->at], cx->tmp);
    const char *one = h->w->d->vcov.kind == RL_CLUSTER ? "cluster" : h->w->f->psi->units != NULL ? "unit" : "row";
    const char *bear = rl_sprintf(cx->tmp, "%zu treated %s%s", lost->crew.n, one, lost->crew.n == 1 ? "" : "s");
    size_t out = q->n - kept;
    if (h->w->small && kept == 0)
        rl_remark(cx, "tests", "the %s test was left out: too few treated %ss bear its %zu estimates ('%s': %s)",
                  q->name, one, q->n, first, bear);
    else if (h->w->small)
        rl_remark(
            cx, "tests",
            "the %s test leaves out %zu of its %zu estimates, for which too few treated %ss can tell a trend from "
            "chance (the nearest is '%s': %s)",
            q->name, out, q->n, one, first, bear);
    else
        rl_remark(
            cx, "tests",
            "the %s test refuses true ones too often: of its %zu estimates %zu are borne by too few treated %ss for a "
            "joint test (the nearest is '%s': %s)%s",
            q->name, q->n, out, one, first, bear,
            kept > 0 && h->w->f->bare ? rl_sprintf(cx->tmp, "; %s-small-sample leaves them out", q->name) : "");
}

/* The test of infer_small.c, in place of the other one or beside it. */
static rl_code test_small(rl_infer_work *w, const rl_request *req, const struct rl_joint *q, rl_test *t, rl_ctx *cx)
{
    holder h = {.w = w, .r = req};
    size_t *kept = RL_NEW(cx->tmp, size_t, q->n);
    double *b = RL_NEW(cx->tmp, double, q->n);
    candidate lost = {0};
    list_cohorts(&h, cx);
    count(&h, cx);
    size_t m = hold(&h, q->index, q->n, kept, &lost, cx);
    if (m < q->n) say_left_out(&h, q, m, &lost, cx);
    *t = (rl_test){.statistic = NAN, .df = (double)m, .df2 = NAN, .p_value = NAN};
    if (m == 0) return RL_OK;
    rl_mat C = rows_of(w, kept, m, b, cx);
    RL_TRY(rl_infer_small_joint(w, &C, b, t, cx));
    if (!isfinite(t->p_value) && w->small)
        rl_remark(cx, "tests",
                  isfinite(t->statistic) ? "the %s test was left out: too few clusters for its %zu estimates"
                                         : "the %s test was left out: the covariance of its %zu estimates is singular",
                  q->name, m);
    return RL_OK;
}

static rl_code test(rl_infer_work *w, const struct rl_joint *q, rl_test *t, rl_ctx *cx)
{
    double *b = RL_NEW(cx->tmp, double, q->n), df = w->df;
    rl_mat C = rows_of(w, q->index, q->n, b, cx);
    if (q->n > 0 && q->index[q->n - 1] < w->aside) w->df = w->aside_df;
    RL_TRY(rl_infer_joint(w, &C, b, t, cx));
    w->df = df;
    if (!isfinite(t->p_value))
        rl_remark(
            cx, "tests",
            isfinite(rl_infer_series_freedom(w)) ? "the %s test was left out: too few degrees of freedom for its %zu "
                                                   "estimates"
            : isfinite(t->statistic)             ? "the %s test was left out: too few clusters for its %zu estimates"
                                     : "the %s test was left out: the covariance of its %zu estimates is singular",
            q->name, q->n);
    if (q->chi2 && w->df == 0) {
        t->statistic *= t->df;
        t->kind = "chi2";
    }
    return RL_OK;
}

static void keep(rl_infer_work *w, const rl_test *t, const char *name)
{
    if (!isfinite(t->p_value)) return;
    w->out->test[w->out->n_tests] = *t;
    w->out->test[w->out->n_tests++].name = name;
}

rl_code rl_infer_joint_tests(rl_infer_work *w, const rl_request *req, rl_ctx *cx)
{
    const rl_fit *f = w->f;
    w->out->test = RL_NEW(w->keep, rl_test, 2 * f->n_joint);
    for (size_t i = 0; i < f->n_joint && !f->perfect; i++) {
        const struct rl_joint *q = &f->joint[i];
        rl_test t;
        RL_TRY(w->small ? test_small(w, req, q, &t, cx) : test(w, q, &t, cx));
        keep(w, &t, rl_strdup(w->keep, q->name));
        bool aside = q->n > 0 && q->index[q->n - 1] < w->aside;
        if (q->n == 0 || aside || !rl_infer_small_beside(w)) continue;
        RL_TRY(test_small(w, req, q, &t, cx));
        keep(w, &t, rl_sprintf(w->keep, "%s-small-sample", q->name));
    }
    return RL_OK;
}
