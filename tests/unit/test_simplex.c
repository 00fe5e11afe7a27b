#include <string.h>

#include "base/rng.h"
#include "check.h"
#include "num/simplex.h"

enum { MOST = 4000 };

/* n columns of `rows` normal numbers, and b: a mixture of the first three and noise times `spread`. */
typedef struct problem {
    rl_simplex s;
    double data[MOST], b[MOST], c[MOST], gram[MOST], room[4 * MOST];
} problem;

static problem *make(size_t n, size_t rows, double ridge, double spread, uint64_t seed)
{
    problem *p = calloc(1, sizeof *p);
    rl_rng r = rl_rng_for(seed, 3);
    assert_true(n * rows <= MOST && n * n <= MOST && rl_simplex_room(n, rows) <= sizeof p->room / sizeof *p->room);
    for (size_t i = 0; i < n * rows; i++) p->data[i] = 2.385 * rl_normal(&r);
    for (size_t t = 0; t < rows; t++) {
        p->b[t] = spread * rl_normal(&r);
        for (size_t i = 0; i < 3 && i < n; i++) p->b[t] += p->data[i * rows + t] * (i == 0 ? 0.5 : 0.25);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < rows; t++) p->c[i] += p->data[i * rows + t] * p->b[t];
        for (size_t j = 0; j < n; j++)
            for (size_t t = 0; t < rows; t++) p->gram[i * n + j] += p->data[i * rows + t] * p->data[j * rows + t];
    }
    p->s = (rl_simplex){.n = n, .rows = rows, .ridge = ridge, .data = p->data, .stride = rows, .b = p->b, .c = p->c};
    return p;
}

static void even(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = 1 / (double)n;
}

/* How far x is from the conditions of a minimum: the largest gain of a weight over the mean slope, of which those above
 * 0 must all have the same; beside the largest column's square. */
static double distance(const problem *p, const double *x)
{
    size_t n = p->s.n, rows = p->s.rows;
    long double v[MOST] = {0}, least = INFINITY, most = 0, top = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(x[i] >= 0);
        sum += x[i];
        for (size_t t = 0; t < rows; t++) v[t] += x[i] * (long double)p->data[i * rows + t];
    }
    CHECK_NEAR((double)sum, 1, 1e-14);
    long double g[MOST] = {0};
    for (size_t i = 0; i < n; i++) {
        long double square = 0;
        g[i] = p->s.ridge * (long double)x[i];
        for (size_t t = 0; t < rows; t++) {
            g[i] += p->data[i * rows + t] * (v[t] - p->b[t]);
            square += (long double)p->data[i * rows + t] * p->data[i * rows + t];
        }
        top = square > top ? square : top;
        least = g[i] < least ? g[i] : least;
    }
    for (size_t i = 0; i < n; i++) most = x[i] > 0 && g[i] - least > most ? g[i] - least : most;
    return (double)(most / top);
}

static double value(const problem *p, const double *x)
{
    double sum = 0;
    for (size_t t = 0; t < p->s.rows; t++) {
        double e = -p->b[t];
        for (size_t i = 0; i < p->s.n; i++) e += x[i] * p->data[i * p->s.rows + t];
        sum += e * e;
    }
    for (size_t i = 0; i < p->s.n; i++) sum += p->s.ridge * x[i] * x[i];
    return sum;
}

/* |x_1 a + (1 - x_1) c - b|^2 of two columns has its minimum at a fraction. */
static void two_columns(void **state)
{
    (void)state;
    double data[] = {2.385, -1.5, 0.75, 0.25, 1.125, -2.5}, b[] = {1.5, 0.25, -1}, x[] = {0.5, 0.5}, room[200];
    rl_simplex s = {.n = 2, .rows = 3, .ridge = 0.3, .data = data, .stride = 3, .b = b};
    double up = s.ridge, down = 2 * s.ridge;
    for (int t = 0; t < 3; t++) {
        double d = data[t] - data[3 + t];
        up += d * (b[t] - data[3 + t]);
        down += d * d;
    }
    assert_true(rl_simplex_exact(&s, x, room));
    CHECK_DIGITS(x[0], up / down, 15);
    CHECK_DIGITS(x[1], 1 - up / down, 15);
    double one = 1;
    s.n = 1;
    assert_true(rl_simplex_exact(&s, &one, room));
    assert_true(one == 1);
}

/* Fewer and more columns than rows, ridges from large to none, an outcome that can be met exactly, columns twice. */
static void minimum(void **state)
{
    (void)state;
    static const struct {
        size_t n, rows;
        double ridge, spread;
    } CASE[] = {{5, 12, 0, 1},      {5, 12, 40, 1},     {40, 12, 25, 1}, {40, 12, 1e-11, 1}, {40, 12, 0, 1},
                {40, 12, 1e-11, 0}, {40, 12, 0, 0},     {3, 30, 0, 0},   {60, 5, 900, 2},    {60, 5, 1e-3, 0.1},
                {2, 1, 0, 1},       {30, 1, 1e-6, 0.5}, {60, 60, 1, 1},  {60, 60, 1e-12, 1}};
    for (size_t k = 0; k < sizeof CASE / sizeof *CASE; k++)
        for (uint64_t seed = 1; seed <= 8; seed++) {
            problem *p = make(CASE[k].n, CASE[k].rows, CASE[k].ridge, CASE[k].spread, seed);
            double x[60], y[60];
            if (seed % 2 == 0 && CASE[k].n > 4) memcpy(p->data + p->s.rows, p->data, p->s.rows * sizeof(double));
            even(x, p->s.n);
            assert_true(rl_simplex_exact(&p->s, x, p->room));
            assert_true(distance(p, x) < 1e-13);
            memset(y, 0, sizeof y); /* from one weight, and from none */
            y[p->s.n - 1] = seed % 3 == 0 ? 0 : 1;
            assert_true(rl_simplex_exact(&p->s, y, p->room));
            CHECK_NEAR(value(p, y), value(p, x), 1e-12 * (1 + value(p, x)));
            for (size_t i = 0; i < p->s.n && CASE[k].ridge >= 1; i++) CHECK_NEAR(y[i], x[i], 1e-13);
            free(p);
        }
}

static void columns_that_are_all_zero(void **state)
{
    (void)state;
    problem *p = make(6, 4, 0, 0, 1);
    double x[6];
    memset(p->data, 0, sizeof p->data);
    memset(p->b, 0, sizeof p->b);
    memset(x, 0, sizeof x);
    x[2] = 1;
    assert_true(rl_simplex_exact(&p->s, x, p->room));
    for (int i = 0; i < 6; i++) CHECK_DIGITS(x[i], 1.0 / 6, 15);
    p->data[3] = NAN;
    assert_false(rl_simplex_exact(&p->s, x, p->room));
    free(p);
}

/* Steps come down to the minimum, the same ones with and without products at hand, and each as the formula says. */
static void steps(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        problem *p = make(37, 14, 3, 1, seed);
        double x[37], y[37], z[37], at = INFINITY;
        even(x, 37), even(y, 37), even(z, 37);
        size_t n = rl_simplex_walk(&p->s, x, 300, 0, p->room);
        p->s.gram = p->gram, p->s.ld = 37;
        assert_int_equal(rl_simplex_walk(&p->s, y, 300, 0, p->room), n);
        for (int i = 0; i < 37; i++) CHECK_NEAR(y[i], x[i], 1e-12);
        for (int t = 0; t < 20; t++) { /* one by one */
            double g, least = INFINITY, down = 0, bend = 0, d[37], v[14] = {0};
            size_t best = 0;
            assert_true(value(p, z) < at);
            at = value(p, z);
            for (size_t i = 0; i < 37; i++)
                for (size_t r = 0; r < 14; r++) v[r] += z[i] * p->data[i * 14 + r];
            for (size_t i = 0; i < 37; i++) {
                g = p->s.ridge * z[i];
                for (size_t r = 0; r < 14; r++) g += p->data[i * 14 + r] * (v[r] - p->b[r]);
                down += g * z[i];
                if (g < least) least = g, best = i;
            }
            for (size_t i = 0; i < 37; i++) {
                d[i] = (i == best) - z[i];
                bend += p->s.ridge * d[i] * d[i];
            }
            for (size_t r = 0; r < 14; r++) bend += pow(p->data[best * 14 + r] - v[r], 2);
            double before[37];
            memcpy(before, z, sizeof z);
            assert_int_equal(rl_simplex_walk(&p->s, z, 1, 0, p->room), 1);
            for (size_t i = 0; i < 37; i++) CHECK_NEAR(z[i], before[i] + fmin(1, (down - least) / bend) * d[i], 1e-12);
        }
        even(z, 37);
        assert_true(rl_simplex_exact(&p->s, z, p->room));
        rl_simplex_walk(&p->s, x, 100000, 0, p->room);
        CHECK_NEAR(value(p, x), value(p, z), 1e-3 * value(p, z));
        assert_true(value(p, x) >= value(p, z) * (1 - 1e-12));
        free(p);
    }
}

static void where_steps_end(void **state)
{
    (void)state;
    problem *p = make(20, 9, 2, 1, 4);
    double x[20], y[20];
    even(x, 20);
    assert_int_equal(rl_simplex_walk(&p->s, x, 0, 0, p->room), 0);
    assert_int_equal(rl_simplex_walk(&p->s, x, 7, 0, p->room), 7);
    even(x, 20);
    assert_int_equal(rl_simplex_walk(&p->s, x, 500, 1e9, p->room), 2); /* the first is free */
    even(x, 20), even(y, 20);
    size_t n = rl_simplex_walk(&p->s, x, 500, 1e-3, p->room);
    assert_true(n > 2 && n < 500);
    rl_simplex_walk(&p->s, y, n - 1, 0, p->room);
    assert_true(value(p, y) - value(p, x) <= 1e-3 * 9);
    /* the nearest corner: all the weight goes there in one step, and stays */
    for (size_t t = 0; t < 9; t++) p->b[t] = 50 * (p->data[3 * 9 + t] *= 9);
    for (size_t i = 0; i < 20; i++) {
        p->c[i] = 0;
        for (size_t t = 0; t < 9; t++) p->c[i] += p->data[i * 9 + t] * p->b[t];
    }
    even(x, 20);
    n = rl_simplex_walk(&p->s, x, 500, 0, p->room);
    assert_true(n >= 1 && n < 500);
    for (int i = 0; i < 20; i++) CHECK_NEAR(x[i], i == 3, 1e-12);
    /* as many columns, in another order, of a larger table */
    static const uint32_t AT[] = {11, 2, 17, 5, 3};
    even(x, 5), even(y, 5);
    double data[5 * 9], c[5];
    for (size_t i = 0; i < 5; i++) {
        memcpy(data + i * 9, p->data + AT[i] * 9, 9 * sizeof *data);
        c[i] = p->c[AT[i]];
    }
    rl_simplex own = {.n = 5, .rows = 9, .ridge = 2, .data = data, .stride = 9, .b = p->b, .c = c}, some = own;
    some.data = p->data, some.at = AT, some.gram = p->gram, some.ld = 20;
    assert_int_equal(rl_simplex_walk(&own, x, 40, 0, p->room), rl_simplex_walk(&some, y, 40, 0, p->room));
    for (int i = 0; i < 5; i++) CHECK_NEAR(x[i], y[i], 1e-13);
    assert_true(rl_simplex_exact(&own, x, p->room) && rl_simplex_exact(&some, y, p->room));
    for (int i = 0; i < 5; i++) assert_true(x[i] == y[i]);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_columns), cmocka_unit_test(minimum),         cmocka_unit_test(columns_that_are_all_zero),
        cmocka_unit_test(steps),       cmocka_unit_test(where_steps_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
