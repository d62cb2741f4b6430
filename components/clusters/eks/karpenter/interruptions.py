"""`Interruptions`: the queue of AWS' notices about instances that it will interrupt."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import cloudwatch, sqs

from components.clusters.eks import policies

#: Events, as source and detail type: https://karpenter.sh/docs/reference/cloudformation/.
_EVENTS = {
    "maintenance": ("aws.health", "AWS Health Event"),
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}
#: As in Karpenter's CloudFormation template: afterwards the instance is gone.
_KEPT_SECONDS = 300


class Interruptions(pulumi.ComponentResource):
    """An encrypted queue, to which only the EventBridge rules of this stack send."""

    queue: sqs.Queue
    ready: list[pulumi.Resource]
    """The queue's policy and the rules' targets: what Karpenter depends on."""

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
                f"{name}-{event}",
                event_pattern=json.dumps({"source": [source], "detail-type": [detail]}),
                opts=child,
            )
            for event, (source, detail) in _EVENTS.items()
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
        after_policy = pulumi.ResourceOptions(parent=self, depends_on=[policy])
        targets = [
            cloudwatch.EventTarget(
                f"{name}-{event}-target", rule=rule.name, arn=self.queue.arn, opts=after_policy
            )
            for event, rule in zip(_EVENTS, rules, strict=True)
        ]
        self.ready = [policy, *targets]
        self.register_outputs({})
