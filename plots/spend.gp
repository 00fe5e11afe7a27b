# spend.gp -- what each channel brought, period by period, on top of each other.
# dat: x from to channel (1..7).  Variables: ylabel last n name1 .. name7
set ylabel ylabel
set xrange [-0.6:last + 0.6]
set key at screen 0.975, screen 1.0 - 60.0 / height right center horizontal samplen 1.2 textcolor rgb GREY
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY front
array C[7] = [0x2563eb, 0x0d9488, 0xf59e0b, 0x7c3aed, 0xdb2777, 0x65a30d, 0x94a3b8]
array N[7] = [name1, name2, name3, name4, name5, name6, name7]
plot dat using 1:(($2 + $3) / 2):($1 - 0.38):($1 + 0.38):2:3:(C[int($4)]) \
         with boxxyerror lc rgb variable fs solid 0.9 noborder notitle, \
     for [i = 1:n] keyentry with boxes fc rgb C[i] fs solid 0.9 noborder title N[i]
