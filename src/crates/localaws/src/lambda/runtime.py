"""Runs a Python handler as AWS Lambda does: takes events from the Runtime API, one after the other."""
import decimal
import importlib
import json
import os
import sys
import traceback
import urllib.request

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime"
ROOT = os.environ["ORDERFLOW_TASK_ROOT"]


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        import time
        return max(0, self._deadline - int(time.time() * 1000))


def post(path, text):
    request = urllib.request.Request(API + path, data=text.encode("utf-8"), method="POST")
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request).read()


def plain(value):
    """What AWS's encoder takes beyond the standard one's."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def problem(error, request_id):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    lines = []
    for frame in frames:
        name = frame.filename
        if name.startswith(ROOT):
            name = "/var/task" + name[len(ROOT):]
        if "importlib" in name and "<frozen" in name:
            continue
        lines.append('  File "%s", line %s, in %s\n    %s\n' % (name, frame.lineno, frame.name, frame.line))
    return json.dumps({"errorMessage": str(error), "errorType": type(error).__name__, "requestId": request_id,
                       "stackTrace": lines}, ensure_ascii=False)


def main():
    sys.path.insert(0, ROOT)
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    except BaseException as error:
        text = json.dumps({"errorMessage": str(error), "errorType": "Runtime.ImportModuleError", "requestId": "",
                           "stackTrace": []})
        post("/init/error", text)
        sys.exit(1)
    while True:
        with urllib.request.urlopen(API + "/invocation/next") as answer:
            headers, event = answer.headers, json.loads(answer.read().decode("utf-8"))
        context = Context(headers)
        path = "/invocation/" + context.aws_request_id
        try:
            result = handler(event, context)
            try:
                # Bytes go out as they are; only bytes inside of something else are made text.
                text = plain(result) if isinstance(result, bytes) else json.dumps(result, ensure_ascii=False, default=plain)
            except TypeError as error:
                raise TypeError("Unable to marshal response: " + str(error)) from None
        except Exception as error:
            sys.stdout.flush()
            print("[ERROR] %s: %s" % (type(error).__name__, error), file=sys.stderr, flush=True)
            post(path + "/error", problem(error, context.aws_request_id))
            continue
        sys.stdout.flush()
        post(path + "/response", text)


main()
