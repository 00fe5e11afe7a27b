/* model/switching.h -- treatments that switch on and off, and doses: each
 * unit's first treatment, when that first changes, and what can be used of it.
 *
 *   d_u   baseline: the treatment of the unit in the first period it is known
 *   F_u   first period with another treatment
 *   S_u   +1 when it rises above d_u there, -1 when it falls below
 *
 * Units with the same baseline are compared with each other: the controls of
 * a switch at F in period t are those whose treatment is still d_u in t.
 * Periods are the different times of the rows, of those used up too,
 * ascending, and counted one by one, however far apart the times are.
 *
 * Used up, in this order (rows, each counted once):
 *   mixed      from the period on in which a unit has been both above and below its baseline
 *   alike      a baseline all of whose units switch in one and the same period, or never
 *   alone      period and baseline without a unit that has not switched yet
 * and where treatments are missing: a unit whose treatment is not known just
 * before its switch is a control up to the last period in which it is, and
 * nothing after; gaps earlier than that are the baseline, later ones the
 * treatment of period F; outcomes before the first known treatment and, of
 * units that never switch, after the last are not used.
 *
 * A period is its number 0 .. T-1 here, as in model/roster.h.  An entry is a
 * row of the design's past, of a unit that has a row in the design: n =
 * first[N] of them, more than the design has rows.  Arrays live in cx->tmp.
 *
 * Source: de Chaisemartin & D'Haultfoeuille (2024), Review of Economics and Statistics,
 * "Difference-in-Differences Estimators of Intertemporal Treatment Effects".
 */
#ifndef RL_MODEL_SWITCHING_H
#define RL_MODEL_SWITCHING_H

#include "model/design.h"

#define RL_NO_ENTRY SIZE_MAX
#define RL_NO_DESIGN_ROW UINT32_MAX

typedef enum rl_unused { RL_UNUSED_MIXED, RL_UNUSED_ALIKE, RL_UNUSED_ALONE } rl_unused;

typedef struct rl_switching {
    size_t N, T;
    const int32_t *time;     /* T    ascending                                             */
    const size_t *first;     /* N+1  entries of unit u are first[u] .. first[u+1]-1, by period */
    const uint32_t *row;     /* n    row of the design, or RL_NO_DESIGN_ROW: its treatment or outcome is missing */
    const int32_t *when;     /* n    period of an entry                                    */
    const double *y;         /* n    outcome, NaN = not used                               */
    const double *dose;      /* n    treatment                                             */
    const double *w;         /* n    weight; 0 = only its outcome counts, as another's base */
    const uint32_t *cell;    /* n    baseline x period, 0 .. cells-1                       */
    size_t cells;
    const uint32_t *start;   /* N    a row of the design that stands for the unit          */
    const double *baseline;  /* N                                                          */
    const int32_t *F;        /* N    period of the switch; T = none that can be used       */
    const int8_t *sign;      /* N    S_u; 0 without a switch                               */
    const int32_t *last;     /* N    last period with a control for the unit's baseline    */
    const uint32_t *cohort;  /* N    baseline x F x treatment in F, of units that switch   */
    size_t cohorts, switchers;
    const unsigned char *unused; /* of the table: 1 + rl_unused of rows used up, 0 elsewhere */
    size_t alike, alone, rows;
} rl_switching;

/* From the past of a design (estimators with `past`), its --treated or --cohort column and weights.
 *
 * Errors  RL_EDATA   no two periods; nobody switches; no switch has a control
 * Cost    40 bytes a row; counting sorts, and one sort of the units that switch */
RL_MUST rl_code rl_switching_make(const rl_design *d, const rl_request *r, rl_switching *s, rl_ctx *cx);

/* The entry of the unit `back` periods before entry k, or RL_NO_ENTRY; u its unit. */
static inline size_t rl_switching_back(const rl_switching *s, size_t u, size_t k, int32_t back)
{
    int32_t want = s->when[k] - back;
    size_t from = s->first[u], j = k - from >= (size_t)back ? k - (size_t)back : from;
    while (s->when[j] < want) j++;
    return s->when[j] == want ? j : RL_NO_ENTRY;
}

/* The entry of unit u in period t, or RL_NO_ENTRY. */
size_t rl_switching_at(const rl_switching *s, size_t u, int32_t t);

#endif
