//! What the compiler does not hold: the floors of the modules, the top level, the first words of each file.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// A floor may not name what stands above it.
#[test]
fn floors_name_only_what_is_below_them() {
    let floors: &[(&str, &[&str])] = &[
        (
            "facts",
            &["crate::cloud", "crate::app", "crate::ui", "crate::shell", "aws_sdk", "localaws", "ratatui", "tokio"],
        ),
        (
            "config",
            &[
                "crate::cloud",
                "crate::ui",
                "crate::shell",
                "crate::local",
                "aws_sdk",
                "localaws",
                "ratatui",
                "crossterm",
                "tokio",
            ],
        ),
        ("cloud", &["crate::app", "crate::ui", "crate::shell", "crate::local", "localaws", "asl_engine", "ratatui"]),
        (
            "app",
            &[
                "crate::cloud",
                "crate::ui",
                "crate::shell",
                "crate::local",
                "aws_sdk",
                "localaws",
                "ratatui",
                "crossterm",
                "tokio",
                "asl_engine",
                "jiff::Timestamp::now",
            ],
        ),
        (
            "ui",
            &[
                "crate::cloud",
                "crate::shell",
                "crate::local",
                "aws_sdk",
                "localaws",
                "tokio",
                "crossterm",
                "jiff::Timestamp::now",
            ],
        ),
        ("shell", &["crate::local", "localaws", "aws_sdk", "validate_order", "process_payment"]),
    ];
    for (floor, forbidden) in floors {
        for path in sources(&root().join("src").join(floor)) {
            let text = std::fs::read_to_string(&path).unwrap();
            for name in *forbidden {
                assert!(!text.contains(name), "{} names {name}", path.display());
            }
        }
    }
}

#[test]
fn the_sdk_comes_in_by_one_door() {
    for path in sources(&root().join("src")) {
        let place = path.strip_prefix(root().join("src")).unwrap();
        let allowed = place.starts_with("cloud") || place.starts_with("local") || place.starts_with("crates");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(allowed || !text.contains("aws_sdk_"), "{}", path.display());
        assert!(!(place.starts_with("crates") && text.contains("aws_sdk_")), "{}", path.display());
    }
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    for folder in ["src", "lambdas", "tests"] {
        for path in sources(&root().join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            // The tests of a module stand beside it and are opened by it.
            if path.file_name().is_some_and(|name| name == "tests.rs") {
                continue;
            }
            assert!(text.starts_with("//! "), "{}", path.display());
        }
    }
}

#[test]
fn no_file_is_where_everything_meets() {
    for path in sources(&root().join("src")) {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 700, "{} has {lines} lines: split it by feature", path.display());
    }
}

#[test]
fn the_top_level_is_what_it_is() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "lambdas",
        "statemachine",
        "assets",
        "tests",
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "CHANGELOG.md",
        "target",
    ];
    for entry in std::fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(name.starts_with('.') || allowed.contains(&name.as_str()), "{name}");
    }
}
