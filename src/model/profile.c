#include "model/profile.h"

#include <string.h>

#include "model/infer.h"

#define NK     RL_DF_NK
#define NORMAL RL_DF_NORMAL

/* clang-format off */
static const rl_profile TABLE[] = {
    /*               effects in K              clusters                              HC      Newey-West                                                 Driscoll-Kraay                              R2 */
    {"default",      RL_K_LEVELS, true,  RL_N_NM1_NK, RL_G_MIN,  RL_DF_G,     NK,     RL_N_NM1_NK, true,  RL_DF_T, RL_LAG_AUTO, false, false, RL_N_NM1_NK, true,  RL_DF_T, RL_LAG_T4,   false},
    {"fixest",       RL_K_LEVELS, true,  RL_N_NM1_NK, RL_G_MIN,  RL_DF_G,     NK,     RL_N_NM1_NK, true,  RL_DF_T, RL_LAG_AUTO, true,  false, RL_N_NM1_NK, true,  RL_DF_T, RL_LAG_T4,   true},
    {"reghdfe",      RL_K_RANK,   true,  RL_N_NM1_NK, RL_G_MIN,  RL_DF_LEAST, NK,     RL_N_NM1_NK, true,  RL_DF_T, RL_LAG_NW94, false, false, RL_N_NM1_NK, true,  RL_DF_T, RL_LAG_NW94, false},
    {"areg",         RL_K_RANK,   false, RL_N_NM1_NK, RL_G_MIN,  RL_DF_G,     NK,     RL_N_NM1_NK, true,  RL_DF_T, RL_LAG_NW94, false, false, RL_N_NM1_NK, true,  RL_DF_T, RL_LAG_NW94, false},
    {"sandwich",     RL_K_RANK,   false, RL_N_NM1_NK, RL_G_EACH, NK,          NK,     RL_N_NONE,   false, NK,      RL_LAG_AUTO, true,  true,  RL_N_N_NK,   false, NK,      RL_LAG_T4,   false},
    {"plm",          RL_K_RANK,   false, RL_N_NONE,   RL_G_NONE, NK,          NK,     RL_N_NONE,   false, NK,      RL_LAG_T4,   true,  false, RL_N_NONE,   false, NK,      RL_LAG_T4,   false},
    {"gretl",        RL_K_RANK,   true,  RL_N_NM1_NK, RL_G_MIN,  RL_DF_G,     NK,     RL_N_NONE,   false, NK,      RL_LAG_075,  false, false, RL_N_NONE,   false, NK,      RL_LAG_075,  false},
    {"statsmodels",  RL_K_RANK,   false, RL_N_NM1_NK, RL_G_MIN,  NORMAL,      NORMAL, RL_N_NONE,   false, NORMAL,  RL_LAG_NW94, true,  false, RL_N_NONE,   false, NORMAL,  RL_LAG_NW94, false},
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
