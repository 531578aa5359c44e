"""The Helm chart: its files can be read, its values are all used, and, where Helm is at hand, what it renders."""

import importlib
import importlib.util
import os
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from server.settings import Settings

ROOT = Path(__file__).parent.parent
CHART = ROOT / "helm"
COMMANDS = {"serve", "worker", "clock"}
VALUES = {
    "database": {"owner": {"secretName": "owner"}, "application": {"secretName": "application"}},
    "redis": {"secretName": "redis"},
    "mail": {"secretName": "mail"},
    "ingress": {"enabled": True, "hosts": [{"host": "orders.example.com"}]},
    "serve": {"autoscaling": {"enabled": True}},
}


def read(text: str) -> list[Any]:
    return [document for document in YAML(typ="safe", pure=True).load_all(text) if document]


def templates() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir()}


@pytest.fixture(scope="module")
def rendered() -> list[Any]:
    """Every object of the chart. The package is not locked, as it weighs more than all others together: to see these tests
    run, install `helm-python-sdk`."""
    if importlib.util.find_spec("helm_python") is None:
        pytest.skip("helm-python-sdk is not installed")
    helm = importlib.import_module("helm_python")
    assert not helm.lint(os.fspath(CHART))["errors"]
    with helm.Chart.load(os.fspath(CHART)) as chart:
        texts = chart.render(VALUES, name="demo", namespace="prod")
    return [found for name, text in texts.items() if not name.endswith("NOTES.txt") for found in read(text)]


def test_the_chart_names_the_version_of_the_product() -> None:
    chart = read((CHART / "Chart.yaml").read_text())[0]
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert (chart["apiVersion"], chart["name"], chart["type"]) == ("v2", "orderloom", "application")
    assert chart["appVersion"] == version[1]


def test_every_value_is_used_and_every_used_one_is_there() -> None:
    """A value that no template reads, or a template that reads one which does not exist, is a slip of the pen."""
    values = read((CHART / "values.yaml").read_text())[0]
    text = "\n".join(templates().values())
    used = {path.split(".")[0] for path in re.findall(r"\.Values\.([A-Za-z.]+)", text)}
    assert used | COMMANDS == set(values)
    for path in re.findall(r"\.Values\.([A-Za-z.]+)", text):
        found = values
        for part in path.split("."):
            assert part in found, path
            found = found[part]


def test_only_the_migration_knows_the_owner() -> None:
    """The URL that passes row security is named in one template."""
    assert [name for name, text in templates().items() if 'DATABASE_URL" .Values.database.owner' in text] == [
        "migrate.yaml"
    ]


def test_variables_are_settings() -> None:
    """Each variable that the chart sets is one that the product reads, and it sets all but those for hand-overs on one machine."""
    text = "\n".join(templates().values())
    named = set(re.findall(r'"([A-Z_]+)"', text)) | set(re.findall(r"- name: ([A-Z_]+)$", text, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields} - {"LISTEN_FD", "READY_FD"}


def test_rendered_deployments(rendered: list[Any]) -> None:
    """Three deployments run the three commands, unprivileged, without the owner's URL; only `serve` has probes."""
    found = {item["metadata"]["name"]: item for item in rendered if item["kind"] == "Deployment"}
    assert found.keys() == {f"demo-orderloom-{command}" for command in COMMANDS}
    for command in COMMANDS:
        spec = found[f"demo-orderloom-{command}"]["spec"]
        pod = spec["template"]["spec"]
        (container,) = pod["containers"]
        assert container["args"] == [command]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert secrets_of(container) == {
            "APP_DATABASE_URL": "application",
            "REDIS_URL": "redis",
            "SMTP_URL": "mail",
        }
        probes = {name: probe["httpGet"]["path"] for name, probe in container.items() if name.endswith("Probe")}
        assert probes == (
            {"startupProbe": "/healthz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}
            if command == "serve"
            else {}
        )
        # The autoscaler sets the number where there is one.
        assert ("replicas" in spec) == (command != "serve")


def test_rendered_migration(rendered: list[Any]) -> None:
    """It runs before installation and upgrade, and is the only one with the owner's URL."""
    (job,) = [item for item in rendered if item["kind"] == "Job"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["migrate"]
    assert secrets_of(container) == {"DATABASE_URL": "owner", "APP_DATABASE_URL": "application"}


def test_rendered_access(rendered: list[Any]) -> None:
    """The ingress leads to the service, the service to the pods that serve, and they are scaled and kept."""
    by_kind = {item["kind"]: item for item in rendered}
    rule = by_kind["Ingress"]["spec"]["rules"][0]
    assert rule["host"] == "orders.example.com"
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == by_kind["Service"]["metadata"]["name"]
    selector = by_kind["Service"]["spec"]["selector"]
    (serve,) = [
        item for item in rendered if item["metadata"]["name"] == "demo-orderloom-serve" and "template" in item["spec"]
    ]
    assert selector.items() <= serve["spec"]["template"]["metadata"]["labels"].items()
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == selector
    assert by_kind["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "demo-orderloom-serve"


def secrets_of(container: Any) -> dict[str, str]:
    return {item["name"]: item["valueFrom"]["secretKeyRef"]["name"] for item in container["env"] if "valueFrom" in item}
