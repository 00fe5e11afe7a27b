/* CR2 and CR3 against the definition, with the hat matrix of the whole design written out. */
#include "base/arena.h"
#include "num/cr.h"
#include "num/eig.h"
#include "unit/own_fit.h"

enum { MOST = 240, WIDE = 60 };

/* --- the definition -------------------------------------------------------------- */

typedef struct dense {
    size_t n, K, G;
    double Z[MOST][WIDE], M[WIDE][WIDE], w[MOST], e[MOST];
    int g[MOST];
} dense;

/* M = (Z'WZ)^-1 by Gauss-Jordan with row exchange, columns without a pivot left out; e from y. */
static void regress(dense *p, const double *y)
{
    static long double A[WIDE][2 * WIDE];
    size_t keep[WIDE], K = 0;
    for (size_t c = 0; c < p->K; c++) { /* keep what does not depend on the columns before */
        static double basis[WIDE][MOST];
        double *b = basis[K], before = 0, left = 0;
        for (size_t i = 0; i < p->n; i++) before += (b[i] = p->Z[i][c]) * p->Z[i][c];
        for (int pass = 0; pass < 2; pass++)
            for (size_t l = 0; l < K; l++) {
                double s = 0;
                for (size_t i = 0; i < p->n; i++) s += basis[l][i] * b[i];
                for (size_t i = 0; i < p->n; i++) b[i] -= s * basis[l][i];
            }
        for (size_t i = 0; i < p->n; i++) left += b[i] * b[i];
        if (left < 1e-16 * before) continue;
        for (size_t i = 0; i < p->n; i++) b[i] /= sqrt(left);
        keep[K++] = c;
    }
    for (size_t c = 0; c < K; c++)
        for (size_t i = 0; i < p->n; i++) p->Z[i][c] = p->Z[i][keep[c]];
    p->K = K;
    for (size_t a = 0; a < K; a++)
        for (size_t b = 0; b < K; b++) {
            A[a][b] = 0;
            for (size_t i = 0; i < p->n; i++) A[a][b] += (long double)p->w[i] * p->Z[i][a] * p->Z[i][b];
            A[a][K + b] = a == b;
        }
    for (size_t c = 0; c < K; c++) {
        size_t r = c;
        for (size_t i = c; i < K; i++)
            if (fabsl(A[i][c]) > fabsl(A[r][c])) r = i;
        for (size_t j = 0; j < 2 * K; j++) {
            long double t = A[c][j];
            A[c][j] = A[r][j];
            A[r][j] = t;
        }
        long double d = A[c][c];
        for (size_t j = 0; j < 2 * K; j++) A[c][j] /= d;
        for (size_t i = 0; i < K; i++) {
            long double t = A[i][c];
            for (size_t j = 0; j < 2 * K && i != c; j++) A[i][j] -= t * A[c][j];
        }
    }
    for (size_t a = 0; a < K; a++)
        for (size_t b = 0; b < K; b++) p->M[a][b] = (double)A[a][K + b];
    long double beta[WIDE] = {0};
    for (size_t a = 0; a < K; a++)
        for (size_t b = 0; b < K; b++)
            for (size_t i = 0; i < p->n; i++) beta[a] += A[a][K + b] * p->w[i] * p->Z[i][b] * y[i];
    for (size_t i = 0; i < p->n; i++) {
        long double f = 0;
        for (size_t a = 0; a < K; a++) f += beta[a] * p->Z[i][a];
        p->e[i] = (double)(y[i] - f);
    }
}

/* What a coefficient's score of each cluster is made of: score_g = S_g'(errors). */
typedef struct scores {
    double S[MOST][MOST], score[MOST];
} scores;

/* Squared standard error and degrees of freedom of coefficient c. */
static void definition(const dense *p, size_t c, bool jackknife, scores *out, double *V, double *df)
{
    static double R[MOST][MOST], N[MOST][MOST], B[MOST * MOST], v[MOST], work[MOST];
    double(*S)[MOST] = out->S;
    size_t n = p->n;
    for (size_t i = 0; i < n; i++) /* R = I - H */
        for (size_t j = 0; j < n; j++) {
            long double h = 0;
            for (size_t a = 0; a < p->K; a++)
                for (size_t b = 0; b < p->K; b++) h += (long double)p->Z[i][a] * p->M[a][b] * p->Z[j][b];
            R[i][j] = (double)((i == j) - h * p->w[j]);
        }
    for (size_t i = 0; i < n; i++) /* R R', or R in the scale where it is symmetric */
        for (size_t j = 0; j < n; j++) {
            double s = 0;
            for (size_t l = 0; l < n && !jackknife; l++) s += R[i][l] * R[j][l];
            N[i][j] = jackknife ? R[i][j] * sqrt(p->w[i] / p->w[j]) : s;
        }
    *V = 0;
    for (size_t g = 0; g < p->G; g++) {
        size_t row[MOST], m = 0;
        double x[MOST] = {0}, a[MOST] = {0}, score = 0;
        for (size_t i = 0; i < n; i++)
            if (p->g[i] == (int)g) row[m++] = i;
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < m; j++) B[i + j * m] = 0.5 * (N[row[i]][row[j]] + N[row[j]][row[i]]);
        assert_true(rl_eig(B, m, v, work));
        for (size_t i = 0; i < m; i++) {
            double w = p->w[row[i]];
            for (size_t b = 0; b < p->K; b++) x[i] += p->Z[row[i]][b] * p->M[b][c];
            x[i] *= jackknife ? sqrt(w) : w;
        }
        for (size_t l = 0; l < m; l++) {
            double t = 0;
            if (v[l] < 1e-10) continue;
            for (size_t i = 0; i < m; i++) t += B[i + l * m] * x[i];
            for (size_t i = 0; i < m; i++) a[i] += B[i + l * m] * t / (jackknife ? v[l] : sqrt(v[l]));
        }
        for (size_t j = 0; j < n; j++) S[g][j] = 0;
        for (size_t i = 0; i < m; i++) {
            if (jackknife) a[i] *= sqrt(p->w[row[i]]);
            score += a[i] * p->e[row[i]];
            for (size_t j = 0; j < n; j++) S[g][j] += a[i] * R[row[i]][j];
        }
        out->score[g] = score;
        *V += score * score;
    }
    double tr = 0, sq = 0;
    for (size_t g = 0; g < p->G; g++)
        for (size_t h = 0; h < p->G; h++) {
            double s = 0;
            for (size_t j = 0; j < n; j++) s += S[g][j] * S[h][j];
            if (g == h) tr += s;
            sq += s * s;
        }
    *df = tr * tr / sq;
}

/* F and its second degrees of freedom of both coefficients at once: the T squared of Hotelling with the
 * degrees of freedom of the Wishart matrix whose total variance is that of the scores' cross-product. */
static void definition_joint(const dense *p, const scores *x, const scores *z, const double *b, double *F, double *df)
{
    static double P[2][2][MOST][MOST];
    const scores *s[2] = {x, z};
    double V[3] = {0}, O[3] = {0}, C[2][2], total = 0;
    for (size_t g = 0; g < p->G; g++) {
        V[0] += x->score[g] * x->score[g], V[1] += x->score[g] * z->score[g], V[2] += z->score[g] * z->score[g];
        for (size_t h = 0; h < p->G; h++)
            for (int a = 0; a < 4; a++) {
                double sum = 0;
                for (size_t j = 0; j < p->n; j++) sum += s[a / 2]->S[g][j] * s[a % 2]->S[h][j];
                P[a / 2][a % 2][g][h] = sum;
            }
        O[0] += P[0][0][g][g], O[1] += P[0][1][g][g], O[2] += P[1][1][g][g];
    }
    double tr = O[0] + O[2], det = O[0] * O[2] - O[1] * O[1], t = sqrt(tr + 2 * sqrt(det)), r = sqrt(det);
    double Q[2][2] = {{(O[2] + r) / (t * r), -O[1] / (t * r)}, {-O[1] / (t * r), (O[0] + r) / (t * r)}}; /* O^-1/2 */
    for (size_t g = 0; g < p->G; g++)
        for (size_t h = 0; h < p->G; h++) {
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < 2; j++) {
                    C[i][j] = 0;
                    for (int a = 0; a < 4; a++) C[i][j] += Q[i][a / 2] * P[a / 2][a % 2][g][h] * Q[a % 2][j];
                }
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < 2; j++) total += C[i][i] * C[j][j] + C[i][j] * C[j][i];
        }
    double eta = 6 / total,
           W = (V[2] * b[0] * b[0] - 2 * V[1] * b[0] * b[1] + V[0] * b[1] * b[1]) / (V[0] * V[2] - V[1] * V[1]);
    *df = eta - 1;
    *F = (eta - 1) / (2 * eta) * W;
}

/* --- worlds -------------------------------------------------------------------------- */

/* Clusters of unequal size; unit is nested in g, firm and year are not. */
static rl_table world(size_t n, int G, uint64_t seed)
{
    static const char *const COLUMN[] = {"y", "x", "z", "w"};
    rl_table t = fit_table(n);
    const char **g = RL_NEW(cx.keep, const char *, n), **unit = RL_NEW(cx.keep, const char *, n),
               **firm = RL_NEW(cx.keep, const char *, n), **year = RL_NEW(cx.keep, const char *, n);
    for (size_t j = 0; j < 4; j++) fit_num(&t, COLUMN[j], &cx);
    rl_rng r = rl_rng_for(seed, 5);
    for (size_t i = 0; i < n; i++) {
        double u = rl_uniform(&r);
        int c = (int)(u * u * G);
        double a = rl_normal_of((c + 0.5) / G);
        g[i] = rl_sprintf(cx.keep, "g%02d", c);
        unit[i] = rl_sprintf(cx.keep, "u%02d.%d", c, (int)(rl_uniform(&r) * 2));
        firm[i] = rl_sprintf(cx.keep, "f%d", (int)(rl_uniform(&r) * 11));
        year[i] = rl_sprintf(cx.keep, "y%d", (int)(rl_uniform(&r) * 5));
        t.col[1].num[i] = rl_normal(&r) + 0.4 * a;
        t.col[2].num[i] = rl_uniform(&r) < 0.4 ? 1.3 : 0.2;
        t.col[3].num[i] = 0.3 + 2 * rl_uniform(&r);
        t.col[0].num[i] = 0.7 * t.col[1].num[i] - 0.4 * t.col[2].num[i] + a + rl_normal(&r);
    }
    fit_text(&t, "g", g, &cx);
    fit_text(&t, "unit", unit, &cx);
    fit_text(&t, "firm", firm, &cx);
    fit_text(&t, "year", year, &cx);
    return t;
}

static void add_dummies(dense *p, const rl_table *t, const char *name, bool first)
{
    rl_groups g;
    rl_groups_of(rl_table_col(t, name), t->n, &g, cx.tmp, &cx);
    for (size_t i = 0; i < p->n; i++)
        for (size_t l = !first; l < g.G; l++) p->Z[i][p->K + l - !first] = g.code[i] == (int)l;
    p->K += g.G - !first;
    assert_true(p->K <= WIDE);
}

static void compare(size_t n, int G, const char *first, const char *second, bool weights, bool jackknife)
{
    static dense p;
    rl_table t = world(n, G, n + (size_t)G);
    rl_groups g;
    rl_request r = fit_request(first == NULL    ? "y ~ x + z"
                               : second == NULL ? rl_sprintf(cx.keep, "y ~ x + z | %s", first)
                                                : rl_sprintf(cx.keep, "y ~ x + z | %s + %s", first, second));
    r.vcov = (rl_vcov_spec){.kind = jackknife ? RL_CR3 : RL_CR2, .ways = 1, .by = {"g"}, .lag = -1};
    r.keep_singletons = true;
    r.weights = weights ? "w" : NULL;
    static const char *const TEST[] = {"x = 0, z = 0", "x = 0"};
    r.restriction = TEST;
    r.n_restriction = 2;
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    p = (dense){.n = n, .K = 2};
    rl_groups_of(rl_table_col(&t, "g"), n, &g, cx.tmp, &cx);
    p.G = g.G;
    for (size_t i = 0; i < n; i++) {
        p.g[i] = g.code[i];
        p.w[i] = weights ? t.col[3].num[i] : 1;
        p.Z[i][0] = t.col[1].num[i];
        p.Z[i][1] = t.col[2].num[i];
        if (first == NULL) p.Z[i][2] = 1;
    }
    if (first == NULL) p.K = 3;
    if (first != NULL) add_dummies(&p, &t, first, true);
    if (second != NULL) add_dummies(&p, &t, second, false);
    regress(&p, t.col[0].num);
    const char *const NAME[] = {"x", "z"};
    static scores s[2];
    double b[2], F, df2;
    for (size_t c = 0; c < 2; c++) {
        double V, df;
        definition(&p, c, jackknife, &s[c], &V, &df);
        const rl_estimate *e = fit_find(&out, NAME[c]);
        CHECK_DIGITS(e->std_error, sqrt(V), 9.5);
        CHECK_DIGITS(e->df, df, 9);
        b[c] = e->estimate;
    }
    definition_joint(&p, &s[0], &s[1], b, &F, &df2);
    CHECK_DIGITS(out.test[0].statistic, F, 8.5);
    CHECK_DIGITS(out.test[0].df2, df2, 8.5);
    const rl_estimate *x = fit_find(&out, "x"); /* one restriction: t squared */
    CHECK_DIGITS(out.test[1].statistic, x->statistic * x->statistic, 12);
    CHECK_DIGITS(out.test[1].df2, x->df, 12);
    CHECK_DIGITS(out.test[1].p_value, x->p_value, 10);
}

static void as_defined(void **state)
{
    (void)state;
    for (int bits = 0; bits < 4; bits++) {
        bool w = bits & 1, jackknife = bits & 2;
        compare(60, 11, NULL, NULL, w, jackknife);     /* clusters of a few rows, and larger ones */
        compare(230, 6, NULL, NULL, w, jackknife);     /* many rows: Woodbury                     */
        compare(90, 9, "unit", NULL, w, jackknife);    /* nested                                  */
        compare(90, 9, "unit", "year", w, jackknife);  /* nested, and one across                  */
        compare(110, 8, "firm", NULL, w, jackknife);   /* across                                  */
        compare(230, 7, "firm", "year", w, jackknife); /* both across                             */
        compare(220, 3, "year", NULL, w, jackknife);   /* more rows than twice the columns        */
    }
}

/* --- properties -------------------------------------------------------------------------- */

/* clubSandwich 0.5.8 under R 4.2: Wald_test(lm(..), .., vcovCR(.., type), test = "HTZ") with the dummies
 * written out; the data are these formulas. */
static void joint_tests_as_club_sandwich(void **state)
{
    (void)state;
    static const struct {
        const char *formula, *test;
        rl_vcov_kind kind;
        bool weights;
        double F, df2;
    } PEER[] = {
        {"y ~ x1 + x2 + x3", "x1 = 0, x2 = 0, x3 = 0", RL_CR2, false, 80.904682565579, 7.12264272640479},
        {"y ~ x1 + x2 + x3", "x1 = x2, x3 = 0", RL_CR2, false, 119.794479009512, 8.28312620171248},
        {"y ~ x1 + x2 + x3", "x1 = x2, x3 = 0", RL_CR3, false, 103.762417481266, 8.09175527985702},
        {"y ~ x1 + x2 + x3", "x2 = 0", RL_CR2, false, 30.6802268740077, 9.12121455590928},
        {"y ~ x1 + x2 + x3 | h", "x1 = 0, x2 = 0, x3 = 0", RL_CR2, true, 26.0353730652852, 6.4276935721968},
        {"y ~ x1 + x2 + x3 | g", "x1 = 0, x2 = 0, x3 = 0", RL_CR2, false, 18.5393320483597, 5.90281603421694},
    };
    enum { N = 60 };
    static const char *const NAME[] = {"y", "x1", "x2", "x3", "w"};
    rl_table t = fit_table(N);
    const char *g[N], *h[N];
    for (size_t j = 0; j < 5; j++) fit_num(&t, NAME[j], &cx);
    for (int r = 0; r < N; r++) {
        int i = r + 1, group = (int)floor(sqrt(3.0 * i));
        double x1 = sin(i) + 0.2 * group, x2 = cos(1.7 * i) + 0.3 * sin(i), x3 = i * 7 % 5 < 2;
        const double v[] = {0.7 * x1 - 0.3 * x2 + 0.4 * x3 + sin(group * 3.1) + cos((double)i * i), x1, x2, x3,
                            0.5 + i * 13 % 11 / 10.0};
        for (size_t j = 0; j < 5; j++) t.col[j].num[r] = v[j];
        g[r] = rl_sprintf(cx.keep, "g%d", group);
        h[r] = rl_sprintf(cx.keep, "h%d", r / 12);
    }
    fit_text(&t, "g", g, &cx);
    fit_text(&t, "h", h, &cx);
    for (size_t i = 0; i < sizeof PEER / sizeof *PEER; i++) {
        rl_request r = fit_request(PEER[i].formula);
        r.vcov = (rl_vcov_spec){.kind = PEER[i].kind, .ways = 1, .by = {"g"}, .lag = -1};
        r.keep_singletons = true;
        r.weights = PEER[i].weights ? "w" : NULL;
        r.restriction = &PEER[i].test;
        r.n_restriction = 1;
        rl_result out = run(&t, r);
        CHECK_DIGITS(out.test[0].statistic, PEER[i].F, 10);
        CHECK_DIGITS(out.test[0].df2, PEER[i].df2, 10);
    }
}

static void same_bytes_for_threads(void **state)
{
    (void)state;
    rl_table t = world(230, 40, 3);
    rl_request r = fit_request("y ~ x + z | firm + year");
    const char *const both = "x = 0, z = 0.3";
    r.restriction = &both;
    r.n_restriction = 1;
    for (int kind = RL_CR2; kind <= RL_CR3; kind++) {
        r.vcov = (rl_vcov_spec){.kind = (rl_vcov_kind)kind, .ways = 1, .by = {"g"}, .lag = -1};
        cx.threads = 1;
        rl_result one = run(&t, r);
        cx.threads = 4;
        rl_result four = run(&t, r);
        assert_true(one.test[0].df2 == four.test[0].df2);
        for (size_t j = 0; j < one.m; j++) {
            assert_true(one.est[j].std_error == four.est[j].std_error);
            assert_true(one.est[j].df == four.est[j].df);
        }
    }
}

/* CR3 is the jackknife of summclust but for (G-1)/G: leave out each cluster and fit again. */
static void jackknife_by_refit(void **state)
{
    (void)state;
    rl_table t = world(200, 8, 21);
    rl_request r = fit_request("y ~ x + z | year");
    r.vcov = (rl_vcov_spec){.kind = RL_CR3, .ways = 1, .by = {"g"}, .lag = -1};
    r.profile = "summclust";
    r.keep_singletons = true;
    rl_result all = run(&t, r);
    CHECK_DIGITS(all.df, 7, 16);
    double sum = 0, x = fit_find(&all, "x")->estimate;
    unsigned char *keep = RL_NEW(cx.keep, unsigned char, t.n);
    r.vcov = (rl_vcov_spec){.kind = RL_IID, .lag = -1};
    r.profile = NULL;
    for (int g = 0; g < 8; g++) {
        rl_table part = world(200, 8, 21);
        const rl_col *c = rl_table_col(&part, "g");
        for (size_t i = 0; i < part.n; i++)
            keep[i] = strcmp(c->dict->text[c->code[i]], rl_sprintf(cx.tmp, "g%02d", g)) != 0;
        rl_table_filter(&part, keep, cx.keep);
        rl_result without = run(&part, r);
        double d = fit_find(&without, "x")->estimate - x;
        sum += d * d;
    }
    CHECK_DIGITS(fit_find(&all, "x")->std_error, sqrt(7.0 / 8 * sum), 11);
}

static void refused_by(const char *formula, const rl_table *t, rl_vcov_kind kind, const char *by, const char *word)
{
    rl_request r = fit_request(formula);
    r.vcov = (rl_vcov_spec){.kind = kind, .ways = 1, .by = {by}, .lag = -1};
    refused(t, r, RL_EDATA, word);
}

static void refusals(void **state)
{
    (void)state;
    rl_table t = world(120, 6, 2);
    double *only = fit_num(&t, "only", &cx), *same = fit_num(&t, "same", &cx);
    const rl_col *g = rl_table_col(&t, "g");
    for (size_t i = 0; i < t.n; i++) {
        only[i] = strcmp(g->dict->text[g->code[i]], "g03") == 0;
        same[i] = 2.385;
    }
    refused_by("y ~ x + only", &t, RL_CR3, "g", "without cluster 'g03'");
    refused_by("y ~ x", &t, RL_CR2, "same", "one cluster");
    rl_table wide = fit_table(1000);
    double *y = fit_num(&wide, "y", &cx), *f = fit_num(&wide, "f", &cx), *half = fit_num(&wide, "half", &cx);
    rl_rng draw = rl_rng_for(400, 2);
    for (size_t i = 0; i < wide.n; i++) {
        y[i] = rl_normal(&draw);
        f[i] = (double)(i % 400);
        half[i] = (double)(i % 7);
    }
    refused_by("y ~ factor(f)", &wide, RL_CR2, "half", "too many");
    rl_request r = fit_request("y ~ x + only");
    r.vcov = (rl_vcov_spec){.kind = RL_CR2, .ways = 1, .by = {"g"}, .lag = -1};
    rl_result out = run(&t, r);
    bool said = false;
    for (size_t i = 0; i < out.n_notes; i++) said = said || strstr(out.note[i], "without cluster 'g03'") != NULL;
    assert_true(said);
    /* three clusters cannot tell three coefficients at once */
    rl_table few = world(120, 3, 5);
    const char *const all = "x = 0, z = 0, w = 0";
    rl_result none;
    r = fit_request("y ~ x + z + w");
    r.vcov = (rl_vcov_spec){.kind = RL_CR2, .ways = 1, .by = {"g"}, .lag = -1};
    r.restriction = &all;
    r.n_restriction = 1;
    assert_int_equal(rl_estimate_run(&r, &few, &none, cx.keep, &cx), RL_EDATA);
    if (strstr(cx.err.what, "no degrees of freedom") == NULL && strstr(cx.err.what, "singular") == NULL)
        fail_msg("'%s'", cx.err.what);
    rl_forgive(&cx);
}

/* Units of the regressors move estimate and error and nothing else, however large they are. */
static void any_units(void **state)
{
    (void)state;
    static const char *const FORMULA[] = {"y ~ x + z", "y ~ x + z | firm"};
    static const int POWER[] = {280, 480, -300};
    const char *const both = "x = 0, z = 0";
    for (int i = 0; i < 2 * 2 * 2 * 3; i++) {
        int up = POWER[i % 3];
        rl_table t = world(120, 9, 8);
        rl_request r = fit_request(FORMULA[i / 3 % 2]);
        r.vcov = (rl_vcov_spec){.kind = i / 6 % 2 ? RL_CR3 : RL_CR2, .ways = 1, .by = {"g"}, .lag = -1};
        r.weights = i / 12 ? "w" : NULL;
        r.restriction = &both;
        r.n_restriction = 1;
        rl_result a = run(&t, r);
        for (size_t j = 0; j < t.n; j++) rl_table_col(&t, "x")->num[j] = ldexp(rl_table_col(&t, "x")->num[j], up);
        rl_result b = run(&t, r);
        for (size_t j = 0; j < a.m; j++) {
            assert_true(isfinite(b.est[j].p_value) && isfinite(b.est[j].conf_low));
            CHECK_DIGITS(b.est[j].statistic, a.est[j].statistic, 9);
            CHECK_DIGITS(b.est[j].df, a.est[j].df, 9);
        }
        CHECK_DIGITS(ldexp(fit_find(&b, "x")->std_error, up), fit_find(&a, "x")->std_error, 9);
        CHECK_DIGITS(b.test[0].df2, a.test[0].df2, 9);
        CHECK_DIGITS(b.test[0].statistic, a.test[0].statistic, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_defined),
        TEST(joint_tests_as_club_sandwich),
        TEST(same_bytes_for_threads),
        TEST(jackknife_by_refit),
        TEST(refusals),
        TEST(any_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
