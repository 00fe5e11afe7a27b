/* Satterthwaite degrees of freedom of num/cr.h. */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "num/cr_shared.h"
#include "num/ols.h"

/* --- what weights add --------------------------------------------------------------------- */

/* M = R' M R in place, R made of the two roots. */
static void between_roots(const rl_cr_shared *s, rl_mat *M, rl_ctx *cx)
{
    size_t c = s->k + s->q;
    rl_mat R = rl_mat_new(c, c, cx->tmp), H = rl_mat_new(c, c, cx->tmp);
    for (size_t j = 0; j < s->k; j++) memcpy(rl_mat_col(&R, j), rl_mat_col(&s->p->RX, j), s->k * sizeof(double));
    for (size_t j = 0; j < s->q; j++)
        memcpy(rl_mat_at(&R, s->k, s->k + j), rl_mat_col(&s->p->RD, j), s->q * sizeof(double));
    for (size_t j = 0; j < c; j++)
        for (size_t l = 0; l < c; l++) rl_cr_add(rl_mat_col(&H, j), *rl_mat_at(&R, l, j), rl_mat_col(M, l), c);
    for (size_t j = 0; j < c; j++)
        for (size_t l = 0; l < c; l++) *rl_mat_at(M, l, j) = rl_cr_dot(rl_mat_col(&R, l), rl_mat_col(&H, j), c);
}

/* R'Z'W^2Z R and the same of F with Z R and of F. */
rl_code rl_cr_squared_weights(rl_cr_shared *s, rl_ctx *cx)
{
    const rl_cr *p = s->p;
    size_t c = s->k + s->q;
    rl_mat Z = rl_mat_new(p->n, c, cx->tmp), lo = rl_mat_new(c, c, cx->tmp);
    double *w2 = RL_NEW(cx->tmp, double, p->n);
    for (size_t i = 0; i < p->n; i++) w2[i] = p->w[i] * p->w[i];
    for (size_t j = 0; j < c; j++) {
        double *to = rl_mat_col(&Z, j);
        const double *z = j < s->k ? rl_cols_part(&p->X, j, 0, p->n, to) : rl_mat_col(&p->D, j - s->k);
        if (z != to) memcpy(to, z, p->n * sizeof *w2);
    }
    s->Q = rl_mat_new(c, c, cx->tmp);
    RL_TRY(rl_gram(&Z, w2, &s->Q, &lo, cx));
    between_roots(s, &s->Q, cx);
    s->QF = rl_mat_new(p->levels, c, cx->tmp);
    s->QD = RL_NEW(cx->tmp, double, p->levels);
    for (size_t i = 0; i < p->n && p->F != NULL; i++) s->QD[p->F[i]] += w2[i] / s->W[p->F[i]];
    for (size_t l = 0; l < c && p->F != NULL; l++) {
        double *sum = RL_NEW(cx->tmp, double, p->levels);
        for (size_t i = 0; i < p->n; i++) sum[p->F[i]] += w2[i] * *rl_mat_at(&Z, i, l);
        for (size_t f = 0; f < p->levels; f++) sum[f] /= sqrt(s->W[f]);
        for (size_t j = 0; j < c; j++) {
            double r = (j < s->k) != (l < s->k) ? 0
                       : j < s->k               ? *rl_mat_at(&p->RX, l, j)
                                                : *rl_mat_at(&p->RD, l - s->k, j - s->k);
            if (r != 0) rl_cr_add(rl_mat_col(&s->QF, j), r, sum, p->levels);
        }
    }
    rl_release(cx->tmp, Z.a);
    return RL_OK;
}

/* --- degrees of freedom ---------------------------------------------------------------- */

static const double *y_of(const rl_cr_shared *s, size_t g, size_t j)
{
    return s->y + s->at[g] * s->m + j * rl_cr_columns(s, g);
}

static const double *v_of(const rl_cr_shared *s, size_t g, size_t j)
{
    return s->v == NULL ? NULL : s->v + s->at[g] * s->m + j * rl_cr_columns(s, g);
}

/* l = [Q y - v, -y] and h = [y, v]; without weights Q = I and v = y, and l = -y, h = y do. */
size_t rl_cr_halves(const rl_cr_shared *s, size_t g, size_t j, double *l, double *h)
{
    size_t c = s->k + s->q;
    const double *y = y_of(s, g, j), *v = v_of(s, g, j);
    for (size_t i = 0; i < c; i++) {
        h[i] = y[i];
        l[i] = v == NULL ? -y[i] : rl_cr_dot(rl_mat_col(&s->Q, i), y, c) - v[i];
    }
    for (size_t i = 0; i < c && v != NULL; i++) {
        h[c + i] = v[i];
        l[c + i] = -y[i];
    }
    return v == NULL ? c : 2 * c;
}

typedef struct moments {
    rl_cr_shared *s;
    double *space; /* m times 2 (2c)^2 + 4c */
} moments;

/* Estimate j without F: sum_gh (l_g'h_h)^2 = tr (sum l l') (sum h h'). */
static void by_gram(size_t j, void *arg)
{
    const moments *m = arg;
    const rl_cr_shared *s = m->s;
    size_t most = 2 * (s->k + s->q), each = 2 * most * most + 2 * most;
    double *L = m->space + j * each, *H = L + most * most, *l = H + most * most, *h = l + most, tr = 0, sq = 0;
    for (size_t g = 0; g < s->p->G; g++) {
        size_t c = rl_cr_halves(s, g, j, l, h);
        double own = rl_cr_dot(l, h, c), d = s->d[g + j * s->p->G];
        tr += d + own;
        sq += d * d + 2 * d * own;
        for (size_t i = 0; i < c; i++) {
            rl_cr_add(L + i * most, l[i], l, i + 1);
            rl_cr_add(H + i * most, h[i], h, i + 1);
        }
    }
    for (size_t i = 0; i < most; i++)
        for (size_t a = 0; a <= i; a++) sq += (a == i ? 1 : 2) * L[a + i * most] * H[a + i * most];
    s->tr[j] = tr;
    s->sq[j] = sq;
}

/* The first half of row g of P over all columns of the design: alpha meets y, -y meets v. */
static void alpha_of(const rl_cr_shared *s, size_t g, size_t j, double *alpha)
{
    size_t c = s->k + s->q;
    const double *y = y_of(s, g, j), *v = v_of(s, g, j);
    const int32_t *have = rl_cr_levels(s, g);
    if (v == NULL) {
        for (size_t i = 0; i < c; i++) alpha[i] = -y[i];
        for (size_t l = 0; l < s->levels[g]; l++) alpha[c + (size_t)have[l]] = -y[c + l];
        return;
    }
    for (size_t i = 0; i < c; i++) {
        alpha[i] = rl_cr_dot(rl_mat_col(&s->Q, i), y, c) - v[i];
        for (size_t l = 0; l < s->levels[g]; l++) alpha[i] += *rl_mat_at(&s->QF, (size_t)have[l], i) * y[c + l];
        rl_cr_add(alpha + c, y[i], rl_mat_col(&s->QF, i), s->p->levels);
    }
    for (size_t l = 0; l < s->levels[g]; l++) alpha[c + (size_t)have[l]] += s->QD[have[l]] * y[c + l] - v[c + l];
}

void rl_cr_row(const rl_cr_shared *s, size_t g, size_t j, double *alpha, double *beta)
{
    size_t c = s->k + s->q;
    const int32_t *mine = rl_cr_levels(s, g);
    const double *y = y_of(s, g, j);
    memset(alpha, 0, (c + s->p->levels) * sizeof *alpha);
    memset(beta, 0, (c + s->p->levels) * sizeof *beta);
    alpha_of(s, g, j, alpha);
    for (size_t i = 0; i < c; i++) beta[i] = -y[i];
    for (size_t l = 0; l < s->levels[g]; l++) beta[c + (size_t)mine[l]] = -y[c + l];
}

double rl_cr_meet(const rl_cr_shared *s, const double *alpha, const double *beta, size_t h, size_t l)
{
    size_t c = s->k + s->q;
    const double *yh = y_of(s, h, l), *vh = v_of(s, h, l);
    const int32_t *have = rl_cr_levels(s, h);
    double P = rl_cr_dot(alpha, yh, c) + (vh != NULL ? rl_cr_dot(beta, vh, c) : 0);
    for (size_t i = 0; i < s->levels[h]; i++)
        P += alpha[c + (size_t)have[i]] * yh[c + i] + (vh != NULL ? beta[c + (size_t)have[i]] * vh[c + i] : 0);
    return P;
}

/* Row g of P for every estimate. */
static void by_row(size_t g, double *alpha, double *beta, const rl_cr_shared *s)
{
    size_t G = s->p->G;
    for (size_t j = 0; j < s->m; j++) {
        double tr = 0, sq = 0;
        rl_cr_row(s, g, j, alpha, beta);
        for (size_t h = 0; h < G; h++) {
            double P = rl_cr_meet(s, alpha, beta, h, j);
            if (h == g) tr = P += s->d[g + j * G];
            sq += P * P;
        }
        s->tr[g + j * G] = tr;
        s->sq[g + j * G] = sq;
    }
}

static void rows_block(size_t at, void *arg)
{
    const rl_cr_shared *s = arg;
    size_t c = s->k + s->q + s->p->levels;
    for (size_t g = s->first[at]; g < s->first[at + 1]; g++) by_row(g, s->space[at], s->space[at] + c, s);
}

void rl_cr_degrees(rl_cr_shared *s, size_t blocks, double *df, rl_ctx *cx)
{
    size_t m = s->m, G = s->p->G, each = s->p->F != NULL ? G : 1;
    s->tr = RL_NEW(cx->tmp, double, m *each);
    s->sq = RL_NEW(cx->tmp, double, m *each);
    if (s->p->F == NULL) {
        size_t most = 2 * (s->k + s->q);
        moments job = {s, RL_NEW(cx->tmp, double, m *(2 * most * most + 2 * most))};
        rl_par(m, by_gram, &job, cx);
    } else {
        for (size_t b = 0; b < blocks; b++) s->space[b] = RL_NEW(cx->tmp, double, 2 * (s->k + s->q + s->p->levels));
        rl_par(blocks, rows_block, s, cx);
    }
    for (size_t j = 0; j < m; j++) {
        double tr = 0, sq = 0;
        for (size_t g = 0; g < each; g++) {
            tr += s->tr[g + j * each];
            sq += s->sq[g + j * each];
        }
        df[j] = tr * tr / sq;
    }
}
