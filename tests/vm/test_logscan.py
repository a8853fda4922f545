#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test of the scan for splats, with samples of both kinds. Prints TAP."""

import sys

import logscan

HEAD = "[    0.000000] Linux version 6.12.1-cloud-amd64 (gcc-12) #1 SMP\r\n"

# One line each, as kernels print them: found.
SPLATS = [
    "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "BUG: unable to handle page fault for address: ffffffffc0a81000",
    "kernel BUG at mm/slub.c:448!",
    "BUG: sleeping function called from invalid context at mm/slab.h:285",
    "BUG: scheduling while atomic: test/123/0x00000002",
    "BUG: KASAN: slab-out-of-bounds in kredact_lookup+0x1a/0x40 [kredact]",
    "BUG: KFENCE: use-after-free read in kredact_lookup+0x1a/0x40 [kredact]",
    "BUG: KCSAN: data-race in a / b",
    "BUG: Bad page state in process test  pfn:12345",
    "BUG: Bad rss-counter state mm:00000000 type:MM_ANONPAGES val:1",
    "BUG kmalloc-64 (Tainted: G OE): Redzone overwritten",
    "WARNING: CPU: 1 PID: 77 at kernel/trace/ftrace.c:2105 ftrace_bug+0x1/0x2",
    "WARNING: possible circular locking dependency detected",
    "WARNING: possible recursive locking detected",
    "WARNING: inconsistent lock state",
    "WARNING: suspicious RCU usage",
    "WARNING: bad unlock balance detected!",
    "INFO: trying to register non-static key.",
    "------------[ cut here ]------------",
    "---[ end trace 0000000000000000 ]---",
    "Oops: 0002 [#1] PREEMPT SMP PTI",
    "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
    "general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1]",
    "Call Trace:",
    "RIP: 0010:kredact_get_dump_page+0x1a/0x40 [kredact]",
    "Kernel panic - not syncing: Fatal exception",
    "INFO: task test:123 blocked for more than 120 seconds.",
    "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [test:123]",
    "NMI watchdog: Watchdog detected hard LOCKUP on cpu 1",
    "rcu: INFO: rcu_preempt self-detected stall on CPU",
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-... }",
    "refcount_t: underflow; use-after-free.",
    "list_del corruption. prev->next should be ffff, but was 0000",
    "UBSAN: shift-out-of-bounds in kmod/seal.c:12:3",
    "unreferenced object 0xffff888104a3c000 (size 64):",
    "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "ODEBUG: free active (active state 0) object type: timer_list",
    "test: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL)",
    "unchecked MSR access error: RDMSR from 0x852 at rIP: 0xffffffff",
    "double fault: 0000 [#1] PREEMPT SMP",
    "divide error: 0000 [#1] PREEMPT SMP",
    "invalid opcode: 0000 [#1] PREEMPT SMP",
    "Kernel stack is corrupted in: kredact_ioctl+0x1/0x2",
    "ftrace failed to modify",
    "EXT4-fs error (device vda): ext4_lookup:1791: inode #12",
]

# What tests and sound kernels print: passed over.
HARMLESS = [
    "test[123]: segfault at 0 ip 0000555555555131 sp 00007ffe21ab error 6 in test[555555555000+1000]",
    "Code: 48 89 e5 b8 00 00 00 00 <c7> 00 2a 00 00 00",
    "traps: test[123] general protection fault ip:555555555131 sp:7ffe21ab error:0 in test[5555+10]",
    "traps: my test[123] trap invalid opcode ip:555555555131 sp:7ffe21ab error:0 in libc.so.6[7f00+1]",
    "traps: test[123] trap divide error ip:401000 sp:7ffe21ab error:0 in test[401000+1000]",
    "kasan: KernelAddressSanitizer initialized",
    "Kernel command line: console=ttyS0 oops=panic panic=-1 panic_on_warn=0",
    "Command line: console=ttyS0 oops=panic panic=-1 panic_on_warn=0",
    'PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug',
    "kredact: loading out-of-tree module taints kernel.",
    "kredact: module verification failed: signature and/or required key missing - tainting kernel",
    "..MP-BIOS bug: 8254 timer not connected to IO-APIC",
    "RAS: Correctable Errors collector initialized.",
    "RCU Tasks Trace: Setting shift to 1 and lim to 1 rcu_task_cb_adjust=1 rcu_task_cpu_ids=2.",
    "Freeing SMP alternatives memory: 44K",
    "watchdog: Delayed init of the lockup detector failed: -19",
]

# Whole logs that prove nothing.
UNUSABLE = [
    ("an empty log", ""),
    ("white space only", "\r\n \n"),
    ("a log without a banner", "SeaBIOS\r\n[    0.100000] all is well\r\n"),
    ("a log with its banner in a quotation", "> Linux version 6.12 is fine\n"),
]

# A kernel that is made to crash, its capture kernel, and what goes wrong with them.
MARKER = f"[    2.000000] {logscan.CRASH}\r\n"
SPLAT = "[    2.100000] Kernel panic - not syncing: sysrq triggered crash\r\n"
CRASHES = [
    ("a crash", HEAD + MARKER + SPLAT + HEAD, False),
    ("a splat before the crash", HEAD + SPLAT + MARKER + SPLAT + HEAD, True),
    ("a splat of the capture kernel", HEAD + MARKER + SPLAT + HEAD + SPLAT, True),
    ("a crash that was not announced", HEAD + SPLAT + HEAD, True),
    ("a crash that was announced twice", HEAD + MARKER + MARKER + HEAD, True),
    ("a crash without a capture kernel", HEAD + MARKER + SPLAT, True),
    ("a crash with two capture kernels", HEAD + MARKER + SPLAT + HEAD + HEAD, True),
]


def main() -> int:
    cases = [("a clean log", HEAD + "[    1.000000] all is well\r\n", False),
             ("a banner after the firmware's lines", "SeaBIOS\r\n" + HEAD, False),
             ("a splat in the last line, cut off", HEAD + "[    1.000000] BUG: unab", True)]
    cases += [(name, text, True) for name, text in UNUSABLE]
    for stamp in ("[    3.141593] ", "[    3.141593][  T123] "):
        cases += [(f"found: {stamp}{line}", f"{HEAD}{stamp}{line}\r\n", True) for line in SPLATS]
        cases += [(f"passed over: {stamp}{line}", f"{HEAD}{stamp}{line}\r\n", False)
                  for line in HARMLESS]

    checks = [(name, bool(logscan.scan(text)) == expected) for name, text, expected in cases]
    checks += [(name, bool(logscan.scan_crash(text)) == expected)
               for name, text, expected in CRASHES]
    print(f"1..{len(checks)}")
    failed = False
    for number, (name, good) in enumerate(checks, 1):
        failed = failed or not good
        # A "#" would begin a directive.
        print(f"{'ok' if good else 'not ok'} {number} {name.replace('#', '')}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
