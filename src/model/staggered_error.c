/* The errors of estimates from drawn start dates (est_staggered.c). */
#include <math.h>
#include <string.h>

#include "base/seen.h"
#include "model/est_staggered.h"
#include "num/eig.h"
#include "num/recast.h"

double rl_draw_centre(double *v, size_t n, size_t m, size_t j)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++) sum += v[i * m + j];
    double mean = (double)(sum / (long double)n);
    for (size_t i = 0; i < n; i++) v[i * m + j] -= mean;
    return mean;
}

/* --- what the periods before tell of the spread of effects --------------------------- */

static const double GINV = 1.4901161193847656e-8; /* 2^-26, of the largest eigenvalue */

/* B (p-by-m) += the least coefficients of Y (n, rows ld apart, m columns) on D (n-by-p, rows): through the smaller of
 * D'D and DD'.  S (p-by-p) += D'D / (n-1). */
static void regress(const double *D, size_t n, size_t p, const double *Y, size_t m, double *B, double *S, rl_ctx *cx)
{
    size_t r = p <= n ? p : n;
    double *K = RL_NEW(cx->tmp, double, r *r + 2 * r + p * p), *v = K + r * r, *spare = v + r, *DD = spare + r,
           most = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < p; a++)
            for (size_t b = 0; b < p; b++) DD[a * p + b] += D[i * p + a] * D[i * p + b];
    for (size_t i = 0; i < p * p; i++) S[i] += DD[i] / (double)(n - 1);
    if (r == p)
        memcpy(K, DD, p * p * sizeof *K);
    else
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++)
                for (size_t t = 0; t < p; t++) K[a * n + b] += D[a * p + t] * D[b * p + t];
    bool settled = rl_eig(K, r, v, spare);
    for (size_t q = 0; q < r && settled; q++) most = fmax(most, v[q]);
    double *d = RL_NEW(cx->tmp, double, n + p), *load = d + n; /* of one direction: d over units, load over periods */
    for (size_t q = 0; q < r && settled; q++) {
        if (!(v[q] > GINV * most)) continue;
        const double *z = K + q * r;
        memset(d, 0, (n + p) * sizeof *d);
        for (size_t i = 0; i < n; i++) {
            if (r != p) d[i] = z[i];
            for (size_t t = 0; t < p; t++) {
                if (r == p) d[i] += D[i * p + t] * z[t];
                if (r != p) load[t] += D[i * p + t] * z[i];
            }
        }
        if (r == p) memcpy(load, z, p * sizeof *load);
        for (size_t j = 0; j < m; j++) {
            double s = 0;
            for (size_t i = 0; i < n; i++) s += d[i] * Y[i * m + j];
            for (size_t t = 0; t < p; t++) B[j * p + t] += load[t] * s / v[q];
        }
    }
    rl_release(cx->tmp, K);
    rl_release(cx->tmp, d);
}

/* Outcomes of cohort k in the first p periods, less their means. */
static double *before(const rl_draw *w, size_t k, size_t p, rl_ctx *cx)
{
    size_t n = w->first[k + 1] - w->first[k];
    double *D = RL_NEW(cx->tmp, double, n *p);
    for (size_t i = 0; i < n; i++) {
        const uint32_t *row = w->s.row + w->s.first[w->unit[w->first[k] + i]];
        for (size_t t = 0; t < p; t++) D[i * p + t] = w->d->y[row[t]] - w->shift[t];
    }
    for (size_t t = 0; t < p; t++) rl_draw_centre(D, n, p, t);
    return D;
}

/* Q (m-by-m) = B' S B / N with the periods before `start`. */
static void told(const rl_draw *w, int64_t start, rl_mat *Q, rl_ctx *cx)
{
    size_t m = w->m, p = rl_roster_before(&w->s, start), K = 0;
    memset(Q->a, 0, m * m * sizeof *Q->a);
    if (p == 0) return;
    double *B = RL_NEW(cx->tmp, double, p *m), *S = RL_NEW(cx->tmp, double, p *p), *SB = RL_NEW(cx->tmp, double, p);
    for (size_t k = 0; k < w->C; k++) {
        if (w->at[k] < start) continue;
        K++;
        double *D = before(w, k, p, cx);
        regress(D, w->first[k + 1] - w->first[k], p, w->a + w->first[k] * m, m, B, S, cx);
        rl_release(cx->tmp, D);
    }
    double by = 1 / ((double)K * (double)w->s.N);
    for (size_t j = 0; j < m; j++) {
        for (size_t a = 0; a < p; a++) {
            long double sum = 0;
            for (size_t b = 0; b < p; b++) sum += (long double)S[a * p + b] * B[j * p + b];
            SB[a] = (double)sum;
        }
        for (size_t i = 0; i < m; i++) {
            long double sum = 0;
            for (size_t a = 0; a < p; a++) sum += (long double)B[i * p + a] * SB[a];
            *rl_mat_at(Q, i, j) = (double)sum * by;
        }
    }
}

/* V = sum of psi psi' over the units, of the terms. */
static rl_mat neyman(const rl_draw *w, rl_ctx *cx)
{
    size_t m = w->m;
    rl_mat V = rl_mat_new(m, m, cx->tmp);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            long double sum = 0;
            for (size_t u = 0; u < w->s.N; u++) sum += (long double)w->psi[u * w->M + i] * w->psi[u * w->M + j];
            *rl_mat_at(&V, i, j) = *rl_mat_at(&V, j, i) = (double)sum;
        }
    return V;
}

/* The map T of psi, from the variance all terms have with the periods before the earliest cohort, or term by term
 * where some begin later (events that the earliest has not). */
static rl_mat map(const rl_draw *w, const rl_mat *V, rl_ctx *cx)
{
    size_t m = w->m, bad = 0;
    int64_t least = RL_DRAW_NEVER;
    bool alike = true, groups = w->r->agg == RL_AGG_GROUP; /* beside their mean */
    rl_mat Q = rl_mat_new(m, m, cx->tmp), A = rl_mat_new(m, m, cx->tmp), T = rl_mat_new(m, m, cx->tmp);
    for (size_t j = 0; j < m; j++)
        if (!w->term[j].reference && w->term[j].first < least) least = w->term[j].first;
    told(w, least, &Q, cx);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            if (*rl_mat_at(V, i, i) > 0 && *rl_mat_at(V, j, j) > 0) /* references have no variance to take from */
                *rl_mat_at(&A, i, j) = *rl_mat_at(V, i, j) - *rl_mat_at(&Q, i, j);
    int64_t now = least;
    for (size_t j = 0; j < m; j++) {
        const rl_draw_term *x = &w->term[j];
        double v = *rl_mat_at(V, j, j), own;
        *rl_mat_at(&T, j, j) = 1;
        if (x->reference || !(v > 0)) continue;
        if (!groups && x->first != now) told(w, now = x->first, &Q, cx);
        alike = alike && (groups || x->first == least);
        own = v - *rl_mat_at(&Q, j, j);
        if (own > 0)
            *rl_mat_at(&T, j, j) = sqrt(own / v);
        else
            bad++;
    }
    if (bad > 0)
        rl_remark(cx, "staggered",
                  "%zu estimate%s the conservative error: the spread of effects told by the periods before is more "
                  "than all of it",
                  bad, bad > 1 ? "s keep" : " keeps");
    if (bad > 0 || !alike) return T;
    rl_mat R = rl_mat_new(m, m, cx->tmp);
    return rl_recast(V, &A, &R, cx) ? R : T;
}

static void recast(const rl_draw *w, const rl_mat *T, rl_ctx *cx)
{
    size_t m = w->m;
    double *to = RL_NEW(cx->tmp, double, m);
    for (size_t u = 0; u < w->s.N; u++) {
        double *from = w->psi + u * w->M;
        for (size_t j = 0; j < m; j++) {
            to[j] = 0;
            for (size_t i = 0; i < m; i++) to[j] += from[i] * *rl_mat_at(T, i, j);
        }
        memcpy(from, to, m * sizeof *to);
    }
}

/* Is every unit a cluster of its own? */
static bool by_units(const rl_draw *w, rl_ctx *cx)
{
    const rl_vcov_spec *v = &w->d->vcov;
    if (v->kind == RL_HC0 || v->kind == RL_HC1) return true;
    if (v->kind != RL_CLUSTER || v->ways != 1) return false;
    bool *seen = RL_NEW(cx->tmp, bool, w->d->cluster[0].G);
    for (size_t u = 0; u < w->s.N; u++)
        if (!rl_first_seen(seen, (size_t)w->d->cluster[0].code[w->s.start[u]])) return false;
    return true;
}

/* The mean of the events from 0 on behind them. */
static void mean_of_events(rl_draw *w)
{
    size_t n = 0;
    for (size_t j = 0; j < w->m; j++) n += w->term[j].label.event >= 0;
    for (size_t j = 0; j < w->m; j++) {
        if (w->term[j].label.event < 0) continue;
        w->b[w->m] += w->b[j] / (double)n;
        for (size_t u = 0; u < w->s.N; u++) w->psi[u * w->M + w->m] += w->psi[u * w->M + j] / (double)n;
    }
}

void rl_draw_errors(rl_draw *w, rl_fit *f, rl_ctx *cx)
{
    bool events = w->M > w->m;
    if (!by_units(w, cx)) {
        if (events) mean_of_events(w);
        rl_remark(cx, "staggered", "errors by clusters of units are the conservative ones");
        return;
    }
    rl_mat V = neyman(w, cx), T = map(w, &V, cx);
    double *neyman_error = RL_NEW(cx->tmp, double, w->M);
    f->neyman = neyman_error;
    double n = 0, sum = 0;
    for (size_t j = 0; j < w->m; j++) {
        neyman_error[j] = sqrt(*rl_mat_at(&V, j, j));
        if (!events || w->term[j].label.event < 0) continue;
        n++;
        for (size_t i = 0; i < w->m; i++)
            if (w->term[i].label.event >= 0) sum += *rl_mat_at(&V, i, j);
    }
    if (events) neyman_error[w->m] = sum > 0 ? sqrt(sum) / n : 0;
    recast(w, &T, cx);
    if (events) mean_of_events(w);
}
