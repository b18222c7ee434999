use super::*;

#[test]
fn a_region_is_one_of_cloud_one() {
    let endpoint = Endpoint::from_region("de-1").unwrap();
    assert_eq!(endpoint.url(), "https://workload.de-1.cloudone.trendmicro.com/api");
    assert_eq!(endpoint.header(), KeyHeader::Authorization);
    insta::assert_snapshot!(Endpoint::from_region("us-2").unwrap_err(), @"`us-2` is no region of Cloud One (did you mean `us-1`?); there are `us-1`, `trend-us-1`, `au-1`, `ie-1`, `sg-1`, `in-1`, `jp-1`, `ca-1`, `de-1` and `gb-1`");
}

#[test]
fn the_key_goes_to_the_vendor_alone_unless_the_user_says_otherwise() {
    let header = |text: &str, own| Endpoint::from_url(text, own).map(|endpoint| endpoint.header());
    let cloud_one = "https://workload.us-1.cloudone.trendmicro.com/api/";
    assert_eq!(header(cloud_one, false), Ok(KeyHeader::Authorization));
    assert_eq!(header("https://app.deepsecurity.trendmicro.com/api", false), Ok(KeyHeader::ApiSecretKey));
    assert_eq!(header("https://manager.example.com:4119/api", true), Ok(KeyHeader::ApiSecretKey));
    for other in [
        "https://manager.example.com/api",
        "https://workload.us-1.cloudone.trendmicro.com.example.com/api",
        "https://workload.evil.cloudone.trendmicro.com/api",
        "https://example.com/workload.us-1.cloudone.trendmicro.com",
        "https://127.0.0.1/api",
    ] {
        assert!(header(other, false).unwrap_err().contains("own-host = true"), "{other}");
        assert!(header(other, true).is_ok(), "{other}");
    }
}

#[test]
fn a_key_goes_over_tls_unless_it_stays_on_this_machine() {
    for local in ["http://127.0.0.1:8080/api", "http://localhost/api", "http://[::1]:9/api"] {
        assert!(Endpoint::from_url(local, true).is_ok(), "{local}");
    }
    for open in ["http://manager.example.com/api", "http://10.0.0.1/api", "ftp://127.0.0.1/", "file:///etc/passwd"] {
        assert!(Endpoint::from_url(open, true).is_err(), "{open}");
    }
    insta::assert_snapshot!(Endpoint::from_url("http://app.deepsecurity.trendmicro.com/api", true).unwrap_err(), @"the key would go over the network in the clear; write `https://`");
}

#[test]
fn an_address_holds_no_more_than_an_address() {
    for more in
        ["https://u:p@h.example.com/", "https://h.example.com/?a=b", "https://h.example.com/#x", "h.example.com"]
    {
        assert!(Endpoint::from_url(more, true).is_err(), "{more}");
    }
    let with_slash = Endpoint::from_url("https://h.example.com/api/", true).unwrap();
    assert_eq!(with_slash.url(), "https://h.example.com/api");
}

#[test]
fn a_key_shows_nowhere() {
    let key: ApiKey = "tmc12:s3cret/key==".parse().unwrap();
    assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
    for bad in ["", "two words", "line\nbreak", "é", &"x".repeat(1025)] {
        assert!(bad.parse::<ApiKey>().is_err());
    }
    assert!(!"s3cret key".parse::<ApiKey>().unwrap_err().to_string().contains("s3cret"));
}
