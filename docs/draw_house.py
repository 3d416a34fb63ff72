"""Draw the picture of the architecture page from the files that are there.

python docs/draw_house.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "wordnum"
# Each stage, and what it gives to those on its right.
STAGES = {
    "corpus": "EncodedCorpus", "cooccurrence": "Counts, Signal", "embeddings": "Embedding",
    "lm": "LanguageModel",
    "analyzers": "Analysis", "theory": "planted embeddings", "studies": "StudyResults",
    "report": "page, figures",
}  # fmt: skip
INK, PAPER, EDGE, WARM = "#1b1b2f", "#eef2f7", "#8fa3bf", "#b5542a"
WIDTH, GAP, STEP = 2.1, 0.2, 0.2


def files(folder: Path) -> list[str]:
    """Names of the modules in a folder."""
    return sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("__"))


def box(ax: plt.Axes, x: float, y: float, width: float, height: float, color: str) -> None:
    """Add a box with round corners."""
    shape = "round,pad=0.02,rounding_size=0.08"
    ax.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=shape, fc=color, ec=EDGE, lw=0.8))


def main() -> None:
    """Draw and write house.png."""
    columns = {stage: files(PACKAGE / stage) for stage in STAGES}
    low = -STEP * (max(map(len, columns.values())) + 2.6)
    right = len(STAGES) * (WIDTH + GAP) - GAP
    figure, ax = plt.subplots(figsize=(right * 0.92, (1.2 - low + 0.6) * 0.92))
    ax.set(xlim=(-0.1, right + 0.1), ylim=(low - 0.6, 1.2))
    ax.axis("off")
    mono = {"va": "center", "size": 8, "color": INK, "family": "DejaVu Sans Mono"}
    for at, (stage, gives) in enumerate(STAGES.items()):
        x = at * (WIDTH + GAP)
        ax.text(x + WIDTH / 2, 0.5, stage, ha="center", weight="bold", size=11, color=INK)
        ax.text(x + WIDTH / 2, 0.22, gives, ha="center", size=8, color=WARM)
        height = STEP * (len(columns[stage]) + 1)
        box(ax, x, -height, WIDTH, height, PAPER)
        for line, name in enumerate(columns[stage], start=1):
            ax.text(x + 0.1, -STEP * line, name, **mono)
        if at:
            arrow = FancyArrowPatch((x + 0.02, 0.57), (x - GAP - 0.02, 0.57), arrowstyle="->",
                                    mutation_scale=9, color=EDGE)  # fmt: skip
            ax.add_patch(arrow)
    box(ax, 0, low - 0.3, right, 0.45, "#f7f1e8")
    common = [name for name in files(PACKAGE) if name not in ("cli", "verification")]
    ax.text(0.12, low - 0.08, "common to all:  " + "  ".join(common), **mono)
    legend = (
        "An arrow means: imports from; nothing points to the right. In brown, what a stage gives. "
        "Above all of them stand cli, commands and verification."
    )
    ax.text(0, 1.0, legend, size=8, color="#555")
    figure.savefig(HERE / "house.png", dpi=130, bbox_inches="tight")


if __name__ == "__main__":
    main()
