/* The words of --vcov. */
#include <string.h>

#include "model/infer.h"
#include "model/profile.h"

static const struct {
    const char *word;
    rl_vcov_kind kind;
} KIND[] = {
    {"iid", RL_IID}, {"HC0", RL_HC0},         {"HC1", RL_HC1},
    {"HC2", RL_HC2}, {"HC3", RL_HC3},         {"CR2", RL_CR2},
    {"CR3", RL_CR3}, {"cluster", RL_CLUSTER}, {"NW", RL_NW},
    {"DK", RL_DK},   {"HAC", RL_HAC},         {"wild", RL_WILD},
    {"EWC", RL_EWC}, {"block", RL_BLOCK},     {"wild-dependent", RL_WILD_DEPENDENT},
};

static const char KNOWN[] = "iid HC0 HC1 HC2 HC3 cluster:a cluster:a+b CR2:a CR3:a NW[:L] DK[:L] HAC:qs EWC[:B] "
                            "wild:a block[:L] wild-dependent[:L]";

static rl_code unknown(const char *word, rl_ctx *cx)
{
    size_t n = strcspn(word, ":");
    if (n == 6 && strncmp(word, "conley", n) == 0)
        return rl_fail(cx, RL_EUSAGE, "--vcov '%s' is not in this version", word);
    rl_fail(cx, RL_EUSAGE, "--vcov '%s' is not known", word);
    return rl_hint(cx, "known: %s", KNOWN);
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
        for (size_t i = 0; i + 1 < v->ways; i++)
            if (strcmp(v->by[i], v->by[v->ways - 1]) == 0)
                return rl_fail(cx, RL_EUSAGE, "--vcov cluster: '%s' is named twice", v->by[i]);
        if (*s == '\0') return RL_OK;
        from = s + 1;
    }
}

/* The next piece of s up to a comma outside backticks; s moves behind it. */
static const char *piece(const char **s, rl_arena *in)
{
    const char *from = *s;
    bool quoted = false;
    for (; **s != '\0' && (quoted || **s != ','); ++*s)
        if (**s == '`') quoted = !quoted;
    const char *text = rl_strndup(in, from, (size_t)(*s - from));
    if (**s == ',') ++*s;
    return text;
}

static bool whole(const char *s, size_t most, size_t *x)
{
    size_t n = strspn(s, "0123456789");
    if (n == 0 || n > 9 || s[n] != '\0') return false;
    for (*x = 0; *s != '\0'; s++) *x = 10 * *x + (size_t)(*s - '0');
    return *x <= most;
}

/* --- over time --------------------------------------------------------------------- */

static rl_code lag_words(const char *word, const char *s, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx)
{
    static const struct {
        const char *name;
        rl_lagrule rule;
    } RULE[] = {{"t4", RL_LAG_T4},    {"nw1", RL_LAG_075},         {"nw2", RL_LAG_NW94},
                {"nw3", RL_LAG_AUTO}, {"andrews", RL_LAG_ANDREWS}, {"lls", RL_LAG_LLS}};
    while (*s != '\0') {
        const char *p = piece(&s, in);
        size_t lag;
        bool first = v->lag < 0 && v->rule == 0, taken = first && whole(p, 99999, &lag);
        if (taken) v->lag = (int)lag;
        for (size_t i = 0; i < sizeof RULE / sizeof *RULE; i++)
            if (first && strcmp(p, RULE[i].name) == 0) {
                v->rule = 1 + (int)RULE[i].rule;
                taken = true;
            }
        if (v->kind == RL_NW && strncmp(p, "prewhite=", 9) == 0 && (p[9] == '0' || p[9] == '1') && p[10] == '\0') {
            v->prewhite = p[9] == '1' ? 1 : -1;
            taken = true;
        }
        if (strcmp(p, "fixed-b") == 0 && !v->fixed_b) v->fixed_b = taken = true;
        if (taken) continue;
        rl_fail(cx, RL_EUSAGE, "--vcov '%s': the lag is a whole number or a rule", word);
        return rl_hint(cx, "rules: t4 = T^(1/4), nw1 = 0.75 T^(1/3), nw2 = 4 (T/100)^(2/9), nw3 = Newey and West's "
                           "from the data, andrews, lls = 1.3 T^(1/2) with fixed-b; without one the profile's");
    }
    v->fixed_b |= v->rule == 1 + RL_LAG_LLS;
    if (!v->fixed_b || v->prewhite <= 0) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--vcov '%s': fixed-b is not known for prewhitened scores", word);
    return rl_hint(cx, "leave one of both out");
}

static rl_code kernel_words(const char *word, const char *s, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx)
{
    const char *kernel = piece(&s, in), *more = piece(&s, in);
    bool white = strcmp(more, "prewhite=1") == 0;
    if (strcmp(kernel, "qs") == 0 && *s == '\0' && (*more == '\0' || white || strcmp(more, "prewhite=0") == 0)) {
        v->prewhite = white;
        return RL_OK;
    }
    rl_fail(cx, RL_EUSAGE, "--vcov '%s' is not known", word);
    return rl_hint(cx, "write HAC:qs, or HAC:qs,prewhite=1; for Bartlett weights NW");
}

/* --- the bootstrap ------------------------------------------------------------------- */

static rl_code reps_word(const char *word, const char *p, rl_vcov_spec *v, rl_ctx *cx)
{
    if (whole(p + 5, 10000000, &v->reps) && v->reps >= 19) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--vcov '%s': reps is a whole number from 19 to 10,000,000", word);
    return rl_hint(cx, "9999 is usual");
}

static rl_code wild_word(const char *word, const char *p, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx)
{
    static const char *const TYPE[] = {"rademacher", "webb", "mammen"};
    size_t x;
    if (strncmp(p, "reps=", 5) == 0) return reps_word(word, p, v, cx);
    for (int i = 0; i < 3; i++)
        if (strncmp(p, "type=", 5) == 0 && strcmp(p + 5, TYPE[i]) == 0) {
            v->draws = (rl_boot_kind)i;
            return RL_OK;
        }
    if (strcmp(p, "null=yes") == 0 || strcmp(p, "null=no") == 0) {
        v->null_free = p[5] == 'n';
        return RL_OK;
    }
    if (strncmp(p, "form=", 5) == 0 && whole(p + 5, 33, &x) && (x == 11 || x == 13 || x == 31 || x == 33)) {
        v->form = (int)x;
        return RL_OK;
    }
    if (strncmp(p, "errors=", 7) == 0 && p[7] != '\0') {
        if (v->ways != 1 || v->draw_by != NULL) {
            rl_fail(cx, RL_EUSAGE, "--vcov '%s': errors= names the clusters of the errors beside those drawn by", word);
            return rl_hint(cx, "write both, as in wild:region,errors=account: draws by region, errors by account");
        }
        const char *drawn = v->by[0];
        v->ways = 0;
        RL_TRY(cluster_columns(p + 7, v, in, cx));
        if (v->ways > 1) {
            rl_fail(cx, RL_EUSAGE, "--vcov '%s': one cluster variable, not %zu", word, v->ways);
            return rl_hint(cx, "a^b makes one of two columns");
        }
        if (strcmp(drawn, v->by[0]) != 0) v->draw_by = drawn;
        return RL_OK;
    }
    rl_fail(cx, RL_EUSAGE, "--vcov '%s': '%s' is not known", word, p);
    return rl_hint(cx, "known: reps=9999 type=rademacher|webb|mammen null=yes|no form=11|31|13|33 errors=COL");
}

static rl_code few_clusters(const char *word, const char *s, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx)
{
    const char *columns = piece(&s, in);
    v->reps = 9999;
    v->form = 11;
    if (*columns != '\0') RL_TRY(cluster_columns(columns, v, in, cx));
    if (v->ways > 1) {
        rl_fail(cx, RL_EUSAGE, "--vcov '%s': one cluster variable, not %zu", word, v->ways);
        return rl_hint(cx, "a^b makes one of two columns; cluster:a+b clusters by both");
    }
    while (*s != '\0') {
        const char *p = piece(&s, in);
        if (v->kind == RL_WILD) {
            RL_TRY(wild_word(word, p, v, in, cx));
            continue;
        }
        return rl_fail(cx, RL_EUSAGE, "--vcov '%s': nothing belongs behind the column", word);
    }
    return RL_OK;
}

static rl_code cosine_words(const char *word, const char *s, rl_vcov_spec *v, rl_ctx *cx)
{
    if (whole(s, 999999, &v->terms) && v->terms > 0) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--vcov '%s': the number of cosines is a whole number", word);
    return rl_hint(cx, "EWC alone takes 0.4 T^(2/3) of them");
}

static rl_code block_words(const char *word, const char *s, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx)
{
    while (*s != '\0') {
        const char *p = piece(&s, in);
        size_t L;
        bool first = v->lag < 0 && v->rule == 0;
        if (strncmp(p, "reps=", 5) == 0) {
            RL_TRY(reps_word(word, p, v, cx));
        } else if (first && strcmp(p, "pw") == 0) {
            v->rule = 1 + RL_LAG_PW;
        } else if (first && whole(p, 99999999, &L) && L > 0) {
            v->lag = (int)L;
        } else {
            rl_fail(cx, RL_EUSAGE, "--vcov '%s': '%s' is no length of a block", word, p);
            return rl_hint(cx, "write periods, as in block:6, or pw (Politis and White), and reps=9999 for the draws; "
                               "without a length 1.75 T^(1/3)");
        }
    }
    return RL_OK;
}

rl_code rl_vcov_parse(const char *word, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx)
{
    size_t n = strcspn(word, ":,");
    const char *rest = word[n] == '\0' ? "" : word + n + 1;
    *v = (rl_vcov_spec){.lag = -1};
    for (size_t i = 0; i < sizeof KIND / sizeof *KIND; i++)
        if (strlen(KIND[i].word) == n && strncmp(word, KIND[i].word, n) == 0) v->kind = KIND[i].kind;
    if (v->kind == RL_VCOV_DEFAULT) return unknown(word, cx);
    if (v->kind == RL_CLUSTER) return cluster_columns(rest, v, in, cx);
    if (v->kind == RL_HAC) return kernel_words(word, rest, v, in, cx);
    if (v->kind == RL_CR2 || v->kind == RL_CR3 || v->kind == RL_WILD)
        return few_clusters(word, word[n] == ',' ? word + n : rest, v, in, cx); /* wild,reps=99 names no column */
    if (v->kind == RL_BLOCK || v->kind == RL_WILD_DEPENDENT) {
        v->reps = 9999;
        return block_words(word, rest, v, in, cx);
    }
    if (word[n] == '\0') return RL_OK;
    if (v->kind == RL_EWC) return cosine_words(word, rest, v, cx);
    if (v->kind == RL_NW || v->kind == RL_DK) return lag_words(word, rest, v, in, cx);
    rl_fail(cx, RL_EUSAGE, "--vcov '%s': nothing belongs behind '%.*s'", word, (int)n, word);
    return rl_hint(cx, "known: %s", KNOWN);
}
