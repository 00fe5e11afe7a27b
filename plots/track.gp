# track.gp -- actual and fitted on the left; on the right how the residuals hang together in time.
# dat: x actual fitted, behind two blank lines lag acf.  Variables: ylabel last acf_last bound xlabel
set multiplot
set ylabel ylabel
set xrange [-0.5:last + 0.5]
set lmargin at screen 0.13
set rmargin at screen 0.66
set key at screen 0.66, screen 1.0 - 66.0 / height right center horizontal samplen 2.5 textcolor rgb GREY
plot dat index 0 using 1:2 with linespoints lw 1.6 pt 7 ps 0.45 lc rgb SLATE title 'actual', \
     dat index 0 using 1:3 with lines lw 2.2 lc rgb BLUE title 'fitted'
unset label 101
unset label 102
unset ylabel
unset key
set lmargin at screen 0.74
set rmargin at screen 0.975
set xrange [0.3:acf_last + 0.7]
set yrange [-1:1]
step = (acf_last > 16 ? 6 : acf_last > 6 ? 3 : 1)
set xtics step
set ytics 0.5
set xlabel xlabel
set label 103 'correlation of residuals' at graph 0.0, graph 1.05 font SMALL_FONT textcolor rgb INK
set object 1 rectangle from graph 0, first -bound to graph 1, first bound behind fillcolor rgb SHADE fillstyle solid 1 noborder
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
plot dat index 1 using 1:2 with impulses lw 4 lc rgb BLUE
unset multiplot
