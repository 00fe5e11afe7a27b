#include <string.h>

#include "base/str.h"
#include "model/formula.h"
#include "own_ctx.h"

static rl_formula parsed(const char *text)
{
    rl_formula f;
    CHECK_OK(rl_formula_parse(text, &f, cx.keep, &cx), &cx);
    return f;
}

/* The terms, joined by blanks. */
static const char *terms(const char *text)
{
    rl_formula f = parsed(text);
    rl_str s = rl_str_new(cx.keep);
    if (f.constant) rl_str_add(&s, "1");
    for (size_t i = 0; i < f.n_terms; i++) rl_str_addf(&s, "%s%s", s.n ? " " : "", f.term[i].text);
    return rl_str_text(&s);
}

static void sets_of_terms(void **s)
{
    (void)s;
    assert_string_equal(terms("y ~ a + b"), "1 a b");
    assert_string_equal(terms("y ~ a * b"), "1 a b a:b");
    assert_string_equal(terms("y ~ (a + b) * c"), "1 a b c a:c b:c");
    assert_string_equal(terms("y ~ a + b + c - b"), "1 a c");
    assert_string_equal(terms("y ~ a:b + b:a + a"), "1 a a:b");
    assert_string_equal(terms("y ~ a + a + 0"), "a");
    assert_string_equal(terms("y ~ a - 1"), "a");
    assert_string_equal(terms("y ~ 0 + a + 1"), "1 a");
    assert_string_equal(terms("y ~ 1"), "1");
    assert_string_equal(terms("y ~ a * b * c"), "1 a b c a:b a:c b:c a:b:c");
    assert_string_equal(terms("y ~ a * b - a:b"), "1 a b");
}

static void functions(void **s)
{
    (void)s;
    assert_string_equal(terms("y ~ log( spend ) + poly(x, 3)"), "1 log(spend) poly(x,3)");
    assert_string_equal(terms("y ~ lag(log1p(adv), 0:4) + lead(x) + diff(x)"),
                        "1 lag(log1p(adv),0:4) lead(x,1) diff(x)");
    assert_string_equal(terms("y ~ `List Price (USD) ` + exp(x - 2.5 * z)"), "1 List Price (USD) exp(x-2.5*z)");
    rl_formula f = parsed("log(y) ~ factor(segment, Mid Market) + factor(q, \"a)b\") | unit + g1^`the year`");
    assert_string_equal(f.y->text, "log(y)");
    assert_string_equal(f.term[0].var[0]->ref, "Mid Market");
    assert_string_equal(f.term[1].var[0]->ref, "a)b");
    assert_string_equal(f.term[0].text, "segment");
    assert_int_equal(f.n_effects, 2);
    assert_string_equal(f.effect[1].text, "g1^the year");
    assert_int_equal(f.effect[1].n, 2);
    assert_string_equal(terms("y ~ x ^ 2 + log(x)^3:z + exp(-x^2 / 2) + log((x + z)^2 + 1) | a^b"),
                        "1 x^2 exp(-x^2/2) log((x+z)^2+1) log(x)^3:z");
    assert_string_equal(terms("y^2 ~ `odd name`^20 + x^2-1"), "odd name^20 x^2");
    f = parsed("y ~ x^2");
    assert_int_equal(f.term[0].var[0]->op, RL_OP_POW);
    assert_int_equal(f.term[0].var[0]->hi, 2);
    f = parsed("y ~ lag(x, -1:2) | 0");
    assert_int_equal(f.term[0].var[0]->lo, -1);
    assert_int_equal(f.term[0].var[0]->hi, 2);
    assert_int_equal(f.n_effects, 0);
}

/* text is refused with `word` in the message and the caret below byte `at`. */
static void hinted(const char *text, const char *word, const char *hint, size_t at)
{
    rl_ctx one;
    rl_formula f;
    check_ctx(&one);
    assert_int_equal(rl_formula_parse(text, &f, one.keep, &one), RL_EUSAGE);
    if (strstr(one.err.what, word) == NULL) fail_msg("'%s': \"%s\" lacks '%s'", text, one.err.what, word);
    if (strstr(one.err.hint, hint) == NULL) fail_msg("'%s': hint \"%s\" lacks '%s'", text, one.err.hint, hint);
    assert_non_null(one.err.excerpt);
    const char *caret = strrchr(one.err.excerpt, '^'), *line = strrchr(one.err.excerpt, '\n') + 3;
    if ((size_t)(caret - line) != at) fail_msg("'%s': caret at %zu, not %zu", text, (size_t)(caret - line), at);
    rl_ctx_free(&one);
}

static void refused(const char *text, const char *word, size_t at) { hinted(text, word, "", at); }

static void forms(void **s)
{
    (void)s;
    assert_string_equal(
        terms("y ~ adstock( x, 0.60 ) + adstock(x) + weibull(log1p(x), 2, 3.5) + hill(adstock(x,.5), 20, 2)"),
        "1 adstock(x,0.6) adstock(x) weibull(log1p(x),2,3.5) hill(adstock(x,0.5),20,2)");
    assert_string_equal(terms("y ~ almon(x, 0:6, 2) + almon(z, 1:4, 3, both) + season( ) + trend()"),
                        "1 almon(x,0:6,2) almon(z,1:4,3,both) season() trend()");
    assert_string_equal(terms("y ~ holiday( us ) + holiday(Christmas, -2 : 7) + sqrt(holiday(easter,0:3))"),
                        "1 holiday(US) holiday(christmas,-2:7) sqrt(holiday(easter,0:3))");
    assert_string_equal(terms("y ~ adstock(x,0.5):segment + lag(adstock(x),0:2)"),
                        "1 lag(adstock(x),0:2) adstock(x,0.5):segment");
    rl_formula f = parsed("y ~ hill(adstock(x),20,2) + almon(x,0:4,3,near) + weibull(x)");
    const rl_expr *e = f.term[0].var[0];
    assert_int_equal(e->n_par, 2);
    CHECK_DIGITS(e->par[0] + e->par[1], 22, 15);
    assert_true(rl_expr_is_free(e));
    assert_int_equal(rl_fn_pars(e->a->fn), 1);
    assert_true(f.term[1].var[0]->near && !f.term[1].var[0]->far);
    assert_false(rl_expr_is_free(f.term[1].var[0]));
    assert_int_equal(f.term[2].var[0]->n_par, 0);
}

static void mistakes(void **s)
{
    (void)s;
    refused("revenue + spend", "'~'", 0);
    refused("revenue ~ log(spend", "log(spend", 10);
    refused("revenue ~ cosh(spend)", "cosh", 10);
    refused("y ~ ", "ends", 4);
    refused("y ~ a +", "ends", 7);
    hinted("y ~ x | id:t", "':' where", "as in | unit^quarter", 10);
    hinted("y ~ x | id^t * a", "'*' where", "as in | unit^quarter", 13);
    hinted("y ~ x:", "ends", "", 6);
    refused("y ~ a ^ b", "'a^' needs a whole number", 6);
    refused("y ~ x^", "'x^' needs a whole number", 5);
    hinted("y ~ x^0", "from 2 to 20", "constant", 6);
    hinted("y ~ x^1", "from 2 to 20", "'x' itself", 6);
    hinted("y ~ x^1.5", "from 2 to 20", "exp(1.5*log(x))", 6);
    hinted("y ~ log(x)^.5", "from 2 to 20", "sqrt(log(x))", 11);
    hinted("y ~ x^-1", "from 2 to 20", "exp(-1*log(x))", 7);
    refused("y ~ x^21", "from 2 to 20", 6);
    refused("y ~ x^2^3", "power of a power", 7);
    refused("y ~ (x + z)^2", "'^' where", 11);
    refused("y ~ poly(x,2)^2", "several columns", 4);
    refused("y ~ factor(x)^2", "several columns", 4);
    refused("y ~ lag(x,0:2)^2", "several columns", 4);
    refused("y ~ 2", "number", 4);
    refused("y ~ `a", "backtick", 4);
    refused("y ~ ``", "backticks", 5);
    refused("y ~ poly(x)", "degree", 4);
    refused("y ~ poly(x,99)", "degree", 11);
    refused("y ~ lag(x,4:0)", "smaller", 10);
    refused("y ~ lag(x,1.5)", "whole", 10);
    refused("y ~ log(lag(x,0:2))", "several", 8);
    refused("y ~ log(x,2)", "one argument", 9);
    refused("y ~ log()", "needs a column", 4);
    refused("y ~ factor(x,)", "reference", 13);
    refused("y ~ factor(log(x))", "takes a column", 11);
    refused("poly(y,2) ~ x", "outcome", 0);
    refused("y ~ x | log(g)", "effect", 8);
    refused("y ~ x | g[z]", "slopes", 9);
    refused("y ~ x | 0 | a ~ x", "instrument and a regressor", 12);
    refused("y ~ x | a ~ a", "its own instrument", 8);
    refused("y ~ sunab(x,z)", "is an estimator", 4);
    refused("y ~ adstock(x,1)", "from 0 to below 1", 14);
    refused("y ~ adstock(x,-0.2)", "from 0 to below 1", 15);
    refused("y ~ adstock(x,fast)", "a number", 14);
    hinted("y ~ weibull(x,2)", "second parameter", "or neither", 15);
    refused("y ~ weibull(x,0,3)", "shape of weibull() lies above 0", 14);
    refused("y ~ hill(x,20,0)", "slope of hill() lies above 0", 14);
    hinted("y ~ almon(x)", "lags and a degree", "", 4);
    hinted("y ~ almon(x,4,2)", "last lag", "almon(x,0:8,2)", 13);
    hinted("y ~ almon(x,0:4)", "degree", "almon(x,0:8,2)", 15);
    refused("y ~ almon(x,4:0,2)", "smaller", 12);
    refused("y ~ almon(x,0:2,3)", "3 lags carry a polynomial of degree 2", 16);
    refused("y ~ almon(x,0:6,1,both)", "2 ends at 0 need degree 2", 16);
    refused("y ~ almon(x,0:6,2,front)", "near, far or both", 18);
    hinted("y ~ season(x)", "nothing between", "time of a row", 11);
    refused("y ~ log(season())", "several columns", 8);
    hinted("y ~ holiday()", "needs a name", "holiday(US)", 4);
    hinted("y ~ holiday(thanksgving)", "'thanksgving' is not a holiday", "did you mean 'thanksgiving'", 12);
    hinted("y ~ holiday(carnivalinrio)", "is not a holiday", "a column of the data", 12);
    refused("y ~ holiday(3)", "the name of a holiday", 12);
    hinted("y ~ holiday(US, -1:1)", "no days around them", "holiday(christmas,-2:7)", 16);
    hinted("y ~ holiday(easter, 2)", "the last day", "a range", 21);
    refused("y ~ holiday(easter,2:-2)", "smaller to the larger", 19);
    refused("y ~ holiday(easter,-181:2)", "within 180 days", 19);
    refused("y ~ holiday(easter,0:1,2)", "')'", 22);
    refused("y ~ exp(almon(x,0:6,2))", "several columns", 8);
    refused("y ~ adstock(lag(x,0:2),0.5)", "several columns", 12);
    refused("season() ~ x", "one column of numbers", 0);
    refused("y ~ x) + z", "')'", 5);
    refused("\xc3\xa4 ~ cosh(x)", "cosh", 4); /* the caret counts characters */
}

static void joined_names(void **s)
{
    (void)s;
    rl_effect e;
    CHECK_OK(rl_effect_parse("List Price (USD)", &e, cx.keep, &cx), &cx);
    assert_int_equal(e.n, 1);
    assert_string_equal(e.col[0], "List Price (USD)");
    CHECK_OK(rl_effect_parse("g1^year", &e, cx.keep, &cx), &cx);
    assert_int_equal(e.n, 2);
    assert_string_equal(e.text, "g1^year");
    assert_int_equal(rl_effect_parse("g1^", &e, cx.keep, &cx), RL_EUSAGE);
}

/* Nothing a user types may crash the parser or make it read beyond the end. */
static void noise(void **s)
{
    (void)s;
    static const char PIECES[] = "y~ab+-*:()|^`,0:1 log(poly(lag(factor(\"'9.";
    rl_formula f;
    for (uint64_t trial = 0; trial < 4000; trial++) {
        rl_ctx one;
        char text[24];
        check_ctx(&one);
        size_t n = 1 + (size_t)((trial * 2654435761u) >> 7) % 22;
        for (size_t i = 0; i < n; i++) text[i] = PIECES[((trial + 17) * (i + 3) * 40503u >> 5) % (sizeof PIECES - 1)];
        text[n] = '\0';
        if (n > 2) text[1] = '~';
        rl_code code = rl_formula_parse(text, &f, one.keep, &one);
        assert_true(code == RL_OK || code == RL_EUSAGE);
        assert_true(code == RL_OK || one.err.what[0] != '\0');
        rl_ctx_free(&one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_of_terms), cmocka_unit_test(functions),    cmocka_unit_test(forms),
        cmocka_unit_test(mistakes),      cmocka_unit_test(joined_names), cmocka_unit_test(noise),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
