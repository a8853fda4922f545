# As callfuncs.exp: gdb calls functions of the program, with arguments of all kinds.
#= \$[0-9]+ = 55$
#= a stack dummy|<function called from gdb>
#= \$[0-9]+ = 120 'x'
#= "a string of gdb"
#= The program being debugged stopped while in a function called from GDB
#= exited normally
break main
run
next
info registers
print t_char_values('a','b')
print t_char_values(char_val1,char_val2)
print t_short_values(10,-23)
print t_int_values(87,int_val2)
print t_int_values(0,0)
print t_long_values(789,long_val2)
print t_float_values(3.14159,-2.3765)
print t_float_values2(3.14159,float_val2)
print t_float_many_args(float_val1, float_val2, float_val3, float_val4, float_val5, float_val6, float_val7, float_val8, float_val9, float_val10, float_val11, float_val12, float_val13, float_val14, float_val15)
print t_small_values(1,2,3,4,5,6,7,8,9,10)
print t_double_values(45.654,double_val2)
print t_double_many_args(double_val1, double_val2, double_val3, double_val4, double_val5, double_val6, double_val7, double_val8, double_val9, double_val10, double_val11, double_val12, double_val13, double_val14, double_val15)
print t_double_int(99.0, 99)
print t_int_double(99, 1.0)
print t_string_values("string 1","string 2")
print t_char_array_values(char_array_val1,"carray 2")
print t_structs_c(struct_val1)
print t_structs_d(struct_val1)
print t_structs_a(struct_val1)
print doubleit(4)
print add(4,5)
print t_func_values(add,func_val2)
print t_call_add(func_val1,3,4)
print *voidfunc()
print function_struct.func(5)
print sum_args(3,{1,2,3})
print callfunc(Lcallfunc, 5)
print $_exitcode
set var string_val1 = "a string of gdb"
print string_val1
set var int_val1 = 99
print t_int_values(int_val1,-26)
set var struct_val1.l = 0x1234567890abcdef
print struct_val1
x/8xw &struct_val1
info registers
break add
print add(40,2)
backtrace
finish
print t_call_add(func_val1,30,4)
backtrace
return
delete
continue
continue
