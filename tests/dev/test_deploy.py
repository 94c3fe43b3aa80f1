"""The files in `deploy/` are right by their own kinds' rules, and name commands, settings and metrics that exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY
from typer.testing import CliRunner

from stream_app import cli, metrics
from tests.support.documents import SETTING, SETTINGS
from tests.support.programs import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
NOT_OF_KUBERNETES_ITSELF = {"kustomization.yaml", "scaling.yaml", "monitor.yaml"}
METRIC = re.compile(r"\bstream_app_\w+")
OF_HISTOGRAMS_AND_COUNTERS = re.compile(r"_(bucket|count|sum|total)$")


def documents(file: Path) -> Iterator[dict[str, Any]]:
    yield from yaml.safe_load_all(file.read_text())


def containers() -> Iterator[dict[str, Any]]:
    for file in KUBERNETES:
        for document in documents(file):
            template = document.get("spec", {}).get("template", {})
            yield from template.get("spec", {}).get("containers", [])


def rules() -> Iterator[dict[str, Any]]:
    (document,) = documents(DEPLOY / "prometheus" / "rules.yml")
    for group in document["groups"]:
        yield from group["rules"]


def expressions() -> Iterator[str]:
    for rule in rules():
        yield rule["expr"]
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "stream-app.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


@pytest.mark.parametrize("file", KUBERNETES, ids=lambda file: file.name)
def test_every_object_of_kubernetes_follows_its_schema(file: Path) -> None:
    if file.name in NOT_OF_KUBERNETES_ITSELF:
        assert all(document["kind"] in ("Kustomization", "ScaledObject", "PodMonitor") for document in documents(file))
        return
    # Its schemas take two seconds, which a run of other tests need not wait for.
    import kubernetes_validate

    for document in documents(file):
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_the_kustomization_lists_every_object_and_only_what_is_there() -> None:
    (kustomization,) = documents(DEPLOY / "kubernetes" / "kustomization.yaml")

    assert set(kustomization["resources"]) == {file.name for file in KUBERNETES} - NOT_OF_KUBERNETES_ITSELF


@pytest.mark.parametrize("container", list(containers()), ids=lambda container: str(container["name"]))
def test_every_container_runs_a_command_that_exists_without_any_right_that_it_does_not_need(
    container: dict[str, Any],
) -> None:
    answer = CliRunner().invoke(cli.build(), [*container["args"], "--help"])
    security = container["securityContext"]

    assert answer.exit_code == 0, answer.output
    assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container["resources"]["limits"]


def test_every_process_of_the_service_runs_on_kubernetes_and_is_asked_how_it_is() -> None:
    by_command = {container["args"][0]: container for container in containers()}
    probes = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}

    assert by_command.keys() == {"topics", "worker", "sink", "watch-evidence", "web", "notify", "gateway"}
    for command, container in by_command.items():
        asked = {name: container[name]["httpGet"]["path"] for name in probes if name in container}
        assert asked == ({} if command == "topics" else probes), command


def test_every_object_refers_to_ports_labels_and_settings_that_are_there() -> None:
    objects = [document for file in KUBERNETES for document in documents(file)]
    templates = {
        document["metadata"]["name"]: document["spec"]["template"]
        for document in objects
        if "template" in document.get("spec", {})
    }
    for name, template in templates.items():
        assert template["metadata"]["labels"] == {"app.kubernetes.io/name": name}
        for container in template["spec"]["containers"]:
            ports = {port["name"] for port in container.get("ports", ())}
            assert {container[it]["httpGet"]["port"] for it in container if it.endswith("Probe")} <= ports
            assert [source[kind]["name"] for source in container["envFrom"] for kind in source] == ["stream-app"] * 2
    for document in objects:
        if document["kind"] in ("Service", "PodDisruptionBudget"):
            selector = document["spec"]["selector"]
            (label,) = (selector.get("matchLabels") or selector).values()
            assert label in templates, document["metadata"]["name"]
        if document["kind"] == "ScaledObject":
            assert document["spec"]["scaleTargetRef"]["name"] in templates


def test_every_setting_that_is_named_exists() -> None:
    named = {name for file in (DEPLOY / "kubernetes").iterdir() for name in SETTING.findall(file.read_text())}

    assert len(named) > 5
    assert named <= SETTINGS


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_expression_of_prometheus_is_one_and_names_metrics_that_exist(expression: str) -> None:
    promql_parser.parse(expression)
    known = {metric.name for metric in REGISTRY.collect()}

    assert metrics.ENTRIES_APPLIED
    assert {OF_HISTOGRAMS_AND_COUNTERS.sub("", name) for name in METRIC.findall(expression)} <= known


def test_every_alert_says_what_is_wrong_and_what_to_look_at() -> None:
    for rule in rules():
        assert rule["annotations"].keys() == {"summary", "todo"}, rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_the_image_is_built_as_its_linter_wants_it() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    answer = subprocess.run(
        [hadolint, "--failure-threshold", "warning", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )

    assert answer.returncode == 0, answer.stdout
