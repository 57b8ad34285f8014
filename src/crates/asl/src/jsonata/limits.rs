//! What an expression may not be, whatever it is evaluated over: found when it is read.

use jsonata_core::ast::{AstNode, BinaryOp};
use regex::bytes::RegexBuilder;

use super::tree::children;

/// How deep the types of a function's signature may nest: the library's reader of them is recursive.
const MAX_SIGNATURE: usize = 100;
/// The most bytes of a compiled regular expression. One that is searched for takes time by them and by the text.
const MAX_REGEX: usize = 128 << 10;

/// Refuses what the parser would break on.
pub(super) fn check(source: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for c in source.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if c.is_ascii_lowercase() || "-:?+()".contains(c) => {}
            // No signature has it.
            _ => depth = 0,
        }
        if depth > MAX_SIGNATURE {
            return Err(format!("The types of a signature nest deeper than {MAX_SIGNATURE}"));
        }
    }
    Ok(())
}

/// Refuses regular expressions that are too large to be searched for.
pub(super) fn check_regexes(ast: &mut AstNode) -> Result<(), String> {
    let mut open = vec![ast];
    while let Some(node) = open.pop() {
        if let AstNode::Regex { pattern, .. } = node {
            // Classes of letters are large in Unicode, and quick: what makes it slow is what is repeated.
            let built = RegexBuilder::new(pattern).unicode(false).size_limit(MAX_REGEX).build();
            if let Err(regex::Error::CompiledTooBig(_)) = built {
                return Err(format!("The regular expression /{pattern}/ is larger than {MAX_REGEX} bytes"));
            }
        }
        open.extend(children(node));
    }
    Ok(())
}

/// Whether a function of the expression can make others that keep what it was given.
pub(super) fn may_nest(ast: &mut AstNode) -> bool {
    let mut open = vec![(ast, false)];
    while let Some((node, is_inside)) = open.pop() {
        let makes = match node {
            AstNode::Lambda { .. } | AstNode::Binary { op: BinaryOp::ChainPipe, .. } => true,
            AstNode::Function { args, .. } | AstNode::Call { args, .. } => {
                args.iter().any(|arg| matches!(arg, AstNode::Placeholder))
            }
            _ => false,
        };
        if makes && is_inside {
            return true;
        }
        let inside = is_inside || matches!(node, AstNode::Lambda { .. });
        open.extend(children(node).into_iter().map(|child| (child, inside)));
    }
    false
}
