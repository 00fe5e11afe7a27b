#include "num/glm.h"

#include <math.h>
#include <string.h>

#include "base/dd.h"
#include "base/fmath.h"
#include "base/par.h"
#include "num/ols.h"

enum { MOST_STEPS = 100, MOST_HALVINGS = 40 };
static const double DONE = 3e-13, FLAT = 0x1p-52, FAR = 1e-12, RUNNING = 0.1;

/* One pass over the rows in fixed blocks. */
typedef struct pass {
    const rl_glm *g;
    rl_glm_fit *f;
    double scale;  /* weighted mean of y                     */
    double *z;     /* n   working outcome, or NULL           */
    double *log_y; /* n   Poisson: log y, 0 where y = 0      */
    double *base;  /* blocks of sums of deviance, fixed order */
} pass;

/* --- families ------------------------------------------------------------------- */

static inline void logit_at(double eta, double *mu, double *slope)
{
    double t = rl_exp(-fabs(eta)), u = 1 / (1 + t);
    *mu = eta >= 0 ? u : t * u;
    *slope = t * u * u;
}

/* -2 log likelihood of one row: log(1 + e^eta) - y eta, the first part without cancellation. */
static inline double logit_deviance(double y, double eta)
{
    double l = rl_log1p(rl_exp(-fabs(eta)));
    return 2 * (eta >= 0 ? (1 - y) * eta + l : l - y * eta);
}

static inline double poisson_deviance(double y, double log_y, double eta, double mu)
{
    if (y == 0) return 2 * mu;
    double d = (y - mu) / mu;
    if (fabs(d) < 1e-3) { /* y log(y/mu) - (y - mu) by its series */
        double s = d * d * (0.5 - d * (1.0 / 6 - d * (1.0 / 12 - d * (0.05 - d / 30))));
        return 2 * mu * s;
    }
    return 2 * (y * (log_y - eta) - (y - mu));
}

void rl_glm_mean(rl_family family, const double *eta, size_t n, double *mu, double *slope, double *curve, rl_ctx *cx)
{
    (void)cx;
    for (size_t i = 0; i < n; i++) {
        double m, s;
        if (family == RL_POISSON)
            m = s = rl_exp(eta[i]);
        else
            logit_at(eta[i], &m, &s);
        if (mu != NULL) mu[i] = m;
        if (slope != NULL) slope[i] = s;
        if (curve != NULL) curve[i] = family == RL_POISSON ? m : s * (1 - 2 * m);
    }
}

static inline void add_to(rl_dd *sum, double x)
{
    rl_dd s = rl_two_sum(sum->hi, x);
    *sum = (rl_dd){s.hi, sum->lo + s.lo};
}

static rl_dd weigh_poisson(const pass *p, size_t from, size_t to)
{
    const rl_glm *g = p->g;
    rl_dd sum = {0, 0};
    for (size_t i = from; i < to; i++) {
        double w = g->w != NULL ? g->w[i] : 1, mu = rl_exp(p->f->eta[i]), slope = fmax(mu, FLAT * p->scale);
        p->f->mu[i] = mu;
        p->f->W[i] = w * slope;
        p->f->e[i] = (g->y[i] - mu) / slope;
        add_to(&sum, w * poisson_deviance(g->y[i], p->log_y[i], p->f->eta[i], mu));
    }
    return sum;
}

/* The logarithms of 1 + e^-|eta| are taken of products, as many as fit into a double. */
static rl_dd weigh_logit(const pass *p, size_t from, size_t to)
{
    enum { FACTORS = 512 };
    const rl_glm *g = p->g;
    rl_dd sum = {0, 0};
    double product = 1;
    for (size_t i = from; i < to; i++) {
        double w = g->w != NULL ? g->w[i] : 1, y = g->y[i], eta = p->f->eta[i], t = rl_exp(-fabs(eta)), u = 1 / (1 + t);
        double mu = eta >= 0 ? u : t * u, rest = eta >= 0 ? t * u : u, slope = t * u * u, floor = fmax(slope, FLAT);
        p->f->mu[i] = mu;
        p->f->W[i] = w * floor;
        p->f->e[i] = (y == 1 ? rest : y - mu) / floor;
        add_to(&sum, 2 * w * (eta >= 0 ? (1 - y) * eta : -y * eta));
        if (g->w != NULL) {
            add_to(&sum, 2 * w * rl_log1p(t));
            continue;
        }
        product *= 1 + t;
        if ((i - from) % FACTORS != FACTORS - 1 && i + 1 < to) continue;
        add_to(&sum, 2 * rl_log(product));
        product = 1;
    }
    return sum;
}

/* mu, W, e, the working outcome and the deviance at eta. */
static void weigh_block(size_t block, void *arg)
{
    const pass *p = arg;
    const rl_glm *g = p->g;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > g->n) to = g->n;
    rl_dd s = g->family == RL_POISSON ? weigh_poisson(p, from, to) : weigh_logit(p, from, to);
    for (size_t i = from; i < to && p->z != NULL; i++)
        p->z[i] = p->f->eta[i] - (g->offset != NULL ? g->offset[i] : 0) + p->f->e[i];
    p->base[2 * block] = s.hi;
    p->base[2 * block + 1] = s.lo;
}

static double weigh(pass *p, rl_ctx *cx)
{
    size_t blocks = rl_blocks(p->g->n, RL_ROWS_PER_BLOCK);
    p->base = RL_NEW(cx->tmp, double, 2 * blocks);
    rl_par(blocks, weigh_block, p, cx);
    rl_dd sum = {0, 0};
    for (size_t b = 0; b < blocks; b++) sum = rl_dd_add(sum, rl_two_sum(p->base[2 * b], p->base[2 * b + 1]));
    rl_release(cx->tmp, p->base);
    return sum.hi + sum.lo;
}

/* Where R and its packages start, so that the last step is theirs too. */
static void start_block(size_t block, void *arg)
{
    const pass *p = arg;
    const rl_glm *g = p->g;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    for (size_t i = from; i < to && i < g->n; i++) {
        double y = g->y[i], m = (y + 0.5) / 2;
        p->f->eta[i] = g->family == RL_POISSON ? rl_log(y + 0.1) : rl_log(m / (1 - m));
        if (g->start != NULL) p->f->eta[i] = g->start[i];
        if (p->log_y != NULL && y > 0) p->log_y[i] = rl_log(y);
    }
}

/* --- log-likelihoods ------------------------------------------------------------- */

/* log of the gamma function, x >= 1: Stirling's series from 16 on. */
static double log_gamma(double x)
{
    double product = 1;
    for (; x < 16; x++) product *= x;
    double r = 1 / x, r2 = r * r;
    double tail = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 / 1188))));
    return (x - 0.5) * rl_log(x) - x + 0.91893853320467274178 + tail - rl_log(product);
}

typedef struct sum_job {
    const rl_glm *g;
    const double *eta; /* n, or NULL: the offset and c                  */
    double c;
    double *l;         /* n                                             */
    double small[256]; /* log gamma(y + 1) of the small counts          */
} sum_job;

static void loglik_block(size_t block, void *arg)
{
    const sum_job *job = arg;
    const rl_glm *g = job->g;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    for (size_t i = from; i < to && i < g->n; i++) {
        double h = job->eta != NULL ? job->eta[i] : job->c + (g->offset != NULL ? g->offset[i] : 0), y = g->y[i];
        if (g->family == RL_LOGIT) {
            job->l[i] = -0.5 * logit_deviance(y, h);
            continue;
        }
        bool count = y < 256 && y == floor(y);
        job->l[i] = y * h - rl_exp(h) - (count ? job->small[(size_t)y] : log_gamma(y + 1));
    }
}

/* At eta, or with c added to the offset as the only index. */
static double loglik_at(const rl_glm *g, const double *eta, double c, rl_ctx *cx)
{
    sum_job job = {.g = g, .eta = eta, .c = c, .l = RL_NEW(cx->tmp, double, g->n)};
    for (int y = 0; y < 256; y++) job.small[y] = log_gamma(y + 1);
    rl_par(rl_blocks(g->n, RL_ROWS_PER_BLOCK), loglik_block, &job, cx);
    double sum = g->w != NULL ? rl_dot(NULL, g->w, job.l, g->n, cx) : rl_sum(job.l, g->n, cx);
    rl_release(cx->tmp, job.l);
    return sum;
}

/* The constant of the model that has nothing else: Newton, and at once without an offset. */
static double only_constant(const rl_glm *g, double scale, rl_ctx *cx)
{
    double c = g->family == RL_POISSON ? rl_log(scale) : rl_log(scale / (1 - scale));
    double *v = RL_NEW(cx->tmp, double, 2 * g->n), *s = v + g->n;
    for (int it = 0; g->offset != NULL && it < MOST_STEPS; it++) {
        for (size_t i = 0; i < g->n; i++) {
            double h = c + g->offset[i], w = g->w != NULL ? g->w[i] : 1, mu, slope;
            if (g->family == RL_POISSON)
                mu = slope = rl_exp(h);
            else
                logit_at(h, &mu, &slope);
            v[i] = w * (g->y[i] - mu);
            s[i] = w * slope;
        }
        double step = rl_sum(v, g->n, cx) / rl_sum(s, g->n, cx);
        c += step > 2 ? 2 : step < -2 ? -2 : step;
        if (fabs(step) < 1e-13) break;
    }
    rl_release(cx->tmp, v);
    return c;
}

/* --- steps ------------------------------------------------------------------------ */

static bool has_effects(const rl_glm *g) { return g->fe != NULL && g->fe->n_fe > 0; }

static void take_columns(const rl_mat *from, const bool *dropped, rl_mat *V)
{
    size_t at = 0;
    for (size_t j = 0; j < from->k; j++)
        if (!dropped[j]) memcpy(rl_mat_col(V, at++), rl_mat_col(from, j), from->n * sizeof(double));
}

/* The low parts behind the columns of V; beside effects copies, which are swept with them. */
static double **take_low(const rl_glm *g, const rl_glm_fit *f, size_t columns, rl_ctx *cx)
{
    bool swept = has_effects(g);
    double **low = RL_NEW(cx->tmp, double *, columns);
    for (size_t j = 0, at = 0; j < f->k; j++) {
        if (f->dropped[j]) continue;
        low[at++] = g->low[j];
        if (!swept || g->low[j] == NULL) continue;
        low[at - 1] = RL_NEW(cx->tmp, double, g->n);
        memcpy(low[at - 1], g->low[j], g->n * sizeof(double));
    }
    return low;
}

/* Squared norms of columns under W; they only say when a column is spent, so plain sums do. */
typedef struct norm_job {
    const double *W;
    const rl_mat *X;
    size_t *from; /* columns of X */
    double *norm2;
} norm_job;

static void norm_of(size_t j, void *arg)
{
    const norm_job *job = arg;
    const double *x = rl_mat_col(job->X, job->from[j]);
    double sum[4] = {0};
    for (size_t i = 0; i < job->X->n; i++) sum[i % 4] += job->W[i] * x[i] * x[i];
    job->norm2[j] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Regress z on the columns of V before it, and low (of all of V, or NULL), effects out: b of those kept, what is
 * left in o->e. */
static rl_code regress(const rl_glm *g, rl_glm_fit *f, const rl_mat *X, rl_mat *V, double **low, rl_ols_fit *o,
                       rl_ctx *cx)
{
    rl_absorbed info = {0};
    rl_mat R = {V->a, V->n, V->k - 1, V->ld};
    double *norm0 = RL_NEW(cx->tmp, double, R.k);
    norm_job norms = {f->W, X, RL_NEW(cx->tmp, size_t, R.k), norm0};
    for (size_t j = 0, at = 0; j < X->k; j++)
        if (!f->dropped[j]) norms.from[at++] = j;
    rl_par(R.k, norm_of, &norms, cx);
    if (has_effects(g) && low != NULL)
        RL_TRY(rl_absorb_low(g->fe, f->W, V, low, NULL, &info, cx));
    else if (has_effects(g))
        RL_TRY(rl_absorb(g->fe, f->W, V, NULL, &info, cx));
    f->redundant = info.redundant;
    *o = (rl_ols_fit){.e = rl_mat_col(V, R.k)};
    if (R.k == 0) return RL_OK;
    rl_cols C = rl_cols_of(&R, low, cx->tmp);
    return rl_ols_cols(&C, rl_mat_col(V, R.k), low != NULL ? low[R.k] : NULL, f->W, norm0, NULL, o, cx->tmp, cx);
}

/* What the first regression drops stays out; the columns close up. */
static void settle_columns(rl_glm_fit *f, const rl_ols_fit *o, rl_mat *V)
{
    size_t at = 0, k = f->k;
    f->rank = o->rank;
    for (size_t j = 0; j < k; j++) {
        f->dropped[j] = o->dropped[j];
        if (f->dropped[j]) continue;
        if (at != j) memcpy(rl_mat_col(V, at), rl_mat_col(V, j), V->n * sizeof(double));
        at++;
    }
    V->k = at + 1;
}

/* eta := offset + z - e, as fitted; old keeps what it was. */
typedef struct move_job {
    const rl_glm *g;
    rl_glm_fit *f;
    const double *z, *e;
    double *old, *slot;
} move_job;

static void move_block(size_t block, void *arg)
{
    const move_job *job = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    double gain = 0;
    for (size_t i = from; i < to && i < job->g->n; i++) {
        double was = job->f->eta[i], eta = job->z[i] - job->e[i];
        if (job->g->offset != NULL) eta += job->g->offset[i];
        gain += job->f->W[i] * (eta - was) * (eta - was);
        job->old[i] = was;
        job->f->eta[i] = eta;
    }
    job->slot[block] = gain;
}

/* The deviance that the full step promises to take off. */
static double new_eta(const rl_glm *g, rl_glm_fit *f, const double *z, const double *e, double *old, rl_ctx *cx)
{
    size_t blocks = rl_blocks(g->n, RL_ROWS_PER_BLOCK);
    move_job job = {g, f, z, e, old, RL_NEW(cx->tmp, double, blocks)};
    double gain = 0;
    rl_par(blocks, move_block, &job, cx);
    for (size_t b = 0; b < blocks; b++) gain += job.slot[b];
    return gain;
}

/* Halve the step until the deviance is finite and no larger than before. */
static bool halve(pass *p, const double *old, double before, double *deviance, rl_ctx *cx)
{
    for (int h = 0; !isfinite(*deviance) || !(*deviance <= before + 1e-8 * (fabs(before) + 0.1)); h++) {
        if (h == MOST_HALVINGS) return false;
        for (size_t i = 0; i < p->g->n; i++) p->f->eta[i] = 0.5 * (p->f->eta[i] + old[i]);
        *deviance = weigh(p, cx);
    }
    return true;
}

/* Rows whose mean is next to its bound, 0 or 1, or still on its way there. */
static void find_suspects(pass *p, const double *old)
{
    const rl_glm *g = p->g;
    rl_glm_fit *f = p->f;
    for (size_t i = 0; i < g->n; i++) {
        bool bound = g->y[i] == 0 || (g->family == RL_LOGIT && g->y[i] == 1);
        double far = fabs(g->y[i] - f->mu[i]) / (g->family == RL_POISSON ? p->scale : 1);
        f->suspect[i] = bound && (far < FAR || !(fabs(f->eta[i] - old[i]) < RUNNING));
        f->suspects += f->suspect[i];
    }
}

/* Everything at the solution; W and e too, or those of the last step. */
static void finish(pass *p, const rl_ols_fit *o, const rl_mat *V, const double *old, rl_ctx *cx)
{
    rl_glm_fit *f = p->f;
    double *W = f->W;
    for (size_t j = 0, at = 0; j < f->k; j++)
        if (!f->dropped[j]) f->b[j] = o->b[at++];
    f->X = (rl_mat){V->a, V->n, f->rank, V->ld};
    if (f->rank > 0) f->A = o->A;
    if (p->g->last_step) f->W = RL_NEW(cx->tmp, double, p->g->n);
    f->deviance = weigh(p, cx);
    if (p->g->last_step) {
        rl_release(cx->tmp, f->W);
        f->W = W;
        memcpy(f->e, o->e, p->g->n * sizeof *o->e);
    }
    find_suspects(p, old);
}

/* One regression of z; from the columns as they were given (else as the steps before have swept them), and with
 * low parts when there are any and nothing has been swept from the columns without them. */
static rl_code step(pass *p, const rl_mat *X, rl_mat *V, const double *z, bool given, bool wide, rl_ols_fit *o,
                    rl_ctx *cx)
{
    rl_glm_fit *f = p->f;
    if (given) take_columns(X, f->dropped, V);
    memcpy(rl_mat_col(V, V->k - 1), z, p->g->n * sizeof *z);
    f->low = wide ? take_low(p->g, f, V->k, cx) : NULL;
    return regress(p->g, f, X, V, f->low, o, cx);
}

static rl_code iterate(pass *p, const rl_mat *X, rl_mat *V, rl_ctx *cx)
{
    const rl_glm *g = p->g;
    rl_glm_fit *f = p->f;
    double *z = RL_NEW(cx->tmp, double, g->n), *old = RL_NEW(cx->tmp, double, g->n), deviance = INFINITY;
    bool last = false;
    p->z = z;
    rl_par(rl_blocks(g->n, RL_ROWS_PER_BLOCK), start_block, p, cx);
    weigh(p, cx);
    for (f->steps = 1; f->steps <= MOST_STEPS; f->steps++) {
        rl_ols_fit o;
        bool wide = g->low != NULL && (last || !has_effects(g));
        RL_TRY(step(p, X, V, z, last || f->steps == 1, wide, &o, cx));
        if (f->steps == 1 && V->k > 1) settle_columns(f, &o, V);
        if (o.rank < V->k - 1) break;
        double gain = new_eta(g, f, z, o.e, old, cx), before = deviance;
        bool done = f->steps > 1 && gain <= DONE * (fabs(deviance) + 0.1);
        if (done && g->low != NULL && !wide) { /* the same step again */
            if (V->k > 1) rl_release(cx->tmp, o.e);
            RL_TRY(step(p, X, V, z, true, true, &o, cx));
            if (o.rank < V->k - 1) break;
            new_eta(g, f, z, o.e, old, cx);
        }
        if (last || (done && g->last_step)) {
            p->z = NULL;
            finish(p, &o, V, old, cx);
            return RL_OK;
        }
        if (V->k > 1) rl_release(cx->tmp, o.e);
        deviance = weigh(p, cx);
        if (!halve(p, old, before, &deviance, cx)) break;
        last = done;
    }
    f->lost = true;
    find_suspects(p, old);
    return RL_OK;
}

rl_code rl_glm_run(const rl_glm *g, const rl_mat *X, rl_glm_fit *f, rl_arena *in, rl_ctx *cx)
{
    size_t n = g->n, k = X->k;
    double W = g->w != NULL ? rl_sum(g->w, n, cx) : (double)n;
    pass p = {.g = g, .f = f, .log_y = g->family == RL_POISSON ? RL_NEW(cx->tmp, double, n) : NULL};
    rl_mat V = rl_mat_new(n, k + 1, in);
    *f = (rl_glm_fit){.k = k, .b = RL_NEW(in, double, k), .dropped = RL_NEW(in, bool, k)};
    f->eta = RL_NEW(in, double, n);
    f->mu = RL_NEW(in, double, n);
    f->W = RL_NEW(in, double, n);
    f->e = RL_NEW(in, double, n);
    f->suspect = RL_NEW(in, unsigned char, n);
    p.scale = (g->w != NULL ? rl_dot(NULL, g->w, g->y, n, cx) : rl_sum(g->y, n, cx)) / W;
    RL_TRY(iterate(&p, X, &V, cx));
    if (f->lost) return RL_OK;
    f->loglik = loglik_at(g, f->eta, NAN, cx);
    f->loglik_null = loglik_at(g, NULL, only_constant(g, p.scale, cx), cx);
    return RL_OK;
}
