"""Answers what cryptography's verifier says of the cases on stdin: one JSON list in, one out ("" for accepted)."""

import base64
import datetime
import ipaddress
import json
import sys

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store


def judge(case):
    load = lambda text: x509.load_der_x509_certificate(base64.b64decode(text))
    builder = (
        PolicyBuilder()
        .store(Store([load(anchor) for anchor in case["anchors"]]))
        .time(datetime.datetime.fromtimestamp(case["time"] / 1000, datetime.timezone.utc))
    )
    leaf = load(case["leaf"])
    intermediates = [load(one) for one in case["intermediates"]]
    if case["purpose"] == "client":
        builder.build_client_verifier().verify(leaf, intermediates)
        return
    name = case["name"]
    try:
        subject = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        subject = x509.DNSName(name)
    builder.build_server_verifier(subject).verify(leaf, intermediates)


def answer(case):
    try:
        judge(case)
        return ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
