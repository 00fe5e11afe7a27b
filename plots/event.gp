# event.gp -- the effect by periods since the start; the base period is zero by construction.
# dat: event estimate low high base band_low band_high (thin: all periods at once) thin (1 = grey: too few behind it).
# Variables: ylabel xlabel first last thin_text ('' = no grey)
set ylabel ylabel
set xlabel xlabel
set xrange [first - 0.6:last + 0.6]
span = last - first
step = (span > 60 ? 10 : span > 32 ? 5 : span > 16 ? 2 : 1)
ps = span > 32 ? 0.4 : 0.65
set xtics step
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
set arrow 2 from -0.5, graph 0 to -0.5, graph 1 nohead lw 0.9 dashtype (4, 3) lc rgb AXIS back
set label 103 'programme starts' at -0.5, graph 0.965 offset 0.6, 0 font SMALL_FONT textcolor rgb GREY
if (strlen(thin_text) > 0) set label 104 thin_text at screen 0.012, screen 1.0 - 62.0 / height font SMALL_FONT textcolor rgb GREY
plot dat using ($5 == 1 || $8 == 1 ? NaN : $1):2:6:7 with yerrorbars lw 0.9 pt -1 lc rgb SLATE, \
     dat using ($5 == 1 || $8 == 0 ? NaN : $1):2:6:7 with yerrorbars lw 0.9 pt -1 lc rgb FADED, \
     dat using ($5 == 1 || $8 == 1 || $1 >= 0 ? NaN : $1):2:3:4 with yerrorbars lw 1.6 pt 6 ps ps lc rgb SLATE, \
     dat using ($5 == 1 || $8 == 1 || $1 < 0 ? NaN : $1):2:3:4 with yerrorbars lw 1.8 pt 7 ps ps lc rgb BLUE, \
     dat using ($5 == 1 || $8 == 0 ? NaN : $1):2:3:4 with yerrorbars lw 1.2 pt 6 ps ps lc rgb FADED, \
     dat using ($5 == 1 ? $1 : NaN):2 with points pt 4 ps 0.9 lw 1.4 lc rgb INK, \
     dat using ($5 == 1 ? $1 : NaN):2:('base') with labels offset 0, 1.1 font SMALL_FONT textcolor rgb GREY
