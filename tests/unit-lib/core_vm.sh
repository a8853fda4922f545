#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# core_test in a test machine, with cores to where it looks for them.
echo core >/proc/sys/kernel/core_pattern
cd /tmp && exec /kredact/bin/core_test
