//! `control-tower.yaml` stands beside `template.yaml`.

use serde_json::json;

use crate::stack::{CONTROL_TOWER, Stack, read, template};

#[test]
fn it_is_deployed_where_the_stack_is_not() {
    let here = template()["Rules"]["RegionReceivesOrganizationsEvents"]["Assertions"][0]["Assert"].clone();
    let elsewhere = read(CONTROL_TOWER)["Rules"]["RegionIsNotTheStackRegion"]["Assertions"][0]["Assert"].clone();
    assert_eq!(elsewhere, json!({ "Fn::Not": [here] }));
}

#[test]
fn it_knows_every_region_that_the_stack_may_be_in() {
    let regions =
        template()["Rules"]["RegionReceivesOrganizationsEvents"]["Assertions"][0]["Assert"]["Fn::Contains"][0].clone();
    let map = read(CONTROL_TOWER)["Mappings"]["Organizations"].clone();
    let known: Vec<_> = map.as_object().expect("a map").values().map(|entry| entry["Region"].clone()).collect();
    assert_eq!(json!(known), regions);
}

#[test]
fn what_it_hands_on_is_what_the_stack_takes() {
    let pattern = Stack::new(CONTROL_TOWER, &[]).resource("ManagedAccount")["EventPattern"].clone();
    let taken = Stack::with(&[]).resource("NewAccount")["EventPattern"].clone();
    assert_eq!(pattern["source"], json!(["aws.controltower"]));
    assert!(taken["source"].as_array().expect("sources").contains(&pattern["source"][0]));
    let names = taken["detail"]["$or"][1]["eventName"].as_array().expect("names").clone();
    for name in pattern["detail"]["eventName"].as_array().expect("names") {
        assert!(names.contains(name), "{name}");
    }
}
