/* Whose conventions an estimator can take, and what goes with a program's name beside the covariance.
 *
 *   did                 cs       1,000 Rademacher draws and bands for all periods at once, unless --inference is said
 *   csdid               cs       analytic, or 999 Mammen draws; before its start a cohort is compared with the never
 *                                treated and later cohorts alone (--control notyet)
 *   didimputation       bjs      a cell's mean weighs rows by the square of their weight, whatever the clusters
 *   did_imputation      bjs      .. by their weight times that of their cluster: what bjs does anyway
 *   did2s               did2s    what the estimator does anyway: no factor, normal
 *   did_multiplegt_dyn  dcdh     the same
 *   lpdid               lpdid    the same: each event time with its own factor
 *   small-sample        all      for few clusters: errors, degrees of freedom and tests of infer_small.c; not sc, sdid
 *   staggered, triplediff  staggered, ddd   the same
 *   exact               all      the formulas as they are written, without factors; sc, sdid: the minimum itself,
 *                                where the default stops short of it as synthdid does
 *
 * The others are conventions of regressions, and of the estimators that are one.
 *
 * Source: did 2.5.1, csdid 1.71, didimputation 0.5.0, did_imputation (November 2023), did2s 1.2.0
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "model/infer.h"
#include "model/profile.h"

static const struct own {
    const char *profile, *estimator;
    bool draws; /* unless told otherwise                  */
    rl_boot_kind multiplier;
    size_t reps;
} OWN[] = {
    {"did", "cs", true, RL_RADEMACHER, 1000},          {"csdid", "cs", false, RL_MAMMEN, 999},
    {"didimputation", "bjs", false, RL_RADEMACHER, 0}, {"did_imputation", "bjs", false, RL_RADEMACHER, 0},
    {"did2s", "did2s", false, RL_RADEMACHER, 0},       {"did_multiplegt_dyn", "dcdh", false, RL_RADEMACHER, 0},
    {"lpdid", "lpdid", false, RL_RADEMACHER, 0},       {"staggered", "staggered", false, RL_RADEMACHER, 0},
    {"triplediff", "ddd", false, RL_RADEMACHER, 0},
};
enum { OWNED = sizeof OWN / sizeof *OWN };

static bool is_regression(const rl_estimator *e) { return e->regression || !e->needs_cohort; }

static const struct own *owner(const char *profile)
{
    for (size_t i = 0; i < OWNED; i++)
        if (strcmp(OWN[i].profile, profile) == 0) return &OWN[i];
    return NULL;
}

bool rl_profile_fits(const char *profile, const rl_estimator *e)
{
    const struct own *o = owner(profile);
    if (e->no_errors) return false;
    if (strcmp(profile, "exact") == 0) return true;
    if (strcmp(profile, "small-sample") == 0) return e->needs_cohort && !e->refits;
    return o != NULL ? strcmp(o->estimator, e->name) == 0 : is_regression(e);
}

bool rl_profile_is(const rl_request *r, const char *name)
{
    return r->profile != NULL && strcmp(r->profile, name) == 0;
}

static rl_code refuse(const rl_request *r, rl_ctx *cx)
{
    const rl_estimator *e = r->estimator;
    rl_str known = rl_str_new(cx->tmp);
    rl_fail(cx, RL_EUSAGE, "--as %s is no convention of estimator '%s'", r->profile, e->name);
    if (e->no_errors) return rl_hint(cx, "it gives no standard errors: there is none to choose");
    for (size_t i = 0; i < OWNED; i++)
        if (strcmp(OWN[i].estimator, e->name) == 0) rl_str_addf(&known, "%s ", OWN[i].profile);
    if (is_regression(e)) rl_str_add(&known, "those of regressions (fixest reghdfe ..) and ");
    if (e->needs_cohort && !e->refits) rl_str_add(&known, "small-sample and ");
    return rl_hint(cx, "'%s' has %sexact", e->name, rl_str_text(&known));
}

rl_code rl_profile_settle(rl_request *r, rl_ctx *cx)
{
    if (r->profile == NULL) return RL_OK;
    if (rl_profile_by_name(r->profile) == NULL) {
        rl_fail(cx, RL_EUSAGE, "--as '%s' is not known", r->profile);
        return rl_hint(cx, "known: %s", rl_profile_names());
    }
    if (!rl_profile_fits(r->profile, r->estimator)) return refuse(r, cx);
    const struct own *o = owner(r->profile);
    if (o == NULL || o->reps == 0) return RL_OK;
    if (!r->inference_said) r->bootstrap = o->draws;
    if (!r->bootstrap) return RL_OK;
    if (!r->multiplier_said) r->multiplier = o->multiplier;
    if (r->reps == 0) r->reps = o->reps;
    return RL_OK;
}
