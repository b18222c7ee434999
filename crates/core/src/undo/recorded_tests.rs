use std::time::{Duration, UNIX_EPOCH};

use super::*;

const ROLE: &str = "AROADBQP57FF2AEXAMPLE";

/// A policy that trusts these accounts.
fn trust(accounts: &[&str]) -> String {
    let arns: Vec<_> = accounts.iter().map(|id| format!("\"arn:aws:iam::{id}:root\"")).collect();
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":[{}]}},"Action":"sts:AssumeRole"}}]}}"#,
        arns.join(",")
    )
}

fn masked(accounts: &[&str]) -> MaskedPolicy {
    MaskedPolicy::new(&trust(accounts)).unwrap()
}

fn edit(run: &str, before: &[&str], after: &[&str]) -> RecordedTrustEdit {
    RecordedTrustEdit {
        run: run.to_owned(),
        at: UNIX_EPOCH + Duration::from_millis(1_795_629_600_001),
        role: "OrganizationAccountAccessRole".parse().unwrap(),
        role_id: ROLE.parse().unwrap(),
        before: masked(before),
        after: masked(after),
        seen: false,
        undoes: None,
    }
}

fn edits(all: impl IntoIterator<Item = RecordedTrustEdit>) -> RecordedTrustEdits {
    all.into_iter().fold(RecordedTrustEdits::default(), |edits, edit| edits.with(edit))
}

/// The runs, each with whether its edit was seen.
fn runs(edits: &RecordedTrustEdits) -> Vec<(&str, bool)> {
    edits.iter().map(|edit| (edit.run.as_str(), edit.seen)).collect()
}

const A: &str = "111122223333";
const B: &str = "222233334444";
const C: &str = "444455556666";

#[test]
fn last_runs_are_kept_in_their_order() {
    let names: Vec<_> = (0..12).map(|n| format!("run-{n}")).collect();
    let all = edits(names.iter().map(|run| RecordedTrustEdit { seen: true, ..edit(run, &[A], &[A, B]) }));
    let kept: Vec<_> = all.iter().map(|edit| edit.run.clone()).collect();
    assert_eq!(kept, names[12 - KEPT_EDITS..]);
    assert_eq!(RecordedTrustEdits::from_map(&all.to_map()), all);
}

#[test]
fn largest_record_fits_into_an_item() {
    let text = format!("{{\"Statement\":[],\"Id\":\"{}\"}}", "x".repeat(24 * 1024 - 40));
    let long = |run: &str| RecordedTrustEdit {
        before: MaskedPolicy::new(&text).unwrap(),
        after: MaskedPolicy::new(&text).unwrap(),
        seen: true,
        ..edit(run, &[A], &[A])
    };
    let all = edits(["1", "2", "3", "4", "5", "6"].map(long));
    let size: usize = all.to_map().iter().map(|(name, text)| name.len() + text.len()).sum();
    assert!((200 * 1024..256 * 1024).contains(&size), "{size}");
}

#[test]
fn edits_of_one_run_are_one() {
    let both = edits([edit("run", &[A], &[A, B]), edit("run", &[A, B], &[A, B, C])]);
    assert_eq!(both, edits([edit("run", &[A], &[A, B, C])]), "a second edit follows the first");
    let repeated = edits([edit("run", &[A], &[A, B]), edit("run", &[A], &[A, B])]);
    assert_eq!(repeated, edits([edit("run", &[A], &[A, B])]), "IAM did not show the first");
    let between = edits([edit("run", &[A], &[A, B]), edit("run", &[A, C], &[A, B, C])]);
    assert_eq!(between, edits([edit("run", &[A, C], &[A, B, C])]), "another principal changed the policy in between");
}

#[test]
fn edit_of_a_killed_run_is_replaced_by_the_run_that_makes_it() {
    let again = edits([edit("killed", &[A], &[A, B]), edit("run", &[A], &[A, B])]);
    assert_eq!(runs(&again), [("run", false)]);
    let made = edits([RecordedTrustEdit { seen: true, ..edit("earlier", &[A], &[A, B]) }, edit("run", &[A], &[A, B])]);
    assert_eq!(runs(&made), [("earlier", true), ("run", false)]);
    let other = RecordedTrustEdit { role_id: "AROAOTHEROTHEROTHER12".parse().unwrap(), ..edit("run", &[A], &[A, B]) };
    assert_eq!(edits([edit("killed", &[A], &[A, B]), other]).iter().count(), 2, "another role");
}

#[test]
fn edit_is_seen_or_was_not_made() {
    let all = edits([edit("earlier", &[A], &[A, B]), edit("run", &[A, B], &[A, B, C])]);
    let read = |text: &str| Document::parse_verbatim(text).unwrap();
    // IAM returns it in another order and with spaces.
    let saved = trust(&[C, B, A]).replace(',', ", ");
    let seen = all.after_reading("run", &read(&saved));
    assert_eq!(runs(&seen), [("earlier", false), ("run", true)]);
    assert_eq!(seen.iter().next_back().unwrap().after.as_str(), saved);
    assert_eq!(runs(&all.after_reading("run", &read(&trust(&[A, B])))), [("earlier", false)], "it was not made");
    assert_eq!(all.after_reading("run", &read(&trust(&[A]))), all, "another principal changed it since");
    assert_eq!(all.after_reading("another", &read(&trust(&[A, B, C]))), all, "the run made none");
}

#[test]
fn stored_edit_that_is_not_valid_is_left_out() {
    let mut map = edits([edit("run", &[A], &[A, B])]).to_map();
    map.extend([("1", "no JSON"), ("x", "{}"), ("2", "{\"run\":\"r\"}")].map(|(n, t)| (n.to_owned(), t.to_owned())));
    assert_eq!(runs(&RecordedTrustEdits::from_map(&map)), [("run", false)]);
    let newer = map.get("0").unwrap().replace("\"run\":", "\"later-field\":1,\"run\":");
    assert_eq!(RecordedTrustEdits::from_map(&[("0".to_owned(), newer)].into()).iter().count(), 1);
}
