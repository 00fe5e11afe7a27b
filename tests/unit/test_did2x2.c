/* Two groups, two periods: digits of DRDID 1.2.3 (R functions of that version on the same numbers; logit by
 * glm.fit run to convergence), and what holds by the algebra. */
#include "check.h"

#include <string.h>

#include "base/fmath.h"
#include "num/did2x2.h"

enum { K = 3, MOST = 160 };

typedef struct data {
    size_t n, groups, of[RL_DID_GROUPS], row[RL_DID_GROUPS][MOST];
    double x[RL_DID_GROUPS][MOST * K], w[RL_DID_GROUPS][MOST], y[RL_DID_GROUPS][MOST];
    rl_did_sample s;
    rl_did_frame f;
    rl_did_effect e;
    double *odds, *room, *eroom;
} data;

static rl_did_trouble again(data *d)
{
    memset(d->f.gamma, 0, K * sizeof(double));
    rl_did_trouble t = rl_did_weigh(&d->s, &d->f);
    if (t.what != RL_DID_FINE) return t;
    rl_did_estimate(&d->s, &d->f, &d->e);
    if (rl_did_has_odds(d->s.method)) d->e.gamma = d->f.gamma;
    return t;
}

/* Sixty units, or 160 rows of two periods, by formulas that R has too. */
static data *make(rl_did_method method, bool panel, bool weighted, rl_ctx *cx)
{
    data *d = RL_NEW(cx->keep, data, 1);
    d->n = panel ? 60 : 160;
    d->groups = panel ? 2 : 4;
    for (size_t i = 0; i < d->n; i++) {
        double x1 = (double)(37 * i % 101) / 50 - 1, x2 = (double)(53 * i % 97) / 48 - 1;
        bool on = (double)((7 * i * i + 3 * i) % 11) + 3 * x1 > 5.5, post = i / 3 % 2 == 1;
        double noise = (double)(41 * i % 59) / 59 - 0.5, w = 0.5 + (double)(29 * i % 31) / 31;
        double y = panel ? 0.3 + 0.7 * x1 - 0.4 * x2 * x2 + 1.1 * on + noise
                         : 2 + 0.3 * post + 0.7 * x1 * (1 + post) - 0.4 * x2 * x2 + on * (0.5 + 1.1 * post) + noise;
        size_t q = (panel || post ? RL_DID_CONTROL : RL_DID_CONTROL_BEFORE) + (size_t)on, at = d->of[q]++;
        d->row[q][at] = i;
        d->x[q][at * K] = 1;
        d->x[q][at * K + 1] = x1;
        d->x[q][at * K + 2] = x2;
        d->w[q][at] = weighted ? w : 1;
        d->y[q][at] = y;
    }
    d->s = (rl_did_sample){.method = method, .k = K, .groups = d->groups};
    for (size_t q = 0; q < d->groups; q++) { /* in two stretches, as controls may come */
        size_t half = q % 2 == 0 ? d->of[q] / 3 : d->of[q];
        d->s.part[q][0] = (rl_did_part){half, d->x[q], d->w[q], d->y[q], NULL};
        d->s.part[q][1] = (rl_did_part){d->of[q] - half, d->x[q] + half * K, d->w[q] + half, d->y[q] + half, NULL};
    }
    d->odds = RL_NEW(cx->keep, double, MOST);
    d->room = RL_NEW(cx->keep, double, rl_did_frame_room(K));
    d->eroom = RL_NEW(cx->keep, double, rl_did_effect_room(K, d->groups));
    rl_did_frame_place(&d->f, K, d->room, d->odds);
    rl_did_effect_place(&d->e, &d->s, d->eroom);
    return d;
}

static double influence(const data *d, size_t q, size_t i)
{
    const double *x = &d->x[q][i * K];
    double odds = d->e.gamma != NULL ? rl_did_odds(d->e.gamma, x, K) : 0;
    return rl_did_influence(&d->e, K, (rl_did_group)q, x, d->w[q][i], d->y[q][i], odds);
}

/* DRDID's standard error: spread around the mean. */
static double error_of(const data *d)
{
    double sum = 0, square = 0;
    for (size_t q = 0; q < d->groups; q++)
        for (size_t i = 0; i < d->of[q]; i++) sum += influence(d, q, i);
    for (size_t q = 0; q < d->groups; q++)
        for (size_t i = 0; i < d->of[q]; i++) {
            double p = influence(d, q, i) - sum / (double)d->n;
            square += p * p;
        }
    return sqrt(square);
}

static void peer(void **state)
{
    (void)state;
    static const struct {
        rl_did_method method;
        bool panel, weighted;
        double att, se;
    } WANT[] = {
        {RL_DID_REG, true, false, 1.2717052510578666, 0.096490269136323137},
        {RL_DID_IPW, true, false, 1.3107500362244957, 0.088578401037198287},
        {RL_DID_HT, true, false, 1.3138985538133308, 0.088969339552908991},
        {RL_DID_DR, true, false, 1.276423708930974, 0.095657527449882304},
        {RL_DID_REG, true, true, 1.2480899935693532, 0.099369688834849104},
        {RL_DID_IPW, true, true, 1.2857092746864025, 0.084255890700963995},
        {RL_DID_HT, true, true, 1.28872810790323, 0.083175975431839008},
        {RL_DID_DR, true, true, 1.2534630281508079, 0.09824339464618731},
        {RL_DID_REG, false, false, 0.78697065910821629, 0.19783274173158041},
        {RL_DID_IPW, false, false, 0.87575077718765248, 0.22760388060953146},
        {RL_DID_HT, false, false, -0.11631294855536001, 1.0446418440231471},
        {RL_DID_DR, false, false, 1.084399072000122, 0.10884040896212557},
        {RL_DID_REG, false, true, 0.82754787897728299, 0.19320790586871428},
        {RL_DID_IPW, false, true, 0.91043343681608135, 0.22288320641713405},
        {RL_DID_HT, false, true, -0.43924030313115825, 1.0536705948686225},
        {RL_DID_DR, false, true, 1.1225777754204733, 0.10710924125285289},
    };
    rl_ctx cx;
    check_ctx(&cx);
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        data *d = make(WANT[i].method, WANT[i].panel, WANT[i].weighted, &cx);
        assert_int_equal(again(d).what, RL_DID_FINE);
        CHECK_DIGITS(d->e.att, WANT[i].att, 12);
        CHECK_DIGITS(error_of(d), WANT[i].se, 12);
    }
    rl_ctx_free(&cx);
}

/* The influence of a row is how the effect moves as the row counts more; for dr of cross-sections and for the
 * improved one it is another with the same limit. */
static void influence_is_a_derivative(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    for (int m = RL_DID_REG; m <= RL_DID_DR; m++)
        for (int panel = 0; panel < 2; panel++) {
            if (m == RL_DID_DR && !panel) continue;
            data *d = make((rl_did_method)m, panel, false, &cx);
            for (size_t q = 0; q < d->groups; q++)
                for (size_t i = 0; i < d->of[q]; i += 5) {
                    const double h = 1e-4;
                    assert_int_equal(again(d).what, RL_DID_FINE);
                    double want = influence(d, q, i), up, down;
                    d->w[q][i] = 1 + h;
                    again(d);
                    up = d->e.att;
                    d->w[q][i] = 1 - h;
                    again(d);
                    down = d->e.att;
                    d->w[q][i] = 1;
                    CHECK_NEAR((up - down) / (2 * h), want, 1e-8);
                }
        }
    rl_ctx_free(&cx);
}

static void effect_is_linear_in_the_outcome(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    for (int m = RL_DID_REG; m <= RL_DID_IMPROVED; m++)
        for (int panel = 0; panel < 2; panel++) {
            data *d = make((rl_did_method)m, panel, true, &cx);
            double sum = 0;
            assert_int_equal(again(d).what, RL_DID_FINE);
            for (size_t q = 0; q < d->groups; q++)
                for (size_t i = 0; i < d->of[q]; i++) {
                    const double *x = &d->x[q][i * K];
                    double odds = d->e.gamma != NULL ? rl_did_odds(d->e.gamma, x, K) : 0;
                    sum += rl_did_omega(&d->e, K, (rl_did_group)q, x, d->w[q][i], odds) * d->y[q][i];
                }
            CHECK_NEAR(sum, d->e.att, 1e-12);
        }
    rl_ctx_free(&cx);
}

/* Outcomes on the plane: methods with a regression have the effect to the last digits, and the improved one's
 * controls weigh as the treated do. */
static void plane_and_balance(void **state)
{
    (void)state;
    static const rl_did_method METHOD[] = {RL_DID_REG, RL_DID_DR, RL_DID_IMPROVED};
    rl_ctx cx;
    check_ctx(&cx);
    for (size_t m = 0; m < 3; m++)
        for (int panel = 0; panel < 2; panel++) {
            if (METHOD[m] == RL_DID_REG && !panel) continue; /* its treated are compared as they are */
            data *d = make(METHOD[m], panel, true, &cx);
            for (size_t q = 0; q < d->groups; q++)
                for (size_t i = 0; i < d->of[q]; i++) {
                    bool now = q < RL_DID_CONTROL_BEFORE;
                    const double *x = &d->x[q][i * K];
                    d->y[q][i] = 3.1 * x[0] - 2.3 * x[1] * (now ? 2 : 1) + 0.7 * x[2] + (now && q % 2 == 1 ? 2.385 : 0);
                }
            assert_int_equal(again(d).what, RL_DID_FINE);
            CHECK_DIGITS(d->e.att, 2.385, 13);
            if (METHOD[m] != RL_DID_IMPROVED) continue;
            for (size_t j = 0; j < K; j++) {
                double treated = 0, control = 0;
                for (size_t q = 0; q < d->groups; q++)
                    for (size_t i = 0; i < d->of[q]; i++) {
                        const double *x = &d->x[q][i * K];
                        if (q % 2 == 1)
                            treated += d->w[q][i] * x[j];
                        else
                            control += d->w[q][i] * rl_did_odds(d->f.gamma, x, K) * x[j];
                    }
                CHECK_NEAR(control, treated, 1e-11);
            }
        }
    rl_ctx_free(&cx);
}

static void no_answer(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    data *d = make(RL_DID_REG, true, false, &cx);
    for (size_t i = 0; i < d->of[0]; i++) d->x[0][i * K + 2] = -0.7; /* among the controls alone */
    rl_did_trouble t = again(d);
    assert_int_equal(t.what, RL_DID_COLLINEAR);
    assert_int_equal(t.group, RL_DID_CONTROL);
    assert_int_equal(t.column, 2);

    d = make(RL_DID_IPW, true, false, &cx);
    for (size_t q = 0; q < 2; q++)
        for (size_t i = 0; i < d->of[q]; i++) d->x[q][i * K + 2] = 1 - 2 * d->x[q][i * K + 1];
    t = again(d);
    assert_int_equal(t.what, RL_DID_COLLINEAR);
    assert_int_equal(t.group, RL_DID_GROUPS);

    d = make(RL_DID_IPW, true, false, &cx);
    for (size_t q = 0; q < 2; q++)
        for (size_t i = 0; i < d->of[q]; i++) d->x[q][i * K + 2] = q == 1 ? 1 : -1; /* tells who is treated */
    t = again(d);
    assert_int_equal(t.what, RL_DID_OVERLAP);
    assert_true(t.score >= 0.999 && t.rows > 0);

    d = make(RL_DID_IMPROVED, true, false, &cx); /* the treated's mean lies beyond all controls */
    for (size_t i = 0; i < d->of[1]; i++) d->x[1][i * K + 1] = i % 8 == 0 ? -0.9 : 1.4;
    assert_int_equal(again(d).what, RL_DID_STUCK);
    d = make(RL_DID_DR, true, false, &cx); /* which odds by logit do not mind */
    for (size_t i = 0; i < d->of[1]; i++) d->x[1][i * K + 1] = i % 8 == 0 ? -0.9 : 1.4;
    assert_int_equal(again(d).what, RL_DID_FINE);

    d = make(RL_DID_REG, false, false, &cx);
    d->s.part[RL_DID_TREATED_BEFORE][0].n = 0;
    t = again(d);
    assert_int_equal(t.what, RL_DID_EMPTY);
    assert_int_equal(t.group, RL_DID_TREATED_BEFORE);
    rl_ctx_free(&cx);
}

/* A level that only controls have: their odds are 0 there, and the others' effect is as without them. */
static void level_of_controls_alone(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    data *d = make(RL_DID_IPW, true, false, &cx), *less = make(RL_DID_IPW, true, false, &cx);
    size_t n = 0;
    for (size_t q = 0; q < 2; q++)
        for (size_t i = 0; i < d->of[q]; i++) d->x[q][i * K + 2] = q == 0 && i % 4 == 0;
    for (size_t i = 0; i < d->of[0]; i++) {
        if (i % 4 == 0) continue;
        memcpy(&less->x[0][n * K], &less->x[0][i * K], K * sizeof(double));
        less->y[0][n++] = less->y[0][i];
    }
    for (size_t q = 0; q < 2; q++)
        for (size_t i = 0; i < d->of[q]; i++) less->x[q][i * K + 2] = less->x[q][i * K + 1] * less->x[q][i * K + 1];
    assert_int_equal(again(d).what, RL_DID_FINE);
    double with = d->e.att, se = error_of(d);
    less->s.k = 2; /* x1 alone, rows of 2 */
    for (size_t q = 0; q < 2; q++)
        for (size_t i = 0; i < less->of[q]; i++)
            for (size_t j = 0; j < 2; j++) less->x[q][i * 2 + j] = less->x[q][i * K + j];
    less->s.part[0][0].n = n;
    less->s.part[0][1].n = 0;
    rl_did_frame_place(&less->f, 2, less->room, less->odds);
    rl_did_effect_place(&less->e, &less->s, less->eroom);
    assert_int_equal(rl_did_weigh(&less->s, &less->f).what, RL_DID_FINE);
    rl_did_estimate(&less->s, &less->f, &less->e);
    CHECK_DIGITS(with, less->e.att, 10);
    assert_true(isfinite(se) && se > 0.01 && se < 1);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer),
        cmocka_unit_test(influence_is_a_derivative),
        cmocka_unit_test(plane_and_balance),
        cmocka_unit_test(effect_is_linear_in_the_outcome),
        cmocka_unit_test(no_answer),
        cmocka_unit_test(level_of_controls_alone),
    };
    return cmocka_run_group_tests_name("did2x2", tests, NULL, NULL);
}
