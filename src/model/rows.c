#include "model/rows.h"

#include <math.h>
#include <string.h>

#include "model/panel.h"

/* Place of a period within its year, from 1. */
static int32_t season_of(rl_calendar cal, int32_t period)
{
    rl_calendar year = {RL_YEAR, cal.fiscal_start};
    return period - rl_period_of(cal, rl_period_first(year, rl_period_of(year, rl_period_last(cal, period)))) + 1;
}

static double *number(rl_table *t, const char *name, rl_arena *in)
{
    return rl_table_add(t, name, RL_NUM, NULL, in)->num;
}

/* --- deals --------------------------------------------------------------------- */
static bool spans(const rl_program *p, int32_t u, int32_t day)
{
    if (u < 0 || (size_t)u >= p->n_units || p->start[u] == RL_NO_DAY) return false;
    return day >= p->start[u] && (p->end[u] == RL_NO_DAY || day < p->end[u]);
}

static bool partly_exposed(const rl_tables *t, size_t i, int horizon)
{
    int32_t c = t->deals.created[i];
    for (size_t k = 0; k < t->n_programs; k++) {
        const rl_program *p = &t->program[k];
        int32_t u = rl_deal_units(t, p)[i];
        if (u < 0 || (size_t)u >= p->n_units || p->start[u] == RL_NO_DAY) continue;
        if (c < p->start[u] && p->start[u] < c + horizon) return true;
        if (p->end[u] != RL_NO_DAY && c < p->end[u] && p->end[u] < c + horizon) return true;
    }
    return false;
}

/* Rows to keep; tells the losses. */
static size_t choose_deals(const rl_tables *t, const rl_model_spec *m, uint32_t *row, rl_waterfall *w, rl_arena *in)
{
    const rl_deals *d = &t->deals;
    size_t n = 0, young = 0, partly = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->created[i] + m->horizon > t->cut) {
            young++;
        } else if (m->transition != RL_TRANSITION_INCLUDE && partly_exposed(t, i, m->horizon)) {
            partly++;
        } else {
            row[n++] = (uint32_t)i;
        }
    }
    *w = (rl_waterfall){.unit = "deals", .start = d->n};
    rl_waterfall_lose(w, rl_sprintf(in, "too young: fewer than %d days of follow-up", m->horizon), young, in);
    rl_waterfall_lose(w, "partly exposed: created before a programme began or ended and followed beyond it", partly,
                      in);
    return n;
}

static void copy_column(const rl_col *from, const uint32_t *row, rl_table *out, rl_arena *in)
{
    rl_col *to = rl_table_add(out, from->name, from->type, from->dict, in);
    for (size_t k = 0; k < out->n; k++) {
        if (from->type == RL_TEXT)
            to->code[k] = from->code[row[k]];
        else if (from->type == RL_NUM)
            to->num[k] = from->num[row[k]];
        else
            to->day[k] = from->day[row[k]];
    }
}

/* The fixed traits of each deal's account. */
static void add_traits(const rl_tables *t, const uint32_t *row, rl_table *out, rl_arena *in, rl_ctx *cx)
{
    if (!t->has_accounts || t->deals.account == NULL) return;
    const rl_table *a = &t->accounts;
    int32_t *row_of = RL_NEW(cx->tmp, int32_t, t->account->n);
    memset(row_of, 0xff, t->account->n * sizeof *row_of);
    for (size_t i = 0; i < a->n; i++) row_of[a->col[0].code[i]] = (int32_t)i;
    for (size_t j = 1; j < a->k; j++) {
        const rl_col *from = &a->col[j];
        if (rl_table_col(out, from->name) != NULL || from->type == RL_DATE) continue;
        rl_col *to = rl_table_add(out, from->name, from->type, from->dict, in);
        for (size_t k = 0; k < out->n; k++) {
            int32_t c = t->deals.account[row[k]], r = c < 0 ? -1 : row_of[c];
            if (from->type == RL_TEXT)
                to->code[k] = r < 0 ? -1 : from->code[r];
            else
                to->num[k] = r < 0 ? (double)NAN : from->num[r];
        }
    }
}

static void add_outcomes(const rl_tables *t, const rl_model_spec *m, const uint32_t *row, rl_table *out, rl_arena *in)
{
    const rl_deals *d = &t->deals;
    double *period = number(out, "period", in), *season = number(out, "season", in);
    double *win = number(out, "win_rate", in), *value = number(out, "value", in);
    double *size = number(out, "deal_size", in), *velocity = number(out, "velocity", in);
    for (size_t k = 0; k < out->n; k++) {
        size_t i = row[k];
        bool won = d->status[i] == RL_DEAL_WON && d->decided[i] - d->created[i] <= m->horizon;
        double amount = d->amount != NULL ? d->amount[i] : (double)NAN;
        period[k] = d->period[i];
        season[k] = season_of(t->study->calendar, d->period[i]);
        win[k] = won;
        value[k] = won ? amount : 0;
        size[k] = won ? amount : (double)NAN;
        velocity[k] = won ? m->horizon - ((double)d->decided[i] - d->created[i]) : 0;
    }
    for (size_t p = 0; p < t->n_programs; p++) {
        double *with = number(out, t->program[p].spec->name, in);
        const int32_t *unit = rl_deal_units(t, &t->program[p]);
        for (size_t k = 0; k < out->n; k++) with[k] = spans(&t->program[p], unit[row[k]], d->created[row[k]]);
    }
}

rl_code rl_rows_deals(const rl_tables *t, const rl_model_spec *m, rl_table *out, const char **unit, rl_waterfall *w,
                      rl_arena *in, rl_ctx *cx)
{
    if (!t->has_deals)
        return rl_fail_at(cx, RL_EINPUT, t->study->path, m->at.line, m->at.col, "level 'deal' needs a `deals` table");
    if (m->horizon == 0) {
        rl_fail_at(cx, RL_EINPUT, t->study->path, m->at.line, m->at.col, "a formula on deals needs a `horizon`");
        return rl_hint(cx, "say how many days after its creation a deal is followed, `horizon: 180` for example");
    }
    uint32_t *row = RL_NEW(cx->tmp, uint32_t, t->deals.n);
    size_t n = choose_deals(t, m, row, w, in);
    if (n == 0) return rl_fail(cx, RL_EDATA, "no deal has %d days of follow-up before the cut", m->horizon);
    *out = (rl_table){.n = n, .rows_read = n};
    for (size_t j = 0; j < t->deals.t.k; j++) copy_column(&t->deals.t.col[j], row, out, in);
    add_traits(t, row, out, in, cx);
    add_outcomes(t, m, row, out, in);
    *unit = t->study->deals.account.s;
    return RL_OK;
}

/* --- the ready-made panel --------------------------------------------------------- */
static bool begins_in_span(const rl_tables *t, const rl_program *p, int32_t u, int32_t period)
{
    return spans(p, u, rl_period_first(t->study->calendar, period));
}

rl_code rl_rows_panel(const rl_tables *t, const rl_model_spec *m, rl_table *out, const char **unit, rl_waterfall *w,
                      rl_arena *in, rl_ctx *cx)
{
    if (!t->has_panel)
        return rl_fail_at(cx, RL_EINPUT, t->study->path, m->at.line, m->at.col, "level 'panel' needs a `panel` table");
    const rl_table *p = &t->panel;
    rl_calendar cal = t->study->calendar;
    rl_dict *cells = rl_dict_new(cx->tmp);
    size_t *cell = RL_NEW(cx->tmp, size_t, p->n);
    for (size_t i = 0; i < p->n; i++) {
        int32_t key[2] = {p->col[0].code[i], rl_period_of(cal, p->col[1].day[i])};
        cell[i] = (size_t)rl_dict_code(cells, (const char *)key, sizeof key);
    }
    *out = (rl_table){.n = cells->n, .rows_read = cells->n};
    *w = (rl_waterfall){.unit = rl_sprintf(in, "%s-%ss", p->col[0].name, rl_period_name(cal.kind)), .start = cells->n};
    rl_col *u = rl_table_add(out, p->col[0].name, RL_TEXT, p->col[0].dict, in);
    int32_t *code = u->code;
    double *period = number(out, "period", in), *season = number(out, "season", in);
    for (size_t i = 0; i < p->n; i++) {
        code[cell[i]] = p->col[0].code[i];
        period[cell[i]] = rl_period_of(cal, p->col[1].day[i]);
        season[cell[i]] = season_of(cal, (int32_t)period[cell[i]]);
    }
    for (size_t j = 2; j < p->k; j++) {
        if (p->col[j].type != RL_NUM) continue; /* what a programme's errors are clustered by */
        double *sum = number(out, p->col[j].name, in);
        memset(sum, 0, out->n * sizeof *sum);
        for (size_t i = 0; i < p->n; i++) sum[cell[i]] += p->col[j].num[i]; /* one missing day: a missing period */
    }
    for (size_t k = 0; k < t->n_programs; k++) {
        if (t->program[k].unit != p->col[0].dict) continue;
        double *with = number(out, t->program[k].spec->name, in);
        for (size_t r = 0; r < out->n; r++) with[r] = begins_in_span(t, &t->program[k], code[r], (int32_t)period[r]);
    }
    *unit = t->study->panel.unit.s == NULL ? NULL : p->col[0].name;
    return RL_OK;
}
