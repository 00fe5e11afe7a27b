#include "out/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Bytes of the UTF-8 character at s, 0 when it is none. */
static size_t utf8(const unsigned char *s)
{
    static const unsigned LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    if (n <= 1) return n;
    unsigned c = s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (s[i] >> 6 != 2) return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    return c < LEAST[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

void rl_json_quote(rl_str *out, const char *s)
{
    rl_str_addc(out, '"');
    for (const unsigned char *p = (const unsigned char *)s; *p != '\0';) {
        size_t n = utf8(p);
        if (n == 0) {
            rl_str_add(out, "\\ufffd");
            p++;
            continue;
        }
        if (*p == '"' || *p == '\\')
            rl_str_addf(out, "\\%c", *p);
        else if (*p == '\n')
            rl_str_add(out, "\\n");
        else if (*p == '\t')
            rl_str_add(out, "\\t");
        else if (*p < 0x20 || *p == 0x7f)
            rl_str_addf(out, "\\u%04x", *p);
        else
            rl_str_addn(out, (const char *)p, n);
        p += n;
    }
    rl_str_addc(out, '"');
}

rl_json rl_json_new(rl_arena *in) { return (rl_json){.out = rl_str_new(in)}; }

/* Comma, line, key: whatever stands before a value. */
static void before(rl_json *j, const char *key)
{
    assert(j->depth > 0 || !j->begun[0]);
    if (j->depth > 0 && j->begun[j->depth]) rl_str_add(&j->out, j->line[j->depth] ? "," : ", ");
    if (j->depth > 0 && j->line[j->depth]) rl_str_addf(&j->out, "\n%*s", 2 * j->depth, "");
    j->begun[j->depth] = true;
    if (key == NULL) return;
    assert(j->depth > 0 && j->close[j->depth] == '}');
    rl_json_quote(&j->out, key);
    rl_str_add(&j->out, ": ");
}

static void open(rl_json *j, const char *key, char bracket, bool line)
{
    assert(bracket == '{' || bracket == '[');
    before(j, key);
    assert(j->depth + 1 < RL_JSON_DEPTH);
    rl_str_addc(&j->out, bracket);
    j->depth++;
    j->close[j->depth] = bracket == '{' ? '}' : ']';
    j->begun[j->depth] = false;
    j->line[j->depth] = line;
}

void rl_json_open(rl_json *j, const char *key, char bracket) { open(j, key, bracket, true); }
void rl_json_open_flat(rl_json *j, const char *key, char bracket) { open(j, key, bracket, false); }

void rl_json_close(rl_json *j)
{
    assert(j->depth > 0);
    if (j->line[j->depth] && j->begun[j->depth]) rl_str_addf(&j->out, "\n%*s", 2 * (j->depth - 1), "");
    rl_str_addc(&j->out, j->close[j->depth]);
    j->depth--;
}

void rl_json_num(rl_json *j, const char *key, double x)
{
    char buf[32];
    before(j, key);
    rl_str_add(&j->out, isfinite(x) ? rl_num_text(buf, x) : "null");
}

void rl_json_int(rl_json *j, const char *key, int64_t x)
{
    before(j, key);
    rl_str_addf(&j->out, "%" PRId64, x);
}

void rl_json_count(rl_json *j, const char *key, uint64_t n) { rl_json_int(j, key, (int64_t)n); }

void rl_json_str(rl_json *j, const char *key, const char *s)
{
    before(j, key);
    if (s != NULL)
        rl_json_quote(&j->out, s);
    else
        rl_str_add(&j->out, "null");
}

void rl_json_texts(rl_json *j, const char *key, const char *const *s, size_t n)
{
    rl_json_open(j, key, '[');
    for (size_t i = 0; i < n; i++) rl_json_str(j, NULL, s[i]);
    rl_json_close(j);
}

void rl_json_bool(rl_json *j, const char *key, bool b)
{
    before(j, key);
    rl_str_add(&j->out, b ? "true" : "false");
}

void rl_json_null(rl_json *j, const char *key) { rl_json_str(j, key, NULL); }

const char *rl_json_text(rl_json *j)
{
    assert(j->depth == 0);
    rl_str_addc(&j->out, '\n');
    return rl_str_text(&j->out);
}
