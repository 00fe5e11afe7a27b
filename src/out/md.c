/* out/md.c -- blocks to Markdown. */
#include "out/md.h"

#include <string.h>

#include "out/view.h"

void rl_md_escape(rl_str *out, const char *text)
{
    for (const char *p = rl_view_clean(text, 0, out->in); *p; p++) {
        if (strchr("\\`*_[]<>|#~&$", *p)) rl_str_addc(out, '\\');
        rl_str_addc(out, *p);
    }
}

static void wrapped(rl_str *out, const char *before, const char *text, const char *after)
{
    rl_str_add(out, before);
    rl_md_escape(out, text);
    rl_str_add(out, after);
}

static const char *cell(const rl_rows *r, size_t i, size_t j) { return r->cell[i * r->k + j]; }

static void add_table(rl_str *out, const rl_rows *r)
{
    if (r->n == 0) return;
    if (r->caption) wrapped(out, "", r->caption, "\n\n");
    for (size_t j = 0; j < r->k; j++) wrapped(out, "| ", r->col[j].head, " ");
    rl_str_add(out, "|\n");
    for (size_t j = 0; j < r->k; j++) rl_str_add(out, r->col[j].number ? "|---:" : "|---");
    rl_str_add(out, "|\n");
    for (size_t i = 0; i < r->n; i++) {
        for (size_t j = 0; j < r->k; j++) {
            bool strong = r->total[i] && cell(r, i, j)[0];
            wrapped(out, strong ? "| **" : "| ", cell(r, i, j), strong ? "** " : " ");
        }
        rl_str_add(out, "|\n");
    }
    rl_str_add(out, "\n");
}

static void add_cards(rl_str *out, const rl_rows *r)
{
    for (size_t i = 0; i < r->n; i++) {
        wrapped(out, "- **", cell(r, i, 1), "**: ");
        wrapped(out, "", cell(r, i, 2), "");
        for (size_t j = 3; j < r->k; j++)
            if (cell(r, i, j)[0]) wrapped(out, "; ", cell(r, i, j), "");
        rl_str_add(out, "\n");
    }
    rl_str_add(out, "\n");
}

static void add_pairs(rl_str *out, const rl_rows *r)
{
    for (size_t i = 0; i < r->n; i++) {
        wrapped(out, "- ", cell(r, i, 0), ": ");
        wrapped(out, "", cell(r, i, 1), "\n");
    }
    rl_str_add(out, "\n");
}

static void add_code(rl_str *out, const char *text)
{
    rl_str_add(out, "    ");
    rl_str_add(out, rl_view_clean(text, 0, out->in));
    rl_str_add(out, "\n\n");
}

static void add_block(rl_str *out, const rl_block *b)
{
    switch (b->kind) {
    case RL_BLOCK_HEAD:
        rl_str_addn(out, "####", (size_t)b->level);
        wrapped(out, " ", b->text, "\n\n");
        break;
    case RL_BLOCK_LEAD:
        wrapped(out, "**", b->text, "**\n\n");
        break;
    case RL_BLOCK_EYEBROW:
    case RL_BLOCK_PARA:
    case RL_BLOCK_SMALL:
        wrapped(out, "", b->text, "\n\n");
        break;
    case RL_BLOCK_BOX:
        wrapped(out, "> **", b->text, "**\n");
        for (size_t i = 0; i < b->n_lines; i++) wrapped(out, ">\n> ", b->line[i], "\n");
        rl_str_add(out, "\n");
        break;
    case RL_BLOCK_LIST:
        for (size_t i = 0; i < b->n_lines; i++) wrapped(out, "- ", b->line[i], "\n");
        rl_str_add(out, "\n");
        break;
    case RL_BLOCK_CARDS:
        add_cards(out, b->rows);
        break;
    case RL_BLOCK_PAIRS:
        add_pairs(out, b->rows);
        break;
    case RL_BLOCK_TABLE:
        add_table(out, b->rows);
        break;
    case RL_BLOCK_CHART:
        if (!b->chart->svg) break;
        wrapped(out, "![", b->chart->alt, "]");
        rl_str_addf(out, "(charts/%s.svg)\n\n", b->chart->id);
        break;
    case RL_BLOCK_CODE:
        add_code(out, b->text);
        break;
    case RL_BLOCK_SIGN:
        rl_str_add(out, "Prepared by, date: ____________  Reviewed by, date: ____________\n\n");
        break;
    case RL_BLOCK_PAGE:
        rl_str_add(out, "---\n\n");
        break;
    case RL_BLOCK_OPEN:
        wrapped(out, "", b->text, ":\n\n");
        break;
    case RL_BLOCK_CLOSE:
        break;
    }
}

const char *rl_md_text(const rl_page *d, rl_arena *in)
{
    rl_str out = rl_str_new(in);
    for (size_t i = 0; i < d->n; i++) add_block(&out, &d->block[i]);
    return rl_str_text(&out);
}
