#include "model/series.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "model/formula.h"

typedef struct work {
    const rl_tables *t;
    const rl_model_spec *m;
    rl_calendar cal;
    rl_dict *unit;               /* NULL = one series            */
    const int32_t *deal_unit;    /* unit of each deal, or NULL   */
    int32_t *place, *code_of;    /* place of a unit among those that take part, -1 = none; and back */
    size_t U, T, known;          /* units that take part, periods, units of the dictionary */
    int32_t first, last;         /* periods                      */
    int32_t first_day, last_day; /* of them */
    uint32_t *slot;              /* period of each day, from the first */
    rl_table *out;
    rl_arena *in;
    rl_ctx *cx;
} work;

static rl_code find_level(work *w, const char **unit)
{
    const char *level = w->m->level.s;
    const rl_deals_spec *d = &w->t->study->deals;
    *unit = NULL;
    w->U = 1;
    if (level == NULL || strcmp(level, "all") == 0) return RL_OK;
    if (strcmp(level, "account") == 0 && w->t->deals.account != NULL) {
        w->unit = w->t->account;
        w->deal_unit = w->t->deals.account;
        w->U = w->t->n_eligible;
        *unit = "account";
        return RL_OK;
    }
    const rl_col *c = rl_table_col(&w->t->deals.t, level);
    if (c == NULL || c->type != RL_TEXT) {
        rl_fail_at(w->cx, RL_EINPUT, w->t->study->path, w->m->level.at.line, w->m->level.at.col,
                   "level '%s' is not a text column of deals", level);
        const char *known[34] = {"account", "all"};
        size_t n = 2;
        for (size_t i = 0; i < d->group.n && n < 34; i++) known[n++] = d->group.v[i].s;
        const char *near = rl_nearest(level, known, n);
        return near != NULL ? rl_hint(w->cx, "did you mean '%s'?", near)
                            : rl_hint(w->cx, "list the column under `deals.group`");
    }
    w->unit = c->dict;
    w->deal_unit = c->code;
    w->U = c->dict->n;
    *unit = c->name;
    return RL_OK;
}

/* Eligible accounts take part with or without deals; another unit when it has one: a region that `where` has
 * emptied would be a row of zeros. */
static void find_units(work *w)
{
    if (w->unit == NULL) return;
    bool all = w->unit == w->t->account;
    size_t known = w->U;
    w->place = RL_NEW(w->cx->tmp, int32_t, known);
    w->code_of = RL_NEW(w->cx->tmp, int32_t, known);
    memset(w->place, 0xff, known * sizeof *w->place);
    for (size_t i = 0; i < w->t->deals.n && !all; i++)
        if (w->deal_unit[i] >= 0) w->place[w->deal_unit[i]] = 0;
    w->U = 0;
    for (size_t u = 0; u < known; u++) {
        if (!all && w->place[u] < 0) continue;
        w->code_of[w->U] = (int32_t)u;
        w->place[u] = (int32_t)w->U++;
    }
    w->known = known;
}

/* Cohorts need a horizon: without one the youngest would look poor for being young. */
static void is_followed(void *user, const char *col, bool number, size_t at)
{
    (void)number;
    (void)at;
    *(bool *)user |= strcmp(col, "revenue") == 0 || strcmp(col, "wins") == 0;
}

static rl_code check_clock(const work *w)
{
    rl_formula f;
    bool followed = false;
    if (w->m->clock_event || w->m->horizon > 0) return RL_OK;
    RL_TRY(rl_formula_parse(w->m->formula.s, &f, w->cx->tmp, w->cx));
    rl_expr_columns(f.y, true, is_followed, &followed);
    if (!followed) return RL_OK;
    rl_fail_at(w->cx, RL_EINPUT, w->t->study->path, w->m->formula.at.line, w->m->formula.at.col,
               "what a creation cohort won needs a `horizon`: the youngest cohorts have had less time to win");
    return rl_hint(w->cx, "give a `horizon` in days, or `clock: event` to count by booking date");
}

/* Whole periods inside the data: from the first deal to the cut. */
static rl_code find_periods(work *w)
{
    int32_t first = INT32_MAX;
    for (size_t i = 0; i < w->t->deals.n; i++)
        if (w->t->deals.created[i] != RL_NO_DAY && w->t->deals.created[i] < first) first = w->t->deals.created[i];
    if (first == INT32_MAX) return rl_fail(w->cx, RL_EDATA, "no complete period to model: there are no deals");
    w->first = rl_period_of(w->cal, first);
    int32_t begins = rl_period_first(w->cal, w->first), ends = rl_period_last(w->cal, w->first);
    if (5 * (first - begins) > ends - begins + 1) w->first++;
    int follow = w->m->clock_event ? 0 : w->m->horizon;
    w->last = rl_period_of(w->cal, w->t->cut);
    while (w->last >= w->first && rl_period_last(w->cal, w->last) + follow > w->t->cut) w->last--;
    if (w->last < w->first) return rl_fail(w->cx, RL_EDATA, "no complete period to model");
    w->T = (size_t)(w->last - w->first) + 1;
    w->first_day = rl_period_first(w->cal, w->first);
    w->last_day = rl_period_last(w->cal, w->last);
    w->slot = RL_NEW(w->cx->tmp, uint32_t, (size_t)(w->last_day - w->first_day) + 1);
    for (int32_t day = w->first_day; day <= w->last_day; day++)
        w->slot[day - w->first_day] = (uint32_t)(rl_period_of(w->cal, day) - w->first);
    return RL_OK;
}

static double *column(work *w, const char *name)
{
    rl_col *c = rl_table_add(w->out, name, RL_NUM, NULL, w->in);
    for (size_t i = 0; i < w->out->n; i++) c->num[i] = 0;
    return c->num;
}

/* Row of a unit and day, or SIZE_MAX. */
static size_t row_of(const work *w, int32_t unit, int32_t day)
{
    if (w->unit == NULL)
        unit = 0;
    else
        unit = unit >= 0 && (size_t)unit < w->known ? w->place[unit] : -1;
    if (day < w->first_day || day > w->last_day || unit < 0 || (size_t)unit >= w->U) return SIZE_MAX;
    return (size_t)unit * w->T + w->slot[day - w->first_day];
}

static void add_frame(work *w, const char *unit)
{
    rl_col *c = unit != NULL ? rl_table_add(w->out, unit, RL_TEXT, w->unit, w->in) : NULL;
    for (size_t i = 0; c != NULL && i < w->out->n; i++) c->code[i] = w->code_of[i / w->T];
    double *period = column(w, "period"), *season = column(w, "season");
    rl_calendar year = {RL_YEAR, w->cal.fiscal_start};
    for (size_t i = 0; i < w->out->n; i++) {
        int32_t q = w->first + (int32_t)(i % w->T);
        int32_t new_year = rl_period_first(year, rl_period_of(year, rl_period_last(w->cal, q)));
        period[i] = q;
        season[i] = q - rl_period_of(w->cal, new_year) + 1;
    }
}

static void add_deals(work *w)
{
    const rl_deals *d = &w->t->deals;
    double *revenue = column(w, "revenue"), *wins = column(w, "wins"), *created = column(w, "opportunities");
    for (size_t i = 0; i < d->n; i++) {
        int32_t u = w->deal_unit != NULL ? w->deal_unit[i] : 0;
        size_t r = row_of(w, u, d->created[i]);
        if (r != SIZE_MAX) created[r] += 1;
        if (d->status[i] != RL_DEAL_WON) continue;
        if (!w->m->clock_event && w->m->horizon > 0 && d->decided[i] - d->created[i] > w->m->horizon) continue;
        r = row_of(w, u, w->m->clock_event ? d->decided[i] : d->created[i]);
        if (r == SIZE_MAX) continue;
        wins[r] += 1;
        if (d->amount != NULL && !isnan(d->amount[i])) revenue[r] += d->amount[i];
    }
}

static const char *safe_name(work *w, const char *head, const char *channel)
{
    char *s = rl_sprintf(w->in, "%s_%s", head, channel);
    for (char *c = s; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c)) *c = '_';
    return s;
}

/* One column for all channels, one for each. */
static double **channel_columns(work *w, const char *head, const rl_col *channel, double **all)
{
    size_t n = channel != NULL ? channel->dict->n : 0;
    double **by = RL_NEW(w->cx->tmp, double *, n);
    *all = column(w, head);
    for (size_t c = 0; c < n; c++) by[c] = column(w, safe_name(w, head, channel->dict->text[c]));
    return by;
}

/* Spend without a unit column belongs to every unit alike. */
static rl_code add_spend(work *w)
{
    const rl_spend_spec *s = &w->t->study->spend;
    const rl_table *f = &w->t->spend;
    const rl_col *date = rl_table_col(f, s->date.s), *usd = rl_table_col(f, s->amount.s);
    const rl_col *channel = s->channel.s != NULL ? rl_table_col(f, s->channel.s) : NULL;
    const rl_col *unit = s->unit.s != NULL && w->unit != NULL ? rl_table_col(f, s->unit.s) : NULL;
    double *all, **by = channel_columns(w, "spend", channel, &all);
    bool met = unit == NULL || f->n == 0;
    if (w->unit != NULL && unit == NULL)
        rl_remark(w->cx, "spend", "the spend table has no unit column: every %s gets the whole spend of its period",
                  w->m->level.s);
    for (size_t i = 0; i < f->n; i++) {
        if (isnan(usd->num[i])) continue;
        size_t from = 0, to = w->U;
        if (unit != NULL) {
            int32_t c = unit->code[i];
            int32_t u = c < 0 ? -1 : rl_dict_find(w->unit, unit->dict->text[c], unit->dict->len[c]);
            int32_t at = u >= 0 && (size_t)u < w->known ? w->place[u] : -1;
            if (at < 0) continue;
            met = true;
            from = (size_t)at;
            to = from + 1;
        }
        for (size_t p = from; p < to; p++) {
            size_t r = row_of(w, w->unit != NULL ? w->code_of[p] : 0, date->day[i]);
            if (r == SIZE_MAX) continue;
            all[r] += usd->num[i];
            if (channel != NULL && channel->code[i] >= 0) by[channel->code[i]][r] += usd->num[i];
        }
    }
    if (met || strstr(w->m->formula.s, "spend") == NULL) return RL_OK;
    rl_fail_at(w->cx, RL_EINPUT, w->t->study->path, s->unit.at.line, s->unit.at.col,
               "spend is given by '%s', and no %s of the model has such a name", s->unit.s, w->m->level.s);
    return rl_hint(w->cx, "fit the model on `level: %s`", s->unit.s);
}

/* Unit of an account: that of its first deal. */
static int32_t *account_units(work *w)
{
    const rl_deals *d = &w->t->deals;
    int32_t *of = RL_NEW(w->cx->tmp, int32_t, w->t->account->n);
    memset(of, 0xff, w->t->account->n * sizeof *of);
    for (size_t i = d->n; i-- > 0;)
        if (d->account != NULL && d->account[i] >= 0) of[d->account[i]] = w->deal_unit != NULL ? w->deal_unit[i] : 0;
    return of;
}

static void add_events(work *w, const rl_table *f, const char *head, rl_text date_name, rl_text account_name,
                       rl_text channel_name)
{
    const rl_col *date = rl_table_col(f, date_name.s),
                 *account = account_name.s != NULL ? rl_table_col(f, account_name.s) : NULL;
    const rl_col *channel = channel_name.s != NULL ? rl_table_col(f, channel_name.s) : NULL;
    if (account == NULL && w->unit != NULL) return;
    int32_t *unit_of = account != NULL && w->unit != w->t->account && w->unit != NULL ? account_units(w) : NULL;
    double *all, **by = channel_columns(w, head, channel, &all);
    for (size_t i = 0; i < f->n; i++) {
        int32_t u = account != NULL ? account->code[i] : 0;
        if (unit_of != NULL) u = u >= 0 ? unit_of[u] : -1;
        size_t r = row_of(w, u, date->day[i]);
        if (r == SIZE_MAX) continue;
        all[r] += 1;
        if (channel != NULL && channel->code[i] >= 0) by[channel->code[i]][r] += 1;
    }
}

static void add_market(work *w)
{
    const rl_table *f = &w->t->market;
    double *seen = RL_NEW(w->cx->tmp, double, w->T), *sum = RL_NEW(w->cx->tmp, double, w->T);
    for (size_t j = 1; j < f->k; j++) {
        memset(seen, 0, w->T * sizeof *seen);
        memset(sum, 0, w->T * sizeof *sum);
        for (size_t i = 0; i < f->n; i++) {
            int32_t q = f->col[0].day[i] == RL_NO_DAY ? w->first - 1 : rl_period_of(w->cal, f->col[0].day[i]);
            if (q < w->first || q > w->last || isnan(f->col[j].num[i])) continue;
            sum[q - w->first] += f->col[j].num[i];
            seen[q - w->first] += 1;
        }
        double *to = column(w, f->col[j].name);
        for (size_t i = 0; i < w->out->n; i++)
            to[i] = seen[i % w->T] > 0 ? sum[i % w->T] / seen[i % w->T] : (double)NAN;
    }
}

rl_code rl_series_build(const rl_tables *t, const rl_model_spec *m, rl_table *out, const char **unit, rl_waterfall *wf,
                        rl_arena *in, rl_ctx *cx)
{
    work w = {.t = t, .m = m, .cal = t->study->calendar, .out = out, .in = in, .cx = cx};
    if (!t->has_deals)
        return rl_fail_at(cx, RL_EINPUT, t->study->path, m->at.line, m->at.col,
                          "a formula on periods needs a `deals` table");
    RL_TRY(find_level(&w, unit));
    find_units(&w);
    RL_TRY(check_clock(&w));
    RL_TRY(find_periods(&w));
    *out = (rl_table){.n = w.U * w.T, .rows_read = w.U * w.T};
    *wf = (rl_waterfall){.unit = rl_sprintf(in, "%s-%ss", *unit != NULL ? *unit : "all", rl_period_name(w.cal.kind)),
                         .start = out->n};
    add_frame(&w, *unit);
    add_deals(&w);
    const rl_study *s = t->study;
    if (t->has_spend) RL_TRY(add_spend(&w));
    if (t->has_touches) add_events(&w, &t->touches, "touches", s->touches.date, s->touches.account, s->touches.channel);
    if (t->has_leads) add_events(&w, &t->leads, "leads", s->leads.date, s->leads.account, (rl_text){.s = NULL});
    if (t->has_market) add_market(&w);
    return RL_OK;
}
