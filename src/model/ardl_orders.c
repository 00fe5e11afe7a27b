/* How many lags: what the rows can carry, and the choice among them. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/ardl.h"
#include "num/lagsel.h"
#include "num/ols.h"

static void add_lags(rl_str *s, const char *x, int most)
{
    rl_str_addf(s, most > 1 ? " + lag(%s,1:%d)" : " + lag(%s,%d)", x, most);
}

const char *rl_ardl_formula(const rl_dynamic *d, const int *order, rl_arena *in)
{
    rl_str s = rl_str_new(in);
    rl_str_addf(&s, "%s ~ %s", d->head, d->rhs);
    add_lags(&s, d->head, order[0]);
    for (size_t j = 0; j < d->k; j++)
        if (order[j + 1] > 0) add_lags(&s, d->x_text[j], order[j + 1]);
    if (*d->tail != '\0') rl_str_addf(&s, " %s", d->tail);
    return rl_str_text(&s);
}

/* A design of one's own: X written out, nothing asked of it. */
static rl_code plain_design(const rl_request *req, const char *formula, const rl_table *t, rl_design *out, rl_ctx *cx)
{
    static const rl_estimator PLAIN = {.name = "ardl", .frame = RL_FRAME_PLAIN};
    rl_request r = *req;
    size_t notes = cx->n_notes;
    r.formula = formula;
    r.estimator = &PLAIN;
    r.spend = NULL;
    r.keep_effects = false;
    RL_TRY(rl_design_make(&r, t, out, cx));
    cx->n_notes = notes; /* they come with the design that is fitted */
    return RL_OK;
}

static size_t units(const rl_design *d) { return d->unit.G > 0 ? d->unit.G : 1; }

static size_t effects(const rl_design *d)
{
    size_t levels = 0;
    for (size_t f = 0; f < d->fe.n_fe; f++) levels += d->fe.levels[f];
    return d->fe.n_fe > 0 ? levels - (d->fe.n_fe - 1) : 0;
}

/* The largest order of all for which rows are left; 0 = none. */
static size_t largest(const rl_design *d, size_t k, size_t others)
{
    size_t m = 0, n = d->n, G = units(d);
    while (n > (m + 1) * G && n - (m + 1) * G > others + (m + 1) + k * (m + 2)) m++;
    return m;
}

static rl_code too_many(const rl_design *d, const rl_dynamic *y, size_t longest, size_t columns, size_t others,
                        rl_ctx *cx)
{
    size_t m = largest(d, y->k, others), lost = longest * units(d);
    rl_fail(cx, RL_EDATA, "%zu coefficients on %zu rows (%zu, less %zu that lack %zu lag%s): no freedom is left",
            columns, d->n > lost ? d->n - lost : 0, d->n, lost < d->n ? lost : d->n, longest, longest == 1 ? "" : "s");
    if (m == 0) return rl_hint(cx, "one lag of everything is too much already: use fewer regressors, or more periods");
    return rl_hint(cx, "up to %zu lag%s of everything could be estimated: --max-lags %zu", m, m == 1 ? "" : "s", m);
}

rl_code rl_ardl_vary(const rl_request *req, const rl_dynamic *y, const rl_table *t, rl_design *d, rl_ctx *cx)
{
    const char *formula = rl_sprintf(cx->tmp, "%s ~ %s %s", y->head, y->rhs, y->tail);
    RL_TRY(plain_design(req, formula, t, d, cx));
    for (size_t j = 0; j < d->X.k; j++)
        for (size_t i = 0; i < y->k; i++)
            if (strcmp(d->x_name[j], y->x[i]) == 0 && rl_is_constant(rl_mat_col(&d->X, j), d->n)) {
                rl_fail(cx, RL_EDATA, "'%s' never changes in the %zu rows used: it has no response", y->x[i], d->n);
                return rl_hint(cx, "leave it out");
            }
    if (!rl_is_constant(d->y, d->n)) return RL_OK;
    rl_fail(cx, RL_EDATA, "the outcome '%s' never changes in the %zu rows used", y->y, d->n);
    return rl_hint(cx, "nothing can be said of what moves it");
}

rl_code rl_ardl_room(const rl_request *req, const rl_dynamic *y, const rl_table *t, const int *order, rl_ctx *cx)
{
    rl_design d;
    size_t longest = 0, columns = 0;
    RL_TRY(rl_ardl_vary(req, y, t, &d, cx));
    for (size_t j = 0; j <= y->k; j++) {
        if ((size_t)order[j] > longest) longest = (size_t)order[j];
        columns += (size_t)order[j] + (j > 0);
    }
    size_t others = d.X.k - y->k + effects(&d), lost = longest * units(&d);
    if (d.n <= lost || d.n - lost <= columns + others) return too_many(&d, y, longest, columns + others, others, cx);
    return RL_OK;
}

/* --- the choice ------------------------------------------------------------------------- */

double rl_ardl_penalty(rl_ic ic, double n)
{
    return ic == RL_IC_BIC ? rl_log(n) : ic == RL_IC_HQ ? 2 * rl_log(rl_log(n)) : 2;
}

static size_t find_column(const rl_design *d, const char *name)
{
    size_t j = 0;
    while (j < d->X.k && strcmp(d->x_name[j], name) != 0) j++;
    return j;
}

/* Which column of the design is lag by lag which of the search; the others are fixed. */
static rl_code arrange(const rl_dynamic *y, const rl_design *d, int most, const size_t *first, size_t *at, bool *taken,
                       rl_ctx *cx)
{
    for (size_t j = 0; j <= y->k; j++)
        for (size_t i = first[j]; i < first[j + 1]; i++) {
            const char *name = rl_lag_name(j == 0 ? y->y : y->x[j - 1], (int)(i - first[j]) + (j == 0), cx->tmp);
            at[i] = find_column(d, name);
            if (at[i] == d->X.k)
                return rl_fail(cx, RL_EDATA, "'%s' of up to %d lags is not among the columns", name, most);
            taken[at[i]] = true;
        }
    return RL_OK;
}

/* Take the fixed columns out of the others. */
static rl_code without_fixed(const rl_design *d, const rl_mat *V, const bool *taken, rl_mat *Z, rl_ctx *cx)
{
    size_t f = 0;
    rl_mat F = rl_mat_new(V->n, V->k, cx->tmp);
    for (size_t j = 0; j + 1 < V->k; j++)
        if (!taken[j]) memcpy(rl_mat_col(&F, f++), rl_mat_col(V, j), V->n * sizeof(double));
    F.k = f;
    for (size_t j = 0; j < Z->k && f > 0; j++) {
        rl_ols_fit o;
        RL_TRY(rl_ols(&F, rl_mat_col(Z, j), d->w, NULL, &o, cx->tmp, cx));
        memcpy(rl_mat_col(Z, j), o.e, V->n * sizeof(double));
        rl_release(cx->tmp, o.e);
    }
    return RL_OK;
}

static rl_code gram(const rl_dynamic *y, rl_design *d, int most, const size_t *first, double **G, rl_ctx *cx)
{
    size_t c = first[y->k + 1], n = d->n, *at = RL_NEW(cx->tmp, size_t, c);
    bool *taken = RL_NEW(cx->tmp, bool, d->X.k);
    rl_mat V = {d->X.a, n, d->X.k + 1, d->X.ld}, Z = rl_mat_new(n, c + 1, cx->tmp);
    rl_absorbed info;
    RL_TRY(arrange(y, d, most, first, at, taken, cx));
    memcpy(rl_mat_col(&V, d->X.k), d->y, n * sizeof(double));
    if (d->fe.n_fe > 0) RL_TRY(rl_absorb(&d->fe, d->w, &V, NULL, &info, cx));
    for (size_t i = 0; i < c; i++) memcpy(rl_mat_col(&Z, i), rl_mat_col(&V, at[i]), n * sizeof(double));
    memcpy(rl_mat_col(&Z, c), rl_mat_col(&V, d->X.k), n * sizeof(double));
    RL_TRY(without_fixed(d, &V, taken, &Z, cx));
    rl_mat hi = rl_mat_new(c + 1, c + 1, cx->tmp), lo = rl_mat_new(c + 1, c + 1, cx->tmp);
    RL_TRY(rl_gram(&Z, d->w, &hi, &lo, cx));
    *G = hi.a;
    return RL_OK;
}

enum { FEW_ROWS = 5 }; /* a coefficient */

static const char *order_text(const size_t *width, size_t k, rl_arena *in)
{
    rl_str s = rl_str_new(in);
    for (size_t j = 0; j <= k; j++) rl_str_addf(&s, "%s%zu", j ? "," : "", width[j] - (j > 0));
    return rl_str_text(&s);
}

static void say_choice(const rl_lagsel_best *b, const rl_dynamic *y, const rl_design *d, int most, rl_ic ic, rl_ctx *cx)
{
    static const char *const NAME[] = {"", "aic", "bic", "hq"};
    char buf[32];
    rl_remark(cx, "orders", "lags %s chosen by %s among %s orders up to %d, all on the same %zu rows%s",
              order_text(b->width, y->k, cx->tmp), NAME[ic], rl_num_text(buf, b->compared), most, d->n,
              b->stepwise ? "; there are too many to compare all: block by block, each given the others, from the "
                            "smallest and from the largest order"
                          : "");
    if (isfinite(b->second_score))
        rl_remark(cx, "orders", "the next best order is %s, behind by %s", order_text(b->second, y->k, cx->tmp),
                  rl_num_text(buf, rl_round_digits(b->second_score - b->score, 3)));
}

rl_code rl_ardl_choose(const rl_request *req, const rl_dynamic *y, const rl_table *t, int most, int *order, rl_ctx *cx)
{
    rl_design d;
    size_t first[RL_LAGSEL_BLOCKS + 1] = {0};
    double *G, n;
    rl_lagsel_best best;
    rl_ic ic = req->ic == RL_IC_DEFAULT ? RL_IC_AIC : req->ic;
    for (size_t j = 0; j <= y->k; j++) order[j] = most;
    RL_TRY(rl_ardl_room(req, y, t, order, cx));
    RL_TRY(plain_design(req, rl_ardl_formula(y, order, cx->tmp), t, &d, cx));
    for (size_t j = 0; j <= y->k; j++) first[j + 1] = first[j] + (size_t)most + (j > 0);
    if (d.n <= d.X.k + effects(&d))
        return too_many(&d, y, 0, d.X.k + effects(&d), d.X.k - first[y->k + 1] + effects(&d), cx);
    RL_TRY(gram(y, &d, most, first, &G, cx));
    n = (double)d.n;
    rl_lagsel s = {.n = d.n, .k = y->k + 1, .first = first, .penalty = rl_ardl_penalty(ic, n), .most = RL_LAGSEL_MOST};
    rl_lagsel_search(&s, G, RL_NEW(cx->tmp, double, rl_lagsel_room(&s)), &best);
    if (!isfinite(best.score)) {
        rl_fail(cx, RL_EDATA, "no order up to %d can be estimated: the lags depend on each other", most);
        return rl_hint(cx, "is a regressor the sum of others, or the outcome a sum of regressors?");
    }
    for (size_t j = 0; j <= y->k; j++) order[j] = (int)best.width[j] - (j > 0);
    say_choice(&best, y, &d, most, ic, cx);
    if (d.n < FEW_ROWS * (d.X.k + effects(&d)))
        rl_remark(
            cx, "orders",
            "up to %zu coefficients were compared on %zu rows: with so few rows intervals tend to be too short, the "
            "more so the longer the outcome remembers",
            d.X.k + effects(&d), d.n);
    if (!req->bootstrap)
        rl_remark(cx, "orders", "intervals take the chosen lags as given: --inference bootstrap covers the choice too");
    return RL_OK;
}
