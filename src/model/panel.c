#include "model/panel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "base/str.h"

rl_cell rl_cell_of(int32_t start, int32_t end, int32_t first, int32_t last, int guard, rl_transition transition)
{
    int32_t follow = guard > 0 ? guard : 1;
    if (start == RL_NO_DAY || last + follow <= start) return RL_CELL_CLEAN;
    if (end != RL_NO_DAY && first >= end) return RL_CELL_ENDED;
    bool to_the_end = end == RL_NO_DAY || last + follow <= end;
    if (transition == RL_TRANSITION_ANTICIPATE) return to_the_end ? RL_CELL_EXPOSED : RL_CELL_PARTLY;
    if (transition == RL_TRANSITION_INCLUDE) return last >= start ? RL_CELL_EXPOSED : RL_CELL_CLEAN;
    return first >= start && to_the_end ? RL_CELL_EXPOSED : RL_CELL_PARTLY;
}

/* The panel while it is built. */
typedef struct work {
    const rl_tables *t;
    const rl_plan *plan;
    rl_panel *p;
    rl_arena *in;
    rl_ctx *cx;
    size_t U, T;           /* units, usable periods                                   */
    unsigned char *cell;   /* U * T   rl_cell, by unit                                */
    unsigned char *out;    /* U       0 = in, else why not: see WHY                   */
    int32_t *cohort;       /* U       first exposed period within the panel, or NO_DAY */
    bool *treated;         /* U       has exposed cells                               */
    int32_t *first, *last; /* T       days of each period                                */
    bool *compared;        /* T       some treated unit has a usable cell              */
} work;

enum { IN, OTHER_PROGRAM, NO_CLEAN, SKIPPED, STARTS_LATER, UNSEEN, N_WHY };
static const char *const WHY[N_WHY] = {"",
                                       "in another programme from the beginning",
                                       "no clean period before the programme began",
                                       "left out on purpose",
                                       "starts too late to be seen with the programme, and `control: never` is asked",
                                       "of units without any data"};

static int32_t period_at(const work *w, size_t k) { return w->plan->first_period + (int32_t)k; }

/* What becomes of the cell [first, last] of a unit that another programme reaches on day `other`, or whose cells
 * stop counting on `leave`. */
static rl_cell blocked(const work *w, rl_cell c, int32_t other, int32_t leave, size_t k)
{
    const rl_plan *plan = w->plan;
    rl_transition how = plan->spec->transition;
    if (c != RL_CELL_CLEAN && c != RL_CELL_EXPOSED) return c;
    if (other != RL_NO_DAY && rl_cell_of(other, RL_NO_DAY, w->first[k], w->last[k], plan->guard, how) != RL_CELL_CLEAN)
        return RL_CELL_OTHER;
    if (leave == RL_NO_DAY || (plan->leave_clean && c != RL_CELL_CLEAN)) return c;
    return rl_cell_of(leave, RL_NO_DAY, w->first[k], w->last[k], plan->guard, how) != RL_CELL_CLEAN ? RL_CELL_LEFT : c;
}

static void classify_unit(work *w, size_t u)
{
    const rl_plan *plan = w->plan;
    const rl_program *prog = plan->program;
    int32_t start = u < prog->n_units ? prog->start[u] : RL_NO_DAY, end = u < prog->n_units ? prog->end[u] : RL_NO_DAY;
    bool keeps = w->t->faults.policy[RL_RULE_PROGRAMS] == RL_POLICY_KEEP, clean = false;
    int32_t other = keeps ? RL_NO_DAY : rl_other_start(w->t, prog, u);
    int32_t leave = plan->leave != NULL ? plan->leave[u] : RL_NO_DAY;
    w->cohort[u] = RL_NO_DAY;
    for (size_t k = 0; k < w->T; k++) {
        rl_cell c = rl_cell_of(start, end, w->first[k], w->last[k], plan->guard, plan->spec->transition);
        c = blocked(w, c, other, leave, k);
        w->cell[u * w->T + k] = (unsigned char)c;
        clean |= c == RL_CELL_CLEAN;
        if (c == RL_CELL_EXPOSED && w->cohort[u] == RL_NO_DAY) w->cohort[u] = period_at(w, k);
    }
    w->treated[u] = w->cohort[u] != RL_NO_DAY;
    if (u == plan->skip_unit || (plan->scope != NULL && !plan->scope[u]))
        w->out[u] = SKIPPED;
    else if (w->out[u] == UNSEEN)
        return;
    else if (!clean)
        w->out[u] = w->T > 0 && w->cell[u * w->T] == RL_CELL_OTHER ? OTHER_PROGRAM : NO_CLEAN;
    else if (plan->spec->control_never && start != RL_NO_DAY && !w->treated[u])
        w->out[u] = STARTS_LATER;
}

/* Accounts are eligible with or without deals.  Other units are known by their rows alone: a region that
 * `where` has emptied is none. */
static void find_unseen(work *w)
{
    const rl_tables *t = w->t;
    bool by_panel = w->plan->outcome == RL_OUT_COLUMN;
    if (!by_panel && w->plan->program->unit == t->account) return;
    const int32_t *unit = by_panel ? t->panel.col[0].code : rl_deal_units(t, w->plan->program);
    memset(w->out, UNSEEN, w->U);
    for (size_t i = 0; i < (by_panel ? t->panel.n : t->deals.n); i++)
        if (unit[i] >= 0 && (size_t)unit[i] < w->U) w->out[unit[i]] = IN;
}

/* Periods without a usable treated cell (between the clean and the exposed
 * ones of a single start, say) compare nobody: their controls would only tilt
 * the means of before and after.  Nor do periods in which nobody is clean. */
static void find_compared(work *w)
{
    bool *clean = RL_NEW(w->cx->tmp, bool, w->T);
    for (size_t u = 0; u < w->U; u++)
        for (size_t k = 0; k < w->T && !w->out[u]; k++) {
            unsigned char c = w->cell[u * w->T + k];
            clean[k] |= c == RL_CELL_CLEAN;
            w->compared[k] |= w->treated[u] && (c == RL_CELL_CLEAN || c == RL_CELL_EXPOSED);
        }
    for (size_t k = 0; k < w->T; k++) w->compared[k] &= clean[k];
}

/* --- outcomes ------------------------------------------------------------------ */
static bool won_within(const rl_deals *d, size_t i, int horizon)
{
    return d->status[i] == RL_DEAL_WON && d->decided[i] != RL_NO_DAY && d->decided[i] - d->created[i] <= horizon;
}

/* The outcome of one deal; false when the deal is not among those it is defined for. */
static bool deal_outcome(const work *w, size_t i, double *y)
{
    const rl_deals *d = &w->t->deals;
    int h = w->plan->horizon;
    if (w->plan->blind) return *y = 0, true;
    bool won = won_within(d, i, h);
    double days = (double)d->decided[i] - d->created[i];
    double amount = d->amount == NULL ? NAN : w->plan->skip_deal != NULL && w->plan->skip_deal[i] ? 0.0 : d->amount[i];
    switch (w->plan->outcome) {
    case RL_OUT_WIN_RATE:
        *y = won;
        return true;
    case RL_OUT_VELOCITY:
        *y = won ? h - days : 0.0;
        return true;
    case RL_OUT_DEAL_SIZE:
        *y = amount;
        return won && !isnan(amount);
    case RL_OUT_LOG_DEAL_SIZE:
        *y = rl_log(amount);
        return won && amount > 0;
    case RL_OUT_DAYS_TO_WIN:
        *y = days;
        return won;
    case RL_OUT_DECISION_TIME:
        *y = days;
        return d->decided[i] != RL_NO_DAY && days <= h;
    default:
        assert(false);
        return false;
    }
}

/* What one deal adds to its unit's cell. */
static double cell_share(const work *w, size_t i)
{
    const rl_deals *d = &w->t->deals;
    if (w->plan->outcome == RL_OUT_OPPORTUNITIES) return 1.0;
    bool counts = w->plan->outcome == RL_OUT_REVENUE ? d->status[i] == RL_DEAL_WON : won_within(d, i, w->plan->horizon);
    if (w->plan->outcome == RL_OUT_WINS) return counts;
    if (!counts || d->amount == NULL || isnan(d->amount[i])) return 0.0;
    if (w->plan->after >= 0 && d->decided[i] - d->created[i] <= w->plan->after) return 0.0;
    return w->plan->skip_deal != NULL && w->plan->skip_deal[i] ? 0.0 : d->amount[i];
}

/* The period a deal counts in: that of its creation; booked revenue's is that of the decision. */
static int32_t clock_period(const work *w, size_t i)
{
    const rl_deals *d = &w->t->deals;
    if (w->plan->outcome != RL_OUT_REVENUE) return d->period[i];
    return d->decided[i] == RL_NO_DAY ? RL_NO_DAY : rl_period_of(w->plan->calendar, d->decided[i]);
}

/* --- rows ----------------------------------------------------------------------- */
static void start_rows(work *w, size_t n)
{
    rl_panel *p = w->p;
    const rl_program *prog = w->plan->program;
    p->t = (rl_table){.n = n, .rows_read = n};
    p->unit = prog->unit_name;
    p->outcome = w->plan->outcome == RL_OUT_COLUMN ? w->plan->column : rl_outcome_name(w->plan->outcome);
    rl_table_add(&p->t, p->unit, RL_TEXT, prog->unit, w->in);
    rl_table_add(&p->t, "period", RL_NUM, NULL, w->in);
    rl_table_add(&p->t, "cohort", RL_NUM, NULL, w->in);
    rl_table_add(&p->t, p->outcome, RL_NUM, NULL, w->in);
    p->unit_code = p->t.col[0].code;
    p->y = p->t.col[3].num;
    p->exposed = RL_NEW(w->in, unsigned char, n);
}

/* Stands for an outcome that is not looked at. */
static double drawn(size_t i)
{
    rl_rng g = rl_rng_for(1, i);
    return rl_normal(&g);
}

static void set_row(work *w, size_t i, size_t u, int32_t period, double y)
{
    rl_panel *p = w->p;
    size_t k = (size_t)(period - w->plan->first_period);
    p->t.col[0].code[i] = (int32_t)u;
    p->t.col[1].num[i] = period;
    p->t.col[2].num[i] = w->treated[u] ? (double)w->cohort[u] : (double)NAN;
    p->t.col[3].num[i] = w->plan->blind ? drawn(i) : y;
    p->exposed[i] = w->cell[u * w->T + k] == RL_CELL_EXPOSED;
}

static bool usable(const work *w, size_t u, size_t k)
{
    unsigned char c = w->cell[u * w->T + k];
    return !w->out[u] && w->compared[k] && (c == RL_CELL_CLEAN || c == RL_CELL_EXPOSED);
}

typedef struct losses {
    size_t unit[N_WHY], no_unit, outside, immature, partly, ended, other, left, alone, undefined, lonely;
} losses;

/* Why unit u in period k is no row; counts it. */
static bool lose(work *w, losses *l, int32_t u, int32_t period)
{
    if (u < 0 || (size_t)u >= w->U) return l->no_unit++, true;
    if (w->out[u]) return l->unit[w->out[u]]++, true;
    if (period < w->plan->first_period) return l->outside++, true;
    if (period > w->plan->last_period) return l->immature++, true;
    unsigned char c = w->cell[(size_t)u * w->T + (size_t)(period - w->plan->first_period)];
    if (c == RL_CELL_PARTLY) return l->partly++, true;
    if (c == RL_CELL_ENDED) return l->ended++, true;
    if (c == RL_CELL_OTHER) return l->other++, true;
    if (c == RL_CELL_LEFT) return l->left++, true;
    return w->compared[period - w->plan->first_period] ? false : (l->alone++, true);
}

static void tell_losses(work *w, const losses *l, const char *undefined)
{
    rl_waterfall *f = &w->p->waterfall;
    char *immature = rl_sprintf(w->in, "too young: fewer than %d days of follow-up", w->plan->guard);
    char *partly =
        w->plan->outcome == RL_OUT_COLUMN
            ? rl_sprintf(w->in, "partly exposed: the programme began or ended within the %s",
                         rl_period_name(w->plan->calendar.kind))
            : rl_sprintf(w->in,
                         "partly exposed: created before the programme began or ended, decided up to %d days "
                         "later",
                         w->plan->guard);
    rl_waterfall_lose(
        f, w->plan->program->unit == w->t->account ? "no account, or an account that is not eligible" : "no unit",
        l->no_unit, w->in);
    for (int k = 1; k < N_WHY; k++) rl_waterfall_lose(f, WHY[k], l->unit[k], w->in);
    rl_waterfall_lose(f, "in a period that began before the data", l->outside, w->in);
    rl_waterfall_lose(f, w->plan->guard > 0 ? immature : "in a period that has not ended", l->immature, w->in);
    rl_waterfall_lose(f, partly, l->partly, w->in);
    rl_waterfall_lose(f, "after the programme ended", l->ended, w->in);
    rl_waterfall_lose(f, "from the day another programme had begun there", l->other, w->in);
    rl_waterfall_lose(f, w->plan->leave_why, l->left, w->in);
    rl_waterfall_lose(f,
                      rl_sprintf(w->in, "in a %s in which no %s is left to compare with",
                                 rl_period_name(w->plan->calendar.kind), w->plan->program->unit_name),
                      l->alone, w->in);
    rl_waterfall_lose(f, undefined, l->undefined, w->in);
    rl_waterfall_lose(f,
                      rl_sprintf(w->in, "exposed, and no clean deal of the %s or of its start to compare with",
                                 rl_period_name(w->plan->calendar.kind)),
                      l->lonely, w->in);
}

static void note_trend(work *w, size_t u, int32_t period, double y, size_t rows)
{
    rl_trend_point *point = &w->p->trend[period - w->plan->first_period];
    bool treated = w->treated[u];
    if (w->cell[u * w->T + (size_t)(period - w->plan->first_period)] >= RL_CELL_OTHER) return;
    *(treated ? &point->treated : &point->control) += y;
    *(treated ? &point->n_treated : &point->n_control) += rows;
    point->exposed |= w->cell[u * w->T + (size_t)(period - w->plan->first_period)] == RL_CELL_EXPOSED;
}

static bool is_exposed(const work *w, size_t u, int32_t period)
{
    return w->cell[u * w->T + (size_t)(period - w->plan->first_period)] == RL_CELL_EXPOSED;
}

/* Deals of exposed cells that no clean deal of the period, or of their own cohort, can be compared with.  Cells
 * are judged by dates; here it may be that nobody had a deal.  Returns the rows left. */
static size_t drop_lonely(const work *w, const int32_t *unit, uint32_t *row, double *y, size_t n, losses *l)
{
    const int32_t *period = w->t->deals.period;
    bool *clean = RL_NEW(w->cx->tmp, bool, w->T), *base = RL_NEW(w->cx->tmp, bool, w->T);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t u = (size_t)unit[row[i]];
        if (is_exposed(w, u, period[row[i]])) continue;
        clean[period[row[i]] - w->plan->first_period] = true;
        if (w->treated[u]) base[w->cohort[u] - w->plan->first_period] = true;
    }
    for (size_t i = 0; i < n; i++) {
        size_t u = (size_t)unit[row[i]];
        if (is_exposed(w, u, period[row[i]]) &&
            !(clean[period[row[i]] - w->plan->first_period] && base[w->cohort[u] - w->plan->first_period])) {
            l->lonely++;
            continue;
        }
        row[kept] = row[i];
        y[kept++] = y[i];
    }
    return kept;
}

/* Rows = deals. */
static rl_code deal_rows(work *w)
{
    const rl_deals *d = &w->t->deals;
    const int32_t *unit = rl_deal_units(w->t, w->plan->program);
    losses l = {.no_unit = 0};
    uint32_t *row = RL_NEW(w->cx->tmp, uint32_t, d->n);
    double *y = RL_NEW(w->cx->tmp, double, d->n);
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        int32_t period = d->period[i], u = unit[i];
        double v;
        bool placed = u >= 0 && (size_t)u < w->U && !w->out[u] && period >= w->plan->first_period &&
                      period <= w->plan->last_period;
        if (placed && deal_outcome(w, i, &v)) note_trend(w, (size_t)u, period, v, 1);
        if (lose(w, &l, u, period)) continue;
        if (!deal_outcome(w, i, &v)) {
            l.undefined++;
            continue;
        }
        row[n] = (uint32_t)i;
        y[n++] = v;
    }
    n = drop_lonely(w, unit, row, y, n, &l);
    bool decided = w->plan->outcome == RL_OUT_DECISION_TIME;
    w->p->waterfall = (rl_waterfall){.unit = "deals", .start = d->n};
    tell_losses(w, &l, rl_sprintf(w->in, "not %s within %d days", decided ? "decided" : "won", w->plan->horizon));
    start_rows(w, n);
    for (size_t i = 0; i < n; i++) set_row(w, i, (size_t)unit[row[i]], d->period[row[i]], y[i]);
    return RL_OK;
}

/* Rows = unit x creation period, zeros included. */
static rl_code unit_rows(work *w)
{
    const rl_deals *d = &w->t->deals;
    const int32_t *unit = rl_deal_units(w->t, w->plan->program);
    double *sum = RL_NEW(w->cx->tmp, double, w->U * w->T);
    for (size_t i = 0; i < d->n && !w->plan->blind; i++) {
        int32_t u = unit[i], period = clock_period(w, i);
        if (u < 0 || (size_t)u >= w->U) continue;
        if (period < w->plan->first_period || period > w->plan->last_period) continue;
        sum[(size_t)u * w->T + (size_t)(period - w->plan->first_period)] += cell_share(w, i);
    }
    losses l = {.no_unit = 0};
    int32_t last = rl_period_of(w->plan->calendar, w->t->cut);
    size_t n = 0, k_all = (size_t)(last - w->plan->first_period + 1);
    for (size_t u = 0; u < w->U; u++)
        for (size_t k = 0; k < k_all; k++) {
            if (k < w->T && !w->out[u]) note_trend(w, u, period_at(w, k), sum[u * w->T + k], 1);
            n += !lose(w, &l, (int32_t)u, period_at(w, k));
        }
    w->p->waterfall = (rl_waterfall){
        .unit = rl_sprintf(w->in, "%s-%ss", w->plan->program->unit_name, rl_period_name(w->plan->calendar.kind)),
        .start = w->U * k_all};
    tell_losses(w, &l, "");
    start_rows(w, n);
    size_t i = 0;
    for (size_t u = 0; u < w->U; u++)
        for (size_t k = 0; k < w->T; k++)
            if (usable(w, u, k)) set_row(w, i++, u, period_at(w, k), sum[u * w->T + k]);
    assert(i == n);
    return RL_OK;
}

/* Rows = rows of a ready-made panel, days of one period added up. */
static rl_code panel_rows(work *w)
{
    const rl_table *t = &w->t->panel;
    const rl_col *c = rl_table_col(t, w->plan->column);
    double *sum = RL_NEW(w->cx->tmp, double, w->U * w->T);
    size_t *seen = RL_NEW(w->cx->tmp, size_t, w->U * w->T);
    losses l = {.no_unit = 0};
    size_t n = 0, rows = 0;
    for (size_t i = 0; i < t->n; i++) {
        int32_t u = t->col[0].code[i], period = rl_period_of(w->plan->calendar, t->col[1].day[i]);
        bool first = true;
        double y = w->plan->blind ? 0 : c->num[i];
        if (isnan(y)) {
            l.undefined++;
            rows++;
            continue;
        }
        if (u >= 0 && (size_t)u < w->U && period >= w->plan->first_period && period <= w->plan->last_period) {
            size_t at = (size_t)u * w->T + (size_t)(period - w->plan->first_period);
            sum[at] += y;
            first = seen[at]++ == 0;
            if (!w->out[u]) note_trend(w, (size_t)u, period, y, first);
        }
        if (!first) continue;
        rows++;
        n += !lose(w, &l, u, period);
    }
    w->p->waterfall = (rl_waterfall){
        .unit = rl_sprintf(w->in, "%s-%ss", w->plan->program->unit_name, rl_period_name(w->plan->calendar.kind)),
        .start = rows};
    tell_losses(w, &l, rl_sprintf(w->in, "'%s' is empty", w->plan->column));
    start_rows(w, n);
    size_t i = 0;
    for (size_t u = 0; u < w->U; u++)
        for (size_t k = 0; k < w->T; k++)
            if (seen[u * w->T + k] > 0 && usable(w, u, k)) set_row(w, i++, u, period_at(w, k), sum[u * w->T + k]);
    assert(i == n);
    return RL_OK;
}

/* --- what the rows are --------------------------------------------------------- */
static void keep_largest(work *w)
{
    const rl_deals *d = &w->t->deals;
    rl_panel *p = w->p;
    p->largest = RL_NEW(w->in, size_t, 3);
    if (!w->t->has_deals || d->amount == NULL || w->plan->outcome == RL_OUT_COLUMN || w->plan->blind) return;
    const int32_t *unit = rl_deal_units(w->t, w->plan->program);
    for (size_t i = 0; i < d->n; i++) {
        int32_t u = unit[i], period = clock_period(w, i);
        if (u < 0 || (size_t)u >= w->U || period < w->plan->first_period || period > w->plan->last_period) continue;
        size_t k = (size_t)(period - w->plan->first_period);
        if (!usable(w, (size_t)u, k) || w->cell[(size_t)u * w->T + k] != RL_CELL_EXPOSED) continue;
        bool won =
            w->plan->outcome == RL_OUT_REVENUE ? d->status[i] == RL_DEAL_WON : won_within(d, i, w->plan->horizon);
        if (!won || isnan(d->amount[i])) continue;
        size_t at = p->n_largest;
        while (at > 0 && d->amount[p->largest[at - 1]] < d->amount[i]) at--;
        if (at == 3) continue;
        if (p->n_largest < 3) p->n_largest++;
        memmove(&p->largest[at + 1], &p->largest[at], (p->n_largest - 1 - at) * sizeof *p->largest);
        p->largest[at] = i;
    }
}

static void count_cells(work *w)
{
    rl_panel *p = w->p;
    int32_t first = INT32_MAX, last = RL_NO_DAY, lowest = RL_NO_DAY;
    for (size_t u = 0; u < w->U; u++) {
        p->always += w->out[u] == NO_CLEAN;
        if (w->out[u]) continue;
        p->treated_units += w->treated[u];
        p->control_units += !w->treated[u];
        p->has_never |= !w->treated[u];
        if (u < w->plan->program->n_units && w->plan->program->end[u] != RL_NO_DAY) p->single_end = true;
        for (size_t k = 0; k < w->T; k++) {
            if (w->cell[u * w->T + k] != RL_CELL_EXPOSED || !w->compared[k]) continue;
            p->cells++;
            int32_t a = w->first[k], b = w->last[k];
            if (a < first) first = a;
            if (b > last) last = b;
        }
    }
    for (bool more = true; more;) { /* distinct cohorts, in order */
        int32_t next = INT32_MAX;
        for (size_t u = 0; u < w->U; u++)
            if (!w->out[u] && w->treated[u] && w->cohort[u] > lowest && w->cohort[u] < next) next = w->cohort[u];
        more = next != INT32_MAX;
        p->cohorts += more;
        lowest = next;
    }
    for (size_t i = 0; i < p->t.n; i++) p->treated_rows += p->exposed[i];
    p->first_exposed = first;
    p->last_exposed = last;
}

/* Why units with the programme have no row that can be compared, the most frequent reasons in words. */
static const char *why_none(const work *w, size_t *with, bool *all_late)
{
    const rl_program *prog = w->plan->program;
    const char *period = rl_period_name(w->plan->calendar.kind), *before = "";
    size_t late = 0, early = 0, partly = 0, rowless = 0;
    char buf[32];
    rl_str s = rl_str_new(w->cx->tmp);
    for (size_t u = 0; u < prog->n_units; u++) {
        if (prog->start[u] == RL_NO_DAY || (w->plan->scope != NULL && !w->plan->scope[u])) continue;
        ++*with;
        if (w->out[u] == NO_CLEAN)
            early++;
        else if (w->T > 0 && prog->start[u] > w->last[w->T - 1])
            late++;
        else if (!w->out[u] && !w->treated[u])
            partly++;
        else
            rowless++;
    }
    if (late > 0 && w->T > 0) {
        rl_str_addf(&s, "%zu start%s after the last %s that can be used (%s)", late, late == 1 ? "s" : "", period,
                    rl_period_text(buf, w->plan->calendar, w->plan->last_period));
        before = ", ";
    }
    if (early > 0) {
        rl_str_addf(&s, "%s%zu %s no clean %s before the start", before, early, early == 1 ? "has" : "have", period);
        before = ", ";
    }
    if (partly > 0) {
        rl_str_addf(&s, "%s%zu %s exposed for no whole %s%s", before, partly, partly == 1 ? "is" : "are", period,
                    w->plan->guard > 0 ? " with its follow-up" : "");
        before = ", ";
    }
    if (rowless > 0) rl_str_addf(&s, "%s%zu %s no row in both", before, rowless, rowless == 1 ? "has" : "have");
    *all_late = late == *with;
    return rl_str_text(&s);
}

static rl_code refuse_empty(const work *w)
{
    const rl_panel *p = w->p;
    const char *name = w->plan->program->spec->name, *period = rl_period_name(w->plan->calendar.kind);
    if (p->cohorts > 0 && p->control_units == 0 && (p->cohorts < 2 || w->plan->spec->control_never)) {
        rl_fail(w->cx, RL_EDATA, "programme '%s': no %s without it is left to compare with", name, p->unit);
        if (p->cohorts > 1)
            return rl_hint(w->cx, "everybody got it in the end; `control: notyet` compares with later starts");
        return rl_hint(w->cx, "everybody got it at once: difference-in-differences cannot answer; a holdout would");
    }
    if (p->treated_rows > 0) return RL_OK;
    size_t n = 0;
    bool all_late;
    const char *why = why_none(w, &n, &all_late);
    if (w->plan->guard > 0) {
        rl_fail(w->cx, RL_EDATA,
                "programme '%s': none of %zu %s with it has clean periods before it and mature %ss after its start: %s",
                name, n, rl_plural(p->unit, n, w->cx->tmp), w->plan->deal_level ? "deal" : "period", why);
        return rl_hint(w->cx,
                       "an exposed creation period counts once %d days of follow-up have passed; `revlift check` lists "
                       "when each matures",
                       w->plan->guard);
    }
    rl_fail(w->cx, RL_EDATA,
            "programme '%s': none of %zu %s with it has clean %ss before it and exposed %ss after its start: %s", name,
            n, rl_plural(p->unit, n, w->cx->tmp), period, period, why);
    if (all_late) return rl_hint(w->cx, "ask again once the data hold whole %ss with the programme", period);
    return rl_hint(w->cx,
                   "a %s counts as exposed when the programme was on from its first day to its last, and as clean "
                   "when it ended before the start",
                   period);
}

static void finish_trend(work *w)
{
    char buf[16];
    for (size_t k = 0; k < w->T; k++) {
        rl_trend_point *x = &w->p->trend[k];
        x->period = rl_strdup(w->in, rl_period_text(buf, w->plan->calendar, period_at(w, k)));
        x->treated = x->n_treated > 0 ? x->treated / (double)x->n_treated : NAN;
        x->control = x->n_control > 0 ? x->control / (double)x->n_control : NAN;
    }
}

rl_code rl_panel_build(const rl_tables *t, const rl_plan *plan, rl_panel *p, rl_arena *in, rl_ctx *cx)
{
    *p = (rl_panel){.n_trend = (size_t)(plan->last_period - plan->first_period + 1)};
    p->trend = RL_NEW(in, rl_trend_point, p->n_trend);
    work w = {
        .t = t, .plan = plan, .p = p, .in = in, .cx = cx, .U = rl_program_size(t, plan->program), .T = p->n_trend};
    w.cell = RL_NEW(cx->tmp, unsigned char, w.U *w.T);
    w.out = RL_NEW(cx->tmp, unsigned char, w.U);
    w.cohort = RL_NEW(cx->tmp, int32_t, w.U);
    w.treated = RL_NEW(cx->tmp, bool, w.U);
    w.compared = RL_NEW(cx->tmp, bool, w.T);
    w.first = RL_NEW(cx->tmp, int32_t, w.T);
    w.last = RL_NEW(cx->tmp, int32_t, w.T);
    for (size_t k = 0; k < w.T; k++) {
        w.first[k] = rl_period_first(plan->calendar, period_at(&w, k));
        w.last[k] = rl_period_last(plan->calendar, period_at(&w, k));
    }
    find_unseen(&w);
    for (size_t u = 0; u < w.U; u++) classify_unit(&w, u);
    find_compared(&w);
    RL_TRY(plan->deal_level ? deal_rows(&w) : plan->outcome == RL_OUT_COLUMN ? panel_rows(&w) : unit_rows(&w));
    RL_TRY(rl_panel_traits(t, plan, p, in, cx));
    RL_TRY(rl_panel_given(t, plan, p, in, cx));
    count_cells(&w);
    finish_trend(&w);
    keep_largest(&w);
    return refuse_empty(&w);
}
