//! The profiles of the AWS CLI's files, by name. What stands in them is the SDK's to read.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>

use std::path::PathBuf;

/// The names of all profiles, in order. A file that is not there has none.
pub fn profiles(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let home = variable("HOME").map(PathBuf::from);
    let path = |name: &str, file: &str| {
        variable(name).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".aws").join(file)))
    };
    let read = |path: Option<PathBuf>| path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let config = read(path("AWS_CONFIG_FILE", "config"));
    let credentials = read(path("AWS_SHARED_CREDENTIALS_FILE", "credentials"));
    names(&config, &credentials)
}

fn names(config: &str, credentials: &str) -> Vec<String> {
    let section = |line: &str| Some(line.trim().strip_prefix('[')?.split_once(']')?.0.trim().to_owned());
    let configured = config.lines().filter_map(section).filter_map(|name| {
        // Other sections of this file have a word of their own before their name.
        if name == "default" { Some(name) } else { Some(name.strip_prefix("profile")?.trim().to_owned()) }
    });
    let mut names: Vec<String> = configured.chain(credentials.lines().filter_map(section)).collect();
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_both_files() {
        let config = "[default]\nregion=eu-west-1\n[profile live]\n[ profile  dev ]\n[sso-session corp]\n[services x]\n[broken\n";
        let credentials = "[live]\naws_access_key_id=x\n[old]\n";
        assert_eq!(names(config, credentials), ["default", "dev", "live", "old"]);
        assert_eq!(names("", ""), Vec::<String>::new());
    }
}
