/* The response when nobody knows how its lag is shaped: an average over lengths, or over forms and lengths.
 *
 *   lengths   lag(x,a:l), l = a .. L
 *   forms     these too
 *             almon(x,a:L,d), d = 1 2 3
 *             adstock(x,r)                       a share r stays every period
 *             adstock(adstock(x,r),r)            delayed: it rises before it fades (Solow's Pascal lag)
 *             lag(x,a:a+q-1) + lag(adstock(x,r),a+q), q = 1 2 3      free weights, then a share r stays
 *
 * All on the rows of the longest, one regressor at a time, the other terms as written.  A rate is no point estimate
 * here: it is a sum over a grid of rates, weighed by their likelihood, the grid drawn closer until it resolves it.
 * It goes up to where half of what the stock brings comes after lag L: a stock that hardly fades is a trend by
 * another name.  So nothing depends on a search that ends, or does not, at an end of the range; the form as a whole
 * weighs by its best rate, which counts as one parameter.
 *
 * Ranges and polynomials end at lag L because somebody wrote L, not because the data say so.  Long run and timing
 * are therefore those of the forms that go on, by their share of the weight, unless they have next to none.
 *
 * AIC, because BIC holds on to forms that are too short: with a carry-over of .6 a period intervals over lengths
 * alone by BIC cover 70 to 80 times in 100, those over forms by AIC 93 to 96; a bootstrap of the whole selection
 * covers as often and is a tenth to a fifth longer (tests/property/test_choice.c has the grid).  Over lengths alone
 * AIC is too sure as well in short series, so the longest keeps a tenth whatever the data say: of what comes within
 * the range 93 in 100 or more hold in short and persistent series (tests/coverage/series.c), 89 to 98 with eight lags
 * and a carry-over of .6 or .8.  What comes after the longest lag is harder: with .8 a period, eight lags and 52 rows
 * the long run of forms holds the truth 83 to 92 times in 100 (the longest range alone: 72 to 80).  "No effect" is
 * not among the forms: it would pull weak effects to zero, and whether there is one is another question.
 *
 * Source: Buckland, Burnham & Augustin (1997), Biometrics 53(2); Burnham & Anderson (2002), Model Selection and
 * Multimodel Inference, 2.6 and 4.3; Solow (1960), Econometrica 28(2); Jorgenson (1966), Econometrica 34(1). */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/response.h"

enum { GRID = 12, ROUNDS = 8, FREE = 3, DEGREES = 3 };
static const double HIGHEST = 0.98, ENOUGH = 4, NEGLIGIBLE = 1e-4, WORTH_ASKING = 0.05, LONGEST = 0.1;

/* The range of lags of one regressor, and the formula around it. */
typedef struct range {
    const char *formula, *open, *end; /* the function with its arguments: [open, end)  */
    const char *x;                    /* its first argument, as written                */
    int lo, hi;
} range;

/* One fit: of candidate `form`. */
typedef struct attempt {
    size_t form;
    double rate, ic;
    rl_parts *parts;
} attempt;

typedef struct work {
    const rl_request *req;
    const rl_table *t;
    const rl_result *out;
    const unsigned char *leave;
    rl_response *s;
    range g;
    rl_average *a;
    attempt *v;
    size_t n, cap;
    rl_arena *keep;
    rl_ctx *cx;
} work;

/* --- the formula ---------------------------------------------------------------------------- */

/* The term's own text: from the function's name to its closing bracket; the end of its first argument too. */
static bool delimit(const rl_formula *f, const rl_expr *e, range *g, rl_arena *in)
{
    const char *from = f->text + e->at, *x = NULL, *comma = NULL, *end = from;
    int depth = 0;
    for (bool quoted = false; *end != '\0'; end++) {
        if (*end == '`') quoted = !quoted;
        if (quoted) continue;
        if (*end == ',' && depth == 1 && comma == NULL) comma = end;
        if (*end == '(' && depth++ == 0) x = end + 1;
        if (*end == ')' && --depth == 0) break;
    }
    if (*end == '\0' || x == NULL || comma == NULL) return false;
    *g = (range){f->text, from, end + 1, rl_strndup(in, x, (size_t)(comma - x)), e->lo, e->hi};
    return true;
}

/* Does a number start from the variable: lag(diff(x),2) from `diff(x)`, and from `x`? */
static bool starts_from(const rl_expr *e, const char *variable)
{
    if (strcmp(rl_carry_base(e)->text, variable) == 0) return true;
    for (; e != NULL; e = e->op == RL_OP_FN ? e->a : NULL)
        if (strcmp(e->text, variable) == 0) return true;
    return false;
}

/* The range of lags of a variable in the formula: the only one, and nothing else of it. */
static bool range_of(const rl_formula *f, const char *variable, range *g, rl_arena *in)
{
    const rl_expr *found = NULL;
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *e = f->term[j].var[i];
            bool lags = e->op == RL_OP_FN && (e->fn == RL_FN_LAG || e->fn == RL_FN_ALMON);
            if (!starts_from(e, variable)) continue;
            if (found != NULL || f->term[j].n > 1 || !lags || e->lo < 0 || e->lo >= e->hi ||
                strcmp(e->a->text, variable) != 0)
                return false;
            found = e;
        }
    return found != NULL && delimit(f, found, g, in);
}

static const char *with(const range *g, const char *terms, rl_arena *in)
{
    return rl_sprintf(in, "%.*s%s%s", (int)(g->open - g->formula), g->formula, terms, g->end);
}

/* --- fits ------------------------------------------------------------------------------------- */

static size_t candidate(work *w, const char *form)
{
    rl_average *a = w->a;
    a->candidate = rl_regrow(w->keep, a->candidate, a->n_candidates, a->n_candidates + 1, sizeof *a->candidate);
    a->candidate[a->n_candidates] = (rl_candidate){form, 0, NAN, NAN, NAN, NAN, NULL};
    return a->n_candidates++;
}

static attempt *room(work *w)
{
    if (w->n == w->cap) {
        size_t cap = w->cap > 0 ? 2 * w->cap : 64;
        w->v = rl_regrow(w->cx->tmp, w->v, w->cap, cap, sizeof *w->v);
        w->cap = cap;
    }
    return &w->v[w->n];
}

/* The standard errors of a bootstrap are there without its draws. */
static rl_vcov_spec undrawn(const work *w)
{
    const rl_vcov_spec *v = &w->req->vcov;
    if (v->kind == RL_WILD) return (rl_vcov_spec){.kind = RL_CLUSTER, .ways = v->ways, .by = {v->by[0]}, .lag = -1};
    if (v->kind == RL_BLOCK || v->kind == RL_WILD_DEPENDENT)
        return (rl_vcov_spec){.kind = RL_DK, .lag = (int)w->out->block - 1, .fixed_b = true};
    return *v;
}

/* Fit the formula with `terms` in place of the range; what it needs besides its response lives no longer. */
static rl_code fit_terms(work *w, const char *terms, rl_parts *parts, rl_result *one, rl_ctx *sub)
{
    rl_request r = *w->req;
    const char **list = RL_NEW(sub->tmp, const char *, 1);
    list[0] = rl_sprintf(sub->tmp, "%s,%zu", w->s->variable, w->s->n - 1);
    r.formula = with(&w->g, terms, sub->tmp);
    r.response = list, r.n_response = 1;
    r.response_if_any = false;
    r.vcov = undrawn(w);
    r.average = RL_AVERAGE_NONE;
    r.parts = parts;
    r.n_lincom = r.n_restriction = r.n_diag = 0;
    r.checked = true;
    r.omega = NULL;
    r.spend = NULL;
    r.keep_effects = false;
    r.leave = w->leave;
    r.leave_why = "rows that the longest lag does not have";
    return rl_estimate_run(&r, w->t, one, sub->keep, sub);
}

/* One more attempt at a candidate.  A length must be possible; what else cannot be fitted is left out, with why. */
static rl_code try(work *w, size_t form, const char *terms, double rate, bool must)
{
    rl_ctx sub = *w->cx;
    rl_result one;
    rl_candidate *c = &w->a->candidate[form];
    sub.tmp = sub.keep = rl_arena_like(w->cx->tmp);
    sub.note = NULL, sub.n_notes = sub.cap_notes = 0;
    rl_parts *parts = RL_NEW(w->cx->tmp, rl_parts, 1);
    parts->in = w->cx->tmp;
    rl_code code = fit_terms(w, terms, parts, &one, &sub);
    if (code != RL_OK && must) w->cx->err = sub.err;
    if (code != RL_OK && !must) c->why = rl_strdup(w->keep, sub.err.what);
    if (code == RL_OK && one.rows_used != w->out->rows_used)
        c->why = rl_sprintf(w->keep, "it has %zu rows, the longest range %zu", one.rows_used, w->out->rows_used);
    double ic = code != RL_OK ? NAN : one.aic;
    rl_arena_free(sub.tmp);
    if (code != RL_OK && must) return code;
    if (c->why != NULL) return RL_OK;
    *room(w) = (attempt){form, rate, isnan(rate) ? ic : ic + 2, parts};
    w->n++;
    return RL_OK;
}

static rl_code lengths(work *w)
{
    for (int l = w->g.lo; l <= w->g.hi; l++) {
        const char *terms = rl_sprintf(w->keep, "lag(%s,%d:%d)", w->g.x, w->g.lo, l);
        RL_TRY(try(w, candidate(w, terms), terms, NAN, true));
    }
    return RL_OK;
}

static rl_code polynomials(work *w)
{
    for (int d = 1; d <= DEGREES && d < w->g.hi - w->g.lo; d++) {
        const char *terms = rl_sprintf(w->keep, "almon(%s,%d:%d,%d)", w->g.x, w->g.lo, w->g.hi, d);
        RL_TRY(try(w, candidate(w, terms), terms, NAN, false));
    }
    return RL_OK;
}

/* --- forms with a rate -------------------------------------------------------------------------- */

/* Free weights for q lags (q < 0: none, delayed), then the stock; rate "" as a name. */
static const char *stock_terms(const work *w, int q, const char *rate, rl_arena *in)
{
    const char *x = w->g.x;
    int at = w->g.lo + (q > 0 ? q : 0);
    const char *stock =
        q < 0 ? rl_sprintf(in, "adstock(adstock(%s%s)%s)", x, rate, rate) : rl_sprintf(in, "adstock(%s%s)", x, rate);
    if (at > 0) stock = rl_sprintf(in, "lag(%s,%d)", stock, at);
    if (q <= 0) return stock;
    return rl_sprintf(in, "lag(%s,%d:%d) + %s", x, w->g.lo, at - 1, stock);
}

/* The rate at which half of what a stock brings comes after the longest lag: forms that put more there contradict
 * who wrote the range, and a stock that hardly fades is a trend by another name. */
static double highest(const work *w, int q)
{
    double n = w->g.hi - w->g.lo + 1 - (q > 0 ? q : 0), lo = 0, hi = HIGHEST;
    for (int i = 0; i < 60; i++) {
        double r = (lo + hi) / 2, beyond = rl_pow(r, n) * (q < 0 ? 1 + n * (1 - r) : 1);
        if (beyond > 0.5)
            hi = r;
        else
            lo = r;
    }
    return lo;
}

/* Where the likelihood of the attempts from `first` on is; true when enough of them share it. */
static bool resolved(const work *w, size_t first, double *lo, double *hi)
{
    double best = INFINITY, sum = 0, squares = 0, step = (*hi - *lo) / GRID, from = *hi, to = *lo;
    for (size_t i = first; i < w->n; i++) best = fmin(best, w->v[i].ic);
    for (size_t i = first; i < w->n; i++) {
        double p = rl_exp(-(w->v[i].ic - best) / 2);
        sum += p;
        squares += p * p;
        if (p < NEGLIGIBLE) continue;
        from = fmin(from, w->v[i].rate - step);
        to = fmax(to, w->v[i].rate + step);
    }
    *lo = fmax(*lo, from);
    *hi = fmin(*hi, to);
    return sum * sum >= ENOUGH * squares;
}

static rl_code stock(work *w, int q)
{
    size_t form = candidate(w, stock_terms(w, q, "", w->keep)), first = w->n;
    double lo = 0, hi = highest(w, q);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < GRID; i++) {
            double rate = lo + (hi - lo) * (i + 0.5) / GRID;
            const char *as = rl_sprintf(w->cx->tmp, ",%.9f", rate);
            RL_TRY(try(w, form, stock_terms(w, q, as, w->cx->tmp), rate, false));
            if (w->a->candidate[form].why == NULL) continue;
            w->n = first; /* not on the same rows at every rate: not to be compared */
            return RL_OK;
        }
        if (round + 1 == ROUNDS || resolved(w, first, &lo, &hi)) break;
        w->n = first;
    }
    return RL_OK;
}

/* --- weights ------------------------------------------------------------------------------------ */

/* A part of the weight is the longest range's, whatever the data say. */
static void keep_longest(rl_average *a)
{
    if (a->candidate[a->n_candidates - 1].why != NULL) return;
    for (size_t k = 0; k < a->n_candidates; k++) a->candidate[k].weight *= 1 - LONGEST;
    a->candidate[a->n_candidates - 1].weight += LONGEST;
}

/* Candidates by their best attempt, attempts of one by their likelihood: weight (n), summing to 1. */
static void weigh(work *w, double *weight)
{
    rl_average *a = w->a;
    double best = INFINITY, sum = 0, *within = RL_NEW(w->cx->tmp, double, a->n_candidates);
    for (size_t i = 0; i < w->n; i++) {
        rl_candidate *c = &a->candidate[w->v[i].form];
        c->ic = fmin(w->v[i].ic, c->ic); /* of NaN and a number fmin is the number */
        best = fmin(best, w->v[i].ic);
    }
    for (size_t i = 0; i < w->n; i++)
        within[w->v[i].form] += weight[i] = rl_exp(-(w->v[i].ic - a->candidate[w->v[i].form].ic) / 2);
    for (size_t k = 0; k < a->n_candidates; k++)
        if (a->candidate[k].why == NULL) sum += a->candidate[k].weight = rl_exp(-(a->candidate[k].ic - best) / 2);
    for (size_t k = 0; k < a->n_candidates; k++) a->candidate[k].weight /= sum;
    if (a->over == RL_AVERAGE_LENGTHS) keep_longest(a);
    for (size_t i = 0; i < w->n; i++) {
        rl_candidate *c = &a->candidate[w->v[i].form];
        double share = weight[i] / within[w->v[i].form], total = w->v[i].parts->total;
        weight[i] = share * c->weight;
        if (isnan(c->long_run)) c->long_run = c->rate = c->rate_sd = 0;
        c->long_run += w->v[i].parts->fades ? share * total : NAN;
        c->rate += share * w->v[i].rate;
    }
    for (size_t i = 0; i < w->n; i++) {
        rl_candidate *c = &a->candidate[w->v[i].form];
        double off = w->v[i].rate - c->rate;
        c->rate_sd += weight[i] / c->weight * off * off;
    }
    for (size_t k = 0; k < a->n_candidates; k++) a->candidate[k].rate_sd = sqrt(a->candidate[k].rate_sd);
}

/* Weights (n) of the forms that may go on after the longest lag, summing to 1; what they weigh among all.  Those
 * of all, and 0, where that is next to nothing. */
static double going_on(const work *w, const double *weight, double *far)
{
    double sum = 0;
    for (size_t i = 0; i < w->n; i++) sum += isnan(w->v[i].rate) ? 0 : weight[i];
    bool some = sum >= WORTH_ASKING;
    for (size_t i = 0; i < w->n; i++) far[i] = !some ? weight[i] : isnan(w->v[i].rate) ? 0 : weight[i] / sum;
    return some ? sum : 0;
}

static rl_code one_response(work *w)
{
    rl_average *a = w->a = RL_NEW(w->keep, rl_average, 1);
    a->over = w->req->average;
    a->criterion = "AIC";
    w->n = 0;
    RL_TRY(lengths(w));
    if (a->over == RL_AVERAGE_FORMS) {
        RL_TRY(polynomials(w));
        for (int q = 0; q <= FREE && q <= w->g.hi - w->g.lo; q++) RL_TRY(stock(w, q));
        RL_TRY(stock(w, -1));
    }
    double *weight = RL_NEW(w->cx->tmp, double, w->n), *far = RL_NEW(w->cx->tmp, double, w->n);
    const rl_parts **parts = RL_NEW(w->cx->tmp, const rl_parts *, w->n);
    weigh(w, weight);
    for (size_t i = 0; i < w->n; i++) parts[i] = w->v[i].parts;
    a->goes_on = going_on(w, weight, far);
    rl_response_mix(w->s, parts, weight, far, w->n, a, w->keep, w->cx);
    w->s->average = a;
    rl_response_words_average(w->s, w->keep);
    return RL_OK;
}

/* --- all of them ------------------------------------------------------------------------------------ */

static rl_code check(const rl_request *req, const rl_result *out, rl_ctx *cx)
{
    if (out->n_responses == 0) {
        rl_fail(cx, RL_EUSAGE, "--average needs a response to average");
        return rl_hint(cx, "add --response COL");
    }
    if (isfinite(out->aic) && req->estimator->expand == NULL) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--average: estimator '%s' gives no criterion to weigh forms of the lag by",
            req->estimator->name);
    return rl_hint(cx, "use it with ols, ar, logit or poisson and a range of lags, as in lag(%s, 0:6)",
                   out->response[0].variable);
}

static rl_code run(const rl_request *req, const rl_table *t, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    rl_formula f;
    size_t done = 0;
    RL_TRY(check(req, out, cx));
    RL_TRY(rl_formula_parse(out->formula, &f, keep, cx));
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, t->n);
    memset(leave, 1, t->n);
    for (size_t i = 0; i < out->rows_used; i++) leave[out->row[i]] = 0;
    for (size_t i = 0; i < out->n_responses; i++) {
        rl_response *s = &out->response[i];
        work w = {.req = req, .t = t, .out = out, .leave = leave, .s = s, .keep = keep, .cx = cx};
        if (s->segment != NULL || !range_of(&f, s->variable, &w.g, keep)) continue;
        RL_TRY(one_response(&w));
        done++;
    }
    for (size_t i = 0; i < out->n_responses; i++) {
        const rl_response *s = &out->response[i];
        if (s->average != NULL) continue;
        if (done > 0) {
            rl_remark(cx, "response", "'%s' is not averaged: its lags are not one range, as in lag(%s, 0:6)",
                      s->variable, s->variable);
            continue;
        }
        rl_fail(cx, RL_EUSAGE, "--average: the lags of '%s' are not one range", s->variable);
        return rl_hint(cx, "write them as lag(%s, 0:6) in a regression, without segments", s->variable);
    }
    return RL_OK;
}

rl_code rl_response_average(const rl_request *req, const rl_table *t, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    if (req->average == RL_AVERAGE_NONE || (out->n_responses == 0 && req->response_if_any)) return RL_OK;
    rl_code code = run(req, t, out, keep, cx);
    if (code != RL_EUSAGE || !req->response_if_any) return code;
    rl_remark(cx, "response", "%s", cx->err.what);
    rl_forgive(cx);
    return RL_OK;
}
