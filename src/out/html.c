/* out/html.c -- blocks to markup. */
#include "out/html.h"

#include <string.h>

#include "out/view.h"

void rl_html_escape(rl_str *out, const char *text)
{
    for (const char *p = rl_view_clean(text, 0, out->in); *p; p++) {
        switch (*p) {
        case '&':
            rl_str_add(out, "&amp;");
            break;
        case '<':
            rl_str_add(out, "&lt;");
            break;
        case '>':
            rl_str_add(out, "&gt;");
            break;
        case '"':
            rl_str_add(out, "&quot;");
            break;
        case '\'':
            rl_str_add(out, "&#39;");
            break;
        default:
            rl_str_addc(out, *p);
        }
    }
}

static void element(rl_str *out, const char *tag, const char *attributes, const char *text)
{
    rl_str_addf(out, "<%s%s>", tag, attributes);
    rl_html_escape(out, text);
    rl_str_addf(out, "</%s>\n", tag);
}

static const char *tone_class(rl_tone t)
{
    switch (t) {
    case RL_TONE_GOOD:
        return "good";
    case RL_TONE_BAD:
        return "bad";
    case RL_TONE_UNSURE:
        return "unsure";
    case RL_TONE_PLAIN:
        break;
    }
    return "plain";
}

static const char *cell(const rl_rows *r, size_t i, size_t j) { return r->cell[i * r->k + j]; }

static void add_cell(rl_str *out, const char *tag, const rl_column *col, const char *text)
{
    element(out, tag, col->number ? " class=\"num\"" : "", text);
}

static void add_table(rl_str *out, const rl_rows *r)
{
    bool fold = r->n > RL_HTML_FOLD_ROWS;
    if (r->n == 0) return;
    if (fold) rl_str_addf(out, "<details><summary>All %zu rows</summary>\n", r->n);
    rl_str_add(out, "<div class=\"scroll\" tabindex=\"0\"><table>\n");
    if (r->caption) element(out, "caption", "", r->caption);
    rl_str_add(out, "<thead><tr>\n");
    for (size_t j = 0; j < r->k; j++)
        element(out, "th", r->col[j].number ? " scope=\"col\" class=\"num\"" : " scope=\"col\"", r->col[j].head);
    rl_str_add(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->n; i++) {
        rl_str_add(out, r->total[i] ? "<tr class=\"total\">\n" : "<tr>\n");
        for (size_t j = 0; j < r->k; j++) add_cell(out, "td", &r->col[j], cell(r, i, j));
        rl_str_add(out, "</tr>\n");
    }
    rl_str_add(out, "</tbody></table></div>\n");
    if (fold) rl_str_add(out, "</details>\n");
}

static void add_cards(rl_str *out, const rl_rows *r)
{
    if (r->n == 0) return;
    rl_str_add(out, "<div class=\"cards\">\n");
    for (size_t i = 0; i < r->n; i++) {
        rl_str_add(out, "<div class=\"card ");
        rl_html_escape(out, cell(r, i, 0));
        rl_str_add(out, "\">\n");
        element(out, "p", " class=\"label\"", cell(r, i, 1));
        element(out, "p", " class=\"figure\"", cell(r, i, 2));
        for (size_t j = 3; j < r->k; j++)
            if (cell(r, i, j)[0]) element(out, "p", " class=\"below\"", cell(r, i, j));
        rl_str_add(out, "</div>\n");
    }
    rl_str_add(out, "</div>\n");
}

static void add_pairs(rl_str *out, const rl_rows *r)
{
    if (r->n == 0) return;
    rl_str_add(out, "<dl>\n");
    for (size_t i = 0; i < r->n; i++) {
        element(out, "dt", "", cell(r, i, 0));
        element(out, "dd", "", cell(r, i, 1));
    }
    rl_str_add(out, "</dl>\n");
}

static void add_lines(rl_str *out, const rl_block *b, const char *tag)
{
    for (size_t i = 0; i < b->n_lines; i++) element(out, tag, "", b->line[i]);
}

static void add_head(rl_str *out, const rl_block *b)
{
    rl_str_addf(out, "<h%d", b->level);
    if (b->id) {
        rl_str_add(out, " id=\"");
        rl_html_escape(out, b->id);
        rl_str_add(out, "\"");
    }
    rl_str_add(out, ">");
    rl_html_escape(out, b->text);
    rl_str_addf(out, "</h%d>\n", b->level);
}

static void add_box(rl_str *out, const rl_block *b)
{
    rl_str_addf(out, "<div class=\"box %s\">\n", tone_class(b->tone));
    element(out, "p", " class=\"strong\"", b->text);
    add_lines(out, b, "p");
    rl_str_add(out, "</div>\n");
}

static void add_block(rl_str *out, const rl_block *b)
{
    switch (b->kind) {
    case RL_BLOCK_HEAD:
        add_head(out, b);
        break;
    case RL_BLOCK_EYEBROW:
        element(out, "p", " class=\"eyebrow\"", b->text);
        break;
    case RL_BLOCK_LEAD:
        element(out, "p", " class=\"lead\"", b->text);
        break;
    case RL_BLOCK_PARA:
        element(out, "p", "", b->text);
        break;
    case RL_BLOCK_SMALL:
        element(out, "p", " class=\"small\"", b->text);
        break;
    case RL_BLOCK_BOX:
        add_box(out, b);
        break;
    case RL_BLOCK_LIST:
        rl_str_add(out, "<ul>\n");
        add_lines(out, b, "li");
        rl_str_add(out, "</ul>\n");
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
        if (b->chart->svg) rl_str_addf(out, "<figure tabindex=\"0\">\n%s</figure>\n", b->chart->svg);
        break;
    case RL_BLOCK_CODE:
        element(out, "pre", "", b->text);
        break;
    case RL_BLOCK_OPEN:
        rl_str_add(out, "<details>\n");
        element(out, "summary", "", b->text);
        break;
    case RL_BLOCK_CLOSE:
        rl_str_add(out, "</details>\n");
        break;
    case RL_BLOCK_SIGN:
        rl_str_add(
            out,
            "<div class=\"sign\"><p><span></span>Prepared by, date</p><p><span></span>Reviewed by, date</p></div>\n");
        break;
    case RL_BLOCK_PAGE:
        rl_str_add(out, "<div class=\"page\"></div>\n");
        break;
    }
}

/* Links to the sections: headings of level 2 that have a name. */
static void add_contents(rl_str *out, const rl_page *d)
{
    rl_str_add(out, "<nav aria-label=\"Sections\"><p>In this report</p>\n<ol>\n");
    for (size_t i = 0; i < d->n; i++) {
        const rl_block *b = &d->block[i];
        if (b->kind != RL_BLOCK_HEAD || b->level != 2 || !b->id) continue;
        rl_str_add(out, "<li><a href=\"#");
        rl_html_escape(out, b->id);
        rl_str_add(out, "\">");
        rl_html_escape(out, b->text);
        rl_str_add(out, "</a></li>\n");
    }
    rl_str_add(out, "</ol></nav>\n");
}

const char *rl_html_page(const rl_page *d, const char *title, rl_arena *in)
{
    rl_str out = rl_str_new(in);
    bool contents = false;
    rl_str_add(
        &out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light\">\n<meta name=\"generator\" content=\"revlift\">\n");
    element(&out, "title", "", title);
    rl_str_add(&out, "<style>\n");
    for (const char *const *rule = rl_html_css; *rule; rule++) rl_str_add(&out, *rule);
    rl_str_add(&out, "</style>\n</head>\n<body>\n<main>\n");
    for (size_t i = 0; i < d->n; i++) {
        if (d->block[i].kind == RL_BLOCK_PAGE && !contents) {
            add_contents(&out, d);
            contents = true;
        }
        add_block(&out, &d->block[i]);
    }
    rl_str_add(&out, "</main>\n</body>\n</html>\n");
    return rl_str_text(&out);
}
