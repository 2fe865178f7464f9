"""`python -m benchmarks.matrix`: who may open what: every address with the answers that each role got.

The answers are those of the tests that walk over all addresses; docs/access.md is what they are held against.
"""

import json
import sys

from benchmarks import proofs

PAGES, API = "test_people_matrix.py", "test_api_tokens.py"
ROLES = ("anyone", "viewer", "operator", "admin")
COLUMNS = ("address", "GET", "POST", *ROLES, "requests", "")


def main() -> int:
    """Run the tests, print one line an address and one for the API's tokens; exit 1 when a case failed."""
    cases = proofs.run([PAGES, API])
    pages = [case for case in cases if "answers" in case.told]
    rows = [_row(case) for case in sorted(pages, key=lambda case: case.told["page"])]
    print(proofs.table(COLUMNS, rows))
    failed = [case for case in cases if not case.passed]
    tokens = [case for case in cases if case.file == API]
    print(
        f"\n{len(pages)} addresses, {sum(row[-2] for row in rows)} requests; API tokens and scopes: "
        f"{len(tokens)} cases; {len(cases)} cases in all, {len(failed)} failed"
    )
    for case in failed:
        print(f"FAILED {case.file}: {case.name}")
    return 1 if failed or not pages else 0


def _row(case: proofs.Case) -> tuple[str, str, str, str, str, str, str, int, str]:
    """One address: who may read and send, and each role's answers to a GET and a POST."""
    answers: list[tuple[str, str, int]] = json.loads(case.told["answers"])
    by_role = {role: " ".join(str(status) for _, who, status in answers if who == role) for role in ROLES}
    get, post = case.told["needed"].split()
    anyone, viewer, operator, admin = (by_role[role] or "·" for role in ROLES)
    verdict = "passed" if case.passed else "FAILED"
    return case.told["page"], get, post, anyone, viewer, operator, admin, len(answers), verdict


if __name__ == "__main__":
    sys.exit(main())
