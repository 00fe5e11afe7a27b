/* The factor in words; estimates of an ordinary regression beside those of a method without one (rl_fit.aside). */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/infer_work.h"

/* "G/(G-1) x (n-1)/(n-K) = 1.0123, n = .., K = .." */
void rl_infer_say_factor(rl_infer_work *w, const char *first, const char *second, double value)
{
    char buf[32];
    rl_str s = rl_str_new(w->keep);
    if (first == NULL && second == NULL)
        rl_str_add(&s, "none");
    else
        rl_str_addf(&s, "%s%s%s = %s", first ? first : "", first && second ? " x " : "", second ? second : "",
                    rl_num_text(buf, rl_round_digits(value, 6)));
    rl_str_addf(&s, ", n = %zu, K = %zu%s", w->f->dof.n, w->K, w->K_why);
    w->out->ssc = rl_str_text(&s);
}

/* Codes of the rows listed, numbered as they come; returns how many differ. */
static size_t renumber(const int32_t *code, size_t G, const uint32_t *row, size_t m, int32_t **out, rl_ctx *cx)
{
    int32_t *number = RL_NEW(cx->tmp, int32_t, G);
    size_t seen = 0;
    *out = RL_NEW(cx->tmp, int32_t, m);
    for (size_t k = 0; k < m; k++) {
        int32_t *at = &number[code[row[k]]];
        if (*at == 0) *at = (int32_t)++seen;
        (*out)[k] = *at - 1;
    }
    return seen;
}

/* The regression's own rows, effects and clusters. */
static void its_rows(const rl_infer_work *w, rl_fit *f, rl_design *d, size_t *G, rl_ctx *cx)
{
    const struct rl_aside *a = w->f->aside;
    uint32_t *row = RL_NEW(cx->tmp, uint32_t, w->d->n);
    size_t m = 0;
    for (size_t i = 0; i < w->d->n; i++)
        if (a->in[i]) row[m++] = (uint32_t)i;
    rl_dof *dof = &f->dof;
    *f = (rl_fit){.dof = {.n = m, .k = a->k, .n_fe = w->d->fe.n_fe, .constant = true}};
    dof->redundant_exact = dof->n_fe - 1;
    dof->levels = RL_NEW(cx->tmp, size_t, dof->n_fe);
    dof->code = RL_NEW(cx->tmp, const int32_t *, dof->n_fe);
    for (size_t e = 0; e < dof->n_fe; e++) {
        int32_t *code;
        dof->levels[e] = renumber(w->d->fe.code[e], w->d->fe.levels[e], row, m, &code, cx);
        dof->code[e] = code;
    }
    *d = *w->d;
    *G = SIZE_MAX;
    for (size_t c = 0; c < d->vcov.ways; c++) {
        d->cluster[c].G = renumber(w->d->cluster[c].code, w->d->cluster[c].G, row, m, &d->cluster[c].code, cx);
        if (d->cluster[c].G < *G) *G = d->cluster[c].G;
    }
}

void rl_infer_aside(rl_infer_work *w, rl_ctx *cx)
{
    const struct rl_aside *a = w->f->aside;
    if (a == NULL || w->d->vcov.kind != RL_CLUSTER || !w->f->bare || strcmp(w->p->name, "exact") == 0) return;
    rl_infer_work v = *w;
    rl_fit f;
    rl_design d;
    its_rows(w, &f, &d, &v.G, cx);
    v.f = &f;
    v.d = &d;
    v.p = rl_profile_by_name(NULL);
    rl_infer_count_K(&v, true, cx);
    rl_infer_set_df(&v, v.p->cl_df);
    w->aside = a->m;
    w->aside_df = v.df;
    if (v.G < 2 || v.K >= f.dof.n) return;
    double G = (double)v.G, root = sqrt(rl_infer_n_factor(&v, v.p->cl_n) * G / (G - 1) / w->factor);
    for (size_t j = 0; j < w->f->m; j++)
        for (size_t i = 0; i < w->f->m; i++) *rl_mat_at(&w->V, i, j) *= (i < a->m ? root : 1) * (j < a->m ? root : 1);
    for (size_t j = 0; j < a->m && w->out->psi_G != NULL; j++)
        for (size_t g = 0; g < w->out->G; g++) w->out->psi_G[j * w->out->G + g] *= root;
}
