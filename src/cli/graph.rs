use super::args::{Global, Graph};
use super::Ended;
pub(super) async fn run(_g: &Global, _a: Graph) -> color_eyre::Result<Ended> { Ok(Ended::Well) }
