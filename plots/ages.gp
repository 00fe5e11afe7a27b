# ages.gp -- the lift by the age of the deals.  No line joins the ages: they need not rest on the same rows.
# dat: x estimate low high.  Variables: ylabel xlabel last
set ylabel ylabel
set xlabel xlabel
set xrange [-0.5:last + 0.5]
set xtics scale 0
set offsets 0, 0, graph 0.10, graph 0.03
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
plot dat using 1:2:3:4 with yerrorbars lw 2 pt 7 ps 0.75 lc rgb BLUE
