/* tests/unit/test_view.c -- numbers and findings in words. */
#include "check.h"

#include "out/text.h"
#include "out/view.h"
#include "out/words.h"
#include "unit/fixture_answer.h"

#define MINUS "\xe2\x88\x92"
#define NB    "\xc2\xa0"

typedef struct fixed {
    rl_ctx cx;
    rl_view v, ascii;
} fixed;

static int set_up(void **state)
{
    static fixed f;
    check_ctx(&f.cx);
    rl_study *s = RL_NEW(f.cx.keep, rl_study, 1);
    s->currency = "USD";
    s->level = 0.95;
    f.v = rl_view_of(s, false, f.cx.keep);
    f.ascii = rl_view_of(s, true, f.cx.keep);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    rl_ctx_free(&((fixed *)*state)->cx);
    return 0;
}

static void figures(void **state)
{
    const rl_view *v = &((fixed *)*state)->v, *a = &((fixed *)*state)->ascii;
    assert_string_equal(rl_view_number(v, 1234567.891, 2), "1,234,567.89");
    assert_string_equal(rl_view_number(v, -1234.5, 1), MINUS "1,234.5");
    assert_string_equal(rl_view_number(a, -1234.5, 1), "-1,234.5");
    assert_string_equal(rl_view_number(v, 123456, -3), "123,000");
    assert_string_equal(rl_view_number(v, -0.004, 2), "0.00");
    assert_string_equal(rl_view_number(v, NAN, 2), "n/a");
    assert_string_equal(rl_view_number(v, 999.996, 2), "1,000.00");
    assert_string_equal(rl_view_count(v, 12345678), "12,345,678");
    assert_string_equal(rl_view_percent(v, 0.6315, 2), "63.15" NB "%");
    assert_string_equal(rl_view_money(v, -1234567.4, 0), MINUS "$1,234,567");
    assert_string_equal(rl_view_p(v, 0.00003, 0), "below 0.0001");
    assert_string_equal(rl_view_p(v, 0.0371, 0), "0.037");
    assert_string_equal(rl_view_p(v, 0, 999), "below 0.0010");
    assert_string_equal(rl_view_p(v, 0, 1024), "below 0.0010");
    assert_string_equal(rl_view_p(v, 0, 64), "below 0.0154"); /* 1 / 65 = 0.01538.. */
    assert_string_equal(rl_view_p(v, 0, 99999), "below 0.0001");
    assert_string_equal(rl_view_p(v, 1.0 / 1999, 1999), "0.0005");
    assert_string_equal(rl_view_date(v, rl_day(2025, 3, 11)), "2025-03-11");
    assert_string_equal(rl_view_date(v, RL_NO_DAY), "n/a");
}

static void digits_follow_the_error(void **state)
{
    (void)state;
    assert_int_equal(rl_view_decimals(0.0431), 3);
    assert_int_equal(rl_view_decimals(0.0996), 2);
    assert_int_equal(rl_view_decimals(4.31), 1);
    assert_int_equal(rl_view_decimals(431.9), -1);
    assert_int_equal(rl_view_decimals(NAN), 2);
    assert_int_equal(rl_view_decimals(0), 2);
}

static void one_scale_an_interval(void **state)
{
    const rl_view *v = &((fixed *)*state)->v;
    rl_interval x = {1242317.25, 431207.9, 397149.8, 2087484.7};
    rl_scale s = rl_scale_for(&x, RL_UNIT_MONEY, 1);
    assert_string_equal(rl_scaled(v, &s, x.est), "$1.24" NB "M");
    assert_string_equal(rl_view_range(v, &s, &x), "$0.40" NB "M to $2.09" NB "M");
    rl_interval p = {0.0312, 0.0097, 0.0122, 0.0502};
    s = rl_scale_for(&p, RL_UNIT_POINTS, 100);
    assert_string_equal(rl_scaled_signed(v, &s, p.est), "+3.12" NB "points");
    assert_string_equal(rl_view_range(v, &s, &p), "1.22 to 5.02" NB "points");
    rl_interval d = {-4.2, 1.87, -7.9, NAN};
    s = rl_scale_for(&d, RL_UNIT_DAYS, 1);
    assert_string_equal(rl_scaled(v, &s, d.est), MINUS "4.2" NB "days");
    assert_string_equal(rl_view_range(v, &s, &d), "interval not known");
    assert_false(rl_excludes_zero(&d));
    assert_true(rl_excludes_zero(&x));
}

static void currencies(void **state)
{
    rl_view v = ((fixed *)*state)->v;
    v.currency = "EUR";
    assert_string_equal(rl_view_money(&v, 1234, 0), "\xe2\x82\xac"
                                                    "1,234");
    v.currency = "CHF";
    assert_string_equal(rl_view_money(&v, -1234, 0), MINUS "1,234" NB "CHF");
    v.currency = "";
    assert_string_equal(rl_view_money(&v, 1234.5, 1), "1,234.5");
}

static void ratio_sets(void **state)
{
    const rl_view *v = &((fixed *)*state)->v;
    rl_ratio r = {.est = 1.81, .low = -0.1, .high = 3.72};
    assert_string_equal(rl_view_ratio_set(v, &r, RL_UNIT_PERCENT, 100), MINUS "10 to 372" NB "%");
    r = (rl_ratio){.est = 4, .low = -2.5, .high = 7.5, .outside = true};
    assert_string_equal(rl_view_ratio_set(v, &r, RL_UNIT_MONTHS, 1), "below " MINUS "2.5 or above 7.5" NB "months");
    r = (rl_ratio){.est = 4, .all = true};
    assert_string_equal(rl_view_ratio_set(v, &r, RL_UNIT_MONTHS, 1), "any value is possible");
    r = (rl_ratio){.est = NAN, .none = true};
    assert_string_equal(rl_view_ratio(v, &r, RL_UNIT_MONTHS, 1), "none");
    assert_string_equal(rl_view_ratio_set(v, &r, RL_UNIT_MONTHS, 1), "does not exist");
    r = (rl_ratio){.est = 4, .low = 2.5, .high = INFINITY};
    assert_string_equal(rl_view_ratio_set(v, &r, RL_UNIT_MONTHS, 1), "2.50" NB "months or more");
}

static void cleaning(void **state)
{
    rl_arena *in = ((fixed *)*state)->cx.keep;
    assert_string_equal(rl_view_clean("a\nb\x1b[31mc\xff", 0, in), "a b [31mc\xef\xbf\xbd");
    assert_string_equal(rl_view_clean("\xe2\x80\xaegnp.exe", 0, in), "gnp.exe");
    assert_string_equal(rl_view_clean("caf\xc3\xa9", 0, in), "caf\xc3\xa9");
    assert_string_equal(rl_view_clean("\xc0\xaf\xed\xa0\x80", 0, in),
                        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_string_equal(rl_view_clean("abcdef", 4, in), "abc\xe2\x80\xa6");
    assert_string_equal(rl_view_clean("abcd", 4, in), "abcd");
    assert_string_equal(rl_view_clean(NULL, 4, in), "");
}

static void sentences(void **state)
{
    fixed *f = *state;
    rl_answer *a = fixture_full(f->cx.keep);
    assert_string_equal(rl_words_answer(&f->ascii, a),
                        "The programme 'abm' raised revenue by $1.24 M (95 % interval $0.40 M to $2.09 M) "
                        "at the 412 accounts it reached, 2025Q1 to 2025Q4.");
    a->money.total = (rl_interval){-512300, 431207.9, -1357467, 332867};
    const char *text = rl_words_answer(&f->ascii, a);
    assert_non_null(strstr(text, "cannot be told from zero"));
    assert_non_null(strstr(text, "-$0.51 M (95 % interval -$1.36 M to $0.33 M)"));
    a->money.total = (rl_interval){-1512300, 431207.9, -2357467, -667133};
    assert_non_null(
        strstr(rl_words_answer(&f->ascii, a), "lowered revenue by $1.51 M (95 % interval $0.67 M to $2.36 M)"));
    assert_string_equal(
        rl_words_model(&f->ascii, &a->model[3]),
        "The programme 'abm' raised velocity by 4.2 days (95 % interval 0.6 to 7.9 days), from 22.3 to 26.5 "
        "days gained.");
    assert_string_equal(rl_words_lift_title(&f->ascii, &a->model[3]), "Velocity +4.2 days gained after the programme");
    assert_string_equal(rl_words_among_won(&f->ascii, a, &a->model[3]), "");
    fx_model(&a->model[2], "time", "q", RL_OUT_DAYS_TO_WIN, "days", 1, 71.31, -2.23, 1.87, f->cx.keep);
    assert_string_equal(rl_words_among_won(&f->ascii, a, &a->model[3]),
                        "among won deals: days to win -2.2 days (95 % interval -5.9 to 1.4 days), cannot be told from "
                        "zero");
    a = fixture_full(f->cx.keep);
    assert_int_equal(rl_words_horizon(a, &a->model[3]), 180);
    assert_non_null(strstr(rl_words_model(&f->ascii, &a->model[2]), "cannot be told from zero"));
    assert_non_null(strstr(rl_words_model(&f->ascii, &a->model[5]), "No account is left as a control"));
    rl_answer *none = fixture_refused(f->cx.keep);
    assert_non_null(strstr(rl_words_answer(&f->ascii, none), "names no marketing programme"));
}

/* One precision from the total to what is left after cost, unless that leaves fewer than two digits. */
static void one_precision_for_money(void **state)
{
    const fixed *f = *state;
    rl_money m = {.total = {4344119.3, 1076000, 2234747, 6453490}};
    rl_interval profit = {3127765.9, 774720, 1609017.8, 4646512.8}, small = {40118.5, NAN, NAN, NAN};
    rl_scale s = rl_words_money_scale(&m, &m.total), p = rl_words_money_scale(&m, &profit);
    assert_string_equal(rl_scaled(&f->ascii, &s, m.total.est), "$4.3 M");
    assert_string_equal(rl_scaled(&f->ascii, &p, profit.est), "$3.1 M");
    p = rl_words_money_scale(&m, &small);
    assert_string_equal(rl_scaled(&f->ascii, &p, small.est), "$40.1 K");
}

static void payback_of_the_exposure(void **state)
{
    const fixed *f = *state;
    rl_money m = {.payback_months = {.est = 5.3871, .low = 3.6, .high = 10.5}, .exposure_months = 11.97};
    assert_string_equal(rl_words_payback(&f->ascii, &m), "5.4 of 12 months");
    m.exposure_months = 7.4;
    assert_string_equal(rl_words_payback(&f->ascii, &m), "5.4 of 7.4 months");
    m.payback_months.none = true;
    assert_string_equal(rl_words_payback(&f->ascii, &m), "none");
}

/* A study of formulas has answers, though no lift; one reason is told once. */
static void formulas_and_refusals(void **state)
{
    const fixed *f = *state;
    rl_answer *a = fixture_full(f->cx.keep);
    rl_model_answer lags = a->model[4], refused = a->model[5];
    a->money.given = false;
    a->n_models = 1;
    a->model[0] = lags;
    assert_string_equal(rl_words_answer(&f->ascii, a), "The study measures no lift: its fitted model says what goes "
                                                       "together in these data, not what marketing caused.");
    a->n_models = 3;
    for (size_t i = 0; i < 3; i++) a->model[i] = refused;
    a->unanswered[0].why = refused.refused.what;
    const char *text = rl_text_answer(a, NULL, f->cx.keep);
    assert_int_equal(check_times(text, "no account is left") + check_times(text, "No account is left"), 1);
    assert_int_equal(check_times(text, "for the same reason as 'webinar-win-rate'"), 2);
    assert_non_null(strstr(text, "No question of this study could be answered"));
}

static void at_the_terminal(void **state)
{
    fixed *f = *state;
    const char *text = rl_text_answer(fixture_full(f->cx.keep), "out/quarterly", f->cx.keep);
    assert_non_null(strstr(text, "win rate +3.12 points (95 % interval 1.22 to 5.02 points)"));
    assert_non_null(strstr(text, "report              out/quarterly\n"));
    assert_non_null(strstr(text, "velocity +4.2 days gained (95"));
    assert_non_null(strstr(text, "did the webinars raise the win rate? every"));
    assert_non_null(strstr(text, "payback             4.3 of 12 months of exposure (95 % interval: "));
    assert_null(strstr(text, "ignificant"));
    for (const char *p = text; *p; p++) assert_true((unsigned char)*p < 0x80);
    text = rl_text_answer(fixture_hostile(f->cx.keep), NULL, f->cx.keep);
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\r'));
}

static void dependence_over_time(void **state)
{
    const rl_view *v = &((fixed *)*state)->ascii;
    rl_result r = {.vcov_kind = "EWC", .lag = -1, .terms = 7, .df = 7};
    assert_string_equal(rl_words_vcov(v, &r),
                        "Standard errors allow dependence over time (equal-weighted cosines, 7 of them); intervals "
                        "from Student's t with 7 degrees of freedom.");
    r = (rl_result){.vcov_kind = "NW", .lag = 11, .df = 6.77, .fixed_b = 0.15};
    assert_string_equal(rl_words_vcov(v, &r), "Standard errors allow dependence over time up to lag 11 (Newey-West); "
                                              "intervals from the fixed-b distribution (b = 0.15).");
    r = (rl_result){.vcov_kind = "block", .lag = 6, .block = 7, .draws = 9999, .df = 7.7};
    assert_string_equal(rl_words_vcov(v, &r),
                        "Standard errors allow dependence over time up to lag 6; intervals and p values from "
                        "9,999 draws of a moving-block bootstrap over 7 periods.");
    r.vcov_kind = "wild-dependent";
    assert_non_null(strstr(rl_words_vcov(v, &r), "draws of a dependent wild bootstrap over 7 periods"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures),
                                       cmocka_unit_test(digits_follow_the_error),
                                       cmocka_unit_test(one_scale_an_interval),
                                       cmocka_unit_test(currencies),
                                       cmocka_unit_test(ratio_sets),
                                       cmocka_unit_test(cleaning),
                                       cmocka_unit_test(sentences),
                                       cmocka_unit_test(one_precision_for_money),
                                       cmocka_unit_test(payback_of_the_exposure),
                                       cmocka_unit_test(formulas_and_refusals),
                                       cmocka_unit_test(at_the_terminal),
                                       cmocka_unit_test(dependence_over_time)};
    return cmocka_run_group_tests_name("view", tests, set_up, tear_down);
}
