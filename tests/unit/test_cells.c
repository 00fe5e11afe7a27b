#include "fit_fixture.h"
#include "base/rng.h"
#include "model/cells.h"
#include "own_ctx.h"

/* Cohorts 3 and 5 of periods 1 .. 6, never: 2, 3 and 5 units of weights 1, 2, 3 ... */
enum { N = 10, T = 6, CELLS = 10 };
static const int32_t COHORT[N] = {3, 3, 5, 5, 5, RL_NEVER, RL_NEVER, RL_NEVER, RL_NEVER, RL_NEVER};

typedef struct world {
    rl_design d;
    rl_roster r;
    rl_att_cell cell[CELLS];
    double weight[N];
    rl_att_cells c;
} world;

/* Influence of the cells: none, so that only that of the shares is left. */
static size_t nothing(const void *self, size_t u, int32_t *at, double *value)
{
    (void)self, (void)u, (void)at, (void)value;
    return 0;
}

static world *make(const double *weight)
{
    static const int32_t TIME[T] = {1, 2, 3, 4, 5, 6}, FIRST[2] = {3, 5};
    static const size_t SIZE[2] = {2, 3};
    world *w = RL_NEW(cx.keep, world, 1);
    uint32_t *row = RL_NEW(cx.keep, uint32_t, N);
    size_t n = 0;
    for (size_t u = 0; u < N; u++) {
        row[u] = (uint32_t)u;
        w->weight[u] = weight != NULL ? weight[u] : (double)(u + 1);
    }
    for (int g = 0; g < 2; g++)
        for (int t = 1; t < T; t++, n++)
            w->cell[n] = (rl_att_cell){FIRST[g], TIME[t], rl_uniform_of(rl_draw(3, n + 1, 1)), false};
    w->r = (rl_roster){.N = N,
                       .T = T,
                       .time = TIME,
                       .cohort = COHORT,
                       .start = row,
                       .balanced = true,
                       .n_cohort = 2,
                       .cohort_time = FIRST,
                       .cohort_size = SIZE,
                       .never = 5};
    w->d.n = N;
    w->c =
        (rl_att_cells){&w->d, &w->r, CELLS, w->cell, {.N = N, .row = row, .most = 1, .of = nothing}, w->weight, NULL};
    return w;
}

static rl_fit average(world *w, rl_agg agg, const rl_request *more)
{
    rl_request q = more != NULL ? *more : (rl_request){0};
    rl_fit f = {0};
    q.agg = agg;
    CHECK_OK(rl_att_average(&w->c, &q, &f, &cx), &cx);
    return f;
}

static double att(const world *w, int32_t g, int32_t t)
{
    for (size_t i = 0; i < CELLS; i++)
        if (w->cell[i].g == g && w->cell[i].t == t) return w->cell[i].att;
    fail_msg("no cell %d, %d", g, t);
    return 0;
}

static double of(const rl_fit *f, const char *term, int32_t id)
{
    for (size_t j = 0; j < f->m; j++) {
        const rl_label *l = &f->label[j];
        int32_t own = l->event != RL_NO_ID ? l->event : l->time != RL_NO_ID ? l->time : l->group;
        if (strcmp(l->term, term) == 0 && (id == RL_NO_ID || own == id)) return f->b[j];
    }
    fail_msg("no %s %d", term, id);
    return 0;
}

static void by_hand(void **state)
{
    (void)state;
    world *w = make(NULL);
    double p3 = 1 + 2, p5 = 3 + 4 + 5; /* sums of weights; what they are divided by cancels */
    rl_fit f = average(w, RL_AGG_SIMPLE, NULL);
    double s3 = 0, s5 = att(w, 5, 5) + att(w, 5, 6);
    for (int32_t t = 3; t <= 6; t++) s3 += att(w, 3, t);
    CHECK_DIGITS(of(&f, "overall", RL_NO_ID), (p3 * s3 + p5 * s5) / (4 * p3 + 2 * p5), 14);
    f = average(w, RL_AGG_DYNAMIC, NULL);
    CHECK_DIGITS(of(&f, "event", 1), (p3 * att(w, 3, 4) + p5 * att(w, 5, 6)) / (p3 + p5), 14);
    CHECK_DIGITS(of(&f, "event", 3), att(w, 3, 6), 14);
    CHECK_DIGITS(of(&f, "event", -3), att(w, 5, 2), 14);
    double e0 = (p3 * att(w, 3, 3) + p5 * att(w, 5, 5)) / (p3 + p5), e1 = of(&f, "event", 1);
    CHECK_DIGITS(of(&f, "overall", RL_NO_ID), (e0 + e1 + att(w, 3, 5) + att(w, 3, 6)) / 4, 14);
    f = average(w, RL_AGG_GROUP, NULL);
    CHECK_DIGITS(of(&f, "group", 3), s3 / 4, 14);
    CHECK_DIGITS(of(&f, "overall", RL_NO_ID), (p3 * s3 / 4 + p5 * s5 / 2) / (p3 + p5), 14);
    f = average(w, RL_AGG_CALENDAR, NULL);
    CHECK_DIGITS(of(&f, "calendar", 4), att(w, 3, 4), 14);
    CHECK_DIGITS(of(&f, "calendar", 6), (p3 * att(w, 3, 6) + p5 * att(w, 5, 6)) / (p3 + p5), 14);
    f = average(w, RL_AGG_GROUP_TIME, NULL);
    assert_int_equal(f.m, CELLS);
    CHECK_DIGITS(f.b[3], w->cell[3].att, 17);
}

/* The influence of a unit through the shares is the derivative of the average by its weight, for influence
 * with mean weight 1: weights are scaled to a mean of one, which moves with the unit's too. */
static void shares_move(void **state)
{
    (void)state;
    static const rl_agg AGG[] = {RL_AGG_SIMPLE, RL_AGG_DYNAMIC, RL_AGG_GROUP, RL_AGG_CALENDAR};
    const double h = 1e-5;
    for (size_t a = 0; a < 4; a++) {
        world *w = make(NULL);
        rl_fit f = average(w, AGG[a], NULL);
        rl_mat S = rl_mat_new(N, f.m, cx.keep);
        CHECK_OK(f.psi->sum_by(f.psi, NULL, N, &S, &cx), &cx);
        for (size_t u = 0; u < N; u++) {
            double up[N], down[N];
            for (size_t i = 0; i < N; i++) up[i] = down[i] = w->weight[i];
            up[u] += h, down[u] -= h;
            rl_fit hi = average(make(up), AGG[a], NULL), lo = average(make(down), AGG[a], NULL);
            for (size_t j = 0; j < f.m; j++) {
                double slope = (hi.b[j] - lo.b[j]) / (2 * h); /* a unit of weight w counts w times */
                CHECK_NEAR(*rl_mat_at(&S, u, j), slope * w->weight[u], 1e-9);
            }
        }
        for (size_t j = 0; j < f.m; j++) { /* and altogether they do not move the mean */
            double sum = 0;
            for (size_t u = 0; u < N; u++) sum += *rl_mat_at(&S, u, j);
            CHECK_NEAR(sum, 0, 1e-15);
        }
    }
}

static void windows(void **state)
{
    (void)state;
    world *w = make(NULL);
    rl_request q = {.has_window = true, .window_lo = -1, .window_hi = 1};
    rl_fit f = average(w, RL_AGG_DYNAMIC, &q);
    assert_int_equal(f.m, 4);
    assert_int_equal(f.label[0].event, -1);
    assert_int_equal(f.n_joint, 1);
    q = (rl_request){.has_balance = true, .balance = 2}; /* only cohort 3 is seen at 2 */
    f = average(w, RL_AGG_DYNAMIC, &q);
    CHECK_DIGITS(of(&f, "event", 0), att(w, 3, 3), 15);
    assert_int_equal(f.label[0].event, -1);
    CHECK_DIGITS(of(&f, "overall", RL_NO_ID), (att(w, 3, 3) + att(w, 3, 4) + att(w, 3, 5)) / 3, 14);
    q = (rl_request){.agg = RL_AGG_DYNAMIC, .has_balance = true, .balance = 9};
    assert_int_equal(rl_att_average(&w->c, &q, &f, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "9 periods after its start"));
    cx.err = (rl_err){0};
    q = (rl_request){.agg = RL_AGG_DYNAMIC, .has_window = true, .window_lo = 7, .window_hi = 9};
    assert_int_equal(rl_att_average(&w->c, &q, &f, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "window 7 to 9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(by_hand),
        TEST(shares_move),
        TEST(windows),
    };
    return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
