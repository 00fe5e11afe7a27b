/* model/sim.h -- a simulated company whose marketing effect is known exactly.
 *
 * The same company is run twice on the same random numbers, with the
 * programme (arm 1) and without it (arm 0); what differs is the effect.
 * Nothing here prints: out/simcsv.h writes the files, out/simtruth.h the
 * truth.
 *
 * Demand.  Account i creates deals in period t at the rate
 *     rate * ((1 - common) own_i + common C_rt)          own_i gamma, mean 1
 * The part C_rt (season, trend, market index, paid spend of region r) is the
 * same for every account of a region, so it ADDS the same number of deals to
 * all: means of any two groups of accounts move in parallel, whatever their
 * levels.  The amount has a mean that depends on the segment, the days to a
 * decision a distribution that never changes, and the win probability is
 *     p_it = win_rate + segment + account_i + win_market (index_t - 1)
 * a sum again, which never needs clamping (model/world.h refuses worlds in
 * which it would).  With win_market = 0 parallel trends therefore hold for
 * value, opportunities, wins, win rate, size and velocity, also under
 * selection, which works on own_i alone; trend_violation breaks them.
 *
 * Programme.  From an account's start s on, exposure is E(t) = 1 - exp(-(t -
 * s) / lag); after the end it halves every half_life days.  The rate rises to
 * rate (1 + volume E(t)).  A deal responds to X, the mean of E over the
 * earliest life it can have without the programme, so a deal created before
 * the start and decided after it responds in part, and one decided before
 * the start not at all:
 *     win     u < p + win_rate X                  same u in both arms
 *     amount  a (1 + deal_size X)                 same a
 *     days    d (1 + cycle X)                     same quantile d
 * Extra candidates are drawn beside the deals of arm 0 and kept in arm 1 when a
 * uniform mark lies below E (a negative volume takes deals of arm 0 away
 * instead), so a deal that exists in both arms is one deal, and the arm
 * without the programme does not depend on the effect sizes.
 *
 * Spillover.  An account that never gets the programme has, from the start of
 * the first account of its seller, a share `spillover` of that account's
 * exposure, and responds to it in the same way.
 *
 * Randomness.  Accounts, rollout, market and spend come from the accounts
 * seed; deals, touches and leads from the seed.  A draw is keyed by (seed,
 * account and period or deal, draw): threads and order change nothing.
 *
 * Units: days, shares, currency units; amounts are whole multiples of 10.
 */
#ifndef RL_MODEL_SIM_H
#define RL_MODEL_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "model/world.h"

enum { RL_SIM_INDUSTRIES = 6, RL_SIM_ROLES = 6, RL_SIM_STAGES = 3 };

typedef struct rl_sim_account {
    unsigned region, segment, industry, owner; /* owner: 0 .. world.accounts.owners - 1 in the region */
    int contacts, employees;
    double own;         /* own demand, mean 1 over all accounts                            */
    double win;         /* win probability without programme and market swings             */
    double amount;      /* mean amount without the programme                               */
    int32_t start, end; /* first day with the programme, first day without; RL_NO_DAY = never */
    int32_t near, near_end; /* the same of the first account of its seller, when it is never treated itself
                                   and effect.spillover > 0; else RL_NO_DAY                    */
    int32_t cohort;     /* index into rl_sim.cohort, -1 = never treated                    */
} rl_sim_account;

typedef struct rl_sim {
    const rl_world *world;
    uint64_t accounts_seed;
    size_t n;                /* accounts                                                        */
    rl_sim_account *account; /* n                                                               */
    int periods;
    int32_t *first_day; /* periods + 1   first days; the last is the day after the end     */
    double *common;     /* regions-by-periods, period fastest: C_rt                        */
    double *swing;      /* periods       market index of the period - 1                    */
    size_t n_months;
    int32_t *month;        /* n_months      first days                                        */
    double *index, *rates; /* n_months      market index (100 = normal), interest rate in %   */
    size_t n_weeks;
    int32_t *week;  /* n_weeks       Mondays                                           */
    int64_t *spend; /* channels + 1 (last: the programme) by regions by weeks, week fastest */
    size_t n_cohorts;
    int32_t *cohort;     /* n_cohorts     creation period of the start, ascending, from 0; the number of
                                                periods when the start comes after the last one    */
    size_t *cohort_size; /* n_cohorts     accounts                                          */
} rl_sim;

/* Draw accounts, rollout, market and spend.  Cost: linear in accounts, 64 bytes each. */
void rl_sim_make(const rl_world *w, rl_sim *s, rl_arena *in, rl_ctx *cx);

/* A candidate deal, in both arms. */
typedef struct rl_sim_deal {
    size_t account;
    int period;
    int32_t created;
    double heat;  /* 0..1: how promising it looks to sellers                         */
    uint64_t key; /* of its further draws, and its name                                            */
    struct rl_sim_fate {
        bool exists, won;
        int days; /* from creation to the decision, at least 1                       */
        int64_t amount;
    } arm[2]; /* without, with the programme                                     */
} rl_sim_deal;

typedef void rl_sim_deal_fn(void *user, const rl_sim_deal *d);

/* Call fn for the candidate deals of one account in order of their period. */
void rl_sim_deals(const rl_sim *s, uint64_t seed, size_t account, rl_sim_deal_fn *fn, void *user);

/* The closing date somebody put into the CRM for a deal still open at the
 * cut: after the cut, or RL_NO_DAY. */
int32_t rl_sim_forecast(const rl_sim *s, const rl_sim_deal *d);

/* Mean exposure of the account over [from, from + days]; exposure on a day. */
double rl_sim_exposure(const rl_sim *s, size_t account, double from, double days);
double rl_sim_exposure_at(const rl_sim *s, size_t account, double day);

/* Touches: channel 0 .. channels - 1, channels = the programme's own. */
typedef struct rl_sim_touch {
    int32_t day;
    size_t account;
    int contact; /* 0 .. contacts - 1                                               */
    unsigned channel, stage;
    const rl_sim_deal *deal; /* or NULL                                                         */
} rl_sim_touch;
typedef void rl_sim_touch_fn(void *user, const rl_sim_touch *t);

/* Touches of a deal that exists in `arm`: more of them on hot deals when
 * touches.chase > 0.  Touches of an account outside deals; in arm 1 the
 * programme adds its own. */
void rl_sim_deal_touches(const rl_sim *s, const rl_sim_deal *d, int arm, rl_sim_touch_fn *fn, void *user);
void rl_sim_account_touches(const rl_sim *s, uint64_t seed, size_t account, int arm, rl_sim_touch_fn *fn, void *user);

typedef struct rl_sim_lead {
    int32_t day;
    size_t account;
    int contact;
    unsigned channel;
    int score; /* 0..100                                                          */
    bool mql;
    const rl_sim_deal *deal; /* or NULL                                                         */
} rl_sim_lead;
typedef void rl_sim_lead_fn(void *user, const rl_sim_lead *l);

void rl_sim_deal_lead(const rl_sim *s, const rl_sim_deal *d, rl_sim_lead_fn *fn, void *user);
void rl_sim_account_leads(const rl_sim *s, uint64_t seed, size_t account, rl_sim_lead_fn *fn, void *user);

/* The role of a contact, 0 .. RL_SIM_ROLES - 1; contact 0 is the champion. */
unsigned rl_sim_role(int contact);

/* Is a treated account-period one a study counts at this horizon?  Its first
 * day is not before the start, its last day has the horizon's follow-up at
 * the cut and before the programme's end. */
bool rl_sim_counted(const rl_sim *s, size_t account, int period, int horizon);

/* The same for accounts that never get it but feel it through their seller. */
bool rl_sim_counted_near(const rl_sim *s, size_t account, int period, int horizon);

/* --- the truth ------------------------------------------------------------ */

/* Sums over the counted account-periods of a cell; [0] without, [1] with. */
typedef struct rl_sim_sums {
    int64_t cells; /* account-periods                                                 */
    int64_t deals[2], wins[2], amount[2], saved[2]; /* won within the horizon; saved: days horizon - days to win */
    int64_t both, both_wins[2], both_amount[2], both_saved[2]; /* deals that exist in both arms  */
} rl_sim_sums;

typedef enum rl_sim_outcome {
    RL_SIM_VALUE,
    RL_SIM_OPPORTUNITIES,
    RL_SIM_WINS, /* per treated account-period              */
    RL_SIM_WIN_RATE,
    RL_SIM_VELOCITY,  /* means over deals                        */
    RL_SIM_DEAL_SIZE, /* mean over won deals                     */
    RL_SIM_OUTCOMES
} rl_sim_outcome;

/* An effect on the treated over a set of cells; NaN = no deals to tell. */
typedef struct rl_sim_effect {
    double with, without; /* mean over account-periods, deals or won deals                   */
    double effect;        /* cell by cell, weighted by the cell's account-periods, deals with
                                  the programme or won deals with it; cells without a counterpart left out */
    double pooled;        /* with - without, composition over cells included                 */
    double both;          /* the same over deals that exist in both arms                     */
    double total;         /* with - without summed, per draw; NaN for means over deals       */
} rl_sim_effect;

const char *rl_sim_outcome_name(rl_sim_outcome o); /* as in a study file; "wins"               */

/* Effects over n cells that are sums of `draws` draws. */
void rl_sim_effects(const rl_sim_sums *cell, size_t n, double draws, rl_sim_effect out[RL_SIM_OUTCOMES]);

typedef struct rl_sim_truth {
    rl_sim_sums *realised; /* ages-by-cohorts-by-periods, period fastest: this seed           */
    int redraws;
    rl_sim_sums *expected;  /* the same summed over the redraws; NULL when redraws = 0         */
    double *monte_carlo_se; /* ages-by-outcomes: of the overall expected effect                */
    rl_sim_sums *near_realised, *near_expected; /* ages: accounts that only feel it; NULL without spillover */
} rl_sim_truth;

/* What happened with this seed, and on average over world.redraws other
 * draws of everything that the accounts seed does not fix.  The redraws are
 * keyed by the accounts seed: all seeds of one world share the expectation.
 *
 * Cost  about 0.35 us a candidate deal of a treated account and redraw, on
 *       cx->threads threads; sums are integers, so exact in any order */
void rl_sim_truth_make(const rl_sim *s, uint64_t seed, rl_sim_truth *t, rl_arena *in, rl_ctx *cx);

#endif
