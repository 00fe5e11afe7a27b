/* The eleven linear regressions of the NIST Statistical Reference Datasets
 * (https://www.itl.nist.gov/div898/strd/, public domain; the files stand in
 * strd/ as NIST gives them), fitted by formula, the way users do.
 *
 * Asked for: 13 correct digits of every coefficient and every standard
 * error; where the certified value is 0, 1e-13 of the scale.  A line a set
 * says what was reached. */
#include <ctype.h>
#include <libgen.h>

#include "unit/fit_fixture.h"

enum { MOST_B = 12, MOST_X = 6, MOST_ROWS = 100 };
static const double DIGITS = 13;

typedef struct strd {
    size_t n, k, x; /* rows, coefficients, regressors in the file */
    double data[MOST_ROWS][1 + MOST_X];
    double b[MOST_B], se[MOST_B], sigma, r2;
} strd;

/* "(lines 31 to 41)" behind a word. */
static void range(const char *text, const char *word, int *from, int *to)
{
    const char *at = strstr(text, word);
    assert_non_null(at);
    at = strstr(at, "(lines");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "(lines %d to %d)", from, to), 2);
}

static double labelled(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    assert_non_null(at);
    return strtod(at + strlen(word), NULL);
}

static strd load(const char *name)
{
    static char text[16384];
    char here[] = __FILE__, path[512];
    strd s = {0};
    snprintf(path, sizeof path, "%s/strd/%s.dat", dirname(here), name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) fail_msg("cannot read %s", path);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    int first, last, line = 1;
    range(text, "Data ", &first, &last);
    char *certified = strstr(text, "Parameter  ");
    assert_non_null(certified);
    s.sigma = labelled(certified, "Standard Deviation ");
    s.r2 = labelled(certified, "R-Squared ");
    for (const char *at = text; at != NULL && *at != '\0'; line++) {
        const char *p = at;
        while (*p == ' ') p++;
        if (line < first && *p == 'B' && isdigit((unsigned char)p[1]) && strstr(p, "   ") != NULL && at > certified) {
            char *end;
            s.b[s.k] = strtod(p + strcspn(p, " "), &end);
            s.se[s.k++] = strtod(end, NULL);
        }
        if (line >= first && line <= last) {
            char *end = (char *)(uintptr_t)p;
            for (s.x = 0; s.x < 1 + MOST_X; s.x++) {
                const char *from = end;
                double v = strtod(from, &end);
                if (end == from || memchr(from, '\n', (size_t)(end - from)) != NULL) break;
                s.data[s.n][s.x] = v;
            }
            s.x--;
            s.n++;
        }
        at = strchr(at, '\n');
        if (at != NULL) at++;
    }
    return s;
}

static double digits_of_zero(double got, double scale) { return got == 0 ? 17 : fmin(17, -log10(fabs(got) / scale)); }

static void fit_set(const char *name, const char *formula)
{
    rl_ctx cx;
    rl_result r;
    strd s = load(name);
    check_ctx(&cx);
    rl_table t = fit_table(s.n);
    for (size_t j = 0; j <= s.x; j++) {
        char col[8];
        snprintf(col, sizeof col, "x%zu", j);
        double *v = fit_num(&t, j == 0 ? "y" : s.x == 1 ? "x" : col, &cx);
        for (size_t i = 0; i < s.n; i++) v[i] = s.data[i][j];
    }
    rl_request req = fit_request(formula);
    CHECK_OK(rl_estimate_run(&req, &t, &r, cx.keep, &cx), &cx);
    assert_int_equal(r.m, s.k);
    double least_b = 17, least_se = 17;
    bool perfect = s.sigma == 0;
    for (size_t j = 0; j < s.k; j++) {
        const rl_estimate *e = &r.est[j];
        least_b = fmin(least_b, s.b[j] == 0 ? digits_of_zero(e->estimate, 1) : check_digits_of(e->estimate, s.b[j]));
        double se = s.se[j] == 0 ? digits_of_zero(e->std_error, fabs(s.b[j])) : check_digits_of(e->std_error, s.se[j]);
        least_se = fmin(least_se, se);
        assert_int_equal(isnan(e->statistic), perfect);
        assert_int_equal(isnan(e->p_value), perfect);
    }
    printf("  %-10s %2zu coefficients: %4.1f digits, standard errors %4.1f\n", name, s.k, least_b, least_se);
    if (!(least_b >= DIGITS && least_se >= DIGITS))
        fail_msg("%s: %.1f and %.1f digits, not %g", name, least_b, least_se, DIGITS);
    CHECK_DIGITS(r.r2, s.r2, DIGITS);
    bool said = false;
    for (size_t i = 0; i < r.n_notes; i++) said = said || strstr(r.note[i], "a perfect fit") != NULL;
    assert_int_equal(said, perfect);
    rl_ctx_free(&cx);
}

#define SET(name, formula)         \
    static void name(void **state) \
    {                              \
        (void)state;               \
        fit_set(#name, formula);   \
    }
SET(Longley, "y ~ x1 + x2 + x3 + x4 + x5 + x6")
SET(Filip, "y ~ poly(x,10)")
SET(NoInt1, "y ~ x - 1")
SET(NoInt2, "y ~ x - 1")
SET(Norris, "y ~ x")
SET(Pontius, "y ~ poly(x,2)")
SET(Wampler1, "y ~ poly(x,5)")
SET(Wampler2, "y ~ poly(x,5)")
SET(Wampler3, "y ~ poly(x,5)")
SET(Wampler4, "y ~ poly(x,5)")
SET(Wampler5, "y ~ poly(x,5)")

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(Longley),  cmocka_unit_test(Filip),    cmocka_unit_test(NoInt1),   cmocka_unit_test(NoInt2),
        cmocka_unit_test(Norris),   cmocka_unit_test(Pontius),  cmocka_unit_test(Wampler1), cmocka_unit_test(Wampler2),
        cmocka_unit_test(Wampler3), cmocka_unit_test(Wampler4), cmocka_unit_test(Wampler5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
