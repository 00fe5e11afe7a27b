/* model/schema.h -- keys of a YAML file as tables: one row a key says its type,
 * where its value goes, whether it must be there, and what it is for.
 *
 * rl_schema_read() fills a struct from a map by such a table; rl_schema_help()
 * prints the same table for people, so the two cannot drift apart.  Messages
 * name the key, what was wanted and what stands there; an unknown key names
 * the nearest known one and the list.
 */
#ifndef RL_MODEL_SCHEMA_H
#define RL_MODEL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/str.h"
#include "model/yaml.h"

/* Where a key stands in the file, for messages about what it names. */
typedef struct rl_at { int line, col; } rl_at;
typedef struct rl_text { const char *s; rl_at at; } rl_text;             /* s NULL = not given */
typedef struct rl_texts { size_t n; rl_text *v; } rl_texts;

typedef enum rl_key_type {
    RL_KEY_TEXT,      /* rl_text; only one of `choice` when that is given           */
    RL_KEY_STRING,    /* const char *                                               */
    RL_KEY_TEXTS,     /* rl_texts: a list, or one text                              */
    RL_KEY_YES,       /* bool: yes or no                                            */
    RL_KEY_WHOLE,     /* int, lo..hi                                                */
    RL_KEY_NUMBER,    /* double, lo..hi                                             */
    RL_KEY_DATE,      /* int32_t day                                                */
    RL_KEY_CHOICE,    /* int or enum: the value of one of `choice`                  */
    RL_KEY_FLAG,      /* bool: the value of one of `choice`                         */
    RL_KEY_MAP,       /* a struct by `sub`; `given`: it starts with a bool to set   */
    RL_KEY_NAMED,     /* name: map, ..: array of structs that start with {const char *name; rl_at at;} */
    RL_KEY_ROWS,      /* list of maps: array of structs                             */
    RL_KEY_OWN        /* by `read`                                                  */
} rl_key_type;

typedef struct rl_form { const rl_doc *doc; rl_arena *in; rl_ctx *cx; } rl_form;

typedef struct rl_choice { const char *name; int value; } rl_choice;     /* ends with {NULL, 0} */

typedef struct rl_key rl_key;
typedef rl_code rl_key_read(rl_form *f, const rl_key *key, const rl_node *node, void *to);

struct rl_key {
    const char *name;          /* a table ends with name NULL                       */
    rl_key_type type;
    size_t to;                 /* offset in the struct                              */
    bool required, given;
    bool common;               /* printed once by help, not in every table          */
    double lo, hi;             /* a number's bounds, both included; 0, 0 = none      */
    const rl_choice *choice;
    const rl_key *sub;
    size_t size, count;        /* NAMED, ROWS: of one element; offset of the size_t count */
    void (*init)(void *element);
    rl_key_read *read;
    const char *wants;         /* OWN: the type in words                            */
    const char *help;
};

/* Read a map into a struct.  `where` names the map in messages: "" = the file. */
RL_MUST rl_code rl_schema_read(rl_form *f, const rl_key *keys, const char *where, const rl_node *map, void *to);

/* Pieces for a key's own reader. */
rl_code rl_form_fail(rl_form *f, const rl_node *node, const char *fmt, ...) RL_PRINTF(3, 4);
RL_MUST rl_code rl_form_text(rl_form *f, const char *name, const rl_node *node, rl_text *out);
RL_MUST rl_code rl_form_texts(rl_form *f, const char *name, const rl_node *node, bool blanks, rl_texts *out);
RL_MUST rl_code rl_form_number(rl_form *f, const char *name, const rl_node *node, double lo, double hi, double *x);
RL_MUST rl_code rl_form_choice(rl_form *f, const char *name, const rl_node *node, const rl_choice *c, int *value);
/* What stands there, for "..., not %s": a quoted, clipped text, "a list", "a map" or "nothing". */
const char *rl_form_got(rl_form *f, const rl_node *node);

/* "did you mean 'x'? " (or nothing) and "KIND: a, b, c" as the hint. */
rl_code rl_form_suggest(rl_ctx *cx, const char *name, const char *kind, const char *const *known, size_t n);

/* One line a key, indented by depth; the common keys are left out (only_common: nothing else). */
void rl_schema_help(rl_str *t, const rl_key *keys, int depth, bool only_common);

#endif
