#include "model/dynamic.h"
#include "num/ardlboot.h"
#include "num/lagsel.h"
#include "num/ols.h"
#include "unit/own_fit.h"

enum { M = 61, P = 3, FULL = 1 + P + (P + 1), START = 2 };

/* y_t = .4 + .5 y_(t-1) - .2 y_(t-2) + .8 x_t + .3 x_(t-1) + e_t with a constant; orders 2 and 1. */
typedef struct world {
    double y[M], x[M], one[M], e[M], coef[FULL];
    uint64_t key[M];
    const double *xs[1], *zs[1];
    size_t order[2];
    rl_ardl_series s;
} world;

static world *make(void)
{
    world *w = RL_NEW(cx.keep, world, 1);
    rl_rng r = rl_rng_for(5, 5);
    const double coef[FULL] = {0.4, 0.5, -0.2, 0, 0.8, 0.3, 0, 0};
    memcpy(w->coef, coef, sizeof coef);
    for (size_t t = 0; t < M; t++) {
        w->key[t] = 1990 + t, w->one[t] = 1, w->x[t] = rl_normal(&r), w->e[t] = 0.7 * rl_normal(&r);
        w->y[t] = w->e[t];
        if (t >= START) w->y[t] += 0.4 + 0.5 * w->y[t - 1] - 0.2 * w->y[t - 2] + 0.8 * w->x[t] + 0.3 * w->x[t - 1];
    }
    w->xs[0] = w->x, w->zs[0] = w->one;
    w->order[0] = 2, w->order[1] = 1;
    w->s = (rl_ardl_series){.M = M,
                            .f = 1,
                            .k = 1,
                            .P = P,
                            .y = w->y,
                            .x = w->xs,
                            .z = w->zs,
                            .coef = w->coef,
                            .start = START,
                            .e = w->e,
                            .key = w->key,
                            .order = w->order,
                            .penalty = 2,
                            .most = RL_LAGSEL_MOST};
    return w;
}

/* y on its order by least squares. */
static void by_ols(const world *w, const double *y, const size_t *order, rl_ols_fit *o)
{
    size_t m = order[0] > order[1] ? order[0] : order[1], n = M - m, c = 0;
    rl_mat X = rl_mat_new(n, 2 + order[0] + order[1], cx.keep);
    memcpy(rl_mat_col(&X, c++), w->one, n * sizeof(double));
    for (size_t i = 1; i <= order[0]; i++) memcpy(rl_mat_col(&X, c++), y + m - i, n * sizeof(double));
    for (size_t i = 0; i <= order[1]; i++) memcpy(rl_mat_col(&X, c++), w->x + m - i, n * sizeof(double));
    CHECK_OK(rl_ols(&X, y + m, NULL, NULL, o, cx.keep, &cx), &cx);
}

static void once(void **s)
{
    (void)s;
    static const size_t AT[] = {0, 1, 2, 4, 5};
    world *w = make();
    rl_ols_fit o;
    double b[FULL], V[FULL * FULL], e[M];
    by_ols(w, w->y, w->order, &o);
    assert_true(rl_ardl_once(&w->s, b, V, e, &cx));
    double s2 = o.rss / (M - 2 - 5);
    for (size_t i = 0; i < 5; i++) {
        CHECK_DIGITS(b[AT[i]], o.b[i], 11);
        for (size_t j = 0; j < 5; j++) CHECK_DIGITS(V[AT[i] + AT[j] * FULL], s2 * *rl_mat_at(&o.A, i, j), 10);
    }
    CHECK_NEAR(b[3], 0, 0);
    for (size_t t = 2; t < M; t++) CHECK_NEAR(e[t], o.e[t - 2], 1e-12);
    memcpy(w->x, w->one, sizeof w->one);
    assert_false(rl_ardl_once(&w->s, b, V, e, &cx));
}

/* The outcome of draw 7, made by hand and fitted by least squares. */
static void one_draw(void **s)
{
    (void)s;
    world *w = make();
    double y[M], out[8 * 3], r[3] = {0.5, 0, 0.3};
    bool student[3] = {false, false, true};
    rl_mat R = rl_mat_new(3, FULL, cx.keep);
    rl_ols_fit o;
    *rl_mat_at(&R, 0, 1) = 1, *rl_mat_at(&R, 1, 5) = 1, *rl_mat_at(&R, 2, 4) = 1, *rl_mat_at(&R, 2, 2) = -2;
    rl_ardl_boot(&w->s, &R, r, student, 8, 99, out, &cx);
    for (size_t t = 0; t < M; t++) {
        y[t] = w->y[t];
        if (t < START) continue;
        y[t] = 0.4 + 0.5 * y[t - 1] - 0.2 * y[t - 2] + 0.8 * w->x[t] + 0.3 * w->x[t - 1];
        y[t] += rl_draw(99, w->key[t], 7) >> 63 ? w->e[t] : -w->e[t];
    }
    by_ols(w, y, w->order, &o);
    CHECK_DIGITS(out[7], o.b[1] - 0.5, 10);
    CHECK_DIGITS(out[7 + 8], o.b[4], 10);
    double v = *rl_mat_at(&o.A, 3, 3) - 4 * *rl_mat_at(&o.A, 3, 2) + 4 * *rl_mat_at(&o.A, 2, 2);
    CHECK_DIGITS(out[7 + 16], (o.b[3] - 2 * o.b[2] - 0.3) / sqrt(v * o.rss / (M - 2 - 5)), 10);
}

/* With the choice inside: the order that a search of its own finds, fitted on all its periods. */
static void chosen_anew(void **s)
{
    (void)s;
    enum { B = 20 };
    world *w = make();
    double out[B * 2], r[2] = {0}, y[M];
    bool student[2] = {false, false};
    rl_mat R = rl_mat_new(2, FULL, cx.keep);
    *rl_mat_at(&R, 0, 1) = 1, *rl_mat_at(&R, 1, 7) = 1;
    w->s.choose = true;
    rl_ardl_boot(&w->s, &R, r, student, B, 3, out, &cx);
    size_t left_out = 0;
    for (size_t draw = 0; draw < B; draw++) {
        double best = INFINITY;
        size_t order[2] = {0}, p[2];
        rl_ols_fit o;
        for (size_t t = 0; t < M; t++) {
            y[t] = w->y[t];
            if (t < START) continue;
            y[t] = 0.4 + 0.5 * y[t - 1] - 0.2 * y[t - 2] + 0.8 * w->x[t] + 0.3 * w->x[t - 1];
            y[t] += rl_draw(3, w->key[t], draw) >> 63 ? w->e[t] : -w->e[t];
        }
        for (p[0] = 1; p[0] <= P; p[0]++)
            for (p[1] = 0; p[1] <= P; p[1]++) {
                size_t n = M - P, c = 0;
                rl_mat X = rl_mat_new(n, 2 + p[0] + p[1], cx.keep);
                memcpy(rl_mat_col(&X, c++), w->one, n * sizeof(double));
                for (size_t i = 1; i <= p[0]; i++) memcpy(rl_mat_col(&X, c++), y + P - i, n * sizeof(double));
                for (size_t i = 0; i <= p[1]; i++) memcpy(rl_mat_col(&X, c++), w->x + P - i, n * sizeof(double));
                CHECK_OK(rl_ols(&X, y + P, NULL, NULL, &o, cx.keep, &cx), &cx);
                double score = (double)n * log(o.rss) + 2 * (double)c;
                if (score < best) best = score, order[0] = p[0], order[1] = p[1];
            }
        by_ols(w, y, order, &o);
        CHECK_DIGITS(out[draw], o.b[1], 9);
        if (order[1] == P)
            CHECK_DIGITS(out[draw + B], o.b[order[0] + 1 + P], 9);
        else
            CHECK_NEAR(out[draw + B], 0, 0);
        left_out += order[1] < P;
    }
    assert_true(left_out > 0 && left_out < B);
}

static rl_table series(size_t n, uint64_t seed, double phi)
{
    rl_table t = fit_table(n);
    fit_num(&t, "t", &cx), fit_num(&t, "y", &cx), fit_num(&t, "x", &cx);
    rl_rng r = rl_rng_for(seed, 6);
    double x = 0, y = 0;
    for (int i = -50; i < (int)n; i++) {
        x = 0.5 * x + rl_normal(&r);
        y = phi * y + (1 - phi) * x + 0.8 * rl_normal(&r);
        if (i < 0) continue;
        t.col[0].num[i] = i, t.col[1].num[i] = y + 3, t.col[2].num[i] = x + 2;
    }
    return t;
}

static rl_request drawn(size_t reps)
{
    rl_request q = fit_request("y ~ x");
    q.estimator = rl_estimator_by_name("ardl");
    q.time = "t", q.horizon = -1, q.max_lags = 2, q.bootstrap = true, q.reps = reps;
    return q;
}

/* Any number of threads, any order of the rows: the same draws. */
static void same_draws(void **s)
{
    (void)s;
    rl_table t = series(70, 1, 0.5), u = fit_table(70);
    for (size_t j = 0; j < t.k; j++) {
        double *v = fit_num(&u, t.col[j].name, &cx);
        for (size_t i = 0; i < 70; i++) v[i] = t.col[j].num[(i * 11 + 4) % 70];
    }
    rl_request q = drawn(199);
    rl_result a, b, c;
    CHECK_OK(rl_estimate_run(&q, &t, &a, cx.keep, &cx), &cx);
    CHECK_OK(rl_estimate_run(&q, &u, &b, cx.keep, &cx), &cx);
    cx.threads = 1;
    CHECK_OK(rl_estimate_run(&q, &t, &c, cx.keep, &cx), &cx);
    assert_int_equal(a.draws, 199);
    for (size_t i = 0; i < a.m; i++) {
        CHECK_DIGITS(a.est[i].conf_low, b.est[i].conf_low, 9);
        CHECK_DIGITS(a.est[i].conf_high, c.est[i].conf_high, 17);
        CHECK_DIGITS(a.est[i].p_value, c.est[i].p_value, 17);
    }
}

/* The long run is covered about as often as it should be, the choice of lags included. */
static void covers(void **s)
{
    (void)s;
    enum { DRAWS = 200 };
    int in = 0;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        rl_table t = series(60, 100 + draw, 0.5);
        rl_request q = drawn(199);
        rl_result a;
        cx.seed = draw;
        CHECK_OK(rl_estimate_run(&q, &t, &a, cx.keep, &cx), &cx);
        const rl_estimate *e = fit_find(&a, "long_run::x");
        in += e->conf_low <= 1 && e->conf_high >= 1;
        rl_arena_reset(cx.tmp);
    }
    assert_true(in >= 0.91 * DRAWS && in <= 0.99 * DRAWS);
}

static void refusals(void **s)
{
    (void)s;
    rl_table t = series(60, 2, 0.5), gap = series(60, 2, 0.5), grows = series(60, 2, 0.5);
    const char *list[] = {"x - 1"};
    for (size_t i = 31; i < 60; i++) gap.col[0].num[i] += 4;
    for (size_t i = 1; i < 60; i++) grows.col[1].num[i] = 1.2 * grows.col[1].num[i - 1] + grows.col[2].num[i];
    rl_request q = drawn(99);
    refused(&gap, q, RL_EDATA, "consecutive");
    refused(&grows, q, RL_EDATA, "explodes");
    q.weights = "x";
    refused(&t, q, RL_EUSAGE, "weights");
    q.weights = NULL, q.lincom = list, q.n_lincom = 1;
    refused(&t, q, RL_EUSAGE, "--lincom");
    q.n_lincom = 0, q.formula = "y ~ x + lag(x,4)";
    refused(&t, q, RL_EDATA, "rows are used");
}

int main(void)
{
    const struct CMUnitTest t[] = {TEST(once),       TEST(one_draw), TEST(chosen_anew),
                                   TEST(same_draws), TEST(covers),   TEST(refusals)};
    return cmocka_run_group_tests(t, NULL, NULL);
}
