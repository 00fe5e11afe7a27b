#include "num/did2x2.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"

static const double SIGN[RL_DID_GROUPS] = {-1, +1, +1, -1};
static const double TRIM = 199;         /* odds of p = .995        */
static const double MOST_ODDS = 999999; /* odds of p = 1 - 1e-6    */
static const double NO_OVERLAP = 0.999; /* p of anybody            */
static const double DEPENDS = 1e-13;    /* of a column's own square */
enum { CHUNK = 256 };

static bool treated(size_t q) { return q % 2 == 1; }
static size_t packed(size_t k) { return k * (k + 1) / 2; }
static double dot(const double *a, const double *b, size_t k)
{
    double s = 0;
    for (size_t j = 0; j < k; j++) s += a[j] * b[j];
    return s;
}

/* --- small systems, in extended precision ---------------------------------------- */

/* A (packed lower, k) becomes its Cholesky factor; columns that depend on those before them are `gone`
 * (a zero column of the factor).  Returns the first of them, k = none. */
static size_t factor(long double *A, size_t k, bool *gone)
{
    size_t first = k;
    for (size_t j = 0; j < k; j++) {
        long double *aj = A + packed(j), left = aj[j], own = left;
        for (size_t c = 0; c < j; c++) left -= aj[c] * aj[c];
        bool lost = !(left > DEPENDS * own) || !(own > 0);
        if (gone != NULL) gone[j] = lost;
        if (lost && first == k) first = j;
        long double d = lost ? 0 : sqrtl(left);
        aj[j] = d;
        for (size_t i = j + 1; i < k; i++) {
            long double *ai = A + packed(i), s = ai[j];
            for (size_t c = 0; c < j; c++) s -= ai[c] * aj[c];
            ai[j] = lost ? 0 : s / d;
        }
    }
    return first;
}

/* b = A^-1 b; 0 in the directions that are gone. */
static void solve(const long double *L, size_t k, long double *b)
{
    for (size_t i = 0; i < k; i++) {
        const long double *l = L + packed(i);
        long double s = b[i];
        for (size_t c = 0; c < i; c++) s -= l[c] * b[c];
        b[i] = l[i] > 0 ? s / l[i] : 0;
    }
    for (size_t i = k; i-- > 0;) {
        long double s = b[i];
        for (size_t r = i + 1; r < k; r++) s -= L[packed(r) + i] * b[r];
        b[i] = L[packed(i) + i] > 0 ? s / L[packed(i) + i] : 0;
    }
}

/* --- passes over rows --------------------------------------------------------------- */

/* Sums of a pass: chunks in double, their totals extended. */
typedef struct sums {
    size_t k;
    long double *vec, *cross; /* k, packed(k) or NULL */
    long double one, y;
    double *cvec, *ccross;
    double cone, cy;
} sums;

static void sums_begin(sums *s, size_t k, long double *vec, long double *cross, double *space)
{
    *s = (sums){.k = k, .vec = vec, .cross = cross, .cvec = space, .ccross = space + k};
    memset(vec, 0, k * sizeof *vec);
    memset(space, 0, (k + packed(k)) * sizeof *space);
    if (cross != NULL) memset(cross, 0, packed(k) * sizeof *cross);
}

static void sums_flush(sums *s)
{
    for (size_t j = 0; j < s->k; j++) s->vec[j] += s->cvec[j];
    memset(s->cvec, 0, s->k * sizeof *s->cvec);
    if (s->cross != NULL) {
        for (size_t j = 0; j < packed(s->k); j++) s->cross[j] += s->ccross[j];
        memset(s->ccross, 0, packed(s->k) * sizeof *s->ccross);
    }
    s->one += s->cone;
    s->y += s->cy;
    s->cone = s->cy = 0;
}

static inline void add_cross(sums *s, const double *x, double w)
{
    double *c = s->ccross;
    for (size_t a = 0; a < s->k; a++) {
        double xa = x[a] * w;
        for (size_t b = 0; b <= a; b++) *c++ += xa * x[b];
    }
}

static inline void add_vec(sums *s, const double *x, double w)
{
    for (size_t a = 0; a < s->k; a++) s->cvec[a] += x[a] * w;
}

static inline double weight(const rl_did_part *p, size_t i) { return p->w != NULL ? p->w[i] : 1; }
static inline double outcome(const rl_did_part *p, size_t i) { return p->y0 != NULL ? p->y[i] - p->y0[i] : p->y[i]; }

double rl_did_odds(const double *gamma, const double *x, size_t k)
{
    double o = rl_exp(dot(gamma, x, k));
    return o < MOST_ODDS ? o : MOST_ODDS;
}

/* First, second derivative of the likelihood (or of the calibration's criterion) at gamma; the odds of the
 * controls; the highest score. */
typedef struct odds_pass {
    const rl_did_sample *s;
    const double *gamma;
    bool calibrate;
    double *odds;  /* or NULL */
    double top;    /* p       */
    size_t beyond; /* rows whose p is no overlap */
    rl_did_group where;
} odds_pass;

static void one_odds(odds_pass *o, sums *t, size_t q, const rl_did_part *p, double *to)
{
    size_t k = o->s->k;
    for (size_t i = 0; i < p->n; i++) {
        const double *x = p->x + i * k;
        double w = weight(p, i), e = 0, score = 0;
        bool quiet = o->calibrate && treated(q);
        if (!quiet) {
            e = rl_exp(dot(o->gamma, x, k));
            score = e < 1e300 ? e / (1 + e) : 1;
        }
        if (score >= NO_OVERLAP && o->beyond++ == 0) o->where = (rl_did_group)q;
        if (score > o->top) o->top = score;
        if (to != NULL && !treated(q)) to[i] = e < MOST_ODDS ? e : MOST_ODDS;
        if (o->calibrate) {
            add_vec(t, x, treated(q) ? w : -w * e);
            if (!quiet) add_cross(t, x, w * e);
        } else {
            add_vec(t, x, treated(q) ? w * (1 - score) : -w * score);
            add_cross(t, x, w * score * (1 - score));
        }
        if (i % CHUNK == CHUNK - 1) sums_flush(t);
    }
    sums_flush(t);
}

static void pass_odds(odds_pass *o, long double *g, long double *H, double *space)
{
    sums t;
    double *to = o->odds;
    sums_begin(&t, o->s->k, g, H, space);
    o->top = 0;
    o->beyond = 0;
    for (size_t q = 0; q < o->s->groups; q++)
        for (size_t r = 0; r < RL_DID_PARTS; r++) {
            one_odds(o, &t, q, &o->s->part[q][r], to);
            if (to != NULL && !treated(q)) to += o->s->part[q][r].n;
        }
}

/* --- the odds ------------------------------------------------------------------------- */

static bool all_zero(const double *v, size_t k)
{
    for (size_t j = 0; j < k; j++)
        if (v[j] != 0) return false;
    return true;
}

/* Newton on a concave criterion.  A step that overshoots (the slope along it has turned by more than it was) is
 * halved.  Done after the step whose promised gain is below 1e-14 of the weight: quadratic convergence leaves nothing
 * to be had. */
static bool newton(odds_pass *o, double weight_all, rl_did_frame *f, double *space)
{
    enum { MOST_STEPS = 100, MOST_HALVES = 30 };
    size_t k = o->s->k;
    long double *g = f->work, *step = g + k, *g_new = step + k, *H_new = g_new + k;
    o->gamma = f->gamma;
    pass_odds(o, g, f->H, space);
    for (int it = 0; it < MOST_STEPS; it++) {
        factor(f->H, k, f->gone);
        memcpy(step, g, k * sizeof *g);
        solve(f->H, k, step);
        long double gain = 0, slope = 0;
        for (size_t j = 0; j < k; j++) gain += g[j] * step[j];
        if (!isfinite((double)gain)) return false;
        double *from = space + k + packed(k), part = 1;
        memcpy(from, f->gamma, k * sizeof *from);
        for (int h = 0; h < MOST_HALVES; h++, part /= 2) {
            for (size_t j = 0; j < k; j++) f->gamma[j] = from[j] + part * (double)step[j];
            pass_odds(o, g_new, H_new, space);
            slope = 0;
            for (size_t j = 0; j < k; j++) slope += g_new[j] * step[j];
            if (slope > -0.9L * gain || gain <= 1e-14L * weight_all) break;
        }
        memcpy(g, g_new, k * sizeof *g);
        memcpy(f->H, H_new, packed(k) * sizeof *f->H);
        if (gain <= 1e-14L * weight_all) {
            factor(f->H, k, f->gone);
            return isfinite((double)slope);
        }
    }
    return false;
}

/* Rank of the covariates over all rows. */
static rl_did_trouble same_rank(const rl_did_sample *s, rl_did_frame *f, double *space)
{
    sums t;
    sums_begin(&t, s->k, f->work, f->H, space);
    for (size_t q = 0; q < s->groups; q++)
        for (size_t r = 0; r < RL_DID_PARTS; r++) {
            const rl_did_part *p = &s->part[q][r];
            for (size_t i = 0; i < p->n; i++) {
                add_cross(&t, p->x + i * s->k, weight(p, i));
                if (i % CHUNK == CHUNK - 1) sums_flush(&t);
            }
            sums_flush(&t);
        }
    size_t bad = factor(f->H, s->k, f->gone);
    if (bad == s->k) return (rl_did_trouble){0};
    return (rl_did_trouble){.what = RL_DID_COLLINEAR, .group = RL_DID_GROUPS, .column = bad};
}

static rl_did_trouble find_odds(const rl_did_sample *s, rl_did_frame *f, double *space)
{
    rl_did_trouble t = same_rank(s, f, space);
    if (t.what != RL_DID_FINE) return t;
    odds_pass o = {.s = s, .odds = f->odds};
    double all = 0;
    for (size_t q = 0; q < s->groups; q++) all += f->sum[q];
    bool fresh = all_zero(f->gamma, s->k), done = newton(&o, all, f, space);
    if (!done && !fresh) {
        memset(f->gamma, 0, s->k * sizeof *f->gamma);
        done = newton(&o, all, f, space);
    }
    if (!done || o.beyond > 0) return (rl_did_trouble){RL_DID_OVERLAP, o.where, s->k, o.beyond, o.top};
    if (s->method != RL_DID_IMPROVED) return t;
    o.calibrate = true;
    if (newton(&o, all, f, space)) return t;
    return (rl_did_trouble){.what = RL_DID_STUCK, .column = s->k};
}

/* --- what does not depend on the outcome --------------------------------------------- */

static bool own_regression(const rl_did_sample *s, size_t q)
{
    if (s->method == RL_DID_IPW || s->method == RL_DID_HT) return false;
    if (!treated(q)) return true;
    return s->groups == RL_DID_GROUPS && s->method != RL_DID_REG;
}

/* Odds of the controls begin here for part r of group q. */
static const double *odds_of(const rl_did_sample *s, const rl_did_frame *f, size_t q, size_t r)
{
    const double *o = f->odds;
    if (!rl_did_has_odds(s->method) || treated(q)) return NULL;
    for (size_t p = 0; p < q; p += 2) o += s->part[p][0].n + s->part[p][1].n;
    return r == 1 ? o + s->part[q][0].n : o;
}

static double cut(double odds) { return odds < TRIM ? odds : 0; }

/* Mean of x under w v, sum of w v, and the regression's Gram matrix, of group q. */
static void moments(const rl_did_sample *s, rl_did_frame *f, size_t q, double *space)
{
    size_t k = s->k;
    sums t;
    bool fitted = own_regression(s, q);
    sums_begin(&t, k, f->work, fitted ? f->G + q * packed(k) : NULL, space);
    for (size_t r = 0; r < RL_DID_PARTS; r++) {
        const rl_did_part *p = &s->part[q][r];
        const double *odds = odds_of(s, f, q, r);
        for (size_t i = 0; i < p->n; i++) {
            const double *x = p->x + i * k;
            double w = weight(p, i), v = odds != NULL ? cut(odds[i]) : 1;
            t.cone += w * v;
            add_vec(&t, x, w * v);
            if (fitted) add_cross(&t, x, s->method == RL_DID_IMPROVED && odds != NULL ? w * odds[i] : w);
            if (i % CHUNK == CHUNK - 1) sums_flush(&t);
        }
        sums_flush(&t);
    }
    f->sum_v[q] = (double)t.one;
    for (size_t j = 0; j < k; j++) f->mq[q * k + j] = (double)(t.vec[j] / t.one);
}

static rl_did_trouble count_rows(const rl_did_sample *s, rl_did_frame *f)
{
    f->rows = 0;
    for (size_t q = 0; q < s->groups; q++) {
        long double sum = 0;
        size_t n = 0;
        for (size_t r = 0; r < RL_DID_PARTS; r++) {
            const rl_did_part *p = &s->part[q][r];
            for (size_t i = 0; i < p->n; i++) sum += weight(p, i);
            n += p->n;
        }
        if (n == 0) return (rl_did_trouble){.what = RL_DID_EMPTY, .group = (rl_did_group)q, .column = s->k};
        f->sum[q] = (double)sum;
        f->rows += (double)n;
    }
    return (rl_did_trouble){0};
}

rl_did_trouble rl_did_weigh(const rl_did_sample *s, rl_did_frame *f)
{
    size_t k = s->k;
    double *space = f->mq + RL_DID_GROUPS * k;
    rl_did_trouble t = count_rows(s, f);
    if (t.what != RL_DID_FINE) return t;
    if (rl_did_has_odds(s->method)) t = find_odds(s, f, space);
    if (t.what != RL_DID_FINE) return t;
    for (size_t q = 0; q < s->groups; q++) {
        moments(s, f, q, space);
        if (!own_regression(s, q)) continue;
        size_t bad = factor(f->G + q * packed(k), k, NULL);
        if (bad < k) return (rl_did_trouble){.what = RL_DID_COLLINEAR, .group = (rl_did_group)q, .column = bad};
    }
    for (size_t q = 0; q < s->groups; q += 2)
        if (rl_did_has_odds(s->method) && !(f->sum_v[q] > 0))
            return (rl_did_trouble){RL_DID_OVERLAP, (rl_did_group)q, k, s->part[q][0].n + s->part[q][1].n, 1};
    double all = 0;
    for (size_t j = 0; j < k; j++) f->m[j] = 0;
    for (size_t q = 1; q < s->groups; q += 2) {
        for (size_t j = 0; j < k; j++) f->m[j] += f->sum[q] * f->mq[q * k + j];
        all += f->sum[q];
    }
    for (size_t j = 0; j < k; j++) f->m[j] /= all;
    return t;
}

/* --- the effect ----------------------------------------------------------------------- */

/* vec = sum of w u e x, e = y - x'b; u = 1, v (cut odds) or, for weighted regressions, the odds. */
typedef enum factor_kind { PLAIN, CUT, RAW } factor_kind;

static void residual_sums(const rl_did_sample *s, const rl_did_frame *f, size_t q, const double *beta, factor_kind kind,
                          sums *t, long double *vec, double *space)
{
    size_t k = s->k;
    sums_begin(t, k, vec, NULL, space);
    for (size_t r = 0; r < RL_DID_PARTS; r++) {
        const rl_did_part *p = &s->part[q][r];
        const double *odds = kind != PLAIN ? odds_of(s, f, q, r) : NULL;
        for (size_t i = 0; i < p->n; i++) {
            const double *x = p->x + i * k;
            double u = weight(p, i), e = outcome(p, i);
            if (beta != NULL) e -= dot(x, beta, k);
            if (odds != NULL) u *= kind == CUT ? cut(odds[i]) : odds[i];
            t->cy += u * e;
            add_vec(t, x, u * e);
            if (i % CHUNK == CHUNK - 1) sums_flush(t);
        }
        sums_flush(t);
    }
}

/* Twice: the second solve takes from the residuals what the first one left. */
static void regress(const rl_did_sample *s, const rl_did_frame *f, size_t q, double *beta, long double *vec,
                    double *space)
{
    sums t;
    factor_kind kind = s->method == RL_DID_IMPROVED ? RAW : PLAIN;
    memset(beta, 0, s->k * sizeof *beta);
    for (int step = 0; step < 2; step++) {
        residual_sums(s, f, q, beta, kind, &t, vec, space);
        solve(f->G + q * packed(s->k), s->k, vec);
        for (size_t j = 0; j < s->k; j++) beta[j] = (double)(beta[j] + vec[j]);
    }
}

/* 1 over what the outcomes of group q are divided by. */
static double share(const rl_did_sample *s, const rl_did_frame *f, size_t q)
{
    bool panel = s->groups == 2;
    double all = 0, on = 0, now = f->sum[q] + f->sum[q ^ 1u];
    for (size_t g = 0; g < s->groups; g++) all += f->sum[g];
    for (size_t g = 1; g < s->groups; g += 2) on += f->sum[g];
    if (s->method == RL_DID_REG && !treated(q)) return 0;
    if (s->method == RL_DID_HT && !panel) return all / (on * now);
    if (panel && (s->method == RL_DID_HT || s->method == RL_DID_IMPROVED)) return 1 / on;
    return 1 / f->sum_v[q];
}

/* Shares of treated and of periods are estimates too where nothing adds up to 1. */
static void plain_shares(const rl_did_sample *s, const rl_did_frame *f, rl_did_effect *e, const double *eta)
{
    double all = 0, after = eta[RL_DID_TREATED] - eta[RL_DID_CONTROL];
    double before = eta[RL_DID_TREATED_BEFORE] - eta[RL_DID_CONTROL_BEFORE];
    for (size_t g = 0; g < s->groups; g++) all += f->sum[g];
    double on = (f->sum[RL_DID_TREATED] + f->sum[RL_DID_TREATED_BEFORE]) / all;
    double now = (f->sum[RL_DID_TREATED] + f->sum[RL_DID_CONTROL]) / all;
    e->even = e->att / f->rows;
    for (size_t q = 0; q < s->groups; q++) {
        double d = treated(q) ? e->att / on : 0;
        e->extra[q] = -(d + (q < RL_DID_CONTROL_BEFORE ? after / now : -before / (1 - now))) / all;
        e->eta[q] = 0;
    }
}

/* How att moves with the sums w e x of group q: s_q G_q^-1 (m - m_q), m_q as far as the group's mean enters.
 *
 * In the influence for dr of cross-sections DRDID 1.2.3 and did 2.5.1 take the controls before with the sign of those
 * after in one part: (m_c - m_t) + (m - m_t) instead of m - m_c, where m_c is their mean under the odds and m_t that
 * of the treated before.  m_c - m_t vanishes as the odds come right, so the limit is the same; errors are as theirs. */
static void of_regression(const rl_did_sample *s, const rl_did_frame *f, rl_did_effect *e, size_t q, long double *vec)
{
    size_t k = s->k;
    const double *own = f->mq + q * k, *before = f->mq + RL_DID_TREATED_BEFORE * k;
    double enters = fabs(e->a[q]) * f->sum_v[q];
    for (size_t j = 0; j < k; j++) vec[j] = SIGN[q] * (f->m[j] - enters * own[j]);
    solve(f->G + q * packed(k), k, vec);
    for (size_t j = 0; j < k; j++) e->lead[q][j] = (double)vec[j];
    if (e->h[q] == NULL || e->h[q] == e->lead[q]) return;
    for (size_t j = 0; j < k; j++) vec[j] = (own[j] - before[j]) + (f->m[j] - before[j]);
    solve(f->G + q * packed(k), k, vec);
    for (size_t j = 0; j < k; j++) e->h[q][j] = (double)vec[j];
}

void rl_did_estimate(const rl_did_sample *s, const rl_did_frame *f, rl_did_effect *e)
{
    size_t k = s->k;
    double *space = f->mq + RL_DID_GROUPS * k, eta[RL_DID_GROUPS] = {0};
    long double *vec = f->work, *pull = vec + k, att = 0;
    sums t;
    memset(pull, 0, k * sizeof *pull);
    for (size_t q = 0; q < s->groups; q++) {
        e->a[q] = SIGN[q] * share(s, f, q);
        if (e->beta[q] != NULL) regress(s, f, q, e->beta[q], vec, space);
        if (e->lead[q] != NULL) of_regression(s, f, e, q, vec);
        if (e->beta[q] != NULL)
            for (size_t j = 0; j < k; j++) e->delta[j] = (q == 0 ? 0 : e->delta[j]) + SIGN[q] * e->beta[q][j];
        if (e->a[q] == 0) continue;
        residual_sums(s, f, q, e->beta[q], CUT, &t, vec, space);
        eta[q] = (double)(t.y * fabs(e->a[q]));
        e->eta[q] = eta[q];
        if (!treated(q) && (s->method == RL_DID_HT || (s->method == RL_DID_IMPROVED && s->groups == 2))) e->eta[q] = 0;
        for (size_t j = 0; j < k && !treated(q); j++)
            pull[j] += e->a[q] * (vec[j] - e->eta[q] * (long double)f->sum_v[q] * f->mq[q * k + j]);
        att += SIGN[q] * (long double)eta[q];
    }
    e->delta_mean = e->delta != NULL ? dot(e->delta, f->m, k) : 0;
    e->att = (double)(att + e->delta_mean);
    double on = 0;
    for (size_t q = 1; q < s->groups; q += 2) on += f->sum[q];
    e->per_treated = 1 / on;
    if (e->h_odds != NULL) {
        solve(f->H, k, pull);
        for (size_t j = 0; j < k; j++) e->h_odds[j] = (double)pull[j];
    }
    if (s->method == RL_DID_HT && s->groups == RL_DID_GROUPS) plain_shares(s, f, e, eta);
    if (s->groups == 2 && (s->method == RL_DID_HT || s->method == RL_DID_IMPROVED))
        e->eta[RL_DID_TREATED] = e->att - e->delta_mean;
}

/* --- influence -------------------------------------------------------------------------- */

double rl_did_influence(const rl_did_effect *e, size_t k, rl_did_group q, const double *x, double w, double y,
                        double odds)
{
    double r = y - (e->beta[q] != NULL ? dot(x, e->beta[q], k) : 0);
    double v = treated(q) || e->gamma == NULL ? 1 : cut(odds);
    double sum = e->a[q] * v * (r - e->eta[q]) + e->extra[q];
    if (e->h[q] != NULL) sum += r * dot(x, e->h[q], k);
    if (e->h_odds != NULL) sum += (treated(q) ? 1 / (1 + odds) : -odds / (1 + odds)) * dot(x, e->h_odds, k);
    if (e->delta != NULL && treated(q)) sum += (dot(x, e->delta, k) - e->delta_mean) * e->per_treated;
    return w * sum + e->even;
}

double rl_did_omega(const rl_did_effect *e, size_t k, rl_did_group q, const double *x, double w, double odds)
{
    double v = treated(q) || e->gamma == NULL ? 1 : cut(odds), by = 1;
    if (e->lead[q] == NULL) return w * e->a[q] * v;
    if (e->h[q] == NULL && !treated(q)) by = odds; /* improved: weighed by the odds */
    return w * (e->a[q] * v + by * dot(x, e->lead[q], k));
}

/* --- memory -------------------------------------------------------------------------------- */

/* Extended numbers count as two doubles. */
size_t rl_did_frame_room(size_t k)
{
    size_t extended = (RL_DID_GROUPS + 2) * packed(k) + 4 * k;
    return 2 * extended + (2 + RL_DID_GROUPS) * k + (2 * k + packed(k)) + k;
}

void rl_did_frame_place(rl_did_frame *f, size_t k, double *room, double *odds)
{
    *f = (rl_did_frame){.odds = odds, .H = (long double *)(void *)room};
    f->G = f->H + packed(k);
    f->work = f->G + RL_DID_GROUPS * packed(k);
    f->gamma = (double *)(void *)(f->work + 4 * k + packed(k));
    f->m = f->gamma + k;
    f->mq = f->m + k;
    f->gone = (bool *)(void *)(f->mq + RL_DID_GROUPS * k + 2 * k + packed(k));
}

size_t rl_did_effect_room(size_t k, size_t groups) { return (2 * groups + 3) * k; }

void rl_did_effect_place(rl_did_effect *e, const rl_did_sample *s, double *room)
{
    size_t k = s->k;
    bool fitted = false;
    *e = (rl_did_effect){0};
    for (size_t q = 0; q < s->groups; q++) {
        if (!own_regression(s, q)) continue;
        fitted = true;
        e->beta[q] = room + 2 * q * k;
        e->lead[q] = room + (2 * q + 1) * k;
        if (s->method != RL_DID_IMPROVED) e->h[q] = e->lead[q];
        if (s->method == RL_DID_DR && q == RL_DID_CONTROL_BEFORE) e->h[q] = room + (2 * s->groups + 2) * k;
    }
    if (rl_did_has_odds(s->method) && s->method != RL_DID_IMPROVED) e->h_odds = room + 2 * s->groups * k;
    if (fitted) e->delta = room + (2 * s->groups + 1) * k;
}

size_t rl_did_telling(const rl_did_sample *s, const double *gamma)
{
    size_t best = 0;
    double most = -1;
    for (size_t j = 0; j < s->k; j++) {
        double sum[2] = {0}, n[2] = {0};
        for (size_t q = 0; q < s->groups; q++)
            for (size_t r = 0; r < RL_DID_PARTS; r++)
                for (size_t i = 0; i < s->part[q][r].n; i++) {
                    sum[q % 2] += s->part[q][r].x[i * s->k + j];
                    n[q % 2]++;
                }
        double apart = fabs(gamma[j] * (sum[1] / n[1] - sum[0] / n[0]));
        if (!(apart > most)) continue;
        most = apart;
        best = j;
    }
    return best;
}
