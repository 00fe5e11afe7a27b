/* almon(): the lag weights w = M c of the coefficients c of its polynomials.
 *
 * Every estimate of a polynomial gives way to the lag weights, which are
 * linear in it: exact, under every covariance.  Other factors of the term
 * stay in the names: lag(x,2):region::North.  Behind all stands their sum;
 * where the outcome feeds on its own past
 *
 *   long_run::x = sum_i w_i / (1 - sum_i phi_i)
 *
 * by the delta method. */
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/design.h"
#include "model/dynamic.h"
#include "model/eval.h"
#include "model/forms.h"
#include "model/lagged.h"

typedef struct report {
    const rl_fit *f;
    rl_mat L; /* m-by-f->m, grown by rows */
    rl_label *label;
    size_t m;
} report;

static const rl_expr *almon_of(const rl_term *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->var[i]->op == RL_OP_FN && t->var[i]->fn == RL_FN_ALMON) return t->var[i];
    return NULL;
}

/* The almon whose polynomial `k` the name holds, longest name first; where its text begins. */
static const rl_expr *almon_in(const rl_formula *f, const char *name, size_t *k, const char **at, const char **behind)
{
    const rl_term *part[] = {f->term, f->endo};
    size_t n_part[] = {f->n_terms, f->n_endo};
    for (size_t p = 0; p < 2; p++)
        for (size_t j = 0; j < n_part[p]; j++) {
            const rl_expr *e = almon_of(&part[p][j]);
            const char *s = e != NULL ? strstr(name, e->text) : NULL;
            if (s == NULL || s[strlen(e->text)] != '[') continue;
            char *end;
            unsigned long number = strtoul(s + strlen(e->text) + 1, &end, 10);
            if (*end != ']' || number == 0) continue;
            *k = (size_t)number - 1;
            *at = s;
            *behind = end + 1;
            return e;
        }
    return NULL;
}

/* The estimate whose name is front, e's polynomial k, back. */
static size_t place_of(const rl_fit *f, const char *name, const rl_expr *e, size_t k, const char *at,
                       const char *behind, rl_ctx *cx)
{
    const char *want = rl_sprintf(cx->tmp, "%.*s%s[%zu]%s", (int)(at - name), name, e->text, k + 1, behind);
    size_t j = 0;
    while (j < f->m && strcmp(f->label[j].term, want) != 0) j++;
    return j;
}

static rl_code left_out(const rl_expr *e, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "'%s' is not identified: its polynomials depend on each other or on other columns", e->text);
    return rl_hint(cx,
                   e->degree > e->near + e->far ? "take a lower degree, or leave out what moves with '%s'"
                                                : "leave out what moves with '%s'",
                   e->a->text);
}

/* The row of this name, a new one when there is none. */
static size_t row_of(report *r, const char *term)
{
    size_t j = 0;
    while (j < r->m && strcmp(r->label[j].term, term) != 0) j++;
    if (j == r->m) r->label[r->m++] = rl_label_of(term);
    return j;
}

/* Lag weights of the group whose first polynomial is estimate j. */
static rl_code add_weights(report *r, size_t j, const rl_expr *e, const char *at, const char *behind, rl_ctx *cx)
{
    const char *name = r->f->label[j].term;
    rl_mat M = rl_eval_weights(e, cx->tmp);
    size_t *from = RL_NEW(cx->tmp, size_t, M.k);
    for (size_t k = 0; k < M.k; k++) {
        from[k] = place_of(r->f, name, e, k, at, behind, cx);
        if (from[k] == r->f->m) return left_out(e, cx);
    }
    for (size_t i = 0; i < M.n; i++) {
        size_t row = row_of(
            r, rl_sprintf(cx->tmp, "%.*slag(%s,%d)%s", (int)(at - name), name, e->a->text, e->lo + (int)i, behind));
        for (size_t k = 0; k < M.k; k++) *rl_mat_at(&r->L, row, from[k]) += *rl_mat_at(&M, i, k);
    }
    return RL_OK;
}

/* Does the term read front lag(x,i) behind? */
static bool is_lag_of(const char *term, const char *front, const char *behind)
{
    size_t n = strlen(front);
    char *end;
    if (strncmp(term, front, n) != 0) return false;
    strtol(term + n, &end, 10);
    return end > term + n && *end == ')' && strcmp(end + 1, behind) == 0;
}

/* --- long runs ------------------------------------------------------------------------ */

/* The lags of one x: estimates front lag(x,..) behind. */
typedef struct sum {
    const char *x, *front, *behind, *term;
} sum;

static void add_sum(sum *v, size_t *n, const char *name, const rl_expr *e, const char *at, const char *behind,
                    rl_ctx *cx)
{
    int length = (int)(at - name);
    const char *term = rl_sprintf(cx->tmp, "%.*slong_run::%s%s", length, name, e->a->text, behind);
    for (size_t i = 0; i < *n; i++)
        if (strcmp(v[i].term, term) == 0) return;
    v[(*n)++] = (sum){e->a->text, rl_sprintf(cx->tmp, "%.*slag(%s,", length, name, e->a->text), behind, term};
}

/* What a sum of lags is divided by, 1 less the weights of the outcome's own past, and its gradient: m. */
typedef struct divisor {
    double value, *d;
    const char *none; /* why there is no long run; or NULL */
} divisor;

static bool starts(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

/* An estimator that reports `ec` has judged already whether there is a long run. */
static bool corrects(const rl_fit *f, divisor *to)
{
    bool judged = false;
    size_t ec = SIZE_MAX;
    for (size_t i = 0; i < f->m; i++) {
        if (strcmp(f->label[i].term, "ec") == 0) ec = i;
        judged = judged || starts(f->label[i].term, "long_run::");
    }
    if (ec == SIZE_MAX) return false;
    to->value = -f->b[ec];
    to->d[ec] = -1;
    if (!judged) to->none = "";
    return true;
}

static divisor own_past(const rl_design *d, const rl_request *req, const rl_fit *f, rl_ctx *cx)
{
    divisor to = {1, RL_NEW(cx->tmp, double, f->m), NULL};
    rl_feedback past;
    char buf[32];
    if (req->estimator->orders && corrects(f, &to)) return to;
    if (rl_lagged_fit(d->formula, req->estimator, f, &past, cx) != RL_OK) {
        rl_forgive(cx);
        to.none = "the outcome's own past does not stand there as plain lags of a linear regression";
        return to;
    }
    if (past.n == 0) return to;
    to.value = 1 - past.sum;
    for (size_t i = 0; i < f->m; i++) to.d[i] = -past.d_sum[i];
    if (d->vcov.kind == RL_WILD)
        to.none = "a wild bootstrap tests coefficients, not ratios of them";
    else if (!past.stable)
        to.none = rl_sprintf(cx->tmp, "the lags of '%s' add up to %s, so what happens once never dies out", d->y_name,
                             rl_num_text(buf, rl_round_digits(past.sum, 4)));
    return to;
}

/* Behind the estimates, the sums of all lags of x, those of other terms too, over the divisor. */
static void add_long_runs(const rl_design *d, const rl_request *req, const sum *v, size_t n, rl_fit *f, rl_ctx *cx)
{
    rl_report r;
    divisor to = own_past(d, req, f, cx);
    rl_report_init(&r, f, f->m + n, cx);
    for (size_t j = 0; j < f->m; j++) rl_report_keep(&r, j);
    for (size_t i = 0; i < n && to.none == NULL; i++) {
        if (strcmp(v[i].x, d->formula->y->text) == 0) continue; /* the outcome's own past: no cause of it */
        long double all = 0;
        for (size_t j = 0; j < f->m; j++)
            if (is_lag_of(f->label[j].term, v[i].front, v[i].behind)) all += f->b[j];
        double value = (double)(all / to.value), *row = rl_report_add(&r, v[i].term, value);
        for (size_t j = 0; j < f->m; j++)
            row[j] = (is_lag_of(f->label[j].term, v[i].front, v[i].behind) - value * to.d[j]) / to.value;
    }
    if (to.none != NULL && *to.none != '\0')
        rl_remark(cx, "long run", "%s: no long run of '%s' is given", to.none, v[0].x);
    rl_report_end(&r, cx);
}

/* A group none of whose polynomials is the first: that one was left out. */
static rl_code whole_groups(const rl_design *d, const rl_fit *f, rl_ctx *cx)
{
    const char *at, *behind;
    size_t k;
    for (size_t j = 0; j < f->m; j++) {
        const rl_expr *e = almon_in(d->formula, f->label[j].term, &k, &at, &behind);
        if (e != NULL && place_of(f, f->label[j].term, e, 0, at, behind, cx) == f->m) return left_out(e, cx);
    }
    const char **const name[] = {d->x_name, d->endo_name};
    const size_t n[] = {d->X.k, d->endo.k};
    for (size_t p = 0; p < 2; p++)
        for (size_t j = 0; j < n[p]; j++) {
            const rl_expr *e = almon_in(d->formula, name[p][j], &k, &at, &behind);
            if (e != NULL && k == 0 && place_of(f, name[p][j], e, 0, at, behind, cx) == f->m) return left_out(e, cx);
        }
    return RL_OK;
}

/* Estimates of polynomials in f give way to lag weights; which x they are of. */
static rl_code weights(const rl_formula *formula, size_t lags, rl_fit *f, sum *v, size_t *n, rl_ctx *cx)
{
    report r = {f, rl_mat_new(f->m + lags, f->m, cx->tmp), RL_NEW(cx->tmp, rl_label, f->m + lags), 0};
    for (size_t j = 0; j < f->m; j++) {
        const char *name = f->label[j].term, *at, *behind;
        size_t k;
        const rl_expr *e = almon_in(formula, name, &k, &at, &behind);
        if (e != NULL && k == 0) {
            RL_TRY(add_weights(&r, j, e, at, behind, cx));
            add_sum(v, n, name, e, at, behind, cx);
        }
        if (e != NULL) continue;
        size_t row = row_of(&r, name);
        *rl_mat_at(&r.L, row, j) += 1;
        r.label[row] = f->label[j];
    }
    rl_mat L = rl_mat_new(r.m, f->m, cx->tmp);
    for (size_t j = 0; j < f->m; j++) memcpy(rl_mat_col(&L, j), rl_mat_col(&r.L, j), r.m * sizeof(double));
    f->null = NULL; /* a null on the polynomials is none on the weights */
    rl_fit_combine(f, L, r.label, cx);
    return RL_OK;
}

rl_code rl_almon_report(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    size_t lags = 0, groups = 0, n = 0, k;
    const char *at, *behind;
    const rl_expr *e;
    for (size_t j = 0; j < f->m; j++)
        if ((e = almon_in(d->formula, f->label[j].term, &k, &at, &behind)) != NULL && k == 0) {
            lags += (size_t)(e->hi - e->lo) + 1;
            groups++;
        }
    RL_TRY(whole_groups(d, f, cx));
    if (groups == 0) return RL_OK;
    if (req->estimator->frame != RL_FRAME_PLAIN || (f->core == NULL && f->wander == NULL))
        return rl_fail(cx, RL_EUSAGE, "estimator '%s' does not take almon()", req->estimator->name);
    sum *v = RL_NEW(cx->tmp, sum, groups);
    RL_TRY(weights(d->formula, lags, f, v, &n, cx));
    add_long_runs(d, req, v, n, f, cx);
    return RL_OK;
}
