# As recurse.exp: watchpoints of locals in frames of one function. Not in hardware: where the
# watched stack is stepped over, QEMU's emulation raises #DB in the handler of #DB without end.
#= ^Watchpoint 2: b
#= ^Watchpoint 3: b
#= New value = 3628800
#= exited normally
set can-use-hw-watchpoints 0
break recurse
run
watch b
continue
continue
watch b
continue
continue
delete 1
info watchpoints
backtrace
continue
continue
continue
continue
continue
continue
continue
