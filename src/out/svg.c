/* out/svg.c -- gnuplot's SVG made fit to stand in a page with others. */
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "out/html.h"
#include "out/plot.h"

static bool starts(const char *s, const char *with) { return !strncmp(s, with, strlen(with)); }

/* Copy one tag (without its '<' and '>'), ids and references prefixed. */
static void add_tag(rl_str *out, const char *tag, size_t n, const char *id)
{
    static const char *const REF[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};
    rl_str_addc(out, '<');
    for (size_t i = 0; i < n;) {
        size_t k = 0;
        for (size_t r = 0; r < sizeof REF / sizeof *REF; r++)
            if (starts(tag + i, REF[r])) k = strlen(REF[r]);
        rl_str_addn(out, tag + i, k ? k : 1);
        if (k) rl_str_addf(out, "%s-", id);
        i += k ? k : 1;
    }
    rl_str_addc(out, '>');
}

/* The root tag anew: its viewBox, a role and a label. */
static void add_root(rl_str *out, const char *tag, size_t n, const char *label)
{
    const char *box = memmem(tag, n, "viewBox=\"", 9);
    size_t k = box ? strcspn(box + 9, "\"") : 0;
    rl_str_add(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"");
    if (box) rl_str_addn(out, box + 9, k);
    rl_str_add(out, "\" role=\"img\" aria-label=\"");
    rl_html_escape(out, label);
    rl_str_add(out, "\"><title>");
    rl_html_escape(out, label);
    rl_str_add(out, "</title>\n");
}

/* Where the element that starts at s ends, when it is to be left out: titles
 * (plot numbers), the description, groups with nothing in them. */
static const char *left_out(const char *s)
{
    if (starts(s, "<title>")) return strstr(s, "</title>");
    if (starts(s, "<desc>")) return strstr(s, "</desc>");
    if (!starts(s, "<g ")) return NULL;
    const char *end = strchr(s, '>');
    if (!end) return NULL;
    end += 1 + strspn(end + 1, " \t\r\n");
    return starts(end, "</g>") ? end : NULL;
}

const char *rl_svg_inline(const char *svg, const char *id, const char *label, rl_arena *in)
{
    rl_str out = rl_str_new(in);
    const char *s = strstr(svg, "<svg");
    bool blank = false;
    while (s && *s) {
        if (*s != '<') {
            if (*s == '>')
                rl_str_add(&out, "&gt;"); /* gnuplot leaves it as it is */
            else if (*s != '\n' || !blank)
                rl_str_addc(&out, *s); /* no empty lines */
            blank = *s == '\n' || (blank && (*s == ' ' || *s == '\t'));
            s++;
            continue;
        }
        const char *skip = left_out(s), *end = strchr(skip ? skip : s, '>');
        if (!end) break;
        if (!skip) {
            if (starts(s, "<svg"))
                add_root(&out, s, (size_t)(end - s), label);
            else
                add_tag(&out, s + 1, (size_t)(end - s) - 1, id);
            blank = false;
        }
        s = end + 1;
    }
    return rl_str_text(&out);
}
