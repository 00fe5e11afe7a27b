#include "model/money.h"

#include <math.h>
#include <string.h>

#include "model/mix.h"
#include "num/dist.h"

/* Where mechanisms come from: fitted already, or fitted here. */
typedef struct shop {
    const rl_tables *t;
    const rl_att *value, *fitted;
    size_t n_fitted;
    rl_ctx *cx;
} shop;

static bool same_texts(const rl_texts *a, const rl_texts *b)
{
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->v[i].s, b->v[i].s) != 0) return false;
    return true;
}

static bool same_text(const rl_text *a, const rl_text *b)
{
    return a->s == NULL || b->s == NULL ? a->s == b->s : strcmp(a->s, b->s) == 0;
}

/* Does a fitted effect have the design of the value model? */
static bool same_design(const rl_att *a, const rl_att *value)
{
    const rl_model_spec *p = a->plan.spec, *q = value->plan.spec;
    return a->psi != NULL && a->plan.program == value->plan.program && a->plan.horizon == value->plan.horizon &&
           a->plan.guard == value->plan.guard && p->control_never == q->control_never &&
           p->transition == q->transition && same_texts(&p->covariates, &q->covariates) &&
           same_text(&p->cluster, &q->cluster) && same_text(&p->weights, &q->weights) &&
           strcmp(a->fit.estimator->name, "etwfe") == 0;
}

/* A mechanism of the bridge on the value model's design: same programme,
 * horizon, controls; another outcome. */
static rl_code mechanism(const shop *s, rl_outcome o, rl_att *out)
{
    for (size_t i = 0; i < s->n_fitted; i++)
        if (s->fitted[i].plan.outcome == o && same_design(&s->fitted[i], s->value)) {
            *out = s->fitted[i];
            return RL_OK;
        }
    rl_plan plan = s->value->plan;
    rl_arena *scratch = rl_arena_like(s->cx->tmp);
    plan.outcome = o;
    plan.deal_level = o != RL_OUT_OPPORTUNITIES && o != RL_OUT_WINS;
    rl_att e;
    size_t notes = s->cx->n_notes; /* those of the value model hold for its mechanisms */
    rl_code code = rl_att_fit(s->t, &plan, rl_estimator_by_name("etwfe"), &e, scratch, s->cx);
    if (code == RL_OK) { /* the rows go, the influence by unit stays */
        *out = (rl_att){.plan = e.plan, .effect = e.effect, .se = e.se, .with = e.with, .df = e.df, .N = e.N};
        out->psi = RL_NEW(s->cx->keep, double, e.N);
        memcpy(out->psi, e.psi, e.N * sizeof *e.psi);
    }
    rl_arena_free(scratch);
    s->cx->n_notes = notes;
    return code;
}

/* --- cost ------------------------------------------------------------------ */
static int32_t first_start(const rl_att *e)
{
    const rl_program *p = e->plan.program;
    int32_t first = INT32_MAX;
    for (size_t u = 0; u < p->n_units; u++)
        if (p->start[u] != RL_NO_DAY && p->start[u] < first) first = p->start[u];
    return first;
}

static bool is_cost_channel(const rl_program_spec *p, const rl_col *channel, size_t i)
{
    if (channel == NULL || channel->code[i] < 0) return false;
    for (size_t c = 0; c < p->cost_channels.n; c++)
        if (strcmp(p->cost_channels.v[c].s, channel->dict->text[channel->code[i]]) == 0) return true;
    return false;
}

static void cost_from_spend(const rl_tables *t, const rl_att *e, rl_money *m, rl_ctx *cx)
{
    const rl_spend_spec *s = &t->study->spend;
    const rl_col *date = rl_table_col(&t->spend, s->date.s), *usd = rl_table_col(&t->spend, s->amount.s);
    const rl_col *channel = s->channel.s != NULL ? rl_table_col(&t->spend, s->channel.s) : NULL;
    int32_t from = first_start(e);
    bool any = false;
    m->cost_media = m->cost_to_date = 0;
    for (size_t i = 0; i < t->spend.n; i++) {
        if (!is_cost_channel(e->plan.program->spec, channel, i) || isnan(usd->num[i]) || date->day[i] == RL_NO_DAY)
            continue;
        any = true;
        if (date->day[i] < from || date->day[i] > t->cut) continue;
        m->cost_to_date += usd->num[i];
        if (date->day[i] <= e->panel.last_exposed) m->cost_media += usd->num[i];
    }
    if (any) return;
    m->cost_media = m->cost_to_date = NAN; /* a channel nobody has is a mistake, not a free programme */
    rl_remark(cx, "cost", "programme '%s': the spend table has no row of the channels its cost is in",
              e->plan.program->spec->name);
}

/* A cost column of the panel, over the cells counted. */
static void cost_from_panel(const rl_tables *t, const rl_att *e, rl_money *m)
{
    const rl_col *c = rl_table_col(&t->panel, e->plan.program->spec->cost_column.s);
    const rl_program *p = e->plan.program;
    if (c == NULL) return;
    m->cost_media = m->cost_to_date = 0;
    for (size_t i = 0; i < t->panel.n; i++) {
        int32_t u = t->panel.col[0].code[i], day = t->panel.col[1].day[i];
        if (u < 0 || (size_t)u >= p->n_units || p->start[u] == RL_NO_DAY || day < p->start[u] || day > t->cut) continue;
        if (isnan(c->num[i])) continue;
        m->cost_to_date += c->num[i];
        if (day <= e->panel.last_exposed) m->cost_media += c->num[i];
    }
}

static void find_cost(const rl_tables *t, const rl_att *e, rl_money *m, rl_ctx *cx)
{
    const rl_program_spec *p = e->plan.program->spec;
    m->cost = m->cost_media = m->cost_to_date = NAN;
    if (!isnan(p->cost_total))
        m->cost_media = m->cost_to_date = p->cost_total;
    else if (p->cost_channels.n > 0 && t->has_spend)
        cost_from_spend(t, e, m, cx);
    else if (p->cost_column.s != NULL && t->has_panel)
        cost_from_panel(t, e, m);
    m->cost = m->cost_media * t->study->money.loaded_cost;
    m->cost_to_date *= t->study->money.loaded_cost;
}

/* --- profit ------------------------------------------------------------------ */
static rl_interval affine(rl_interval x, double factor, double shift)
{
    rl_interval y = {factor * x.est + shift, fabs(factor) * x.se, factor * x.low + shift, factor * x.high + shift};
    if (factor < 0) y = (rl_interval){y.est, y.se, y.high, y.low};
    return y;
}

static const rl_interval UNKNOWN = {NAN, NAN, NAN, NAN};
static const rl_ratio NOT_KNOWN = {.est = NAN, .low = NAN, .high = NAN};

/* A cost per win or a time to pay back is positive, or there is none: nothing
 * was won, or nothing earned, that could carry the cost. */
static rl_ratio positive(rl_ratio r)
{
    r.none |= !(r.est > 0);
    return r;
}

static void find_profit(const rl_study *s, const rl_att *e, rl_money *m)
{
    double margin = s->money.gross_margin, months = rl_period_days(s->calendar.kind) / rl_period_days(RL_MONTH);
    m->exposure_months = months * (double)m->treated_cells / (double)m->treated_units;
    m->loaded_cost = s->money.loaded_cost;
    m->gross_profit = isnan(margin) ? UNKNOWN : affine(m->total, margin, 0);
    m->net = isnan(margin) || isnan(m->cost) ? UNKNOWN : affine(m->gross_profit, 1, -m->cost);
    m->roi = m->payback_months = m->cac = NOT_KNOWN;
    if (isnan(m->cost) || !(m->cost > 0)) return;
    if (!isnan(margin)) {
        rl_interval roi = affine(m->net, 1 / m->cost, 0);
        double gp_var = m->gross_profit.se * m->gross_profit.se;
        m->roi = (rl_ratio){.est = roi.est, .low = roi.low, .high = roi.high};
        m->payback_months =
            positive(rl_fieller(m->cost * m->exposure_months, m->gross_profit.est, 0, 0, gp_var, e->df, s->level));
    }
    double wins_var = m->wins.se * m->wins.se;
    if (!isnan(m->wins.est)) m->cac = positive(rl_fieller(m->cost, m->wins.est, 0, 0, wins_var, e->df, s->level));
}

/* --- the bridge ------------------------------------------------------------- */
typedef struct factor {
    double one, zero;
    const double *psi;
    double cells;
} factor; /* cells: effect on the sum = cells * effect */

/* Share of factor a in a b c, and its derivatives by the zeros of a, b, c. */
static double share(const factor *a, const factor *b, const factor *c, double d[3])
{
    double K = (2 * b->one * c->one + b->one * c->zero + b->zero * c->one + 2 * b->zero * c->zero) / 6;
    double delta = a->one - a->zero;
    d[0] = -K;
    d[1] = delta * (c->one + 2 * c->zero) / 6;
    d[2] = delta * (b->one + 2 * b->zero) / 6;
    return delta * K;
}

/* zero_j = one_j - cells_j effect_j, so d zero_j = -cells_j d effect_j. */
static void make_parts(const rl_att *value, factor f[3], double level, rl_money *m, rl_ctx *cx)
{
    static const char *const NAME[] = {"more or fewer deals", "win rate", "deal size", "mix"};
    double g[4][4] = {{0}}, part[4], explained = 0;
    const double *psi[4] = {f[0].psi, f[1].psi, f[2].psi, value->psi};
    for (int a = 0; a < 3; a++) {
        int b = (a + 1) % 3, c = (a + 2) % 3;
        double d[3];
        part[a] = share(&f[a], &f[b], &f[c], d);
        g[a][a] = -f[a].cells * d[0];
        g[a][b] = -f[b].cells * d[1];
        g[a][c] = -f[c].cells * d[2];
        explained += part[a];
    }
    part[3] = m->total.est - explained;
    g[3][3] = (double)m->treated_cells;
    for (int j = 0; j < 3; j++) g[3][j] = -(g[0][j] + g[1][j] + g[2][j]);
    m->n_parts = 4;
    m->part = RL_NEW(cx->keep, rl_part, 4);
    for (int a = 0; a < 4; a++) m->part[a] = (rl_part){NAME[a], rl_combine(value, part[a], 4, psi, g[a], level, cx)};
}

static rl_code find_bridge(const shop *s, rl_money *m)
{
    const rl_study *study = s->t->study;
    static const rl_outcome OF[] = {RL_OUT_OPPORTUNITIES, RL_OUT_WIN_RATE, RL_OUT_DEAL_SIZE};
    rl_att e[3], wins;
    RL_TRY(mechanism(s, RL_OUT_WINS, &wins));
    double cells = (double)m->treated_cells;
    m->wins = affine(rl_interval_of(wins.effect, wins.se, wins.df, study->level), cells, 0);
    for (int j = 0; j < 3; j++) RL_TRY(mechanism(s, OF[j], &e[j]));
    factor f[3];
    for (int j = 0; j < 3; j++) {
        double scale = j == 0 ? cells : 1;
        f[j] = (factor){
            .one = scale * e[j].with, .zero = scale * (e[j].with - e[j].effect), .psi = e[j].psi, .cells = scale};
    }
    make_parts(s->value, f, study->level, m, s->cx);
    return RL_OK;
}

/* Speed: pipeline velocity N w s / days of a treated unit, computed from its parts, and the worth of having the
 * money earlier: revenue without the programme, times days, times the rate. */
static rl_code find_speed(const shop *s, rl_money *m)
{
    static const rl_outcome OF[] = {RL_OUT_OPPORTUNITIES, RL_OUT_WIN_RATE, RL_OUT_DEAL_SIZE, RL_OUT_DAYS_TO_WIN};
    const rl_study *study = s->t->study;
    rl_att e[4];
    const double *psi[4];
    double with = 1, without = 1, g[4];
    for (int j = 0; j < 4; j++) {
        RL_TRY(mechanism(s, OF[j], &e[j]));
        double a = e[j].with, b = e[j].with - e[j].effect;
        with = j < 3 ? with * a : with / a;
        without = j < 3 ? without * b : without / b;
        psi[j] = e[j].psi;
        g[j] = (j < 3 ? 1 : -1) / b;
    }
    if (isfinite(with) && isfinite(without) && with > 0 && without > 0) { /* d without = -without sum of g d effect */
        for (int j = 0; j < 4; j++) g[j] *= without;
        m->pipeline_with = with;
        m->pipeline_without = without;
        m->pipeline = rl_combine(s->value, with - without, 4, psi, g, study->level, s->cx);
    }
    if (isnan(study->money.discount_rate)) return RL_OK;
    rl_interval faster = rl_interval_of(e[3].effect, e[3].se, e[3].df, study->level);
    m->time_value = affine(faster, -m->without * study->money.discount_rate / 365, 0);
    return RL_OK;
}

/* What cannot be answered is said and left out. */
static rl_code told(rl_code code, const char *what, rl_ctx *cx)
{
    if (code == RL_OK || rl_exit_status(code) != 4) return code;
    rl_remark(cx, "money", "%s: %s", what, cx->err.what);
    rl_forgive(cx);
    return RL_OK;
}

rl_code rl_money_make(const rl_tables *t, const rl_att *value, const rl_model_answer *answer, const rl_att *fitted,
                      size_t n_fitted, rl_money *m, rl_ctx *cx)
{
    const rl_panel *p = &value->panel;
    shop bench = {t, value, fitted, n_fitted, cx};
    *m = (rl_money){.given = true, .value = answer, .program = value->plan.program->spec->name};
    m->treated_cells = p->cells;
    m->missing_cells = p->cells > p->treated_rows ? p->cells - p->treated_rows : 0;
    m->treated_units = p->treated_units;
    m->exposure_first = p->first_exposed;
    m->exposure_last = p->last_exposed;
    const rl_estimate *x = &value->fit.est[value->at];
    rl_interval per_cell = {x->estimate, x->std_error, x->conf_low, x->conf_high};
    m->total = affine(per_cell, (double)p->cells, 0);
    m->with = value->with * (double)p->cells;
    m->without = m->with - m->total.est;
    m->wins = m->time_value = m->pipeline = UNKNOWN;
    find_cost(t, value, m, cx);
    if (value->plan.outcome == RL_OUT_VALUE) {
        RL_TRY(told(find_bridge(&bench, m), "the total could not be split into parts", cx));
        RL_TRY(told(find_speed(&bench, m), "pipeline velocity and the worth of speed are not known", cx));
    }
    find_profit(t->study, value, m);
    rl_mix_make(t, value, m, cx);
    return RL_OK;
}
