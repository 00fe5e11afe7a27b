/* model/forms_fit.h -- the search behind rl_forms_fit(): one point, steps, starts. */
#ifndef RL_MODEL_FORMS_FIT_H
#define RL_MODEL_FORMS_FIT_H

#include "model/design.h"
#include "model/forms.h"

typedef struct rl_search {
    const rl_design *d;
    const rl_forms *forms;
    rl_arena *scratch;       /* of one evaluation                                        */
    rl_mat Q;                /* n-by-..  orthonormal: the fixed columns, swept, weighted  */
    double *y;               /* n        less what they explain                           */
    const double *root;      /* n        of the weights, or NULL                          */
    size_t rank;             /* coefficients, effects and parameters                      */
    double cost;             /* of one point, about: flops                                */
} rl_search;

/* q parameters, m moving columns. */
typedef struct rl_point {
    double *theta, *lo, *hi; /* q        the box given the parameters before              */
    double *g, *H;           /* q, q-by-q  D'e and D'D                                    */
    double *b;               /* m        coefficients                                     */
    double rss;
    const bool *fixed;       /* q        of the search under way, or NULL                 */
} rl_point;

rl_point rl_point_new(size_t q, size_t m, rl_arena *in);
void rl_point_copy(rl_point *to, const rl_point *from, size_t q, size_t m);

RL_MUST rl_code rl_search_open(const rl_design *d, rl_search *s, rl_ctx *cx);
/* rss and box at p->theta; with slopes g and H too.  Cost: n (m + q) (fixed columns + m) */
RL_MUST rl_code rl_search_at(rl_search *s, rl_point *p, bool slopes, rl_ctx *cx);
/* From p->theta to the optimum near it; parameters with fixed[j] stay (NULL = none). */
RL_MUST rl_code rl_search_improve(rl_search *s, rl_point *p, const bool *fixed, rl_ctx *cx);
/* Optima from several starts, the best first. */
RL_MUST rl_code rl_search_start(rl_search *s, rl_point **optimum, size_t *count, rl_ctx *cx);
/* The fit at an optimum. */
RL_MUST rl_code rl_search_finish(rl_search *s, const rl_point *p, rl_fit *f, rl_ctx *cx);

#endif
