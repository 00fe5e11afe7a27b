/* num/did2x2.h -- two groups, two periods: the effect on the treated, given
 * covariates, and what every unit adds to its error.
 *
 * A panel has two groups, whose outcome is the change between the periods; a
 * pair of cross-sections has four, whose outcome is the level.  With s_q = +1
 * for the treated after and the controls before, -1 for the other two, o(x) =
 * p(x) / (1 - p(x)) the odds of being treated, v = 1 for treated and o for
 * controls, and b_q a regression on x within group q (or 0):
 *
 *   eta_q = sum_q w v (y - x'b_q) / sum_q w v          m = mean of x among the treated
 *   att   = sum_q s_q eta_q + m'd,   d = sum_q s_q b_q
 *
 *   reg        b of the controls, no eta of theirs              outcome regression
 *   ipw        b = 0                                            weights add up to 1 (Hajek)
 *   ipw-ht     b = 0, controls divided by the weight of treated as they are (Horvitz-Thompson, Abadie)
 *   dr         b by least squares, o by logit                   right when either model is
 *   improved   o by calibration: sum_controls w o x = sum_treated w x; b weighed by w o
 *
 * Influence: w [s v a (e - eta) + e x'h + (D - p) x'h_p + D (x'd - m'd) / W_treated] with e = y - x'b, where
 * h and h_p carry what estimating b and the odds adds; the improved one has neither by construction.  A control
 * whose p is .995 or more has o = 0, and p ends at 1 - 1e-6.
 *
 * Rows come as stretches: x is row-major, item i at x + i k, because a row is used as a whole.
 *
 * Source: Sant'Anna & Zhao (2020), Journal of Econometrics 219, equations 2.5 to 3.9; Abadie (2005), Review of
 * Economic Studies 72; the details above as their R package DRDID has them.
 */
#ifndef RL_NUM_DID2X2_H
#define RL_NUM_DID2X2_H

#include <stdbool.h>
#include <stddef.h>

typedef enum rl_did_method { RL_DID_REG, RL_DID_IPW, RL_DID_HT, RL_DID_DR, RL_DID_IMPROVED } rl_did_method;
typedef enum rl_did_group {
    RL_DID_CONTROL, RL_DID_TREATED, RL_DID_CONTROL_BEFORE, RL_DID_TREATED_BEFORE, RL_DID_GROUPS
} rl_did_group;
enum { RL_DID_PARTS = 2 };

typedef struct rl_did_part {
    size_t n;
    const double *x;         /* n of k                                                       */
    const double *w;         /* n      or NULL = 1                                           */
    const double *y, *y0;    /* n      outcome, and what is taken from it (NULL: nothing)    */
} rl_did_part;

typedef struct rl_did_sample {
    rl_did_method method;
    size_t k;
    size_t groups;           /* 2: changes of a panel; 4: levels of cross-sections           */
    rl_did_part part[RL_DID_GROUPS][RL_DID_PARTS];
} rl_did_sample;

/* What does not depend on the outcome: good for all outcomes of the same rows. */
typedef struct rl_did_frame {
    double *gamma;           /* k  of the odds, exp(x'gamma); also where the next frame may begin     */
    double *odds;            /* of the controls, as they come (after, then before), not cut      */
    double *m, *mq;          /* k, and groups of k                                               */
    long double *H, *G;      /* factors: of the odds, of the regressions (groups)                */
    double sum[RL_DID_GROUPS], sum_v[RL_DID_GROUPS], rows;
    bool *gone;              /* k  columns whose direction carries no information on the odds     */
    long double *work;
} rl_did_frame;

/* One effect, and its influence in a few numbers. */
typedef struct rl_did_effect {
    double att;
    const double *gamma;     /* k  the frame's, or NULL: no odds                             */
    double *beta[RL_DID_GROUPS], *h[RL_DID_GROUPS];    /* k each, or NULL = 0                */
    double *lead[RL_DID_GROUPS];                       /* k  att moves by w e x'lead; or NULL */
    double *h_odds;          /* k  or NULL                                                   */
    double *delta;           /* k  or NULL                                                   */
    double delta_mean, per_treated;
    double a[RL_DID_GROUPS], eta[RL_DID_GROUPS];       /* a with the sign                    */
    double extra[RL_DID_GROUPS], even;                 /* ipw-ht of cross-sections           */
} rl_did_effect;

/* Why there is no answer. */
typedef enum rl_did_why {
    RL_DID_FINE,
    RL_DID_EMPTY,            /* no row in `group`                                            */
    RL_DID_COLLINEAR,        /* `column` depends on those before it within `group` (RL_DID_GROUPS: all rows) */
    RL_DID_OVERLAP,          /* odds beyond .999: `rows` of them, first `group`              */
    RL_DID_STUCK             /* no weights balance the covariates                            */
} rl_did_why;
typedef struct rl_did_trouble {
    rl_did_why what;
    rl_did_group group;
    size_t column, rows;
    double score;            /* the highest one                                              */
} rl_did_trouble;

/* Numbers (of doubles) that frame and effect need for k columns, beside n odds. */
size_t rl_did_frame_room(size_t k);
size_t rl_did_effect_room(size_t k, size_t groups);
void rl_did_frame_place(rl_did_frame *f, size_t k, double *room, double *odds);
void rl_did_effect_place(rl_did_effect *e, const rl_did_sample *s, double *room);

/* gamma is where Newton begins; all zero: from the share of the treated.
 * Cost  some seven passes over the rows; no memory, no error but the trouble */
rl_did_trouble rl_did_weigh(const rl_did_sample *s, rl_did_frame *f);
/* The effect; e placed, gamma kept by the caller where it is needed later. */
void rl_did_estimate(const rl_did_sample *s, const rl_did_frame *f, rl_did_effect *e);

static inline bool rl_did_has_odds(rl_did_method m) { return m != RL_DID_REG; }
/* The covariate that tells treated and controls apart: the largest part of the difference of their mean indices. */
size_t rl_did_telling(const rl_did_sample *s, const double *gamma);
/* exp(x'gamma), at most that of p = 1 - 1e-6. */
double rl_did_odds(const double *gamma, const double *x, size_t k);
/* Influence of one row of group q; odds as rl_did_odds() has them (0 without). */
double rl_did_influence(const rl_did_effect *e, size_t k, rl_did_group q, const double *x, double w, double y,
                        double odds);
/* How att moves with y of this row. */
double rl_did_omega(const rl_did_effect *e, size_t k, rl_did_group q, const double *x, double w, double odds);

#endif
