/* out/simnames.c -- invented company names, awkward ones among them. */
#include <stdio.h>

#include "out/simcsv.h"

static const char *const FIRST[] = {
    "Alder",     "Amber",      "Anchor",   "Arden",      "Ashgrove",    "Aurora",   "Bexley",      "Birch",
    "Blackwood", "Blue Heron", "Brook",    "Calder",     "Cedar",       "Cobalt",   "Copperfield", "Corvin",
    "Crane",     "Delta Bay",  "Dunmore",  "Eastgate",   "Elmhurst",    "Falken",   "Fenwick",     "Foxglove",
    "Garnet",    "Glacier",    "Granite",  "Greyfriars", "Harbor",      "Hazel",    "Heron",       "Ironbridge",
    "Juniper",   "Kestrel",    "Kingsway", "Larkspur",   "Lindqvist",   "Lowell",   "Maple",       "Meridian Park",
    "Müller",    "Northgate",  "Oakridge", "Öresund",    "Pinecrest",   "Quarry",   "Redfern",     "Rowan",
    "Söderholm", "Saltmarsh",  "Sequoia",  "Silverton",  "Stonebridge", "Tamarack", "Thornton",    "Verdant",
    "Westbrook", "Wexford",    "Whitby",   "Zürcher"};
static const char *const SECOND[] = {
    "Logistics", "Software",  "Foods",     "Analytics", "Instruments", "Health",  "Textiles",  "Packaging",
    "Robotics",  "Energy",    "Materials", "Media",     "Insurance",   "Freight", "Optics",    "Chemicals",
    "Retail",    "Machinery", "Networks",  "Labs",      "Marine",      "Print",   "Aerospace", "Ceramics",
    "Security",  "Partners",  "& Sons",    "& Söhne",   "Diagnostics", "Glass",   "Timber",    "Payments",
    "Motors",    "Bio",       "Steel",     "Learning",  "\"One\"",     "Dairy",   "Cloud",     "Estates"};
static const char *const FORM[] = {"", " Ltd", ", Inc.", " Group", " GmbH", ", LLC", " AB"};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

const char *rl_sim_account_id(const rl_sim *s, size_t account, char buf[80])
{
    enum { PAIRS = COUNT(FIRST) * COUNT(SECOND), STRIDE = 1009 }; /* coprime: every pair once, neighbours unlike */
    if (!s->world->accounts.company_names) {
        snprintf(buf, 80, "A-%06zu", account + 1);
        return buf;
    }
    size_t pair = account % PAIRS * STRIDE % PAIRS, again = account / PAIRS;
    int n = snprintf(buf, 80, "%s %s%s", FIRST[pair / COUNT(SECOND)], SECOND[pair % COUNT(SECOND)],
                     FORM[account % COUNT(FORM)]);
    if (again > 0) snprintf(buf + n, 80 - (size_t)n, " %zu", again + 1);
    return buf;
}
