# cohorts.gp -- what was seen: the mean of each cohort, period by period; a full dot (of many periods: a thick line) where
# the programme is on.
# dat: one index a cohort: x mean exposed never alone; no mean where no row was used: the line breaks there, and what stands
# alone between breaks is a small dot.  Variables: cohorts (lines in colour), treated (the first so many of them, the others
# were never treated), others (grey lines after those), other_text, dots (0: thick lines), ylabel last; name1 .. of the
# cohorts in colour.  From the sixth on colours come again, dotted and with rings.
COLOUR = BLUE.' '.TEAL.' '.RED.' '.GREEN.' '.INK
FAINT = dots ? '#c3c9d3' : '#dfe3e9'
width = dots ? 1.8 : 0.9
set ylabel ylabel
set datafile missing '?' # NaN breaks a line
set xrange [-0.5:last + 0.5]
set key outside right center vertical samplen 1.6 textcolor rgb GREY
set rmargin at screen 0.82
shade(i) = word(COLOUR, i % 5 + 1)
plot for [i = cohorts:cohorts + others - 1] dat index i using 1:2 with lines lw 0.8 lc rgb FAINT notitle, \
     for [i = 0:(others > 0 ? 0 : -1)] NaN with lines lw 1.2 lc rgb FAINT title other_text, \
     for [i = 0:(treated < 5 ? treated : 5) - 1] dat index i using 1:2 with lines lw width lc rgb shade(i) \
         title value(sprintf('name%d', i + 1)), \
     for [i = 5:treated - 1] dat index i using 1:2 with lines lw width dashtype (2, 3) lc rgb shade(i) \
         title value(sprintf('name%d', i + 1)), \
     for [i = 0:(dots ? -1 : treated - 1)] dat index i using 1:($3 == 1 ? $2 : NaN) with lines lw 1.9 lc rgb shade(i) \
         notitle, \
     for [i = treated:cohorts - 1] dat index i using 1:2 with lines lw (dots ? 2.4 : 1.6) dashtype (6, 4) lc rgb SLATE \
         title value(sprintf('name%d', i + 1)), \
     for [i = 0:(dots ? treated - 1 : -1)] dat index i using ($3 == 1 ? $1 : NaN):2 with points pt (i < 5 ? 7 : 6) \
         ps 0.7 lc rgb shade(i) notitle, \
     for [i = 0:cohorts + others - 1] dat index i using ($5 == 1 ? $1 : NaN):2 with points pt 7 ps 0.3 \
         lc rgb (i < treated ? shade(i) : i < cohorts ? SLATE : FAINT) notitle
