# SPDX-License-Identifier: GPL-2.0
# kredactd, in the machines with the module and in those without.

STAGE_FILES += tests/daemon/daemon-lib.sh:/kredact/bin/ \
	       packaging/kredactd.conf:/kredact/ \
	       tests/daemon/daemon_test.sh:/kredact/tests/daemon \
	       tests/daemon/restart_test.sh:/kredact/tests/restart
