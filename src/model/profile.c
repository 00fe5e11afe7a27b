#include "model/profile.h"

#include <string.h>

#include "model/infer.h"

/* clang-format off */
/* Words of the table: effects count by LeVels or by RanK; factors None, (n-1)/(n-K) as N1, n/(n-K) as NN; the
 * smallest G, Each term's G, G0 none; degrees of freedom n-K, G-1, the Least of both, T-1, Z = normal. */
#define NK RL_DF_NK
#define LV RL_K_LEVELS
#define RK RL_K_RANK
#define N0 RL_N_NONE
#define N1 RL_N_NM1_NK
#define NN RL_N_N_NK
#define GM RL_G_MIN
#define GE RL_G_EACH
#define G0 RL_G_NONE
#define DG RL_DF_G
#define DL RL_DF_LEAST
#define DT RL_DF_T
#define Z RL_DF_NORMAL
#define AUTO RL_LAG_AUTO
#define NW94 RL_LAG_NW94
#define T4 RL_LAG_T4
#define T075 RL_LAG_075
#define Y true
#define O false

static const rl_profile TABLE[] = {
    /* effects in K; clusters: nested free, n, G, df; HC df; Newey-West: n, T, df, lag, by rank, prewhitened;
     * Driscoll-Kraay: n, T, df, lag; R2 always centred; likelihoods: n, at the last step; nw3 from scores
     * as the sums take them, prewhitened or not */
    {"default",      LV,  Y,  N1,  GM,  DG,  NK,  N1,  Y,  DT,  AUTO,  O,  O,  N1,  Y,  DT,  T4,    O,  N1,  Y,  O},
    {"fixest",       LV,  Y,  N1,  GM,  DG,  NK,  N1,  Y,  DT,  AUTO,  Y,  O,  N1,  Y,  DT,  T4,    Y,  N1,  Y,  O},
    {"reghdfe",      RK,  Y,  N1,  GM,  DL,  NK,  N1,  Y,  DT,  NW94,  O,  O,  N1,  Y,  DT,  NW94,  O,  N1,  O,  O},
    {"areg",         RK,  O,  N1,  GM,  DG,  NK,  N1,  Y,  DT,  NW94,  O,  O,  N1,  Y,  DT,  NW94,  O,  N1,  O,  O},
    {"sandwich",     RK,  O,  N1,  GE,  NK,  NK,  N0,  O,  NK,  AUTO,  Y,  Y,  NN,  O,  NK,  T4,    O,  N0,  O,  Y},
    {"plm",          RK,  O,  N0,  G0,  NK,  NK,  N0,  O,  NK,  T4,    Y,  O,  N0,  O,  NK,  T4,    O,  N0,  O,  O},
    {"gretl",        RK,  Y,  N1,  GM,  DG,  NK,  N0,  O,  NK,  T075,  O,  O,  N0,  O,  NK,  T075,  O,  N0,  O,  Y},
    {"statsmodels",  RK,  O,  N1,  GM,  Z,   Z,   N0,  O,  Z,   NW94,  Y,  O,  N0,  O,  Z,   NW94,  O,  N0,  O,  O},
    {"lpirfs",       LV,  Y,  N1,  GM,  DG,  NK,  N0,  O,  Z,   NW94,  O,  O,  N0,  O,  Z,   NW94,  O,  N1,  Y,  O},
    {"summclust",    LV,  Y,  N1,  GM,  DG,  NK,  N1,  Y,  DT,  AUTO,  O,  O,  N1,  Y,  DT,  T4,    O,  N1,  Y,  O},
    /* programmes: no factor (profile_did.c: whose they are) */
    {"exact",        LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"small-sample", LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"did",          LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"csdid",        LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"didimputation", LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"did_imputation", LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"did2s",        LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"did_multiplegt_dyn", LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"lpdid",        LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"staggered",    LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
    {"triplediff",   LV,  Y,  N0,  G0,  DG,  NK,  N0,  O,  Z,   AUTO,  O,  O,  N0,  O,  Z,   T4,    O,  N0,  O,  O},
};
/* clang-format on */

const rl_profile *rl_profile_by_name(const char *name)
{
    if (name == NULL) return &TABLE[0];
    for (size_t i = 1; i < sizeof TABLE / sizeof *TABLE; i++)
        if (strcmp(TABLE[i].name, name) == 0) return &TABLE[i];
    return NULL;
}

const char *rl_profile_names(void)
{
    return "fixest reghdfe areg sandwich plm gretl statsmodels lpirfs summclust exact; programmes: small-sample "
           "did csdid didimputation did_imputation did2s did_multiplegt_dyn lpdid staggered triplediff";
}

bool rl_profile_small(const rl_profile *p) { return strcmp(p->name, "small-sample") == 0; }
bool rl_profile_jackknife(const rl_profile *p) { return strcmp(p->name, "summclust") == 0; }
