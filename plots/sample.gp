# sample.gp -- from rows read to rows used; every loss named.
# dat: y left lost.  Variables: last (rows of the chart) most (largest count) height (theme.gp)
set lmargin at screen 0.40
set rmargin at screen 0.93
set tmargin at screen 1.0 - 64.0 / height
set bmargin at screen 12.0 / height
set border 0
unset grid
unset xtics
set ytics scale 0 offset -0.5, 0
set yrange [last + 0.6:-0.6]
set xrange [0:most * 1.08]
plot dat using ($2 / 2):1:(0):2:($1 - 0.34):($1 + 0.34) with boxxyerror fc rgb BLUE fs solid 0.85 noborder, \
     dat using ($2 + $3 / 2):1:2:($2 + $3):($1 - 0.34):($1 + 0.34) with boxxyerror fc rgb RED fs solid 0.30 noborder
