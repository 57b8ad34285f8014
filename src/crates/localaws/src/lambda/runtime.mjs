// Runs a Node.js handler as AWS Lambda does: takes events from the Runtime API, one after the other.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const root = process.env.ORDERFLOW_TASK_ROOT;

const post = (path, body) =>
  fetch(api + path, { method: "POST", headers: { "content-type": "application/json" }, body });

const problem = (error) =>
  JSON.stringify({
    errorType: error?.name ?? typeof error,
    errorMessage: error?.message ?? String(error),
    trace: String(error?.stack ?? "").replaceAll(root, "/var/task").split("\n"),
  });

// An error is one event of the log, however many lines it has.
const log = (error) => console.error(`ERROR\t${String(error?.stack ?? error).replaceAll(root, "/var/task").replaceAll("\n", "\r")}`);

async function bring(path, ending) {
  try {
    return ending === ".cjs" ? createRequire(path)(path) : await import(pathToFileURL(path).href);
  } catch (error) {
    const missing = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code);
    const kind = missing ? "Runtime.ImportModuleError" : error instanceof SyntaxError && "Runtime.UserCodeSyntaxError";
    if (!kind) throw error;
    const told = new Error(`${error.name}: ${error.message.replaceAll(root, "/var/task")}`);
    throw Object.assign(told, { name: kind, stack: error.stack });
  }
}

async function load() {
  const at = process.env._HANDLER.lastIndexOf(".");
  if (at < 0) throw Object.assign(new Error("Bad handler"), { name: "Runtime.MalformedHandlerName" });
  const [module, name] = [process.env._HANDLER.slice(0, at), process.env._HANDLER.slice(at + 1)];
  for (const ending of [".mjs", ".js", ".cjs"]) {
    const path = join(root, module + ending);
    if (!existsSync(path)) continue;
    const loaded = await bring(path, ending);
    const handler = loaded[name] ?? loaded.default?.[name];
    if (typeof handler === "function") return handler;
    throw Object.assign(new Error(`${module}.${name} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  }
  throw Object.assign(new Error(`Cannot find module '${module}'`), { name: "Runtime.ImportModuleError" });
}

function run(handler, event, context) {
  return new Promise((done, failed) => {
    const result = handler(event, context, (error, value) => (error ? failed(error) : done(value)));
    if (result?.then) result.then(done, failed);
    else if (handler.length < 3) done(result);
  });
}

let handler;
try {
  handler = await load();
} catch (error) {
  log(error);
  await post("/init/error", problem(error));
  process.exit(1);
}
for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get("lambda-runtime-aws-request-id");
  const deadline = Number(next.headers.get("lambda-runtime-deadline-ms"));
  const context = {
    awsRequestId: id,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: "$LATEST",
    invokedFunctionArn: next.headers.get("lambda-runtime-invoked-function-arn"),
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const result = await run(handler, await next.json(), context);
    await post(`/invocation/${id}/response`, JSON.stringify(result ?? null));
  } catch (error) {
    log(error);
    await post(`/invocation/${id}/error`, problem(error));
  }
}
