/* model/profile.h -- the conventions of the peers, one row each (infer's own header). */
#ifndef RL_MODEL_PROFILE_H
#define RL_MODEL_PROFILE_H

#include <stdbool.h>

#include "model/request.h"

typedef enum rl_nfactor { RL_N_NONE, RL_N_NM1_NK, RL_N_N_NK } rl_nfactor;         /* 1, (n-1)/(n-K), n/(n-K)      */
typedef enum rl_gfactor { RL_G_NONE, RL_G_MIN, RL_G_EACH } rl_gfactor;            /* 1, smallest G, each term's G */
/* n-K, G-1, the smaller of both, T-1 */
typedef enum rl_dfrule { RL_DF_NK, RL_DF_G, RL_DF_LEAST, RL_DF_T, RL_DF_NORMAL } rl_dfrule;
typedef enum rl_lagrule { RL_LAG_T4, RL_LAG_NW94, RL_LAG_075, RL_LAG_AUTO, RL_LAG_ANDREWS,
               RL_LAG_LLS, RL_LAG_PW } rl_lagrule;

/* How effects count in K. */
typedef enum rl_krule {
    RL_K_LEVELS,       /* all levels less one an effect after the first           */
    RL_K_RANK          /* their exact rank                                        */
} rl_krule;

struct rl_profile {
    const char *name;
    rl_krule k;
    bool nested_free;          /* clusters: effects nested in a cluster variable do not count */
    rl_nfactor cl_n;
    rl_gfactor cl_g;
    rl_dfrule cl_df, hc_df;
    rl_nfactor nw_n;
    bool nw_t;                 /* times T/(T-1)                          */
    rl_dfrule nw_df;
    rl_lagrule nw_lag;         /* of one series; panels: dk_lag          */
    bool by_rank;              /* lags by rank where a period is absent  */
    bool prewhite;             /* NW of one series                       */
    rl_nfactor dk_n;
    bool dk_t;
    rl_dfrule dk_df;
    rl_lagrule dk_lag;
    bool centred;              /* R2 centred without a constant too      */
    rl_nfactor glm_n;          /* logit, Poisson: iid                    */
    bool last_step;            /* logit, Poisson: scores and information at the weights of the last
                                  step, not at those of the estimate; they differ by 1e-7 or so */
    bool nw_alike;             /* Newey & West's bandwidth (nw3) looks at scores as the sums take them; else it is that
                                  of prewhitened scores, whatever is summed */
};

/* CR3 is the jackknife's: times (G-1)/G, t with G-1 (the rest is as the default has it). */
bool rl_profile_jackknife(const rl_profile *p);
/* Errors, degrees of freedom and joint tests are those of infer_small.c. */
bool rl_profile_small(const rl_profile *p);

#endif
