"""Calls every operation of the stand-in with boto3 and compares each raw answer with botocore's own model of it.

boto3 itself reads leniently: a member that is missing, misnamed or of another type would go unnoticed.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError
from botocore.model import Shape
from service_model import runtime_model, service_model

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "timestamp": (int, float),
}


def mistakes(shape: Shape, value: Any, path: str) -> list[str]:
    """What in a value as it came over the wire is not as the shape says."""
    if shape.type_name == "structure":
        found = [f"{path} lacks {name}" for name in shape.required_members if name not in value]
        for name, inner in value.items():
            member = shape.members.get(name)
            found += (
                [f"{path} has {name}, which is no member"]
                if member is None
                else mistakes(member, inner, f"{path}.{name}")
            )
        return found
    if shape.type_name == "list":
        return [each for inner in value for each in mistakes(shape.member, inner, f"{path}[]")]
    if shape.type_name == "map":
        return [
            each for key, inner in value.items() for each in mistakes(shape.value, inner, f"{path}.{key}")
        ]
    if not isinstance(value, KINDS[shape.type_name]):
        return [f"{path} is {value!r}, not a {shape.type_name}"]
    limits = shape.metadata
    found = []
    if "enum" in limits and value not in limits["enum"]:
        found.append(f"{path} is {value!r}, which is not in its enum")
    if isinstance(value, str):
        if not limits.get("min", 0) <= len(value) <= limits.get("max", 10**9):
            found.append(f"{path} is {len(value)} characters long")
        pattern = limits.get("pattern", ".*")
        if r"\p" not in pattern and not re.fullmatch(pattern, value, re.DOTALL):
            found.append(f"{path} is {value!r}, which does not match {pattern}")
    elif "min" in limits and value < limits["min"]:
        found.append(f"{path} is {value!r}, below {limits['min']}")
    return found


class Checker:
    """Sees every answer before botocore reads it."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.mistakes: list[str] = []

    def look(self, operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        if response_dict["status_code"] >= 300:
            return
        self.seen.add(operation_model.name)
        body = response_dict["body"]
        if operation_model.output_shape is None:
            self.mistakes += [f"{operation_model.name} has a body"] if body else []
            return
        self.mistakes += mistakes(operation_model.output_shape, json.loads(body), operation_model.name)


def refused(code: str, call: Any, **request: Any) -> str:
    try:
        call(**request)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return str(error.response["Error"]["Message"])
    raise AssertionError(f"{call} was not refused")


ENDPOINT, ROLE, BUCKET, IMAGE = (os.environ[name] for name in ("ENDPOINT", "ROLE", "BUCKET", "IMAGE"))
QUICK = {"Delay": 0.1, "MaxAttempts": 300}
TAGS = [{"Key": "team", "Value": "growth"}]
client = boto3.client("sagemaker", endpoint_url=ENDPOINT)
runtime = boto3.client("sagemaker-runtime", endpoint_url=ENDPOINT)
checker = Checker()
client.meta.events.register("before-parse.sagemaker", checker.look)


def train() -> str:
    client.create_training_job(
        TrainingJobName="py-job",
        RoleArn=ROLE,
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "auc", "Regex": "validation-auc:([0-9.]+)"}],
        },
        InputDataConfig=[
            {
                "ChannelName": "train",
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data/train"}
                },
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/jobs"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        Tags=TAGS,
    )
    client.describe_training_job(TrainingJobName="py-job")
    client.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName="py-job", WaiterConfig=QUICK
    )
    job = client.describe_training_job(TrainingJobName="py-job")
    assert job["TrainingJobStatus"] == "Completed", job
    age = datetime.now(timezone.utc) - job["CreationTime"]
    assert timedelta(0) <= age < timedelta(minutes=2), age
    assert job["FinalMetricDataList"][0]["MetricName"] == "auc"
    listed = client.list_training_jobs(NameContains="PY-", StatusEquals="Completed")
    assert [each["TrainingJobName"] for each in listed["TrainingJobSummaries"]] == ["py-job"]
    pages = client.get_paginator("list_training_jobs").paginate(PaginationConfig={"PageSize": 2})
    names = [each["TrainingJobName"] for page in pages for each in page["TrainingJobSummaries"]]
    assert len(names) == len(set(names)) > 2, names
    assert "Requested resource not found" in refused(
        "ValidationException", client.describe_training_job, TrainingJobName="nobody"
    )
    refused("ValidationException", client.stop_training_job, TrainingJobName="py-job")
    return str(job["ModelArtifacts"]["S3ModelArtifacts"])


def stop() -> None:
    job = client.describe_training_job(TrainingJobName="py-job")
    names = "RoleArn AlgorithmSpecification OutputDataConfig ResourceConfig StoppingCondition"
    again = {name: job[name] for name in names.split()}
    client.create_training_job(TrainingJobName="py-stop", HyperParameters={"fault": "slow"}, **again)
    client.stop_training_job(TrainingJobName="py-stop")
    client.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName="py-stop", WaiterConfig=QUICK
    )
    assert client.describe_training_job(TrainingJobName="py-stop")["TrainingJobStatus"] == "Stopped"


def register(model_data: str) -> str:
    group = client.create_model_package_group(ModelPackageGroupName="py-group", Tags=TAGS)
    package = {
        "ModelPackageGroupName": "py-group",
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": model_data}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "CustomerMetadataProperties": {"snapshot": "7"},
        "ModelMetrics": {
            "ModelQuality": {
                "Statistics": {"ContentType": "application/json", "S3Uri": f"s3://{BUCKET}/metrics"}
            }
        },
    }
    arn = client.create_model_package(**package)["ModelPackageArn"]
    second = client.create_model_package(**package, ModelApprovalStatus="Rejected")["ModelPackageArn"]
    assert arn.endswith("/py-group/1") and second.endswith("/py-group/2")
    described = client.describe_model_package(ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    client.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="it is better"
    )
    approved = client.list_model_packages(
        ModelPackageGroupName="py-group", ModelApprovalStatus="Approved"
    )
    assert [each["ModelPackageVersion"] for each in approved["ModelPackageSummaryList"]] == [1]
    assert client.describe_model_package(ModelPackageName=arn)["ApprovalDescription"] == "it is better"
    client.describe_model_package_group(ModelPackageGroupName="py-group")
    client.list_model_package_groups(SortBy="Name")
    client.delete_model_package(ModelPackageName=second)
    refused("ConflictException", client.delete_model_package_group, ModelPackageGroupName="py-group")
    assert "does not exist" in refused(
        "ValidationException", client.describe_model_package, ModelPackageName=second
    )
    tagged = group["ModelPackageGroupArn"]
    client.add_tags(ResourceArn=tagged, Tags=[{"Key": "cost", "Value": "low"}])
    client.delete_tags(ResourceArn=tagged, TagKeys=["team"])
    assert client.list_tags(ResourceArn=tagged)["Tags"] == [{"Key": "cost", "Value": "low"}]
    return str(arn)


def deploy(package: str) -> None:
    client.create_model(
        ModelName="py-model", PrimaryContainer={"ModelPackageName": package}, ExecutionRoleArn=ROLE
    )
    client.describe_model(ModelName="py-model")
    client.list_models(NameContains="py-")
    client.create_endpoint_config(
        EndpointConfigName="py-config",
        ProductionVariants=[
            {
                "VariantName": "All",
                "ModelName": "py-model",
                "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
            }
        ],
    )
    client.describe_endpoint_config(EndpointConfigName="py-config")
    client.list_endpoint_configs()
    client.create_endpoint(EndpointName="py-endpoint", EndpointConfigName="py-config", Tags=TAGS)
    client.describe_endpoint(EndpointName="py-endpoint")
    refused("ValidationException", client.delete_endpoint, EndpointName="py-endpoint")
    client.get_waiter("endpoint_in_service").wait(EndpointName="py-endpoint", WaiterConfig=QUICK)
    answer = runtime.invoke_endpoint(EndpointName="py-endpoint", Body=b"1,2", ContentType="text/csv")
    assert json.loads(answer["Body"].read())["bytes"] == 3
    assert answer["InvokedProductionVariant"] == "All"
    refused("ModelError", runtime.invoke_endpoint, EndpointName="py-endpoint", Body=b'{"status":500}')
    client.update_endpoint(EndpointName="py-endpoint", EndpointConfigName="py-config")
    client.describe_endpoint(EndpointName="py-endpoint")
    client.get_waiter("endpoint_in_service").wait(EndpointName="py-endpoint", WaiterConfig=QUICK)
    client.update_endpoint_weights_and_capacities(
        EndpointName="py-endpoint",
        DesiredWeightsAndCapacities=[{"VariantName": "All", "DesiredWeight": 2}],
    )
    client.get_waiter("endpoint_in_service").wait(EndpointName="py-endpoint", WaiterConfig=QUICK)
    client.list_endpoints(StatusEquals="InService")


def clean_up(package: str) -> None:
    client.delete_endpoint(EndpointName="py-endpoint")
    client.get_waiter("endpoint_deleted").wait(EndpointName="py-endpoint", WaiterConfig=QUICK)
    try:
        client.get_waiter("endpoint_in_service").wait(EndpointName="py-endpoint", WaiterConfig=QUICK)
        raise AssertionError("an endpoint that is gone is in service")
    except WaiterError as error:
        assert "Could not find endpoint" in str(error.last_response["Error"]["Message"])
    client.delete_endpoint_config(EndpointConfigName="py-config")
    client.delete_model(ModelName="py-model")
    refused("ValidationException", client.describe_model, ModelName="py-model")
    client.delete_model_package(ModelPackageName=package)
    client.delete_model_package_group(ModelPackageGroupName="py-group")


with open(os.environ["MODEL"], encoding="utf8") as file:
    text = file.read()
operations = sorted(json.loads(text)["operations"])
assert text == service_model(operations), "service-model.json is not what service_model.py prints"
printed = Path(__file__).with_name("runtime-model.json").read_text(encoding="utf8")
assert printed == runtime_model(), "runtime-model.json is not what service_model.py prints"
artifact = train()
stop()
arn = register(artifact)
deploy(arn)
clean_up(arn)
assert not checker.mistakes, "\n".join(sorted(set(checker.mistakes)))
assert sorted(checker.seen) == operations, set(operations) - checker.seen
print(f"{len(operations)} operations, every answer as botocore describes it")
