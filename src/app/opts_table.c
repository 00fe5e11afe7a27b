/* The words of the command line.  A row without a name is a heading of the
 * rows below it; a row whose `what` is NULL is a word of a later version. */
#include "app/opts.h"

// clang-format off
const rl_command rl_commands[] = {
    {RL_CMD_RUN, "run", "STUDY", "carry out a study and write its report",
     "Reads the study file and the CSV files it names, fits its models, works out\n"
     "what the programme caused in money, and writes the output directory: report,\n"
     "workbook, results, charts and a manifest.  The directory is written whole or\n"
     "not at all: an interrupted run leaves the previous one as it was.  Same\n"
     "inputs and same seed, same bytes, for any number of threads.",
     "revlift run models/quarterly.yaml -o out/quarterly\n"
     "revlift run study.yaml --rejects faults.csv --strict",
     1, 1, false},
    {RL_CMD_FIT, "fit", "FORMULA", "fit one model to one CSV file",
     "FORMULA is  outcome ~ regressors [| fixed effects [| endogenous ~ instruments]]\n"
     "(0 for no effects; id + t: both; id^t: each pair of values)\n"
     "with  + - : * ( ) x^2 and log log1p exp sqrt abs\n"
     "factor(x[, ref]) poly(x,d) lag(x,0:4) lead(x,1:4) diff(x); an odd name stands in\n"
     "`backticks`; 0 or -1 drops the constant.  Quote the formula, so that the\n"
     "shell leaves it alone.\n"
     "\n"
     "Lasting and saturating effects, by the calendar and within each unit:\n"
     "  adstock(x,rate)        a = x + rate (a of the period before)\n"
     "  weibull(x,shape,scale) delayed: weights S(l) - S(l+1), S(l) = exp(-(l/scale)^shape)\n"
     "  hill(x,half,slope)     x^slope / (x^slope + half^slope)\n"
     "  almon(x,0:8,2[,end])   lag weights on a polynomial of degree 2, 0 beyond the\n"
     "                         end: near, far or both; reported as lag(x,i), long_run::x\n"
     "  season()  trend()      dummies of the month, quarter, week or weekday; 0, 1, 2 ..\n"
     "  holiday(US)            working days that public holidays take from the period:\n"
     "                         US UK (England and Wales) DE FR (whole countries)\n"
     "  holiday(name[,a:b])    days of it in the period, or of a to b days after it, as\n"
     "                         in holiday(christmas,-2:7): newyear mlk presidents\n"
     "                         goodfriday easter eastermonday mayday earlymay victory\n"
     "                         ascension whitmonday memorial juneteenth independence\n"
     "                         bastille assumption summerbank laborday unity columbus\n"
     "                         allsaints veterans thanksgiving blackfriday cybermonday\n"
     "                         christmaseve christmas boxing newyearseve; other days\n"
     "                         are a column of the data\n"
     "They nest: hill(adstock(x,0.6),20,2), lag(adstock(x,0.5),1); x:segment takes them\n"
     "too.  adstock(x), weibull(x) and hill(x) without parameters have them estimated\n"
     "(ols), as rate::adstock(x) and so on, the errors allowing for it; what the data\n"
     "cannot tell is refused.",
     "revlift fit 'revenue ~ spend + index | region' --data panel.csv --vcov cluster:region\n"
     "revlift fit 'revenue ~ lag(log1p(spend), 0:4) | region' --data panel.csv \\\n"
     "    --panel region,month --period month --vcov DK\n"
     "revlift fit 'sales ~ adstock(spend) + season() + trend()' --data sales.csv \\\n"
     "    --time month --period month --vcov NW\n"
     "revlift fit 'employment ~ 1' --data states.csv --estimator event --unit state \\\n"
     "    --time year --cohort first_treated --window -4:4 --json",
     1, 1, false},
    {RL_CMD_CHECK, "check", "STUDY", "show the data and the design before any outcome is modelled",
     "Reads the study and its files and reports rows, faults, match rates, cohorts,\n"
     "controls, periods before and after, clusters and maturity.  No outcome model\n"
     "is fitted, so the design can be settled before anyone has seen an answer.\n"
     "For every model of a programme: its cohorts with base period and controls,\n"
     "the periods whose effect cannot be estimated and why, and the estimators that\n"
     "can take the design, tried on drawn outcomes.",
     "revlift check models/quarterly.yaml", 1, 1, false},
    {RL_CMD_INIT, "init", "FILE...", "guess a study file from CSV exports",
     "Looks at headers and values, guesses which file holds deals, touches, spend\n"
     "and programmes, their columns, formats and statuses, and writes a commented\n"
     "study file that runs, or says what is still missing.",
     "revlift init deals.csv touches.csv spend.csv > study.yaml", 1, 1000, false},
    {RL_CMD_SIMULATE, "simulate", "WORLD", "make a company whose true lift is known",
     "Simulates accounts, buying groups, programmes, spend, touchpoints and deals\n"
     "from a world file, and the same world without the programme, so that\n"
     "truth.json holds the exact effects a study of the data should find.",
     "revlift simulate world.yaml -o datasets/mine --seed 7", 1, 1, false},
    {RL_CMD_HELP, "help", "[TOPIC]", "show help, of a command, of the study file, of a world file", "", NULL, 0, 1, false},
    {RL_CMD_VERSION, "version", "", "show the version", "", NULL, 0, 0, false},
    {RL_CMD_MAN, "man", "", "write the manual page", "", NULL, 0, 0, true},
};
const size_t rl_n_commands = sizeof rl_commands / sizeof *rl_commands;

const rl_option rl_options[] = {
    {RL_CMD_RUN, NULL, 0, NULL, "output"},
    {RL_CMD_RUN, "output", 'o', "DIR", "directory to write (default: out/NAME of the study file)"},
    {RL_CMD_INIT, "output", 'o', "FILE", "study file to write (default: standard output)"},
    {RL_CMD_SIMULATE, "output", 'o', "DIR", "directory to write; required"},
    {RL_CMD_RUN | RL_CMD_CHECK, "rejects", 0, "FILE", "write every faulty cell and row to FILE, a CSV"},

    {RL_CMD_FIT, NULL, 0, NULL, "data"},
    {RL_CMD_FIT, "data", 0, "FILE", "CSV file with a header; required"},
    {RL_CMD_FIT, "delimiter", 0, "CHAR", "comma, semicolon, tab or pipe (default: guessed from the\nheader)"},
    {RL_CMD_FIT, "encoding", 0, "NAME", "utf-8 (default), utf-16 or latin-1; a byte-order mark\noverrides it"},
    {RL_CMD_FIT, "number-format", 0, "NAME", "plain (1234.5, the default), us ($1,234.50) or\neu (1.234,50)"},
    {RL_CMD_FIT, "subset", 0, "COL=VALUE", "use only the rows where COL is VALUE"},
    {RL_CMD_FIT, "weights", 0, "COL", "weights, 0 or more; a row of weight 0 is not used"},
    {RL_CMD_FIT, "offset", 0, "COL", "logit, poisson: added to the linear index as it is"},
    {RL_CMD_FIT, "na", 0, "drop", "leave out rows where a function has no value, such as\nlog(0): else that is an error"},
    {RL_CMD_FIT, "panel", 0, "UNIT,TIME", "columns of unit and time, for lag, lead, diff, NW, DK"},
    {RL_CMD_FIT, "unit", 0, "COL", "column of the unit"},
    {RL_CMD_FIT, "time", 0, "COL", "column of the time; alone: one time series"},
    {RL_CMD_FIT, "period", 0, "KIND",
     "day, week, month, quarter or year: what one step of time\nis, so that a gap is a gap\n(default, but for programmes: what the dates show)"},

    {RL_CMD_FIT, NULL, 0, NULL, "model"},
    {RL_CMD_FIT, "estimator", 0, "NAME", "one of the list below (default ols; iv when the formula\nhas instruments)"},
    {RL_CMD_FIT, "margins", 0, NULL, "logit, poisson: average marginal effects too, as ame::x"},
    {RL_CMD_FIT, "singletons", 0, "keep", "keep rows that are alone in a level of an effect"},
    {RL_CMD_FIT, "fe-out", 0, "FILE", "ols: write the fixed effects to FILE, a CSV of effect,\nlevel, coefficient"},
    {RL_CMD_FIT, "family", 0, "NAME", "etwfe: logit or poisson; effects are averages in the\nunit of the outcome"},

    {RL_CMD_FIT, NULL, 0, NULL, "programmes that start at different times"},
    {RL_CMD_FIT, "cohort", 0, "COL", "first treated time; empty, 0 or Inf = never"},
    {RL_CMD_FIT, "treated", 0, "COL", "treated now: 0 or 1; twfe, dcdh: or a dose"},
    {RL_CMD_FIT, "control", 0, "WHICH", "never (default) or notyet treated units too"},
    {RL_CMD_FIT, "base", 0, "KIND", "cs, ddd: period of comparison before treatment: varying\n(default: the one before) or universal (the last before\nthe start, for all)"},
    {RL_CMD_FIT, "anticipation", 0, "K", "cs, ddd, bjs, did2s: an effect may begin K periods before\nthe start"},
    {RL_CMD_FIT, "rcs", 0, NULL, "repeated cross-sections: several rows of a unit in a\nperiod (etwfe, twfe, event; cs: every row is a unit of its\nown)"},
    {RL_CMD_FIT, "unit-trends", 0, NULL, "bjs, did2s: every unit has a slope over time too, from its\nuntreated rows"},
    {RL_CMD_FIT, "unbalanced", 0, "HOW", "cs: units that miss periods are left out (balance, the\ndefault) or kept with the rows they have (keep)"},
    {RL_CMD_FIT, "agg", 0, "HOW", "group-time, simple, dynamic, group or calendar; bacon:\ntype or pairs"},
    {RL_CMD_FIT, "balance", 0, "K", "dynamic: only cohorts seen K periods after their start"},
    {RL_CMD_FIT, "window", 0, "LO:HI", "event times shown, say -6:8; in a regression on event\ntime its ends hold all beyond; bjs: those before 0 are a\nregression of their own on untreated rows; dcdh:\nplacebos, effects"},
    {RL_CMD_FIT, "endpoints", 0, "drop", "leave out rows beyond the window instead"},
    {RL_CMD_FIT, "ref", 0, "K[,K]", "event times of reference (default -1)"},
    {RL_CMD_FIT, "ref-cohort", 0, "G", "sunab: cohort of reference (default: the never treated,\nor else the last)"},
    {RL_CMD_FIT, "partition", 0, "COL", "ddd: 1 = eligible for the treatment, 0 = not"},
    {RL_CMD_FIT, "stack-weights", 0, "HOW", "stacked: wfh (default; every stack's controls weighed as\nits treated) or none"},
    {RL_CMD_FIT, "reweight", 0, "yes", "lpdid: every treated unit counts alike"},
    {RL_CMD_FIT, "premean", 0, "K", "lpdid: against the mean of K periods before, not the last"},
    {RL_CMD_FIT, "ylags", 0, "K", "lpdid: K earlier changes of the outcome as controls"},
    {RL_CMD_FIT, "composition", 0, "fixed", "lpdid, dcdh: the same units at every horizon"},
    {RL_CMD_FIT, "compare", 0, NULL, "the same question by every estimator for programmes, on\none sample and the same event times, and why they differ"},
    {RL_CMD_FIT, "normalized", 0, "yes", "dcdh: effects by unit of treatment received"},

    {RL_CMD_FIT, NULL, 0, NULL, "lagged regression"},
    {RL_CMD_FIT, "lags", 0, "P,Q..", "ar: lags of the errors (default 1); ardl: lags of the\noutcome, then those of each regressor in turn; factors,\nproducts, lag() and other functions than log, exp, diff\nand the like have none (so lag(x,0) is x alone)"},
    {RL_CMD_FIT, "max-lags", 0, "N", "choose the lags, up to N; ardl: of each, all compared on\nthe same rows"},
    {RL_CMD_FIT, "ic", 0, "NAME", "by aic (ardl's default), bic (ar's) or hq"},
    {RL_CMD_FIT, "shock", 0, "TERM", "lp: the regressor whose response is asked for"},
    {RL_CMD_FIT, "horizon", 0, "H", "lp: periods after it that are shown, 0 to H; errors are\nNW with lag h + 1 (panels: cluster:UNIT) unless said"},
    {RL_CMD_FIT, "method", 0, "NAME", "cs, ddd: dr (default), reg or ipw (cs too: drimp, improved\ndr, and ipw-ht, not normalised);\nstaggered: efficient (default), cs or sa;\nar: ml (default) or average (one lag, averaged over how\nmuch errors persist: intervals that hold in short and in\ntrending series); koyck: iv (default; the lagged outcome instrumented) or\nols; ardl: levels (default) or ecm (differences, ec and\nlong run); lp: plain (default), cumulative, lag-augmented;\narellano-bond: two-step (default) or one-step;\nanderson-hsiao: level (default) or difference"},
    {RL_CMD_FIT, "response", 0, "COL[,H]", "what one more of COL in one period brings over H periods:\neach period, added up, in the long run, and how soon;\n`all` = every regressor that acts later; may be given\nagain"},
    {RL_CMD_FIT, "average", 0, "[lengths|forms]", "the responses also as an average over all lengths of their\nlags (alone the same: right where the effect ends within\nthe longest) or over forms and lengths: lag, almon,\nadstock, delayed adstock, free weights that fade; weights\nby AIC, with intervals and bands that cover the choice;\none regressor at a time, the others as written"},
    {RL_CMD_FIT, "gmm-lags", 0, "A:B", "arellano-bond: lags of the outcome as instruments\n(default 2: for all from the second on)"},
    {RL_CMD_FIT, "predetermined", 0, "X..", "arellano-bond: a regressor that answers to errors of\nearlier periods, such as spend set after last month's\nsales; may be given again"},
    {RL_CMD_FIT, "endogenous", 0, "X..", "arellano-bond: .. that answers to today's too"},
    {RL_CMD_FIT, "collapse", 0, NULL, "arellano-bond: one instrument a lag, not one for each\nlag and period"},

    {RL_CMD_FIT, NULL, 0, NULL, "uncertainty"},
    {RL_CMD_FIT, "vcov", 0, "KIND", "iid HC0 HC1 HC2 HC3 cluster:a cluster:a+b CR2:a CR3:a\n"
     "NW[:L] DK[:L] HAC:qs (L: a lag, or a rule t4 nw1 nw2 nw3\nandrews; NW:4,prewhite=1)\n"
     "wild:a[,reps=9999,type=rademacher|webb|mammen,\nnull=yes|no,form=11|31|13|33,errors=b]\n"
     "(for ols, iv, logit, poisson; null=no for any estimator;\nerrors=b: draws by a, errors clustered by b)\n"
     "short series: NW:lls DK:lls (many lags, t by fixed-b;\nNW:4,fixed-b) EWC[:B] (B cosines, t with B degrees of\nfreedom) block[:L] wild-dependent[:L] (bootstraps over L\nperiods; pw: a length by the data; reps=9999)\n"
     "(default: iid for regressions, cluster:UNIT for\ndifference-in-differences and GMM)"},
    {RL_CMD_FIT, "cluster", 0, "COL", "the same as --vcov cluster:COL; CR2, CR3 and wild\nwithout a column take it over"},
    {RL_CMD_FIT, "as", 0, "PROFILE",
     "conventions of another program; without it fixest's, but\nlags count across gaps by the calendar where fixest's\ncount the periods that are there.  fixest reghdfe\nsandwich plm gretl statsmodels areg lpirfs (lp's own)\nsummclust; cs: did (1,000 draws and bands) csdid (Mammen\ndraws, its own controls before the start); bjs:\ndid_imputation didimputation; did2s; dcdh:\ndid_multiplegt_dyn; lpdid; staggered; ddd: triplediff;\nsmall-sample: errors, freedom\nand tests that hold with few clusters (programmes, as\nstudies have them); exact: no factor (dcdh: switches\ndown, and switches alone in their cohort, count in the\nerrors as the formula has them; sc, sdid: weights at their\nminimum, where synthdid stops before it)"},
    {RL_CMD_FIT, "inference", 0, "KIND", "analytic (default) or bootstrap; ardl: its intervals cover\nthe choice of lags; programmes: errors and bands that hold\nfor all periods at once, from multipliers of the influence;\nsc, sdid: placebo (their default), jackknife or bootstrap,\nby units"},
    {RL_CMD_FIT, "multiplier", 0, "NAME", "rademacher (default), webb or mammen"},
    {RL_CMD_FIT, "reps", 0, "N", "draws of the bootstrap (default 1999; multipliers 1000;\nsc, sdid 200, and 0 = every placebo once)"},
    {RL_CMD_FIT, "level", 0, "SHARE", "level of the intervals (default 0.95)"},
    {RL_CMD_FIT, "lincom", 0, "SUM..", "a linear combination of estimates as one more, say\n'x1 + 2*x2 - 1'; may be given again"},
    {RL_CMD_FIT, "contrast", 0, "SUM..", "averages of effects set against each other, say\n'mean(event 1:4) - mean(event -4:-2)'; also group,\ncalendar, overall and 'att group 4 time 5:6'; may be\ngiven again"},
    {RL_CMD_FIT, "cov-out", 0, "FILE", "write the covariance of all estimates to FILE, a CSV"},
    {RL_CMD_FIT, "test", 0, "LIST..", "restrictions tested together: 'x1 = x2, x3 = 0', or a\ntest by name, from the list below (--test all: every\none that fits, as a table with what it means); may be\ngiven again.  Instruments bring theirs unasked:\nfirst-stage-f first-stage-wald wu-hausman sargan\nhansen, and for their rank anderson-lm cragg-donald-f\n(iid), kleibergen-paap-lm kleibergen-paap-f,\nsanderson-windmeijer-f"},

    {RL_CMD_ANY, NULL, 0, NULL, "every command"},
    {RL_CMD_ANY, "json", 0, NULL, "one JSON object on standard output, numbers in full"},
    {RL_CMD_ANY, "quiet", 'q', NULL, "no notes, no progress; errors only"},
    {RL_CMD_ANY, "strict", 0, NULL, "exit with status 1 when a diagnostic fails"},
    {RL_CMD_ANY, "threads", 0, "N", "0 = as many as the machine has (default); results do\nnot depend on it"},
    {RL_CMD_ANY, "seed", 0, "N", "seed of every random draw"},
    {RL_CMD_ANY, "color", 0, "WHEN", "auto (default), always or never; NO_COLOR is obeyed"},
    {RL_CMD_ANY, "version", 0, NULL, "show the version"},
    {RL_CMD_ANY, "help", 'h', NULL, "show this help"},

    /* words of a later version */
    {RL_CMD_FIT, "permute-stat", 0, "WHAT", NULL},   {RL_CMD_FIT, "permute-within", 0, "COL", NULL},
    {RL_CMD_FIT, "honest", 0, "KIND", NULL},         {RL_CMD_FIT, "honest-target", 0, "WHAT", NULL},
    {RL_CMD_FIT, "pretrend-power", 0, "P", NULL},    {RL_CMD_FIT, "pretrend-slope", 0, "S", NULL},
};
const size_t rl_n_options = sizeof rl_options / sizeof *rl_options;
// clang-format on
