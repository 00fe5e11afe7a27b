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
     * Driscoll-Kraay: n, T, df, lag; R2 always centred; likelihoods: n, at the last step */
    {"default",      LV,  Y,  N1,  GM,  DG,  NK,  N1,  Y,  DT,  AUTO,  O,  O,  N1,  Y,  DT,  T4,    O,  N1,  Y},
    {"fixest",       LV,  Y,  N1,  GM,  DG,  NK,  N1,  Y,  DT,  AUTO,  Y,  O,  N1,  Y,  DT,  T4,    Y,  N1,  Y},
    {"reghdfe",      RK,  Y,  N1,  GM,  DL,  NK,  N1,  Y,  DT,  NW94,  O,  O,  N1,  Y,  DT,  NW94,  O,  N1,  O},
    {"areg",         RK,  O,  N1,  GM,  DG,  NK,  N1,  Y,  DT,  NW94,  O,  O,  N1,  Y,  DT,  NW94,  O,  N1,  O},
    {"sandwich",     RK,  O,  N1,  GE,  NK,  NK,  N0,  O,  NK,  AUTO,  Y,  Y,  NN,  O,  NK,  T4,    O,  N0,  O},
    {"plm",          RK,  O,  N0,  G0,  NK,  NK,  N0,  O,  NK,  T4,    Y,  O,  N0,  O,  NK,  T4,    O,  N0,  O},
    {"gretl",        RK,  Y,  N1,  GM,  DG,  NK,  N0,  O,  NK,  T075,  O,  O,  N0,  O,  NK,  T075,  O,  N0,  O},
    {"statsmodels",  RK,  O,  N1,  GM,  Z,   Z,   N0,  O,  Z,   NW94,  Y,  O,  N0,  O,  Z,   NW94,  O,  N0,  O},
};
/* clang-format on */

const rl_profile *rl_profile_by_name(const char *name)
{
    if (name == NULL) return &TABLE[0];
    for (size_t i = 1; i < sizeof TABLE / sizeof *TABLE; i++)
        if (strcmp(TABLE[i].name, name) == 0) return &TABLE[i];
    return NULL;
}

const char *rl_profile_names(void) { return "fixest reghdfe areg sandwich plm gretl statsmodels"; }

/* --- the words of --vcov ------------------------------------------------------ */

static const struct {
    const char *word;
    rl_vcov_kind kind;
} KIND[] = {
    {"iid", RL_IID}, {"HC0", RL_HC0},         {"HC1", RL_HC1}, {"HC2", RL_HC2},
    {"HC3", RL_HC3}, {"cluster", RL_CLUSTER}, {"NW", RL_NW},   {"DK", RL_DK},
};

static rl_code unknown(const char *word, rl_ctx *cx)
{
    static const char *const LATER[] = {"CR2", "CR3", "HAC", "wild", "conley"};
    size_t n = strcspn(word, ":");
    for (size_t i = 0; i < sizeof LATER / sizeof *LATER; i++)
        if (strlen(LATER[i]) == n && strncmp(word, LATER[i], n) == 0)
            return rl_fail(cx, RL_EUSAGE, "--vcov '%s' is not in this version", word);
    rl_fail(cx, RL_EUSAGE, "--vcov '%s' is not known", word);
    return rl_hint(cx, "known: iid HC0 HC1 HC2 HC3 cluster:a cluster:a+b NW[:L] DK[:L]");
}

static rl_code cluster_columns(const char *s, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx)
{
    const char *from = s;
    bool quoted = false;
    for (;; s++) {
        if (*s == '`') quoted = !quoted;
        if ((*s != '+' && *s != '\0') || (quoted && *s != '\0')) continue;
        if (v->ways == RL_MAX_WAYS) return rl_fail(cx, RL_EUSAGE, "more than %d cluster variables", RL_MAX_WAYS);
        const char *a = from, *b = s;
        while (a < b && *a == ' ') a++;
        while (b > a && b[-1] == ' ') b--;
        if (a == b) return rl_fail(cx, RL_EUSAGE, "--vcov cluster: names no column, as in cluster:account");
        v->by[v->ways++] = rl_strndup(in, a, (size_t)(b - a));
        if (*s == '\0') return RL_OK;
        from = s + 1;
    }
}

static rl_code lag_of(const char *word, const char *s, rl_vcov_spec *v, rl_ctx *cx)
{
    char buf[16];
    size_t n = strspn(s, "0123456789");
    if (n > 0 && n < 6) {
        memcpy(buf, s, n);
        buf[n] = '\0';
        v->lag = 0;
        for (size_t i = 0; i < n; i++) v->lag = 10 * v->lag + (buf[i] - '0');
        s += n;
        if (*s == ',') s++;
    }
    if (v->kind == RL_NW && strncmp(s, "prewhite=", 9) == 0 && (s[9] == '0' || s[9] == '1') && s[10] == '\0') {
        v->prewhite = s[9] == '1' ? 1 : -1;
        return RL_OK;
    }
    if (*s == '\0' && v->lag >= 0) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--vcov '%s': the lag is a whole number", word);
    return rl_hint(cx, "as in NW:4 or DK:2; without a number the lag follows the profile's rule");
}

rl_code rl_vcov_parse(const char *word, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx)
{
    size_t n = strcspn(word, ":");
    *v = (rl_vcov_spec){.lag = -1};
    for (size_t i = 0; i < sizeof KIND / sizeof *KIND; i++)
        if (strlen(KIND[i].word) == n && strncmp(word, KIND[i].word, n) == 0) v->kind = KIND[i].kind;
    if (v->kind == RL_VCOV_DEFAULT) return unknown(word, cx);
    if (v->kind == RL_CLUSTER) return cluster_columns(word[n] == ':' ? word + n + 1 : "", v, in, cx);
    if (word[n] == '\0') return RL_OK;
    if (v->kind == RL_NW || v->kind == RL_DK) return lag_of(word, word + n + 1, v, cx);
    rl_fail(cx, RL_EUSAGE, "--vcov '%s': nothing belongs behind '%.*s'", word, (int)n, word);
    return rl_hint(cx, "known: iid HC0 HC1 HC2 HC3 cluster:a cluster:a+b NW[:L] DK[:L]");
}
