//! Account IDs as people copy them.

use crate::account::AccountId;

/// Parses an account ID as people copy it; an error is explained without the syntax of a file.
///
/// # Errors
/// The problem with the text, and what to write.
pub fn typed_account_id(text: &str) -> Result<AccountId, String> {
    const LOOK_UP: &str = "`aws organizations list-accounts` shows the IDs";
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`'));
    let digits: String = trimmed.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if let Ok(id) = digits.parse::<AccountId>() {
        return if text == digits { Ok(id) } else { Err(format!("write the 12 digits and nothing else: {id}")) };
    }
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("an account ID has 12 digits and no other characters; {LOOK_UP}"));
    }
    let count = digits.len();
    // Spreadsheets and scripts that take the ID for a number drop its leading zeros.
    let hint = if count == 11 { "; a leading zero may be missing" } else { "" };
    let plural = if count == 1 { "" } else { "s" };
    Err(format!("it has {count} digit{plural}, and an account ID has 12{hint}; {LOOK_UP}"))
}
