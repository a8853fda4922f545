# As pthreads.exp: threads and their stacks, breakpoints of one thread, watchpoints of all.
#= hit Breakpoint 2, common_routine \(arg=2\)
#= thread1 \(arg=0xfeedface\)
#= thread2 \(arg=0xdeadbeef\)
#= Hardware watchpoint [0-9]+: common_routine::from_thread2
#= New value = 3
#= common_routine \(arg=0\)
set print frame-info short-location
tbreak main
run
break common_routine if arg == 2
continue
thread
backtrace
thread apply all -ascending -q -s frame function main
thread apply 2-3 -q -s frame function thread1
thread apply 2-3 -q -s frame function thread2
up
print k
print i
set var k = 100
print k
info registers rip
delete
watch common_routine::from_thread2
continue
continue
continue
up
print k
delete
tbreak common_routine thread 1
continue
backtrace
finish
kill
