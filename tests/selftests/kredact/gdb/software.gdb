# As watchpoint.exp, without watchpoints of the processor: gdb steps through it all.
#= ^Watchpoint 3: ival3
#= New value = 4
#= ^Watchpoint 5: buf\[26\]
#= exited normally
set can-use-hw-watchpoints 0
break main
break marker2
run
watch ival3
info watchpoints
continue
continue
continue
continue
continue
continue
delete
tbreak func3
continue
watch buf[26]
continue
backtrace
delete
break func4
continue
watch *global_ptr
continue
continue
print buf
delete
continue
