"""`tidy: allow RULE because REASON`, in a comment on the line, or alone on the line above."""
import re

from tidy_rules import tree

ALLOW = re.compile(r"\btidy: allow ([a-z][\w-]*)(?:\s+because\s+(\S.*))?")
ALONE = re.compile(r"^\s*(?://|#|--|<!--|\*|/\*)\s*tidy: allow ")
FILE_RULES = {"file-length", "dead-file", "pragma-once", "braces", "shell-strict", "module-line"}
FILE_LINES = 10  # where the allowance for a whole file must stand


class Allowances:
    """The allowances of one file, and which of them were needed."""

    def __init__(self, file, known_rules):
        self.path = file.path
        self.places = []  # (line, rule, lines that it covers)
        self.problems = []
        self.used = set()
        for number, line in enumerate(file.lines, 1):
            match = ALLOW.search(line)
            if not match:
                continue
            rule, reason = match.groups()
            if rule not in known_rules:
                self.report(number, f"there is no rule {rule}", "see check_tidy.py --rules")
            elif not reason:
                self.report(number, "the allowance gives no reason",
                            f"write: tidy: allow {rule} because ...")
            else:
                self.places.append((number, rule, self.covered(file, number)))

    @staticmethod
    def covered(file, number):
        """The line itself; for a comment alone also the first line after its comment block."""
        lines = {number}
        if ALONE.match(file.lines[number - 1]):
            after = number
            while after < len(file.lines):
                after += 1
                lines.add(after)
                if not re.match(r"^\s*(?://|#|--|\*)", file.lines[after - 1]):
                    break
        return lines

    def report(self, line, message, fix):
        self.problems.append(tree.Finding(self.path, line, "allowance", message, fix))

    def allows(self, finding):
        for number, rule, lines in self.places:
            if rule != finding.rule:
                continue
            if finding.line in lines or (rule in FILE_RULES and number <= FILE_LINES):
                self.used.add(number)
                return True
        return False

    def leftovers(self):
        for number, rule, _ in self.places:
            if number not in self.used:
                self.report(number, f"the allowance of {rule} allows nothing", "delete it")
        return self.problems
