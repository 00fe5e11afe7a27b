/* Designs that carry less than their errors say: cohorts, controls and averages of one unit, few clusters.
 *
 * A unit's influence is its distance from those it is averaged with.  One that is alone in its cohort, in an event time
 * or among the controls has none: what is particular to it is taken for the effect, and the errors leave it out.  That
 * is a matter of the design, whatever the method; here it is looked at once for all of them.  Who counts as one is what
 * errors are made of: a cluster, a unit, or a row where rows are units of their own. */
#include <string.h>

#include "base/str.h"
#include "model/infer_work.h"

enum { FEW = 4, SAID = 4, FEW_CLUSTERS = 30 };

/* Different members, up to FEW of them. */
typedef struct crowd {
    int32_t who[FEW - 1];
    uint8_t n; /* FEW = that many or more                       */
} crowd;

typedef struct thin {
    const rl_design *d;
    const rl_request *r;
    const int32_t *member;  /* n  NULL = every row by itself                */
    const char *one, *many; /* "unit", "units"                              */
    const char *are;        /* what the treated do with one of them         */
    const double *part;     /* of the table's rows (ddd: --partition), or NULL           */
    size_t C, T;            /* cohorts, the never treated last; periods     */
    int32_t *cohort;        /* C-1  ascending                               */
    crowd *cell;            /* C by parts by T+1: treated (or never treated) by period, then in all */
    crowd all, *event;      /* those who are treated; n_event  all of theirs, from event time `first` on */
    int64_t first;
    size_t n_event;
} thin;

static void join(crowd *c, int32_t who)
{
    for (size_t i = 0; i < c->n && i < FEW - 1; i++)
        if (c->who[i] == who) return;
    if (c->n < FEW - 1) c->who[c->n] = who;
    if (c->n < FEW) c->n++;
}

/* Who counts as one; false where errors are not made of members' own influence (of one variance, of periods). */
static bool settle_members(thin *s, rl_ctx *cx)
{
    const rl_design *d = s->d;
    rl_vcov_kind v = d->vcov.kind;
    bool units = d->unit.G > 0 && !s->r->rcs, by_row = v == RL_HC0 || v == RL_HC1 || v == RL_HC2 || v == RL_HC3;
    if (!by_row && v != RL_CLUSTER && v != RL_CR2 && v != RL_CR3 && v != RL_WILD) return false;
    s->are = "are";
    if (!by_row && (d->vcov.ways == 1 || !units)) {
        s->member = d->cluster[0].code;
        bool same = units && strcmp(d->vcov.by[0], d->unit_name) == 0;
        if (!same) s->are = "lie in";
        s->one = same ? "unit" : rl_sprintf(cx->tmp, "cluster of '%s'", d->vcov.by[0]);
        s->many = same ? "units" : rl_sprintf(cx->tmp, "clusters of '%s'", d->vcov.by[0]);
        return true;
    }
    s->member = units ? d->unit.code : NULL;
    s->one = units ? "unit" : "row";
    s->many = units ? "units" : "rows";
    return true;
}

/* Place of a cohort among the C listed; C for the never treated. */
static size_t place(const thin *s, int32_t cohort, size_t C)
{
    size_t lo = 0, hi = C;
    if (cohort == RL_NEVER) return C;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (s->cohort[mid] < cohort)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void list_cohorts(thin *s, rl_ctx *cx)
{
    size_t n = 0, room = 16;
    int32_t last = RL_NEVER;
    s->cohort = RL_NEW(cx->tmp, int32_t, room);
    for (size_t i = 0; i < s->d->n; i++) {
        int32_t g = s->d->cohort[i];
        if (g == RL_NEVER || g == last) continue;
        last = g;
        size_t at = place(s, g, n);
        if (at < n && s->cohort[at] == g) continue;
        if (n == room) {
            s->cohort = rl_regrow(cx->tmp, s->cohort, room, 2 * room, sizeof *s->cohort);
            room *= 2;
        }
        memmove(s->cohort + at + 1, s->cohort + at, (n - at) * sizeof *s->cohort);
        s->cohort[at] = g;
        n++;
    }
    s->C = n + 1;
}

static crowd *row_of(const thin *s, size_t c, size_t part)
{
    return s->cell + (c * (s->part != NULL ? 2 : 1) + part) * (s->T + 1);
}

/* The event time of a treated unit's row; `event` puts what is beyond its window into the ends of it. */
static int64_t event_of(const thin *s, size_t i)
{
    const rl_request *r = s->r;
    int64_t e = (int64_t)s->d->at[i] - s->d->cohort[i];
    if (r->estimator->frame != RL_FRAME_EVENT || !r->has_window) return e;
    return e < r->window_lo ? r->window_lo : e > r->window_hi ? r->window_hi : e;
}

/* Room for all crowds, or false where that is far more than rows. */
static bool make_room(thin *s, rl_ctx *cx)
{
    const rl_design *d = s->d;
    size_t most = d->n + d->n / 2 + 1000; /* 16 bytes each; cohorts of one unit each, seen throughout, fit in */
    int64_t last = 0;
    list_cohorts(s, cx);
    for (size_t i = 0; i < d->n; i++) {
        if (d->cohort[i] == RL_NEVER) continue;
        int64_t e = event_of(s, i);
        if (e < s->first) s->first = e;
        if (e > last) last = e;
    }
    s->T = d->time.G;
    s->n_event = (size_t)(last - s->first) + 1;
    size_t cells = s->C * (s->part != NULL ? 2 : 1) * (s->T + 1);
    if (cells > most || s->n_event > most) return false;
    s->cell = RL_NEW(cx->tmp, crowd, cells);
    s->event = RL_NEW(cx->tmp, crowd, s->n_event);
    return true;
}

static void count(thin *s)
{
    const rl_design *d = s->d;
    for (size_t i = 0; i < d->n; i++) {
        int32_t who = s->member != NULL ? s->member[i] : (int32_t)i, g = d->cohort[i];
        if (who < 0) continue;
        if (g == RL_NEVER || d->at[i] >= g) {
            crowd *row = row_of(s, place(s, g, s->C - 1), s->part != NULL && s->part[d->row[i]] != 0);
            join(&row[d->time.code[i]], who);
            join(&row[s->T], who);
        }
        if (g == RL_NEVER) continue;
        if (d->at[i] >= g) join(&s->all, who);
        join(&s->event[event_of(s, i) - s->first], who);
    }
}

/* --- what is said ------------------------------------------------------------------------- */

static const char LOOK[] = "and look smaller than they are";

/* The fewest of one period, where there is anyone. */
static size_t least(const thin *s, const crowd *row)
{
    size_t n = row[s->T].n;
    for (size_t t = 0; t < s->T; t++)
        if (row[t].n > 0 && row[t].n < n) n = row[t].n;
    return n;
}

static const char *part_words(const thin *s, size_t part, rl_ctx *cx)
{
    return s->part != NULL ? rl_sprintf(cx->tmp, " with '%s' %zu", s->r->partition, part) : "";
}

static void say_cohorts(const thin *s, rl_ctx *cx)
{
    rl_str names = rl_str_new(cx->tmp);
    size_t n = 0, P = s->part != NULL ? 2 : 1;
    bool always = true;
    for (size_t c = 0; c + 1 < s->C; c++)
        for (size_t p = 0; p < P; p++) {
            const crowd *row = row_of(s, c, p);
            if (least(s, row) != 1) continue;
            always = always && row[s->T].n == 1;
            if (n++ < SAID)
                rl_str_addf(&names, "%s%s%s", n > 1 ? ", " : "", rl_time_words(s->d->clock, s->cohort[c], cx->tmp),
                            part_words(s, p, cx));
        }
    if (n == 0) return;
    if (n > SAID) rl_str_addf(&names, " and %zu more", n - SAID);
    rl_remark(cx, "design", "cohort%s %s %s one %s%s%s: errors there are those of the controls alone, %s",
              n > 1 ? "s" : "", rl_str_text(&names), n > 1 ? "have" : "has", s->one, n > 1 ? " each" : "",
              always ? "" : " in some period", LOOK);
}

/* The treated behind an estimate that is not of one cohort and period, or NULL. */
static const crowd *behind(const thin *s, const rl_label *l)
{
    if (strcmp(l->term, "overall") == 0) return &s->all;
    if (l->group != RL_NO_ID || l->event == RL_NO_ID || rl_is_reference(s->r, l->event)) return NULL;
    int64_t at = l->event - s->first;
    return at < 0 || at >= (int64_t)s->n_event ? NULL : &s->event[at];
}

/* Where cohorts are thrown together, averages that only one of the treated is in. */
static void say_averages(const thin *s, const rl_fit *f, rl_ctx *cx)
{
    size_t n = 0, first = 0;
    for (size_t j = f->m; j-- > 0;) {
        const crowd *c = behind(s, &f->label[j]);
        if (c == NULL || c->n != 1) continue;
        n++;
        first = j;
    }
    if (s->all.n == 1)
        rl_remark(cx, "design", "the treated %s one %s: errors are those of the controls alone, %s", s->are, s->one,
                  LOOK);
    else if (n > 0)
        rl_remark(cx, "design",
                  "%zu estimate%s on one treated %s%s (the first is '%s'): errors there are those of the controls "
                  "alone, %s",
                  n, n > 1 ? "s rest" : " rests", s->one, n > 1 ? " each" : "",
                  rl_label_text(&f->label[first], cx->tmp), LOOK);
}

static void say_controls(const thin *s, rl_ctx *cx)
{
    for (size_t p = 0; p < (s->part != NULL ? 2 : 1); p++) {
        const crowd *row = row_of(s, s->C - 1, p);
        size_t n = least(s, row);
        const char *where = row[s->T].n > n ? " in some period" : "", *part = part_words(s, p, cx);
        if (n == 1)
            rl_remark(cx, "design",
                      "the never treated%s %s one %s%s: where that is the only control, errors are those of the "
                      "treated alone, %s",
                      part, s->are, s->one, where, LOOK);
        else if (n > 0 && n < FEW)
            rl_remark(cx, "design",
                      "the never treated%s %s only %zu %s%s: where those are the only controls, errors look smaller "
                      "than they are",
                      part, s->are, n, s->many, where);
    }
}

static bool for_programme(const rl_infer_work *w, const rl_request *r)
{
    const rl_design *d = w->d;
    return r->estimator != NULL && r->estimator->needs_cohort && d->cohort != NULL && d->at != NULL && d->time.G > 0 &&
           !w->f->perfect && !w->f->lone_count;
}

void rl_infer_say_thin(const rl_infer_work *w, const rl_request *r, rl_ctx *cx)
{
    thin s = {.d = w->d, .r = r};
    const rl_col *part = r->partition != NULL ? rl_table_col(w->d->t, r->partition) : NULL;
    if (w->f->refit != NULL) return; /* placebos are made for one treated unit, and the jackknife refuses one */
    if (w->d->vcov.kind == RL_CLUSTER && w->G < FEW_CLUSTERS && !w->small)
        rl_remark(cx, "clusters", "only %zu clusters: intervals that rest on so few tend to be too short", w->G);
    if (!for_programme(w, r) || !settle_members(&s, cx)) return;
    if (part != NULL && part->type == RL_NUM) s.part = part->num;
    if (!make_room(&s, cx)) return;
    count(&s);
    if (r->estimator->by_cohort)
        say_cohorts(&s, cx);
    else
        say_averages(&s, w->f, cx);
    say_controls(&s, cx);
}
