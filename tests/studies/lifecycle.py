"""What the lifecycle of models is worth: false promotions, how soon a better model is found, what mending mends.

Run it from the root of the project: make study-lifecycle, or python -m tests.studies.lifecycle [--quick]
"""

from __future__ import annotations

import argparse
import time
from statistics import fmean

from stream_app.feeds.datasets import bundesliga
from tests.studies.comparing import (
    better_challenger,
    empirical_bernstein,
    equal_models,
    evaluated,
    real_promotion,
)
from tests.studies.mending import Fault, faults, healthy

OWN_ERRORS = (0.121, 0.171, 0.242)
"""Errors with which a champion is worse by about .0025, .005 and .01 nats."""

QUICK = 4
"""By what the short form divides pairs and matches."""


def comparing(divisor: int) -> None:
    """Print what the evidence is worth on simulated models."""
    found = equal_models(1_000 // divisor, 5_000 // divisor)
    print(f"Equal models: {found.pairs} pairs over {found.matches} matches, looked at after every match")
    print(f"  ever proven better by the e-value        {found.by_evidence:7.1%}")
    print(f"  ever proposed by the whole policy        {found.by_policy:7.1%}")
    print(f"  ever 'significant' by a repeated t-test  {found.by_t_test:7.1%}")
    print("A better challenger: matches until it is found, and what a test needs that looks only once")
    print("  nats   deviation   50 % found   80 % found   once, 50 %   once, 80 %")
    for error in OWN_ERRORS:
        told = better_challenger(400 // divisor, 20_000 // divisor, error)
        half, most = (str(n) if n is not None else "more" for n in (told.half, told.most))
        print(
            f"  {told.gain:.4f}    {told.deviation:.4f}  {half:>11}  {most:>11}  {told.fixed_half:11}"
            f"  {told.fixed_most:11}"
        )


def real(divisor: int) -> None:
    """Print what the policy does with real models on real matches."""
    matches = bundesliga()
    matches = matches[: len(matches) // divisor]
    names = ("logistic_regression_v1", "match_model_v1", "elo_softmax")
    evaluations = evaluated(matches, names)
    print(f"The Bundesliga, {len(matches)} matches")
    for champion, challenger in ((names[0], names[1]), (names[2], names[1]), (names[2], names[0])):
        told = real_promotion(evaluations, champion, challenger)
        if told is None:
            print(f"  {challenger} is not proposed in the place of {champion}")
            continue
        slower = empirical_bernstein(evaluations, champion, challenger)
        print(
            f"  {challenger} in the place of {champion}: proposed after {told.matches} matches, {told.at:%Y-%m-%d},\n"
            f"    lower bound {told.lower:+.4f} nats, gain in skill {told.gain:.1%}; an empirical-Bernstein sequence:"
            f" {slower or 'never'}\n"
            f"    in the {told.rest} matches after it: {told.worth:+.4f} nats a match (standard error {told.error:.4f})"
        )


def healing(divisor: int) -> None:
    """Print what reinforcement does to a model with a fault and to one without."""
    matches = bundesliga()
    matches = matches[: len(matches) // divisor]
    for name in ("logistic_regression_v1", "match_model_v1"):
        told = healthy(matches, name)
        print(f"{name}, without a fault, {told.matches} matches: {told.alone:.5f}")
        print(f"  allowed to mend itself: {told.mending:.5f} ({told.changes} changes)")
        print(f"  the plain rule as it is set found a cause {told.rule_fired} times; learning every ten confident")
        print(f"  errors again without a guard: {told.unguarded:.5f} ({told.steps} steps)")
        places = [len(matches) * part // 8 for part in range(2, 8)]
        found = faults(matches, name, places, (1_000 // divisor, len(matches)))
        for fault in found:
            show(fault)
        early = [fault for fault in found if fault.matches == 1_000 // divisor]
        cost, left = (fmean(it) for it in zip(*((fault.cost, fault.left) for fault in early), strict=True))
        print(f"{name}, all {len(early)} faults: {cost:+.4f} nats a match in the {early[0].matches} matches after it,")
        print(f"  {left:+.4f} when it mends itself: {1.0 - left / cost:.0%} of the loss recovered")


def show(told: Fault) -> None:
    """Print what became of a fault."""
    print(f"{told.model}, weights x 1.7 before match {told.place}, the {told.matches} matches after that:")
    print(f"  healthy {told.healthy:.4f}, with the fault {told.cost:+.4f}, mended {told.left:+.4f}:", end=" ")
    print(f"{told.recovered:.0%} of the loss recovered")
    changes = [(place, reason) for place, reason in told.attempts if not reason.startswith("nothing")]
    print(f"    {len(told.attempts)} attempts, {len(changes)} changes")
    for place, reason in changes:
        print(f"    after {place} matches: {reason}")


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short form on fewer pairs and matches")
    parser.add_argument("--part", choices=("comparing", "real", "healing"), help="only this part")
    options = parser.parse_args()
    divisor = QUICK if options.quick else 1
    for name, part in (("comparing", comparing), ("real", real), ("healing", healing)):
        if options.part in (None, name):
            begun = time.perf_counter()
            part(divisor)
            print(f"({time.perf_counter() - begun:.0f} s)\n")


if __name__ == "__main__":
    main()
