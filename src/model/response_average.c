/* The response when nobody knows how many lags there are: an average over all lengths.
 *
 * lag(x,a:L) is fitted with a:a, a:a+1, .. a:L on the rows of the longest; each length weighs
 * exp(-AIC/2) of nine tenths, the longest the last tenth whatever the data say.  The interval of the average
 * covers the choice, by the law of total variance, with the degrees of freedom of the longest:
 *
 *   se^2 = sum_l w_l (var_l + (response_l - average)^2)
 *
 * Source: Buckland, Burnham & Augustin (1997), Biometrics 53(2). */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/response.h"
#include "num/dist.h"

static const double LONGEST = 0.1;

/* The range of lags of a variable in the formula: the only one, and nothing else of it. */
static const rl_expr *range_of(const rl_formula *f, const char *variable)
{
    const rl_expr *found = NULL;
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *e = f->term[j].var[i];
            bool lags = e->op == RL_OP_FN && e->fn == RL_FN_LAG && e->lo < e->hi && e->lo >= 0;
            if (strcmp(rl_carry_base(e)->text, variable) != 0) continue;
            if (found != NULL || f->term[j].n > 1 || !lags || strcmp(e->a->text, variable) != 0) return NULL;
            found = e;
        }
    return found;
}

/* The formula with the range lo:hi cut to lo:last; its parts stand as written. */
static const char *shorter(const rl_formula *f, const rl_expr *e, int last, rl_arena *in)
{
    const char *s = f->text, *open = s + e->at, *colon = NULL, *end = open;
    int depth = 0;
    for (bool quoted = false; *end != '\0'; end++) {
        if (*end == '`') quoted = !quoted;
        if (quoted) continue;
        if (*end == ':' && depth == 1) colon = end;
        if (*end == '(') depth++;
        if (*end == ')' && --depth == 0) break;
    }
    if (colon == NULL) return NULL;
    return rl_sprintf(in, "%.*s:%d%s", (int)(colon - s), s, last, end);
}

typedef struct length {
    double aic;
    const rl_response *s;
} length;

static rl_code fit_length(const rl_request *req, const rl_table *t, const char *formula, const char *what,
                          const unsigned char *leave, length *out, rl_arena *keep, rl_ctx *cx)
{
    rl_request r = *req;
    rl_result one;
    size_t notes = cx->n_notes;
    const char **list = RL_NEW(cx->tmp, const char *, 1);
    list[0] = what;
    r.formula = formula;
    r.response = list, r.n_response = 1;
    r.average = false, r.pointwise = true;
    r.n_lincom = r.n_restriction = r.n_diag = 0;
    r.leave = leave;
    r.leave_why = "rows that the longest lag does not have";
    RL_TRY(rl_estimate_run(&r, t, &one, keep, cx));
    cx->n_notes = notes; /* the longest said them */
    *out = (length){one.aic, one.n_responses == 1 ? &one.response[0] : NULL};
    return RL_OK;
}

static void average(rl_response *s, const length *l, size_t n, int first, double crit, rl_arena *keep)
{
    double *w = RL_NEW(keep, double, n), least = INFINITY, sum = 0;
    size_t most = 0;
    for (size_t k = 0; k < n; k++) least = fmin(least, l[k].aic);
    for (size_t k = 0; k < n; k++) sum += w[k] = rl_exp(-(l[k].aic - least) / 2);
    for (size_t k = 0; k < n; k++) {
        w[k] *= (1 - LONGEST) / sum;
        if (k + 1 == n) w[k] += LONGEST;
        if (w[k] > w[most]) most = k;
    }
    s->averaged = RL_NEW(keep, rl_summary, s->n);
    for (size_t h = 0; h < s->n; h++) {
        double mean = 0, var = 0, se;
        for (size_t k = 0; k < n; k++) mean += w[k] * l[k].s->cumulative[h].est;
        for (size_t k = 0; k < n; k++) {
            const rl_banded *c = &l[k].s->cumulative[h];
            var += w[k] * (c->se * c->se + (c->est - mean) * (c->est - mean));
        }
        se = sqrt(var);
        s->averaged[h] = (rl_summary){mean, se, mean - crit * se, mean + crit * se, NULL};
    }
    s->weight = w;
    s->n_weights = n;
    s->first_length = first;
    rl_response_words_average(s, most, keep);
}

static rl_code one_response(const rl_request *req, const rl_table *t, const rl_formula *f, const rl_result *out,
                            const unsigned char *leave, rl_response *s, rl_arena *keep, rl_ctx *cx)
{
    const rl_expr *e = range_of(f, s->variable);
    if (e == NULL || s->segment != NULL || !isfinite(out->aic)) {
        rl_fail(cx, RL_EUSAGE, "--average: the lags of '%s' are not one range", s->variable);
        return rl_hint(cx, "write them as lag(%s, 0:6) in a regression, without segments", s->variable);
    }
    size_t n = (size_t)(e->hi - e->lo) + 1;
    length *l = RL_NEW(cx->tmp, length, n);
    const char *what = rl_sprintf(cx->tmp, "%s,%zu", s->variable, s->n - 1);
    for (size_t k = 0; k < n; k++) {
        const char *formula = shorter(f, e, e->lo + (int)k, keep);
        RL_TRY(fit_length(req, t, formula, what, leave, &l[k], keep, cx));
        if (l[k].s == NULL) return rl_fail(cx, RL_EDATA, "--average: no response at length %zu", k);
    }
    average(s, l, n, e->lo, rl_t_quantile(0.5 + out->level / 2, isnan(out->df) ? 0 : out->df), keep);
    return RL_OK;
}

rl_code rl_response_average(const rl_request *req, const rl_table *t, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    rl_formula f;
    if (!req->average) return RL_OK;
    if (out->n_responses == 0) {
        rl_fail(cx, RL_EUSAGE, "--average needs a response to average");
        return rl_hint(cx, "add --response COL");
    }
    RL_TRY(rl_formula_parse(out->formula, &f, keep, cx));
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, t->n);
    memset(leave, 1, t->n);
    for (size_t i = 0; i < out->rows_used; i++) leave[out->row[i]] = 0;
    for (size_t i = 0; i < out->n_responses; i++)
        RL_TRY(one_response(req, t, &f, out, leave, &out->response[i], keep, cx));
    return RL_OK;
}
