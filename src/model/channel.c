#include "model/channel.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/att.h"
#include "num/dist.h"
#include "num/order.h"

enum { FAR = 1200, CURVE = 41, LONGEST = 100000 };

/* What the difference in the index is in money. */
typedef enum scale { AS_IT_IS, OF_LOG, NO_MONEY } scale;

/* The rows of one unit on the calendar: place i is period first + i. */
typedef struct course {
    size_t n; /* periods from its first row to its last                 */
    int32_t first;
    const uint32_t **row; /* n  its row, or NULL                                    */
} course;

typedef struct work {
    rl_lagged *l;
    rl_ctx *cx;
    rl_arena *keep;
    const double *x, *y; /* n of t  the channel's column, and the outcome's own    */
    const unsigned char *used;
    scale scale;
    double plus; /* log1p: money moves y + 1                               */
    size_t n_lines, longest;
    course *line;
    int quarter;
    /* of the channel at hand */
    rl_carries c;
    rl_groups *factor; /* c.n  of the crossed terms; G = 0 without               */
    rl_places s;
    rl_mat V;
    rl_feedback f;
    double df, level;
    size_t tail;                     /* periods after the data in which it still acts          */
    double *a, *b, *za, *zb, *d, *g; /* longest + tail; g q times as long        */
} work;

/* A sum over rows with its gradient. */
typedef struct total {
    double est, *g;
} total;

static total total_new(const work *w) { return (total){0, RL_NEW(w->cx->tmp, double, w->s.q)}; }

static rl_interval interval(const work *w, const total *t, double times)
{
    return rl_interval_of(times * t->est, fabs(times) * sqrt(rl_quadratic(t->g, &w->V)), w->df, w->level);
}

/* --- the calendar ------------------------------------------------------------------------------- */

/* Rows of the table, unit by unit in the order of time. */
static rl_code in_time(const rl_lagged *l, rl_scene *s, rl_line *line, uint32_t **order, rl_ctx *cx)
{
    RL_TRY(rl_scene_line(s, l->f->y, line, cx));
    *order = RL_NEW(cx->tmp, uint32_t, line->track.n);
    for (size_t p = 0; p < line->track.n; p++) (*order)[p] = rl_line_row(line, p);
    return RL_OK;
}

static rl_code make_lines(work *w)
{
    rl_ctx *cx = w->cx;
    rl_line rows;
    uint32_t *order;
    RL_TRY(in_time(w->l, &w->l->scene, &rows, &order, cx));
    const rl_track *t = &rows.track;
    w->line = RL_NEW(cx->tmp, course, t->n + 1);
    for (size_t p = 0, end; p < t->n; p = end) {
        for (end = p; end < t->n && (t->unit == NULL || t->unit[end] == t->unit[p]); end++)
            ;
        int64_t n = (int64_t)t->at[end - 1] - t->at[p] + 1;
        if (n > LONGEST) return rl_fail(cx, RL_EDATA, "the periods of a unit lie up to %lld apart", (long long)n);
        course *v = &w->line[w->n_lines++];
        *v = (course){(size_t)n, t->at[p], RL_NEW(cx->tmp, const uint32_t *, (size_t)n)};
        for (size_t i = p; i < end; i++) v->row[t->at[i] - t->at[p]] = &order[i];
        w->longest = v->n > w->longest ? v->n : w->longest;
    }
    return RL_OK;
}

/* --- one channel: what its terms are -------------------------------------------------------------- */

static rl_code crossed(work *w)
{
    w->factor = RL_NEW(w->cx->tmp, rl_groups, w->c.n);
    for (size_t i = 0; i < w->c.n; i++) {
        const rl_col *col;
        if (w->c.v[i].segment == NULL) continue;
        RL_TRY(rl_table_need(w->l->t, w->c.v[i].factor, "the formula", &col, w->cx));
        rl_groups_of(col, w->l->t->n, &w->factor[i], w->cx->tmp, w->cx);
    }
    return RL_OK;
}

/* Is term i there in this row?  Terms crossed with a factor are, in one of its levels. */
static bool there(const work *w, size_t i, const uint32_t *row)
{
    const rl_carry *c = &w->c.v[i];
    if (c->segment == NULL) return true;
    if (row == NULL || w->factor[i].code[*row] < 0) return false;
    return strcmp(c->segment + strlen(c->factor) + 2, w->factor[i].label[w->factor[i].code[*row]]) == 0;
}

static bool known(const work *w)
{
    for (size_t i = 0; i < w->s.q; i++)
        if (!isfinite(*rl_mat_at(&w->V, i, i))) return false;
    return true;
}

/* Why a channel cannot be answered, or NULL when it can. */
static const char *prepare(work *w, const char *column, rl_channel *out)
{
    rl_ctx *cx = w->cx;
    out->lowest = INFINITY, out->highest = -INFINITY;
    for (size_t i = 0; i < w->l->t->n; i++) {
        if (isnan(w->x[i])) continue;
        out->lowest = fmin(out->lowest, w->x[i]);
        out->highest = fmax(out->highest, w->x[i]);
    }
    if (!(out->highest > out->lowest)) return "its spend never changed: there is nothing to compare";
    if (out->lowest < 0) return "its spend is negative in some periods";
    if (rl_carry_find(&w->l->p, column, &w->c, w->keep, cx) != RL_OK || crossed(w) != RL_OK) {
        const char *why = rl_strdup(w->keep, cx->err.what);
        rl_forgive(cx);
        return why;
    }
    if (w->c.n == 0) return "no term of the formula tells what it did";
    for (size_t i = 0; i < w->l->past.n; i++)
        if (w->l->past.v[i].segment != NULL) return "the lags of the outcome differ by segment";
    w->s = rl_lagged_places(w->l, &w->c, "", cx);
    w->V = rl_lagged_covariance(w->l, &w->s);
    w->df = rl_lagged_freedom(w->l, &w->s);
    w->f = rl_lagged_feedback(w->l, &w->s, NULL, cx);
    if (!known(w)) return "a coefficient of it has no standard error";
    w->tail = w->f.n > 0 && w->f.stable ? FAR : 0;
    out->straight = true;
    for (size_t i = 0; i < w->c.n; i++) {
        size_t reach = rl_carry_reach(&w->c.v[i]);
        w->tail = reach > w->tail ? reach : w->tail;
        if (rl_carry_lasts(&w->c.v[i])) w->tail = FAR;
        for (size_t j = 0; j < w->c.v[i].n_hops; j++) {
            rl_hop_kind kind = w->c.v[i].hop[j].kind;
            out->straight &= kind != RL_HOP_BEND && kind != RL_HOP_HILL;
        }
    }
    if (w->f.n > 0 && !w->f.stable)
        out->ahead_why = "the lags of the outcome do not die out: there is no end to what is to come";
    else if (w->f.n > 0 && !rl_feedback_told(&w->f, &w->V, rl_t_quantile(0.5 + w->level / 2, w->df)))
        out->ahead_why = "the lags of the outcome are not told from adding up to 1: what is to come cannot be told";
    size_t n = w->longest + w->tail;
    double **buffer[] = {&w->a, &w->b, &w->za, &w->zb, &w->d};
    for (size_t i = 0; i < sizeof buffer / sizeof *buffer; i++) *buffer[i] = RL_NEW(cx->tmp, double, n);
    w->g = RL_NEW(cx->tmp, double, n * w->s.q);
    return NULL;
}

/* --- what a course of spend does ---------------------------------------------------------------------- */

static void walk_both(work *w, const rl_carry *c, size_t n, double before)
{
    memcpy(w->za, w->a, n * sizeof *w->za);
    memcpy(w->zb, w->b, n * sizeof *w->zb);
    rl_carry_walk(c, c->n_hops, w->za, n, before, w->cx->tmp);
    rl_carry_walk(c, c->n_hops, w->zb, n, before, w->cx->tmp);
}

/* The gradient by an estimated parameter of a step of term j: by central differences, courses and all. */
static void by_parameter(work *w, size_t j, size_t hop, size_t par, const course *u, double before)
{
    int at = w->c.v[j].hop[hop].at[par];
    size_t n = u->n + w->tail, q = w->s.q;
    double beta = w->l->r->est[w->c.v[j].at].estimate;
    if (at < 0) return;
    for (int side = -1; side <= 1; side += 2) {
        rl_carry c = w->c.v[j];
        double *p = &c.hop[hop].p[par], step = 1e-5 * fmax(fabs(*p), 1e-3);
        *p += side * step;
        walk_both(w, &c, n, before);
        for (size_t i = 0; i < n; i++)
            if (there(w, j, i < u->n ? u->row[i] : u->row[u->n - 1]))
                w->g[i * q + (size_t)w->s.at[at]] += side * beta * (w->za[i] - w->zb[i]) / (2 * step);
    }
}

/* d and g: the outcome's index under course a less that under b, and its gradient. */
static void difference(work *w, const course *u, double before)
{
    size_t n = u->n + w->tail, q = w->s.q;
    memset(w->d, 0, n * sizeof *w->d);
    memset(w->g, 0, n * q * sizeof *w->g);
    for (size_t j = 0; j < w->c.n; j++) {
        const rl_carry *c = &w->c.v[j];
        double beta = w->l->r->est[c->at].estimate;
        size_t at = (size_t)w->s.at[c->at];
        walk_both(w, c, n, before);
        for (size_t i = 0; i < n; i++) {
            if (!there(w, j, i < u->n ? u->row[i] : u->row[u->n - 1])) continue;
            double z = w->za[i] - w->zb[i];
            w->d[i] += beta * z;
            w->g[i * q + at] += z;
        }
        for (size_t k = 0; k < 2 * c->n_hops; k++) by_parameter(w, j, k / 2, k % 2, u, before);
    }
    for (size_t i = 1; i < n; i++)
        for (size_t k = 1; k <= w->f.n && k <= i; k++) {
            w->d[i] += w->f.phi[k - 1] * w->d[i - k];
            for (size_t p = 0; p < q; p++)
                w->g[i * q + p] +=
                    w->f.phi[k - 1] * w->g[(i - k) * q + p] + *rl_mat_at(&w->f.dphi, p, k - 1) * w->d[i - k];
        }
}

/* Add the money of period i, where the outcome stands at y. */
static double add(const work *w, size_t i, double y, total *t)
{
    double keep = w->scale == OF_LOG ? rl_exp(-w->d[i]) : 1,
           m = w->scale == OF_LOG ? (y + w->plus) * (1 - keep) : w->d[i];
    double slope = w->scale == OF_LOG ? (y + w->plus) * keep : 1;
    t->est += m;
    for (size_t p = 0; p < w->s.q; p++) t->g[p] += slope * w->g[i * w->s.q + p];
    return m;
}

/* The outcome of a unit lately: what is to come of a log is a share of it. */
static double lately(const work *w, const course *u)
{
    double sum = 0, n = 0;
    for (size_t i = u->n > (size_t)w->quarter ? u->n - (size_t)w->quarter : 0; i < u->n; i++)
        if (u->row[i] != NULL && !isnan(w->y[*u->row[i]])) {
            sum += w->y[*u->row[i]];
            n++;
        }
    return n > 0 ? sum / n : 0;
}

static double lowest(const work *w, const course *u)
{
    double least = INFINITY;
    for (size_t i = 0; i < u->n; i++)
        if (u->row[i] != NULL) least = fmin(least, isnan(w->x[*u->row[i]]) ? INFINITY : w->x[*u->row[i]]);
    return isfinite(least) ? least : 0;
}

/* The courses: as it was, and at the lowest throughout. */
static double courses(work *w, const course *u)
{
    double low = lowest(w, u);
    for (size_t i = 0; i < u->n + w->tail; i++) {
        w->b[i] = w->a[i] = low;
        if (i < u->n && u->row[i] != NULL && !isnan(w->x[*u->row[i]])) w->a[i] = w->x[*u->row[i]];
    }
    return low;
}

static size_t period_at(const rl_channels *all, int32_t at)
{
    size_t lo = 0, hi = all->n_periods;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (all->period[mid] <= at)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static void gains(work *w, const rl_channels *all, double margin, rl_channel *out)
{
    total in = total_new(w), ahead = total_new(w);
    out->from_zero = true;
    out->by_period = RL_NEW(w->keep, double, all->n_periods);
    for (size_t v = 0; v < w->n_lines; v++) {
        const course *u = &w->line[v];
        double low = courses(w, u), y = lately(w, u);
        out->from_zero &= low == 0;
        difference(w, u, low);
        for (size_t i = 0; i < u->n + w->tail; i++) {
            const uint32_t *row = i < u->n ? u->row[i] : NULL;
            if (i >= u->n) add(w, i, y, &ahead);
            if (row == NULL || !w->used[*row]) continue;
            out->by_period[period_at(all, u->first + (int32_t)i)] += add(w, i, w->y[*row], &in);
            out->spend += w->a[i];
            out->above += w->a[i] - low;
        }
    }
    out->gain = interval(w, &in, 1);
    out->to_come = out->ahead_why == NULL ? interval(w, &ahead, 1) : (rl_interval){NAN, NAN, NAN, NAN};
    out->average = out->above > 0 ? interval(w, &in, 1 / out->above) : (rl_interval){NAN, NAN, NAN, NAN};
    out->profit = (rl_interval){NAN, NAN, NAN, NAN};
    if (isnan(margin) || !(out->above > 0)) return;
    out->profit = interval(w, &in, margin / out->above);
    out->profit.est -= 1, out->profit.low -= 1, out->profit.high -= 1;
}

/* The next unit at today's level: every unit's last quarter raised in proportion, by parts of a million. */
static void marginal(work *w, rl_channel *out)
{
    const double step = 1e-6;
    total t = total_new(w);
    double spent = 0, rows = 0, more = 0;
    size_t quarter = (size_t)w->quarter;
    for (size_t v = 0; v < w->n_lines; v++)
        for (size_t i = 0; i < w->line[v].n; i++) {
            const uint32_t *row = w->line[v].row[i];
            if (i + quarter < w->line[v].n || row == NULL || isnan(w->x[*row])) continue;
            spent += w->x[*row];
            rows++;
        }
    out->today = rows > 0 ? spent / rows : NAN;
    out->marginal = (rl_interval){NAN, NAN, NAN, NAN};
    if (out->ahead_why != NULL || rows == 0) return;
    for (size_t v = 0; v < w->n_lines; v++) {
        const course *u = &w->line[v];
        double low = courses(w, u), y = lately(w, u), level = 0, n = 0;
        memcpy(w->b, w->a, (u->n + w->tail) * sizeof *w->b);
        for (size_t i = u->n > quarter ? u->n - quarter : 0; i < u->n; i++) {
            if (u->row[i] == NULL || isnan(w->x[*u->row[i]])) continue;
            double by = step * (spent > 0 ? w->a[i] : out->highest),
                   down = spent > 0 ? by : 0; /* from nothing only up */
            level += w->a[i], n++;
            w->a[i] += by;
            w->b[i] -= down;
            more += by + down;
        }
        for (size_t i = u->n; i < u->n + w->tail; i++) w->a[i] = w->b[i] = n > 0 ? level / n : low;
        difference(w, u, low);
        for (size_t i = 0; i < u->n + w->tail; i++)
            add(w, i, i < u->n && u->row[i] != NULL && !isnan(w->y[*u->row[i]]) ? w->y[*u->row[i]] : y, &t);
    }
    out->marginal = interval(w, &t, 1 / more);
}

/* --- the response curve ------------------------------------------------------------------------------- */

static void settled_by(const work *w, const rl_carry *c, double times, double x, double *g)
{
    double beta = w->l->r->est[c->at].estimate;
    for (size_t k = 0; k < 2 * c->n_hops; k++) {
        rl_carry up = *c, down = *c;
        int at = c->hop[k / 2].at[k % 2];
        double step = 1e-5 * fmax(fabs(c->hop[k / 2].p[k % 2]), 1e-3);
        if (at < 0) continue;
        up.hop[k / 2].p[k % 2] += step;
        down.hop[k / 2].p[k % 2] -= step;
        g[w->s.at[at]] +=
            times * beta * (rl_carry_settled(&up, x, w->cx->tmp) - rl_carry_settled(&down, x, w->cx->tmp)) / (2 * step);
    }
}

/* The index when spend stands at x for good, and its gradient; terms of a segment by its share of the rows. */
static double settled(const work *w, const double *share, double x, double *g)
{
    double sum = 0, room = 1 - w->f.sum;
    memset(g, 0, w->s.q * sizeof *g);
    for (size_t j = 0; j < w->c.n; j++) {
        const rl_carry *c = &w->c.v[j];
        double z = rl_carry_settled(c, x, w->cx->tmp);
        settled_by(w, c, share[j] / room, x, g);
        sum += share[j] * w->l->r->est[c->at].estimate * z / room;
        g[w->s.at[c->at]] += share[j] * z / room;
    }
    for (size_t p = 0; p < w->s.q && w->f.n > 0; p++) g[p] += sum * w->f.d_sum[p] / room;
    return sum;
}

static void curve(work *w, rl_channel *out)
{
    size_t q = w->s.q;
    double *share = RL_NEW(w->cx->tmp, double, w->c.n), rows = 0, y = 0, x = 0, *g[3];
    if (out->ahead_why != NULL) return;
    for (size_t i = 0; i < w->l->t->n; i++) {
        if (!w->used[i]) continue;
        uint32_t row = (uint32_t)i;
        for (size_t j = 0; j < w->c.n; j++) share[j] += there(w, j, &row);
        y += w->y[i] + w->plus;
        x += isnan(w->x[i]) ? out->lowest : w->x[i];
        rows++;
    }
    for (size_t j = 0; j < w->c.n; j++) share[j] /= rows;
    for (size_t k = 0; k < 3; k++) g[k] = RL_NEW(w->cx->tmp, double, q);
    double mean = settled(w, share, x / rows, g[0]), least = settled(w, share, out->lowest, g[1]);
    out->n_curve = CURVE;
    out->curve = RL_NEW(w->keep, rl_curve_point, CURVE);
    for (size_t i = 0; i < CURVE; i++) {
        double at = out->lowest + (out->highest - out->lowest) * (double)i / (CURVE - 1);
        double level = settled(w, share, at, g[2]);
        total t = total_new(w);
        double up = w->scale == OF_LOG ? y / rows * rl_exp(level - mean) : 1,
               down = w->scale == OF_LOG ? y / rows * rl_exp(least - mean) : 1;
        t.est = w->scale == OF_LOG ? up - down : level - least;
        for (size_t p = 0; p < q; p++)
            t.g[p] = w->scale == OF_LOG ? up * (g[2][p] - g[0][p]) - down * (g[1][p] - g[0][p]) : g[2][p] - g[1][p];
        out->curve[i] = (rl_curve_point){at, interval(w, &t, 1)};
    }
}

/* --- all of them ---------------------------------------------------------------------------------------- */

static scale scale_of(const rl_lagged *l, double *plus)
{
    const rl_expr *y = l->y;
    *plus = 0;
    if (l->r->estimator->family == RL_POISSON) return y->op == RL_OP_COL ? OF_LOG : NO_MONEY;
    if (l->r->estimator->family != RL_LINEAR) return NO_MONEY;
    if (y->op == RL_OP_COL) return AS_IT_IS;
    if (y->op != RL_OP_FN || y->a->op != RL_OP_COL) return NO_MONEY;
    *plus = y->fn == RL_FN_LOG1P;
    return y->fn == RL_FN_LOG || y->fn == RL_FN_LOG1P ? OF_LOG : NO_MONEY;
}

/* The times of the rows used, ascending, each once. */
static int32_t *times_used(const rl_result *r, const int32_t *at, size_t *n, rl_arena *in)
{
    int32_t *t = RL_NEW(in, int32_t, r->rows_used);
    for (size_t i = 0; i < r->rows_used; i++) t[i] = at[r->row[i]];
    *n = rl_order_different_int(t, r->rows_used);
    return t;
}

static rl_code answer(work *w, const char *column, double margin, const rl_channels *all, rl_channel *out)
{
    const rl_col *x;
    RL_TRY(rl_table_need(w->l->t, column, "the formula", &x, w->cx));
    *out = (rl_channel){.column = rl_strdup(w->keep, column)};
    w->x = x->num;
    out->why = prepare(w, column, out);
    if (out->why != NULL) return RL_OK;
    out->answered = true;
    gains(w, all, margin, out);
    marginal(w, out);
    curve(w, out);
    return RL_OK;
}

static rl_code open_lagged(const rl_request *req, const rl_table *t, const rl_result *r, rl_lagged *l, rl_arena *keep,
                           rl_ctx *cx)
{
    rl_formula *f = RL_NEW(keep, rl_formula, 1);
    RL_TRY(rl_formula_parse(r->formula, f, keep, cx));
    return rl_lagged_open(req, f, req->unit, req->time, t, r, l, keep, cx);
}

rl_code rl_channels_make(const rl_request *req, const rl_table *t, const rl_result *r, const char *const *spend,
                         size_t n, double margin, rl_channels *out, rl_arena *keep, rl_ctx *cx)
{
    rl_lagged l;
    *out = (rl_channels){0};
    if (n == 0 || r->row == NULL) return RL_OK;
    if (open_lagged(req, t, r, &l, keep, cx) != RL_OK) {
        if (cx->err.code != RL_EUSAGE) return cx->err.code;
        out->why = rl_strdup(keep, cx->err.what);
        rl_forgive(cx);
        return RL_OK;
    }
    work w = {.l = &l, .cx = cx, .keep = keep, .level = r->level, .quarter = rl_lagged_quarter(&l)};
    w.scale = scale_of(&l, &w.plus);
    if (w.scale == NO_MONEY) {
        out->why = rl_sprintf(keep, "money cannot be read off '%s'", l.f->y->text);
        return RL_OK;
    }
    const rl_col *y = rl_table_col(t, rl_expr_column(l.y));
    unsigned char *used = RL_NEW(cx->tmp, unsigned char, t->n);
    for (size_t i = 0; i < r->rows_used; i++) used[r->row[i]] = 1;
    w.used = used;
    w.y = y->num;
    RL_TRY(make_lines(&w));
    out->outcome = rl_strdup(keep, y->name);
    out->relative = w.scale == OF_LOG;
    out->quarter = w.quarter;
    out->period = times_used(r, l.scene.at, &out->n_periods, keep);
    out->actual = RL_NEW(keep, double, out->n_periods);
    for (size_t i = 0; i < r->rows_used; i++) out->actual[period_at(out, l.scene.at[r->row[i]])] += w.y[r->row[i]];
    out->v = RL_NEW(keep, rl_channel, n);
    for (size_t i = 0; i < n; i++) RL_TRY(answer(&w, spend[i], margin, out, &out->v[out->n++]));
    return RL_OK;
}

/* --- actual and fitted ------------------------------------------------------------------------------------ */

enum { MOST_ACF = 24 };

/* Sums of e_t e_{t-k} over units, by the calendar, over the sum of squares. */
static rl_code autocorrelations(const rl_result *r, rl_lagged *l, rl_trace *out, rl_arena *keep, rl_ctx *cx)
{
    rl_line rows;
    uint32_t *order;
    RL_TRY(in_time(l, &l->scene, &rows, &order, cx));
    const rl_track *t = &rows.track;
    double *e = RL_NEW(cx->tmp, double, l->t->n), *sum = RL_NEW(cx->tmp, double, MOST_ACF + 1);
    for (size_t i = 0; i < l->t->n; i++) e[i] = NAN;
    for (size_t i = 0; i < r->rows_used; i++) e[r->row[i]] = r->residual[i];
    out->n_acf = out->n / 4 < MOST_ACF ? out->n / 4 : MOST_ACF;
    for (size_t p = 0; p < t->n; p++)
        for (size_t q = p + 1; q-- > 0;) {
            int64_t k = (int64_t)t->at[p] - t->at[q];
            if ((t->unit != NULL && t->unit[p] != t->unit[q]) || k > (int64_t)out->n_acf) break;
            if (!isnan(e[order[p]]) && !isnan(e[order[q]])) sum[k] += e[order[p]] * e[order[q]];
        }
    out->acf = RL_NEW(keep, double, out->n_acf);
    for (size_t k = 1; k <= out->n_acf; k++) out->acf[k - 1] = sum[0] > 0 ? sum[k] / sum[0] : 0;
    out->bound = 1.959963984540054 / sqrt((double)r->rows_used);
    return RL_OK;
}

rl_code rl_trace_make(const rl_request *req, const rl_table *t, const rl_result *r, rl_trace *out, rl_arena *keep,
                      rl_ctx *cx)
{
    rl_lagged l;
    *out = (rl_trace){0};
    if (r->residual == NULL || req->time == NULL) return RL_OK;
    if (open_lagged(req, t, r, &l, keep, cx) != RL_OK) {
        if (cx->err.code != RL_EUSAGE) return cx->err.code;
        rl_forgive(cx);
        return RL_OK;
    }
    rl_channels at = {0};
    at.period = times_used(r, l.scene.at, &at.n_periods, keep);
    *out = (rl_trace){.n = at.n_periods,
                      .period = at.period,
                      .actual = RL_NEW(keep, double, at.n_periods),
                      .fitted = RL_NEW(keep, double, at.n_periods)};
    double *rows = RL_NEW(cx->tmp, double, at.n_periods);
    for (size_t i = 0; i < r->rows_used; i++) {
        size_t p = period_at(&at, l.scene.at[r->row[i]]);
        rows[p]++;
        out->fitted[p] += (r->fitted[i] - out->fitted[p]) / rows[p];
        out->actual[p] += (r->fitted[i] + r->residual[i] - out->actual[p]) / rows[p];
    }
    return autocorrelations(r, &l, out, keep, cx);
}
