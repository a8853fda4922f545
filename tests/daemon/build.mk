# SPDX-License-Identifier: GPL-2.0
# kredactd, in the machines with the module and in those without.

$(B)/tests/daemon/probes: tests/daemon/probes.c
	@mkdir -p $(@D)
	$(CC) $(KR_CFLAGS) -o $@ $< -pie -lbpf

ALL_VM += $(B)/tests/daemon/probes

STAGE_FILES += tests/daemon/daemon-lib.sh:/kredact/bin/ $(B)/tests/daemon/probes:/kredact/bin/ \
	       packaging/kredactd.conf:/kredact/ \
	       tests/daemon/daemon_test.sh:/kredact/tests/daemon \
	       tests/daemon/eventlog_test.sh:/kredact/tests/eventlog \
	       tests/daemon/empty_test.sh:/kredact/tests/empty \
	       tests/daemon/restart_test.sh:/kredact/tests/restart
