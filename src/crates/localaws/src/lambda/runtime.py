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


class Fault(Exception):
    """What is wrong with the function and not raised by it: its type has a name that no class can have."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind, self.trace = kind, list(trace)


def stack(error):
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        name = frame.filename
        if name == __file__ or "importlib" in name:
            continue
        if name.startswith(ROOT):
            name = "/var/task" + name[len(ROOT):]
        lines.append('  File "%s", line %s, in %s\n    %s\n' % (name, frame.lineno, frame.name, frame.line))
    return lines


def problem(error, request_id):
    """What is told of an error, and written to the log as one event of several lines."""
    fault = isinstance(error, Fault)
    kind, trace = (error.kind, error.trace) if fault else (type(error).__name__, stack(error))
    lines = ["[ERROR] %s: %s" % (kind, error), "Traceback (most recent call last):"]
    lines += [line for entry in trace for line in entry.rstrip("\n").split("\n")]
    sys.stdout.flush()
    print("\r".join(lines), file=sys.stderr, flush=True)
    return json.dumps({"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": trace},
                      ensure_ascii=False)


def load():
    module, dot, name = os.environ["_HANDLER"].rpartition(".")
    if not dot:
        raise Fault("Runtime.MalformedHandlerName",
                    "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % os.environ["_HANDLER"])
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, error)) from None
    except SyntaxError as error:
        trace = ['  File "/var/task/%s.py" Line %s\n    %s\n' % (module, error.lineno, (error.text or "").strip())]
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, error), trace) from None
    if not hasattr(loaded, name):
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, module))
    return getattr(loaded, name)


def main():
    sys.path.insert(0, ROOT)
    try:
        handler = load()
    except BaseException as error:
        post("/init/error", problem(error, ""))
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
            except Exception as error:
                raise Fault("Runtime.MarshalError", "Unable to marshal response: " + str(error)) from None
        except Exception as error:
            post(path + "/error", problem(error, context.aws_request_id))
            continue
        sys.stdout.flush()
        post(path + "/response", text)


main()
