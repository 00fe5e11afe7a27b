#include "model/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "base/str.h"

enum { EXCERPT_WIDTH = 100, FEW_KEYS = 16 };

typedef struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    rl_doc *doc;
    rl_arena *in;
    rl_ctx *cx;
} reader;

/* ------------------------------------------------------------ messages */

static size_t char_len(const char *s)
{
    unsigned char c = (unsigned char)*s;
    size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80) return i;
    return n;
}

/* Bytes of the line break at s as libyaml counts them: CRLF, CR, LF, NEL, LS, PS; 0 = none. */
static size_t break_len(const char *s)
{
    if (s[0] == '\r') return s[1] == '\n' ? 2 : 1;
    if (s[0] == '\n') return 1;
    if (memcmp(s, "\xc2\x85", s[0] == '\0' ? 1 : 2) == 0) return 2;
    if (s[0] == '\xe2' && s[1] == '\x80' && (s[2] == '\xa8' || s[2] == '\xa9')) return 3;
    return 0;
}

static const char *line_start(const rl_doc *doc, int line)
{
    const char *s = doc->text, *end = s + doc->n;
    for (int at = 1; at < line && s < end;) {
        size_t n = break_len(s);
        if (n > 0) at++;
        s += n > 0 ? n : char_len(s);
    }
    return s;
}

/* "   12 | text" and a caret below character `col`; long lines are clipped around it. */
static char *excerpt_of(const rl_doc *doc, int line, int col, rl_arena *in)
{
    const char *s = line_start(doc, line), *end = doc->text + doc->n;
    int skip = col > EXCERPT_WIDTH - 20 ? col - EXCERPT_WIDTH / 2 : 0, at = 1;
    for (; at <= skip && s < end && break_len(s) == 0; at++) s += char_len(s);
    skip = at - 1;

    rl_str t = rl_str_new(in);
    rl_str_addf(&t, "%7d | %s", line, skip > 0 ? ".." : "");
    for (; at - skip <= EXCERPT_WIDTH && s < end && break_len(s) == 0; at++) {
        size_t n = char_len(s);
        bool odd = (unsigned char)*s < 0x20 || *s == 0x7f;
        if (odd)
            rl_str_addc(&t, *s == '\t' ? ' ' : '?');
        else
            rl_str_addn(&t, s, n);
        s += n;
    }
    rl_str_addf(&t, "\n%7s | %*s^", "", col - 1 - skip + (skip > 0 ? 2 : 0), "");
    return t.s;
}

rl_code rl_yaml_fail(const rl_doc *doc, int line, int col, rl_ctx *cx, const char *fmt, ...)
{
    if (cx->err.code != RL_OK) return cx->err.code;
    char what[sizeof cx->err.what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    rl_code code = rl_fail_at(cx, RL_EINPUT, doc->name, line, col, "%s", what);
    if (line > 0 && doc->n > 0) cx->err.excerpt = excerpt_of(doc, line, col, cx->keep);
    return code;
}

static rl_code fail_at_mark(reader *r, yaml_mark_t m, const char *what)
{
    return rl_yaml_fail(r->doc, (int)m.line + 1, (int)m.column + 1, r->cx, "%s", what);
}

/* A byte offset as line and column, for bytes libyaml's reader refuses. */
static yaml_mark_t mark_of(const rl_doc *doc, size_t offset)
{
    yaml_mark_t m = {0, 0, 0};
    for (const char *s = doc->text, *to = s + (offset < doc->n ? offset : doc->n); s < to;) {
        size_t n = break_len(s);
        m.line += n > 0;
        m.column = n > 0 ? 0 : m.column + 1;
        s += n > 0 ? n : char_len(s);
    }
    return m;
}

static char char_at(const rl_doc *doc, yaml_mark_t m)
{
    const char *s = line_start(doc, (int)m.line + 1), *end = doc->text + doc->n;
    for (size_t i = 0; i < m.column && s < end; i++) s += char_len(s);
    return s < end ? *s : '\0';
}

static rl_code syntax_failure(reader *r)
{
    yaml_parser_t *p = &r->parser;
    const char *what = p->problem != NULL ? p->problem : "this is not YAML";
    if (p->error == YAML_MEMORY_ERROR) return rl_fail(r->cx, RL_EMEM, "no memory left to read '%s'", r->doc->name);
    if (p->error == YAML_READER_ERROR) {
        fail_at_mark(r, mark_of(r->doc, p->problem_offset), what);
        return rl_hint(r->cx, "save the file as UTF-8 text");
    }
    yaml_mark_t m = p->problem_mark;
    char c = char_at(r->doc, m);
    if (p->context != NULL && p->context_mark.line != m.line)
        rl_yaml_fail(r->doc, (int)m.line + 1, (int)m.column + 1, r->cx, "%s, %s that starts on line %zu", what,
                     p->context, p->context_mark.line + 1);
    else
        fail_at_mark(r, m, what);
    if (c == '\t') return rl_hint(r->cx, "indent with spaces; YAML takes no tabs there");
    if (c != '\0' && strchr("@`%", c) != NULL)
        return rl_hint(r->cx, "put quotes around a text that starts with '%c'", c);
    if (strstr(what, "mapping values") != NULL)
        return rl_hint(r->cx, "put quotes around a text that holds ': ', and check the indentation");
    return rl_hint(r->cx, "check indentation, brackets and quotes here and on the lines above");
}

/* ------------------------------------------------------------ the tree */

static rl_code next(reader *r)
{
    if (r->has_event) yaml_event_delete(&r->event);
    r->has_event = false;
    if (!yaml_parser_parse(&r->parser, &r->event)) return syntax_failure(r);
    r->has_event = true;
    return RL_OK;
}

static rl_code refuse_mark(reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL) {
        fail_at_mark(r, r->event.start_mark, "anchors are not used here");
        return rl_hint(r->cx,
                       "write the value out where it is needed, or put quotes around a text that starts with '&'");
    }
    if (tag != NULL) {
        fail_at_mark(r, r->event.start_mark, "tags are not used here");
        return rl_hint(r->cx, "put quotes around a text that starts with '!'");
    }
    return RL_OK;
}

static rl_code read_text(reader *r, rl_node *node)
{
    const yaml_event_t *e = &r->event;
    RL_TRY(refuse_mark(r, e->data.scalar.anchor, e->data.scalar.tag));
    const char *s = (const char *)e->data.scalar.value;
    size_t n = e->data.scalar.length;
    if (memchr(s, '\0', n) != NULL) return fail_at_mark(r, e->start_mark, "a text holds a NUL character");
    node->kind = RL_NODE_TEXT;
    node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = rl_strndup(r->in, s, n);
    return RL_OK;
}

static void grow(rl_arena *in, rl_node **v, size_t n)
{
    bool full = n == 0 || (n >= 4 && (n & (n - 1)) == 0);
    if (full) *v = rl_regrow(in, *v, n, n == 0 ? 4 : 2 * n, sizeof **v);
}

static rl_code read_node(reader *r, int depth, rl_node *node);

static rl_code read_list(reader *r, int depth, rl_node *node)
{
    RL_TRY(refuse_mark(r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag));
    node->kind = RL_NODE_LIST;
    for (;; node->n++) {
        RL_TRY(next(r));
        if (r->event.type == YAML_SEQUENCE_END_EVENT) return RL_OK;
        grow(r->in, &node->item, node->n);
        RL_TRY(read_node(r, depth + 1, &node->item[node->n]));
    }
}

/* Is the last key of the map a repetition?  A few keys are compared, many go through a dictionary. */
static const rl_node *earlier(const rl_node *map, rl_dict **seen, rl_arena *tmp)
{
    const char *name = map->key[map->n].text;
    if (map->n < FEW_KEYS) {
        for (size_t i = 0; i < map->n; i++)
            if (strcmp(map->key[i].text, name) == 0) return &map->key[i];
        return NULL;
    }
    if (*seen == NULL) {
        *seen = rl_dict_new(tmp);
        for (size_t i = 0; i < map->n; i++) rl_dict_code(*seen, map->key[i].text, strlen(map->key[i].text));
    }
    size_t code = (size_t)rl_dict_code(*seen, name, strlen(name));
    return code < map->n ? &map->key[code] : NULL;
}

static rl_code read_map(reader *r, int depth, rl_node *node)
{
    RL_TRY(refuse_mark(r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag));
    node->kind = RL_NODE_MAP;
    rl_dict *seen = NULL;
    for (;; node->n++) {
        RL_TRY(next(r));
        if (r->event.type == YAML_MAPPING_END_EVENT) return RL_OK;
        grow(r->in, &node->key, node->n);
        grow(r->in, &node->item, node->n);
        rl_node *key = &node->key[node->n];
        RL_TRY(read_node(r, depth + 1, key));
        if (key->kind != RL_NODE_TEXT)
            return rl_yaml_fail(r->doc, key->line, key->col, r->cx, "a key must be a text, not a list or a map");
        const rl_node *twice = earlier(node, &seen, r->cx->tmp);
        if (twice != NULL) {
            rl_yaml_fail(r->doc, key->line, key->col, r->cx, "key '%s' stands twice", key->text);
            return rl_hint(r->cx, "the first one is on line %d: keep one of them", twice->line);
        }
        RL_TRY(next(r));
        RL_TRY(read_node(r, depth + 1, &node->item[node->n]));
    }
}

static rl_code read_node(reader *r, int depth, rl_node *node)
{
    yaml_mark_t m = r->event.start_mark;
    node->line = (int)m.line + 1;
    node->col = (int)m.column + 1;
    if (depth > RL_YAML_DEPTH)
        return rl_yaml_fail(r->doc, node->line, node->col, r->cx, "nested more than %d deep", RL_YAML_DEPTH);
    switch ((int)r->event.type) {
    case YAML_SCALAR_EVENT:
        return read_text(r, node);
    case YAML_SEQUENCE_START_EVENT:
        return read_list(r, depth, node);
    case YAML_MAPPING_START_EVENT:
        return read_map(r, depth, node);
    default:
        break;
    }
    fail_at_mark(r, m, "aliases are not used here");
    return rl_hint(r->cx, "write the value out where it is needed, or put quotes around a text that starts with '*'");
}

static rl_code read_document(reader *r)
{
    RL_TRY(next(r)); /* the stream */
    RL_TRY(next(r));
    if (r->event.type == YAML_STREAM_END_EVENT)
        return rl_fail_at(r->cx, RL_EINPUT, r->doc->name, 1, 1, "the file holds nothing but comments and blanks");
    if (r->event.data.document_start.tag_directives.start != r->event.data.document_start.tag_directives.end)
        return fail_at_mark(r, r->event.start_mark, "tags are not used here");
    RL_TRY(next(r));
    RL_TRY(read_node(r, 1, &r->doc->root));
    RL_TRY(next(r)); /* the document's end */
    RL_TRY(next(r));
    if (r->event.type == YAML_STREAM_END_EVENT) return RL_OK;
    fail_at_mark(r, r->event.start_mark, "a second document starts here");
    return rl_hint(r->cx, "a file holds one document: remove the line '---' or split the file");
}

static void close_reader(void *what)
{
    reader *r = what;
    if (r->has_event) yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
}

/* ------------------------------------------------------------ the public part */

rl_code rl_yaml_parse(const char *name, const char *text, size_t n, rl_doc *doc, rl_arena *in, rl_ctx *cx)
{
    *doc = (rl_doc){.name = rl_strdup(in, name)};
    if (n > RL_YAML_BYTES)
        return rl_fail_at(cx, RL_EINPUT, name, 0, 0, "the file is larger than 1 MiB: a study is a page of text");
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        n -= 3;
    }
    doc->text = rl_strndup(in, text, n);
    doc->n = n;

    reader *r = RL_NEW(cx->tmp, reader, 1);
    r->doc = doc;
    r->in = in;
    r->cx = cx;
    if (!yaml_parser_initialize(&r->parser)) return rl_fail(cx, RL_EMEM, "no memory left to read '%s'", name);
    rl_arena_defer(cx->tmp, close_reader, r);
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)doc->text, n);
    return read_document(r);
}

static void close_file(void *f) { fclose(f); }

rl_code rl_yaml_read(const char *path, rl_doc *doc, rl_arena *in, rl_ctx *cx)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        rl_fail(cx, errno == ENOENT || errno == ENOTDIR ? RL_EINPUT : RL_EIO, "cannot open '%s': %s", path,
                strerror(errno));
        return rl_hint(cx, "check the path; 'revlift init FILE.csv ..' writes a first study file");
    }
    if (!S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode) && !S_ISCHR(about.st_mode))
        return rl_fail(cx, RL_EINPUT, "'%s' is not a file", path);
    FILE *f = fopen(path, "rb");
    if (f == NULL) return rl_fail(cx, RL_EIO, "cannot open '%s': %s", path, strerror(errno));
    rl_arena_defer(cx->tmp, close_file, f);
    char *text = RL_NEW(cx->tmp, char, RL_YAML_BYTES + 1);
    size_t n = fread(text, 1, RL_YAML_BYTES + 1, f);
    if (ferror(f)) return rl_fail(cx, RL_EIO, "cannot read '%s': %s", path, strerror(errno));
    return rl_yaml_parse(path, text, n, doc, in, cx);
}

const rl_node *rl_node_get(const rl_node *map, const char *key)
{
    if (map->kind != RL_NODE_MAP) return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i].text, key) == 0) return &map->item[i];
    return NULL;
}
