//! `serve`: the embedded cloud on a port.

use color_eyre::eyre::{WrapErr, bail, eyre};
use localaws::REGION;
use localaws::mocks::Mocks;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::args::{Global, Serve};
use super::output::{complain, say};
use super::{Ended, Usage, place};
use crate::local::{Local, Options};

pub(super) async fn run(global: &Global, args: Serve) -> color_eyre::Result<Ended> {
    if !args.listen.ip().is_loopback() && !args.expose_to_the_network {
        return Err(Usage(format!(
            "{} can be reached from other machines, and there is no password: add --expose-to-the-network if that is meant",
            args.listen
        ))
        .into());
    }
    if global.is_elsewhere() {
        let sentence = "serve serves the embedded cloud: leave out --profile, --region and --endpoint-url";
        return Err(Usage(sentence.to_owned()).into());
    }
    let mocks = match &args.mock_config {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
            Some(Mocks::read(&text).map_err(|problem| eyre!("{}: {problem}", path.display()))?)
        }
    };
    let local = Local::open(Options { place: place(global)?, time_scale: args.time_scale, mocks }).await?;
    let Some(router) = local.router() else {
        bail!("another orderflow-tui has this data directory open: end it, or give another --data-dir");
    };
    let listener =
        TcpListener::bind(args.listen).await.wrap_err_with(|| format!("cannot listen on {}", args.listen))?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    say(&format!("# the embedded cloud is at {endpoint}; for the AWS CLI and boto3:"))?;
    for line in [
        format!("export AWS_ENDPOINT_URL={endpoint}"),
        format!("export AWS_REGION={REGION}"),
        format!("export AWS_DEFAULT_REGION={REGION}"),
        "export AWS_ACCESS_KEY_ID=local".to_owned(),
        "export AWS_SECRET_ACCESS_KEY=local".to_owned(),
    ] {
        say(&line)?;
    }
    let stop = CancellationToken::new();
    let serving = tokio::spawn(localaws::serve::tcp(router, listener, stop.clone()));
    interrupted().await?;
    complain("stopping");
    stop.cancel();
    // Connections that clients keep open must not keep us: what is accepted is committed.
    let grace = tokio::time::timeout(std::time::Duration::from_secs(1), serving).await;
    if let Ok(served) = grace {
        served??;
    }
    local.settle().await;
    Ok(Ended::Well)
}

async fn interrupted() -> color_eyre::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
