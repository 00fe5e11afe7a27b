/* model/world.h -- a world file: the knobs of a simulated company.
 *
 * One YAML file, read under the rules of a study file (duplicate and unknown
 * keys, anchors and wrong types are errors with file:line:column and the
 * nearest known name).  Every knob has a default, so the shortest world is
 * `world: {title: any}`.  What the knobs do stands in model/sim.h.
 *
 * Units: rates are per account and period, shares and relative effects are
 * fractions (0.15 = 15 %), times are days, money is in world.currency.
 */
#ifndef RL_MODEL_WORLD_H
#define RL_MODEL_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/date.h"
#include "model/schema.h"

enum { RL_WORLD_MAX_WAVES = 12, RL_WORLD_MAX_AGES = 8, RL_WORLD_MAX_PERIODS = 400 };

typedef struct rl_world_segment {
    const char *name;
    rl_at at;
    double share;  /* of the accounts; all shares sum to 1              */
    double amount; /* factor on the mean deal amount                    */
    double win;    /* added to the win probability, e.g. -0.03          */
} rl_world_segment;

typedef struct rl_world_channel {
    const char *name;
    double usd; /* a week and region, on average                     */
} rl_world_channel;

typedef struct rl_world {
    const char *path, *title, *currency;
    rl_calendar calendar;
    int32_t first; /* first creation day: the first day of a period     */
    int periods;   /* creation periods simulated                        */
    int32_t cut;   /* what is decided later is open in the files        */
    int horizon;   /* days; always among the ages                       */
    size_t n_ages;
    int age[RL_WORLD_MAX_AGES]; /* n_ages, ascending, the horizon included           */
    uint64_t seed;              /* deals, touches, leads                             */
    bool has_accounts_seed;
    uint64_t accounts_seed; /* accounts, rollout, market, spend; default: seed   */
    int redraws;            /* for the expected truth; 0 = none                  */
    bool messy;             /* files as dirty as real exports                    */

    struct {
        int count;
        bool company_names; /* else codes: A-000017                              */
        double contacts;    /* mean size of a buying group, at least 1           */
        double spread;      /* coefficient of variation of an account's own demand */
        int owners;         /* sellers a region, each with equally many accounts on average */
        size_t n_regions;
        const char **region;
        size_t n_segments;
        rl_world_segment *segment;
    } accounts;

    struct {
        double rate;         /* deals an account and period, without the programme */
        double common;       /* share of them that the market at large brings      */
        double season;       /* swing of the common part within the year           */
        double trend;        /* growth of the common part a period                 */
        double market;       /* response of the common part to the market index    */
        double win_rate;     /* mean win probability                               */
        double win_spread;   /* accounts differ by +- this much, uniformly         */
        double win_market;   /* win probability added by the market index (1 = +100 %) */
        double amount;       /* mean amount                                        */
        double amount_sigma; /* of the log                                         */
        double cycle;        /* median days from creation to a win                 */
        double cycle_sigma;  /* of the log                                         */
        double lost_cycle;   /* days to a loss / days to a win                     */
    } deals;

    struct {
        double share; /* of the accounts that ever get the programme        */
        size_t n_waves;
        int32_t wave[RL_WORLD_MAX_WAVES]; /* n_waves  start days, ascending        */
        int jitter;                       /* an account starts 0..jitter days after its wave    */
        int duration;                     /* days until the programme ends; 0 = never           */
        double selection;                 /* 0 = random; 1 = as much demand as chance           */
        double trend_violation; /* treated accounts' demand and win probability drift by this share a period */
    } rollout;

    struct {
        double volume;    /* relative, on the deal rate                         */
        double win_rate;  /* added to the win probability                       */
        double deal_size; /* relative, on the amount                            */
        double cycle;     /* relative, on the days to decision: -0.1 = faster   */
        double lag;       /* days: exposure after d days is 1 - exp(-d / lag)   */
        double half_life; /* days: of the brand stock after the programme ended */
        double spillover; /* share of it that accounts without the programme feel from the day the first
                             account of their seller got it                      */
    } effect;

    struct {
        double per_deal, per_account, program, chase;
    } touches;
    struct {
        double per_account, mql, linked;
    } leads;

    struct {
        size_t n_channels;
        rl_world_channel *channel;
        double demand;      /* elasticity of the plan to expected demand          */
        double noise;       /* log standard deviation of a region and week        */
        double paid_effect; /* rise of the common part for one log point of paid spend */
        double program;     /* cost of the programme, a treated account and week  */
    } spend;
} rl_world;

/* All knobs at their defaults. */
void rl_world_defaults(rl_world *w, rl_arena *in);

/* Read and check a world file.
 *
 * Errors  RL_EINPUT with file:line:column: syntax, unknown or duplicate keys,
 *         wrong types, a share outside 0..1, a first day that starts no
 *         period, waves outside the simulated time, knobs under which a win
 *         probability would leave 0..1 (it is never clamped)
 */
RL_MUST rl_code rl_world_read(const char *path, rl_world *w, rl_arena *in, rl_ctx *cx);
RL_MUST rl_code rl_world_parse(const char *name, const char *text, size_t n, rl_world *w, rl_arena *in, rl_ctx *cx);

/* Every key with its type and meaning, for people. */
void rl_world_help(rl_str *out);

#endif
