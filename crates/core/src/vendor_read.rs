//! Whether a vendor really reads an account that is registered with it.
//!
//! A registration says that the vendor knows the account and its role. Only the time of the last read, which the vendor's API
//! returns, says that the vendor uses them. It is the vendor's statement and cannot be checked here, so a report never derives more
//! from it than a notice: the account is as configured in any case, and the vendor may be slow for reasons of its own.

use std::time::{Duration, SystemTime};

use crate::observed::ExistingRegistration;
use crate::text::printable;
use crate::time::{after, since, to_policy_date};

/// How long a vendor may take for its first read.
const FIRST_READ: Duration = Duration::from_secs(3600);

/// After this time without a read, something is likely wrong.
const STALE_READ: Duration = Duration::from_secs(86_400);

/// How far the vendor's clock may be ahead.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// What most likely keeps a vendor from reading.
const LIKELY_CAUSES: &str = "the likely causes are a control policy that denies the vendor's role its calls, a setting of the tenant that is \
                             made once (`onboard vendors show`), or an error that the vendor's console shows next to the account";

/// What a report says about a registration that the vendor does not use; `None` if the vendor has read the account recently.
/// `registered_at` is when this tool registered the account, if that is known.
#[must_use]
pub fn read_notice(
    title: &str,
    registration: &ExistingRegistration,
    registered_at: Option<SystemTime>,
    now: SystemTime,
) -> Option<String> {
    let date = |time| to_policy_date(time).unwrap_or_else(|| "an unknown time".to_owned());
    let text = match (registration.last_read, registered_at) {
        (Some(read), _) if read > after(now, CLOCK_SKEW) => {
            format!("{title} reports that it last read the account at {}, which is in the future", date(read))
        }
        (Some(read), _) if since(read, now) > STALE_READ => {
            format!("{title} last read the account at {}, more than 24 hours ago; {LIKELY_CAUSES}", date(read))
        }
        (Some(_), _) => return None,
        (None, Some(registered)) if since(registered, now) > FIRST_READ => {
            format!("{title} has not read the account since it was registered at {}; {LIKELY_CAUSES}", date(registered))
        }
        (None, Some(registered)) => {
            format!("{title} has not read the account yet; it was registered at {}", date(registered))
        }
        (None, None) => {
            format!("{title} has not read the account yet; if it was registered more than an hour ago, {LIKELY_CAUSES}")
        }
    };
    Some(printable(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(last_read: Option<u64>, registered: Option<u64>) -> String {
        let at = |hours: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(hours * 3600);
        let registration = ExistingRegistration { last_read: last_read.map(at), ..ExistingRegistration::default() };
        read_notice("Acme", &registration, registered.map(at), at(1000)).unwrap_or_default()
    }

    #[test]
    fn each_state_of_a_read_has_its_notice() {
        assert_eq!(notice(Some(999), None), "");
        assert_eq!(notice(Some(1000), Some(1)), "");
        let all = [
            notice(Some(975), None),
            notice(Some(1001), None),
            notice(None, Some(1000)),
            notice(None, Some(998)),
            notice(None, None),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        Acme last read the account at 1970-02-10T15:00:00Z, more than 24 hours ago; the likely causes are a control policy that denies the vendor's role its calls, a setting of the tenant that is made once (`onboard vendors show`), or an error that the vendor's console shows next to the account
        Acme reports that it last read the account at 1970-02-11T17:00:00Z, which is in the future
        Acme has not read the account yet; it was registered at 1970-02-11T16:00:00Z
        Acme has not read the account since it was registered at 1970-02-11T14:00:00Z; the likely causes are a control policy that denies the vendor's role its calls, a setting of the tenant that is made once (`onboard vendors show`), or an error that the vendor's console shows next to the account
        Acme has not read the account yet; if it was registered more than an hour ago, the likely causes are a control policy that denies the vendor's role its calls, a setting of the tenant that is made once (`onboard vendors show`), or an error that the vendor's console shows next to the account
        ");
    }
}
