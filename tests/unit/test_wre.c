/* The restricted efficient bootstrap against one two-stage least squares a draw, written out. */
#include "unit/own_fit.h"

enum { MOST = 100, WIDE = 12, VECTORS = 64 };

/* --- two stages in the plain way ----------------------------------------------------- */

/* n rows; x exogenous columns of Z come first, z columns in all; g endogenous regressors. */
typedef struct data {
    size_t n, x, z, g;
    double Z[WIDE][MOST], Y2[2][MOST], y[MOST], w[MOST];
    int by[MOST], h[MOST]; /* draws, errors */
} data;

/* b: coefficients of v on k columns. */
static void regress(const data *p, double (*const *X)[MOST], size_t k, const double *v, double *b)
{
    static long double A[WIDE + 1][WIDE + 2];
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= k; j++) {
            A[i][j] = 0;
            for (size_t r = 0; r < p->n; r++)
                A[i][j] += (long double)p->w[r] * (*X[i])[r] * (j < k ? (*X[j])[r] : v[r]);
        }
    for (size_t c = 0; c < k; c++) {
        long double d = A[c][c];
        for (size_t j = c; j <= k; j++) A[c][j] /= d;
        for (size_t i = 0; i < k; i++) {
            long double t = A[i][c];
            for (size_t j = c; j <= k && i != c; j++) A[i][j] -= t * A[c][j];
        }
    }
    for (size_t c = 0; c < k; c++) b[c] = (double)A[c][k];
}

typedef struct stages {
    double b[WIDE], e[MOST], l[MOST]; /* l: Xh (Xh'WXh)^-1 c of each row */
} stages;

static void two_stages(data *p, double (*Y2)[MOST], const double *y, const double *c, stages *s)
{
    static double hat[2][MOST], A[WIDE][WIDE], one[WIDE];
    double(*Z[WIDE])[MOST], (*X[WIDE])[MOST] = {NULL}, pi[WIDE], d[MOST];
    size_t k = p->x + p->g;
    for (size_t j = 0; j < p->z; j++) Z[j] = &p->Z[j];
    for (size_t j = 0; j < p->g; j++) {
        regress(p, Z, p->z, Y2[j], pi);
        for (size_t i = 0; i < p->n; i++) {
            hat[j][i] = 0;
            for (size_t q = 0; q < p->z; q++) hat[j][i] += pi[q] * p->Z[q][i];
        }
    }
    for (size_t j = 0; j < k; j++) X[j] = j < p->x ? &p->Z[j] : &hat[j - p->x];
    regress(p, X, k, y, s->b);
    for (size_t i = 0; i < p->n; i++) {
        s->e[i] = y[i];
        for (size_t j = 0; j < k; j++) s->e[i] -= s->b[j] * (j < p->x ? p->Z[j][i] : Y2[j - p->x][i]);
    }
    /* (Xh'WXh)^-1 c as the coefficients of a v with Xh'Wv = c: v = Xh (Xh'WXh)^-1 c */
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < k; b++) {
            A[a][b] = 0;
            for (size_t i = 0; i < p->n; i++) A[a][b] += p->w[i] * (*X[a])[i] * (*X[b])[i];
        }
    memcpy(one, c, k * sizeof *c);
    for (size_t a = 0; a < k; a++) {
        double t = A[a][a];
        for (size_t b = 0; b < k; b++) A[a][b] /= t;
        one[a] /= t;
        for (size_t r = 0; r < k; r++) {
            double f = A[r][a];
            for (size_t b = 0; b < k && r != a; b++) A[r][b] -= f * A[a][b];
            if (r != a) one[r] -= f * one[a];
        }
    }
    for (size_t i = 0; i < p->n; i++) {
        d[i] = 0;
        for (size_t j = 0; j < k; j++) d[i] += one[j] * (*X[j])[i];
    }
    memcpy(s->l, d, sizeof d);
}

static double t_squared(const data *p, const stages *s, const double *c, double r)
{
    double sum[MOST] = {0}, V = 0, d = -r;
    for (size_t i = 0; i < p->n; i++) sum[p->h[i]] += p->w[i] * s->l[i] * s->e[i];
    for (size_t g = 0; g < MOST; g++) V += sum[g] * sum[g];
    for (size_t j = 0; j < p->x + p->g; j++) d += c[j] * s->b[j];
    return d * d / V;
}

/* Share of the 64 sign vectors with |t*| >= |t|, H0: c'b = r. */
static double share(data *p, const double *c, double r, bool imposed)
{
    static stages s, d;
    static double u[MOST], fitted[2][MOST], v[2][MOST], Y2[2][MOST], y[MOST];
    double(*R[WIDE + 1])[MOST], b[WIDE + 1], th[WIDE], at = 0, kappa = 0, l[WIDE];
    size_t k = p->x + p->g, count = 0;
    two_stages(p, p->Y2, p->y, c, &s);
    double t = t_squared(p, &s, c, r);
    /* l: s.l on the columns of Xh, which [X Y2] l is read off from */
    for (size_t j = 0; j < k; j++) {
        double e[WIDE] = {0};
        e[j] = 1;
        two_stages(p, p->Y2, p->y, e, &d);
        l[j] = 0; /* e_j'(Xh'WXh)^-1 c = (Xh (..)^-1 e_j)'W (Xh (..)^-1 c) */
        for (size_t i = 0; i < p->n; i++) l[j] += p->w[i] * d.l[i] * s.l[i];
    }
    for (size_t j = 0; j < k; j++) at += c[j] * s.b[j], kappa += c[j] * l[j];
    for (size_t j = 0; j < k; j++) th[j] = s.b[j] - (imposed ? l[j] * (at - r) / kappa : 0);
    for (size_t i = 0; i < p->n; i++) {
        u[i] = p->y[i];
        for (size_t j = 0; j < k; j++) u[i] -= th[j] * (j < p->x ? p->Z[j][i] : p->Y2[j - p->x][i]);
    }
    for (size_t j = 0; j < p->z; j++) R[j] = &p->Z[j];
    R[p->z] = &u;
    for (size_t j = 0; j < p->g; j++) {
        regress(p, R, p->z + 1, p->Y2[j], b);
        for (size_t i = 0; i < p->n; i++) {
            fitted[j][i] = 0;
            for (size_t q = 0; q < p->z; q++) fitted[j][i] += b[q] * p->Z[q][i];
            v[j][i] = p->Y2[j][i] - fitted[j][i];
        }
    }
    for (int draw = 0; draw < VECTORS; draw++) {
        for (size_t i = 0; i < p->n; i++) {
            double sign = draw >> p->by[i] & 1 ? -1 : 1;
            y[i] = sign * u[i];
            for (size_t j = 0; j < p->g; j++) Y2[j][i] = fitted[j][i] + sign * v[j][i];
            for (size_t j = 0; j < k; j++) y[i] += th[j] * (j < p->x ? p->Z[j][i] : Y2[j - p->x][i]);
        }
        two_stages(p, Y2, y, c, &d);
        count += t_squared(p, &d, c, imposed ? r : at) >= t * (1 - 1e-9);
    }
    return (double)count / VECTORS;
}

/* --- worlds ----------------------------------------------------------------------------- */

/* Six clusters, three years; a and b are endogenous, c is not. */
static rl_table world(uint64_t seed, bool years, bool weights, int level, data *p)
{
    static const char *const NAME[] = {"y", "a", "b", "c", "z1", "z2", "z3", "w"};
    rl_table t = fit_table(MOST);
    const char *text[3][MOST];
    for (size_t j = 0; j < 8; j++) fit_num(&t, NAME[j], &cx);
    rl_rng r = rl_rng_for(seed, 3);
    *p = (data){.n = MOST, .x = years ? 4 : 2, .z = years ? 7 : 5, .g = 2};
    for (size_t i = 0; i < MOST; i++) {
        int by = i < 12 ? (int)i % 6 : (int)(rl_uniform(&r) * 6), year = (int)(rl_uniform(&r) * 3);
        double common = rl_normal_of((by * 5 % 6 + 0.5) / 6), e = rl_normal(&r) + 0.4 * common, z[3];
        for (int j = 0; j < 3; j++) z[j] = rl_normal(&r) + 0.2 * common;
        double c = rl_normal(&r), a = 0.4 * c + 0.9 * z[0] + 0.5 * z[1] + 0.6 * e + rl_normal(&r),
               b = 0.3 * z[0] - 0.8 * z[1] + 0.7 * z[2] + 0.4 * e + rl_normal(&r);
        const double v[] = {
            0.5 * a - 0.3 * b + 0.4 * c + 0.2 * year + e, a, b, c, z[0], z[1], z[2], 0.4 + rl_uniform(&r)};
        for (size_t j = 0; j < 8; j++) t.col[j].num[i] = v[j];
        p->by[i] = by;
        p->h[i] = level == 0 ? by : level == 1 ? (int)(i % 9) : by / 2;
        p->y[i] = v[0], p->Y2[0][i] = a, p->Y2[1][i] = b;
        p->w[i] = weights ? v[7] : 1;
        p->Z[0][i] = 1, p->Z[1][i] = c;
        if (years) p->Z[2][i] = year == 1, p->Z[3][i] = year == 2;
        for (size_t j = 0; j < 3; j++) p->Z[p->x + j][i] = z[j];
        text[0][i] = rl_sprintf(cx.keep, "g%d", by);
        text[1][i] = rl_sprintf(cx.keep, "h%d", p->h[i]);
        text[2][i] = rl_sprintf(cx.keep, "%d", 2019 + year);
    }
    fit_text(&t, "g", text[0], &cx);
    fit_text(&t, "h", text[1], &cx);
    fit_text(&t, "year", text[2], &cx);
    return t;
}

static rl_request wild(const char *formula, bool imposed)
{
    rl_request r = fit_request(formula);
    r.vcov = (rl_vcov_spec){
        .kind = RL_WILD, .ways = 1, .by = {"g"}, .lag = -1, .reps = 999, .form = 11, .null_free = !imposed};
    return r;
}

/* --- against one fit a draw ---------------------------------------------------------------- */

static void one_fit_a_draw(void **state)
{
    (void)state;
    static const char *const AT[] = {"a - 0.45", "b + 0.3", "c - 0.3", "a - b - 0.9", "a + 2*c"};
    static data p;
    for (int bits = 0; bits < 24; bits++) {
        bool years = bits & 1, weights = bits & 2, imposed = bits & 4;
        int level = bits / 8;
        rl_table t = world(50 + (uint64_t)bits, years, weights, level, &p);
        rl_request r =
            wild(years ? "y ~ c | year | a + b ~ z1 + z2 + z3" : "y ~ c | 0 | a + b ~ z1 + z2 + z3", imposed);
        if (level > 0) r.vcov.by[0] = "h", r.vcov.draw_by = "g";
        r.weights = weights ? "w" : NULL;
        r.lincom = AT;
        r.n_lincom = 5;
        rl_result out = run(&t, r);
        assert_int_equal(out.draws, VECTORS);
        size_t a = p.x, b = p.x + 1;
        double c[5][WIDE] = {{0}}, at[] = {0.45, -0.3, 0.3, 0.9, 0};
        c[0][a] = 1, c[1][b] = 1, c[2][1] = 1, c[3][a] = 1, c[3][b] = -1, c[4][a] = 1, c[4][1] = 2;
        for (size_t i = 0; i < 5; i++)
            CHECK_DIGITS(fit_find(&out, AT[i])->p_value, share(&p, c[i], at[i], imposed), 15);
        CHECK_DIGITS(fit_find(&out, "a")->p_value, share(&p, c[0], 0, imposed), 15);
    }
}

/* Inside the ends p is above alpha, outside it is not. */
static void interval_is_the_inverted_test(void **state)
{
    (void)state;
    static data p;
    size_t finite = 0;
    for (uint64_t seed = 1; seed < 9; seed++) {
        rl_table t = world(seed, seed % 2, false, 0, &p);
        rl_request r =
            wild(seed % 2 ? "y ~ c | year | a + b ~ z1 + z2 + z3" : "y ~ c | 0 | a + b ~ z1 + z2 + z3", true);
        r.level = 0.9;
        rl_result out = run(&t, r);
        const char *const NAME[] = {"a", "c"};
        for (size_t k = 0; k < 2; k++) {
            const rl_estimate *e = fit_find(&out, NAME[k]);
            double c[WIDE] = {0}, off = 1e-7 * e->std_error;
            c[k == 0 ? p.x : 1] = 1;
            assert_true(e->conf_low < e->estimate && e->estimate < e->conf_high);
            if (!isfinite(e->conf_low) || !isfinite(e->conf_high)) continue;
            finite++;
            assert_true(share(&p, c, e->conf_low + off, true) > 0.1);
            assert_true(share(&p, c, e->conf_low - off, true) <= 0.1);
            assert_true(share(&p, c, e->conf_high - off, true) > 0.1);
            assert_true(share(&p, c, e->conf_high + off, true) <= 0.1);
        }
    }
    assert_true(finite > 10);
}

/* --- what it must not depend on --------------------------------------------------------------- */

static void threads_and_dummies_do_not_matter(void **state)
{
    (void)state;
    static data p;
    rl_table t = world(4, true, false, 0, &p);
    rl_request r = wild("y ~ c | year | a ~ z1 + z2", true), s = wild("y ~ c + factor(year) | 0 | a ~ z1 + z2", true);
    r.vcov.draws = s.vcov.draws = RL_WEBB;
    r.vcov.reps = s.vcov.reps = 1999;
    cx.threads = 1;
    rl_result one = run(&t, r);
    cx.threads = 3;
    rl_result three = run(&t, r), dummies = run(&t, s);
    for (size_t j = 0; j < one.m; j++) {
        const rl_estimate *e = fit_find(&dummies, one.est[j].label.term);
        assert_true(one.est[j].p_value == three.est[j].p_value);
        assert_true(one.est[j].conf_low == three.est[j].conf_low);
        assert_true(one.est[j].conf_high == three.est[j].conf_high);
        CHECK_DIGITS(one.est[j].p_value, e->p_value, 15);
        CHECK_NEAR(one.est[j].conf_low, e->conf_low, 1e-7 * e->std_error);
    }
    /* nested effects drop out by themselves */
    r = wild("y ~ c | g | a ~ z1 + z2", true), s = wild("y ~ c + factor(g) | 0 | a ~ z1 + z2", true);
    r.level = s.level = 0.8;
    one = run(&t, r), dummies = run(&t, s);
    CHECK_DIGITS(fit_find(&one, "a")->p_value, fit_find(&dummies, "a")->p_value, 15);
    CHECK_NEAR(fit_find(&one, "a")->conf_high, fit_find(&dummies, "a")->conf_high, 1e-7);
}

/* Regressors that instrument themselves are exogenous: the linear bootstrap. */
static void own_instruments_are_least_squares(void **state)
{
    (void)state;
    static data p;
    rl_table t = world(6, false, false, 0, &p);
    double *twin = fit_num(&t, "twin", &cx);
    memcpy(twin, t.col[1].num, MOST * sizeof *twin);
    rl_request r = wild("y ~ c | 0 | a ~ twin", true), s = wild("y ~ c + a", true);
    r.vcov.draws = s.vcov.draws = RL_WEBB;
    r.vcov.reps = s.vcov.reps = 1999;
    static const char *const AT[] = {"c - 0.1", "a - 0.6", "a + 0.2*c - 0.4"};
    r.lincom = s.lincom = AT;
    r.n_lincom = s.n_lincom = 3;
    rl_result iv = run(&t, r), ols = run(&t, s);
    for (size_t j = 0; j < iv.m; j++) {
        const rl_estimate *e = &iv.est[j], *o = fit_find(&ols, e->label.term);
        CHECK_DIGITS(e->p_value, o->p_value, 15);
        /* the linear one has the outermost crossing, p(r) of 1999 draws being what it is */
        CHECK_NEAR(e->conf_low, o->conf_low, 0.02 * o->std_error);
        CHECK_NEAR(e->conf_high, o->conf_high, 0.02 * o->std_error);
    }
}

/* With instruments that say next to nothing no value can be ruled out. */
static void weak_instruments_have_no_interval(void **state)
{
    (void)state;
    static data p;
    size_t open = 0;
    for (uint64_t seed = 1; seed < 7; seed++) {
        rl_table t = world(seed, false, false, 0, &p);
        double *noise = fit_num(&t, "noise", &cx);
        rl_rng g = rl_rng_for(seed, 8);
        for (size_t i = 0; i < MOST; i++) noise[i] = rl_normal(&g);
        rl_request r = wild("y ~ c | 0 | a ~ noise", true);
        rl_result out = run(&t, r);
        const rl_estimate *e = fit_find(&out, "a");
        bool said = false;
        for (size_t i = 0; i < out.n_notes; i++) said = said || strstr(out.note[i], "instruments this weak") != NULL;
        open += isinf(e->conf_low) || isinf(e->conf_high);
        assert_true(said == (isinf(e->conf_low) || isinf(e->conf_high) || isinf(fit_find(&out, "c")->conf_low) ||
                             isinf(fit_find(&out, "c")->conf_high) || isinf(out.est[0].conf_low) ||
                             isinf(out.est[0].conf_high)));
    }
    assert_true(open >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_fit_a_draw),
        TEST(interval_is_the_inverted_test),
        TEST(threads_and_dummies_do_not_matter),
        TEST(own_instruments_are_least_squares),
        TEST(weak_instruments_have_no_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
