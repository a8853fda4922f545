# As foll-fork.exp: after a fork with the parent, with the child, with both.
#= Catchpoint [0-9]+ \(forked process PID\)
#= Detaching after fork from child process PID
#= Attaching after (process PID|.*LWP PID.?) fork to child process PID
#= New inferior 2 \(process PID\)|New inferior [0-9]+
#= \$[0-9]+ = 6$
#= \$[0-9]+ = 4$
break main
catch fork
run
continue
backtrace
delete
break callee
continue
up
print v
finish
continue
set follow-fork-mode child
run
backtrace
up
print v
set var v = 66
print v
print pid
info inferiors
continue
inferior 1
set detach-on-fork off
set follow-fork-mode parent
run
info inferiors
up
print v
continue
inferior 3
info breakpoints
continue
up
print v
continue
info inferiors
