//! What a push would change, file by file.

use std::collections::BTreeSet;

use super::set::{FileSet, ROOT};
use crate::config::deployed::{ParameterTier, changed_lines, difference};
use crate::lines::{Line, Mark, Style};

/// The changes of all files, with external IDs hidden; empty if there are none. A configuration without files, before and after, has
/// no heading for its only file.
#[must_use]
pub fn changes(before: Option<&FileSet>, after: &FileSet) -> Vec<Line> {
    let [old, new] = [before, Some(after)].map(|files| move |path: &str| files.and_then(|files| files.get(path)));
    if !after.has_files() && !before.is_some_and(FileSet::has_files) {
        return changed_text(ROOT, old(ROOT).unwrap_or_default(), new(ROOT).unwrap_or_default());
    }
    let paths: BTreeSet<_> = before.into_iter().chain([after]).flat_map(FileSet::iter).map(|(path, _)| path).collect();
    let mut lines = Vec::new();
    for path in paths {
        let (mark, size) = match (old(path), new(path)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(_), Some(new)) => (Mark::Change, size(new)),
            (None, Some(new)) => (Mark::Add, size(new)),
            (_, None) => (Mark::Remove, String::new()),
        };
        lines.push(Line::at(0).mark(mark).styled(Style::Strong, path).text(size));
        if let Some(new) = new(path) {
            let changed = changed_text(path, old(path).unwrap_or_default(), new).into_iter();
            lines.extend(changed.map(|line| line.indented(2)));
        }
    }
    lines
}

fn size(text: &str) -> String {
    let tier = ParameterTier::for_value(text, None);
    let tier = tier.map(|tier| format!("; the {} tier holds {}", tier.as_str(), tier.limit())).unwrap_or_default();
    format!(" ({} bytes{tier})", text.len())
}

/// External IDs are in the configuration itself and in no other file.
fn changed_text(path: &str, before: &str, after: &str) -> Vec<Line> {
    if path != ROOT {
        return changed_lines(before, after, |_| ());
    }
    difference(before, after).unwrap_or_else(|| {
        let note = "the deployed value is not valid TOML; it is not shown, because it may contain external IDs";
        vec![Line::at(2).styled(Style::Warning, note)]
    })
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::{POLICY, sample};
    use super::*;
    use crate::lines::plain;

    #[test]
    fn each_changed_file_has_a_mark_its_size_and_its_difference() {
        let before = FileSet::single("[vendors.trelica]\nexternal-id = 's3cret'\n");
        let with_files = sample(POLICY);
        insta::assert_snapshot!(plain(&changes(Some(&before), &with_files)), @r#"
        ~ onboarding.toml (123 bytes; the Standard tier holds 4096)
            - [vendors.trelica]
            - external-id = '(hidden)'
            + [[role]]
            + name = "reader"
            + policies = { read = { file = "./policies/read.json" } }
            + [[role.trust]]
            + principal = "222233334444"
        + policies/read.json (103 bytes; the Standard tier holds 4096)
            + {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}
        "#);
        insta::assert_snapshot!(plain(&changes(Some(&with_files), &before)), @r#"
        ~ onboarding.toml (41 bytes; the Standard tier holds 4096)
            - [[role]]
            - name = "reader"
            - policies = { read = { file = "./policies/read.json" } }
            - [[role.trust]]
            - principal = "222233334444"
            + [vendors.trelica]
            + external-id = '(hidden)'
        - policies/read.json
        "#);
        insta::assert_snapshot!(plain(&changes(Some(&with_files), &sample(&POLICY.replace("Allow", "Deny")))), @r#"
        ~ policies/read.json (102 bytes; the Standard tier holds 4096)
            - {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}
            + {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:ListAllMyBuckets","Resource":"*"}]}
        "#);
        assert!(changes(Some(&with_files), &with_files).is_empty());
        let new = plain(&changes(None, &with_files));
        assert_eq!(new.lines().filter(|line| line.starts_with("+ ")).count(), 2, "{new}");
    }

    #[test]
    fn configuration_without_files_has_no_heading() {
        let [before, after] = ["a = 1\n", "a = 2\n"].map(FileSet::single);
        insta::assert_snapshot!(plain(&changes(Some(&before), &after)), @"
        - a = 1
        + a = 2
        ");
        let invalid = FileSet::single("external-id = 's3cret");
        insta::assert_snapshot!(plain(&changes(Some(&invalid), &after)), @"
        the deployed value is not valid TOML; it is not shown, because it may contain
        external IDs
        ");
    }
}
