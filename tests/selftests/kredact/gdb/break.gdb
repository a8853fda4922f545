# As break.exp: breakpoints of all kinds, step, next, until, finish, and memory and registers.
#= ^Breakpoint 1, main
#= Breakpoint 3, factorial \(value=3\)
#= Value returned is \$[0-9]+ = 6
#= Run till exit
#= Breakpoint 6, marker4 \(d=177601976\)
#= \$[0-9]+ = 720$
#= \$[0-9]+ = 4660$
#= exited with code 01
break main
tbreak marker1
break factorial if value == 3
break marker2
break marker3
break marker4
info breakpoints
run
info registers rip rsp rbp eflags
backtrace
print argc
print argv[0]
list
continue
info registers
backtrace
print $_siginfo
finish
disable 3
next
next
step
up
info frame
down
print a
x/6i $pc
continue
finish
continue
backtrace
print/x values
stepi
stepi
nexti
info registers rip rsp
set var values[3].z_field = 0x1234
print values[3].z_field
set var $rax = 720
print $rax
set var $xmm3.v4_int32[1] = 77
print $xmm3.v4_int32
p $mxcsr
delete 4
tbreak exit
up
set var argc = 12345
print argc
x/4dw &argc
x/2s argv[0]
call factorial(4)
info sharedlibrary
print (int)need_malloc() != 0
print sizeof(values)
continue
backtrace
continue
continue
backtrace 1
continue
