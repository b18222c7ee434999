//! Unique IDs (`AROA…`, `AIDA…`) as principals of a trust policy that is written manually.
//!
//! IAM accepts the unique ID of a role or user that exists, and returns its ARN in its place. Which ARN belongs to which ID
//! is known only to the account of that role or user. A comparison would therefore report the ARN as drift in every run.
//! [`with_unique_ids`] prevents that: where the stored statement differs from the configured one only by ARNs in the place
//! of unique IDs, it puts the IDs back. The price is that a later change to the ARN of another role is not recognized, which
//! is why the configuration warns about unique IDs. `plan::restate` decides in which roles the price is paid.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use serde_json::Value;

use super::document::{Document, Principals, Statement};
use super::principal::Principal;

/// A trust policy as it is stored, with the unique IDs of the configured one in the place of the ARNs that IAM has put there.
#[must_use]
pub fn with_unique_ids(stored: &Document, configured: &Document) -> Document {
    let are_alike = stored.statements().len() == configured.statements().len();
    if configured.orphans().next().is_none() || !are_alike {
        return stored.clone();
    }
    let pairs = stored.statements().iter().zip(configured.statements());
    let replaced: Vec<_> = pairs.map(|(stored, configured)| replacements(stored, configured)).collect();
    let edited = stored.clone().edited(|statements| {
        for (statement, replacements) in statements.iter_mut().zip(&replaced) {
            let aws = statement.get_mut("Principal").and_then(|principal| principal.get_mut("AWS"));
            let texts = match aws {
                Some(Value::Array(all)) => all.as_mut_slice(),
                Some(one) => std::slice::from_mut(one),
                None => continue,
            };
            for text in texts {
                if let Some((_, id)) = replacements.iter().find(|(arn, _)| text.as_str() == Some(arn)) {
                    *text = Value::from(id.as_str());
                }
            }
        }
    });
    edited.unwrap_or_else(|_| stored.clone())
}

/// The ARNs of a stored statement that stand for unique IDs of the configured one, each with the ID; empty unless there are
/// as many ARNs as IDs, of roles and of users.
fn replacements(stored: &Statement, configured: &Statement) -> Vec<(String, String)> {
    let (Principals::Only(stored), Principals::Only(configured)) = (&stored.principals, &configured.principals) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (prefix, resource) in [("AROA", ":role/"), ("AIDA", ":user/")] {
        let arns = unmatched(stored, configured, |principal| match principal {
            Principal::Arn(arn) if arn.contains(resource) => Some(arn),
            _ => None,
        });
        let ids = unmatched(configured, stored, |principal| match principal {
            Principal::Orphan(id) if id.starts_with(prefix) => Some(id),
            _ => None,
        });
        if arns.len() != ids.len() {
            return Vec::new();
        }
        found.extend(arns.into_iter().zip(ids));
    }
    found
}

/// The principals of a kind that the others do not contain, sorted.
fn unmatched<'a>(
    all: &'a [Principal],
    others: &[Principal],
    kind: impl Fn(&'a Principal) -> Option<&'a String>,
) -> Vec<String> {
    let mut found: Vec<_> =
        all.iter().filter(|principal| !others.contains(principal)).filter_map(kind).cloned().collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::222233334444:role/a";
    const OTHER: &str = "arn:aws:iam::222233334444:role/b";
    const USER: &str = "arn:aws:iam::222233334444:user/a";
    const ROLE_ID: &str = "AROAIOSFODNN7EXAMPLE1";
    const USER_ID: &str = "AIDAIOSFODNN7EXAMPLE1";

    fn trust(principals: &[&str]) -> Document {
        let aws = serde_json::to_string(principals).unwrap();
        let statement = format!(r#"{{"Effect":"Allow","Principal":{{"AWS":{aws}}},"Action":"sts:AssumeRole"}}"#);
        Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)).unwrap()
    }

    fn is_recognized(stored: &[&str], configured: &[&str]) -> bool {
        let configured = trust(configured);
        with_unique_ids(&trust(stored), &configured).equivalent(&configured)
    }

    #[test]
    fn arns_that_iam_put_in_the_place_of_unique_ids_do_not_count_as_drift() {
        assert!(is_recognized(&[ROLE], &[ROLE_ID]));
        assert!(is_recognized(&[ROLE_ID], &[ROLE_ID]), "the role was deleted, or the change is not visible yet");
        assert!(is_recognized(&["222233334444", USER, ROLE], &["222233334444", ROLE_ID, USER_ID]));
        assert!(is_recognized(&[OTHER, ROLE], &[OTHER, ROLE_ID]));
        let single = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"ROLE"},"Action":"sts:AssumeRole"}}"#;
        let stored = Document::parse(&single.replace("ROLE", ROLE)).unwrap();
        let configured = Document::parse(&single.replace("ROLE", ROLE_ID)).unwrap();
        assert!(with_unique_ids(&stored, &configured).equivalent(&configured));
    }

    #[test]
    fn other_differences_are_drift() {
        assert!(!is_recognized(&[ROLE, OTHER], &[ROLE_ID]), "one more principal");
        assert!(!is_recognized(&["222233334444"], &[ROLE_ID]), "an account is not a role");
        assert!(!is_recognized(&[USER], &[ROLE_ID]), "a user is not a role");
        assert!(!is_recognized(&[ROLE, "333344445555"], &[ROLE_ID]));
        assert!(!is_recognized(&["AROAIOSFODNN7EXAMPLE2"], &[ROLE_ID]), "another deleted role");
        assert!(!is_recognized(&[ROLE], &[OTHER]));
        let deny = Document::parse(&trust(&[ROLE]).to_json().replace("Allow", "Deny")).unwrap();
        assert!(!with_unique_ids(&deny, &trust(&[ROLE_ID])).equivalent(&trust(&[ROLE_ID])));
    }
}
