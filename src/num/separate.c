/* Rows whose mean has no finite estimate (num/glm.h). */
#include <math.h>
#include <string.h>

#include "num/glm.h"
#include "num/ols.h"

enum { MOST_TURNS = 400 };
static const double HEAVY = 1e9, SMALL = 1e-5, NOTHING = 1e-7;

typedef struct search {
    const rl_glm *g;
    rl_mat X;       /* n-by-k  swept                              */
    double *weight; /* n       1 where z may move, HEAVY elsewhere */
    signed char *s; /* n       the sign z may have, 0 = none      */
    double *u, *z;  /* n       a point of the signs, and of the columns */
    double *c;      /* k                                          */
} search;

static double largest(const double *v, size_t n)
{
    double m = 0;
    for (size_t i = 0; i < n; i++)
        if (fabs(v[i]) > m) m = fabs(v[i]);
    return m;
}

/* z = the projection of u onto the columns and effects. */
static rl_code project(search *t, rl_ctx *cx)
{
    const rl_glm *g = t->g;
    size_t n = g->n;
    rl_mat V = {t->z, n, 1, n};
    rl_absorbed info;
    memcpy(t->z, t->u, n * sizeof *t->u);
    if (g->fe != NULL && g->fe->n_fe > 0) RL_TRY(rl_absorb(g->fe, t->weight, &V, NULL, &info, cx));
    if (t->X.k > 0) {
        rl_ols_fit o;
        RL_TRY(rl_ols(&t->X, t->z, t->weight, NULL, &o, cx->tmp, cx));
        memcpy(t->z, o.e, n * sizeof *o.e);
        memcpy(t->c, o.b, t->X.k * sizeof *o.b);
        rl_release(cx->tmp, o.e);
    }
    for (size_t i = 0; i < n; i++) t->z[i] = t->u[i] - t->z[i];
    return RL_OK;
}

/* Does z have the signs everywhere?  u becomes the point of the signs next to z. */
static bool rectify(search *t, double *top)
{
    size_t n = t->g->n;
    bool all = true;
    *top = 0;
    for (size_t i = 0; i < n; i++)
        if (t->s[i] * t->z[i] > *top) *top = t->s[i] * t->z[i];
    for (size_t i = 0; i < n; i++) {
        if (t->s[i] == 0)
            all = all && fabs(t->z[i]) <= SMALL * *top;
        else
            all = all && t->s[i] * t->z[i] >= -SMALL * *top;
        t->u[i] = t->s[i] * t->z[i] > 0 ? t->z[i] : 0;
    }
    return all;
}

static void set_out(search *t, const unsigned char *suspect)
{
    const rl_glm *g = t->g;
    for (size_t i = 0; i < g->n; i++) {
        t->s[i] = g->y[i] == 0 ? 1 : g->family == RL_LOGIT && g->y[i] == 1 ? -1 : 0;
        t->weight[i] = t->s[i] != 0 ? 1 : HEAVY;
        t->u[i] = suspect[i] ? t->s[i] : 0;
    }
}

static void shares(const search *t, double *share, rl_ctx *cx)
{
    double whole = sqrt(rl_dot(NULL, t->z, t->z, t->g->n, cx));
    for (size_t j = 0; j < t->X.k; j++) {
        const double *x = rl_mat_col(&t->X, j);
        double own = fabs(t->c[j]) * sqrt(rl_dot(NULL, x, x, t->g->n, cx)) / whole;
        share[j] = own > 1e-6 ? own : 0;
    }
}

rl_code rl_separation(const rl_glm *g, const rl_mat *X, const unsigned char *suspect, unsigned char *separated,
                      double *share, size_t *rows, rl_ctx *cx)
{
    size_t n = g->n, k = X->k;
    rl_absorbed info;
    search t = {.g = g, .X = rl_mat_new(n, k, cx->tmp), .weight = RL_NEW(cx->tmp, double, n)};
    t.s = RL_NEW(cx->tmp, signed char, n);
    t.u = RL_NEW(cx->tmp, double, n);
    t.z = RL_NEW(cx->tmp, double, n);
    t.c = RL_NEW(cx->tmp, double, k);
    *rows = 0;
    memset(separated, 0, n);
    for (size_t j = 0; j < k; j++) share[j] = 0;
    set_out(&t, suspect);
    for (size_t j = 0; j < k; j++) memcpy(rl_mat_col(&t.X, j), rl_mat_col(X, j), n * sizeof(double));
    if (k > 0 && g->fe != NULL && g->fe->n_fe > 0) RL_TRY(rl_absorb(g->fe, t.weight, &t.X, NULL, &info, cx));
    for (int turn = 0; turn < MOST_TURNS; turn++) {
        double top;
        RL_TRY(project(&t, cx));
        bool all = rectify(&t, &top);
        if (top < NOTHING || largest(t.u, n) < NOTHING) return RL_OK;
        if (!all) continue;
        for (size_t i = 0; i < n; i++) {
            separated[i] = t.s[i] * t.z[i] > SMALL * 10 * top;
            *rows += separated[i];
        }
        shares(&t, share, cx);
        return RL_OK;
    }
    return RL_OK;
}
