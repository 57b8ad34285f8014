#!/usr/bin/env python3
"""Creates, updates and deletes the stack of statemachine/template.yaml on a local moto_server.

    pip install aws-sam-translator "moto[server]" boto3 cfn-lint
    tests/tools/stack.py

Checks that the template is clean for cfn-lint, that tables, functions, roles, log groups and the state machine are
there, and that nothing is left at the end. moto makes no alarms of a stack, runs no function and no workflow, delivers no
logs, and does not look at policies: the workflow itself is tested on the embedded cloud, policies and alarms by
tests/it/template.rs.
"""
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import zipfile

import boto3
import yaml
from samtranslator.translator.transform import transform

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
REGION, STACK, BUCKET = "us-east-1", "orders", "artefacts"
FUNCTIONS = ["validate-order", "check-inventory", "process-payment", "release-inventory", "update-order-status"]


class Policies:
    """The template names no managed policy beyond those that the translator knows."""

    def load(self):
        return {"AWSXRayDaemonWriteAccess": "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
                "AWSXrayWriteOnlyAccess": "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess",
                "AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}


def translated():
    """The template as CloudFormation takes it, with the code in a bucket and the definition in the template."""
    template = yaml.safe_load((ROOT / "statemachine/template.yaml").read_text())
    definition = json.loads((ROOT / "statemachine/order-workflow.asl.json").read_text())
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = f"s3://{BUCKET}/function.zip"
        if resource["Type"] == "AWS::Serverless::StateMachine":
            del properties["DefinitionUri"]
            properties["Definition"] = definition
    return transform(template, {}, Policies())


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def main():
    lint = pathlib.Path(sys.executable).with_name("cfn-lint")
    subprocess.run([lint, str(ROOT / "statemachine/template.yaml")], check=True)
    template = json.dumps(translated())
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        check(template, f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()


def check(template, endpoint):
    def client(service):
        return boto3.client(service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test",
                            aws_secret_access_key="test")

    def there():
        return {
            "tables": sorted(client("dynamodb").list_tables()["TableNames"]),
            "functions": sorted(f["FunctionName"] for f in client("lambda").list_functions()["Functions"]),
            "machines": [m["name"] for m in client("stepfunctions").list_state_machines()["stateMachines"]],
            "groups": sorted(g["logGroupName"] for g in client("logs").describe_log_groups()["logGroups"]),
            "roles": len(client("iam").list_roles()["Roles"]),
        }

    for _ in range(200):
        try:
            before = there()
            break
        except Exception:  # the server is on its way up
            time.sleep(0.1)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("bootstrap", "")
    client("s3").create_bucket(Bucket=BUCKET)
    client("s3").put_object(Bucket=BUCKET, Key="function.zip", Body=package.getvalue())
    cloud = client("cloudformation")
    cloud.create_stack(StackName=STACK, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    made = there()
    assert made["tables"] == ["orders-inventory", "orders-orders"], made
    assert made["functions"] == sorted(f"orders-{name}" for name in FUNCTIONS), made
    assert made["machines"] == ["orders-order-workflow"], made
    assert made["groups"] == sorted([f"/aws/lambda/orders-{name}" for name in FUNCTIONS]
                                    + ["/aws/vendedlogs/states/orders-order-workflow"]), made
    assert made["roles"] == 6, made
    definition = json.loads(client("stepfunctions").describe_state_machine(
        stateMachineArn=client("stepfunctions").list_state_machines()["stateMachines"][0]["stateMachineArn"])["definition"])
    assert definition["StartAt"] == "ReceiveOrder", definition
    # moto takes over few changed properties of what is there; that it is there still is what can be seen.
    cloud.update_stack(StackName=STACK, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"],
                       Parameters=[{"ParameterKey": "LogRetentionDays", "ParameterValue": "30"}])
    assert there() == made, there()
    cloud.delete_stack(StackName=STACK)
    # moto leaves a stack's log groups behind.
    for group in there()["groups"]:
        client("logs").delete_log_group(logGroupName=group)
    assert there() == before, there()
    print("the stack was created, updated and deleted; nothing is left")


if __name__ == "__main__":
    main()
