#include "model/schema.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "data/csv.h"

enum {
    MOST_KEYS = 64,
    MOST_ITEMS = 5000,
    MOST_NAMED = 500,
    HINT_LIST = 300,
    HELP_NAME = 22,
    HELP_TYPE = 30,
    HELP_WIDE = 110
};

/* ------------------------------------------------------------ messages */

rl_code rl_form_fail(rl_form *f, const rl_node *node, const char *fmt, ...)
{
    char what[sizeof f->cx->err.what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return rl_yaml_fail(f->doc, node->line, node->col, f->cx, "%s", what);
}

const char *rl_form_got(rl_form *f, const rl_node *node)
{
    if (node->kind == RL_NODE_LIST) return "a list";
    if (node->kind == RL_NODE_MAP) return "a map";
    if (node->text[0] == '\0') return node->quoted ? "an empty text" : "nothing";
    size_t n = strlen(node->text), most = 60;
    if (n <= most) return rl_sprintf(f->in, "'%s'", node->text);
    while (most > 0 && ((unsigned char)node->text[most] & 0xc0) == 0x80) most--;
    return rl_sprintf(f->in, "'%.*s..'", (int)most, node->text);
}

rl_code rl_form_suggest(rl_ctx *cx, const char *name, const char *kind, const char *const *known, size_t n)
{
    rl_str t = rl_str_new(cx->tmp);
    const char *near = rl_nearest(name, known, n);
    if (near != NULL) rl_str_addf(&t, "did you mean '%s'? ", near);
    rl_str_addf(&t, "%s: ", kind);
    for (size_t i = 0; i < n; i++) {
        if (t.n > HINT_LIST) {
            rl_str_add(&t, ", ..");
            break;
        }
        rl_str_addf(&t, "%s%s", i > 0 ? ", " : "", known[i]);
    }
    if (n == 0) rl_str_add(&t, "none");
    return rl_hint(cx, "%s", rl_str_text(&t));
}

/* ------------------------------------------------------------ single values */

rl_code rl_form_text(rl_form *f, const char *name, const rl_node *node, rl_text *out)
{
    if (node->kind != RL_NODE_TEXT || node->text[0] == '\0')
        return rl_form_fail(f, node, "'%s' must be a text, not %s", name, rl_form_got(f, node));
    *out = (rl_text){node->text, {node->line, node->col}};
    return RL_OK;
}

rl_code rl_form_texts(rl_form *f, const char *name, const rl_node *node, bool blanks, rl_texts *out)
{
    bool one = node->kind == RL_NODE_TEXT;
    if (node->kind == RL_NODE_MAP || (one && node->text[0] == '\0' && !(blanks && node->quoted)))
        return rl_form_fail(f, node, "'%s' must be a list of texts such as [a, b], not %s", name, rl_form_got(f, node));
    out->n = one ? 1 : node->n;
    if (out->n > MOST_ITEMS) {
        rl_form_fail(f, node, "'%s' lists more than %d texts", name, MOST_ITEMS);
        return rl_hint(f->cx, "put long lists into a CSV file");
    }
    out->v = RL_NEW(f->in, rl_text, out->n);
    rl_dict *seen = rl_dict_new(f->cx->tmp);
    for (size_t i = 0; i < out->n; i++) {
        const rl_node *x = one ? node : &node->item[i];
        if (x->kind != RL_NODE_TEXT || (x->text[0] == '\0' && !(blanks && x->quoted)))
            return rl_form_fail(f, x, "an item of '%s' must be a text, not %s", name, rl_form_got(f, x));
        out->v[i] = (rl_text){x->text, {x->line, x->col}};
        if ((size_t)rl_dict_code(seen, x->text, strlen(x->text)) < i)
            return rl_form_fail(f, x, "%s stands twice in '%s'", rl_form_got(f, x), name);
    }
    return RL_OK;
}

static const char *bounds(rl_form *f, double lo, double hi)
{
    char a[32], b[32];
    if (lo == 0 && hi == 0) return "";
    return rl_sprintf(f->in, " from %s to %s", rl_num_text(a, lo), rl_num_text(b, hi));
}

static bool outside(double x, double lo, double hi) { return (lo != 0 || hi != 0) && (x < lo || x > hi); }

rl_code rl_form_number(rl_form *f, const char *name, const rl_node *node, double lo, double hi, double *x)
{
    bool is = node->kind == RL_NODE_TEXT && rl_number_parse(node->text, strlen(node->text), RL_NUMBERS_PLAIN, x);
    if (!is || outside(*x, lo, hi))
        return rl_form_fail(f, node, "'%s' must be a number%s, not %s", name, bounds(f, lo, hi), rl_form_got(f, node));
    return RL_OK;
}

static rl_code read_whole(rl_form *f, const rl_key *k, const rl_node *node, int *out)
{
    double x;
    bool is = node->kind == RL_NODE_TEXT && rl_number_parse(node->text, strlen(node->text), RL_NUMBERS_PLAIN, &x);
    if (!is || x != floor(x) || fabs(x) > 1e9 || outside(x, k->lo, k->hi))
        return rl_form_fail(f, node, "'%s' must be a whole number%s, not %s", k->name, bounds(f, k->lo, k->hi),
                            rl_form_got(f, node));
    *out = (int)x;
    return RL_OK;
}

rl_code rl_form_choice(rl_form *f, const char *name, const rl_node *node, const rl_choice *c, int *value)
{
    const char *known[MOST_KEYS];
    size_t n = 0;
    for (; c[n].name != NULL; n++) {
        assert(n < MOST_KEYS);
        known[n] = c[n].name;
        if (node->kind == RL_NODE_TEXT && strcmp(c[n].name, node->text) == 0) {
            *value = c[n].value;
            return RL_OK;
        }
    }
    rl_str t = rl_str_new(f->in);
    for (size_t i = 0; i < n; i++) rl_str_addf(&t, "%s%s", i > 0 ? ", " : "", known[i]);
    rl_form_fail(f, node, "'%s' must be one of %s, not %s", name, rl_str_text(&t), rl_form_got(f, node));
    const char *near = node->kind == RL_NODE_TEXT ? rl_nearest(node->text, known, n) : NULL;
    return near != NULL ? rl_hint(f->cx, "did you mean '%s'?", near) : RL_EINPUT;
}

static rl_code read_yes(rl_form *f, const rl_key *k, const rl_node *node, bool *out)
{
    static const char *const yes[] = {"yes", "true", "on"}, *const no[] = {"no", "false", "off"};
    for (size_t i = 0; node->kind == RL_NODE_TEXT && i < 3; i++) {
        bool is_yes = strcasecmp(node->text, yes[i]) == 0;
        if (!is_yes && strcasecmp(node->text, no[i]) != 0) continue;
        *out = is_yes;
        return RL_OK;
    }
    return rl_form_fail(f, node, "'%s' must be yes or no, not %s", k->name, rl_form_got(f, node));
}

static rl_code read_date(rl_form *f, const rl_key *k, const rl_node *node, int32_t *day)
{
    if (node->kind == RL_NODE_TEXT && rl_day_parse(node->text, strlen(node->text), day)) return RL_OK;
    return rl_form_fail(f, node, "'%s' must be a date such as 2026-06-30, not %s", k->name, rl_form_got(f, node));
}

/* ------------------------------------------------------------ maps */

static const char *below(rl_form *f, const char *where, const char *name)
{
    return where[0] == '\0' ? name : rl_sprintf(f->in, "%s.%s", where, name);
}

static rl_code read_named(rl_form *f, const rl_key *k, const char *where, const rl_node *node, char *base)
{
    if (node->kind != RL_NODE_MAP || node->n == 0)
        return rl_form_fail(f, node, "'%s' must be a map of names, each with its keys, not %s", k->name,
                            node->kind == RL_NODE_MAP ? "an empty map" : rl_form_got(f, node));
    if (node->n > MOST_NAMED) return rl_form_fail(f, node, "'%s' has more than %d names", k->name, MOST_NAMED);
    char *v = rl_alloc(f->in, node->n, k->size);
    for (size_t i = 0; i < node->n; i++) {
        struct {
            const char *name;
            rl_at at;
        } head = {node->key[i].text, {node->key[i].line, node->key[i].col}};
        char *element = v + i * k->size;
        if (k->init != NULL) k->init(element);
        memcpy(element, &head, sizeof head);
        RL_TRY(rl_schema_read(f, k->sub, below(f, where, head.name), &node->item[i], element));
    }
    memcpy(base + k->to, &v, sizeof v);
    memcpy(base + k->count, &node->n, sizeof node->n);
    return RL_OK;
}

static rl_code read_rows(rl_form *f, const rl_key *k, const char *where, const rl_node *node, char *base)
{
    bool one = node->kind == RL_NODE_MAP;
    if (node->kind == RL_NODE_TEXT)
        return rl_form_fail(f, node, "'%s' must be a list of maps, not %s", k->name, rl_form_got(f, node));
    size_t n = one ? 1 : node->n;
    if (n > MOST_NAMED) return rl_form_fail(f, node, "'%s' has more than %d maps", k->name, MOST_NAMED);
    char *v = rl_alloc(f->in, n, k->size);
    for (size_t i = 0; i < n; i++) {
        if (k->init != NULL) k->init(v + i * k->size);
        RL_TRY(rl_schema_read(f, k->sub, where, one ? node : &node->item[i], v + i * k->size));
    }
    memcpy(base + k->to, &v, sizeof v);
    memcpy(base + k->count, &n, sizeof n);
    return RL_OK;
}

static rl_code read_choice(rl_form *f, const rl_key *k, const rl_node *node, char *to)
{
    int value = 0;
    RL_TRY(rl_form_choice(f, k->name, node, k->choice, &value));
    if (k->type == RL_KEY_FLAG)
        *(bool *)(void *)to = value != 0;
    else
        memcpy(to, &value, sizeof value);
    return RL_OK;
}

static rl_code read_string(rl_form *f, const rl_key *k, const rl_node *node, rl_text *text)
{
    int ignored;
    RL_TRY(rl_form_text(f, k->name, node, text));
    return k->choice != NULL ? rl_form_choice(f, k->name, node, k->choice, &ignored) : RL_OK;
}

static rl_code read_value(rl_form *f, const rl_key *k, const char *where, const rl_node *node, char *base)
{
    char *to = base + k->to;
    rl_text text;
    switch (k->type) {
    case RL_KEY_TEXT:
        return read_string(f, k, node, (rl_text *)(void *)to);
    case RL_KEY_STRING:
        RL_TRY(read_string(f, k, node, &text));
        memcpy(to, &text.s, sizeof text.s);
        return RL_OK;
    case RL_KEY_TEXTS:
        return rl_form_texts(f, k->name, node, false, (rl_texts *)(void *)to);
    case RL_KEY_YES:
        return read_yes(f, k, node, (bool *)(void *)to);
    case RL_KEY_WHOLE:
        return read_whole(f, k, node, (int *)(void *)to);
    case RL_KEY_NUMBER:
        return rl_form_number(f, k->name, node, k->lo, k->hi, (double *)(void *)to);
    case RL_KEY_DATE:
        return read_date(f, k, node, (int32_t *)(void *)to);
    case RL_KEY_CHOICE:
    case RL_KEY_FLAG:
        return read_choice(f, k, node, to);
    case RL_KEY_MAP:
        if (k->given) *(bool *)(void *)to = true;
        return rl_schema_read(f, k->sub, below(f, where, k->name), node, to);
    case RL_KEY_NAMED:
        return read_named(f, k, below(f, where, k->name), node, base);
    case RL_KEY_ROWS:
        return read_rows(f, k, below(f, where, k->name), node, base);
    case RL_KEY_OWN:
        return k->read(f, k, node, to);
    }
    assert(false);
    return RL_EINPUT;
}

static rl_code unknown(rl_form *f, const rl_key *keys, const char *where, const rl_node *key)
{
    const char *known[MOST_KEYS];
    size_t n = 0;
    for (const rl_key *k = keys; k->name != NULL; k++) {
        assert(n < MOST_KEYS);
        known[n++] = k->name;
    }
    const char *in = where[0] != '\0' ? rl_sprintf(f->in, " in '%s'", where) : "";
    rl_form_fail(f, key, "unknown key %s%s", rl_form_got(f, key), in);
    return rl_form_suggest(f->cx, key->text, "known keys", known, n);
}

rl_code rl_schema_read(rl_form *f, const rl_key *keys, const char *where, const rl_node *map, void *to)
{
    bool seen[MOST_KEYS] = {false};
    if (map->kind != RL_NODE_MAP)
        return where[0] != '\0'
                   ? rl_form_fail(f, map, "'%s' must be a map of keys, not %s", where, rl_form_got(f, map))
                   : rl_form_fail(f, map, "the file must be a map of sections, not %s", rl_form_got(f, map));
    for (size_t i = 0; i < map->n; i++) {
        const rl_key *k = keys;
        while (k->name != NULL && strcmp(k->name, map->key[i].text) != 0) k++;
        if (k->name == NULL) return unknown(f, keys, where, &map->key[i]);
        seen[k - keys] = true;
        RL_TRY(read_value(f, k, where, &map->item[i], to));
    }
    for (const rl_key *k = keys; k->name != NULL; k++) {
        assert(k - keys < MOST_KEYS);
        if (!k->required || seen[k - keys]) continue;
        rl_form_fail(f, map, "'%s' lacks the key '%s'", where[0] != '\0' ? where : "the file", k->name);
        return rl_hint(f->cx, "%s: %s", k->name, k->help);
    }
    return RL_OK;
}

/* ------------------------------------------------------------ help */

static const char *type_words(const rl_key *k, rl_arena *in)
{
    char lo[32], hi[32];
    rl_str t = rl_str_new(in);
    switch (k->type) {
    case RL_KEY_YES:
        return "yes | no";
    case RL_KEY_TEXTS:
        return "list of texts";
    case RL_KEY_DATE:
        return "date";
    case RL_KEY_WHOLE:
    case RL_KEY_NUMBER:
        rl_str_add(&t, k->type == RL_KEY_WHOLE ? "whole number" : "number");
        if (k->lo != 0 || k->hi != 0) rl_str_addf(&t, ", %s to %s", rl_num_text(lo, k->lo), rl_num_text(hi, k->hi));
        return rl_str_text(&t);
    case RL_KEY_MAP:
        return "map";
    case RL_KEY_NAMED:
        return "map of names";
    case RL_KEY_ROWS:
        return "list of maps";
    case RL_KEY_OWN:
        return k->wants;
    default:
        break;
    }
    if (k->choice == NULL) return "text";
    for (const rl_choice *c = k->choice; c->name != NULL; c++)
        rl_str_addf(&t, "%s%s", c > k->choice ? " | " : "", c->name);
    return rl_str_text(&t);
}

/* Words from column `at` on, broken before HELP_WIDE. */
static void add_wrapped(rl_str *t, const char *text, size_t at)
{
    size_t col = at;
    while (*text != '\0') {
        size_t n = strcspn(text, " ");
        if (col > at && col + 1 + n > HELP_WIDE) {
            rl_str_addf(t, "\n%*s", (int)at, "");
            col = at;
        }
        if (col > at) rl_str_addc(t, ' ');
        rl_str_addn(t, text, n);
        col += n + (col > at);
        text += n + (text[n] == ' ');
    }
    rl_str_addc(t, '\n');
}

void rl_schema_help(rl_str *t, const rl_key *keys, int depth, bool only_common)
{
    const int at = HELP_NAME + HELP_TYPE + 4, indent = 2 * depth;
    for (const rl_key *k = keys; k->name != NULL; k++) {
        if (k->common != only_common) continue;
        const char *type = type_words(k, t->in);
        rl_str_addf(t, "%*s%-*s  ", indent, "", HELP_NAME - indent, k->name);
        if (strlen(type) > HELP_TYPE)
            rl_str_addf(t, "%s\n%*s", type, at, "");
        else
            rl_str_addf(t, "%-*s  ", HELP_TYPE, type);
        add_wrapped(t, rl_sprintf(t->in, "%s%s", k->help, k->required ? " (required)" : ""), (size_t)at);
        if (k->sub != NULL) rl_schema_help(t, k->sub, depth + (k->type == RL_KEY_NAMED ? 2 : 1), only_common);
    }
}
