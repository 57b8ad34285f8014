//! Walking a parsed expression, level by level, so that no depth of it is a matter of the stack.

use jsonata_core::ast::{AstNode, BinaryOp, Stage};

/// What a node is made of.
pub(super) fn children(node: &mut AstNode) -> Vec<&mut AstNode> {
    match node {
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_) => Vec::new(),
        AstNode::Path { steps } => steps
            .iter_mut()
            .flat_map(|step| {
                let filters = step.stages.iter_mut().filter_map(|stage| match stage {
                    Stage::Filter(filter) => Some(filter.as_mut()),
                    Stage::KeepArray | Stage::Index(_) => None,
                });
                std::iter::once(&mut step.node).chain(filters)
            })
            .collect(),
        AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        AstNode::Unary { operand, .. } => vec![operand],
        AstNode::Function { args, .. } => args.iter_mut().collect(),
        AstNode::Call { procedure, args } => std::iter::once(procedure.as_mut()).chain(args.iter_mut()).collect(),
        AstNode::Lambda { body, .. } => vec![body],
        AstNode::Array(nodes) | AstNode::Block(nodes) | AstNode::ArrayGroup(nodes) => nodes.iter_mut().collect(),
        AstNode::Object(fields) => fields.iter_mut().flat_map(|(key, value)| [key, value]).collect(),
        AstNode::ObjectTransform { input, pattern } => {
            std::iter::once(input.as_mut()).chain(pattern.iter_mut().flat_map(|(key, value)| [key, value])).collect()
        }
        AstNode::Conditional { condition, then_branch, else_branch } => {
            [condition, then_branch].into_iter().chain(else_branch).map(AsMut::as_mut).collect()
        }
        AstNode::FunctionApplication(inner) => vec![inner],
        AstNode::Sort { input, terms } => {
            std::iter::once(input.as_mut()).chain(terms.iter_mut().map(|(term, _)| term)).collect()
        }
        AstNode::Transform { location, update, delete } => {
            [location, update].into_iter().chain(delete).map(AsMut::as_mut).collect()
        }
    }
}

/// A name that is looked up in nothing: in a state there is no document that an expression begins in.
pub(super) fn bare_reference(ast: &mut AstNode) -> Option<String> {
    let mut open = vec![ast];
    while let Some(node) = open.pop() {
        match node {
            AstNode::Name(name) => return Some(name.clone()),
            // What comes first has what it begins in before it.
            AstNode::Path { steps } => open.extend(steps.first_mut().map(|step| &mut step.node)),
            AstNode::Sort { input, .. } | AstNode::ObjectTransform { input, .. } => open.push(input),
            // What they are applied to is known when they are.
            AstNode::Lambda { .. } | AstNode::FunctionApplication(_) | AstNode::Transform { .. } => {}
            other => open.extend(children(other)),
        }
    }
    None
}

/// The fields of `$states` that an expression reads.
pub(super) fn state_fields(ast: &mut AstNode) -> Vec<String> {
    let (mut fields, mut open) = (Vec::new(), vec![ast]);
    while let Some(node) = open.pop() {
        if let AstNode::Path { steps } = node
            && let [first, second, ..] = steps.as_slice()
            && matches!(&first.node, AstNode::Variable(name) if name == "states")
            && let AstNode::Name(field) = &second.node
        {
            fields.push(field.clone());
        }
        open.extend(children(node));
    }
    fields
}

/// Whether an expression can make more than a few times what it reads: whether it repeats something.
pub(super) fn may_grow(ast: &mut AstNode) -> bool {
    let mut open = vec![ast];
    while let Some(node) = open.pop() {
        let repeats = match node {
            AstNode::Path { steps } => {
                steps.iter().skip(1).any(|step| !matches!(step.node, AstNode::Name(_)) || step.focus.is_some())
            }
            AstNode::Lambda { .. }
            | AstNode::Call { .. }
            | AstNode::FunctionApplication(_)
            | AstNode::ObjectTransform { .. }
            | AstNode::Transform { .. }
            | AstNode::Binary { op: BinaryOp::ColonEqual | BinaryOp::Range | BinaryOp::ChainPipe, .. } => true,
            _ => false,
        };
        if repeats {
            return true;
        }
        open.extend(children(node));
    }
    false
}
