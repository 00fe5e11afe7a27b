/* out/json.h -- JSON text, a piece at a time.
 *
 * Numbers at the shortest form that reads back to the same bits; NaN and
 * infinities are null.  Strings are escaped; bytes that are no UTF-8 become
 * U+FFFD, so the result is always valid JSON.
 *
 *     rl_json j = rl_json_new(in);
 *     rl_json_open(&j, NULL, '{');
 *     rl_json_num(&j, "estimate", 0.5);
 *     rl_json_close(&j);
 *     puts(rl_json_text(&j));
 *
 * key is NULL inside an array.
 */
#ifndef RL_OUT_JSON_H
#define RL_OUT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { RL_JSON_DEPTH = 32 };

typedef struct rl_json {
    rl_str out;
    int depth;
    char close[RL_JSON_DEPTH];     /* '}' or ']'                              */
    bool begun[RL_JSON_DEPTH];     /* something stands at this depth          */
    bool line[RL_JSON_DEPTH];      /* its members stand on lines of their own */
} rl_json;

rl_json rl_json_new(rl_arena *in);
void rl_json_open(rl_json *j, const char *key, char bracket);        /* '{' or '[': members on lines of their own   */
void rl_json_open_flat(rl_json *j, const char *key, char bracket);   /* all in one line                             */
void rl_json_close(rl_json *j);
void rl_json_num(rl_json *j, const char *key, double x);
void rl_json_int(rl_json *j, const char *key, int64_t x);
void rl_json_count(rl_json *j, const char *key, uint64_t n);
void rl_json_str(rl_json *j, const char *key, const char *s);        /* NULL = null */
void rl_json_texts(rl_json *j, const char *key, const char *const *s, size_t n);     /* an array, a text a line */
void rl_json_bool(rl_json *j, const char *key, bool b);
void rl_json_null(rl_json *j, const char *key);
const char *rl_json_text(rl_json *j);                                /* with a final newline; all must be closed */

/* "s", quoted and escaped, added to a text. */
void rl_json_quote(rl_str *out, const char *s);

#endif
