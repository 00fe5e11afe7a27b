# sides.gp -- event studies of several estimators on one base, beside each other.
# dat: one index an estimator: event estimate low high.  Variables: sides ylabel xlabel first last; name1 ..
COLOUR = BLUE.' '.RED.' '.TEAL.' '.SLATE.' '.GREEN.' '.INK
set ylabel ylabel
set xlabel xlabel
set xrange [first - 0.6:last + 0.6]
step = (last - first > 60 ? 10 : last - first > 32 ? 5 : last - first > 16 ? 2 : 1)
set xtics step
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
set arrow 2 from -0.5, graph 0 to -0.5, graph 1 nohead lw 0.9 dashtype (4, 3) lc rgb AXIS back
set key outside right center vertical samplen 1 textcolor rgb GREY
set rmargin at screen 0.86
by(i) = sides > 1 ? 0.6 * (i / (sides - 1.0) - 0.5) : 0
shade(i) = word(COLOUR, i % 6 + 1)
plot for [i = 0:sides - 1] dat index i using ($1 + by(i)):2:3:4 with yerrorbars lw 1.4 pt (i < 6 ? 7 : 5) ps 0.5 \
    lc rgb shade(i) title value(sprintf('name%d', i + 1))
