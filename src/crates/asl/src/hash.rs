//! The digests of `States.Hash` and `$hash`.

use sha2::Digest;

/// The digest of the text's UTF-8 in lower-case hexadecimal; `None` for an algorithm that AWS does not have.
pub(crate) fn hex(text: &str, algorithm: &str) -> Option<String> {
    let digest = match algorithm {
        "MD5" => md5::Md5::digest(text).to_vec(),
        "SHA-1" => sha1::Sha1::digest(text).to_vec(),
        "SHA-256" => sha2::Sha256::digest(text).to_vec(),
        "SHA-384" => sha2::Sha384::digest(text).to_vec(),
        "SHA-512" => sha2::Sha512::digest(text).to_vec(),
        _ => return None,
    };
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
