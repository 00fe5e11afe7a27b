# bridge.gp -- the parts of the money, each standing on the ones before, and their sum.
# dat: x from to low high kind (0 up, 1 down, 2 total).  Variables: ylabel last
set ylabel ylabel
set xrange [-0.6:last + 0.6]
set xtics scale 0
set boxwidth 0.6 absolute
set offsets 0, 0, graph 0.12, graph 0.03
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
colour(k) = k == 2 ? 0x2563eb : k == 1 ? 0xdc2626 : 0x0d9488
plot dat using 1:(($2 + $3) / 2):($1 - 0.3):($1 + 0.3):2:3:(colour($6)) \
         with boxxyerror lc rgb variable fs transparent solid 0.85 noborder, \
     dat using ($1 + 0.3):3:(0.4):(0) with vectors nohead lw 0.8 dashtype (3, 3) lc rgb AXIS, \
     dat using 1:4:(0):($5 - $4) with vectors nohead lw 1.4 lc rgb INK
