//! What is folded of a tree, by path.
//!
//! Never knows a document but where it folds all of one: a fold stays when the document changes.

use std::collections::HashSet;
use std::fmt::{self, Write};
use std::hash::{BuildHasherDefault, Hasher};

use super::Tree;

/// What is folded, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folds {
    /// Fingerprints of paths. Two paths of one fingerprint would fold together, which does no harm.
    folded: HashSet<u64, BuildHasherDefault<Identity>>,
}

impl Folds {
    /// Folds what is at the path, or unfolds it.
    pub fn toggle(&mut self, path: &str) {
        let path = fingerprint(path);
        if !self.folded.remove(&path) {
            self.folded.insert(path);
        }
    }

    /// Folds all that can be folded, but the document itself.
    pub fn fold_all(&mut self, tree: &Tree) {
        let foldable = tree.foldable.iter().filter_map(|node| tree.nodes.get(*node));
        self.folded.extend(foldable.filter(|node| node.parent.is_some()).map(|node| node.fingerprint));
    }

    /// Unfolds everything.
    pub fn unfold_all(&mut self) {
        self.folded.clear();
    }

    /// Unfolds all that is around the path, so that it can be seen. What is at the path stays as it is.
    pub fn unfold_to(&mut self, path: &str) {
        let mut so_far = Fingerprint::default();
        let (mut quoted, mut escaped) = (false, false);
        for byte in path.bytes() {
            if !quoted && matches!(byte, b'.' | b'[') {
                self.folded.remove(&so_far.0);
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = quoted,
                b'\'' => quoted = !quoted,
                _ => {}
            }
            so_far.take(byte);
        }
    }

    /// Whether what is at the path is folded.
    pub fn is_folded(&self, path: &str) -> bool {
        self.folded.contains(&fingerprint(path))
    }

    /// Whether nothing is folded.
    pub fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// Whether what has a path of that fingerprint is folded.
    pub(super) fn holds(&self, fingerprint: u64) -> bool {
        self.folded.contains(&fingerprint)
    }
}

/// Of a text, by FNV-1a: that of a path comes from that of the path around it, so none has to be spelled out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fingerprint(pub(super) u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    fn take(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.take(byte));
        Ok(())
    }
}

/// That of a whole path.
pub(super) fn fingerprint(text: &str) -> u64 {
    let mut fingerprint = Fingerprint::default();
    let _ = fingerprint.write_str(text);
    fingerprint.0
}

/// Fingerprints are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
