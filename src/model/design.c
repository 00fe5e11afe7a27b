#include "model/design.h"

#include <string.h>

#include "base/par.h"
#include "model/build.h"
#include "model/forms.h"
#include "model/reach.h"

/* --- losing rows -------------------------------------------------------------- */

void rl_build_lose(rl_build *b, const char *why, size_t rows, rl_ctx *cx)
{
    if (rows == 0) return;
    rl_design *d = b->d;
    if (d->dropped == NULL) d->dropped = RL_NEW(cx->tmp, rl_dropped, 32);
    d->dropped[d->n_dropped++] = (rl_dropped){why, rows};
    b->left -= rows;
}

static rl_code nothing_left(rl_build *b, rl_ctx *cx)
{
    const rl_design *d = b->d;
    if (b->t->n == 0) return rl_fail(cx, RL_EDATA, "the data have no rows");
    rl_str s = rl_str_new(cx->tmp);
    for (size_t i = 0; i < d->n_dropped; i++)
        rl_str_addf(&s, "%s%zu %s", i ? ", " : "", d->dropped[i].rows, d->dropped[i].why);
    rl_fail(cx, RL_EDATA, "no row is left of %zu: %s", b->t->n, rl_str_text(&s));
    size_t k = b->f.constant;
    for (size_t j = 0; j < b->n_var; j++) k += b->var[j].factor ? 1 : b->var[j].width;
    size_t units = b->unit.G > 0 ? b->unit.G : 1;
    if (rl_hint_stride(b, cx)) return RL_EDATA;
    rl_hint_fewer_lags(&b->f, units, rl_reach_short(b, units), k, cx);
    return RL_EDATA;
}

static rl_code take_subset(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    const rl_col *c;
    size_t lost = 0;
    double want = 0;
    if (r->subset_col == NULL) return RL_OK;
    RL_TRY(rl_table_need(b->t, r->subset_col, "--subset", &c, cx));
    bool number = rl_number_parse(r->subset_value, strlen(r->subset_value), RL_NUMBERS_PLAIN, &want);
    for (size_t i = 0; i < b->t->n; i++) {
        char buf[32];
        bool in = !rl_missing(c, i);
        if (in && c->type == RL_NUM)
            in = number && c->num[i] == want;
        else if (in)
            in = strcmp(rl_cell_text(c, i, buf), r->subset_value) == 0;
        if (in) continue;
        b->keep[i] = 0;
        lost++;
    }
    if (lost == b->t->n && lost > 0)
        return rl_fail(cx, RL_EDATA, "no row has '%s' = '%s' (%zu rows read)", r->subset_col, r->subset_value, lost);
    rl_build_lose(b, "outside the subset", lost, cx);
    return RL_OK;
}

static rl_code take_weights(rl_build *b, rl_ctx *cx)
{
    const rl_col *c;
    size_t lost = 0;
    if (b->req->weights == NULL) return RL_OK;
    RL_TRY(rl_table_need(b->t, b->req->weights, "--weights", &c, cx));
    if (c->type != RL_NUM) return rl_fail(cx, RL_EINPUT, "column '%s' (--weights) must hold numbers", c->name);
    b->w = c->num;
    for (size_t i = 0; i < b->t->n; i++) {
        char buf[32];
        if (!b->keep[i]) continue;
        if (b->w[i] < 0)
            return rl_fail_cell(b->t, c, i, cx, RL_EINPUT, "a negative weight, %s (column '%s')",
                                rl_num_text(buf, b->w[i]), c->name);
        if (b->w[i] != 0) continue;
        b->keep[i] = 0;
        lost++;
    }
    rl_build_lose(b, "weight 0", lost, cx);
    return RL_OK;
}

static rl_code take_offset(rl_build *b, rl_ctx *cx)
{
    const rl_col *c;
    if (b->req->offset == NULL) return RL_OK;
    RL_TRY(rl_table_need(b->t, b->req->offset, "--offset", &c, cx));
    if (c->type != RL_NUM) return rl_fail(cx, RL_EINPUT, "column '%s' (--offset) must hold numbers", c->name);
    b->offset = c->num;
    return RL_OK;
}

/* --- groups --------------------------------------------------------------------- */

rl_code rl_build_groups(rl_build *b, const char *name, const char *what_for, rl_groups *g, rl_ctx *cx)
{
    rl_effect e;
    const rl_col *c;
    RL_TRY(rl_effect_parse(name, &e, cx->tmp, cx));
    for (size_t i = 0; i < e.n; i++) {
        rl_groups one, both;
        RL_TRY(rl_table_need(b->t, e.col[i], what_for, &c, cx));
        if (strcmp(what_for, "cluster") == 0)
            rl_groups_seen(c, b->t->n, &one, cx->tmp, cx);
        else
            rl_groups_of(c, b->t->n, &one, cx->tmp, cx);
        if (i == 0) {
            *g = one;
            continue;
        }
        rl_groups_join(g, &one, b->t->n, &both, cx->tmp, cx);
        *g = both;
    }
    return RL_OK;
}

static rl_code take_axes(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    const rl_col *c;
    if (r->time != NULL) {
        RL_TRY(rl_table_need(b->t, r->time, "--time", &c, cx));
        b->at = RL_NEW(cx->tmp, int32_t, b->t->n);
        RL_TRY(rl_times_of(b->t, c, r->calendar, r->numbered, &b->d->clock, b->at, cx));
    }
    if (r->unit != NULL) RL_TRY(rl_build_groups(b, r->unit, "--unit", &b->unit, cx));
    for (size_t i = 0; i < r->n_covariates; i++) {
        rl_groups one, both;
        RL_TRY(rl_build_groups(b, r->covariates[i], "covariates", &one, cx));
        if (i == 0) {
            b->trait = one;
            continue;
        }
        rl_groups_join(&b->trait, &one, b->t->n, &both, cx->tmp, cx);
        b->trait = both;
    }
    for (size_t i = 0; i < b->d->vcov.ways; i++)
        RL_TRY(rl_build_groups(b, b->d->vcov.by[i], "cluster", &b->cluster[i], cx));
    if (b->d->vcov.draw_by != NULL) RL_TRY(rl_build_groups(b, b->d->vcov.draw_by, "cluster", &b->drawn, cx));
    return RL_OK;
}

static rl_code take_past(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    rl_past *p = &b->d->past;
    rl_line line;
    RL_TRY(rl_scene_line(&b->scene, b->d->formula->y, &line, cx));
    uint32_t *row = RL_NEW(cx->tmp, uint32_t, line.track.n);
    for (size_t q = 0; q < line.track.n; q++) row[q] = rl_line_row(&line, q);
    *p = (rl_past){line.track.n, row, b->unit.code, b->at, b->y, r->n_predetermined + r->n_endogenous, NULL};
    p->x = RL_NEW(cx->tmp, double *, p->n_x);
    for (size_t j = 0; j < p->n_x; j++) {
        const char *name = j < r->n_predetermined ? r->predetermined[j] : r->endogenous[j - r->n_predetermined];
        rl_formula f;
        RL_TRY(rl_formula_parse(rl_sprintf(cx->tmp, "%s ~ 1", name), &f, cx->tmp, cx));
        p->x[j] = RL_NEW(cx->tmp, double, b->t->n);
        RL_TRY(rl_eval(&b->scene, f.y, 0, p->x[j], cx));
    }
    return RL_OK;
}

static rl_code take_effects(rl_build *b, rl_ctx *cx)
{
    size_t most = b->f.n_effects + 2;
    b->effect = RL_NEW(cx->tmp, rl_groups, most);
    b->d->fe_name = RL_NEW(cx->tmp, const char *, most);
    for (size_t f = 0; f < b->f.n_effects; f++) {
        const rl_effect *e = &b->f.effect[f];
        for (size_t i = 0; i < e->n; i++) {
            rl_groups one, both;
            const rl_col *c;
            RL_TRY(rl_table_need(b->t, e->col[i], "the formula", &c, cx));
            rl_groups_seen(c, b->t->n, &one, cx->tmp, cx);
            if (i > 0) {
                rl_groups_join(&b->effect[f], &one, b->t->n, &both, cx->tmp, cx);
                one = both;
            }
            b->effect[f] = one;
        }
        b->d->fe_name[f] = e->text;
    }
    b->d->fe.n_fe = b->f.n_effects;
    return rl_build_did_effects(b, cx);
}

/* --- the rows used ---------------------------------------------------------------- */

static void number_row(size_t block, void *arg)
{
    rl_design *d = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > d->t->n) to = d->t->n;
    for (size_t i = from; i < to; i++) d->row[i] = (uint32_t)i;
}

/* None has been lost so far. */
static void list_all(rl_build *b, rl_ctx *cx)
{
    b->d->n = b->t->n;
    rl_par(rl_blocks(b->d->n, RL_ROWS_PER_BLOCK), number_row, b->d, cx);
}

static void list_rows(rl_build *b)
{
    b->d->n = 0;
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i]) b->d->row[b->d->n++] = (uint32_t)i;
}

static void number_effects(rl_build *b, rl_ctx *cx)
{
    rl_fe *fe = &b->d->fe;
    fe->levels = RL_NEW(cx->tmp, size_t, fe->n_fe);
    fe->code = RL_NEW(cx->tmp, const int32_t *, fe->n_fe);
    b->d->fe_label = RL_NEW(cx->tmp, const char **, fe->n_fe);
    for (size_t f = 0; f < fe->n_fe; f++) {
        rl_groups g;
        rl_groups_keep(&b->effect[f], b->d->row, b->d->n, &g, cx->tmp);
        fe->levels[f] = g.G;
        fe->code[f] = g.code;
        b->d->fe_label[f] = g.label;
    }
}

static size_t one_turn_of_singletons(rl_build *b, rl_ctx *cx)
{
    rl_design *d = b->d;
    if (b->req->keep_singletons || !rl_any_singleton(&d->fe, d->n, cx)) return 0;
    unsigned char *stay = RL_NEW(cx->tmp, unsigned char, d->n);
    size_t lost = rl_singletons(&d->fe, d->n, stay, cx);
    for (size_t i = 0; i < d->n && lost > 0; i++)
        if (!stay[i]) b->keep[d->row[i]] = 0;
    rl_release(cx->tmp, stay);
    return lost;
}

/* Rows that the effects fit whatever the outcome, and for likelihoods levels
 * whose outcome they fit; one kind can make the other, so in turns. */
static rl_code drop_singletons(rl_build *b, rl_ctx *cx)
{
    rl_design *d = b->d;
    size_t singles = 0, perfect = 0, lost = 1, before;
    if (b->left == b->t->n)
        list_all(b, cx);
    else
        list_rows(b);
    number_effects(b, cx);
    before = d->n;
    for (int turn = 0; lost > 0 && d->fe.n_fe > 0 && d->n > 0; turn++) {
        size_t p = rl_build_perfect(b, cx);
        if (p > 0) {
            list_rows(b);
            number_effects(b, cx);
        }
        lost = d->n > 0 && (turn == 0 || p > 0) ? one_turn_of_singletons(b, cx) : 0;
        perfect += p;
        singles += lost;
        if (lost == 0) break;
        list_rows(b);
        number_effects(b, cx);
    }
    if (singles + perfect == 0) return RL_OK;
    rl_str names = rl_str_new(cx->tmp);
    for (size_t f = 0; f < d->fe.n_fe; f++) rl_str_addf(&names, "%s'%s'", f ? ", " : "", d->fe_name[f]);
    if (singles == before) {
        rl_fail(cx, RL_EDATA, "all %zu rows are singletons: each is alone in its level of %s", singles,
                rl_str_text(&names));
        return rl_hint(cx, "effects need levels with two rows or more");
    }
    if (d->n == 0) {
        rl_fail(cx, RL_EDATA, "nothing to estimate: '%s' does not vary within any level of %s", b->f.y->text,
                rl_str_text(&names));
        return rl_hint(cx, "%zu %s in levels where it is always the same, %zu %s alone in %s", perfect,
                       perfect == 1 ? "row is" : "rows are", singles, singles == 1 ? "is" : "are",
                       singles == 1 ? "its own" : "theirs");
    }
    bool logit = rl_build_family(b) == RL_LOGIT;
    rl_build_lose(b, logit ? "outcome always 0 or always 1 in a level" : "outcome always 0 in a level", perfect, cx);
    rl_build_lose(b, "singletons", singles, cx);
    if (perfect > 0)
        rl_remark(cx, "separation", "%zu %s of %s where '%s' is always 0%s and %s left out", perfect,
                  perfect == 1 ? "row is in a level" : "rows are in levels", rl_str_text(&names), b->f.y->text,
                  logit ? " or always 1" : "", perfect == 1 ? "was" : "were");
    if (singles > 0)
        rl_remark(cx, "singletons", "%zu %s level of %s and %s left out", singles,
                  singles == 1 ? "row was alone in its" : "rows were alone in their", rl_str_text(&names),
                  singles == 1 ? "was" : "were");
    return RL_OK;
}

/* Codes of times by their place in the span; where that has too many holes, sorted as any column is. */
static void number_times(rl_design *d, rl_ctx *cx)
{
    size_t span = (size_t)((int64_t)d->last_time - d->first_time) + 1;
    if (span > 4 * d->n + 1024) {
        rl_col c = {.name = "time", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, d->n), .field = -1};
        for (size_t i = 0; i < d->n; i++) c.num[i] = d->at[i];
        rl_groups_of(&c, d->n, &d->time, cx->tmp, cx);
        rl_release(cx->tmp, c.num);
        return;
    }
    int32_t *code = RL_NEW(cx->tmp, int32_t, span);
    for (size_t i = 0; i < d->n; i++) code[d->at[i] - d->first_time] = 1;
    d->time = (rl_groups){.code = RL_NEW(cx->tmp, int32_t, d->n), .every = d->n};
    for (size_t t = 0; t < span; t++)
        if (code[t] > 0) code[t] = (int32_t)d->time.G++;
    for (size_t i = 0; i < d->n; i++) d->time.code[i] = code[d->at[i] - d->first_time];
    rl_release(cx->tmp, code);
}

static void gather_times(rl_build *b, rl_ctx *cx)
{
    rl_design *d = b->d;
    d->at = RL_NEW(cx->tmp, int32_t, d->n);
    d->first_time = INT32_MAX;
    d->last_time = INT32_MIN;
    for (size_t i = 0; i < d->n; i++) {
        d->at[i] = b->at[d->row[i]];
        if (d->at[i] < d->first_time) d->first_time = d->at[i];
        if (d->at[i] > d->last_time) d->last_time = d->at[i];
    }
    number_times(d, cx);
    d->time_at = RL_NEW(cx->tmp, int32_t, d->time.G);
    for (size_t i = 0; i < d->n; i++) d->time_at[d->time.code[i]] = d->at[i];
    if (d->forms == NULL && !b->req->estimator->past)
        rl_release(cx->tmp, b->at); /* what sees rows of other times has found them by now */
    b->at = NULL;
}

/* Everything by table row becomes everything by row used. */
static void gather(rl_build *b, rl_ctx *cx)
{
    rl_design *d = b->d;
    d->y = d->n == b->t->n ? b->y : RL_NEW(cx->tmp, double, d->n);
    for (size_t i = 0; i < d->n && d->y != b->y; i++) d->y[i] = b->y[d->row[i]];
    if (b->w != NULL) {
        double *w = RL_NEW(cx->tmp, double, d->n);
        for (size_t i = 0; i < d->n; i++) w[i] = b->w[d->row[i]];
        d->w = w;
    }
    if (b->offset != NULL) {
        double *offset = RL_NEW(cx->tmp, double, d->n);
        for (size_t i = 0; i < d->n; i++) offset[i] = b->offset[d->row[i]];
        d->offset = offset;
    }
    if (b->cohort != NULL) {
        d->cohort = RL_NEW(cx->tmp, int32_t, d->n);
        for (size_t i = 0; i < d->n; i++) d->cohort[i] = b->cohort[d->row[i]];
    }
    if (b->req->estimator->frame != RL_FRAME_PLAIN) {
        d->treated = RL_NEW(cx->tmp, double, d->n);
        for (size_t i = 0; i < d->n; i++) {
            uint32_t r = d->row[i];
            d->treated[i] = b->cohort != NULL ? b->cohort[r] != RL_NEVER && b->at[r] >= b->cohort[r] : b->treated[r];
        }
    }
    if (b->at != NULL) gather_times(b, cx);
    if (b->unit.G > 0) rl_groups_keep(&b->unit, d->row, d->n, &d->unit, cx->tmp);
    if (b->unit.G > 0 && d->unit.code != b->unit.code && d->forms == NULL && !b->req->estimator->past)
        rl_release(cx->tmp, b->unit.code);
    if (b->trait.G > 0) rl_groups_keep(&b->trait, d->row, d->n, &d->trait, cx->tmp);
    for (size_t c = 0; c < d->vcov.ways; c++) rl_groups_keep(&b->cluster[c], d->row, d->n, &d->cluster[c], cx->tmp);
    if (d->vcov.draw_by != NULL) rl_groups_keep(&b->drawn, d->row, d->n, &d->drawn, cx->tmp);
}

/* --- what the words ask for --------------------------------------------------------- */

static rl_code check_words(const rl_request *r, rl_ctx *cx)
{
    const rl_estimator *e = r->estimator;
    if (!(r->level > 0 && r->level < 1)) {
        rl_fail(cx, RL_EUSAGE, "the level must lie between 0 and 1");
        return rl_hint(cx, "--level 0.95 gives 95 %% intervals");
    }
    if (e->needs_unit && r->unit == NULL && !(r->rcs && e->rows)) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' needs --unit", e->name);
        if (!e->rows) return RL_EUSAGE;
        return rl_hint(cx, "with --rcs (repeated cross-sections) every row is a unit of its own");
    }
    if (e->needs_time && r->time == NULL) return rl_fail(cx, RL_EUSAGE, "estimator '%s' needs --time", e->name);
    if (e->needs_cohort && r->cohort == NULL && r->treated == NULL)
        return rl_fail(cx, RL_EUSAGE, "estimator '%s' needs --cohort or --treated", e->name);
    if (e->frame >= RL_FRAME_CELLS && r->unit == NULL && r->cohort == NULL)
        return rl_fail(cx, RL_EUSAGE, "estimator '%s' needs --cohort, or --unit with --treated", e->name);
    if (r->cohort != NULL && r->treated != NULL) return rl_fail(cx, RL_EUSAGE, "--cohort or --treated, not both");
    bool pairs = r->agg == RL_AGG_TYPE || r->agg == RL_AGG_PAIRS,
         aggregates = e->takes != NULL && strstr(e->takes, " agg ");
    if (pairs && aggregates && strcmp(e->name, "bacon") != 0) {
        rl_fail(cx, RL_EUSAGE, "--agg type and pairs are of estimator 'bacon'");
        return rl_hint(cx, "here --agg dynamic gives effects by time since the start, --agg simple one average");
    }
    return RL_OK;
}

/* Instruments, offsets and margins belong to some estimators only. */
static rl_code check_parts(const rl_request *r, const rl_formula *f, rl_ctx *cx)
{
    const rl_estimator *e = r->estimator;
    if (f->n_endo > 0 && !e->instruments) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' takes no instruments", e->name);
        return rl_hint(cx, "leave out the part with the second '~', or say --estimator iv");
    }
    if (f->n_endo == 0 && e->instruments) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' needs instruments", e->name);
        return rl_hint(cx, "write outcome ~ regressors | effects | endogenous ~ instruments, 0 for no effects");
    }
    if (r->family != RL_LINEAR && e->frame != RL_FRAME_CELLS)
        return rl_fail(cx, RL_EUSAGE, "--family does not apply to estimator '%s'", e->name);
    if (r->offset != NULL && e->family == RL_LINEAR)
        return rl_fail(cx, RL_EUSAGE, "--offset does not apply to estimator '%s'", e->name);
    if (r->margins && e->family == RL_LINEAR) {
        rl_fail(cx, RL_EUSAGE, "--margins does not apply to estimator '%s'", e->name);
        return rl_hint(cx, "its coefficients are effects in the unit of the outcome as they are");
    }
    return RL_OK;
}

/* Effects are recovered where least squares sweeps them out of the formula's own columns. */
static rl_code check_effects(const rl_request *r, const rl_formula *f, rl_ctx *cx)
{
    if (!r->keep_effects) return RL_OK;
    if (r->estimator->frame != RL_FRAME_PLAIN || r->estimator->family != RL_LINEAR || f->n_endo > 0)
        return rl_fail(cx, RL_EUSAGE, "--fe-out does not apply to estimator '%s'", r->estimator->name);
    if (f->n_effects > 0) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--fe-out: the formula has no fixed effects");
    return rl_hint(cx, "they stand behind '|', as in y ~ x | firm + year");
}

static rl_code choose_vcov(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    rl_vcov_spec *v = &b->d->vcov;
    *v = r->vcov;
    if (v->kind == RL_VCOV_DEFAULT && !r->estimator->by_unit) v->kind = RL_IID;
    if (v->kind == RL_VCOV_DEFAULT && r->rcs && r->unit == NULL) v->kind = RL_HC0; /* every row is a unit */
    if (v->kind == RL_VCOV_DEFAULT) {
        if (r->unit == NULL) {
            rl_fail(cx, RL_EUSAGE, "estimator '%s' clusters by unit, and no --unit is given", r->estimator->name);
            return rl_hint(cx, "say --vcov cluster:COL with the column that was assigned to treatment");
        }
        *v = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {r->unit}, .lag = -1};
    }
    if ((v->kind == RL_CR2 || v->kind == RL_CR3 || v->kind == RL_WILD) && v->ways == 0) {
        if (r->estimator->frame == RL_FRAME_PLAIN || r->unit == NULL) {
            rl_fail(cx, RL_EUSAGE, "--vcov %s names no cluster",
                    v->kind == RL_WILD  ? "wild"
                    : v->kind == RL_CR2 ? "CR2"
                                        : "CR3");
            return rl_hint(cx, "add the column, as in wild:account, or --cluster account");
        }
        v->by[v->ways++] = r->unit;
    }
    static const char *const BY_TIME[] = {
        [RL_NW] = "NW",   [RL_DK] = "DK",       [RL_HAC] = "HAC",
        [RL_EWC] = "EWC", [RL_BLOCK] = "block", [RL_WILD_DEPENDENT] = "wild-dependent"};
    if (BY_TIME[v->kind] != NULL && r->time == NULL) {
        rl_fail(cx, RL_EUSAGE, "--vcov %s needs to know the time of a row", BY_TIME[v->kind]);
        return rl_hint(cx, "add --panel UNIT,TIME, or --time COL for one series");
    }
    return RL_OK;
}

rl_code rl_design_make(const rl_request *req, const rl_table *t, rl_design *d, rl_ctx *cx)
{
    *d = (rl_design){.t = t, .unit_name = req->unit, .time_name = req->time, .keep_effects = req->keep_effects};
    rl_build b = {.req = req, .t = t, .d = d, .left = t->n};
    RL_TRY(check_words(req, cx));
    RL_TRY(choose_vcov(&b, cx));
    RL_TRY(rl_formula_parse(req->formula, &b.f, cx->tmp, cx));
    RL_TRY(check_parts(req, &b.f, cx));
    RL_TRY(check_effects(req, &b.f, cx));
    rl_formula *formula = RL_NEW(cx->tmp, rl_formula, 1);
    *formula = b.f;
    d->formula = formula;
    d->y_name = b.f.y->text;
    d->row = RL_NEW(cx->tmp, uint32_t, t->n);
    b.keep = RL_NEW(cx->tmp, unsigned char, t->n);
    memset(b.keep, 1, t->n);
    if (t->n == 0) return nothing_left(&b, cx);
    RL_TRY(take_subset(&b, cx));
    RL_TRY(take_axes(&b, cx));
    b.scene = (rl_scene){.t = t,
                         .keep = b.keep,
                         .na_drop = req->na_drop,
                         .formula = b.f.text,
                         .unit_name = req->unit,
                         .time_name = req->time,
                         .unit = req->unit != NULL ? &b.unit : NULL,
                         .at = b.at,
                         .season = d->clock.dates || req->numbered ? d->clock.cal : (rl_calendar){0}};
    RL_TRY(rl_forms_check(&b, cx));
    RL_TRY(rl_build_number(&b, b.f.y, 0, &b.y, cx));
    RL_TRY(rl_build_variables(&b, cx));
    RL_TRY(rl_forms_make(&b, cx));
    if (req->estimator->past) RL_TRY(take_past(&b, cx));
    RL_TRY(rl_build_treatment(&b, cx));
    RL_TRY(take_effects(&b, cx));
    RL_TRY(take_weights(&b, cx));
    RL_TRY(take_offset(&b, cx));
    RL_TRY(rl_build_reach(&b, cx));
    RL_TRY(rl_build_missing(&b, cx));
    RL_TRY(rl_build_once(&b, cx));
    rl_frame frame = req->estimator->frame; /* what is left out first: units are complete, or not, without it */
    if (frame == RL_FRAME_CONTROLS || frame == RL_FRAME_DRAWN) rl_build_leave(&b, cx);
    RL_TRY(rl_build_frame(&b, cx));
    rl_build_leave(&b, cx);
    if (b.left == 0) return nothing_left(&b, cx);
    RL_TRY(rl_build_outcome(&b, cx));
    RL_TRY(drop_singletons(&b, cx));
    gather(&b, cx);
    rl_build_tell_starts(&b, cx);
    RL_TRY(rl_build_columns(&b, cx));
    return rl_forms_place(&b, cx);
}
