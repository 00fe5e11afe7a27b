# lags.gp -- how an effect spreads over the periods after it.
# dat: lag estimate low high sum sum_low sum_high.  Variables: ylabel xlabel last with_sum
set ylabel ylabel
set xlabel xlabel
set xrange [-0.6:last + 0.6]
span = last
step = (span > 60 ? 10 : span > 32 ? 5 : span > 16 ? 2 : 1)
ps = span > 32 ? 0.4 : 0.65
set xtics step
set key at screen 0.975, screen 1.0 - 60.0 / height right center horizontal samplen 2.5 textcolor rgb GREY
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
if (with_sum) {
    plot dat using 1:6:7 with filledcurves fc rgb TEAL fs transparent solid 0.14 notitle, \
         dat using 1:5 with lines lw 2.2 dashtype (7, 3) lc rgb TEAL title 'added up', \
         dat using 1:2:3:4 with yerrorbars lw 1.8 pt 7 ps ps lc rgb BLUE title 'each period'
} else {
    plot dat using 1:2:3:4 with yerrorbars lw 1.8 pt 7 ps ps lc rgb BLUE title 'each period'
}
