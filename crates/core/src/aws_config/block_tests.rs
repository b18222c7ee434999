use proptest::prelude::*;

use super::*;
use crate::aws_config::sections;

fn markers() -> Markers {
    Markers::new(&"111122223333".parse().unwrap())
}

/// The file with these sections in its block.
fn written(file: &[u8], text: &str) -> Result<Vec<u8>, BlockError> {
    Ok(replace(&Parts::find(file, &markers())?, &markers(), &sections(text)))
}

fn shown(file: &str, text: &str) -> String {
    let file = written(file.as_bytes(), text).unwrap();
    String::from_utf8(file).unwrap().replace('\r', "\\r")
}

const ONE: &str = "[profile dev]\nrole_arn = arn\n";
const TWO: &str = "[profile dev]\nrole_arn = arn\n[profile prod]\nrole_arn = arn\n";

#[test]
fn block_is_appended_after_a_blank_line() {
    insta::assert_snapshot!(shown("[profile ann]\nregion = x\n", TWO), @"
    [profile ann]
    region = x

    # >>> onboard aws-config 111122223333: generated, changes in this block are overwritten >>>
    [profile dev]
    role_arn = arn

    [profile prod]
    role_arn = arn
    # <<< onboard aws-config 111122223333 <<<
    ");
    assert!(shown("", ONE).starts_with("# >>> "));
}

#[test]
fn line_endings_and_a_missing_last_one_are_kept() {
    insta::assert_snapshot!(shown("[profile ann]\r\nregion = x\r\n", ONE), @r"
    [profile ann]\r
    region = x\r
    \r
    # >>> onboard aws-config 111122223333: generated, changes in this block are overwritten >>>\r
    [profile dev]\r
    role_arn = arn\r
    # <<< onboard aws-config 111122223333 <<<\r
    ");
    let file = written(b"[a]\nx = 1", ONE).unwrap();
    assert!(file.starts_with(b"[a]\nx = 1\n\n# >>> ") && file.ends_with(b" <<<"));
}

#[test]
fn block_is_replaced_where_it_is() {
    let file = String::from_utf8(written(b"[a]\nx = 1\n", ONE).unwrap()).unwrap() + "\n# mine\n[b]\ny = 2\n";
    let two = shown(&file, TWO);
    assert_eq!(shown(&two, ONE), file);
    assert!(two.contains("[profile prod]") && two.ends_with(" <<<\n\n# mine\n[b]\ny = 2\n"));
    assert_eq!(shown(&file, ""), "[a]\nx = 1\n\n# mine\n[b]\ny = 2\n");
}

#[test]
fn block_of_another_organization_is_left_alone() {
    let other = Markers::new(&"999988887777".parse().unwrap());
    let file = replace(&Parts::find(b"", &other).unwrap(), &other, &sections(ONE));
    let both = written(&file, TWO).unwrap();
    assert!(both.starts_with(&file) && both.len() > file.len());
    assert!(Parts::find(&both, &markers()).unwrap().outside().contains("[profile dev]"));
}

#[test]
fn incomplete_or_repeated_markers_are_refused() {
    let Markers { begin, end } = markers();
    let errors = [
        format!("[a]\n{begin}\n[profile x]\n"),
        format!("{end}\n"),
        format!("{begin}\n{end}\n\n{begin}\n{end}\n"),
        format!("{begin}\n{end}\n{end}\n"),
        format!("{begin}\n[profile x]\n{end}\n# note\nregion = x\n[b]\n"),
        format!("{begin}\n[profile x]\n{end}\n  nested = x\n"),
    ]
    .map(|file| written(file.as_bytes(), ONE).unwrap_err().to_string());
    insta::assert_snapshot!(errors.join("\n"), @"
    line 2: the block of `onboard aws-config` has no end; add its last line (`# <<< … <<<`), or remove this line
    line 1: this is the end of a block of `onboard aws-config` that has no beginning; remove the line
    line 4: a second block of `onboard aws-config` begins here; remove one of the two
    line 3: this is the end of a block of `onboard aws-config` that has no beginning; remove the line
    line 5: this line follows the block of `onboard aws-config` and belongs to its last profile; move it into a profile outside the block
    line 4: this line follows the block of `onboard aws-config` and belongs to its last profile; move it into a profile outside the block
    ");
}

/// Lines of a file as users write it: with any bytes and any line endings, but without markers.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just(b"[profile ann]".to_vec()),
        Just(b"region = x".to_vec()),
        Just(b"# >>> note".to_vec()),
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    let ending = prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n"), Just("")];
    prop::collection::vec((line, ending), 0..8)
        .prop_map(|lines| lines.into_iter().flat_map(|(line, ending)| [line, ending.into()].concat()).collect())
}

proptest! {
    #[test]
    fn adding_and_removing_the_block_restores_every_byte(file in any_file()) {
        let with = written(&file, TWO).unwrap();
        prop_assert!(with.starts_with(&file));
        prop_assert_eq!(written(&with, TWO).unwrap(), with.clone());
        let changed = written(&with, ONE).unwrap();
        prop_assert!(changed.starts_with(&file));
        prop_assert_eq!(written(&changed, "").unwrap(), file);
    }
}
