# response.gp -- what one more of a regressor brings: each period on the left, added up on the right.
# dat: h each low high band_low band_high, sum and its four.  Variables: ylabel xlabel last left_text right_text total (NaN: none)
set multiplot
set xlabel xlabel
set xrange [-0.5:last + 0.5]
step = (last > 60 ? 12 : last > 32 ? 6 : last > 16 ? 4 : last > 8 ? 2 : 1)
ps = last > 32 ? 0.4 : 0.65
set xtics step
set offsets 0, 0, graph 0.06, graph 0.04
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
set lmargin at screen 0.105
set rmargin at screen 0.49
set ylabel ylabel
set label 103 left_text at graph 0.02, graph 1.04 font SMALL_FONT textcolor rgb INK
plot dat using 1:5:6 with filledcurves fc rgb BLUE fs transparent solid 0.10 notitle, \
     dat using 1:2 with lines lw 1 lc rgb BLUE notitle, \
     dat using 1:2:3:4 with yerrorbars lw 1.8 pt 7 ps ps lc rgb BLUE notitle
unset label 101
unset label 102
unset ylabel
set lmargin at screen 0.59
set rmargin at screen 0.975
set label 103 right_text at graph 0.02, graph 1.04 font SMALL_FONT textcolor rgb INK
if (total == total) set arrow 2 from graph 0, first total to graph 1, first total nohead lw 1 dashtype (3, 3) lc rgb TEAL back
plot dat using 1:10:11 with filledcurves fc rgb TEAL fs transparent solid 0.10 notitle, \
     dat using 1:8:9 with filledcurves fc rgb TEAL fs transparent solid 0.14 notitle, \
     dat using 1:7 with linespoints lw 2 pt 7 ps ps lc rgb TEAL notitle
unset multiplot
unset arrow 2
