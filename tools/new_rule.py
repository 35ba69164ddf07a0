"""``./task new-rule LAYER/NAME``: a rule file and its first case folder, to be filled in."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")

RULE = '''"""A SENTENCE THAT IS TRUE OF THE SUBJECT."""

from __future__ import annotations

from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

{constant} = Condition(
    code="{code}",
    kind="Pod",
    nature=Nature.ROOT,
    title="{{subject}} IS IN THIS STATE: {{detail}}",
    summary="WHAT IT IS, IN A SENTENCE.",
    remedies=(
        Remedy(
            id="{slug}-mend",
            title="MEND {{name}}",
            when="now",
            risk="low",
            steps=(Step("WHAT TO DO.", "kubectl -n {{namespace}} get pod {{name}}"),),
            verify=(Step("HOW TO SEE THAT IT HELPED.", "kubectl -n {{namespace}} get pod {{name}}"),),
            undo=(Step("HOW TO TAKE IT BACK."),),
        ),
    ),
)


def _detail(scene: Scene, pod: Subject) -> Evidence | None:
    """THE EVIDENCE THAT DECIDES, IN WORDS (kwhy explain prints this line)."""
    return None


@rule({constant}, rows=())
def {name}(pod: PodView, detail: Evidence | None = given(_detail)) -> Verdict:
    """WHAT IS JUDGED.

    What it means: WHAT THE STATE DOES TO PEOPLE.
    How it shows: WHERE IT IS SEEN.
    What looks like it: WHAT TO TELL IT APART FROM.
    Source: COMPONENT VERSION path/file.go (function).
    """
    if detail is None:
        return unsure("THE EVIDENCE THAT DECIDES", *pod.probes())
    return Present((detail,), {{"detail": "WHAT"}}) if detail.says else Absent((detail,))
'''

CASE = """# The evidence lies in evidence/; every claim names the places that prove it (tests/harness/case.py).
origin: WHERE THE EVIDENCE WAS RECORDED, WITH VERSIONS
truth: WHAT WAS WRONG, IN A SENTENCE
outcome: explained
root:
  condition: {code}
  subject: Pod/NAMESPACE/NAME
  because:
    - "FILE:LINE OR FILE#PATH"
present: []
absent: []
chain:
  - {code}
"""


def main() -> int:
    if len(sys.argv) != 2 or not _NAME.fullmatch(sys.argv[1]):
        sys.stderr.write("Usage: ./task new-rule LAYER/NAME, such as ./task new-rule pod/image_not_found\n")
        return 2
    layer, name = sys.argv[1].split("/")
    module = ROOT / "src" / "kwhy" / "knowledge" / layer / f"{name}.py"
    case = ROOT / "tests" / "cases" / layer / name / "recorded"
    if module.exists() or case.exists():
        sys.stderr.write(f"{module.relative_to(ROOT)} or {case.relative_to(ROOT)} exists already\n")
        return 2
    slug = name.replace("_", "-")
    words = {"constant": name.upper(), "code": f"{layer}.{slug}", "slug": slug, "name": name}
    package = module.parent / "__init__.py"
    if not package.exists():
        write(package, f'"""What can be wrong: {layer}."""\n')
    write(module, RULE.format(**words))
    write(case / "case.yaml", CASE.format(**words))
    (case / "evidence").mkdir()
    sys.stdout.write(f"Put real evidence into {(case / 'evidence').relative_to(ROOT)}, then run ./task docs.\n")
    return 0


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    sys.exit(main())
