"""`Interruptions`: what AWS says beforehand of machines that it takes away."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import cloudwatch, sqs

from components.clusters.eks import policies

#: Events by their source: https://karpenter.sh/docs/reference/cloudformation/.
_EVENTS = {
    "maintenance": ("aws.health", "AWS Health Event"),
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}
#: After it the machine is gone; Karpenter's own choice.
_KEPT_SECONDS = 300


class Interruptions(pulumi.ComponentResource):
    """A queue, encrypted, that only EventBridge's rules of this stack write to."""

    queue: sqs.Queue
    ready: list[pulumi.Resource]

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("slipway:clusters:EksInterruptions", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.queue = sqs.Queue(
            f"{name}-queue",
            message_retention_seconds=_KEPT_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=child,
        )
        rules = [
            cloudwatch.EventRule(
                f"{name}-{what}",
                event_pattern=json.dumps({"source": [source], "detail-type": [detail]}),
                opts=child,
            )
            for what, (source, detail) in _EVENTS.items()
        ]
        policy = sqs.QueuePolicy(
            f"{name}-policy",
            queue_url=self.queue.url,
            policy=policies.document(
                policies.allow(
                    ["sqs:SendMessage"],
                    self.queue.arn,
                    {"ArnEquals": {"aws:SourceArn": [rule.arn for rule in rules]}},
                    Principal={"Service": "events.amazonaws.com"},
                ),
                {
                    "Effect": "Deny",
                    "Action": "sqs:*",
                    "Resource": self.queue.arn,
                    "Principal": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ),
            opts=child,
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[policy])
        targets = [
            cloudwatch.EventTarget(
                f"{name}-{what}-target", rule=rule.name, arn=self.queue.arn, opts=after
            )
            for what, rule in zip(_EVENTS, rules, strict=True)
        ]
        self.ready = [policy, *targets]
        self.register_outputs({})
