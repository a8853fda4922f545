# As step-test.exp: step, next, stepi, nexti, advance, until, in calls and over them.
#= callee \(\) at
#= Value returned is \$[0-9]+ = 0
#= large_struct_by_value
#= \$[0-9]+ = 14$
#= exited normally
break main
run
next
step
next
next
next
next
next
next
next
step
step
finish
stepi
stepi
stepi
info registers rip
x/3i $pc
nexti
nexti
nexti
info registers
until
display myglob
advance large_struct_by_value
step
print r.rather_large[42]
print myglob
finish
info locals
continue
