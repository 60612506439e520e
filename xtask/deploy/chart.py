"""Lints and renders the chart as Helm does, and has every object checked against the schemas of Kubernetes.

chart.py CHART OUTPUT: the configurations that were rendered are left in OUTPUT, for the relay to read.
"""

import pathlib
import sys

import helm_python
import kubernetes_validate
import yaml

KUBERNETES = ["1.29", "1.34"]
LEAST = {"host": "relay.example.org:8443", "keysSecret": "relay-keys"}
REDIS = {"backend": "redis"}
PODS = {"podSelector": {"matchLabels": {"app": "redis"}}}
# By name: values, and the kinds that they must make.
GOOD = {
    "embedded": (LEAST, {"StatefulSet", "Service", "ConfigMap", "NetworkPolicy", "PodDisruptionBudget"}),
    "redis": (
        LEAST
        | {
            "store": REDIS,
            "redis": {"urls": ["rediss://redis.example.org:6379"], "user": "relay", "passwordSecret": "redis"} | PODS,
            "monitoring": PODS,
            "extra": {"limits": "mailbox_envelopes = 4000", "tickets": 'policy = "invite"'},
        },
        {"Deployment", "Service", "ConfigMap", "NetworkPolicy", "PodDisruptionBudget"},
    ),
    "proxy": (
        LEAST | {"role": "ohttp-proxy", "service": {"type": "ClusterIP"}, "podDisruptionBudget": {"enabled": False}},
        {"StatefulSet", "Service", "ConfigMap", "NetworkPolicy"},
    ),
}
BAD = {
    "without a host": {"keysSecret": "relay-keys"},
    "a host without a port": LEAST | {"host": "relay.example.org"},
    "a typo": LEAST | {"replica": 3},
    "a backend that there is not": LEAST | {"store": {"backend": "sqlite"}},
    "Redis without a server": LEAST | {"store": REDIS},
    "a key service on Redis": LEAST | {"role": "key-service", "store": REDIS, "redis": {"urls": ["redis://a:1"]}},
    "a section that the chart writes itself": LEAST | {"extra": {"tls": 'mode = "off"'}},
}


def main(path: str, output: str) -> None:
    chart = helm_python.Chart.load(path)
    for name, (values, kinds) in GOOD.items():
        found = helm_python.lint(path, values, strict=True)
        worse = [message for message in found["messages"] if message["severity"] > 1]
        if worse or found["errors"]:
            sys.exit(f"{name}: {worse or found['errors']}")
        objects = rendered(chart, values)
        if {each["kind"] for each in objects} != kinds:
            sys.exit(f"{name}: makes {sorted(each['kind'] for each in objects)}")
        for each in objects:
            for version in KUBERNETES:
                kubernetes_validate.validate(each, version, strict=True)
            hardened(name, each)
            if each["kind"] == "ConfigMap":
                pathlib.Path(output, f"{name}.toml").write_text(each["data"]["sealpost-relay.toml"])
    for name, values in BAD.items():
        try:
            chart.validate_schema(values)
        except helm_python.HelmValuesError:
            continue
        sys.exit(f"values were not refused: {name}")
    print(f"chart: {len(GOOD)} sets of values render (Helm {helm_python.helm_sdk_version()}), {len(BAD)} are refused")


def rendered(chart, values) -> list:
    files = chart.render(values, name="post", namespace="sealpost")
    texts = [text for path, text in files.items() if path.endswith(".yaml")]
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


def hardened(name, each) -> None:
    if each["kind"] not in ("StatefulSet", "Deployment"):
        return
    pod = each["spec"]["template"]["spec"]
    for container in pod["containers"]:
        context = container["securityContext"]
        if not context["readOnlyRootFilesystem"] or context["allowPrivilegeEscalation"]:
            sys.exit(f"{name}: {container['name']} may more than it should")
        if context["capabilities"]["drop"] != ["ALL"] or not pod["securityContext"]["runAsNonRoot"]:
            sys.exit(f"{name}: {container['name']} may more than it should")


main(*sys.argv[1:])
