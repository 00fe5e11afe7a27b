/* Rows lost to missing values (model/build.h). */
#include <math.h>

#include "base/par.h"
#include "base/simd.h"
#include "model/build.h"

/* Rows without a value: code[] < 0, or v[] NaN. */
typedef struct blanks {
    const unsigned char *keep;
    const int32_t *code;
    const double *v;
    size_t n;
    unsigned char *gone;
    size_t *cells; /* a block */
} blanks;

/* Nearly always there is none, and that is quickly seen. */
RL_CLONES static bool any_blank(const int32_t *code, const double *v, size_t n)
{
    int32_t sign = 0;
    int64_t blank = 0;
    for (size_t i = 0; i < n && code != NULL; i++) sign |= code[i];
    for (size_t i = 0; i < n && code == NULL; i++) blank |= v[i] != v[i];
    return sign < 0 || blank != 0;
}

static void find_blanks(size_t block, void *arg)
{
    const blanks *p = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK, cells = 0;
    if (to > p->n) to = p->n;
    p->cells[block] = 0;
    if (!any_blank(p->code != NULL ? p->code + from : NULL, p->v != NULL ? p->v + from : NULL, to - from)) return;
    for (size_t i = from; i < to; i++) {
        if (!(p->code != NULL ? p->code[i] < 0 : isnan(p->v[i])) || !p->keep[i]) continue;
        p->gone[i] = 1;
        cells++;
    }
    p->cells[block] = cells;
}

/* What was read without a blank need not be looked through. */
static bool is_full(const rl_table *t, const int32_t *code, const double *v)
{
    for (size_t j = 0; j < t->k; j++) {
        const rl_col *c = &t->col[j];
        if (c->full && (code != NULL ? c->type == RL_TEXT && c->code == code : c->type == RL_NUM && c->num == v))
            return true;
    }
    return false;
}

static size_t missing(rl_build *b, const char *name, const int32_t *code, const double *v, unsigned char *gone,
                      rl_ctx *cx)
{
    size_t blocks = rl_blocks(b->t->n, RL_ROWS_PER_BLOCK), cells = 0;
    if (is_full(b->t, code, v)) return 0;
    blanks p = {b->keep, code, v, b->t->n, gone, RL_NEW(cx->tmp, size_t, blocks)};
    rl_par(blocks, find_blanks, &p, cx);
    for (size_t k = 0; k < blocks; k++) cells += p.cells[k];
    if (cells > b->most_missing) {
        b->most_missing = cells;
        b->most_name = name;
    }
    return cells;
}

/* The k-th column of a lag. */
typedef struct lates {
    const rl_build *b;
    const double *of;
    const rl_ago *ago;
    unsigned char *gone;
    size_t *cells; /* a block */
} lates;

static void find_lates(size_t block, void *arg)
{
    const lates *p = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK, cells = 0;
    if (to > p->b->t->n) to = p->b->t->n;
    for (size_t i = from; i < to; i++) {
        size_t j = rl_ago_row(p->ago, i);
        if (!p->b->keep[i] || (j != SIZE_MAX && !isnan(p->of[j]))) continue;
        p->gone[i] = 1;
        cells++;
    }
    p->cells[block] = cells;
}

/* Where units have no gap and the column no blank, what a lag misses its longest misses too, at either end. */
static void missing_lags(rl_build *b, const rl_variable *v, unsigned char *gone, rl_ctx *cx)
{
    size_t blocks = rl_blocks(b->t->n, RL_ROWS_PER_BLOCK), step = 1;
    bool blank = !is_full(b->t, NULL, v->of) && any_blank(NULL, v->of, b->t->n);
    if (v->ago[0].from == NULL && !blank && v->width > 1) step = v->width - 1;
    for (size_t k = 0; k < v->width; k += step) {
        lates p = {b, v->of, &v->ago[k], gone, RL_NEW(cx->tmp, size_t, blocks)};
        size_t cells = 0;
        rl_par(blocks, find_lates, &p, cx);
        for (size_t q = 0; q < blocks; q++) cells += p.cells[q];
        if (cells <= b->most_missing) continue;
        b->most_missing = cells;
        b->most_name = v->e->text;
    }
}

rl_code rl_build_missing(rl_build *b, rl_ctx *cx)
{
    unsigned char *gone = RL_NEW(cx->tmp, unsigned char, b->t->n);
    const rl_vcov_spec *vcov = &b->d->vcov;
    size_t lost = 0, cells = missing(b, b->f.y->text, NULL, b->y, gone, cx);
    if (cells == b->left && cells > 0)
        return rl_fail(cx, RL_EDATA, "every cell of the outcome '%s' is missing (%zu %s)", b->f.y->text, cells,
                       rl_plural("row", cells, cx->tmp));
    for (size_t j = 0; j < b->n_var; j++) {
        const rl_variable *v = &b->var[j];
        if (v->factor) missing(b, v->e->text, v->level.code, NULL, gone, cx);
        if (v->of != NULL) missing_lags(b, v, gone, cx);
        for (size_t k = 0; k < v->width && v->of == NULL; k++) missing(b, v->e->text, NULL, v->v[k], gone, cx);
    }
    for (size_t f = 0; f < b->d->fe.n_fe; f++) missing(b, b->d->fe_name[f], b->effect[f].code, NULL, gone, cx);
    for (size_t c = 0; c < vcov->ways; c++) missing(b, vcov->by[c], b->cluster[c].code, NULL, gone, cx);
    if (vcov->draw_by != NULL) missing(b, vcov->draw_by, b->drawn.code, NULL, gone, cx);
    if (b->w != NULL) missing(b, b->req->weights, NULL, b->w, gone, cx);
    if (b->offset != NULL) missing(b, b->req->offset, NULL, b->offset, gone, cx);
    if (b->treated != NULL && b->req->cohort == NULL) missing(b, b->req->treated, NULL, b->treated, gone, cx);
    if (b->trait.G > 0) missing(b, b->req->covariates[0], b->trait.code, NULL, gone, cx);
    if (b->most_missing == 0 && b->at == NULL && b->unit.G == 0) return RL_OK;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        if (b->at != NULL && b->at[i] == RL_NO_TIME) gone[i] = 1;
        if (b->unit.G > 0 && b->unit.code[i] < 0) gone[i] = 1;
        if (!gone[i]) continue;
        b->keep[i] = 0;
        lost++;
    }
    rl_release(cx->tmp, gone);
    const char *why = "missing values";
    if (b->most_name != NULL) why = rl_sprintf(cx->keep, "missing values, most of them in '%s'", b->most_name);
    rl_build_lose(b, why, lost, cx);
    return RL_OK;
}
