# As watchpoint.exp, in hardware.
#= ^Hardware watchpoint 2: ival3
#= ^Hardware read watchpoint
#= New value = 4
#= ^Hardware access
#= Watchpoint [0-9]+ deleted because the program has left the block
#= exited normally
break main
run
watch ival3
info watchpoints
continue
continue
continue
continue
continue
backtrace
info watchpoints
delete 2
watch ptr1->val
break marker5
continue
continue
continue
delete 3
rwatch ival5
awatch buf[26]
watch buf[1]
continue
backtrace
continue
continue
print buf
continue
continue
continue
delete
break func5
continue
watch *x
continue
continue
continue
print ival1
watch foo2.val[1]
watch foo4.val[3]
continue
continue
continue
continue
