/* Cells beside two effects against columns written out and swept. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "base/rng.h"
#include "num/absorb.h"
#include "num/fecells.h"
#include "num/ols.h"

enum { U = 61, T = 9, C = 14 };

typedef struct panel {
    size_t n;
    int32_t unit[U * T], time[U * T], cell[U * T];
    double w[U * T], y[U * T];
} panel;

/* Every third unit has no cells; some rows are missing, and the rows stand in any order. */
static panel *make(size_t step, rl_ctx *cx)
{
    panel *p = RL_NEW(cx->keep, panel, 1);
    rl_rng r = rl_rng_for(2385, step);
    for (size_t k = 0; k < U * T; k++) {
        size_t i = k * step % (U * T), u = i / T, t = i % T;
        if (u % 4 == 1 && t == u % T) continue;
        size_t at = p->n++;
        p->unit[at] = (int32_t)((u * 7) % U);
        p->time[at] = (int32_t)t;
        p->cell[at] = u % 3 == 0 || t == 2 ? -1 : (int32_t)(u % 3 == 1 ? t - (t > 2) : t < 2 ? 8 : 9 + (t - 3) * 5 / 6);
        p->w[at] = 0.3 + rl_uniform(&r);
        p->y[at] = rl_normal(&r) + 0.7 * (double)u - 0.31 * (double)(t * t);
    }
    return p;
}

static rl_cellrows rows(const panel *p, bool weights)
{
    return (rl_cellrows){p->n, U, T, C, p->unit, p->time, p->cell, weights ? p->w : NULL};
}

static void compare(const panel *p, bool weights, rl_ctx *cx)
{
    const double *w = weights ? p->w : NULL;
    size_t levels[2] = {U, T}, n = p->n;
    const int32_t *code[2] = {p->unit, p->time};
    rl_fe fe = {2, levels, code};
    rl_mat V = rl_mat_new(n, C + 1, cx->tmp);
    rl_absorbed info;
    rl_ols_fit o;
    rl_fecells f;
    rl_cellrows r = rows(p, weights);
    double b[C], *e = RL_NEW(cx->tmp, double, n), within;
    memcpy(rl_mat_col(&V, C), p->y, n * sizeof(double));
    for (size_t i = 0; i < n; i++)
        if (p->cell[i] >= 0) *rl_mat_at(&V, i, (size_t)p->cell[i]) = 1;
    CHECK_OK(rl_absorb(&fe, w, &V, NULL, &info, cx), cx);
    rl_mat X = {V.a, n, C, V.ld};
    CHECK_OK(rl_ols(&X, rl_mat_col(&V, C), w, NULL, &o, cx->tmp, cx), cx);
    CHECK_OK(rl_fecells_make(&r, &f, cx->tmp, cx), cx);
    CHECK_OK(rl_fecells_solve(&f, p->y, b, e, &within, cx), cx);
    assert_int_equal(f.first_dropped, C);
    assert_int_equal(f.redundant, info.redundant);
    CHECK_DIGITS(within, o.yy, 11);
    for (size_t c = 0; c < C; c++) {
        CHECK_DIGITS(b[c], o.b[c], 11);
        for (size_t d = 0; d < C; d++)
            if (!(fabs(*rl_mat_at(&f.A, c, d) - *rl_mat_at(&o.A, c, d)) < 1e-12)) fail_msg("A of %zu, %zu", c, d);
    }
    rl_mat view = rl_cols_written(&f.X, cx);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(e[i] - o.e[i]) < 1e-11)) fail_msg("residual %zu: %g, not %g", i, e[i], o.e[i]);
        for (size_t c = 0; c < C; c++)
            if (!(fabs(*rl_mat_at(&view, i, c) - *rl_mat_at(&X, i, c)) < 1e-13)) fail_msg("view %zu of %zu", i, c);
    }
    double a[2 * C], *z = RL_NEW(cx->tmp, double, 2 * n), room[2 * (T + 1)];
    for (size_t c = 0; c < C; c++) {
        a[2 * c] = (double)c - 2.385;
        a[2 * c + 1] = c == 3;
    }
    rl_fecells_times(&f, a, 2, z, room);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t c = 0; c < C; c++) sum += a[2 * c] * *rl_mat_at(&X, i, c);
        if (!(fabs(z[2 * i] - sum) < 1e-12 && fabs(z[2 * i + 1] - *rl_mat_at(&X, i, 3)) < 1e-12))
            fail_msg("X a, %zu", i);
    }
}

static void columns_written_out_agree(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    for (size_t step = 1; step < 50; step += 28)
        for (int weights = 0; weights < 2; weights++) compare(make(step, &cx), weights, &cx);
    rl_ctx_free(&cx);
}

static void the_same_bits_from_any_number_of_threads(void **state)
{
    (void)state;
    double b[3][C], *e[3];
    rl_ctx cx;
    check_ctx(&cx);
    const panel *p = make(29, &cx);
    for (int k = 0; k < 3; k++) {
        rl_fecells f;
        rl_cellrows r = rows(p, true);
        cx.threads = k + 1;
        e[k] = RL_NEW(cx.keep, double, p->n);
        CHECK_OK(rl_fecells_make(&r, &f, cx.keep, &cx), &cx);
        CHECK_OK(rl_fecells_solve(&f, p->y, b[k], e[k], NULL, &cx), &cx);
        assert_memory_equal(b[k], b[0], sizeof b[0]);
        assert_memory_equal(e[k], e[0], p->n * sizeof *e[0]);
    }
    rl_ctx_free(&cx);
}

static void cells_that_are_not_identified(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_fecells f;
    check_ctx(&cx);
    panel *p = make(1, &cx);
    for (size_t i = 0; i < p->n; i++)
        if (p->time[i] == 5 && p->cell[i] < 0)
            p->cell[i] = 4; /* nobody is left in the period without a cell of its own */
    rl_cellrows r = rows(p, false);
    CHECK_OK(rl_fecells_make(&r, &f, cx.keep, &cx), &cx);
    assert_in_range(f.first_dropped, 0, C - 1);
    rl_ctx_free(&cx);
}

static void values_that_are_not_finite(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_fecells f;
    double b[C];
    check_ctx(&cx);
    panel *p = make(1, &cx);
    rl_cellrows r = rows(p, true);
    double *e = RL_NEW(cx.keep, double, p->n);
    CHECK_OK(rl_fecells_make(&r, &f, cx.keep, &cx), &cx);
    p->y[7] = INFINITY;
    assert_int_equal(rl_fecells_solve(&f, p->y, b, e, NULL, &cx), RL_ENUM);
    p->w[3] = INFINITY;
    assert_int_equal(rl_fecells_make(&r, &f, cx.keep, &cx), RL_ENUM);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_written_out_agree),
        cmocka_unit_test(the_same_bits_from_any_number_of_threads),
        cmocka_unit_test(cells_that_are_not_identified),
        cmocka_unit_test(values_that_are_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
