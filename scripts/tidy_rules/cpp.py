"""Just enough of C++ to find functions, statements and calls: no types, no macros expanded."""
import dataclasses
import re

TOKEN = re.compile(
    r'//(?:[^\n\\]|\\.|\\\n)*'
    r'|/\*.*?(?:\*/|\Z)'
    r'|(?<![A-Za-z0-9_])(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|(?<![A-Za-z0-9_])\.?\d(?:'?[A-Za-z0-9_.])*"
    r"|'(?:[^'\\\n]|\\.)+'", re.DOTALL)
CONDITIONAL = re.compile(r"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b")
LAMBDA = re.compile(
    r"(?:^|[^\w\])\s])\s*\[(?:[^\[\]]|\[[^\[\]]*\])*\]\s*(?:<[^{}]*>\s*)?"
    r"(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?"
    r"\s*(?:mutable\b|constexpr\b|static\b|noexcept\b|->[\w:<>,\s&*()]+|\s)*$")
ATTRIBUTES = re.compile(r"alignas\s*\([^()]*\)|__attribute__\s*\(\(.*?\)\)|\[\[.*?\]\]", re.DOTALL)
TYPE_WORD = re.compile(r"(?:(?:typedef|static|const|constexpr|inline|friend|export)\s+)*"
                       r"(?:class|struct|union|enum)\b")
ACCESS = re.compile(r"^\s*(?:public|private|protected)\s*:(?!:)\s*")
ASSIGNMENT = re.compile(r"(?<![=!<>+\-*/%&|^])=(?!=)")
MEMBER_LIST = re.compile(r"\)[^()]*?(?<!:):(?!:)", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Function:
    """Where a function stands: the line its signature begins, that of its brace, its last."""
    start: int
    brace: int
    end: int


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def mask(text):
    """The text with comments and the insides of literals blanked; every offset stays."""
    def replace(match):
        token = match.group()
        if token[0].isdigit() or token[0] == ".":
            return token
        if token.startswith("/"):
            return blank(token)
        quote = token[-1]
        first = token.index(quote)
        return token[:first + 1] + blank(token[first + 1:-1]) + quote
    return TOKEN.sub(replace, text)


def without_directives(code):
    """Blanks preprocessor lines, and of #if ... #else ... #endif keeps the first branch only, so
    that braces balance."""
    result = []
    dropped = []  # for each open #if: is its current branch dropped?
    continued = False
    for line in code.split("\n"):
        conditional = None if continued else CONDITIONAL.match(line)
        directive = continued or re.match(r"[ \t]*#", line)
        if conditional:
            word = conditional.group(1)
            if word.startswith("if"):
                dropped.append(False)
            elif word == "endif":
                if dropped:
                    dropped.pop()
            elif dropped:
                dropped[-1] = True
        continued = bool(directive) and line.endswith("\\")
        result.append(blank(line) if directive or any(dropped) else line)
    return "\n".join(result)


def without_template(head):
    """The declaration without a leading template<...> and its requires clause."""
    head = head.lstrip()
    while head.startswith("template"):
        depth = 0
        for i, letter in enumerate(head):
            if letter == "<":
                depth += 1
            elif letter == ">":
                depth -= 1
                if depth == 0:
                    head = head[i + 1:].lstrip()
                    break
        else:
            return head
    return re.sub(r"^requires\b[^{]*?(?=\b(?:class|struct|union)\b)", "", head)


def without_groups(head):
    """The declaration with everything inside (...) and {...} removed."""
    result = []
    depth = 0
    for letter in head:
        if letter in ")}":
            depth = max(0, depth - 1)
        if depth == 0:
            result.append(letter)
        if letter in "({":
            depth += 1
    return "".join(result)


def brace_opens(head, nested):
    """What a brace after `head` opens: "body", "outer" (namespace, type) or "list"."""
    if LAMBDA.search(head):
        return "body"
    if nested:
        return "list"
    while ACCESS.match(head):
        head = ACCESS.sub("", head, count=1)
    head = ATTRIBUTES.sub(" ", without_template(head)).strip()
    # A macro call without a semicolon may stand before it.
    last = without_groups(head).rsplit(")", 1)[-1].strip()
    if re.match(r"(?:inline\s+)?namespace\b", last) or TYPE_WORD.match(last):
        return "outer"
    if re.fullmatch(r'extern\s+"\s*"', head):
        return "outer"
    parenthesis = head.find("(")
    before = head if parenthesis < 0 else head[:parenthesis]
    if TYPE_WORD.match(head) and (parenthesis < 0 or re.search(r"(?<!:):(?!:)", before)):
        return "outer"
    if parenthesis < 0:
        return "list"
    flat = re.sub(r"\boperator\s*[^\s\w(]+", "operator", without_groups(head))
    if ASSIGNMENT.search(flat):
        return "list"
    if MEMBER_LIST.search(flat) and re.search(r"[\w>]$", flat):
        return "list"
    return "body"


def functions(text):
    """(all functions and file-level lambdas, whether the braces balance). What is nested in a
    function counts as part of it."""
    code = without_directives(mask(text))
    found = []
    scopes = []
    head = parens = body = 0
    start = brace = 0
    for match in re.finditer(r"[{}();]", code):
        at, token = match.start(), match.group()
        if body:
            body += {"{": 1, "}": -1}.get(token, 0)
            if body == 0:
                found.append(Function(start, brace, code.count("\n", 0, at) + 1))
                head = at + 1
        elif token == "(":
            parens += 1
        elif token == ")":
            parens -= 1
        elif token == ";":
            head = at + 1 if parens == 0 else head
        elif token == "{":
            in_list = bool(scopes) and scopes[-1][0] == "list"
            nested = in_list or parens > 0
            signature = code[max(head, at - 400) if nested else head:at]
            opens = brace_opens(signature, nested)
            if opens == "body":
                body = 1
                while ACCESS.match(signature):
                    signature = ACCESS.sub("", signature, count=1)
                first = at - len(signature.lstrip())
                start = code.count("\n", 0, first) + 1
                brace = code.count("\n", 0, at) + 1
            else:
                scopes.append((opens, head, parens))
                head, parens = at + 1, 0
        else:
            if not scopes:
                return found, False
            opened, outer_head, parens = scopes.pop()
            head = outer_head if opened == "list" else at + 1
    return found, not scopes and not body


def statements(code):
    """(offset, text) of what stands between semicolons and braces of masked code."""
    offset = 0
    for part in re.split(r"[;{}]", code):
        yield offset, part
        offset += len(part) + 1


def closing(code, opening, pair):
    """The offset after the bracket that closes the one at `opening`, or None."""
    depth = 0
    for i in range(opening, len(code)):
        if code[i] == pair[0]:
            depth += 1
        elif code[i] == pair[1]:
            depth -= 1
            if depth == 0:
                return i + 1
        elif code[i] in ";{}" and pair == "<>":
            return None
    return None
