/* model/infer_units.h -- sums over clusters of influence that belongs to units.
 *
 * A walk goes through the clusters in fixed blocks; of each it has the
 * estimates that the cluster's units touch and the sums of their influence.
 * Clusters by estimates never exist: what is kept is one cluster at a time.
 *
 * Influence of rows is walked too, from its sums by cluster (rl_psi.sum_by),
 * so that draws need one loop for both.
 */
#ifndef RL_MODEL_INFER_UNITS_H
#define RL_MODEL_INFER_UNITS_H

#include "model/est.h"

typedef struct rl_walk {
    size_t m, G;
    size_t n_block, per;     /* blocks of `per` clusters; by the data alone                 */
    /* influence of units: by cluster, in the order of the units                            */
    const rl_units *units;
    const size_t *first;     /* G+1                                                         */
    const uint32_t *unit;
    /* influence of rows: G-by-m                                                            */
    rl_mat S;
} rl_walk;

/* code: cluster of each row of the design, 0 .. G-1 (NULL: every unit, or row, its own; G is not looked at).  Units
 * are clustered by the row that stands for them.  Lives in cx->tmp.
 * Errors  those of psi->sum_by */
RL_MUST rl_code rl_walk_make(const rl_psi *psi, const int32_t *code, size_t G, rl_walk *w, rl_ctx *cx);

/* What a walk needs for itself: one a thread, or one a block. */
typedef struct rl_walk_room {
    int32_t *at, *own;
    double *sum, *value;
    unsigned char *seen;
    size_t n;                /* of the cluster last taken: estimates touched ..             */
} rl_walk_room;
void rl_walk_room_new(const rl_walk *w, rl_walk_room *room, rl_ctx *cx);

/* Cluster g: room->at[0..n-1], ascending, and their sums in room->sum. */
void rl_walk_take(const rl_walk *w, size_t g, rl_walk_room *room);

/* S (G-by-m) = all of them; the walk goes through S from then on, and the units are not asked again. */
void rl_walk_fill(rl_walk *w, rl_mat *S, rl_ctx *cx);

/* V (m-by-m) = sum over clusters of S_g S_g'.
 * Cost  sum of the squares of the estimates touched; 8 m^2 bytes a block, 64 blocks at most */
void rl_walk_cross(const rl_walk *w, rl_mat *V, rl_ctx *cx);

#endif
