/* The variables of a formula on all rows of the table. */
#include <string.h>

#include "model/build.h"

rl_variable *rl_build_find(const rl_build *b, const rl_expr *e)
{
    for (size_t i = 0; i < b->n_var; i++)
        if (strcmp(b->var[i].e->text, e->text) == 0 && b->var[i].e->op == e->op) return &b->var[i];
    return NULL;
}

rl_code rl_build_number(rl_build *b, const rl_expr *e, int k, double **v, rl_ctx *cx)
{
    const rl_col *c = e->op == RL_OP_COL ? rl_table_col(b->t, e->col) : NULL;
    if (c != NULL && c->type == RL_NUM) {
        *v = c->num;
        return RL_OK;
    }
    *v = RL_NEW(cx->tmp, double, b->t->n);
    return rl_eval(&b->scene, e, k, *v, cx);
}

/* What rounding took from v, column k of e, where the estimator makes use of it; NULL = nothing. */
static rl_code low_part(rl_build *b, const rl_expr *e, int k, const double *v, double **low, rl_ctx *cx)
{
    bool some;
    *low = NULL;
    if (!b->req->estimator->wide || !rl_eval_rounds(e, k)) return RL_OK;
    *low = RL_NEW(cx->tmp, double, b->t->n);
    RL_TRY(rl_eval_low(&b->scene, e, k, v, *low, &some, cx));
    if (some) return RL_OK;
    rl_release(cx->tmp, *low);
    *low = NULL;
    return RL_OK;
}

/* What a lag is seen of. */
static rl_code inner(rl_build *b, const rl_expr *e, const rl_inner **out, rl_ctx *cx)
{
    rl_inner *made = &b->inner[b->n_inner];
    for (rl_inner *p = b->inner; p < made; p++)
        if (strcmp(p->text, e->text) == 0) {
            *out = p;
            return RL_OK;
        }
    made->text = e->text;
    RL_TRY(rl_build_number(b, e, 0, &made->v, cx));
    RL_TRY(low_part(b, e, 0, made->v, &made->low, cx));
    b->n_inner++;
    *out = made;
    return RL_OK;
}

static rl_code shifts(rl_build *b, rl_variable *v, rl_ctx *cx)
{
    const rl_inner *of;
    RL_TRY(inner(b, v->e->a, &of, cx));
    v->of = of->v;
    v->of_low = of->low;
    v->ago = RL_NEW(cx->tmp, rl_ago, v->width);
    for (size_t k = 0; k < v->width; k++) RL_TRY(rl_scene_ago(&b->scene, v->e, rl_eval_shift(v->e, k), &v->ago[k], cx));
    return RL_OK;
}

static rl_code evaluate(rl_build *b, rl_variable *v, rl_ctx *cx)
{
    const rl_expr *e = v->e, *c = e->op == RL_OP_FN && e->fn == RL_FN_FACTOR ? e->a : e;
    if (c->op == RL_OP_COL) {
        const rl_col *col;
        RL_TRY(rl_table_need(b->t, c->col, "the formula", &col, cx));
        v->factor = c != e || col->type != RL_NUM;
        if (v->factor) {
            rl_groups_of(col, b->t->n, &v->level, cx->tmp, cx);
            return RL_OK;
        }
    }
    if (e->op == RL_OP_FN && e->fn == RL_FN_SEASON) {
        v->factor = true;
        return rl_eval_season(&b->scene, e, &v->level, cx);
    }
    v->width = rl_eval_width(e);
    v->v = RL_NEW(cx->tmp, double *, v->width);
    v->low = RL_NEW(cx->tmp, double *, v->width);
    if (rl_eval_is_shift(e)) return shifts(b, v, cx);
    for (size_t k = 0; k < v->width; k++) RL_TRY(rl_build_number(b, e, (int)k, &v->v[k], cx));
    for (size_t k = 0; k < v->width; k++) RL_TRY(low_part(b, e, (int)k, v->v[k], &v->low[k], cx));
    return RL_OK;
}

void rl_build_parts(const rl_formula *f, rl_terms out[RL_PARTS])
{
    out[0] = (rl_terms){f->term, f->n_terms};
    out[1] = (rl_terms){f->endo, f->n_endo};
    out[2] = (rl_terms){f->inst, f->n_inst};
}

rl_code rl_build_variables(rl_build *b, rl_ctx *cx)
{
    size_t most = 0;
    rl_terms block_of[RL_PARTS];
    rl_build_parts(&b->f, block_of);
    for (size_t p = 0; p < RL_PARTS; p++)
        for (size_t j = 0; j < block_of[p].n; j++) most += block_of[p].term[j].n;
    b->var = RL_NEW(cx->tmp, rl_variable, most);
    b->inner = RL_NEW(cx->tmp, rl_inner, most);
    for (size_t p = 0; p < RL_PARTS; p++)
        for (size_t j = 0; j < block_of[p].n; j++)
            for (size_t i = 0; i < block_of[p].term[j].n; i++) {
                const rl_expr *e = block_of[p].term[j].var[i];
                if (rl_build_find(b, e) != NULL) continue;
                b->var[b->n_var] = (rl_variable){.e = e};
                RL_TRY(evaluate(b, &b->var[b->n_var++], cx));
            }
    return RL_OK;
}
