//! Sends any bytes to any operation: the first line names it (`AWSStepFunctions.StartExecution`), the rest is the body.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use futures::future::BoxFuture;
use libfuzzer_sys::fuzz_target;
use localaws::functions::{Call, FunctionFacts, Functions, Outcome};
use localaws::{Place, World, WorldOptions};
use tower::ServiceExt;

struct None;

impl Functions for None {
    fn list(&self) -> Vec<FunctionFacts> {
        Vec::new()
    }

    fn invoke(&self, _name: &str, _call: Call) -> BoxFuture<'static, Outcome> {
        Box::pin(async { Outcome::Exited { how: "exit status 1".into() } })
    }
}

thread_local! {
    static CLOUD: RefCell<Option<(tokio::runtime::Runtime, axum::Router)>> = const { RefCell::new(Option::None) };
}

fuzz_target!(|bytes: &[u8]| {
    CLOUD.with_borrow_mut(|cloud| {
        let (runtime, router) = cloud.get_or_insert_with(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let world = runtime.block_on(async {
                World::open(WorldOptions {
                    place: Place::Memory,
                    functions: Arc::new(None),
                    time_scale: 1.0,
                    mocks: Option::None,
                })
                .unwrap()
            });
            let router = localaws::router(world);
            (runtime, router)
        });
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let target = String::from_utf8_lossy(&bytes[..end]).into_owned();
        // A worker's long poll takes its minute.
        if target.contains("GetActivityTask") {
            return;
        }
        let body = bytes.get(end + 1..).unwrap_or_default().to_vec();
        let Ok(request) = Request::post("/").header("x-amz-target", target).body(Body::from(body)) else { return };
        let response = runtime.block_on(router.clone().oneshot(request)).unwrap();
        assert_ne!(response.status().as_u16(), 500);
    });
});
