# cohorts.gp -- what was seen: the mean of each cohort, period by period; a full dot where the programme is on.
# dat: one index a cohort: x mean exposed never alone; no mean where no row was used: the line breaks there,
# and what stands alone between breaks is a small dot.  Variables: cohorts (lines), treated (the first so many of them, the
# others were never treated), ylabel last; name1 .. of the cohorts
COLOUR = BLUE.' '.TEAL.' '.RED.' '.GREEN.' '.INK
set ylabel ylabel
set datafile missing '?' # NaN breaks a line
set xrange [-0.5:last + 0.5]
set key outside right center vertical samplen 1.6 textcolor rgb GREY
set rmargin at screen 0.83
shade(i) = word(COLOUR, i % 5 + 1)
plot for [i = treated:cohorts - 1] dat index i using 1:2 with lines lw 2.4 dashtype (6, 4) lc rgb SLATE \
         title value(sprintf('name%d', i + 1)), \
     for [i = 0:treated - 1] dat index i using 1:2 with lines lw 1.8 lc rgb shade(i) title value(sprintf('name%d', i + 1)), \
     for [i = 0:treated - 1] dat index i using ($3 == 1 ? $1 : NaN):2 with points pt 7 ps 0.7 lc rgb shade(i) notitle, \
     for [i = 0:cohorts - 1] dat index i using ($5 == 1 ? $1 : NaN):2 with points pt 7 ps 0.3 \
         lc rgb (i < treated ? shade(i) : SLATE) notitle
