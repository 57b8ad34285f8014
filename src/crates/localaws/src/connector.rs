//! How AWS SDK clients reach a world without a port: in process, or through a Unix socket.
//!
//! The SDK leaves its timeouts to the connector; both of ours keep the read timeout.

use std::path::PathBuf;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tower::ServiceExt;

/// The endpoint to configure: a name that can never resolve, so that nothing can leave the process by mistake.
pub const ENDPOINT: &str = "http://embedded.invalid";

/// Calls a router in this process.
#[derive(Clone, Debug)]
pub struct InProcess(Router);

impl InProcess {
    /// A client of the router.
    pub fn new(router: Router) -> Self {
        Self(router)
    }
}

/// Calls the router of another process through its Unix socket.
#[derive(Clone, Debug)]
pub struct Socket(PathBuf);

impl Socket {
    /// A client of whoever listens there.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl Socket {
    /// Waits until the count of changes is another than `after`, half a minute at the most, and answers it.
    ///
    /// # Errors
    /// When nobody listens at the socket any more.
    pub async fn changes(&self, after: u64) -> Result<u64, ConnectorError> {
        let request = http::Request::get(format!("{}?after={after}", crate::wire::CHANGES))
            .body(axum::body::Body::empty())
            .map_err(|error| ConnectorError::user(error.into()))?;
        let answer = self.carry(request).await?;
        let text = std::str::from_utf8(answer.body().bytes().unwrap_or_default()).unwrap_or_default();
        text.parse().map_err(|_| ConnectorError::other("the answer is not a number".into(), None))
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Timed { to: self.clone(), read_timeout: settings.read_timeout() })
    }
}

impl HttpClient for Socket {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Timed { to: self.clone(), read_timeout: settings.read_timeout() })
    }
}

/// Carries one request.
trait Carry: Clone + std::fmt::Debug + Send + Sync + 'static {
    fn carry(
        &self,
        request: http::Request<axum::body::Body>,
    ) -> BoxFuture<'static, Result<HttpResponse, ConnectorError>>;
}

impl Carry for InProcess {
    fn carry(
        &self,
        request: http::Request<axum::body::Body>,
    ) -> BoxFuture<'static, Result<HttpResponse, ConnectorError>> {
        let router = self.0.clone();
        Box::pin(async move {
            let response = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            into_sdk(response.map(|body| body.map_err(|error| error.into()).boxed_unsync())).await
        })
    }
}

impl Carry for Socket {
    fn carry(
        &self,
        request: http::Request<axum::body::Body>,
    ) -> BoxFuture<'static, Result<HttpResponse, ConnectorError>> {
        let path = self.0.clone();
        Box::pin(async move {
            let stream = UnixStream::connect(&path).await.map_err(|error| ConnectorError::io(error.into()))?;
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                .await
                .map_err(|error| ConnectorError::io(error.into()))?;
            tokio::spawn(connection);
            let (mut parts, body) = request.into_parts();
            // Hyper writes what it is given: over a socket the path alone, and the host beside it.
            parts.headers.insert(http::header::HOST, http::HeaderValue::from_static("localhost"));
            let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
            parts.uri = path.parse().map_err(|error: http::uri::InvalidUri| ConnectorError::user(error.into()))?;
            let request = http::Request::from_parts(parts, body);
            let response = sender.send_request(request).await.map_err(|error| ConnectorError::io(error.into()))?;
            into_sdk(response.map(|body| body.map_err(Into::into).boxed_unsync())).await
        })
    }
}

type AnyBody = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The SDK wants a body that is `Sync`, which ours is not: it is collected, but for event streams, which go on.
async fn into_sdk(response: http::Response<AnyBody>) -> Result<HttpResponse, ConnectorError> {
    let (parts, body) = response.into_parts();
    let is_stream = parts
        .headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes() == b"application/vnd.amazon.eventstream");
    let body = if is_stream {
        SdkBody::from_body_1_x(SyncBody(std::sync::Mutex::new(body)))
    } else {
        let collected = body.collect().await.map_err(ConnectorError::io)?;
        SdkBody::from(collected.to_bytes())
    };
    HttpResponse::try_from(http::Response::from_parts(parts, body))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

/// Makes a body `Sync` by a lock that only its one reader ever takes.
struct SyncBody(std::sync::Mutex<AnyBody>);

impl http_body::Body for SyncBody {
    type Data = bytes::Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        let body = self.get_mut().0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::pin::Pin::new(body).poll_frame(context)
    }
}

/// A carrier with the SDK's read timeout.
#[derive(Debug)]
struct Timed<C> {
    to: C,
    read_timeout: Option<Duration>,
}

impl<C: Carry> HttpConnector for Timed<C> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (to, read_timeout) = (self.to.clone(), self.read_timeout);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.map(axum::body::Body::new);
            let carried = to.carry(request);
            match read_timeout {
                None => carried.await,
                Some(limit) => match tokio::time::timeout(limit, carried).await {
                    Ok(answer) => answer,
                    Err(elapsed) => Err(ConnectorError::timeout(elapsed.into())),
                },
            }
        })
    }
}
