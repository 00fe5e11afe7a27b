/* model/parse.h -- the inside of model/formula.h: a formula read from left to right. */
#ifndef RL_MODEL_PARSE_H
#define RL_MODEL_PARSE_H

#include "model/formula.h"

enum { RL_PARSE_DEPTH = 64 };    /* parentheses within each other */

typedef struct rl_parser {
    const char *s; /* the whole formula */
    size_t at;
    int depth;
    bool constant;
    rl_arena *in;
    rl_ctx *cx;
} rl_parser;

static inline bool rl_is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static inline bool rl_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool rl_is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || ((unsigned char)c & 0x80) != 0;
}
static inline bool rl_is_word_part(char c) { return rl_is_word_start(c) || rl_is_digit(c); }

/* An error at byte `at`, with the formula and a caret. */
rl_code rl_parse_refuse(rl_parser *p, size_t at, const char *fmt, ...) RL_PRINTF(3, 4);
rl_code rl_parse_unexpected(rl_parser *p, const char *wanted);
char rl_parse_peek(rl_parser *p);                  /* the next byte that is no blank  */
bool rl_parse_take(rl_parser *p, char c);          /* step over it when it is c       */
RL_MUST rl_code rl_parse_name(rl_parser *p, const char **name);
RL_MUST rl_code rl_parse_close(rl_parser *p, size_t at);       /* the ')' of what was opened at `at` */
/* A column, or a function of columns. */
RL_MUST rl_code rl_parse_operand(rl_parser *p, const rl_expr **out);
/* The same, or arithmetic of them in parentheses. */
RL_MUST rl_code rl_parse_outcome(rl_parser *p, const rl_expr **out);
bool rl_parse_severalfold(const rl_expr *e);       /* it makes several columns        */

#endif
