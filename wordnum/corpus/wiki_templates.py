"""Templates of Wikipedia that hold numbers, rendered simply."""

from __future__ import annotations

from collections.abc import Callable

JOINER = "\u2060"  # not seen; joins digits into one numeral
RAISED = {
    "sup": str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻"),
    "sub": str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋"),
}
_SIGNS = {
    "!": "|",
    **dict.fromkeys(("nbsp", "space", "spaces"), "\u00a0"),
    "thinsp": "\u2009",
    "ndash": "–",
    "mdash": "—",
    "snd": " – ",
    "spaced ndash": " – ",
    "·": " · ",
}
_RANGES = {"x", "×", "xx", "by", "to", "and", "or", "-", "–", "+/-", "±", "*", "to(-)", "and(-)"}
_SMALLER_UNITS = {"ft": ("in",), "mi": ("yd", "ft"), "yd": ("ft",), "lb": ("oz",), "st": ("lb",)}


def render(name: str, arguments: dict[str, str]) -> str | None:
    """Text of a template; None for those that are not rendered.

    Parameters
    ----------
    name : str
        In small letters, with blanks; of `formatnum` with its number, as it is written.
    arguments : dict
        By name; those without one are "1", "2", ...

    Examples
    --------
    >>> render("convert", {"1": "12", "2": "x", "3": "15", "4": "m"}), render("coord", {"1": "52"})
    ('12 x 15 m', None)
    >>> render("val", {"1": "3.5", "u": "m", "e": "6"}), render("age", {"1": "1980"})
    ('3.5×10⁶ m', None)
    """
    if name.startswith("formatnum:"):
        return name.removeprefix("formatnum:").strip()
    if name in _SIGNS:
        return _SIGNS[name]
    template = _TEMPLATES.get(name)
    return template(arguments) if template else None


def _convert(arguments: dict[str, str]) -> str | None:
    """Value and unit as they were written; what they are converted to is not."""
    values = _positional(arguments)
    if not values:
        return None
    text = [_value(values.pop(0))]
    while len(values) > 1 and values[0].lower() in _RANGES:
        text += [values.pop(0), _value(values.pop(0))]
    if values:
        unit = values.pop(0)
        text.append(unit)
        if len(values) > 1 and values[1] in _SMALLER_UNITS.get(unit, ()):
            text += [_value(values[0]), values[1]]
    return " ".join(text)


def _value(text: str) -> str:
    """A value as one numeral: 5+1/2 is five and a half."""
    return text.replace("+", JOINER).replace("//", "/").replace("/", "⁄")


def _val(arguments: dict[str, str]) -> str | None:
    values = _positional(arguments)
    if not values:
        return None
    text = values[0] + (f"±{values[1]}" if len(values) > 1 else "")
    if power := arguments.get("e"):
        text += "×10" + power.translate(RAISED["sup"])
    unit = arguments.get("u") or arguments.get("ul")
    return f"{text} {unit}" if unit else text


def _fraction(arguments: dict[str, str]) -> str | None:
    values = _positional(arguments)
    whole = values.pop(0) + JOINER if len(values) > 2 else ""
    return f"{whole}{'1⁄' if len(values) == 1 else ''}{'⁄'.join(values)}"


def _age(arguments: dict[str, str]) -> str | None:
    """Years between two dates; with one it depends on the day the page is read."""
    values = _positional(arguments)
    if len(values) != 6 or not all(v.isascii() and v.isdigit() and len(v) < 5 for v in values):
        return None
    born, then = ([int(v) for v in part] for part in (values[:3], values[3:]))
    return str(then[0] - born[0] - (then[1:] < born[1:]))


def _first(arguments: dict[str, str]) -> str | None:
    return arguments.get("1", "")


def _raised(kind: str) -> Callable[[dict[str, str]], str]:
    return lambda arguments: arguments.get("1", "").translate(RAISED[kind])


def _positional(arguments: dict[str, str]) -> list[str]:
    """Arguments 1, 2, ... up to the first that is not there or empty."""
    values: list[str] = []
    while value := arguments.get(str(len(values) + 1)):
        values.append(value)
    return values


_TEMPLATES: dict[str, Callable[[dict[str, str]], str | None]] = {
    **dict.fromkeys(("convert", "cvt"), _convert),
    **dict.fromkeys(("frac", "sfrac", "fraction"), _fraction),
    **dict.fromkeys(("nowrap", "nobr", "nobreak", "no break", "no wrap", "formatnum"), _first),
    **dict.fromkeys(("sup", "exp", "^"), _raised("sup")),
    "sub": _raised("sub"),
    "gaps": lambda arguments: JOINER.join(_positional(arguments)),
    "val": _val,
    "age": _age,
    "e": lambda arguments: "×10" + _raised("sup")(arguments),
}
