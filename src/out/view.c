/* out/view.c -- numbers to words. */
#include "out/view.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/str.h"

static const char NOT_KNOWN[] = "n/a";

rl_view rl_view_of(const rl_study *study, bool ascii, rl_arena *in)
{
    rl_view v = {.in = in,
                 .currency = "",
                 .minus = "\xe2\x88\x92",
                 .nbsp = "\xc2\xa0",
                 .open = "\xe2\x80\x9c",
                 .close = "\xe2\x80\x9d",
                 .level = 0.95};
    if (ascii) {
        v.minus = "-";
        v.nbsp = " ";
        v.open = v.close = "'";
    }
    if (study && study->currency) v.currency = rl_view_clean(study->currency, 8, in);
    if (study && study->level > 0 && study->level < 1) v.level = study->level;
    return v;
}

rl_unit rl_unit_of_lift(const rl_view *v, const rl_lift *lift)
{
    const char *u = lift->unit ? lift->unit : "";
    if (!strcmp(u, "points")) return RL_UNIT_POINTS;
    if (!strcmp(u, "%")) return RL_UNIT_PERCENT;
    if (!strcmp(u, "days")) return RL_UNIT_DAYS;
    return v->currency[0] && !strcmp(rl_view_clean(u, 8, v->in), v->currency) ? RL_UNIT_MONEY : RL_UNIT_PLAIN;
}

const char *rl_unit_own(const rl_model_answer *m)
{
    if (!m->has_lift || !m->lift.unit) return "";
    return !strcmp(m->lift.unit, "points") ? "share" : m->lift.unit;
}

int rl_view_decimals(double se)
{
    if (!isfinite(se) || se <= 0) return 2;
    char text[32];
    snprintf(text, sizeof text, "%.1e", se); /* "4.3e-01": rounded first, so 0.0996 counts as 0.10 */
    int exponent = 0;
    sscanf(strchr(text, 'e') + 1, "%d", &exponent);
    int decimals = 1 - exponent;
    return decimals > 12 ? 12 : decimals < -12 ? -12 : decimals;
}

static double power_of_ten(int k)
{
    double p = 1;
    for (; k > 0; k--) p *= 10;
    return p;
}

/* |x| with thousands separators; decimals may be negative. */
static char *digits_of(rl_arena *in, double x, int decimals)
{
    x = fabs(x);
    if (decimals < 0) {
        double unit = power_of_ten(-decimals);
        x = nearbyint(x / unit) * unit;
        decimals = 0;
    }
    if (x >= 1e15) return rl_sprintf(in, "%.4g", x);
    char plain[64];
    snprintf(plain, sizeof plain, "%.*f", decimals, x);
    size_t whole = strcspn(plain, ".");
    char *out = rl_alloc(in, strlen(plain) + whole / 3 + 2, 1), *p = out;
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0) *p++ = ',';
        *p++ = plain[i];
    }
    strcpy(p, plain + whole);
    return out;
}

static bool shows_zero(const char *digits) { return digits[strspn(digits, "0.,")] == '\0'; }

const char *rl_view_number(const rl_view *v, double x, int decimals)
{
    if (!isfinite(x)) return NOT_KNOWN;
    char *digits = digits_of(v->in, x, decimals);
    return x < 0 && !shows_zero(digits) ? rl_sprintf(v->in, "%s%s", v->minus, digits) : digits;
}

const char *rl_view_count(const rl_view *v, uint64_t n) { return digits_of(v->in, (double)n, 0); }

const char *rl_view_percent(const rl_view *v, double share, int decimals)
{
    if (!isfinite(share)) return NOT_KNOWN;
    return rl_sprintf(v->in, "%s%s%%", rl_view_number(v, 100 * share, decimals), v->nbsp);
}

/* The currency before or after |x|: $1.2, EUR sign 1.2, 1.2 CHF. */
static const char *with_currency(const rl_view *v, bool negative, const char *digits, const char *suffix)
{
    static const struct {
        const char *code, *sign;
    } SIGN[] = {
        {"USD", "$"}, {"EUR", "\xe2\x82\xac"}, {"GBP", "\xc2\xa3"}, {"JPY", "\xc2\xa5"}, {"INR", "\xe2\x82\xb9"}};
    const char *minus = negative && !shows_zero(digits) ? v->minus : "";
    const char *space = suffix[0] ? v->nbsp : "";
    bool ascii = v->minus[0] == '-';
    for (size_t i = 0; i < sizeof SIGN / sizeof *SIGN; i++) {
        if (strcmp(v->currency, SIGN[i].code) || (ascii && SIGN[i].sign[0] != '$')) continue;
        return rl_sprintf(v->in, "%s%s%s%s%s", minus, SIGN[i].sign, digits, space, suffix);
    }
    if (!v->currency[0]) return rl_sprintf(v->in, "%s%s%s%s", minus, digits, space, suffix);
    return rl_sprintf(v->in, "%s%s%s%s%s%s", minus, digits, space, suffix, v->nbsp, v->currency);
}

const char *rl_view_money(const rl_view *v, double x, int decimals)
{
    if (!isfinite(x)) return NOT_KNOWN;
    return with_currency(v, x < 0, digits_of(v->in, x, decimals), "");
}

const char *rl_view_signed(const rl_view *v, const char *figure, double x)
{
    if (!isfinite(x) || x <= 0 || !strpbrk(figure, "123456789")) return figure;
    return rl_sprintf(v->in, "+%s", figure);
}

const char *rl_view_p(const rl_view *v, double p, size_t draws)
{
    double below = rl_p_floor(draws);
    if (!isfinite(p)) return NOT_KNOWN;
    if (p < below) return rl_sprintf(v->in, "below %s", rl_view_number(v, below, 4));
    return rl_view_number(v, p, p < 0.001 ? 4 : p < 0.1 ? 3 : 2);
}

const char *rl_view_date(const rl_view *v, int32_t day)
{
    if (day == RL_NO_DAY) return NOT_KNOWN;
    char buf[16];
    return rl_strdup(v->in, rl_day_text(buf, day));
}

const char *rl_view_level(const rl_view *v)
{
    double whole = nearbyint(100 * v->level);
    return rl_view_percent(v, v->level, fabs(100 * v->level - whole) < 1e-9 ? 0 : 1);
}

/* --- intervals --------------------------------------------------------------- */

/* Half the interval over 1.96 when there is no standard error; else three digits of the figure itself. */
static double spread_of(const rl_interval *x)
{
    if (isfinite(x->se) && x->se > 0) return x->se;
    if (isfinite(x->low) && isfinite(x->high) && x->high > x->low) return (x->high - x->low) / 3.92;
    return isfinite(x->est) && x->est != 0 ? fabs(x->est) / 10 : NAN;
}

rl_scale rl_scale_full(const rl_interval *x, rl_unit unit, double scale)
{
    rl_scale s = {.unit = unit, .times = scale, .decimals = rl_view_decimals(spread_of(x) * fabs(scale)), .suffix = ""};
    if (unit == RL_UNIT_MONEY && s.decimals < 0) s.decimals = 0;
    if (s.decimals < 0) s.decimals = 0;
    return s;
}

rl_scale rl_scale_for(const rl_interval *x, rl_unit unit, double scale)
{
    static const struct {
        double over, times;
        const char *suffix;
    } CUT[] = {{999.5e6, 1e-9, "B"}, {999.5e3, 1e-6, "M"}, {9999.5, 1e-3, "K"}};
    rl_scale s = rl_scale_full(x, unit, scale);
    if (unit != RL_UNIT_MONEY) return s;
    double largest = 0, all[3] = {x->est, x->low, x->high};
    for (int i = 0; i < 3; i++)
        if (isfinite(all[i]) && fabs(all[i] * scale) > largest) largest = fabs(all[i] * scale);
    for (size_t i = 0; i < sizeof CUT / sizeof *CUT; i++) {
        if (largest < CUT[i].over) continue;
        s.times = scale * CUT[i].times;
        s.suffix = CUT[i].suffix;
        s.decimals = rl_view_decimals(spread_of(x) * fabs(s.times));
        s.decimals = s.decimals < 0 ? 0 : s.decimals > 2 ? 2 : s.decimals;
        return s;
    }
    return s;
}

static const char *unit_words(const rl_scale *s)
{
    switch (s->unit) {
    case RL_UNIT_POINTS:
        return "points";
    case RL_UNIT_PERCENT:
        return "%";
    case RL_UNIT_DAYS:
        return "days";
    case RL_UNIT_MONTHS:
        return "months";
    case RL_UNIT_PLAIN:
    case RL_UNIT_MONEY:
        break;
    }
    return "";
}

const char *rl_scaled_bare(const rl_view *v, const rl_scale *s, double x)
{
    if (isnan(x)) return NOT_KNOWN;
    if (isinf(x)) return x < 0 ? "no lower bound" : "no upper bound";
    if (s->unit == RL_UNIT_MONEY)
        return with_currency(v, x * s->times < 0, digits_of(v->in, x * s->times, s->decimals), s->suffix);
    return rl_view_number(v, x * s->times, s->decimals);
}

const char *rl_scaled(const rl_view *v, const rl_scale *s, double x)
{
    const char *figure = rl_scaled_bare(v, s, x), *unit = unit_words(s);
    return unit[0] && isfinite(x) ? rl_sprintf(v->in, "%s%s%s", figure, v->nbsp, unit) : figure;
}

const char *rl_scaled_signed(const rl_view *v, const rl_scale *s, double x)
{
    return rl_view_signed(v, rl_scaled(v, s, x), x * s->times);
}

static const char *joined(const rl_view *v, const rl_scale *s, const char *low, const char *word, const char *high)
{
    const char *unit = unit_words(s);
    return rl_sprintf(v->in, "%s %s %s%s%s", low, word, high, unit[0] ? v->nbsp : "", unit);
}

const char *rl_view_range(const rl_view *v, const rl_scale *s, const rl_interval *x)
{
    if (isnan(x->low) || isnan(x->high)) return "interval not known";
    return joined(v, s, rl_scaled_bare(v, s, x->low), "to", rl_scaled_bare(v, s, x->high));
}

static rl_scale ratio_scale(const rl_ratio *r, rl_unit unit, double scale)
{
    rl_interval x = {.est = r->est, .se = NAN, .low = r->low, .high = r->high};
    rl_scale s = rl_scale_for(&x, unit, scale);
    if (unit != RL_UNIT_MONEY && s.decimals > 2) s.decimals = 2;
    return s;
}

const char *rl_view_ratio(const rl_view *v, const rl_ratio *r, rl_unit unit, double scale)
{
    if (r->none || isnan(r->est)) return "none";
    rl_scale s = ratio_scale(r, unit, scale);
    return rl_scaled(v, &s, r->est);
}

const char *rl_view_ratio_set(const rl_view *v, const rl_ratio *r, rl_unit unit, double scale)
{
    if (r->none) return "does not exist";
    if (r->all) return "any value is possible";
    if (isnan(r->low) && isnan(r->high)) return "interval not known";
    rl_scale s = ratio_scale(r, unit, scale);
    const char *low = rl_scaled_bare(v, &s, r->low), *high = rl_scaled_bare(v, &s, r->high);
    if (r->outside) return rl_sprintf(v->in, "below %s or above %s", low, rl_scaled(v, &s, r->high));
    if (!isfinite(r->high)) return rl_sprintf(v->in, "%s or more", rl_scaled(v, &s, r->low));
    if (!isfinite(r->low)) return rl_sprintf(v->in, "%s or less", rl_scaled(v, &s, r->high));
    return joined(v, &s, low, "to", high);
}

bool rl_interval_known(const rl_interval *x) { return isfinite(x->est) && isfinite(x->low) && isfinite(x->high); }

bool rl_excludes_zero(const rl_interval *x) { return rl_interval_known(x) && (x->low > 0 || x->high < 0); }

/* --- names --------------------------------------------------------------------- */

static const struct {
    rl_outcome id;
    const char *words, *title;
    int good;
} OUTCOME[] = {
    {RL_OUT_VALUE, "revenue per account", "Revenue per account", 1},
    {RL_OUT_WIN_RATE, "win rate", "Win rate", 1},
    {RL_OUT_DEAL_SIZE, "deal size", "Deal size", 1},
    {RL_OUT_LOG_DEAL_SIZE, "deal size", "Deal size", 1},
    {RL_OUT_VELOCITY, "velocity", "Velocity", 1},
    {RL_OUT_DECISION_TIME, "time to decision", "Time to decision", -1},
    {RL_OUT_DAYS_TO_WIN, "days to win", "Days to win", -1},
    {RL_OUT_WINS, "wins", "Wins", 1},
    {RL_OUT_OPPORTUNITIES, "opportunities", "Opportunities", 1},
    {RL_OUT_REVENUE, "booked revenue", "Booked revenue", 1},
};

static size_t outcome_at(rl_outcome o)
{
    size_t i = 0;
    while (i < sizeof OUTCOME / sizeof *OUTCOME && OUTCOME[i].id != o) i++;
    return i;
}

static const size_t N_OUTCOMES = sizeof OUTCOME / sizeof *OUTCOME;

const char *rl_outcome_words(rl_outcome o)
{
    size_t i = outcome_at(o);
    return i < N_OUTCOMES ? OUTCOME[i].words : "outcome";
}

const char *rl_outcome_title(rl_outcome o)
{
    size_t i = outcome_at(o);
    return i < N_OUTCOMES ? OUTCOME[i].title : "Outcome";
}

int rl_outcome_good(rl_outcome o)
{
    size_t i = outcome_at(o);
    return i < N_OUTCOMES ? OUTCOME[i].good : 0;
}

const char *rl_model_title(const rl_view *v, const rl_model_answer *m)
{
    const rl_model_spec *spec = m->spec;
    if (spec->question && spec->question[0]) return rl_view_clean(spec->question, 200, v->in);
    const char *what = spec->outcome == RL_OUT_COLUMN ? spec->outcome_column.s : rl_outcome_words(spec->outcome);
    if (spec->treatment.s && what)
        return rl_sprintf(v->in, "What did '%s' change in %s?", rl_view_clean(spec->treatment.s, 60, v->in),
                          rl_view_clean(what, 60, v->in));
    return rl_view_clean(spec->name, 80, v->in);
}

/* --- text from the user's files --------------------------------------------------- */

/* Length of the UTF-8 character at s (n bytes left), 0 when it is none; *code its number. */
static size_t character(const unsigned char *s, size_t n, uint32_t *code)
{
    static const uint32_t LEAST[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80                   ? 1
                 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                 : (s[0] & 0xf0) == 0xe0       ? 3
                 : (s[0] & 0xf8) == 0xf0       ? 4
                                               : 0;
    if (len == 0 || len > n) return 0;
    *code = len == 1 ? s[0] : s[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (s[i] & 0x3fu);
    }
    if (len > 1 && *code < LEAST[len]) return 0;
    return *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : len;
}

static bool turns_direction(uint32_t c)
{
    return c == 0x200e || c == 0x200f || c == 0x061c || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe ||
           c == 0xffff;
}

const char *rl_view_clean(const char *s, size_t max, rl_arena *in)
{
    if (!s) return "";
    rl_str out = rl_str_new(in);
    const unsigned char *p = (const unsigned char *)s;
    size_t left = strlen(s), shown = 0;
    while (left > 0) {
        uint32_t code = 0xfffd;
        size_t len = character(p, left, &code);
        if (max && shown + 1 >= max && left > (len ? len : 1)) {
            rl_str_add(&out, "\xe2\x80\xa6");
            break;
        }
        if (len == 0)
            rl_str_add(&out, "\xef\xbf\xbd");
        else if (is_control(code))
            rl_str_addc(&out, ' ');
        else if (!turns_direction(code))
            rl_str_addn(&out, (const char *)p, len);
        shown++;
        p += len ? len : 1;
        left -= len ? len : 1;
    }
    return rl_str_text(&out);
}
