/* The wild cluster bootstrap against one regression a draw, and what it must not depend on. */
#include "num/boot.h"
#include "unit/own_fit.h"

enum { MOST = 120, WIDE = 12, VECTORS = 64 };

/* --- regressions in the plain way --------------------------------------------------- */

typedef struct data {
    size_t n, K, G;
    double X[MOST][WIDE], y[MOST], w[MOST];
    int g[MOST], h[MOST]; /* draws are made by g, errors clustered by h */
    size_t x;             /* column under test */
} data;

/* b from y on the columns but `without` (WIDE: none), rows of cluster `out` (-1: none) left out. */
static void fit_plain(const data *p, const double *y, size_t without, int out, double *b)
{
    long double A[WIDE][WIDE + 1];
    size_t col[WIDE], K = 0;
    for (size_t c = 0; c < p->K; c++)
        if (c != without) col[K++] = c;
    for (size_t a = 0; a < K; a++)
        for (size_t c = 0; c <= K; c++) {
            A[a][c] = 0;
            for (size_t i = 0; i < p->n; i++)
                if (p->g[i] != out)
                    A[a][c] += (long double)p->w[i] * p->X[i][col[a]] * (c < K ? p->X[i][col[c]] : y[i]);
        }
    for (size_t c = 0; c < K; c++) {
        long double d = A[c][c];
        for (size_t j = c; j <= K; j++) A[c][j] /= d;
        for (size_t i = 0; i < K; i++) {
            long double t = A[i][c];
            for (size_t j = c; j <= K && i != c; j++) A[i][j] -= t * A[c][j];
        }
    }
    for (size_t c = 0; c < p->K; c++) b[c] = 0;
    for (size_t c = 0; c < K; c++) b[col[c]] = (double)A[c][K];
}

static void residuals(const data *p, const double *y, const double *b, double *e)
{
    for (size_t i = 0; i < p->n; i++) {
        e[i] = y[i];
        for (size_t c = 0; c < p->K; c++) e[i] -= b[c] * p->X[i][c];
    }
}

/* Variance of coefficient x, without factors: clustered, or by leaving out each cluster. */
static double variance(const data *p, const double *y, bool jackknife)
{
    double b[WIDE], e[MOST], z[MOST] = {0}, d[WIDE], V = 0;
    fit_plain(p, y, WIDE, -1, b);
    residuals(p, y, b, e);
    for (size_t i = 0; i < p->n; i++) z[i] = p->X[i][p->x];
    fit_plain(p, z, p->x, -1, d);
    residuals(p, z, d, z); /* x with the others out */
    double zz = 0;
    for (size_t i = 0; i < p->n; i++) zz += p->w[i] * z[i] * z[i];
    for (int g = 0; g < (int)(jackknife ? p->G : MOST); g++) {
        double s = 0, bg[WIDE];
        for (size_t i = 0; i < p->n; i++)
            if (p->h[i] == g) s += p->w[i] * z[i] * e[i] / zz;
        if (jackknife) {
            fit_plain(p, y, WIDE, g, bg);
            s = bg[p->x] - b[p->x];
        }
        V += s * s;
    }
    return V;
}

/* Share of the 2^G sign vectors with |t*| >= |t|, H0: coefficient x is r. */
static double share(const data *p, double r, bool imposed, bool jack_u, bool jack_v)
{
    double b[WIDE], b1[WIDE], u[MOST], fitted[MOST], left[MOST], e[MOST];
    size_t count = 0;
    fit_plain(p, p->y, WIDE, -1, b);
    for (size_t i = 0; i < p->n; i++) left[i] = p->y[i] - r * p->X[i][p->x];
    if (imposed) {
        fit_plain(p, left, p->x, -1, b1);
        b1[p->x] = r;
    } else
        memcpy(b1, b, sizeof b1);
    residuals(p, p->y, b1, u);
    for (size_t i = 0; i < p->n; i++) fitted[i] = p->y[i] - u[i];
    for (int g = 0; g < (int)p->G && jack_u; g++) {
        fit_plain(p, imposed ? left : p->y, imposed ? p->x : WIDE, g, b1);
        if (imposed) b1[p->x] = r;
        residuals(p, p->y, b1, e);
        for (size_t i = 0; i < p->n; i++)
            if (p->g[i] == g) u[i] = e[i];
    }
    double t = (b[p->x] - r) * (b[p->x] - r) / variance(p, p->y, jack_v), centre = imposed ? r : b[p->x];
    for (int v = 0; v < VECTORS; v++) {
        double y[MOST], bs[WIDE];
        for (size_t i = 0; i < p->n; i++) y[i] = fitted[i] + (v >> p->g[i] & 1 ? -u[i] : u[i]);
        fit_plain(p, y, WIDE, -1, bs);
        double ts = (bs[p->x] - centre) * (bs[p->x] - centre) / variance(p, y, jack_v);
        count += ts >= t * (1 - 1e-10);
    }
    return (double)count / VECTORS;
}

/* d'V^-1 d of the first two coefficients, V as in variance(). */
static double wald(const data *p, const double *y, const double d[2], bool jackknife)
{
    static double z[2][MOST];
    double b[WIDE], e[MOST], V[3] = {0};
    fit_plain(p, y, WIDE, -1, b);
    residuals(p, y, b, e);
    for (size_t j = 0; j < 2; j++) {
        double own[MOST], c[WIDE], zz = 0;
        for (size_t i = 0; i < p->n; i++) own[i] = p->X[i][j];
        fit_plain(p, own, j, -1, c);
        residuals(p, own, c, z[j]);
        for (size_t i = 0; i < p->n; i++) zz += p->w[i] * z[j][i] * z[j][i];
        for (size_t i = 0; i < p->n; i++) z[j][i] *= p->w[i] / zz;
    }
    for (int g = 0; g < (int)(jackknife ? p->G : MOST); g++) {
        double s[2] = {0}, bg[WIDE];
        for (size_t i = 0; i < p->n; i++)
            for (size_t j = 0; j < 2 && p->h[i] == g; j++) s[j] += z[j][i] * e[i];
        if (jackknife) fit_plain(p, y, WIDE, g, bg);
        for (size_t j = 0; j < 2 && jackknife; j++) s[j] = bg[j] - b[j];
        V[0] += s[0] * s[0], V[1] += s[0] * s[1], V[2] += s[1] * s[1];
    }
    return (d[0] * d[0] * V[2] - 2 * d[0] * d[1] * V[1] + d[1] * d[1] * V[0]) / (V[0] * V[2] - V[1] * V[1]);
}

/* Residuals where the first two coefficients are r, of the fit without cluster `out`. */
static void restricted(const data *p, const double r[2], int out, double *u)
{
    static data rest;
    double left[MOST], b[WIDE];
    rest = *p;
    rest.K = p->K - 2;
    for (size_t i = 0; i < p->n; i++) {
        left[i] = p->y[i] - r[0] * p->X[i][0] - r[1] * p->X[i][1];
        for (size_t c = 2; c < p->K; c++) rest.X[i][c - 2] = p->X[i][c];
    }
    fit_plain(&rest, left, WIDE, out, b);
    residuals(&rest, left, b, u);
}

static void unrestricted(const data *p, int out, double *u)
{
    double b[WIDE];
    fit_plain(p, p->y, WIDE, out, b);
    residuals(p, p->y, b, u);
}

/* Share of the 2^G sign vectors with W* >= W, H0: the first two coefficients are r; W of the data. */
static double share_of_two(const data *p, const double r[2], bool imposed, bool jack_u, bool jack_v, double *W)
{
    double b[WIDE], u[MOST], fitted[MOST], e[MOST], centre[2];
    size_t count = 0;
    fit_plain(p, p->y, WIDE, -1, b);
    if (imposed)
        restricted(p, r, -1, u);
    else
        unrestricted(p, -1, u);
    for (size_t i = 0; i < p->n; i++) fitted[i] = p->y[i] - u[i];
    for (int g = 0; g < (int)p->G && jack_u; g++) {
        if (imposed)
            restricted(p, r, g, e);
        else
            unrestricted(p, g, e);
        for (size_t i = 0; i < p->n; i++)
            if (p->g[i] == g) u[i] = e[i];
    }
    for (size_t j = 0; j < 2; j++) centre[j] = imposed ? r[j] : b[j];
    *W = wald(p, p->y, (double[2]){b[0] - r[0], b[1] - r[1]}, jack_v);
    for (int v = 0; v < VECTORS; v++) {
        double y[MOST], bs[WIDE];
        for (size_t i = 0; i < p->n; i++) y[i] = fitted[i] + (v >> p->g[i] & 1 ? -u[i] : u[i]);
        fit_plain(p, y, WIDE, -1, bs);
        count += wald(p, y, (double[2]){bs[0] - centre[0], bs[1] - centre[1]}, jack_v) >= *W * (1 - 1e-10);
    }
    return (double)count / VECTORS;
}

/* --- worlds ---------------------------------------------------------------------------- */

/* Six clusters, a regressor that varies by cluster too, three years. */
static rl_table world(size_t n, uint64_t seed, data *p)
{
    rl_table t = fit_table(n);
    const char **g = RL_NEW(cx.keep, const char *, n), **year = RL_NEW(cx.keep, const char *, n);
    double *y = fit_num(&t, "y", &cx), *x = fit_num(&t, "x", &cx), *z = fit_num(&t, "z", &cx),
           *w = fit_num(&t, "w", &cx);
    rl_rng r = rl_rng_for(seed, 9);
    *p = (data){.n = n, .G = 6};
    for (size_t i = 0; i < n; i++) {
        int c = (int)(rl_uniform(&r) * 6), when = (int)(rl_uniform(&r) * 3);
        double a = rl_normal_of((c * 5 % 6 + 0.5) / 6);
        if (i < 12) c = (int)i % 6;
        g[i] = rl_sprintf(cx.keep, "g%d", c);
        year[i] = rl_sprintf(cx.keep, "%d", 2019 + when);
        x[i] = 0.8 * (c < 3) + 0.5 * rl_normal(&r);
        z[i] = rl_normal(&r);
        w[i] = 0.4 + rl_uniform(&r);
        y[i] = 0.3 * x[i] + 0.6 * z[i] + 0.5 * a + 0.2 * when + rl_normal(&r);
        p->g[i] = p->h[i] = c;
        p->y[i] = y[i];
        p->w[i] = 1;
        p->X[i][0] = x[i];
        p->X[i][1] = z[i];
        p->X[i][2] = 1;
        p->X[i][3] = when == 1;
        p->X[i][4] = when == 2;
    }
    fit_text(&t, "g", g, &cx);
    fit_text(&t, "year", year, &cx);
    return t;
}

static rl_request wild(const char *formula, int form, bool imposed)
{
    rl_request r = fit_request(formula);
    r.vcov = (rl_vcov_spec){
        .kind = RL_WILD, .ways = 1, .by = {"g"}, .lag = -1, .reps = 999, .form = form, .null_free = !imposed};
    return r;
}

/* --- against one regression a draw -------------------------------------------------------- */

static void check_world(uint64_t seed, bool effects, bool weights, int form, bool imposed)
{
    static const char *const AT[] = {"x - 0.37", "x + 0.61", "x - 1.9"};
    static const double R[] = {0.37, -0.61, 1.9};
    static data p;
    rl_table t = world(100, seed, &p);
    rl_request r = wild(effects ? "y ~ x + z | year" : "y ~ x + z", form, imposed);
    p.K = effects ? 5 : 3;
    if (weights) {
        r.weights = "w";
        memcpy(p.w, t.col[3].num, p.n * sizeof *p.w);
    }
    r.lincom = AT;
    r.n_lincom = 3;
    rl_result out = run(&t, r);
    assert_int_equal(out.draws, VECTORS);
    bool jack_u = form / 10 == 3, jack_v = form % 10 == 3;
    CHECK_DIGITS(fit_find(&out, "x")->p_value, share(&p, 0, imposed, jack_u, jack_v), 15);
    for (size_t i = 0; i < 3; i++)
        CHECK_DIGITS(fit_find(&out, AT[i])->p_value, share(&p, R[i], imposed, jack_u, jack_v), 15);
    p.x = 1;
    CHECK_DIGITS(fit_find(&out, "z")->p_value, share(&p, 0, imposed, jack_u, jack_v), 15);
}

static void one_regression_a_draw(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 4; seed++)
        for (int bits = 0; bits < 8; bits++) check_world(seed, bits & 1, bits & 2, 11, bits & 4);
}

static void jackknife_forms(void **state)
{
    (void)state;
    static const int FORM[] = {31, 13, 33};
    for (size_t f = 0; f < 3; f++)
        for (int bits = 0; bits < 8; bits++) check_world(7 + f, bits & 1, bits & 2, FORM[f], bits & 4);
}

/* Errors by another column than draws: finer, across, coarser; effects in either. */
static void draws_at_another_level(void **state)
{
    (void)state;
    static const char *const AT[] = {"x - 0.37", "x + 0.61"}, *const EFFECTS[] = {"", " | year", " | s"};
    static const double R[] = {0.37, -0.61};
    static data p;
    for (int bits = 0; bits < 36; bits++) {
        int level = bits % 3, effects = bits / 3 % 3;
        bool imposed = bits / 9 & 1, weights = bits / 18;
        rl_table t = world(100, 31 + (uint64_t)bits, &p);
        const char **h = RL_NEW(cx.keep, const char *, t.n), **s = RL_NEW(cx.keep, const char *, t.n);
        for (size_t i = 0; i < t.n; i++) {
            p.h[i] = level == 0 ? p.g[i] + 6 * (int)(i % 3) : level == 1 ? (int)(i % 7) : p.g[i] / 2;
            h[i] = rl_sprintf(cx.keep, "h%d", p.h[i]);
            s[i] = rl_sprintf(cx.keep, "s%d", p.g[i] % 3); /* g lies in s, h does when it is finer */
            if (weights) p.w[i] = t.col[3].num[i];
            for (int l = 1; l < 3 && effects == 2; l++) p.X[i][2 + l] = p.g[i] % 3 == l;
        }
        fit_text(&t, "h", h, &cx);
        fit_text(&t, "s", s, &cx);
        p.K = effects > 0 ? 5 : 3;
        rl_request r = wild(rl_sprintf(cx.keep, "y ~ x + z%s", EFFECTS[effects]), 11, imposed);
        r.vcov.by[0] = "h";
        r.vcov.draw_by = "g";
        r.weights = weights ? "w" : NULL;
        r.lincom = AT;
        r.n_lincom = 2;
        rl_result out = run(&t, r);
        assert_int_equal(out.draws, VECTORS);
        for (size_t i = 0; i < 2; i++)
            CHECK_DIGITS(fit_find(&out, AT[i])->p_value, share(&p, R[i], imposed, false, false), 15);
        bool said = false;
        for (size_t i = 0; i < out.n_notes; i++)
            said = said ||
                   strstr(out.note[i], "draws are made for the 6 clusters of 'g', errors are clustered by the") != NULL;
        assert_true(said);
        rl_request c = r; /* the errors are those of h */
        c.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"h"}, .lag = -1};
        rl_result clustered = run(&t, c);
        CHECK_DIGITS(fit_find(&out, "x")->std_error, fit_find(&clustered, "x")->std_error, 15);
    }
}

/* Two restrictions, of which p also stands for one of them twice over; errors by another column than draws. */
static void check_two(uint64_t seed, bool effects, bool weights, int form, bool imposed, bool finer)
{
    static const char *const TEST[] = {"x = 0.1, z = 0.4", "x + z = 0.5, x - z = -0.3", "x = 0"};
    static const double R[2] = {0.1, 0.4};
    static data p;
    rl_table t = world(100, seed, &p);
    rl_request r = wild(effects ? "y ~ x + z | year" : "y ~ x + z", form, imposed);
    p.K = effects ? 5 : 3;
    if (weights) {
        r.weights = "w";
        memcpy(p.w, t.col[3].num, p.n * sizeof *p.w);
    }
    if (finer) {
        const char **h = RL_NEW(cx.keep, const char *, t.n);
        for (size_t i = 0; i < t.n; i++) h[i] = rl_sprintf(cx.keep, "h%d", p.h[i] = p.g[i] + 6 * (int)(i % 3));
        fit_text(&t, "h", h, &cx);
        r.vcov.by[0] = "h";
        r.vcov.draw_by = "g";
    }
    r.restriction = TEST;
    r.n_restriction = 3;
    double W, expected = share_of_two(&p, R, imposed, form / 10 == 3, form % 10 == 3, &W);
    rl_result out = run(&t, r);
    assert_int_equal(out.n_tests, 3);
    for (size_t i = 0; i < 3; i++) assert_int_equal(out.test[i].draws, VECTORS);
    for (size_t i = 0; i < 2; i++) CHECK_DIGITS(out.test[i].p_value, expected, 15);
    CHECK_DIGITS(out.test[2].p_value, fit_find(&out, "x")->p_value, 15);
    if (form % 10 == 3) CHECK_DIGITS(out.test[0].statistic, W * 6 / 5 / 2, 9);
    size_t said = 0;
    for (size_t i = 0; i < out.n_notes; i++) said += strstr(out.note[i], "joint tests by the same draws") != NULL;
    assert_int_equal(said, 1);
}

static void two_at_once(void **state)
{
    (void)state;
    static const int FORM[] = {11, 31, 13, 33};
    for (size_t f = 0; f < 4; f++)
        for (int bits = 0; bits < 8; bits++) check_two(50 + f, bits & 1, bits & 2, FORM[f], bits & 4, false);
    for (int bits = 0; bits < 8; bits++) check_two(60, bits & 1, bits & 2, 11, bits & 4, true);
}

/* Just inside the interval p is above alpha, beyond it never. */
static void interval_is_the_inverted_test(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 7; seed++) {
        static data p;
        rl_table t = world(100, seed, &p);
        rl_request r = wild("y ~ x + z | year", seed % 2 ? 11 : 31, true);
        p.K = 5;
        r.level = 0.9;
        rl_result out = run(&t, r);
        const rl_estimate *e = fit_find(&out, "x");
        bool jack = seed % 2 == 0;
        double width = e->conf_high - e->conf_low;
        assert_true(width > 0 && isfinite(width));
        assert_true(share(&p, e->conf_low + 1e-9 * width, true, jack, false) > 0.1);
        assert_true(share(&p, e->conf_high - 1e-9 * width, true, jack, false) > 0.1);
        for (int i = 0; i < 40; i++) {
            double off = 1e-9 * width * pow(1.8, i);
            assert_true(share(&p, e->conf_low - off, true, jack, false) <= 0.1);
            assert_true(share(&p, e->conf_high + off, true, jack, false) <= 0.1);
        }
    }
}

/* --- what it must not depend on --------------------------------------------------------------- */

static void rows_and_threads_do_not_matter(void **state)
{
    (void)state;
    static data p;
    static const rl_boot_kind KIND[] = {RL_RADEMACHER, RL_WEBB, RL_MAMMEN};
    rl_table t = world(90, 4, &p), u = world(90, 4, &p);
    for (size_t j = 0; j < 4; j++)
        for (size_t i = 0; i < 90; i++) u.col[j].num[i] = t.col[j].num[(i * 37 + 11) % 90];
    for (size_t j = 4; j < 6; j++)
        for (size_t i = 0; i < 90; i++) u.col[j].code[i] = t.col[j].code[(i * 37 + 11) % 90];
    for (size_t k = 0; k < 3; k++) {
        rl_request r = wild("y ~ x + z | year", 11, true);
        r.vcov.draws = KIND[k];
        r.vcov.reps = k == 0 ? 63 : 4999; /* fewer than all vectors */
        cx.threads = 1;
        rl_result one = run(&t, r);
        cx.threads = 3;
        rl_result three = run(&t, r), shuffled = run(&u, r);
        assert_int_equal(one.draws, r.vcov.reps);
        for (size_t j = 0; j < one.m; j++) {
            assert_true(one.est[j].p_value == three.est[j].p_value);
            assert_true(one.est[j].conf_low == three.est[j].conf_low);
            assert_true(one.est[j].conf_high == three.est[j].conf_high);
            CHECK_DIGITS(shuffled.est[j].p_value, one.est[j].p_value, 15);
            CHECK_DIGITS(shuffled.est[j].conf_low, one.est[j].conf_low, 11);
            CHECK_DIGITS(shuffled.est[j].conf_high, one.est[j].conf_high, 11);
        }
    }
}

static void effects_are_dummies(void **state)
{
    (void)state;
    static data p;
    rl_table t = world(110, 5, &p);
    static const int FORM[] = {11, 31, 33};
    for (size_t f = 0; f < 3; f++) {
        rl_request r = wild("y ~ x + z | year", FORM[f], true), s = wild("y ~ x + z + factor(year)", FORM[f], true);
        r.vcov.draws = s.vcov.draws = RL_WEBB;
        r.vcov.reps = s.vcov.reps = 1999;
        rl_result a = run(&t, r), b = run(&t, s);
        CHECK_DIGITS(fit_find(&a, "x")->p_value, fit_find(&b, "x")->p_value, 15);
        CHECK_DIGITS(fit_find(&a, "x")->conf_low, fit_find(&b, "x")->conf_low, 9);
        CHECK_DIGITS(fit_find(&a, "z")->conf_high, fit_find(&b, "z")->conf_high, 9);
    }
    /* nested effects: dummies again, and two of them */
    rl_request r = wild("y ~ z | g", 11, true), s = wild("y ~ z + factor(g)", 11, true);
    rl_result a = run(&t, r), b = run(&t, s);
    CHECK_DIGITS(fit_find(&a, "z")->p_value, fit_find(&b, "z")->p_value, 15);
    CHECK_DIGITS(fit_find(&a, "z")->conf_low, fit_find(&b, "z")->conf_low, 9);
    r = wild("y ~ z | g + year", 11, true), s = wild("y ~ z + factor(g) + factor(year)", 11, true);
    a = run(&t, r), b = run(&t, s);
    CHECK_DIGITS(fit_find(&a, "z")->conf_high, fit_find(&b, "z")->conf_high, 9);
}

/* A combination is the coefficient of the model written in it: x + z of (x, z) is x of (x, z - x). */
static void combinations_are_coefficients(void **state)
{
    (void)state;
    static const char *const SUM[] = {"x + 2*z", "z/2 - x + 0.3", "`x` - `x` + 3 * z"};
    static data p;
    rl_table t = world(100, 6, &p);
    double *z2 = fit_num(&t, "z2", &cx);
    for (size_t i = 0; i < t.n; i++) z2[i] = t.col[2].num[i] - 2 * t.col[1].num[i];
    rl_request r = wild("y ~ x + z | year", 11, true), s = wild("y ~ x + z2 | year", 11, true);
    r.lincom = SUM;
    r.n_lincom = 3;
    rl_result a = run(&t, r), b = run(&t, s); /* b_x x + b_z z = (b_x + 2 b_z) x + b_z z2 */
    const rl_estimate *e = fit_find(&a, "x + 2*z"), *f = fit_find(&b, "x");
    CHECK_DIGITS(e->estimate, f->estimate, 12);
    CHECK_DIGITS(e->std_error, f->std_error, 12);
    CHECK_DIGITS(e->p_value, f->p_value, 15);
    CHECK_DIGITS(e->conf_low, f->conf_low, 10);
    CHECK_DIGITS(e->conf_high, f->conf_high, 10);
    CHECK_DIGITS(fit_find(&a, SUM[2])->conf_high, 3 * fit_find(&a, "z")->conf_high, 11);
    CHECK_DIGITS(fit_find(&a, SUM[2])->p_value, fit_find(&a, "z")->p_value, 15);
}

/* --- edges ------------------------------------------------------------------------------------- */

static void no_end(void **state)
{
    (void)state;
    static data p;
    rl_table t = world(100, 8, &p);
    rl_request r = wild("y ~ x + z", 11, true);
    r.level = 0.98; /* the least p of 64 vectors is 2/64 */
    rl_result out = run(&t, r);
    assert_true(isinf(fit_find(&out, "x")->conf_low) && isinf(fit_find(&out, "x")->conf_high));
    bool said = false;
    for (size_t i = 0; i < out.n_notes; i++) said = said || strstr(out.note[i], "without an end") != NULL;
    assert_true(said);
}

static void refusals(void **state)
{
    (void)state;
    static data p;
    rl_table t = world(100, 8, &p);
    double *only = fit_num(&t, "only", &cx), *won = fit_num(&t, "won", &cx), *one = fit_num(&t, "one", &cx);
    for (size_t i = 0; i < t.n; i++) {
        only[i] = p.g[i] == 2;
        won[i] = p.y[i] > 0;
        one[i] = 1;
    }
    rl_request r = wild("y ~ x + only", 31, true);
    refused(&t, r, RL_EDATA, "without cluster 'g2'");
    r = wild("y ~ x + z", 11, true);
    r.vcov.by[0] = "one";
    refused(&t, r, RL_EDATA, "one cluster");
    r = wild("won ~ x + z", 31, true);
    r.estimator = rl_estimator_by_name("logit");
    refused(&t, r, RL_EDATA, "form=31 is not defined for this estimator");
    r = wild("y ~ 1 | 0 | x ~ z", 13, true);
    refused(&t, r, RL_EDATA, "form=13 is not defined with instruments");
    r = wild("won ~ x + z", 11, true);
    r.estimator = rl_estimator_by_name("logit");
    r.margins = true;
    refused(&t, r, RL_EDATA, "'ame::x' is an average of the fit");
    r = wild("y ~ x + z", 33, true);
    r.vcov.draw_by = "year";
    refused(&t, r, RL_EDATA, "form=33 is not defined where draws and errors");
    r = wild("y ~ x + z", 11, true);
    r.vcov.draw_by = "one";
    refused(&t, r, RL_EDATA, "one cluster to draw for: 'one'");
    r = wild("y ~ x + z", 11, true);
    r.vcov.ways = 0;
    refused(&t, r, RL_EUSAGE, "names no cluster");
}

/* --- the draws ---------------------------------------------------------------------------------- */

static void plans(void **state)
{
    (void)state;
    uint64_t unit[7] = {3, 1, 4, 1, 5, 9, 2};
    rl_boot_plan p = rl_boot_plan_of(RL_RADEMACHER, 129, 1, unit, 7);
    assert_true(p.all && p.N == 128);
    p = rl_boot_plan_of(RL_RADEMACHER, 128, 1, unit, 7);
    assert_true(!p.all && p.N == 128);
    p = rl_boot_plan_of(RL_WEBB, 7777, 1, unit, 5);
    assert_true(p.all && p.N == 7776);
    p = rl_boot_plan_of(RL_MAMMEN, 99999, 1, unit, 3);
    assert_true(!p.all && p.N == 99999);
}

/* Draws have mean 0 and variance 1, Mammen's third moment 1: with one number a cluster the sum of squares shows it. */
static void moments(void **state)
{
    (void)state;
    enum { N = 40000 };
    uint64_t unit[2] = {77, 78};
    double num0[2] = {1, 0}, s0[2] = {0, 1}, zero[2] = {0, 0};
    for (int k = RL_RADEMACHER; k <= RL_MAMMEN; k++) {
        rl_boot_plan p = {.kind = (rl_boot_kind)k, .G = 2, .N = N, .seed = 5, .unit = unit};
        rl_boot b = {.num0 = num0, .s0 = s0, .left = {zero, 1, 2, 1}, .right0 = {zero, 2, 1, 2}, .se2 = 1};
        rl_boot_draws d;
        double m1 = 0, m2 = 0, m3 = 0, cross = 0;
        rl_boot_run(&p, &b, &d, &cx);
        for (size_t i = 0; i < N; i++) {
            double v = d.v[5 * i];
            m1 += v / N;
            m2 += v * v / N;
            m3 += v * v * v / N;
            cross += v * v * d.v[5 * i + 2] / N;
        }
        CHECK_NEAR(m1, 0, 0.02);
        CHECK_NEAR(m2, 1, 0.03);
        CHECK_NEAR(m3, k == RL_MAMMEN ? 1 : 0, 0.06);
        CHECK_NEAR(cross, 1, 0.06); /* clusters are independent */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_regression_a_draw),
        TEST(jackknife_forms),
        TEST(draws_at_another_level),
        TEST(two_at_once),
        TEST(interval_is_the_inverted_test),
        TEST(rows_and_threads_do_not_matter),
        TEST(effects_are_dummies),
        TEST(combinations_are_coefficients),
        TEST(no_end),
        TEST(refusals),
        TEST(plans),
        TEST(moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
