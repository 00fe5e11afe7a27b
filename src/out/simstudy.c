/* out/simstudy.c -- a study file for a simulated company. */
#include "out/simcsv.h"

/* A YAML text in double quotes. */
static void put_quoted(rl_str *out, const char *s)
{
    rl_str_addc(out, '"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            rl_str_addf(out, "\\%c", c);
        else if (c < 0x20)
            rl_str_addf(out, "\\x%02x", c);
        else
            rl_str_addc(out, *s);
    }
    rl_str_addc(out, '"');
}

static void put_tables(rl_str *out, const rl_world *w)
{
    rl_str_addf(out,
                "\ndeals:\n"
                "  file: deals.csv\n"
                "%s"
                "  id: deal_id\n"
                "  account: account\n"
                "  created: created\n"
                "  closed: closed\n"
                "  status: status\n"
                "  won: [Won]\n"
                "  lost: [Lost]\n"
                "  open: [Prospecting, Engaging]\n"
                "  amount: amount\n"
                "%s"
                "  group: [region, segment, owner]\n",
                w->messy ? "  delimiter: ';'\n" : "", w->effect.spillover > 0 ? "  owner: owner\n" : "");
    rl_str_add(
        out, "\naccounts:    {file: accounts.csv, id: account, fixed: [region, segment, industry, size]}\n"
             "leads:       {file: leads.csv, id: lead_id, date: date, account: account, contact: contact, mql: is_mql, "
             "score: score, deal: deal_id}\n"
             "touchpoints: {file: touches.csv, date: date, account: account, contact: contact, role: role, channel: "
             "channel, stage: stage, deal: deal_id}\n"
             "spend:       {file: spend.csv, date: week, channel: channel, amount: usd, unit: region}\n"
             "market:      {file: market.csv, date: month, columns: [index, rates]}\n");
}

static void put_model(rl_str *out, const char *name, const char *question, const char *outcome, int horizon,
                      bool primary)
{
    rl_str_addf(out,
                "  %s:\n"
                "    question: %s\n"
                "    estimator: auto\n"
                "    outcome: %s\n"
                "    horizon: %d\n"
                "    treatment: abm\n"
                "%s",
                name, question, outcome, horizon, primary ? "    primary: yes\n" : "");
}

void rl_simstudy_text(const rl_sim *s, uint64_t seed, rl_str *out)
{
    const rl_world *w = s->world;
    char buf[16];
    int h = w->horizon;
    rl_str_add(out, "# A simulated company; the exact effects stand in truth.json.\n\nstudy:\n  title: ");
    put_quoted(out, w->title);
    rl_str_add(out, "\n  currency: ");
    put_quoted(out, w->currency);
    rl_str_addf(out, "\n  period: %s\n  cut: %s\n  seed: %llu\n  ages: [", rl_period_name(w->calendar.kind),
                rl_day_text(buf, w->cut), (unsigned long long)seed);
    for (size_t k = 0; k < w->n_ages; k++) rl_str_addf(out, "%s%d", k > 0 ? ", " : "", w->age[k]);
    rl_str_add(out, "]\n");
    put_tables(out, w);
    if (s->n_cohorts == 0) return;
    rl_str_add(
        out,
        "\nprograms:\n  abm: {file: programs.csv, unit: account, start: start, end: end, cost: {channels: [abm]}}\n"
        "\nmoney: {gross_margin: 0.72, discount_rate: 0.10, loaded_cost: 1.35}\n\nmodels:\n");
    put_model(out, "value", "How much more was won because of the programme?", "value", h, true);
    put_model(out, "opportunities", "Did it bring more opportunities?", "opportunities", h, false);
    put_model(out, "win-rate", "Did it raise the win rate?", "win_rate", h, false);
    put_model(out, "deal-size", "Did won deals become larger?", "deal_size", h, false);
    put_model(out, "velocity", "Were deals won sooner or more often?", "velocity", h, false);
}
