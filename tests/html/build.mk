# SPDX-License-Identifier: GPL-2.0
# Reports in the programs that they are for: a browser, and the schema of SARIF. Not part
# of "make check": Chromium is large, and the schema is not in Debian. The package that
# has it is MIT, but the schema itself is OASIS's: it is fetched, and stays in the build folder.

REPORTS := $(B)/tests/unit-tools/reports
SARIF_PACKAGE := @microsoft/jest-sarif@1.0.0-beta.0
SARIF_SCHEMA := $(B)/sarif/package/lib/schemas/sarif-2.1.0-rtm.5.json
SARIF_SHA256 := 2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8

check-html: $(B)/tests/unit-tools/reports_test ## the HTML report in a headless Chromium (needs 400 MB of packages)
	packaging/deps.sh chromium fonts-dejavu-core
	$(B)/tests/unit-tools/reports_test >$(B)/tests/unit-tools/reports.tap
	python3 tests/html/html_test.py $(REPORTS) $(B)/tests/html/pictures

check-sarif: $(B)/tests/unit-tools/reports_test $(SARIF_SCHEMA) ## the SARIF report against its schema, from npm
	$(B)/tests/unit-tools/reports_test >$(B)/tests/unit-tools/reports.tap
	@set -e; for report in $(REPORTS)/*.sarif; do \
		python3 tests/unit-tools/validate.py $(SARIF_SCHEMA) $$report; \
		echo "ok - $$report"; done
	@sed 's/"level": "error"/"level": "dreadful"/' $(REPORTS)/dirty.sarif >$(B)/sarif/bad.sarif; \
		! python3 tests/unit-tools/validate.py $(SARIF_SCHEMA) $(B)/sarif/bad.sarif >/dev/null && \
		echo "ok - the schema refuses a level that there is not"

$(SARIF_SCHEMA):
	@mkdir -p $(B)/sarif
	@command -v npm >/dev/null || packaging/deps.sh npm
	cd $(B)/sarif && npm pack --silent $(SARIF_PACKAGE) && tar xzf *.tgz
	echo "$(SARIF_SHA256)  $@" | sha256sum -c --quiet

.PHONY: check-html check-sarif
