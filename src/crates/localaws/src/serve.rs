//! Puts the router on a listener: loopback for other programs, a Unix socket for other processes of this one.

use std::io;
use std::net::IpAddr;
use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;

/// Serves the router on a TCP listener until it is told to stop.
///
/// Requests that a web page could send are refused: those with an `Origin`, and, unless the listener is meant for
/// other machines, those whose `Host` is not this one (a page whose name was made to resolve here).
///
/// # Errors
/// What the listener says.
pub async fn tcp(router: Router, listener: TcpListener, stop: CancellationToken) -> io::Result<()> {
    let loopback = listener.local_addr()?.ip().is_loopback();
    let guarded = router.layer(middleware::from_fn(move |request: Request, next: Next| guard(loopback, request, next)));
    axum::serve(listener, guarded).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Serves the router on a Unix socket until it is told to stop. Only this user may connect.
///
/// # Errors
/// When the socket cannot be made.
pub async fn unix(router: Router, path: &Path, stop: CancellationToken) -> io::Result<()> {
    let listener = bind_private(path)?;
    // The file stays: the next process makes its own in its place, and may have done so before this one has ended.
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}

fn bind_private(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn guard(loopback: bool, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "requests of web pages are refused").into_response();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if loopback && !is_this_machine(host) {
        return (StatusCode::FORBIDDEN, "the Host is not this machine").into_response();
    }
    next.run(request).await
}

/// Whether a `Host` names this machine: `localhost`, a name below it, or a loopback address; with the prefixes that
/// SDKs put before some operations (`sync-localhost`, `stream-127.0.0.1`).
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.strip_prefix("sync-").or_else(|| name.strip_prefix("stream-")).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_served() {
        for host in [
            "localhost",
            "localhost:4566",
            "127.0.0.1:80",
            "[::1]:80",
            "sync-localhost:1",
            "a.localhost",
            "stream-127.0.0.1",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example:80", "10.0.0.1", "127.0.0.1.evil.example", "[::2]:80"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
