/* What estimator cs says of cells: refusals by name, and cohorts of one unit. */
#include "base/str.h"
#include "model/est_cs.h"

static const char *when(const rl_cs *p, int32_t time, rl_ctx *cx)
{
    return rl_time_words(p->it.d->clock, time, cx->tmp);
}

static size_t rows_of(const rl_did_sample *s, size_t q) { return s->part[q][0].n + s->part[q][1].n; }

/* Rows of cohort c before its start. */
static size_t rows_before(const rl_cs *p, size_t c)
{
    size_t n = 0;
    for (size_t t = 0; t < p->r->T && p->r->time[t] < p->r->cohort_time[c]; t++)
        n += rl_items_at(&p->it, t, t, c, c + 1).n;
    return n;
}

static const char *empty_words(const rl_cs *p, const rl_cs_cell *a, rl_did_group q, rl_ctx *cx)
{
    bool before = q == RL_DID_CONTROL_BEFORE || q == RL_DID_TREATED_BEFORE;
    const char *t = when(p, p->r->time[before ? a->base : a->t], cx), *base = before ? ", the base period" : "";
    if (q == RL_DID_CONTROL || q == RL_DID_CONTROL_BEFORE)
        return rl_sprintf(cx->tmp, "no control has a row at %s%s", t, base);
    if (rows_before(p, a->c) == 0) return "the cohort has no row before its start";
    return rl_sprintf(cx->tmp, "the cohort has no row at %s%s", t, base);
}

/* "cell of cohort 4 and time 6: .." */
static const char *words(const rl_cs *p, const rl_cs_cell *a, const rl_did_trouble *t, rl_ctx *cx)
{
    static const char *const GROUP[] = {"controls", "treated", "controls of the base period",
                                        "treated of the base period"};
    rl_did_sample s = rl_cs_sample(p, a);
    const char *const *name = p->it.d->x_name;
    const char *cell = rl_sprintf(cx->tmp, "cell of cohort %s and time %s", when(p, p->r->cohort_time[a->c], cx),
                                  when(p, p->r->time[a->t], cx));
    size_t n = 0;
    switch (t->what) {
    case RL_DID_EMPTY:
        return rl_sprintf(cx->tmp, "%s: %s", cell, empty_words(p, a, t->group, cx));
    case RL_DID_COLLINEAR:
        for (size_t q = 0; q < s.groups; q++) n += t->group == RL_DID_GROUPS || q == t->group ? rows_of(&s, q) : 0;
        return rl_sprintf(cx->tmp, "%s: '%s' does not vary, or depends on the columns before it, among the %zu %s",
                          cell, name[t->column], n, t->group == RL_DID_GROUPS ? "rows of the cell" : GROUP[t->group]);
    case RL_DID_OVERLAP:
        for (size_t q = 1; q < s.groups; q += 2) n += rows_of(&s, q);
        return rl_sprintf(cx->tmp,
                          "%s: no overlap: '%s' tells treated and controls apart (propensity score up to %.3f, %zu "
                          "rows at .999 or more, %zu treated rows)",
                          cell, name[rl_did_telling(&s, a->gamma)], t->score, t->rows, n);
    default:
        return rl_sprintf(cx->tmp, "%s: no weights of the controls balance the covariates ('%s' is furthest off)", cell,
                          name[rl_did_telling(&s, a->gamma)]);
    }
}

rl_code rl_cs_refuse(const rl_cs *p, const rl_cs_cell *a, const rl_did_trouble *t, rl_ctx *cx)
{
    bool of_controls = t->group == RL_DID_CONTROL || t->group == RL_DID_CONTROL_BEFORE;
    rl_fail(cx, t->what == RL_DID_STUCK ? RL_ENUM : RL_EDATA, "%s", words(p, a, t, cx));
    switch (t->what) {
    case RL_DID_EMPTY:
        if (p->never && of_controls) return rl_hint(cx, "--control notyet adds units not yet treated to the controls");
        return rl_hint(cx, "leave the cohort out, or give it the rows that are missing");
    case RL_DID_COLLINEAR:
        return rl_hint(cx, "leave the covariate out%s", p->never ? ", or take more controls: --control notyet" : "");
    case RL_DID_OVERLAP:
        return rl_hint(cx, "leave it out, or use --method reg, which needs no propensity score but extrapolates");
    default:
        return rl_hint(cx, "--method dr needs no exact balance");
    }
}

void rl_cs_lost(const rl_cs *p, const rl_did_trouble *trouble, rl_ctx *cx)
{
    enum { SAID = 4 };
    rl_str s = rl_str_new(cx->tmp);
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (trouble[i].what == RL_DID_FINE) continue;
        if (n++ < SAID) rl_str_addf(&s, "%s%s", n > 1 ? "; " : "", words(p, &p->cell[i], &trouble[i], cx));
    }
    if (n == 0) return;
    rl_remark(cx, "design", "%zu cell%s before treatment %s no answer and %s left out: %s%s", n, n > 1 ? "s" : "",
              n > 1 ? "have" : "has", n > 1 ? "are" : "is", rl_str_text(&s), n > SAID ? "; .." : "");
}

/* Bases further back than the last period before treatment: the first of them by name. */
void rl_cs_remarks(const rl_cs *p, rl_ctx *cx)
{
    const rl_roster *r = p->r;
    for (size_t c = 0; c < p->it.C && p->further_back > 0; c++) {
        int32_t last = rl_roster_period(r, (int64_t)r->cohort_time[c] - p->anticipation - 1), base = last;
        for (size_t i = p->first[c]; i < p->first[c + 1]; i++)
            if (r->time[p->cell[i].t] >= r->cohort_time[c]) base = p->cell[i].base;
        if (base == last) continue;
        const char *more = p->further_back > 1 ? rl_sprintf(cx->tmp, "; %zu cohorts in all", p->further_back) : "";
        rl_remark(
            cx, "design",
            "cohort %s has no row at %s, the last period before treatment: its base is %s, the last one with rows%s",
            when(p, r->cohort_time[c], cx), when(p, r->time[last], cx), when(p, r->time[base], cx), more);
        return;
    }
}
