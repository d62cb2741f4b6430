"""The results of AWS functions that a program calls."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from local.clouds.cloud import caller_account
from local.clouds.fake_values import Facts


def _zones(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    region = arguments.get("region") or facts.region
    letters = "abc"
    return {
        "names": [f"{region}{letter}" for letter in letters],
        "zoneIds": [f"{region}-az{number}" for number in range(1, len(letters) + 1)],
        "id": region,
        "region": region,
    }


def _identity(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    account = caller_account(facts)
    return {
        "accountId": account,
        "arn": f"arn:aws:iam::{account}:role/simulated",
        "userId": "AROASIMULATED",
        "id": account,
    }


def _region(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    region = arguments.get("region") or facts.region
    return {"id": region, "name": region, "region": region, "description": region}


def _partition(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
        "id": "aws",
    }


def _parameter(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    """An image ID for the public parameters of EKS images, and a fake value for all others."""
    name = str(arguments["name"])
    value = "ami-0123456789abcdef0" if "ami" in name or "image_id" in name else f"value of {name}"
    return {"value": value, "insecureValue": value, "type": "String", "version": 1, "id": name}


def _policy(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    statements = []
    for each in arguments.get("statements") or []:
        statement: dict[str, Any] = {"Effect": each.get("effect", "Allow")}
        statement |= {
            key.capitalize(): each[key] for key in ("sid", "actions", "resources") if each.get(key)
        }
        statements.append(statement)
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return {"json": text, "minifiedJson": text, "id": "policy"}


def _addon(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"version": f"v1.0.0-eksbuild.1+{arguments.get('kubernetesVersion')}"}


def _vpc(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"cidrBlock": "10.0.0.0/16", "state": "available", "ownerId": facts.account}


def _subnet(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    digit = sum(str(arguments.get("id")).encode()) % 3
    return {
        "availabilityZone": f"{facts.region}{'abc'[digit]}",
        "cidrBlock": f"10.0.{digit}.0/24",
        "state": "available",
    }


def _zone(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    name = arguments.get("name") or "example.com"
    return {"name": name, "zoneId": arguments.get("zoneId") or "Z0123456789SIMULATED"}


def _token(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    password = base64.b64encode(b"AWS:simulated").decode()
    return {"authorizationToken": password, "userName": "AWS", "password": "simulated"}


def _balancer_zone(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"id": "Z0123456789BALANCER"}


FUNCTIONS: Final = {
    "aws:lb/getHostedZoneId:getHostedZoneId": _balancer_zone,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy,
    "aws:eks/getAddonVersion:getAddonVersion": _addon,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:route53/getZone:getZone": _zone,
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": _token,
}
