//! Takes the signed request out of a message. Services quote it if they do not accept the signature, and it contains the session
//! token of the credentials.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>.

/// How the quote begins, and the name of the token, for messages of another form.
const QUOTES: [&str; 2] = ["the canonical string", "x-amz-security-token"];

/// The message up to the quoted request.
#[must_use]
pub(crate) fn without_signed_request(message: &str) -> &str {
    // Lower case of ASCII letters alone keeps the positions.
    let lower = message.to_ascii_lowercase();
    let end = QUOTES.iter().filter_map(|quote| lower.find(quote)).min().unwrap_or(message.len());
    message.get(..end).unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_request_is_removed() {
        let message = "The request signature we calculated does not match the signature you provided. Consult the service \
                       documentation for details.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n\
                       x-amz-security-token:TOKEN\n'";
        let short = without_signed_request(message);
        assert!(short.ends_with("for details.") && !short.contains("TOKEN"), "{short}");
        assert_eq!(without_signed_request("é: X-Amz-Security-Token=TOKEN&x"), "é:");
        assert_eq!(
            without_signed_request("is not authorized to perform: sts:AssumeRole"),
            "is not authorized to perform: sts:AssumeRole"
        );
        assert_eq!(without_signed_request(""), "");
    }
}
