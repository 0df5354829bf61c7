r"""Reads simple LaTeX: "\frac{1}{2} m v^2" is "1/2 m v²". Signs, not words, since the language is not known here."""

from __future__ import annotations

import re

_SIGNS = dict(
    pair.split("=", 1)
    for pair in (
        r"times=× cdot=· div=÷ pm=± mp=∓ le=≤ leq=≤ ge=≥ geq=≥ ne=≠ neq=≠ approx=≈ sim=~ equiv=≡ infty=∞ to=→ "
        r"rightarrow=→ Rightarrow=⇒ implies=⇒ leftarrow=← leftrightarrow=↔ iff=⇔ sum=∑ prod=∏ int=∫ partial=∂ nabla=∇ "
        r"in=∈ notin=∉ subset=⊂ cup=∪ cap=∩ forall=∀ exists=∃ degree=° circ=° ldots=… dots=… cdots=… angle=∠ perp=⊥ "
        r"alpha=α beta=β gamma=γ delta=δ epsilon=ε varepsilon=ε zeta=ζ eta=η theta=θ iota=ι kappa=κ lambda=λ mu=μ nu=ν "
        r"xi=ξ pi=π rho=ρ sigma=σ tau=τ upsilon=υ phi=φ varphi=φ chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ "
        r"Xi=Ξ Pi=Π Sigma=Σ Phi=Φ Psi=Ψ Omega=Ω sin=sin cos=cos tan=tan log=log ln=ln exp=exp lim=lim max=max min=min "
        r"euro=€ pounds=£ percent=%"
    ).split()
)
_RAISED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_GROUP = r"\{([^{}]*)\}"
_RULES = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"\^\s*\{?\s*\\circ\s*\}?", "°"),
        (r"\\(?:begin|end)\s*\{[^{}]*\}(?:\{[^{}]*\})?", " "),
        (r"\\(?:left|right|big|Big|bigg|displaystyle|limits|quad|qquad|,|;|:|!)(?![A-Za-z])", " "),
        (r"\\\\|&", " "),
        (r"\\([#$%_{}])", r"\1"),
        (
            rf"\\(?:text|mathrm|mathbf|mathit|mathsf|operatorname|textbf|textit|emph|underline|boxed|vec|hat|bar)\s*{_GROUP}",
            r"\1",
        ),
        (rf"\\[dt]?frac\s*{_GROUP}\s*{_GROUP}", r"\1/\2"),
        (r"\\[dt]?frac\s*(\w)\s*(\w)", r"\1/\2"),
        (rf"\\sqrt\s*{_GROUP}", r"√\1"),
        (rf"_\s*{_GROUP}", r" \1"),
    )
)
_POWER = re.compile(rf"\^\s*(?:{_GROUP}|([^\s\\{{}}]))")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
_DEPTH = 4


def read(latex: str) -> str:
    """A formula, without its dollars and brackets, as one line of text; unknown commands are left out, words stay."""
    for _ in range(_DEPTH):  # groups within groups, from the inside
        for pattern, new in _RULES:
            latex = pattern.sub(new, latex)
        latex = _POWER.sub(_power, latex)
    latex = _COMMAND.sub(lambda found: f" {sign(found[1])} ", latex)
    return " ".join(re.sub(r"[\\{}$]|(?<=\w)_(?=\w)", "", latex).split())


def sign(command: str) -> str:
    r"""What a command stands for: × for "times"; "" where it is not known."""
    return _SIGNS.get(command, "")


def _power(found: re.Match[str]) -> str:
    power = (found[1] or found[2] or "").strip()
    if power in ("\\circ", "∘", "°"):
        return "°"
    return raised(power) if power and all(c in "0123456789+-n" for c in power) else f"^{power}"


def raised(power: str) -> str:
    """Digits, signs and n as the small ones above the line."""
    return power.translate(_RAISED)
