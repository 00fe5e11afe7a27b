/* model/yaml.h -- a YAML file as a tree whose every node knows where it stands.
 *
 * libyaml reads the syntax; this keeps the part of YAML that has no traps.
 * Scalars stay text (their type is the business of the key they belong to).
 * Duplicate keys, anchors, aliases, tags, a second document, keys that are
 * not text, nesting deeper than RL_YAML_DEPTH and files over 1 MiB are errors
 * with file:line:column, the source line and a caret.
 *
 * Source: YAML 1.1 as libyaml 0.2.5 reads it.  Lines and columns count from
 * 1, columns in characters.
 */
#ifndef RL_MODEL_YAML_H
#define RL_MODEL_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

enum { RL_YAML_DEPTH = 32, RL_YAML_BYTES = 1 << 20 };

typedef enum rl_node_kind { RL_NODE_TEXT, RL_NODE_LIST, RL_NODE_MAP } rl_node_kind;

typedef struct rl_node {
    rl_node_kind kind;
    bool quoted;               /* a text in quotes or a block: '' is a text, nothing at all is none */
    int line, col;
    const char *text;          /* RL_NODE_TEXT; UTF-8 without NUL bytes                             */
    size_t n;                  /* items of a list, pairs of a map                                   */
    struct rl_node *key;       /* n  texts, RL_NODE_MAP                                             */
    struct rl_node *item;      /* n  RL_NODE_LIST and RL_NODE_MAP                                   */
} rl_node;

typedef struct rl_doc {
    const char *name;          /* as shown in messages          */
    const char *text;          /* the file, NUL-terminated      */
    size_t n;                  /* its bytes                     */
    rl_node root;
} rl_doc;

/* Read a file, or a text in memory that is shown as `name`.
 *
 * Errors  RL_EINPUT  no such file, too large, not UTF-8, syntax, what is named above
 *         RL_EIO     the file exists and cannot be read
 * Cost    one pass; the tree is a small multiple of the text
 */
RL_MUST rl_code rl_yaml_read(const char *path, rl_doc *doc, rl_arena *in, rl_ctx *cx);
RL_MUST rl_code rl_yaml_parse(const char *name, const char *text, size_t n, rl_doc *doc, rl_arena *in, rl_ctx *cx);

/* The value of a key of a map, or NULL. */
const rl_node *rl_node_get(const rl_node *map, const char *key);

/* Record a failure at a place of the file, with its line and a caret. */
rl_code rl_yaml_fail(const rl_doc *doc, int line, int col, rl_ctx *cx, const char *fmt, ...) RL_PRINTF(5, 6);

#endif
